"""A market more is a file and a database: nothing in C knows its name.

Two are added, with currencies of no and of three digits, and taken away again.
"""
import json
import subprocess
import types

import pytest

from harness import TREE, check_money, check_sums, states, tax_included
from test_database_away import hung

FILES = {
    "jp": """
[market]
country = Japan
language = ja
time_zone = Asia/Tokyo

[currency]
code = JPY
symbol = ¥
digits = 0

[phone]
prefix = +81
pattern = ^\\+81[0-9]{9,10}$
format = +81 XX-XXXX-XXXX

[tax]
rate = 10%
included = yes

[zone 本州]
default = yes
cities = 東京, 大阪
cost = 800
free_from = 10000

[zone 沖縄]
cities = 那覇
cost = 1800

[payment]
methods = card, konbini
aliases = store:konbini
""",
    "kw": """
[market]
country = Kuwait
language = ar
time_zone = Asia/Kuwait

[currency]
code = KWD
symbol = KD
digits = 3

[phone]
prefix = +965
pattern = ^\\+965[0-9]{8}$
format = +965 XXXX XXXX

[tax]
rate = 8.875%
included = no

[zone Kuwait]
default = yes
cities = Hawalli
cost = 1.250
free_from = 20.005

[payment]
methods = card, knet
""",
}


def mariadb(shop, text):
    return subprocess.run(
        ["mariadb", "--no-defaults", "--socket", shop.socket("kg"),
         "--user=root", "--batch", "--default-character-set=utf8mb4"],
        input=text, text=True, timeout=60, check=True, capture_output=True)


def ctl(shop, command, *args):
    done = shop.ctl("--sql", str(TREE / "sql"), command, *args)
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def added(shop):
    """Both markets, on the kg market's server, with accounts of their own."""
    directory = shop.conf.parent
    made = []
    try:
        for name, text in FILES.items():
            conf = shop.market_file(name)
            password = directory / f"{name}.password"
            language = text.split("language = ")[1].split("\n")[0]
            says = directory / "texts" / f"login_code.{language}.txt"
            made += [conf, password, says]
            says.write_text("{code}\n")
            password.touch(mode=0o600)
            password.write_text(f"{name}-" + "secret" * 6)
            conf.write_text(
                text + f"\n[database]\nhost = localhost\n"
                f"socket = {shop.socket('kg')}\nname = ordermux_{name}\n"
                f"user = ordermux_{name}\npassword_file = {password.name}\n")
            ctl(shop, "migrate", "--user", "root", name)
            mariadb(shop, ctl(shop, "grants", name))
        shop.restart()
        yield types.SimpleNamespace(shop=shop, files=made)
    finally:
        for f in made:
            f.unlink(missing_ok=True)
        mariadb(shop, "".join(f"DROP DATABASE IF EXISTS ordermux_{n};"
                              f"DROP USER IF EXISTS ordermux_{n}@localhost;"
                              for n in FILES))
        shop.restart()


def people_and_goods(shop, name, prices):
    """A buyer and SKUs by hand, as shop.user and shop.sku do in the others."""
    buyer = shop.buyer(name)
    return buyer, [shop.sku(name, price=p, stock=10) for p in prices]


@pytest.mark.parametrize("name, digits, currency, city, shipping, tax", [
    ("jp", 0, "JPY", None, 800, lambda s: tax_included(s, 10)),
    ("jp", 0, "JPY", "那覇", 1800, lambda s: tax_included(s, 10)),
    ("kw", 3, "KWD", None, 1250,
     lambda s: (s * 8875 * 2 + 100000) // 200000)])
def test_a_market_added_by_a_file_and_a_database_takes_an_order(
        added, name, digits, currency, city, shipping, tax):
    shop = added.shop
    buyer, skus = people_and_goods(shop, name, (1499, 7))
    others = shop.dumps()
    o = buyer.ordered((skus[0], 2), (skus[1], 3), delivery_city=city)
    subtotal = 2 * 1499 + 3 * 7
    assert (o["market"], o["currency"]) == (name, currency), o
    check_money(o["subtotal"], subtotal, digits)
    check_money(o["shipping_cost"], shipping, digits)
    check_money(o["tax_amount"], tax(subtotal), digits)
    check_money(o["items"][0]["unit_price"], 1499, digits)
    check_sums(o, digits)
    assert buyer.list() == [o]
    assert buyer.get(f"/orders/{o['id']}").json == o
    assert shop.sql(name, "SELECT subtotal_minor, currency FROM orders "
                    f"WHERE id={o['id']}") == [(str(subtotal), currency)]
    assert shop.stock(skus[0]) == 8
    assert shop.dumps() == others


@pytest.mark.parametrize("subtotal, shipping", [
    (20004, 1250), (20005, 0), (20006, 0)])
def test_free_shipping_begins_at_the_exact_third_digit(
        added, subtotal, shipping):
    buyer, (sku,) = people_and_goods(added.shop, "kw", (subtotal,))
    o = buyer.ordered(sku)
    check_money(o["shipping_cost"], shipping, 3)
    check_sums(o, 3)


def test_a_market_without_digits_prints_whole_numbers(added):
    buyer, (sku,) = people_and_goods(added.shop, "jp", (1500,))
    a = buyer.order(sku, payment_method="store")
    assert a.status == 200 and b".0" not in a.body, a
    assert a.json["payment_method"] == "konbini", a
    o = json.loads(a.body)
    assert o["total_amount"] == 2300 and isinstance(o["total_amount"], int)


def test_the_new_markets_are_listed_and_ready(added):
    a = added.shop.request("GET", "/auth/markets")
    by_name = {m["market"]: m for m in a.json["supported_markets"]}
    assert set(by_name) == {"jp", "kg", "kw", "us"}
    assert by_name["jp"]["currency"] == "¥"
    assert by_name["kw"]["currency_code"] == "KWD"
    check_money(by_name["kw"]["shipping_zones"][0]["free_from"], 20005, 3)
    assert a.json["default_market"] == "kg"


@pytest.mark.slow
def test_ready_tells_the_truth_of_a_market_behind_others_that_hang(added):
    """Three of the four are on the server that hangs; us is asked last."""
    shop = added.shop
    if shop.database_pid("us") == shop.database_pid("kg"):
        pytest.skip("both databases are on one server")
    shop.serves()
    shop.all_settled("kg")
    with hung(shop.database_pid("kg")):
        r = shop.request("GET", "/ready")
    shop.serves()
    assert r.status == 200 and r.json["status"] == "degraded", r
    found = states(r)
    assert found.pop("us") != "down", r
    assert found == {"jp": "down", "kg": "down", "kw": "down"}, r


def test_a_market_on_the_same_server_is_still_another_database(added):
    """One account, one database, also where one server has several."""
    shop = added.shop
    kg = shop.buyer("kg")
    shop.user("jp", kg.id)
    oid = shop.order_row("kg", kg.id)
    twin = shop.as_user("jp", kg.id)
    with shop.unchanged():
        assert twin.list() == []
        assert twin.get(f"/orders/{oid}").status == 404
        a = twin.order(shop.sku("jp"), payment_method="cash")
        assert a.status == 422, a       # kg's alias is not jp's
    grants = mariadb(shop, "SHOW GRANTS FOR ordermux_jp@localhost").stdout
    assert "`ordermux_jp`" in grants and "ordermux_kg" not in grants


def test_migrate_has_nothing_to_do_the_second_time(added):
    shop = added.shop
    with shop.unchanged():
        said = [ctl(shop, "migrate", "--user", "root")
                for _ in range(2)]
    for name in ("jp", "kg", "kw", "us"):
        assert name in said[0], said[0]
    assert said[0] == said[1]


def test_a_market_without_its_file_is_unknown_again(added):
    """Its tokens are as invalid as those of a market that never was."""
    shop = added.shop
    buyer = shop.buyer("jp")
    assert buyer.list() == []
    files = {f: f.read_bytes() for f in added.files}
    try:
        for f in files:
            f.unlink()
        shop.restart()
        a = buyer.get("/orders")
        assert a.status == 401 and a.json["message"] == "Invalid token", a
        a = shop.request("GET", "/auth/markets")
        assert [m["market"] for m in a.json["supported_markets"]] == \
            ["kg", "us"], a
        assert shop.buyer("us").list() == []
    finally:
        for f, content in files.items():
            f.write_bytes(content)
        shop.restart()
    assert buyer.list() == []
