"""Finds and runs ordermuxd and ordermuxctl."""
import os
import pathlib
import shutil
import signal
import subprocess

from .console import die
from .layout import TREE

SQL = TREE / "sql"
# Every start needs these.
PROGRAMS = ("mariadbd", "mariadb-install-db", "mariadb", "nginx")


def check_programs(*names):
    for name in names:
        if not shutil.which(name):
            die(f"{name} is missing; see scripts/install-packages")


def find_programs():
    """The directory of ordermuxd."""
    given = os.environ.get("ORDERMUX_BUILD")
    build = pathlib.Path(given or TREE / "build")
    for directory in (build, build / "src"):
        if os.access(directory / "ordermuxd", os.X_OK):
            return directory
    if given:
        die(f"there is no ordermuxd in {given} (ORDERMUX_BUILD)")
    found = shutil.which("ordermuxd")
    if not found:
        die("there is no ordermuxd in build/ nor in PATH;"
            " scripts/quickstart builds it")
    return pathlib.Path(found).parent


class Daemon:
    def __init__(self, layout, supervisor):
        self.layout, self.supervisor = layout, supervisor

    def find(self):
        self.directory = find_programs()

    @property
    def program(self):
        return self.directory / "ordermuxd"

    def ctl(self, *args, **how):
        """ordermuxctl's CompletedProcess."""
        beside = self.directory / "ordermuxctl"
        # It is beside ordermuxd, unless somebody has moved it.
        program = beside if os.access(beside, os.X_OK) else "ordermuxctl"
        return subprocess.run([program, "-c", self.layout.conf, *args], **how)

    def check(self):
        """Whether the configuration is right. ordermuxd prints what is not.
        The service runs as who starts it, also if that is root."""
        user = ["--user", "root"] if os.geteuid() == 0 else []
        return subprocess.run([self.program, "-t", *user, "-c",
                               self.layout.conf]).returncode == 0

    def start(self):
        if self.supervisor.up("ordermuxd"):
            return
        self.supervisor.stop("ordermuxd")
        self.supervisor.launch(
            "ordermuxd", self.layout.log("ordermuxd.log"),
            [*os.environ.get("ORDERMUX_WRAPPER", "").split(), self.program,
             "-c", self.layout.conf])

    def stop(self):
        # Running requests have stop_timeout (30 s) to finish.
        self.supervisor.stop("ordermuxd", signal.SIGTERM, 40)
