"""Load on two markets while the database of one, us, is in trouble: what the
clients of each may notice.

Nothing here says how quick an answer must be: a busy machine is slow too, and
scripts/compare-speeds compares. It says that kg has no error at all, that no
wait of kg is as long as us would make it, and that us is answered in time.
"""
import time

import accounts
import chaos
from accounts import between, latencies, rate, statuses
from harness import SLACK, poll
from load import Group, Load

DEADLINE = 8            # seconds: request_deadline
QUERY = 5               # seconds: query_timeout
LATEST = DEADLINE + SLACK
# How many answers kg must have while us is in trouble. If kg waited for us, it
# would have one answer for each worker in query_timeout: so many of them would
# take minutes.
ENOUGH = 500


def groups(shop, **us):
    """Buyers in both markets, at a pace that both could keep up all day."""
    return [Group("kg", 16, accounts.people(shop, "kg"),
                  accounts.goods(shop, "kg"), lists=0.3, pause=0.01),
            Group("us", 16, accounts.people(shop, "us"),
                  accounts.goods(shop, "us"), lists=0.3, pause=0.01,
                  **{"patience": 2, **us})]


def check_kg(requests):
    """Not one error, and no answer that had to wait for the other market."""
    assert set(statuses(requests)) == {200}, statuses(requests)
    slowest = max(t.took for r in requests for t in r.tries)
    assert slowest < QUERY, f"an answer of kg took {slowest:.1f} s"


def check_us(requests):
    """200, or 503 that says when to come again; in time."""
    tries = [t for r in requests for t in r.tries]
    assert set(statuses(requests)) <= {200, 503}, (
        statuses(requests),
        [t for t in tries if t.status not in (200, 503)][:5])
    assert all(t.retry_after for t in tries if t.status == 503)
    slowest = max(t.took for t in tries)
    assert slowest < LATEST, f"an answer of us took {slowest:.1f} s"


def check_all(shop, load, groups, tell):
    """The accounts of both markets, and the two rules above."""
    for g in groups:
        tell(g.market, statuses(load.of(g.market)))
        tell(g.market, accounts.check(shop, load.of(g.market), g.skus))
    check_kg(load.of("kg"))
    check_us(load.of("us"))


def back(shop, market):
    """How long it takes until the market serves again, in seconds."""
    buyer, began = shop.buyer(market), time.monotonic()
    poll(f"{market} serves again",
         lambda: buyer.get("/orders").status == 200)
    return time.monotonic() - began


def refused(buyer):
    """Waits until a request of this buyer is answered 503."""
    poll(f"{buyer.market} is refused",
         lambda: buyer.get("/orders").status == 503)


def tell_both(tell, load, name, began, ended):
    """How it went in this time. Nothing depends on it."""
    kg, us = load.of("kg"), load.of("us")
    tell(f"{name}: kg {rate(kg, began, ended):.0f} requests/s,",
         latencies(between(kg, began, ended)), "; us",
         latencies(between(us, began, ended)),
         accounts.tally(between(us, began, ended)))


def hang_with_all_workers_in_it(shop, tell):
    """us hangs at a moment at which nobody but us is being served. Then kg
    comes, and is served."""
    kg, us = groups(shop)
    us.clients, us.pause = 32, 0
    with Load(shop, [us], 1) as busy:
        busy.wait_for(200)
        with chaos.stopped(shop.database_pid("us")), \
                Load(shop, [kg], 1) as load:
            began = time.monotonic()
            load.wait_for(ENOUGH, served=True)
            ended = time.monotonic()
        returned = back(shop, "us")
    tell(f"kg from when us hangs: {rate(load.requests, began, ended):.0f} "
         "requests/s,", latencies(t for r in load.requests for t in r.tries))
    tell("us while it hangs:", latencies(
        between(busy.requests, began, ended)),
        statuses(busy.requests), f"; back {returned:.1f} s after it")
    tell("us", accounts.check(shop, busy.requests, us.skus))
    tell("kg", accounts.check(shop, load.requests, kg.skus))
    check_us(busy.requests)
    check_kg(load.requests)
