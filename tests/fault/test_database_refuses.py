"""A database refuses, only reads, or is slow: that of us, as in markets.py.

What a real server is not easily brought to do, a proxy in front of it does.
"""
import os
import signal
import time

import pytest

import accounts
import chaos
from accounts import between, statuses, tally, within
from harness import LogTail, poll, reconcile
from load import Load
from markets import ENOUGH, back, check_all, groups, refused, tell_both


@pytest.fixture
def shop(proxied):
    yield proxied[0]
    proxied[1].heal()
    proxied[0].serves()
    reconcile(proxied[0])


@pytest.fixture
def proxy(proxied):
    return proxied[1]


def tell_times(tell, load, began, ended):
    tell_both(tell, load, "before", load.began, began)
    tell_both(tell, load, "during", began, ended)
    tell_both(tell, load, "after", ended, load.began + load.took)


def test_a_database_that_refuses_connections_is_503_at_once(
        shop, proxy, tell):
    """Whom nobody connects for, but the one who tries for all once a second,
    waits for nothing."""
    both, buyer = groups(shop, patience=0), shop.buyer("us")
    with Load(shop, both) as load:
        load.wait_for_each(100)
        proxy.refusing = "close"
        proxy.cut()
        refused(buyer)
        came, began = proxy.connected, time.monotonic()
        load.wait_for(ENOUGH, "us")
        load.wait_for(ENOUGH, "kg", served=True)
        came, ended = proxy.connected - came, time.monotonic()
        proxy.heal()
        returned = back(shop, "us")
        load.wait_for_each(100)
    tell_times(tell, load, began, ended)
    tell(f"{came} connects in {ended - began:.1f} s;",
         f"back after {returned:.1f} s")
    check_all(shop, load, both, tell)
    late = within(load.of("us"), began, ended)
    assert {t.status for t in late} == {503}
    # The courier, which has its own, tries too.
    assert came <= 2 * (ended - began) + 4


def cut_all(shop, proxy):
    """Ends all connections to us, and waits until the courier, which looks by
    itself, has a new one: it is not connecting then."""
    (newest,), = shop.sql("us", "SELECT MAX(id) "
                          "FROM information_schema.processlist")
    proxy.cut()
    poll("the courier is connected", lambda: shop.count(
        "us", "information_schema.processlist", "user = 'ordermux_us' AND "
        f"command = 'Sleep' AND id > {newest}"))


def test_a_connection_that_ends_while_it_is_made_is_made_anew(
        shop, proxy, tell):
    """As by a KILL of somebody who is connecting."""
    buyer, sku, log = shop.buyer("us"), shop.sku("us"), LogTail(shop)
    for _ in range(20):
        cut_all(shop, proxy)
        proxy.early = 1
        assert buyer.order(sku).status == 200
        # Nobody else has come meanwhile, or another request meets it.
        poll("it has struck", lambda: buyer.get("/orders").status == 200 and
             not proxy.early)
    assert any("statement=connect" in l for l in log.lines())
    assert not any("market shut" in l for l in log.lines())


def test_a_full_database_serves_those_who_are_connected(shop, proxy, tell):
    """Error 1040: too many connections."""
    both, buyer = groups(shop, patience=0), shop.buyer("us")
    chaos.all_connected(shop, "us")
    with Load(shop, both) as load:
        load.wait_for_each(100)
        proxy.refusing = "full"
        full = time.monotonic()
        load.wait_for_each(ENOUGH)
        cut = time.monotonic()
        proxy.cut()
        refused(buyer)
        began = time.monotonic()
        load.wait_for(100, "us")
        load.wait_for(ENOUGH, "kg", served=True)
        ended = time.monotonic()
        proxy.heal()
        returned = back(shop, "us")
    tell_both(tell, load, "connected", full, cut)
    tell_both(tell, load, "not connected", began, ended)
    tell(f"back after {returned:.1f} s")
    check_all(shop, load, both, tell)
    assert {t.status for t in within(load.of("us"), full, cut)} == {200}
    assert {t.status for t in within(load.of("us"), began, ended)} == {503}


def test_a_database_that_only_reads_serves_what_only_reads(shop, tell):
    both = groups(shop, patience=0)
    both[1].lists = 0.5
    chaos.all_connected(shop, "us")
    with Load(shop, both) as load:
        load.wait_for_each(100)
        try:
            shop.sql("us", "SET GLOBAL read_only = 1")
            began = time.monotonic()
            load.wait_for(ENOUGH, "us")
            load.wait_for(ENOUGH, "kg", served=True)
            ended = time.monotonic()
        finally:
            shop.sql("us", "SET GLOBAL read_only = 0")
        buyer = shop.buyer("us")
        poll("us writes again", lambda: buyer.request(
            "PUT", "/auth/profile", {"full_name": "Ann"}).status == 200)
        load.wait_for_each(100)
    tell_times(tell, load, began, ended)
    check_all(shop, load, both, tell)
    seen = {kind: within(load.of("us", kind), began, ended)
            for kind in ("list", "create")}
    tell("us when it only reads:", *(f"{kind}s {tally(t)}"
                                     for kind, t in seen.items()))
    assert tally(seen["list"]).keys() == {200}
    assert tally(seen["create"]).keys() == {503}


# Seconds, for each statement. An order has five; to connect takes as many, and
# must not take as long as connect_timeout.
DELAY = 0.25


def test_a_slow_database_is_slow_for_its_own_market(shop, proxy, tell):
    """If us had all workers, most answers of kg would wait for longer than a
    statement of us takes."""
    both = groups(shop, patience=0)
    chaos.all_connected(shop, "us")
    with Load(shop, both) as load:
        load.wait_for_each(100)
        began = time.monotonic()
        proxy.delay = DELAY
        load.wait_for(10, "us", served=True)
        load.wait_for(ENOUGH, "kg", served=True)
        ended = time.monotonic()
        proxy.heal()
        returned = back(shop, "us")
        load.wait_for_each(100)
    tell_times(tell, load, began, ended)
    tell(f"back after {returned:.1f} s")
    check_all(shop, load, both, tell)
    during = between(load.of("kg"), began, ended)
    assert sum(t.took < DELAY for t in during) > len(during) / 2


def test_a_daemon_with_a_slow_database_ends_with_all_it_has_begun_answered(
        shop, proxy, tell):
    both = groups(shop)
    with Load(shop, both) as load:
        load.wait_for_each(100)
        proxy.delay = 0.2
        load.wait_for(10, "us")
        began = time.monotonic()
        os.kill(shop.master, signal.SIGTERM)
        poll("the end of the daemon", lambda: chaos.ended(shop.master))
        took = time.monotonic() - began
        proxy.heal()
        shop.restart()
        load.wait_for_each(100)
    for g in both:
        tell(g.market, statuses(load.of(g.market)))
        tell(g.market, accounts.check(shop, load.of(g.market), g.skus))
    tell(f"ended within {took:.1f} s")
    # 502 is nginx's word for there being nobody; what was taken is answered.
    assert set(statuses(load.of("kg"))) <= {200, 502}
    assert set(statuses(load.of("us"))) <= {200, 502, 503}
    replayed = [r for r in load.requests if r.replayed]
    assert not replayed, "saved, and answered 502 or 503"


KILLS = 25


# Of the log: why more may be refused than the KILLs undid. Two that hit a
# connecting worker shut the market until the next probe. A machine that is
# busy connects slowly, which the bulkhead sees. And MariaDB itself keeps a
# table whose opening was hit, with a trigger that does not work.
MORE = ("market shut", "market crowded", "errno=1064", "errno=1146")


def test_killed_connections_are_made_anew(shop, tell):
    """KILL, behind every fifty requests, of all that the service has. It costs
    a client something only where it hits a COMMIT, and undoes it. And who asks
    again has the order."""
    shop.restart()      # so that the log says of anything that it begins
    both, log = groups(shop, patience=60), LogTail(shop)
    try:
        with Load(shop, both) as load:
            for _ in range(KILLS):
                load.wait_for(50, "us", served=True)
                chaos.kill_connections(shop, "us")
            load.wait_for(50, "us", served=True)
    finally:
        shop.sql("us", "FLUSH TABLES")
    check_all(shop, load, both, tell)
    # Not the courier's.
    outcomes = [l for l in log.lines()
                if "outcome of a commit" in l and "request_id=" in l]
    undone = sum("kept=yes" not in l for l in outcomes)
    more = {why: n for why in MORE if (n := sum(why in l for l in log.lines()))}
    found = statuses(load.of("us"))
    tell(f"killed {KILLS} times, and with it {len(outcomes)} COMMITs,",
         f"of which {undone} were undone; {more}; us", found)
    assert {r.status for r in load.of("us")} == {200}
    # One was hit twice in the time of fifty others: it may happen now and then.
    if not more:
        assert found.get(503, 0) <= undone + KILLS, \
            accounts.refusals(load.of("us"))
