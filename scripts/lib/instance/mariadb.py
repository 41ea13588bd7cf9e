"""The database servers: mariadbd with its default durability. Clients reach
them by their sockets only. This module is such a client, too."""
import os
import shutil
import signal
import subprocess
import time

from .console import die, say, show_end

CLIENT = ["mariadb", "--no-defaults", "--user=root",
          "--default-character-set=utf8mb4", "--batch", "--skip-column-names"]
# mariadbd refuses to run as root unless it is told to.
AS_USER = ["-uroot"] if os.geteuid() == 0 else []


def ask(socket, text, timeout=None, **how):
    """Runs SQL as root, in no database. Returns the client's
    CompletedProcess, with the rows in "stdout"."""
    return subprocess.run([*CLIENT, f"--socket={socket}"], input=text,
                          stdout=subprocess.PIPE, encoding="utf-8",
                          errors="surrogateescape", timeout=timeout, **how)


def install(data, tmp, log, user):
    """Makes a data directory. root has no password: the socket's directory
    protects the server."""
    # -uroot, not --user=root: the latter also changes the owner of a directory
    # of the package, and the system's own server needs that directory. With
    # --force the host name need not resolve.
    with open(log, "wb") as out:
        done = subprocess.run(
            ["mariadb-install-db", "--no-defaults", f"--datadir={data}",
             *user, "--auth-root-authentication-method=normal",
             "--skip-test-db", "--force"], stdout=out,
            stderr=subprocess.STDOUT, env={**os.environ, "TMPDIR": str(tmp)})
    if done.returncode != 0:
        show_end(log)
        die("mariadb-install-db failed")


class Servers:
    """The servers of an instance: one for each shipped market, with its name,
    or one for all, called "all"."""

    def __init__(self, layout, supervisor):
        self.layout, self.supervisor = layout, supervisor

    def names(self):
        data = self.layout.dir / "db"
        if self.layout.servers == 1:
            return ["all"]
        return sorted(entry.name for entry in data.iterdir()) \
            if data.is_dir() else []

    def processes(self):
        return [f"mariadb-{name}" for name in self.names()]

    def socket(self, name):
        return self.layout.run / f"mariadb-{name}.sock"

    def at(self, socket):
        """The name of the server with this socket, or None."""
        return next((name for name in self.names()
                     if str(self.socket(name)) == socket), None)

    def pid(self, name):
        return self.supervisor.pid(f"mariadb-{name}") if name else None

    # ---- starting

    def start(self):
        for name in self.names():
            self._install(name)
        for name in self.names():
            self._start(name)
        for name in self.names():
            self._wait(name)

    def _tmp(self, name):
        """Each server has its own tmpdir: when a server starts, it deletes
        all temporary tables in its tmpdir, also those of another server."""
        tmp = self.layout.tmp / f"server-{name}"
        tmp.mkdir(parents=True, exist_ok=True)
        return tmp

    def _install(self, name):
        data = self.layout.dir / "db" / name
        if (data / "mysql").is_dir():
            return
        say(f"making the database server {name}")
        new = self.layout.tmp / f"db-{name}"
        shutil.rmtree(new, ignore_errors=True)
        install(new, self._tmp(name),
                self.layout.log(f"mariadb-{name}.install.log"), AS_USER)
        # Only a complete directory gets the name.
        shutil.rmtree(data, ignore_errors=True)
        new.rename(data)

    def _start(self, name):
        process = f"mariadb-{name}"
        if self.supervisor.up(process):
            return
        self.supervisor.stop(process)
        # More connections than the default 151, for many workers on one
        # server beside tests with their own connections.
        self.supervisor.launch(process, self.layout.log(f"{process}.log"), [
            "mariadbd", "--no-defaults", *AS_USER,
            f"--datadir={self.layout.dir}/db/{name}",
            f"--socket={self.socket(name)}",
            f"--pid-file={self.layout.pids}/{process}.mysqld",
            "--skip-networking", f"--tmpdir={self._tmp(name)}",
            "--max-connections=500", "--character-set-server=utf8mb4",
            *os.environ.get("ORDERMUX_MARIADBD", "").split()])

    def _wait(self, name):
        end = time.monotonic() + 60
        while self.supervisor.up(f"mariadb-{name}") and \
                time.monotonic() < end:
            if ask(self.socket(name), "SELECT 1",
                   stderr=subprocess.DEVNULL).returncode == 0:
                return
            time.sleep(0.1)
        show_end(self.layout.log(f"mariadb-{name}.log"))
        die(f"the database server {name} does not start")

    # ---- stopping

    def begin_stop(self):
        """So that all servers shut down at the same time."""
        for process in self.processes():
            self.supervisor.send(process, signal.SIGTERM)

    def stop(self):
        for process in self.processes():
            self.supervisor.stop(process, signal.SIGTERM, 60)
