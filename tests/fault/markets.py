"""Load on two markets while the database of one, us, is in trouble: what the
clients of each may notice."""
import time

import accounts
import chaos
from accounts import between, latencies, percentile, rate, statuses
from harness import poll
from load import Group, Load

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


def hang_with_all_workers_in_it(shop, tell, seconds):
    """A kg that comes when us hangs, at a moment at which nobody but us is
    being served, has what it had beside a busy us for so many seconds. Returns
    kg's load, and from when to when it was looked at."""
    kg, us = groups(shop)
    us.clients, us.pause = 32, 0
    with Load(shop, [us], 1) as busy:
        with Load(shop, [kg], 1) as before:
            time.sleep(seconds)
        time.sleep(1)
        with chaos.stopped(shop.database_pid("us")), \
                Load(shop, [kg], 1) as load:
            began = time.monotonic()
            time.sleep(8)
        returned = back(shop, "us")
    calm = rate(before.requests, before.began + 0.5, before.began + seconds)
    beside = rate(load.requests, began + 0.5, began + 8)
    for name, n, requests in (("beside a busy us", calm, before.requests),
                              ("from when us hangs", beside, load.requests)):
        tell(f"kg {name}: {n:.0f} requests/s,",
             latencies([t for r in requests for t in r.tries]))
    tell("us while it hangs:", latencies(
        between(busy.requests, began, began + 8)),
        statuses(busy.requests), f"; back {returned:.1f} s after it")
    tell("us", accounts.check(shop, busy.requests, us.skus))
    tell("kg", accounts.check(shop, before.requests + load.requests, kg.skus))
    check_us(busy.requests)
    check_kg(load.requests)
    compare(shop, (beside, 0.8 * calm))
    return load, began + 0.5, began + 8


def compare(shop, *pairs):
    """Each first number is not less than the second; but with sanitizers, when
    the daemon itself takes most of the machine."""
    if not shop.sanitized:
        for more, least in pairs:
            assert more >= least, pairs


class KgAlone:
    """What kg has while nobody asks us. Beside a us that works it has less,
    by what that takes of the processors; a us that hangs takes none, and then
    kg must have as good as all of it. Measured before the trouble and after
    it, as the machine may have something else to do at one of the times."""
    SECONDS = 5
    SHARE = 0.7             # us is still asked, and answered 503
    SLOWER = 0.05           # seconds

    def __init__(self, shop, tell):
        self.shop, self.tell = shop, tell
        self.rates, self.p99s = [], []
        self.measure()

    def measure(self):
        kg = groups(self.shop)[0]
        with Load(self.shop, [kg]) as load:
            time.sleep(self.SECONDS)
        began, ended = load.began + 0.5, load.began + self.SECONDS
        tell_kg(self.tell, load, "alone", began, ended)
        check_kg(load.requests)
        accounts.check(self.shop, load.requests, kg.skus)
        self.rates.append(rate(load.requests, began, ended))
        self.p99s.append(p99(load.requests, began, ended))

    def check(self, load, began, ended):
        """Of a load that has ended, while us hung."""
        self.measure()
        kg = load.of("kg")
        compare(self.shop,
                (rate(kg, began, ended), self.SHARE * min(self.rates)),
                (2 * max(self.p99s) + self.SLOWER, p99(kg, began, ended)))


def p99(requests, began, ended):
    return percentile(between(requests, began, ended), 99)
