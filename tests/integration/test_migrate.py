"""ordermuxctl migrate: all hosts may run it at once, none harms a database."""
import shutil
import subprocess

import pytest

from harness import BUILD, TREE
from instance import ini

FILES = sorted(p.name for p in (TREE / "sql").glob("[0-9]*_*.sql"))


def start(conf, *args):
    return subprocess.Popen(
        [str(BUILD / "ordermuxctl"), "-c", str(conf), "--sql",
         str(TREE / "sql"), "migrate", *args], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


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
