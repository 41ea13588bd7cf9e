"""People and goods, made by hand in the databases."""
import itertools
import time

from .buyer import Buyer, Sku
from .common import MARKETS


class Rows:
    """A part of Shop: needs its queries, and its tokens."""

    def __init__(self):
        # Ids are given by the tests and never used twice, in no market: a
        # user of one market is nobody in the others.
        self.ids = itertools.count(int(time.time() * 1000))

    # ---- people

    def user(self, market, user_id=None, **columns):
        user_id = user_id or next(self.ids)
        columns.setdefault("phone_number", f"+1{user_id}")
        columns.setdefault("full_name", "Ann Example")
        self.insert(market, "users", id=user_id, **columns)
        return user_id

    def buyer(self, market, user_id=None, **columns):
        return self.as_user(market, self.user(market, user_id, **columns))

    def as_user(self, market, user_id):
        return Buyer(self, market, user_id, self.token(user_id, market))

    def phone(self, market):
        """A number of the market that nobody has."""
        n = next(self.ids)
        return f"+996{n % 10**9:09d}" if market == "kg" else \
            f"+13{n // 10**6 % 100:02d}5{n % 10**6:06d}"

    # ---- goods

    def sku(self, market, price=2499, stock=1000, size="M", color="Black",
            title=None, active=True, product_active=True):
        number = next(self.ids)
        title = title or f"Shirt {number}"
        self.insert(market, "products", id=number, title=title,
                    is_active=product_active)
        self.insert(market, "skus", id=number, product_id=number,
                    sku_code=f"SKU-{number}", size=size, color=color,
                    price_minor=price, stock=stock, is_active=active)
        return Sku(number, market, title, f"SKU-{number}", size, color, price)

    def stock(self, sku):
        return int(self.value(sku.market,
                              f"SELECT stock FROM skus WHERE id={sku.id}"))

    def set_stock(self, sku, stock):
        self.sql(sku.market,
                 f"UPDATE skus SET stock={stock} WHERE id={sku.id}")

    # ---- carts and orders

    def put_in_cart(self, buyer, *lines):
        for sku, quantity in lines:
            self.insert(buyer.market, "cart_items", user_id=buyer.id,
                        sku_id=sku.id, quantity=quantity)

    def cart(self, buyer):
        rows = self.sql(buyer.market, "SELECT sku_id, quantity FROM "
                        f"cart_items WHERE user_id={buyer.id} ORDER BY 1")
        return [(int(sku), int(quantity)) for sku, quantity in rows]

    def order_row(self, market, user_id, order_id=None, lines=1, **columns):
        """An order inserted by hand, with lines; returns its id."""
        order_id = order_id or self.unused_order_id()
        self.insert(market, "orders", **{
            "id": order_id, "order_number": f"MQ-20251102-H{order_id}",
            "user_id": user_id, "customer_name": "Ann Example",
            "customer_phone": "+13125550123",
            "delivery_address": "5 Main Street", "payment_method": "card",
            "subtotal_minor": 1000 * lines, "tax_minor": 0,
            "shipping_minor": 0, "total_minor": 1000 * lines,
            "currency": {"kg": "KGS"}.get(market, "USD"), **columns})
        for n in range(1, lines + 1):
            self.insert(market, "order_items", order_id=order_id, line_no=n,
                        sku_id=n, product_name="Shirt", sku_code=f"S-{n}",
                        size="M", color="Black", unit_price_minor=1000,
                        quantity=1, total_minor=1000)
        return order_id

    def drop_order(self, market, order_id):
        """Takes away an order without lines: what a whole database must be
        like is looked at elsewhere."""
        for table, column in (("order_status_history", "order_id"),
                              ("orders", "id")):
            self.sql(market, f"DELETE FROM {table} WHERE {column}={order_id}")

    def unused_order_id(self):
        """Of no order in any market, nor of one that is created next."""
        return 1000 + max(int(self.value(m, "SELECT COALESCE(MAX(id), 0) "
                                         "FROM orders")) for m in MARKETS)
