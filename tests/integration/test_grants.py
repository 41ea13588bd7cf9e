"""ordermuxctl grants: an account may do what the service does, and no more."""
import re
import shutil
import subprocess

import pytest

import harness
from harness import BUILD, TREE
from instance import ini

STATEMENTS = (TREE / "src/store/statements.c").read_text()
TABLES = ("market_identity", "schema_version", "products", "skus", "users",
          "cart_items", "orders", "order_items", "order_status_history",
          "stock_movements", "login_codes", "login_limits", "outbox")


def grants(conf, *args):
    return subprocess.run(
        [str(BUILD / "ordermuxctl"), "-c", str(conf), "--sql",
         str(TREE / "sql"), "grants", *args], capture_output=True, text=True,
        timeout=60, stdin=subprocess.DEVNULL)


def apply(shop, market, sql):
    """As an administrator; what the client prints."""
    done = subprocess.run(
        ["mariadb", "--no-defaults", "--user=root", "--skip-column-names",
         f"--socket={shop.socket(market)}"], input=sql, capture_output=True,
        text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


def as_service(shop, market, sql):
    """What the server says to the market's account."""
    password = (shop.conf.parent / f"{market}.password").read_text().strip()
    return subprocess.run(
        ["mariadb", "--no-defaults", f"--user=ordermux_{market}",
         f"--socket={shop.socket(market)}", shop.database(market)], input=sql,
        env={"MYSQL_PWD": password, "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, timeout=60).stderr


@pytest.fixture
def changed_conf(shop, tmp_path):
    """The configuration with other values in us' [database]."""
    copy = tmp_path / "etc"
    shutil.copytree(shop.conf.parent, copy)

    def change(**values):
        path = copy / "markets.d" / "us.conf"
        text = path.read_text()
        for name, value in values.items():
            text = ini.put(text, "database", name, value)
        path.write_text(text)
        return copy / "ordermux.conf"
    return change


# ---- what the account may do

def written_by_statements():
    """What the SQL of the service writes: {(verb, table): columns}."""
    literals = re.sub(r"/\*.*?\*/", "", STATEMENTS, flags=re.S)
    found = {}
    for row in re.findall(r'\[STATEMENT_\w+\] = \{ "\w+",(.*?)\},\n\n',
                          literals, re.S):
        sql = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', row))
        insert = re.match(r"INSERT INTO (\w+) \(([^)]*)\)", sql)
        if insert:
            found.setdefault(("INSERT", insert[1]), set()).update(
                re.split(r",\s*", insert[2]))
            # MariaDB wants the right to update each of these columns.
            if "ON DUPLICATE KEY UPDATE" in sql:
                found.setdefault(("UPDATE", insert[1]), set()).update(
                    re.split(r",\s*", insert[2]))
        update = re.match(r"UPDATE (\w+) .*?SET (.*?) WHERE", sql)
        if update:
            found.setdefault(("UPDATE", update[1]), set()).update(
                re.findall(r"(?:^|, )(?:u\.)?(\w+) = ", update[2]))
        delete = re.match(r"DELETE FROM (\w+)", sql)
        if delete:
            found[("DELETE", delete[1])] = set()
    return found


def granted(shop, market):
    found, tables = {}, set()
    for line, in shop.sql(market, "SHOW GRANTS FOR "
                          f"ordermux_{market}@localhost"):
        if line.startswith("GRANT USAGE ON *.*"):
            continue
        rights, database, table = re.match(
            r"GRANT (.*) ON `(\w+)`\.`(\w+)` TO ", line).groups()
        assert database == shop.database(market), line
        tables.add(table)
        for verb, columns in re.findall(r"(\w+)(?: \(([^)]*)\))?", rights):
            if verb != "SELECT":
                found[(verb, table)] = set(re.findall(r"`(\w+)`", columns))
    return found, tables


def test_an_account_may_write_exactly_what_the_statements_write(shop, market):
    found, tables = granted(shop, market)
    assert found == written_by_statements()
    assert tables == set(TABLES)


@pytest.mark.parametrize("sql", [
    "UPDATE orders SET total_minor = 1 WHERE id = 0",
    "UPDATE orders SET user_id = 1 WHERE id = 0",
    "UPDATE orders SET request_hash = NULL WHERE id = 0",
    "UPDATE users SET phone_number = '+1' WHERE id = 0",
    "UPDATE users SET is_active = 1 WHERE id = 0",
    "INSERT INTO users (id, phone_number) VALUES (0, '+1')",
    "UPDATE skus SET price_minor = 0 WHERE id = 0",
    "INSERT INTO skus (product_id, sku_code, price_minor) VALUES (1, 'x', 1)",
    "UPDATE order_items SET quantity = 1 WHERE order_id = 0",
    "UPDATE order_status_history SET note = '' WHERE id = 0",
    "UPDATE stock_movements SET delta = 0 WHERE id = 0",
    "UPDATE cart_items SET user_id = 1 WHERE id = 0",
    "UPDATE market_identity SET market = 'kg'",
    "UPDATE schema_version SET version = 99",
    *(f"DELETE FROM {table} WHERE 1 = 0" for table in (
        "orders", "order_items", "order_status_history", "stock_movements",
        "users", "skus", "products", "market_identity", "schema_version")),
    "TRUNCATE orders", "DROP TABLE orders", "CREATE TABLE x (a INT)",
    "ALTER TABLE orders ADD COLUMN x INT", "LOCK TABLES orders WRITE",
    "SELECT * FROM mysql.global_priv", "SELECT * FROM schema_lock"])
def test_the_account_may_not(shop, sql):
    with shop.unchanged("us"):
        said = as_service(shop, "us", sql)
    assert re.search(r"ERROR 1(142|143|044|227) .* denied", said), said


def test_grants_take_away_what_an_older_account_had(shop, us):
    """Also rights on the whole database and on all."""
    before = granted(shop, "us")
    shop.sql("us", f"GRANT ALL ON `{shop.database('us')}`.* TO "
             "ordermux_us@localhost")
    for table in ("users", "orders"):
        shop.sql("us", "GRANT SELECT, INSERT, UPDATE, DELETE ON "
                 f"{table} TO ordermux_us@localhost")
    shop.sql("us", "GRANT PROCESS ON *.* TO ordermux_us@localhost")
    done = grants(shop.conf, "us")
    assert apply(shop, "us", done.stdout) == ""
    assert granted(shop, "us") == before
    us.ordered(shop.sku("us"))


def test_grants_under_load_cost_no_request(shop):
    sql = grants(shop.conf, "us").stdout
    buyers, sku = [shop.buyer("us") for _ in range(4)], shop.sku("us")

    def order(buyer):
        return lambda: [buyer.order(sku).status for _ in range(15)]

    def apply_again():
        return [apply(shop, "us", sql) for _ in range(5)]

    answers = harness.at_once([order(b) for b in buyers] + [apply_again])
    assert {s for a in answers[:-1] for s in a} == {200}, answers


# ---- for which hosts

@pytest.mark.parametrize("host, accounts", [
    ("localhost", ["localhost"]), ("127.0.0.1", ["127.0.0.1"]),
    ("127.0.0.1:3307", ["127.0.0.1"]), ("[::1]:3306", ["::1"]),
    ("127.0.0.1, [::1], localhost", ["127.0.0.1", "::1", "localhost"]),
    ("127.0.0.1:3306, 127.0.0.1:3307", ["127.0.0.1"])])
def test_an_account_is_for_the_host_of_the_markets_file(
        changed_conf, host, accounts):
    done = grants(changed_conf(host=host), "us")
    assert done.returncode == 0, done
    made = set(re.findall(r"'ordermux_us'@'([^']*)'", done.stdout))
    assert made == set(accounts)


@pytest.mark.parametrize("host", ["db.example", "192.0.2.7",
                                  "localhost, db2.example"])
def test_a_database_elsewhere_needs_the_hosts_of_the_service(
        changed_conf, host):
    conf = changed_conf(host=host)
    done = grants(conf, "us")
    assert done.returncode == 1 and done.stdout == "", done
    assert "us: its database is on another host: say with --client-host" in \
        done.stderr
    done = grants(conf, "--client-host", "10.0.0.5,web2.example", "us")
    assert done.returncode == 0 and "'%'" not in done.stdout
    made = set(re.findall(r"'ordermux_us'@'([^']*)'", done.stdout))
    assert made == {"10.0.0.5", "web2.example"}
    assert grants(conf, "--client-host", " , ", "us").returncode == 2


def test_a_market_with_tls_gets_an_account_that_needs_it(changed_conf):
    assert "REQUIRE NONE" in grants(changed_conf(), "us").stdout
    done = grants(changed_conf(tls_ca="/etc/ssl/ca.pem"), "us")
    assert "REQUIRE SSL;" in done.stdout and "REQUIRE NONE" not in done.stdout


def test_accounts_of_several_hosts_are_all_as_narrow(shop, changed_conf):
    sql = grants(changed_conf(), "--client-host", "localhost,10.9.8.7",
                 "us").stdout
    try:
        assert apply(shop, "us", sql) == ""
        one, other = ([re.sub(r"TO `\w+`@`[^`]*`.*", "", g) for g, in shop.sql(
            "us", f"SHOW GRANTS FOR ordermux_us@'{host}'")]
            for host in ("localhost", "10.9.8.7"))
        assert sorted(one) == sorted(other)
        # One that is not in the list any more is named, and left alone.
        said = apply(shop, "us", grants(shop.conf, "us").stdout)
        assert "DROP USER 'ordermux_us'@'10.9.8.7'" in said
    finally:
        shop.sql("us", "DROP USER IF EXISTS ordermux_us@'10.9.8.7'")


def test_an_old_account_for_any_host_is_named(shop):
    shop.sql("us", "CREATE USER ordermux_us@'%'")
    try:
        said = apply(shop, "us", grants(shop.conf, "us").stdout)
        assert "LEFT OVER" in said and "'ordermux_us'@'%'" in said
    finally:
        shop.sql("us", "DROP USER ordermux_us@'%'")
    assert apply(shop, "us", grants(shop.conf, "us").stdout) == ""


# ---- all markets

def test_grants_without_a_name_are_for_all_markets(shop):
    done = grants(shop.conf)
    assert done.returncode == 0
    assert done.stdout == "".join(grants(shop.conf, m).stdout
                                  for m in ("kg", "us"))


def test_grants_print_nothing_if_one_market_is_wrong(changed_conf):
    done = grants(changed_conf(host="db.example"))
    assert done.returncode == 1 and done.stdout == "", done


def test_the_markets_can_be_listed_for_scripts(shop):
    assert shop.ctl("markets").stdout == "kg\nus\n"
    assert shop.ctl("markets", "us").stdout == "us\n"
    assert shop.ctl("markets", "--long", "us").stdout.split("\t") == [
        "us", shop.database("us"), "localhost", "3306",
        shop.socket("us") + "\n"]
    assert 'no market "fr"' in shop.ctl("markets", "fr").stdout
