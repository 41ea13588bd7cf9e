"""The cart: what is in it, every way to change it, and many at once."""
import decimal
import json

import pytest

from harness import (MARKETS, LogTail, at_once, check_money, locs, order,
                     tally)

CURRENCY = {"kg": "KGS", "us": "USD"}
BIG = 2 ** 63


def lines(cart):
    return [(i["sku_id"], i["quantity"]) for i in cart["items"]]


def shown(answer):
    """The cart of a good answer; what must hold of every one is checked."""
    assert answer.status == 200, answer
    cart = answer.json
    assert set(cart) == {"id", "user_id", "items", "total_items",
                         "total_price", "currency"}, cart
    for item in cart["items"]:
        assert set(item) == {"id", "sku_id", "quantity", "available", "name",
                             "price", "image"}, item
    assert cart["total_items"] == len(cart["items"]), cart
    check_money(cart["total_price"], sum(
        int(i["price"] * 100) * i["quantity"] for i in cart["items"]))
    assert "no-store" in answer.headers["Cache-Control"], answer
    return cart


def see(buyer):
    return shown(buyer.get("/cart"))


def put(buyer, sku, quantity=1):
    a = buyer.request("POST", "/cart/items",
                      {"sku_id": sku.id, "quantity": quantity})
    return shown(a)


def item_of(cart, sku):
    return next(i["id"] for i in cart["items"] if i["sku_id"] == sku.id)


def calls(item, sku):
    """Every call of the cart that would work; each as (method, path, body)."""
    return [
        ("GET", "/cart", None), ("GET", "/cart/items", None),
        ("POST", "/cart/items", {"sku_id": sku, "quantity": 1}),
        ("PUT", f"/cart/items/{item}", {"quantity": 3}),
        ("PUT", f"/cart/items/{item}?quantity=4", None),
        ("POST", "/cart/get", {}), ("POST", "/cart/get", None),
        ("POST", "/cart/add", {"sku_id": sku}),
        ("POST", "/cart/update", {"cart_item_id": item, "quantity": 2}),
        ("POST", "/cart/remove", {"cart_item_id": item}),
        ("DELETE", f"/cart/items/{item}", None),
        ("POST", "/cart/clear", {}), ("POST", "/cart/clear", None),
        ("DELETE", "/cart", None),
    ]


# How many calls() there are, and which of them have a body to add to.
CALLS = range(len(calls(1, 1)))
WITH_BODY = [n for n in CALLS if calls(1, 1)[n][2] is not None]
NAMES = [f"{m} {p} {json.dumps(b)}" for m, p, b in calls("I", "S")]


def pick(values):
    return [NAMES[n] for n in values]


# ---------------------------------------------------------------- the cart

@pytest.mark.parametrize("method, path, body", [
    ("GET", "/cart", None), ("GET", "/cart/", None),
    ("GET", "/cart/items", None), ("POST", "/cart/get", {}),
    ("POST", "/cart/get", None), ("POST", "/cart/get", b"")])
def test_an_empty_cart_is_a_cart(shop, market, method, path, body):
    buyer = shop.buyer(market)
    cart = shown(buyer.request(method, path, body))
    assert cart == {"id": buyer.id, "user_id": buyer.id, "items": [],
                    "total_items": 0, "total_price": 0,
                    "currency": CURRENCY[market]}


@pytest.mark.parametrize("path", ["/cart/items", "/cart/add"])
def test_what_is_added_is_in_the_answer_and_in_the_database(shop, market,
                                                            path):
    buyer = shop.buyer(market)
    one, two = shop.sku(market, price=2499), shop.sku(market, price=1)
    shop.sql(market, "UPDATE products SET image_url='https://img.example/1'"
             f" WHERE id={one.id}")
    a = buyer.request("POST", path, {"sku_id": one.id, "quantity": 3})
    b = shown(buyer.request("POST", path, {"sku_id": two.id}))
    assert lines(shown(a)) == [(one.id, 3)]
    assert lines(b) == [(one.id, 3), (two.id, 1)]
    assert shop.cart(buyer) == [(one.id, 3), (two.id, 1)]
    first, second = b["items"]
    assert (first["name"], first["image"]) == \
        (one.title, "https://img.example/1")
    assert (second["name"], second["image"]) == (two.title, None)
    assert (first["price"], second["price"]) == \
        (decimal.Decimal("24.99"), decimal.Decimal("0.01"))
    assert b["total_price"] == decimal.Decimal("74.98")
    assert see(buyer) == b
    assert {str(i["id"]) for i in b["items"]} == {i for i, in shop.sql(
        market, f"SELECT id FROM cart_items WHERE user_id={buyer.id}")}


def test_the_same_sku_again_adds_up_in_its_old_place(shop, us):
    one, two = shop.sku("us"), shop.sku("us")
    first = put(us, one, 2)
    put(us, two)
    again = put(us, one, 5)
    assert lines(again) == [(one.id, 7), (two.id, 1)]
    assert again["items"][0]["id"] == first["items"][0]["id"]


def test_lines_stand_in_the_order_in_which_they_were_added(shop, us):
    skus = [shop.sku("us") for _ in range(6)]
    for sku in skus[::-1]:
        put(us, sku)
    assert [s for s, _ in lines(see(us))] == [s.id for s in skus[::-1]]


def test_the_price_shown_is_the_price_now(shop, us):
    sku = shop.sku("us", price=1000)
    put(us, sku, 3)
    shop.sql("us", f"UPDATE skus SET price_minor=1999 WHERE id={sku.id}")
    cart = see(us)
    assert cart["items"][0]["price"] == decimal.Decimal("19.99")
    assert cart["total_price"] == decimal.Decimal("59.97")


def test_totals_are_exact(shop, us):
    """Sums that binary fractions do not have."""
    for price, n in ((10, 3), (1999, 100), (33333333, 99), (7, 7)):
        put(us, shop.sku("us", price=price), n)
    total = 10 * 3 + 1999 * 100 + 33333333 * 99 + 7 * 7
    body = us.get("/cart").body.decode()
    assert f'"total_price":{total // 100}.{total % 100:02}' in body, body


def test_a_total_that_is_no_number_is_refused_and_can_be_removed(shop, us):
    huge = shop.sku("us", price=2 ** 62)
    put(us, huge, 1)
    with shop.unchanged("us"):
        a = us.request("POST", "/cart/items", {"sku_id": huge.id})
    assert (a.status, a.json["error"]) == (400, "amount_too_large"), a
    # By a price that was raised since. Each answer is true: what can be read
    # is shown, what is refused is not done, what is done is 200.
    one, two = shop.sku("us"), shop.sku("us", price=2 ** 62)
    put(us, one)
    shop.put_in_cart(us, (two, 3))
    shop.sql("us", f"UPDATE cart_items SET quantity=9 WHERE user_id={us.id} "
             f"AND sku_id={huge.id}")
    a = us.get("/cart")
    assert a.status == 200 and a.json["total_price"] is None, a
    assert lines(a.json) == [(huge.id, 9), (one.id, 1), (two.id, 3)]
    items = [str(i["id"]) for i in a.json["items"]]
    with shop.unchanged("us"):
        for a in (us.request("PUT", f"/cart/items/{items[1]}",
                             {"quantity": 2}), us.order(items=...)):
            assert (a.status, a.json["error"]) == (400, "amount_too_large"), a
    a = us.request("DELETE", f"/cart/items/{items[0]}")
    assert a.status == 200 and a.json["total_price"] is None, a
    assert lines(a.json) == shop.cart(us) == [(one.id, 1), (two.id, 3)]
    a = us.request("PUT", f"/cart/items/{items[2]}?quantity=0")
    assert lines(shown(a)) == shop.cart(us) == [(one.id, 1)]
    assert lines(shown(us.request("DELETE", "/cart"))) == []


def test_text_of_a_title_is_kept_as_it_is(shop, us):
    title = "Рубашка \"XL\" \\ 👕 <b>"
    assert put(us, shop.sku("us", title=title))["items"][0]["name"] == title


# ------------------------------------------------------------ its quantity

def change(buyer, form, item, quantity):
    if form == "body":
        return buyer.request("PUT", f"/cart/items/{item}",
                             {"quantity": quantity})
    if form == "query":
        return buyer.request("PUT",
                             f"/cart/items/{item}?quantity={quantity}")
    return buyer.request("POST", "/cart/update",
                         {"cart_item_id": item, "quantity": quantity})


@pytest.mark.parametrize("form", ["body", "query", "old"])
def test_a_line_takes_the_quantity_it_is_given(shop, us, form):
    one, two = shop.sku("us"), shop.sku("us")
    put(us, one, 5)
    item = item_of(put(us, two, 5), one)
    for n in (1, 100, 7, 7):
        assert lines(shown(change(us, form, item, n))) == \
            [(one.id, n), (two.id, 5)]
        assert shop.cart(us) == [(one.id, n), (two.id, 5)]


@pytest.mark.parametrize("form", ["body", "query", "old"])
def test_a_quantity_of_zero_removes_the_line(shop, us, form):
    one, two = shop.sku("us"), shop.sku("us")
    put(us, one)
    item = item_of(put(us, two), one)
    assert lines(shown(change(us, form, item, 0))) == [(two.id, 1)]
    assert shop.cart(us) == [(two.id, 1)]
    assert change(us, form, item, 0).status == 404


def test_the_body_counts_when_the_query_says_otherwise(shop, us):
    sku = shop.sku("us")
    item = item_of(put(us, sku), sku)
    a = us.request("PUT", f"/cart/items/{item}?quantity=9", {"quantity": 4})
    assert lines(shown(a)) == [(sku.id, 4)]
    a = us.request("PUT", f"/cart/items/{item}?quantity=9", {})
    assert lines(shown(a)) == [(sku.id, 9)]


@pytest.mark.parametrize("method, path", [
    ("DELETE", "/cart/items/{0}"), ("POST", "/cart/remove")])
def test_a_line_can_be_removed(shop, us, method, path):
    one, two = shop.sku("us"), shop.sku("us")
    put(us, one)
    item = item_of(put(us, two), one)
    body = {"cart_item_id": item} if method == "POST" else None
    assert lines(shown(us.request(method, path.format(item), body))) == \
        [(two.id, 1)]
    a = us.request(method, path.format(item), body)
    assert a.status == 404 and a.json["message"] == "Cart item not found", a
    assert a.json["error"] == "cart_item_not_found", a


@pytest.mark.parametrize("method, path, body", [
    ("DELETE", "/cart", None), ("POST", "/cart/clear", {}),
    ("POST", "/cart/clear", None), ("POST", "/cart/clear", {"user_id": ...})])
def test_a_cart_can_be_cleared(shop, method, path, body):
    us, other, sku = shop.buyer("us"), shop.buyer("us"), shop.sku("us")
    for b in (us, other):
        put(b, sku, 2)
    put(us, shop.sku("us"))
    if body and "user_id" in body:
        body = {"user_id": us.id}
    assert shown(us.request(method, path, body))["items"] == []
    assert shop.cart(us) == [] and shop.cart(other) == [(sku.id, 2)]
    assert shown(us.request(method, path, body))["items"] == []


BAD_QUANTITIES = [      # as a body has them
    "-1", "101", "1000000", '"2x"', '"1.5"', '" 2"', '"101"', '"-1"', "1.5",
    "2.0", "1e2", "null", "true", "[]",
    "{}", '""', str(BIG), str(-BIG - 1), str(2 ** 64), str(10 ** 30)]


@pytest.mark.parametrize("quantity", BAD_QUANTITIES + ["0"])
@pytest.mark.parametrize("path", ["/cart/items", "/cart/add"])
def test_a_quantity_that_cannot_be_added_is_refused(shop, us, path, quantity):
    sku = shop.sku("us")
    with shop.unchanged("us"):
        a = us.request("POST", path,
                       f'{{"sku_id": {sku.id}, "quantity": {quantity}}}')
    assert a.status == 422 and locs(a) == [["body", "quantity"]], a
    if quantity in ("0", "-1"):
        assert a.json["message"] == "Quantity must be at least 1", a
    if quantity in ("101", str(BIG), str(10 ** 30)):
        assert a.json["message"] == "Quantity cannot exceed 100", a


def test_numbers_written_as_texts_of_digits_are_numbers(shop, us):
    sku = shop.sku("us")
    cart = shown(us.request("POST", "/cart/items", {
        "sku_id": str(sku.id), "quantity": "2"}))
    assert lines(cart) == [(sku.id, 2)]
    item = str(item_of(cart, sku))
    a = us.request("POST", "/cart/update", {"cart_item_id": item,
                                            "quantity": "5"})
    assert lines(shown(a)) == [(sku.id, 5)]
    a = us.request("PUT", f"/cart/items/{item}", {"quantity": "0"})
    assert lines(shown(a)) == []
    put(us, sku)
    item = str(item_of(see(us), sku))
    a = us.request("POST", "/cart/remove", {"cart_item_id": item})
    assert lines(shown(a)) == []


@pytest.mark.parametrize("quantity", BAD_QUANTITIES)
@pytest.mark.parametrize("form", ["body", "old"])
def test_a_quantity_that_no_line_can_have_is_refused(shop, us, form,
                                                     quantity):
    sku = shop.sku("us")
    item = item_of(put(us, sku, 2), sku)
    method, path, more = ("PUT", f"/cart/items/{item}", "") \
        if form == "body" else \
        ("POST", "/cart/update", f'"cart_item_id": {item}, ')
    with shop.unchanged("us"):
        a = us.request(method, path, f'{{{more}"quantity": {quantity}}}')
    assert a.status == 422 and locs(a) == [["body", "quantity"]], a
    if quantity == "101":
        assert a.json["message"] == "Quantity cannot exceed 100", a
    if quantity == "-1":
        assert a.json["message"] == "Quantity cannot be negative", a


@pytest.mark.parametrize("quantity", [
    "-1", "101", "1.5", "", "two", "%31%", "2%00", "+2", " 2", str(BIG),
    "0x2", "1e1"])
def test_a_quantity_in_the_query_is_judged_too(shop, us, quantity):
    sku = shop.sku("us")
    item = item_of(put(us, sku, 2), sku)
    with shop.unchanged("us"):
        a = us.request("PUT", f"/cart/items/{item}?quantity="
                       + quantity.replace(" ", "+"))
    assert a.status == 422 and locs(a) == [["query", "quantity"]], a


@pytest.mark.parametrize("body", [None, {}, b""], ids=repr)
def test_an_update_without_a_quantity_is_refused(shop, us, body):
    sku = shop.sku("us")
    item = item_of(put(us, sku, 2), sku)
    with shop.unchanged("us"):
        a = us.request("PUT", f"/cart/items/{item}", body)
    assert a.status == 422 and locs(a) == [["body", "quantity"]], a
    assert a.json["detail"][0]["type"] == "missing", a


def test_adding_up_ends_at_a_hundred(shop, us):
    sku = shop.sku("us")
    put(us, sku, 60)
    with shop.unchanged("us"):
        a = us.request("POST", "/cart/items",
                       {"sku_id": sku.id, "quantity": 41})
    assert a.status == 422 and locs(a) == [["body", "quantity"]], a
    assert a.json["message"] == "Quantity cannot exceed 100", a
    assert lines(put(us, sku, 40)) == [(sku.id, 100)]


# ----------------------------------------------------- what is not there

@pytest.mark.parametrize("sku", [999, BIG - 1, "inactive", "unlisted"])
def test_a_sku_that_is_not_for_sale_is_not_found(shop, us, sku):
    if sku == "inactive":
        sku = shop.sku("us", active=False).id
    elif sku == "unlisted":
        sku = shop.sku("us", product_active=False).id
    with shop.unchanged():
        a = us.request("POST", "/cart/items", {"sku_id": sku})
    assert a.status == 404 and a.json["error"] == "sku_not_found", a
    assert a.json["message"] == f"SKU with id {sku} not found", a


def test_no_market_sells_what_only_the_other_has(shop, market):
    other = [m for m in MARKETS if m != market][0]
    buyer, sku = shop.buyer(market), shop.sku(other)
    with shop.unchanged():
        a = buyer.request("POST", "/cart/add", {"sku_id": sku.id})
    assert a.status == 404, a


@pytest.mark.parametrize("sku", ["0", "-1", '"7x"', "1.5", "null", "true",
                                 str(BIG), "[]"])
def test_a_sku_id_is_a_positive_integer(shop, us, sku):
    with shop.unchanged("us"):
        a = us.request("POST", "/cart/items", f'{{"sku_id": {sku}}}')
    assert a.status == 422 and locs(a) == [["body", "sku_id"]], a


@pytest.mark.parametrize("sold_out", [True, False])
def test_more_than_the_stock_is_refused_as_an_order_refuses_it(shop, us,
                                                               sold_out):
    sku = shop.sku("us", stock=0 if sold_out else 9, size="L")
    with shop.unchanged("us"):
        a = us.request("POST", "/cart/items",
                       {"sku_id": sku.id, "quantity": 10})
        b = us.order((sku, 10))
    assert a.status == 400 and a.json["error"] == "out_of_stock", a
    assert a.json["message"] == b.json["message"] == (
        f"Product '{sku.title}' (size: L, color: Black) is out of stock"
        if sold_out else f"Not enough stock for '{sku.title}' "
        "(size: L, color: Black). Available: 9"), a
    assert a.json["shortages"] == b.json["shortages"] == [
        {"sku_id": sku.id, "requested": 10,
         "available": 0 if sold_out else 9}], a


def test_the_stock_is_compared_with_what_the_line_comes_to(shop, us):
    sku = shop.sku("us", stock=9)
    item = item_of(put(us, sku, 5), sku)
    with shop.unchanged("us"):
        a = us.request("POST", "/cart/items",
                       {"sku_id": sku.id, "quantity": 5})
        b = change(us, "body", item, 10)
    for answer in (a, b):
        assert answer.status == 400, answer
        assert answer.json["shortages"] == [
            {"sku_id": sku.id, "requested": 10, "available": 9}], answer
    assert lines(put(us, sku, 4)) == [(sku.id, 9)]
    assert shop.stock(sku) == 9, "a cart reserves nothing"


def gone(shop, sku, how):
    shop.sql(sku.market, {
        "inactive": f"UPDATE skus SET is_active=0 WHERE id={sku.id}",
        "unlisted": f"UPDATE products SET is_active=0 WHERE id={sku.id}",
        "deleted": f"DELETE FROM skus WHERE id={sku.id}"}[how])


@pytest.mark.parametrize("how", ["inactive", "unlisted", "deleted"])
def test_a_line_whose_sku_went_is_shown_until_it_is_removed(shop, us, how):
    stays, goes = shop.sku("us"), shop.sku("us")
    put(us, stays)
    item = item_of(put(us, goes, 2), goes)
    gone(shop, goes, how)
    cart = see(us)
    assert lines(cart) == [(stays.id, 1), (goes.id, 2)]
    assert [i["available"] for i in cart["items"]] == [1000, 0], cart
    line = cart["items"][1]
    assert (line["name"], line["price"]) == (
        ("", 0) if how == "deleted"
        else (goes.title, decimal.Decimal("24.99"))), line
    with shop.unchanged("us"):
        for a in (change(us, "body", item, 1), us.order(items=...),
                  us.request("POST", "/cart/items", {"sku_id": goes.id})):
            assert (a.status, a.json["error"]) == (404, "sku_not_found"), a
            # The goods have a name, as long as there is one.
            assert a.json["message"] == (
                f"SKU with id {goes.id} not found" if how == "deleted" else
                f"Product '{goes.title}' (size: M, color: Black) is not for "
                "sale any more"), a
            gone_, = a.json["shortages"]
            assert (gone_["sku_id"], gone_["available"]) == (goes.id, 0), a
            assert gone_.get("product_name") == (
                None if how == "deleted" else goes.title), a
            assert gone_.get("size") == (None if how == "deleted" else "M"), a
    assert lines(shown(us.request("DELETE", f"/cart/items/{item}"))) == \
        [(stays.id, 1)]


def test_a_line_says_how_much_of_it_can_be_ordered(shop, us):
    some, none, unlisted = (shop.sku("us", stock=n) for n in (7, 1, 9))
    for sku in (some, none, unlisted):
        put(us, sku)
    shop.set_stock(none, 0)
    gone(shop, unlisted, "unlisted")
    for cart in (see(us), put(us, some)):
        assert [i["available"] for i in cart["items"]] == [7, 0, 0], cart


def test_an_order_of_a_cart_names_all_goods_that_are_not_for_sale(shop, us):
    stays, first, second = (shop.sku("us", size=s) for s in ("S", "L", ""))
    shop.put_in_cart(us, (stays, 1), (first, 2), (second, 3))
    for sku in (first, second):
        gone(shop, sku, "inactive")
    with shop.unchanged("us"):
        a = us.order(items=...)
    assert a.json["error"] == "sku_not_found", a
    assert a.json["message"] == (f"Product '{first.title}' (size: L, color: "
                                 "Black) is not for sale any more"), a
    assert a.json["shortages"] == [
        {"sku_id": s.id, "requested": n, "available": 0,
         "product_name": s.title, "size": s.size, "color": s.color}
        for s, n in ((first, 2), (second, 3))], a


def test_what_is_not_for_sale_has_no_name_for_who_only_guesses_its_id(
        shop, us):
    sku = shop.sku("us")
    gone(shop, sku, "inactive")
    with shop.unchanged("us"):
        for a in (us.order((sku, 2)), us.request("POST", "/cart/items", {
                "sku_id": sku.id, "quantity": 2})):
            assert a.json["message"] == f"SKU with id {sku.id} not found", a
            assert a.json["shortages"] == [
                {"sku_id": sku.id, "requested": 2, "available": 0}], a
            assert sku.title not in a.body.decode(), a


def test_a_cart_has_a_hundred_lines_at_most(shop, us):
    skus = [shop.sku("us") for _ in range(102)]
    shop.put_in_cart(us, *[(s, 1) for s in skus[:99]])
    assert len(put(us, skus[99])["items"]) == 100
    with shop.unchanged("us"):
        a = us.request("POST", "/cart/items", {"sku_id": skus[100].id})
    assert a.status == 400 and a.json["error"] == "too_many_lines", a
    assert len(put(us, skus[0])["items"]) == 100, "the old lines still grow"
    # More, however they came there, are shown and can be removed.
    shop.put_in_cart(us, (skus[100], 1), (skus[101], 1))
    cart = see(us)
    assert cart["total_items"] == 102
    for item in cart["items"][:3]:
        shown(us.request("DELETE", f"/cart/items/{item['id']}"))
    assert len(put(us, skus[0])["items"]) == 100


@pytest.mark.parametrize("item", ["0", "-1", str(BIG - 1), "1"])
def test_a_line_that_is_not_there_is_not_found(shop, us, item):
    put(us, shop.sku("us"))
    with shop.unchanged("us"):
        for a in (us.request("DELETE", f"/cart/items/{item}"),
                  us.request("PUT", f"/cart/items/{item}", {"quantity": 1}),
                  us.request("PUT", f"/cart/items/{item}?quantity=0")):
            assert a.status == 404, a
            assert a.json["message"] == "Cart item not found", a


@pytest.mark.parametrize("item", ["x", "1.5", "1x", "%20", str(BIG), "1,2",
                                  "9" * 40])
def test_a_line_id_in_the_path_is_an_integer(us, item):
    for method, body in (("DELETE", None), ("PUT", {"quantity": 1})):
        a = us.request(method, f"/cart/items/{item}", body)
        assert a.status == 422 and locs(a) == [["path", "item_id"]], a


@pytest.mark.parametrize("item", ["0", "-1", '"7x"', "1.5", "null",
                                  str(BIG)])
def test_a_line_id_in_a_body_is_a_positive_integer(us, item):
    for path, more in (("/cart/remove", ""), ("/cart/update",
                                              ', "quantity": 1')):
        a = us.request("POST", path, f'{{"cart_item_id": {item}{more}}}')
        assert a.status == 422 and locs(a) == [["body", "cart_item_id"]], a


def test_all_failures_are_told_at_once(us):
    a = us.request("POST", "/cart/update", {"quantity": 101, "user_id": []})
    assert a.status == 422 and locs(a) == [
        ["body", "cart_item_id"], ["body", "quantity"], ["body", "user_id"]]
    a = us.request("POST", "/cart/items", {"quantity": 0})
    assert locs(a) == [["body", "sku_id"], ["body", "quantity"]], a


# -------------------------------------------------------------- whose it is

@pytest.mark.parametrize("n", CALLS, ids=pick(CALLS))
def test_nobody_acts_without_a_live_token(shop, n):
    us, sku = shop.buyer("us"), shop.sku("us")
    item = item_of(put(us, sku), sku)
    method, path, body = calls(item, sku.id)[n]
    dead = shop.token(us.id, "us", iat=1_600_000_000)
    with shop.unchanged():
        a = shop.request(method, path, body)
        b = shop.request(method, path, body, shop.token(1 << 40, "us"))
    assert (a.status, a.json["error"]) == (401, "missing_token"), a
    assert (b.status, b.json["message"]) == (404, "User not found"), b
    shop.sql("us", "UPDATE users SET tokens_valid_from='2025-01-01' "
             f"WHERE id={us.id}")
    with shop.unchanged():
        a = shop.request(method, path, body, dead)
    assert (a.status, a.json["message"]) == (401, "Invalid token"), a
    shop.sql("us", "UPDATE users SET tokens_valid_from=NULL, is_active=0 "
             f"WHERE id={us.id}")
    with shop.unchanged():
        a = us.request(method, path, body)
    assert (a.status, a.json["message"]) == (401, "Invalid token"), a
    shop.sql("us", f"UPDATE users SET is_active=1 WHERE id={us.id}")
    assert us.request(method, path, body).status == 200


@pytest.mark.parametrize("n", WITH_BODY, ids=pick(WITH_BODY))
def test_a_user_id_must_be_the_tokens(shop, n):
    us, other, sku = shop.buyer("us"), shop.buyer("us"), shop.sku("us")
    for b in (us, other):
        put(b, sku)
    item = item_of(see(us), sku)
    method, path, body = calls(item, sku.id)[n]
    for user in (other.id, str(other.id), 0, -1, BIG, 2 ** 70, "-5"):
        with shop.unchanged():
            a = us.request(method, path, {**body, "user_id": user})
        assert (a.status, a.json["error"]) == (403, "forbidden"), (user, a)
    for user in (1.5, True, [], {}, "", "me", "1.0", "9" * 30):
        with shop.unchanged():
            a = us.request(method, path, {**body, "user_id": user})
        assert a.status == 422, (user, a)
        assert locs(a) == [["body", "user_id"]], (user, a)
    assert us.request(method, path,
                      {**body, "user_id": str(us.id)}).status == 200
    put(us, sku)
    item = item_of(see(us), sku)
    method, path, body = calls(item, sku.id)[n]
    assert us.request(method, path, {**body, "user_id": us.id}).status == 200
    assert shop.cart(other) == [(sku.id, 1)]


def test_a_dead_token_is_told_so_whoevers_cart_it_asks_for(shop, us):
    other = shop.buyer("us")
    a = shop.request("POST", "/cart/get", {"user_id": other.id},
                     shop.token(1 << 40, "us"))
    assert (a.status, a.json["message"]) == (404, "User not found"), a
    shop.sql("us", f"UPDATE users SET is_active=0 WHERE id={us.id}")
    for method, path, body in calls(1, 1):
        if body is not None:
            a = us.request(method, path, {**body, "user_id": other.id})
            assert (a.status, a.json["message"]) == (401, "Invalid token"), a


@pytest.mark.parametrize("path", ["/cart", "/cart/items/{0}"])
def test_a_user_id_in_the_body_of_a_delete_counts_too(shop, us, path):
    other, sku = shop.buyer("us"), shop.sku("us")
    item = item_of(put(us, sku), sku)
    with shop.unchanged():
        a = us.request("DELETE", path.format(item), {"user_id": other.id})
    assert a.status == 403, a
    assert us.request("DELETE", path.format(item),
                      {"user_id": us.id}).status == 200


def test_a_null_user_id_is_none(shop, us):
    sku = shop.sku("us")
    assert shown(us.request("POST", "/cart/add",
                            {"sku_id": sku.id, "user_id": None}))["items"]


def test_somebody_elses_line_is_not_there(shop, us):
    other, sku = shop.buyer("us"), shop.sku("us")
    item = item_of(put(other, sku, 5), sku)
    put(us, sku)
    with shop.unchanged():
        for method, path, body in calls(item, sku.id):
            if str(item) in path or "cart_item_id" in (body or {}):
                a = us.request(method, path, body)
                assert a.status == 404, a
                assert a.json["message"] == "Cart item not found", a


def test_a_user_id_in_the_query_changes_nothing(shop, us):
    other, sku = shop.buyer("us"), shop.sku("us")
    put(other, sku)
    cart = shown(us.get(f"/cart?user_id={other.id}&market=kg"))
    assert (cart["user_id"], cart["items"]) == (us.id, [])


# ------------------------------------------------------------- bad bodies

@pytest.mark.parametrize("n", WITH_BODY, ids=pick(WITH_BODY))
@pytest.mark.parametrize("body, status", [
    ("{", 400), ("{'sku_id': 1}", 400), ('{"a": 1, "a": 2}', 400),
    ("[]", 422), ('"x"', 422), ("7", 422)], ids=repr)
def test_a_body_that_is_no_object_is_refused(shop, us, n, body, status):
    method, path, _ = calls(1, 1)[n]
    with shop.unchanged("us"):
        a = us.request(method, path, body)
    assert a.status == status, a


@pytest.mark.parametrize("n", WITH_BODY, ids=pick(WITH_BODY))
def test_a_body_over_the_limit_is_refused(shop, us, n):
    method, path, body = calls(1, 1)[n]
    with shop.unchanged("us"):
        for size in (70_000, 200_000):
            a = us.request(method, path, {**body, "x": "x" * size})
            assert a.status == 413, a


@pytest.mark.parametrize("n", WITH_BODY, ids=pick(WITH_BODY))
def test_a_body_of_another_type_is_refused(shop, us, n):
    method, path, body = calls(1, 1)[n]
    with shop.unchanged("us"):
        a = us.request(method, path, json.dumps(body),
                       headers={"Content-Type": "text/plain"})
    assert a.status == 415, a


@pytest.mark.parametrize("path", ["/cart/items", "/cart/add", "/cart/update",
                                  "/cart/remove"])
@pytest.mark.parametrize("body", [None, b""])
def test_a_body_that_is_needed_is_asked_for(us, path, body):
    assert us.request("POST", path, body).status in (400, 422)


@pytest.mark.parametrize("method, path, allowed", [
    ("POST", "/cart", {"GET", "DELETE"}),
    ("PUT", "/cart", {"GET", "DELETE"}),
    ("DELETE", "/cart/items", {"GET", "POST"}),
    ("GET", "/cart/items/1", {"PUT", "DELETE"}),
    ("GET", "/cart/add", {"POST"}), ("DELETE", "/cart/clear", {"POST"})])
def test_other_methods_are_told_which_there_are(us, method, path, allowed):
    a = us.request(method, path, {})
    assert a.status == 405, a
    assert allowed <= {m.strip() for m in a.headers["Allow"].split(",")}, a


# ------------------------------------------------------- many at once

def add(buyer, sku, n=1):
    return buyer.request("POST", "/cart/items",
                         {"sku_id": sku.id, "quantity": n})


def test_twenty_adds_of_one_sku_at_once_add_up(shop, market):
    for _ in range(3):
        buyer, sku = shop.buyer(market), shop.sku(market)
        answers = at_once([lambda: add(buyer, sku, 3)] * 20)
        assert tally(answers) == {200: 20}
        assert shop.cart(buyer) == [(sku.id, 60)]
        # Each saw its own: no two the same.
        assert sorted(a.json["items"][0]["quantity"] for a in answers) == \
            list(range(3, 61, 3))


def test_twenty_adds_of_different_skus_at_once_keep_every_line(shop, market):
    buyer = shop.buyer(market)
    skus = [shop.sku(market) for _ in range(20)]
    answers = at_once([lambda s=s: add(buyer, s) for s in skus])
    assert tally(answers) == {200: 20}
    assert shop.cart(buyer) == [(s.id, 1) for s in skus]
    assert max(len(shown(a)["items"]) for a in answers) == 20


def test_adds_at_once_never_pass_a_limit(shop, us):
    """Of a line, of a cart, of the stock."""
    plenty, scarce = shop.sku("us"), shop.sku("us", stock=10)
    answers = at_once([lambda: add(us, plenty, 9)] * 20)
    assert tally(answers) == {200: 11, 422: 9}
    answers = at_once([lambda: add(us, scarce, 3)] * 20)
    assert tally(answers) == {200: 3, 400: 17}
    assert shop.cart(us) == [(plenty.id, 99), (scarce.id, 9)]
    skus = [shop.sku("us") for _ in range(110)]
    shop.put_in_cart(us, *[(s, 1) for s in skus[:90]])
    answers = at_once([lambda s=s: add(us, s) for s in skus[90:]])
    assert tally(answers) == {200: 8, 400: 12}
    assert len(shop.cart(us)) == 100


def test_changes_of_all_kinds_at_once_end_in_a_cart(shop, us):
    skus = [shop.sku("us") for _ in range(4)]
    for s in skus:
        put(us, s)
    items = [i["id"] for i in see(us)["items"]]
    jobs = [lambda s=s: add(us, s) for s in skus] * 5
    jobs += [lambda i=i: change(us, "body", i, 3) for i in items] * 5
    jobs += [lambda i=i: us.request("DELETE", f"/cart/items/{i}")
             for i in items[:2]] * 3
    jobs += [lambda: us.get("/cart")] * 5
    answers = at_once(jobs, 16)
    assert set(tally(answers)) <= {200, 404}
    for a in answers:
        if a.status == 200:
            shown(a)
    assert lines(see(us)) and [i for i, in shop.sql(
        "us", "SELECT id FROM cart_items WHERE quantity NOT BETWEEN 1 AND "
        "100")] == []


def test_two_tabs_that_order_one_cart_get_one_order(shop, market):
    for _ in range(5):
        buyer, sku = shop.buyer(market), shop.sku(market)
        put(buyer, sku, 2)
        bodies = [order(market, items=...) for _ in range(4)]
        answers = at_once([lambda b=b: buyer.post(b) for b in bodies])
        assert tally(answers) == {200: 1, 400: 3}
        assert buyer.orders() == 1 and shop.cart(buyer) == []
        assert shop.stock(sku) == 998
    body = order(market, items=...)
    put(buyer, sku)
    answers = at_once([lambda: buyer.post(body)] * 4)
    assert tally(answers) == {200: 4}
    assert len({a.json["id"] for a in answers}) == 1
    assert buyer.orders() == 2


def test_a_line_added_while_the_cart_is_ordered_is_ordered_or_stays(shop,
                                                                    market):
    """Never both, never neither; and without a deadlock."""
    buyer, log = shop.buyer(market), LogTail(shop)
    skus = [shop.sku(market, stock=100000) for _ in range(6)]
    for _ in range(15):
        # Two are in the cart before, one piece of each.
        put(buyer, skus[0])
        put(buyer, skus[1])
        jobs = [lambda s=s, n=n: add(buyer, s, n)
                for s, n in zip(skus, (1, 1, 2, 2, 2, 2))]
        jobs.insert(3, lambda: buyer.order(items=...))
        answers = at_once(jobs)
        assert tally(answers) == {200: 7}
        ordered = {l["sku_code"]: l["quantity"]
                   for l in answers[3].json["items"]}
        left = dict(shop.cart(buyer))
        for s in skus:
            assert ordered.get(s.code, 0) + left.get(s.id, 0) == 2, s
        assert skus[0].code in ordered and skus[1].code in ordered
        assert shown(buyer.request("DELETE", "/cart"))["items"] == []
    assert not [l for l in log.lines() if "database error" in l]


def test_the_answer_of_an_order_leaves_an_empty_cart(shop, us):
    one, two = shop.sku("us"), shop.sku("us")
    put(us, one, 2)
    put(us, two, 1)
    assert [l["quantity"] for l in us.ordered(items=...)["items"]] == [2, 1]
    assert see(us)["items"] == []
