"""ordermuxctl order and stock: what staff do."""
import getpass
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading

import pytest

from harness import BUILD, TREE, at_once, money, quote
from instance import ini

STATES = ("pending", "confirmed", "processing", "shipped", "delivered",
          "cancelled", "returned")
# How an order gets to a state.
WAYS = {
    "pending": [], "confirmed": ["confirm"],
    "processing": ["confirm", "process"],
    "shipped": ["confirm", "process", "ship"],
    "delivered": ["confirm", "process", "ship", "deliver"],
    "cancelled": ["cancel"], "returned": ["confirm", "process", "ship",
                                          "return"],
}
WORDS = {"confirmed": "confirm", "processing": "process", "shipped": "ship",
         "delivered": "deliver", "cancelled": "cancel", "returned": "return"}


def run(shop, *args, **env):
    """ordermuxctl with standard output and error apart, and no sudo."""
    env = {**{k: v for k, v in os.environ.items()
              if k not in ("SUDO_USER", "DOAS_USER")}, **env}
    return subprocess.run(
        [str(BUILD / "ordermuxctl"), "-c", str(shop.conf), *map(str, args)],
        capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
        env=env)


def done(shop, *args, **env):
    """What it prints when it must work."""
    p = run(shop, *args, **env)
    assert (p.returncode, p.stderr) == (0, ""), p
    return p.stdout


def failed(shop, status, *args, **env):
    """What it says when it must not."""
    p = run(shop, *args, **env)
    assert p.returncode == status and p.stdout == "", p
    return p.stderr


def history(shop, market, order_id):
    return shop.sql(market, "SELECT old_status, new_status, changed_by, note "
                    "FROM order_status_history "
                    f"WHERE order_id = {order_id} ORDER BY created_at, id")


def state(shop, market, order_id):
    return shop.value(market, f"SELECT status FROM orders WHERE id={order_id}")


def movements(shop, sku):
    """But for the first."""
    return shop.sql(sku.market, "SELECT delta, reason, changed_by, note FROM "
                    f"stock_movements WHERE sku_id = {sku.id} "
                    "AND reason <> 'initial' ORDER BY id")


# ------------------------------------------------------------------- moving

@pytest.mark.parametrize("start", STATES)
def test_an_order_goes_where_the_workflow_leads_and_nowhere_else(shop, start):
    """From each state, by each word: moved with its step, or refused."""
    allowed = {"pending": ["confirmed", "cancelled"],
               "confirmed": ["processing", "cancelled"],
               "processing": ["shipped", "cancelled"],
               "shipped": ["delivered", "returned"],
               "delivered": ["returned"], "cancelled": [], "returned": []}
    buyer, sku = shop.buyer("us"), shop.sku("us")
    for to, word in WORDS.items():
        o = buyer.ordered((sku, 2))
        for way in WAYS[start]:
            done(shop, "order", way, "us", o["id"])
        before, stock = history(shop, "us", o["id"]), shop.stock(sku)
        back = 2 if to in ("cancelled", "returned") else 0
        args = ("order", word, "us", o["order_number"], "--by", "olga")
        if to in allowed[start]:
            said = done(shop, *args)
            assert said == f"{o['order_number']} {start} -> {to}\n"
            assert state(shop, "us", o["id"]) == to
            assert history(shop, "us", o["id"]) == before + [
                (start, to, "staff:olga", None)]
            assert shop.stock(sku) == stock + back
        else:
            assert failed(shop, 3, *args) == (
                f"ordermuxctl: order {o['order_number']} is {start}: it "
                f"cannot become {to}\n")
            assert state(shop, "us", o["id"]) == start
            assert history(shop, "us", o["id"]) == before
            assert shop.stock(sku) == stock


def test_move_takes_a_state_in_any_case_and_an_order_by_number_or_id(
        shop, market):
    buyer, sku = shop.buyer(market), shop.sku(market)
    o = buyer.ordered(sku)
    done(shop, "order", "move", market, o["order_number"].lower(), "Confirmed")
    done(shop, "order", "move", market, o["id"], "PROCESSING")
    done(shop, "order", "move", "--by", "olga", market, o["order_number"],
         "shipped")
    assert state(shop, market, o["id"]) == "shipped"


def test_digits_that_name_two_orders_are_refused_until_it_is_said_which(
        shop, us):
    o = us.ordered(shop.sku("us"))
    number = str(o["id"])
    oid = shop.order_row("us", us.id, order_number=number, lines=0)
    try:
        said = failed(shop, 1, "order", "show", "us", number)
        assert f"say number:{number} or id:{number}" in said
        assert o["order_number"] in said
        with shop.unchanged():
            failed(shop, 1, "order", "confirm", "us", number)
        said = done(shop, "order", "show", "us", f"number:{number}")
        assert re.search(rf"(?m)^id +{oid}$", said), said
        said = done(shop, "order", "show", "us", f"id:{number}")
        assert o["order_number"] in said
        said = done(shop, "whois", f"order:{number}")
        assert o["order_number"] in said and f"order      {number} " in said
    finally:
        shop.drop_order("us", oid)
    assert o["order_number"] in done(shop, "order", "show", "us", number)


def test_a_number_is_found_in_upper_case_too(shop, us):
    oid = shop.order_row("us", us.id, order_number="mq-own-number", lines=0)
    try:
        said = done(shop, "order", "show", "us", "mq-own-number")
        assert re.search(rf"(?m)^id +{oid}$", said), said
        assert "us has no order" in failed(shop, 1, "order", "show", "us",
                                           "mq-own-numbex")
    finally:
        shop.drop_order("us", oid)


as_root = pytest.mark.skipif(os.getuid() != 0, reason="needs root")


@as_root
def test_who_did_it_is_by_or_who_calls_through_sudo_or_the_login_name(
        shop, us):
    o = us.ordered(shop.sku("us"))
    done(shop, "order", "confirm", "us", o["id"])
    done(shop, "order", "process", "us", o["id"], SUDO_USER="anna")
    done(shop, "order", "ship", "us", o["id"], "--by", " olga ")
    assert [by for _, _, by, _ in history(shop, "us", o["id"])] == [
        "customer", f"staff:{getpass.getuser()}", "staff:anna", "staff:olga"]


@as_root
@pytest.mark.parametrize("variable", ["SUDO_USER", "DOAS_USER"])
def test_only_root_may_say_that_somebody_else_does_it(shop, us, variable):
    o, sku = us.ordered(shop.sku("us")), shop.sku("us")
    with shop.unchanged():
        for args in (["order", "confirm", "us", o["id"]],
                     ["stock", "us", sku.code, "+1"]):
            said = failed(shop, 2, *args, "--by", "olga", **{variable: "anna"})
            assert "only root may name somebody else; you are anna" in said
    done(shop, "order", "confirm", "us", o["id"], "--by", "anna",
         **{variable: "anna"})
    assert history(shop, "us", o["id"])[-1][2] == "staff:anna"


@as_root
def test_through_sudo_no_other_configuration_and_no_file_is_read(
        shop, tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_text("root:$y$hash,x\n")
    own = tmp_path / "own.conf"
    own.write_text(shop.conf.read_text())
    os.chown(own, 65534, 0)
    done(shop, "order", "list", "us", SUDO_USER="anna")
    said = failed(shop, 2, "-c", own, "order", "list", "us", SUDO_USER="anna")
    assert "a file that nobody but root can change" in said
    p = run(shop, "stock", "us", "--file", secret, SUDO_USER="anna")
    assert p.returncode == 2 and "hash" not in p.stdout + p.stderr, p


def as_nobody(conf, *args, **env):
    """ordermuxctl run by an ordinary user."""
    return subprocess.run(
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
         str(BUILD / "ordermuxctl"), "-c", str(conf), *map(str, args)],
        capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
        env={"PATH": "/usr/bin:/bin", **env})


@pytest.fixture
def open_conf(shop):
    """A configuration that everybody may read, but for its secrets."""
    directory = tempfile.mkdtemp(prefix="omx-conf-", dir="/tmp")
    copy = pathlib.Path(directory, "etc")
    shutil.copytree(shop.conf.parent, copy)
    for path in (copy.parent, copy, *copy.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    for secret in ("jwt.key", "kg.password", "us.password"):
        (copy / secret).chmod(0o600)
    yield copy / "ordermux.conf"
    shutil.rmtree(directory)


@as_root
def test_a_command_reads_only_the_secrets_that_it_needs(open_conf):
    """And says whose it cannot read."""
    etc = open_conf.parent
    assert as_nobody(open_conf, "markets").stdout == "kg\nus\n"
    said = as_nobody(open_conf, "order", "list", "us").stderr
    assert "us.password cannot open: Permission denied" in said
    assert "kg.password" not in said and "jwt.key" not in said
    said = as_nobody(open_conf, "token", "us", "1").stderr
    assert "jwt.key cannot open" in said and "password" not in said
    (etc / "us.password").chmod(0o644)
    said = as_nobody(open_conf, "order", "list", "us").stderr
    assert "Permission denied" not in said or "password" not in said
    said = as_nobody(open_conf, "grants", "--sql", TREE / "sql", "us")
    assert said.returncode == 0, said
    said = as_nobody(open_conf, "grants", "--sql", TREE / "sql").stderr
    assert "kg.password cannot open" in said


@as_root
def test_the_environment_of_an_ordinary_user_is_not_believed(open_conf):
    (open_conf.parent / "us.password").chmod(0o644)
    said = as_nobody(open_conf, "order", "confirm", "us", 1, "--by", "olga",
                     SUDO_USER="olga").stderr
    assert "you are nobody" in said


def test_a_note_is_kept_with_the_step_and_shown_to_the_customer(shop, us):
    o = us.ordered(shop.sku("us"))
    note = "Wir rufen an — «скоро»"
    done(shop, "order", "confirm", "us", o["id"], "--note", f"  {note}\n")
    done(shop, "order", "process", "us", o["id"], "--note", "  ")
    assert [n for *_, n in history(shop, "us", o["id"])] == [None, note, None]
    assert note in us.get(f"/orders/{o['id']}/events").body.decode()


def test_a_note_has_500_characters_and_a_name_58(shop, us):
    o = us.ordered(shop.sku("us"))
    for option, most, text in (("--note", 500, "ж"), ("--by", 58, "ж")):
        said = failed(shop, 2, "order", "confirm", "us", o["id"], option,
                      text * (most + 1))
        assert f"{option}: " in said and str(most) in said
    for option in ("--note", "--by"):
        said = failed(shop, 2, "order", "confirm", "us", o["id"], option,
                      os.fsdecode(b"\xff\xfe"))
        assert "UTF-8" in said
    assert "on one line" in failed(shop, 2, "order", "confirm", "us", o["id"],
                                   "--by", "olga\nanna")
    for nobody in (" ", "\u200b"):
        assert "say --by NAME" in failed(shop, 2, "order", "confirm", "us",
                                         o["id"], "--by", nobody)
    assert state(shop, "us", o["id"]) == "pending"
    done(shop, "order", "confirm", "us", o["id"], "--note", "ж" * 500, "--by",
         "ж" * 58)
    assert history(shop, "us", o["id"])[-1] == (
        "pending", "confirmed", "staff:" + "ж" * 58, "ж" * 500)


def test_from_moves_only_what_is_in_that_state(shop, us):
    o = us.ordered(shop.sku("us"))
    said = failed(shop, 3, "order", "cancel", "us", o["id"], "--from",
                  "confirmed")
    assert said == f"ordermuxctl: order {o['order_number']} is pending, not " \
        "confirmed\n"
    assert state(shop, "us", o["id"]) == "pending"
    done(shop, "order", "cancel", "us", o["id"], "--from", "Pending")
    assert state(shop, "us", o["id"]) == "cancelled"


@pytest.mark.parametrize("option", [[], ["--from", "pending"]])
def test_of_many_who_confirm_one_order_one_does(shop, us, option):
    sku = shop.sku("us")
    for _ in range(3):
        o = us.ordered(sku)
        runs = at_once([lambda n=n: run(shop, "order", "confirm", "us",
                                        o["id"], *option, "--by", f"n{n}")
                        for n in range(6)])
        assert sorted(p.returncode for p in runs) == [0] + [3] * 5, runs
        first, = (n for n, p in enumerate(runs) if p.returncode == 0)
        assert history(shop, "us", o["id"])[1:] == [
            ("pending", "confirmed", f"staff:n{first}", None)]
        for p in runs:
            assert p.returncode == 0 or re.search(
                r"is confirmed: it cannot become confirmed|is confirmed, not "
                r"pending|was changed meanwhile: it is confirmed", p.stderr), p


def test_staff_and_customer_who_cancel_at_once_return_the_stock_once(shop, us):
    sku = shop.sku("us", stock=100)
    for _ in range(5):
        o = us.ordered((sku, 7))
        barrier = threading.Barrier(2)

        def staff():
            barrier.wait()
            return run(shop, "order", "cancel", "us", o["id"]).returncode

        def customer():
            barrier.wait()
            return us.post(None, f"/orders/{o['id']}/cancel").status

        by_staff, by_customer = at_once([staff, customer])
        assert (by_staff, by_customer) in ((0, 400), (3, 200))
        assert shop.stock(sku) == 100
    assert len(movements(shop, sku)) == 5


def test_an_order_of_the_other_market_is_not_there(shop, us):
    o = us.ordered(shop.sku("us"))
    with shop.unchanged():
        for order in (o["order_number"], o["id"], "MQ-20251102-NOBODY", "-1",
                      "", "%", "ж", "x" * 300):
            for command in ("show", "confirm"):
                said = failed(shop, 1, "order", command, "kg", order)
                assert "kg has no order" in said


# ------------------------------------------------------------- list and show

def test_the_list_has_the_newest_first_a_line_an_order(shop, market):
    buyer = shop.buyer(market)
    sku = shop.sku(market, price=123456)
    made = [buyer.ordered(sku, customer_name=f"Ann Example {n}")
            for n in range(3)][::-1]
    lines = done(shop, "order", "list", market, "--limit", 3).splitlines()
    assert len(lines) == 3
    for line, o in zip(lines, made):
        number, order_id, status, total, currency, date, name = \
            line.split(None, 6)
        assert (number, int(order_id), status) == (
            o["order_number"], o["id"], "pending")
        assert money(int(total.replace(".", ""))) == o["total_amount"]
        assert (currency, name) == (o["currency"], o["customer_name"])
        assert date[:19] == o["order_date"][:19] and date[-1] == "Z"


def test_the_list_holds_to_state_and_limit(shop, us):
    sku = shop.sku("us")
    ids = [us.ordered(sku)["id"] for _ in range(3)]
    for i in ids[:2]:
        done(shop, "order", "cancel", "us", i)
    lines = done(shop, "order", "list", "us", "--status", "CANCELLED",
                 "--limit=2").splitlines()
    assert [int(l.split()[1]) for l in lines] == ids[1::-1]
    assert {l.split()[2] for l in lines} == {"cancelled"}
    for _ in range(20):
        us.ordered(sku)
    assert len(done(shop, "order", "list", "us").splitlines()) == 20
    for limit in ("0", "10001", "-1", "x", "1.5", ""):
        assert "--limit: expected a number from 1 to 10000" in failed(
            shop, 2, "order", "list", "us", "--limit", limit)
    assert '"lost" is no state of an order' in failed(
        shop, 2, "order", "list", "us", "--status", "lost")


def test_the_list_of_a_customer_has_that_customers_orders_alone(shop, market):
    """By id or by number, as people type numbers; with state and limit."""
    phone, sku = shop.phone(market), shop.sku(market)
    buyer = shop.buyer(market, phone_number=phone)
    ids = [buyer.ordered(sku)["id"] for _ in range(3)]
    shop.buyer(market).ordered(sku)
    typed = f"{phone[1:4]} ({phone[4:7]}) {phone[7:9]}-{phone[9:]} "

    def listed(*args):
        lines = done(shop, "order", "list", market, *args).splitlines()
        return [int(line.split()[1]) for line in lines]

    assert listed("--user", buyer.id) == ids[::-1]
    for number in (phone, phone[1:], typed):
        assert listed(f"--phone={number}") == ids[::-1], number
    done(shop, "order", "confirm", market, ids[0])
    assert listed("--user", buyer.id, "--status", "confirmed") == ids[:1]
    assert listed("--phone", phone, "--status", "pending") == ids[:0:-1]
    assert listed("--user", buyer.id, "--limit", 2) == ids[:0:-1]
    assert listed("--user", shop.user(market)) == []
    shop.sql(market, f"UPDATE users SET is_active = 0 WHERE id = {buyer.id}")
    assert listed("--phone", phone) == ids[::-1]


def test_the_list_of_somebody_whom_the_market_has_not_is_an_error(shop):
    """A user or a number of the other market is not there."""
    phone = shop.phone("kg")
    user = shop.user("kg", phone_number=phone)
    for option, value, said in (
            ("--user", user, f"us has no user {user}"),
            ("--user", 2 ** 63 - 1, "us has no user 9223372036854775807"),
            ("--phone", phone, f"us has no user with the phone number {phone};"
             " its numbers look like +1XXXXXXXXXX"),
            ("--phone", "1 (800) 555-0000",
             "us has no user with the phone number +18005550000")):
        assert failed(shop, 1, "order", "list", "us", option, value) == \
            f"ordermuxctl: {said}\n"


def test_a_customer_who_is_wrongly_asked_for_is_wrong_usage(shop):
    for args, said in (
            (["--user", "19", "--phone", "+13128059851"], "say one of them"),
            (["--user", ""], "--user: expected the id"),
            (["--user", "0"], "--user: expected the id"),
            (["--user", "-1"], "--user: expected the id"),
            (["--user", "root"], "--user: expected the id"),
            (["--user", "9" * 10000], "--user: expected the id"),
            (["--user", os.fsdecode(b"\xff")], "--user: expected the id"),
            (["--phone", ""], "--phone: expected a phone number"),
            (["--phone", "Ann"], "--phone: expected a phone number"),
            (["--phone", "1" * 21], "--phone: expected a phone number"),
            (["--phone", os.fsdecode(b"\xff1")], "--phone: expected a phone"),
            (["--user"], "--help"), (["--phone"], "--help")):
        assert said in failed(shop, 2, "order", "list", "us", *args), args


def test_show_has_all_about_an_order(shop, us):
    one = shop.sku("us", price=2499, title="Shirt", size="M", color="Black")
    two = shop.sku("us", price=100, title="Button", size="", color="")
    o = us.ordered((one, 2), two, customer_name="Ann Example",
                   customer_email="ann@shop.example", delivery_city="Juneau",
                   delivery_notes="ring twice")
    done(shop, "order", "confirm", "us", o["id"], "--by", "olga", "--note",
         "paid")
    said = done(shop, "order", "show", "us", o["id"])
    assert said == done(shop, "order", "show", "us", o["order_number"])
    facts = re.findall(r"(?m)^(\w+) +(.*)$", said)
    for fact in (
            ("order", o["order_number"]), ("id", str(o["id"])),
            ("market", "us"), ("state", "confirmed"), ("user", str(us.id)),
            ("customer", "Ann Example"), ("phone", o["customer_phone"]),
            ("email", "ann@shop.example"), ("address", "5 Main Street"),
            ("city", "Juneau"), ("notes", "ring twice"), ("payment", "card"),
            ("line", f"1: 2 x 24.99 = 49.98  {one.code}  Shirt (M, Black)"),
            ("line", f"2: 1 x 1.00 = 1.00  {two.code}  Button"),
            ("subtotal", "50.98 USD"), ("shipping", "19.99 USD"),
            ("tax", "4.08 USD (added)"), ("total", "75.05 USD")):
        assert fact in facts, (fact, said)
    steps = [v.split(None, 1)[1] for n, v in facts if n == "history"]
    assert steps == ["pending by customer",
                     "pending -> confirmed by staff:olga: paid"]


def test_show_and_list_find_orders_of_users_who_may_not_order(shop, us):
    o = us.ordered(shop.sku("us"))
    shop.sql("us", f"UPDATE users SET is_active = 0 WHERE id = {us.id}")
    assert o["order_number"] in done(shop, "order", "show", "us", o["id"])
    done(shop, "order", "cancel", "us", o["id"])


def test_a_text_of_a_customer_cannot_write_to_the_terminal(shop, us):
    """Neither control characters, nor C1, nor a change of direction; and an
    order cannot forge a line of another."""
    nasty = "Ann\x1b]0;x\x07\u009b2J\u202e\u061ceve\\n"
    clean = r"Ann\x1b]0;x\x07\xc2\x9b2J\xe2\x80\xae\xd8\x9ceve\\n"
    o = us.ordered(shop.sku("us"),
                   delivery_notes="a\ntotal      0.00 USD\tжö€😀")
    # The service takes no such name; older orders may have one.
    shop.sql("us", f"UPDATE orders SET customer_name = {quote(nasty)} "
                   f"WHERE id = {o['id']}")
    done(shop, "order", "confirm", "us", o["id"], "--note", nasty)
    for said in (done(shop, "order", "show", "us", o["id"]),
                 done(shop, "order", "list", "us", "--limit", 1)):
        assert clean in said
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u061c]", said)
    said = done(shop, "order", "show", "us", o["id"])
    assert r"notes      a\ntotal      0.00 USD\tжö€😀" in said
    assert said.count("\ntotal ") == 1 and said.count(clean) == 2


# -------------------------------------------------------------------- stock

def test_stock_lists_every_sku(shop):
    skus = [shop.sku("us", stock=n) for n in range(3)]
    shop.sql("us", f"UPDATE skus SET is_active = 0 WHERE id = {skus[2].id}")
    lines = done(shop, "stock", "us").splitlines()
    assert len(lines) == shop.count("us", "skus")
    found = {l.split()[0]: l.split(None, 3) for l in lines}
    for n, sku in enumerate(skus):
        row = found[str(sku.id)]
        assert row[1:3] == [sku.code, str(n)]
        assert row[3].startswith(f"{sku.title} (M, Black)")
        assert row[3].endswith(" - not for sale") == (n == 2)


def test_stock_lists_more_than_fit_a_page(shop):
    first = next(shop.ids)
    shop.insert("kg", "products", id=first, title="Many")
    for _ in range(1000):
        last = next(shop.ids)
    rows = ", ".join(f"({i}, {first}, 'MANY-{i}', 1, 5)"
                     for i in range(first, last))
    shop.sql("kg", "INSERT INTO skus (id, product_id, sku_code, price_minor, "
             f"stock) VALUES {rows}")
    ids = [int(l.split()[0]) for l in done(shop, "stock", "kg").splitlines()]
    assert len(ids) == shop.count("kg", "skus") > 1000
    assert ids == sorted(set(ids))


def test_a_stock_changes_together_with_its_movement(shop, market):
    sku = shop.sku(market, stock=10)
    assert done(shop, "stock", market, sku.code, "+5", "--by", "olga",
                "--note", "found") == f"{sku.code} +5 = 15\n"
    assert done(shop, "stock", market, sku.id, "-15", "--by", "olga") == \
        f"{sku.code} -15 = 0\n"
    assert done(shop, "stock", market, f"code:{sku.code}", "+3", "--by",
                "olga") == f"{sku.code} +3 = 3\n"
    assert shop.stock(sku) == 3
    assert movements(shop, sku) == [
        ("5", "adjusted", "staff:olga", "found"),
        ("-15", "adjusted", "staff:olga", None),
        ("3", "adjusted", "staff:olga", None)]


def test_a_code_is_exact(shop):
    """Case, accents, blanks and emoji count; so do they in the schema."""
    sku = shop.sku("us")
    for stored, asked in (("R29-👕", "R29-🎩"), ("R29-é", "R29-e"),
                          ("r29-x", "R29-X"), ("R29 Y", "R29 Y "),
                          ("R29-Z", " R29-Z"), ("R29-ß", "R29-ss")):
        stored, asked = (text.replace("29", str(sku.id))
                         for text in (stored, asked))
        shop.sql("us", f"UPDATE skus SET sku_code = '{stored}' "
                 f"WHERE id = {sku.id}")
        said = failed(shop, 1, "stock", "us", asked, "-1")
        assert "us has no SKU" in said, (stored, asked)
        assert done(shop, "stock", "us", stored, "-1").startswith(stored)
    assert shop.stock(sku) == 1000 - 6


def test_a_code_that_is_the_id_of_another_sku_is_refused(shop):
    sku, other = shop.sku("us"), shop.sku("us")
    shop.sql("us", f"UPDATE skus SET sku_code = '{other.id}' "
             f"WHERE id = {sku.id}")
    said = failed(shop, 1, "stock", "us", other.id, "-1")
    assert other.code in said
    assert f"say code:{other.id} or id:{other.id}" in said
    done(shop, "stock", "us", f"code:{other.id}", "-1")
    done(shop, "stock", "us", f"id:{other.id}", "-2")
    assert (shop.stock(sku), shop.stock(other)) == (999, 998)
    shop.sql("us", f"UPDATE skus SET sku_code = '{sku.id}' "
             f"WHERE id = {sku.id}")
    done(shop, "stock", "us", sku.id, "-1")
    assert "no SKU" in failed(shop, 1, "stock", "us", f"code:{other.id}", "-1")
    assert "no SKU" in failed(shop, 1, "stock", "us", "id:0", "-1")


def test_a_stock_cannot_fall_below_nothing_nor_rise_above_a_thousand_million(
        shop):
    sku = shop.sku("us", stock=10)
    for delta in ("-11", "-4294967295", "+999999991", "+4294967295"):
        said = failed(shop, 3, "stock", "us", sku.code, delta)
        assert (f"SKU {sku.code} has a stock of 10: {int(delta):+d} is not "
                "possible") in said
        assert ("at most 1000000000" in said) == (delta[0] == "+")
    assert shop.stock(sku) == 10 and movements(shop, sku) == []
    done(shop, "stock", "us", sku.code, "+999999990")
    assert "= 999999999" in done(shop, "stock", "us", sku.code, "-1")


def test_an_order_can_be_cancelled_whatever_the_stock_is(shop, us):
    """Near the end of its column too, where only SQL can bring it."""
    sku = shop.sku("us", stock=10)
    for stock in (10 ** 9, 2 ** 32 - 3, 2 ** 32 - 1):
        o = us.ordered((sku, 5))
        shop.set_stock(sku, stock)
        assert us.post(None, f"/orders/{o['id']}/cancel").status == 200
        assert shop.stock(sku) == min(stock + 5, 2 ** 32 - 1)
    assert "= 4294967294" in done(shop, "stock", "us", sku.code, "-1")
    # The books must be right for those who reconcile them.
    shop.sql("us", f"""UPDATE skus SET stock = (SELECT SUM(delta) FROM
        stock_movements WHERE sku_id = {sku.id}) - (SELECT SUM(quantity) FROM
        order_items WHERE sku_id = {sku.id}) WHERE id = {sku.id}""")


def test_many_who_take_at_once_take_what_there_is(shop):
    sku = shop.sku("us", stock=10)
    runs = at_once([lambda: run(shop, "stock", "us", sku.code, "-3")
                    for _ in range(8)])
    assert sorted(p.returncode for p in runs) == [0] * 3 + [3] * 5, runs
    assert shop.stock(sku) == 1 and len(movements(shop, sku)) == 3


def test_a_stock_that_is_wrongly_asked_for_is_told_so(shop):
    sku = shop.sku("us")
    with shop.unchanged():
        for delta in ("0", "+0", "5", "x", "", "+", "-", "+-3", "--3", "1.5",
                      "4294967296", "-99999999999999999999"):
            said = failed(shop, 2, "stock", "us", sku.code, delta)
            assert "no change of a stock" in said or \
                "option" in said, (delta, said)
        assert "by how much" in failed(shop, 2, "stock", "us", sku.code)
        for name in ("NOSUCH", "0", os.fsdecode(b"\xff")):
            assert "us has no SKU" in failed(shop, 1, "stock", "us", name, "+1")


# ---------------------------------------------------------------- otherwise

def test_usage_is_said_where_it_is_wrong(shop):
    for args, word in (
            (["order"], "usage: ordermuxctl [-c FILE]"),
            (["order", "lose", "us", "1"], "usage: ordermuxctl [-c FILE]"),
            (["order", "show", "us"], "order show MARKET ORDER"),
            (["order", "ship", "us", "1", "2"], "order ship MARKET ORDER"),
            (["order", "move", "us", "1"], "order move MARKET ORDER STATE"),
            (["order", "move", "us", "1", "lost"], '"lost" is no state'),
            (["order", "ship", "us", "1", "--from", "lost"],
             '"lost" is no state'),
            (["order", "list", "us", "--note", "x"], "has no --note"),
            (["order", "ship", "us", "1", "--limit", "3"], "has no --limit"),
            (["order", "ship", "us", "1", "--nonsense"], "--help"),
            (["order", "ship", "us", "1", "--note"], "--help")):
        assert word in failed(shop, 2, *args), args
    said = done(shop, "--help")
    assert "THE CUSTOMER CAN READ" in said and "order ship MARKET" in said
    assert 'no market "fr"' in failed(shop, 1, "order", "list", "fr")


def test_an_option_means_what_it_means_for_the_command(shop):
    """--user of migrate is a name, of a list a customer; others have none."""
    said = done(shop, "--help")
    assert re.search(r"(?m)^  --user NAME +migrate: ", said), said
    assert re.search(r"(?m)^  --user ID +order list: ", said), said
    for args in (["order", "show", "us", "1", "--user", "19"],
                 ["grants", "us", "--user", "root"],
                 ["migrate", "--phone", "+13128059851"]):
        assert f"this command has no {args[-2]}" in failed(shop, 2, *args)


def test_the_tables_of_the_program_can_be_listed(shop):
    exits = dict(line.split("\t") for line in
                 done(shop, "--list", "exits").splitlines())
    assert list(exits) == ["0", "1", "2", "3", "4"]
    said = done(shop, "--help")
    for status, meaning in exits.items():
        assert f"\n  {status}  {meaning}\n" in said
    commands = dict(line.split("\t") for line in
                    done(shop, "--list=commands").splitlines())
    assert commands["migrate"] == "--user --password-file --sql"
    assert commands["order list"] == "--user --phone --status --limit"
    assert commands["order ship"] == commands["order move"]
    assert commands["reconcile"] == ""
    for name, options in commands.items():
        assert f"\n  {name} " in said
        for option in options.split():
            assert f"\n  {option} " in said
    for what in ("", "nothing"):
        assert '"commands" or "exits"' in failed(shop, 2, "--list", what)


def test_a_database_that_is_away_is_an_error_and_changes_nothing(
        shop, us, tmp_path):
    o = us.ordered(shop.sku("us"))
    copy = tmp_path / "etc"
    shutil.copytree(shop.conf.parent, copy)
    path = copy / "markets.d" / "us.conf"
    path.write_text(ini.change(path.read_text(), {"socket": "/nonexistent"}))
    for args in (["list", "us"], ["show", "us", o["id"]],
                 ["confirm", "us", o["id"]]):
        said = failed(shop, 1, "-c", copy / "ordermux.conf", "order", *args)
        assert "us: the database cannot be used now; nothing was changed" in \
            said
    said = failed(shop, 1, "-c", copy / "ordermux.conf", "stock", "us")
    assert "us: the database cannot be used now" in said
    assert state(shop, "us", o["id"]) == "pending"
