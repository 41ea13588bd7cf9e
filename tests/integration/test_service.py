"""What needs no token: the markets, and whether the service lives."""
import pytest

from harness import BASE, MARKETS, check_money, states

KNOWN = {
    "kg": {"market": "kg", "country": "Kyrgyzstan", "currency": "сом",
           "currency_code": "KGS", "language": "ru", "phone_prefix": "+996",
           "phone_format": "+996 XXX XXX XXX"},
    "us": {"market": "us", "country": "United States", "currency": "$",
           "currency_code": "USD", "language": "en", "phone_prefix": "+1",
           "phone_format": "+1 (XXX) XXX-XXXX"},
}


def markets(shop, headers=None):
    a = shop.request("GET", "/auth/markets", headers=headers)
    assert a.status == 200, a
    return a.json


def test_the_markets_are_told_as_the_original_does(shop):
    m = markets(shop)
    assert m["default_market"] == "kg"
    assert [x["market"] for x in m["supported_markets"]] == ["kg", "us"]
    for x in m["supported_markets"]:
        known = KNOWN[x["market"]]
        assert {k: x[k] for k in known} == known


def test_the_markets_tell_their_rules(shop):
    by_name = {x["market"]: x for x in markets(shop)["supported_markets"]}
    assert by_name["us"]["payment_methods"] == [
        "card", "paypal", "apple_pay", "google_pay"]
    assert by_name["kg"]["payment_methods"] == [
        "card", "cash_on_delivery", "bank_transfer"]
    assert by_name["us"]["tax_included"] is False
    assert by_name["kg"]["tax_included"] is True
    assert float(by_name["us"]["tax_rate"]) in (0.08, 8)
    assert float(by_name["kg"]["tax_rate"]) in (0.12, 12)
    zones = {z["name"]: z for z in by_name["us"]["shipping_zones"]}
    assert set(zones) == {"Continental US", "Alaska", "Hawaii", "Puerto Rico"}
    check_money(zones["Continental US"]["cost"], 999)
    check_money(zones["Continental US"]["free_from"], 10000)
    check_money(zones["Alaska"]["cost"], 1999)
    assert zones["Alaska"]["free_from"] is None
    zone, = by_name["kg"]["shipping_zones"]
    check_money(zone["cost"], 15000)
    check_money(zone["free_from"], 500000)


def test_the_markets_tell_no_secret(shop):
    text = str(markets(shop)).lower()
    for word in ("ordermux_", "password", ".sock", "localhost", "3306"):
        assert word not in text, word


@pytest.mark.parametrize("headers", [
    {"Authorization": "Bearer nonsense"}, {"X-Market": "us"}])
def test_a_public_call_does_not_look_at_a_token(shop, headers):
    assert markets(shop, headers) == markets(shop)


def test_markets_with_a_slash_behind_are_the_same(shop):
    a = shop.request("GET", "/auth/markets/?market=us")
    assert a.status == 200 and a.json == markets(shop), a


@pytest.mark.parametrize("base", ["", BASE])
def test_health_and_ready_are_answered(shop, base):
    health = shop.request("GET", "/health", base=base)
    assert health.status == 200, health
    assert health.headers.get_content_type() == "application/json"
    ready = shop.request("GET", "/ready", base=base)
    assert ready.status == 200, ready
    assert states(ready) == {m: "up" for m in MARKETS}, ready
    for a in (health, ready):
        assert a.request_id and "no-store" in a.headers["Cache-Control"], a


def test_the_answers_have_the_headers_that_browsers_need(shop):
    a = shop.request("GET", "/auth/markets")
    assert a.headers["X-Content-Type-Options"] == "nosniff", a
    assert a.headers["Content-Type"].lower() in (
        "application/json", "application/json; charset=utf-8"), a
    assert "ordermux" not in (a.headers["Server"] or ""), a
