"""Starting and stopping the processes that are measured."""
import contextlib
import signal
import socket
import subprocess
import time

LIMIT = 30                      # seconds, to start or to stop


class NotStarted(Exception):
    """A process that is measured does not start."""


@contextlib.contextmanager
def started(argv, log, ready, stop=signal.SIGTERM):
    """Runs a program until the end of the block. Waits until ready() is true.
    Its output goes to the file log."""
    with open(log, "ab") as out:
        process = subprocess.Popen(
            list(map(str, argv)), stdin=subprocess.DEVNULL, stdout=out,
            stderr=subprocess.STDOUT, start_new_session=True)
    try:
        end = time.monotonic() + LIMIT
        while not ready():
            if process.poll() is not None or time.monotonic() > end:
                raise NotStarted(f"{argv[0]} does not start:\n"
                                 f"{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)
        yield process
    finally:
        process.send_signal(stop)
        try:
            process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def listens(address):
    """Whether somebody accepts connections: a path, or a port of
    127.0.0.1."""
    path = not isinstance(address, int)
    with socket.socket(socket.AF_UNIX if path else socket.AF_INET) as s:
        return s.connect_ex(str(address) if path else
                            ("127.0.0.1", address)) == 0
