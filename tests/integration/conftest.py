"""The shop that the tests talk to: started once, stopped at the end. Of
several processes of pytest-xdist, each has its own.

ORDERMUX_TEST_STACK=DIR uses the running instance of that directory instead
and leaves it running. ORDERMUX_BUILD says which build is tested.
"""
import os

import pytest

import harness


# They fill the databases, whose every row many other tests compare: last.
FILLING = ("test_concurrency", "test_operations", "test_database_away")


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.module.__name__ in FILLING)


@pytest.fixture(scope="session")
def shop():
    with harness.Shop.running_or_private(
            os.environ.get("ORDERMUX_TEST_STACK"), "--workers", 8) as shop, \
            shop.patient():
        yield shop


@pytest.fixture(params=harness.MARKETS)
def market(request):
    """Each market in turn."""
    return request.param


@pytest.fixture
def us(shop):
    return shop.buyer("us")


@pytest.fixture
def kg(shop):
    return shop.buyer("kg")
