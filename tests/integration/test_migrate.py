"""ordermuxctl migrate: all hosts may run it at once, none harms a database."""
import contextlib
import shutil
import subprocess

import pytest

import harness
from harness import BUILD, TREE, poll, reconcile
from instance import ini

FILES = sorted(p.name for p in (TREE / "sql").glob("[0-9]*_*.sql")
               if ".check." not in p.name)


def start(conf, *args, sql=TREE / "sql"):
    return subprocess.Popen(
        [str(BUILD / "ordermuxctl"), "-c", str(conf), "--sql", str(sql),
         "migrate", *args], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def end(run):
    """Its exit status and what it has said."""
    said = run.communicate(timeout=60)[0]
    return run.returncode, said


def migrate(shop, *args, **how):
    return end(start(shop.conf, *args, **how))


@pytest.fixture
def copy(shop, tmp_path):
    """A configuration of its own, whose files may be changed."""
    directory = tmp_path / "etc"
    shutil.copytree(shop.conf.parent, directory)
    return directory


def point(directory, market, database, socket):
    """The market's database is another one."""
    path = directory / "markets.d" / f"{market}.conf"
    path.write_text(ini.change(path.read_text(), {
        "name": database, "socket": socket}, "database"))


def test_four_hosts_that_migrate_at_once_take_turns(shop, copy):
    point(copy, "us", "ordermux_turns", shop.socket("us"))
    try:
        runs = [start(copy / "ordermux.conf", "us") for _ in range(4)]
        said = [r.communicate(timeout=60)[0] for r in runs]
        assert [r.returncode for r in runs] == [0] * 4, said
        everything = "".join(said)
        for name in FILES:
            assert everything.count(f"applied {name}") == 1, said
        rows = shop.sql("us", "SELECT version, name FROM "
                        "ordermux_turns.schema_version ORDER BY version")
        assert [name for _, name in rows] == FILES
        assert shop.sql("us", "SELECT market FROM "
                        "ordermux_turns.market_identity") == [("us",)]
    finally:
        shop.sql("us", "DROP DATABASE IF EXISTS ordermux_turns")


def test_a_database_of_another_market_is_not_touched(shop, copy):
    (copy / "markets.d" / "us.conf").unlink()
    point(copy, "kg", shop.database("us"), shop.socket("us"))
    with shop.unchanged():
        run = start(copy / "ordermux.conf", "kg")
        said = run.communicate(timeout=60)[0]
    assert run.returncode == 1
    assert "belongs to market us" in said, said


def test_a_database_that_is_at_the_version_is_left_as_it_is(shop):
    with shop.unchanged():
        run = start(shop.conf)
        said = run.communicate(timeout=60)[0]
    assert run.returncode == 0 and "applied" not in said, said


# ---- a shop of its own, on a server with other defaults

OTHER_DEFAULTS = ("--character-set-server=utf8mb4 "
                  "--collation-server=utf8mb4_unicode_520_ci")


@pytest.fixture(scope="module")
def other():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ORDERMUX_MARIADBD", OTHER_DEFAULTS)
        with harness.Shop.private("--workers", 2, "--servers", 1) as shop:
            yield shop


@pytest.fixture
def fresh(other, tmp_path):
    """A market's configuration whose database does not exist yet."""
    directory = tmp_path / "etc"
    shutil.copytree(other.conf.parent, directory)
    point(directory, "us", "ordermux_fresh", other.socket("us"))
    yield directory / "ordermux.conf"
    other.sql("us", "DROP DATABASE IF EXISTS ordermux_fresh")


@pytest.fixture
def further(tmp_path):
    """SQL files with one migration more, which takes 3 s."""
    sql = tmp_path / "sql"
    shutil.copytree(TREE / "sql", sql)
    (sql / f"{len(FILES) + 1:04}_slow.sql").write_text(
        "CREATE TABLE IF NOT EXISTS slow (id INT PRIMARY KEY);\n"
        "DO SLEEP(3);\n")
    return sql


@contextlib.contextmanager
def server_values(shop, **values):
    before = {name: shop.value("us", f"SELECT @@GLOBAL.{name}")
              for name in values}
    try:
        for name, value in values.items():
            shop.sql("us", f"SET GLOBAL {name} = {value}")
        yield
    finally:
        for name, value in before.items():
            shop.sql("us", f"SET GLOBAL {name} = {value}")


def collations(shop, market, database=None):
    return shop.sql(market, "SELECT table_name, column_name, collation_name "
                    "FROM information_schema.columns WHERE table_schema = "
                    f"{harness.quote(database or shop.database(market))} AND "
                    "collation_name IS NOT NULL ORDER BY 1, 2")


def forget(shop, number):
    """The migration is to be applied again."""
    shop.sql("us", f"DELETE FROM schema_version WHERE version >= {number}; "
             "COMMIT")


def test_a_migration_that_takes_longer_than_a_session_may_be_idle_runs_once(
        other, fresh, further):
    with server_values(other, wait_timeout=1, interactive_timeout=1,
                       idle_transaction_timeout=1, max_statement_time=2,
                       autocommit=0):
        runs = [start(fresh, "us", sql=further) for _ in range(3)]
        said = [end(run) for run in runs]
    assert [status for status, _ in said] == [0] * 3, said
    everything = "".join(text for _, text in said)
    for name in [p.name for p in further.glob("[0-9]*_*.sql")
                 if ".check." not in p.name]:
        assert everything.count(f"applied {name}") == 1, said


def test_a_run_that_has_lost_its_lock_notes_no_version(other, fresh, further):
    assert end(start(fresh, "us"))[0] == 0
    run = start(fresh, "us", sql=further)
    sleeps = "FROM information_schema.processlist WHERE db = 'ordermux_fresh'"
    poll("the slow migration", lambda: other.sql(
        "us", f"SELECT id {sleeps} AND info LIKE '%SLEEP%'"))
    (idle,), = other.sql("us", f"SELECT id {sleeps} AND command = 'Sleep'")
    other.sql("us", f"KILL {idle}")
    status, said = end(run)
    assert status == 1 and "the lock was lost" in said, said
    latest = "SELECT MAX(version) FROM ordermux_fresh.schema_version"
    assert other.value("us", latest) == str(len(FILES))
    status, said = end(start(fresh, "us", sql=further))
    assert status == 0 and "applied" in said, said
    assert other.value("us", latest) == str(len(FILES) + 1)


@pytest.mark.parametrize("tables", [
    ["wp_posts", "wp_users"], ["schema_version"],
    [f"t{n}" for n in range(9)]], ids=" ".join)
def test_a_database_of_another_program_is_refused_and_not_touched(
        other, fresh, tables):
    other.sql("us", "CREATE DATABASE ordermux_fresh")
    for table in tables:
        other.sql("us", f"CREATE TABLE ordermux_fresh.{table} (a INT)")
    status, said = end(start(fresh, "us"))
    assert status == 1 and "belongs to another program" in said, said
    assert ", ".join(tables[:5]) in said and "nothing was changed" in said
    assert (" and 4 more" in said) == (len(tables) == 9)
    assert other.sql("us", "SHOW TABLES FROM ordermux_fresh") == [
        (t,) for t in tables]


def test_every_text_has_the_same_collation_whatever_the_servers_default(
        shop, other):
    found = collations(other, "us")
    assert found == collations(shop, "us") == collations(shop, "kg")
    assert {c for *_, c in found} == {"utf8mb4_unicode_ci", "utf8mb4_bin",
                                      "ascii_bin"}
    assert ("skus", "sku_code", "utf8mb4_bin") in found
    assert {c for c, in other.sql("us", "SELECT default_collation_name FROM "
                                  "information_schema.schemata WHERE "
                                  "schema_name LIKE 'ordermux_%'")} == {
        "utf8mb4_unicode_ci"}


def test_tables_of_several_collations_are_made_alike_again(other):
    """As after a restore on a server with another default, or by hand."""
    right = collations(other, "us")
    buyer, sku = other.buyer("us"), other.sku("us")
    order = buyer.ordered(sku)
    for table, collation in (
            ("orders", "utf8mb4_unicode_520_ci"),
            ("order_status_history", "utf8mb4_general_ci"),
            ("stock_movements", "utf8mb4_swedish_ci"),
            ("skus", "utf8mb4_general_ci"), ("users", "utf8mb4_nopad_bin"),
            ("outbox", "utf8mb4_general_ci"), ("login_limits",
                                               "utf8mb4_general_ci")):
        other.sql("us", f"ALTER TABLE {table} CONVERT TO CHARACTER SET "
                  f"utf8mb4 COLLATE {collation}")
    reconcile(other, "us")
    assert collations(other, "us") != right
    forget(other, 4)
    assert migrate(other, "us")[0] == 0
    assert collations(other, "us") == right
    forget(other, 4)
    assert migrate(other, "us")[0] == 0, "a second time"
    reconcile(other, "us")
    assert buyer.post(None, f"/orders/{order['id']}/cancel").status == 200


def test_skus_that_would_have_one_code_stop_the_migration_and_are_listed(
        other):
    """Trailing blanks count in some collations, and not in ours."""
    a, b = other.sku("us"), other.sku("us")
    other.sql("us", "ALTER TABLE skus MODIFY sku_code VARCHAR(50) CHARACTER "
              "SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL")
    other.sql("us", f"UPDATE skus SET sku_code = CONCAT({a.code!r}, ' ') "
              f"WHERE id = {b.id}")
    forget(other, 4)
    status, said = migrate(other, "us")
    assert status == 1, said
    assert f"SKUs with one code, '{a.code}': ids {a.id}, {b.id}\n" in said
    assert ("skus", "sku_code", "utf8mb4_nopad_bin") in collations(other, "us")
    other.sql("us", f"UPDATE skus SET sku_code = 'B-{b.id}' WHERE id = {b.id}")
    assert migrate(other, "us")[0] == 0
    assert ("skus", "sku_code", "utf8mb4_bin") in collations(other, "us")


# ---- a schema that is newer than the program

@contextlib.contextmanager
def newer_schema(shop, serves):
    forget(shop, 90)
    shop.sql("us", "INSERT INTO schema_version (version, serves_from) VALUES "
             f"(99, {serves})")
    try:
        yield
    finally:
        forget(shop, 90)


def markets_of(shop):
    return harness.states(shop.request("GET", "/ready", base=""))


def connected(shop):
    """Buyers, once each worker and the courier has its connection: a new one
    would tell at once what is wrong."""
    buyers = [shop.buyer("us") for _ in range(4)]

    def ask():
        harness.at_once([lambda b=b: b.get("/orders") for b in buyers * 4])
        return shop.count("us", "information_schema.processlist",
                          "user = 'ordermux_us'") == len(shop.workers()) + 1

    poll("all are connected", ask)
    return buyers


def not_used(shop, buyers, why):
    """Waits until the workers, which are connected and busy, have noticed;
    then none of them answers."""
    def answers():
        return {a.status for a in harness.at_once(
            [lambda b=b: b.get("/orders") for b in buyers])}
    poll("all have noticed", lambda: answers() == {503})
    for _ in range(20):
        assert answers() == {503}
    assert markets_of(shop) == {"kg": "up", "us": "down"}
    a = buyers[0].get("/orders")
    assert a.json["error"] == "market_unavailable", a
    shut, = [l for l in shop.log.read_text().splitlines()
             if 'msg="market shut"' in l][-1:]
    assert f'database=us why="{why}"' in shut, shut


def used_again(shop, buyers):
    poll("us is up again", lambda: markets_of(shop)["us"] == "up")
    assert buyers[0].get("/orders").status == 200


@pytest.mark.parametrize("serves", ["NULL", len(FILES) + 1, 99])
def test_a_newer_schema_that_does_not_serve_this_program_is_not_used(
        other, serves):
    buyers, kg = connected(other), other.buyer("kg")
    with newer_schema(other, serves):
        done = other.ctl("order", "list", "us")
        assert done.returncode == 1, done.stdout
        assert "database schema is too new for this program" in done.stdout
        status, said = migrate(other, "us")
        assert status == 1 and "newer than this program" in said, said
        assert other.ctl("order", "list", "kg").returncode == 0
        not_used(other, buyers, "database schema is too new for this program")
        assert kg.get("/orders").status == 200
    used_again(other, buyers)


def test_a_schema_that_is_too_old_is_not_used_and_the_reason_is_told(other):
    """A backup of an older version was restored under the service."""
    buyers, last = connected(other), len(FILES)
    other.sql("us", "UPDATE schema_version SET version = 0 "
              f"WHERE version = {last}")
    try:
        done = other.ctl("order", "list", "us")
        assert done.returncode == 1, done.stdout
        assert "database schema is too old" in done.stdout, done.stdout
        not_used(other, buyers, "database schema is too old")
        line, *_ = [l for l in other.log.read_text().splitlines()
                    if "database schema is too old: run" in l]
        assert f"version={last - 1} needed={last}" in line, line
    finally:
        other.sql("us", f"UPDATE schema_version SET version = {last} "
                  "WHERE version = 0")
    used_again(other, buyers)


@pytest.mark.parametrize("serves", [0, 3, len(FILES)])
def test_a_newer_schema_that_serves_this_program_is_used(other, serves):
    with newer_schema(other, serves):
        assert other.ctl("order", "list", "us").returncode == 0
        assert migrate(other, "us")[0] == 0


def test_a_migration_notes_which_programs_it_serves(other, fresh, tmp_path):
    """One that says nothing serves only programs that know it, and one after
    it cannot serve more than it does."""
    sql, n = tmp_path / "sql", len(FILES)
    shutil.copytree(TREE / "sql", sql)
    for number, mark in ((n + 1, ""), (n + 2, f"-- serves: {n}\n")):
        (sql / f"{number:04}_x.sql").write_text(f"-- x\n{mark}DO 0;\n")
    assert end(start(fresh, "us", sql=sql))[0] == 0
    noted = other.sql("us", "SELECT version, serves_from FROM "
                      f"ordermux_fresh.schema_version WHERE version > {n}")
    assert noted == [(str(n + 1), str(n + 1)), (str(n + 2), str(n + 1))]
