"""Many buyers at once: no lost or doubled order, no oversell, no 5xx."""
import collections
import random
import threading

from harness import MARKETS, at_once, check_sums, order, tally

# What must hold of every order of a database, whoever made it.
BROKEN_ORDERS = """
SELECT o.id FROM orders o LEFT JOIN
  (SELECT order_id, SUM(total_minor) lines_minor,
          SUM(total_minor <> unit_price_minor * quantity) bad
   FROM order_items GROUP BY order_id) l ON l.order_id = o.id
WHERE l.order_id IS NULL OR l.bad <> 0 OR o.subtotal_minor <> l.lines_minor
  OR o.total_minor <> o.subtotal_minor + o.shipping_minor
     + IF(o.tax_included, 0, o.tax_minor)"""


def ids_in(buyers):
    return ",".join(str(b.id) for b in buyers)


def sold(shop, sku):
    return int(shop.value(sku.market, "SELECT COALESCE(SUM(quantity), 0) FROM "
                          f"order_items WHERE sku_id={sku.id}"))


def test_forty_buyers_of_ten_pieces_are_ten_orders_and_thirty_refusals(shop):
    sku = shop.sku("us", stock=10)
    buyers = [shop.buyer("us") for _ in range(40)]
    answers = at_once([lambda b=b: b.order(sku) for b in buyers])
    assert tally(answers) == {200: 10, 400: 30}
    for a in answers:
        if a.status == 200:
            check_sums(a.json)
        else:
            assert a.json["error"] == "out_of_stock", a
            assert a.json["shortages"] == [
                {"sku_id": sku.id, "requested": 1, "available": 0}], a
    assert shop.stock(sku) == 0 and sold(shop, sku) == 10
    assert shop.count("us", "orders",
                      f"user_id IN ({ids_in(buyers)})") == 10


def test_buyers_of_several_pieces_never_take_more_than_there_are(shop):
    """30 pieces, 3 at a time, by buyers who also want other things."""
    scarce, plenty = shop.sku("kg", stock=30), shop.sku("kg", stock=1000)
    buyers = [shop.buyer("kg") for _ in range(32)]
    answers = at_once([lambda b=b: b.order((plenty, 1), (scarce, 3))
                       for b in buyers])
    assert tally(answers) == {200: 10, 400: 22}
    assert shop.stock(scarce) == 0 and sold(shop, scarce) == 30
    assert shop.stock(plenty) == 990 and sold(shop, plenty) == 10


def test_a_thousand_creates_over_both_markets_are_a_thousand_orders(shop):
    skus = {m: [shop.sku(m, price=random.Random(n).randrange(1, 9999),
                         stock=100000) for n in range(20)] for m in MARKETS}
    buyers = [shop.buyer(MARKETS[n % 2]) for n in range(50)]
    dice = random.Random(19)
    wanted = collections.Counter()
    jobs = []
    for n in range(1000):
        b = buyers[n % len(buyers)]
        lines = [(s, dice.randint(1, 3))
                 for s in dice.sample(skus[b.market], dice.randint(1, 4))]
        for s, q in lines:
            wanted[s] += q
        jobs.append(lambda b=b, lines=lines: b.order(*lines))
    answers = at_once(jobs, 16)
    assert tally(answers) == {200: 1000}
    for market in MARKETS:
        orders = [a.json for a in answers if a.json["market"] == market]
        mine = [b for b in buyers if b.market == market]
        assert len(orders) == 500
        for o in orders:
            check_sums(o)
        numbers = {o["order_number"]: o for o in orders}
        assert len(numbers) == 500
        rows = shop.sql(market, "SELECT order_number, user_id, total_minor, "
                        "currency FROM orders WHERE user_id IN "
                        f"({ids_in(mine)})")
        assert sorted(rows) == sorted(
            (n, str(o["user_id"]), str(round(o["total_amount"] * 100)),
             o["currency"]) for n, o in numbers.items())
        assert shop.sql(market, BROKEN_ORDERS) == []
        for s in skus[market]:
            assert shop.stock(s) == 100000 - wanted[s]
            assert sold(shop, s) == wanted[s]


def test_skus_in_any_order_by_many_buyers_end_in_no_deadlock(shop):
    """Few SKUs, each order's lines shuffled: bait for deadlocks."""
    skus = [shop.sku("us", stock=100000) for _ in range(6)]
    buyers = [shop.buyer("us") for _ in range(24)]
    wanted = collections.Counter()
    jobs = []
    dice = random.Random(7)
    for n in range(360):
        lines = [(s, dice.randint(1, 3)) for s in dice.sample(skus, 4)]
        for s, q in lines:
            wanted[s] += q
        jobs.append(lambda b=buyers[n % 24], lines=lines: b.order(*lines))
    assert tally(at_once(jobs, 24)) == {200: 360}
    for s in skus:
        assert shop.stock(s) == 100000 - wanted[s] and \
            sold(shop, s) == wanted[s]


def test_items_and_carts_of_the_same_skus_end_in_no_deadlock(shop):
    skus = [shop.sku("us", stock=100000) for _ in range(4)]
    dice = random.Random(8)

    def from_cart():
        b = shop.buyer("us")
        shop.put_in_cart(b, *[(s, 1) for s in dice.sample(skus, 4)])
        return b.order(items=...)

    def from_items():
        return shop.buyer("us").order(*dice.sample(skus, 4))

    answers = at_once([from_cart, from_items] * 60, 16)
    assert tally(answers) == {200: 120}
    for s in skus:
        assert shop.stock(s) == 100000 - 120 and sold(shop, s) == 120


def test_two_tabs_that_order_one_cart_make_one_order(shop, market):
    """Different bodies, so that only the cart can tell."""
    for _ in range(5):
        buyer = shop.buyer(market)
        one, two = shop.sku(market, stock=10), shop.sku(market, stock=10)
        shop.put_in_cart(buyer, (one, 2), (two, 1))
        answers = at_once([lambda: buyer.order(items=...)] * 4)
        assert tally(answers) == {200: 1, 400: 3}, answers
        for a in answers:
            if a.status == 400:
                assert a.json["message"] == "Your cart is empty", a
        assert buyer.orders() == 1 and shop.cart(buyer) == []
        assert (shop.stock(one), shop.stock(two)) == (8, 9)


def test_one_key_with_two_bodies_at_once_is_one_order(shop):
    us, sku = shop.buyer("us"), shop.sku("us", stock=100)
    answers = at_once([lambda: us.order(
        sku, headers={"Idempotency-Key": "k"}) for _ in range(12)])
    assert tally(answers) == {200: 1, 422: 11}
    assert us.orders() == 1 and shop.stock(sku) == 99


def test_one_buyer_may_place_different_orders_at_once(shop):
    us, sku = shop.buyer("us"), shop.sku("us", stock=100)
    answers = at_once([lambda: us.order(sku) for _ in range(20)])
    assert tally(answers) == {200: 20}
    assert len({a.json["id"] for a in answers}) == 20 == us.orders()
    assert shop.stock(sku) == 80


def test_a_reader_never_sees_half_an_order(shop):
    """Each order that is in the list has all its lines."""
    us = shop.buyer("us")
    skus = [shop.sku("us", price=100) for _ in range(5)]
    done = threading.Event()

    def write():
        try:
            return [us.order(*skus).status for _ in range(40)]
        finally:
            done.set()

    def read():
        reads = 0
        while not done.is_set():
            for o in us.list("?limit=10"):
                assert len(o["items"]) == 5, o
                check_sums(o)
            reads += 1
        return reads

    written, *reads = at_once([write, read, read])
    assert written == [200] * 40 and min(reads) > 0


def test_a_bad_body_beside_good_ones_harms_nobody(shop):
    us, sku = shop.buyer("us"), shop.sku("us", stock=1000)
    good = [lambda: us.order(sku)] * 40
    bad = [lambda: us.post('{"items": [' * 50),
           lambda: us.post(order("us", (0, 0))),
           lambda: shop.request("GET", "/orders", token="a.b.c"),
           lambda: us.get("/orders/abc")] * 10
    jobs = [j for pair in zip(good, bad) for j in pair]
    answers = at_once(jobs, 16)
    assert [a.status for a in answers[::2]] == [200] * 40
    assert all(400 <= a.status < 500 for a in answers[1::2])
    assert us.orders() == 40 and shop.stock(sku) == 960
