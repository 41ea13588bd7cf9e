"""Load on two markets while the database of one, us, is in trouble: what the
clients of each may notice."""
import time

import accounts
from accounts import between, latencies, rate, statuses
from harness import poll
from load import Group

DEADLINE = 8.5          # seconds: request_deadline, and half a second to come


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
    assert slowest < 3, f"an answer of kg took {slowest:.1f} s"


def check_us(requests):
    """200, or 503 that says when to come again; in time."""
    tries = [t for r in requests for t in r.tries]
    assert set(statuses(requests)) <= {200, 503}, (
        statuses(requests),
        [t for t in tries if t.status not in (200, 503)][:5])
    assert all(t.retry_after for t in tries if t.status == 503)
    slowest = max(t.took for t in tries)
    assert slowest < DEADLINE, f"an answer of us took {slowest:.1f} s"


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
         lambda: buyer.get("/orders").status == 200, 15)
    return time.monotonic() - began


def tell_kg(tell, load, name, began, ended):
    kg = load.of("kg")
    tell(f"kg {name}: {rate(kg, began, ended):.0f} requests/s,",
         latencies(between(kg, began, ended)))
