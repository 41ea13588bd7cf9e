"""Creating an order: from items or the cart, what it costs, what it takes."""
import datetime
import hashlib
import re
import struct
import zoneinfo

import pytest

from harness import (at_once, check_money, check_sums, order, tax_added,
                     tax_included)

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")
ZONES = {"kg": "Asia/Bishkek", "us": "America/New_York"}


# ------------------------------------------------------------ the answer

def test_an_order_has_all_fields_of_the_contract(shop, market):
    buyer = shop.buyer(market)
    o = buyer.ordered((shop.sku(market, title="Кофта O'Hara"), 2))
    assert set(o) >= {
        "id", "order_number", "status", "customer_name", "customer_phone",
        "delivery_address", "subtotal", "shipping_cost", "total_amount",
        "currency", "order_date", "items", "customer_email", "delivery_city",
        "delivery_notes", "payment_method", "tax_amount", "tax_included",
        "created_at", "updated_at", "user_id", "market"}, o
    assert set(o["items"][0]) >= {
        "id", "product_name", "sku_code", "size", "color", "unit_price",
        "quantity", "total_price"}, o
    assert isinstance(o["id"], int) and isinstance(o["user_id"], int), o
    for name in ("order_date", "created_at", "updated_at"):
        assert TIME.fullmatch(o[name]), o
    assert o["items"][0]["product_name"] == "Кофта O'Hara"
    check_sums(o)


def test_an_order_is_dated_now_in_utc(shop, us):
    before = datetime.datetime.now(datetime.timezone.utc)
    o = us.ordered(shop.sku("us"))
    after = datetime.datetime.now(datetime.timezone.utc)
    second = datetime.timedelta(seconds=1)
    for name in ("order_date", "created_at"):
        made = datetime.datetime.fromisoformat(o[name].replace("Z", "+00:00"))
        assert before - second <= made <= after + second, (before, o)


def test_an_order_number_has_the_markets_local_date(shop, market):
    def today():
        zone = zoneinfo.ZoneInfo(ZONES[market])
        return datetime.datetime.now(zone).strftime("%Y%m%d")

    buyer = shop.buyer(market)
    sku = shop.sku(market)
    before = today()
    numbers = [buyer.ordered(sku)["order_number"] for _ in range(5)]
    for number in numbers:
        assert re.fullmatch(r"MQ-\d{8}-[0-9A-Z]{5,}", number), number
        assert number[3:11] in (before, today()), number
    assert len(set(numbers)) == 5


def test_the_location_is_the_new_order(shop, us):
    a = us.order(shop.sku("us"))
    assert a.status == 200, a
    location = a.headers["Location"]
    path = f"/api/v1/orders/{a.json['id']}"
    assert re.fullmatch(rf"(http://127\.0\.0\.1:{shop.port})?{path}",
                        location), location
    assert us.get(path.removeprefix("/api/v1")).json == a.json
    assert "no-store" in a.headers["Cache-Control"], a


@pytest.mark.parametrize("path", ["/orders", "/orders/", "/orders/create",
                                  "/orders/create/"])
def test_every_path_of_create_makes_the_same_order(shop, us, path):
    sku = shop.sku("us", stock=5)
    a = us.post(order("us", (sku, 2)), path=path)
    assert a.status == 200, a
    check_sums(a.json)
    assert us.list() == [a.json]
    assert shop.stock(sku) == 3


# --------------------------------------------------------- items and cart

def test_lines_are_snapshots_of_what_was_bought(shop, us):
    skus = [shop.sku("us", price=p, size=s, color=c) for p, s, c in
            ((1, "XS", "Red"), (2499, "M", "Black"), (100000, "", ""))]
    o = us.ordered(*[(s, n) for n, s in enumerate(skus, 1)])
    lines = {l["sku_code"]: l for l in o["items"]}
    assert len(o["items"]) == 3
    for n, s in enumerate(skus, 1):
        line = lines[s.code]
        assert line["product_name"] == s.title and line["quantity"] == n
        assert (line["size"] or "", line["color"] or "") == (s.size, s.color)
        check_money(line["unit_price"], s.price)
        check_money(line["total_price"], s.price * n)
    for s in skus:
        shop.sql("us", f"UPDATE skus SET price_minor=1, sku_code='X{s.id}', "
                 f"is_active=0 WHERE id={s.id}")
        shop.sql("us", f"UPDATE products SET title='other' WHERE id={s.id}")
    assert us.get(f"/orders/{o['id']}").json == o


def test_a_line_has_the_id_that_its_place_gives_it(shop, us):
    o = us.ordered(*[shop.sku("us") for _ in range(3)])
    assert [l["id"] for l in o["items"]] == \
        [o["id"] * 100 + n for n in range(3)]


def test_the_same_sku_on_two_lines_is_one_line(shop, us):
    one, two = shop.sku("us", price=100, stock=10), shop.sku("us", stock=10)
    o = us.ordered((one, 3), (two, 1), (one, 4))
    assert sorted((l["sku_code"], l["quantity"]) for l in o["items"]) == \
        sorted([(one.code, 7), (two.code, 1)])
    assert (shop.stock(one), shop.stock(two)) == (3, 9)
    assert shop.sql("us", "SELECT sku_id, quantity FROM order_items WHERE "
                    f"order_id={o['id']} ORDER BY 1") == \
        [(str(one.id), "7"), (str(two.id), "1")]


def test_two_lines_of_one_sku_cannot_take_more_than_there_is(shop, us):
    sku = shop.sku("us", stock=5)
    with shop.unchanged():
        a = us.order((sku, 3), (sku, 3))
    assert a.status == 400, a
    assert a.json["shortages"] == [
        {"sku_id": sku.id, "requested": 6, "available": 5}], a


def test_merged_lines_over_a_hundred_are_refused_or_one_line(shop, us):
    sku = shop.sku("us", stock=500)
    a = us.order((sku, 60), (sku, 60))
    if a.status == 200:
        assert [l["quantity"] for l in a.json["items"]] == [120], a
    else:
        assert a.status == 422, a
        assert a.json["message"] == "Quantity cannot exceed 100", a
    assert shop.stock(sku) == (380 if a.status == 200 else 500)


CART_FIELDS = [dict(items=...), dict(items=None), dict(items=[]),
               dict(items=..., use_cart=True), dict(items=[], use_cart=True)]


@pytest.mark.parametrize("fields", CART_FIELDS, ids=repr)
def test_without_items_the_cart_is_ordered_and_emptied(shop, market, fields):
    buyer, other = shop.buyer(market), shop.buyer(market)
    one = shop.sku(market, price=1250, stock=10)
    two = shop.sku(market, price=333, stock=10)
    shop.put_in_cart(buyer, (one, 2), (two, 3))
    shop.put_in_cart(other, (one, 1))
    o = buyer.ordered(**fields)
    assert sorted((l["sku_code"], l["quantity"]) for l in o["items"]) == \
        sorted([(one.code, 2), (two.code, 3)])
    check_sums(o)
    check_money(o["subtotal"], 2 * 1250 + 3 * 333)
    assert shop.cart(buyer) == [] and shop.cart(other) == [(one.id, 1)]
    assert (shop.stock(one), shop.stock(two)) == (8, 7)


@pytest.mark.parametrize("fields", [{}, dict(use_cart=True),
                                    dict(use_cart=False)], ids=repr)
def test_items_are_ordered_and_the_cart_is_left_alone(shop, us, fields):
    bought, kept = shop.sku("us", stock=10), shop.sku("us", stock=10)
    shop.put_in_cart(us, (kept, 2), (bought, 5))
    o = us.ordered((bought, 1), **fields)
    assert [(l["sku_code"], l["quantity"]) for l in o["items"]] == \
        [(bought.code, 1)]
    assert shop.cart(us) == sorted([(kept.id, 2), (bought.id, 5)])
    assert (shop.stock(bought), shop.stock(kept)) == (9, 10)


@pytest.mark.parametrize("items", [..., None, []], ids=repr)
def test_neither_items_nor_the_cart_is_nothing_to_order(shop, us, items):
    shop.put_in_cart(us, (shop.sku("us"), 1))
    with shop.unchanged():
        a = us.order(items=items, use_cart=False)
    assert a.status == 400, a
    assert a.json["message"] == \
        "No items to order. Please add items to cart or provide items.", a


def test_an_empty_cart_is_no_order(shop, us):
    shop.put_in_cart(shop.buyer("us"), (shop.sku("us"), 1))
    with shop.unchanged():
        a = us.order(items=...)
    assert a.status == 400, a
    assert a.json["message"] == "Your cart is empty", a


def test_a_cart_that_cannot_be_ordered_stays_as_it_is(shop, us):
    good, gone = shop.sku("us", stock=5), shop.sku("us", stock=0)
    shop.put_in_cart(us, (good, 1), (gone, 1))
    with shop.unchanged():
        a = us.order(items=...)
    assert a.status == 400, a
    assert a.json["shortages"] == [
        {"sku_id": gone.id, "requested": 1, "available": 0}], a


def test_a_full_cart_of_a_hundred_lines_is_an_order(shop, us):
    skus = [shop.sku("us", price=100) for _ in range(100)]
    shop.put_in_cart(us, *[(s, 1) for s in skus])
    assert len(us.ordered(items=...)["items"]) == 100
    assert shop.cart(us) == []


def test_a_cart_of_more_than_a_hundred_lines_is_refused_and_kept(shop, us):
    shop.put_in_cart(us, *[(shop.sku("us"), 1) for _ in range(101)])
    with shop.unchanged():
        a = us.order(items=...)
    assert a.status in (400, 422), a


# ----------------------------------------------------------------- money

SHIPPING = [     # market, subtotal, city, what shipping costs
    ("us", 9999, None, 999), ("us", 10000, None, 0), ("us", 10001, None, 0),
    ("us", 9999, "", 999), ("us", 100, "Chicago", 999),
    ("us", 10000, "Nowhere at all", 0), ("us", 100, "Continental US", 999),
    ("us", 100, "Anchorage", 1999), ("us", 10000, "Anchorage", 1999),
    ("us", 100000, "Alaska", 1999), ("us", 100, "aLaSkA", 1999),
    ("us", 100, "honolulu", 1999), ("us", 100, "  Hilo ", 1999),
    ("us", 100, "San Juan", 1999), ("us", 100, "Bayamón", 1999),
    ("us", 100, "BAYAMÓN", 1999), ("us", 20000, "Puerto Rico", 1999),
    ("kg", 499999, None, 15000), ("kg", 500000, None, 0),
    ("kg", 500001, "Ош", 0), ("kg", 100, "Бишкек", 15000),
    ("kg", 100, "БИШКЕК", 15000), ("kg", 100, "Anchorage", 15000),
]


@pytest.mark.parametrize("market_name, subtotal, city, shipping", SHIPPING)
def test_the_city_and_the_subtotal_decide_the_shipping(
        shop, market_name, subtotal, city, shipping):
    o = shop.buyer(market_name).ordered(
        shop.sku(market_name, price=subtotal), delivery_city=city)
    check_money(o["subtotal"], subtotal)
    check_money(o["shipping_cost"], shipping)
    check_sums(o)


@pytest.mark.parametrize("lines", [
    [(1, 1)], [(6, 1)], [(7, 1)], [(2499, 2)], [(625, 1)], [(10, 5), (3, 7)],
    [(56, 1)], [(14, 1)], [(4, 1), (5, 1)], [(99, 99), (101, 100)],
    [(12345678901, 100)], [(0, 3)]], ids=repr)
def test_tax_is_rounded_half_up_once_on_the_whole_subtotal(
        shop, market, lines):
    o = shop.buyer(market).ordered(
        *[(shop.sku(market, price=price), n) for price, n in lines])
    subtotal = sum(price * n for price, n in lines)
    check_money(o["subtotal"], subtotal)
    if market == "us":
        tax, free = tax_added(subtotal, 8), subtotal >= 10000
        check_money(o["total_amount"], subtotal + tax + (0 if free else 999))
    else:
        tax, free = tax_included(subtotal, 12), subtotal >= 500000
        check_money(o["total_amount"], subtotal + (0 if free else 15000))
    check_money(o["tax_amount"], tax)
    assert o["tax_included"] is (market == "kg"), o
    row = shop.sql(market, "SELECT subtotal_minor, tax_minor, total_minor "
                   f"FROM orders WHERE id={o['id']}")[0]
    assert row[:2] == (str(subtotal), str(tax))
    check_money(o["total_amount"], int(row[2]))


def test_money_is_printed_exactly_also_where_floats_cannot(shop, us):
    sku = shop.sku("us", price=2**53 + 1)
    a = us.order(sku)
    assert a.status == 200, a
    assert re.search(rb'"subtotal":\s*90071992547409\.93[,}]', a.body), a
    check_sums(a.json)
    assert us.get(f"/orders/{a.json['id']}").json == a.json


def test_a_sum_beyond_all_numbers_is_refused(shop, us):
    skus = [shop.sku("us", price=90000000000000000) for _ in range(2)]
    with shop.unchanged():
        for a in (us.order((skus[0], 100)),          # its tax overflows
                  us.order((skus[0], 100), (skus[1], 100))):
            assert a.status in (400, 422), a


@pytest.mark.parametrize("market_name, said, stored", [
    ("kg", "cash", "cash_on_delivery"),
    ("kg", "cash_on_delivery", "cash_on_delivery"),
    ("kg", "bank_transfer", "bank_transfer"), ("kg", "card", "card"),
    ("us", "card", "card"), ("us", "google_pay", "google_pay"),
    ("us", "apple_pay", "apple_pay"), ("us", "paypal", "paypal")])
def test_a_payment_method_is_kept_by_its_own_name(
        shop, market_name, said, stored):
    buyer = shop.buyer(market_name)
    o = buyer.ordered(shop.sku(market_name), payment_method=said)
    assert o["payment_method"] == stored, o
    assert shop.value(market_name, "SELECT payment_method FROM orders "
                      f"WHERE id={o['id']}") == stored


# ----------------------------------------------------------------- stock

def test_the_stock_goes_down_by_what_was_sold_to_the_last_piece(shop, us):
    sku = shop.sku("us", stock=3)
    us.ordered((sku, 2))
    assert shop.stock(sku) == 1
    us.ordered((sku, 1))
    assert shop.stock(sku) == 0
    assert shop.count("us", "stock_movements",
                      f"sku_id={sku.id} AND reason <> 'initial'") == 0
    with shop.unchanged():
        assert us.order(sku).status == 400


def test_a_sold_out_sku_is_told_by_its_name(shop, us):
    sku = shop.sku("us", title="Night's Shirt", stock=0)
    with shop.unchanged():
        a = us.order(sku)
    assert a.status == 400 and a.json["error"] == "out_of_stock", a
    assert a.json["message"] == \
        "Product 'Night's Shirt' (size: M, color: Black) is out of stock", a
    assert a.json["shortages"] == [
        {"sku_id": sku.id, "requested": 1, "available": 0}], a


def test_too_little_stock_is_told_with_what_there_is(shop, us):
    sku = shop.sku("us", title="Рубашка", size="L", stock=9)
    with shop.unchanged():
        a = us.order((sku, 10))
    assert a.status == 400, a
    assert a.json["message"] == "Not enough stock for 'Рубашка' (size: L, " \
        "color: Black). Available: 9", a
    assert a.json["shortages"] == [
        {"sku_id": sku.id, "requested": 10, "available": 9}], a


@pytest.mark.parametrize("size, color", [("", ""), ("M", ""), ("", "Red")])
def test_a_shortage_of_a_sku_without_size_or_color_reads_well(
        shop, us, size, color):
    sku = shop.sku("us", title="Cup", size=size, color=color, stock=0)
    a = us.order(sku)
    message = a.json["message"]
    assert a.status == 400, a
    assert re.fullmatch(r"Product 'Cup'( \(.*\))? is out of stock", message)
    assert not re.search(r"None|null|\(\)|: ,|: \)|, \)", message), message


def test_all_shortages_come_at_once(shop, us):
    gone, low, good = (shop.sku("us", stock=n) for n in (0, 2, 50))
    with shop.unchanged():
        a = us.order((good, 1), (gone, 1), (low, 3))
    assert a.status == 400, a
    assert sorted(a.json["shortages"], key=lambda s: s["sku_id"]) == [
        {"sku_id": gone.id, "requested": 1, "available": 0},
        {"sku_id": low.id, "requested": 3, "available": 2}], a
    assert gone.title in a.json["message"] or \
        low.title in a.json["message"], a


def test_an_unknown_sku_is_404_by_its_id(shop, us):
    good, unknown = shop.sku("us"), next(shop.ids)
    for bad in (unknown, 2**62):
        with shop.unchanged():
            a = us.order((good, 1), (bad, 1))
        assert a.status == 404, a
        assert a.json["message"] == f"SKU with id {bad} not found", a


@pytest.mark.parametrize("which", ["active", "product_active"])
def test_an_inactive_sku_cannot_be_bought_nor_spied_on(shop, us, which):
    sku = shop.sku("us", stock=50, **{which: False})
    with shop.unchanged():
        a = us.order(sku)
    assert a.status == 404, a
    assert a.json["message"] == f"SKU with id {sku.id} not found", a


def test_an_inactive_sku_in_the_cart_stops_the_order(shop, us):
    sku = shop.sku("us", stock=50, active=False)
    shop.put_in_cart(us, (shop.sku("us"), 1), (sku, 1))
    with shop.unchanged():
        a = us.order(items=...)
    assert a.status in (400, 404), a


# ----------------------------------------------------------- idempotency

def key(value):
    return {"Idempotency-Key": value}


def replayed(answer):
    return answer.headers["Idempotent-Replayed"] == "true"


def test_the_same_key_and_body_is_the_first_order_again(shop, market):
    buyer, sku = shop.buyer(market), shop.sku(market, stock=10)
    body = order(market, (sku, 2))
    first = buyer.post(body, headers=key("k-1"))
    assert first.status == 200 and not replayed(first), first
    for path in ("/orders/create", "/orders", "/orders/create/"):
        with shop.unchanged():
            again = buyer.post(body, path, key("k-1"))
        assert again.status == 200 and replayed(again), again
        assert again.json == first.json
        assert again.headers["Location"] == first.headers["Location"]
    assert shop.stock(sku) == 8 and buyer.orders() == 1


def test_a_key_may_be_quoted_or_bare(shop, us):
    body = order("us", shop.sku("us"))
    first = us.post(body, headers=key('"a-key"'))
    again = us.post(body, headers=key("a-key"))
    assert first.status == again.status == 200, (first, again)
    assert replayed(again) and again.json == first.json, again


@pytest.mark.parametrize("value", [
    "k", "k" * 255, '"' + "k" * 255 + '"', "!#$%&'()*+,-./:;<=>?@[]^_`{|}~",
    "6f1e0f0c-5d0a-4a55-8b1e-5f7f0d5e0a11"])
def test_a_good_key_is_any_visible_ascii_up_to_255(shop, us, value):
    body = order("us", shop.sku("us"))
    first = us.post(body, headers=key(value))
    again = us.post(body, headers=key(value))
    assert first.status == again.status == 200, (first, again)
    assert replayed(again) and again.json == first.json, again


@pytest.mark.parametrize("value", [
    '""', "k" * 256, '"' + "k" * 256 + '"', "two words", "tab\tbed",
    "caf\xe9", "k\x7f", "k\x01"])
def test_a_bad_key_is_refused(shop, us, value):
    body = order("us", shop.sku("us"))
    with shop.unchanged():
        a = us.post(body, headers=key(value))
    assert a.status in (400, 422), a


def test_the_same_key_with_another_body_is_422(shop, us):
    sku = shop.sku("us", stock=10)
    body = order("us", (sku, 1))
    assert us.post(body, headers=key("k")).status == 200
    for change in (dict(items=[{"sku_id": sku.id, "quantity": 2}]),
                   dict(delivery_address="6 Other Street"),
                   dict(customer_name="Bob"), dict(payment_method="paypal"),
                   dict(delivery_city="Anchorage"), dict(items=None),
                   dict(customer_email="b@example.com")):
        with shop.unchanged():
            a = us.post({**body, **change}, headers=key("k"))
        assert a.status == 422, (change, a)
    assert shop.stock(sku) == 9


def test_other_keys_make_other_orders_of_one_body(shop, us):
    sku = shop.sku("us", stock=10)
    body = order("us", sku)
    ids = {us.post(body, headers=key(f"k{n}")).json["id"] for n in range(3)}
    assert len(ids) == 3 and us.orders() == 3 and shop.stock(sku) == 7


def test_keys_are_told_apart_by_case(shop, us):
    body = order("us", shop.sku("us"))
    one, two = (us.post(body, headers=key(k)) for k in ("Key", "key"))
    assert one.status == two.status == 200, (one, two)
    assert one.json["id"] != two.json["id"] and not replayed(two)


def test_a_key_is_the_users_own(shop, us):
    sku, other = shop.sku("us"), shop.buyer("us")
    body = order("us", sku)
    mine = us.post(body, headers=key("shared"))
    theirs = other.post(body, headers=key("shared"))
    assert theirs.status == 200 and not replayed(theirs), theirs
    assert theirs.json["user_id"] == other.id
    assert theirs.json["id"] != mine.json["id"]


def test_a_key_is_the_markets_own(shop):
    """One id in two markets is two people."""
    both = shop.user("us")
    shop.user("kg", both)
    sku = shop.sku("us")
    shop.insert("kg", "products", id=sku.id, title="Same id")
    shop.insert("kg", "skus", id=sku.id, product_id=sku.id,
                sku_code=sku.code, price_minor=100, stock=5)
    body = order("us", sku)
    us = shop.as_user("us", both).post(body, headers=key("k"))
    kg = shop.as_user("kg", both).post(body, headers=key("k"))
    assert us.status == kg.status == 200, (us, kg)
    assert not replayed(kg) and kg.json["currency"] == "KGS", kg


def test_a_replay_comes_also_when_the_stock_is_gone(shop, us):
    sku = shop.sku("us", stock=2)
    body = order("us", (sku, 2))
    first = us.post(body, headers=key("k"))
    assert first.status == 200 and shop.stock(sku) == 0
    shop.sql("us", f"UPDATE skus SET is_active=0 WHERE id={sku.id}")
    with shop.unchanged():
        again = us.post(body, headers=key("k"))
    assert again.json == first.json and replayed(again), again


@pytest.mark.parametrize("headers", [key("k"), {}], ids=["key", "no key"])
def test_a_replay_comes_also_when_the_cart_is_empty(shop, us, headers):
    shop.put_in_cart(us, (shop.sku("us"), 2))
    body = order("us", items=...)
    first = us.post(body, headers=headers)
    assert first.status == 200 and shop.cart(us) == [], first
    with shop.unchanged():
        again = us.post(body, headers=headers)
    assert again.status == 200 and again.json == first.json, again


def test_a_replay_shows_the_order_as_it_is_now(shop, us):
    body = order("us", shop.sku("us"))
    first = us.post(body, headers=key("k"))
    shop.sql("us", "UPDATE orders SET status='shipped' WHERE "
             f"id={first.json['id']}")
    again = us.post(body, headers=key("k"))
    assert again.status == 200 and again.json["id"] == first.json["id"]
    assert again.json["status"] in ("pending", "shipped"), again


def test_a_refused_order_does_not_use_its_key_up(shop, us):
    sku = shop.sku("us", stock=0)
    body = order("us", sku)
    assert us.post(body, headers=key("k")).status == 400
    shop.set_stock(sku, 1)
    a = us.post(body, headers=key("k"))
    assert a.status == 200 and not replayed(a), a
    assert shop.stock(sku) == 0 and us.orders() == 1


def test_the_same_key_at_once_is_one_order(shop, us):
    sku = shop.sku("us", stock=50)
    body = order("us", sku)
    answers = at_once([lambda: us.post(body, headers=key("k"))] * 20)
    assert {a.status for a in answers} == {200}, answers
    assert len({a.json["id"] for a in answers}) == 1
    assert sum(not replayed(a) for a in answers) == 1
    assert us.orders() == 1 and shop.stock(sku) == 49


def spellings(body):
    """The body, and other ways to write the same order."""
    lines = body["items"]
    yield body
    yield {**body, "items": lines[::-1]}
    yield {**body, "items": lines[1:] + lines[:1], "use_cart": True}
    yield {**body, "use_cart": False, "items": [
        {"sku_id": l["sku_id"], "quantity": 1}
        for l in lines for _ in range(l["quantity"])]}
    yield dict(reversed(body.items()))
    for empty in (None, "", "  ", "\u2003"):
        yield {**body, "customer_email": empty, "delivery_city": empty}
    yield {**body, "customer_phone": "+1 (312) 555-01.23",
           "customer_name": f" {body['customer_name']}\t",
           "payment_method": " CARD "}
    yield {**body, "items": [{k: str(v) for k, v in reversed(l.items())}
                             for l in lines], "unknown": 1}


@pytest.mark.parametrize("headers", [key("k"), {}], ids=["key", "no key"])
def test_the_same_order_written_in_another_way_is_the_first_order_again(
        shop, us, headers):
    skus = [shop.sku("us", stock=50) for _ in range(3)]
    body = order("us", (skus[2], 1), (skus[0], 2), (skus[1], 3))
    first = us.post(body, headers=headers)
    assert first.status == 200 and not replayed(first), first
    # Its lines are in the order in which they were asked for.
    assert [i["quantity"] for i in first.json["items"]] == [1, 2, 3]
    with shop.unchanged():
        for again in spellings(body):
            a = us.post(again, headers=headers)
            assert a.status == 200 and replayed(a), (again, a)
            assert a.json == first.json, (again, a)


def test_an_empty_text_is_kept_as_none(shop, us):
    o = us.ordered(shop.sku("us"), customer_email="", delivery_city=" ",
                   delivery_notes="")
    assert o["customer_email"] is o["delivery_city"] is None, o
    assert o["delivery_notes"] is None, o
    assert us.get(f"/orders/{o['id']}").json == o


def hash_before(body):
    """The hash of a request as it was before it had one form: of the lines
    and texts as they are written."""
    h = hashlib.blake2b(digest_size=16)
    for name in ("customer_name", "customer_phone", "customer_email",
                 "delivery_address", "delivery_city", "delivery_notes",
                 "payment_method"):
        text = body.get(name)
        data = b"" if text is None else text.encode()
        h.update(struct.pack("<q", -1 if text is None else len(data)) + data)
    h.update(bytes([not body["items"]]))
    for line in body["items"] or []:
        h.update(struct.pack("<qq", line["sku_id"], line["quantity"]))
    return h.hexdigest()


def test_a_key_of_an_order_from_before_an_upgrade_still_shows_it(shop, us):
    one, two = shop.sku("us", stock=10), shop.sku("us", stock=10)
    body = order("us", (two, 1), (one, 2), customer_email="",
                 customer_phone="+1 312 555 0123")
    first = us.post(body, headers=key("k"))
    assert first.status == 200, first
    shop.sql("us", f"UPDATE orders SET request_hash = X'{hash_before(body)}' "
             f"WHERE id = {first.json['id']}")
    with shop.unchanged():
        again = us.post(body, headers=key("k"))
        assert again.json == first.json and replayed(again), again
        a = us.post({**body, "customer_name": "Bob"}, headers=key("k"))
        assert a.json["error"] == "idempotency_key_reused", a
    # A request in its one form has the hash that it always had.
    plain = order("us", (one, 2), (two, 1))
    made = us.post(plain).json
    assert shop.value("us", "SELECT LOWER(HEX(request_hash)) FROM orders "
                      f"WHERE id = {made['id']}") == hash_before(plain)


# ------------------------------------------------------- duplicate window

def test_the_same_body_within_the_window_is_the_first_order_again(
        shop, market):
    buyer, sku = shop.buyer(market), shop.sku(market, stock=10)
    body = order(market, (sku, 3))
    first = buyer.post(body)
    with shop.unchanged():
        again = buyer.post(body)
    assert first.status == again.status == 200, (first, again)
    assert again.json == first.json and shop.stock(sku) == 7


def test_another_body_within_the_window_is_another_order(shop, us):
    sku = shop.sku("us", stock=10)
    body = order("us", (sku, 1))
    bodies = [body, {**body, "delivery_notes": "ring twice"},
              {**body, "items": [{"sku_id": sku.id, "quantity": 2}]},
              {**body, "payment_method": "paypal"},
              {**body, "delivery_address": "6 Main Street"}]
    ids = {us.post(b).json["id"] for b in bodies}
    assert len(ids) == 5 == us.orders() and shop.stock(sku) == 4


def test_the_same_body_of_another_user_is_another_order(shop, us):
    body = order("us", shop.sku("us"))
    other = shop.buyer("us")
    assert us.post(body).json["id"] != other.post(body).json["id"]
    assert us.orders() == other.orders() == 1


def test_the_same_body_at_once_without_a_key_is_one_order(shop, us):
    sku = shop.sku("us", stock=50)
    body = order("us", sku)
    answers = at_once([lambda: us.post(body)] * 20)
    assert {a.status for a in answers} == {200}, answers
    assert len({a.json["id"] for a in answers}) == 1
    assert us.orders() == 1 and shop.stock(sku) == 49


def test_a_refused_order_may_be_sent_again_within_the_window(shop, us):
    sku = shop.sku("us", stock=0)
    body = order("us", sku)
    assert us.post(body).status == 400
    shop.set_stock(sku, 1)
    assert us.post(body).status == 200
    assert us.orders() == 1
