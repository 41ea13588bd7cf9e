"""The profile's orders: cards of them, how many there are, and one whole."""
import decimal

import pytest

from harness import locs

STATUSES = ("pending", "confirmed", "processing", "shipped", "delivered",
            "cancelled", "returned")


def history(buyer, query=""):
    a = buyer.get("/profile/orders" + query)
    assert a.status == 200, a
    assert "no-store" in a.headers["Cache-Control"], a
    h = a.json
    assert set(h) == {"success", "orders", "total", "has_more"}, h
    assert h["success"] is True, h
    for o in h["orders"]:
        assert set(o) == {"id", "order_number", "status", "total_amount",
                          "currency", "order_date", "delivery_date",
                          "delivery_address", "items_count", "items"}, o
        assert len(o["items"]) == min(o["items_count"], 3), o
        for i in o["items"]:
            assert set(i) == {"product_name", "quantity", "price",
                              "image_url"}, i
    return h


def ids(h):
    return [o["id"] for o in h["orders"]]


def rows(shop, buyer, n, **columns):
    """Orders by hand, a second apart; their ids, newest first."""
    return [shop.order_row(buyer.market, buyer.id, lines=1 + i % 5,
                           created_at=f"2025-11-02 10:15:{i:02}", **columns)
            for i in range(n)][::-1]


# ---------------------------------------------------------------- the list

def test_a_customer_without_orders_has_none(shop, market):
    h = history(shop.buyer(market))
    assert h == {"success": True, "orders": [], "total": 0,
                 "has_more": False}


def test_an_order_is_shown_as_a_card(shop, market):
    buyer = shop.buyer(market)
    one, two = shop.sku(market, price=2499), shop.sku(market, price=1)
    shop.sql(market, "UPDATE products SET image_url='https://img.example/1'"
             f" WHERE id={one.id}")
    o = buyer.ordered((one, 2), (two, 1), delivery_address="5 Main Street")
    assert history(buyer) == {
        "success": True, "total": 1, "has_more": False, "orders": [{
            "id": o["id"], "order_number": o["order_number"],
            "status": "pending", "total_amount": o["total_amount"],
            "currency": o["currency"], "order_date": o["order_date"],
            "delivery_date": None, "delivery_address": "5 Main Street",
            "items_count": 2, "items": [
                {"product_name": one.title, "quantity": 2,
                 "price": decimal.Decimal("24.99"),
                 "image_url": "https://img.example/1"},
                {"product_name": two.title, "quantity": 1,
                 "price": decimal.Decimal("0.01"), "image_url": None}]}]}


@pytest.mark.parametrize("lines", [1, 2, 3, 4, 7, 100])
def test_three_lines_are_shown_and_all_are_counted(shop, us, lines):
    skus = [shop.sku("us") for _ in range(lines)]
    us.ordered(*skus)
    card, = history(us)["orders"]
    assert card["items_count"] == lines
    assert [i["product_name"] for i in card["items"]] == \
        [s.title for s in skus[:3]]


def test_what_was_bought_stays_and_its_picture_is_the_one_of_now(shop, us):
    sku = shop.sku("us", price=1000)
    us.ordered(sku)
    before = history(us)["orders"][0]["items"][0]
    shop.sql("us", "UPDATE products SET title='Other', is_active=0, "
             f"image_url='https://img.example/2' WHERE id={sku.id}")
    shop.sql("us", "UPDATE skus SET price_minor=9900, is_active=0 "
             f"WHERE id={sku.id}")
    assert history(us)["orders"][0]["items"] == [
        {**before, "image_url": "https://img.example/2"}]
    shop.sql("us", f"DELETE FROM skus WHERE id={sku.id}")
    assert history(us)["orders"][0]["items"] == [
        {**before, "image_url": None}]


def test_an_order_without_lines_is_shown(shop, us):
    oid = shop.order_row("us", us.id, lines=0)
    card, = history(us)["orders"]
    assert (card["id"], card["items_count"], card["items"]) == (oid, 0, [])
    shop.drop_order("us", oid)


@pytest.mark.parametrize("query, first, last", [
    ("", 0, 20), ("?limit=1", 0, 1), ("?limit=5&offset=3", 3, 8),
    ("?offset=20", 20, 25), ("?limit=25", 0, 25), ("?limit=24", 0, 24),
    ("?offset=24", 24, 25), ("?offset=25", 25, 25), ("?offset=26", 25, 25),
    (f"?offset={2 ** 63 - 2}", 25, 25), ("?limit=100", 0, 25)])
def test_a_page_says_how_many_there_are_and_whether_more_come(shop, us, query,
                                                              first, last):
    made = rows(shop, us, 25)
    rows(shop, shop.buyer("us"), 2)
    h = history(us, query)
    assert ids(h) == made[first:last]
    assert h["total"] == 25 and h["has_more"] is (last < 25), h


def test_orders_of_one_moment_are_each_on_one_page(shop, us):
    made = [shop.order_row("us", us.id, lines=4,
                           created_at="2025-11-02 10:15:30")
            for _ in range(9)]
    assert [i for n in range(0, 9, 2)
            for i in ids(history(us, f"?limit=2&offset={n}"))] == made[::-1]


@pytest.mark.parametrize("status", STATUSES)
def test_a_filter_counts_what_it_lets_through(shop, us, status):
    made = {s: rows(shop, us, 2, status=s) for s in STATUSES}
    for text in (status, status.upper(), status.title()):
        h = history(us, f"?status_filter={text}&limit=1")
        assert ids(h) == made[status][:1]
        assert h["total"] == 2 and h["has_more"] is True, h
        assert h["orders"][0]["status"] == status
    assert history(us, "?status_filter=")["total"] == 14


@pytest.mark.parametrize("query, name", [
    ("limit=0", "limit"), ("limit=101", "limit"), ("limit=-1", "limit"),
    ("limit=x", "limit"), ("limit=", "limit"), ("offset=-1", "offset"),
    ("offset=1.5", "offset"), (f"offset={2 ** 63}", "offset"),
    ("status_filter=paid", "status_filter"),
    ("status_filter=pending'", "status_filter"),
    ("status_filter=%00", "status_filter")])
def test_a_query_is_judged_as_that_of_the_order_list(us, query, name):
    a = us.get("/profile/orders?" + query)
    b = us.get("/orders?" + query)
    assert a.status == b.status == 422 and locs(a) == [["query", name]], a
    assert a.json["detail"] == b.json["detail"]


def test_a_history_is_only_the_customers_own(shop):
    twin = shop.user("us")
    shop.user("kg", twin)
    us, kg = shop.as_user("us", twin), shop.as_user("kg", twin)
    mine, theirs = rows(shop, us, 3), rows(shop, kg, 2)
    rows(shop, shop.buyer("us"), 2)
    assert ids(history(us)) == mine and ids(history(kg)) == theirs
    h = history(us, f"?market=kg&user_id={kg.id}")
    assert ids(h) == mine and h["total"] == 3


# ---------------------------------------------------------------- one order

def test_an_order_is_the_same_as_in_the_orders(shop, market):
    buyer = shop.buyer(market)
    o = buyer.ordered((shop.sku(market), 2), shop.sku(market))
    a = buyer.get(f"/profile/orders/{o['id']}")
    assert a.status == 200, a
    assert a.json == {"success": True, "order": o}
    assert a.json["order"] == buyer.get(f"/orders/{o['id']}").json


def test_an_order_that_is_not_mine_is_not_found(shop, us, kg):
    for oid in (shop.order_row("us", shop.user("us")),
                shop.order_row("kg", kg.id), 0, -1, 2 ** 63 - 1):
        a = us.get(f"/profile/orders/{oid}")
        assert a.status == 404, a
        assert a.json["message"] == "Order not found", a


@pytest.mark.parametrize("oid", ["x", "1.5", "1x", str(2 ** 63), "%20"])
def test_an_order_id_is_an_integer(us, oid):
    a = us.get(f"/profile/orders/{oid}")
    assert a.status == 422 and locs(a) == [["path", "order_id"]], a


# ------------------------------------------------------------------ tokens

@pytest.mark.parametrize("path", ["/profile/orders", "/profile/orders/{0}",
                                  "/profile/orders?offset=9"])
@pytest.mark.parametrize("orders", [0, 1])
def test_the_token_is_checked_with_and_without_orders(shop, us, path, orders):
    oid = rows(shop, us, orders)[0] if orders else 1
    path = path.format(oid)
    assert shop.request("GET", path).status == 401
    a = shop.request("GET", path, token=shop.token(1 << 40, "us"))
    assert (a.status, a.json["message"]) == (404, "User not found"), a
    old = shop.token(us.id, "us", iat=1_600_000_000)
    shop.sql("us", "UPDATE users SET tokens_valid_from='2025-01-01' "
             f"WHERE id={us.id}")
    a = shop.request("GET", path, token=old)
    assert (a.status, a.json["message"]) == (401, "Invalid token"), a
    shop.sql("us", "UPDATE users SET tokens_valid_from=NULL, is_active=0 "
             f"WHERE id={us.id}")
    a = us.get(path)
    assert (a.status, a.json["message"]) == (401, "Invalid token"), a


@pytest.mark.parametrize("path", ["/profile/orders", "/profile/orders/1"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_orders_of_the_profile_are_only_read(us, path, method):
    a = us.request(method, path, {})
    assert a.status == 405 and "GET" in a.headers["Allow"], a
