"""The nodes of a Galera cluster: their files and ports, how a node starts and
joins, and how the cluster starts. docs/scaling.md says why."""
import os
import pathlib
import pwd
import random
import signal
import subprocess
import time

from . import files, mariadb
from .console import die, say, show_end
from .nginx import answers

NODES = (1, 2, 3)
PROVIDER = pathlib.Path("/usr/lib/galera/libgalera_smm.so")
# Nodes that root starts run as the user mysql: rsync, which copies a node,
# gives up root's rights before it writes.
AS_NODE = ["-umysql"] if os.geteuid() == 0 else []
PORTS = 4 * len(NODES) + 1      # the last one is the second daemon's

MY_CNF = """\
# written by scripts/galera at every start
[mysqld]
datadir = {node}/data
tmpdir = {node}/tmp
socket = {socket}
pid-file = {node}/mysqld.pid
bind-address = 127.0.0.1
port = {port}
skip-name-resolve
max_connections = 500
character_set_server = utf8mb4

binlog_format = ROW
default_storage_engine = InnoDB
innodb_autoinc_lock_mode = 2
# The default. The 0 and 2 that are often advised for a cluster lose
# acknowledged orders when all nodes lose their power at once.
innodb_flush_log_at_trx_commit = 1

wsrep_on = ON
wsrep_provider = {provider}
wsrep_cluster_name = ordermux
wsrep_cluster_address = gcomm://{group}
wsrep_node_name = galera-{n}
wsrep_node_address = 127.0.0.1:{group_port}
wsrep_node_incoming_address = 127.0.0.1:{port}
wsrep_sst_method = rsync
wsrep_sst_receive_address = 127.0.0.1:{sst_port}
# A donor takes no writes while it is copied: the writer comes last.
wsrep_sst_donor = galera-3,galera-2,
# Transactions that touch different rows are applied at the same time.
wsrep_slave_threads = 2
wsrep_provider_options = "{options}"
"""

ACCOUNTS = """\
DELETE FROM mysql.global_priv WHERE user = 'root' AND host <> 'localhost';
FLUSH PRIVILEGES;
CREATE USER migrations@'127.0.0.1' IDENTIFIED BY '{password}';
GRANT ALL PRIVILEGES ON *.* TO migrations@'127.0.0.1' WITH GRANT OPTION;
"""


def process(n):
    return f"galera-{n}"


def provider_options(port):
    """A node that is silent for 2 s is suspected, and removed if the others
    agree. Until then no COMMIT is answered. The defaults (5 s and 15 s) are
    not shorter than the service's query_timeout (5 s): with them, orders fail
    with 503 each time a node dies. On a network that stalls for seconds, our
    values are too short. gcache keeps what an absent node misses. A node that
    missed more than that is copied as a whole."""
    return ";".join((
        "base_host=127.0.0.1", f"base_port={port + 1}",
        f"gmcast.listen_addr=tcp://127.0.0.1:{port + 1}",
        f"ist.recv_addr=127.0.0.1:{port + 2}",
        f"ist.recv_bind=127.0.0.1:{port + 2}",
        "evs.keepalive_period=PT0.5S", "evs.inactive_check_period=PT0.25S",
        "evs.suspect_timeout=PT2S", "evs.inactive_timeout=PT4S",
        "gcache.size=64M"))


class Nodes:
    def __init__(self, layout, supervisor):
        self.layout, self.supervisor = layout, supervisor
        self.base = None

    # ---- places and ports

    @property
    def directory(self):
        return self.layout.dir / "galera"

    def node(self, n):
        return self.directory / str(n)

    def socket(self, n):
        """Only the node and root may enter its directory, because root needs
        no password at the socket."""
        return self.node(n) / "sql.sock"

    def log(self, n):
        return self.layout.log(f"{process(n)}.log")

    @property
    def password_file(self):
        """For migrations, which connect by TCP."""
        return self.layout.etc / "migrations.password"

    def port(self, n):
        """Each node has four ports: SQL, the group, and two to receive what
        it has missed: as transactions (IST), or as a whole copy (SST)."""
        return self.base + 4 * (n - 1)

    def host2_port(self):
        return self.base + PORTS - 1

    def addresses(self, offset=0):
        """Each node's address; the port is its SQL port plus the offset."""
        return [f"127.0.0.1:{self.port(n) + offset}" for n in NODES]

    def load(self):
        base = files.read_assignments(self.directory / "state").get(
            "galera_base")
        self.base = base and int(base)

    def choose_ports(self):
        """Below those that the kernel gives to connections
        (ip_local_port_range)."""
        if self.base:
            return
        # By chance: another cluster may be starting just now.
        while not self.base or any(
                map(answers, range(self.base, self.base + PORTS))):
            self.base = 20000 + random.randrange(900) * PORTS
        self.directory.mkdir(exist_ok=True)
        files.write_assignments(self.directory / "state", "galera",
                                {"galera_base": self.base})

    # ---- files

    def make(self, n):
        """A node's my.cnf. docs/scaling.md has the same for real machines."""
        self._make_directories(n)
        port = self.port(n)
        files.write(self.node(n) / "my.cnf", MY_CNF.format(
            n=n, node=self.node(n), socket=self.socket(n), port=port,
            group_port=port + 1, sst_port=port + 3, provider=PROVIDER,
            group=",".join(self.addresses(1)),
            options=provider_options(port)))

    def _make_directories(self, n):
        node = self.node(n)
        data = node / "data"
        for directory in (node, data, node / "tmp"):
            directory.mkdir(parents=True, exist_ok=True)
            directory.chmod(0o700)
        if not AS_NODE:
            return
        for directory in (self.layout.dir, self.directory):
            directory.chmod(directory.stat().st_mode & 0o7777 | 0o111)
        mysql = pwd.getpwnam("mysql")
        for directory in (node, data, node / "tmp"):
            os.chown(directory, mysql.pw_uid, mysql.pw_gid)
        if subprocess.run(["setpriv", "--reuid=mysql", "--regid=mysql",
                           "--clear-groups", "test", "-w", data]).returncode:
            die(f"the user mysql cannot write to {data}: it must be able to"
                " enter all directories above")

    # ---- talking to one

    def sql(self, n, text, **how):
        """Runs SQL as root. A node that hangs for 10 s is an error."""
        try:
            return mariadb.ask(self.socket(n), text, timeout=10, **how)
        except subprocess.TimeoutExpired as e:
            return subprocess.CompletedProcess(e.cmd, 1, "")

    def status(self, n, name):
        """A value of SHOW STATUS. "-" if the node is away."""
        said = self.sql(n, f"SHOW STATUS LIKE '{name}'",
                        stderr=subprocess.DEVNULL).stdout
        return said.strip("\n").partition("\t")[2] or "-"

    def taking_part(self):
        """The first node that takes part in the cluster, or None."""
        return next((n for n in NODES
                     if self.status(n, "wsrep_ready") == "ON"), None)

    # ---- one node

    def up(self, n):
        return self.supervisor.up(process(n))

    def has_data(self, n):
        return (self.node(n) / "data" / "ibdata1").exists()

    def _command(self, n, *options):
        return ["mariadbd", f"--defaults-file={self.node(n)}/my.cnf",
                *AS_NODE, *options]

    def recovered(self, n):
        """The position that a stopped node has reached, as UUID:NUMBER, or
        "". After a kill only its tables know it: the server reads them, prints
        the position, and ends."""
        said = subprocess.run(self._command(n, "--wsrep-recover"),
                              stdin=subprocess.DEVNULL, encoding="utf-8",
                              stdout=subprocess.PIPE, errors="replace",
                              stderr=subprocess.STDOUT).stdout
        with open(self.log(n), "a", encoding="utf-8") as log:
            log.write(said)
        found = [line.partition("WSREP: Recovered position:")[2].strip()
                 for line in said.splitlines()
                 if "WSREP: Recovered position:" in line]
        return found[-1] if found else ""

    def start(self, n, *options):
        """It tells the others its position, and gets what it has missed."""
        self.supervisor.stop(process(n))
        if self.has_data(n):
            position = self.recovered(n)
            if not position:
                die(f"the position of node {n} cannot be read; see"
                    f" {self.log(n)}")
            options += (f"--wsrep-start-position={position}",)
        self.supervisor.launch(process(n), self.log(n),
                               self._command(n, *options))

    def wait(self, n):
        end = time.monotonic() + 60
        while self.up(n) and time.monotonic() < end:
            if self.status(n, "wsrep_local_state_comment") == "Synced":
                return
            time.sleep(0.2)
        show_end(self.log(n))
        die(f"node {n} does not join the cluster")

    def kill(self, n):
        pid = self.supervisor.pid(process(n))
        if not pid:
            die(f"node {n} does not run")
        os.kill(pid, signal.SIGKILL)
        if not self.supervisor.ends(process(n), 30):
            die(f"node {n} does not end")

    # ---- the cluster

    def start_all(self):
        """One after the other: each needs another one to copy from."""
        running = [n for n in NODES if self.up(n)]
        for n in NODES:
            if n not in running:
                self.make(n)
        if not running:
            self._begin()
        for n in NODES:
            if not self.up(n):
                self.start(n)
            self.wait(n)

    def stop_all(self):
        """One after the other: the last node then knows that it is the last,
        and that the cluster may start with it."""
        for n in reversed(NODES):
            self.supervisor.stop(process(n), signal.SIGTERM, 60)

    def _begin(self):
        n = self._newest()
        if n:
            self._bootstrap(n)
            return
        say("making the cluster")
        mariadb.install(self.node(1) / "data", self.node(1) / "tmp",
                        self.layout.log("galera-1.install.log"), AS_NODE)
        self._bootstrap(1)
        made = self.sql(1, ACCOUNTS.format(
            password=files.read(self.password_file)))
        if made.returncode != 0:
            die("the cluster's accounts cannot be made")

    def _newest(self):
        """The stopped node that has the most transactions, or None. The
        cluster must start with it, or those that only it has would be lost."""
        most, found = -1, None
        for n in filter(self.has_data, NODES):
            number = int(self.recovered(n).rpartition(":")[2] or -1)
            if number > most:
                most, found = number, n
        return found

    def _bootstrap(self, n):
        """Starts the cluster with this node. All others are down."""
        state = self.node(n) / "data" / "grastate.dat"
        if state.exists():
            # In place: the file keeps its owner.
            lines = ["safe_to_bootstrap: 1"
                     if line.startswith("safe_to_bootstrap:") else line
                     for line in state.read_text().splitlines()]
            state.write_text("\n".join(lines) + "\n")
        self.start(n, "--wsrep-new-cluster")
        self.wait(n)
