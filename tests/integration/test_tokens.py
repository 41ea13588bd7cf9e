"""Every way in which a token can be wrong, and the few where it is right."""
import hashlib
import json
import time

import jwt
import pytest

from harness import b64, order, raw_token


def good(**claims):
    """Claims of user 7 of us, who need not exist: the token comes first."""
    return {"sub": "7", "market": "us", "exp": int(time.time()) + 600,
            **claims}


def without(*names):
    return {k: v for k, v in good().items() if k not in names}


def refused_everywhere(shop, headers, message, statuses=(401,)):
    """Reading and writing are refused alike, and nothing is written."""
    with shop.unchanged():
        for method, path, body in (("GET", "/orders", None),
                                   ("GET", "/orders/1", None),
                                   ("POST", "/orders/create",
                                    order("us", (1, 1)))):
            a = shop.request(method, path, body, headers=headers)
            assert a.status in statuses, a
            if a.status == 401:
                assert a.json["message"] == message, a


@pytest.mark.parametrize("value", [
    None, "", "Basic dXNlcjpwYXNz", "Token {good}", "{good}",
    "Bearer{good}", "Bearer", "Digest {good}"])
def test_a_request_without_a_bearer_token_is_a_missing_header(shop, value):
    user = shop.user("us")
    if value is not None:
        value = value.format(good=shop.token(user, "us"))
    refused_everywhere(shop, {"Authorization": value},
                       "Missing authorization header")


KEYED = {       # made with the right key, by the library
    "no exp": lambda: without("exp"),
    "expired a second ago": lambda: good(exp=int(time.time()) - 1),
    "expired long ago": lambda: good(exp=1730506363),
    "exp 0": lambda: good(exp=0),
    "exp negative": lambda: good(exp=-1),
    "exp as a string": lambda: good(exp=str(int(time.time()) + 600)),
    "exp null": lambda: good(exp=None),
    "exp true": lambda: good(exp=True),
    "exp a list": lambda: good(exp=[int(time.time()) + 600]),
    "nbf in the future": lambda: good(nbf=int(time.time()) + 300),
    "nbf as a string": lambda: good(nbf="tomorrow"),
    "exp in milliseconds": lambda: good(exp=int(time.time() + 600) * 1000),
    "exp in the year 10000": lambda: good(exp=253402300800),
    "exp as large as it gets": lambda: good(exp=2**63 - 1),
    "exp 1e300": lambda: good(exp=1e300),
    "nbf in milliseconds": lambda: good(nbf=int(time.time()) * 1000),
    "nbf before 1970": lambda: good(nbf=-1),
    "iat in milliseconds": lambda: good(iat=int(time.time()) * 1000),
    "iat in the year 10000": lambda: good(iat=253402300800),
    "iat before 1970": lambda: good(iat=-1),
    "iat a minute ahead": lambda: good(iat=int(time.time()) + 60),
    "iat a month ahead": lambda: good(iat=int(time.time()) + 30 * 86400,
                                      exp=int(time.time()) + 31 * 86400),
    "iat as a string": lambda: good(iat=str(int(time.time()))),
    "aud another program": lambda: good(aud="warehouse-admin"),
    "aud the market": lambda: good(aud="us"),
    "aud a list of others": lambda: good(aud=["warehouse-admin", "us"]),
    "aud empty": lambda: good(aud=""),
    "aud an empty list": lambda: good(aud=[]),
    "aud null": lambda: good(aud=None),
    "aud a number": lambda: good(aud=7),
    "aud an object": lambda: good(aud={"us": 1}),
    "no sub": lambda: without("sub"),
    "sub 0": lambda: good(sub=0),
    "sub '0'": lambda: good(sub="0"),
    "sub -1": lambda: good(sub=-1),
    "sub '-1'": lambda: good(sub="-1"),
    "sub abc": lambda: good(sub="abc"),
    "sub 7abc": lambda: good(sub="7abc"),
    "sub with a space in front": lambda: good(sub=" 7"),
    "sub with a space behind": lambda: good(sub="7 "),
    "sub with a newline": lambda: good(sub="7\n"),
    "sub with a NUL": lambda: good(sub="7\0"),
    "sub +7": lambda: good(sub="+7"),
    "sub 0x7": lambda: good(sub="0x7"),
    "sub in other digits": lambda: good(sub="７"),
    "sub empty": lambda: good(sub=""),
    "sub 1.5": lambda: good(sub=1.5),
    "sub '1.5'": lambda: good(sub="1.5"),
    "sub 7.0": lambda: good(sub=7.0),
    "sub 2^63": lambda: good(sub=2**63),
    "sub '2^63'": lambda: good(sub=str(2**63)),
    "sub 2^64 + 7": lambda: good(sub=2**64 + 7),
    "sub '2^64 + 7'": lambda: good(sub=str(2**64 + 7)),
    "sub of 400 digits": lambda: good(sub="9" * 400),
    "sub true": lambda: good(sub=True),
    "sub null": lambda: good(sub=None),
    "sub a list": lambda: good(sub=["7"]),
    "sub an object": lambda: good(sub={"id": 7}),
    "market unknown": lambda: good(market="fr"),
    "market empty": lambda: good(market=""),
    "market a number": lambda: good(market=7),
    "market null": lambda: good(market=None),
    "market true": lambda: good(market=True),
    "market a list": lambda: good(market=["us"]),
    "market an object": lambda: good(market={"us": 1}),
    "market in capitals": lambda: good(market="US"),
    "market with a space": lambda: good(market="us "),
    "market with a NUL": lambda: good(market="us\0"),
    "market two": lambda: good(market="kg,us"),
    "market a path": lambda: good(market="../markets.d/us"),
    "market very long": lambda: good(market="us" * 500),
}


@pytest.mark.parametrize("name", KEYED)
def test_a_signed_token_with_bad_claims_is_invalid(shop, name):
    token = jwt.encode(KEYED[name](), shop.key, algorithm="HS256")
    refused_everywhere(shop, {"Authorization": "Bearer " + token},
                       "Invalid token")


def deep(n):
    return b'{"sub":"7","market":"us","exp":4102444800,"x":' \
        + b"[" * n + b"]" * n + b"}"


def tampered(key):
    """Signed for user 7, then made user 8."""
    header, _, signature = raw_token(key, good()).split(".")
    return ".".join((header, b64(json.dumps(good(sub="8")).encode()),
                     signature))


def flipped(key):
    """A good token with another last-but-one character.

    The last one may hold bits that decode to nothing.
    """
    token = raw_token(key, good())
    return token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]


def other_letters(key):
    """A good token in the alphabet of plain base64, where that differs."""
    for n in range(1000):
        token = raw_token(key, good(n=n))
        if "-" in token.rsplit(".")[2] or "_" in token.rsplit(".")[2]:
            return token.replace("-", "+").replace("_", "/")
    raise AssertionError("no such token")


def alg(name):
    return {"alg": name, "typ": "JWT"}


BROKEN = {      # from the right key to the token's text
    "the wrong key": lambda k: raw_token(b"x" * 64, good()),
    "an empty key": lambda k: raw_token(b"", good()),
    "the key with a newline": lambda k: raw_token(k + b"\n", good()),
    "alg none, no signature": lambda k: jwt.encode(good(), None,
                                                   algorithm="none"),
    "alg none, a signature": lambda k: raw_token(k, good(), alg("none")),
    "alg None": lambda k: raw_token(k, good(), alg("None")),
    "alg HS384 and the right key": lambda k: jwt.encode(
        good(), k, algorithm="HS384"),
    "alg HS512 and the right key": lambda k: jwt.encode(
        good(), k, algorithm="HS512"),
    "alg HS384 over a HS256 signature": lambda k: raw_token(
        k, good(), alg("HS384")),
    "alg HS256 over a HS512 signature": lambda k: raw_token(
        k, good(), digest=hashlib.sha512),
    "alg RS256 signed with the shared key": lambda k: raw_token(
        k, good(), alg("RS256")),
    "alg ES256 signed with the shared key": lambda k: raw_token(
        k, good(), alg("ES256")),
    "alg in lower case": lambda k: raw_token(k, good(), alg("hs256")),
    "alg empty": lambda k: raw_token(k, good(), alg("")),
    "alg null": lambda k: raw_token(k, good(), alg(None)),
    "alg a number": lambda k: raw_token(k, good(), alg(256)),
    "no alg": lambda k: raw_token(k, good(), {"typ": "JWT"}),
    "typ of another kind": lambda k: raw_token(
        k, good(), {"alg": "HS256", "typ": "JWE"}),
    "typ of a logout token": lambda k: raw_token(
        k, good(), {"alg": "HS256", "typ": "logout+jwt"}),
    "typ empty": lambda k: raw_token(k, good(), {"alg": "HS256", "typ": ""}),
    "typ null": lambda k: raw_token(k, good(), {"alg": "HS256", "typ": None}),
    "typ a list": lambda k: raw_token(
        k, good(), {"alg": "HS256", "typ": ["JWT"]}),
    "a claim that is there twice": lambda k: raw_token(
        k, b'{"sub":"8","sub":"7","market":"us","exp":4102444800}'),
    "crit": lambda k: raw_token(k, good(), {"alg": "HS256", "crit": ["exp"]}),
    "an unknown kid": lambda k: raw_token(k, good(),
                                          {"alg": "HS256", "kid": "nokey"}),
    "a kid that is a path": lambda k: raw_token(
        k, good(), {"alg": "HS256", "kid": "../../../../dev/null"}),
    "a header that is a list": lambda k: raw_token(k, good(), ["HS256"]),
    "a header that is not JSON": lambda k: raw_token(k, good(), b"HS256"),
    "a payload that is a list": lambda k: raw_token(k, [good()]),
    "a payload that is a string": lambda k: raw_token(k, "sub"),
    "a payload that is null": lambda k: raw_token(k, None),
    "a payload that is not JSON": lambda k: raw_token(k, b"sub=7"),
    "a payload cut off": lambda k: raw_token(
        k, b'{"sub":"7","exp":4102444800'),
    "a payload with more behind": lambda k: raw_token(
        k, json.dumps(good()).encode() + b"{}"),
    "a payload that is not UTF-8": lambda k: raw_token(
        k, b'{"sub":"7","market":"us\xff","exp":4102444800}'),
    "a payload nested deeply": lambda k: raw_token(k, deep(1500)),
    "a payload tampered with": tampered,
    "one segment": lambda k: raw_token(k, good()).split(".")[0],
    "two segments": lambda k: raw_token(k, good()).rsplit(".", 1)[0],
    "two segments and a dot": lambda k: raw_token(k, good()).rsplit(
        ".", 1)[0] + ".",
    "four segments": lambda k: raw_token(k, good()) + ".e30",
    "a dot behind": lambda k: raw_token(k, good()) + ".",
    "one dot": lambda k: ".",
    "two dots": lambda k: "..",
    "three dots": lambda k: "...",
    "no header": lambda k: "." + raw_token(k, good()).split(".", 1)[1],
    "no payload": lambda k: raw_token(k, b""),
    "padding": lambda k: raw_token(k, good()) + "=",
    "padding in the payload": lambda k: raw_token(k, good()).replace(
        ".", "==.", 2),
    "the alphabet of plain base64": other_letters,
    "a signature cut by one": lambda k: raw_token(k, good())[:-1],
    "a signature of one character": lambda k: raw_token(
        k, good()).rsplit(".", 1)[0] + ".A",
    "a signature with one other character": flipped,
    "a signature twice": lambda k: raw_token(k, good())
    + raw_token(k, good()).rsplit(".", 1)[1],
    "the signature in hex": lambda k: raw_token(k, good()).rsplit(
        ".", 1)[0] + "." + b64(hashlib.sha256(k).hexdigest().encode()),
    "a space inside": lambda k: raw_token(k, good()).replace(".", ". ", 1),
    "two tokens": lambda k: raw_token(k, good()) + " " + raw_token(k, good()),
    "not ASCII": lambda k: raw_token(k, good()) + "\xe9",
    "not a token": lambda k: "hello",
    "one character": lambda k: "e",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_token_is_invalid(shop, name):
    token = BROKEN[name](shop.key)
    refused_everywhere(shop, {"Authorization": "Bearer " + token},
                       "Invalid token")


def test_a_token_of_ten_kilobytes_is_refused_by_nginx_or_us(shop):
    token = raw_token(shop.key, good(filler="x" * 7500))
    assert len(token) > 10000
    refused_everywhere(shop, {"Authorization": "Bearer " + token},
                       "Invalid token", (400, 401, 431))


def test_a_disabled_user_has_no_valid_token_until_enabled_again(shop, market):
    buyer = shop.buyer(market, is_active=0)
    oid = shop.order_row(market, buyer.id)
    sku = shop.sku(market)
    with shop.unchanged():
        for a in (buyer.get("/orders"), buyer.get(f"/orders/{oid}"),
                  buyer.order(sku)):
            assert a.status == 401, a
            assert a.json["message"] == "Invalid token", a
    shop.sql(market, f"UPDATE users SET is_active=1 WHERE id={buyer.id}")
    assert buyer.get(f"/orders/{oid}").status == 200
    assert buyer.ordered(sku)["user_id"] == buyer.id
    assert len(buyer.list()) == 2


def test_a_token_from_before_the_logout_is_invalid_on_every_route(shop):
    now = int(time.time())
    user = shop.user("us")
    oid = shop.order_row("us", user)
    sku = shop.sku("us")
    old, new = (shop.token(user, "us", iat=now - age) for age in (120, 1))
    shop.sql("us", "UPDATE users SET tokens_valid_from = UTC_TIMESTAMP(6) - "
             f"INTERVAL 1 MINUTE WHERE id = {user}")
    with shop.unchanged():
        for method, path, body in (("GET", "/orders", None),
                                   ("GET", f"/orders/{oid}", None),
                                   ("POST", "/orders", order("us", sku))):
            a = shop.request(method, path, body, old)
            assert a.status == 401, a
            assert a.json["message"] == "Invalid token", a
    for method, path, body in (("GET", "/orders", None),
                               ("GET", f"/orders/{oid}", None),
                               ("POST", "/orders", order("us", sku))):
        a = shop.request(method, path, body, new)
        assert a.status == 200, a


def test_a_user_of_no_row_is_user_not_found_on_every_route(shop, market):
    nobody = shop.as_user(market, next(shop.ids))
    sku = shop.sku(market)
    with shop.unchanged():
        for a in (nobody.get("/orders"), nobody.get("/orders/1"),
                  nobody.order(sku), nobody.order(use_cart=True),
                  nobody.post(order(market, sku), path="/orders")):
            assert a.status == 404, a
            assert a.json["message"] == "User not found", a


def test_the_largest_sub_is_a_number_like_any_other(shop):
    a = shop.as_user("us", 2**63 - 1).get("/orders")
    assert a.status == 404 and a.json["message"] == "User not found", a


RIGHT = {
    "sub as an integer": dict(sub=int),
    "sub as a string": dict(sub=str),
    "more claims": dict(iss="someone", jti="x" * 40, user_id=1,
                        scope=["kg"], role={"market": "kg"}),
    "nbf in the past": dict(nbf=1730506363),
    "exp far away": dict(exp=4102444800),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_token_is_served(shop, name):
    user = shop.user("us")
    oid = shop.order_row("us", user)
    claims = dict(RIGHT[name])
    claims["sub"] = claims.get("sub", str)(user)
    token = jwt.encode({**good(), **claims}, shop.key, algorithm="HS256")
    a = shop.request("GET", "/orders", token=token)
    assert a.status == 200 and [o["id"] for o in a.json] == [oid], a


@pytest.mark.parametrize("typ", [
    "JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", None])
def test_the_types_of_access_tokens_are_served(shop, typ):
    """RFC 7519, 5.1 and RFC 9068, 2.1; and a token without any."""
    header = {"alg": "HS256", **({} if typ is None else {"typ": typ})}
    token = raw_token(shop.key, good(sub=str(shop.user("us"))), header)
    assert shop.request("GET", "/orders", token=token).json == []


def test_a_token_for_an_audience_is_served_when_it_is_ours(shop):
    user = shop.user("us")
    with shop.configured(audience="shop, https://shop.example"):
        for aud, status in (("shop", 200), (["x", "https://shop.example"], 200),
                            (["shop"], 200), ("warehouse-admin", 401),
                            (["x"], 401), ([], 401), ("shop,", 401),
                            ("SHOP", 401), (None, 401)):
            a = shop.request("GET", "/orders",
                             token=shop.token(user, "us", aud=aud))
            assert a.status == status, (aud, a)
        assert shop.request("GET", "/orders", token=shop.token(
            user, "us")).status == 200
    a = shop.request("GET", "/orders", token=shop.token(user, "us",
                                                        aud="shop"))
    assert a.status == 401, a


def test_a_clock_may_be_ahead_by_the_leeway_and_no_more(shop):
    user = shop.user("us")
    with shop.configured(leeway="2m"):
        for ahead, status in ((60, 200), (110, 200), (180, 401)):
            a = shop.request("GET", "/orders", token=shop.token(
                user, "us", iat=int(time.time()) + ahead))
            assert a.status == status, (ahead, a)


def test_a_token_from_before_its_customer_was_created_is_invalid(shop):
    """Ids are given out again after a restore: it is somebody else's."""
    user = shop.user("us")
    oid = shop.order_row("us", user)
    sku = shop.sku("us")
    now = int(time.time())
    token = shop.token(user, "us", iat=now - 60)
    routes = (("GET", "/orders", None), ("GET", f"/orders/{oid}", None),
              ("POST", "/orders", order("us", sku)),
              ("POST", "/cart/items", {"sku_id": sku.id, "quantity": 1}),
              ("GET", "/cart", None), ("GET", "/auth/profile", None),
              ("PUT", "/auth/profile", {"full_name": "Eve"}),
              ("GET", "/profile/orders", None),
              ("GET", f"/orders/{oid}/events", None),
              ("POST", f"/orders/{oid}/cancel", None),
              ("GET", "/auth/verify-token", None),
              ("POST", "/auth/logout", None))
    with shop.unchanged():
        for method, path, body in routes:
            a = shop.request(method, path, body, token)
            assert a.status == 401, (path, a)
            assert a.json["message"] == "Invalid token", a
    shop.sql("us", "UPDATE users SET created_at = created_at - INTERVAL 61 "
             f"SECOND WHERE id = {user}")
    for method, path, body in routes:
        a = shop.request(method, path, body, token)
        assert a.status == 200, (path, a)


def test_a_token_from_the_second_of_the_creation_is_good(shop):
    """Whole seconds say no more, and no iat says nothing of it."""
    user = shop.user("us")
    created = int(float(shop.value(
        "us", "SELECT UNIX_TIMESTAMP(CONVERT_TZ(created_at, '+00:00', "
        f"@@session.time_zone)) FROM users WHERE id = {user}")))
    for claims in (dict(iat=created), dict(), dict(expires_in=60),
                   dict(expires_in=10**8)):
        a = shop.request("GET", "/orders",
                         token=shop.token(user, "us", **claims))
        assert a.status == 200, (claims, a)
    a = shop.request("GET", "/orders", token=shop.token(user, "us",
                                                        iat=created - 2))
    assert a.status == 401, a


def test_a_token_with_our_kid_is_served(shop):
    user = shop.user("us")
    kid = shop.option("token", "keys").split(":")[0]
    token = jwt.encode(good(sub=str(user)), shop.key, algorithm="HS256",
                       headers={"kid": kid})
    assert shop.request("GET", "/orders", token=token).json == []


def test_a_token_that_ordermuxctl_prints_is_one_as_a_login_gives_it(shop):
    user = shop.user("us")
    done = shop.ctl("token", "us", str(user))
    assert done.returncode == 0, done.stdout
    token = done.stdout.strip()
    claims = jwt.decode(token, shop.key, algorithms=["HS256"])
    assert claims["sub"] == str(user) and claims["market"] == "us"
    assert claims["exp"] - claims["iat"] == 1800 and claims["jti"]
    assert abs(claims["iat"] - time.time()) < 60
    assert jwt.get_unverified_header(token)["kid"]
    assert shop.request("GET", "/orders", token=token).json == []


@pytest.mark.parametrize("scheme", ["bearer", "BEARER"])
def test_the_scheme_is_of_any_case(shop, us, scheme):
    a = shop.request("GET", "/orders",
                     headers={"Authorization": f"{scheme} {us.token}"})
    assert a.status == 200 and a.json == [], a


def test_a_token_without_a_market_is_of_the_default_market(shop):
    """As the original does: kg, and no other."""
    user = shop.user("kg")
    oid = shop.order_row("kg", user)
    a = shop.request("GET", "/orders", token=shop.token(user))
    assert a.status == 200 and [o["id"] for o in a.json] == [oid], a
    a = shop.request("GET", "/orders", token=shop.token(shop.user("us")))
    assert a.status == 404 and a.json["message"] == "User not found", a


@pytest.mark.parametrize("query, headers", [
    ("?market=kg", {}), ("", {"X-Market": "kg"}), ("", {"Market": "kg"}),
    ("?market=kg&market=kg", {"X-Market": "KG"}),
    ("?market=nowhere", {"X-Market": "nowhere"})])
def test_nothing_beside_the_token_chooses_the_market(shop, us, query, headers):
    sku, kg_sku = shop.sku("us"), shop.sku("kg")
    kg_before = shop.dump("kg")
    body = {**order("us", sku), "market": "kg", "currency": "KGS",
            "user_id": 10}
    a = us.request("POST", "/orders/create" + query, body, headers)
    assert a.status == 200, a
    assert (a.json["market"], a.json["currency"], a.json["user_id"]) == \
        ("us", "USD", us.id), a
    assert us.get("/orders" + query, headers).json == [a.json]
    assert us.get(f"/orders/{a.json['id']}{query}", headers).json == a.json
    a = us.request("POST", "/orders/create" + query, order("us", kg_sku),
                   headers)
    assert a.status == 404, a
    assert shop.dump("kg") == kg_before


def test_a_market_in_a_header_does_not_replace_a_token(shop):
    shop.user("kg", is_verified=1)
    for headers in ({"X-Market": "kg"}, {"X-User-Id": "10"}):
        a = shop.request("GET", "/orders?market=kg&user_id=10",
                         headers=headers)
        assert a.status == 401, a
        assert a.json["message"] == "Missing authorization header", a
