"""A database refuses, only reads, or is slow: that of us, as in markets.py.

What a real server is not easily brought to do, a proxy in front of it does.
"""
import os
import signal
import time

import pytest

import accounts
import chaos
from accounts import between, latencies, rate, statuses, tally, \
    within
from harness import LogTail, poll, reconcile
from load import Load
from markets import back, check_all, compare, groups


@pytest.fixture
def shop(proxied):
    yield proxied[0]
    proxied[1].heal()
    proxied[0].serves()
    reconcile(proxied[0])


@pytest.fixture
def proxy(proxied):
    return proxied[1]


CALM = 4                # seconds, that are measured before and after trouble


def trouble(what, seconds=4):
    """Calm, then trouble; from when to when it was."""
    time.sleep(CALM + 1)
    began = time.monotonic()
    what()
    time.sleep(seconds)
    return began, time.monotonic()


def check_times(shop, load, tell, began, ended, healed):
    """kg has not less than four fifths of what it had before, or has after,
    if the machine has something else to do by then. And it is as well behind
    the trouble as before: nothing of it stays."""
    kg, us = load.of("kg"), load.of("us")
    spans = {"before": (began - CALM, began), "during": (began, ended),
             "after": (healed, healed + CALM)}
    for name, (a, b) in spans.items():
        tell(f"{name}: kg {rate(kg, a, b):.0f} requests/s,",
             latencies(between(kg, a, b)), "; us",
             latencies(between(us, a, b)), tally(between(us, a, b)))
    before, during, after = (rate(kg, *s) for s in spans.values())
    compare(shop, (during, 0.8 * min(before, after)), (after, 0.7 * before))


def calm(shop):
    """Until us is back, and for as long as is measured then; since when."""
    returned, healed = back(shop, "us"), time.monotonic()
    time.sleep(CALM)
    return returned, healed


def test_a_database_that_refuses_connections_is_503_at_once(
        shop, proxy, tell):
    def refuse():
        proxy.refusing = "close"
        proxy.cut()

    both = groups(shop, patience=0)
    with Load(shop, both) as load:
        began, ended = trouble(refuse)
        came = proxy.connected
        time.sleep(2)
        came = proxy.connected - came
        proxy.heal()
        returned, healed = calm(shop)
    check_times(shop, load, tell, began, ended, healed)
    tell(f"{came / 2:.1f} connects a second; back after {returned:.1f} s")
    check_all(shop, load, both, tell)
    late = within(load.of("us"), began + 0.5, ended)
    assert {t.status for t in late} == {503}
    assert max(t.took for t in late) < 1, "not at once"
    # The courier, which has its own, tries too.
    assert came <= 2 * 2 + 2 and returned < 5


def test_a_full_database_serves_those_who_are_connected(shop, proxy, tell):
    """Error 1040: too many connections."""
    both = groups(shop, patience=0)
    chaos.all_connected(shop, "us")
    with Load(shop, both) as load:
        time.sleep(1)
        proxy.refusing = "full"
        full = time.monotonic()
        time.sleep(2)
        began = time.monotonic()
        proxy.cut()
        time.sleep(3)
        ended = time.monotonic()
        proxy.heal()
        returned = back(shop, "us")
    connected = within(load.of("us"), full, began)
    tell(f"us when connected: {len(connected)} requests,",
         latencies(connected), "; not connected:",
         latencies(between(load.of("us"), began, ended)),
         f"; back after {returned:.1f} s")
    check_all(shop, load, both, tell)
    assert {t.status for t in connected} == {200}
    assert {t.status for t in within(load.of("us"), began + 0.5, ended)} == \
        {503}
    assert returned < 5


def test_a_database_that_only_reads_serves_what_only_reads(shop, tell):
    both = groups(shop, patience=0)
    both[1].lists = 0.5
    with Load(shop, both) as load:
        try:
            began, ended = trouble(
                lambda: shop.sql("us", "SET GLOBAL read_only = 1"))
        finally:
            shop.sql("us", "SET GLOBAL read_only = 0")
        buyer = shop.buyer("us")
        poll("us writes again", lambda: buyer.request(
            "PUT", "/auth/profile", {"full_name": "Ann"}).status == 200, 5)
        _, healed = calm(shop)
    check_times(shop, load, tell, began, ended, healed)
    check_all(shop, load, both, tell)
    seen = {kind: within(load.of("us", kind), began + 0.2, ended)
            for kind in ("list", "create")}
    tell("us when it only reads:", *(f"{kind}s {tally(t)}"
                                     for kind, t in seen.items()))
    assert tally(seen["list"]).keys() == {200}
    assert tally(seen["create"]).keys() == {503}


def test_a_slow_database_is_slow_for_its_own_market(shop, proxy, tell):
    def slow():
        proxy.delay = 0.2       # for each statement; an order has five

    both = groups(shop, patience=0)
    with Load(shop, both) as load:
        began, ended = trouble(slow, 6)
        proxy.heal()
        returned, healed = calm(shop)
    check_times(shop, load, tell, began, ended, healed)
    us = between(load.of("us"), began, ended)
    tell(f"back after {returned:.1f} s")
    check_all(shop, load, both, tell)
    assert tally(us)[200] > 10 and returned < 5


def test_a_daemon_with_a_slow_database_ends_with_all_it_has_begun_answered(
        shop, proxy, tell):
    both = groups(shop)
    with Load(shop, both) as load:
        time.sleep(1)
        proxy.delay = 0.2
        time.sleep(2)
        began = time.monotonic()
        os.kill(shop.master, signal.SIGTERM)
        poll("the end of the daemon", lambda: chaos.ended(shop.master), 10)
        took = time.monotonic() - began
        proxy.heal()
        shop.restart()
        time.sleep(1)
    for g in both:
        tell(g.market, statuses(load.of(g.market)))
        tell(g.market, accounts.check(shop, load.of(g.market), g.skus))
    tell(f"ended within {took:.1f} s")
    # 502 is nginx's word for there being nobody; what was taken is answered.
    assert set(statuses(load.of("kg"))) <= {200, 502}
    assert set(statuses(load.of("us"))) <= {200, 502, 503}
    replayed = [r for r in load.requests if r.replayed]
    assert not replayed, "saved, and answered 502 or 503"


def test_killed_connections_are_made_anew(shop, tell):
    """KILL, five times a second, of all that the service has. It costs a
    client something only where it hits a COMMIT, and undoes it; or one of a
    hundred, again and again; or one that is connecting, which shuts the market
    for the second until the next probe."""
    both, log = groups(shop), LogTail(shop)
    with Load(shop, both) as load, chaos.Repeatedly(
            0.2, lambda: chaos.kill_connections(shop, "us")) as kills:
        time.sleep(5)
    check_all(shop, load, both, tell)
    # Not the courier's.
    outcomes = [l for l in log.lines()
                if "outcome of a commit" in l and "request_id=" in l]
    kept = sum("kept=yes" in l for l in outcomes)
    shut = sum("market shut" in l for l in log.lines())
    tell(f"killed {kills.times} times, and with it {len(outcomes)} COMMITs,",
         f"of which {kept} were kept; shut {shut} times")
    assert kills.times >= 10
    found = statuses(load.of("us"))
    assert shut <= kills.times / 4
    # 16 clients who are refused ask again after 50 ms each.
    assert found.get(503, 0) <= \
        len(outcomes) - kept + 0.01 * found[200] + shut * 16 / 0.05, \
        accounts.refusals(load.of("us"))
