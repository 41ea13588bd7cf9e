"""A market's database hangs, dies, is the wrong one: the others serve on."""
import contextlib
import os
import pathlib
import re
import signal
import time

import pytest

from harness import (MARKETS, LogTail, RepeatedJobs, answered, at_once, poll,
                     saved, states)

QUERY_TIMEOUT = 5   # seconds: how long us is waited for


def kill_connections(shop, market):
    """Closes the service's connections; those it makes next are new."""
    ids = shop.sql(market, "SELECT id FROM information_schema.processlist "
                   f"WHERE user = 'ordermux_{market}'")
    for i, in ids:
        with contextlib.suppress(AssertionError):
            shop.sql(market, f"KILL {i}")


def ready(shop):
    return shop.request("GET", "/ready")


def recovered(shop, buyer):
    """Every worker serves the market again.

    A worker leaves a database alone for a second after a failure, and which
    worker answers is chance: so it must go well for longer than that.
    """
    since = time.monotonic()

    def long_enough():
        nonlocal since
        answers = at_once([lambda: buyer.get("/orders")] * 16)
        if any(a.status != 200 for a in answers):
            since = time.monotonic()
        return time.monotonic() - since > 1.2

    poll(f"{buyer.market} serves again", long_enough)


def reasons(log, market):
    """Why the market was shut, as often as the log says so."""
    return [said[1] for l in log.lines() if (said := re.search(
        f'msg="market shut" .*database={market} why="(.*)"', l))]


@contextlib.contextmanager
def hung(pid):
    os.kill(pid, signal.SIGSTOP)
    try:
        poll("all threads have stopped", lambda: all(
            task.read_text().rpartition(")")[2].split()[0] == "T"
            for task in pathlib.Path(f"/proc/{pid}/task").glob("*/stat")))
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.fixture
def two_servers(shop):
    if shop.database_pid("us") == shop.database_pid("kg"):
        pytest.skip("both databases are on one server")


def test_a_closed_connection_is_no_error(shop, market):
    """Idle connections end (wait_timeout, a restart): nothing was executed."""
    buyer, sku = shop.buyer(market), shop.sku(market, stock=100)
    recovered(shop, buyer)
    kill_connections(shop, market)
    assert [buyer.order(sku).status for _ in range(16)] == [200] * 16
    kill_connections(shop, market)
    assert [buyer.get("/orders").status for _ in range(16)] == [200] * 16
    assert buyer.orders() == 16 and shop.stock(sku) == 84


@pytest.mark.slow
def test_a_hung_database_is_503_and_the_other_market_serves_on(
        shop, two_servers):
    us, kg = shop.buyer("us"), shop.buyer("kg")
    us_sku, kg_sku = shop.sku("us", stock=100), shop.sku("kg", stock=10**6)
    recovered(shop, us)
    shop.all_settled("us")
    slowest, log = [], LogTail(shop)

    def serve_on():
        began = time.monotonic()
        a = kg.order(kg_sku)
        slowest.append(time.monotonic() - began)
        return a

    with hung(shop.database_pid("us")):
        with RepeatedJobs([serve_on, lambda: kg.get("/orders")]) as load:
            answers = at_once([lambda: us.order(us_sku),
                               lambda: us.get("/orders"),
                               lambda: us.get("/orders/7")])
            r = ready(shop)
            load.wait_for(20)
    for a in answers:
        assert a.status == 503 and a.retry_after <= 60, a
    assert r.status == 200 and states(r)["kg"] == "up", r
    assert states(r)["us"] in ("down", "slow"), r
    assert {a.status for a in load.results} == {200}
    assert max(slowest) < QUERY_TIMEOUT, max(slowest)
    recovered(shop, us)
    assert us.orders() == 0 and shop.stock(us_sku) == 100
    assert reasons(log, "us") == ["database does not answer"], log.lines()
    assert states(ready(shop)) == {m: "up" for m in MARKETS}


@pytest.mark.slow
def test_a_wrong_database_is_refused_and_the_other_market_serves_on(shop):
    us, kg = shop.buyer("us"), shop.buyer("kg")
    sku = shop.sku("us")
    recovered(shop, us)
    for change, kill in (("UPDATE market_identity SET market='kg'", False),
                         ("UPDATE market_identity SET market='kg'", True),
                         ("DELETE FROM market_identity", True)):
        log = LogTail(shop)
        shop.sql("us", change)
        try:
            if kill:
                kill_connections(shop, "us")
            else:       # connections that are open are looked at again
                poll("it is noticed", lambda: {a.status for a in at_once(
                    [lambda: us.get("/orders")] * 16)} == {503})
            with shop.unchanged():
                for a in at_once([lambda: us.get("/orders"),
                                  lambda: us.order(sku)] * 8):
                    assert a.status == 503, a
                assert kg.list() == []
                r = ready(shop)
                assert states(r) == {"kg": "up", "us": "down"}, r
                assert r.status == 200, r
        finally:
            shop.sql("us", "REPLACE INTO market_identity (market) "
                     "VALUES ('us')")
        recovered(shop, us)
        errors = [l for l in log.lines() if l.startswith("level=error")]
        assert any('msg="THIS DATABASE BELONGS TO ANOTHER MARKET' in l and
                   "market=us" in l for l in errors), errors
        assert set(reasons(log, "us")) == {
            "database belongs to another market"}, errors


@pytest.mark.slow
def test_a_killed_database_loses_no_order_and_comes_back(shop, two_servers):
    """Every order that was answered is there afterwards."""
    buyers, kg = [shop.buyer("us") for _ in range(4)], shop.buyer("kg")
    sku, kg_sku = shop.sku("us", stock=10**6), shop.sku("kg", stock=10**6)
    log = LogTail(shop)
    try:
        with RepeatedJobs([lambda b=b: b.order(sku) for b in buyers]) as load:
            load.wait_for(100)
            os.kill(shop.database_pid("us"), signal.SIGKILL)
            poll("refusals", lambda: [a for a in load.results
                                      if a.status == 503])
            load.wait_for(20)
        for _ in range(8):
            assert buyers[0].get("/orders").status == 503
            assert kg.order(kg_sku).status == 200
        r = ready(shop)
        assert r.status == 200 and states(r) == {"kg": "up", "us": "down"}, r

        poll("the log says why", lambda: "cannot connect to the database" in
             reasons(log, "us"))

        os.kill(shop.database_pid("kg"), signal.SIGKILL)
        poll("kg is refused", lambda: kg.get("/orders").status == 503)
        assert shop.request("GET", "/health").status == 200
        r = ready(shop)
        assert r.status == 503, r
        assert shop.request("GET", "/auth/markets").status == 200
    finally:
        shop.start()
    recovered(shop, buyers[0])
    recovered(shop, kg)
    assert {a.status for a in load.results} <= {200, 503}, load.results[-1]
    numbers, rows = set(answered(load.results)), saved(shop, buyers)
    assert numbers <= rows
    # One a buyer can have been committed without an answer.
    assert len(rows - numbers) <= len(buyers)
    assert shop.stock(sku) == 10**6 - len(rows)
    assert kg.orders() == 8
