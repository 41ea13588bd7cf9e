"""A shop that is broken on purpose, and back whole behind each test.

ORDERMUX_TEST_STACK=DIR uses the running instance of that directory (with
--workers 8) instead of one of its own. What a test has counted is shown at the
end of the run, whether it passed or not.
"""
import os
import pathlib

import pytest

import harness
from chaos import WORKERS
from proxy import Proxy

HERE = pathlib.Path(__file__).parent
counted = []


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Behind all others: a failure there may be the reason of one here."""
    items.sort(key=lambda item: item.path.parent == HERE)


@pytest.fixture(scope="session")
def fault_stack():
    with harness.Shop.running_or_private(
            os.environ.get("ORDERMUX_TEST_STACK"),
            "--workers", WORKERS) as shop, shop.patient():
        yield shop


@pytest.fixture
def shop(fault_stack):
    """As it was before, at the end of each test: all processes run, every
    market serves, and the books are right."""
    if fault_stack.database_pid("us") == fault_stack.database_pid("kg"):
        harness.skip("both databases are on one server")
    yield fault_stack
    make_whole(fault_stack)


@pytest.fixture(scope="module")
def proxied(fault_stack):
    """The shop, and a proxy between the daemon and the database of us. For a
    whole file of tests: what is broken for each is only a request."""
    with fault_stack.configured(query_timeout="2s"), \
            fault_stack.proxied("us", Proxy) as proxy:
        yield fault_stack, proxy
    make_whole(fault_stack)


def make_whole(shop):
    shop.start()
    shop.serves()
    harness.reconcile(shop)


@pytest.fixture
def tell(request):
    """Keeps a line for the end of the run."""
    def keep(*parts):
        line = " ".join(map(str, parts))
        print(line)
        counted.append((request.node.name, line))
    return keep


def pytest_terminal_summary(terminalreporter):
    if not counted:
        return
    terminalreporter.section("what the fault tests counted")
    last = None
    for name, line in counted:
        if name != last:
            terminalreporter.write_line(name)
        terminalreporter.write_line("    " + line)
        last = name
