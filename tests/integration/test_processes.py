"""The daemon's processes: who is who, and what is done about those that
hang."""
import contextlib
import fcntl
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading

import pytest

from harness import BUILD, LogTail, Systemd, at_once, poll


def command_line(pid):
    text = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    return text.rstrip(b"\0").decode()


def test_ps_shows_which_process_is_which(shop):
    if "ORDERMUX_WRAPPER" in os.environ:
        pytest.skip("valgrind has a command line of its own")
    assert command_line(shop.master) == "ordermuxd: master"
    assert command_line(shop.courier()) == "ordermuxd: courier"
    titles = sorted(command_line(pid) for pid in shop.workers())
    assert titles == sorted(f"ordermuxd: worker {i}"
                            for i in range(len(titles)))
    # The environment is behind the command line, and still whole.
    environ = pathlib.Path(f"/proc/{shop.master}/environ").read_bytes()
    assert re.fullmatch(rb"([^=\0]+=[^\0]*\0)*", environ), environ


@pytest.mark.slow
def test_a_courier_that_hangs_is_told_of_and_replaced(shop):
    log = LogTail(shop)
    with shop.configured(connect_timeout="1s", query_timeout="1s"):
        pid = poll("a courier", shop.courier)
        os.kill(pid, signal.SIGSTOP)
        try:
            a = poll("/ready says it", lambda: (
                a := shop.request("GET", "/ready")).json["courier"] == "down"
                and a)
            assert a.status == 200 and a.json["status"] == "degraded", a
            poll("another courier",
                 lambda: shop.courier() not in (None, pid))
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        line, = [l for l in log.lines() if "courier killed" in l]
        assert "how=hangs" in line, line
        poll("/ready", lambda: shop.request("GET", "/ready")
             .json["status"] == "ready")


@pytest.mark.slow
def test_the_status_says_how_the_service_is(shop, tmp_path):
    """In "systemctl status": who works, and what does not."""
    if b"libsystemd" not in (BUILD / "ordermuxd").read_bytes():
        pytest.skip("built without systemd")
    counts = r"; \d+ requests, \d+ failed \(5xx\)"
    try:
        with Systemd(tmp_path / "notify") as systemd, \
                shop.configured(connect_timeout="1s", query_timeout="1s",
                                workers=3):
            def says(state):
                poll(f"the status is {state!r}", lambda: re.fullmatch(
                    re.escape(state) + counts, systemd.statuses()[-1]))

            says("3 workers; courier up")
            assert any("READY=1" in m for m in systemd.messages)

            courier = shop.courier()
            os.kill(courier, signal.SIGSTOP)
            try:
                says("3 workers; courier hangs")
                poll("another courier",
                     lambda: shop.courier() not in (None, courier))
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(courier, signal.SIGCONT)
            says("3 workers; courier up")

            os.kill(shop.workers()[0], signal.SIGKILL)
            poll("another worker", lambda: len(shop.workers()) == 3)
            says("3 workers; courier up")

            shop.sql("us", "UPDATE market_identity SET market = 'kg'")
            try:
                says("3 workers; courier up; database down: us")
            finally:
                shop.sql("us", "UPDATE market_identity SET market = 'us'")
            shop.serves("us")
            says("3 workers; courier up")
    finally:
        shop.restart()


def test_a_line_of_the_log_names_its_market_once(shop):
    us = shop.buyer("us")
    log = LogTail(shop)
    a = us.order(shop.sku("us"))
    poll("log lines", lambda: log.about(a))
    os.kill(shop.workers()[0], signal.SIGKILL)
    poll("its line", lambda: [l for l in log.lines() if "worker ended" in l])
    for line in log.lines():
        assert len(re.findall(r" market=", line)) <= 1, line


@pytest.mark.parametrize("closed", ["<&- >&- 2>&-", "2>&-", "<&-"])
def test_closed_standard_streams_do_not_become_sockets(shop, tmp_path,
                                                       closed):
    """The log would be written into whatever has the number."""
    etc = tmp_path / "etc"
    subprocess.run(["cp", "-r", shop.conf.parent, etc], check=True)
    conf = etc / "ordermux.conf"
    conf.write_text(re.sub(r"(?m)^listen = .*", f"listen = {tmp_path}/s",
                           conf.read_text()))
    daemon = subprocess.Popen(
        ["sh", "-c", f"exec {BUILD}/ordermuxd -c {conf} {closed}"])
    try:
        poll("a socket", (tmp_path / "s").exists)
        for fd in range(3):
            at = os.readlink(f"/proc/{daemon.pid}/fd/{fd}")
            assert not at.startswith("socket:"), (fd, at)
    finally:
        daemon.terminate()
        assert daemon.wait(30) == 0


def test_a_socket_that_may_not_be_tried_is_not_called_in_use(shop, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root can be another user")
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents:
        if parent.stat().st_mode & 0o005 != 0o005:
            pytest.skip(f"nobody else can enter {parent}")
    listener = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(listener))
        s.listen()
        listener.chmod(0o600)
        etc = tmp_path / "etc"
        subprocess.run(["cp", "-r", shop.conf.parent, etc], check=True)
        subprocess.run(["chmod", "-R", "a+rX", etc], check=True)
        conf = etc / "ordermux.conf"
        conf.write_text(re.sub(r"(?m)^listen = .*", f"listen = {listener}",
                               conf.read_text()))
        done = subprocess.run(
            [str(BUILD / "ordermuxd"), "-c", str(conf)], user=65534,
            group=65534, stderr=subprocess.PIPE, text=True, timeout=30)
    assert done.returncode == 1, done
    assert "Permission denied" in done.stderr and \
        "in use" not in done.stderr, done.stderr


@pytest.mark.slow
def test_a_worker_that_hangs_before_its_first_wait_is_replaced(shop):
    """It is stopped at once, at a moment when it may not have started."""
    log = LogTail(shop)
    old = shop.workers()
    os.kill(old[0], signal.SIGKILL)
    new = poll("another worker", lambda: next(
        (p for p in shop.workers() if p not in old), None), interval=0)
    os.kill(new, signal.SIGSTOP)
    if not command_line(new).startswith("ordermuxd: worker"):
        poll("it is killed", lambda: [l for l in log.lines() if
             'how="does not start"' in l and f"pid={new}" in l])
    with contextlib.suppress(ProcessLookupError):
        os.kill(new, signal.SIGCONT)
    poll("all workers", lambda: len(shop.workers()) == len(old))


def test_the_state_of_one_market_can_be_asked(shop):
    for path in ("/ready/us", "/ready/us/"):
        a = shop.request("GET", path, base="")
        assert a.status == 200, a
        assert json.loads(a.body) == {
            "markets": {"us": "up"}, "courier": "up", "status": "ready"}
    for path in ("/ready/fr", "/ready/US", "/ready/us/x"):
        assert shop.request("GET", path, base="").status == 404


@pytest.mark.parametrize("path", ["/health/", "/ready/", "/api/v1/health/",
                                  "/api/v1/ready/"])
def test_a_slash_behind_a_probe_is_served(shop, path):
    assert shop.request("GET", path, base="").status == 200
    assert shop.request("HEAD", path, base="").status == 200


@contextlib.contextmanager
def incomplete(shop, take, give, names):
    """Of us something is taken that the service needs: the market is down, the
    log says what is missing, and the other market is as before."""
    log = LogTail(shop)
    shop.sql("us", take)
    try:
        poll("down", lambda: shop.request(
            "GET", "/ready/us", base="").status == 503)
        a = shop.request("GET", "/ready")
        assert a.status == 200 and a.json["status"] == "degraded", a
        assert a.json["markets"] == {"kg": "up", "us": "down"}, a
        line = next(l for l in log.lines() if "ordermuxctl grants" in l)
        assert names in line and "market=us" in line, line
        yield
    finally:
        shop.sql("us", give)
    poll("up", lambda: shop.request("GET", "/ready/us",
                                    base="").status == 200)
    assert any("are as the service needs them" in l for l in log.lines())


def test_a_right_that_is_missing_makes_a_market_down(shop):
    account = shop.value("us", "SELECT CONCAT('`', user, '`@`', host, '`') "
                         "FROM mysql.user WHERE user = 'ordermux_us'")
    right = "INSERT ON ordermux_us.stock_movements"
    with incomplete(shop, f"REVOKE {right} FROM {account}",
                    f"GRANT {right} TO {account}", "stock_movements"):
        pass


def test_a_column_that_is_missing_makes_a_market_down(shop):
    """What does not need it is answered."""
    us = shop.buyer("us")
    with incomplete(shop, "ALTER TABLE stock_movements RENAME COLUMN "
                    "changed_by TO by_whom",
                    "ALTER TABLE stock_movements RENAME COLUMN by_whom "
                    "TO changed_by", "changed_by"):
        assert us.get("/orders").status == 200


class Journal:
    """A pipe in the place of the log. It can stand still."""

    def __init__(self, directory):
        self.path, self.text = directory / "journal", b""
        os.mkfifo(self.path)
        self.fd = os.open(self.path, os.O_RDWR | os.O_NONBLOCK)
        fcntl.fcntl(self.fd, fcntl.F_SETPIPE_SZ, 4096)
        self.reading, self.done = threading.Event(), threading.Event()
        self.reading.set()
        self.thread = threading.Thread(target=self._read)
        self.starter = directory / "starter"
        self.starter.write_text(f'#!/bin/sh\nexec "$@" 2>{self.path}\n')
        self.starter.chmod(0o755)

    def _read(self):
        while not self.done.wait(0.01):
            with contextlib.suppress(BlockingIOError):
                while self.reading.is_set():
                    self.text += os.read(self.fd, 65536)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()
        os.close(self.fd)


def test_a_journal_that_stands_still_costs_lines_and_no_order(shop, tmp_path):
    sku, n = shop.sku("us", stock=1000), 40
    try:
        with Journal(tmp_path) as journal, shop.wrapped(journal.starter):
            shop.restart()
            buyers = [shop.buyer("us") for _ in range(n)]
            for b in buyers:
                assert b.get("/orders").status == 200
            poll("its first line", lambda: b"msg=\"ready\"" in journal.text)
            journal.reading.clear()
            answers = at_once([lambda b=b: b.order(sku) for b in buyers], n)
            assert {a.status for a in answers} == {200}, answers
            answers = at_once([lambda b=b: b.order(sku) for b in buyers], n)
            assert {a.status for a in answers} == {200}, answers
            assert shop.stock(sku) == 1000 - 2 * n
            journal.reading.set()
            poll("it is told", lambda: buyers[0].get("/orders/0") and
                 re.search(rb'log lines dropped.* lines=[1-9]', journal.text))
            a = buyers[0].order(sku)
            poll("a line", lambda: a.json["order_number"].encode()
                 in journal.text)
    finally:
        shop.restart()
