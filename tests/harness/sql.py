"""The truth: what the databases have."""
import contextlib
import itertools
import re
import subprocess
import threading

from .common import LIMIT, MARKETS, poll

# What a request has written of tables where the courier, in its own time,
# notes what it has delivered and takes away what is of no more use.
WRITTEN = {
    "outbox": "id, message_id, kind, expires_at, created_at FROM outbox",
    "login_limits": "* FROM login_limits WHERE scope <> 'phone'",
}


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
        with self.lock, self._an_end():
            try:
                return self._ask(query)
            except Exception:
                self.close()
                raise

    @contextlib.contextmanager
    def _an_end(self):
        """Also with a server that hangs."""
        timer = threading.Timer(2 * LIMIT, lambda: self.client and
                                self.client.kill())
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

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


class Databases:
    """A part of Shop: needs the addresses in its env."""

    def __init__(self):
        self.clients = {}

    def close(self):
        """The connections; each is made again when it is needed."""
        for client in self.clients.values():
            client.close()

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

    # ---- nothing else may have changed

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

    # ---- who is in a transaction

    def wait_for_transactions(self, market, enough, where="1"):
        """Until enough() says so of the number of transactions that are open
        there. Not asked too often: the server makes this table anew only when
        nobody asks for 0.1 s."""
        poll(f"transactions in {market} where {where}",
             lambda: enough(self.count(
                 market, "information_schema.innodb_trx", where)),
             interval=0.12)

    def all_settled(self, market):
        """Waits until no transaction is open: a worker that is still ending
        what it has read would hang with its database."""
        self.wait_for_transactions(market, lambda n: n == 0)
