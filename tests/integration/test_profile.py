"""The profile and verify-token: one's own row, as its market shows it."""
import re
import time

import pytest

from harness import MARKETS

OTHER = {"kg": "us", "us": "kg"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
MARKET = {
    "kg": {"market": "kg", "language": "ru", "country": "Kyrgyzstan",
           "currency": "сом", "currency_code": "KGS"},
    "us": {"market": "us", "language": "en", "country": "United States",
           "currency": "$", "currency_code": "USD"}}
NUMBERS = {"kg": ("+996505231255", "+996 505 231 255"),
           "us": ("+13128059851", "+1 (312) 805-9851")}
FIELDS = {"id", "phone_number", "formatted_phone", "name", "full_name",
          "email", "profile_image_url", "is_active", "is_verified", "market",
          "language", "country", "currency", "currency_code", "last_login",
          "created_at"}


def display(phone):
    d = phone.lstrip("+")
    return f"+996 {d[3:6]} {d[6:9]} {d[9:]}" if d.startswith("996") \
        else f"+1 ({d[1:4]}) {d[4:7]}-{d[7:]}"


def person(shop, market, **columns):
    return shop.buyer(market, phone_number=shop.phone(market), **columns)


def profile(who):
    a = who.get("/auth/profile")
    assert a.status == 200, a
    return a.json


def put(who, body, **more):
    return who.request("PUT", "/auth/profile", body, **more)


def row(shop, who):
    return shop.sql(who.market, f"SELECT * FROM users WHERE id={who.id}")[0]


def stored(shop, who):
    return shop.sql(who.market, "SELECT full_name, profile_image_url FROM "
                    f"users WHERE id={who.id}")[0]


# ------------------------------------------------------------- reading

def test_a_profile_is_the_users_row_in_the_markets_clothes(shop, market):
    who = person(shop, market, full_name="Жанна d'Arc", email="j@x.example",
                 profile_image_url="https://img.example/1.png",
                 is_verified=1, created_at="2025-11-02 10:15:30.9",
                 last_login="2025-11-03 00:00:00")
    phone = shop.value(market, "SELECT phone_number FROM users "
                       f"WHERE id={who.id}")
    j = profile(who)
    for name in ("created_at", "last_login"):
        assert TIME.fullmatch(j[name]), j
    assert j.pop("created_at").startswith("2025-11-02T10:15:30")
    assert j.pop("last_login").startswith("2025-11-03T00:00:00")
    assert j == {
        "id": str(who.id), "phone_number": phone,
        "formatted_phone": display(phone), "name": "Жанна d'Arc",
        "full_name": "Жанна d'Arc", "email": "j@x.example",
        "profile_image_url": "https://img.example/1.png",
        "is_active": True, "is_verified": True, **MARKET[market]}


def test_the_demo_users_numbers_are_shown_as_in_the_contract(shop, market):
    number, shown = NUMBERS[market]
    user = shop.value(market, "SELECT id FROM users WHERE phone_number="
                      f"'{number}'")
    who = shop.as_user(market, int(user))
    j = profile(who)
    assert (j["phone_number"], j["formatted_phone"]) == (number, shown), j
    a = who.get("/auth/verify-token")
    assert a.json["formatted_phone"] == shown, a


def test_who_has_just_logged_in_for_the_first_time_has_a_profile(
        shop, market):
    phone = shop.phone(market)
    who = shop.login(phone)
    j = profile(who)
    assert set(j) == FIELDS
    assert j["id"] == str(who.id) and j["phone_number"] == phone, j
    assert j["full_name"] is None and j["profile_image_url"] is None, j
    assert j["is_active"] is j["is_verified"] is True, j
    now = time.strftime("%Y-%m-%dT%H:%M", time.gmtime(time.time() - 20))
    assert j["created_at"] >= now and j["last_login"] >= now, j
    shop.sql(market, "UPDATE users SET last_login='2025-01-01', "
             f"created_at='2025-01-01' WHERE id={who.id}")
    again = profile(shop.login(phone))
    assert again["last_login"] >= now, again
    assert again["created_at"].startswith("2025-01-01T00:00:00"), again


def test_who_never_logged_in_has_no_last_login(shop, market):
    j = profile(person(shop, market, full_name=None))
    assert j["last_login"] is None and j["full_name"] is None, j
    assert set(j) == FIELDS and j["is_verified"] is False, j


def test_verify_token_tells_whose_token_it_is(shop, market):
    who = shop.login(shop.phone(market))
    a = who.get("/auth/verify-token")
    phone = profile(who)["phone_number"]
    assert a.status == 200 and a.json == {
        "valid": True, "user_id": who.id, "phone_number": phone,
        "formatted_phone": display(phone), "market": market,
        "currency": MARKET[market]["currency"]}, a


@pytest.mark.parametrize("path", ["/auth/profile", "/auth/verify-token"])
def test_reading_changes_nothing_and_is_not_kept_by_caches(shop, us, path):
    with shop.unchanged():
        for p in (path, path + "/", path + "?market=kg&user_id=1"):
            a = us.get(p, {"X-Market": "kg"})
            assert a.status == 200 and a.json["market"] == "us", a
            assert "no-store" in a.headers["Cache-Control"], a
        a = us.request("HEAD", path)
        assert a.status == 200 and a.body == b"", a


@pytest.mark.parametrize("method, path", [
    ("GET", "/auth/profile"), ("PUT", "/auth/profile"),
    ("GET", "/auth/verify-token")])
def test_a_profile_is_for_live_tokens_of_users_who_are_there(
        shop, market, method, path):
    body = {"full_name": "Mallory"} if method == "PUT" else None
    disabled = person(shop, market, is_active=0)
    nobody = shop.as_user(market, next(shop.ids))
    gone = person(shop, market)
    shop.sql(market, "UPDATE users SET tokens_valid_from = UTC_TIMESTAMP(6) "
             f"WHERE id={gone.id}")
    with shop.unchanged():
        a = shop.request(method, path, body)
        assert a.status == 401, a
        assert a.json["message"] == "Missing authorization header", a
        for who in (disabled, gone):
            a = who.request(method, path, body)
            assert a.status == 401, a
            assert a.json["message"] == "Invalid token", a
        a = nobody.request(method, path, body)
        assert a.status == 404, a
        assert a.json["message"] == "User not found", a


def test_methods_that_a_profile_has_not_are_refused(shop, us):
    with shop.unchanged():
        for method in ("POST", "DELETE", "PATCH"):
            a = us.request(method, "/auth/profile", {"full_name": "M"})
            assert a.status == 405, a
            assert {"GET", "PUT"} <= set(a.headers["Allow"].split(", ")), a
        for method in ("POST", "PUT", "DELETE"):
            a = us.request(method, "/auth/verify-token", {})
            assert a.status == 405 and "GET" in a.headers["Allow"], a


# ------------------------------------------------------------ changing

@pytest.mark.parametrize("name", [
    "A", "Ann", "x" * 255, "Ж" * 255, "🙂" * 255, "O'Hara; DROP TABLE users",
    '"quoted" \\ back', "<script>alert(1)</script>", "%s%n"],
    ids=lambda n: ascii(n)[:20])
def test_a_name_is_kept_as_it_was_written(shop, market, name):
    who = person(shop, market, profile_image_url="https://x.example/old")
    a = put(who, {"full_name": name})
    assert a.status == 200, a
    assert a.json == {"success": True, "user": profile(who),
                      "message": "Profile updated successfully"}, a
    assert a.json["user"]["full_name"] == a.json["user"]["name"] == name, a
    assert stored(shop, who)[1] == "https://x.example/old"
    assert shop.count(market, "users", f"id={who.id} AND "
                      f"full_name=CONVERT(X'{name.encode().hex()}' USING "
                      "utf8mb4) COLLATE utf8mb4_bin") == 1


@pytest.mark.parametrize("url", [
    "https://img.example/a.png", "x" * 500, "й" * 500, "/images/7.jpg"])
def test_an_image_is_kept_and_the_name_stays(shop, market, url):
    who = person(shop, market, full_name="Old Name")
    a = put(who, {"profile_image_url": url})
    assert a.status == 200 and a.json["user"]["profile_image_url"] == url, a
    assert a.json["user"] == profile(who), a
    assert stored(shop, who) == ("Old Name", url)


def test_both_are_changed_together(shop, market):
    who = person(shop, market)
    a = put(who, {"full_name": "New", "profile_image_url": "https://n.example"})
    assert a.status == 200, a
    assert stored(shop, who) == ("New", "https://n.example")


BAD = [
    ("full_name", ""), ("full_name", "   "), ("full_name", "\t\n"),
    ("full_name", "x" * 256), ("full_name", "Ж" * 256),
    ("full_name", "x" * 5000), ("full_name", 7), ("full_name", 1.5),
    ("full_name", True), ("full_name", ["Ann"]), ("full_name", {"a": "b"}),
    ("profile_image_url", "x" * 501), ("profile_image_url", "й" * 501),
    ("profile_image_url", 7), ("profile_image_url", False),
    ("profile_image_url", ["https://x.example"]), ("profile_image_url", {}),
]


@pytest.mark.parametrize("field, value", BAD,
                         ids=lambda v: str(v)[:12].strip() or "blank")
def test_a_bad_value_changes_nothing_of_the_profile(shop, us, field, value):
    good = {"full_name": "New", "profile_image_url": "https://new.example"}
    with shop.unchanged():
        for body in ({field: value}, {**good, field: value}):
            a = put(us, body)
            assert a.status == 422, a
            assert [f["loc"] for f in a.json["detail"]] == [["body", field]]


def test_all_faults_are_told_at_once_in_field_order(shop, us):
    with shop.unchanged():
        a = put(us, {"profile_image_url": 7, "full_name": ""})
    assert a.status == 422, a
    assert [f["loc"][1] for f in a.json["detail"]] == [
        "full_name", "profile_image_url"], a


@pytest.mark.parametrize("body", [
    {}, {"full_name": None}, {"full_name": None, "profile_image_url": None},
    {"profile_image_url": None}, {"nickname": "x"}])
def test_what_is_not_given_or_null_stays_as_it_is(shop, market, body):
    who = person(shop, market, full_name="Old",
                 profile_image_url="https://old.example")
    with shop.unchanged():
        a = put(who, body)
    assert a.status == 200 and a.json["user"] == profile(who), a
    assert stored(shop, who) == ("Old", "https://old.example")


@pytest.mark.parametrize("email", [
    "a@b", "ann@example.com", "ann+shop@mail.example", "жанна@почта.рф",
    "a" * 253 + "@b"])
def test_an_email_is_kept_and_the_rest_stays(shop, market, email):
    who = person(shop, market, full_name="Old Name")
    mine = profile(who)
    a = put(who, {"email": f" {email}\n"})
    assert a.status == 200 and a.json["user"] == profile(who), a
    assert profile(who) == {**mine, "email": email}
    a = put(who, {"full_name": "New"})
    assert a.json["user"]["email"] == email, a


@pytest.mark.parametrize("empty", ["", "  ", None])
def test_an_email_can_be_removed(shop, market, empty):
    who = person(shop, market, full_name="Ann", email="a@example.com")
    mine = profile(who)
    a = put(who, {"email": empty})
    assert a.status == 200 and a.json["user"]["email"] is None, a
    assert profile(who) == {**mine, "email": None}
    assert shop.value(market, "SELECT email IS NULL FROM users "
                      f"WHERE id={who.id}") == "1"


@pytest.mark.parametrize("email", [
    "x", "@", "@b", "a@", "a@b@c", "a b@c", "a@b c", "a@b\tc",
    "a@example.com\r\nBcc: b@example.com", "a\u0007@b", "a@b\u007fc",
    "a\u00a0@b", "a@\u200bb", "a@\u200b", "a@\u3000b", "a\u202e@b",
    "a@\u0301", "a" * 254 + "@b", 7, True, ["a@b"], {}])
def test_what_is_no_email_changes_nothing(shop, us, email):
    with shop.unchanged():
        a = put(us, {"full_name": "New", "email": email})
    assert a.status == 422, a
    assert [f["loc"] for f in a.json["detail"]] == [["body", "email"]], a


def test_nothing_but_name_image_and_email_can_be_changed(shop, market):
    who, victim = person(shop, market), person(shop, market)
    before, other = row(shop, victim), shop.dump(OTHER[market])
    mine = profile(who)
    a = put(who, {
        "full_name": "New", "id": victim.id, "user_id": victim.id,
        "phone_number": "+19999999999", "phone": "+19999999999",
        "is_active": False, "is_verified": True,
        "is_admin": True, "market": OTHER[market], "name": "Other",
        "last_login": None, "created_at": "2020-01-01T00:00:00Z",
        "tokens_valid_from": None, "currency": "XXX"},
        headers={"X-Market": OTHER[market]})
    assert a.status == 200, a
    assert profile(who) == {**mine, "name": "New", "full_name": "New"}
    assert a.json["user"] == profile(who), a
    assert row(shop, victim) == before
    assert shop.dump(OTHER[market]) == other


@pytest.mark.parametrize("mine", MARKETS)
def test_twins_of_one_id_have_a_profile_each(shop, mine):
    """One's own in the token's market, whatever else the request says."""
    theirs = OTHER[mine]
    me = person(shop, mine, full_name="Mine")
    shop.user(theirs, me.id, phone_number=shop.phone(theirs),
              full_name="Theirs")
    before = shop.dump(theirs)
    lure = {"X-Market": theirs}
    assert me.get("/auth/profile?market=" + theirs,
                  lure).json["full_name"] == "Mine"
    a = put(me, {"full_name": "Changed", "market": theirs}, headers=lure)
    assert a.status == 200 and a.json["user"]["market"] == mine, a
    assert shop.dump(theirs) == before
    assert profile(shop.as_user(theirs, me.id))["full_name"] == "Theirs"
    assert profile(me)["full_name"] == "Changed"


@pytest.mark.parametrize("body, statuses", [
    (b"", (400, 422)), ("{", (400,)), ("[]", (422,)), ('"x"', (422,)),
    ("null", (422,)), (b'{"full_name":"\xff"}', (400, 415, 422)),
    ('{"full_name":"a\\u0000b"}', (400, 422)),
    (b'{"full_name":"' + b"x" * 70000 + b'"}', (413, 415))])
def test_a_body_that_is_no_profile_changes_nothing(shop, us, body, statuses):
    with shop.unchanged():
        a = put(us, body, headers={"Content-Type": "application/json"})
    assert a.status in statuses, a
