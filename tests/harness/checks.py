"""What must hold of answers, orders and books."""
import collections
import decimal

from .common import MARKETS

# ---- answers and orders


def tally(answers):
    """How many answers of each status."""
    return dict(collections.Counter(a.status for a in answers))


def answered(answers):
    """The numbers of the orders that clients were told of."""
    return [a.json["order_number"] for a in answers if a.status == 200]


def saved(shop, buyers):
    """The numbers of the orders that are in the buyers' database."""
    ids = ",".join(str(b.id) for b in buyers)
    return {n for n, in shop.sql(buyers[0].market,
                                 "SELECT order_number FROM orders "
                                 f"WHERE user_id IN ({ids})")}


def reconcile(shop, *markets):
    """The books of these markets (or all) are right; what was said of them."""
    done = shop.ctl("reconcile", *markets)
    assert done.returncode == 0, f"exit {done.returncode}\n{done.stdout}"
    for market in markets or MARKETS:
        assert f"\n{market}: clean: " in "\n" + done.stdout, done.stdout
    return done.stdout


# ---- money


def tax_added(subtotal, percent):
    """Half up, once on the whole subtotal; minor units."""
    return (subtotal * percent * 2 + 100) // 200


def tax_included(subtotal, percent):
    return (subtotal * percent * 2 + 100 + percent) // (2 * (100 + percent))


def money(minor, digits=2):
    return decimal.Decimal(minor).scaleb(-digits)


def check_money(value, minor, digits=2):
    """Exactly the amount, and never with digits that the currency has not."""
    assert value == money(minor, digits), (value, minor)
    if isinstance(value, decimal.Decimal):
        assert -value.as_tuple().exponent <= digits, value


def check_sums(o, digits=2):
    """Every total of an order is the sum of its parts."""
    for line in o["items"]:
        assert line["total_price"] == line["unit_price"] * line["quantity"], o
    assert o["subtotal"] == sum(l["total_price"] for l in o["items"]), o
    added = 0 if o["tax_included"] else o["tax_amount"]
    assert o["total_amount"] == o["subtotal"] + o["shipping_cost"] + added, o
    for name in ("subtotal", "shipping_cost", "tax_amount", "total_amount"):
        check_money(o[name], int(o[name].scaleb(digits)
                                 if isinstance(o[name], decimal.Decimal)
                                 else o[name] * 10 ** digits), digits)
