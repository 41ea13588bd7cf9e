"""Stands between the daemon and a mariadbd, and breaks what it is told to.

    with Proxy("/run/of/proxy.sock", "/run/of/mariadbd.sock") as proxy:
        proxy.at_commit(proxy.CUT_AFTER)
        ...                         # the next order's COMMIT is carried out,
        assert proxy.struck()       # and its answer never comes

Behind it is a real server; nothing is answered for it, but "too many
connections" to who connects. It follows the protocol just so far that it can
tell the COMMIT of a transaction that has written from others: it sees what is
prepared, and under which number (the first packet of the answer), and what is
executed.
"""
import contextlib
import os
import re
import socket
import struct
import threading
import time

QUERY, PREPARE, EXECUTE = 0x03, 0x16, 0x17
WRITING = re.compile(rb"\s*(INSERT|UPDATE|DELETE|REPLACE)\b", re.I)
TOO_MANY = struct.pack("<BH", 0xff, 1040) + b"Too many connections"


def packet(s):
    """The next packet with its header, and its payload; None at the end."""
    head = whole(s, 4)
    if head is None:
        return None
    payload = whole(s, int.from_bytes(head[:3], "little"))
    return None if payload is None else (head, payload)


def whole(s, size):
    data = b""
    while len(data) < size:
        piece = s.recv(size - len(data))
        if not piece:
            return None
        data += piece
    return data


def new_socket(address):
    """For the path of a socket, or an IPv4 address and a port."""
    return socket.socket(socket.AF_UNIX if isinstance(address, str) else
                         socket.AF_INET)


class Passage:
    """One connection through the proxy: a thread for each direction."""

    def __init__(self, proxy, client):
        self.proxy, self.client = proxy, client
        self.server = new_socket(proxy.server)
        self.server.connect(proxy.server)
        self.writing = set()        # numbers of prepared statements
        self.preparing = None       # SQL of the one that is being prepared
        self.written = False        # since the last COMMIT
        self.silent = None          # seconds until the cut, after a strike
        for work in (self.to_server, self.to_client):
            threading.Thread(target=self.until_the_end, args=(work,),
                             daemon=True).start()

    def cut(self):
        for s in (self.client, self.server):
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)

    def until_the_end(self, work):
        with contextlib.suppress(OSError):
            work()
        self.cut()
        self.proxy.passages.discard(self)

    def to_server(self):
        while found := packet(self.client):
            head, payload = found
            command = payload[0] if payload and head[3] == 0 else None
            self.proxy.wait()
            if command is not None:
                time.sleep(self.proxy.delay)
            if self.is_commit(command, payload):
                self.commit(head + payload)
            else:
                self.server.sendall(head + payload)

    def is_commit(self, command, payload):
        """Also keeps the account of what has been written."""
        if command == PREPARE:
            self.preparing = payload[1:]
        elif command == EXECUTE:
            self.written |= payload[1:5] in self.writing
        elif command == QUERY:
            word = payload[1:].strip(b" ;\0").upper()
            if word in (b"COMMIT", b"ROLLBACK"):
                written, self.written = self.written, False
                return written and word == b"COMMIT"
        return False

    def commit(self, data):
        what = self.proxy.next_strike()
        if what is not None:
            self.proxy.turn()
        if what == Proxy.CUT_BEFORE:
            self.cut()
            return
        if what == Proxy.LATE:
            time.sleep(self.proxy.hold)
        if what is not None:
            self.silent = self.proxy.hold if what == Proxy.HOLD else 0
        self.server.sendall(data)

    def to_client(self):
        while found := packet(self.server):
            head, payload = found
            if self.preparing is not None and head[3] == 1:
                if payload[0] == 0 and WRITING.match(self.preparing):
                    self.writing.add(payload[1:5])
                self.preparing = None
            self.proxy.wait()
            if self.silent is not None:     # this is the answer to the COMMIT
                time.sleep(self.silent)
                return
            self.client.sendall(head + payload)


class Proxy:
    """As a market's "socket"; what it does is set from outside, any time."""
    CUT_BEFORE = "the connection is cut before COMMIT comes to the server"
    CUT_AFTER = "the server commits, and its answer is cut off"
    HOLD = "the server commits, and its answer does not come, then the cut"
    LATE = "COMMIT comes to the server late, and its answer is cut off"

    def __init__(self, address, server):
        self.address, self.server = address, server
        self.passages = set()
        self.refusing = None        # None, "close", or "full"
        self.early = 0              # so many more are closed at once
        self.delay = 0              # seconds, for each command
        self.hold = 0               # seconds, of HOLD and LATE
        self.moves_to = None        # the server that answers behind a strike
        self.refuses_then = None    # the value of refusing behind a strike
        self.flowing = threading.Event()
        self.flowing.set()
        self.strikes = []
        self.lock = threading.Lock()
        self.connected = 0          # how often somebody has come

    def __enter__(self):
        if isinstance(self.address, str):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.address)
        self.listener = new_socket(self.address)
        self.listener.bind(self.address)
        self.listener.listen(512)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        # shutdown wakes the thread in accept, close alone does not.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.heal()
        self.cut()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.connected += 1
            if client.family == socket.AF_INET:
                # As a server does: a packet does not wait for the answer to
                # the one before it.
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._welcome(client)

    def _welcome(self, client):
        if self.refusing == "full":
            with contextlib.suppress(OSError):
                client.sendall(struct.pack("<I", len(TOO_MANY)) + TOO_MANY)
        self.early, early = max(0, self.early - 1), self.early
        if self.refusing or early:
            client.close()
            return
        try:
            passage = Passage(self, client)
        except OSError:             # the server is away, and so are we
            client.close()
            return
        self.passages.add(passage)
        if self.refusing:           # since we looked
            passage.cut()

    # ---- for tests

    def wait(self):
        """Where everything stands still while the proxy hangs."""
        self.flowing.wait()

    def hang(self):
        self.flowing.clear()

    def cut(self):
        """All connections that there are."""
        for p in list(self.passages):
            p.cut()

    def heal(self):
        """As if nothing had been."""
        self.refusing, self.early, self.delay, self.hold = None, 0, 0, 0
        self.refuses_then = None
        self.strikes = []
        self.flowing.set()

    def turn(self):
        """What changes at the moment of a strike."""
        if self.moves_to:
            self.server = self.moves_to
        if self.refuses_then:
            self.refusing = self.refuses_then

    def at_commit(self, what, times=1, hold=0):
        """What becomes of the next COMMITs of transactions that wrote."""
        self.hold = hold
        self.strikes = [what] * times

    def next_strike(self):
        with self.lock:
            return self.strikes.pop() if self.strikes else None

    def struck(self):
        """Whether all that was to happen has happened."""
        return not self.strikes
