"""Clients that order, in processes of their own, with exact accounts.

    with Load(shop, [Group("us", clients=16, buyers=..., skus=...)]) as load:
        load.wait_for(1000)
        ...                             # break something
    for request in load.requests: ...

Each client does one thing after the other on a kept connection: it makes up an
order with an Idempotency-Key, and where the answer is 502, 503, 504 or none,
it asks again with the same key and body until it is answered or its patience
is at an end. What becomes of each request is kept: every try with its time,
its status and its Retry-After, and the order that was acknowledged. An answer
that cannot be read is nothing that a client gets over: the load ends, and the
test with it.

The requests are written by hand and the answers read by hand, as http.client
would take more of two processors than the service does.
"""
import collections
import dataclasses
import itertools
import json
import math
import multiprocessing
import random
import socket
import threading
import time
import traceback

from harness import LIMIT, SLACK, order, poll

TIMEOUT = 10 + SLACK    # of a try; nginx answers for the service after 10 s
RETRIED = (0, 502, 503, 504)
PROCESSES = 2
FIRST_PAUSE, LAST_PAUSE = 0.02, 0.5     # between tries

# A status of 0 is no answer at all. "began" is time.monotonic(), the same
# clock in all processes. retry_after is None where the header is missing.
Try = collections.namedtuple("Try", "began took status retry_after error")


@dataclasses.dataclass
class Request:
    market: str
    kind: str                   # "create", "list"
    user: int
    key: str = ""
    lines: tuple = ()           # ((sku id, quantity), ...)
    body: str = ""
    tries: list = dataclasses.field(default_factory=list)
    order_id: int = 0           # as acknowledged
    number: str = ""
    replayed: bool = False      # it had been made by an earlier try

    @property
    def status(self):
        """What it came to."""
        return self.tries[-1].status

    @property
    def ended(self):
        return self.tries[-1].began + self.tries[-1].took


@dataclasses.dataclass
class Group:
    """Clients of one market that behave alike."""
    market: str
    clients: int
    buyers: list                # of harness.Buyer
    skus: list                  # of harness.Sku
    lists: float = 0            # the share of requests that are lists
    patience: float = LIMIT     # seconds, for one request; 0: one try
    pause: float = 0            # seconds, between two requests
    after_refusal: float = 0.05     # seconds, behind one that was refused
    most: float = math.inf      # requests of all clients together
    lines: int = 2              # of an order, at most


class Connection:
    """A kept connection to nginx; a new one where there is none."""

    def __init__(self, address):
        self.address = address
        self.socket = None

    def close(self):
        if self.socket:
            self.socket.close()
            self.socket = None

    def ask(self, data):
        """Status, head and body of the answer; OSError when none comes."""
        try:
            if self.socket is None:
                self.socket = socket.create_connection(self.address, TIMEOUT)
                self.socket.setsockopt(socket.IPPROTO_TCP,
                                       socket.TCP_NODELAY, 1)
            self.socket.sendall(data)
            return self._answer()
        except OSError:
            self.close()
            raise

    def _answer(self):
        data = b""
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._more()
        head = data[:end].lower() + b"\r\n"
        size = int(field(head, b"content-length") or 0)
        while len(data) < end + 4 + size:
            data += self._more()
        if field(head, b"connection") == b"close":
            self.close()
        return int(head[9:12]), head, data[end + 4:]

    def _more(self):
        piece = self.socket.recv(65536)
        if not piece:
            raise ConnectionError("closed without an answer")
        return piece


def field(head, name):
    """A header's value; None where it is missing."""
    _, found, rest = head.partition(b"\r\n" + name + b": ")
    return rest.partition(b"\r\n")[0] if found else None


def request_bytes(method, path, token, body=b"", key=None):
    lines = [f"{method} /api/v1{path} HTTP/1.1", "Host: localhost",
             f"Authorization: Bearer {token}"]
    if body:
        lines += ["Content-Type: application/json",
                  f"Content-Length: {len(body)}"]
    if key:
        lines.append(f"Idempotency-Key: {key}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Client:
    """One client, in a thread of a process of Load's."""

    def __init__(self, address, group, name, progress, slot):
        self.group, self.name = group, name
        self.connection = Connection(address)
        self.dice = random.Random(name)
        self.progress, self.slot = progress, slot
        self.requests = []
        self.failure = None         # where it went wrong, as a text

    def run(self, left, stop, failed):
        try:
            self.work(left, stop)
        except BaseException:       # raised again by Load.finish()
            self.failure = f"{self.name}: {traceback.format_exc()}"
            failed.set()
            stop.set()
        finally:
            self.connection.close()

    def work(self, left, stop):
        for n in left:
            if stop.is_set():
                break
            r, data = self.make(n)
            self.requests.append(r)
            self.ask(r, data, stop)
            self.progress.done[self.slot] += 1
            self.progress.served[self.slot] += r.status == 200
            refused = self.group.after_refusal if r.status in RETRIED else 0
            time.sleep(self.group.pause + refused)

    def make(self, n):
        g = self.group
        buyer = self.dice.choice(g.buyers)
        if self.dice.random() < g.lists:
            return Request(g.market, "list", buyer.id), request_bytes(
                "GET", "/orders?limit=5", buyer.token)
        skus = self.dice.sample(g.skus, self.dice.randint(
            1, min(g.lines, len(g.skus))))
        lines = tuple((s.id, self.dice.randint(1, 3)) for s in skus)
        key = f"{self.name}-{n}"
        body = json.dumps(order(g.market, *lines, delivery_notes=key))
        r = Request(g.market, "create", buyer.id, key, lines, body)
        return r, request_bytes("POST", "/orders/create", buyer.token,
                                body.encode(), key)

    def ask(self, r, data, stop):
        """Until it is answered, or patience ends. A load that is stopped
        still ends what it has begun."""
        patience = time.monotonic() + self.group.patience
        pause = FIRST_PAUSE
        while True:
            self.attempt(r, data)
            if r.status not in RETRIED or time.monotonic() > patience:
                return
            time.sleep(pause * self.dice.uniform(0.5, 1))
            pause = min(pause * 2, LAST_PAUSE)

    def attempt(self, r, data):
        began = time.monotonic()
        status, retry_after, error = 0, None, ""
        try:
            status, head, body = self.connection.ask(data)
            retry_after = field(head, b"retry-after")
            if status == 200:
                self.take(r, head, body)
            elif status >= 400:
                error = body[:300].decode("utf-8", "replace")
        except OSError as e:
            error = repr(e)
        finally:
            r.tries.append(Try(began, time.monotonic() - began, status,
                               retry_after, error))

    @staticmethod
    def take(r, head, body):
        """What an answer of 200 says; an exception if it is not whole."""
        answer = json.loads(body)
        if r.kind == "create":
            r.order_id, r.number = answer["id"], answer["order_number"]
            r.replayed = field(head, b"idempotent-replayed") == b"true"
        else:
            assert isinstance(answer, list), answer


def serve(address, parts, progress, stop, failed, pipe):
    """A process of Load's: its clients' threads, then the accounts."""
    clients, threads = [], []
    for group, name, slots, most in parts:
        left = iter(range(most)) if most < math.inf else itertools.count()
        for slot in slots:
            c = Client(address, group, f"{name}-{slot}", progress, slot)
            clients.append(c)
            threads.append(threading.Thread(
                target=c.run, args=(left, stop, failed)))
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    pipe.send(([r for c in clients for r in c.requests],
               [c.failure for c in clients if c.failure]))
    pipe.close()


runs = itertools.count(1)


class Progress:
    """What the clients have come to, in memory that all processes share. Each
    client has a slot."""

    def __init__(self, fork, groups):
        self.markets = [g.market for g in groups for _ in range(g.clients)]
        self.done = fork.RawArray("l", len(self.markets))
        self.served = fork.RawArray("l", len(self.markets))

    def count(self, market=None, served=False):
        counts = self.served if served else self.done
        return sum(n for n, of in zip(counts, self.markets)
                   if market in (None, of))


class Load:
    """Groups of clients at work until the with block ends, or all is done."""

    def __init__(self, shop, groups, processes=PROCESSES):
        # A copy of this process: nothing has to be handed over by hand.
        fork = multiprocessing.get_context("fork")
        self.stop, self.failed = fork.Event(), fork.Event()
        total = sum(g.clients for g in groups)
        self.progress = Progress(fork, groups)
        run = f"load-{int(time.time())}-{next(runs)}"
        slots = iter(range(total))
        parts = [[] for _ in range(processes)]
        for g in groups:
            mine = [next(slots) for _ in range(g.clients)]
            for n, part in enumerate(parts):
                most = g.most if g.most == math.inf else \
                    g.most // processes + (n < g.most % processes)
                part.append((g, run, mine[n::processes], most))
        self.pipes, self.processes = [], []
        for part in parts:
            mine, theirs = fork.Pipe(duplex=False)
            p = fork.Process(target=serve, args=(
                (shop.host, shop.port), part, self.progress, self.stop,
                self.failed, theirs))
            self.pipes.append((mine, theirs))
            self.processes.append(p)
        self.requests, self.failures = [], []

    def __enter__(self):
        self.began = time.monotonic()
        for p, (_, theirs) in zip(self.processes, self.pipes):
            p.start()
            theirs.close()
        return self

    def __exit__(self, kind, *_):
        self.stop.set()
        self.finish()

    def finish(self, seconds=2 * LIMIT):
        """Waits for the clients; their accounts are then in requests. What
        went wrong in one of them is raised."""
        if not self.pipes:
            return
        end = time.monotonic() + seconds
        try:
            for mine, _ in self.pipes:
                assert mine.poll(max(0, end - time.monotonic())), \
                    f"the clients have not ended within {seconds} s"
                requests, failures = mine.recv()
                self.requests += requests
                self.failures += failures
        finally:
            self.pipes = []
            for p in self.processes:
                p.join(5)
                if p.is_alive():
                    p.kill()
                    p.join()
        self.took = max((r.ended for r in self.requests),
                        default=self.began) - self.began
        assert not self.failures, \
            f"{len(self.failures)} clients failed\n{self.failures[0]}"

    def done(self):
        return self.progress.count()

    def wait_for(self, n, market=None, served=False, seconds=LIMIT):
        """Until n more requests (of a market) have come to something (or to
        200), or a client has failed, which the end of the load tells."""
        def count():
            return self.progress.count(market, served)

        n += count()
        poll(f"{n} requests under load",
             lambda: self.failed.is_set() or count() >= n, seconds, 0.02)

    def wait_for_each(self, n):
        """Until n more requests of each market were answered with 200."""
        for market in sorted(set(self.progress.markets)):
            self.wait_for(n, market, served=True)

    def of(self, market, kind=None):
        return [r for r in self.requests if r.market == market and
                kind in (None, r.kind)]
