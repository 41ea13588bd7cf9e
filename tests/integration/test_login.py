"""Login by phone: the number decides the market, a code that was sent there
opens it, and the token says so from then on.
"""
import hashlib
import re
import time

import jwt
import pytest

from harness import (MARKETS, LogTail, Statements, at_once, b64, tally,
                     without_final_commit)
from test_order_life import locked

OTHER = {"kg": "us", "us": "kg"}
CASE = "+13128059851"           # 19 in us; 10 in kg, by an old mistake
SENDS = ("/auth/send-verification", "/auth/send-code")
VERIFY = "/auth/verify-code"
BAD_PHONE = ("Phone number must be in format +996XXXXXXXXX (KG) or "
             "+1XXXXXXXXXX (US)")
BAD_CODE = "Invalid or expired verification code"
MINUTES = {"kg": 10, "us": 15}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def displayed(phone):
    """For people, as each market writes it."""
    d = phone.lstrip("+")
    return f"+996 {d[3:6]} {d[6:9]} {d[9:]}" if d.startswith("996") \
        else f"+1 ({d[1:4]}) {d[4:7]}-{d[7:]}"


def send(shop, body, path="/auth/send-code", headers=None, token=None):
    return shop.request("POST", path, body, token, headers)


def verify(shop, body, headers=None, token=None):
    return shop.request("POST", VERIFY, body, token, headers)


def sent(shop, market, phone):
    """How many codes the database has for a number."""
    return shop.count(market, "login_codes", f"phone_number='{phone}'")


def forget(shop, market, phone):
    """Codes of long ago, so that a test may be run again and again."""
    shop.sql(market, "UPDATE login_codes SET created_at = created_at - "
             f"INTERVAL 16 MINUTE WHERE phone_number='{phone}'")


def user_row(shop, market, phone):
    rows = shop.sql(market, "SELECT id, full_name, is_active, is_verified, "
                    f"last_login FROM users WHERE phone_number='{phone}'")
    assert len(rows) <= 1
    return rows[0] if rows else None


def refused(a, message=BAD_CODE, status=400):
    assert a.status == status and a.json["message"] == message, a
    assert b"access_token" not in a.body and b"user" not in a.body, a


def wrong(code, n=1):
    """Another code; for n from 1 to 999999 each another one."""
    return f"{(int(code) + n) % 10**6:06d}"


# ------------------------------------------------------------ sending

@pytest.mark.parametrize("path", SENDS)
@pytest.mark.parametrize("field", ["phone", "phone_number"])
def test_a_code_is_sent_to_the_number_by_its_market(shop, market, path, field):
    phone = shop.phone(market)
    other = shop.dump(OTHER[market])
    a = send(shop, {field: phone}, path)
    assert a.status == 200, a
    assert a.json == {
        "success": True, "message": "Verification code sent successfully",
        "phone_number": displayed(phone), "market": market,
        "language": {"kg": "ru", "us": "en"}[market],
        "expires_in_minutes": MINUTES[market]}
    assert "no-store" in a.headers["Cache-Control"], a
    assert re.fullmatch(r"\d{6}", shop.code(phone))
    assert sent(shop, market, phone) == 1
    assert shop.dump(OTHER[market]) == other


def test_the_text_is_in_the_language_of_the_market(shop):
    texts = {}
    for m in MARKETS:
        phone = shop.phone(m)
        code = shop.send_code(phone)
        texts[m], = shop.messages(phone)
        assert str(MINUTES[m]) in texts[m].replace(code, ""), texts[m]
    assert re.search("[а-яё]{3}", texts["kg"].lower()), texts
    assert not re.search("[а-яё]", texts["us"].lower()), texts
    assert re.search(r"\bcode\b", texts["us"].lower()), texts


def test_a_code_lives_as_long_as_the_answer_says(shop, market):
    phone = shop.phone(market)
    shop.send_code(phone)
    assert shop.sql(market, "SELECT TIMESTAMPDIFF(MICROSECOND, created_at, "
                    "expires_at), ABS(TIMESTAMPDIFF(SECOND, created_at, "
                    "UTC_TIMESTAMP())) < 30 FROM login_codes WHERE "
                    f"phone_number='{phone}'") == \
        [(str(MINUTES[market] * 60 * 10**6), "1")]


SPELLED = {
    "kg": ["+996{}", "996{}", "+996 {}", "+996-{}", "(996){}", " 996 {} ",
           "00996{}", "00 (996) {}", "011996{}", "\u2066+996{}\u2069"],
    "us": ["+1{}", "1{}", "+1.{0:.3}.{1}", "\u202d+1{}\u202c",
           "+1\u200e{0:.3}\ufe0d{1}\u200b", "+1\u00a0{0:.3}\u2003{1}",
           "+1\u2013{0:.3}\u2212{1}", "0111{}", "00 1 {}", "\ufeff+1{}\r\n", "+1 ({0:.3}) {0:.0}{1}", "1-{0:.3}-{1}",
           "+1 {0:.3} {1}", "(+1) {}", "( 1 ) {}"]}


@pytest.mark.parametrize("market, spelling", [
    (m, s) for m in MARKETS for s in SPELLED[m]])
def test_a_number_may_be_spelled_as_people_do(shop, market, spelling):
    phone = shop.phone(market)
    digits = phone[4:] if market == "kg" else phone[2:]
    spelled = spelling.format(digits, digits[3:])
    a = send(shop, {"phone": spelled})
    assert a.status == 200 and a.json["market"] == market, a
    assert a.json["phone_number"] == displayed(phone), a
    a = verify(shop, {"phone": spelled, "code": shop.code(phone)})
    assert a.status == 200 and a.json["user"]["phone"] == phone, a


BAD_PHONES = {
    "empty": "", "blanks": "   ", "a plus": "+", "marks only": "()-- ",
    "letters": "+1312805985a", "a word": "hello", "letters behind":
    "+13128059851abc", "an extension": "+13128059851x7",
    "us, one too few": "+1312805985", "us, one too many": "+131280598511",
    "kg, one too few": "+99650523125", "kg, one too many": "+9965052312555",
    "no country": "(312) 805-9851", "only a prefix": "+996",
    "only the other prefix": "+1", "of no market": "+79001234567",
    "of no market, no plus": "4915112345678", "two pluses": "++13128059851",
    "a plus inside": "1+3128059851", "a comma": "+1,312,805,9851",
    "slashes": "+1/312/8059851", "too long": "+1" + "3" * 300,
    "much too long": "+1" + "3" * 20000, "zeros inside": "+0013128059851",
    "premium": "+19005551234", "no such area": "+10005551234",
    "no such exchange": "+13120551234",
    "other digits": "+1312805985١", "wide digits": "+１３１２８０５９８５１",
    "a newline inside": "+1312\n8059851", "a tab": "+1312\t8059851",
    "a line separator": "+1312\u20288059851", "two": "+13128059851,+1312",
    "SQL": "+13128059851' OR '1'='1", "a wildcard": "+1312805985%",
    "JSON": '{"phone":"+13128059851"}',
}


@pytest.mark.parametrize("name", BAD_PHONES)
def test_a_number_of_no_market_is_refused_in_the_contracts_words(shop, name):
    phone = BAD_PHONES[name]
    with shop.unchanged():
        for a in (send(shop, {"phone": phone}),
                  send(shop, {"phone_number": phone}, SENDS[0]),
                  verify(shop, {"phone": phone, "code": "123456"})):
            assert a.status == 422, a
            assert a.json["message"] == BAD_PHONE, a
            fault = a.json["detail"][0]
            assert fault["loc"][0] == "body", a
            assert fault["loc"][1] in ("phone", "phone_number"), a
            # Nothing of what was sent comes back.
            assert len(a.body) < 1000, a


NO_TEXT = {"missing": ..., "null": None, "a number": 13128059851,
           "a float": 1.5, "true": True, "a list": [CASE],
           "an object": {"phone": CASE}}


@pytest.mark.parametrize("name", NO_TEXT)
def test_a_number_that_is_no_text_is_refused(shop, name):
    body = {} if NO_TEXT[name] is ... else {"phone": NO_TEXT[name]}
    with shop.unchanged():
        for a in (send(shop, body), send(shop, body, SENDS[0]),
                  verify(shop, {**body, "code": "123456"})):
            assert a.status == 422, a
            assert a.json["detail"][0]["loc"] == ["body", "phone"], a
            if name == "missing":
                assert a.json["detail"][0]["type"] == "missing", a


@pytest.mark.parametrize("body, statuses", [
    (b"", (400, 422)), ("{", (400,)), ("[]", (422,)), ("null", (422,)),
    ('"+13128059851"', (422,)), ("{}", (422,)),
    ('{"phone":"+13128059851"', (400,)),
    ('{"phone":"+13128059851\\u0000","code":"123456"}', (400, 422)),
    ('{"phone":"+13128059851","code":"123456\\u0000"}', (400, 422)),
    ('{"phone":"+1312805\xff"}'.encode("latin-1"), (400, 415, 422)),
    (b'{"phone":"' + b"1" * 70000 + b'"}', (413, 415))])
@pytest.mark.parametrize("path", [*SENDS, VERIFY])
def test_a_body_that_is_no_object_is_refused(shop, path, body, statuses):
    headers = {"Content-Type": "application/json"}
    with shop.unchanged():
        a = shop.request("POST", path, body, headers=headers)
    assert a.status in statuses, a


@pytest.mark.parametrize("path", [*SENDS, VERIFY])
def test_login_is_by_post_only_and_serves_a_slash_behind(shop, path):
    phone = shop.phone("us")
    with shop.unchanged():
        for method in ("GET", "PUT", "DELETE"):
            a = shop.request(method, path)
            assert a.status == 405 and "POST" in a.headers["Allow"], a
    a = shop.request("POST", path + "/", {"phone": phone, "code": "123456"})
    assert a.status == (400 if path == VERIFY else 200), a


# ------------------------------------------- the market, and nothing else

@pytest.mark.parametrize("call", [*SENDS, VERIFY])
def test_a_market_that_contradicts_the_number_is_refused(shop, market, call):
    phone = shop.phone(market)
    code = shop.send_code(phone)
    body = {"phone": phone, "verification_code": code}
    with shop.unchanged():
        for value in (OTHER[market], "nowhere", "fr",
                      f"{market},{OTHER[market]}"):
            a = shop.request("POST", call, body,
                             headers={"X-Market": value})
            refused(a, a.json["message"], 422)
    # The code has taken no harm.
    a = shop.verify(phone, code)
    assert a.status == 200, a


@pytest.mark.parametrize("call", SENDS)
def test_a_market_that_agrees_with_the_number_is_fine(shop, market, call):
    phone = shop.phone(market)
    headers = {"X-Market": market}
    a = send(shop, {"phone": phone}, call, headers)
    assert a.status == 200 and a.json["market"] == market, a
    a = verify(shop, {"phone": phone, "code": shop.code(phone)}, headers)
    assert a.status == 200 and a.json["market"] == market, a


def test_no_query_field_or_token_chooses_another_market(shop, market):
    other = OTHER[market]
    stranger = shop.buyer(other)
    phone = shop.phone(market)
    before = shop.dump(other)
    lure = {"market": other, "country": other, "user_id": stranger.id,
            "id": stranger.id, "language": "xx"}
    a = shop.request("POST", f"/auth/send-code?market={other}",
                     {"phone": phone, **lure}, stranger.token)
    assert a.status == 200 and a.json["market"] == market, a
    a = shop.request("POST", f"{VERIFY}?market={other}&phone=%2B1",
                     {"phone": phone, "code": shop.code(phone), **lure},
                     stranger.token)
    assert a.status == 200 and a.json["market"] == market, a
    assert a.json["user"]["market"] == market, a
    assert int(a.json["user"]["id"]) != stranger.id, a
    assert shop.dump(other) == before


@pytest.mark.parametrize("first, second", [
    ("phone", "phone_number"), ("phone_number", "phone")])
def test_two_numbers_in_one_body_never_mix_two_markets(shop, first, second):
    """Whichever counts, it counts for the market too."""
    phones = {m: shop.phone(m) for m in MARKETS}
    a = send(shop, {first: phones["us"], second: phones["kg"]})
    assert a.status in (200, 422), a
    if a.status == 200:
        m = a.json["market"]
        assert a.json["phone_number"] == displayed(phones[m]), a
    for m in MARKETS:
        assert sent(shop, m, phones[OTHER[m]]) == 0
        assert user_row(shop, m, phones[OTHER[m]]) is None


@pytest.mark.parametrize("header", ids=lambda h: h[:10], argvalues=[
    "Bearer nonsense", "Bearer " + "x" * 2000, "Basic eDp5", ""])
def test_a_login_does_not_look_at_an_old_token(shop, header):
    phone = shop.phone("us")
    headers = {"Authorization": header}
    assert send(shop, {"phone": phone}, headers=headers).status == 200
    a = verify(shop, {"phone": phone, "code": shop.code(phone)}, headers)
    assert a.status == 200, a


# ------------------------------------------------------------ verifying

def check_token(shop, a):
    """A token as it must be, for the user that the answer tells."""
    user = a.json["user"]
    claims = jwt.decode(a.json["access_token"], shop.key,
                        algorithms=["HS256"])      # also: iat not ahead
    assert claims["sub"] == user["id"] and isinstance(claims["sub"], str)
    assert claims["market"] == user["market"] == a.json["market"]
    assert abs(claims["iat"] - time.time()) < 30, claims
    assert abs(claims["exp"] - claims["iat"] - 1800) <= 1, claims
    assert isinstance(claims["jti"], str) and len(claims["jti"]) >= 16
    header = jwt.get_unverified_header(a.json["access_token"])
    kid = shop.option("token", "keys").split(":")[0]
    assert header["alg"] == "HS256" and header["kid"] == kid, header
    for word in ("phone", "name", "email"):
        assert word not in claims, claims
    return claims


@pytest.mark.parametrize("number", ["phone", "phone_number"])
@pytest.mark.parametrize("field", ["verification_code", "code"])
def test_a_first_login_makes_the_user_in_that_market_only(
        shop, market, number, field):
    phone = shop.phone(market)
    other = shop.dump(OTHER[market])
    users = shop.count(market, "users")
    code = shop.send_code(phone)
    assert user_row(shop, market, phone) is None    # sending makes nobody
    a = verify(shop, {number: phone, field: code})
    assert a.status == 200, a
    j = a.json
    assert set(j) == {"success", "message", "access_token", "token_type",
                      "expires_in", "user", "market", "is_new_user"}
    assert j["success"] is True and j["is_new_user"] is True, a
    assert j["message"] == "Phone number verified successfully", a
    assert (j["token_type"], j["expires_in"]) == ("bearer", 1800), a
    assert set(j["user"]) == {"id", "name", "full_name", "phone", "email",
                              "is_active", "is_verified", "market"}, a
    uid, name, active, verified, last = user_row(shop, market, phone)
    assert j["user"]["id"] == uid and j["user"]["phone"] == phone, a
    assert j["user"]["full_name"] is None and j["user"]["email"] is None, a
    assert name is None and j["user"]["market"] == market, a
    assert j["user"]["is_active"] is j["user"]["is_verified"] is True, a
    assert (active, verified) == ("1", "1") and last is not None
    check_token(shop, a)
    assert "no-store" in a.headers["Cache-Control"], a
    assert shop.count(market, "users") == users + 1
    assert shop.dump(OTHER[market]) == other
    # And is let in by that token, in that market.
    me = shop.request("GET", "/auth/verify-token", token=j["access_token"])
    assert me.status == 200 and me.json["user_id"] == int(uid), me


def test_the_next_login_finds_the_same_user(shop, market):
    phone = shop.phone(market)
    first = shop.verify(phone, shop.send_code(phone)).json
    seen = user_row(shop, market, phone)[4]
    a = shop.verify(phone, shop.send_code(phone))
    assert a.status == 200 and a.json["is_new_user"] is False, a
    assert a.json["user"] == first["user"], a
    assert a.json["access_token"] != first["access_token"]
    assert user_row(shop, market, phone)[4] > seen
    one, two = (jwt.decode(t, shop.key, algorithms=["HS256"])["jti"]
                for t in (first["access_token"], a.json["access_token"]))
    assert one != two


def test_a_user_who_was_there_is_found_with_name_and_email(shop, market):
    phone = shop.phone(market)
    user = shop.user(market, phone_number=phone, full_name="Зоя O'Hara",
                     email="z@shop.example", is_verified=0)
    a = shop.verify(phone, shop.send_code(phone))
    assert a.status == 200 and a.json["is_new_user"] is False, a
    assert a.json["user"] == {
        "id": str(user), "name": "Зоя O'Hara", "full_name": "Зоя O'Hara",
        "phone": phone, "email": "z@shop.example", "is_active": True,
        "is_verified": True, "market": market}
    assert user_row(shop, market, phone)[3] == "1"
    check_token(shop, a)


def test_the_case_a_us_number_that_kg_has_too_is_user_19_of_us(shop):
    assert user_row(shop, "us", CASE)[0] == "19"
    assert user_row(shop, "kg", CASE)[0] == "10"
    forget(shop, "us", CASE)
    kg = shop.dump("kg")
    nth = len(shop.messages(CASE)) + 1
    a = send(shop, {"phone": CASE})
    assert a.status == 200 and a.json["market"] == "us", a
    assert a.json["phone_number"] == "+1 (312) 805-9851", a
    log = LogTail(shop)
    a = shop.verify(CASE, shop.code(CASE, nth))
    assert a.status == 200 and a.json["is_new_user"] is False, a
    assert a.json["user"]["id"] == "19" and a.json["market"] == "us", a
    assert a.json["user"]["full_name"] == "John Carter", a
    assert any("User authenticated successfully: ID=19, Market=us" in l
               for l in log.about(a)), log.lines()
    token = a.json["access_token"]
    assert check_token(shop, a)["sub"] == "19"
    a = shop.request("GET", "/auth/verify-token", token=token)
    assert a.json["user_id"] == 19 and a.json["market"] == "us", a
    a = shop.request("GET", "/orders", token=token)
    assert a.status == 200, a
    assert shop.dump("kg") == kg


# ----------------------------------------------------------- wrong codes

@pytest.mark.parametrize("code", [
    "", " ", "1", "123", "123456789", "1" * 300, "12345a", "abcdef", "+12345",
    "-12345", "12.456", "0x1234", "12 4", "123\n", "12-456", "123456\a", "１２３４５６",
    "١٢٣٤٥٦", "1e5000", "123456' OR 1=1 -- ", "%%%%%%"],
    ids=lambda c: ascii(c)[:20])
def test_a_code_that_is_not_4_to_8_digits_is_a_422_and_no_guess(shop, code):
    phone = shop.phone("us")
    right = shop.send_code(phone)
    with shop.unchanged():
        for field in ("verification_code", "code"):
            a = verify(shop, {"phone": phone, field: code})
            assert a.status == 422, a
            assert a.json["detail"][0]["loc"][1] in (
                "verification_code", "code"), a
    assert shop.verify(phone, right).status == 200


@pytest.mark.parametrize("code", [
    ..., None, 123456, 123456.0, True, ["123456"], {"code": "123456"}])
def test_a_code_that_is_no_text_is_a_422_and_no_guess(shop, code):
    phone = shop.phone("us")
    right = shop.send_code(phone)
    body = {"phone": phone} if code is ... else \
        {"phone": phone, "verification_code": code}
    with shop.unchanged():
        a = verify(shop, body)
    assert a.status == 422, a
    assert a.json["detail"][0]["loc"] == ["body", "verification_code"], a
    assert shop.verify(phone, right).status == 200


def test_the_faults_of_number_and_code_are_told_at_once(shop):
    with shop.unchanged():
        a = verify(shop, {})
    assert a.status == 422, a
    assert [f["loc"] for f in a.json["detail"]] == [
        ["body", "phone"], ["body", "verification_code"]], a


@pytest.mark.parametrize("code", ["0000", "12345", "1234567", "12345678"])
def test_a_code_of_4_to_8_digits_is_a_guess(shop, code):
    phone = shop.phone("us")
    shop.send_code(phone)
    refused(shop.verify(phone, code))
    assert shop.value("us", "SELECT wrong_guesses FROM login_codes WHERE "
                      f"phone_number='{phone}'") == "1"


def test_a_part_of_a_code_is_not_the_code(shop):
    phone = shop.phone("us")
    code = shop.send_code(phone)
    for guess in (code[:5], code[1:], code + "0", "0" + code):
        refused(shop.verify(phone, guess))
    assert shop.verify(phone, code).status == 200


def test_without_a_code_sent_every_code_is_wrong(shop, market):
    with shop.unchanged():
        for code in ("0000", "000000", "123456"):
            refused(shop.verify(shop.phone(market), code))


def test_the_code_of_another_number_is_wrong(shop, market):
    mine, theirs = shop.phone(market), shop.phone(market)
    code, other = shop.send_code(mine), shop.send_code(theirs)
    if code == other:           # one in a million
        other = shop.send_code(theirs)
    refused(shop.verify(theirs, code))
    refused(shop.verify(mine, other))
    assert user_row(shop, market, mine) is user_row(shop, market, theirs) \
        is None
    assert shop.verify(mine, code).status == 200
    assert shop.verify(theirs, other).status == 200


def test_a_hash_is_good_for_its_own_number_only(shop):
    """Somebody who writes into the database cannot move a code."""
    mine, theirs = shop.phone("us"), shop.phone("us")
    code = shop.send_code(mine)
    shop.send_code(theirs)
    shop.sql("us", "UPDATE login_codes a JOIN login_codes b ON "
             f"b.phone_number='{mine}' SET a.code_hash = b.code_hash "
             f"WHERE a.phone_number='{theirs}'")
    refused(shop.verify(theirs, code))
    assert shop.verify(mine, code).status == 200


def test_a_code_is_good_once(shop, market):
    phone = shop.phone(market)
    code = shop.send_code(phone)
    assert shop.verify(phone, code).status == 200
    with shop.unchanged():
        refused(shop.verify(phone, code))
        refused(shop.verify(phone, wrong(code)))


def test_an_expired_code_is_wrong(shop, market):
    phone = shop.phone(market)
    code = shop.send_code(phone)
    shop.sql(market, "UPDATE login_codes SET expires_at = UTC_TIMESTAMP(6) "
             f"WHERE phone_number='{phone}'")
    with shop.unchanged():
        refused(shop.verify(phone, code))
    # It was that, and nothing else.
    shop.sql(market, "UPDATE login_codes SET expires_at = UTC_TIMESTAMP(6) + "
             f"INTERVAL 20 SECOND WHERE phone_number='{phone}'")
    assert shop.verify(phone, code).status == 200


def test_only_the_newest_code_counts(shop, market):
    phone = shop.phone(market)
    codes = [shop.send_code(phone) for _ in range(3)]
    assert len(set(codes)) == 3, "one in 300,000"
    refused(shop.verify(phone, codes[0]))
    refused(shop.verify(phone, codes[1]))
    assert shop.verify(phone, codes[2]).status == 200
    # With the newest one used, the older ones do not come back.
    for code in codes:
        refused(shop.verify(phone, code))


def test_the_newest_code_counts_whatever_the_clock_of_its_host_says(
        shop, market):
    """Two hosts: the one that sent the first code is five minutes ahead."""
    phone = shop.phone(market)
    first = shop.send_code(phone)
    shop.sql(market, "UPDATE login_codes SET created_at = created_at + "
             f"INTERVAL 5 MINUTE WHERE phone_number='{phone}'")
    newest_one = shop.send_code(phone)
    assert first != newest_one, "one in a million"
    refused(shop.verify(phone, first))
    assert shop.verify(phone, newest_one).status == 200


def test_a_guess_waits_for_no_other_number(shop, market):
    """The newest code of a number is found without a lock on the others'."""
    phone, other = shop.phone(market), shop.phone(market)
    code = shop.send_code(phone)
    shop.send_code(other)
    with locked(shop, market, "SELECT id FROM login_codes WHERE "
                f"phone_number='{other}' FOR UPDATE"):
        assert shop.verify(phone, code).status == 200


def test_an_older_code_does_not_come_back_when_the_newest_has_expired(shop):
    phone = shop.phone("us")
    older, newest_one = shop.send_code(phone), shop.send_code(phone)
    assert older != newest_one, "one in a million"
    shop.sql("us", "UPDATE login_codes SET expires_at = UTC_TIMESTAMP(6) "
             f"WHERE phone_number='{phone}' ORDER BY id DESC LIMIT 1")
    refused(shop.verify(phone, older))
    refused(shop.verify(phone, newest_one))


def test_after_four_wrong_guesses_the_code_is_good(shop, market):
    phone = shop.phone(market)
    code = shop.send_code(phone)
    for n in range(1, 5):
        refused(shop.verify(phone, wrong(code, n)))
    assert shop.verify(phone, code).status == 200


def test_after_five_wrong_guesses_the_code_is_dead(shop, market):
    phone = shop.phone(market)
    code = shop.send_code(phone)
    for n in range(1, 6):
        refused(shop.verify(phone, wrong(code, n)))
    with shop.unchanged():
        refused(shop.verify(phone, code))
        refused(shop.verify(phone, wrong(code, 6)))
        refused(shop.verify(phone, code))
    assert user_row(shop, market, phone) is None
    # A new code has new guesses.
    code = shop.send_code(phone)
    refused(shop.verify(phone, wrong(code)))
    assert shop.verify(phone, code).status == 200


def test_guesses_are_counted_for_each_number_alone(shop):
    mine, theirs = shop.phone("us"), shop.phone("us")
    code, other = shop.send_code(mine), shop.send_code(theirs)
    for n in range(1, 6):
        refused(shop.verify(theirs, wrong(other, n)))
    assert shop.verify(mine, code).status == 200


# -------------------------------------------------------- many at once

def guess(shop, phone, codes):
    """All at once, from many addresses: nginx limits those of one."""
    return at_once([
        lambda n=n, c=c: shop.request(
            "POST", VERIFY, {"phone": phone, "verification_code": c},
            source=f"127.0.2.{n % 50 + 1}") for n, c in enumerate(codes)], 100)


def test_of_200_guesses_at_once_after_the_fifth_none_succeeds(shop, market):
    phone = shop.phone(market)
    code = shop.send_code(phone)
    for n in range(1, 6):
        refused(shop.verify(phone, wrong(code, n)))
    guesses = [code if n % 10 == 5 else wrong(code, n) for n in range(200)]
    answers = guess(shop, phone, guesses)
    assert tally(answers) == {400: 200}
    for a in answers:
        refused(a)
    assert user_row(shop, market, phone) is None


def test_200_wrong_guesses_at_once_are_five_and_kill_the_code(shop, market):
    phone = shop.phone(market)
    code = shop.send_code(phone)
    answers = guess(shop, phone, [wrong(code, n) for n in range(1, 201)])
    assert tally(answers) == {400: 200}
    assert shop.value(market, "SELECT wrong_guesses FROM login_codes WHERE "
                      f"phone_number='{phone}'") == "5"
    refused(shop.verify(phone, code))


def test_no_two_wrong_guesses_at_once_count_as_one(shop):
    """Five together use up all five, each time."""
    for _ in range(10):
        phone = shop.phone("us")
        code = shop.send_code(phone)
        answers = at_once([lambda n=n: shop.verify(phone, wrong(code, n))
                           for n in range(1, 6)])
        assert tally(answers) == {400: 5}
        refused(shop.verify(phone, code))


def test_the_right_one_among_200_guesses_wins_once_or_never(shop):
    won = 0
    for first in (0, 3, 10, 100):
        phone = shop.phone("us")
        code = shop.send_code(phone)
        guesses = [wrong(code, n) for n in range(1, 201)]
        guesses[first] = guesses[first + 1] = code
        answers = guess(shop, phone, guesses)
        right = [n for n, a in enumerate(answers) if a.status == 200]
        assert tally(answers) in ({400: 200}, {400: 199, 200: 1})
        assert set(right) <= {first, first + 1}
        counted, used = shop.sql(
            "us", "SELECT wrong_guesses, used_at IS NOT NULL FROM "
            f"login_codes WHERE phone_number='{phone}'")[0]
        assert int(counted) < 5 if right else int(counted) == 5
        assert used == str(len(right))
        assert (user_row(shop, "us", phone) is not None) == bool(right)
        won += len(right)
    assert won <= 4


@pytest.mark.parametrize("clients", [2, 8])
def test_of_clients_with_the_same_right_code_at_once_one_wins(
        shop, market, clients):
    for _ in range(8):
        phone = shop.phone(market)
        code = shop.send_code(phone)
        answers = at_once([lambda: shop.verify(phone, code)] * clients)
        assert tally(answers) == {200: 1, 400: clients - 1}, answers
        for a in answers:
            if a.status == 200:
                assert a.json["is_new_user"] is True, a
            else:
                refused(a)
        assert shop.count(market, "users", f"phone_number='{phone}'") == 1


def test_forty_first_logins_of_neighbours_at_once_all_succeed(shop, market):
    """Numbers beside each other in every index: bait for deadlocks."""
    phones = [shop.phone(market) for _ in range(40)]
    answers = at_once([lambda p=p: send(shop, {"phone": p}) for p in phones])
    assert tally(answers) == {200: 40}, answers
    codes = [shop.code(p) for p in phones]
    answers = at_once([lambda p=p, c=c: shop.verify(p, c)
                       for p, c in zip(phones, codes)])
    assert tally(answers) == {200: 40}, answers
    assert all(a.json["is_new_user"] for a in answers)
    ids = {a.json["user"]["id"] for a in answers}
    assert len(ids) == 40
    for phone, a in zip(phones, answers):
        assert a.json["user"]["phone"] == phone
        assert user_row(shop, market, phone)[0] == a.json["user"]["id"]


def test_a_send_beside_a_verify_of_one_number_leaves_one_answer(shop):
    """A new code at the same moment: the old one counts or it does not."""
    for _ in range(10):
        phone = shop.phone("us")
        code = shop.send_code(phone)
        a, b = at_once([lambda: shop.verify(phone, code),
                        lambda: send(shop, {"phone": phone})])
        assert a.status in (200, 400) and b.status == 200, (a, b)
        second = shop.code(phone, 2)
        assert shop.verify(phone, second).status == 200
        assert shop.count("us", "users", f"phone_number='{phone}'") == 1


# ------------------------------------------------------- who is registered

def kinds(shop, market, n):
    """Numbers of customers, of nobody, and of disabled ones."""
    phones = {k: [shop.phone(market) for _ in range(n)]
              for k in ("registered", "unknown", "disabled")}
    for p in phones["registered"]:
        shop.user(market, phone_number=p)
    for p in phones["disabled"]:
        shop.user(market, phone_number=p, is_active=0)
    return phones


def alike(a, phone):
    """An answer without what is of this request alone."""
    drop = {"request_id"}
    body = {k: v for k, v in a.json.items() if k not in drop}
    if a.status == 200:
        assert body.pop("phone_number") == displayed(phone), a
    volatile = {"date", "x-request-id"}
    return (a.status, body, sorted((k.lower(), v) for k, v in
                                   a.headers.items()
                                   if k.lower() not in volatile))


def test_no_answer_tells_whether_a_number_is_registered(shop, market):
    phones = kinds(shop, market, 1)
    said = {}
    for kind, (phone,) in phones.items():
        said[kind] = [alike(verify(shop, {"phone": phone, "code": "1234"}),
                            phone)]
        for nth in (1, 2):
            said[kind].append(alike(send(shop, {"phone": phone}), phone))
            code = shop.code(phone, nth)
        said[kind] += [alike(verify(shop, {"phone": phone,
                                           "code": wrong(code, n)}), phone)
                       for n in range(1, 8)]
        said[kind].append(alike(send(shop, {"phone": phone}), phone))
        a = send(shop, {"phone": phone})
        assert a.status == 429, a
        assert abs(int(a.headers["Retry-After"]) - 900) < 60, a
        said[kind].append((a.status, a.json["error"], a.json["message"]))
    assert said["registered"] == said["unknown"] == said["disabled"]


def asked(sent):
    """Statements without what is of this request alone."""
    return [(kind, re.split(r"['0-9]", text)[0])
            for kind, text in without_final_commit(sent)]


def test_no_answers_work_tells_whether_a_number_is_registered(shop):
    """The same is asked of the database for each: so that the time cannot
    tell either, which scripts/compare-speeds measures."""
    phones = kinds(shop, "us", 60)
    with Statements(shop, "us") as statements:
        for job in (lambda p: send(shop, {"phone": p}),
                    lambda p: verify(shop, {"phone": p, "code": "1234"})):
            said = {kind: asked(statements.of(lambda: job(phones[kind].pop())))
                    for kind in phones}
            assert said["registered"] == said["unknown"] == said["disabled"]
            assert said["unknown"], said


def test_a_disabled_user_with_the_right_code_gets_no_token(shop, market):
    phone = shop.phone(market)
    user = shop.user(market, phone_number=phone, is_active=0)
    code = shop.send_code(phone)
    a = shop.verify(phone, code)
    assert a.status == 403, a
    assert b"token" not in a.body and b"eyJ" not in a.body, a
    # The code is used up, nothing was changed, and enabling helps.
    refused(shop.verify(phone, code))
    assert user_row(shop, market, phone) == (str(user), "Ann Example", "0",
                                             "0", None)
    shop.sql(market, f"UPDATE users SET is_active=1 WHERE id={user}")
    assert shop.verify(phone, shop.send_code(phone)).status == 200


# ------------------------------------------------------------- secrecy

def rows_of_all(shop):
    """All columns of all rows of all tables, also the sealed ones, as text."""
    found = set()
    for m in MARKETS:
        for table, in shop.sql(m, "SELECT table_name FROM information_schema."
                               "tables WHERE table_schema = DATABASE()"):
            found |= {(m, table, row) for row in shop.clients[m].lines(
                f"SELECT * FROM {table}")}
    return found


# What has six digits in a row by nature, and so may look like a code.
NOISE = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d\.\d+"
                   r"|\b[0-9a-f]{32}\b")


def test_a_code_is_nowhere_but_in_the_message(shop, market):
    with shop.configured(log_level="debug"):
        logs = [LogTail(shop)]
        for name in ("nginx-access.log", "nginx-error.log"):
            tail = LogTail(shop)
            tail.file = shop.log.parent / name
            tail.start = tail.file.stat().st_size
            logs.append(tail)
        before = rows_of_all(shop)
        phone = shop.phone(market)
        a = send(shop, {"phone": phone})
        during = rows_of_all(shop) - before
        code = shop.code(phone)
        guess = wrong(code, 77)
        b = shop.verify(phone, guess)
        c = shop.verify(phone, code)
        token = c.json["access_token"]
        after = rows_of_all(shop) - before
        said = [line for log in logs for line in log.lines()]
    assert (a.status, b.status, c.status) == (200, 400, 200)
    assert {t for _, t, _ in during} >= {"login_codes"}, during
    assert any(t == "users" for _, t, _ in after), after
    assert any(c.request_id in line for line in said)
    places = [r.decode("latin-1") for _, _, r in during | after] + said + \
        [x.body.decode() + str(x.headers) for x in (a, b)] + \
        [c.body.decode().replace(token, "") + str(c.headers)]
    for text in places:
        text = NOISE.sub("", text).replace(phone[1:], "")
        for secret in (code, guess, code[::-1], b64(code.encode())[:8],
                       code.encode().hex(), token, token.split(".")[2]):
            assert secret not in text, (secret, text)


def test_a_code_is_stored_as_a_keyed_hash(shop):
    """No hash that somebody could try a million codes on without the key."""
    phone = shop.phone("us")
    code = shop.send_code(phone)
    stored = bytes.fromhex(shop.value("us", "SELECT HEX(code_hash) FROM "
                                      "login_codes WHERE phone_number="
                                      f"'{phone}'"))
    assert len(stored) >= 16
    texts = [sep.join(parts).encode() + end
             for sep in ("", ":", "|", "\0") for end in (b"", b"\0")
             for parts in ((code,), (phone, code), (code, phone),
                           ("us", phone, code), (phone[1:], code))]
    for text in texts:
        for name in ("sha256", "sha512", "sha1", "md5", "blake2b", "blake2s"):
            assert not hashlib.new(name, text).digest().startswith(
                stored[:16]), (name, text)
        assert hashlib.blake2b(text, digest_size=len(stored)).digest() \
            != stored, text
        for size in (16, 32):
            assert hashlib.blake2b(text, digest_size=size).digest()[:16] \
                != stored[:16], text


def test_a_message_that_waits_shows_neither_number_nor_code(shop, market):
    phone = shop.phone(market)
    shop.send_code(phone)
    rows = shop.clients[market].lines(
        "SELECT payload FROM outbox ORDER BY id DESC LIMIT 5")
    assert rows and all(phone[1:].encode() not in r for r in rows)


def test_codes_are_of_six_digits_and_not_alike(shop):
    codes = [shop.send_code(shop.phone("us")) for _ in range(30)]
    assert all(re.fullmatch(r"\d{6}", c) for c in codes)
    assert len(set(codes)) >= 29
    assert len({c[0] for c in codes}) > 3 and len({c[-1] for c in codes}) > 3


def test_the_lifetime_of_a_token_is_the_configured_one(shop):
    with shop.configured(lifetime="10m"):
        phone = shop.phone("us")
        a = shop.verify(phone, shop.send_code(phone))
        claims = jwt.decode(a.json["access_token"], shop.key,
                            algorithms=["HS256"])
    assert a.json["expires_in"] == 600, a
    assert abs(claims["exp"] - claims["iat"] - 600) <= 1, claims
