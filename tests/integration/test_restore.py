"""A market's database is restored from its dump. What happened after the dump
never happened: ids are given out again, to other people.
"""
import subprocess
import time

from harness import Buyer


def client(shop, market, program, *args, **how):
    done = subprocess.run(
        [program, "--no-defaults", "--socket", shop.socket(market), "--user",
         "root", "--default-character-set=utf8mb4", *args,
         shop.database(market)],
        capture_output=True, timeout=60, **how)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_token_from_before_a_restore_is_not_the_next_customers(shop, market):
    backup = client(shop, market, "mariadb-dump", "--single-transaction",
                    "--triggers", "--routines")
    alice = shop.login(shop.phone(market))
    other = Buyer(shop, market, alice.id, shop.token(
        alice.id, market, iat=int(time.time())))
    assert alice.get("/auth/profile").status == 200
    assert other.get("/auth/profile").status == 200
    time.sleep(1.1)     # the other program's tokens are in whole seconds

    client(shop, market, "mariadb", input=backup)
    for who in (alice, other):
        a = who.get("/auth/profile")
        assert a.status == 404, a
    bob = shop.login(shop.phone(market))
    assert bob.id == alice.id

    with shop.unchanged():
        for who in (alice, other):
            for method, path in (("GET", "/auth/profile"), ("GET", "/orders"),
                                 ("GET", "/cart"), ("POST", "/auth/logout")):
                a = who.request(method, path)
                assert a.status == 401, (path, a)
                assert a.json["message"] == "Invalid token", a
    assert bob.get("/auth/profile").status == 200
