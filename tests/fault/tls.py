"""The database of us is reached by TLS, for a while."""
import contextlib
import os
import subprocess

import chaos
from instance import ini


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


@contextlib.contextmanager
def reached_by_tls(shop, directory):
    """The directory is for the certificate."""
    ca, key, cert = certificate(directory)
    file = shop.market_file("us")
    before = file.read_text()
    renew(shop, f"--ssl-cert={cert} --ssl-key={key}")
    try:
        file.write_text(ini.put(before, "database", "tls_ca", ca))
        shop.restart()
        yield shop
    finally:
        file.write_text(before)
        renew(shop, "")
        shop.restart()
