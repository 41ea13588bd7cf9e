"""ordermuxctl reconcile: books that are right are found so, also under load,
and whatever is wrong in them is found and named.

A shop of its own: other tests change stock and orders by hand.
"""
import contextlib
import fcntl
import itertools
import os
import re
import shutil
import subprocess

import pytest

import harness
from harness import RepeatedJobs, reconcile
from instance import ini

# What a tampering may change. Triggers on the first write into the last.
TABLES = ("users", "skus", "orders", "order_items", "order_status_history",
          "stock_movements")
EMPTY = [f"DELETE FROM {t}" for t in TABLES]


@pytest.fixture(scope="module")
def shop():
    with harness.Shop.private("--workers", 4, "--servers", 1) as shop, \
            shop.patient():
        yield shop


@contextlib.contextmanager
def kept(shop, market):
    """Afterwards the tables are as they were."""
    shop.sql(market, "; ".join(
        ["SET foreign_key_checks = 0"] +
        [f"CREATE OR REPLACE TABLE kept_{t} AS SELECT * FROM {t}"
         for t in TABLES]))
    try:
        yield
    finally:
        shop.sql(market, "; ".join(
            EMPTY + [f"INSERT INTO {t} SELECT * FROM kept_{t}"
                     for t in TABLES[:4]] +
            EMPTY[4:] + [f"INSERT INTO {t} SELECT * FROM kept_{t}"
                         for t in TABLES[4:]] +
            [f"DROP TABLE kept_{t}" for t in TABLES] +
            ["SET foreign_key_checks = 1"]))


def wrong(said):
    """The checks that found something, by name."""
    return set(re.findall(r"(?m)^\w+: WRONG (\S+) ", said))


def move(shop, market, order_id, *states):
    for state in states:
        done = shop.ctl("order", "move", market, str(order_id), state)
        assert done.returncode == 0, done.stdout


def test_the_demo_data_are_clean(shop):
    said = reconcile(shop)
    for market in harness.MARKETS:
        assert f"{market}: right stock       96 SKUs: " in said


def test_what_was_counted_is_said(shop, market):
    buyer, sku = shop.buyer(market), shop.sku(market)
    orders, lines, steps = [shop.count(market, t) for t in
                            ("orders", "order_items", "order_status_history")]
    for _ in range(3):
        buyer.ordered((sku, 2), shop.sku(market))
    said = reconcile(shop, market)
    assert f"{market}: clean: {orders + 3} orders, {lines + 6} lines, " in said
    assert f", {steps + 3} steps, " in said
    other = {"us": "kg", "kg": "us"}[market]
    assert f"{other}:" not in said


def test_orders_in_every_state_are_clean(shop, market):
    buyer = shop.buyer(market)
    skus = [shop.sku(market) for _ in range(3)]
    lives = ([], ["cancelled"], ["confirmed"], ["confirmed", "cancelled"],
             ["confirmed", "processing", "cancelled"],
             ["confirmed", "processing", "shipped"],
             ["confirmed", "processing", "shipped", "returned"],
             ["confirmed", "processing", "shipped", "delivered"],
             ["confirmed", "processing", "shipped", "delivered", "returned"])
    for life in lives:
        o = buyer.ordered((skus[0], 2), skus[1], (skus[2], 3))
        move(shop, market, o["id"], *life)
    for _ in range(20):
        o = buyer.ordered(skus[0], (skus[1], 5))
        a = buyer.post(None, f"/orders/{o['id']}/cancel")
        assert a.status == 200, a
    for code, delta in ((skus[0].code, "+7"), (skus[1].code, "-4")):
        assert shop.ctl("stock", market, code, delta).returncode == 0
    reconcile(shop, market)


def bring_along(shop, buyer, sku_id, status):
    """An order of another system, of three pieces; its id."""
    order_id = shop.unused_order_id()
    shop.order_row("us", buyer.id, order_id, lines=0, status=status)
    shop.insert("us", "order_items", order_id=order_id, line_no=1,
                sku_id=sku_id, product_name="Shirt", sku_code="OLD",
                unit_price_minor=1000, quantity=3, total_minor=3000)
    shop.sql("us", "UPDATE orders SET subtotal_minor=3000, total_minor=3000 "
             f"WHERE id={order_id}")
    return order_id


@pytest.mark.parametrize("status, reason", [
    ("cancelled", "cancelled"), ("delivered", "brought along")])
@pytest.mark.parametrize("there", [True, False], ids=["a SKU", "no SKU"])
def test_an_order_that_was_brought_along_needs_its_movement(
        shop, us, status, reason, there):
    """As docs/reconcile.md says."""
    sku = shop.sku("us").id if there else next(shop.ids)
    order_id = bring_along(shop, us, sku, status)
    done = shop.ctl("reconcile", "us")
    assert done.returncode == 1 and "stock" in wrong(done.stdout), done.stdout
    shop.sql("us", "INSERT INTO stock_movements (sku_id, delta, reason, "
             f"order_id) VALUES ({sku}, 3, '{reason}', "
             f"{order_id if status == reason else 'NULL'})")
    reconcile(shop, "us")


@pytest.mark.parametrize("state", ["confirmed", "cancelled"])
def test_an_order_that_is_archived_leaves_its_movement(shop, us, state):
    """By the statements of docs/reconcile.md."""
    text = (harness.TREE / "docs/reconcile.md").read_text()
    block = re.search(r"(?s)START TRANSACTION;.*?COMMIT;", text)[0]
    oid = us.ordered((shop.sku("us"), 2), shop.sku("us"))["id"]
    move(shop, "us", oid, state)
    shop.sql("us", re.sub(r"= 7\b", f"= {oid}", block))
    assert shop.count("us", "orders", f"id = {oid}") == 0
    reconcile(shop, "us")


def test_goods_of_a_sku_that_was_deleted_are_written_off(shop, us):
    """So that the books are right also when it is there again."""
    gone, there = shop.sku("us", stock=10), shop.sku("us", stock=10)
    ids = [us.ordered((gone, 3), (there, 2))["id"] for _ in range(2)]
    shop.sql("us", f"DELETE FROM skus WHERE id = {gone.id}")
    reconcile(shop, "us")
    for oid in ids:
        move(shop, "us", oid, "cancelled")
    assert shop.stock(there) == 10
    assert shop.sql("us", "SELECT delta, note FROM stock_movements WHERE "
                    f"sku_id = {gone.id} AND reason = 'gone' ORDER BY id") == \
        [("-3", n) for n, in shop.sql("us", "SELECT order_number FROM orders "
                                      f"WHERE id IN ({ids[0]}, {ids[1]}) "
                                      "ORDER BY id")]
    reconcile(shop, "us")
    shop.insert("us", "skus", id=gone.id, product_id=gone.id,
                sku_code=gone.code, price_minor=100, stock=25)
    us.ordered((gone, 5))
    assert shop.stock(gone) == 20
    reconcile(shop, "us")


def test_a_sku_that_is_replaced_begins_anew(shop, us):
    sku = shop.sku("us", stock=10)
    us.ordered((sku, 3))
    shop.sql("us", "REPLACE INTO skus (id, product_id, sku_code, price_minor, "
             f"stock) VALUES ({sku.id}, {sku.id}, '{sku.code}', 100, 25)")
    us.ordered((sku, 5))
    assert shop.stock(sku) == 20
    reconcile(shop, "us")


# A database of schema 2, which kept no books: what 0003 adds is taken away.
BEFORE_THE_BOOKS = """
    DROP TRIGGER orders_start; DROP TRIGGER skus_initial;
    DROP TRIGGER skus_removed; ALTER TABLE orders DROP KEY status;
    ALTER TABLE order_status_history ADD KEY order_id (order_id),
        DROP KEY order_status;
    ALTER TABLE stock_movements DROP KEY order_sku, DROP COLUMN note,
        DROP COLUMN changed_by, MODIFY delta INT NOT NULL;
    DELETE FROM stock_movements WHERE reason <> 'adjusted';
    DELETE FROM order_status_history WHERE old_status IS NULL;
    DELETE FROM schema_version WHERE version >= 3"""


def test_a_database_from_before_the_books_is_clean_once_it_is_migrated(
        shop, books, us):
    """Also orders that were cancelled by hand, with a line in the history or
    without, the stock given back or not; and of SKUs that are gone."""
    sku, gone = shop.sku("us", stock=50), shop.sku("us", stock=50)
    a, b, c, d = [us.ordered((sku, n))["id"] for n in (1, 2, 3, 4)]
    e = us.ordered((gone, 5))["id"]
    us.ordered((gone, 6))
    for statement in BEFORE_THE_BOOKS.split(";"):
        shop.sql("us", statement)
    shop.sql("us", f"UPDATE orders SET status='cancelled' WHERE id IN "
             f"({b}, {c})")
    shop.sql("us", "INSERT INTO order_status_history (order_id, old_status, "
             f"new_status, changed_by) VALUES ({b}, 'pending', 'cancelled', "
             "'olga')")
    shop.sql("us", f"UPDATE orders SET status='shipped' WHERE id={d}")
    shop.sql("us", f"UPDATE orders SET status='cancelled' WHERE id={e}")
    shop.sql("us", f"DELETE FROM skus WHERE id={gone.id}")
    shop.sql("us", f"UPDATE skus SET stock = stock + 2 WHERE id={sku.id}")
    assert shop.stock(sku) == 42
    done = shop.ctl("migrate", "--sql", str(harness.TREE / "sql"), "us")
    assert done.returncode == 0, done.stdout
    reconcile(shop, "us")
    assert shop.stock(sku) == 42
    move(shop, "us", a, "cancelled")
    us.ordered((sku, 5))
    assert shop.stock(sku) == 38
    reconcile(shop, "us")
    shop.insert("us", "skus", id=gone.id, product_id=gone.id,
                sku_code=gone.code, price_minor=100, stock=25)
    reconcile(shop, "us")


def test_a_history_that_went_in_a_circle_is_migrated_and_named(
        shop, books, us):
    """The migration does not fail of it: that would be for good."""
    oid = us.ordered(shop.sku("us"))["id"]
    with kept(shop, "us"):
        shop.sql("us", "DELETE FROM order_status_history WHERE "
                 f"order_id={oid}; DELETE FROM schema_version WHERE "
                 "version >= 3; INSERT INTO order_status_history (order_id, "
                 "old_status, new_status, created_at) VALUES "
                 f"({oid}, 'pending', 'confirmed', '2026-01-01'), "
                 f"({oid}, 'confirmed', 'pending', '2026-01-02')")
        done = shop.ctl("migrate", "--sql", str(harness.TREE / "sql"), "us")
        assert done.returncode == 0, done.stdout
        assert wrong(shop.ctl("reconcile", "us").stdout) == {
            "moves", "starts", "times"}


# What is done to the books, which checks find it (and no others), and how the
# finding reads.
TAMPERINGS = {
    "a piece too much in stock": (
        "UPDATE skus SET stock = stock + 1 WHERE id = {sku}",
        {"stock"}, r"SKU SKU-{sku} \({sku}\): expected 982, found 983"),
    "a correction without its movement": (
        "DELETE FROM stock_movements WHERE sku_id = {sku} "
        "AND reason = 'adjusted'",
        {"stock"}, r"SKU SKU-{sku} \({sku}\): expected 992, found 982"),
    "a SKU without its beginning": (
        "DELETE FROM stock_movements WHERE sku_id = {other} "
        "AND reason = 'initial'",
        {"stock", "initial"}, r"SKU SKU-{other} \({other}\): "
        r'expected 1 movement "initial", found 0'),
    "a SKU that begins twice": (
        "INSERT INTO stock_movements (sku_id, delta, reason) "
        "VALUES ({sku}, 0, 'initial')",
        {"initial"}, r"\({sku}\): expected 1 movement \"initial\", found 2"),
    "a cancelled order whose goods did not come back": (
        "DELETE FROM stock_movements WHERE order_id = {cancelled}; "
        "UPDATE skus SET stock = stock - 3 WHERE id = {sku}; "
        "UPDATE skus SET stock = stock - 1 WHERE id = {other}",
        {"returns"}, r"order {cancelled_number} \({cancelled}\), SKU {sku}: "
        r"expected 3 back in stock, found no movement"),
    "a cancelled order of which more came back than went": (
        "UPDATE stock_movements SET delta = delta + 1 "
        "WHERE order_id = {cancelled} AND sku_id = {other}; "
        "UPDATE skus SET stock = stock + 1 WHERE id = {other}",
        {"returns"}, r"\({cancelled}\), SKU {other}: "
        r"expected 1 back in stock, found 2"),
    "an order that was cancelled by hand": (
        "UPDATE orders SET status = 'cancelled' WHERE id = {order}",
        {"returns", "states"}, r"\({order}\): expected state shipped, by its "
        r"history, found state cancelled"),
    "goods that came back of an order that keeps them": (
        "INSERT INTO stock_movements (sku_id, delta, reason, order_id) "
        "VALUES ({sku}, 2, 'cancelled', {order}); "
        "UPDATE skus SET stock = stock + 2 WHERE id = {sku}",
        {"movements"}, r"movement \d+ of order {order_number} \({order}\): "
        r"expected .*, found order shipped, reason cancelled, SKU {sku}"),
    "goods that did not come back, and a history that hides it": (
        "DELETE FROM order_status_history WHERE order_id = {pending}; "
        "INSERT INTO order_status_history (order_id, new_status) "
        "VALUES ({pending}, 'cancelled'); "
        "UPDATE orders SET status = 'cancelled' WHERE id = {pending}",
        {"returns"}, r"\({pending}\), SKU {sku}: "
        r"expected 6 back in stock, found no movement"),
    "goods that were sold of a SKU that never was": (
        "UPDATE order_items SET sku_id = 424242 WHERE order_id = {order} "
        "AND line_no = 1; UPDATE skus SET stock = stock + 2 WHERE id = {sku}",
        {"stock"}, r"SKU 424242, which is gone: expected -2, found 0"),
    "goods that came back for another reason": (
        "UPDATE stock_movements SET reason = 'returned' "
        "WHERE order_id = {cancelled}",
        {"movements"}, r"\({cancelled}\): expected .*, "
        r"found order cancelled, reason returned, SKU {sku}"),
    "goods that came back of an order that had none of them": (
        "INSERT INTO stock_movements (sku_id, delta, reason, order_id) "
        "VALUES ({third}, 1, 'cancelled', {cancelled}); "
        "UPDATE skus SET stock = stock + 1 WHERE id = {third}",
        {"movements"}, r"\({cancelled}\): expected .*, SKU {third}"),
    "an order without lines": (
        "DELETE FROM order_items WHERE order_id = {order}; "
        "UPDATE skus SET stock = stock + 2 WHERE id = {sku}; "
        "UPDATE skus SET stock = stock + 1 WHERE id = {other}",
        {"lines", "copies"}, r"order {order_number} \({order}\): expected .*, "
        r"found no line"),
    "an order with a gap in its lines": (
        "UPDATE order_items SET line_no = 3 WHERE order_id = {order} "
        "AND line_no = 2",
        {"lines", "copies"}, r"\({order}\): expected .*, found 2 lines, 1 to 3"),
    "an order with more lines than can be": (
        "INSERT INTO order_items (order_id, line_no, sku_id, product_name, "
        "sku_code, unit_price_minor, quantity, total_minor) SELECT "
        "order_id, seq, sku_id, '', '', 0, 1, 0 FROM order_items "
        "JOIN seq_3_to_101 WHERE order_id = {order} AND line_no = 1; "
        "UPDATE skus SET stock = stock - 99 WHERE id = {sku}",
        {"lines", "copies"}, r"\({order}\): expected .*, found 101 lines, 1 to 101"),
    "a text of the lines with another price": (
        "UPDATE orders SET lines_json = REPLACE(lines_json, "
        "'\"unit_price\":24.99', '\"unit_price\":24.98') WHERE id = {order}",
        {"copies"}, r"order {order_number} \({order}\), line 1: "
        r"expected 2 x SKU-{sku} at 24\.9900, Shirt {sku}, "
        r"found 2 x SKU-{sku} at 24\.9800, Shirt {sku}"),
    "a text of the lines with another name": (
        "UPDATE orders SET lines_json = REPLACE(lines_json, 'Shirt {other}', "
        "'shirt {other}') WHERE id = {order}",
        {"copies"}, r"\({order}\), line 2: expected .*, Shirt {other}, "
        r"found .*, shirt {other}"),
    "a text of the lines that lacks one": (
        "UPDATE orders SET lines_json = JSON_REMOVE(CONVERT(lines_json "
        "USING utf8mb4), '$[1]') WHERE id = {order}",
        {"copies"}, r"\({order}\): expected 2 lines, "
        r"found 1 lines in lines_json"),
    "a text of the lines that is none": (
        "UPDATE orders SET lines_json = LEFT(lines_json, 30) "
        "WHERE id = {order}",
        {"copies"}, r"\({order}\): expected 2 lines, "
        r"found no JSON in lines_json"),
    "a line that does not cost its price": (
        "UPDATE order_items SET total_minor = total_minor - 1, "
        "unit_price_minor = unit_price_minor WHERE order_id = {order} "
        "AND line_no = 1; UPDATE order_items SET total_minor = total_minor "
        "+ 1 WHERE order_id = {order} AND line_no = 2",
        {"line-totals", "copies"}, r"order {order_number} \({order}\), line 1: "
        r"expected 49\.98, found 49\.97"),
    "a line of more pieces than were paid": (
        "UPDATE order_items SET quantity = 3 WHERE order_id = {order} "
        "AND line_no = 1",
        {"line-totals", "stock", "copies"},
        r"\({order}\), line 1: expected 74\.97, found 49\.98"),
    "an order that is not the sum of its lines": (
        "UPDATE orders SET subtotal_minor = subtotal_minor + 1, "
        "total_minor = total_minor + 1 WHERE id = {order}",
        {"subtotals"},
        r"\({order}\): expected 74\.97, found 74\.98"),
    "a total that is not the sum of its parts": (
        "UPDATE orders SET total_minor = total_minor - 100 WHERE id = {order}",
        {"totals"}, r"\({order}\): expected (\d+\.\d\d), found \d+\.\d\d$"),
    "a total that forgets the tax": (
        "UPDATE orders SET tax_included = 1 - tax_included WHERE id = {order}",
        {"totals"}, r"\({order}\): expected \d+\.\d\d, found \d+\.\d\d$"),
    "a tax that is more than the total that it is in": (
        "UPDATE orders SET total_minor = subtotal_minor + shipping_minor, "
        "tax_included = 1, tax_minor = 10 * total_minor WHERE id = {order}",
        {"amounts"}, r"\({order}\): expected no more tax than the total"),
    "a delivery that is paid for": (
        "UPDATE orders SET total_minor = total_minor - shipping_minor - 1, "
        "shipping_minor = -1 WHERE id = {order}",
        {"amounts"}, r"\({order}\): expected no amount below 0, found -0\.01"),
    "a line with nothing in it": (
        "UPDATE order_items SET quantity = 0, total_minor = 0, "
        "unit_price_minor = 0 WHERE order_id = {order} AND line_no = 1",
        {"amounts", "subtotals", "stock", "copies"},
        r"\({order}\), line 1: expected .*, found a quantity of 0"),
    "a price that no sum can hold": (
        "UPDATE order_items SET unit_price_minor = -9223372036854775808, "
        "total_minor = 9223372036854775807 WHERE order_id = {order}",
        {"amounts", "line-totals", "subtotals", "copies"},
        r"\({order}\): expected 18446744073709551614, found 74\.97"),
    "another currency": (
        "UPDATE orders SET currency = 'EUR' WHERE id = {order}",
        {"currency"}, r"\({order}\): expected the market's currency, "
        r"found EUR"),
    "a history without its start": (
        "DELETE FROM order_status_history WHERE order_id = {order} "
        "AND old_status IS NULL",
        {"starts"}, r"\({order}\): expected 1 start, found 0"),
    "a history with two starts": (
        "INSERT INTO order_status_history (order_id, new_status) "
        "VALUES ({order}, 'returned')",
        {"starts", "states"}, r"\({order}\): expected 1 start, found 2"),
    "a move that the workflow does not know": (
        "UPDATE orders SET status = 'delivered' WHERE id = {pending}; "
        "INSERT INTO order_status_history (order_id, old_status, new_status, "
        "created_at) VALUES ({pending}, 'pending', 'delivered', "
        "UTC_TIMESTAMP(6) + INTERVAL 1 MINUTE)",
        {"moves"}, r"\({pending}\): expected a move of the workflow, "
        r"found pending -> delivered"),
    "a state that nobody has written down": (
        "UPDATE orders SET status = 'confirmed' WHERE id = {pending}",
        {"states"}, r"\({pending}\): expected state pending, by its history, "
        r"found state confirmed"),
    "a history with a gap": (
        "DELETE FROM order_status_history WHERE order_id = {order} "
        "AND new_status = 'confirmed'",
        {"states"}, r"\({order}\): expected state pending, by its history, "
        r"found state shipped"),
    "a history with a fork": (
        "INSERT INTO order_status_history (order_id, old_status, new_status, "
        "created_at) VALUES ({order}, 'confirmed', 'cancelled', "
        "UTC_TIMESTAMP(6) + INTERVAL 1 MINUTE)",
        {"states"}, r"\({order}\): expected state cancelled, by its history, "
        r"found state shipped"),
    "a step before the one that it follows": (
        "UPDATE order_status_history SET created_at = created_at "
        "- INTERVAL 1 HOUR WHERE order_id = {order} "
        "AND new_status = 'processing'",
        {"times"}, r"\({order}\): expected processing not before .*, found "),
    "an order of nobody": (
        "UPDATE orders SET user_id = 424242 WHERE id = {order}",
        {"owners"}, r"\({order}\): expected customer 424242, found nobody"),
    "an order that is gone": (
        "DELETE FROM orders WHERE id = {cancelled}",
        {"owners"}, r"line 1: expected order {cancelled}, found none"),
    "an order whose history alone is left": (
        "DELETE FROM orders WHERE id = {order}",
        {"owners"}, r"step \d+ of a history: expected order {order}, "
        r"found none"),
    "goods that came back of an order that there is not": (
        "INSERT INTO stock_movements (sku_id, delta, reason, order_id) "
        "VALUES ({sku}, 0, 'cancelled', 424242)",
        {"owners"}, r"movement \d+: expected order 424242, found none"),
}


@pytest.fixture(scope="module")
def books(shop):
    """An order that was shipped, a cancelled one, a new one, in each
    market."""
    found = {}
    for market in harness.MARKETS:
        buyer = shop.buyer(market)
        sku, other, third = (shop.sku(market) for _ in range(3))
        made = [buyer.ordered((sku, n), other) for n in (2, 3, 6)]
        shipped, cancelled, pending = made
        move(shop, market, shipped["id"], "confirmed", "processing", "shipped")
        move(shop, market, cancelled["id"], "cancelled")
        done = shop.ctl("stock", market, sku.code, "-10")
        assert done.returncode == 0, done.stdout
        found[market] = {
            "sku": sku.id, "other": other.id, "third": third.id,
            "order": shipped["id"], "order_number": shipped["order_number"],
            "cancelled": cancelled["id"], "pending": pending["id"],
            "cancelled_number": cancelled["order_number"]}
    return found


@pytest.mark.parametrize("tampering", TAMPERINGS.values(),
                         ids=[n.replace(" ", "-") for n in TAMPERINGS])
def test_tampering_is_found_and_named(shop, books, market, tampering):
    query, checks, finding = tampering
    reconcile(shop, market)
    with kept(shop, market):
        shop.sql(market, query.format(**books[market]))
        done = shop.ctl("reconcile")
    assert done.returncode == 1, done.stdout
    assert wrong(done.stdout) == checks, done.stdout
    pattern = re.sub(r"{(\w+)}", lambda m: str(books[market][m[1]]), finding)
    assert re.search(rf"(?m)^{market}:  .*{pattern}", done.stdout), done.stdout
    assert f"\n{market}: NOT CLEAN (findings: " in done.stdout
    other = {"us": "kg", "kg": "us"}[market]
    assert f"{other}: clean: " in done.stdout
    reconcile(shop, market)


def test_of_many_findings_twenty_are_shown_and_the_rest_counted(shop, us):
    sku = shop.sku("us")
    ids = [us.ordered(sku)["id"] for _ in range(25)]
    with kept(shop, "us"):
        shop.sql("us", "UPDATE orders SET currency = 'EUR' WHERE id IN "
                 f"({','.join(map(str, ids))})")
        done = shop.ctl("reconcile", "us")
    assert done.returncode == 1
    assert done.stdout.count("found EUR\n") == 20, done.stdout
    assert re.search(r"(?m)^us: +and 5 more$", done.stdout), done.stdout
    assert "us: NOT CLEAN (findings: 25, checks that are wrong: 1): " in \
        done.stdout


def test_a_text_in_the_books_cannot_write_to_the_terminal(shop):
    sku = shop.sku("us")
    with kept(shop, "us"):
        shop.sql("us", "UPDATE skus SET stock = 1, sku_code = "
                 f"CONCAT('A', CHAR(27), '[2J', CHAR(10)) WHERE id={sku.id}")
        done = shop.ctl("reconcile", "us")
    assert f"SKU A\\x1b[2J\\n ({sku.id}): expected 1000, found 1" in \
        done.stdout
    assert "\x1b" not in done.stdout


def test_a_database_of_another_market_is_not_read(shop):
    """And the other market is checked all the same."""
    shop.sql("kg", "UPDATE market_identity SET market = 'xx'")
    try:
        done = shop.ctl("reconcile")
        alone = shop.ctl("reconcile", "kg")
    finally:
        shop.sql("kg", "UPDATE market_identity SET market = 'kg'")
    assert done.returncode == 4 and alone.returncode == 4, done.stdout
    assert "THIS DATABASE BELONGS TO ANOTHER MARKET" in done.stdout
    assert "kg: COULD NOT BE READ\n" in done.stdout
    assert "us: clean: " in done.stdout


def test_a_database_that_is_away_leaves_the_others_to_be_checked(
        shop, tmp_path):
    copy = tmp_path / "etc"
    shutil.copytree(shop.conf.parent, copy)
    path = copy / "markets.d" / "kg.conf"
    path.write_text(ini.change(path.read_text(), {"socket": "/nonexistent"}))
    done = shop.ctl("-c", str(copy / "ordermux.conf"), "reconcile")
    assert done.returncode == 4, done.stdout
    assert "kg: COULD NOT BE READ\n" in done.stdout
    assert "us: clean: " in done.stdout


def test_books_that_are_wrong_count_for_more_than_ones_not_read(shop, books):
    shop.sql("kg", "UPDATE market_identity SET market = 'xx'")
    try:
        with kept(shop, "us"):
            shop.sql("us", "UPDATE orders SET currency = 'EUR' "
                     f"WHERE id = {books['us']['order']}")
            done = shop.ctl("reconcile")
    finally:
        shop.sql("kg", "UPDATE market_identity SET market = 'kg'")
    assert done.returncode == 1, done.stdout


def test_wrong_usage_is_told_from_wrong_books(shop):
    for args in (["--note", "x"], ["--limit", "3"]):
        done = shop.ctl("reconcile", *args)
        assert done.returncode == 2, done.stdout
        assert f"this command has no {args[0]}" in done.stdout
    done = shop.ctl("reconcile", "fr")
    assert done.returncode == 1
    assert 'there is no market "fr"' in done.stdout


def test_reconciling_writes_nothing_and_waits_for_nobody(shop, books):
    """A row that is locked is read as it was committed."""
    lock = harness.Sql(shop.socket("us"), shop.database("us"))
    with contextlib.closing(lock), shop.unchanged():
        lock(f"START TRANSACTION; UPDATE skus SET stock = 7 WHERE id = "
             f"{books['us']['sku']}; UPDATE orders SET currency = 'EUR'")
        reconcile(shop, "us")
        lock("ROLLBACK")


def connections(shop, market, where="1"):
    """Of the market's own account, by their numbers."""
    user = shop.value(market, "SELECT CURRENT_USER()").split("@")[0]
    return {i for i, in shop.sql(market, "SELECT id FROM information_schema."
                                 f"processlist WHERE user <> '{user}' "
                                 f"AND {where}")}


def test_what_is_committed_meanwhile_is_not_seen(shop, books):
    """It is held up by its first line, which nobody reads; then an order is
    changed that it has not looked at yet."""
    reader, writer = os.pipe()
    os.write(writer, b"\n" * fcntl.fcntl(reader, fcntl.F_GETPIPE_SZ))
    before = connections(shop, "us")
    with kept(shop, "us"), open(reader, encoding="utf-8") as said:
        run = subprocess.Popen([str(harness.BUILD / "ordermuxctl"), "-c",
                                str(shop.conf), "reconcile", "us"],
                               stdout=writer, stdin=subprocess.DEVNULL)
        os.close(writer)
        harness.poll("a run that waits", lambda: connections(
            shop, "us", "command = 'Sleep' AND time_ms > 500") - before)
        shop.sql("us", "UPDATE orders SET currency = 'EUR' "
                 f"WHERE id = {books['us']['order']}")
        assert "\nus: clean: " in said.read()
        assert run.wait(30) == 0
        assert wrong(shop.ctl("reconcile").stdout) == {"currency"}


def test_twenty_runs_while_orders_are_made_and_moved_are_all_clean(shop):
    skus = [shop.sku("us", stock=1_000_000) for _ in range(4)]
    buyers = [shop.buyer("us") for _ in range(3)]
    turn = itertools.count()

    def make(buyer):
        o = buyer.ordered(*((s, 2) for s in skus))
        if next(turn) % 3 == 0:
            a = buyer.post(None, f"/orders/{o['id']}/cancel")
            assert a.status == 200, a
        return o["id"]

    def correct():
        done = shop.ctl("stock", "us", skus[0].code, "-1")
        assert done.returncode == 0, done.stdout

    seen = set()
    jobs = [lambda b=b: make(b) for b in buyers] + [correct]
    with RepeatedJobs(jobs) as load:
        for _ in range(20):
            load.wait_for(4)
            # They may all have been corrections of the stock.
            harness.poll("another order", lambda: load.failures or shop.count(
                "us", "orders") > max(seen, default=0))
            said = reconcile(shop, "us")
            seen.add(int(re.search(r"us: clean: (\d+) orders", said)[1]))
    assert len(seen) == 20, "the load stood still"
