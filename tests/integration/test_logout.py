"""After a logout every token from before it is dead, everywhere and at once;
a new login is alive at once. And nobody else notices.
"""
import time

import jwt
import pytest

from harness import MARKETS, Buyer, at_once
from test_isolation import LURES, PROFILE, ROUTES, Scene, send

OTHER = {"kg": "us", "us": "kg"}
SAID = {"success": True,
        "message": "Logged out successfully. User is now inactive."}


def logout(who, **more):
    return who.request("POST", "/auth/logout", **more)


def refused(a):
    assert a.status == 401 and a.json["message"] == "Invalid token", a


def logged_in(shop, market):
    """A user with an id that is nobody's in the other market."""
    phone = shop.phone(market)
    shop.user(market, phone_number=phone)
    return shop.login(phone)


def scene_with_login(shop, market):
    """The matrix' attacker, with a number, and a token as a login gives it."""
    scene = Scene(shop, market)
    phone = shop.phone(market)
    shop.sql(market, f"UPDATE users SET phone_number='{phone}' "
             f"WHERE id={scene.attacker.id}")
    scene.attacker = shop.login(phone)
    # Else it is the body that is refused.
    scene.bodies["user"] = {"user_id": scene.attacker.id}
    return scene


def requests(scene, token):
    """Every route that wants a token, tried with this one: {route: answer}."""
    found = {}
    for route in ROUTES + PROFILE:
        a = send(scene, None, route, LURES[0])
        if a.status == 401:
            found[route[:2]] = send(scene, token, route, LURES[0])
    return found


def test_a_logout_ends_the_token_on_every_route(shop, market):
    scene = scene_with_login(shop, market)
    a = logout(scene.attacker)
    assert a.status == 200 and a.json == SAID, a
    with shop.unchanged():
        answers = requests(scene, scene.attacker.token)
    for wanted in [("GET", "/orders"), ("GET", "/orders/{order}"),
                   ("POST", "/orders"), ("POST", "/orders/create"),
                   *[r[:2] for r in PROFILE]]:
        assert wanted in answers, wanted
    for route, a in answers.items():
        assert a.status == 401, (route, a)
        if route[0] != "HEAD":
            assert a.json["message"] == "Invalid token", (route, a)


def test_it_is_dead_within_the_second_and_a_new_one_lives_at_once(
        shop, market):
    """Many times, so that logins and logouts fall anywhere in a second."""
    phone = shop.phone(market)
    code = shop.send_code(phone)
    seen = []
    for n in range(12):
        a = shop.verify(phone, code)
        assert a.status == 200, a
        who = Buyer(shop, market, int(a.json["user"]["id"]),
                    a.json["access_token"])
        assert who.get("/auth/verify-token").status == 200, n
        assert who.get("/orders").status == 200, n
        # Ready before the logout: what comes behind it takes no time.
        shop.sql(market, "UPDATE login_codes SET created_at = created_at - "
                 f"INTERVAL 16 MINUTE WHERE phone_number='{phone}'")
        code = shop.send_code(phone)
        seen.append(who)
        assert logout(who).status == 200, n
        refused(who.get("/orders"))
        for old in seen:
            refused(old.get("/auth/verify-token"))
    assert shop.verify(phone, code).status == 200


def test_every_token_of_the_user_is_ended(shop, market):
    """Also those of other devices, and those that do not say when they are
    from."""
    phone = shop.phone(market)
    one, two = shop.login(phone), shop.login(phone)
    assert one.id == two.id and one.token != two.token
    shop.sql(market, "UPDATE users SET created_at = created_at - INTERVAL 1 "
             f"HOUR WHERE id={one.id}")
    third = shop.as_user(market, one.id)        # without iat
    fourth = Buyer(shop, market, one.id, shop.token(
        one.id, market, iat=int(time.time()) - 600))
    for who in (one, two, third, fourth):
        assert who.get("/auth/verify-token").status == 200
    assert logout(two).status == 200
    for who in (one, two, third, fourth):
        refused(who.get("/auth/verify-token"))
        refused(who.get("/orders"))
    again = shop.login(phone)
    assert again.get("/orders").status == 200
    for who in (one, two, third, fourth):
        refused(who.get("/orders"))


def test_a_token_of_a_host_whose_clock_is_ahead_is_ended_too(shop, market):
    """And so is the next login not dead from its beginning."""
    phone = shop.phone(market)
    user = shop.user(market, phone_number=phone)
    with shop.configured(leeway="1m"):
        early = Buyer(shop, market, user, shop.token(
            user, market, iat=time.time() + 20))
        assert early.get("/orders").status == 200
        assert logout(early).status == 200
        refused(early.get("/orders"))
        again = shop.login(phone)
        assert again.get("/orders").status == 200
        refused(early.get("/orders"))
        assert logout(again).status == 200
        refused(again.get("/orders"))


def test_a_token_of_the_future_is_refused_and_ends_nothing(shop, market):
    user = shop.user(market, phone_number=shop.phone(market))
    early = Buyer(shop, market, user, shop.token(
        user, market, 31 * 86400, iat=time.time() + 30 * 86400))
    with shop.unchanged():
        refused(early.get("/orders"))
        refused(logout(early))


def test_a_login_behind_a_logout_of_the_future_ends_when_it_says(shop, market):
    """The lifetime is from the real clock, and so is last_login."""
    phone = shop.phone(market)
    user = shop.user(market, phone_number=phone)
    shop.sql(market, "UPDATE users SET tokens_valid_from = UTC_TIMESTAMP(6) + "
             f"INTERVAL 30 DAY WHERE id={user}")
    who = shop.login(phone)
    assert who.get("/orders").status == 200
    claims = jwt.decode(who.token, shop.key, algorithms=["HS256"])
    assert abs(claims["iat"] - time.time()) < 60
    assert claims["exp"] - claims["iat"] == 1800
    assert shop.value(market, "SELECT ABS(TIMESTAMPDIFF(SECOND, last_login, "
                      f"UTC_TIMESTAMP())) < 60 FROM users WHERE id={user}") \
        == "1"
    assert logout(who).status == 200
    refused(who.get("/orders"))
    assert shop.login(phone).get("/orders").status == 200


def test_a_token_without_iat_is_good_again_behind_a_logout(shop, market):
    """It was issued at the earliest a lifetime before its end. What may be
    from before the logout is dead."""
    user = shop.user(market)
    old = Buyer(shop, market, user, shop.token(user, market, 1800))
    older = shop.as_user(market, user)
    long = Buyer(shop, market, user, shop.token(user, market, 86400))
    for who in (old, older, long):
        assert who.get("/orders").status == 200
    assert logout(old).status == 200
    for who in (old, older, long):
        refused(who.get("/orders"))
    time.sleep(1.1)         # exp is in whole seconds
    new = Buyer(shop, market, user, shop.token(user, market, 1800))
    assert new.get("/orders").status == 200
    for who in (old, older, long):
        refused(who.get("/orders"))


def test_a_login_behind_a_logout_of_the_future_is_alive(shop, market):
    """A host that is behind the one that did the logout."""
    phone = shop.phone(market)
    user = shop.user(market, phone_number=phone)
    for micros in ("000000", "123456", "999999", "000001"):
        shop.sql(market, "UPDATE users SET tokens_valid_from = DATE_FORMAT("
                 "UTC_TIMESTAMP() + INTERVAL 20 SECOND, "
                 f"'%Y-%m-%d %H:%i:%s.{micros}') WHERE id={user}")
        shop.sql(market, "UPDATE login_codes SET created_at = created_at - "
                 f"INTERVAL 16 MINUTE WHERE phone_number='{phone}'")
        assert shop.login(phone).get("/orders").status == 200, micros


def test_the_user_stays_enabled_and_keeps_what_is_theirs(shop, market):
    phone = shop.phone(market)
    who = shop.login(phone)
    oid = shop.order_row(market, who.id)
    columns = "phone_number, full_name, is_active, is_verified, created_at"
    row = shop.sql(market, f"SELECT {columns} FROM users WHERE id={who.id}")
    assert logout(who).status == 200
    assert shop.sql(market, f"SELECT {columns} FROM users "
                    f"WHERE id={who.id}") == row
    a = shop.verify(phone, shop.send_code(phone))
    assert a.status == 200 and a.json["is_new_user"] is False, a
    again = Buyer(shop, market, int(a.json["user"]["id"]),
                  a.json["access_token"])
    assert again.id == who.id
    assert [o["id"] for o in again.list()] == [oid]


def test_tokens_of_others_go_on(shop, market):
    """Another user, and the same id in the other market."""
    who, neighbour = logged_in(shop, market), logged_in(shop, market)
    other = OTHER[market]
    twin = shop.user(other, who.id) and shop.as_user(other, who.id)
    before = shop.dump(other)
    a = logout(who, headers={"X-Market": other},
               body={"user_id": neighbour.id, "market": other})
    assert a.status == 200 and a.json == SAID, a
    refused(who.get("/orders"))
    assert shop.dump(other) == before
    for alive in (neighbour, twin):
        assert alive.get("/auth/verify-token").status == 200
        assert alive.get("/orders").status == 200


def test_a_logout_in_the_other_market_does_not_end_mine(shop):
    """The other way about: us and kg know an id each by itself."""
    us = logged_in(shop, "us")
    kg = shop.user("kg", us.id) and shop.as_user("kg", us.id)
    assert logout(kg).status == 200
    refused(kg.get("/orders"))
    assert us.get("/orders").status == 200


@pytest.mark.parametrize("body, headers", [
    (None, {}), (b"", {"Content-Type": "application/json"}),
    ("{}", {}), (b"", {})])
def test_a_logout_needs_no_body(shop, us, body, headers):
    a = us.request("POST", "/auth/logout", body, headers)
    assert a.status == 200 and a.json == SAID, a
    refused(us.get("/orders"))


def test_a_second_logout_has_no_token_any_more(shop, us):
    assert logout(us).status == 200
    with shop.unchanged():
        refused(logout(us))


def test_a_logout_without_a_good_token_ends_nothing(shop, market):
    who = logged_in(shop, market)
    nobody = shop.as_user(market, next(shop.ids))
    disabled = shop.buyer(market, is_active=0)
    with shop.unchanged():
        assert shop.request("POST", "/auth/logout").status == 401
        refused(shop.request("POST", "/auth/logout", token=who.token + "x"))
        refused(shop.request("POST", "/auth/logout", token=shop.token(
            who.id, market, expires_in=-1)))
        refused(logout(disabled))
        a = logout(nobody)
        assert a.status == 404 and a.json["message"] == "User not found", a
        for method in ("GET", "PUT", "DELETE"):
            a = who.request(method, "/auth/logout")
            assert a.status == 405 and "POST" in a.headers["Allow"], a
    assert who.get("/orders").status == 200


def test_of_logouts_at_once_each_is_answered(shop):
    for _ in range(5):
        who = logged_in(shop, "us")
        answers = at_once([lambda: logout(who)] * 8)
        assert {a.status for a in answers} <= {200, 401}, answers
        assert [a.status for a in answers].count(200) >= 1
        refused(who.get("/orders"))


def test_an_order_beside_a_logout_is_made_or_refused(shop):
    sku = shop.sku("us")
    for _ in range(10):
        who = logged_in(shop, "us")
        a, b = at_once([lambda: who.order(sku), lambda: logout(who)])
        assert b.status == 200 and a.status in (200, 401), (a, b)
        assert who.orders() == (a.status == 200)
        with shop.unchanged():
            refused(who.order(sku))


def test_logout_is_of_each_market(shop):
    """The matrix above is run for each; here both are in one hand."""
    mine = {m: logged_in(shop, m) for m in MARKETS}
    assert logout(mine["us"]).status == 200
    refused(mine["us"].get("/orders"))
    assert mine["kg"].get("/orders").status == 200
