"""The server ends sessions, and has no room for statements: nobody notices."""
import contextlib
import time

import pytest

import accounts
import chaos
from accounts import STOCK, statuses
from chaos import (WORKERS, Later, Locked, all_connected, kill_connections,
                   stock_of)
from harness import SLACK, LogTail, Sql, at_once, poll
from load import Group, Load

KEPT = 64               # statements of a connection, as the papers say
SILENT = 5, 30          # seconds, in a transaction and outside of one


def sessions(shop, market):
    return shop.count(market, "information_schema.processlist",
                      f"user = 'ordermux_{market}'")


def open_transactions(shop, market):
    return shop.count(market, "information_schema.innodb_trx t JOIN "
                      "information_schema.processlist p "
                      "ON p.id = t.trx_mysql_thread_id",
                      f"p.user = 'ordermux_{market}'")


@pytest.mark.slow
def test_the_locks_of_a_host_that_has_vanished_do_not_stay(proxied, tell):
    """What comes from it stops in the middle, and nothing says so."""
    shop, proxy = proxied
    group = Group("us", 16, accounts.people(shop, "us"),
                  accounts.goods(shop, "us"), patience=0)
    with Load(shop, [group]) as load:
        load.wait_for(100, served=True)
        poll("somebody in a transaction", lambda: hang_in_one(shop, proxy),
             interval=0.01)
        began = time.monotonic()
        poll("no transaction is open",
             lambda: open_transactions(shop, "us") == 0, interval=0.2)
        tell(f"no lock was left after {time.monotonic() - began:.1f} s")
        time.sleep(SILENT[1] + 5 - (time.monotonic() - began))
        poll("no session is left that is silent for so long",
             lambda: silent_sessions(shop) == 0)
        proxy.heal()
        shop.serves("us")
    assert set(statuses(load.requests)) <= {200, 503, 504}
    accounts.check(shop, load.requests, group.skus)


def hang_in_one(shop, proxy):
    """Whether somebody is in a transaction when nothing moves any more."""
    proxy.hang()
    time.sleep(0.3)     # that table is as old as 0.1 s
    if open_transactions(shop, "us"):
        return True
    proxy.flowing.set()
    return False


def silent_sessions(shop):
    return shop.count("us", "information_schema.processlist",
                      "user = 'ordermux_us' AND command = 'Sleep' "
                      f"AND time > {SILENT[1] + 2}")


def stop_with_locks(shop, buyer, sku):
    """Stops all workers while one of them has the row of the SKU, and nothing
    to say. What ends it, and its order."""
    stack = contextlib.ExitStack()
    with Locked(shop, *stock_of(sku)) as locked:
        order = Later(lambda: buyer.order(sku))
        locked.wait_for("us", 1)
        stack.enter_context(chaos.stopped(*chaos.workers(shop)))
    return stack, order


def test_the_locks_of_a_worker_that_stands_still_do_not_stay(shop, tell):
    buyer, sku = shop.buyer("us"), shop.sku("us", stock=100)
    stack, order = stop_with_locks(shop, buyer, sku)
    with stack:
        client = Sql(shop.socket("us"), shop.database("us"))
        with contextlib.closing(client):
            began = time.monotonic()
            client("SET innodb_lock_wait_timeout = 30")
            client(f"SELECT id FROM skus WHERE id = {sku.id} FOR UPDATE")
            took = time.monotonic() - began
    tell(f"the row was free after {took:.1f} s")
    assert took < SILENT[0] + SLACK
    assert order.wait().status in (200, 502, 503)
    shop.serves("us")
    assert shop.stock(sku) == 100 - buyer.orders()


def test_sessions_that_end_between_requests_cost_nothing_and_say_nothing(shop):
    buyer, sku = shop.buyer("us"), shop.sku("us")
    all_connected(shop, "us")
    time.sleep(1.2)     # a session that was used a moment ago is not looked at
    log = LogTail(shop)
    kill_connections(shop, "us")
    poll("they are gone", lambda: sessions(shop, "us") <= 1)
    answers = at_once([lambda: buyer.get("/orders"),
                       lambda: buyer.order(sku)] * 16, 16)
    assert {a.status for a in answers} == {200}, answers
    said = [l for l in log.lines() if l.startswith(("<3>", "<4>")) and
            "request_id=" in l]
    assert not said, said


@contextlib.contextmanager
def room_for(shop, market, statements):
    before = shop.value(market, "SELECT @@GLOBAL.max_prepared_stmt_count")
    shop.sql(market, f"SET GLOBAL max_prepared_stmt_count = {statements}")
    try:
        yield
    finally:
        shop.sql(market, f"SET GLOBAL max_prepared_stmt_count = {before}")


def everything(shop, market):
    """All that a customer does, with orders of all sizes."""
    buyer = shop.buyer(market)
    skus = [shop.sku(market, stock=STOCK) for _ in range(40)]

    def size(n):
        a = buyer.order(*skus[:n])
        assert a.status == 200, a
        return buyer.request("POST", f"/orders/{a.json['id']}/cancel")

    def cart():
        one = shop.buyer(market)
        for s in skus[:3]:
            one.post({"sku_id": s.id, "quantity": 2}, "/cart/items")
        one.get("/cart")
        return one.order(items=...)

    reads = [lambda p=p: buyer.get(p) for p in (
        "/orders", "/orders?status_filter=pending", "/profile/orders",
        "/auth/profile", "/auth/verify-token", "/cart")]
    return [*(lambda n=n: size(n) for n in range(1, 41)), cart, *reads]


def all_of_it(shop, times):
    jobs = everything(shop, "us") * times
    answers = at_once(jobs, 2 * WORKERS)
    assert {a.status for a in answers} == {200}, \
        [a for a in answers if a.status != 200][:3]


def test_a_server_with_room_for_what_the_papers_say_is_never_full(shop):
    shop.restart()
    log = LogTail(shop)
    with room_for(shop, "us", (WORKERS + 1) * KEPT):
        all_of_it(shop, 6)
    assert not any("no room for prepared" in l for l in log.lines())
    kept = int(shop.sql("us", "SHOW GLOBAL STATUS LIKE "
                        "'Prepared_stmt_count'")[0][1])
    assert 0 < kept <= (WORKERS + 1) * KEPT, kept


@pytest.mark.parametrize("room", [(WORKERS + 1) * KEPT - 1,
                                  (WORKERS + 1) * KEPT // 2])
def test_a_server_that_is_full_of_statements_still_serves(shop, tell, room):
    all_of_it(shop, 2)
    log = LogTail(shop)
    with room_for(shop, "us", room):
        all_of_it(shop, 3)
    tell(f"room for {room}:",
         sum("no room for prepared" in l for l in log.lines()), "warnings")
    all_of_it(shop, 1)


def test_a_server_with_almost_no_room_serves_as_soon_as_all_have_noticed(shop):
    """Also the courier, which asks once a second."""
    all_of_it(shop, 1)
    with room_for(shop, "us", WORKERS + 4):
        buyer, sku = shop.buyer("us"), shop.sku("us")
        poll("orders", lambda: all(a.status == 200 for a in at_once(
            [lambda: buyer.order(sku)] * 32, WORKERS)))
        all_of_it(shop, 1)
