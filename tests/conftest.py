"""What pytest does for all tests with real servers."""
import sys

import pytest

sys.dont_write_bytecode = True


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A failure shows what the daemon said last."""
    report = (yield).get_result()
    shop = getattr(item, "funcargs", {}).get("shop")
    if report.failed and shop and shop.log.exists():
        lines = shop.log.read_text(errors="replace").splitlines()
        report.sections.append(("the daemon's log", "\n".join(lines[-15:])))
