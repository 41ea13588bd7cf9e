"""Text as people type it: what a storefront sends is what a keyboard, an
address book or a form made of it."""
import contextlib
import subprocess
from decimal import Decimal

import pytest

from harness import BUILD, MARKETS
from instance import ini

UNSEEN = ["\u200b", "\u200b" * 5, "\ufeff", "\u3164", "\u2800", "\u115f",
          "\uffa0", "\u180e", "\u2060", "\u200e\u200f", "\u00ad", "\ufe0f",
          "\u034f", "\u0301", "\U000e0041", "\u2028", " \u00a0\u3000 "]


def shown(text):
    return ascii(text)[:24]


def refused(a, field, words=None):
    assert a.status == 422, a
    assert a.json["detail"][0]["loc"] == ["body", field], a
    if words:
        assert a.json["message"] == words, a


# ---------------------------------------------------------------- orders

@pytest.mark.parametrize("field", ["customer_name", "delivery_address",
                                   "customer_phone", "payment_method"])
@pytest.mark.parametrize("text", UNSEEN, ids=shown)
def test_what_shows_nothing_is_blank(shop, field, text):
    buyer, sku = shop.buyer("us"), shop.sku("us")
    with shop.unchanged():
        refused(buyer.order(sku, **{field: text}), field)


@pytest.mark.parametrize("text", UNSEEN, ids=shown)
def test_a_profile_has_a_name_that_can_be_seen(shop, text):
    buyer = shop.buyer("us")
    with shop.unchanged():
        refused(buyer.request("PUT", "/auth/profile", {"full_name": text}),
                "full_name")


def test_an_address_needs_five_characters_that_can_be_seen(shop):
    buyer, sku = shop.buyer("us"), shop.sku("us")
    refused(buyer.order(sku, delivery_address="1\u200b\u200b\u200b\u200b2"),
            "delivery_address", "Delivery address is too short")


@pytest.mark.parametrize("name", [
    "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\u2764\ufe0f",
    "Ann \U0001f44d\U0001f3fd", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"])
def test_joiners_inside_what_is_seen_stay(shop, name):
    buyer, sku = shop.buyer("us"), shop.sku("us")
    assert buyer.ordered(sku, customer_name=f"\u200b {name}\ufeff\n")[
        "customer_name"] == name


LINES = ["customer_name", "customer_phone", "customer_email",
         "delivery_city", "delivery_state", "delivery_postcode",
         "payment_method"]


@pytest.mark.parametrize("field", LINES)
@pytest.mark.parametrize("mark", ["\r\n", "\n", "\t", "\a", "\x1b", "\x7f",
                                  "\x85", "\x9b", "\u2028", "\u2029"],
                         ids=shown)
def test_a_field_of_one_line_has_no_control_character(shop, field, mark):
    good = {"customer_phone": ("+13125", "550123"), "customer_email":
            ("a@example", ".com"), "payment_method": ("ca", "rd")}
    one, two = good.get(field, ("San", "Juan"))
    buyer, sku = shop.buyer("us"), shop.sku("us")
    with shop.unchanged():
        refused(buyer.order(sku, **{field: one + mark + two}), field)


@pytest.mark.parametrize("mark", ["\r\n", "\a", "\u2028"], ids=shown)
def test_a_profile_has_no_control_character(shop, mark):
    buyer = shop.buyer("us")
    for field in ("full_name", "profile_image_url"):
        with shop.unchanged():
            refused(buyer.request("PUT", "/auth/profile",
                                  {field: f"a{mark}b"}), field)


def test_an_address_and_notes_may_have_lines_but_no_bell(shop):
    buyer, sku = shop.buyer("us"), shop.sku("us")
    order = buyer.ordered(sku, delivery_address="1 Main St\nFloor 2",
                          delivery_notes="ring\r\ntwice")
    assert order["delivery_address"] == "1 Main St\nFloor 2"
    assert order["delivery_notes"] == "ring\r\ntwice"
    for field in ("delivery_address", "delivery_notes"):
        refused(buyer.order(sku, **{field: "1 Main\aSt"}), field)


@pytest.mark.parametrize("email", [
    "not an email", "@", "a@", "@b", "a@@b", "a@b@c", "a b@c.example",
    "a@c.exa mple", "a@\u200bb", "a\u00a0@b", "\u200d@b", "a@example.com\r\n"
    "Bcc: b@example.com"], ids=shown)
def test_an_email_that_is_none_is_refused(shop, email):
    buyer, sku = shop.buyer("us"), shop.sku("us")
    with shop.unchanged():
        refused(buyer.order(sku, customer_email=email), "customer_email")


def test_an_empty_optional_field_is_as_if_it_was_left_out(shop):
    buyer, sku = shop.buyer("us"), shop.sku("us")
    empty = {"customer_email": "", "delivery_city": " ",
             "delivery_state": "\u200b", "delivery_postcode": "",
             "delivery_notes": ""}
    first = buyer.ordered(sku, delivery_notes=...)
    again = buyer.order(sku, **empty)
    assert again.status == 200 and again.json["id"] == first["id"], again
    assert {again.json[name] for name in empty} == {None}, again


@pytest.mark.parametrize("sent, kept", [
    (" +1 (312) 805-9851\n", "+1 (312) 805-9851"),
    ("+1.312.805.9851", "+1.312.805.9851"),
    ("\u202d+13128059851\u202c", "+13128059851"),
    ("+1\u200e312\u200e805\ufe0d9851", "+13128059851"),
    ("+1\u2013312\u2013805\u22129851", "+1\u2013312\u2013805\u22129851"),
    ("00996505231255", "00996505231255")], ids=shown)
def test_an_orders_number_is_kept_as_it_was_typed_without_what_is_unseen(
        shop, sent, kept):
    buyer, sku = shop.buyer("us"), shop.sku("us")
    order = buyer.ordered(sku, customer_phone=sent)
    assert order["customer_phone"] == kept
    assert buyer.get(f"/orders/{order['id']}").json["customer_phone"] == kept


# ----------------------------------------------------------------- zones

FAR = [
    {"delivery_city": city} for city in (
        "Mayag\u00fcez", "Mayaguez", "Mayagu\u0308ez", "MAYAGUEZ",
        "Bayam\u00f3n", "Bayamo\u0301n", "San Juan", "San  Juan",
        "San\u00a0Juan", "San-Juan", "San Juan.", "San Juan, PR",
        "San Juan, PR 00901", "San Juan PR", "Aguadilla, Puerto Rico",
        "\uff28\uff49\uff4c\uff4f", "Honolulu.", "L\u012bhu\u02bbe",
        "Honolulu\u200b", "alaska")
] + [
    {"delivery_city": "San Juan", "delivery_state": "PR"},
    {"delivery_city": "San Juan", "delivery_postcode": "00901-1234"},
    {"delivery_city": "Nowhere", "delivery_state": "p.r."},
    {"delivery_state": "Hawaii"}, {"delivery_postcode": "99501"},
    {"delivery_city": "Chicago", "delivery_state": "IL",
     "delivery_postcode": "967 01"}]
NEAR = [
    {}, {"delivery_city": "Chicago"}, {"delivery_city": "San Juan, TX"},
    {"delivery_city": "San Juan", "delivery_state": "TX"},
    {"delivery_city": "San Juan", "delivery_postcode": "78589"},
    {"delivery_city": "San Juan", "delivery_state": "PR",
     "delivery_postcode": "78589"},
    {"delivery_state": "TX"}, {"delivery_postcode": "60601"}]


@pytest.mark.parametrize("cost, place", [
    *(("19.99", place) for place in FAR), *(("9.99", place) for place in NEAR)],
    ids=ascii)
def test_delivery_has_one_price_however_its_place_is_typed(shop, cost, place):
    buyer, sku = shop.buyer("us"), shop.sku("us", price=2499)
    order = buyer.ordered((sku, 2), **place)
    cost = Decimal(cost)
    assert order["shipping_cost"] == cost, order
    assert order["total_amount"] == Decimal("53.98") + cost, order
    for name, text in place.items():
        assert order[name] == text.strip("\u200b"), order


@pytest.mark.parametrize("market", MARKETS)
def test_state_and_postcode_are_kept_and_shown_everywhere(shop, market):
    buyer, sku = shop.buyer(market), shop.sku(market)
    order = buyer.ordered(sku, delivery_state=" Чүй ",
                          delivery_postcode=" 720 001 ")
    assert order["delivery_state"] == "Чүй"
    assert order["delivery_postcode"] == "720 001"
    assert buyer.get(f"/orders/{order['id']}").json == order
    assert buyer.list() == [order]
    path = f"/profile/orders/{order['id']}"
    assert buyer.get(path).json["order"] == order
    order = buyer.ordered(sku)
    assert order["delivery_state"] is order["delivery_postcode"] is None


@pytest.mark.parametrize("field, length", [("delivery_state", 100),
                                           ("delivery_postcode", 20)])
def test_state_and_postcode_have_a_length(shop, field, length):
    buyer, sku = shop.buyer("us"), shop.sku("us")
    assert buyer.ordered(sku, **{field: "ж" * length})[field] == "ж" * length
    refused(buyer.order(sku, **{field: "ж" * (length + 1)}), field)
    refused(buyer.order(sku, **{field: 7}), field)


def test_state_and_postcode_are_a_part_of_what_a_key_stands_for(shop):
    buyer, sku = shop.buyer("us"), shop.sku("us")
    key = {"Idempotency-Key": "place"}
    first = buyer.ordered(sku, headers=key, delivery_notes="n")
    again = buyer.order(sku, headers=key, delivery_notes="n",
                        delivery_state="")
    assert again.status == 200 and again.json["id"] == first["id"], again
    for field in ("delivery_state", "delivery_postcode"):
        a = buyer.order(sku, headers=key, delivery_notes="n", **{field: "PR"})
        assert a.status == 422, a
        assert a.json["error"] == "idempotency_key_reused", a


# ------------------------------------------------------------------- tax

@pytest.mark.parametrize("market, tax, total", [
    ("us", "4.80", "64.77"), ("kg", "21.43", "200.00")])
def test_delivery_is_taxed_where_the_market_says_so(shop, market, tax, total):
    buyer = shop.buyer(market)
    sku = shop.sku(market, price=2499 if market == "us" else 2500)
    with shop.market_configured(market, "tax", shipping="yes"):
        order = buyer.ordered((sku, 2))
        found = shop.request("GET", "/auth/markets").json["supported_markets"]
    assert order["tax_amount"] == Decimal(tax), order
    assert order["total_amount"] == Decimal(total), order
    assert {m["market"]: m["tax_shipping"] for m in found}[market] is True
    p = shop.ctl("reconcile", market)
    assert order["order_number"] not in p.stdout, p.stdout


# ----------------------------------------------------------------- codes

@pytest.mark.parametrize("spelled", [
    "{} ", " {}", "{0:.3} {1}", "{0:.3}\u00a0{1}", "{}\r\n", "\u200e{}\u200b",
    "{0:.2}\t{0:.0}{2}"], ids=shown)
def test_white_space_in_a_code_is_ignored(shop, spelled):
    phone = shop.phone("us")
    code = shop.send_code(phone)
    a = shop.verify(phone, spelled.format(code, code[3:], code[2:]))
    assert a.status == 200, a


# ------------------------------------------------------------- languages

@contextlib.contextmanager
def languages(shop, market="kg", names="ru, ky"):
    text = shop.conf.parent / "texts" / "login_code.ky.txt"
    text.write_text("Сиздин код: {code}. {minutes} мүнөт.\n")
    try:
        with shop.market_configured(market, "market", languages=names):
            yield
    finally:
        text.unlink()


def sent(shop, phone, body=None, headers=None):
    """The language of the answer, and of the message."""
    nth = len(shop.messages(phone)) + 1
    a = shop.request("POST", "/auth/send-code", {"phone": phone,
                                                 **(body or {})},
                     headers=headers)
    assert a.status == 200, a
    shop.code(phone, nth)
    text = shop.messages(phone)[nth - 1]
    return a.json["language"], "ky" if text.startswith("Сиздин") else "ru"


def test_a_code_comes_in_the_language_that_is_asked_for(shop):
    cases = [
        (None, None, "ru"), ("ky", None, "ky"), ("KY-kg", None, "ky"),
        ("ru", "ky", "ru"), ("de", None, "ru"), ("de", "ky", "ky"),
        (None, "ky", "ky"), (None, "ky-KG, ru;q=0.5", "ky"),
        (None, "ky;q=0.3, ru;q=0.8", "ru"), (None, "de, ky;q=0.1", "ky"),
        (None, "ky;q=0", "ru"), (None, "*", "ru"), (None, ";;,q=", "ru")]
    with languages(shop):
        for body, header, expected in cases:
            found = sent(shop, shop.phone("kg"),
                         body and {"language": body},
                         header and {"Accept-Language": header})
            assert found == (expected, expected), (body, header)
        a = shop.request("POST", "/auth/send-code",
                         {"phone": shop.phone("kg"), "language": 7})
        refused(a, "language")
        found = shop.request("GET", "/auth/markets").json["supported_markets"]
    assert found[0]["languages"] == ["ru", "ky"]
    assert found[0]["language"] == "ru"


def test_the_language_of_a_login_is_remembered_for_later_messages(shop):
    phone = shop.phone("kg")
    with languages(shop):
        assert sent(shop, phone, {"language": "ky"}) == ("ky", "ky")
        # Who asks for a code is not yet the customer.
        assert sent(shop, phone) == ("ru", "ru")
        assert sent(shop, phone, {"language": "ky"}) == ("ky", "ky")
        a = shop.verify(phone, shop.code(phone, 3))
        assert a.status == 200, a
        token = a.json["access_token"]
        profile = shop.request("GET", "/auth/profile", token=token).json
        assert profile["language"] == "ky"
        shop.sql("kg", f"DELETE FROM login_codes WHERE phone_number='{phone}'")
        # The answer does not tell whose number it is; the message is theirs.
        assert sent(shop, phone) == ("ru", "ky")
        assert sent(shop, phone, {"language": "ru"}) == ("ru", "ru")
    # The market has this language no more.
    shop.sql("kg", f"DELETE FROM login_codes WHERE phone_number='{phone}'")
    assert sent(shop, phone) == ("ru", "ru")
    profile = shop.request("GET", "/auth/profile", token=token).json
    assert profile["language"] == "ru"


# -------------------------------------------------------------- prefixes

def test_a_market_may_have_several_prefixes_and_the_longest_wins(shop):
    with shop.market_configured(
            "kg", "phone", prefix="+1876, +1658",
            pattern=r"^\+1(876|658)[2-9][0-9]{6}$",
            format="+1 (XXX) XXX-XXXX"):
        found = shop.request("GET", "/auth/markets").json["supported_markets"]
        assert found[0]["phone_prefixes"] == ["+1876", "+1658"]
        assert found[0]["phone_prefix"] == "+1876"
        for number, market in (("+1876555{}", "kg"), ("+1658555{}", "kg"),
                               ("+1312555{}", "us")):
            phone = number.format(shop.phone("kg")[-4:])
            a = shop.request("POST", "/auth/send-code", {"phone": phone})
            assert a.status == 200 and a.json["market"] == market, a
            assert a.json["phone_number"] == \
                f"+1 ({phone[2:5]}) 555-{phone[-4:]}", a
        p = checked(shop)
        assert p.returncode == 0, p
        assert "the longest prefix wins, so numbers with +1876 are of kg" in \
            p.stderr, p


def checked(shop):
    return subprocess.run([BUILD / "ordermuxd", "-t", "-c", shop.conf],
                          capture_output=True, text=True, timeout=30,
                          check=False)


@pytest.mark.parametrize("prefix, error", [
    ("+996, +996", "has +996 twice"),
    (", ".join(f"+996{n:03}" for n in range(65)),
     "expected at most 64 prefixes, there are 65"),
    ("+996, +1", "is the prefix of "), ("+996, 7", "expected '+' and 1 to 7"),
    ("", "expected '+' and 1 to 7 digits")])
def test_prefixes_that_cannot_be_are_refused_by_name(shop, prefix, error):
    file = shop.market_file("kg")
    text = ini.change(file.read_text(), {
        "prefix": prefix, "format": "+XXXXXXXXXXXX"}, "phone")
    with shop.files_changed({file: text}, apply=lambda: None):
        p = checked(shop)
    assert p.returncode != 0, p
    assert "[phone] prefix: " in p.stderr and error in p.stderr, p
    if "+1" in prefix.split(", "):
        assert "us.conf" in p.stderr and "kg.conf" in p.stderr, p
