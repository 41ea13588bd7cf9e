"""Load on two markets while the database of one, us, is in trouble: what the
clients of each may notice."""
import time

import accounts
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
