"""ordermux-backup: all markets, whole and checked, or a failure that is told."""
import gzip
import os
import re
import shutil
import subprocess
import tarfile

import pytest

from harness import BUILD, TREE, reconcile
from instance import ini


def backup(conf, directory, *args, path=None):
    env = {**os.environ, "ORDERMUXCTL": str(BUILD / "ordermuxctl")}
    if path:
        env["PATH"] = f"{path}:{env['PATH']}"
    return subprocess.run(
        [str(TREE / "scripts/ordermux-backup"), "-c", str(conf), "-d",
         str(directory), *args], capture_output=True, text=True, timeout=120,
        stdin=subprocess.DEVNULL, env=env)


def names(directory):
    return sorted(p.name for p in directory.iterdir()
                  if not p.name.startswith("."))


@pytest.fixture
def copy(shop, tmp_path):
    directory = tmp_path / "etc"
    shutil.copytree(shop.conf.parent, directory)
    return directory


def change(etc, market, **values):
    path = etc / "markets.d" / f"{market}.conf"
    text = path.read_text()
    for name, value in values.items():
        text = ini.put(text, "database", name, value)
    path.write_text(text)


def test_a_backup_has_all_markets_and_the_configuration_and_is_silent(
        shop, tmp_path):
    done = backup(shop.conf, tmp_path / "b")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (name,) = names(tmp_path / "b")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d{6}Z", name)
    made = tmp_path / "b" / name
    assert names(made) == ["config.tar.gz", "kg.sql.gz", "us.sql.gz"]
    assert all(p.stat().st_mode & 0o077 == 0 for p in (made, *made.iterdir()))
    with tarfile.open(made / "config.tar.gz") as tar:
        inside = tar.getnames()
    for file in ("ordermux.conf", "jwt.key", "us.password",
                 "markets.d/us.conf"):
        assert any(n.endswith(f"etc/{file}") for n in inside), inside


def test_a_market_that_is_restored_is_what_it_was(shop, copy, tmp_path, us):
    us.ordered(shop.sku("us", title="Ö 👕"))
    shop.all_settled("us")
    before = shop.dump("us")
    assert backup(shop.conf, tmp_path / "b").returncode == 0
    (made,) = (tmp_path / "b").glob("2*")
    try:
        shop.sql("us", "CREATE DATABASE ordermux_restored CHARACTER SET "
                 "latin1")
        subprocess.run(
            ["mariadb", "--no-defaults", "--user=root",
             f"--socket={shop.socket('us')}", "ordermux_restored"], check=True,
            input=gzip.decompress((made / "us.sql.gz").read_bytes()))
        change(copy, "us", name="ordermux_restored")
        done = shop.ctl("-c", str(copy / "ordermux.conf"), "migrate", "--sql",
                        str(TREE / "sql"), "us")
        assert done.returncode == 0, done.stdout
        for table in before:
            name = table.removeprefix("us.")
            assert shop.count("us", f"ordermux_restored.{name}") >= len(
                before[table]), table
        assert shop.sql("us", "CHECKSUM TABLE ordermux_restored.orders, "
                        "ordermux_restored.skus, ordermux_restored.users, "
                        "ordermux_restored.order_items") == [
            (t.replace("ordermux_us", "ordermux_restored"), n)
            for t, n in shop.sql("us", "CHECKSUM TABLE orders, skus, users, "
                                 "order_items")]
    finally:
        shop.sql("us", "DROP DATABASE IF EXISTS ordermux_restored")
    reconcile(shop, "kg")


def test_a_database_that_is_away_fails_the_backup_and_no_older_one_is_touched(
        shop, copy, tmp_path):
    assert backup(shop.conf, tmp_path / "b").returncode == 0
    (old,) = names(tmp_path / "b")
    change(copy, "kg", socket="/nonexistent")
    done = backup(copy / "ordermux.conf", tmp_path / "b")
    assert done.returncode == 1 and "kg: NOT SAVED" in done.stderr, done
    assert "us:" not in done.stderr
    _, new = sorted(names(tmp_path / "b"), key=lambda n: n != old)
    assert new.endswith(".incomplete")
    assert names(tmp_path / "b" / new) == ["config.tar.gz", "us.sql.gz"]
    assert len(names(tmp_path / "b" / old)) == 3


def test_the_database_of_another_market_is_no_backup(shop, copy, tmp_path):
    (copy / "markets.d" / "us.conf").unlink()
    change(copy, "kg", name=shop.database("us"), socket=shop.socket("us"))
    done = backup(copy / "ordermux.conf", tmp_path / "b")
    assert done.returncode == 1, done
    assert "kg: the dump is not one of this market" in done.stderr


@pytest.mark.parametrize("program", [
    "mariadb-dump --no-defaults --user=root", "false"])
def test_a_dump_that_is_cut_off_is_no_backup(shop, tmp_path, program):
    """Also if the program that made it says that all is well."""
    fake = tmp_path / "bin"
    fake.mkdir()
    real = shutil.which("mariadb-dump")
    (fake / "mariadb-dump").write_text(
        "#!/bin/sh\nexit 1\n" if program == "false" else
        f'#!/bin/sh\n{real} "$@" | head -c 20000\nexit 0\n')
    (fake / "mariadb-dump").chmod(0o755)
    done = backup(shop.conf, tmp_path / "b", path=fake)
    assert done.returncode == 1, done
    assert "kg: NOT SAVED" in done.stderr and "us: NOT SAVED" in done.stderr
    (name,) = names(tmp_path / "b")
    assert names(tmp_path / "b" / name) == ["config.tar.gz"]


def test_old_backups_are_removed_only_if_that_is_wanted(shop, tmp_path):
    directory = tmp_path / "b"
    for name in ("2020-01-01T000000Z", "2020-01-02T000000Z.incomplete",
                 "mine"):
        (directory / name).mkdir(parents=True)
        os.utime(directory / name, (0, 0))
    assert backup(shop.conf, directory).returncode == 0
    assert len(names(directory)) == 4
    assert backup(shop.conf, directory, "-k", "30", "us").returncode == 0
    assert "mine" in names(directory)
    assert not [n for n in names(directory) if n.startswith("2020")]


def test_a_wrong_call_is_told(shop, tmp_path):
    assert backup(shop.conf, tmp_path / "b", "-x").returncode == 2
    assert backup(shop.conf, tmp_path / "b", "-k", "x").returncode == 2
    done = backup(shop.conf, tmp_path / "b", "fr")
    assert done.returncode == 1 and 'no market "fr"' in done.stderr
    assert backup(tmp_path / "none", tmp_path / "b").returncode == 1
