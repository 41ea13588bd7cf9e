"""ordermuxctl stock --file: a delivery is booked as a whole or not at all."""
import os
import subprocess
import threading
import time

import pytest

from harness import BUILD


def stock(shop, text, *args, name=None, market="us"):
    """The command with the text (or bytes) as its standard input."""
    env = {k: v for k, v in os.environ.items()
           if k not in ("SUDO_USER", "DOAS_USER")}
    data = text if isinstance(text, bytes) else text.encode()
    done = subprocess.run(
        [str(BUILD / "ordermuxctl"), "-c", str(shop.conf), "stock", market,
         "--file", str(name or "-"), *args], input=data, env=env,
        capture_output=True, timeout=120)
    done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
    return done


def booked(shop, text, *args, **how):
    done = stock(shop, text, *args, **how)
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


def refused(shop, status, text, *args, **how):
    with shop.unchanged():
        done = stock(shop, text, *args, **how)
    assert (done.returncode, done.stdout) == (status, ""), done
    return done.stderr


def skus(shop, n):
    return [shop.sku("us", stock=10) for _ in range(n)]


def test_a_file_changes_the_stock_of_all_that_it_names(shop, tmp_path):
    a, b, c = skus(shop, 3)
    path = tmp_path / "delivery.csv"
    path.write_text(f"{a.code},+5\n{b.id},-3\nid:{c.id},7\n")
    said = booked(shop, "", "--by", "olga", "--note", "Monday", name=path)
    assert said.splitlines() == [
        f"{a.code} +5 = 15", f"{b.code} -3 = 7", f"{c.code} +7 = 17",
        "us: 3 lines, 3 SKUs"]
    assert [shop.stock(s) for s in (a, b, c)] == [15, 7, 17]
    assert shop.sql("us", "SELECT delta, reason, changed_by, note FROM "
                    f"stock_movements WHERE sku_id = {c.id} ORDER BY id")[1:] \
        == [("7", "adjusted", "staff:olga", "Monday")]
    said = shop.ctl("reconcile", "us").stdout
    assert not any(s.code in said for s in (a, b, c)), said


@pytest.mark.parametrize("form", [
    "{0},5\n{1},-2\n", "{0},+5\r\n{1},-2\r\n", "{0},5\r{1},-2",
    "\ufeff{0},5\n{1},-2", "\ufeffsku_code,delta\n{0},5\n{1},-2\n",
    "Code;Number\n{0};5\n{1};-2\n", "{0}\t5\n{1}\t-2\n",
    '"{0}","5"\n"{1}","-2"\n', '\ufeff"{0}",5\n"code:{1}" , -2 \n',
    "\n\n{0} , +5 \n\n  \n{1},-2,,\n", "{0},4\n{1},-2\n{0},+1\n"])
def test_files_as_spreadsheets_save_them_are_read(shop, form):
    a, b = skus(shop, 2)
    said = booked(shop, form.format(a.code, b.code))
    assert f"{a.code} +5 = 15\n{b.code} -2 = 8\nus: " in said
    assert (shop.stock(a), shop.stock(b)) == (15, 8)
    assert ("line 1 is a header" in said) == (
        "delta" in form or "Number" in form)


def test_a_code_with_quotes_and_commas_is_read(shop):
    a, = skus(shop, 1)
    shop.sql("us", f"""UPDATE skus SET sku_code = 'a "b", {a.id}'
             WHERE id = {a.id}""")
    booked(shop, f'"a ""b"", {a.id}",+1\n')
    assert shop.stock(a) == 11


def test_all_wrong_lines_are_named_and_nothing_is_changed(shop):
    a, b = skus(shop, 2)
    said = refused(shop, 1, "\n".join([
        "sku,delta", f"{a.code},+5", "NOSUCH,+1", f"{a.code},x",
        f"{a.code},1.5", f"{a.code}", f"{a.code},0", f"{b.code},-11",
        f"{a.code},1,2", f"{a.code},+-1", f'"{a.code},1', ",5",
        f"{a.code.lower()},1", f"{'x' * 300},1", f"{a.code},99999999999"]))
    lines = said.splitlines()
    assert [l.split(":")[2] for l in lines[:-1]] == [
        str(n) for n in range(3, 16)], said
    assert lines[-1].endswith("us: nothing was changed: 13 of 15 lines are "
                              "wrong")
    assert 'there is no SKU "NOSUCH"' in lines[0]
    assert f"SKU {b.code} has a stock of 10: -11 is not possible" in said
    assert "a quote is not closed" in said and "it is too long" in said


def test_a_first_line_is_no_header_if_it_names_a_sku(shop):
    a, b = skus(shop, 2)
    said = refused(shop, 1, f"{a.code},x\n{b.code},1\n")
    assert ':1: "x" is no change of a stock' in said


def test_a_stock_that_does_not_allow_it_is_refused(shop):
    a, b = skus(shop, 2)
    for line in (f"{b.code},-11", f"{b.code},+1000000000",
                 f"{b.code},-6\n{b.code},-5"):
        said = refused(shop, 3, f"{a.code},1\n{line}\n")
        assert f"SKU {b.code} has a stock of 10: " in said, said


def test_a_name_that_means_two_skus_is_refused(shop):
    a, b = skus(shop, 2)
    shop.sql("us", f"UPDATE skus SET sku_code = '{b.id}' WHERE id = {a.id}")
    said = refused(shop, 1, f"{b.id},1\n")
    assert f"write code:{b.id} or id:{b.id}" in said
    booked(shop, f"code:{b.id},1\nid:{b.id},2\n")
    assert (shop.stock(a), shop.stock(b)) == (11, 12)


@pytest.mark.parametrize("data, why", [
    (b"", "it is empty"), (b"\n\r\n \n", "it is empty"),
    ("SKU,1\n".encode("utf-16"), "save it as CSV in UTF-8"),
    (b"A\xff,1\n", "it is not UTF-8"), (b"A\0B,1\n", "NUL"),
    (b"x,1\n" * 100001, "more than 100000 lines")],
    ids=["nothing", "blanks", "utf-16", "latin-1", "nul", "long"])
def test_a_file_that_is_no_such_table_is_refused(shop, data, why):
    assert why in refused(shop, 1, data)


def test_a_file_that_is_not_there_or_is_too_much_is_wrong(shop, tmp_path):
    assert "No such file" in refused(shop, 1, "", name=tmp_path / "none")
    assert "cannot be read" in refused(shop, 1, "", name=tmp_path)
    assert "the SKUs are in the file" in refused(shop, 2, "", "X", "+1")
    done = shop.ctl("stock", "us", "--dry-run")
    assert done.returncode == 2 and "--dry-run is for --file" in done.stdout


def test_a_dry_run_says_what_would_be_and_changes_nothing(shop):
    a, b = skus(shop, 2)
    with shop.unchanged():
        said = booked(shop, f"{a.code},+5\n{b.code},-3\n", "--dry-run")
    assert said.splitlines() == [
        f"{a.code} +5 = 15", f"{b.code} -3 = 7",
        "us: 2 lines, 2 SKUs; a dry run: nothing was changed"]
    refused(shop, 1, "NOSUCH,1\n", "--dry-run")


def test_ten_thousand_lines_are_booked_while_orders_are_made(shop):
    """In the order of ids, so that nobody waits crosswise; nobody for long."""
    first = next(shop.ids)
    shop.insert("us", "products", id=first, title="Many")
    ids = [next(shop.ids) for _ in range(10000)]
    shop.sql("us", "INSERT INTO skus (id, product_id, sku_code, price_minor, "
             "stock) VALUES " + ", ".join(f"({i}, {first}, 'MANY-{i}', 1, 500)"
                                          for i in ids))
    text = "".join(f"MANY-{i},+1\n" for i in reversed(ids))
    buyer, answers, stop = shop.buyer("us"), [], threading.Event()

    def order():
        while not stop.is_set():
            answers.append(buyer.order(ids[-1], ids[0], ids[5000]).status)
            time.sleep(0.01)

    thread = threading.Thread(target=order)
    thread.start()
    try:
        said = booked(shop, text)
    finally:
        stop.set()
        thread.join()
    assert said.endswith("us: 10000 lines, 10000 SKUs\n")
    assert set(answers) == {200} and len(answers) > 0, answers
    made = len(answers)
    assert shop.count("us", "skus", f"product_id = {first} AND stock = 501") \
        == 10000 - 3
    assert {int(n) for n, in shop.sql(
        "us", "SELECT stock FROM skus WHERE id IN "
        f"({ids[0]}, {ids[5000]}, {ids[-1]})")} == {501 - made}
    said = shop.ctl("reconcile", "us").stdout
    assert "MANY-" not in said, said


def test_a_file_needs_memory_for_its_lines_only(shop, tmp_path):
    if shop.sanitized:
        pytest.skip("the sanitizers need memory of their own")
    path = tmp_path / "long.csv"
    path.write_bytes(b"x" * 50_000_000 + b",1\n" + b'"' + b"y" * 50_000_000)
    done = subprocess.run(
        ["bash", "-c", 'ulimit -v 200000; exec "$@"', "-",
         str(BUILD / "ordermuxctl"), "-c", str(shop.conf), "stock", "us",
         "--file", str(path)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 1 and ":1: it is too long" in done.stderr, done
