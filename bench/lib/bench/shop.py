"""Our service: a build as a package has it, and a shop of its own."""
import collections
import contextlib
import os
import pathlib
import re
import subprocess
import sys

from . import client, load, login, processes, users

TREE = pathlib.Path(__file__).resolve().parents[3]
BUILD = TREE / "build-bench"


def build():
    """Builds the project with its default flags."""
    if not (TREE / "configure").exists():
        subprocess.run(["autoreconf", "-i"], cwd=TREE, check=True)
    BUILD.mkdir(exist_ok=True)
    if not (BUILD / "config.status").exists():
        subprocess.run([TREE / "configure", "--silent"], cwd=BUILD, check=True)
    subprocess.run(["make", "-s", f"-j{os.cpu_count()}", "ordermuxd",
                    "ordermuxctl", "bench/raw/raw", "bench/empty/empty",
                    "bench/distance/distance"],
                   cwd=BUILD, check=True)


# A market's customers and goods. The triggers write the first movements of the
# stock.
GOODS = """
SET foreign_key_checks=0, unique_checks=0;
INSERT INTO users (id, phone_number, full_name, is_active, is_verified)
  SELECT {first} + seq, CONCAT('{prefix}', LPAD(seq, 6, '0')),
    CONCAT('User ', seq), 1, 1 FROM seq_0_to_{users};
INSERT INTO products (id, title)
  SELECT {first} + seq, CONCAT('Product number ', seq) FROM seq_0_to_{skus};
INSERT INTO skus (id, product_id, sku_code, size, color, price_minor, stock)
  SELECT {first} + seq, {first} + seq, CONCAT('BENCH-', LPAD(seq, 6, '0')),
    ELT(1 + seq % 5, 'XS', 'S', 'M', 'L', 'XL'),
    ELT(1 + seq % 4, 'Black', 'White', 'Red', 'Blue'),
    499 + seq * 7919 % 18000, {stock} FROM seq_0_to_{skus};
SET foreign_key_checks=1, unique_checks=1;
"""
# The newest order of each is from now, the one before from yesterday.
SPREAD = """
UPDATE orders o JOIN (SELECT id, ROW_NUMBER() OVER (PARTITION BY user_id
    ORDER BY id DESC) - 1 AS age FROM orders WHERE user_id >= {first}) a
    ON a.id = o.id
  SET o.created_at = o.created_at - INTERVAL a.age DAY,
    o.updated_at = o.updated_at - INTERVAL a.age DAY;
"""
ANALYZE = "ANALYZE TABLE users, skus, products, orders, order_items;"


def goods_sql(market):
    return GOODS.format(first=users.FIRST, users=users.USERS - 1,
                        skus=users.SKUS - 1, stock=users.STOCK,
                        prefix=users.phone(market, 0)[:-6])


def spread_sql():
    return SPREAD.format(first=users.FIRST)


class Ours:
    """The service that shop (of tests/harness) runs. Its nginx and database
    are those of the shop."""

    name = "ours"

    def __init__(self, shop, directory):
        self.shop = shop
        self.url = f"http://{shop.host}:{shop.port}/api/v1"
        self.users_file = directory / "users-ours"
        self.users = users.everybody(shop.key)
        self.logins = login.Logins(self.url, shop.env["ORDERMUX_SMS_FILE"])

    @contextlib.contextmanager
    def explained(self):
        """If something fails in the block, shows what the daemon said last,
        before its log is gone."""
        try:
            yield self
        except Exception:
            lines = [line for line in self.shop.log.read_text(
                errors="replace").splitlines() if "level=info" not in line]
            print("---- the daemon's log", *lines[-15:], sep="\n",
                  file=sys.stderr, flush=True)
            raise

    def fill(self):
        for market in users.MARKETS:
            self.shop.sql(market, goods_sql(market))
        client.fill(client.Client(self.url), self.users)
        for market in users.MARKETS:
            self.shop.sql(market, spread_sql())
            self.shop.sql(market, ANALYZE)
        users.write(self.users_file, self.users)
        self.filled = self._log().stat().st_size

    def _log(self):
        """nginx's log, which has the status of each answer."""
        return pathlib.Path(self.shop.env["ORDERMUX_DIR"],
                            "log/nginx-access.log")

    def measures(self, scenario):
        del scenario
        return True

    def groups(self):
        return {"app": processes.tree(self.shop.master),
                "nginx": processes.tree(self.shop.nginx_master()),
                "database": [self.shop.database_pid("us")]}

    def workers(self):
        return self.shop.workers()

    def measure(self, scenario, seconds, connections):
        if not scenario.wrk:
            return load.measured(self.groups(),
                                 lambda: self.logins.run(seconds))
        return load.wrk(self.url, scenario, seconds, connections,
                        self.users_file, self.groups())

    def books(self):
        """What is wrong with the books; "" if nothing is."""
        done = self.shop.ctl("reconcile")
        return "" if done.returncode == 0 else done.stdout

    def refusals(self):
        """The answers since the filling that were errors, and how many of
        each: wrk only counts them."""
        found = collections.Counter()
        with open(self._log(), encoding="utf-8") as lines:
            lines.seek(self.filled)
            for line in lines:
                error = re.search(r'path="([^"]*)" status=([45]\d\d) ', line)
                if error:
                    path = re.sub(r"/\d+", "/{id}", error[1])
                    found[f"{error[2]} on {path}"] += 1
        return dict(found)
