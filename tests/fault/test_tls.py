"""The database of us is reached by TLS: the same ends of waiting hold."""
import os
import subprocess
import time

import pytest

import accounts
import chaos
from accounts import between, latencies, rate, statuses
from harness import reconcile
from load import Load
from markets import back, check_kg, check_us, compare, groups


def certificate(directory):
    """Of an authority of its own, for localhost; returns their files."""
    ca, key, cert = (directory / n for n in ("ca.pem", "key.pem", "cert.pem"))

    def openssl(*args):
        subprocess.run(["openssl", *map(str, args)], check=True,
                       capture_output=True)

    new = ["req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt",
           "ec_paramgen_curve:prime256v1", "-days", "2"]
    openssl(*new, "-subj", "/CN=test", "-keyout", directory / "ca.key",
            "-out", ca, "-addext", "basicConstraints=critical,CA:TRUE")
    openssl("req", "-nodes", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:prime256v1", "-subj", "/CN=localhost",
            "-keyout", key, "-out", directory / "csr")
    (directory / "ext").write_text("subjectAltName=DNS:localhost")
    openssl("x509", "-req", "-in", directory / "csr", "-CA", ca, "-CAkey",
            directory / "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", directory / "ext", "-out", cert)
    return ca, key, cert


def renew(shop, options):
    """Ends the database of us, and starts it with these options."""
    chaos.shut_down_database(shop, "us")
    os.environ["ORDERMUX_MARIADBD"] = options
    try:
        shop.start()
    finally:
        del os.environ["ORDERMUX_MARIADBD"]


@pytest.fixture(scope="module")
def tls_shop(fault_stack, tmp_path_factory):
    ca, key, cert = certificate(tmp_path_factory.mktemp("tls"))
    file = fault_stack.conf.parent / "markets.d" / "us.conf"
    before = file.read_text()
    renew(fault_stack, f"--ssl-cert={cert} --ssl-key={key}")
    try:
        file.write_text(before.replace("[database]\n",
                                       f"[database]\ntls_ca = {ca}\n"))
        fault_stack.restart()
        yield fault_stack
    finally:
        file.write_text(before)
        renew(fault_stack, "")
        fault_stack.restart()


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
    """With all workers in it at the moment when it stops."""
    kg, us = groups(shop)
    us.clients, us.pause = 32, 0
    with Load(shop, [us], 1) as busy:
        with Load(shop, [kg], 1) as before:
            time.sleep(4)
        with chaos.stopped(shop.database_pid("us")), \
                Load(shop, [kg], 1) as load:
            began = time.monotonic()
            time.sleep(8)
        returned = back(shop, "us")
    calm = rate(before.requests, before.began + 0.5, before.began + 4)
    beside = rate(load.requests, began + 0.5, began + 8)
    tell(f"kg: {calm:.0f} requests/s beside a busy us, {beside:.0f} when us "
         "hangs,", latencies([t for r in load.requests for t in r.tries]))
    tell("us while it hangs:", latencies(
        between(busy.requests, began, began + 8)),
        statuses(busy.requests), f"; back {returned:.1f} s after it")
    tell("us", accounts.check(shop, busy.requests, us.skus))
    check_us(busy.requests)
    check_kg(load.requests)
    compare(shop, (beside, 0.8 * calm))
