"""The database of us is reached by TLS: the same ends of waiting hold."""
import pytest

import chaos
from harness import reconcile
from markets import back, hang_with_all_workers_in_it
from tls import reached_by_tls


@pytest.fixture(scope="module")
def tls_shop(fault_stack, tmp_path_factory):
    with reached_by_tls(fault_stack, tmp_path_factory.mktemp("tls")) as shop:
        yield shop


@pytest.fixture
def shop(tls_shop):
    yield tls_shop
    tls_shop.start()
    tls_shop.serves()
    reconcile(tls_shop)


def test_all_that_is_said_to_the_database_is_encrypted(shop):
    """Also by the administrators' program."""
    chaos.all_connected(shop, "us")
    shop.sql("us", "ALTER USER ordermux_us@localhost REQUIRE SSL")
    try:
        chaos.kill_connections(shop, "us")
        back(shop, "us")
        reconcile(shop, "us")
    finally:
        shop.sql("us", "ALTER USER ordermux_us@localhost REQUIRE NONE")


def test_an_order_of_a_hundred_long_lines_is_made(shop):
    """A statement longer than what the connection takes at once."""
    buyer = shop.buyer("us")
    title = "\U0001f455" * 255
    skus = [shop.sku("us") for _ in range(100)]
    shop.sql("us", f"UPDATE products SET title = '{title}' WHERE id IN "
             f"({','.join(str(s.id) for s in skus)})")
    o = buyer.ordered(*skus)
    assert len(o["items"]) == 100 and o["items"][7]["product_name"] == title


def test_a_database_that_hangs_behind_tls_costs_the_other_nothing(shop, tell):
    hang_with_all_workers_in_it(shop, tell)
