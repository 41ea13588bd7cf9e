"""No request touches another market's database than its token's.

Every route with a token of one market against the ids of another, both ways;
both databases are compared, row by row, before and after.
"""
import re
import subprocess

import pytest

from harness import BASE, MARKETS, Sql, order

OTHER = {"kg": "us", "us": "kg"}

# Each route, as a request that would reach what is the victim's if the
# service looked into the victim's database. {order} is the victim's order,
# {item} a line of the victim's cart.
ROUTES = [
    ("GET", "/orders/{order}", None),
    ("GET", "/orders/{order}/", None),
    ("HEAD", "/orders/{order}", None),
    ("POST", "/orders/create", "items"),
    ("POST", "/orders", "items"),
    ("POST", "/orders/create", "cart"),
    ("POST", "/orders", "cart"),
    ("GET", "/orders", None),
    ("GET", "/orders?limit=100&offset=0", None),
    ("GET", "/orders?status_filter=pending", None),
    ("HEAD", "/orders", None),
    ("DELETE", "/orders/{order}", None),
    ("PUT", "/orders/{order}", None),
    ("PATCH", "/orders/{order}", None),
    ("OPTIONS", "/orders/{order}", None),
    ("GET", "/orders/{order}/events", None),
    ("HEAD", "/orders/{order}/events", None),
    ("POST", "/orders/{order}/cancel", None),
    ("POST", "/orders/{order}/cancel", "user"),
    ("POST", "/profile/orders/{order}/cancel", None),
    ("POST", "/profile/orders/{order}/cancel", "user"),
]
# The same, but what is answered is the sender's own: nothing.
OWN = [
    ("GET", "/cart", None),
    ("GET", "/cart/items", None),
    ("POST", "/cart/get", None),
    ("POST", "/cart/clear", None),
    ("DELETE", "/cart", None),
    ("GET", "/profile/orders", None),
    ("GET", "/profile/orders?limit=100&offset=0", None),
    ("GET", "/profile/orders?status_filter=pending", None),
]
ROUTES += OWN + [
    ("POST", "/cart/get", "user"),
    ("POST", "/cart/clear", "user"),
    ("DELETE", "/cart", "user"),
    ("POST", "/cart/items", "sku"),
    ("POST", "/cart/add", "sku"),
    ("PUT", "/cart/items/{item}", "line"),
    ("PUT", "/cart/items/{item}?quantity=0", None),
    ("DELETE", "/cart/items/{item}", None),
    ("POST", "/cart/update", "line"),
    ("POST", "/cart/remove", "line"),
    ("GET", "/profile/orders/{order}", None),
]
# Whatever else is said, these are about the token's user in its market.
PROFILE = [
    ("GET", "/auth/profile", None),
    ("PUT", "/auth/profile", "name"),
    ("GET", "/auth/verify-token", None),
    ("POST", "/auth/logout", "user"),
]
LURES = [       # what an earlier version believed more than the token
    ("", {}),
    ("market={victim}", {"X-Market": "{victim}"}),
]


class Scene:
    """An attacker of one market and a victim of the other, who share no id."""

    def __init__(self, shop, mine):
        self.shop, self.mine, self.theirs = shop, mine, OTHER[mine]
        self.attacker = shop.buyer(mine)
        self.victim = shop.buyer(self.theirs)
        self.sku = shop.sku(self.theirs)
        shop.put_in_cart(self.victim, (self.sku, 2))
        self.order = shop.order_row(self.theirs, self.victim.id)
        self.item = int(shop.value(self.theirs, "SELECT id FROM cart_items "
                                   f"WHERE user_id={self.victim.id}"))
        self.bodies = {
            "user": {"user_id": self.victim.id},
            "name": {"full_name": "Mallory", "id": self.victim.id,
                     "user_id": self.victim.id, "market": self.theirs},
            "sku": {"sku_id": self.sku.id, "market": self.theirs},
            "line": {"cart_item_id": self.item, "quantity": 1,
                     "market": self.theirs}}

    def body(self, kind):
        if kind == "items":
            return {**order(self.mine, self.sku), "market": self.theirs,
                    "user_id": self.victim.id}
        if kind == "cart":
            return {**order(self.mine, items=...), "market": self.theirs,
                    "user_id": self.victim.id}
        return self.bodies.get(kind)


@pytest.fixture(params=MARKETS)
def scene(shop, request):
    return Scene(shop, request.param)


def send(scene, token, route, lure):
    method, path, body = route
    query, headers = lure
    path = path.format(order=scene.order, item=scene.item)
    if query:
        path += ("&" if "?" in path else "?") \
            + query.format(victim=scene.theirs)
    headers = {k: v.format(victim=scene.theirs) for k, v in headers.items()}
    return scene.shop.request(method, path, scene.body(body), token, headers)


@pytest.mark.parametrize("lure", LURES, ids=["plain", "lured"])
@pytest.mark.parametrize("route", ROUTES,
                         ids=lambda r: f"{r[0]} {r[1]} {r[2]}")
def test_a_token_reaches_nothing_of_the_other_market(scene, route, lure):
    with scene.shop.unchanged():
        a = send(scene, scene.attacker.token, route, lure)
    if route in OWN:
        own = a.json["orders" if "orders" in a.json else "items"]
        assert a.status == 200 and own == [], a
        assert a.json.get("total", 0) == 0, a
    elif route[0] == "OPTIONS":
        assert a.status in (200, 204) and not a.body.strip(), a
    elif route[:2] == ("GET", "/orders") or route[1].startswith("/orders?"):
        assert a.status == 200 and a.json == [], a
    elif route[:2] == ("HEAD", "/orders"):
        assert a.status == 200, a
    elif route[2] == "cart":
        assert a.status in (400, 403), a
    elif route[0] in ("DELETE", "PUT", "PATCH") and "/cart" not in route[1]:
        assert a.status == 405, a
    else:
        assert a.status in (401, 403, 404), a


@pytest.mark.parametrize("lure", LURES, ids=["plain", "lured"])
@pytest.mark.parametrize("route", [r for r in ROUTES if r[0] in
                                   ("GET", "POST", "HEAD")
                                   or r[1].startswith("/cart")] + PROFILE,
                         ids=lambda r: f"{r[0]} {r[1]} {r[2]}")
def test_a_victims_id_in_a_token_of_my_market_is_nobody(scene, route, lure):
    """As if somebody had changed nothing but the market: as the case was."""
    token = scene.shop.token(scene.victim.id, scene.mine)
    with scene.shop.unchanged():
        a = send(scene, token, route, lure)
    assert a.status == 404, a
    if route[0] != "HEAD":
        assert a.json["message"] == "User not found", a


@pytest.mark.parametrize("lure", LURES, ids=["plain", "lured"])
@pytest.mark.parametrize("route", PROFILE, ids=lambda r: f"{r[0]} {r[1]}")
def test_a_profile_is_the_senders_own_in_the_tokens_market(
        scene, route, lure):
    with scene.shop.unchanged(scene.theirs):
        a = send(scene, scene.attacker.token, route, lure)
    assert a.status == 200, a
    said = a.json.get("user", a.json)
    assert said.get("market", scene.mine) == scene.mine, a
    me = scene.attacker.id
    assert said.get("id", str(me)) == str(me), a
    assert said.get("user_id", me) == me, a


def test_every_route_that_takes_a_token_is_tried(shop):
    """The daemon lists its routes: method, path, market, body."""
    rows = shop.lists("routes")
    assert all(market in ("none", "token", "phone")
               for _, _, market, _ in rows), rows
    wanted = {(method, path.removeprefix(BASE))
              for method, path, market, _ in rows if market == "token"}
    assert len(wanted) > 10, rows
    tried = {(m, re.sub(r"{\w+}", "{id}", path.partition("?")[0]))
             for m, path, _ in ROUTES + PROFILE}
    assert not wanted - tried


@pytest.mark.parametrize("mine", MARKETS)
def test_twins_of_one_id_see_only_what_is_in_their_market(shop, mine):
    theirs = OTHER[mine]
    twin = shop.user(mine)
    shop.user(theirs, twin)
    me, other = shop.as_user(mine, twin), shop.as_user(theirs, twin)
    foreign = [shop.order_row(theirs, twin) for _ in range(3)]
    own = shop.order_row(mine, twin)
    shop.put_in_cart(other, (shop.sku(theirs), 2))
    assert [o["id"] for o in me.list("?market=" + theirs)] == [own]
    for oid in foreign:
        assert me.get(f"/orders/{oid}").status == 404
        assert other.get(f"/orders/{oid}").status == 200
    with shop.unchanged():
        a = me.order(items=...)
    assert a.status == 400 and a.json["message"] == "Your cart is empty", a


@pytest.mark.parametrize("mine", MARKETS)
def test_an_order_of_one_id_in_both_markets_is_each_markets_own(shop, mine):
    theirs = OTHER[mine]
    twin = shop.user(mine)
    shop.user(theirs, twin)
    oid = shop.order_row(mine, twin, customer_name="Mine")
    shop.order_row(theirs, twin, order_id=oid, customer_name="Theirs")
    me, other = shop.as_user(mine, twin), shop.as_user(theirs, twin)
    assert me.get(f"/orders/{oid}").json["customer_name"] == "Mine"
    assert other.get(f"/orders/{oid}").json["customer_name"] == "Theirs"


def test_workers_that_serve_both_markets_in_turn_mix_nothing_up(shop):
    """Each worker holds both connections: the token alone chooses."""
    twin = shop.user("us")
    shop.user("kg", twin)
    people = {m: shop.as_user(m, twin) for m in MARKETS}
    expected = {m: [shop.order_row(m, twin)] for m in MARKETS}
    skus = {m: shop.sku(m) for m in MARKETS}
    for n in range(40):
        for m in MARKETS:
            if n % 8 == 0:
                o = people[m].ordered(skus[m])
                assert o["market"] == m, o
                expected[m].insert(0, o["id"])
            assert [o["id"] for o in people[m].list()] == expected[m]
    for m in MARKETS:
        assert shop.count(m, "orders", f"user_id={twin}") == len(expected[m])


def test_two_authorization_headers_choose_no_second_market(shop):
    """Refused, or the one that counts is clear and the other has no effect."""
    us, kg = shop.buyer("us"), shop.buyer("kg")
    mine = {b: shop.order_row(b.market, b.id) for b in (us, kg)}
    with shop.unchanged():
        a = shop.raw(b"GET /api/v1/orders HTTP/1.1\r\nHost: localhost\r\n"
                     b"Connection: close\r\n"
                     b"Authorization: Bearer " + us.token.encode() + b"\r\n"
                     b"Authorization: Bearer " + kg.token.encode() +
                     b"\r\n\r\n")
    assert a.status in (200, 400, 401), a
    if a.status == 200:
        assert [o["id"] for o in a.json] in ([mine[us]], [mine[kg]]), a


def test_a_header_with_an_underscore_is_not_the_token(shop):
    us = shop.buyer("us")
    a = shop.request("GET", "/orders", headers={
        "HTTP_AUTHORIZATION": f"Bearer {us.token}",
        "Authorization_": f"Bearer {us.token}",
        "Proxy-Authorization": f"Bearer {us.token}"})
    assert a.status == 401, a


# ------------------------------------------------------ database accounts

def account(shop, market, server=None):
    """A client with the market's own account, at any market's server."""
    user, file = (shop.option("database", name, market)
                  for name in ("user", "password_file"))
    password = (shop.conf.parent / file).read_text()
    client = Sql(shop.socket(server or market), "", user)
    client.argv[-1:] = [f"--password={password}"]
    return client


@pytest.mark.parametrize("mine", MARKETS)
def test_a_markets_account_has_rights_on_its_own_database_only(shop, mine):
    client = account(shop, mine)
    try:
        grants = [g for g, in client("SHOW GRANTS")]
        databases = {d for d, in client("SHOW DATABASES")}
    finally:
        client.close()
    own = shop.database(mine)
    for grant in grants:
        assert grant.startswith("GRANT USAGE ON *.*") or \
            f" ON `{own}`." in grant, grant
        assert "GRANT OPTION" not in grant, grant
    assert databases == {own, "information_schema"}


@pytest.mark.parametrize("mine", MARKETS)
def test_a_markets_account_is_nobody_at_the_other_server(shop, mine):
    if shop.socket(mine) == shop.socket(OTHER[mine]):
        pytest.skip("both databases are on one server")
    client = account(shop, mine, server=OTHER[mine])
    with pytest.raises(AssertionError, match="Access denied"):
        client("SELECT 1")


@pytest.mark.parametrize("mine", MARKETS)
def test_a_markets_account_reads_no_other_database_of_its_server(shop, mine):
    probe = f"probe_{next(shop.ids)}"
    shop.sql(mine, f"CREATE DATABASE {probe}")
    try:
        shop.sql(mine, f"CREATE TABLE {probe}.orders (id INT)")
        for query in (f"SELECT * FROM {probe}.orders",
                      f"INSERT INTO {probe}.orders VALUES (1)",
                      f"CREATE TABLE {probe}.mine (id INT)",
                      "SELECT user FROM mysql.user"):
            with pytest.raises(AssertionError, match="denied"):
                account(shop, mine)(query)
    finally:
        shop.sql(mine, f"DROP DATABASE {probe}")


def test_the_databases_say_whose_they_are(shop, market):
    assert shop.sql(market, "SELECT market FROM market_identity") == \
        [(market,)]


def test_a_password_file_is_not_for_everybody(shop):
    for f in shop.conf.parent.glob("*.password"):
        mode = subprocess.run(["stat", "-c", "%a", str(f)], text=True,
                              capture_output=True, check=True).stdout.strip()
        assert mode[-1] == "0", (f, mode)
