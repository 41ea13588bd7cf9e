"""The database of us is reached by TLS: the same ends of waiting hold."""
import os
import subprocess

import pytest

import chaos
from harness import reconcile
from instance import ini
from markets import back, hang_with_all_workers_in_it


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
    file = fault_stack.market_file("us")
    before = file.read_text()
    renew(fault_stack, f"--ssl-cert={cert} --ssl-key={key}")
    try:
        file.write_text(ini.put(before, "database", "tls_ca", ca))
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
    hang_with_all_workers_in_it(shop, tell, 4)
