"""What a run gives; and runs of wrk.

wrk/common.lua prints two lines at the end of a run:

    bench requests=N duration_us=N client_us=N status=N connect=N read=N
        write=N timeout=N                       (one line)
    bench latency US:COUNT US:COUNT ...
"""
import dataclasses
import os
import pathlib
import re
import subprocess

from . import processes

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "wrk"
THREADS = 2
TIMEOUT = 10                    # seconds, of a request


@dataclasses.dataclass
class Run:
    requests: int
    seconds: float
    errors: dict                # {kind: count}, of those that are not 0
    histogram: dict             # {us: count}; {} if nobody measured it
    cpu: dict = dataclasses.field(default_factory=dict)     # {group: s}
    others: float = 0.0         # part of the processors that others used

    @property
    def rate(self):
        return self.requests / self.seconds


class WrongOutput(Exception):
    """A load client has not printed what it should."""


def parse(text):
    """The Run that wrk's output describes."""
    found = re.search(r"^bench (requests=.*)$", text, re.M)
    if not found:
        raise WrongOutput(text.strip() or "wrk printed nothing")
    fields = {name: int(value) for name, value in
              (word.split("=") for word in found[1].split())}
    latency = re.search(r"^bench latency(.*)$", text, re.M)
    histogram = {int(us): int(n) for us, n in (
        word.split(":") for word in (latency[1] if latency else "").split())}
    errors = {kind: fields[kind] for kind in (
        "status", "connect", "read", "write", "timeout") if fields[kind]}
    return Run(fields["requests"], fields["duration_us"] / 1e6, errors,
               histogram, {"client": fields["client_us"] / 1e6})


def measured(groups, work):
    """The Run that work() gives, with the processor time of the groups."""
    meter = processes.Meter(groups)
    run = work()
    run.cpu = {**meter.used(), **run.cpu}
    run.others = meter.others()
    return run


def wrk(url, scenario, seconds, connections, users, groups):
    """A run of a scenario against a service. users: a file of users.py."""
    assert url.startswith("http://127.0.0.1:"), url
    threads = min(THREADS, connections)
    command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s",
               "--timeout", f"{TIMEOUT}s", "-s",
               str(SCRIPTS / f"{scenario.name}.lua"), url]

    def work():
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False,
            timeout=seconds + 60, env={
                **os.environ, "BENCH_USERS": str(users),
                "BENCH_THREADS": str(threads), "BENCH_WRK": str(SCRIPTS)})
        if done.returncode != 0:
            raise WrongOutput(f"{' '.join(command)}: exit "
                              f"{done.returncode}\n{done.stdout}")
        return parse(done.stdout)
    return measured(groups, work)
