"""Bodies of POST /orders/create that are refused, and the last that are not.

After each refusal the databases are as before.
"""
import json
import socket

import pytest

from harness import ENVELOPE, LEAKS, check_error, locs, order

FIELDS = ("customer_name", "customer_phone", "customer_email",
          "delivery_address", "delivery_city", "delivery_notes",
          "payment_method", "items", "use_cart")
MISSING = ...
SHORT_ADDRESS = "Delivery address is too short"
BAD_PHONE = "Invalid phone number"
QUANTITY_LOW = "Quantity must be at least 1"
QUANTITY_HIGH = "Quantity cannot exceed 100"


def refused(shop, buyer, body, statuses=(422,), headers=None):
    """Answers the refusal of a body that may have had no effect."""
    with shop.unchanged():
        a = buyer.post(body, headers=headers)
    assert a.status in statuses, a
    return a


# field, value, the first msg (None: whatever it says)
BAD_FIELDS = [
    ("customer_name", MISSING, None),
    ("customer_name", None, None),
    ("customer_name", 7, None),
    ("customer_name", True, None),
    ("customer_name", ["Ann"], None),
    ("customer_name", {"first": "Ann"}, None),
    ("customer_name", "", None),
    ("customer_name", "   ", None),
    ("customer_name", "\t\n", None),
    ("customer_name", "n" * 256, None),
    ("customer_name", "ё" * 256, None),
    ("customer_phone", MISSING, None),
    ("customer_phone", None, None),
    ("customer_phone", 13125550123, None),
    ("customer_phone", "", None),
    ("customer_phone", "   ", None),
    ("customer_phone", "123456789", BAD_PHONE),
    ("customer_phone", "+1 312 555", BAD_PHONE),
    ("customer_phone", "+1 (234) 5 - - - - -", BAD_PHONE),
    ("customer_phone", "ring the bell", BAD_PHONE),
    ("customer_phone", "123456789012345678901", None),
    ("customer_email", 7, None),
    ("customer_email", False, None),
    ("customer_email", ["a@example.com"], None),
    ("customer_email", "a" * 244 + "@example.com", None),
    ("delivery_address", MISSING, None),
    ("delivery_address", None, None),
    ("delivery_address", 12345, None),
    ("delivery_address", "", None),
    ("delivery_address", "     ", SHORT_ADDRESS),
    ("delivery_address", "abcd", SHORT_ADDRESS),
    ("delivery_address", "   abcd   ", SHORT_ADDRESS),
    ("delivery_address", "абвг", SHORT_ADDRESS),
    ("delivery_address", "a" * 501, None),
    ("delivery_city", 7, None),
    ("delivery_city", ["Chicago"], None),
    ("delivery_city", "c" * 101, None),
    ("delivery_notes", 7, None),
    ("delivery_notes", {"a": "b"}, None),
    ("delivery_notes", "n" * 501, None),
    ("payment_method", MISSING, None),
    ("payment_method", None, None),
    ("payment_method", 7, None),
    ("payment_method", "", None),
    ("payment_method", "bitcoin", None),
    ("payment_method", "card ' OR 1=1", None),
    ("payment_method", "x" * 10000, None),
    ("items", "x", None),
    ("items", 7, None),
    ("items", True, None),
    ("items", {}, None),
    ("items", {"sku_id": 1, "quantity": 1}, None),
    ("use_cart", "maybe", None),
    ("use_cart", 7, None),
    ("use_cart", [], None),
    ("use_cart", {}, None),
]


@pytest.mark.parametrize("field, value, msg", BAD_FIELDS)
def test_a_bad_field_is_refused_by_its_name(shop, us, field, value, msg):
    body = order("us", shop.sku("us"), **{field: value})
    a = refused(shop, us, body)
    assert locs(a) == [["body", field]], a
    if msg:
        assert a.json["message"] == msg, a


# the value of items, and the loc of the only fault behind ["body", "items"]
SKU = object()      # stands for the id of a real one
BAD_ITEMS = [
    ([7], [0]),
    ([None], [0]),
    (["x"], [0]),
    ([[]], [0]),
    ([True], [0]),
    ([{"quantity": 1}], [0, "sku_id"]),
    ([{"sku_id": None, "quantity": 1}], [0, "sku_id"]),
    ([{"sku_id": 0, "quantity": 1}], [0, "sku_id"]),
    ([{"sku_id": -1, "quantity": 1}], [0, "sku_id"]),
    ([{"sku_id": -2**63, "quantity": 1}], [0, "sku_id"]),
    ([{"sku_id": -2**63 - 1, "quantity": 1}], [0, "sku_id"]),
    ([{"sku_id": 2**63, "quantity": 1}], [0, "sku_id"]),
    ([{"sku_id": 2**64, "quantity": 1}], [0, "sku_id"]),
    ([{"sku_id": 2**64 + 1, "quantity": 1}], [0, "sku_id"]),
    ([{"sku_id": 10**400, "quantity": 1}], [0, "sku_id"]),
    ([{"sku_id": "1x", "quantity": 1}], [0, "sku_id"]),
    ([{"sku_id": "1.0", "quantity": 1}], [0, "sku_id"]),
    ([{"sku_id": "0", "quantity": 1}], [0, "sku_id"]),
    ([{"sku_id": "9" * 30, "quantity": 1}], [0, "sku_id"]),
    ([{"sku_id": "", "quantity": 1}], [0, "sku_id"]),
    ([{"sku_id": 1.5, "quantity": 1}], [0, "sku_id"]),
    ([{"sku_id": True, "quantity": 1}], [0, "sku_id"]),
    ([{"sku_id": [1], "quantity": 1}], [0, "sku_id"]),
    ([{"sku_id": {}, "quantity": 1}], [0, "sku_id"]),
    ([{"sku_id": SKU, "quantity": None}], [0, "quantity"]),
    ([{"sku_id": SKU, "quantity": 0}], [0, "quantity"]),
    ([{"sku_id": SKU, "quantity": -1}], [0, "quantity"]),
    ([{"sku_id": SKU, "quantity": 101}], [0, "quantity"]),
    ([{"sku_id": SKU, "quantity": 2**31}], [0, "quantity"]),
    ([{"sku_id": SKU, "quantity": 2**32 + 1}], [0, "quantity"]),
    ([{"sku_id": SKU, "quantity": 2**63}], [0, "quantity"]),
    ([{"sku_id": SKU, "quantity": 2**64 + 1}], [0, "quantity"]),
    ([{"sku_id": SKU, "quantity": -2**64 + 1}], [0, "quantity"]),
    *(([{"sku_id": SKU, "quantity": text}], [0, "quantity"]) for text in (
        "2x", "1.5", "", " ", " 2", "2 ", "+2", "0x2", "2e0", "two", "٢",
        "0", "-1", "101", "1" * 30)),
    ([{"sku_id": SKU, "quantity": 1.5}], [0, "quantity"]),
    ([{"sku_id": SKU, "quantity": True}], [0, "quantity"]),
    ([{"sku_id": SKU, "quantity": [1]}], [0, "quantity"]),
    ([{"sku_id": SKU, "quantity": 1}, {"sku_id": SKU, "quantity": 0}],
     [1, "quantity"]),
    ([{"sku_id": SKU, "quantity": 1}] * 101, []),
]


def with_sku(items, sku):
    return [{**l, "sku_id": sku.id} if isinstance(l, dict)
            and l.get("sku_id") is SKU else l for l in items]


@pytest.mark.parametrize("items, loc", BAD_ITEMS,
                         ids=lambda v: repr(v).replace(repr(SKU), "SKU")[:60])
def test_a_bad_line_is_refused_by_its_place(shop, us, items, loc):
    body = order("us", items=with_sku(items, shop.sku("us")))
    a = refused(shop, us, body)
    assert locs(a) == [["body", "items", *loc]], a


@pytest.mark.parametrize("quantity, msg", [
    (0, QUANTITY_LOW), (-1, QUANTITY_LOW), (101, QUANTITY_HIGH),
    (1000000, QUANTITY_HIGH)])
def test_a_quantity_out_of_range_is_told_the_border(shop, us, quantity, msg):
    a = refused(shop, us, order("us", (shop.sku("us"), quantity)))
    assert a.json["message"] == msg, a


@pytest.mark.parametrize("text", ["1e3", "1000.0", "1E3", "10e-1"])
def test_a_sku_id_in_another_notation_is_refused_or_the_same_number(
        shop, us, text):
    body = json.dumps(order("us", (424242, 1))).replace("424242", text)
    a = refused(shop, us, body, (404, 422))
    if a.status == 422:
        assert locs(a) == [["body", "items", 0, "sku_id"]], a
    else:
        assert a.json["message"] in ("SKU with id 1000 not found",
                                     "SKU with id 1 not found"), a


@pytest.mark.parametrize("as_text", [
    {"quantity": "2"}, {"sku_id": True}, {"sku_id": True, "quantity": "02"}])
def test_a_number_written_as_a_text_of_digits_is_that_number(shop, us,
                                                             as_text):
    sku = shop.sku("us", stock=10)
    line = {"sku_id": sku.id, "quantity": 2, **as_text}
    if line["sku_id"] is True:
        line["sku_id"] = str(sku.id)
    o = us.ordered(items=[line])
    assert [i["quantity"] for i in o["items"]] == [2], o
    assert shop.stock(sku) == 8


def test_a_quantity_as_a_text_is_told_the_border_too(shop, us):
    for quantity, msg in (("0", QUANTITY_LOW), ("-1", QUANTITY_LOW),
                          ("101", QUANTITY_HIGH)):
        a = refused(shop, us, order("us", items=[
            {"sku_id": shop.sku("us").id, "quantity": quantity}]))
        assert a.json["message"] == msg, a


BOM = b"\xef\xbb\xbf"


def test_a_byte_order_mark_in_front_of_a_body_is_passed_over(shop, us):
    good = json.dumps(order("us", shop.sku("us"))).encode()
    headers = {"Content-Type": "application/json"}
    assert us.post(BOM + good, headers=headers).status == 200
    a = us.request("PUT", "/auth/profile", BOM + b'{"full_name": "Ann"}',
                   headers)
    assert a.status == 200 and a.json["user"]["full_name"] == "Ann", a
    with shop.unchanged():
        for bad in (BOM, BOM + BOM + good, good + BOM, b"\xff\xfe" + good,
                    BOM[:2], BOM[:2] + good):
            a = us.post(bad, headers=headers)
            assert (a.status, a.json["error"]) == (400, "invalid_json"), a


def test_a_quantity_of_1_point_0_is_refused_or_one(shop, us):
    sku = shop.sku("us", stock=10)
    a = us.post(json.dumps(order("us", (sku, 424242))).replace("424242",
                                                               "1.0"))
    if a.status == 422:
        assert locs(a) == [["body", "items", 0, "quantity"]], a
        assert shop.stock(sku) == 10
    else:
        assert a.status == 200 and a.json["items"][0]["quantity"] == 1, a
        assert shop.stock(sku) == 9


@pytest.mark.parametrize("field, value", [
    ("customer_name", "n" * 255),
    ("customer_name", "ё" * 255),
    ("customer_name", "𝒜" * 255),
    ("customer_name", "n"),
    ("customer_name", "O'Brien \\ \"quoted\" %s %d ; -- <b>&amp;"),
    ("customer_name", "Аня\u202e \U0001f600"),
    ("customer_phone", "3125550123"),
    ("customer_phone", "+1 (312) 555-0123"),
    ("customer_phone", "+1 (312) 555-01 2345"),
    ("customer_email", None),
    ("customer_email", "a" * 243 + "@example.com"),
    ("delivery_address", "abcde"),
    ("delivery_address", "абвгд"),
    ("delivery_address", "a" * 500),
    ("delivery_address", "ё" * 500),
    ("delivery_city", None),
    ("delivery_city", "c" * 100),
    ("delivery_city", "ё" * 100),
    ("delivery_notes", None),
    ("delivery_notes", "n" * 500),
    ("delivery_notes", "line one\nline two\ttabbed"),
    ("payment_method", "paypal"),
])
def test_the_last_good_value_is_kept_as_it_was_sent(shop, us, field, value):
    o = us.ordered(shop.sku("us"), **{field: value})
    assert o[field] == value, o
    assert us.get(f"/orders/{o['id']}").json == o
    stored = shop.value("us", f"SELECT {field} FROM orders WHERE "
                        f"id={o['id']}")
    assert (stored or None) == value


def test_white_space_around_an_address_does_not_count(shop, us):
    o = us.ordered(shop.sku("us"), delivery_address="  " + "a" * 500 + "\n ")
    assert o["delivery_address"].strip() == "a" * 500, o


@pytest.mark.parametrize("field", ["customer_email", "delivery_city",
                                   "delivery_notes", "use_cart"])
def test_an_optional_field_may_be_missing(shop, us, field):
    o = us.ordered(shop.sku("us"), **{field: MISSING})
    assert o.get(field) is None, o


def test_unknown_fields_are_ignored(shop, us):
    o = us.ordered(shop.sku("us", price=1000), user_id=19, total_amount=0.01,
                   status="delivered", currency="KGS", market="kg", id=1,
                   order_number="MQ-1", shipping_cost=0, extra={"a": [1, {}]})
    assert o["user_id"] == us.id and o["status"] == "pending", o
    assert o["currency"] == "USD" and o["id"] != 1, o
    assert str(o["total_amount"]) == "20.79", o


def test_a_hundred_lines_are_an_order_of_a_hundred_lines(shop, us):
    skus = [shop.sku("us", price=100 + i) for i in range(100)]
    o = us.ordered(*skus)
    assert sorted(l["sku_code"] for l in o["items"]) == \
        sorted(s.code for s in skus)
    assert len({l["id"] for l in o["items"]}) == 100
    assert shop.count("us", "order_items", f"order_id={o['id']}") == 100
    assert all(shop.stock(s) == 999 for s in skus)


@pytest.mark.parametrize("market_name, methods", [
    ("us", ("card", "paypal", "apple_pay", "google_pay")),
    ("kg", ("card", "cash_on_delivery", "bank_transfer"))])
def test_a_foreign_payment_method_is_told_the_allowed_ones(
        shop, market_name, methods):
    foreign = {"us": "cash_on_delivery", "kg": "paypal"}[market_name]
    a = refused(shop, shop.buyer(market_name), order(
        market_name, shop.sku(market_name), payment_method=foreign))
    assert locs(a) == [["body", "payment_method"]], a
    for method in methods:
        assert method in a.json["message"], a


def test_all_failures_come_at_once_in_field_order(shop, us):
    a = refused(shop, us, {
        "use_cart": "maybe",
        "items": [{"sku_id": 0, "quantity": 0}, 7,
                  {"sku_id": "x", "quantity": 101}],
        "payment_method": "bitcoin", "delivery_notes": "n" * 501,
        "delivery_city": 7, "delivery_address": "abc",
        "customer_email": "e" * 256, "customer_phone": "12"})
    assert locs(a) == [
        ["body", "customer_name"], ["body", "customer_phone"],
        ["body", "customer_email"], ["body", "delivery_address"],
        ["body", "delivery_city"], ["body", "delivery_notes"],
        ["body", "payment_method"], ["body", "items", 0, "sku_id"],
        ["body", "items", 0, "quantity"], ["body", "items", 1],
        ["body", "items", 2, "sku_id"], ["body", "items", 2, "quantity"],
        ["body", "use_cart"]], a
    texts = {tuple(f["loc"][1:]): f["msg"] for f in a.json["detail"]}
    assert texts["customer_phone",] == BAD_PHONE
    assert texts["delivery_address",] == SHORT_ADDRESS
    assert texts["items", 0, "quantity"] == QUANTITY_LOW
    assert texts["items", 2, "quantity"] == QUANTITY_HIGH


def test_an_empty_object_lacks_what_is_required(shop, us):
    a = refused(shop, us, {})
    assert locs(a) == [["body", f] for f in (
        "customer_name", "customer_phone", "delivery_address",
        "payment_method")], a
    assert len({f["type"] for f in a.json["detail"]}) == 1, a


def test_a_hundred_bad_lines_are_answered_whole(shop, us):
    a = refused(shop, us, order("us", items=[{"sku_id": 0, "quantity": 0}]
                                * 100))
    assert len(a.json["detail"]) == 200, a


def test_problem_json_says_the_same_facts(shop, us):
    body = order("us", shop.sku("us"), customer_name=MISSING,
                 delivery_address="abc")
    a = refused(shop, us, body,
                headers={"Accept": "application/problem+json"})
    assert a.headers.get_content_type() == "application/problem+json", a
    p = a.json
    assert p["status"] == 422 and isinstance(p["title"], str), p
    assert isinstance(p["detail"], str) and p["title"], p
    assert "type" not in p or isinstance(p["type"], str), p
    assert a.request_id in a.body.decode(), a
    for fact in ("customer_name", "delivery_address", SHORT_ADDRESS):
        assert fact in a.body.decode(), a


@pytest.mark.parametrize("accept", [
    None, "*/*", "application/json", "text/html,*/*;q=0.8", "", ";;;,,,",
    "application/problem+json;q=0", "x" * 2000])
def test_without_asking_for_problem_json_the_envelope_comes(shop, us, accept):
    a = refused(shop, us, {}, headers={"Accept": accept})
    assert a.headers.get_content_type() == "application/json", a
    assert set(a.json) == ENVELOPE, a


def test_problem_json_is_of_every_error(shop, us):
    for method, path, body, status in (
            ("GET", "/nowhere", None, 404), ("DELETE", "/orders", None, 405),
            ("GET", "/orders/0", None, None),
            ("POST", "/orders/create", order("us", use_cart=False), 400)):
        a = us.request(method, path, body,
                       {"Accept": "application/problem+json"})
        assert a.headers.get_content_type() == "application/problem+json", a
        assert a.json["status"] == a.status, a
        assert status in (None, a.status), a
        assert a.json["title"], a
    a = shop.request("GET", "/orders",
                     headers={"Accept": "application/problem+json"})
    assert a.status == a.json["status"] == 401, a


# ---------------------------------------------------------------- JSON

def text(**changes):
    """A good body as text, with a marker where the damage goes."""
    return json.dumps(order("us", (1, 1), **changes))


BAD_JSON = {
    "empty": b"",
    "white space": b" \r\n\t ",
    "an array": b"[]",
    "an array of a body": b"[" + text().encode() + b"]",
    "a string": b'"order"',
    "a number": b"7",
    "null": b"null",
    "true": b"true",
    "half": text()[:40].encode(),
    "without its end": text()[:-1].encode(),
    "one end too many": text().encode() + b"}",
    "bytes behind": text().encode() + b" x",
    "a NUL behind": text().encode() + b"\0",
    "a NUL and more behind": text().encode() + b"\0{}",
    "a NUL inside": text().replace("Ann", "A\0n").encode(),
    "a newline in a string": text().encode().replace(b"Ann", b"A\nn"),
    "a control byte in a string": text().encode().replace(b"Ann", b"A\x01n"),
    "another body behind": text().encode() * 2,
    "a key twice": text().encode().replace(
        b'{', b'{"customer_name": "Bob", ', 1),
    "a key twice in a line": text().encode().replace(
        b'"sku_id"', b'"sku_id": 2, "sku_id"'),
    "a key twice by an escape": text().encode().replace(
        b'{', b'{"customer_nam\\u0065": "Bob", ', 1),
    "a key with a NUL": text().encode().replace(
        b'{', b'{"customer_name\\u0000x": "Bob", ', 1),
    "nested deeply": text().encode().replace(
        b'{', b'{"x": ' + b"[" * 5000 + b"]" * 5000 + b", ", 1),
    "nested deeply and open": b'{"x":' * 8000,
    "brackets": b"[" * 60000,
    "NaN": text().replace('"quantity": 1', '"quantity": NaN').encode(),
    "Infinity": text().replace('"quantity": 1',
                               '"quantity": -Infinity').encode(),
    "NaN where it is ignored": text().replace("{", '{"x": NaN, ',
                                              1).encode(),
    "single quotes": text().replace('"', "'").encode(),
    "keys without quotes": text().replace('"use_cart"', "use_cart").replace(
        '"customer_name"', "customer_name").encode(),
    "a comment": text().replace("{", "{/* hello */", 1).encode(),
    "a line comment": text().replace("{", "{// hello\n", 1).encode(),
    "a comma too many": text().replace("}]", "},]").encode(),
    "a comma too many at the end": (text()[:-1] + ",}").encode(),
    "a leading zero": text().replace('"quantity": 1',
                                     '"quantity": 01').encode(),
    "a plus": text().replace('"quantity": 1', '"quantity": +1').encode(),
    "a point without digits": text().replace('"quantity": 1',
                                             '"quantity": 1.').encode(),
    "hex": text().replace('"quantity": 1', '"quantity": 0x1').encode(),
    "True": text(use_cart=True).replace("true", "True").encode(),
    "an unknown escape": text().replace("Ann", "A\\x41").encode(),
    "a short escape": text().replace("Ann", "A\\u00").encode(),
    "UTF-16": text().encode("utf-16"),
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
    "a form": b"customer_name=Ann&payment_method=card",
    "a lone high surrogate": text().replace("Ann", "A\\ud800").encode(),
    "a lone low surrogate": text().replace("Ann", "A\\udc00n").encode(),
    "surrogates in the wrong order": text().replace(
        "Ann", "A\\udc00\\ud800").encode(),
    "\\u0000": text().replace("Ann", "A\\u0000n").encode(),
    "byte ff": text().encode().replace(b"Ann", b"A\xffn"),
    "overlong UTF-8": text().encode().replace(b"Ann", b"A\xc0\xaf"),
    "UTF-8 overlong NUL": text().encode().replace(b"Ann", b"A\xc0\x80"),
    "a surrogate in UTF-8": text().encode().replace(b"Ann", b"A\xed\xa0\x80"),
    "beyond U+10FFFF": text().encode().replace(b"Ann", b"A\xf4\x90\x80\x80"),
    "five bytes": text().encode().replace(b"Ann", b"A\xf8\x88\x80\x80\x80"),
    "half a character": text().encode().replace(b"Ann", b"A\xd1"),
    "latin-1": text(customer_name="Zo\xeb").encode().replace(
        b"\\u00eb", b"\xeb"),
    "not UTF-8 in a key": text().encode().replace(b"{", b'{"\xff": 1, ', 1),
}


@pytest.mark.parametrize("name", BAD_JSON)
def test_what_is_not_strict_json_is_refused(shop, us, name):
    body = BAD_JSON[name]
    headers = {"Content-Type": "application/json"}
    if b'"sku_id": 1,' in body:
        body = body.replace(b'"sku_id": 1,',
                            b'"sku_id": %d,' % shop.sku("us").id)
    refused(shop, us, body, (400, 422), headers)


def test_the_same_body_undamaged_is_an_order(shop, us):
    """Else the table above would prove nothing."""
    body = text().encode()
    assert b'"sku_id": 1,' in body and b'"quantity": 1' in body
    body = body.replace(b'"sku_id": 1,', b'"sku_id": %d,' % shop.sku("us").id)
    a = us.post(body, headers={"Content-Type": "application/json"})
    assert a.status == 200, a


def test_escapes_and_raw_utf8_say_the_same(shop, us):
    sku = shop.sku("us")
    name = "Zoë Ё \U0001f600 /\"\\"
    for ascii_only in (True, False):
        a = us.post(json.dumps(order("us", sku, customer_name=name),
                               ensure_ascii=ascii_only))
        assert a.status == 200 and a.json["customer_name"] == name, a


def test_a_lone_surrogate_that_is_ignored_breaks_nothing(shop, us):
    body = json.dumps(order("us", shop.sku("us"))).replace(
        "{", '{"x": "\\ud800", ', 1)
    a = us.post(body)
    assert a.status in (200, 400, 422), a
    assert us.orders() == (a.status == 200)


# ------------------------------------------------------- sizes and types

@pytest.mark.parametrize("value", [
    None, "application/json", "application/json; charset=utf-8",
    "application/json;charset=UTF-8", "Application/JSON"])
def test_a_content_type_of_json_or_none_is_served(shop, us, value):
    body = json.dumps(order("us", shop.sku("us"))).encode()
    a = us.post(body, headers={"Content-Type": value})
    assert a.status == 200, a


@pytest.mark.parametrize("value", [
    "text/plain", "application/x-www-form-urlencoded", "application/xml",
    "multipart/form-data; boundary=x", "application/jsonp", "json",
    "text/plain; application/json"])
def test_a_content_type_that_is_not_json_is_415(shop, us, value):
    body = json.dumps(order("us", shop.sku("us"))).encode()
    refused(shop, us, body, (415,), {"Content-Type": value})


def padded(sku, size):
    """A good body of exactly this size."""
    body = json.dumps(order("us", sku)).encode()
    return body[:-1] + b" " * (size - len(body)) + b"}"


def test_a_body_of_exactly_the_limit_is_served(shop, us):
    a = us.post(padded(shop.sku("us"), 65536),
                headers={"Content-Type": "application/json"})
    assert a.status == 200, a


@pytest.mark.parametrize("size", [65537, 100000, 131072, 131073, 1000000])
def test_a_body_over_the_limit_is_413(shop, us, size):
    refused(shop, us, padded(shop.sku("us"), size), (413,),
            {"Content-Type": "application/json"})


def test_a_huge_body_is_413_before_it_is_sent(shop, us):
    with shop.unchanged():
        a = shop.raw(b"POST /api/v1/orders/create HTTP/1.1\r\n"
                     b"Host: localhost\r\nConnection: close\r\n"
                     b"Content-Type: application/json\r\n"
                     b"Authorization: Bearer " + us.token.encode() + b"\r\n"
                     b"Content-Length: 10000000000\r\n\r\n")
    assert a.status == 413, a


def chunked(token, *chunks):
    head = (b"POST /api/v1/orders/create HTTP/1.1\r\nHost: localhost\r\n"
            b"Connection: close\r\nContent-Type: application/json\r\n"
            b"Authorization: Bearer " + token.encode() + b"\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n")
    return head + b"".join(b"%x\r\n%s\r\n" % (len(c), c) for c in chunks) \
        + b"0\r\n\r\n"


def test_a_chunked_body_is_a_body(shop, us):
    body = json.dumps(order("us", shop.sku("us"))).encode()
    a = shop.raw(chunked(us.token, body[:10], body[10:11], body[11:]))
    assert a.status == 200, a
    assert us.orders() == 1


def test_a_chunked_body_over_the_limit_is_413(shop, us):
    body = padded(shop.sku("us"), 65537)
    with shop.unchanged():
        a = shop.raw(chunked(us.token, body[:60000], body[60000:]))
    assert a.status == 413, a


def test_a_body_cut_off_by_the_client_is_no_order(shop, us):
    """The next request is served, and nothing of the first is there."""
    body = json.dumps(order("us", shop.sku("us"))).encode()
    with socket.create_connection((shop.host, shop.port), 10) as s:
        s.sendall(b"POST /api/v1/orders/create HTTP/1.1\r\nHost: localhost\r\n"
                  b"Content-Type: application/json\r\nAuthorization: Bearer "
                  + us.token.encode() + b"\r\nContent-Length: %d\r\n\r\n"
                  % (len(body) + 10) + body)
    for _ in range(16):
        assert us.list() == []
    assert us.orders() == 0


def test_a_body_on_a_get_changes_nothing(shop, us):
    body = order("us", shop.sku("us"))
    with shop.unchanged():
        a = us.request("GET", "/orders", body)
    assert a.status in (200, 400), a


def test_both_paths_of_create_refuse_alike(shop, us):
    body = order("us", shop.sku("us"), customer_name=" ")
    with shop.unchanged():
        answers = [us.post(body, path=p)
                   for p in ("/orders/create", "/orders", "/orders/create/",
                             "/orders/")]
    assert {a.status for a in answers} == {422}
    assert len({str(a.json["detail"]) for a in answers}) == 1


@pytest.mark.parametrize("path", ["/orders/create", "/orders"])
def test_a_refusal_never_quotes_the_whole_input(shop, us, path):
    """An error is short, whatever came in."""
    a = us.post(order("us", (1, 1), payment_method="z" * 20000), path=path)
    assert a.status == 422 and len(a.body) < 4000, a
    check_error(a)
    assert not LEAKS.search(a.body.decode())
