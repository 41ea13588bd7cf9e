"""Many at one SKU or one order, and tables that change under them."""
import collections
import contextlib
import itertools
import random
import shutil
import time

import pytest

import accounts
from accounts import latencies, statuses
from chaos import Later, Locked, WORKERS
from harness import MARKETS, TREE, RepeatedJobs, at_once, poll, tally
from load import Group, Load


@pytest.fixture(scope="module")
def fault_stack(fault_stack):
    """Who waits for a row waits for as long as a test needs."""
    with fault_stack.patient_with_locks():
        yield fault_stack


class Further:
    """One migration more than there are, and the way back."""
    TABLES = "orders", "skus"
    NOTE = "fault_note VARCHAR(20) NULL"

    def __init__(self, shop, directory):
        self.shop, self.sql = shop, directory / "sql"
        shutil.copytree(TREE / "sql", self.sql)
        last = max(int(p.name[:4]) for p in self.sql.glob("[0-9]*_*.sql"))
        self.version, self.name = last + 1, f"{last + 1:04}_fault.sql"
        (self.sql / self.name).write_text("".join([
            f"-- serves: {last}\n",
            "CREATE TABLE IF NOT EXISTS fault_notes (id INT NOT NULL PRIMARY "
            "KEY) ENGINE=InnoDB;\n",
            *(f"ALTER TABLE {t} ADD COLUMN IF NOT EXISTS {self.NOTE};\n"
              for t in self.TABLES)]))

    def migrate(self):
        """Really, in every market."""
        done = self.shop.ctl("migrate", "--sql", str(self.sql), "--user",
                             "root")
        assert done.returncode == 0, done.stdout
        assert done.stdout.count(f"applied {self.name}") == len(MARKETS), \
            done.stdout
        for m in MARKETS:
            assert self.columns(m) == len(self.TABLES)
            assert self.shop.count(m, "fault_notes") == 0
            assert self.shop.count(m, "schema_version",
                                   f"version = {self.version}") == 1

    def columns(self, market):
        return self.shop.count(market, "information_schema.columns",
                               "table_schema = DATABASE() AND "
                               "column_name = 'fault_note'")

    def undo(self):
        """As if it had never been; also what is there in part."""
        for m in MARKETS:
            for table in self.TABLES:
                self.shop.sql(m, f"ALTER TABLE {table} DROP COLUMN IF EXISTS "
                              "fault_note")
            self.shop.sql(m, "DROP TABLE IF EXISTS fault_notes")
            self.shop.sql(m, "DELETE FROM schema_version WHERE "
                          f"version = {self.version}")
            assert self.columns(m) == 0


@contextlib.contextmanager
def further_migration(shop, directory):
    further = Further(shop, directory)
    try:
        yield further
    finally:
        further.undo()


def prepared_again(shop, market):
    """How often the server has, because a table had changed."""
    return int(shop.sql(market, "SHOW GLOBAL STATUS LIKE "
                        "'Com_stmt_reprepare'")[0][1])


def test_tables_that_are_altered_and_migrated_under_load_cost_no_request(
        shop, tell, tmp_path):
    groups = [Group(m, 8, accounts.people(shop, m), accounts.goods(shop, m),
                    lists=0.3, pause=0.005) for m in ("kg", "us")]
    before = {m: prepared_again(shop, m) for m in MARKETS}
    rounds = changes = 0
    with further_migration(shop, tmp_path) as further, \
            Load(shop, groups) as load:
        load.wait_for_each(100)
        for table in further.TABLES * 2:
            further.migrate()
            load.wait_for_each(40)
            further.undo()
            rounds += 1
            for change in (f"ADD COLUMN {further.NOTE}",
                           "DROP COLUMN fault_note",
                           f"ADD COLUMN {further.NOTE} FIRST",
                           "DROP COLUMN fault_note"):
                shop.sql("us", f"ALTER TABLE {table} {change}")
                changes += 1
                load.wait_for(40, "us", served=True)
    again = {m: prepared_again(shop, m) - before[m] for m in MARKETS}
    for g in groups:
        tell(g.market, statuses(load.of(g.market)), latencies(
            t for r in load.of(g.market) for t in r.tries))
        tell(g.market, accounts.check(shop, load.of(g.market), g.skus))
    tell(f"{rounds} times {further.name} applied in both markets and undone,",
         f"{changes} further changes in us; statements prepared again:",
         ", ".join(f"{n} in {m}" for m, n in again.items()))
    # Or no prepared statement has seen a change.
    assert again["kg"] >= rounds and again["us"] >= rounds + changes, again
    assert set(statuses(load.requests)) == {200}


OTHER = "COLLATE utf8mb4_general_ci"


def test_collations_that_are_mended_under_load_cost_no_request(shop, tell):
    mend = (TREE / "sql" / "0004_collations.sql").read_text()
    groups = [Group("us", 8, accounts.people(shop, "us"),
                    accounts.goods(shop, "us"), lists=0.3, pause=0.005)]
    wrong = ("SELECT COUNT(*) FROM information_schema.columns WHERE "
             "table_schema = DATABASE() AND "
             "collation_name = 'utf8mb4_general_ci'")
    with Load(shop, groups) as load:
        load.wait_for(100, served=True)
        for _ in range(3):
            for table, column in (
                    ("order_status_history", "new_status VARCHAR(16)"),
                    ("skus", "sku_code VARCHAR(50)"),
                    ("order_items", "sku_code VARCHAR(50)"),
                    ("orders", "customer_name VARCHAR(255)")):
                shop.sql("us", f"ALTER TABLE {table} MODIFY {column} {OTHER} "
                         f"NOT NULL, DEFAULT CHARACTER SET utf8mb4 {OTHER}")
            assert int(shop.value("us", wrong)) == 4
            shop.sql("us", mend)
            assert int(shop.value("us", wrong)) == 0
            load.wait_for(40, served=True)
    tell("us", statuses(load.of("us")))
    tell("us", accounts.check(shop, load.of("us"), groups[0].skus))
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


def all_waiting(shop, order_id, *jobs, in_turn=True):
    """Runs the jobs, which change one order. Nobody goes on before all have
    read it, and wait (in this order) to change it. What each has returned.
    None if somebody has waited for longer than a second, as it happens on a
    slow machine, and was told to come again."""
    with Locked(shop, ("us", "orders", order_id)) as locked:
        running = []
        for job in jobs:
            running.append(Later(job))
            if in_turn:
                locked.wait_for_some("us", len(running), running)
        locked.wait_for_some("us", len(running), running)
    answers = [r.wait() for r in running]
    return None if any(map(busy, answers)) else answers


def busy(answer):
    """Of the service, or of ordermuxctl: told to come again."""
    if hasattr(answer, "status"):
        return answer.status == 503 and answer.json["error"] == "busy"
    return answer.returncode == 1 and "try again" in answer.stdout


def past(shop, order_id):
    """What an order has been, and the stock that came back of it."""
    states = shop.sql("us", "SELECT old_status, new_status FROM "
                      f"order_status_history WHERE order_id = {order_id} "
                      "ORDER BY id")
    stock = shop.sql("us", "SELECT sku_id, delta, reason FROM stock_movements "
                     f"WHERE order_id = {order_id} ORDER BY sku_id")
    return states, [(int(sku), int(n), why) for sku, n, why in stock]


def ship_first(shop, order_id, ship, cancel_it):
    return all_waiting(shop, order_id, ship, cancel_it)


def cancel_first(shop, order_id, ship, cancel_it):
    answers = all_waiting(shop, order_id, cancel_it, ship)
    return answers and answers[::-1]


def as_it_comes(shop, order_id, ship, cancel_it):
    def late():
        # About when the other program has come as far.
        time.sleep(random.uniform(0, 0.03))
        return cancel_it()

    return at_once([ship, late])


@pytest.mark.parametrize("how, rounds", [(ship_first, 8), (cancel_first, 8),
                                         (as_it_comes, 12)],
                         ids=["ship first", "cancel first", "as it comes"])
def test_an_order_that_is_cancelled_and_shipped_at_once_is_one_of_both(
        shop, tell, how, rounds):
    buyer, sku = shop.buyer("us"), shop.sku("us", stock=1000)
    ids = [buyer.ordered((sku, 3))["id"] for _ in range(rounds)]
    for word in ("confirm", "process"):
        for done in at_once([lambda i=i: shop.ctl("order", word, "us", str(i))
                             for i in ids], 4):
            assert done.returncode == 0, done.stdout
    won = collections.Counter()
    stock = shop.stock(sku)
    for i in ids:
        answers = how(
            shop, i, lambda: shop.ctl("order", "ship", "us", str(i)),
            lambda: cancel(buyer, i))
        if answers is None:
            stock = shop.stock(sku)
            continue
        shipped, cancelled = answers
        status = shop.value("us", f"SELECT status FROM orders WHERE id={i}")
        won[status] += 1
        assert (shipped.returncode, cancelled.status) == {
            "shipped": (0, 400), "cancelled": (3, 200)}[status], (
            shipped.stdout, cancelled)
        back = [(sku.id, 3, status)] if status == "cancelled" else []
        assert past(shop, i) == (
            [(None, "pending"), ("pending", "confirmed"),
             ("confirmed", "processing"), ("processing", status)], back)
        stock += sum(n for _, n, _ in back)
        assert shop.stock(sku) == stock
    tell(f"{rounds} times:", dict(won))
    assert won
    # Who waits for a row first has it first.
    if how != as_it_comes:
        assert won.keys() == {
            {ship_first: "shipped", cancel_first: "cancelled"}[how]}


@pytest.mark.parametrize("clients, rounds", [(2, 12), (WORKERS // 2, 6)])
def test_an_order_that_many_wait_to_cancel_gives_back_once(
        shop, tell, clients, rounds):
    """All have read that it can be cancelled. More than half of the workers
    may not wait. One customer may not come again when a quarter waits: so they
    come at once."""
    buyer = shop.buyer("us")
    skus = [shop.sku("us", stock=100) for _ in range(3)]
    told = 0
    for _ in range(rounds):
        i = buyer.ordered(*((s, 2) for s in skus))["id"]
        assert [shop.stock(s) for s in skus] == [98] * 3
        answers = all_waiting(shop, i, *[lambda: cancel(buyer, i)] * clients,
                              in_turn=False)
        told += answers is None
        if answers is None:
            skus = [shop.sku("us", stock=100) for _ in range(3)]
        else:
            check_cancelled_once(shop, i, skus, answers)
    tell(f"{rounds} times {clients} cancels that wait: 1 done,",
         f"{clients - 1} refused;", told, "times somebody waited too long")
    assert told < rounds


def check_cancelled_once(shop, order_id, skus, answers):
    """Of 2 pieces each, of 100."""
    assert tally(answers) == {200: 1, 400: len(answers) - 1}, answers
    assert past(shop, order_id) == (
        [(None, "pending"), ("pending", "cancelled")],
        [(s.id, 2, "cancelled") for s in skus])
    assert [shop.stock(s) for s in skus] == [100] * 3


def test_an_order_that_is_cancelled_many_times_at_once_gives_back_once(
        shop, tell):
    buyer = shop.buyer("us")
    skus = [shop.sku("us", stock=100) for _ in range(3)]
    seen = collections.Counter()
    for _ in range(10):
        i = buyer.ordered(*((s, 2) for s in skus))["id"]
        assert [shop.stock(s) for s in skus] == [98] * 3
        answers = at_once([lambda: cancel(buyer, i)] * 8)
        check_cancelled_once(shop, i, skus, answers)
        seen.update(tally(answers))
    tell(f"10 times 8 cancels: {seen[200]} done, {seen[400]} refused")


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

    with RepeatedJobs([lambda b=b: come_and_go(b) for b in buyers]) as load:
        load.wait_for(400)
        poll("orders and cancels", lambda: load.failures or min(
            seen["order", 200], seen["cancel", 200]) > 100)
    tell({" ".join(map(str, k)): n for k, n in sorted(seen.items())})
    for s in skus:
        kept = int(shop.value(
            "us", "SELECT COALESCE(SUM(quantity), 0) FROM order_items i "
            "JOIN orders o ON o.id = i.order_id "
            f"WHERE sku_id = {s.id} AND status = 'pending'"))
        assert shop.stock(s) == 30 - kept
