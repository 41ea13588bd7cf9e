"""How many orders a customer can make in an hour."""
import pytest

from harness import at_once, order

LIMIT = 3


@pytest.fixture(scope="module")
def limited(shop):
    with shop.configured(per_hour=LIMIT):
        yield shop


def check_too_many(a):
    assert (a.status, a.json["error"]) == (429, "too_many_orders"), a
    assert 3500 < a.retry_after <= 3600, a


def test_a_customer_can_make_so_many_orders_in_an_hour_and_no_more(limited):
    us, sku = limited.buyer("us"), limited.sku("us", stock=100)
    for _ in range(LIMIT):
        us.ordered(sku)
    limited.put_in_cart(us, (sku, 2))
    with limited.unchanged():
        check_too_many(us.order(sku))
        check_too_many(us.order(items=...))
        check_too_many(us.order(sku, headers={"Idempotency-Key": "new"}))
    # It is the customer's own limit, and that of the market.
    limited.buyer("us").ordered(sku)
    kg = limited.as_user("kg", limited.user("kg", us.id))
    kg.ordered(limited.sku("kg"))


def test_a_repeat_of_an_order_is_never_too_many(limited):
    us, sku = limited.buyer("us"), limited.sku("us", stock=100)
    keyed, plain = order("us", sku), order("us", sku)
    headers = {"Idempotency-Key": "k"}
    first = us.post(keyed, headers=headers)
    limited.put_in_cart(us, (sku, 1))
    cart = order("us", items=...)
    from_cart, other = us.post(cart), us.post(plain)
    check_too_many(us.order(sku))
    with limited.unchanged():
        for made, again in ((first, us.post(keyed, headers=headers)),
                            (other, us.post(plain)),
                            (from_cart, us.post(cart))):
            assert again.status == 200 and again.json == made.json, again
            assert again.headers["Idempotent-Replayed"] == "true", again
            assert "Retry-After" not in again.headers, again


def test_cancelled_orders_count_and_old_ones_do_not(limited):
    us, sku = limited.buyer("us"), limited.sku("us", stock=100)
    ids = [us.ordered(sku)["id"] for _ in range(LIMIT)]
    assert us.request("POST", f"/orders/{ids[2]}/cancel").status == 200
    check_too_many(us.order(sku))
    for minutes, status in ((30, 429), (61, 200), (0, 429)):
        limited.sql("us", "UPDATE orders SET created_at = created_at - "
                    f"INTERVAL {minutes} MINUTE WHERE id = {ids[0]}")
        a = us.order(sku)
        assert a.status == status, (minutes, a)
        assert status == 200 or 0 < a.retry_after <= 3600, a


def test_retry_after_is_when_the_next_order_is_possible(limited):
    us, sku = limited.buyer("us"), limited.sku("us", stock=100)
    ids = [us.ordered(sku)["id"] for _ in range(LIMIT)]
    limited.sql("us", "UPDATE orders SET created_at = created_at - "
                f"INTERVAL 50 MINUTE WHERE id = {ids[1]}")
    a = us.order(sku)
    # The oldest of those that count: the one that was made 50 minutes ago.
    assert a.status == 429 and 590 <= a.retry_after <= 600, a


def test_what_is_refused_for_another_reason_says_that(limited):
    us, sku = limited.buyer("us"), limited.sku("us", stock=LIMIT)
    for _ in range(LIMIT):
        us.ordered(sku)
    assert us.order(sku).json["error"] == "out_of_stock"
    assert us.post({}).status == 422


def test_orders_at_once_pass_the_limit_by_no_more_than_the_workers(limited):
    us, sku = limited.buyer("us"), limited.sku("us", stock=1000)
    answers = at_once([lambda: us.order(sku)] * 40)
    assert {a.status for a in answers} == {200, 429}, answers
    assert LIMIT <= us.orders() <= LIMIT + len(limited.workers())
    check_too_many(us.order(sku))


def test_a_limit_of_zero_is_none(shop):
    with shop.configured(per_hour=0):
        us, sku = shop.buyer("us"), shop.sku("us", stock=1000)
        answers = at_once([lambda: us.order(sku)] * 100, 4)
        assert {a.status for a in answers} == {200}, answers
