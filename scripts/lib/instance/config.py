"""Writes and reads the configuration of an instance: copies of the shipped
files with a few changes."""
import os
import shlex
import shutil

from . import files, ini
from .layout import TREE

SHIPPED = TREE / "etc"
# Tests log in often, and all clients have the same address.
LIMITS = {"per_address": 100000, "per_day": 1000000}
# One customer of a test under load makes more orders than a person.
ORDERS = {"per_hour": 0}


def edit(path, change, *args):
    """change: a function of the module ini."""
    files.write(path, change(files.read(path), *args))


class Config:
    def __init__(self, layout, servers):
        self.layout, self.servers = layout, servers

    # ---- what is configured

    @staticmethod
    def shipped_markets():
        return sorted(f.stem for f in (SHIPPED / "markets.d").glob("*.conf"))

    def markets(self):
        return sorted(f.stem for f in
                      self.layout.markets_dir.glob("*.conf"))

    def market_file(self, market):
        return self.layout.markets_dir / f"{market}.conf"

    def database(self, market, name):
        """A value of the market's [database], or "" if it is not set."""
        return ini.value(files.read(self.market_file(market)), "database",
                         name)

    def server(self, market):
        """The market's server (the one with its socket), or None."""
        return self.servers.at(self.database(market, "socket"))

    # ---- writing it

    def make(self):
        """Existing files stay: somebody may have changed them."""
        layout = self.layout
        self._make_sms()
        layout.markets_dir.mkdir(parents=True, exist_ok=True)
        texts = layout.etc / "texts"
        texts.mkdir(exist_ok=True)
        for file in (SHIPPED / "texts").glob("*.txt"):
            if not (texts / file.name).exists():
                shutil.copyfile(file, texts / file.name)
        if not layout.conf.exists():
            text = files.read(SHIPPED / "ordermux.conf")
            text = ini.change(text, {"listen": layout.fcgi_socket}, "daemon")
            files.write(layout.conf, ini.change(text, ORDERS, "orders"))
        files.make_secret(layout.etc / "jwt.key")
        for market in self.shipped_markets():
            if not self.market_file(market).exists():
                self._make_market(market)

    def _make_market(self, market):
        server = market if self.layout.servers == 2 else "all"
        text = files.read(SHIPPED / "markets.d" / f"{market}.conf")
        text = ini.put(text, "database", "socket", self.servers.socket(server))
        text = ini.change(text, {"command": self.layout.run / "sms"}, "sms")
        text = ini.change(text, LIMITS, "login")
        files.write(self.market_file(market), text)

    def _make_sms(self):
        """The markets' [sms] command. It keeps the line that it reads. Many
        may run at once: each writes its line in one step."""
        os.close(os.open(self.layout.sms_file,
                         os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
        files.write(self.layout.run / "sms", "#!/bin/bash\nexec cat >>"
                    f"{shlex.quote(str(self.layout.sms_file))}\n", 0o755)

    def make_passwords(self):
        """For every market, including those whose file was added."""
        for market in self.markets():
            file = self.database(market, "password_file")
            if file:
                files.make_secret(self.layout.etc / file)

    def set_workers(self):
        if self.layout.options.workers:
            edit(self.layout.conf, ini.put, "daemon", "workers",
                 self.layout.options.workers)
