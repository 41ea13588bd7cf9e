"""Many at one SKU or one order, and tables that change under them."""
import collections
import itertools
import random
import time

import accounts
from accounts import latencies, statuses
from harness import TREE, Load as Threads, at_once, tally
from load import Group, Load


def test_tables_that_are_altered_and_migrated_under_load_cost_no_request(
        shop, tell):
    groups = [Group(m, 8, accounts.people(shop, m), accounts.goods(shop, m),
                    lists=0.3, pause=0.005) for m in ("kg", "us")]
    changes = 0
    with Load(shop, groups) as load:
        time.sleep(1)
        for table in ("orders", "skus") * 2:
            done = shop.ctl("migrate", "--sql", str(TREE / "sql"), "--user",
                            "root")
            assert done.returncode == 0, done.stdout
            for change in ("ADD COLUMN fault_note VARCHAR(20) NULL",
                           "DROP COLUMN fault_note",
                           "ADD COLUMN fault_note VARCHAR(20) NULL FIRST",
                           "DROP COLUMN fault_note"):
                shop.sql("us", f"ALTER TABLE {table} {change}")
                changes += 1
                time.sleep(0.2)
    for g in groups:
        tell(g.market, statuses(load.of(g.market)), latencies(
            t for r in load.of(g.market) for t in r.tries))
        tell(g.market, accounts.check(shop, load.of(g.market), g.skus))
    tell(f"{changes} changes of tables, 4 migrations")
    assert set(statuses(load.requests)) == {200}


def test_thirty_buyers_of_three_skus_in_any_order_are_fifteen_orders(
        shop, tell):
    """Each wants one of each, and names them in an order of his own: bait
    for deadlocks, of which no client may hear."""
    orders = list(itertools.permutations(range(3)))
    rounds = 8
    for _ in range(rounds):
        skus = [shop.sku("us", stock=15) for _ in range(3)]
        buyers = [shop.buyer("us") for _ in range(30)]
        answers = at_once([
            lambda b=b, o=orders[n % 6]: b.order(*(skus[i] for i in o))
            for n, b in enumerate(buyers)])
        assert tally(answers) == {200: 15, 400: 15}, tally(answers)
        assert {a.json["error"] for a in answers if a.status == 400} == \
            {"out_of_stock"}
        assert [shop.stock(s) for s in skus] == [0, 0, 0]
        assert sum(b.orders() for b in buyers) == 15
    tell(f"{rounds} times 30 buyers: 15 orders and 15 refusals each time")


def cancel(buyer, order_id):
    return buyer.request("POST", f"/orders/{order_id}/cancel")


def test_an_order_that_is_cancelled_and_shipped_at_once_is_one_of_both(
        shop, tell):
    buyer, sku = shop.buyer("us"), shop.sku("us", stock=1000)
    ids = [buyer.ordered((sku, 3))["id"] for _ in range(24)]
    for word in ("confirm", "process"):
        for done in at_once([lambda i=i: shop.ctl("order", word, "us", str(i))
                             for i in ids], 4):
            assert done.returncode == 0, done.stdout
    won = collections.Counter()
    for i in ids:
        def late_cancel(i=i):
            # About when the other program has come as far.
            time.sleep(random.uniform(0, 0.03))
            return cancel(buyer, i)

        shipped, cancelled = at_once([
            lambda i=i: shop.ctl("order", "ship", "us", str(i)), late_cancel])
        status = shop.value("us", f"SELECT status FROM orders WHERE id={i}")
        won[status] += 1
        assert (shipped.returncode, cancelled.status) == {
            "shipped": (0, 400), "cancelled": (3, 200)}[status], (
            shipped.stdout, cancelled)
    tell(dict(won))
    assert shop.stock(sku) == 1000 - 3 * won["shipped"]
    assert sum(won.values()) == len(ids)


def test_an_order_that_is_cancelled_many_times_at_once_gives_back_once(shop):
    buyer = shop.buyer("us")
    skus = [shop.sku("us", stock=100) for _ in range(3)]
    for _ in range(10):
        i = buyer.ordered(*((s, 2) for s in skus))["id"]
        assert [shop.stock(s) for s in skus] == [98] * 3
        answers = at_once([lambda: cancel(buyer, i)] * 8)
        assert tally(answers) == {200: 1, 400: 7}, answers
        assert [shop.stock(s) for s in skus] == [100] * 3


def test_orders_and_cancels_of_the_same_skus_keep_the_stock_to_the_unit(
        shop, tell):
    """In opposite orders of the lines, with so few pieces that they run out
    and come back."""
    skus = [shop.sku("us", stock=30) for _ in range(3)]
    buyers = [shop.buyer("us") for _ in range(10)]
    seen = collections.Counter()

    def come_and_go(b):
        lines = random.sample(skus, 3)
        a = b.order(*((s, random.randint(1, 2)) for s in lines))
        seen["order", a.status] += 1
        assert a.status in (200, 400), a
        if a.status == 200 and random.random() < 0.98:
            c = cancel(b, a.json["id"])
            seen["cancel", c.status] += 1
            assert c.status == 200, c
        return a

    with Threads([lambda b=b: come_and_go(b) for b in buyers]):
        time.sleep(4)
    tell({" ".join(map(str, k)): n for k, n in sorted(seen.items())})
    for s in skus:
        kept = int(shop.value(
            "us", "SELECT COALESCE(SUM(quantity), 0) FROM order_items i "
            "JOIN orders o ON o.id = i.order_id "
            f"WHERE sku_id = {s.id} AND status = 'pending'"))
        assert shop.stock(s) == 30 - kept
    assert seen["order", 200] > 20 and seen["cancel", 200] > 20
