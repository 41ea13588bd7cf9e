"""ordermuxctl whois: which user is it, in which market, and where does a login
with the number go?
"""
import os
import re
import shutil
import time

import pytest

from harness import MARKETS, SLACK
from test_ctl_order import done, failed, run
from test_database_away import hung
from test_third_market import added  # noqa: F401

OTHER = {"kg": "us", "us": "kg"}
CASE = "+13128059851"           # 19 in us; 10 in kg, by an old mistake
NOWHERE = [("not", "found")]    # what is said of a market after its database
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


def facts(said):
    """What is printed of each market: (name, value), line by line; and the
    lines of no market."""
    found, others = {}, []
    for line in said.splitlines():
        m = re.fullmatch(r"([a-z]+): (\w+) +(.*)", line)
        if m:
            found.setdefault(m[1], []).append((m[2], m[3]))
        else:
            others.append(line)
    return found, others


def values(lines, name):
    return [v for n, v in lines if n == name]


def value(lines, name):
    found, = values(lines, name)
    return found


def without(shop, market, directory):
    """A configuration by which the market's database is unavailable."""
    copy = directory / "etc"
    shutil.copytree(shop.conf.parent, copy)
    path = copy / "markets.d" / f"{market}.conf"
    path.write_text(re.sub(r"(?m)^socket = .*", "socket = /nonexistent",
                           path.read_text()))
    return copy / "ordermux.conf"


# ----------------------------------------------------------------- the case

def test_the_number_of_the_case_is_10_in_kg_and_19_in_us(shop):
    with shop.unchanged():
        said = done(shop, "whois", CASE)
    assert said.splitlines()[0] == \
        f"a login with {CASE} reaches user 19 in us"
    found, others = facts(said)
    assert len(others) == 1 and list(found) == ["kg", "us"], said
    for market in MARKETS:
        assert value(found[market], "database") == (
            f"{shop.database(market)} on localhost ({shop.socket(market)})")
        assert value(found[market], "phone") == CASE
        assert value(found[market], "status") == "active"
    kg, us = found["kg"], found["us"]
    assert (value(kg, "user"), value(kg, "name")) == ("10", "Джон Картер")
    assert (value(us, "user"), value(us, "name")) == ("19", "John Carter")
    assert value(us, "login") == f"a login with {CASE} reaches user 19 in us"
    assert value(kg, "login") == (
        f"a login with {CASE} reaches user 19 in us, not this user")


def test_a_login_does_what_whois_says(shop):
    """Of the case, of a user of one market, and of nobody yet."""
    phone, new = shop.phone("kg"), shop.phone("kg")
    user = shop.user("kg", phone_number=phone)
    for number, says, found in ((CASE, "reaches user 19 in us", True),
                                (phone, f"reaches user {user} in kg", True),
                                (new, "would create a new customer in kg",
                                 False)):
        p = run(shop, "whois", number)
        assert p.stdout.splitlines()[0] == f"a login with {number} {says}"
        assert p.returncode == (0 if found else 1)
        if not found:
            assert p.stdout.count("\n") == 1
            assert p.stderr == "ordermuxctl: not found in kg, us\n"
        shop.sql("us" if number == CASE else "kg", "UPDATE login_codes SET "
                 "created_at = created_at - INTERVAL 16 MINUTE "
                 f"WHERE phone_number='{number}'")
        b = shop.login(number)
        assert f"reaches user {b.id} in {b.market}" in \
            done(shop, "whois", number).splitlines()[0]
        assert not found or f"user {b.id} in {b.market}" in says


# ----------------------------------------------------------------- by number

@pytest.mark.parametrize("form", ["{}", " {} ", "+{}", "{}-", "+({}) ",
                                  "phone:{}", "phone:+{}"])
def test_a_number_is_written_as_people_type_it(shop, form):
    phone = shop.phone("us")
    user = shop.user("us", phone_number=phone)
    d = phone[1:]
    for digits in (d, f"{d[0]} ({d[1:4]}) {d[4:7]}-{d[7:]}"):
        found, (first,) = facts(done(shop, "whois", form.format(digits)))
        assert first == f"a login with {phone} reaches user {user} in us"
        assert value(found["us"], "user") == str(user)
        assert found["kg"][1:] == NOWHERE


def test_a_user_with_a_number_of_the_other_market_is_not_reached(shop):
    """The service of old has made such."""
    phone = shop.phone("us")
    user = shop.user("kg", phone_number=phone)
    for arg in (phone, user, f"user:{user}"):
        found, first = facts(done(shop, "whois", arg))
        assert first == ([] if arg != phone else [
            f"a login with {phone} would create a new customer in us"])
        assert value(found["kg"], "user") == str(user)
        assert value(found["kg"], "login") == (
            f"a login with {phone} would create a new customer in us, not "
            "reach this user")
        assert found["us"][1:] == NOWHERE


def test_a_number_of_no_market_is_refused_and_who_has_it_is_shown(shop):
    phone = f"+49{shop.phone('us')[2:]}"
    says = f"a login with {phone} is refused: no market has its prefix"
    p = run(shop, "whois", phone)
    assert (p.returncode, p.stdout) == (1, says + "\n"), p
    assert p.stderr == "ordermuxctl: not found in kg, us\n"
    user = shop.user("us", phone_number=phone)
    found, first = facts(done(shop, "whois", phone))
    assert first == [says]
    assert value(found["us"], "user") == str(user)
    assert value(found["us"], "login") == says
    assert found["kg"][1:] == NOWHERE


def test_a_number_that_is_too_short_is_refused_by_its_market(shop):
    p = run(shop, "whois", "+131280598")
    assert p.returncode == 1 and p.stdout == (
        "a login with +131280598 is refused: numbers in us look like "
        "+1XXXXXXXXXX\n"), p


# --------------------------------------------------------------------- by id

def test_an_id_of_several_markets_is_shown_in_each(shop):
    user = next(shop.ids)
    phones = {m: shop.phone(m) for m in MARKETS}
    for m in MARKETS:
        shop.user(m, user, phone_number=phones[m], full_name=f"Ann of {m}")
    for arg in (user, f"user:{user}"):
        found, first = facts(done(shop, "whois", arg))
        assert first == [] and list(found) == list(MARKETS)
        for m in MARKETS:
            assert value(found[m], "user") == str(user)
            assert value(found[m], "phone") == phones[m]
            assert value(found[m], "name") == f"Ann of {m}"
            assert value(found[m], "login") == (
                f"a login with {phones[m]} reaches user {user} in {m}")


def test_digits_are_a_users_id_an_orders_id_and_a_number(shop):
    """All that they can be is shown; the word in front says which is meant."""
    phone = shop.phone("us")
    digits = int(phone[1:])
    owner = shop.user("kg", full_name="Owner", phone_number=shop.phone("kg"))
    shop.user("us", phone_number=phone, full_name="By number")
    shop.user("kg", digits, full_name="By id", phone_number=shop.phone("kg"))
    oid = shop.order_row("kg", owner, lines=0, order_number=digits)
    try:
        found, first = facts(done(shop, "whois", digits))
        assert len(first) == 1 and first[0].startswith(
            f"a login with {phone} reaches user ")
        assert values(found["us"], "name") == ["By number"]
        assert values(found["kg"], "name") == ["By id", "Owner"]
        assert value(found["kg"], "order").startswith(f"{digits} id {oid} ")
        for word, us, kg in (("phone", ["By number"], []),
                             ("user", [], ["By id"]),
                             ("order", [], ["Owner"])):
            found, first = facts(done(shop, "whois", f"{word}:{digits}"))
            assert values(found["us"], "name") == us, word
            assert values(found["kg"], "name") == kg, word
            assert bool(first) == (word == "phone")
    finally:
        shop.drop_order("kg", oid)


def test_a_user_found_in_two_ways_is_shown_once(shop):
    user = next(shop.ids)
    shop.user("us", user, phone_number=f"+{user}")
    oid = shop.order_row("us", user, lines=0, order_number=user)
    try:
        found, first = facts(done(shop, "whois", user))
        assert first == [] and values(found["us"], "user") == [str(user)]
        assert len(values(found["us"], "order")) == 1
    finally:
        shop.drop_order("us", oid)


# ------------------------------------------------------------------ by order

def test_an_order_is_shown_with_its_market_and_whose_it_is(shop, market):
    phone = shop.phone(market)
    buyer = shop.buyer(market, phone_number=phone, full_name="Ann Example")
    o = buyer.ordered(shop.sku(market, price=2499))
    number, currency = o["order_number"], o["currency"]
    for arg in (number, number.lower(), f" {number} ", f"order:{number}",
                f"order:{number.lower()}"):
        found, first = facts(done(shop, "whois", arg))
        assert first == []
        assert re.fullmatch(
            rf"{number} id {o['id']} pending [\d.]+ {currency} {TIME} "
            rf"of user {buyer.id}", value(found[market], "order")), found
        assert value(found[market], "user") == str(buyer.id)
        assert value(found[market], "phone") == phone
        assert value(found[market], "login") == (
            f"a login with {phone} reaches user {buyer.id} in {market}")
        assert found[OTHER[market]][1:] == NOWHERE


def test_an_orders_id_in_several_markets_is_shown_in_each(shop):
    owners = {m: shop.user(m, phone_number=shop.phone(m)) for m in MARKETS}
    oid = shop.unused_order_id()
    for m in MARKETS:
        shop.order_row(m, owners[m], oid, lines=0, order_number=f"MQ-{m}{oid}")
    try:
        found, _ = facts(done(shop, "whois", f"order:{oid}"))
        for m in MARKETS:
            assert value(found[m], "order").startswith(
                f"MQ-{m}{oid} id {oid} ")
            assert value(found[m], "user") == str(owners[m])
    finally:
        for m in MARKETS:
            shop.drop_order(m, oid)


def test_a_user_has_the_number_of_orders_and_the_newest_five(shop, us):
    sku = shop.sku("us")
    made = [us.ordered(sku) for _ in range(7)]
    done(shop, "order", "confirm", "us", made[6]["id"])
    found, _ = facts(done(shop, "whois", f"user:{us.id}"))
    assert value(found["us"], "orders") == "7"
    recent = [line.split() for line in values(found["us"], "recent")]
    assert [r[0] for r in recent] == [
        o["order_number"] for o in made[:1:-1]]
    assert [r[1] for r in recent] == ["confirmed"] + ["pending"] * 4
    for number, _, total, currency, date in recent:
        assert re.fullmatch(r"\d+\.\d\d", total) and currency == "USD"
        assert re.fullmatch(TIME, date), number


# ------------------------------------------------------- who may not, or has

def test_a_user_who_is_not_active_is_shown_and_a_login_refused(shop):
    phone = shop.phone("us")
    user = shop.user("us", phone_number=phone, is_active=0)
    found, (first,) = facts(done(shop, "whois", phone))
    assert first == (f"a login with {phone} reaches user {user} in us; it is "
                     "refused: user not active")
    assert value(found["us"], "status").startswith("not active: ")
    a = shop.verify(phone, shop.send_code(phone))
    assert a.status == 403, a


def test_a_login_and_a_logout_are_shown_with_their_times(shop):
    phone = shop.phone("us")
    user = shop.user("us", phone_number=phone)

    def seen():
        found, _ = facts(done(shop, "whois", f"user:{user}"))
        return (value(found["us"], "last_login"),
                values(found["us"], "logged_out"))

    assert seen() == ("never", [])
    buyer = shop.login(phone)
    last, out = seen()
    assert re.fullmatch(TIME, last) and out == []
    assert buyer.request("POST", "/auth/logout").status == 200
    last, (out,) = seen()
    assert re.fullmatch(TIME + ": must log in again", out)
    shop.login(phone)
    last, (out,) = seen()
    assert re.fullmatch(TIME + "; has logged in again", out)


def test_a_name_cannot_write_to_the_terminal(shop):
    nasty = "Ann\x1b]0;x\x07\u009b2J\u202e\nus: user       19\\"
    user = shop.user("kg", full_name=nasty)
    said = done(shop, "whois", f"user:{user}")
    assert r"Ann\x1b]0;x\x07\xc2\x9b2J\xe2\x80\xae\nus: user       19\\" in \
        said
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", said)
    assert "\nus: user " not in said


def test_a_user_without_a_name_or_a_number_of_sense_is_shown(shop):
    phone = f"x\x1b{next(shop.ids)}"
    user = shop.user("us", full_name=None, phone_number=phone)
    found, _ = facts(done(shop, "whois", f"user:{user}"))
    assert values(found["us"], "name") == []
    assert value(found["us"], "phone").startswith(r"x\x1b")
    assert "no market has its prefix" in value(found["us"], "login")


# ------------------------------------------------------------ what is wrong

@pytest.mark.parametrize("arg", [
    "MQ-20251102-NOBODY", "mq-", "99999999999999", "user:9223372036854775807",
    "order:99999999999999", "Ann", "жжж", "%", "' OR 1=1 -- ", "9" * 10000,
    "x" * 10000, "ж" * 5000, os.fsdecode(b"\xff\xfe"), "kg:19", "USER:19",
    "\x1b[2J", "0", "-7"])
def test_what_is_nowhere_is_not_found(shop, arg):
    p = run(shop, "whois", "--", arg)
    assert p.returncode == 1, p
    assert p.stderr == "ordermuxctl: not found in kg, us\n"
    assert p.stdout == "" or arg == "-7" and p.stdout == (
        "a login with +7 is refused: no market has its prefix\n")


@pytest.mark.parametrize("arg, says", [
    ("", "expected a phone number, a user's id"),
    (" \n", "expected a phone number, a user's id"),
    ("user:", "user: expected an id"), ("user:0", "user: expected an id"),
    ("user:-1", "user: expected an id"), ("user:x", "user: expected an id"),
    ("user:" + "9" * 10000, "user: expected an id"),
    ("phone:", "phone: expected a number"),
    ("phone:x", "phone: expected a number"),
    ("phone:" + "1" * 21, "phone: expected a number"),
    ("phone:" + os.fsdecode(b"\xff1"), "phone: expected a number"),
    ("order:", "order: expected a number or an id")])
def test_what_cannot_be_anything_is_wrong_usage(shop, arg, says):
    assert says in failed(shop, 2, "whois", arg)


def test_usage_is_said_where_whois_is_used_otherwise(shop):
    for args in ([], ["us", "19"], ["19", "--user", "19"]):
        assert "usage: ordermuxctl whois PHONE|USER|ORDER" in failed(
            shop, 2, "whois", *args)


# ------------------------------------------------------- a market that is down

@pytest.mark.parametrize("down", MARKETS)
def test_a_market_that_is_down_is_named_and_the_others_answer(
        shop, down, tmp_path):
    conf = without(shop, down, tmp_path)
    up = OTHER[down]
    for arg, user in ((CASE, {"kg": 10, "us": 19}[up]),
                      (f"user:{ {'kg': 10, 'us': 19}[up]}", 0)):
        p = run(shop, "-c", conf, "whois", arg)
        assert p.returncode == 4, p
        assert p.stderr.count("database unavailable") == 1
        assert f"ordermuxctl: {down}: database unavailable\n" in p.stderr
        found, first = facts(p.stdout)
        assert list(found) == [up], p
        login = f"a login with {CASE} " + (
            "goes to us: database unavailable" if down == "us" else
            "reaches user 19 in us")
        assert first == ([login] if user else [])
        assert value(found[up], "login") == login
    p = run(shop, "-c", conf, "whois", "MQ-20251102-NOBODY")
    assert (p.returncode, p.stdout) == (4, ""), p
    assert f"ordermuxctl: {down}: database unavailable\n" in p.stderr
    assert p.stderr.endswith(f"ordermuxctl: not found in {up}\n")
    for option in (["--user", 10], ["--phone", CASE]):
        assert f"{down}: the database cannot be used now" in failed(
            shop, 1, "-c", conf, "order", "list", down, *option)


def test_a_database_of_another_market_is_not_read(shop):
    shop.sql("kg", "UPDATE market_identity SET market = 'xx'")
    try:
        p = run(shop, "whois", CASE)
    finally:
        shop.sql("kg", "UPDATE market_identity SET market = 'kg'")
    assert p.returncode == 4, p
    assert "ordermuxctl: kg: database unavailable\n" in p.stderr
    assert list(facts(p.stdout)[0]) == ["us"]


def test_no_market_that_can_be_read_finds_nothing(shop, tmp_path):
    conf = without(shop, "us", tmp_path)
    shop.sql("kg", "UPDATE market_identity SET market = 'xx'")
    try:
        p = run(shop, "-c", conf, "whois", "user:19")
    finally:
        shop.sql("kg", "UPDATE market_identity SET market = 'kg'")
    assert (p.returncode, p.stdout) == (4, ""), p
    assert "not found" not in p.stderr


def test_a_market_that_hangs_does_not_hold_the_others_up(shop):
    if shop.database_pid("us") == shop.database_pid("kg"):
        pytest.skip("both databases are on one server")
    with hung(shop.database_pid("us")):
        began = time.monotonic()
        p = run(shop, "whois", CASE)
        took = time.monotonic() - began
    shop.serves("us")
    # It waits for one query_timeout (5 s) at most.
    assert p.returncode == 4 and took < 5 + SLACK, (took, p)
    assert "ordermuxctl: us: database unavailable\n" in p.stderr
    assert value(facts(p.stdout)[0]["kg"], "user") == "10"


# --------------------------------------------------------------- more markets

def test_a_third_market_is_asked_as_the_others(added):  # noqa: F811
    shop = added.shop
    phone = f"+9659{next(shop.ids) % 10**7:07d}"
    user = shop.user("kw", phone_number=phone)
    shop.user("jp", user, phone_number=phone)
    oid = shop.order_row("kw", user, lines=0, total_minor=1250,
                         currency="KWD")
    found, (first,) = facts(done(shop, "whois", phone))
    assert first == f"a login with {phone} reaches user {user} in kw"
    assert list(found) == ["jp", "kg", "kw", "us"]
    assert value(found["kw"], "recent").split()[2:4] == ["1.250", "KWD"]
    assert value(found["jp"], "login") == first + ", not this user"
    for m in ("kg", "us"):
        assert found[m][1:] == NOWHERE
    found, first = facts(done(shop, "whois", f"order:{oid}"))
    assert first == [] and value(found["kw"], "user") == str(user)
    assert failed(shop, 1, "whois", "MQ-20251102-NOBODY") == \
        "ordermuxctl: not found in jp, kg, kw, us\n"
    lines = done(shop, "order", "list", "kw", "--phone", phone).splitlines()
    assert [int(line.split()[1]) for line in lines] == [oid]
