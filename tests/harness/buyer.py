"""Who orders, and what."""
import dataclasses
import itertools


@dataclasses.dataclass(frozen=True)
class Sku:
    id: int
    market: str
    title: str
    code: str
    size: str
    color: str
    price: int              # minor units


@dataclasses.dataclass(frozen=True)
class Buyer:
    shop: "Shop"
    market: str
    id: int
    token: str

    def request(self, method, path, body=None, headers=None):
        return self.shop.request(method, path, body, self.token, headers)

    def get(self, path, headers=None):
        return self.request("GET", path, None, headers)

    def post(self, body, path="/orders/create", headers=None):
        return self.request("POST", path, body, headers)

    def order(self, *lines, headers=None, **fields):
        return self.post(order(self.market, *lines, **fields), headers=headers)

    def ordered(self, *lines, headers=None, **fields):
        """The order that must come of it."""
        a = self.order(*lines, headers=headers, **fields)
        assert a.status == 200, a
        return a.json

    def list(self, query=""):
        a = self.get("/orders" + query)
        assert a.status == 200, a
        return a.json

    def orders(self):
        """How many orders of this buyer the database has."""
        return self.shop.count(self.market, "orders", f"user_id={self.id}")


notes = itertools.count(1)


def order(market, /, *lines, **fields):
    """A good body; each differs in its notes, so that no two are duplicates.

    A line is a Sku (one piece of it) or (Sku or id, quantity). A field of
    ... (Ellipsis) is left out.
    """
    lines = [l if isinstance(l, tuple) else (l, 1) for l in lines]
    body = {
        "customer_name": "Ann Example",
        "customer_phone": {"kg": "+996505231255"}.get(market, "+13125550123"),
        "delivery_address": "5 Main Street",
        "delivery_notes": f"order {next(notes)}",
        "payment_method": "card",
        "items": [{"sku_id": getattr(s, "id", s), "quantity": q}
                  for s, q in lines],
        **fields,
    }
    return {k: v for k, v in body.items() if v is not ...}
