"""Clients that go away, dawdle, flood or talk nonsense harm nobody else."""
import contextlib
import json
import pathlib
import re
import resource
import socket
import struct
import threading
import time

import pytest

import accounts
from accounts import between, latencies, statuses
from chaos import WORKERS
from harness import LogTail, Sql, order, poll, tally
from load import Group, Load, request_bytes

IDLE = 10000            # connections that nobody uses
DEADLINE = 8            # request_deadline, s
KILL = DEADLINE + 2     # when the master ends what does not end by itself


# ------------------------------------------------- clients that give up

class Locked:
    """Somebody else holds SKUs: who orders them waits in the database."""

    def __init__(self, shop, *skus):
        self.shop, self.skus = shop, skus

    def __enter__(self):
        self.clients = []
        for sku in self.skus:
            client = Sql(self.shop.socket(sku.market),
                         self.shop.database(sku.market))
            self.clients.append(client)
            client("BEGIN")
            client(f"SELECT id FROM skus WHERE id = {sku.id} FOR UPDATE")
        return self

    def __exit__(self, *_):
        for client in self.clients:
            client.close()

    def wait_for(self, market, n):
        """Until n orders wait for a lock. Not asked too often: the server
        renews this table only when it has not been read for 0.1 s."""
        poll(f"{n} orders wait in {market}", lambda: self.shop.count(
            market, "information_schema.innodb_trx",
            "trx_state = 'LOCK WAIT'") == n, 5, 0.15)


class Later:
    """A request in a thread; its answer when there is one."""

    def __init__(self, ask):
        self.answer = None
        self.thread = threading.Thread(target=self._run, args=(ask,))
        self.thread.start()

    def _run(self, ask):
        self.answer = ask()

    def wait(self):
        self.thread.join()
        assert self.answer is not None, "no answer"
        return self.answer


def create(shop, buyer, sku, key):
    """The bytes of a good order, and its body and headers to repeat it."""
    body, headers = order(buyer.market, sku), {"Idempotency-Key": key}
    data = request_bytes("POST", "/orders/create", buyer.token,
                         json.dumps(body).encode(), key)
    return data, body, headers


def connect(shop):
    return socket.create_connection((shop.host, shop.port), 30)


def test_who_gives_up_before_the_start_has_ordered_nothing(shop):
    """All workers are busy; the client and nginx close what still waits."""
    buyer, sku = shop.buyer("us"), shop.sku("us", stock=10)
    held = [shop.sku(m, stock=100) for m in ("kg", "us")]
    busy = [(s, shop.buyer(s.market))
            for s in held for _ in range(WORKERS // 2)]
    data, body, headers = create(shop, buyer, sku, "given-up-before")
    log = LogTail(shop)
    with Locked(shop, *held) as locked:
        running = [Later(lambda b=b, s=s: b.order(s)) for s, b in busy]
        for s in held:
            locked.wait_for(s.market, WORKERS // 2)
        with connect(shop) as c:
            c.sendall(data)
            time.sleep(0.3)
        time.sleep(0.3)
    assert tally(r.wait() for r in running) == {200: WORKERS}
    poll("the log says so", lambda: [
        l for l in log.lines() if "given up before it was started" in l], 5)
    assert buyer.orders() == 0 and shop.stock(sku) == 10
    a = buyer.post(body, headers=headers)
    assert a.status == 200 and "Idempotent-Replayed" not in a.headers, a
    assert buyer.orders() == 1 and shop.stock(sku) == 9


def test_who_gives_up_after_the_start_finds_the_order_by_its_key(shop):
    buyer, sku = shop.buyer("us"), shop.sku("us", stock=10)
    data, body, headers = create(shop, buyer, sku, "given-up-after")
    with Locked(shop, sku) as locked:
        with connect(shop) as c:
            c.sendall(data)
            locked.wait_for("us", 1)
        time.sleep(0.3)
        assert buyer.orders() == 0
    poll("the order", lambda: buyer.orders() == 1, 5)
    a = buyer.post(body, headers=headers)
    assert a.status == 200, a
    assert a.headers["Idempotent-Replayed"] == "true", a
    assert buyer.orders() == 1 and shop.stock(sku) == 9


# --------------------------------------- clients that take their time

@contextlib.contextmanager
def unharmed(shop, tell, calm=2):
    """What happens inside does not touch those who order meanwhile."""
    groups = [Group(m, 4, accounts.people(shop, m), accounts.goods(shop, m),
                    lists=0.3, pause=0.01, patience=0)
              for m in ("kg", "us")]
    with Load(shop, groups, 1) as load:
        time.sleep(calm)
        began = time.monotonic()
        yield load
        ended = time.monotonic()
    before = between(load.requests, load.began + 0.3, began)
    during = between(load.requests, began, ended)
    tell("before:", latencies(before), "; during:", latencies(during))
    assert set(statuses(load.requests)) == {200}, statuses(load.requests)
    assert len(during) > 20
    assert middle(during) < 4 * middle(before) + 0.02
    assert max(t.took for t in during) < 2
    for g in groups:
        accounts.check(shop, load.of(g.market), g.skus)


def middle(tries):
    return sorted(t.took for t in tries)[len(tries) // 2]


def open_files(pid):
    text = pathlib.Path(f"/proc/{pid}/limits").read_text()
    return int(re.search(r"Max open files +(\d+)", text)[1])


def nginx_workers(shop):
    master = (pathlib.Path(shop.dir) / "pids" / "nginx").read_text().split()[0]
    found = pathlib.Path(f"/proc/{master}/task/{master}/children").read_text()
    return [int(pid) for pid in found.split()]


@pytest.fixture
def many_files(shop):
    """Room for so many connections, here and in nginx."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    need = IDLE + 500
    if hard != resource.RLIM_INFINITY and hard < need:
        pytest.skip(f"{IDLE} connections need {need} open files, and the "
                    f"hard limit is {hard}")
    least = min(map(open_files, nginx_workers(shop)))
    if least < need:
        pytest.skip(f"nginx may have {least} open files, not {need}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, need), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_ten_thousand_idle_connections_cost_nobody_anything(
        shop, tell, many_files):
    with unharmed(shop, tell), contextlib.ExitStack() as idle:
        began = time.monotonic()
        for _ in range(IDLE):
            idle.enter_context(connect(shop))
        tell(f"{IDLE} connections within {time.monotonic() - began:.1f} s")
        time.sleep(2)


def test_requests_that_trickle_in_hold_no_worker(shop, tell):
    """Half a request line, half a head, half a body, and a byte now and
    then: nginx waits for them, the workers do not."""
    buyer, sku = shop.buyer("us"), shop.sku("us")
    data, _, _ = create(shop, buyer, sku, "trickle")
    head = data.index(b"\r\n\r\n") + 4
    parts = [data[:10], data[:head // 2], data[:head + 20]]
    with unharmed(shop, tell), contextlib.ExitStack() as open_ones:
        clients = []
        for n in range(300):
            c = open_ones.enter_context(connect(shop))
            c.sendall(parts[n % 3])
            clients.append((c, iter(data[len(parts[n % 3]):-1])))
        for _ in range(15):
            for c, rest in clients:
                c.sendall(bytes([next(rest)]))
            time.sleep(0.2)
    assert buyer.orders() == 0


def test_uploads_that_are_broken_off_start_nothing(shop, tell):
    buyer, sku = shop.buyer("us"), shop.sku("us")
    data, _, _ = create(shop, buyer, sku, "broken-off")
    with unharmed(shop, tell):
        for n in range(400):
            with connect(shop) as c:
                c.sendall(data[:-1 - n % 100])
                if n % 2:           # with a reset, not a farewell
                    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                 struct.pack("ii", 1, 0))
            time.sleep(0.005)
    assert buyer.orders() == 0


def test_floods_are_refused_and_harm_nobody(shop, tell):
    """Headers, parameters, names: as many and as long as nginx lets through,
    and more."""
    buyer, sku = shop.buyer("us"), shop.sku("us")
    many = {f"X-Flood-{n}": "y" * 60 for n in range(300)}
    more = {f"X-Flood-{n}": "y" * 60 for n in range(3000)}
    wide = order("us", sku)
    wide.update({f"unknown_{n}": n for n in range(3000)})
    key = {"Idempotency-Key": "flood"}
    deep = "[" * 30000
    with unharmed(shop, tell):
        for _ in range(10):
            found = [a.status for a in (
                buyer.get("/orders?" + "&".join(
                    f"p{n}={n}" for n in range(600))),
                buyer.get("/orders?limit=" + "1" * 7000),
                buyer.get("/orders?" + "x" * 40000),
                buyer.get("/orders", headers=many),
                buyer.get("/orders", headers=more),
                buyer.post(wide, headers=key),
                buyer.post(deep),
                buyer.post("x" * 100000),
                buyer.post("x" * 200000))]
            assert found == [200, 422, 414, 200, 431, 200, 400, 413, 413], \
                found
    assert buyer.orders() == 1


# ------------------------------------- past nginx, at the workers' socket

BEGIN = struct.pack(">BBHHBB", 1, 1, 1, 8, 0, 0) + \
    struct.pack(">HB5x", 1, 0)


def record(kind, content):
    return struct.pack(">BBHHBB", 1, kind, 1, len(content), 0, 0) + content


def pair(name, value):
    return bytes([len(name), len(value)]) + name + value


POST = record(4, pair(b"REQUEST_METHOD", b"POST") +
              pair(b"DOCUMENT_URI", b"/api/v1/orders") +
              pair(b"CONTENT_TYPE", b"application/json") +
              pair(b"CONTENT_LENGTH", b"100"))
# What the library waits for the rest of, and what it does not.
HALF = [BEGIN[:5], BEGIN, BEGIN + POST[:40]]
WRONG = {
    "nothing": b"",
    "no body": BEGIN + POST + record(4, b""),
    "half a body": BEGIN + POST + record(4, b"") + record(5, b"{"),
    "HTTP": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 3,
    "a wrong length": record(4, b"")[:4] + b"\xff\xff\0\0",
}


def say(shop, clients, data):
    """To one worker, by a client who then stays."""
    path = re.search(r"(?m)^listen *= *(.*)$", shop.conf.read_text())[1]
    c = clients.enter_context(socket.socket(socket.AF_UNIX))
    c.connect(path.strip())
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        c.sendall(data)


def served_within(shop, seconds):
    buyer, began = shop.buyer("us"), time.monotonic()
    poll("somebody is served",
         lambda: buyer.get("/orders").status == 200, seconds)
    return time.monotonic() - began


def test_half_a_request_holds_a_worker_until_the_deadline_at_most(shop, tell):
    """As many clients who stop in the middle as there are workers."""
    # A worker that is killed before its first request is missed for 2 s.
    shop.serves()
    with contextlib.ExitStack() as clients:
        for n in range(WORKERS):
            say(shop, clients, HALF[n % len(HALF)])
        tell(f"served after {served_within(shop, KILL + 1.5):.1f} s")
        shop.serves()


def test_nonsense_holds_no_worker(shop, tell):
    for name, data in WRONG.items():
        with contextlib.ExitStack() as clients:
            for _ in range(WORKERS):
                say(shop, clients, data)
            # Who says nothing at all is waited for, for 2 s.
            took = served_within(shop, 3)
            tell(f"served {took:.1f} s behind {name}")
            assert not data or took < 1
