"""The connection breaks at COMMIT: nobody knows, and the service finds out.

Between the daemon and the database of us stands a proxy that sees the COMMIT
of an order. Whatever becomes of it: who is told of an order has one, who is
not told of one gets it by asking again, and there is never a second one.
"""
import time

import pytest

import chaos
from harness import RepeatedJobs, order, poll, reconcile
from markets import LATEST, back
from proxy import Proxy

KEYS = (f"commit-{time.time():.0f}-{n}" for n in range(10**6))


class Cart:
    """An order of what is in the cart."""

    def __init__(self, shop):
        self.shop, self.buyer = shop, shop.buyer("us")
        self.sku = shop.sku("us", stock=100)
        shop.put_in_cart(self.buyer, (self.sku, 2))
        # One body and one key for all tries.
        self.body = order("us", items=...)
        self.headers = {"Idempotency-Key": next(KEYS)}

    def ask(self):
        began = time.monotonic()
        a = self.buyer.post(self.body, headers=self.headers)
        assert time.monotonic() - began < LATEST, a
        return a

    def check_done(self, a):
        """The answer tells of the one order that there is."""
        assert a.status == 200, a
        rows = self.shop.sql("us", "SELECT id, order_number FROM orders "
                             f"WHERE user_id = {self.buyer.id}")
        assert rows == [(str(a.json["id"]), a.json["order_number"])], a
        assert self.shop.stock(self.sku) == 98
        self.check_cart(empty=True)

    def check_not_done(self):
        assert self.buyer.orders() == 0 and self.shop.stock(self.sku) == 100
        self.check_cart(empty=False)

    def check_cart(self, empty):
        assert self.shop.cart(self.buyer) == \
            ([] if empty else [(self.sku.id, 2)])


class Items(Cart):
    """An order of its own lines: the cart is none of its business."""

    def __init__(self, shop):
        super().__init__(shop)
        self.body = order("us", (self.sku, 2))

    def check_cart(self, empty):
        assert self.shop.cart(self.buyer) == [(self.sku.id, 2)]


class ItemsWithoutKey(Items):
    """The mark of the duplicate window stands for the key."""

    def __init__(self, shop):
        super().__init__(shop)
        self.headers = {}


class Cancel:
    """An order's end, with the stock that comes back."""

    def __init__(self, shop):
        self.shop, self.buyer = shop, shop.buyer("us")
        self.sku = shop.sku("us", stock=100)
        self.id = self.buyer.ordered((self.sku, 2))["id"]

    def ask(self):
        began = time.monotonic()
        a = self.buyer.request("POST", f"/orders/{self.id}/cancel")
        assert time.monotonic() - began < LATEST, a
        return a

    def check_done(self, a):
        """Also by a cancel that was carried out before."""
        assert a.status == 200 or (a.status, a.json["message"]) == (
            400, "Cannot cancel order with status: cancelled"), a
        assert self.status() == "cancelled"
        assert self.shop.stock(self.sku) == 100
        assert self.shop.count("us", "stock_movements",
                               f"order_id={self.id}") == 1

    def check_not_done(self):
        assert self.status() == "pending" and self.shop.stock(self.sku) == 98

    def status(self):
        return self.shop.value(
            "us", f"SELECT status FROM orders WHERE id = {self.id}")


class CartAdd:
    """Two more of what is in the cart: not the same if it is done twice."""

    def __init__(self, shop):
        self.shop, self.buyer = shop, shop.buyer("us")
        self.sku = shop.sku("us", stock=100)
        shop.put_in_cart(self.buyer, (self.sku, 3))

    def ask(self):
        began = time.monotonic()
        a = self.buyer.post({"sku_id": self.sku.id, "quantity": 2},
                            "/cart/items")
        assert time.monotonic() - began < LATEST, a
        return a


class SendCode:
    """A code by SMS, once."""

    def __init__(self, shop):
        self.shop, self.phone = shop, shop.phone("us")

    def ask(self):
        return self.shop.request("POST", "/auth/send-code",
                                 {"phone": self.phone})

    def sent(self):
        return self.shop.count("us", "login_codes",
                               f"phone_number = '{self.phone}'")

    def code(self):
        """Once it has come, and the courier has written that down: it comes
        through the proxy, too."""
        poll("the courier is done", lambda: self.shop.count(
            "us", "outbox", "state = 'pending'") == 0)
        return self.shop.code(self.phone)

    def verify(self, code):
        """Behind which the next users of the tests are others than those
        whom the database has numbered on from the last, or would have."""
        a = self.shop.verify(self.phone, code)
        for _ in range(3):
            next(self.shop.ids)
        return a


@pytest.fixture
def proxy(proxied):
    """Healed, whatever the test before has left."""
    proxied[1].heal()
    return proxied[1]


@pytest.fixture
def shop(proxied, proxy):
    yield proxied[0]
    proxy.heal()
    reconcile(proxied[0], "us")


@pytest.fixture(params=[Items, ItemsWithoutKey, Cart, Cancel],
                ids=lambda p: p.__name__)
def action(request, shop, proxy):
    buyer = shop.buyer("us")
    poll("us serves", lambda: buyer.get("/orders").status == 200)
    return request.param(shop)


def test_a_commit_whose_answer_is_cut_off_is_answered_200(action, proxy):
    proxy.at_commit(Proxy.CUT_AFTER)
    a = action.ask()
    assert proxy.struck()
    assert a.status == 200, a
    action.check_done(a)
    action.check_done(action.ask())


def test_a_commit_that_does_not_arrive_is_503_and_can_be_repeated(
        action, proxy):
    proxy.at_commit(Proxy.CUT_BEFORE)
    a = action.ask()
    assert proxy.struck()
    assert a.status == 503 and a.retry_after, a
    action.check_not_done()
    action.check_done(poll("the repetition", lambda: again(action)))


def again(action):
    """The answer, once the market is back; None before."""
    a = action.ask()
    assert a.status != 500, a
    return None if a.status == 503 else a


# Shorter, and longer, than query_timeout, which is 2 s in this file.
@pytest.mark.parametrize("seconds", [1, 3])
def test_a_commit_whose_answer_is_held_back_is_never_made_twice(
        action, proxy, seconds):
    proxy.at_commit(Proxy.HOLD, hold=seconds)
    a = action.ask()
    assert proxy.struck()
    if a.status != 200:             # the time was not enough to find out
        assert a.status == 503 and a.retry_after, a
        a = poll("the repetition", lambda: again(action))
    action.check_done(a)


@pytest.mark.parametrize("seconds", [1, 3])
def test_a_commit_that_arrives_late_is_never_made_twice(
        action, proxy, seconds):
    """The daemon asks for the outcome while the server still waits for it."""
    proxy.at_commit(Proxy.LATE, hold=seconds)
    a = action.ask()
    assert proxy.struck()
    if a.status != 200:
        assert a.status == 503 and a.retry_after, a
        a = poll("the repetition", lambda: again(action))
    action.check_done(a)


def test_an_unknown_outcome_that_cannot_be_asked_for_is_503(shop, proxy):
    """The database commits, and nobody can connect to it any more."""
    action = Items(shop)
    chaos.all_connected(shop, "us")
    proxy.at_commit(Proxy.CUT_AFTER)
    proxy.refuses_then = "close"
    a = action.ask()
    proxy.heal()
    assert proxy.struck() and a.status == 503 and a.retry_after, a
    assert a.json["error"] == "outcome_unknown", a
    assert action.buyer.orders() == 1
    action.check_done(poll("the repetition", lambda: again(action)))


class Writes:
    """The requests that change something, one of which is prepared."""

    def __init__(self, shop, name):
        self.shop, self.buyer = shop, shop.buyer("us")
        self.sku, self.phone = shop.sku("us", stock=100), shop.phone("us")
        shop.put_in_cart(self.buyer, (self.sku, 3))
        self.item = self.buyer.get("/cart").json["items"][0]["id"]
        if name == "cancel":
            self.order_id = self.buyer.ordered(self.sku)["id"]
        elif name == "verify":
            self.login = SendCode(shop)
            assert self.login.ask().status == 200
            self.code = self.login.code()

    def order_items(self):
        return self.buyer.order(self.sku)

    def order_cart(self):
        return self.buyer.order(items=...)

    def cancel(self):
        return self.buyer.request("POST", f"/orders/{self.order_id}/cancel")

    def verify(self):
        return self.login.verify(self.code)

    def profile(self):
        return self.buyer.request("PUT", "/auth/profile",
                                  {"full_name": "New Name"})

    def logout(self):
        return self.buyer.request("POST", "/auth/logout")

    def send_code(self):
        return self.shop.request("POST", "/auth/send-code",
                                 {"phone": self.phone})

    def guess(self):
        """A wrong one, which counts."""
        self.shop.insert("us", "login_codes", phone_number=self.phone,
                         code_hash="x" * 32, expires_at="2999-01-01")
        return self.shop.verify(self.phone, "12345678")

    def add(self):
        return self.buyer.post({"sku_id": self.sku.id}, "/cart/items")

    def set(self):
        return self.buyer.request("PUT", f"/cart/items/{self.item}",
                                  {"quantity": 7})

    def remove(self):
        return self.buyer.request("DELETE", f"/cart/items/{self.item}")

    def clear(self):
        return self.buyer.request("DELETE", "/cart")


WRITES = ("order_items", "order_cart", "cancel", "profile", "logout",
          "send_code", "guess", "verify", "add", "set", "remove", "clear")


@pytest.mark.parametrize("name", WRITES)
def test_a_change_is_never_told_as_not_done_when_nobody_knows(
        shop, proxy, name):
    """The database commits, and nobody can connect to it any more: the answer
    must not be the one that means "not done"."""
    writes = Writes(shop, name)
    chaos.all_connected(shop, "us")
    proxy.at_commit(Proxy.CUT_AFTER)
    proxy.refusing = "close"        # connections that are there go on
    a = getattr(writes, name)()
    proxy.refusing = None
    assert proxy.struck() and a.status == 503 and a.retry_after, a
    assert a.json["error"] == "outcome_unknown", a
    back(shop, "us")


@pytest.mark.parametrize("name", WRITES)
def test_a_change_whose_answer_is_cut_off_is_done_or_unknown(
        shop, proxy, name):
    writes = Writes(shop, name)
    chaos.all_connected(shop, "us")
    proxy.at_commit(Proxy.CUT_AFTER)
    a = getattr(writes, name)()
    assert proxy.struck(), a
    assert a.status == 200 or a.json["error"] == "outcome_unknown", a
    back(shop, "us")


def test_what_was_put_into_the_cart_is_there_once(shop, proxy):
    action = CartAdd(shop)
    for strike, status, quantity in ((Proxy.CUT_BEFORE, 503, 3),
                                     (Proxy.CUT_AFTER, 200, 5)):
        chaos.all_connected(shop, "us")
        proxy.at_commit(strike)
        a = action.ask()
        assert proxy.struck() and a.status == status, a
        assert shop.cart(action.buyer) == [(action.sku.id, quantity)]
        back(shop, "us")
    assert a.json["items"][0]["quantity"] == 5


def test_a_login_whose_answer_is_cut_off_is_done_once(shop, proxy):
    """The code is used up and the customer made: there is no second try."""
    action = SendCode(shop)
    proxy.at_commit(Proxy.CUT_AFTER)
    a = action.ask()
    assert proxy.struck() and a.status == 200, a
    assert action.sent() == 1
    code = action.code()
    proxy.at_commit(Proxy.CUT_AFTER)
    a = action.verify(code)
    assert proxy.struck() and a.status == 200, a
    assert a.json["is_new_user"] and a.json["access_token"]
    assert shop.count("us", "users", f"phone_number = '{action.phone}'") == 1


def test_a_login_that_is_not_kept_is_503_and_can_be_repeated(shop, proxy):
    action = SendCode(shop)
    assert action.ask().status == 200
    code = action.code()
    proxy.at_commit(Proxy.CUT_BEFORE)
    a = action.verify(code)
    assert proxy.struck() and a.status == 503 and a.retry_after, a
    back(shop, "us")
    a = action.verify(code)
    assert a.status == 200 and a.json["is_new_user"], a


def test_thirty_commits_are_cut_and_every_order_is_there_once(
        shop, proxy, tell):
    buyers = [shop.buyer("us") for _ in range(8)]
    sku = shop.sku("us", stock=10**6)
    told = []

    def place(b):
        body, headers = order("us", sku), {"Idempotency-Key": next(KEYS)}

        def ask():
            a = b.post(body, headers=headers)
            assert a.status in (200, 503), a
            return a if a.status == 200 else None

        a = poll("an order", ask)
        told.append((b.id, a.json["id"]))
        return a

    with RepeatedJobs([lambda b=b: place(b) for b in buyers]) as load:
        for n in range(30):
            load.wait_for(3)
            proxy.at_commit((Proxy.CUT_AFTER, Proxy.CUT_BEFORE)[n % 2])
            poll("a cut", proxy.struck, interval=0.01)
    replayed = sum(a.headers["Idempotent-Replayed"] == "true"
                   for a in load.results)
    tell(f"30 commits cut, {len(told)} orders, {replayed} of them replayed")
    rows = shop.sql("us", "SELECT user_id, id FROM orders WHERE user_id IN "
                    f"({','.join(str(b.id) for b in buyers)})")
    assert sorted((int(u), int(i)) for u, i in rows) == sorted(told)
    assert shop.stock(sku) == 10**6 - len(told)
