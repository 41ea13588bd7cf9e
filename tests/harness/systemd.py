"""systemd's side of a service of Type=notify."""
import contextlib
import socket

from .settings import Settings


class Systemd:
    """In its place, for the daemons started while the block lasts: with
    WatchdogSec=1."""

    def __init__(self, path):
        self.path = path
        self.wrapped = Settings.wrapped(
            f"env WATCHDOG_USEC=1000000 NOTIFY_SOCKET={path}")

    def __enter__(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        self.wrapped.__enter__()
        return self

    def __exit__(self, *_):
        self.wrapped.__exit__(None, None, None)
        self.socket.close()

    def fed(self):
        """How often the watchdog was, since this was asked last."""
        times = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                message = self.socket.recv(4096, socket.MSG_DONTWAIT)
                times += b"WATCHDOG=1" in message
        return times
