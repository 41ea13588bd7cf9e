"""The parts of bench/scale. Each is a function of a Stage, and returns a table
in Markdown."""
import contextlib
import dataclasses
import pathlib
import secrets

from instance import ini

from . import client, figures, growth, load, processes, scenarios, shop, users
from .figures import number
from .probe import Probe
from .report import table
from .started import listens, started

ROUND = 40                      # requests that a cost is the median of
PAGE = 20
FAR_PAGE = 5_000
SIZES = 10_000, 1_000_000, 10_000_000
MARKETS = 2, 10, 50
WORKERS = 4, 8, 16, 32, 64
LINES = 1, 3, 10, 30, 100
DISTANCES = 0, 500                       # microseconds, there and back
BIG_LIST = "list, of 100,000 orders"
BIG_FAR = f"the same, page {FAR_PAGE:,} by cursor"
RATED = scenarios.find(["create", "list"])
RATES = "create/s", "list/s", "rejected in warm-ups"
WARM_UP = 2                     # seconds


@dataclasses.dataclass
class Stage:
    ours: shop.Ours
    directory: pathlib.Path
    seconds: int                # of a run of wrk
    quick: bool
    say: object
    failures: list = dataclasses.field(default_factory=list)

    @property
    def shop(self):
        return self.ours.shop


# ---- what is asked

def asked(stage, path, n, user_id):
    """GET requests: path(n) of customer user_id(n), n times."""
    expires = 2**31
    return [("GET", path(i), users.token(stage.shop.key, user_id(i), "us",
                                         expires), None) for i in range(n)]


def creating(stage, n, user_id, lines=users.LINES):
    """Orders of so many lines."""
    def body(i):
        skus = [(users.FIRST + (i * 131 + k) % users.SKUS, 1)
                for k in range(lines)]
        return client.order("us", i, skus, f"order {secrets.token_hex(8)}")
    return [("POST", "/orders/create", users.token(
        stage.shop.key, user_id(i), "us", 2**31), body(i)) for i in range(n)]


# ---- the size of a market

def cursor(stage):
    """The place where BIG's far page begins."""
    us, order_id = stage.shop.sql("us", f"""
        SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', created_at), id
        FROM orders WHERE user_id = {growth.BIG}
        ORDER BY created_at DESC, id DESC
        LIMIT 1 OFFSET {(FAR_PAGE - 1) * PAGE - 1}""")[0]
    return f"{us}-{order_id}"


def cases(stage, grown, n):
    """{case: requests} of a market of this size. BIG's requests are always
    the same."""
    count = grown.customers
    # Customers and orders far apart.
    step = max(1, count // n)
    ids = [(int(i), int(user)) for i, user in stage.shop.sql("us", f"""
        SELECT MAX(id), user_id FROM orders WHERE user_id IN ({','.join(
            str(growth.FIRST_USER + i * step) for i in range(n))})
        GROUP BY user_id""")]
    page = f"/orders?limit={PAGE}"

    def of_big(path):
        return asked(stage, lambda i: path, n, lambda i: growth.BIG)
    return {
        "list": asked(stage, lambda i: page, n,
                      lambda i: growth.FIRST_USER + i * step),
        BIG_LIST: of_big(page),
        BIG_FAR: of_big(f"{page}&cursor={cursor(stage)}"),
        "detail": asked(stage, lambda i: f"/orders/{ids[i][0]}", len(ids),
                        lambda i: ids[i][1]),
        "create": creating(stage, n,
                           lambda i: growth.FIRST_USER + i * step)}


def size(stage):
    """10 thousand to 10 million orders in a market."""
    grown = growth.Growth(stage.shop, stage.say)
    probe = Probe(stage.ours)
    rows = []
    for total in SIZES[:2] if stage.quick else SIZES:
        grown.grow(total)
        for name, requests in cases(stage, grown, ROUND).items():
            stage.say(f"{total:,} orders: {name}")
            probe.restart_database()
            # BIG's page is cold only once.
            first = requests[:1] if name in (BIG_LIST, BIG_FAR) else requests
            cold = probe.cost(first)
            for _ in range(2):
                # The same order again within a minute would be no order.
                warm = probe.cost(requests if name != "create" else creating(
                    stage, ROUND, lambda i: growth.FIRST_USER + i))
            rows.append([f"{total:,}: {name}", f"{cold.ms:.2f}",
                         f"{cold.pages:.1f}", f"{warm.ms:.2f}",
                         f"{warm.rows:.1f}"])
    return table(["orders of the market: request", "cold ms", "pages read",
                  "warm ms", "rows read"], rows)


# ---- how many markets

def add_market(stage, name, n):
    """A market with the rules of us, on the same server."""
    this = stage.shop
    password = this.conf.parent / f"{name}.password"
    password.touch(mode=0o600)
    password.write_text(secrets.token_hex(16))
    text = ini.change(this.market_file("us").read_text(), {
        "prefix": f"+7{n:03d}", "pattern": rf"^\+7{n:03d}[0-9]{{7}}$",
        "format": "+XXXX XXXXXXX"}, "phone")
    text = ini.change(text, {
        "name": f"ordermux_{name}", "user": f"ordermux_{name}",
        "password_file": password.name}, "database")
    this.market_file(name).write_text(text)


def customers(stage, market, n):
    """Puts customers, goods and orders into an added market."""
    this = stage.shop
    this.sql("us", f"USE ordermux_{market}; {shop.goods_sql('us')}; "
             f"USE {this.database('us')};")
    found = [users.User(market, users.FIRST + i, users.token(
        this.key, users.FIRST + i, market, 2**31)) for i in range(n)]
    ask = client.Client(stage.ours.url)

    def make(job):
        user, k = job
        body = client.order("us", user.id - users.FIRST, users.skus_of(k),
                            f"order {k}")
        user.orders.append(client.insist(ask, "POST", "/orders/create",
                                         user.token, body)["id"])
    client.at_once(make, [(u, k) for k in range(PAGE) for u in found])
    return found


def rates(stage, what, users_file):
    """Requests a second of create and list; and how many requests were
    rejected in the warm-ups. Connections are made then: a market that is new
    to a worker is slow at first."""
    found, rejected = [], 0
    for scenario in RATED:
        first, run = (load.wrk(stage.ours.url, scenario, seconds, 32,
                               users_file, {})
                      for seconds in (WARM_UP, stage.seconds))
        rejected += sum(first.errors.values())
        if run.errors:
            stage.failures.append(f"{what}, {scenario.name}: {run.errors}")
        found.append(number(run.rate))
    return [*found, number(rejected)]


def worker_memory(stage):
    return figures.median(filter(None, map(processes.pss,
                                           stage.shop.workers())))


def connections(stage):
    return int(stage.shop.sql("us", "SELECT COUNT(*) FROM "
                              "information_schema.processlist "
                              "WHERE user LIKE 'ordermux%'")[0][0])


def markets(stage):
    """2 to 50 markets on one server, all of them used."""
    everybody = users.readers(stage.ours.users)[:40]
    file = stage.directory / "users-markets"
    rows, have = [], 2
    for count in MARKETS[:2] if stage.quick else MARKETS:
        new = [f"m{n:02d}" for n in range(have, count)]
        for n, name in enumerate(new, have):
            add_market(stage, name, n)
        if new:
            stage.shop.restart()
        for name in new:
            stage.say(f"{count} markets: fills {name}", same=True)
            everybody += customers(stage, name, 20)
        have = count
        users.write(file, everybody)
        rows.append([count, *rates(stage, f"{count} markets", file),
                     number(worker_memory(stage) / 1e6, 1),
                     connections(stage)])
    return table(["markets", *RATES, "MB of a worker", "connections"],
                 rows)


# ---- how many workers

def workers(stage):
    """4 to 64 workers."""
    rows = []
    for count in WORKERS[::2] if stage.quick else WORKERS:
        stage.say(f"{count} workers")
        stage.shop.stack("restart", "--dir", stage.shop.dir, "--workers",
                         count)
        stage.shop.read_env()
        rows.append([count, *rates(stage, f"{count} workers",
                                   stage.ours.users_file),
                     number(worker_memory(stage) / 1e6, 1)])
    stage.shop.stack("restart", "--dir", stage.shop.dir, "--workers", "auto")
    stage.shop.read_env()
    return table(["workers", *RATES, "MB of a worker"], rows)


# ---- how many lines

def lines(stage):
    """1 to 100 lines an order."""
    probe = Probe(stage.ours)
    rows = []
    for n, count in enumerate(LINES):
        stage.say(f"{count} lines")
        # A customer who has only such orders.
        user = users.FIRST + users.READERS + n
        token = users.token(stage.shop.key, user, "us", 2**31)
        requests = creating(stage, 2 * ROUND, lambda i: user, count)
        probe.cost(requests[:ROUND])
        create = probe.cost(requests[ROUND:])
        newest = probe.client.json("GET", "/orders?limit=1", token)[0]["id"]
        costs = [create]
        for path in (f"/orders/{newest}", f"/orders?limit={PAGE}"):
            same = asked(stage, lambda i: path, ROUND, lambda i: user)
            probe.cost(same)
            costs.append(probe.cost(same))
        rows.append([count, *(text for c in costs for text in (
            f"{c.ms:.2f}", f"{c.rows:.0f}"))])
    return table(["lines", *(f"{name} {what}" for name in (
        "create", "detail", "list") for what in ("ms", "rows"))], rows)


# ---- how far the database is

class Distance:
    """Stands between the daemon and its database (bench/distance)."""

    def __init__(self, stage, us, address, server):
        self.stage, self.us = stage, us
        self.address, self.server = address, server
        self.running = contextlib.ExitStack()

    def __enter__(self):
        pathlib.Path(self.address).unlink(missing_ok=True)
        self.running.enter_context(started(
            [shop.BUILD / "bench/distance/distance", self.address,
             self.server, self.us], self.stage.directory / "distance.log",
            lambda: listens(self.address)))
        return self

    def __exit__(self, *_):
        self.running.close()

    def heal(self):
        """The harness asks for it. There is nothing to be healed."""


def far_costs(stage, us):
    """{request: ms} with a database so many microseconds away."""
    reader = [u for u in users.readers(stage.ours.users)
              if u.market == "us"][0]
    requests = {
        "create": creating(stage, 2 * ROUND, lambda i: users.FIRST + i),
        "list": asked(stage, lambda i: f"/orders?limit={PAGE}", 2 * ROUND,
                      lambda i: reader.id),
        "detail": asked(stage, lambda i: f"/orders/{reader.orders[0]}",
                        2 * ROUND, lambda i: reader.id)}
    with stage.shop.proxied("us", lambda *a: Distance(stage, us, *a)):
        stage.shop.serves()
        probe = Probe(stage.ours)
        for half in requests.values():
            probe.cost(half[:ROUND])
        return {name: probe.cost(half[ROUND:]).ms
                for name, half in requests.items()}


def distance(stage):
    """A database that is half a millisecond away, there and back."""
    rounds = []
    for n in range(1 if stage.quick else 3):
        stage.say(f"round {n + 1}")
        rounds.append([far_costs(stage, us) for us in DISTANCES])
    # What disturbs only adds: the quickest round is the least disturbed.
    near, far = ({name: min(r[i][name] for r in rounds)
                  for name in rounds[0][0]} for i in (0, 1))
    there = DISTANCES[1] / 1000
    return table(["ms", "0 ms away", f"{there} ms away", "more",
                  "round trips"],
                 [[name, f"{near[name]:.2f}", f"{far[name]:.2f}",
                   f"{far[name] - near[name]:.2f}",
                   f"{(far[name] - near[name]) / there:.1f}"]
                  for name in near])


# In this order: "size" restarts the database with all it has. "markets" comes
# last, because the markets stay.
ALL = {"lines": lines, "workers": workers, "distance": distance,
       "size": size, "markets": markets}
