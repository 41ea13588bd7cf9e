"""Clients that go away, dawdle, flood or talk nonsense harm nobody else."""
import contextlib
import itertools
import json
import pathlib
import re
import resource
import socket
import struct
import time

import pytest

import accounts
import chaos
from accounts import between, latencies, statuses
from chaos import Later, WORKERS
from harness import SLACK, LogTail, order, poll, skip
from load import Group, Load, request_bytes
from markets import DEADLINE

IDLE = 10000            # connections that nobody uses
KILL = DEADLINE + 2     # when the master ends what does not end by itself


# ------------------------------------------------- clients that give up

def create(shop, buyer, sku, key):
    """The bytes of a good order, and its body and headers to repeat it."""
    body, headers = order(buyer.market, sku), {"Idempotency-Key": key}
    data = request_bytes("POST", "/orders/create", buyer.token,
                         json.dumps(body).encode(), key)
    return data, body, headers


def connect(shop):
    return socket.create_connection((shop.host, shop.port), 30)


NOT_STARTED = "given up before it was started"


SLOWLY = 4              # s that an order takes, if it is to take long


def waits_for_a_worker(shop):
    """Until nginx has a connection to the service that nobody has taken."""
    path = shop.option("daemon", "listen")
    poll("a connection waits for a worker", lambda: any(
        line.split()[5] == "02" and line.endswith(" " + path)
        for line in pathlib.Path("/proc/net/unix").read_text().splitlines()))


class Nginx:
    """What nginx's log says from now on."""

    def __init__(self, shop):
        self.file = pathlib.Path(shop.env["ORDERMUX_DIR"],
                                 "log/nginx-access.log")
        self.start = self.file.stat().st_size

    def knows(self):
        """Waits until it has noted that a client has gone."""
        poll("nginx knows that its client has gone", lambda: (
            b" status=499 " in self.file.read_bytes()[self.start:]))


def test_who_gives_up_before_the_start_has_ordered_nothing(shop, tell):
    """No worker takes anything; the client and nginx close what waits."""
    buyer, sku = shop.buyer("us"), shop.sku("us", stock=10)
    data, body, headers = create(shop, buyer, sku, "given-up-before")
    log, nginx = LogTail(shop), Nginx(shop)
    with chaos.stopped(*shop.workers()):
        with connect(shop) as c:
            c.sendall(data)
            waits_for_a_worker(shop)
        nginx.knows()
    said = poll("the log says so", lambda: [
        l for l in log.lines() if NOT_STARTED in l])
    assert buyer.orders() == 0 and shop.stock(sku) == 10
    a = buyer.post(body, headers=headers)
    assert a.status == 200 and "Idempotent-Replayed" not in a.headers, a
    assert buyer.orders() == 1 and shop.stock(sku) == 9
    tell(f"{len(said)} request given up before its start: 0 orders;",
         "asked again: 1")


def test_who_gives_up_after_the_start_finds_the_order_by_its_key(shop, tell):
    buyer, sku = shop.buyer("us"), shop.sku("us", stock=10)
    data, body, headers = create(shop, buyer, sku, "given-up-after")
    nginx = Nginx(shop)
    with chaos.slow_rows(shop, "us", "orders", SLOWLY):
        with connect(shop) as c:
            c.sendall(data)
            chaos.wait_for_slow_rows(shop, "us", 1)
        nginx.knows()
        poll("the order", lambda: buyer.orders() == 1)
    a = buyer.post(body, headers=headers)
    assert a.status == 200, a
    assert a.headers["Idempotent-Replayed"] == "true", a
    assert buyer.orders() == 1 and shop.stock(sku) == 9
    tell("1 request given up behind its start: 1 order; asked again: the same")


# --------------------------------- nginx gives up, and its client waits

PATIENCE = 1            # of nginx with the service here, s


def check_timeout(answer, asked):
    """nginx's own words, and not before its time."""
    took = time.monotonic() - asked
    assert answer.status == 504 and answer.json["error"] == "timeout", answer
    assert answer.retry_after, answer
    assert PATIENCE <= took < PATIENCE + SLACK, f"504 after {took:.1f} s"


def test_who_is_told_504_before_the_start_has_ordered_nothing(shop, tell):
    """No worker takes anything for longer than nginx waits."""
    buyer, sku = shop.buyer("us"), shop.sku("us", stock=10)
    _, body, headers = create(shop, buyer, sku, "timed-out-before")
    log = LogTail(shop)
    with shop.nginx_configured(fastcgi_read_timeout=f"{PATIENCE}s"):
        with chaos.stopped(*shop.workers()):
            asked = time.monotonic()
            told = buyer.post(body, headers=headers)
            check_timeout(told, asked)
        poll("the log says so", lambda: [
            l for l in log.about(told) if NOT_STARTED in l])
    assert buyer.orders() == 0 and shop.stock(sku) == 10
    a = buyer.post(body, headers=headers)
    assert a.status == 200 and "Idempotent-Replayed" not in a.headers, a
    assert buyer.orders() == 1 and shop.stock(sku) == 9
    tell("504 to 1 that was not started: 0 orders; asked again: 1, not",
         "replayed")


def test_who_is_told_504_after_the_start_finds_the_order_by_its_key(
        shop, tell):
    """The orders take longer than nginx waits for them."""
    sku = shop.sku("us", stock=100)
    log, orders = LogTail(shop), []
    for n in range(WORKERS // 2):
        buyer = shop.buyer("us")
        orders.append((buyer, *create(
            shop, buyer, sku, f"timed-out-after-{n}")[1:]))
    with shop.nginx_configured(fastcgi_read_timeout=f"{PATIENCE}s"):
        with chaos.slow_rows(shop, "us", "orders", SLOWLY):
            asked = time.monotonic()
            requests = [Later(lambda b=b, body=body, h=h:
                              b.post(body, headers=h))
                        for b, body, h in orders]
            chaos.wait_for_slow_rows(shop, "us", len(orders))
            told = [r.wait() for r in requests]
            for a in told:
                check_timeout(a, asked)
            poll("the orders", lambda: all(b.orders() == 1
                                           for b, _, _ in orders))
    for (buyer, body, headers), a in zip(orders, told):
        assert not [l for l in log.about(a) if NOT_STARTED in l]
        made = shop.sql("us", "SELECT id, order_number FROM orders "
                        f"WHERE user_id = {buyer.id}")
        a = buyer.post(body, headers=headers)
        assert a.status == 200, a
        assert a.headers["Idempotent-Replayed"] == "true", a
        assert [(str(a.json["id"]), a.json["order_number"])] == made
        assert buyer.orders() == 1
    assert shop.stock(sku) == 100 - len(orders)
    tell(f"504 to {len(orders)} that were started: as many orders; asked",
         "again: the same, replayed")


# --------------------------------------- clients that take their time

@contextlib.contextmanager
def unharmed(shop, tell):
    """What happens inside does not touch those who order meanwhile: they have
    no error, and nobody waits until a worker is free that is held until its
    deadline."""
    groups = [Group(m, 4, accounts.people(shop, m), accounts.goods(shop, m),
                    lists=0.3, pause=0.01, patience=0)
              for m in ("kg", "us")]
    with Load(shop, groups, 1) as load:
        load.wait_for_each(50)
        began = time.monotonic()
        yield load
        load.wait_for_each(50)
        ended = time.monotonic()
    during = between(load.requests, began, ended)
    tell("before:", latencies(between(load.requests, load.began, began)),
         "; during:", latencies(during))
    assert set(statuses(load.requests)) == {200}, statuses(load.requests)
    assert max(t.took for t in during) < DEADLINE
    for g in groups:
        accounts.check(shop, load.of(g.market), g.skus)


def open_files(pid):
    text = pathlib.Path(f"/proc/{pid}/limits").read_text()
    return int(re.search(r"Max open files +(\d+)", text)[1])


@pytest.fixture
def many_files(shop):
    """Room for so many connections, here and in nginx."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    need = IDLE + 500
    if hard != resource.RLIM_INFINITY and hard < need:
        skip(f"{IDLE} connections need {need} open files, and the hard limit "
             f"is {hard}")
    least = min(map(open_files, shop.nginx_workers()))
    if least < need:
        skip(f"nginx may have {least} open files, not {need}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, need), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_ten_thousand_idle_connections_cost_nobody_anything(
        shop, tell, many_files):
    with unharmed(shop, tell) as load, contextlib.ExitStack() as idle:
        began = time.monotonic()
        for _ in range(IDLE):
            idle.enter_context(connect(shop))
        tell(f"{IDLE} connections within {time.monotonic() - began:.1f} s")
        load.wait_for_each(200)


def test_requests_that_trickle_in_hold_no_worker(shop, tell):
    """Half a request line, half a head, half a body, and a byte now and
    then: nginx waits for them, the workers do not."""
    buyer, sku = shop.buyer("us"), shop.sku("us")
    data, _, _ = create(shop, buyer, sku, "trickle")
    head = data.index(b"\r\n\r\n") + 4
    parts = [data[:10], data[:head // 2], data[:head + 20]]
    with unharmed(shop, tell) as load, \
            contextlib.ExitStack() as open_ones:
        clients = []
        for n in range(300):
            c = open_ones.enter_context(connect(shop))
            c.sendall(parts[n % 3])
            clients.append((c, iter(data[len(parts[n % 3]):-1])))
        for _ in range(15):
            for c, rest in clients:
                c.sendall(bytes([next(rest)]))
            load.wait_for_each(20)
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


def size(text):
    return bytes([len(text)]) if len(text) < 128 else \
        struct.pack(">I", len(text) | 1 << 31)


def pair(name, value):
    return size(name) + size(value) + name + value


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


def reach(shop):
    """A connection to one of the workers."""
    c = socket.socket(socket.AF_UNIX)
    c.settimeout(30)
    c.connect(shop.option("daemon", "listen"))
    return c


def say(shop, clients, data):
    """To one worker, by a client who then stays."""
    c = clients.enter_context(reach(shop))
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
        tell(f"served after {served_within(shop, KILL + SLACK):.1f} s")
        shop.serves()


def test_nonsense_holds_no_worker(shop, tell):
    for name, data in WRONG.items():
        with contextlib.ExitStack() as clients:
            for _ in range(WORKERS):
                say(shop, clients, data)
            # Who says nothing at all is waited for, for 2 s. It must not be
            # as long as for one who stops in the middle.
            tell(f"served {served_within(shop, DEADLINE):.1f} s behind {name}")


def whole(params, body=b""):
    """The bytes of a whole request."""
    return (BEGIN + record(4, b"".join(itertools.starmap(pair, params)))
            + record(4, b"") + record(5, body) + record(5, b""))


def records(said):
    """The records in these bytes: type, id and content of each."""
    found = []
    while said:
        version, kind, number, length, padding, _ = struct.unpack(
            ">BBHHBB", said[:8])
        assert version == 1 and len(said) >= 8 + length + padding
        found.append((kind, number, said[8:8 + length]))
        said = said[8 + length + padding:]
    return found


def text_of(said):
    """The text of an answer, whose end is the end of the request."""
    *parts, end, last = records(said)
    assert end == (6, 1, b"") and last == (3, 1, bytes(8)), (end, last)
    assert all(kind == 6 and number == 1 for kind, number, _ in parts)
    return b"".join(content for _, _, content in parts)


def answer_to(shop, params, body):
    """What a worker answers to a whole request: status, head and JSON."""
    said = b""
    with reach(shop) as c:
        c.sendall(whole(params, body))
        while piece := c.recv(65536):
            said += piece
    head, _, text = text_of(said).partition(b"\r\n\r\n")
    status = re.search(rb"(?mi)^Status: (\d+)", head)
    return int(status[1]) if status else 200, head.lower(), json.loads(text)


def order_begun(shop, buyer, sku, key, seconds):
    """A good order that nginx took so many seconds ago."""
    body = json.dumps(order("us", sku, delivery_notes=key)).encode()
    return answer_to(shop, [
        (b"REQUEST_METHOD", b"POST"),
        (b"DOCUMENT_URI", b"/api/v1/orders"),
        (b"CONTENT_TYPE", b"application/json"),
        (b"CONTENT_LENGTH", str(len(body)).encode()),
        (b"HTTP_AUTHORIZATION", f"Bearer {buyer.token}".encode()),
        (b"HTTP_IDEMPOTENCY_KEY", key.encode()),
        (b"REMOTE_ADDR", b"127.0.0.1"),
        (b"REQ_START", f"{time.time() - seconds:.3f}".encode())], body)


def test_what_has_waited_past_the_deadline_is_not_started(shop, tell):
    """Nobody has closed anything: the time alone, which nginx tells."""
    buyer, sku = shop.buyer("us"), shop.sku("us", stock=10)
    log, made = LogTail(shop), 0
    for waited, expected in ((DEADLINE + 1, 503), (DEADLINE - 5, 200),
                             (DEADLINE + 0.1, 503), (0, 200)):
        key = f"waited-{waited}"
        status, head, told = order_begun(shop, buyer, sku, key, waited)
        assert status == expected, told
        if status == 503:
            assert told["error"] == "overloaded" and b"retry-after" in head
            # The same again, without the wait, is the first.
            assert buyer.orders() == made and shop.stock(sku) == 10 - made
            status, head, told = order_begun(shop, buyer, sku, key, 0)
            assert status == 200, told
        assert b"idempotent-replayed" not in head
        made += 1
        assert buyer.orders() == made and shop.stock(sku) == 10 - made
        tell(f"waited {waited} s: {expected}, {expected == 200:d} order")
    assert sum(NOT_STARTED in l for l in log.lines()) == 2


# ------------------------------------------- answers that are long

def long_list(shop):
    """A customer whose list is longer than a socket holds, and the request
    for it."""
    buyer = shop.buyer("us")
    skus = [shop.sku("us") for _ in range(25)]
    for _ in range(100):
        buyer.ordered(*skus)
    request = whole([
        (b"REQUEST_METHOD", b"GET"),
        (b"DOCUMENT_URI", b"/api/v1/orders"),
        (b"QUERY_STRING", b"limit=100"),
        (b"HTTP_AUTHORIZATION", f"Bearer {buyer.token}".encode())])
    # "Keep the connection": the service closes it nevertheless.
    return buyer, request.replace(BEGIN, BEGIN[:10] + b"\1" + BEGIN[11:])


def test_a_long_answer_arrives_whole_at_a_client_that_reads_slowly(
        shop, tell):
    buyer, request = long_list(shop)
    said, expected = b"", buyer.get("/orders?limit=100").body
    with unharmed(shop, tell), reach(shop) as c:
        c.sendall(request)
        while piece := c.recv(4096):
            said += piece
            time.sleep(0.001)
    text = text_of(said).partition(b"\r\n\r\n")[2]
    assert len(text) > 300000 and text == expected
    tell(f"an answer of {len(text)} bytes")


def test_a_client_that_goes_away_in_the_middle_of_an_answer_harms_nobody(
        shop, tell):
    _, request = long_list(shop)
    log, workers = LogTail(shop), sorted(shop.workers())
    with unharmed(shop, tell):
        for _ in range(20):
            with reach(shop) as c:
                c.sendall(request)
                assert len(c.recv(1000, socket.MSG_WAITALL)) == 1000
        poll("the log says so", lambda: sum(
            "client gone before the answer" in l for l in log.lines()) == 20)
    assert sorted(shop.workers()) == workers
