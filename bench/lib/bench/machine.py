"""What the machine is, in words."""
import os
import pathlib
import platform
import re
import subprocess

from . import shop


def output(*command):
    """The first line that a program prints; "" if it does not run."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.STDOUT, check=False,
                              stdin=subprocess.DEVNULL)
    except OSError:
        return ""
    return (done.stdout.splitlines() or [""])[0]


def version(*command):
    """The first thing in its output that looks like a version."""
    found = re.search(r"\d+\.\d+[\w.+~-]*", output(*command))
    return found[0] if found else "not known"


def processor():
    found = re.search(r"^model name\s*:\s*(.*)$",
                      pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    return found[1] if found else platform.machine()


def memory():
    kb = re.search(r"^MemTotal:\s*(\d+)",
                   pathlib.Path("/proc/meminfo").read_text(), re.M)[1]
    return f"{int(kb) / 2**20:.1f} GiB"


def commit():
    """"+": with changes that are not in a commit."""
    git = "git", "-C", str(shop.TREE)
    name = output(*git, "rev-parse", "--short=12", "HEAD")
    if not re.fullmatch(r"[0-9a-f]+", name):
        return "not known (no git)"
    changed = output(*git, "status", "--porcelain", "--untracked-files=no")
    return name + "+" * bool(changed)


def description():
    """{what: text}, in the order of printing."""
    database = output("mariadbd", "--version")
    found = re.search(r"Ver (\S+)", database)
    return {
        "commit": commit(),
        "processor": f"{processor()}, {os.cpu_count()} of them",
        "memory": memory(),
        "kernel": platform.release(),
        "MariaDB": found[1] if found else database,
        "nginx": version("nginx", "-v"),
        "PHP": version("/usr/sbin/php-fpm8.2", "-v"),
        "wrk": version("dpkg-query", "-W", "wrk"),
        "compiler": output("gcc", "--version"),
    }
