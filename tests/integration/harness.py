"""What every integration test uses: a running shop, and ways to look at it.

A test talks to real nginx, the real daemon and real MariaDB servers. The
truth about what happened is read from the databases, not from the answers.
Each test brings its own users and SKUs, so that no test needs another one or
the demo data.
"""
import base64
import collections
import contextlib
import dataclasses
import decimal
import hashlib
import hmac
import http.client
import itertools
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.parse

import jwt
import pytest

TREE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("ORDERMUX_BUILD") or TREE / "build")
MARKETS = ("kg", "us")
BASE = "/api/v1"
# How much longer than usual things may take: valgrind is slow.
SLOW = int(os.environ.get("ORDERMUX_TEST_SLOW") or 1)
TIMEOUT = 30 * SLOW         # of one request; nothing may wait for ever

ENVELOPE = {"success", "error", "message", "detail", "status_code",
            "request_id"}
# What no client may ever read: SQL, tables, columns, drivers, file names.
LEAKS = re.compile(
    r"\b(select\s.*\sfrom|insert\s+into|delete\s+from|update\s+\w+\s+set|"
    r"sql|mysql|mariadb|innodb|errno|sqlstate|prepared|"
    r"cart_items|order_items|order_status_history|stock_movements|skus|"
    r"market_identity|request_hash|tokens_valid_from|\w+_minor|"
    r"login_codes|login_limits|code_hash|outbox|"
    r"ordermux_\w+|traceback|libfcgi|json-c|json_c|jansson|libjwt)\b"
    r"|\.c:\d+|\.conf\b|/etc/|/run/|/tmp/|\.sock\b", re.I | re.S)

# What a request has written of tables where the courier, in its own time,
# notes what it has delivered and takes away what is of no more use.
WRITTEN = {
    "outbox": "id, message_id, kind, expires_at, created_at FROM outbox",
    "login_limits": "* FROM login_limits WHERE scope <> 'phone'",
}


def poll(what, probe, seconds=15, interval=0.05):
    """Waits until probe() is true and returns its value; else fails."""
    end = time.monotonic() + seconds * SLOW
    while True:
        value = probe()
        if value:
            return value
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(interval)


def skip(reason):
    """Leaves a test out that cannot be made here. ORDERMUX_TEST_STRICT=1 is
    for where none may be left out: it fails then."""
    if os.environ.get("ORDERMUX_TEST_STRICT") == "1":
        pytest.fail(f"left out, and none may be: {reason}", pytrace=False)
    pytest.skip(reason)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def sanitizer_reports(directory):
    """What an ASan or UBSan build has said against the daemon."""
    log = pathlib.Path(directory) / "log" / "ordermuxd.log"
    lines = log.read_text(errors="replace").splitlines() if log.exists() \
        else []
    said = re.compile(r"ERROR: \w+Sanitizer|runtime error:|^SUMMARY: ")
    return [line for line in lines if said.search(line)]


# --------------------------------------------------------------- tokens

def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def raw_token(key, payload, header=None, digest=hashlib.sha256):
    """A token made by hand, for everything that a library refuses to make.

    payload and header are bytes, or anything that JSON can say. The
    signature is right for the key and the digest, whatever the header claims.
    """
    header = {"alg": "HS256", "typ": "JWT"} if header is None else header
    parts = [b64(p if isinstance(p, bytes) else json.dumps(p).encode())
             for p in (header, payload)]
    signed = ".".join(parts).encode()
    return ".".join(parts + [b64(hmac.new(key, signed, digest).digest())])


# -------------------------------------------------------------- answers

@dataclasses.dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def __repr__(self):
        return f"<{self.status} {self.body[:600]!r}>"

    @property
    def json(self):
        # Money must stay what was printed: no float comes into being here.
        return json.loads(self.body.decode("utf-8"),
                          parse_float=decimal.Decimal)

    @property
    def request_id(self):
        return self.headers["X-Request-Id"]

    @property
    def retry_after(self):
        return int(self.headers["Retry-After"])


def check_error(a):
    """Every error, whoever makes it, has the one envelope and no leak."""
    assert a.request_id, f"no X-Request-Id: {a}"
    assert not LEAKS.search(a.body.decode("utf-8")), f"leak: {a}"
    if a.status == 401:
        assert a.headers["WWW-Authenticate"].split()[0] == "Bearer", a
    if a.status in (429, 503):
        assert a.retry_after >= 1, a
    if a.status == 405:
        assert a.headers["Allow"], a
    if a.headers.get_content_type() == "application/problem+json":
        return
    assert a.headers.get_content_type() == "application/json", a
    e = a.json
    assert set(e) - {"shortages"} == ENVELOPE, a
    assert e["success"] is False and e["status_code"] == a.status, a
    assert re.fullmatch(r"[a-z][a-z0-9_]*", e["error"]), a
    assert e["request_id"] == a.request_id, a
    assert isinstance(e["message"], str) and e["message"], a
    if isinstance(e["detail"], list):
        assert a.status == 422, a
        for fault in e["detail"]:
            assert set(fault) == {"loc", "msg", "type"}, a
            assert fault["msg"] and fault["type"], a
        assert e["message"] == e["detail"][0]["msg"], a
    else:
        assert e["detail"] == e["message"], a


def locs(answer):
    return [fault["loc"] for fault in answer.json["detail"]]


# ------------------------------------------------------------ databases

class Sql:
    """One mariadb client kept running: a query costs no process.

    Rows come back as tuples of str; NULL is None.
    """
    UNESCAPE = {"\\n": "\n", "\\t": "\t", "\\\\": "\\", "\\0": "\0"}

    def __init__(self, sock, database, user="root"):
        self.argv = ["mariadb", "--no-defaults", "--socket", sock, "--user",
                     user, "--batch", "--unbuffered", "--skip-column-names",
                     "--default-character-set=utf8mb4", database]
        self.lock = threading.Lock()
        self.client = None
        self.marks = itertools.count(1)

    def close(self):
        if self.client:
            self.client.stdin.close()
            self.client.stdout.close()
            self.client.kill()
            self.client.wait()
            self.client = None

    def __call__(self, query):
        return [tuple(self._field(f) for f in line.decode(
            "utf-8", "surrogateescape").split("\t"))
            for line in self.lines(query)]

    def lines(self, query):
        """The rows as the client prints them: quicker, for comparing."""
        with self.lock:
            try:
                return self._ask(query)
            except Exception:
                self.close()
                raise

    def _ask(self, query):
        if self.client is None:
            self.client = subprocess.Popen(
                self.argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT)
        mark = f"-- end of answer {next(self.marks)} --"
        self.client.stdin.write(f"{query}\n;SELECT '{mark}';\n".encode())
        self.client.stdin.flush()
        mark = mark.encode() + b"\n"
        rows = []
        for line in self.client.stdout:
            if line == mark:
                return rows
            rows.append(line.removesuffix(b"\n"))
        raise AssertionError(f"{query}: {b' '.join(rows).decode()}")

    @classmethod
    def _field(cls, text):
        if text == "NULL":
            return None
        return re.sub(r"\\[nt\\0]", lambda m: cls.UNESCAPE[m[0]], text)


def changed(before, after):
    """The rows of a table that are gone, and those that are new."""
    return [f"{sign} {row.decode('utf-8', 'replace')}"
            for sign, one, other in (("-", before, after),
                                     ("+", after, before))
            for row in one if row not in set(other)]


def quote(value):
    """A value as an SQL literal."""
    if value is None:
        return "NULL"
    if isinstance(value, (bool, int)):
        return str(int(value))
    return "'" + str(value).replace("\\", "\\\\").replace("'", "''") + "'"


# ------------------------------------------------------------ the shop

@dataclasses.dataclass(frozen=True)
class Sku:
    id: int
    market: str
    title: str
    code: str
    size: str
    color: str
    price: int              # minor units


@dataclasses.dataclass(frozen=True)
class Buyer:
    shop: "Shop"
    market: str
    id: int
    token: str

    def request(self, method, path, body=None, headers=None):
        return self.shop.request(method, path, body, self.token, headers)

    def get(self, path, headers=None):
        return self.request("GET", path, None, headers)

    def post(self, body, path="/orders/create", headers=None):
        return self.request("POST", path, body, headers)

    def order(self, *lines, headers=None, **fields):
        return self.post(order(self.market, *lines, **fields), headers=headers)

    def ordered(self, *lines, headers=None, **fields):
        """The order that must come of it."""
        a = self.order(*lines, headers=headers, **fields)
        assert a.status == 200, a
        return a.json

    def list(self, query=""):
        a = self.get("/orders" + query)
        assert a.status == 200, a
        return a.json

    def orders(self):
        """How many orders of this buyer the database has."""
        return self.shop.count(self.market, "orders", f"user_id={self.id}")


notes = itertools.count(1)


def order(market, /, *lines, **fields):
    """A good body; each differs in its notes, so that no two are duplicates.

    A line is a Sku (one piece of it) or (Sku or id, quantity). A field of
    ... (Ellipsis) is left out.
    """
    lines = [l if isinstance(l, tuple) else (l, 1) for l in lines]
    body = {
        "customer_name": "Ann Example",
        "customer_phone": {"kg": "+996505231255"}.get(market, "+13125550123"),
        "delivery_address": "5 Main Street",
        "delivery_notes": f"order {next(notes)}",
        "payment_method": "card",
        "items": [{"sku_id": getattr(s, "id", s), "quantity": q}
                  for s, q in lines],
        **fields,
    }
    return {k: v for k, v in body.items() if v is not ...}


class Shop:
    """One instance as scripts/stack runs it."""

    def __init__(self, directory):
        self.dir = directory
        self.clients = {}
        # The real sockets of markets whose "socket" is another for a while.
        self.sockets = {}
        # Ids are given by the tests and never used twice, in no market: a
        # user of one market is nobody in the others.
        self.ids = itertools.count(int(time.time() * 1000))
        self.read_env()

    @staticmethod
    def stack(*args, check=True):
        """scripts/stack, with its output in the failure when it fails."""
        done = subprocess.run([str(TREE / "scripts/stack"), *map(str, args)],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, text=True, timeout=180)
        assert not check or done.returncode == 0, \
            f"stack {args}: exit {done.returncode}\n{done.stdout}"
        return done.stdout

    @classmethod
    @contextlib.contextmanager
    def private(cls, *options):
        """One of its own, started with these options, and gone behind it;
        what the sanitizers have found in it is a failure."""
        # Not pytest's tmp_path: its long names do not fit a socket's address.
        directory = tempfile.mkdtemp(prefix="omx-")
        try:
            cls.stack("start", "--dir", directory, "--port", free_port(),
                      *options)
            with contextlib.closing(cls(directory)) as shop:
                yield shop
        finally:
            cls.stack("stop", "--dir", directory, check=False)
            found = sanitizer_reports(directory)
            shutil.rmtree(directory, ignore_errors=True)
        assert not found, "\n".join(found)

    @classmethod
    @contextlib.contextmanager
    def running_or_private(cls, running, *options):
        """That of the directory, which is left running; without one,
        private()."""
        with contextlib.closing(cls(running)) if running else \
                cls.private(*options) as shop:
            yield shop

    def read_env(self):
        lines = shlex.split(self.stack("env", "--dir", self.dir))
        self.env = dict(line.split("=", 1) for line in lines if "=" in line)
        url = urllib.parse.urlparse(self.env["ORDERMUX_URL"])
        assert url.hostname == "127.0.0.1", url
        self.host, self.port = url.hostname, url.port
        self.conf = pathlib.Path(self.env["ORDERMUX_CONF"])
        self.log = pathlib.Path(self.env["ORDERMUX_LOG"])
        self.master = int(self.env["ORDERMUX_MASTER_PID"] or 0)
        for market, path in self.sockets.items():
            self.env[f"ORDERMUX_DB_SOCKET_{market.upper()}"] = path
            pids = pathlib.Path(self.dir) / "pids" / f"mariadb-{market}"
            self.env[f"ORDERMUX_DB_PID_{market.upper()}"] = \
                pids.read_text().split()[0]
        key = pathlib.Path(self.env["ORDERMUX_JWT_KEY_FILE"])
        self.key = key.read_bytes()

    def close(self):
        for client in self.clients.values():
            client.close()

    def restart(self):
        self.stack("restart", "--dir", self.dir)
        self.read_env()

    @contextlib.contextmanager
    def configured(self, **options):
        """The daemon with other values in ordermux.conf, and back again."""
        before = text = self.conf.read_text()
        for name, value in options.items():
            text, n = re.subn(rf"(?m)^{name}\s*=.*$", f"{name} = {value}",
                              text)
            assert n == 1, f"{name} is {n} times in {self.conf}"
        self.conf.write_text(text)
        try:
            self.restart()
            yield self
        finally:
            self.conf.write_text(before)
            self.restart()

    def patient(self):
        """With a longer crowd_after: a burst may wait for longer than usual
        beside the burst of another process's shop. What it is for is tested
        in tests/fault, with its default."""
        return self.configured(crowd_after=f"{2 * SLOW}s")

    @contextlib.contextmanager
    def market_configured(self, market, section, **options):
        """As configured(), in one section of a market's file."""
        file = self.conf.parent / "markets.d" / f"{market}.conf"
        before = text = file.read_text()
        head, mark, rest = text.partition(f"\n[{section}]\n")
        assert mark, f"no [{section}] in {file}"
        body, mark2, tail = rest.partition("\n[")
        for name, value in options.items():
            body, n = re.subn(rf"(?m)^{name}\s*=.*$", f"{name} = {value}",
                              body)
            assert n == 1, f"{name} is {n} times in [{section}] of {file}"
        file.write_text(head + mark + body + mark2 + tail)
        try:
            self.restart()
            yield self
        finally:
            file.write_text(before)
            self.restart()

    @contextlib.contextmanager
    def nginx_configured(self, **options):
        """As configured(), nginx, in ordermux-location.conf."""
        file = pathlib.Path(self.dir) / "etc" / "nginx" / "snippets" / \
            "ordermux-location.conf"
        before = text = file.read_text()
        for name, value in options.items():
            text, n = re.subn(rf"(?m)^{name}\s.*;$", f"{name} {value};", text)
            assert n == 1, f"{name} is {n} times in {file}"
        file.write_text(text)
        try:
            self.reload_nginx()
            yield self
        finally:
            file.write_text(before)
            self.reload_nginx()

    def reload_nginx(self):
        """Until those who had the old configuration are gone."""
        old = set(self.nginx_workers())
        os.kill(self.nginx_master(), signal.SIGHUP)
        poll("nginx has its new configuration",
             lambda: (new := set(self.nginx_workers())) and not new & old, 30)

    def nginx_master(self):
        pids = pathlib.Path(self.dir) / "pids" / "nginx"
        return int(pids.read_text().split()[0])

    def nginx_workers(self):
        pid = self.nginx_master()
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
        return [int(child) for child in children.read_text().split()]

    @contextlib.contextmanager
    def proxied(self, market, make):
        """With a proxy between the daemon and a market's database. make() is
        given its socket's path and the server's. The shop's own queries go
        to the server as before."""
        real = self.socket(market)
        path = str(pathlib.Path(real).with_name(f"proxy-{market}.sock"))
        self.sockets[market] = real
        with make(path, real) as proxy:
            try:
                with self.market_configured(market, "database", socket=path):
                    try:
                        yield proxy
                    finally:
                        proxy.heal()    # requests on their way can end
            finally:
                del self.sockets[market]
                self.read_env()

    def start(self):
        """Starts what has been killed; what runs is left alone."""
        for client in self.clients.values():
            client.close()
        self.stack("start", "--dir", self.dir)
        self.read_env()

    def serves(self, *markets, seconds=30):
        """Waits until every worker serves the markets (or all) again.

        A worker leaves a database alone for a second after a failure, and
        which worker answers is chance: so it must go well for longer.
        """
        buyers = [self.buyer(m) for m in markets or MARKETS]
        since = time.monotonic()
        end = since + seconds
        while time.monotonic() - since < 1.2:
            answers = at_once([lambda b=b: b.get("/orders")
                               for b in buyers * 16], 16)
            if any(a.status != 200 for a in answers):
                since = time.monotonic()
            assert since < end, f"not all serve: {answers}"

    def ctl(self, *args):
        return subprocess.run([str(BUILD / "ordermuxctl"), "-c",
                               str(self.conf), *args], text=True, timeout=60,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, cwd=TREE)

    def workers(self):
        """Pids of the master's living children that answer requests."""
        return [pid for pid, name in self.children()
                if name != "ordermuxcourier"]

    def courier(self):
        """The pid of the child that delivers messages; None while it is
        away."""
        return next((pid for pid, name in self.children()
                     if name == "ordermuxcourier"), None)

    def children(self):
        """Pid and name of each of the master's living children."""
        found = []
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                head, _, rest = stat.read_text().rpartition(")")
                fields = rest.split()
                if int(fields[1]) == self.master and fields[0] != "Z":
                    found.append((int(stat.parent.name),
                                  head.partition("(")[2]))
        return sorted(found)

    @property
    def sanitized(self):
        """Built with ASan, or run by valgrind: sizes and speeds then say
        nothing."""
        return "ORDERMUX_WRAPPER" in os.environ or \
            b"libasan" in (BUILD / "ordermuxd").read_bytes()

    # ---- databases

    def wait_for_transactions(self, market, enough, where="1", seconds=5):
        """Until enough() says so of the number of transactions that are open
        there. Not asked too often: the server makes this table anew only when
        nobody asks for 0.1 s."""
        poll(f"transactions in {market} where {where}",
             lambda: enough(self.count(
                 market, "information_schema.innodb_trx", where)),
             seconds, 0.2)

    def all_settled(self, market):
        """Waits until no transaction is open: a worker that is still ending
        what it has read would hang with its database."""
        self.wait_for_transactions(market, lambda n: n == 0, seconds=10)

    def socket(self, market):
        return self.env[f"ORDERMUX_DB_SOCKET_{market.upper()}"]

    def database(self, market):
        return self.env[f"ORDERMUX_DB_NAME_{market.upper()}"]

    def database_pid(self, market):
        return int(self.env[f"ORDERMUX_DB_PID_{market.upper()}"])

    def sql(self, market, query):
        if market not in self.clients:
            self.clients[market] = Sql(self.socket(market),
                                       self.database(market))
        return self.clients[market](query)

    def value(self, market, query):
        return self.sql(market, query)[0][0]

    def count(self, market, table, where="1"):
        return int(self.value(market,
                              f"SELECT COUNT(*) FROM {table} WHERE {where}"))

    def insert(self, market, table, **columns):
        """A row by hand, with the named columns only."""
        self.sql(market, "INSERT INTO {} ({}) VALUES ({})".format(
            table, ", ".join(columns), ", ".join(map(quote,
                                                     columns.values()))))

    def dump(self, market):
        """Every row of every table, in the order of the primary keys."""
        tables = self.sql(market, "SELECT table_name, GROUP_CONCAT(column_name"
                          " ORDER BY seq_in_index) FROM "
                          "information_schema.statistics WHERE index_name = "
                          "'PRIMARY' AND table_schema = DATABASE() "
                          "GROUP BY table_name ORDER BY 1")
        return {f"{market}.{table}": self.clients[market].lines(
            f"SELECT {WRITTEN.get(table, f'* FROM {table}')} ORDER BY {key}")
            for table, key in tables}

    def dumps(self):
        return {k: v for market in MARKETS
                for k, v in self.dump(market).items()}

    @contextlib.contextmanager
    def unchanged(self, *markets):
        """Nothing in the markets' (or all) databases may be changed."""
        markets = markets or MARKETS
        before = [self.dump(market) for market in markets]
        yield
        after = [self.dump(market) for market in markets]
        changes = [f"{table}: {line}" for b, a in zip(before, after)
                   if a != b for table in a.keys() | b.keys()
                   for line in changed(b.get(table, []), a.get(table, []))]
        assert not changes, "the databases changed:\n" + "\n".join(changes)

    # ---- people and goods

    def user(self, market, user_id=None, **columns):
        user_id = user_id or next(self.ids)
        columns.setdefault("phone_number", f"+1{user_id}")
        columns.setdefault("full_name", "Ann Example")
        self.insert(market, "users", id=user_id, **columns)
        return user_id

    def buyer(self, market, user_id=None, **columns):
        return self.as_user(market, self.user(market, user_id, **columns))

    def as_user(self, market, user_id):
        return Buyer(self, market, user_id, self.token(user_id, market))

    def phone(self, market):
        """A number of the market that nobody has."""
        n = next(self.ids)
        return f"+996{n % 10**9:09d}" if market == "kg" else \
            f"+1{n % 10**10:010d}"

    def sku(self, market, price=2499, stock=1000, size="M", color="Black",
            title=None, active=True, product_active=True):
        number = next(self.ids)
        title = title or f"Shirt {number}"
        self.insert(market, "products", id=number, title=title,
                    is_active=product_active)
        self.insert(market, "skus", id=number, product_id=number,
                    sku_code=f"SKU-{number}", size=size, color=color,
                    price_minor=price, stock=stock, is_active=active)
        return Sku(number, market, title, f"SKU-{number}", size, color, price)

    def stock(self, sku):
        return int(self.value(sku.market,
                              f"SELECT stock FROM skus WHERE id={sku.id}"))

    def set_stock(self, sku, stock):
        self.sql(sku.market,
                 f"UPDATE skus SET stock={stock} WHERE id={sku.id}")

    def put_in_cart(self, buyer, *lines):
        for sku, quantity in lines:
            self.insert(buyer.market, "cart_items", user_id=buyer.id,
                        sku_id=sku.id, quantity=quantity)

    def cart(self, buyer):
        rows = self.sql(buyer.market, "SELECT sku_id, quantity FROM "
                        f"cart_items WHERE user_id={buyer.id} ORDER BY 1")
        return [(int(sku), int(quantity)) for sku, quantity in rows]

    def order_row(self, market, user_id, order_id=None, lines=1, **columns):
        """An order inserted by hand, with lines; returns its id."""
        order_id = order_id or self.unused_order_id()
        self.insert(market, "orders", **{
            "id": order_id, "order_number": f"MQ-20251102-H{order_id}",
            "user_id": user_id, "customer_name": "Ann Example",
            "customer_phone": "+13125550123",
            "delivery_address": "5 Main Street", "payment_method": "card",
            "subtotal_minor": 1000 * lines, "tax_minor": 0,
            "shipping_minor": 0, "total_minor": 1000 * lines,
            "currency": {"kg": "KGS"}.get(market, "USD"), **columns})
        for n in range(1, lines + 1):
            self.insert(market, "order_items", order_id=order_id, line_no=n,
                        sku_id=n, product_name="Shirt", sku_code=f"S-{n}",
                        size="M", color="Black", unit_price_minor=1000,
                        quantity=1, total_minor=1000)
        return order_id

    def drop_order(self, market, order_id):
        """Takes away an order without lines: what a whole database must be
        like is looked at elsewhere."""
        for table, column in (("order_status_history", "order_id"),
                              ("orders", "id")):
            self.sql(market, f"DELETE FROM {table} WHERE {column}={order_id}")

    def unused_order_id(self):
        """Of no order in any market, nor of one that is created next."""
        return 1000 + max(int(self.value(m, "SELECT COALESCE(MAX(id), 0) "
                                         "FROM orders")) for m in MARKETS)

    # ---- requests

    def token(self, sub, market=None, expires_in=600, **claims):
        payload = {"sub": str(sub), "exp": int(time.time()) + expires_in,
                   **claims}
        if market is not None:
            payload["market"] = market
        return jwt.encode(payload, self.key, algorithm="HS256")

    def request(self, method, path, body=None, token=None, headers=None,
                base=BASE, source=None):
        """One request by way of nginx.

        A body of bytes goes as it is; one of str has its Content-Type set to
        JSON too; all else is encoded. A header of None is not sent. The
        source is the client's address, 127.0.0.1 where none is given.
        """
        sent = {}
        if body is not None:
            if not isinstance(body, bytes):
                sent["Content-Type"] = "application/json"
            if not isinstance(body, (bytes, str)):
                body = json.dumps(body)
            if isinstance(body, str):
                body = body.encode("utf-8")
        if token is not None:
            sent["Authorization"] = "Bearer " + token
        sent.update(headers or {})
        sent = {k: v for k, v in sent.items() if v is not None}
        c = http.client.HTTPConnection(
            self.host, self.port, timeout=TIMEOUT,
            source_address=(source, 0) if source else None)
        try:
            c.request(method, base + path, body, sent)
            r = c.getresponse()
            a = Answer(r.status, r.headers, r.read())
        finally:
            c.close()
        # /ready answers 503 with what it has to say: that is no error of it.
        if a.status >= 400 and method != "HEAD" and path != "/ready":
            check_error(a)
        return a

    def raw(self, data):
        """Bytes to nginx, and its answer: what http.client will not send."""
        with socket.create_connection((self.host, self.port), TIMEOUT) as s:
            s.sendall(data)
            r = http.client.HTTPResponse(s)
            r.begin()
            a = Answer(r.status, r.headers, r.read())
        if a.status >= 400:
            check_error(a)
        return a

    # ---- login

    def messages(self, phone):
        """The texts that were delivered to a number, oldest first.

        What came twice under one id is one message.
        """
        found = {}
        with open(self.env["ORDERMUX_SMS_FILE"], encoding="utf-8") as f:
            for line in f:
                if phone in line and line.endswith("\n"):
                    m = json.loads(line)
                    if m["to"] == phone:
                        found.setdefault(m["id"], m["text"])
        return list(found.values())

    def code(self, phone, nth=1):
        """The code in the nth message to a number, once it is there."""
        text, = poll(f"message {nth} to {phone}",
                     lambda: self.messages(phone)[nth - 1:nth])
        code, = re.findall(r"(?<!\d)\d{6}(?!\d)", text)
        return code

    def send_code(self, phone):
        """Has a code sent, and returns it."""
        nth = len(self.messages(phone)) + 1
        a = self.request("POST", "/auth/send-code", {"phone": phone})
        assert a.status == 200, a
        return self.code(phone, nth)

    def verify(self, phone, code):
        return self.request("POST", "/auth/verify-code",
                            {"phone": phone, "verification_code": code})

    def login(self, phone):
        """Who has this number, with a token as a login gives it."""
        a = self.verify(phone, self.send_code(phone))
        assert a.status == 200, a
        return Buyer(self, a.json["market"], int(a.json["user"]["id"]),
                     a.json["access_token"])


# -------------------------------------------------------- many at once

def at_once(jobs, width=None):
    """Runs the callables in threads, started together; their results in order.

    An exception in one of them is raised here.
    """
    jobs = list(jobs)
    width = min(width or len(jobs), len(jobs))
    results = [None] * len(jobs)
    failures = []
    todo = iter(range(len(jobs)))
    lock = threading.Lock()
    barrier = threading.Barrier(width)

    def work():
        barrier.wait()
        while not failures:
            with lock:
                i = next(todo, None)
            if i is None:
                return
            try:
                results[i] = jobs[i]()
            except BaseException as e:      # raised again below
                failures.append(e)

    threads = [threading.Thread(target=work) for _ in range(width)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if failures:
        raise failures[0]
    return results


class Load:
    """Threads that repeat a job each until the with block ends."""

    def __init__(self, jobs):
        self.jobs = jobs
        self.results = []
        self.failures = []
        self.done = threading.Event()

    def __enter__(self):
        self.threads = [threading.Thread(target=self._run, args=(job,))
                        for job in self.jobs]
        for t in self.threads:
            t.start()
        return self

    def _run(self, job):
        while not self.done.is_set():
            try:
                self.results.append(job())
            except BaseException as e:      # raised again at the end
                self.failures.append(e)
                return

    def __exit__(self, kind, *_):
        self.done.set()
        for t in self.threads:
            t.join()
        if kind is None and self.failures:
            raise self.failures[0]

    def wait_for(self, n):
        """Until n more results have come."""
        n += len(self.results)
        poll(f"{n} results under load",
             lambda: self.failures or len(self.results) >= n, 30, 0.01)


def tally(answers):
    """How many answers of each status."""
    return dict(collections.Counter(a.status for a in answers))


def answered(answers):
    """The numbers of the orders that clients were told of."""
    return [a.json["order_number"] for a in answers if a.status == 200]


def saved(shop, buyers):
    """The numbers of the orders that are in the buyers' database."""
    ids = ",".join(str(b.id) for b in buyers)
    return {n for n, in shop.sql(buyers[0].market,
                                 "SELECT order_number FROM orders "
                                 f"WHERE user_id IN ({ids})")}


class LogTail:
    """What the daemon says from now on."""

    def __init__(self, shop):
        self.file = shop.log
        self.start = shop.log.stat().st_size

    def lines(self):
        with self.file.open("rb") as f:
            f.seek(self.start)
            return f.read().decode("utf-8").splitlines()

    def about(self, answer):
        return [l for l in self.lines() if answer.request_id in l]


def states(ready):
    """What /ready says of each market, in whichever of two usual shapes."""
    found = ready.json["markets"]
    if isinstance(found, list):
        found = {x["market"]: x for x in found}
    return {name: s if isinstance(s, str) else s.get("state", s.get("status"))
            for name, s in found.items()}


def reconcile(shop, *markets):
    """The books of these markets (or all) are right; what was said of them."""
    done = shop.ctl("reconcile", *markets)
    assert done.returncode == 0, f"exit {done.returncode}\n{done.stdout}"
    for market in markets or MARKETS:
        assert f"\n{market}: clean: " in "\n" + done.stdout, done.stdout
    return done.stdout


# --------------------------------------------------------------- money

def tax_added(subtotal, percent):
    """Half up, once on the whole subtotal; minor units."""
    return (subtotal * percent * 2 + 100) // 200


def tax_included(subtotal, percent):
    return (subtotal * percent * 2 + 100 + percent) // (2 * (100 + percent))


def money(minor, digits=2):
    return decimal.Decimal(minor).scaleb(-digits)


def check_money(value, minor, digits=2):
    """Exactly the amount, and never with digits that the currency has not."""
    assert value == money(minor, digits), (value, minor)
    if isinstance(value, decimal.Decimal):
        assert -value.as_tuple().exponent <= digits, value


def check_sums(o, digits=2):
    """Every total of an order is the sum of its parts."""
    for line in o["items"]:
        assert line["total_price"] == line["unit_price"] * line["quantity"], o
    assert o["subtotal"] == sum(l["total_price"] for l in o["items"]), o
    added = 0 if o["tax_included"] else o["tax_amount"]
    assert o["total_amount"] == o["subtotal"] + o["shipping_cost"] + added, o
    for name in ("subtotal", "shipping_cost", "tax_amount", "total_amount"):
        check_money(o[name], int(o[name].scaleb(digits)
                                 if isinstance(o[name], decimal.Decimal)
                                 else o[name] * 10 ** digits), digits)
