"""Workers and daemons end in the middle of orders: none is lost or doubled."""
import os

import accounts
import chaos
from accounts import statuses
from harness import poll
from load import Group, Load

ORDERS = int(os.environ.get("ORDERMUX_FAULT_ORDERS", 20000))
KILLS = 30              # at least


def group(shop, **options):
    return Group("us", 32, accounts.people(shop, "us"),
                 accounts.goods(shop, "us"), **options)


def ask_again(shop, requests, buyers):
    """The acknowledged orders of these, each asked for with its key again:
    how many are the same."""
    by_id = {b.id: b for b in buyers}
    same = 0
    for r in requests:
        a = by_id[r.user].post(r.body, headers={"Idempotency-Key": r.key})
        assert a.status == 200, a
        assert a.headers["Idempotent-Replayed"] == "true", a
        assert (a.json["id"], a.json["order_number"]) == \
            (r.order_id, r.number), a
        same += 1
    return same


def test_no_order_is_lost_or_doubled_while_workers_are_killed(shop, tell):
    """A worker is killed behind every few orders, until there are enough of
    both."""
    g = group(shop)
    with Load(shop, [g]) as load:
        kills = 0
        while kills < KILLS or load.done() < ORDERS:
            load.wait_for(max(40, ORDERS // 100))
            kills += chaos.kill_a_worker(shop)
    counts = accounts.check(shop, load.requests, g.skus)
    retried = [r for r in load.requests if len(r.tries) > 1]
    same = ask_again(shop, retried[:500], g.buyers)
    tell(f"{kills} workers killed in {load.took:.0f} s,",
         f"{len(load.requests) / load.took:.0f} orders/s; tries by status:",
         statuses(load.requests))
    tell(counts)
    tell(f"{same} of those asked again were asked for once more: the same")
    assert counts["asked"] == counts["acknowledged"] >= ORDERS
    assert counts["asked again"] > 0
    assert set(statuses(load.requests)) <= {200, 502, 503}
    poll("as many workers as before",
         lambda: len(chaos.workers(shop)) == chaos.WORKERS)


def test_no_order_is_lost_or_doubled_while_the_daemon_is_restarted(
        shop, tell):
    g = group(shop)
    with Load(shop, [g]) as load:
        for _ in range(5):
            load.wait_for(500)
            shop.restart()
        load.wait_for(500)
    counts = accounts.check(shop, load.requests, g.skus)
    tell(f"5 restarts in {load.took:.0f} s; tries by status:",
         statuses(load.requests))
    tell(counts)
    # A daemon that ends has answered what it took; and nobody was answered
    # anything while there was none, but by nginx.
    assert counts["asked"] == counts["acknowledged"]
    assert set(statuses(load.requests)) <= {200, 502}, [
        t for r in load.requests for t in r.tries if t.status == 503]
