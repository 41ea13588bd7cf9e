"""An instance as scripts/stack runs it, and its processes."""
import contextlib
import os
import pathlib
import shlex
import shutil
import subprocess
import tempfile
import urllib.parse

from .common import BUILD, LIMIT, TREE, free_port
from .logs import sanitizer_reports


class Stack:
    """A part of Shop. All that is known of the instance is in env, as
    "scripts/stack env" prints it."""

    script = "stack"        # of scripts/

    def __init__(self, directory):
        self.dir = directory
        # The real sockets of markets whose "socket" is another for a while.
        self.sockets = {}
        self.read_env()

    @classmethod
    def stack(cls, *args, check=True):
        """Runs the script. If it fails, the failure shows its output."""
        done = subprocess.run([str(TREE / "scripts" / cls.script),
                               *map(str, args)], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True,
                              stdin=subprocess.DEVNULL, timeout=600)
        assert not check or done.returncode == 0, \
            f"{cls.script} {args}: exit {done.returncode}\n{done.stdout}"
        return done.stdout

    @classmethod
    @contextlib.contextmanager
    def private(cls, *options):
        """A new one, started with these options and removed at the end. A
        report of a sanitizer is a failure."""
        # Not pytest's tmp_path: its long names do not fit a socket's address.
        directory = tempfile.mkdtemp(prefix="omx-")
        log = None
        try:
            cls.stack("start", "--dir", directory, "--port", free_port(),
                      *options)
            with contextlib.closing(cls(directory)) as shop:
                log = shop.log
                yield shop
        finally:
            cls.stack("stop", "--dir", directory, check=False)
            found = sanitizer_reports(log) if log else []
            shutil.rmtree(directory, ignore_errors=True)
        assert not found, "\n".join(found)

    @classmethod
    @contextlib.contextmanager
    def running_or_private(cls, running, *options):
        """The instance in the directory "running", which is left running; or
        private() if there is none."""
        with contextlib.closing(cls(running)) if running else \
                cls.private(*options) as shop:
            yield shop

    def read_env(self):
        lines = shlex.split(self.stack("env", "--dir", self.dir))
        self.env = dict(line.split("=", 1) for line in lines)
        url = urllib.parse.urlparse(self.env["ORDERMUX_URL"])
        assert url.hostname == "127.0.0.1", url
        self.host, self.port = url.hostname, url.port
        self.conf = pathlib.Path(self.env["ORDERMUX_CONF"])
        self.log = pathlib.Path(self.env["ORDERMUX_LOG"])
        self.master = int(self.env["ORDERMUX_MASTER_PID"] or 0)
        for market, path in self.sockets.items():
            self.env[f"ORDERMUX_DB_SOCKET_{market.upper()}"] = path
            self.env[f"ORDERMUX_DB_PID_{market.upper()}"] = \
                self._server_pid(path)
        key = pathlib.Path(self.env["ORDERMUX_JWT_KEY_FILE"])
        self.key = key.read_bytes()

    def _server_pid(self, socket):
        server, = (name.removeprefix("ORDERMUX_SERVER_SOCKET_")
                   for name, value in self.env.items() if value == socket and
                   name.startswith("ORDERMUX_SERVER_SOCKET_"))
        return self.env[f"ORDERMUX_SERVER_PID_{server}"]

    def market_file(self, market):
        return pathlib.Path(self.env["ORDERMUX_MARKETS_DIR"],
                            f"{market}.conf")

    def nginx_file(self, name):
        return pathlib.Path(self.env["ORDERMUX_NGINX_DIR"], name)

    def start(self):
        """Starts what has been killed; what runs is left alone."""
        self.close()
        self.stack("start", "--dir", self.dir)
        self.read_env()

    def restart(self):
        self.stack("restart", "--dir", self.dir)
        self.read_env()

    def ctl(self, *args):
        return subprocess.run([str(BUILD / "ordermuxctl"), "-c",
                               str(self.conf), *args], text=True, timeout=LIMIT,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, cwd=TREE)

    @staticmethod
    def lists(what):
        """The lines of "ordermuxd --list", each as a list of its fields."""
        done = subprocess.run([str(BUILD / "ordermuxd"), "--list", what],
                              text=True, timeout=LIMIT, check=True,
                              stdout=subprocess.PIPE)
        return [line.split("\t") for line in done.stdout.splitlines()]

    @property
    def sanitized(self):
        """Built with ASan, or run by valgrind: sizes and speeds then say
        nothing."""
        return "ORDERMUX_WRAPPER" in os.environ or \
            b"libasan" in (BUILD / "ordermuxd").read_bytes()

    # ---- processes

    def workers(self):
        """Pids of the master's living children that answer requests."""
        return [pid for pid, name in self.children()
                if name != "ordermuxcourier"]

    def courier(self):
        """The pid of the child that delivers messages; None while it is
        away."""
        return next((pid for pid, name in self.children()
                     if name == "ordermuxcourier"), None)

    def children(self):
        """Pid and name of each of the master's living children."""
        found = []
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                head, _, rest = stat.read_text().rpartition(")")
                fields = rest.split()
                if int(fields[1]) == self.master and fields[0] != "Z":
                    found.append((int(stat.parent.name),
                                  head.partition("(")[2]))
        return sorted(found)

    def nginx_master(self):
        return int(self.env["ORDERMUX_NGINX_PID"])

    def nginx_workers(self):
        pid = self.nginx_master()
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
        return [int(child) for child in children.read_text().split()]
