"""What a request costs, asked by one client: its time, the rows that the
database reads for it, and the pages that come from the disk."""
import dataclasses
import os
import signal
import time

from . import client, figures, processes

STOP_LIMIT = 300                # seconds: it may have much to write

STATUS = """SELECT
  SUM(IF(variable_name LIKE 'HANDLER_READ%', variable_value, 0)),
  SUM(IF(variable_name = 'INNODB_BUFFER_POOL_READS', variable_value, 0))
  FROM information_schema.global_status"""


@dataclasses.dataclass
class Cost:
    """Of one request; medians and means."""
    ms: float
    rows: float
    pages: float


class Probe:
    """One client of a service, beside its database."""

    def __init__(self, ours):
        self.ours, self.shop = ours, ours.shop
        self.client = client.Client(ours.url)

    def _status(self):
        return [int(float(n)) for n in self.shop.sql("us", STATUS)[0]]

    def cost(self, requests):
        """Of requests, each (method, path, token, body). Any error ends the
        measuring."""
        # What the question itself reads.
        first, before = self._status(), self._status()
        idle = [b - a for a, b in zip(first, before)]
        times = []
        for request in requests:
            began = time.perf_counter()
            self.client.json(*request)
            times.append((time.perf_counter() - began) * 1000)
        after = self._status()
        rows, pages = (max(0, a - b - i) / len(requests)
                       for a, b, i in zip(after, before, idle))
        return Cost(figures.median(times), rows, pages)

    def restart_database(self):
        """Empties its memory. All processes are connected again afterwards,
        and the tables are open."""
        pid = self.shop.database_pid("us")
        os.kill(pid, signal.SIGTERM)
        end = time.monotonic() + STOP_LIMIT
        while not processes.ended(pid):
            if time.monotonic() > end:
                raise client.Failed("the database does not stop")
            time.sleep(0.05)
        self.shop.start()
        self.shop.serves()
