"""An order's life: cancelled once, or not at all; what it has been through."""
import contextlib
import json
import random
import re
import time

import pytest

from harness import (MARKETS, LogTail, at_once, locs, order, quote,
                     tally)

STATES = ("pending", "confirmed", "processing", "shipped", "delivered",
          "cancelled", "returned")
CANCELLABLE = STATES[:3]
PATHS = ("/orders/{}/cancel", "/profile/orders/{}/cancel")
FIELDS = {"status", "previous_status", "changed_by", "note", "created_at"}


@pytest.fixture(params=PATHS, ids=["orders", "profile"])
def path(request):
    return request.param


def cancel(buyer, oid, body=None, path=PATHS[0], headers=None):
    return buyer.post(body, path.format(oid), headers)


def status(shop, market, oid):
    return shop.value(market, f"SELECT status FROM orders WHERE id={oid}")


def events(buyer, oid):
    a = buyer.get(f"/orders/{oid}/events")
    assert a.status == 200, a
    assert set(a.json) == {"order_id", "order_number", "status", "events"}, a
    assert a.json["order_id"] == oid, a
    for e in a.json["events"]:
        assert set(e) == FIELDS, e
    return a.json["events"]


def history(shop, market, oid):
    return shop.sql(market, "SELECT old_status, new_status, changed_by, note "
                    "FROM order_status_history WHERE "
                    f"order_id={oid} ORDER BY id")


def movements(shop, market, oid):
    return [(int(sku), int(n), why, by) for sku, n, why, by in shop.sql(
        market, "SELECT sku_id, delta, reason, changed_by FROM "
        f"stock_movements WHERE order_id={oid} ORDER BY sku_id")]


def off_books(shop, *skus):
    """SKUs whose stock is not what the books say."""
    return [s for s in skus if shop.sql(
        s.market, "SELECT s.id FROM skus s WHERE s.id = "
        f"{s.id} AND s.stock <> (SELECT SUM(m.delta) FROM stock_movements m "
        "WHERE m.sku_id = s.id) - (SELECT COALESCE(SUM(i.quantity), 0) FROM "
        "order_items i WHERE i.sku_id = s.id)")]


def move(shop, market, oid, to, by="staff:ann", note=None):
    """As staff would, by SQL: state, time and history in one transaction."""
    shop.sql(market, "START TRANSACTION; INSERT INTO order_status_history "
             "(order_id, old_status, new_status, changed_by, note, created_at)"
             f" SELECT id, status, {quote(to)}, {quote(by)}, {quote(note)}, "
             f"UTC_TIMESTAMP(6) FROM orders WHERE id={oid}; UPDATE orders SET "
             f"status={quote(to)}, updated_at=UTC_TIMESTAMP(6) WHERE id={oid};"
             "COMMIT")


def walk(shop, market, oid, to):
    """Takes a pending order to a state by allowed moves."""
    way = {"cancelled": ["cancelled"],
           "returned": ["confirmed", "processing", "shipped", "returned"]}
    for state in way.get(to, STATES[1:STATES.index(to) + 1]):
        move(shop, market, oid, state)


def make_cancelled(shop, buyer, *lines):
    o = buyer.ordered(*lines)
    a = cancel(buyer, o["id"])
    assert a.status == 200, a
    return o


def check_cancelled(shop, market, oid, taken, note=None):
    """The order is cancelled, and everything about that is there once."""
    assert status(shop, market, oid) == "cancelled"
    rows = history(shop, market, oid)
    assert rows[0][:3] == (None, "pending", "customer"), rows
    assert [r for r in rows if r[1] == "cancelled"] == [
        (rows[-2][1], "cancelled", "customer", note)], rows
    assert movements(shop, market, oid) == sorted(
        (sku.id, n, "cancelled", "customer") for sku, n in taken)


# --------------------------------------------------------------- cancelling

def test_a_pending_order_is_cancelled_and_its_stock_comes_back(
        shop, market, path):
    buyer, log = shop.buyer(market), LogTail(shop)
    one, two = shop.sku(market, stock=10), shop.sku(market, stock=7)
    o = buyer.ordered((two, 3), (one, 10))
    assert (shop.stock(one), shop.stock(two)) == (0, 4)
    a = cancel(buyer, o["id"], path=path)
    assert a.status == 200, a
    assert a.json == {"success": True, "order_id": o["id"],
                      "message": "Order cancelled successfully",
                      "status": "cancelled"}
    assert (shop.stock(one), shop.stock(two)) == (10, 7)
    check_cancelled(shop, market, o["id"], [(one, 10), (two, 3)])
    assert not off_books(shop, one, two)
    line, = [l for l in log.about(a) if "Order cancelled" in l]
    assert f"Order cancelled: Order #{o['order_number']} for User " \
        f"ID={buyer.id}" in line and f"market={market}" in line, line
    assert len([l for l in log.about(a) if "Order cancelled" in l]) == 1
    now = buyer.get(f"/orders/{o['id']}").json
    assert now == {**o, "status": "cancelled",
                   "updated_at": now["updated_at"]}
    # Its pieces can be sold again.
    assert buyer.order((one, 10)).status == 200


@pytest.mark.parametrize("state", STATES)
def test_what_has_not_been_sent_can_be_cancelled_and_nothing_else(
        shop, us, path, state):
    sku = shop.sku("us", stock=10)
    oid = us.ordered((sku, 4))["id"]
    walk(shop, "us", oid, state)
    if state in CANCELLABLE:
        a = cancel(us, oid, path=path)
        assert a.status == 200 and a.json["status"] == "cancelled", a
        check_cancelled(shop, "us", oid, [(sku, 4)])
        assert shop.stock(sku) == 10
        return
    with shop.unchanged():
        a = cancel(us, oid, path=path)
    assert (a.status, a.json["error"]) == (400, "cannot_cancel"), a
    assert a.json["message"] == f"Cannot cancel order with status: {state}"


def test_an_order_of_a_hundred_lines_comes_back_whole(shop, us):
    skus = [shop.sku("us", stock=5) for _ in range(100)]
    lines = [(s, 1 + n % 5) for n, s in enumerate(skus)]
    random.Random(3).shuffle(lines)
    oid = us.ordered(*lines)["id"]
    assert cancel(us, oid).status == 200
    assert {shop.stock(s) for s in skus} == {5}
    check_cancelled(shop, "us", oid, lines)


def test_an_order_from_the_cart_is_cancelled_and_the_cart_stays_empty(
        shop, us):
    sku = shop.sku("us", stock=10)
    shop.put_in_cart(us, (sku, 2))
    o = us.ordered(items=...)
    assert cancel(us, o["id"]).status == 200
    assert shop.cart(us) == [] and shop.stock(sku) == 10


def test_a_sku_that_is_not_for_sale_any_more_gets_its_stock_back(shop, us):
    sku = shop.sku("us", stock=10)
    oid = us.ordered((sku, 3))["id"]
    shop.sql("us", f"UPDATE skus SET is_active=0 WHERE id={sku.id}")
    assert cancel(us, oid).status == 200
    assert shop.stock(sku) == 10


def test_an_order_of_a_sku_that_was_deleted_can_be_cancelled(shop, us):
    gone, there = shop.sku("us", stock=10), shop.sku("us", stock=10)
    log = LogTail(shop)
    oid = us.ordered((gone, 3), (there, 4))["id"]
    shop.sql("us", f"DELETE FROM skus WHERE id={gone.id}")
    a = cancel(us, oid)
    assert a.status == 200 and shop.stock(there) == 10, a
    check_cancelled(shop, "us", oid, [(gone, 3), (there, 4)])
    assert any("stock of a deleted SKU" in l for l in log.about(a)), \
        log.about(a)


def test_an_order_without_lines_can_be_cancelled(shop, us):
    oid = shop.order_row("us", us.id, lines=0)
    assert cancel(us, oid).status == 200
    assert status(shop, "us", oid) == "cancelled"
    assert movements(shop, "us", oid) == []
    shop.drop_order("us", oid)


def test_one_sku_on_two_lines_comes_back_in_one_movement(shop, us):
    sku = shop.sku("us", stock=10)
    oid = us.ordered((sku, 4))["id"]
    shop.sql("us", "INSERT INTO order_items SELECT order_id, 2, sku_id, "
             "product_name, sku_code, size, color, unit_price_minor, 1, "
             f"unit_price_minor FROM order_items WHERE order_id={oid}")
    shop.set_stock(sku, 5)
    assert cancel(us, oid).status == 200
    assert shop.stock(sku) == 10
    assert movements(shop, "us", oid) == [
        (sku.id, 5, "cancelled", "customer")]
    shop.sql("us", "UPDATE orders SET subtotal_minor=subtotal_minor*5/4, "
             "total_minor=subtotal_minor+shipping_minor+tax_minor "
             f"WHERE id={oid}")


@pytest.mark.parametrize("late", [0, 5])
def test_the_time_of_an_order_only_grows(shop, us, late):
    """Also when the clock was ahead on the host that wrote it last."""
    oid = us.ordered(shop.sku("us"))["id"]
    shop.sql("us", "UPDATE orders SET updated_at=UTC_TIMESTAMP(6) + INTERVAL "
             f"{late} DAY WHERE id={oid}")
    before = shop.value("us", f"SELECT updated_at FROM orders WHERE id={oid}")
    assert cancel(us, oid).status == 200
    after = shop.value("us", f"SELECT updated_at FROM orders WHERE id={oid}")
    assert after > before
    if late:
        assert shop.value("us", "SELECT TIMESTAMPDIFF(MICROSECOND, "
                          f"'{before}', '{after}')") == "1"
    assert shop.value("us", "SELECT created_at FROM order_status_history "
                      f"WHERE order_id={oid} AND new_status='cancelled'") == \
        after


# ------------------------------------------------------------------- reason

@pytest.mark.parametrize("body, note", [
    (None, None), (b"", None), ("null", None), ({}, None),
    ({"reason": None}, None), ({"reason": ""}, None),
    ({"reason": " \t\n\u3000"}, None), ({"reason": "too late"}, "too late"),
    ({"reason": "  too late\n"}, "too late"), ({"reason": "я" * 500},
                                               "я" * 500),
    ({"reason": " " * 600 + "x"}, "x"), ({"other": 1}, None),
    ({"reason": "'; DROP TABLE orders; --"}, "'; DROP TABLE orders; --")])
def test_a_reason_is_kept_as_the_note(shop, us, body, note):
    oid = us.ordered(shop.sku("us"))["id"]
    a = cancel(us, oid, body)
    assert a.status == 200, a
    assert history(shop, "us", oid)[-1] == (
        "pending", "cancelled", "customer", note)
    assert events(us, oid)[-1]["note"] == note


@pytest.mark.parametrize("body, where", [
    ({"reason": 5}, ["body", "reason"]), ({"reason": ["x"]},
                                          ["body", "reason"]),
    ({"reason": True}, ["body", "reason"]), ({"reason": {}},
                                             ["body", "reason"]),
    ({"reason": "x" * 501}, ["body", "reason"]),
    ({"reason": "a\ab"}, ["body", "reason"]), ([], ["body"]),
    ('"late"', ["body"]), ("7", ["body"])])
def test_a_reason_that_is_none_is_refused(shop, us, path, body, where):
    oid = us.ordered(shop.sku("us"))["id"]
    with shop.unchanged():
        a = cancel(us, oid, body, path)
    assert a.status == 422 and locs(a) == [where], a


@pytest.mark.parametrize("part", [
    {"items": [{"sku_id": 1, "quantity": 1}]}, {"items": []},
    {"items": [1]}, {"items": "all"}, {"item_ids": [100]},
    {"lines": [1]}, {"sku_id": 5}, {"quantity": 1}])
def test_a_part_of_an_order_cannot_be_cancelled_nor_the_whole_instead(
        shop, us, path, part):
    oid = us.ordered((shop.sku("us", stock=10), 2))["id"]
    with shop.unchanged():
        for body in (part, {"reason": "too large", **part}):
            a = cancel(us, oid, body, path)
            assert a.status == 422 and locs(a) == [["body", *part]], a
    a = cancel(us, oid, {"items": None, "anything": "else"}, path)
    assert a.status == 200, a


def test_a_body_that_is_no_json_is_refused(shop, us):
    oid = us.ordered(shop.sku("us"))["id"]
    with shop.unchanged():
        assert cancel(us, oid, "{").status == 400
        assert cancel(us, oid, b"reason=late", headers={
            "Content-Type": "application/x-www-form-urlencoded"}
            ).status == 415
        assert cancel(us, oid, {"reason": "x" * 70000}).status == 413


def test_all_that_is_wrong_is_told_at_once(us):
    a = cancel(us, "x", {"reason": 5})
    assert a.status == 422, a
    assert locs(a) == [["path", "order_id"], ["body", "reason"]], a


# ------------------------------------------------------------- whose it is

def test_an_order_of_somebody_else_is_not_found(shop, market, path):
    buyer, other = shop.buyer(market), shop.buyer(market)
    sku = shop.sku(market, stock=10)
    oid = buyer.ordered((sku, 2))["id"]
    with shop.unchanged():
        for who, what in ((other, oid), (buyer, 0), (buyer, -1),
                          (buyer, 2 ** 63 - 1)):
            a = cancel(who, what, path=path)
            assert a.status == 404, a
            assert a.json["message"] == "Order not found", a
            a = who.get(f"/orders/{what}/events")
            assert a.status == 404, a
            assert a.json["message"] == "Order not found", a


def test_twins_of_one_id_cancel_what_is_in_their_market(shop, path):
    twin = shop.user("us")
    shop.user("kg", twin)
    oid = shop.unused_order_id()
    for m in MARKETS:
        shop.order_row(m, twin, order_id=oid, lines=0)
    with shop.unchanged("kg"):
        assert cancel(shop.as_user("us", twin), oid,
                      path=path + "?market=kg").status == 200
    assert [status(shop, m, oid) for m in ("us", "kg")] == \
        ["cancelled", "pending"]
    kg = events(shop.as_user("kg", twin), oid)
    assert [e["status"] for e in kg] == ["pending"]
    for m in MARKETS:
        shop.drop_order(m, oid)


@pytest.mark.parametrize("method, route", [
    ("POST", PATHS[0]), ("POST", PATHS[1]), ("GET", "/orders/{}/events")])
def test_the_token_is_checked(shop, us, method, route):
    oid = us.ordered(shop.sku("us"))["id"]
    route = route.format(oid)
    with shop.unchanged():
        assert shop.request(method, route).status == 401
        a = shop.request(method, route, token=shop.token(1 << 40, "us"))
        assert (a.status, a.json["message"]) == (404, "User not found"), a
    old = shop.token(us.id, "us", iat=1_600_000_000)
    for change in ("tokens_valid_from='2025-01-01'",
                   "tokens_valid_from=NULL, is_active=0"):
        shop.sql("us", f"UPDATE users SET {change} WHERE id={us.id}")
        for headers in ({}, {"If-Match": '"x"'}, {"If-Match": "*"}):
            with shop.unchanged():
                a = shop.request(method, route, token=old, headers=headers)
            assert (a.status, a.json["message"]) == (401, "Invalid token"), a


@pytest.mark.parametrize("method, route", [
    ("GET", PATHS[0]), ("PUT", PATHS[0]), ("DELETE", PATHS[1]),
    ("GET", PATHS[1]), ("POST", "/orders/{}/events"),
    ("DELETE", "/orders/{}/events")])
def test_other_methods_are_not_allowed(shop, us, method, route):
    oid = us.ordered(shop.sku("us"))["id"]
    with shop.unchanged():
        a = us.request(method, route.format(oid))
    assert a.status == 405, a


@pytest.mark.parametrize("oid", ["x", "1.5", "1x", str(2 ** 63), "%20"])
def test_an_order_id_is_an_integer(us, path, oid):
    for a in (cancel(us, oid, path=path), us.get(f"/orders/{oid}/events")):
        assert a.status == 422 and locs(a) == [["path", "order_id"]], a


# --------------------------------------------------------------- only once

def test_an_order_is_cancelled_once(shop, us, path):
    sku = shop.sku("us", stock=10)
    oid = us.ordered((sku, 4))["id"]
    assert cancel(us, oid, {"reason": "first"}, path).status == 200
    with shop.unchanged():
        a = cancel(us, oid, {"reason": "second"}, path)
    assert a.status == 400, a
    assert a.json["message"] == "Cannot cancel order with status: cancelled"
    check_cancelled(shop, "us", oid, [(sku, 4)], "first")
    assert shop.stock(sku) == 10


def test_of_twenty_cancellings_at_once_one_is_made(shop, market):
    buyer = shop.buyer(market)
    one, two = shop.sku(market, stock=50), shop.sku(market, stock=50)
    for _ in range(5):
        oid = buyer.ordered((one, 3), (two, 5))["id"]
        answers = at_once([lambda n=n: cancel(buyer, oid,
                                              path=PATHS[n % 2])
                           for n in range(20)])
        assert tally(answers) == {200: 1, 400: 19}, tally(answers)
        for a in answers:
            assert a.status == 200 or a.json["message"] == \
                "Cannot cancel order with status: cancelled", a
        check_cancelled(shop, market, oid, [(one, 3), (two, 5)])
        assert (shop.stock(one), shop.stock(two)) == (50, 50)


def test_a_cancelling_and_a_move_by_staff_never_both_count(shop, us):
    """One of the two is first; the other finds what it left."""
    sku = shop.sku("us", stock=1000)
    ends = {"cancelled": 0, "shipped": 0}
    for n in range(30):
        oid = us.ordered((sku, 2))["id"]
        walk(shop, "us", oid, "processing")

        def ship():
            time.sleep(n % 6 / 2000)
            shop.sql("us", "START TRANSACTION; UPDATE orders SET status="
                     "'shipped', updated_at=UTC_TIMESTAMP(6) WHERE id="
                     f"{oid} AND status='processing'; INSERT INTO "
                     "order_status_history (order_id, old_status, new_status,"
                     " changed_by) SELECT id, 'processing', 'shipped', "
                     f"'staff:ann' FROM orders WHERE id={oid} AND "
                     "status='shipped'; COMMIT")

        a, _ = at_once([lambda: cancel(us, oid), ship])
        end = status(shop, "us", oid)
        ends[end] += 1
        rows = history(shop, "us", oid)
        assert [r[1] for r in rows] == list(CANCELLABLE) + [end], rows
        if end == "cancelled":
            assert a.status == 200, a
        else:
            assert a.status == 400, a
            assert a.json["message"] == \
                "Cannot cancel order with status: shipped", a
        assert movements(shop, "us", oid) == (
            [(sku.id, 2, "cancelled", "customer")] if end == "cancelled"
            else [])
    assert shop.stock(sku) == 1000 - 2 * ends["shipped"], ends
    assert not off_books(shop, sku)


@contextlib.contextmanager
def locked(shop, market, query):
    """A transaction of somebody else's that holds what the query locks."""
    other = type(shop.clients[market])(shop.socket(market),
                                       shop.database(market))
    try:
        other("START TRANSACTION")
        other(query)
        yield other
        other("COMMIT")
    finally:
        other.close()


def commit(shop, other):
    """Ends a transaction of the US database when somebody waits for it."""
    shop.wait_for_transactions("us", bool, "trx_state = 'LOCK WAIT'")
    other("COMMIT")


def test_a_cancelling_waits_for_a_move_and_sees_what_it_did(shop, us):
    """The order is read before the other commits, and changed after."""
    sku = shop.sku("us", stock=10)
    for to, expected in (("shipped", 400), ("processing", 200)):
        oid = us.ordered((sku, 2))["id"]
        walk(shop, "us", oid, "confirmed")
        with locked(shop, "us", f"UPDATE orders SET status='{to}', "
                    "updated_at=UTC_TIMESTAMP(6) WHERE id="
                    f"{oid}") as other:
            a, _ = at_once([lambda: cancel(us, oid),
                            lambda: commit(shop, other)])
        assert a.status == expected, a
        assert status(shop, "us", oid) == \
            ("cancelled" if expected == 200 else to)
        if expected == 200:
            assert history(shop, "us", oid)[-1][:2] == (to, "cancelled")
    assert shop.stock(sku) == 8


@pytest.mark.slow
def test_an_order_that_stays_locked_is_503_and_not_changed(shop, us):
    sku = shop.sku("us", stock=10)
    oid = us.ordered((sku, 2))["id"]
    with locked(shop, "us", f"SELECT id FROM orders WHERE id={oid} "
                "FOR UPDATE"):
        a = cancel(us, oid)
    assert (a.status, a.json["error"]) == (503, "busy"), a
    assert a.retry_after == 1, a
    assert status(shop, "us", oid) == "pending" and shop.stock(sku) == 8
    assert movements(shop, "us", oid) == []
    assert cancel(us, oid).status == 200 and shop.stock(sku) == 10


def test_an_order_that_was_reopened_by_hand_gives_nothing_back_twice(
        shop, us):
    sku = shop.sku("us", stock=10)
    oid = make_cancelled(shop, us, (sku, 4))["id"]
    for lost in ("order_id=0", f"order_id={oid} AND new_status='cancelled'"):
        shop.sql("us", f"UPDATE orders SET status='pending' WHERE id={oid}; "
                 f"DELETE FROM order_status_history WHERE {lost}")
        log = LogTail(shop)
        with shop.unchanged():
            a = cancel(us, oid)
        assert (a.status, a.json["error"]) == (400, "cannot_cancel"), a
        assert any("status that it had left" in l for l in log.about(a))
    assert shop.stock(sku) == 10
    shop.sql("us", f"UPDATE orders SET status='cancelled' WHERE id={oid}")


def test_orders_and_cancellings_of_the_same_skus_keep_the_stock_exact(shop):
    """Crosswise: what one takes in one order, another gives back in the
    other."""
    skus = [shop.sku("us", stock=10**6) for _ in range(5)]
    counts = {"ordered": 0, "cancelled": 0}

    def shopper(n):
        buyer, dice = shop.buyer("us"), random.Random(n)
        mine = {"ordered": 0, "cancelled": 0}
        kept = []
        for _ in range(40):
            lines = [(s, dice.randint(1, 4)) for s in dice.sample(skus, 4)]
            o = buyer.order(*(lines if n % 2 else lines[::-1]))
            assert o.status == 200, o
            mine["ordered"] += 1
            kept.append(o.json["id"])
            if dice.random() < 0.7:
                a = cancel(buyer, kept.pop(dice.randrange(len(kept))))
                assert a.status == 200, a
                mine["cancelled"] += 1
        return mine

    for mine in at_once([lambda n=n: shopper(n) for n in range(8)]):
        for name, n in mine.items():
            counts[name] += n
    assert not off_books(shop, *skus)
    for s in skus:
        live = int(shop.value("us", "SELECT COALESCE(SUM(i.quantity), 0) FROM"
                              " order_items i JOIN orders o ON o.id=i.order_id"
                              f" WHERE i.sku_id={s.id} AND "
                              "o.status='pending'"))
        assert shop.stock(s) == 10**6 - live


def test_the_last_piece_is_sold_again_as_soon_as_it_is_back(shop):
    """Many want one piece, who has it gives it back: never two at once."""
    sku = shop.sku("us", stock=1)
    sold = []

    def want():
        buyer = shop.buyer("us")
        for _ in range(12):
            a = buyer.order(sku)
            if a.status == 200:
                sold.append(a.json["id"])
                assert cancel(buyer, a.json["id"]).status == 200
            else:
                assert a.json["error"] == "out_of_stock", a

    at_once([want] * 6)
    assert shop.stock(sku) == 1 and len(sold) >= 6
    assert not off_books(shop, sku)


# ------------------------------------------------- orders that were made once

def test_a_key_replays_an_order_that_was_cancelled_since(shop, us):
    sku = shop.sku("us", stock=10)
    body, key = order("us", (sku, 2)), {"Idempotency-Key": "basket-1"}
    o = us.post(body, headers=key).json
    assert cancel(us, o["id"]).status == 200
    with shop.unchanged():
        a = us.post(body, headers=key)
    assert a.status == 200, a
    assert a.headers["Idempotent-Replayed"] == "true"
    assert (a.json["id"], a.json["status"]) == (o["id"], "cancelled"), a
    assert a.headers["ETag"] == us.get(f"/orders/{o['id']}").headers["ETag"]


def test_the_same_may_be_ordered_anew_after_a_cancelling(shop, us):
    """Without a key: the duplicate window is for clicks, not for minds."""
    sku = shop.sku("us", stock=10)
    body = order("us", (sku, 2))
    first = us.post(body).json
    assert us.post(body).json["id"] == first["id"]
    assert cancel(us, first["id"]).status == 200
    second = us.post(body).json
    assert second["id"] != first["id"] and second["status"] == "pending"
    with shop.unchanged():
        assert us.post(body).json["id"] == second["id"]
    assert shop.stock(sku) == 8


def test_a_cart_that_was_ordered_and_cancelled_is_an_empty_cart(shop, us):
    shop.put_in_cart(us, (shop.sku("us", stock=10), 2))
    body = order("us", items=...)
    first = us.post(body)
    assert first.status == 200, first
    assert cancel(us, first.json["id"]).status == 200
    for headers in ({}, {"Idempotency-Key": "another"}):
        with shop.unchanged("us"):
            a = us.post(body, headers=headers)
        assert (a.status, a.json["error"]) == (400, "cart_empty"), a


def test_a_key_shows_the_order_of_a_cart_that_was_cancelled_since(shop, us):
    shop.put_in_cart(us, (shop.sku("us", stock=10), 2))
    body, headers = order("us", items=...), {"Idempotency-Key": "k"}
    first = us.post(body, headers=headers)
    assert cancel(us, first.json["id"]).status == 200
    again = us.post(body, headers=headers)
    assert again.status == 200 and again.json["id"] == first.json["id"], again
    assert again.json["status"] == "cancelled", again
    assert again.headers["Idempotent-Replayed"] == "true", again


def test_orders_are_counted_by_the_state_they_are_in(shop, us):
    sku = shop.sku("us")
    gone = make_cancelled(shop, us, sku)["id"]
    kept = us.ordered(sku)["id"]
    for state, oid in (("cancelled", gone), ("pending", kept)):
        assert [o["id"] for o in us.list(f"?status_filter={state}")] == [oid]
        a = us.get(f"/profile/orders?status_filter={state}")
        assert [o["id"] for o in a.json["orders"]] == [oid], a


# ------------------------------------------------------------------- events

def test_a_new_order_has_its_start(shop, market):
    buyer = shop.buyer(market)
    o = buyer.ordered(shop.sku(market))
    assert events(buyer, o["id"]) == [
        {"status": "pending", "previous_status": None,
         "changed_by": "customer", "note": None,
         "created_at": o["created_at"]}]


def test_events_are_told_oldest_first(shop, us):
    o = us.ordered(shop.sku("us"))
    walk(shop, "us", o["id"], "delivered")
    move(shop, "us", o["id"], "returned", note="wrong size")
    a = us.get(f"/orders/{o['id']}/events")
    assert a.json["order_number"] == o["order_number"]
    assert a.json["status"] == "returned"
    way = STATES[:5] + ("returned",)
    assert [(e["previous_status"], e["status"]) for e in a.json["events"]] \
        == list(zip((None,) + way, way))
    assert a.json["events"][-1]["note"] == "wrong size"
    times = [e["created_at"] for e in a.json["events"]]
    assert times == sorted(times) and None not in times


@pytest.mark.parametrize("by, shown", [
    ("customer", "customer"), ("staff:ann", "staff"), ("staff:", "staff"),
    ("staff:customer", "staff"), ("system", "system"), ("", "system"),
    ("ann", "system"), ("staff", "system"), ("customer:7", "system"),
    ("Customer", "system"), ("reconcile", "system")])
def test_no_name_of_staff_is_told(shop, us, by, shown):
    oid = us.ordered(shop.sku("us"))["id"]
    move(shop, "us", oid, "confirmed", by)
    a = us.get(f"/orders/{oid}/events")
    assert a.json["events"][-1]["changed_by"] == shown, a
    assert b"ann" not in a.body


def test_the_start_comes_first_whatever_the_clocks_said(shop, us):
    oid = us.ordered(shop.sku("us"))["id"]
    shop.sql("us", "UPDATE order_status_history SET created_at="
             f"UTC_TIMESTAMP(6) + INTERVAL 1 DAY WHERE order_id={oid}")
    assert cancel(us, oid).status == 200
    assert [e["status"] for e in events(us, oid)] == ["pending", "cancelled"]


def test_an_order_without_a_history_has_no_events(shop, us):
    oid = us.ordered(shop.sku("us"))["id"]
    shop.sql("us", f"DELETE FROM order_status_history WHERE order_id={oid}")
    assert events(us, oid) == []


# ------------------------------------------------------------ If-None-Match

READS = ("/orders/{}", "/profile/orders/{}", "/orders/{}/events")


@pytest.mark.parametrize("read", READS)
def test_a_read_has_a_strong_etag_that_changes_with_the_order(shop, us, read):
    made = us.order(shop.sku("us"))
    oid = made.json["id"]
    first = us.get(read.format(oid))
    tag = first.headers["ETag"]
    assert re.fullmatch(r'"pending-\d+"', tag), tag
    assert made.headers["ETag"] == tag
    cancelled = cancel(us, oid)
    assert re.fullmatch(r'"cancelled-\d+"', cancelled.headers["ETag"])
    assert us.get(read.format(oid)).headers["ETag"] == \
        cancelled.headers["ETag"]


@pytest.mark.parametrize("read", READS)
def test_what_a_client_has_is_not_sent_again(shop, us, read):
    oid = us.ordered(shop.sku("us"))["id"]
    read = read.format(oid)
    full = us.get(read)
    tag = full.headers["ETag"]
    for list_ in (tag, "W/" + tag, "*", f'"a", {tag}', f'{tag},"b"'):
        a = us.get(read, {"If-None-Match": list_})
        assert a.status == 304 and a.body == b"", (list_, a)
        assert a.headers["ETag"] == tag and a.request_id
        assert "no-store" in a.headers["Cache-Control"]
        assert "Authorization" in a.headers["Vary"]
    for list_ in ('"a"', tag[:-2] + '"', tag.strip('"'), "", "x, y"):
        a = us.get(read, {"If-None-Match": list_})
        assert a.status == 200 and a.body == full.body, (list_, a)
    a = us.request("HEAD", read, headers={"If-None-Match": tag})
    assert a.status == 304, a
    assert cancel(us, oid).status == 200
    assert us.get(read, {"If-None-Match": tag}).status == 200


@pytest.mark.parametrize("read", READS)
def test_a_tag_opens_nothing(shop, us, read):
    """Who may not read the order is not told either that it is the same."""
    oid = us.ordered(shop.sku("us"))["id"]
    for list_ in ("*", us.get(f"/orders/{oid}").headers["ETag"]):
        a = shop.buyer("us").get(read.format(oid), {"If-None-Match": list_})
        assert a.status == 404 and "ETag" not in a.headers, a


def test_a_tag_stays_strong_when_the_client_takes_gzip(shop, us):
    """nginx makes the tag of what it compresses a weak one, which If-Match
    does not take."""
    skus, gzip = [shop.sku("us") for _ in range(20)], {
        "Accept-Encoding": "gzip"}
    for path in ("/orders/create", "/orders", "/orders/"):
        made = us.post(order("us", *skus), path, gzip)
        answers = [made] + [us.get(read.format(made.json["id"]), gzip)
                            for read in READS]
        assert len(made.body) > 2000 and len(answers[1].body) > 2000
        assert len({a.headers["ETag"] for a in answers}) == 1, answers
        assert made.headers["ETag"].startswith('"pending-')
    assert us.get("/orders", gzip).headers["Content-Encoding"] == "gzip"
    oid = made.json["id"]
    a = cancel(us, oid, headers={"If-Match": answers[1].headers["ETag"],
                                 "Accept-Encoding": "gzip"})
    assert a.status == 200, a


# ----------------------------------------------------------------- If-Match

def test_a_cancelling_of_what_was_seen_is_made(shop, us, path):
    sku = shop.sku("us", stock=10)
    for list_ in ("{}", '"a", {}', "*", 'W/"b", {} '):
        o = us.order((sku, 2))
        oid, tag = o.json["id"], o.headers["ETag"]
        log = LogTail(shop)
        a = cancel(us, oid, path=path,
                   headers={"If-Match": list_.format(tag)})
        assert a.status == 200, (list_, a)
        check_cancelled(shop, "us", oid, [(sku, 2)])
        assert len([l for l in log.about(a) if "Order cancelled" in l]) == 1
    assert shop.stock(sku) == 10


@pytest.mark.parametrize("list_", [
    '"a"', "W/{}", '"a", W/{}', '""', '"pending-1"'])
def test_a_cancelling_of_something_else_is_412(shop, us, path, list_):
    o = us.order(shop.sku("us"))
    with shop.unchanged():
        a = cancel(us, o.json["id"], path=path, headers={
            "If-Match": list_.format(o.headers["ETag"])})
    assert (a.status, a.json["error"]) == (412, "precondition_failed"), a


def test_a_weak_tag_is_told_so_and_not_that_the_order_has_changed(
        shop, us, path):
    o = us.order(shop.sku("us"))
    tag = o.headers["ETag"]
    with shop.unchanged():
        weak, other = (cancel(us, o.json["id"], path=path, headers={
            "If-Match": list_}) for list_ in (f'"a", W/{tag}', 'W/"a"'))
    for a in (weak, other):
        assert (a.status, a.json["error"]) == (412, "precondition_failed"), a
    assert "weak" in weak.json["message"], weak
    assert "has changed" not in weak.json["message"], weak
    assert "weak" not in other.json["message"], other


@pytest.mark.parametrize("list_", [
    "", " ", "pending-1", '"a', 'a"', '"a" "b"', '*, "a"', '"a", *', "W/*",
    "'a'", ","])
def test_a_malformed_if_match_is_400(shop, us, path, list_):
    oid = us.ordered(shop.sku("us"))["id"]
    with shop.unchanged():
        a = cancel(us, oid, path=path, headers={"If-Match": list_})
    assert (a.status, a.json["error"]) == (400, "bad_request"), a
    assert "If-Match" in a.json["message"], a


@pytest.mark.parametrize("state", ["confirmed", "shipped", "cancelled"])
def test_a_tag_from_before_a_move_is_412_whatever_came_of_it(
        shop, us, state):
    o = us.order(shop.sku("us"))
    oid, old = o.json["id"], {"If-Match": o.headers["ETag"]}
    walk(shop, "us", oid, state)
    with shop.unchanged():
        assert cancel(us, oid, headers=old).status == 412
    new = {"If-Match": us.get(f"/orders/{oid}").headers["ETag"]}
    a = cancel(us, oid, headers=new)
    assert a.status == (200 if state == "confirmed" else 400), a


def test_a_tag_of_the_same_state_at_another_time_is_412(shop, us):
    """Something else of the order was changed, and its time with it."""
    o = us.order(shop.sku("us"))
    oid = o.json["id"]
    shop.sql("us", "UPDATE orders SET updated_at=updated_at + INTERVAL 1 "
             f"MICROSECOND WHERE id={oid}")
    a = cancel(us, oid, headers={"If-Match": o.headers["ETag"]})
    assert a.status == 412, a


def test_an_order_that_is_not_there_is_404_whatever_is_matched(shop, us):
    oid = shop.buyer("us").ordered(shop.sku("us"))["id"]
    for list_ in ("*", '"a"'):
        with shop.unchanged():
            a = cancel(us, oid, headers={"If-Match": list_})
        assert a.status == 404, a


def test_a_move_between_the_look_and_the_cancelling_is_412(shop, us):
    """The tag still was the order's when it was compared."""
    o = us.order(shop.sku("us"))
    oid = o.json["id"]
    with locked(shop, "us", "UPDATE orders SET status='confirmed', "
                f"updated_at=UTC_TIMESTAMP(6) WHERE id={oid}") as other:
        a, _ = at_once([lambda: cancel(us, oid, headers={
            "If-Match": o.headers["ETag"]}), lambda: commit(shop, other)])
    assert a.status == 412, a
    assert status(shop, "us", oid) == "confirmed"


def test_of_two_who_saw_the_same_one_cancels_and_the_other_is_told(shop, us):
    for _ in range(5):
        o = us.order(shop.sku("us"))
        answers = at_once([lambda: cancel(us, o.json["id"], headers={
            "If-Match": o.headers["ETag"]})] * 6)
        assert tally(answers) == {200: 1, 412: 5}, tally(answers)


def test_a_precondition_can_be_told_as_a_problem(shop, us):
    oid = us.ordered(shop.sku("us"))["id"]
    a = cancel(us, oid, headers={"If-Match": '"a"',
                                 "Accept": "application/problem+json"})
    assert a.status == 412, a
    assert json.loads(a.body)["title"] == "Precondition Failed", a


# ------------------------------------------------------------ no connection

def test_a_cancelling_on_a_closed_connection_is_made_once(shop, us):
    sku = shop.sku("us", stock=100)
    orders = [us.ordered((sku, 3))["id"] for _ in range(16)]
    for i, in shop.sql("us", "SELECT id FROM information_schema.processlist "
                       "WHERE user = 'ordermux_us'"):
        with contextlib.suppress(AssertionError):
            shop.sql("us", f"KILL {i}")
    assert tally([cancel(us, oid) for oid in orders]) == {200: 16}
    assert shop.stock(sku) == 100 and not off_books(shop, sku)
