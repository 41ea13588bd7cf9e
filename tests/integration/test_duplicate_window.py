"""The duplicate window with other lengths than the default."""
import time

import pytest

from harness import order, poll


@pytest.fixture(scope="module")
def short(shop):
    with shop.configured(duplicate_window="2s"):
        yield shop


def test_the_same_body_after_the_window_is_a_new_order(short):
    us, sku = short.buyer("us"), short.sku("us", stock=1000)
    body = order("us", sku)
    began = time.monotonic()
    first = us.post(body)
    assert first.status == 200, first
    # Asked again and again, it is the first order until the window is over,
    # however often it was asked for; then a new one, once.
    seen = []

    def another():
        seen.append(us.post(body))
        assert seen[-1].status == 200, seen[-1]
        return seen[-1].json["id"] != first.json["id"]

    poll("a new order after the window", another, interval=0.1)
    # The database counts from when it made the order.
    assert time.monotonic() - began >= 1.9
    assert us.orders() == 2 and short.stock(sku) == 998
    assert us.post(body).json["id"] == seen[-1].json["id"]


def test_a_key_outlives_the_window(short):
    us, sku = short.buyer("us"), short.sku("us", stock=10)
    body = order("us", sku)
    first = us.post(body, headers={"Idempotency-Key": "k"})
    made = time.monotonic()
    poll("the end of the window", lambda: time.monotonic() - made > 2.2)
    with short.unchanged():
        again = us.post(body, headers={"Idempotency-Key": "k"})
    assert again.json == first.json, again
    assert again.headers["Idempotent-Replayed"] == "true", again


def test_a_window_of_zero_makes_an_order_of_each(shop):
    with shop.configured(duplicate_window="0"):
        us, sku = shop.buyer("us"), shop.sku("us", stock=10)
        body = order("us", sku)
        ids = {us.post(body).json["id"] for _ in range(3)}
        assert len(ids) == 3 == us.orders() and shop.stock(sku) == 7
        keyed = [us.post(body, headers={"Idempotency-Key": "k"})
                 for _ in range(2)]
        assert keyed[0].json == keyed[1].json and us.orders() == 4
