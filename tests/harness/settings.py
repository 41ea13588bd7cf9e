"""Other values in the configuration for a while."""
import contextlib
import os
import re
import signal

from instance import ini

from .common import SLOW, poll


class Settings:
    """A part of Shop: needs its files, and its restart()."""

    @contextlib.contextmanager
    def files_changed(self, texts, apply=None):
        """These files (path: text) for a while. apply() is called after the
        change and after the change back; the default is restart()."""
        apply = apply or self.restart
        before = {path: path.read_text() for path in texts}
        try:
            for path, text in texts.items():
                path.write_text(text)
            apply()
            yield self
        finally:
            for path, text in before.items():
                path.write_text(text)
            apply()

    def configured(self, **options):
        """The daemon with other values in ordermux.conf, and back again."""
        return self.files_changed(
            {self.conf: ini.change(self.conf.read_text(), options)})

    @staticmethod
    @contextlib.contextmanager
    def wrapped(command):
        """Daemons that start meanwhile are started by this command."""
        usual = os.environ.get("ORDERMUX_WRAPPER")
        os.environ["ORDERMUX_WRAPPER"] = f"{command} {usual or ''}"
        try:
            yield
        finally:
            del os.environ["ORDERMUX_WRAPPER"]
            if usual is not None:
                os.environ["ORDERMUX_WRAPPER"] = usual

    def option(self, section, name, market=None):
        """A value in ordermux.conf, or in a market's file."""
        file = self.market_file(market) if market else self.conf
        return ini.value(file.read_text(), section, name)

    def patient(self):
        """With a longer crowd_after: on a busy machine, a market that is well
        may answer later than the default allows."""
        return self.configured(crowd_after=f"{2 * SLOW}s")

    def patient_with_locks(self, **more):
        """So that a request waits for a locked row for longer than a test
        holds the row, on a busy machine too. By default a request waits for
        2 s."""
        return self.configured(crowd_after="30s", query_timeout="50s",
                               request_deadline="60s", stop_timeout="1m",
                               **more)

    def market_configured(self, market, section, **options):
        """As configured(), in one section of a market's file."""
        file = self.market_file(market)
        return self.files_changed(
            {file: ini.change(file.read_text(), options, section)})

    def nginx_configured(self, **options):
        """As configured(), nginx, in ordermux-location.conf."""
        file = self.nginx_file("snippets/ordermux-location.conf")
        text = file.read_text()
        for name, value in options.items():
            text, n = re.subn(rf"(?m)^{name}\s.*;$", f"{name} {value};", text)
            assert n == 1, f"{name} is {n} times in {file}"
        return self.files_changed({file: text}, self.reload_nginx)

    def reload_nginx(self):
        """Until those who had the old configuration are gone."""
        old = set(self.nginx_workers())
        os.kill(self.nginx_master(), signal.SIGHUP)
        poll("nginx has its new configuration",
             lambda: (new := set(self.nginx_workers())) and not new & old)

    @contextlib.contextmanager
    def proxied(self, market, make):
        """With a proxy between the daemon and a market's database. make() is
        given its socket's path and the server's. The shop's own queries go
        to the server as before."""
        real = self.socket(market)
        path = f"{self.env['ORDERMUX_RUN_DIR']}/proxy-{market}.sock"
        self.sockets[market] = real
        with make(path, real) as proxy:
            try:
                with self.market_configured(market, "database", socket=path):
                    try:
                        yield proxy
                    finally:
                        proxy.heal()    # requests on their way can end
            finally:
                del self.sockets[market]
                self.read_env()
