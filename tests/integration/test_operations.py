"""What an operator relies on: processes, the log, sizes, round trips."""
import contextlib
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

from harness import (BUILD, MARKETS, LogTail, RepeatedJobs, Statements,
                     Systemd, answered, at_once, order, poll, saved, tally,
                     without_final_commit)
from instance import ini
from test_order_life import locked


def gone(pid):
    """Ended, though perhaps not yet waited for."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def buyers_and_sku(shop, n):
    return [shop.buyer("us") for _ in range(n)], shop.sku("us", stock=10**6)


def creating(buyers, sku):
    """Each buyer orders one piece again and again."""
    return [lambda b=b: b.order(sku) for b in buyers]


# -------------------------------------------------------------- processes

def test_as_many_workers_run_as_are_configured(shop):
    configured = int(shop.option("daemon", "workers"))
    assert len(shop.workers()) == configured


def test_a_killed_worker_is_replaced_and_takes_one_request_with_it(shop):
    buyers, sku = buyers_and_sku(shop, 6)
    before = shop.workers()
    with RepeatedJobs(creating(buyers, sku)) as load:
        load.wait_for(100)
        os.kill(before[0], signal.SIGKILL)
        poll("as many workers as before", lambda: (
            gone(before[0]) and len(shop.workers()) == len(before)))
        load.wait_for(100)
    failed = [a for a in load.results if a.status != 200]
    assert len(failed) <= 1 and all(a.status == 502 for a in failed), failed
    # What was answered is saved; the one that was not may be, or not.
    numbers = answered(load.results)
    assert len(set(numbers)) == len(numbers)
    extra = saved(shop, buyers) - set(numbers)
    assert set(numbers) <= saved(shop, buyers) and len(extra) <= len(failed)
    assert shop.stock(sku) == 10**6 - len(numbers) - len(extra)


def test_workers_that_are_told_to_go_lose_no_request(shop):
    buyers, sku = buyers_and_sku(shop, 6)
    with RepeatedJobs(creating(buyers, sku)) as load:
        for pid in shop.workers()[:4]:
            count = len(shop.workers())
            load.wait_for(30)
            os.kill(pid, signal.SIGTERM)
            poll("a worker in its place", lambda: (
                gone(pid) and len(shop.workers()) == count))
        load.wait_for(30)
    assert set(tally(load.results)) == {200}, tally(load.results)
    assert saved(shop, buyers) == set(answered(load.results))


def test_a_stopped_service_has_answered_all_that_it_accepted(shop):
    """No answer without its row, no row without its answer."""
    buyers, sku = buyers_and_sku(shop, 6)
    master, workers = shop.master, shop.workers()
    try:
        with RepeatedJobs(creating(buyers, sku)) as load:
            load.wait_for(150)
            os.kill(master, signal.SIGTERM)
            poll("the end of the service", lambda: all(
                map(gone, [master, *workers])))
            load.wait_for(10)
    finally:
        shop.restart()
    assert set(tally(load.results)) <= {200, 502, 503}, tally(load.results)
    assert tally(load.results)[200] >= 150
    numbers = answered(load.results)
    assert len(set(numbers)) == len(numbers)
    assert saved(shop, buyers) == set(numbers)
    assert shop.stock(sku) == 10**6 - len(numbers)
    assert buyers[0].order(sku).status == 200


# ---------------------------------------------------------------- waiting

@pytest.mark.slow
def test_the_watchdog_is_fed_while_all_workers_wait_for_their_databases(
        shop, tmp_path):
    """They may, up to the deadline, for longer than systemd waits."""
    if b"libsystemd" not in (BUILD / "ordermuxd").read_bytes():
        pytest.skip("built without systemd")
    skus = {m: shop.sku(m, stock=10) for m in MARKETS}
    buyers = {m: shop.buyer(m) for m in MARKETS}
    try:
        with Systemd(tmp_path / "notify") as systemd, \
                shop.patient_with_locks(workers=2), \
                contextlib.ExitStack() as held:
            shop.serves()
            for m in MARKETS:
                held.enter_context(locked(
                    shop, m, f"SELECT id FROM skus WHERE id={skus[m].id} "
                    "FOR UPDATE"))
            log = LogTail(shop)
            done = threading.Event()

            def order_on(m):
                while not done.is_set():
                    buyers[m].order(skus[m])

            orders = [threading.Thread(target=order_on, args=(m,))
                      for m in MARKETS]
            for o in orders:
                o.start()
            for m in MARKETS:
                shop.wait_for_transactions(m, bool, "trx_state = 'LOCK WAIT'")
            fed = systemd.fed()
            poll("the watchdog is fed", lambda: systemd.fed() >= fed + 3)
            waiting = sum(o.is_alive() for o in orders)
            said = log.lines()
            done.set()
            held.close()
            for o in orders:
                o.join()
    finally:
        shop.restart()
    assert waiting == 2
    assert not [l for l in said if "watchdog" in l], said


@pytest.fixture
def silent(tmp_path):
    """A command behind which names are asked of a server that is silent."""
    # Another one may be running beside this test.
    address = f"127.53.{random.randrange(256)}.{random.randrange(1, 255)}"
    with contextlib.closing(socket.socket(type=socket.SOCK_DGRAM)) as server:
        try:
            server.bind((address, 53))
        except OSError as e:
            pytest.skip(f"there can be no name server: {e}")
        conf = tmp_path / "resolv.conf"
        conf.write_text(f"nameserver {address}\n")
        command = ["unshare", "--mount", "sh", "-c", "mount --bind "
                   f"{conf} /etc/resolv.conf && exec \"$@\"", "sh"]
        if subprocess.run([*command, "true"]).returncode != 0:
            pytest.skip("this user cannot have a resolv.conf of its own")
        yield command


def test_a_name_server_that_is_silent_is_not_waited_for_long(
        shop, silent, tmp_path):
    """No deadline reaches into a look-up, which takes 10 s by default."""
    etc = tmp_path / "etc"
    shutil.copytree(shop.conf.parent, etc)
    conf, us = etc / "ordermux.conf", etc / "markets.d" / "us.conf"
    conf.write_text(ini.change(conf.read_text(),
                               {"listen": f"{tmp_path}/s"}))
    us.write_text(ini.change(ini.remove(us.read_text(), "database", "socket"),
                             {"host": "db.example"}))
    with open(tmp_path / "log", "w+") as log:
        daemon = subprocess.Popen([*silent, str(BUILD / "ordermuxd"), "-c",
                                   str(conf)], stderr=log)
        began = time.monotonic()
        try:
            # The courier connects to each market at once.
            poll("a failure", lambda: 'database=us statement=connect'
                 in (tmp_path / "log").read_text())
            took = time.monotonic() - began
        finally:
            daemon.terminate()
            assert daemon.wait(30) == 0
    assert shop.sanitized or took < 10, took


# -------------------------------------------------------------------- log

def test_the_two_lines_of_the_original_are_logged_with_the_request_id(shop):
    u19, log = shop.as_user("us", 19), LogTail(shop)
    a = u19.order(shop.sku("us"))
    lines = poll("log lines", lambda: log.about(a))
    number = a.json["order_number"]
    for text in ("User authenticated successfully: ID=19, Market=us",
                 f"Order created: Order #{number} for User ID=19"):
        assert len([l for l in lines if text in l]) == 1, lines
    for line in lines:
        assert f"request_id={a.request_id}" in line, line
        assert " market=us user=19 " in line, line
    assert any(f" order_number={number} " in l for l in lines), lines


def test_only_logins_and_orders_say_that_a_user_was_authenticated(shop, us):
    log = LogTail(shop)
    answers = [us.get("/orders"), us.get("/cart"), us.get("/auth/profile"),
               us.get("/orders/abc"), us.order((1, 101))]
    made = us.order(shop.sku("us"))
    answers.append(us.request("POST", f"/orders/{made.json['id']}/cancel"))
    poll("the cancelling's line", lambda: log.about(answers[-1]))
    for a in answers:
        assert not [l for l in log.about(a) if "authenticated" in l], a
    assert len([l for l in log.about(made) if "authenticated" in l]) == 1


def refused_line(log, answer):
    """The one line about an answer of 400 or more."""
    found = poll("a line about a refusal", lambda: log.about(answer))
    assert len(found) == 1, found
    return found[0]


def test_each_answer_of_400_and_more_has_a_line_that_says_why(shop, us):
    log = LogTail(shop)
    sold_out, phone = shop.sku("us", stock=0), shop.phone("us")
    made = us.ordered(shop.sku("us"))["id"]
    create = '"POST /api/v1/orders/create"'
    token = f"market=us user={us.id} "
    for ask, *said in (
            (lambda: us.order((sold_out, 0)), token, "error=validation_error",
             "status=422", f"route={create}",
             "field=body.items.0.quantity",
             'why="Quantity must be at least 1"'),
            (lambda: us.post({}), token, "field=body.customer_name",
             'why="Field required"'),
            (lambda: us.order(sold_out), token, "error=out_of_stock",
             "status=400", f"route={create}"),
            (lambda: us.order((2**62, 1)), token, "error=sku_not_found"),
            (lambda: us.order(items=...), token, "error=cart_empty"),
            (lambda: us.post("{"), token, "error=invalid_json",
             "why=", "status=400"),
            (lambda: us.get("/orders?limit=0"), token, "field=query.limit",
             'route="GET /api/v1/orders"'),
            (lambda: us.get(f"/orders/{2**50}"), token,
             "error=order_not_found", 'route="GET /api/v1/orders/{id}"'),
            (lambda: shop.request("GET", "/cart", token="a.b.c"),
             "error=invalid_token", "status=401", "why=",
             "client=127.0.0.1"),
            (lambda: shop.request("GET", "/cart"), "error=missing_token"),
            (lambda: us.get("/no/such/path"), "error=not_found",
             "status=404"),
            (lambda: us.request("PUT", "/orders"),
             "error=method_not_allowed", "status=405"),
            (lambda: shop.request("POST", "/auth/verify-code", {
                "phone": phone, "code": "1234"}), "error=invalid_code",
             "market=us"),
            (lambda: shop.request("POST", "/auth/send-code", {"phone": "1"}),
             "error=validation_error", "field=body.phone"),
            (lambda: us.request("POST", f"/orders/{made}/cancel",
                                headers={"If-Match": '"x"'}), token,
             "error=precondition_failed", "status=412"),
            (lambda: us.post({"x": "x" * 70000}), "error=body_too_large",
             "status=413", f"route={create}"),
            (lambda: us.post("{}", headers={"Content-Type": "text/plain"}),
             "error=unsupported_media_type", "status=415",
             f"route={create}")):
        a = ask()
        assert a.status >= 400, a
        line = refused_line(log, a)
        assert line.startswith("level=info msg="), line
        for part in said:
            assert part in line, (part, line)


def test_an_answer_of_429_has_its_line(shop):
    log, phone = LogTail(shop), shop.phone("us")
    a = poll("too many codes", lambda: (a := shop.request(
        "POST", "/auth/send-code", {"phone": phone})).status != 200 and a)
    assert (a.status, a.json["error"]) == (429, "too_many_codes"), a
    line = refused_line(log, a)
    assert line.startswith('level=info msg="request refused" '), line
    for part in ("market=us", "error=too_many_codes", "status=429",
                 'route="POST /api/v1/auth/send-code"'):
        assert part in line, (part, line)
    assert phone[1:] not in line, line


def test_an_answer_of_503_has_its_line(shop, us):
    """It is no fault of the service, and no matter of routine either."""
    log, sku = LogTail(shop), shop.sku("us", stock=10)
    with locked(shop, "us",
                f"SELECT id FROM skus WHERE id={sku.id} FOR UPDATE"):
        a = us.order(sku)
    assert (a.status, a.json["error"]) == (503, "busy"), a
    found = poll("its line", lambda: [l for l in log.about(a)
                                      if "status=" in l])
    assert len(found) == 1, found
    for part in ('level=notice msg="request failed" ', f"user={us.id} ",
                 "market=us ", "error=busy status=503 route=\"POST "
                 "/api/v1/orders/create\""):
        assert part in found[0], (part, found)


def test_a_refusals_line_has_nothing_that_the_client_sent(shop, us):
    log = LogTail(shop)
    mark = f"mark{next(shop.ids)}"
    body = order("us", shop.sku("us"))
    answers = [
        us.post({**body, mark: 1, "payment_method": mark}),
        us.post({**body, "customer_phone": mark, "items": mark}),
        us.post({**body, "items": [{"sku_id": mark, mark: mark}]}),
        us.get(f"/orders?status_filter={mark}"), us.get(f"/orders/{mark}"),
        us.get(f"/{mark}"), us.request("POST", "/orders", f'{{"{mark}": '),
        us.post(body, headers={"Idempotency-Key": f"{mark} x"}),
        shop.request("GET", "/cart", token=mark),
        shop.request("GET", "/cart", token=shop.token(7, mark))]
    for a in answers:
        assert a.status >= 400 and mark not in refused_line(log, a), a


def test_a_flood_of_refusals_leaves_room_for_the_lines_of_orders(shop, us):
    log, workers = LogTail(shop), len(shop.workers())
    share = 1000 // workers
    flood = [lambda: shop.request("GET", "/cart", token="a.b.c")
             ] * (share * workers + 500)
    at_once(flood, 16)
    made = us.order(shop.sku("us"))
    other = us.order((1, 0))
    for a, text in ((made, "Order created"), (other, "validation_error")):
        assert poll("its line", lambda: [
            l for l in log.about(a) if text in l])
    lines = [l for l in log.lines() if "error=invalid_token" in l]
    # At most the share of each worker, in each window that has begun.
    assert len(lines) < len(flood), len(lines)

    # What was left out is counted, to the last one when the workers end.
    shop.restart()
    found = [l for l in log.lines() if "error=invalid_token" in l]
    left_out = sum(int(n) for l in found
                   for n in re.findall(r" left_out=(\d+)", l))
    assert left_out + len(lines) == len(flood), (left_out, len(lines))


def test_a_replay_is_not_logged_as_a_new_order(shop, us):
    body = order("us", shop.sku("us"))
    headers = {"Idempotency-Key": "k"}
    us.post(body, headers=headers)
    log = LogTail(shop)
    again = us.post(body, headers=headers)
    lines = poll("log lines", lambda: log.about(again))
    assert not [l for l in lines if "Order created" in l], lines


def test_nobody_is_logged_as_authenticated_who_is_not_there(shop, us):
    """Also when the order is refused before the user is looked for."""
    nobody = shop.as_user("us", next(shop.ids))
    disabled = shop.buyer("us", is_active=0)
    log = LogTail(shop)
    answers = [ask(b) for b in (nobody, disabled) for ask in (
        lambda b: b.get("/orders"), lambda b: b.get("/orders/abc"),
        lambda b: b.post({}), lambda b: b.post("["),
        lambda b: b.order((1, 1)))]
    assert {a.status for a in answers} <= {400, 401, 404, 422}, answers
    last = us.order(shop.sku("us"))
    poll("the log line of a user who is there", lambda: [
        l for l in log.about(last) if "authenticated" in l])
    for b in (nobody, disabled):
        said = [l for l in log.lines() if f"ID={b.id}" in l]
        assert not said, said


def test_no_line_of_the_log_has_a_token_or_a_secret(shop, us):
    log = LogTail(shop)
    us.ordered(shop.sku("us"))
    broken = us.token[:-3] + "abc"
    a = shop.request("GET", "/orders", token=broken)
    assert a.status == 401
    shop.request("GET", f"/orders?token={us.token}&access_token={us.token}",
                 token=us.token)
    poll("log lines", lambda: log.about(a))
    text = "\n".join(log.lines())
    header, payload, signature = us.token.split(".")
    for secret in (us.token, payload, signature, broken.split(".")[2],
                   shop.key.decode("latin-1")):
        assert secret not in text
    whole = shop.log.read_text(errors="replace")
    for f in shop.conf.parent.glob("*.password"):
        assert f.read_text().strip() not in whole
    assert shop.key.decode("latin-1") not in whole


def test_a_clients_value_cannot_forge_a_line_of_the_log(shop, us):
    log = LogTail(shop)
    mark = f"forged{next(shop.ids)}"
    evil = f'\nlevel=info msg="{mark}" request_id=1\r\n{mark}'
    answers = [
        us.order(shop.sku("us"), delivery_notes=evil.replace("\r", "")),
        us.order(shop.sku("us"), customer_name="Ann" + evil),
        us.order(shop.sku("us"), payment_method=evil),
        us.get(f"/orders?status_filter=%0A{mark}%0D%0A{mark}"),
        us.get(f"/orders/%0A{mark}"), us.get(f"/%0D%0A{mark}"),
        us.get("/orders", {"User-Agent": f"{mark}\" x=\"y\\",
                           "X-Request-Id": f'{mark}" level="error'}),
        us.request("POST", "/orders", f'{{"{mark}": "\x01'),
        shop.request("GET", "/orders", token=f'{mark}"\\'),
        shop.request("GET", "/orders", token=shop.token(
            f"7\n{mark}", f"us\n{mark}")),
    ]
    assert answers[0].status == 200 and answers[-1].status == 401
    poll("log lines", lambda: log.about(answers[-1]))
    for line in log.lines():
        assert not line.startswith((mark, "level=info msg=\"forged")), line
        assert not re.search(r'\sx="y|level="error', line), line
        assert re.match(r"\S+=", line), line


def test_every_request_that_fails_by_our_fault_would_be_seen_in_the_log(shop):
    """There is none so far: the whole log has no error but those made here."""
    us = shop.buyer("us")
    log = LogTail(shop)
    a = us.order(shop.sku("us"))
    b = us.get("/orders/abc")
    poll("log lines", lambda: log.about(a))
    assert b.status == 422
    assert not [l for l in log.lines() if l.startswith("level=error")]


# ------------------------------------------------------------------- size

def resident(pid):
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(r"VmRSS:\s+(\d+) kB", f.read())[1])


def test_a_worker_stays_small_and_does_not_grow(shop):
    if shop.sanitized:
        pytest.skip("the sanitizers need memory of their own")
    buyers = [shop.buyer(m) for m in ("us", "kg") for _ in range(4)]
    skus = {m: shop.sku(m, stock=10**6) for m in ("us", "kg")}
    for b in buyers:
        shop.order_row(b.market, b.id, lines=100)
    kinds = [lambda b: b.order(skus[b.market]), lambda b: b.list("?limit=5"),
             lambda b: b.get("/orders/abc"), lambda b: b.get("/orders"),
             lambda b: b.order((1, 0), customer_name="x" * 9000)]

    def requests(n):
        at_once([lambda i=i: kinds[i % len(kinds)](buyers[i % len(buyers)])
                 for i in range(n)], 8)
        return {pid: resident(pid) for pid in shop.workers()}

    first = requests(2000)
    second = requests(2000)
    assert first.keys() == second.keys(), "a worker has died"
    # On a busy machine one of them may have had little to do at first.
    assert max(second.values()) < 12 * 1024, (first, second)
    assert max(second.values()) - max(first.values()) <= 256, (first, second)


# ------------------------------------------------------------ round trips

@pytest.fixture
def statements(shop):
    with Statements(shop, "us") as s:
        yield s


@pytest.mark.parametrize("lines", [1, 3, 100])
def test_a_create_is_five_round_trips_whatever_its_lines(
        shop, us, statements, lines):
    """Of SKUs that the worker does not know yet; else it is one less
    (test_sku_cache.py)."""
    # Statements for so many lines are not kept prepared.
    sent = statements.of(lambda: us.order(*(
        shop.sku("us") for _ in range(lines))), prepared=lines < 10)
    assert len(sent) == 5, sent
    assert sent[-1][1].upper() == "COMMIT", sent
    assert "skus" in sent[0][1] and "UPDATE" in sent[3][1].upper(), sent


def test_a_create_from_the_cart_is_seven_round_trips(shop, us, statements):
    def from_cart():
        shop.put_in_cart(us, (shop.sku("us"), 1))
        return us.order(items=...)

    sent = statements.of(from_cart)
    assert len(sent) == 7, sent


@pytest.mark.parametrize("query", ["", "?limit=100", "?offset=3",
                                   "?status_filter=pending&limit=2"])
def test_a_list_is_one_round_trip(shop, us, statements, query):
    """Two, if there are orders without the text of their lines."""
    skus = [shop.sku("us") for _ in range(3)]
    for _ in range(5):
        us.ordered(*skus)
    for trips in (1, 2):
        sent = without_final_commit(statements.of(
            lambda: us.get("/orders" + query)))
        assert len(sent) == trips, sent
        for _ in range(5):
            shop.order_row("us", us.id, lines=3, created_at="2999-01-01")


def test_a_detail_is_one_round_trip(shop, us, statements):
    made = us.ordered(shop.sku("us"), shop.sku("us"))["id"]
    for oid, trips in ((made, 1), (shop.order_row("us", us.id, lines=3), 2)):
        sent = without_final_commit(statements.of(
            lambda: us.get(f"/orders/{oid}")))
        assert len(sent) == trips, sent


def test_what_is_refused_before_the_database_asks_it_nothing(
        shop, us, statements):
    us.list()
    for request in (
            lambda: us.get("/orders/abc"), lambda: us.get("/orders?limit=0"),
            lambda: us.post({}), lambda: us.post("["),
            lambda: shop.request("GET", "/orders", token="a.b.c"),
            lambda: shop.request("GET", "/orders")):
        assert statements.of(request) == []
