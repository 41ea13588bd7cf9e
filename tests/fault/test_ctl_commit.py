"""The connection breaks at COMMIT while staff move an order or correct a stock.

ordermuxctl asks what became of it; if nobody answers, it says that it does not
know, and where to look.
"""
import pytest

from proxy import Proxy


class Move:
    done = "{number} pending -> confirmed\n"
    unknown = ("it may have become confirmed, or still be pending. When the "
               "database is back, look: ordermuxctl order show us {number}")

    def __init__(self, shop):
        self.shop, self.sku = shop, shop.sku("us", stock=100)
        o = shop.buyer("us").ordered(self.sku)
        self.id, self.number = o["id"], o["order_number"]
        self.args = ["order", "confirm", "us", self.number]

    def times_made(self):
        """From state and history, which must agree."""
        n = self.shop.count("us", "order_status_history",
                            f"order_id = {self.id} AND old_status = 'pending'")
        state = self.shop.value("us", "SELECT status FROM orders "
                                f"WHERE id = {self.id}")
        assert state == ("confirmed" if n else "pending")
        return n


class Correction:
    done = "{number} -2 = 98\n"
    unknown = "look at the last rows of stock_movements for this SKU"

    def __init__(self, shop):
        self.shop, self.sku = shop, shop.sku("us", stock=100)
        self.number = self.sku.code
        self.args = ["stock", "us", self.number, "-2"]

    def times_made(self):
        """From stock and books, which must agree."""
        n = self.shop.count("us", "stock_movements", f"sku_id = {self.sku.id} "
                            "AND reason = 'adjusted' AND delta = -2")
        assert self.shop.stock(self.sku) == 100 - 2 * n
        return n


@pytest.fixture
def shop(proxied):
    return proxied[0]


@pytest.fixture
def proxy(proxied):
    """Healed, whatever the test before has left."""
    proxied[1].heal()
    return proxied[1]


@pytest.fixture(params=[Move, Correction], ids=lambda p: p.__name__)
def action(request, shop, proxy):
    shop.serves()
    return request.param(shop)


def test_a_commit_whose_answer_is_cut_off_is_done_once(shop, action, proxy):
    proxy.at_commit(Proxy.CUT_AFTER)
    done = shop.ctl(*action.args)
    assert proxy.struck()
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith(action.done.format(number=action.number))
    assert action.times_made() == 1


def test_a_commit_that_does_not_arrive_is_an_error_and_can_be_repeated(
        shop, action, proxy):
    proxy.at_commit(Proxy.CUT_BEFORE)
    done = shop.ctl(*action.args)
    assert proxy.struck()
    assert done.returncode == 1, done.stdout
    assert "us: the database cannot be used now; nothing was changed" in \
        done.stdout
    assert action.times_made() == 0
    assert shop.ctl(*action.args).returncode == 0
    assert action.times_made() == 1


@pytest.mark.parametrize("what", [Proxy.HOLD, Proxy.LATE],
                         ids=["held", "late"])
def test_an_outcome_that_cannot_be_asked_for_is_said_to_be_unknown(
        shop, action, proxy, what):
    """Nobody can connect any more once the COMMIT is on its way."""
    proxy.at_commit(what, hold=1)
    proxy.refuses_then = "close"
    done = shop.ctl(*action.args)
    assert proxy.struck()
    proxy.heal()
    assert done.returncode == 1, done.stdout
    assert action.unknown.format(number=action.number) in done.stdout
    assert "nothing was changed" not in done.stdout
    assert action.times_made() == 1
