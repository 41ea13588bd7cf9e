"""What breaks things, by pid, and only what belongs to the shop."""
import contextlib
import os
import pathlib
import random
import signal
import threading

from harness import Sql, at_once, poll

WORKERS = 8             # of the shop that is broken


def workers(shop):
    """As Shop.workers(), but quick enough for five times a second."""
    found = []
    tasks = pathlib.Path(f"/proc/{shop.master}/task/{shop.master}/children")
    for pid in tasks.read_text().split():
        with contextlib.suppress(OSError):
            comm = pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
            if comm == "ordermuxd":
                found.append(int(pid))
    return found


class Repeatedly:
    """Does something every so many seconds until the with block ends."""

    def __init__(self, interval, work):
        self.interval, self.work = interval, work
        self.times = 0
        self.failure = None
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        try:
            while not self.done.wait(self.interval):
                self.times += bool(self.work())
        except BaseException as e:      # raised again at the end
            self.failure = e

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        self.done.set()
        self.thread.join()
        if kind is None and self.failure:
            raise self.failure


def kill_a_worker(shop):
    """SIGKILL to one of them; whether there was one."""
    pids = workers(shop)
    if not pids:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(random.choice(pids), signal.SIGKILL)
    return True


def kill_database(shop, market):
    pid = shop.database_pid(market)
    os.kill(pid, signal.SIGKILL)
    poll(f"the end of the database of {market}", lambda: ended(pid))


def ended(pid):
    """Gone, or dead and only not yet waited for."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
    return stat.rpartition(")")[2].split()[0] == "Z"


def shut_down_database(shop, market):
    """As an administrator does, who waits until it has ended."""
    pid = shop.database_pid(market)
    os.kill(pid, signal.SIGTERM)
    poll(f"the end of the database of {market}", lambda: ended(pid))


@contextlib.contextmanager
def stopped(*pids):
    """They stand still, as under SIGSTOP, or behind a disk that hangs."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def all_connected(shop, market):
    """Waits until each worker, and the courier, has its connection: which
    worker answers is chance, so that one may have had nothing to do."""
    buyer = shop.buyer(market)

    def ask():
        at_once([lambda: buyer.get("/orders")] * 64, 32)
        return shop.count(market, "information_schema.processlist",
                          f"user = 'ordermux_{market}'") > WORKERS

    poll(f"all are connected to {market}", ask)


def kill_connections(shop, market):
    """Ends the service's connections, as an administrator's KILL does."""
    ids = shop.sql(market, "SELECT id FROM information_schema.processlist "
                   f"WHERE user = 'ordermux_{market}'")
    for i, in ids:
        with contextlib.suppress(AssertionError):       # it has just ended
            shop.sql(market, f"KILL {i}")
    return len(ids)


@contextlib.contextmanager
def slow_rows(shop, market, table, seconds, event="INSERT"):
    """Each row that is written takes so long. It waits for no lock."""
    shop.sql(market, f"CREATE TRIGGER slowly BEFORE {event} ON {table} "
             f"FOR EACH ROW SET @slept = SLEEP({seconds})")
    try:
        yield
    finally:
        shop.sql(market, "DROP TRIGGER slowly")


def wait_for_slow_rows(shop, market, n):
    """Until so many rows are being written."""
    poll(f"{n} rows are being written", lambda: shop.count(
        market, "information_schema.processlist",
        "state = 'User sleep'") >= n)


class Locked:
    """Somebody else holds rows, of the kind (market, table, id): who changes
    them waits in the database."""

    def __init__(self, shop, *rows):
        self.shop, self.rows = shop, rows

    def __enter__(self):
        self.clients = []
        try:
            for row in self.rows:
                self._take(*row)
        except BaseException:
            self.__exit__()
            raise
        return self

    def _take(self, market, table, row):
        client = Sql(self.shop.socket(market), self.shop.database(market))
        self.clients.append(client)
        client("BEGIN")
        found = client(f"SELECT id FROM {table} WHERE id = {row} FOR UPDATE")
        assert found, f"{market} has no row {row} in {table}"

    def __exit__(self, *_):
        for client in self.clients:
            client.close()

    def wait_for(self, market, n):
        """Until n wait for a lock."""
        self.shop.wait_for_transactions(
            market, lambda waiting: waiting == n, "trx_state = 'LOCK WAIT'")

    def wait_for_some(self, market, n, running):
        """Until n wait for a lock, or one of those has waited in vain."""
        poll(f"{n} wait for a lock in {market}", lambda: any(
            not r.thread.is_alive() for r in running) or self.shop.count(
                market, "information_schema.innodb_trx",
                "trx_state = 'LOCK WAIT'") == n, interval=0.11)


def stock_of(*skus):
    """Their rows, for Locked."""
    return [(s.market, "skus", s.id) for s in skus]


class Later:
    """Something in a thread; what it returns, when it does."""

    def __init__(self, work):
        self.answer = self.failure = None
        self.thread = threading.Thread(target=self._run, args=(work,))
        self.thread.start()

    def _run(self, work):
        try:
            self.answer = work()
        except BaseException as e:      # raised again by wait()
            self.failure = e

    def wait(self):
        self.thread.join()
        if self.failure:
            raise self.failure
        return self.answer
