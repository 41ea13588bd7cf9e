"""Prices, titles and what is for sale change by SQL while customers order."""
import collections
import itertools
import random
import time

from chaos import Locked
from harness import RepeatedJobs, order, poll

Made = collections.namedtuple("Made", "began ended lines")
# What was so from "since" (at the earliest) to "until" (at the latest).
Span = collections.namedtuple("Span", "value since until")


class Changing:
    """A SKU whose value changes, and when it had which."""

    def __init__(self, shop, sku, value):
        self.shop, self.sku = shop, sku
        self.spans = [Span(value, 0, float("inf"))]

    def change(self, value, sql):
        """Between the two moments nobody can say which is so."""
        before = time.monotonic()
        self.shop.sql("us", sql.format(id=self.sku.id))
        after = time.monotonic()
        self.spans[-1] = self.spans[-1]._replace(until=after)
        self.spans.append(Span(value, before, float("inf")))

    def during(self, made):
        """The values that it may have had in that time."""
        return {s.value for s in self.spans
                if s.since <= made.ended and made.began <= s.until}


def buy(buyer, lines, seen):
    began = time.monotonic()
    a = buyer.post(order("us", *lines))
    ended = time.monotonic()
    seen[a.status, a.json.get("error")] += 1
    assert a.status in (200, 400, 404), a
    return Made(began, ended, a.json["items"] if a.status == 200 else None)


def check_stocks(shop, changing, made):
    sold = collections.Counter()
    for m in made:
        for line in m.lines:
            sold[line["sku_code"]] += line["quantity"]
    for c in changing:
        assert shop.stock(c.sku) == 10**6 - sold[c.sku.code]


def run(shop, changing, step, seen, rounds=60):
    """Orders of the SKUs, while step() changes them one after the other; what
    was made, and what was refused."""
    buyers = [shop.buyer("us") for _ in range(8)]
    jobs = [lambda b=b: buy(b, [(c.sku, 1) for c in random.sample(
        changing, 2)], seen) for b in buyers]
    with RepeatedJobs(jobs) as load:
        for n in range(rounds):
            step(changing[n % len(changing)], n)
            load.wait_for(random.randrange(12))
    return ([m for m in load.results if m.lines is not None],
            [m for m in load.results if m.lines is None])


def test_every_price_and_title_is_one_of_the_time_of_the_order(shop, tell):
    changing = [Changing(shop, shop.sku("us", stock=10**6), None)
                for _ in range(4)]
    for c in changing:
        c.spans[0] = c.spans[0]._replace(value=(c.sku.price, c.sku.title))
    seen, texts = collections.Counter(), itertools.count(1)

    def step(c, n):
        price, title = c.spans[-1].value
        if n % 3 == 0:
            title = f"Рубашка {next(texts)}"
            sql = ("UPDATE products SET title = '" + title + "' "
                   "WHERE id = {id}")
        else:
            price = 1000 + next(texts)
            sql = f"UPDATE skus SET price_minor = {price} " "WHERE id = {id}"
        c.change((price, title), sql)

    made, refused = run(shop, changing, step, seen)
    tell(f"{len(made)} orders while 60 prices and titles changed:", dict(seen))
    assert len(made) > 100 and not refused
    by_code = {c.sku.code: c for c in changing}
    ambiguous = 0
    for m in made:
        for line in m.lines:
            may = by_code[line["sku_code"]].during(m)
            assert round(float(line["unit_price"]) * 100) in {p for p, _ in may}, \
                (line, may)
            assert line["product_name"] in {t for _, t in may}, (line, may)
            ambiguous += len(may) > 1
    assert ambiguous < len(made)
    check_stocks(shop, changing, made)


def test_nothing_is_sold_that_was_not_for_sale_at_any_time_of_the_order(
        shop, tell):
    """By its own switch, or its product's."""
    changing = [Changing(shop, shop.sku("us", stock=10**6), True)
                for _ in range(4)]
    seen = collections.Counter()

    def step(c, n):
        table = "skus" if n // 8 % 2 == 0 else "products"
        for on in (False, True):
            c.change(on, f"UPDATE {table} SET is_active = {on:d} "
                     "WHERE id = {id}")
            time.sleep(0.06)

    made, refused = run(shop, changing, step, seen)
    tell(f"{len(made)} orders and {len(refused)} refusals while 4 SKUs were "
         "off and on", dict(seen))
    assert len(made) > 100 and refused
    by_code = {c.sku.code: c for c in changing}
    for m in made:
        for line in m.lines:
            assert True in by_code[line["sku_code"]].during(m), (line, m)
    check_stocks(shop, changing, made)


def test_remembered_goods_that_run_out_are_sold_to_the_last_piece(shop, tell):
    seen = collections.Counter()
    buyers = [shop.buyer("us") for _ in range(8)]
    for _ in range(5):
        skus = [shop.sku("us", stock=40) for _ in range(2)]
        with RepeatedJobs([lambda b=b: buy(b, [(skus[0], 1), (skus[1], 1)],
                                           seen) for b in buyers]) as load:
            poll("they are sold out",
                 lambda: load.failures or shop.stock(skus[0]) == 0)
            load.wait_for(20)
        made = [m for m in load.results if m.lines is not None]
        assert len(made) == 40
        assert [shop.stock(s) for s in skus] == [0, 0]
    tell("5 times 40 pieces:", dict(seen))


def test_an_order_waits_for_no_product_and_no_order_that_is_locked(shop):
    """The statement that takes the stock looks at both, without a lock. All
    workers know the SKU when the last of these orders are made."""
    us, sku = shop.buyer("us"), shop.sku("us")
    with shop.configured(per_hour=1000):
        earlier = [us.ordered(sku)["id"] for _ in range(50)]
        with Locked(shop, ("us", "products", sku.id),
                    *(("us", "orders", i) for i in earlier[-5:])):
            for _ in range(50):
                us.ordered(sku)
