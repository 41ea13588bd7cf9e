"""Holds what clients were told against what the databases have."""
import collections

STOCK = 10**7           # of each SKU that a load buys, at the start


def goods(shop, market, n=10):
    return [shop.sku(market, price=1000 + 7 * i, stock=STOCK)
            for i in range(n)]


def people(shop, market, n=20):
    return [shop.buyer(market) for _ in range(n)]


def orders_of(shop, market, users):
    """The orders with a key: (user, key) -> [(id, number, lines)]."""
    rows = shop.sql(market, "SELECT o.user_id, o.idempotency_key, o.id, "
                    "o.order_number, GROUP_CONCAT(CONCAT(i.sku_id, ':', "
                    "i.quantity) ORDER BY i.sku_id) FROM orders o "
                    "LEFT JOIN order_items i ON i.order_id = o.id "
                    f"WHERE o.user_id IN ({','.join(map(str, users))}) "
                    "GROUP BY o.id")
    found = collections.defaultdict(list)
    for user, key, order_id, number, lines in rows:
        found[int(user), key].append((int(order_id), number, lines))
    return found


def wanted(request):
    return ",".join(f"{sku}:{n}" for sku, n in sorted(request.lines))


class Counts(collections.Counter):
    """What is none is said of what must be none, and of that alone."""
    NONE = ("lost", "doubled", "other than acknowledged", "with other lines",
            "that nobody asked for", "SKUs with a wrong stock")

    def __str__(self):
        return ", ".join(f"{self[name]} {name}" for name in [
            *(n for n in self if self[n] and n not in self.NONE),
            *self.NONE[:2], *(n for n in self.NONE[2:] if self[n])])


def check(shop, requests, skus):
    """Every acknowledged order is there once, as it was asked for; each key
    has one order at most; no order is there that nobody asked for; and the
    SKUs have what was not sold. Returns the counts.

    The SKUs are those of the load alone, and began with STOCK.
    """
    counts = Counts()
    for market in sorted({r.market for r in requests}):
        asked = [r for r in requests
                 if r.market == market and r.kind == "create"]
        if not asked:
            continue
        found = orders_of(shop, market, {r.user for r in asked})
        for r in asked:
            rows = found.pop((r.user, r.key), [])
            told = r.status == 200
            counts["asked"] += 1
            counts["acknowledged"] += told
            counts["asked again"] += len(r.tries) > 1
            counts["replayed"] += r.replayed
            counts["in the database"] += len(rows)
            counts["saved, its client gave up"] += len(rows) == 1 and not told
            counts["lost"] += told and not rows
            counts["doubled"] += len(rows) > 1
            counts["other than acknowledged"] += told and bool(rows) and \
                rows[0][:2] != (r.order_id, r.number)
            counts["with other lines"] += any(l != wanted(r)
                                              for _, _, l in rows)
        counts["that nobody asked for"] += sum(map(len, found.values()))
        sold = collections.Counter()
        for sku, n in shop.sql(
                market, "SELECT sku_id, SUM(quantity) FROM order_items WHERE "
                f"sku_id IN ({','.join(str(s.id) for s in skus)}) "
                "GROUP BY sku_id"):
            sold[int(sku)] = int(n)
        for s in skus:
            if s.market == market:
                counts["SKUs with a wrong stock"] += \
                    shop.stock(s) != STOCK - sold[s.id]
    assert not any(counts[name] for name in Counts.NONE), counts
    return counts


def tally(tries):
    """How many of these had each status."""
    return dict(sorted(collections.Counter(t.status for t in tries).items()))


def statuses(requests):
    """How many tries had each status; 0 is no answer."""
    return tally(t for r in requests for t in r.tries)


def refusals(requests):
    """What the first ones were told that had to ask again."""
    return [t for r in requests for t in r.tries if t.status != 200][:5]


def between(requests, began, ended):
    """The tries that began in this time, by time.monotonic()."""
    return [t for r in requests for t in r.tries if began <= t.began < ended]


def within(requests, began, ended):
    """Those of them that also ended in it."""
    return [t for t in between(requests, began, ended)
            if t.began + t.took < ended]


def percentile(tries, n):
    """The time that so many of a hundred took at most, in seconds."""
    took = sorted(t.took for t in tries)
    return took[len(took) * n // 100]


def latencies(tries):
    """In ms: the middle, the 99th of a hundred, the last."""
    took = sorted(t.took * 1000 for t in tries)
    if not took:
        return "no answers"
    return (f"p50 {took[len(took) // 2]:.1f} "
            f"p99 {took[len(took) * 99 // 100]:.1f} max {took[-1]:.0f} ms")


def rate(requests, began, ended):
    """Requests a second that were answered with 200 in this time."""
    return sum(r.status == 200 and began <= r.ended < ended
               for r in requests) / (ended - began)

