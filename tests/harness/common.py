"""Where things are, and how long to wait for them."""
import contextlib
import os
import pathlib
import random
import socket
import time

import pytest

TREE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("ORDERMUX_BUILD") or TREE / "build")
MARKETS = ("kg", "us")
# How much longer than usual things may take: valgrind is slow.
SLOW = int(os.environ.get("ORDERMUX_TEST_SLOW") or 1)
# The longest wait for what must happen, in seconds. A busy machine may need
# most of it. A shorter limit would only tell how busy the machine is.
LIMIT = 90
# How much later than its configured limit a wait may end, in seconds. A wait
# without an end takes longer on any machine.
SLACK = 15


def poll(what, probe, seconds=LIMIT, interval=0.05):
    """Waits until probe() is true and returns its value; else fails."""
    end = time.monotonic() + seconds * SLOW
    while True:
        value = probe()
        if value:
            return value
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(interval)


def skip(reason):
    """Leaves a test out that cannot be made here. ORDERMUX_TEST_STRICT=1 is
    for where none may be left out: it fails then."""
    if os.environ.get("ORDERMUX_TEST_STRICT") == "1":
        pytest.fail(f"left out, and none may be: {reason}", pytrace=False)
    pytest.skip(reason)


def free_port():
    """Below those that the kernel gives to connections: nobody takes it before
    it is used."""
    while True:
        port = random.randrange(10000, 20000)
        with socket.socket() as s, contextlib.suppress(OSError):
            s.bind(("127.0.0.1", port))
            return port
