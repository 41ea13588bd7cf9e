"""Starts and stops processes. Their pid files say which ones run.

Each process has its own session; the session's number is its pid. The kernel
uses a pid again for another process: so a pid file also has the start time and
the boot. Only this module reads and writes pid files.
"""
import collections
import contextlib
import os
import pathlib
import re
import signal
import subprocess
import time

from .console import die, warn

PROC = pathlib.Path("/proc")

Record = collections.namedtuple("Record", "pid since boot program")
Stat = collections.namedtuple("Stat", "name state session since")


def boot_id():
    return (PROC / "sys/kernel/random/boot_id").read_text().strip()


def look(pid):
    """What /proc says of a process. None if it has ended, or is a zombie."""
    try:
        text = (PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    # The name may have spaces and parentheses.
    head, _, rest = text.rpartition(")")
    fields = rest.split()
    if fields[0] == "Z":
        return None
    return Stat(head.partition("(")[2], fields[0], int(fields[3]), fields[19])


def send(number, *pids):
    """Sends a signal. A process that has ended is no error. SIGCONT follows,
    because a stopped process cannot end."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
            os.kill(pid, signal.SIGCONT)


class Supervisor:
    def __init__(self, directory):
        self.directory = directory
        self.started = []           # the names that this command started
        self.children = []

    # ---- who runs

    def note(self, name, pid, program):
        found = look(pid)
        (self.directory / name).write_text(
            f"{pid} {found.since if found else 'gone'} {boot_id()} "
            f"{program}\n")

    def _record(self, name):
        """The pid file's content. None if it is of another boot."""
        try:
            words = (self.directory / name).read_text().split(None, 3)
            record = Record(int(words[0]), *map(str.strip, words[1:]))
        except (OSError, ValueError, IndexError, TypeError):
            return None
        return record if record.boot == boot_id() else None

    def pid(self, name):
        """None if the process does not run."""
        record = self._record(name)
        found = record and look(record.pid)
        return record.pid if found and found.since == record.since else None

    def up(self, name):
        return self.pid(name) is not None

    def _left(self, name):
        """The pids of the process and of children that have outlived it."""
        record = self._record(name)
        if not record:
            return []
        # valgrind renames the program that it runs. The kernel keeps 15
        # characters of a name.
        ours = re.compile(re.escape(record.program[:15]) +
                          "|ordermuxcourier|memcheck-.*")
        found = ((int(entry.name), look(entry.name))
                 for entry in PROC.iterdir() if entry.name.isdigit())
        return [pid for pid, at in found if at and at.session == record.pid
                and ours.fullmatch(at.name)]

    # ---- starting and stopping

    def launch(self, name, log, argv, program=None):
        """Starts it in the background, without the terminal. program: the
        name that the process will have, if it is not that of argv[0]."""
        argv = list(map(str, argv))
        with open(log, "ab") as out:
            try:
                child = subprocess.Popen(
                    argv, stdin=subprocess.DEVNULL, stdout=out,
                    stderr=subprocess.STDOUT, start_new_session=True)
            except OSError as e:
                die(f"{argv[0]} cannot be run: {e.strerror}")
        self.children.append(child)
        self.note(name, child.pid, program or os.path.basename(argv[0]))
        self.started.append(name)

    def send(self, name, number):
        pid = self.pid(name)
        if pid:
            send(number, pid)

    def stop(self, name, number=signal.SIGTERM, seconds=1):
        """Sends the signal, waits, then kills what is left."""
        file = self.directory / name
        if not file.exists():
            return
        if self.up(name):
            self.send(name, number)
            if not self.ends(name, seconds):
                warn(f"{name} does not stop, killing it")
        for _ in range(100):
            left = self._left(name)
            if not left:
                break
            send(signal.SIGKILL, *left)
            time.sleep(0.05)
        file.unlink(missing_ok=True)

    def ends(self, name, seconds):
        """Waits until it has ended. Returns whether it has."""
        end = time.monotonic() + seconds
        while self.up(name):
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
        return True
