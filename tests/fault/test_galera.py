"""A market on a Galera cluster, and two daemons before it, as on two hosts:
nodes are killed, hang, or lose their quorum, and no order is lost or doubled.

ORDERMUX_TEST_GALERA=DIR uses the running instance of that directory, as
scripts/galera has made it, and leaves it running.
"""
import contextlib
import itertools
import os
import pathlib
import signal
import time

import pytest

import accounts
import chaos
import harness
from accounts import statuses
from harness import Sql, poll
from instance import ini
from load import Group, Load
from proxy import Proxy

PROVIDER = pathlib.Path("/usr/lib/galera/libgalera_smm.so")
NODES = (1, 2, 3)
WORKERS = 4             # of each daemon


class Cluster(harness.Shop):
    """As scripts/galera runs it. Queries on us go to the node "reader"."""

    script = "galera"

    def __init__(self, directory):
        self.reader = 1
        self.nodes = {}
        super().__init__(directory)

    def close(self):
        for n in NODES:
            self.forget(n)
        super().close()

    # ---- nodes

    def node_pid(self, n):
        return int(self.env[f"ORDERMUX_GALERA_PID_{n}"])

    def on(self, n, query, sync=True):
        """Sees all that any node has acknowledged before; unless that, which
        needs a node that takes part, is not waited for."""
        if (n, sync) not in self.nodes:
            sql = Sql(self.env[f"ORDERMUX_GALERA_SOCKET_{n}"], "ordermux_us")
            sql.argv.insert(2, f"--init-command=SET wsrep_sync_wait = {sync:d}")
            self.nodes[n, sync] = sql
        return self.nodes[n, sync](query)

    def sql(self, market, query):
        if market != "us":
            return super().sql(market, query)
        return self.on(self.reader, query)

    def forget(self, n):
        """The connections to a node that is going to end."""
        for sync in (False, True):
            if (n, sync) in self.nodes:
                self.nodes.pop((n, sync)).close()

    def status(self, n, name):
        return self.on(n, f"SHOW STATUS LIKE 'wsrep_{name}'", False)[0][1]

    def kill(self, *nodes):
        for n in nodes:
            self.forget(n)
            self.stack("kill", n, "--dir", self.dir)

    def boot(self, n):
        self.stack("boot", n, "--dir", self.dir)
        self.read_env()

    def whole(self):
        """All processes run, all nodes take part, and both daemons use the
        first one."""
        self.start()
        for n in NODES:
            self.joined(n)
        poll("the first node is the writer again", self.at_home, interval=0.3)
        self.serves()

    def at_home(self):
        """Has each worker look for its writer; whether it is the first."""
        buyer = self.buyer("us")
        harness.at_once([lambda: buyer.get("/orders")] * 4 * WORKERS)
        return not any(self.on(n, "SELECT 1 FROM information_schema."
                               "processlist WHERE user = 'ordermux_us'")
                       for n in NODES[1:])

    def agree(self):
        """Every node has the same rows in every table."""
        tables = ", ".join(t for t, in self.sql("us", "SHOW TABLES"))
        sums = [self.on(n, f"CHECKSUM TABLE {tables}") for n in NODES]
        assert all(value for _, value in sums[0]), sums
        assert sums[0] == sums[1] == sums[2]

    def joined(self, n):
        """Waits until the others have node n with them, and it what they
        have. By itself it may not know yet that it was left out."""
        poll(f"node {n} has joined", lambda: all(
            self.status(m, "cluster_size") == "3" for m in NODES) and
            self.status(n, "local_state_comment") == "Synced")

    # ---- the second host

    def us_files(self):
        """That of each of the daemons."""
        return [pathlib.Path(self.env[name], "us.conf") for name in
                ("ORDERMUX_MARKETS_DIR", "ORDERMUX_MARKETS_DIR_2")]

    def hosts(self):
        """The nodes: (address, port)."""
        return [("127.0.0.1", int(self.env[f"ORDERMUX_GALERA_PORT_{n}"]))
                for n in NODES]

    def patient(self):
        """As Settings.patient(), for both daemons."""
        return self.files_changed(
            {file: ini.change(file.read_text(), {"crowd_after": "2s"})
             for file in (self.conf, pathlib.Path(
                 self.env["ORDERMUX_CONF_2"]))})

    def second_writer(self):
        """The second daemon prefers the last node."""
        file = self.us_files()[1]
        hosts = ", ".join(f"{a}:{port}" for a, port in reversed(self.hosts()))
        return self.files_changed(
            {file: ini.change(file.read_text(), {"host": hosts})})

    @contextlib.contextmanager
    def one_address(self):
        """Both daemons know of one server only, and what answers there can
        be changed, as behind a load balancer. Gives the proxy."""
        port = harness.free_port()
        texts = {file: ini.change(file.read_text(),
                                  {"host": f"127.0.0.1:{port}"})
                 for file in self.us_files()}
        with Proxy(("127.0.0.1", port), self.hosts()[0]) as proxy, \
                self.files_changed(texts):
            yield proxy

    def created(self):
        """How many orders each of the daemons says that it made."""
        return [log.read_text(errors="replace").count("Order created: ")
                for log in (self.log, pathlib.Path(self.env["ORDERMUX_LOG_2"]))]


@pytest.fixture(scope="module")
def cluster():
    if not PROVIDER.exists():
        harness.skip("galera-4 is not installed")
    with Cluster.running_or_private(os.environ.get("ORDERMUX_TEST_GALERA"),
                                    "--workers", WORKERS) as shop, \
            shop.patient():
        yield shop


@pytest.fixture
def shop(cluster):
    """Whole before and behind each test; and then with books that are right,
    and the same on all nodes."""
    cluster.whole()
    yield cluster
    cluster.whole()
    cluster.agree()
    done = cluster.ctl("reconcile", "us")
    assert done.returncode == 0, done.stdout


def buyers(shop, clients=16, skus=10, **how):
    return Group("us", clients, accounts.people(shop, "us"),
                 accounts.goods(shop, "us", skus),
                 **{"pause": 0.05, **how})


def check_answers(requests):
    """200, or 503 that says when to come again."""
    assert set(statuses(requests)) <= {200, 503}, (
        statuses(requests), [t for r in requests for t in r.tries
                             if t.status not in (200, 503)][:5])
    assert all(t.retry_after for r in requests for t in r.tries
               if t.status == 503)


def check_nodes(shop, load, group):
    """The accounts hold on every node, by itself. Returns the counts."""
    try:
        for shop.reader in NODES:
            counts = accounts.check(shop, load.requests, group.skus)
    finally:
        shop.reader = 1
    return counts


def gap(load, began, ended):
    """The longest time in which no order was acknowledged, in seconds."""
    times = sorted(r.ended for r in load.requests
                   if r.status == 200 and began <= r.ended < ended)
    return max(b - a for a, b in itertools.pairwise([began, *times, ended]))


def test_a_node_that_is_killed_costs_no_order_and_joins_again(shop, tell):
    """The writer, then another one, while both daemons take orders."""
    group, created = buyers(shop), shop.created()
    spans = []
    with Load(shop, [group]) as load:
        load.wait_for(100, served=True)
        for n in (1, 3):
            began = time.monotonic()
            shop.kill(n)
            load.wait_for(300, served=True)
            spans.append((n, began, time.monotonic()))
            shop.boot(n)
            load.wait_for(100, served=True)
    gaps = {n: gap(load, began, ended) for n, began, ended in spans}
    made = [now - then for now, then in zip(shop.created(), created)]
    for n, seconds in gaps.items():
        tell(f"node {n} killed: no order for {seconds:.1f} s")
    tell(f"the daemons made {made[0]} and {made[1]} orders;",
         statuses(load.requests))
    check_answers(load.requests)
    tell(check_nodes(shop, load, group))
    assert min(made) > 0


def test_a_host_that_is_killed_costs_no_more_than_it_was_doing(shop, tell):
    """nginx does not repeat an order that it has sent: 502, and the client's
    repetition tells. What it cannot send goes to the other host."""
    group = buyers(shop)
    with Load(shop, [group]) as load:
        load.wait_for(100, served=True)
        master = int(shop.env["ORDERMUX_MASTER_PID_2"])
        workers = pathlib.Path(f"/proc/{master}/task/{master}/children")
        began = time.monotonic()
        for pid in [master, *map(int, workers.read_text().split())]:
            os.kill(pid, signal.SIGKILL)
        made = shop.created()
        load.wait_for(300, served=True)
        ended = time.monotonic()
    assert shop.created()[0] > made[0] and shop.created()[1] == made[1] > 0
    tries = statuses(load.requests)
    tell(f"no order for {gap(load, began, ended):.1f} s;", tries)
    tell(check_nodes(shop, load, group))
    assert set(tries) <= {200, 502}
    assert tries.get(502, 0) <= group.clients


def test_two_writers_of_the_same_sku_lose_and_double_nothing(shop, tell):
    """Two daemons use two nodes, whose certification refuses one of two
    transactions that took from the same SKU. Who loses six times in a row is
    told 503, and has the order by asking again; hardly anybody does."""
    group = buyers(shop, clients=4, skus=1, pause=0.02)
    with shop.second_writer():
        def refused():
            return sum(int(shop.status(n, name)) for n in NODES for name in
                       ("local_cert_failures", "local_bf_aborts"))

        before, created = refused(), shop.created()
        with Load(shop, [group]) as load:
            load.wait_for(600)
        conflicts = refused() - before
        made = [now - then for now, then in zip(shop.created(), created)]
    tell(f"{conflicts} conflicts, {made[0]} and {made[1]} orders;",
         statuses(load.requests))
    assert conflicts > 0 and min(made) > 0
    assert {r.status for r in load.requests} == {200}
    check_answers(load.requests)
    assert statuses(load.requests).get(503, 0) < conflicts / 10
    check_nodes(shop, load, group)


@pytest.mark.parametrize("node", [1, 3], ids=["writer", "other"])
def test_a_node_that_hangs_is_left_out_and_joins_again(shop, tell, node):
    group = buyers(shop)
    with Load(shop, [group]) as load:
        load.wait_for(100, served=True)
        shop.forget(node)
        with chaos.stopped(shop.node_pid(node)):
            began = time.monotonic()
            other = next(n for n in NODES if n != node)
            poll(f"node {node} is left out", lambda: shop.status(
                other, "cluster_size") == "2")
            load.wait_for(200, served=True)
            ended = time.monotonic()
        shop.joined(node)
    tell(f"no order for {gap(load, began, ended):.1f} s;",
         statuses(load.requests))
    check_answers(load.requests)
    tell(check_nodes(shop, load, group))


def test_a_node_without_a_quorum_serves_nobody_until_it_is_told_to(
        shop, tell):
    """Two of three are lost for good: an administrator says that the one that
    is left is the cluster."""
    buyer, kg = shop.buyer("us"), shop.buyer("kg")
    first = buyer.ordered(shop.sku("us"))
    group = buyers(shop)
    with Load(shop, [group]) as load:
        load.wait_for(50, served=True)
        shop.kill(2, 3)
        poll("node 1 knows", lambda: shop.status(
            1, "cluster_status") == "non-Primary")
        alone = time.monotonic()
        while time.monotonic() < alone + 3:
            for answer in (buyer.get("/orders"), buyer.order(1)):
                assert answer.status == 503 and answer.retry_after, answer
            assert kg.get("/orders").status == 200
        shop.on(1, "SET GLOBAL wsrep_provider_options = 'pc.bootstrap=YES'",
                sync=False)
        told = time.monotonic()
        poll("it serves", lambda: buyer.get("/orders").status == 200)
        served = time.monotonic() - told
        harness.at_once([lambda: shop.boot(2), lambda: shop.boot(3)])
    tell(f"served {served:.1f} s behind pc.bootstrap;",
         statuses(load.requests))
    assert not [r for r in load.requests
                if r.status == 200 and alone < r.ended < told]
    check_answers(load.requests)
    tell(check_nodes(shop, load, group))
    assert [o["id"] for o in buyer.list()] == [first["id"]]


@pytest.mark.parametrize("kept", [True, False])
def test_another_node_at_the_same_address_proves_nothing(shop, tell, kept):
    """The first one dies in COMMIT, and the address leads to the second. That
    the order is there is an answer; that it is not, is none."""
    buyer, sku = shop.buyer("us"), shop.sku("us", stock=10)
    body = harness.order("us", sku)
    key = {"Idempotency-Key": f"moved-{buyer.id}"}
    second = shop.hosts()[1]
    with shop.one_address() as proxy:
        # Not kg beside it: the proxy makes us slow, and half of the workers
        # would be kept free.
        shop.serves("us")
        proxy.at_commit(Proxy.CUT_AFTER if kept else Proxy.CUT_BEFORE)
        proxy.moves_to = second
        a = buyer.post(body, headers=key)
        assert proxy.struck(), a
        tell(f"{'kept' if kept else 'lost'}: {a.status}",
             a.json.get("error", ""))
        if kept:
            assert a.status == 200, a
        else:
            assert (a.status, a.json["error"]) == (503, "outcome_unknown"), a
            a = poll("the repetition", lambda: next(
                (a for a in [buyer.post(body, headers=key)]
                 if a.status == 200), None), interval=0.3)
    assert buyer.orders() == 1 and shop.stock(sku) == 9
