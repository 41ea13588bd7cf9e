"""The commands of scripts/stack."""
import contextlib
import re
import shlex
import signal
import subprocess
import time

from . import console, mariadb
from .config import Config
from .console import die, say, show_end, warn
from .daemon import PROGRAMS, SQL, Daemon, check_programs
from .files import assignment, read
from .layout import TREE, Layout
from .mariadb import Servers
from .nginx import Nginx
from .supervisor import Supervisor

COMMANDS = ("start", "restart", "stop", "status", "env")


class Stack:
    """One instance."""

    def __init__(self, options):
        layout = Layout(options.dir or TREE / ".stack", options)
        self.layout = layout
        self.supervisor = Supervisor(layout.pids)
        self.servers = Servers(layout, self.supervisor)
        self.config = Config(layout, self.servers)
        self.daemon = Daemon(layout, self.supervisor)
        self.nginx = Nginx(layout, self.supervisor)

    # ---- what differs in a cluster

    def load(self):
        self.layout.load()

    def processes(self):
        """Their names, in the order of starting."""
        return [*self.servers.processes(), "ordermuxd", "nginx"]

    def check_programs(self):
        check_programs(*PROGRAMS)

    def make_servers(self):
        if self.layout.servers == 2:
            for name in self.config.shipped_markets():
                (self.layout.dir / "db" / name).mkdir(exist_ok=True)

    def start_databases(self):
        self.servers.start()

    def start_daemons(self):
        self.daemon.start()

    def migrate_as(self, market):
        return ["--user", "root"]

    def sql(self, market, text, **how):
        """As root, on the market's server."""
        return mariadb.ask(self.config.database(market, "socket"), text, **how)

    def set_workers(self):
        self.config.set_workers()

    def stop_all(self):
        self.supervisor.stop("nginx", signal.SIGQUIT, 10)
        self.daemon.stop()
        self.servers.begin_stop()
        self.servers.stop()
        self.layout.remove_run()

    # ---- parts of commands

    def enter(self, absent=1, lock=False):
        """For all commands but start. Ends with the status "absent" if there
        is no stack in the directory."""
        if not self.layout.state.exists():
            warn("there is no stack in",
                 self.layout.options.dir or self.layout.dir)
            raise SystemExit(absent)
        if lock:
            self.layout.lock()
        self.load()

    @contextlib.contextmanager
    def undone(self):
        """If the command fails, stops what it has started, the last one
        first."""
        try:
            yield
        except BaseException:
            ways = {"nginx": (signal.SIGQUIT, 5),
                    "ordermuxd": (signal.SIGTERM, 40)}
            for name in reversed(self.supervisor.started):
                self.supervisor.stop(name, *ways.get(name,
                                                     (signal.SIGTERM, 60)))
            if not any(map(self.supervisor.up, self.processes())):
                self.layout.remove_run()
            raise

    def all_up(self):
        return bool(self.servers.names()) and \
            all(map(self.supervisor.up, self.processes()))

    def was_up(self, server):
        """Whether it ran before this command. Then its markets are ready."""
        return server is not None and \
            f"mariadb-{server}" not in self.supervisor.started

    def prepare_market(self, market):
        """Makes its tables and account, and the demo data if it is new."""
        if self.daemon.ctl("migrate", "--sql", SQL, *self.migrate_as(market),
                           market).returncode != 0:
            die(f"ordermuxctl migrate failed for {market}")
        grants = self.daemon.ctl("grants", "--sql", SQL, market,
                                 stdout=subprocess.PIPE, encoding="utf-8")
        if grants.returncode != 0 or \
                self.sql(market, grants.stdout).returncode != 0:
            die(f"ordermuxctl grants failed for {market}")
        self._demo_data(market)

    def _demo_data(self, market):
        database = self.config.database(market, "name")
        file = SQL / "demo" / f"{market}.sql"
        if not file.exists():
            return
        users = self.sql(market, f"SELECT COUNT(*) FROM `{database}`.users")
        if users.returncode != 0:
            raise SystemExit(1)
        if int(users.stdout) > 0:
            return
        say(f"demo data for {market}")
        done = self.sql(market, f"USE `{database}`;\n{read(file)}")
        if done.returncode != 0:
            die(f"{file} failed")

    def wait_ready(self):
        end = time.monotonic() + 90
        up = self.supervisor.up
        while time.monotonic() < end:
            answer = self.nginx.ready()
            if answer and answer[0] == 200:
                return
            if not up("ordermuxd") or not up("nginx"):
                break
            time.sleep(0.1)
        show_end(self.layout.log("ordermuxd.log"))
        if not up("ordermuxd"):
            die("ordermuxd does not start")
        show_end(self.layout.log("nginx-error.log"))
        if not up("nginx"):
            die("nginx does not start")
        die(f"http://127.0.0.1:{self.layout.port}/ready does not answer 200")

    def is_running(self, how):
        indent = " " * (len(console.program) + 2)
        say(f"{how} at http://127.0.0.1:{self.layout.port}")
        words = [TREE / "scripts" / console.program, "stop", "--dir",
                 self.layout.dir]
        print(f"{indent}stop it with: {shlex.join(map(str, words))}",
              flush=True)

    # ---- commands: each returns the exit status

    def start(self):
        layout = self.layout
        layout.dir.mkdir(parents=True, exist_ok=True)
        if re.search(r'["\\$;{}\n]', str(layout.dir)):
            die(f"the name of {layout.dir} has characters that nginx"
                " cannot take")
        layout.lock()
        self.load()
        if self.supervisor.up("nginx") and layout.port != layout.port_before:
            warn(f"nginx runs already, on port {layout.port_before}")
            layout.port = layout.port_before
        if self.all_up():
            self.is_running("runs already")
            return 0
        self.daemon.find()
        self.check_programs()
        if not self.supervisor.up("nginx"):
            self.nginx.check_port()
        with self.undone():
            self._make()
            self._start()
        self.is_running("ready")
        return 0

    def _make(self):
        layout = self.layout
        for name in ("log", "pids", "db", "tmp"):
            (layout.dir / name).mkdir(exist_ok=True)
        layout.tmp.chmod(0o700)
        layout.make_run()
        layout.save()
        self.config.make()
        self.config.make_passwords()
        self.set_workers()
        self.make_servers()

    def _start(self):
        self.start_databases()
        for market in self.config.markets():
            if not self.was_up(self.config.server(market)):
                self.prepare_market(market)
        self.start_daemons()
        self.nginx.make()
        self.nginx.start()
        self.wait_ready()

    def restart(self):
        self.enter(lock=True)
        self.daemon.find()
        self.check_programs()
        if not self.supervisor.up("nginx"):
            die(f"{self.layout.dir} does not run; start it")
        with self.undone():
            self.restart_daemons()
        return 0

    def restart_daemons(self):
        """Also prepares markets that were added. If the database of a market
        is away, the daemon serves the others."""
        self.set_workers()
        self.config.make_passwords()
        if not self.daemon.check():
            die("the configuration is wrong; the daemon was left alone")
        self.daemon.stop()
        for market in self.config.markets():
            if self.sql(market, "SELECT 1",
                        stderr=subprocess.DEVNULL).returncode == 0:
                self.prepare_market(market)
            else:
                warn(f"the database of {market} is away")
        self.start_daemons()
        self.wait_ready()
        say("the daemon is ready")

    def stop(self):
        self.enter(absent=0, lock=True)
        self.stop_all()
        say(f"stopped; the data are in {self.layout.dir}")
        return 0

    def status(self):
        self.enter(absent=3)
        status = 0
        for name in self.processes():
            pid = self.supervisor.pid(name)
            print(f"{name:<16} {pid or '-':>7} {'up' if pid else 'down'}")
            if not pid:
                status = 3
        return status

    def env(self):
        self.enter()
        for item in self.assignments().items():
            print(assignment(*item))
        return 0

    def assignments(self):
        layout = self.layout
        found = {
            "ORDERMUX_URL": f"http://127.0.0.1:{layout.port}",
            "ORDERMUX_CONF": layout.conf,
            "ORDERMUX_MARKETS_DIR": layout.markets_dir,
            "ORDERMUX_JWT_KEY_FILE": layout.etc / "jwt.key",
            "ORDERMUX_DIR": layout.dir,
            "ORDERMUX_RUN_DIR": layout.run,
            "ORDERMUX_LOG": layout.log("ordermuxd.log"),
            "ORDERMUX_SMS_FILE": layout.sms_file,
            "ORDERMUX_SMS_COMMAND": layout.run / "sms",
            "ORDERMUX_MASTER_PID": self.supervisor.pid("ordermuxd") or "",
            "ORDERMUX_NGINX_DIR": layout.nginx_dir,
            "ORDERMUX_NGINX_PID": self.supervisor.pid("nginx") or "",
            "ORDERMUX_DB_ADMIN": "root"}
        for market in self.config.markets():
            found.update(self._of_market(market))
        for name in self.servers.names():
            found[f"ORDERMUX_SERVER_SOCKET_{upper(name)}"] = \
                self.servers.socket(name)
            found[f"ORDERMUX_SERVER_PID_{upper(name)}"] = \
                self.servers.pid(name) or ""
        return found

    def _of_market(self, market):
        server = self.config.server(market)
        name = upper(market)
        return {
            f"ORDERMUX_DB_SOCKET_{name}":
                self.config.database(market, "socket"),
            f"ORDERMUX_DB_PID_{name}": self.servers.pid(server) or "",
            f"ORDERMUX_DB_NAME_{name}": self.config.database(market, "name")}


def upper(name):
    """A market's name, as it is in a variable's name."""
    return name.upper().replace("-", "_")


def main(usage):
    """The command line of scripts/stack; returns the exit status."""
    command, args = console.arguments(usage, COMMANDS)
    return getattr(Stack(console.parse(args, usage)), command)()
