"""The case that this service exists for.

One phone number, two people: user 10 of the kg market and user 19 of the us
market. What user 19 orders belongs in the us database, in dollars, and
nowhere else.
"""
import pytest

from harness import check_error, check_money, check_sums, order, tax_added

PHONE = "+13128059851"


@pytest.fixture
def u19(shop):
    return shop.as_user("us", 19)


@pytest.fixture
def k10(shop):
    return shop.as_user("kg", 10)


def test_the_phone_is_user_10_in_kg_and_user_19_in_us(shop):
    for market, user_id in (("kg", "10"), ("us", "19")):
        assert shop.sql(market, "SELECT id FROM users WHERE phone_number = "
                        f"'{PHONE}'") == [(user_id,)]
    assert shop.count("kg", "users", "id = 19") == 0


def test_user_19_of_us_creates_lists_and_shows_an_order_in_us_in_dollars(
        shop, u19):
    sku = shop.sku("us", price=2499, size="M", color="Black", stock=10)
    kg_before = shop.dump("kg")

    body = order("us", (sku, 2), customer_email="ann@example.com",
                 delivery_city="Chicago")
    a = u19.post(body)
    assert a.status == 200, a
    o = a.json
    assert o["currency"] == "USD" and o["market"] == "us", o
    assert o["user_id"] == 19 and o["status"] == "pending", o
    check_money(o["subtotal"], 4998)
    check_money(o["shipping_cost"], 999)
    check_money(o["tax_amount"], 400)
    check_money(o["total_amount"], 6397)
    check_sums(o)
    assert u19.list("?limit=1") == [o]
    shown = u19.get(f"/orders/{o['id']}")
    assert shown.status == 200 and shown.json == o, shown

    rows = shop.sql("us", "SELECT order_number, user_id, status, currency, "
                    "customer_name, customer_phone, customer_email, "
                    "delivery_address, delivery_city, delivery_notes, "
                    "payment_method, subtotal_minor, tax_minor, "
                    "shipping_minor, total_minor FROM orders "
                    f"WHERE id = {o['id']}")
    assert rows == [(o["order_number"], "19", "pending", "USD",
                     "Ann Example", body["customer_phone"],
                     "ann@example.com", "5 Main Street", "Chicago",
                     body["delivery_notes"], "card",
                     "4998", "400", "999", "6397")]
    lines = shop.sql("us", "SELECT line_no, sku_id, product_name, sku_code, "
                     "size, color, unit_price_minor, quantity, total_minor "
                     f"FROM order_items WHERE order_id = {o['id']}")
    assert lines == [("1", str(sku.id), sku.title, sku.code, "M", "Black",
                      "2499", "2", "4998")]
    assert shop.stock(sku) == 8
    assert shop.dump("kg") == kg_before


def test_a_customer_of_kg_orders_in_kg_in_som(shop, k10):
    sku = shop.sku("kg", price=120050, stock=10)
    us_before = shop.dump("us")

    o = k10.ordered((sku, 3), delivery_city="Бишкек", payment_method="cash")
    assert o["currency"] == "KGS" and o["market"] == "kg", o
    assert o["user_id"] == 10 and o["tax_included"] is True, o
    assert o["payment_method"] == "cash_on_delivery", o
    check_money(o["subtotal"], 360150)
    check_money(o["shipping_cost"], 15000)
    check_money(o["total_amount"], 375150)
    check_sums(o)
    assert k10.list("?limit=1") == [o]
    assert k10.get(f"/orders/{o['id']}").json == o
    assert shop.sql("kg", "SELECT user_id, currency, total_minor FROM orders "
                    f"WHERE id = {o['id']}") == [("10", "KGS", "375150")]
    assert shop.stock(sku) == 7
    assert shop.dump("us") == us_before


def test_a_token_of_kg_with_the_us_users_id_is_user_not_found(shop):
    nobody = shop.as_user("kg", 19)
    sku = shop.sku("kg")
    with shop.unchanged():
        for a in (nobody.order(sku), nobody.get("/orders"),
                  nobody.post(order("kg", sku), path="/orders"),
                  nobody.get("/orders/1"), nobody.order(use_cart=True)):
            assert a.status == 404, a
            assert a.json["message"] == "User not found", a


def test_the_two_users_of_one_phone_never_see_each_others_orders(
        shop, u19, k10):
    us = u19.ordered(shop.sku("us"))
    kg = k10.ordered(shop.sku("kg"))
    assert kg["order_number"] not in [o["order_number"]
                                      for o in u19.list("?limit=100")]
    assert us["order_number"] not in [o["order_number"]
                                      for o in k10.list("?limit=100")]
    for buyer, foreign in ((u19, kg), (k10, us)):
        a = buyer.get(f"/orders/{foreign['id']}")
        # The number may be that of an order of one's own, by chance.
        if a.status == 200:
            assert a.json["user_id"] == buyer.id, a
            assert a.json["order_number"] != foreign["order_number"], a
        else:
            check_error(a)
            assert a.status == 404, a
            assert a.json["message"] == "Order not found", a


def test_the_totals_are_in_the_markets_own_money(shop, market):
    """8 % on top in us; 12 % inside the price in kg."""
    o = shop.buyer(market).ordered((shop.sku(market, price=1007), 3))
    if market == "us":
        assert o["tax_included"] is False, o
        check_money(o["tax_amount"], tax_added(3021, 8))
        check_money(o["total_amount"], 3021 + 999 + 242)
    else:
        assert o["tax_included"] is True, o
        check_money(o["tax_amount"], 324)        # 30.21 * 12 / 112 = 3.2368
        check_money(o["total_amount"], 3021 + 15000)
