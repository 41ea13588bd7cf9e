"""systemd's side of a service of Type=notify."""
import socket
import threading

from .settings import Settings


class Systemd:
    """In its place, for the daemons started while the block lasts: with
    WatchdogSec=1. It always reads: a service that tells more than the socket
    keeps would wait."""

    def __init__(self, path):
        self.path = path
        self.wrapped = Settings.wrapped(
            f"env WATCHDOG_USEC=1000000 NOTIFY_SOCKET={path}")
        self.messages = []

    def __enter__(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        self.thread = threading.Thread(target=self._read)
        self.thread.start()
        self.wrapped.__enter__()
        return self

    def __exit__(self, *_):
        self.wrapped.__exit__(None, None, None)
        self.socket.shutdown(socket.SHUT_RD)
        self.thread.join()
        self.socket.close()

    def _read(self):
        while message := self.socket.recv(4096):
            self.messages.append(message.decode().splitlines())

    def fed(self):
        """How often the watchdog was, until now."""
        return sum("WATCHDOG=1" in m for m in list(self.messages))

    def statuses(self):
        """What "systemctl status" has shown; the last one is shown now."""
        return [line.removeprefix("STATUS=") for m in list(self.messages)
                for line in m if line.startswith("STATUS=")]
