"""The token key is changed, and nobody is logged out by it.

A key is put in front, then the old one is taken away once its tokens and codes
have run out.
"""
import os

import jwt
import pytest

from harness import Buyer


@pytest.fixture
def spare(shop):
    """A second key beside the first: (the option that names it, its bytes)."""
    file = shop.conf.parent / f"next-{next(shop.ids)}.key"
    file.touch(mode=0o600)
    file.write_bytes(os.urandom(40))
    yield f"next:{file.name}", file.read_bytes()
    file.unlink()


def configured_keys(shop):
    return shop.option("token", "keys")


def login(shop, phone, code):
    a = shop.verify(phone, code)
    assert a.status == 200, a
    return Buyer(shop, a.json["market"], int(a.json["user"]["id"]),
                 a.json["access_token"])


def kid(who):
    return jwt.get_unverified_header(who.token)["kid"]


def works(who):
    a = who.get("/auth/verify-token")
    assert a.status in (200, 401), a
    if a.status == 401:
        assert a.json["message"] == "Invalid token", a
    return a.status == 200


@pytest.mark.slow
def test_a_key_is_changed_and_nobody_is_logged_out(shop, market, spare):
    option, key = spare
    main = configured_keys(shop)
    old_kid = main.split(":")[0]
    old = shop.login(shop.phone(market))
    waiting, late = shop.phone(market), shop.phone(market)
    code, late_code = shop.send_code(waiting), shop.send_code(late)
    assert kid(old) == old_kid

    with shop.configured(keys=f"{option}, {main}"):
        # What was given before goes on: tokens, and codes on their way.
        assert works(old)
        new = login(shop, waiting, code)
        assert kid(new) == "next"
        jwt.decode(new.token, key, algorithms=["HS256"])
        assert works(new)
        newer = shop.login(shop.phone(market))
        assert kid(newer) == "next"
        # Wrong is wrong by any key.
        phone = shop.phone(market)
        right = shop.send_code(phone)
        assert shop.verify(phone, f"{(int(right) + 1) % 10**6:06d}") \
            .status == 400
        after = login(shop, phone, right)
        # A token without kid is tried with each key.
        for k in (key, shop.key):
            assert works(Buyer(shop, market, old.id, jwt.encode(
                jwt.decode(old.token, shop.key, algorithms=["HS256"]), k,
                algorithm="HS256")))

    with shop.configured(keys=option):
        # The old key is gone, and all that was made with it.
        assert not works(old)
        assert works(new) and works(newer) and works(after)
        assert shop.verify(late, late_code).status == 400
        assert kid(shop.login(shop.phone(market))) == "next"

    assert works(old)
    assert not works(new) and not works(newer)


def test_a_logout_holds_over_a_change_of_keys(shop, spare):
    option, _ = spare
    main = configured_keys(shop)
    phone = shop.phone("us")
    old = shop.login(phone)
    assert old.request("POST", "/auth/logout").status == 200
    with shop.configured(keys=f"{option}, {main}"):
        assert not works(old)
        assert works(shop.login(phone))
