"""Where the files of an instance are, and on which port it listens.

Under DIR:	etc/	configuration, as it would be under /etc
		db/	a data directory for each server
		log/	the logs of all processes
		run/	sockets (a link, if DIR is too long for a socket)
		pids/	a file for each process: pid, start time, boot
		sms.jsonl	the messages "sent", a line of JSON each
		state	the options, for the next start
"""
import contextlib
import fcntl
import os
import pathlib
import re
import shutil
import stat
import tempfile
import time

from . import files
from .console import die

TREE = pathlib.Path(__file__).resolve().parents[3]
SOCKET_BYTES = 107              # a socket's path has no more


class Layout:
    def __init__(self, directory, options):
        self.dir = pathlib.Path(directory).resolve()
        self.options = options
        self.locked = None

    # ---- places

    @property
    def state(self):
        return self.dir / "state"

    @property
    def etc(self):
        return self.dir / "etc"

    @property
    def conf(self):
        return self.etc / "ordermux.conf"

    @property
    def markets_dir(self):
        return self.etc / "markets.d"

    @property
    def nginx_dir(self):
        return self.etc / "nginx"

    @property
    def fcgi_socket(self):
        return self.run / "fcgi.sock"

    @property
    def sms_file(self):
        return self.dir / "sms.jsonl"

    @property
    def pids(self):
        return self.dir / "pids"

    @property
    def tmp(self):
        return self.dir / "tmp"

    def log(self, name):
        return self.dir / "log" / name

    # ---- what an earlier start has chosen

    def load(self):
        """Takes the earlier choice or the default; options come first."""
        state = files.read_assignments(self.state)
        made_in = state.get("state_dir", str(self.dir))
        if made_in != str(self.dir):
            die(f"{self.dir} was moved from {made_in},"
                " which its files still name")
        self.port_before = int(state.get("state_port", 8080))
        servers = int(state.get("state_servers", 2))
        if self.options.servers not in (None, servers) and state:
            die(f"{self.dir} has been made with --servers {servers};"
                " take another --dir")
        self.port = self.port_before if self.options.port is None \
            else self.options.port
        self.servers = self.options.servers or servers
        self.run = pathlib.Path(state.get("state_run", self.dir / "run"))

    def save(self):
        files.write_assignments(self.state, "stack", {
            "state_dir": self.dir, "state_port": self.port,
            "state_servers": self.servers, "state_run": self.run})

    def lock(self):
        """One start or stop at a time for a directory."""
        # Python closes it in the programs that we start.
        self.locked = open(self.dir / "lock", "ab")
        end = time.monotonic() + 120
        while True:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(self.locked, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            if time.monotonic() > end:
                die(f"another scripts/stack works on {self.dir}")
            time.sleep(0.1)

    # ---- the directory of sockets

    def make_run(self):
        """DIR/run, or another directory with a short name and a link to it.
        The other one is needed if DIR is too long for a socket's path, or if
        it has spaces (they would split a market's command). The state
        remembers it, because the markets' files name it."""
        usual = self.dir / "run"
        longest = usual / "mariadb-0123456789abcdef.sock"
        if self.run == usual and not re.search(r"\s", str(self.dir)) and \
                len(os.fsencode(longest)) <= SOCKET_BYTES:
            self.run.mkdir(exist_ok=True)
            self.run.chmod(0o700)
            return
        if self.run == usual:
            self.run = pathlib.Path(tempfile.mkdtemp(
                prefix="ordermux.", dir=os.environ.get("TMPDIR") or "/tmp"))
        elif not self.run.is_dir():
            self.run.mkdir(0o700)
        # Anybody could take the name while the instance did not run.
        found = self.run.lstat()
        if stat.S_ISLNK(found.st_mode) or found.st_uid != os.geteuid():
            die(f"{self.run} is somebody else's")
        if len(os.fsencode(self.run / longest.name)) > SOCKET_BYTES:
            die(f"{self.run} is too long for a socket; set another TMPDIR")
        link = self.dir / "run.new"
        link.unlink(missing_ok=True)
        link.symlink_to(self.run)
        link.rename(usual)

    def remove_run(self):
        """Removes it if it is outside of DIR."""
        link = self.dir / "run"
        if link.is_symlink():
            shutil.rmtree(self.run, ignore_errors=True)
            link.unlink()
