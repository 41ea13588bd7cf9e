"""How many codes are sent: to one number, for one address, on one day.

Each code costs money and wakes somebody up. All is counted in the market's
database, so it holds whichever worker or host is asked, and over restarts.
"""
import pytest

from harness import MARKETS, at_once, tally

OTHER = {"kg": "us", "us": "kg"}


def address(shop):
    """A client's address that had no code yet, also not in an earlier run."""
    n = next(shop.ids)
    return f"127.{n % 250 + 1}.{n // 250 % 250}.{n // 62500 % 250 + 1}"


def send(shop, phone, path="/auth/send-code", source=None, headers=None):
    return shop.request("POST", path, {"phone": phone}, source=source,
                        headers=headers)


def sent(shop, market, phone):
    """How many codes and messages there are: always as many of each."""
    codes = shop.count(market, "login_codes", f"phone_number='{phone}'")
    assert len(shop.messages(phone)) <= codes
    return codes


def older(shop, market, phone, seconds, which="1"):
    shop.sql(market, "UPDATE login_codes SET created_at = created_at - "
             f"INTERVAL {seconds} SECOND WHERE phone_number='{phone}' "
             f"AND {which}")


def limited(a, at_most, at_least=1):
    assert a.status == 429, a
    assert at_least <= a.retry_after <= at_most, a.headers


def test_after_three_codes_in_15_minutes_a_number_gets_no_more(shop, market):
    phone = shop.phone(market)
    paths = ("/auth/send-code", "/auth/send-verification") * 2
    for nth, path in enumerate(paths[:3], 1):
        assert send(shop, phone, path).status == 200
        newest = shop.code(phone, nth)
    messages = shop.count(market, "outbox")
    for path in paths:
        limited(send(shop, phone, path), 900, 840)
    # Another spelling is the same number.
    limited(send(shop, f" {phone[1:4]} ({phone[4:]})"), 900, 840)
    assert sent(shop, market, phone) == 3
    assert shop.count(market, "outbox") == messages
    # Others are served, and what was sent is good.
    assert send(shop, shop.phone(market)).status == 200
    assert shop.verify(phone, newest).status == 200
    # Neither a login nor a wrong guess gives more codes.
    limited(send(shop, phone), 900, 840)
    assert len(shop.messages(phone)) == 3


def test_the_window_slides(shop, market):
    phone = shop.phone(market)
    for _ in range(3):
        shop.send_code(phone)
    older(shop, market, phone, 800)
    limited(send(shop, phone), 100, 60)
    older(shop, market, phone, 90)
    limited(send(shop, phone), 10)
    # The first of the three is out of the window now: one more, not three.
    first = shop.value(market, "SELECT MIN(id) FROM login_codes WHERE "
                       f"phone_number='{phone}'")
    older(shop, market, phone, 11, f"id={first}")
    code = shop.send_code(phone)
    limited(send(shop, phone), 10)
    older(shop, market, phone, 910, f"id>{first}")
    newest = [shop.send_code(phone) for _ in range(3)][-1]
    limited(send(shop, phone), 900, 840)
    assert newest != code, "one in a million"
    assert shop.verify(phone, code).status == 400
    assert shop.verify(phone, newest).status == 200


def test_twenty_sends_at_once_are_exactly_three_codes(shop, market):
    for _ in range(3):
        phone = shop.phone(market)
        answers = at_once([lambda: send(shop, phone)] * 20)
        assert tally(answers) == {200: 3, 429: 17}, answers
        for a in answers:
            if a.status == 429:
                limited(a, 900, 840)
        assert sent(shop, market, phone) == 3
        shop.code(phone, 3)
        assert len(shop.messages(phone)) == 3


def test_a_restart_does_not_forget_who_has_had_codes(shop):
    phone = shop.phone("us")
    for _ in range(3):
        assert send(shop, phone).status == 200
    shop.restart()
    limited(send(shop, phone), 900, 800)


def test_verify_is_not_limited_by_what_was_sent(shop):
    phone = shop.phone("us")
    codes = [shop.send_code(phone) for _ in range(3)]
    limited(send(shop, phone), 900)
    assert shop.verify(phone, codes[-1]).status == 200


# What one address has had in this hour, and the market today.
def had(shop, market, scope, subject):
    window = {"address": "DATE_FORMAT(UTC_TIMESTAMP(), '%Y-%m-%d %H:00:00')",
              "day": "UTC_DATE()"}[scope]
    rows = shop.sql(market, "SELECT sent FROM login_limits WHERE "
                    f"scope='{scope}' AND subject='{subject}' "
                    f"AND window_start = {window}")
    return int(rows[0][0]) if rows else 0


def test_one_address_gets_so_many_codes_an_hour_in_a_market(shop, market):
    mine, limit = address(shop), 4
    assert had(shop, market, "address", mine) == 0
    with shop.market_configured(market, "login", per_address=limit):
        phones = [shop.phone(market) for _ in range(20)]
        answers = at_once([lambda p=p: send(shop, p, source=mine)
                           for p in phones])
        assert tally(answers) == {200: limit, 429: 20 - limit}, answers
        for a, phone in zip(answers, phones):
            if a.status == 429:
                limited(a, 3600)
            assert sent(shop, market, phone) == (a.status == 200)
        # What a client says of its address is not believed.
        for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded",
                     "Remote-Addr", "Client-IP"):
            a = send(shop, shop.phone(market), source=mine,
                     headers={name: "10.1.2.3"})
            limited(a, 3600)
        # Another address, another market, and what was sent: as ever.
        assert send(shop, shop.phone(market), source=address(shop)).status == 200
        assert send(shop, shop.phone(OTHER[market]), source=mine).status \
            == 200
        phone = next(p for p, a in zip(phones, answers) if a.status == 200)
        a = shop.request("POST", "/auth/verify-code", source=mine,
                         body={"phone": phone, "code": shop.code(phone)})
        assert a.status == 200, a
        assert had(shop, market, "address", mine) == limit
    assert send(shop, shop.phone(market), source=mine).status == 200


def balancer(shop):
    """nginx believes us who the client is, as it would a load balancer."""
    conf = shop.nginx_file("nginx.conf")
    text = conf.read_text()
    mark = "\t\tserver_name localhost;\n"
    assert text.count(mark) == 1, text
    return shop.files_changed({conf: text.replace(
        mark, mark + "\t\tset_real_ip_from 127.0.0.1;\n"
        "\t\treal_ip_header X-Test-Client;\n")}, shop.reload_nginx)


def test_a_client_of_ipv6_is_its_64_and_of_ipv4_its_address(shop, market):
    n = next(shop.ids)
    net, beside = (f"2001:db8:{n // 2**14 % 2**14 + 1:x}:{last:x}"
                   for last in (n % 2**14 + 1, n % 2**14 + 2**15))
    mine = address(shop)

    def ask(client):
        return send(shop, shop.phone(market),
                    headers={"X-Test-Client": client})

    with shop.market_configured(market, "login", per_address=3), \
            balancer(shop):
        for host in ("1", "2:3:4:5", "ffff:ffff:ffff:ffff"):
            colons = "::" if ":" not in host else ":"
            assert ask(net + colons + host).status == 200, host
        limited(ask(net + "::6"), 3600)
        assert had(shop, market, "address", net + "::/64") == 3
        # The net beside it is somebody else.
        assert ask(beside + "::1").status == 200
        # However the socket is called that it came by.
        for client in (mine, "::ffff:" + mine, mine):
            assert ask(client).status == 200, client
        limited(ask("::ffff:" + mine), 3600)
        assert had(shop, market, "address", mine) == 3


def test_a_number_that_is_refused_costs_the_others_nothing(shop):
    """Codes that were not sent are not counted for address and day."""
    phone = shop.phone("us")
    mine = address(shop)
    for _ in range(3):
        assert send(shop, phone, source=mine).status == 200
    before = had(shop, "us", "address", mine), had(shop, "us", "day", "")
    assert before[0] == 3
    for _ in range(5):
        limited(send(shop, phone, source=mine), 900)
    assert (had(shop, "us", "address", mine),
            had(shop, "us", "day", "")) == before


def test_a_market_sends_so_many_codes_a_day(shop, market):
    limit = had(shop, market, "day", "") + 3
    with shop.market_configured(market, "login", per_day=limit):
        phones = [shop.phone(market) for _ in range(12)]
        answers = at_once([lambda p=p: send(shop, p, source=address(shop))
                           for p in phones])
        assert tally(answers) == {200: 3, 429: 9}, answers
        for a in answers:
            if a.status == 429:
                limited(a, 86400)
        limited(send(shop, shop.phone(market), source=address(shop)), 86400)
        # It is this market's budget, and nobody else's.
        assert send(shop, shop.phone(OTHER[market])).status == 200
        phone = next(p for p, a in zip(phones, answers) if a.status == 200)
        assert shop.verify(phone, shop.code(phone)).status == 200
    assert send(shop, shop.phone(market)).status == 200


@pytest.mark.parametrize("code_lifetime, minutes, seconds", [
    ("3m", 3, 180), ("1h", 60, 3600)])
def test_the_lifetime_of_a_code_is_the_configured_one(
        shop, code_lifetime, minutes, seconds):
    with shop.market_configured("kg", "login", code_lifetime=code_lifetime):
        phones = {m: shop.phone(m) for m in MARKETS}
        said = {m: send(shop, p).json["expires_in_minutes"]
                for m, p in phones.items()}
    assert said == {"kg": minutes, "us": 15}
    assert shop.value("kg", "SELECT TIMESTAMPDIFF(SECOND, created_at, "
                      "expires_at) FROM login_codes WHERE phone_number="
                      f"'{phones['kg']}'") == str(seconds)


@pytest.mark.slow
def test_more_codes_for_a_number_where_the_market_allows_it(shop):
    with shop.market_configured("us", "login", per_phone=1):
        phone, other = shop.phone("us"), shop.phone("kg")
        assert send(shop, phone).status == 200
        limited(send(shop, phone), 900, 840)
        assert [send(shop, other).status for _ in range(3)] == [200] * 3
    with shop.market_configured("us", "login", per_phone=5):
        assert [send(shop, phone).status for _ in range(5)] == \
            [200] * 4 + [429]
