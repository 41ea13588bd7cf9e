"""The store without a service: bench/raw/raw.c."""
import os
import re
import subprocess

from . import load
from .shop import BUILD

# Enough to keep all processors busy while some wait for the disk.
PROCESSES = 8 * os.cpu_count()


def parse(text):
    """The Run that its line describes. It has no histogram. The first thing
    that it or the store has said is the kind of all errors."""
    found = re.search(r"^bench requests=(\d+) errors=(\d+) "
                      r"duration_us=(\d+) client_us=(\d+)$", text, re.M)
    if not found:
        raise load.WrongOutput(text.strip() or "raw printed nothing")
    requests, errors, duration, client = map(int, found.groups())
    said = text.partition("\n")[0]
    return load.Run(requests, duration / 1e6, {said: errors} if errors else {},
                    {}, {"client": client / 1e6})


class Raw:
    """Uses the database and the customers of our service."""

    name = "raw"

    def __init__(self, ours):
        self.ours = ours

    def measures(self, scenario):
        return scenario.wrk

    def groups(self):
        return {"database": self.ours.groups()["database"]}

    def workers(self):
        return []

    def measure(self, scenario, seconds, connections):
        """The connections are those of a load client: there is none."""
        del connections
        command = [str(BUILD / "bench/raw/raw"), str(self.ours.shop.conf),
                   str(self.ours.users_file), scenario.name, str(PROCESSES),
                   str(seconds)]

        def work():
            done = subprocess.run(command, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, check=False,
                                  stderr=subprocess.STDOUT, text=True,
                                  timeout=seconds + 60)
            if done.returncode != 0:
                raise load.WrongOutput(f"raw {scenario.name}: exit "
                                       f"{done.returncode}\n{done.stdout}")
            return parse(done.stdout)
        return load.measured(self.groups(), work)
