"""What the commands print, how they read their options, and how they end."""
import dataclasses
import os
import re
import signal
import subprocess
import sys

program = os.path.basename(sys.argv[0])


def say(*words, file=None):
    # Flush: the programs that we run print to the same place.
    print(f"{program}:", *words, file=file or sys.stdout, flush=True)


def warn(*words):
    say(*words, file=sys.stderr)


def die(*words):
    """Prints the reason and ends the command. A caller that must clean up
    uses "finally" or "with"."""
    warn(*words)
    raise SystemExit(1)


def show_end(*logs):
    """The last lines of each log, for a failure."""
    for log in logs:
        text = log.read_text(errors="replace") if log.exists() else ""
        if text:
            print(f"---- the end of {log}", *text.splitlines()[-20:],
                  sep="\n", file=sys.stderr, flush=True)


# ---- options

@dataclasses.dataclass
class Options:
    """None: not given."""
    dir: str = None
    port: int = None
    workers: str = None
    servers: int = None


def arguments(usage, commands):
    """The command and what follows it. Ends the program if it is not one of
    these commands."""
    command, *args = sys.argv[1:] or [""]
    if command in ("-h", "--help", "help"):
        print(usage, end="")
        raise SystemExit(0)
    if command not in commands:
        misused(usage)
    return command, args


def parse(args, usage):
    """The options of a command. Ends the program if they are wrong."""
    options = Options()
    args = list(args)
    while args:
        name = args.pop(0)
        if name in ("-h", "--help"):
            print(usage, end="")
            raise SystemExit(0)
        if name not in ("--dir", "--port", "--workers", "--servers"):
            misused(usage)
        if not args or args[0] == "":
            die(f"{name}: expected a value")
        value = args.pop(0)
        check(name, value)
        setattr(options, name[2:], int(value) if name in
                ("--port", "--servers") else value)
    return options


def check(name, value):
    if name == "--servers" and value not in ("1", "2"):
        die(f"{name}: expected 1 or 2")
    if name == "--port" or (name == "--workers" and value != "auto"):
        if not re.fullmatch(r"[0-9]{1,5}", value):
            die(f"{name}: expected a number, not '{value}'")


def misused(usage):
    print(usage, end="", file=sys.stderr)
    raise SystemExit(2)


# ---- the frame of both commands

def run(main):
    """Runs main() and ends the program with what it returns."""
    os.umask(0o022)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="surrogateescape")
    # Debian has daemons there. An ordinary user's PATH lacks it.
    os.environ["PATH"] = os.environ.get("PATH", os.defpath) + \
        ":/usr/local/sbin:/usr/sbin"
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # A signal that our caller ignores stays ignored (nohup).
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, interrupted)
    try:
        status = main()
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has gone. Python must not write again when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 128 + signal.SIGPIPE
    except (OSError, subprocess.SubprocessError) as e:
        warn(e)
        status = 1
    sys.exit(status)


def interrupted(number, _):
    raise SystemExit(128 + number)
