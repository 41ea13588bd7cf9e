"""Peers: the one in PHP, which is started here, and those that run already.

peers/README.md says what a peer must do. All take tokens by peers/jwt.key.
"""
import contextlib
import os
import pathlib
import secrets
import signal

from . import client, load, processes, shop, users
from .started import listens, started

HERE = pathlib.Path(__file__).resolve().parents[2] / "peers"
DATABASE = "bench_php"          # and "_" and the market
PROGRAM = "/usr/sbin/php-fpm8.2"
CHILDREN = 4 * os.cpu_count()
EXTENSIONS = ("mysqlnd", "pdo", "pdo_mysql")
OPTIONS = {"opcache.enable": 1, "opcache.validate_timestamps": 0,
           "opcache.memory_consumption": 32, "realpath_cache_size": "256k",
           "expose_php": 0, "display_errors": 0, "log_errors": 1,
           "serialize_precision": -1}


def key():
    return (HERE / "jwt.key").read_bytes()


class Peer:
    """Runs already, at an address. Its processes are unknown."""

    def __init__(self, name, url, directory):
        self.name, self.url = name, url.rstrip("/")
        self.users = users.everybody(key())
        self.users_file = directory / f"users-{name}"

    def find(self):
        """Learns the ids of its orders."""
        client.find_orders(client.Client(self.url), self.users)
        users.write(self.users_file, self.users)

    def measures(self, scenario):
        return scenario.peers

    def groups(self):
        return {}

    def workers(self):
        return []

    def measure(self, scenario, seconds, connections):
        return load.wrk(self.url, scenario, seconds, connections,
                        self.users_file, self.groups())


def members(value):
    """The names of the members of an answer, as a tree."""
    if isinstance(value, dict):
        return {name: members(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [members(value[0])] if value else []
    return None


def check_answers(ours, peer):
    """Whether the peer answers as we do: the same members, as many orders and
    lines. A client.Failed says what differs."""
    def answers(service):
        ask = client.Client(service.url)
        user = users.readers(service.users)[0]
        skus = users.skus_of(0)
        page = ask.json("GET", "/orders?limit=20", user.token)
        return {
            "list": page, "lines": [len(o["items"]) for o in page],
            "detail": ask.json("GET", f"/orders/{user.orders[0]}",
                               user.token),
            "create": ask.json("POST", "/orders/create", user.token,
                               client.order(user.market, 1, skus, "check")),
        }
    mine, theirs = answers(ours), answers(peer)
    for name in mine:
        if members(mine[name]) != members(theirs[name]):
            raise client.Failed(f"{peer.name}: the answer to {name} has not "
                                "the members of ours")
    if theirs["lines"] != mine["lines"]:
        raise client.Failed(f"{peer.name}: other numbers of lines")
    status, _, _ = client.Client(peer.url).answer(
        "GET", "/orders", users.token(b"wrong", users.FIRST, "us", 2**31))
    if status != 401:
        raise client.Failed(f"{peer.name} takes a token that is not signed")


class Php(Peer):
    """Made by running(). On the database server of our service."""

    def __init__(self, ours, port, directory):
        super().__init__("php", f"http://127.0.0.1:{port}/api/v1", directory)
        self.ours, self.port, self.directory = ours, port, directory

    @classmethod
    @contextlib.contextmanager
    def running(cls, ours, directory, port):
        peer = cls(ours, port, directory)
        password = secrets.token_hex(16)
        peer._make_databases(password)
        peer._write_files(password)
        with contextlib.ExitStack() as running:
            socket = directory / "fpm.sock"
            peer.fpm = running.enter_context(started(
                peer._command(), directory / "fpm.out",
                lambda: listens(socket), signal.SIGQUIT))
            log = directory / "nginx-error.log"
            peer.nginx = running.enter_context(started(
                ["nginx", "-p", f"{directory}/", "-c",
                 directory / "nginx.conf", "-e", log], log,
                lambda: listens(port), signal.SIGQUIT))
            peer.fill()
            yield peer

    def _command(self):
        options = [f"extension={name}" for name in EXTENSIONS]
        options += [f"{name}={value}" for name, value in OPTIONS.items()]
        command = [PROGRAM, "-n", "-d", "zend_extension=opcache"]
        for option in options:
            command += ["-d", option]
        # As root, it would refuse to run its children as root.
        return command + ["-R"] * (os.geteuid() == 0) + [
            "-F", "-y", self.directory / "fpm.conf"]

    def _make_databases(self, password):
        schema = (HERE / "php/schema.sql").read_text()
        for market in users.MARKETS:
            name = f"{DATABASE}_{market}"
            self.ours.shop.sql(market, f"""
                CREATE DATABASE {name} CHARACTER SET utf8mb4;
                CREATE USER IF NOT EXISTS '{DATABASE}'@'localhost'
                  IDENTIFIED BY '{password}';
                GRANT SELECT, INSERT, UPDATE ON {name}.*
                  TO '{DATABASE}'@'localhost';
                USE {name};
                {schema}
                {shop.goods_sql(market)}
                USE {self.ours.shop.database(market)};""")

    def _write_files(self, password):
        root = os.geteuid() == 0
        values = {
            "DIR": self.directory, "PORT": self.port, "CHILDREN": CHILDREN,
            "USER": "user = root\ngroup = root" if root else "",
            "NGINX_USER": "user root;" if root else "",
            "KEY": key().decode(), "DB_USER": DATABASE,
            "DB_PASSWORD": password, "DATABASE": DATABASE,
            "SOCKET": self.ours.shop.socket("us"),
            "SCRIPT": HERE / "php/index.php"}
        for name in ("fpm.conf", "nginx.conf"):
            text = (HERE / "php" / name).read_text()
            for word, value in values.items():
                text = text.replace(f"@{word}@", str(value))
            (self.directory / name).write_text(text)

    def fill(self):
        client.fill(client.Client(self.url), self.users)
        for market in users.MARKETS:
            self.ours.shop.sql(market, f"""
                USE {DATABASE}_{market};
                {shop.spread_sql()}
                {shop.ANALYZE}
                USE {self.ours.shop.database(market)};""")
        users.write(self.users_file, self.users)

    def groups(self):
        return {"app": processes.tree(self.fpm.pid),
                "nginx": processes.tree(self.nginx.pid),
                "database": self.ours.groups()["database"]}

    def workers(self):
        return processes.children(self.fpm.pid)
