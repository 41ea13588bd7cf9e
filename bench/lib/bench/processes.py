"""Processor time and memory of groups of processes, from /proc."""
import contextlib
import os
import pathlib
import resource
import time

PROC = pathlib.Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")


def stat(pid):
    """The parent and the processor time in seconds; None if it has ended."""
    try:
        text = (PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    # The name may have spaces and parentheses.
    fields = text.rpartition(")")[2].split()
    return int(fields[1]), (int(fields[11]) + int(fields[12])) / TICKS


def ended(pid):
    """Whether it has ended; it may still be a zombie."""
    try:
        text = (PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return True
    return text.rpartition(")")[2].split()[0] == "Z"


def tree(pid):
    """The process and all that descend from it."""
    children = {}
    for entry in PROC.iterdir():
        found = stat(entry.name) if entry.name.isdigit() else None
        if found:
            children.setdefault(found[0], []).append(int(entry.name))
    pids, todo = [], [pid]
    while todo:
        pids.append(todo.pop())
        todo += children.get(pids[-1], [])
    return pids


def children(pid):
    return [p for p in tree(pid) if (stat(p) or (None,))[0] == pid]


def time_of(pids):
    """Their processor time in seconds, of all threads."""
    return sum(found[1] for found in map(stat, pids) if found)


def machine_time():
    """The processor time in seconds that all processes have used."""
    fields = [int(f) for f in
              (PROC / "stat").read_text().split("\n", 1)[0].split()[1:9]]
    idle, iowait = fields[3:5]
    return (sum(fields) - idle - iowait) / TICKS


def pss(pid):
    """Bytes of memory; a page that n processes share counts as 1/n. None if
    the process has ended."""
    with contextlib.suppress(OSError):
        for line in (PROC / str(pid) / "smaps_rollup").read_text().split("\n"):
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return None


def own_time():
    """The processor time in seconds of this process, and of the processes
    that it has run and that have ended."""
    usages = (resource.getrusage(who) for who in
              (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(u.ru_utime + u.ru_stime for u in usages)


class Meter:
    """Measures what groups of processes use between two moments."""

    def __init__(self, groups):
        self.groups = groups
        self.before = {name: time_of(pids) for name, pids in groups.items()}
        self.began = time.monotonic()
        self.known = machine_time() - own_time()

    def used(self):
        """Seconds by group."""
        return {name: time_of(pids) - self.before[name]
                for name, pids in self.groups.items()}

    def others(self):
        """The part of all processors that programs have used that are neither
        in a group nor started by us."""
        known = sum(self.used().values())
        used = machine_time() - own_time() - self.known - known
        whole = (time.monotonic() - self.began) * os.cpu_count()
        return max(0.0, used / whole)
