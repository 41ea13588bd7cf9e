"""Half of the workers are free of slow databases and locked rows: three
markets on two servers. us and ca are on one of them, kg is on the other."""
import collections
import contextlib
import itertools
import json
import subprocess
import time

import pytest

import accounts
import chaos
from accounts import between, latencies, statuses, tally
from chaos import Locked, stock_of
from harness import (TREE, LogTail, RepeatedJobs, Sql, at_once, poll, states)
from load import Group, Load
from markets import DEADLINE, ENOUGH, QUERY, back

CA = """
[market]
country = Canada
language = en
time_zone = America/Toronto

[currency]
code = CAD
symbol = $
digits = 2

[phone]
prefix = +1416
pattern = ^\\+1416[0-9]{7}$
format = +1416 XXX XXXX

[tax]
rate = 5%
included = no

[zone Canada]
default = yes
cost = 12.00

[payment]
methods = card

"""


def admin(shop, text):
    subprocess.run(["mariadb", "--no-defaults", "--socket", shop.socket("us"),
                    "--user=root"], input=text, text=True, timeout=60,
                   check=True, capture_output=True)


def ctl(shop, command, *args):
    done = shop.ctl("--sql", str(TREE / "sql"), command, *args)
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def fault_stack(fault_stack):
    """With the bulkhead as it is shipped."""
    with fault_stack.configured(crowd_after="250ms"):
        yield fault_stack


@pytest.fixture(scope="module")
def three(fault_stack):
    """The shop with ca, on the server of us."""
    shop = fault_stack
    conf = shop.market_file("ca")
    password = shop.conf.parent / "ca.password"
    try:
        password.touch(mode=0o600)
        password.write_text("ca-" + "secret" * 6)
        conf.write_text(CA + "[database]\nhost = localhost\nsocket = "
                        f"{shop.socket('us')}\nname = ordermux_ca\n"
                        "user = ordermux_ca\n"
                        f"password_file = {password.name}\n")
        ctl(shop, "migrate", "--user", "root", "ca")
        admin(shop, ctl(shop, "grants", "ca"))
        # The default: it is what these tests are about.
        with shop.configured(crowd_after="250ms"):
            yield shop
    finally:
        conf.unlink(missing_ok=True)
        password.unlink(missing_ok=True)
        admin(shop, "DROP DATABASE IF EXISTS ordermux_ca;"
              "DROP USER IF EXISTS ordermux_ca@localhost;")
        shop.restart()


@pytest.fixture
def patient(shop):
    """So that nobody gives up the lock of a row that is free, because it took
    crowd_after on a busy machine: the row would then count as locked."""
    with shop.patient():
        shop.serves("kg", "us", "ca")
        yield shop


@pytest.fixture
def shop(shop, three):
    yield shop
    shop.serves("kg", "us", "ca")


def group(shop, market, clients, **options):
    return Group(market, clients, accounts.people(shop, market),
                 accounts.goods(shop, market), **{"lists": 0.3, **options})


def check_others(tell, load, began, ended, *markets):
    """Every request of these markets was answered: none as late as if it had
    waited for another market, and most at once."""
    for m in markets:
        tries = between(load.of(m), began, ended)
        tell(f"{m}: {len(tries)} requests, {latencies(tries)}, {tally(tries)}")
        assert tries and set(tally(tries)) == {200}, tally(tries)
        assert sum(t.took < 0.3 for t in tries) > len(tries) / 2
        assert max(t.took for t in tries) < QUERY, latencies(tries)


def check_accounts(shop, load, groups):
    for g in groups:
        accounts.check(shop, load.of(g.market), g.skus)


def test_two_hung_markets_of_three_cost_the_third_no_request(shop, tell):
    groups = [group(shop, "kg", 10, pause=0.005),
              group(shop, "us", 11, patience=2),
              group(shop, "ca", 11, patience=2)]
    with Load(shop, groups) as load:
        load.wait_for_each(100)
        with chaos.stopped(shop.database_pid("us")):
            began = time.monotonic()
            time.sleep(20)
            load.wait_for(ENOUGH, "kg", served=True)
            ended = time.monotonic()
        back(shop, "us")
        back(shop, "ca")
    for m in ("us", "ca"):
        tries = between(load.of(m), began, ended)
        tell(f"{m}: {latencies(tries)}, {tally(tries)}")
        assert set(statuses(load.of(m))) <= {200, 503}
    check_others(tell, load, began, ended, "kg")
    check_accounts(shop, load, groups)


def test_a_market_that_takes_200_ms_for_a_write_costs_the_others_no_request(
        shop, tell):
    groups = [group(shop, "kg", 4, pause=0.005), group(shop, "us", 40,
                                                       patience=0, lists=0),
              group(shop, "ca", 4, pause=0.005)]
    with chaos.slow_rows(shop, "us", "orders", 0.2), Load(shop, groups) as load:
        # Until the service knows how slow us is.
        load.wait_for(50, "us")
        began = time.monotonic()
        load.wait_for(30, "us", served=True)
        load.wait_for(ENOUGH, "kg", served=True)
        load.wait_for(ENOUGH, "ca", served=True)
        ended = time.monotonic()
    us = between(load.of("us"), began, ended)
    tell(f"us: {latencies(us)}, {tally(us)}")
    check_others(tell, load, began, ended, "kg", "ca")
    assert set(statuses(load.of("us"))) <= {200, 503}
    check_accounts(shop, load, groups)


def test_a_market_that_is_slow_alone_is_not_refused(shop, tell):
    """Nobody is helped by it."""
    us = group(shop, "us", 20, patience=0, lists=0)
    time.sleep(3)       # nobody else was answered a moment ago
    with chaos.slow_rows(shop, "us", "orders", 0.1), Load(shop, [us]) as load:
        load.wait_for(100)
    tell(f"us: {statuses(load.requests)}")
    assert set(statuses(load.requests)) == {200}


def test_one_customer_who_changes_a_cart_forty_times_at_once_costs_others_none(
        shop, tell):
    greedy = shop.buyer("us")
    skus = itertools.cycle([shop.sku("us", stock=10**6) for _ in range(50)])
    told = []

    def change():
        a = greedy.post({"sku_id": next(skus).id, "quantity": 1},
                        "/cart/items")
        told.append(a)
        return a

    groups = [group(shop, "us", 6, pause=0.01, patience=0),
              group(shop, "kg", 4, pause=0.01, patience=0)]
    with chaos.slow_rows(shop, "us", "cart_items", 0.02), \
            trigger_of_update(shop), Load(shop, groups) as load, \
            RepeatedJobs([change] * 40):
        began = time.monotonic()
        poll("the customer is told", lambda: len(told) >= 200)
        load.wait_for_each(50)
        ended = time.monotonic()
    tell("the customer:", dict(collections.Counter(a.status for a in told)))
    for m in ("us", "kg"):
        tries = between(load.of(m), began, ended)
        tell(f"{m}: {latencies(tries)}, {tally(tries)}")
        assert set(tally(tries)) == {200}, tally(tries)
    assert {a.status for a in told} <= {200, 400, 422, 503}
    check_busy([a for a in told if a.status == 503])


@contextlib.contextmanager
def trigger_of_update(shop):
    shop.sql("us", "CREATE TRIGGER slowly_too BEFORE UPDATE ON cart_items "
             "FOR EACH ROW SET @slept = SLEEP(0.02)")
    try:
        yield
    finally:
        shop.sql("us", "DROP TRIGGER slowly_too")


def test_six_requests_of_a_browser_at_once_are_never_refused(shop):
    for _ in range(10):
        buyer, sku = shop.buyer("us"), shop.sku("us")
        answers = at_once(
            [lambda: buyer.get("/orders"), lambda: buyer.get("/cart"),
             lambda: buyer.get("/auth/profile"),
             lambda: buyer.post({"sku_id": sku.id, "quantity": 1},
                                "/cart/items"),
             lambda: buyer.get("/orders?limit=1"),
             lambda: buyer.order(sku)], 6)
        assert {a.status for a in answers} == {200}, answers


def check_busy(answers):
    for a in answers:
        assert a.json["error"] == "busy" and a.retry_after == 1, a


def test_a_locked_row_is_told_within_two_seconds_and_all_else_is_answered(
        patient, tell):
    shop = patient
    buyers = [shop.buyer("us") for _ in range(20)]
    # A row is known by its table and its id. These ids are as near to each
    # other as the letters of their tables.
    while next(shop.ids) % 8 != 1:
        pass
    held, other = shop.sku("us"), shop.sku("us", stock=10**6)
    reader, kg = shop.buyer("us"), shop.buyer("kg")
    assert reader.id == held.id ^ ord("s") ^ ord("u")
    kg_sku = shop.sku("kg", stock=10**6)
    told, found, took = [], [], []

    def order_it(buyer):
        began = time.monotonic()
        a = buyer.order(held)
        took.append(time.monotonic() - began)
        told.append(a)
        time.sleep(0.05)
        return a

    def look():
        found.append(states(shop.request("GET", "/ready"))["us"])
        return shop.request("GET", "/health")

    log = LogTail(shop)
    with Locked(shop, *stock_of(held)):
        with RepeatedJobs([lambda b=b: order_it(b) for b in buyers] + [look]), \
                RepeatedJobs([lambda: reader.get("/orders"),
                              lambda: reader.order(other),
                              lambda: kg.get("/orders"),
                              lambda: kg.order(kg_sku)]) as rest:
            poll("all are told", lambda: len(told) >= 100)
            rest.wait_for(200)
    tell(f"orders of the locked SKU: {len(told)}, {max(took):.1f} s at most;",
         "all else:", dict(collections.Counter(a.status
                                               for a in rest.results)))
    assert {a.status for a in told} == {503}
    check_busy(told)
    # It is not the deadline that ends the wait.
    assert max(took) < DEADLINE, max(took)
    assert not [a for a in rest.results if a.status != 200]
    assert set(found) <= {"up", "slow"} and "up" in found, found
    assert not any("market shut" in l for l in log.lines())
    assert buyers[0].order(held).status == 200


def test_a_locked_customer_is_busy_and_all_others_are_answered(shop):
    """Staff have forgotten a transaction that holds the customer."""
    held, other, sku = shop.buyer("us"), shop.buyer("us"), shop.sku("us")
    with Held(shop, "us",
              f"SELECT id FROM users WHERE id = {held.id} FOR UPDATE"):
        for ask in (lambda: held.post({"sku_id": sku.id}, "/cart/items"),
                    lambda: held.request("DELETE", "/cart"),
                    lambda: held.request("PUT", "/auth/profile",
                                         {"full_name": "New Name"}),
                    lambda: held.request("POST", "/auth/logout")):
            began = time.monotonic()
            a = ask()
            assert a.status == 503, a
            check_busy([a])
            assert time.monotonic() - began < DEADLINE, a
        assert held.get("/orders").status == 200
        assert other.order(sku).status == 200
        assert states(shop.request("GET", "/ready"))["us"] != "down"
    assert held.get("/cart").json["items"] == []
    assert held.request("POST", "/auth/logout").status == 200


def test_a_locked_day_of_logins_is_busy_and_orders_go_on(shop):
    phone, buyer, sku = shop.phone("us"), shop.buyer("us"), shop.sku("us")
    assert send(shop, phone).status == 200
    with Held(shop, "us", "SELECT * FROM login_limits FOR UPDATE"):
        began = time.monotonic()
        answers = at_once([lambda: send(shop, shop.phone("us"))] * 6, 6)
        assert time.monotonic() - began < DEADLINE
        assert {a.status for a in answers} == {503}, answers
        check_busy(answers)
        assert buyer.order(sku).status == 200
        assert states(shop.request("GET", "/ready"))["us"] != "down"


def lock_table(shop, table):
    """By a shell that somebody has left open."""
    return Held(shop, "us", f"LOCK TABLES {table} WRITE")


@contextlib.contextmanager
def change_table(shop, table):
    """By a change that waits for a transaction that somebody has forgotten.
    All others wait behind the change."""
    with Held(shop, "us", f"SELECT 1 FROM {table} LIMIT 1"):
        client = Sql(shop.socket("us"), shop.database("us"))
        change = chaos.Later(lambda: client(f"ALTER TABLE {table} FORCE"))
        poll("the change waits", lambda: shop.count(
            "us", "information_schema.processlist", f"info LIKE 'ALTER TABLE "
            f"{table}%' AND state LIKE '%metadata lock'"))
        yield
    change.wait()
    client.close()


@pytest.mark.parametrize("lock, table", [
    (lock_table, "orders"), (lock_table, "users"), (change_table, "skus")])
def test_a_locked_table_costs_the_other_markets_nothing(
        shop, tell, lock, table):
    """Reads wait too. crowd_after is shorter than the wait for a lock."""
    groups = [group(shop, "kg", 6, pause=0.01),
              group(shop, "us", 20, patience=2),
              group(shop, "ca", 4, pause=0.01)]
    found, log = [], LogTail(shop)

    def look():
        found.append(states(shop.request("GET", "/ready")))
        return shop.request("GET", "/health")

    with shop.configured(crowd_after="500ms"), Load(shop, groups) as load:
        load.wait_for_each(50)
        with lock(shop, table), RepeatedJobs([look]):
            began = time.monotonic()
            load.wait_for(60, "us")
            load.wait_for(ENOUGH, "kg", served=True)
            load.wait_for(ENOUGH, "ca", served=True)
            ended = time.monotonic()
        back(shop, "us")
    us = between(load.of("us"), began, ended)
    tell(f"us: {latencies(us)}, {tally(us)}; /ready says of us",
         dict(collections.Counter(f["us"] for f in found)))
    for m in ("kg", "ca"):
        tries = between(load.of(m), began, ended)
        tell(f"{m}: {len(tries)} requests, {latencies(tries)}, {tally(tries)}")
        # A market that pauses for crowd_after with a busy machine is refused
        # for that long: its clients ask again.
        assert set(statuses(load.of(m))) == {200}, statuses(load.of(m))
        assert sum(t.status == 200 and t.took < 0.3
                   for t in tries) > len(tries) / 2, latencies(tries)
        assert max(t.took for t in tries) < QUERY, latencies(tries)
    check_accounts(shop, load, groups)
    told = {json.loads(t.error)["error"] for t in us if t.status == 503}
    assert "busy" in told and told <= {"busy", "market_unavailable"}, told
    assert set(tally(us)) <= {200, 503}, tally(us)
    assert all(t.retry_after for t in us if t.status == 503)
    # It is not the deadline that ends the wait.
    assert max(t.took for t in us) < DEADLINE, latencies(us)
    assert not [f for f in found if "down" in f.values()], found
    assert not any("market shut" in l for l in log.lines())


def send(shop, phone):
    return shop.request("POST", "/auth/send-code", {"phone": phone})


class Held(Locked):
    """As Locked, with a query of one's own."""

    def __init__(self, shop, market, query):
        super().__init__(shop, (market, query, None))

    def _take(self, market, query, _):
        client = Sql(self.shop.socket(market), self.shop.database(market))
        self.clients.append(client)
        client("BEGIN")
        client(query)
