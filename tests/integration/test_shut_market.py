"""A market whose own file is wrong is shut: the others serve, and nobody gets
into another market's database."""
import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import pytest

from harness import BUILD, Systemd, poll
from instance import ini

PHONES = {"kg": (f"+996505{n}" for n in range(731000, 732000)),
          "us": (f"+1312805{n}" for n in range(5000, 6000))}


class Beside:
    """A second daemon, to which nginx goes, with files of its own."""

    def __init__(self, shop, directory):
        self.shop = shop
        # Short: it is a socket's address.
        self.socket = directory / "s"
        self.etc = directory / "etc"
        shutil.copytree(shop.conf.parent, self.etc)
        self.conf = self.etc / "ordermux.conf"
        self.conf.write_text(re.sub(r"(?m)^listen = .*",
                                    f"listen = {self.socket}",
                                    self.conf.read_text()))
        self.log = directory / "log"

    def market(self, name):
        return self.etc / "markets.d" / f"{name}.conf"

    def change(self, path, old, new):
        text = path.read_text()
        assert re.search(old, text), (path, old)
        path.write_text(re.sub(old, new, text, count=1))

    def run(self, *args):
        return subprocess.run([str(BUILD / "ordermuxd"), "-c", str(self.conf),
                               *args], capture_output=True, text=True,
                              timeout=30)

    @contextlib.contextmanager
    def running(self, **environment):
        file = self.shop.nginx_file("snippets/ordermux-http.conf")
        text = re.sub(r'"unix:[^"]*"', f'"unix:{self.socket}"',
                      file.read_text())
        with self.log.open("w") as log:
            daemon = subprocess.Popen(
                [str(BUILD / "ordermuxd"), "-c", str(self.conf)], stderr=log,
                env={**os.environ, **environment})
        try:
            poll("a start", lambda: 'msg="ready"' in self.log.read_text())
            with self.shop.files_changed({file: text},
                                         self.shop.reload_nginx):
                yield self
        finally:
            daemon.terminate()
            daemon.wait(40)


@pytest.fixture
def beside(shop):
    # Not pytest's tmp_path: its long names do not fit a socket's address.
    with tempfile.TemporaryDirectory(prefix="omx-") as directory:
        pathlib.Path(directory).chmod(0o755)    # nginx connects
        yield Beside(shop, pathlib.Path(directory))


def send(shop, market):
    return shop.request("POST", "/auth/send-code", {"phone": next(PHONES[market])})


WRONG = {
    "a number": lambda b: b.change(b.market("us"), r"(?m)^timeout = .*",
                                   "timeout = soon"),
    "a name": lambda b: b.change(b.market("us"), r"(?m)^country", "cuontry"),
    "the prefix": lambda b: b.change(b.market("us"), r"(?m)^prefix", "prefx"),
    "the prefix and the pattern": lambda b: (
        b.change(b.market("us"), r"(?m)^prefix", "prefx"),
        b.change(b.market("us"), r"(?m)^pattern", "patern")),
    "the secret is missing": lambda b: b.change(
        b.market("us"), r"(?m)^password_file = .*",
        "password_file = nowhere"),
    "no file of options": lambda b: b.market("us").write_text("garbage\n"),
    "the text is missing": lambda b: b.change(
        b.market("us"), r"(?m)^language = en", "language = de"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_market_whose_file_is_wrong_is_shut_and_the_others_serve(
        shop, beside, what):
    us, kg = shop.buyer("us"), shop.buyer("kg")
    WRONG[what](beside)
    before = shop.count("kg", "users"), shop.count("us", "users")
    with beside.running():
        assert kg.get("/orders").status == 200
        a = us.get("/orders")
        assert a.status == 503 and a.json["error"] == "market_unavailable", a
        a = send(shop, "us")
        assert a.status == 503 and a.json["error"] == "market_unavailable", a
        assert send(shop, "kg").status == 200
        a = shop.request("GET", "/ready")
        assert a.status == 200, a
        assert a.json["markets"] == {"kg": "up", "us": "down"}, a
        assert shop.request("GET", "/ready/us", base="").status == 503
        a = shop.request("GET", "/auth/markets")
        assert [m["market"] for m in a.json["supported_markets"]] == ["kg"]
        said = beside.log.read_text()
        assert "MARKET IS SHUT" in said and "market=us" in said, said
    assert (shop.count("kg", "users"), shop.count("us", "users")) == before
    done = beside.run("-t")
    assert done.returncode == 1 and done.stderr, done


def test_the_status_says_which_market_is_shut(beside, tmp_path):
    if b"libsystemd" not in (BUILD / "ordermuxd").read_bytes():
        pytest.skip("built without systemd")
    WRONG["a number"](beside)
    with Systemd(tmp_path / "notify") as systemd, \
            beside.running(NOTIFY_SOCKET=str(systemd.path)):
        poll("the status says it", lambda: re.fullmatch(
            r"\d+ workers; courier up; shut, the file is wrong: us; "
            r"\d+ requests, 0 failed \(5xx\)", systemd.statuses()[-1]))


@pytest.mark.parametrize("file, old, new", [
    ("ordermux.conf", r"(?m)^\[daemon\]", "[deamon]"),
    ("ordermux.conf", r"(?m)^default = kg", "default = fr"),
    ("markets.d/kg.conf", r"(?m)^country", "cuontry"),
    ("ordermux.conf", r"(?m)^keys = .*", "keys = main:nowhere.key"),
    ("markets.d/kg.conf", r"(?m)^password_file = .*",
     "password_file = nowhere"),
    ("markets.d/kg.conf", r"(?m)^language = .*", "language = de"),
])
def test_without_what_all_need_the_service_does_not_start(
        beside, file, old, new):
    """systemd does not try again after this status."""
    beside.change(beside.etc / file, old, new)
    done = beside.run()
    assert done.returncode == 78, done
    assert "level=error" in done.stderr, done
    assert beside.run("-t").returncode == 1


def test_two_markets_with_one_prefix_are_both_in_doubt(shop, beside):
    text = beside.market("us").read_text()
    beside.market("ca").write_text(re.sub(
        r"(?m)^name = .*", "name = ordermux_ca", text))
    with beside.running():
        assert send(shop, "us").status == 503
        a = shop.request("GET", "/ready")
        assert a.json["markets"] == {"ca": "down", "kg": "up", "us": "down"}


def test_a_check_tells_all_mistakes_at_once(beside):
    beside.change(beside.conf, r"(?m)^query_timeout = .*",
                  "query_timeout = 9s\nfoo = 1")
    beside.change(beside.conf, r"(?m)^request_deadline = .*",
                  "request_deadline = 8s")
    us = beside.market("us")
    beside.change(us, r"(?m)^country", "cuontry")
    beside.change(us, r"(?m)^pattern = .*", "pattern = (")
    beside.change(us, r"(?m)^methods = .*", "methods = Card")
    beside.change(beside.market("kg"), r"(?m)^language = .*",
                  "language = de")
    done = beside.run("-t")
    assert done.returncode == 1, done
    for text in ("foo", "query_timeout", "cuontry", "[phone] pattern",
                 "[payment] methods", "login_code.de.txt"):
        assert text in done.stderr, (text, done.stderr)


def test_a_check_warns_of_values_that_nginx_and_systemd_do_not_bear(beside):
    text = beside.conf.read_text()
    for name, value in (("stop_timeout", "40s"), ("request_deadline", "12s"),
                        ("body_limit", "256k")):
        section = "daemon" if name == "stop_timeout" else "http"
        if re.search(rf"(?m)^{name} = ", text):
            text = re.sub(rf"(?m)^{name} = .*", f"{name} = {value}", text)
        elif f"[{section}]" in text:
            text = text.replace(f"[{section}]",
                                f"[{section}]\n{name} = {value}", 1)
        else:
            text += f"\n[{section}]\n{name} = {value}\n"
    beside.conf.write_text(text)
    done = beside.run("-t")
    assert done.returncode == 0, done
    for text in ("TimeoutStopSec", "fastcgi_read_timeout",
                 "client_max_body_size"):
        assert text in done.stderr, (text, done.stderr)


@pytest.mark.parametrize("command, said", [
    ("", "is empty"), ("/nowhere/sms --x", "No such file"),
    ("/etc/passwd", "is no program"), ("/etc", "is no program")])
def test_a_check_warns_of_a_command_that_cannot_send(beside, command, said):
    beside.change(beside.market("us"), r"(?m)^command =.*",
                  f"command = {command}")
    done = beside.run("-t")
    assert done.returncode == 0, done
    line, = [l for l in done.stderr.splitlines() if "[sms] command" in l]
    assert line.startswith("warning: ") and said in line, line


def test_staff_can_work_for_the_markets_that_are_right(beside):
    WRONG["a name"](beside)

    def ctl(*args):
        return subprocess.run([str(BUILD / "ordermuxctl"), "-c",
                               str(beside.conf), *args], capture_output=True,
                              text=True, timeout=60)
    assert ctl("order", "list", "kg").returncode == 0
    done = ctl("order", "list", "us")
    assert done.returncode == 1 and "us: this market's file is wrong" in \
        done.stderr, done
    done = ctl("whois", "+996505739999")
    assert done.returncode == 4 and "us: database unavailable" in done.stderr
    done = ctl("reconcile")
    assert done.returncode != 0 and "us: COULD NOT BE READ" in done.stdout
    assert "kg: " in done.stdout


# What the numbers of the configuration mean: what "ordermuxd -t" prints, and
# a start logs if it is a warning.
ADVICE = {
    "half": ({"workers": 8}, "note: of 8 workers, at most 4 wait for slow "
             "databases and for locks; the other 4 are free"),
    "less than half": ({"workers": 5}, "note: of 5 workers, at most 2 wait "
                       "for slow databases and for locks; the other 3 are"),
    "one worker": ({"workers": 1}, "warning: with workers = 1, one slow "
                   "database or one locked row makes the requests of all "
                   "markets wait"),
    "no limit": ({"workers": 8, "crowd_after": 0}, "warning: with crowd_after "
                 "= 0, one slow database or one locked row makes the"),
}


@pytest.mark.parametrize("what", ADVICE)
def test_a_check_says_what_the_workers_may_do(beside, what):
    options, said = ADVICE[what]
    beside.conf.write_text(ini.change(beside.conf.read_text(), options))
    done = beside.run("-t")
    assert done.returncode == 0, done
    good, line = done.stdout.splitlines()
    assert good == f"{beside.conf}: configuration is good"
    assert line.startswith(said), line
    kind, _, text = line.partition(": ")
    with beside.running():
        lines = [l for l in beside.log.read_text().splitlines()
                 if l.startswith("level=warning")]
    expected = [f'level=warning msg="{text}"'] if kind == "warning" else []
    assert lines == expected, lines


@pytest.mark.parametrize("servers, say", [
    (1, ["market kg (256 workers and the courier, 2 markets, 64 each)"]),
    (2, ["market kg (256 workers and the courier, 1 market, 64 each)",
         "market us (256 workers and the courier, 1 market, 64 each)"])])
def test_a_check_says_what_a_server_must_have_room_for(beside, servers, say):
    """The default of max_prepared_stmt_count is enough for 255 connections of
    this host."""
    for n, market in enumerate(("kg", "us")):
        path = beside.market(market)
        path.write_text(ini.put(path.read_text(), "database", "socket",
                                f"/run/server-{n % servers}.sock"))
    for workers, expected in ((255 // (3 - servers) - 1, []), (256, say)):
        beside.conf.write_text(ini.change(beside.conf.read_text(),
                                          {"workers": workers}))
        done = beside.run("-t")
        assert done.returncode == 0, done
        lines = [l for l in done.stdout.splitlines()
                 if "max_prepared_stmt_count" in l]
        room = 257 * 64 * (3 - servers)
        assert [l.partition(": set ")[0] for l in lines] == [
            f"warning: this host can keep {room} prepared statements on the "
            f"database server of {of}" for of in expected], lines
