"""The commands of scripts/galera: a stack with the market us on a cluster, and
with a second daemon, which stands for a second host."""
import os
import re
import shutil
import signal
import stat
import subprocess
import time

from . import console, files, ini, nodes
from .config import Config, edit
from .console import die, say, show_end
from .daemon import PROGRAMS, check_programs
from .layout import SOCKET_BYTES
from .mariadb import Servers
from .nginx import Nginx, answers
from .nodes import NODES, Nodes
from .stack import COMMANDS, Stack, upper

MARKET = "us"                   # the one that is on the cluster
SECOND = "ordermuxd-2"


class OtherServers(Servers):
    """One server for each market that is not on the cluster."""

    def names(self):
        return [m for m in Config.shipped_markets() if m != MARKET]


class TwoHosts(Nginx):
    """The upstream of two hosts, as docs/scaling.md has it."""

    def __init__(self, layout, supervisor, nodes):
        super().__init__(layout, supervisor)
        self.nodes = nodes

    def adapt(self, text):
        limits = "max_fails=2 fail_timeout=1s;"
        second = f"127.0.0.1:{self.nodes.host2_port()}"
        return re.sub(
            r'(?m)^(\tserver "unix:.* )[^ ]*;$',
            lambda found: "\tzone ordermux 64k;\n\tleast_conn;\n"
            f"{found[1]}{limits}\n\tserver {second} {limits}", text)


class Cluster(Stack):
    def __init__(self, options):
        super().__init__(options)
        self.nodes = Nodes(self.layout, self.supervisor)
        self.servers = OtherServers(self.layout, self.supervisor)
        self.config = Config(self.layout, self.servers)
        self.nginx = TwoHosts(self.layout, self.supervisor, self.nodes)

    @property
    def etc2(self):
        """What would be /etc/ordermux on the second host."""
        return self.layout.dir / "etc2"

    # ---- what differs from a stack

    def load(self):
        super().load()
        self.nodes.load()

    def processes(self):
        return [*self.servers.processes(), *map(nodes.process, NODES),
                "ordermuxd", SECOND, "nginx"]

    def check_programs(self):
        check_programs(*PROGRAMS, "rsync", "lsof", "systemd-socket-activate")
        if not nodes.PROVIDER.exists():
            die(f"{nodes.PROVIDER} is missing; see scripts/install-packages")
        directory = self.layout.dir
        if re.search(r"\s", str(directory)):
            die(f"{directory} has white space, which"
                " cannot be in a node's directory (wsrep_sst_rsync)")
        if len(os.fsencode(self.nodes.socket(1))) > SOCKET_BYTES:
            die(f"{directory} is too long: a socket's path has at most"
                f" {SOCKET_BYTES} bytes")

    def make_servers(self):
        for name in self.servers.names():
            (self.layout.dir / "db" / name).mkdir(exist_ok=True)
        self._make_market()

    def _make_market(self):
        """Replaces the socket by the nodes, if nobody has changed it."""
        self.nodes.choose_ports()
        files.make_secret(self.nodes.password_file)
        if self.config.database(MARKET, "socket") != \
                str(self.servers.socket(MARKET)):
            return
        file = self.config.market_file(MARKET)
        edit(file, ini.remove, "database", "socket")
        edit(file, ini.change, {"host": ", ".join(self.nodes.addresses())},
             "database")

    def start_databases(self):
        super().start_databases()
        self.nodes.start_all()

    def sql(self, market, text, **how):
        """On the first node that takes part. The service does the same."""
        if market != MARKET:
            return super().sql(market, text, **how)
        n = self.nodes.taking_part()
        if n is None:
            return subprocess.CompletedProcess([], 1, "")
        return self.nodes.sql(n, text, **how)

    def migrate_as(self, market):
        if market != MARKET:
            return super().migrate_as(market)
        return ["--user", "migrations", "--password-file",
                self.nodes.password_file]

    def set_workers(self):
        super().set_workers()
        if self.layout.options.workers and self.etc2.is_dir():
            edit(self.etc2 / "ordermux.conf", ini.put, "daemon", "workers",
                 self.layout.options.workers)

    def stop_all(self):
        self.supervisor.stop("nginx", signal.SIGQUIT, 10)
        self.supervisor.send(SECOND, signal.SIGTERM)
        self.daemon.stop()
        self._stop_second()
        self.servers.begin_stop()
        self.nodes.stop_all()
        self.servers.stop()
        self.layout.remove_run()

    # ---- the second host

    def start_daemons(self):
        self._make_host2()
        self.daemon.start()
        if self.supervisor.up(SECOND):
            return
        self.supervisor.stop(SECOND)
        # It opens the socket, and becomes the daemon at the first connection.
        self.supervisor.launch(
            SECOND, self.layout.log(f"{SECOND}.log"),
            ["systemd-socket-activate",
             f"--listen=127.0.0.1:{self.nodes.host2_port()}",
             self.daemon.program, "-c", self.etc2 / "ordermux.conf"],
            program="ordermuxd")

    def _stop_second(self):
        self.supervisor.stop(SECOND, signal.SIGTERM, 40)

    def _make_host2(self):
        """The second host starts with the same files. Existing ones stay."""
        if self.etc2.is_dir():
            return
        new = self.layout.tmp / "etc2"
        shutil.rmtree(new, ignore_errors=True)
        shutil.copytree(self.layout.etc, new, symlinks=True,
                        ignore=shutil.ignore_patterns(
                            "nginx", self.nodes.password_file.name))
        new.rename(self.etc2)

    def _first_listens(self):
        try:
            return stat.S_ISSOCK(self.layout.fcgi_socket.stat().st_mode)
        except FileNotFoundError:
            return False

    def _market_up(self):
        answer = self.nginx.ready()
        return bool(answer) and f'"{MARKET}":"up"'.encode() in answer[1]

    def wait_ready(self):
        """Waits until both daemons listen, and the cluster's market is up in
        four answers in a row. nginx asks them in turn."""
        super().wait_ready()
        good = 0
        for _ in range(900):
            if not self.supervisor.up(SECOND):
                break
            # The connection starts the second daemon.
            good = good + 1 if self._first_listens() and \
                answers(self.nodes.host2_port()) and self._market_up() else 0
            if good == 4:
                return
            time.sleep(0.1)
        show_end(self.layout.log("ordermuxd.log"),
                 self.layout.log(f"{SECOND}.log"))
        die(f"the market {MARKET} is not up on both hosts")

    def restart_daemons(self):
        """The second host is restarted when nginx uses the first one again:
        one fail_timeout after it is back."""
        super().restart_daemons()
        end = time.monotonic() + 90
        while not self._first_listens():
            if not self.supervisor.up("ordermuxd") or time.monotonic() > end:
                die("ordermuxd does not start")
            time.sleep(0.1)
        time.sleep(1.5)
        self._stop_second()
        self.start_daemons()
        self.wait_ready()
        say("both daemons are ready")

    # ---- commands

    def status(self):
        status = super().status()
        for n in NODES:
            said = [self.nodes.status(n, f"wsrep_{name}") for name in (
                "cluster_status", "local_state_comment", "cluster_size")]
            print(f"node {n} at 127.0.0.1:{self.nodes.port(n):<5} "
                  f"{said[0]}, {said[1]}, size {said[2]}")
        return status

    def assignments(self):
        found = super().assignments()
        found[f"ORDERMUX_DB_SOCKET_{upper(MARKET)}"] = self.nodes.socket(1)
        found[f"ORDERMUX_DB_PID_{upper(MARKET)}"] = \
            self.supervisor.pid(nodes.process(1)) or ""
        for n in NODES:
            found[f"ORDERMUX_GALERA_PID_{n}"] = \
                self.supervisor.pid(nodes.process(n)) or ""
            found[f"ORDERMUX_GALERA_PORT_{n}"] = self.nodes.port(n)
            found[f"ORDERMUX_GALERA_SOCKET_{n}"] = self.nodes.socket(n)
        return {
            **found, "ORDERMUX_CONF_2": self.etc2 / "ordermux.conf",
            "ORDERMUX_MARKETS_DIR_2": self.etc2 / "markets.d",
            "ORDERMUX_LOG_2": self.layout.log(f"{SECOND}.log"),
            "ORDERMUX_MASTER_PID_2": self.supervisor.pid(SECOND) or ""}

    def kill(self, n):
        self.enter()
        self.nodes.kill(n)
        say(f"node {n} is dead")
        return 0

    def boot(self, n):
        self.enter()
        self.check_programs()
        if self.nodes.up(n):
            die(f"node {n} runs already")
        self.nodes.start(n)
        self.nodes.wait(n)
        say(f"node {n} has joined")
        return 0


def main(usage):
    """The command line of scripts/galera; returns the exit status."""
    command, args = console.arguments(usage, (*COMMANDS, "kill", "boot"))
    node = []
    if command in ("kill", "boot"):
        if args[:1] not in ([str(n)] for n in NODES):
            die(f"{command}: expected a node: 1, 2 or 3")
        node = [int(args.pop(0))]
    options = console.parse(args, usage)
    if not options.dir:
        die(f"{command}: expected --dir DIR")
    if options.servers:
        die("--servers is not for a cluster")
    return getattr(Cluster(options), command)(*node)
