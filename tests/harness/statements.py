"""What the service asks a database."""
import time

from .common import poll


class Statements:
    """MariaDB's own log of what the market's account sends."""

    def __init__(self, shop, market):
        self.sql = lambda query: shop.sql(market, query)

    def __enter__(self):
        self.sql("SET GLOBAL log_output='TABLE'")
        self.sql("SET GLOBAL general_log=ON")
        # The courier looks at its outbox once a second, by the same account:
        # its connection is not a worker's.
        self.courier = poll("the courier looks", lambda: self.sql(
            "SELECT DISTINCT thread_id FROM mysql.general_log "
            "WHERE user_host LIKE 'ordermux%' "
            "AND argument LIKE '%FROM outbox%'"))[0][0]
        return self

    def __exit__(self, *_):
        self.sql("SET GLOBAL general_log=OFF")
        self.sql("TRUNCATE mysql.general_log")

    def entries(self):
        return self.sql("SELECT command_type, argument FROM mysql.general_log "
                        "WHERE user_host LIKE 'ordermux%' "
                        f"AND thread_id <> {self.courier} ORDER BY event_time")

    def of(self, request, prepared=True):
        """What one request sent, from a worker that was connected before.

        And that has made such a request before, if its statements are to be
        kept prepared; of others, the preparing is left out. A request that
        has looked again whose database it is, is made again.
        """
        unused = {"Connect", "Prepare"} if prepared else {"Connect"}
        for _ in range(60):
            poll("the log rests", self._rests)
            self.sql("TRUNCATE mysql.general_log")
            a = request()
            assert a.status < 500, a
            sent = self.entries()
            if not unused & {kind for kind, _ in sent} and not any(
                    "market_identity" in text for _, text in sent):
                return [s for s in sent
                        if prepared or s[0] in ("Execute", "Query")]
        raise AssertionError(f"some worker connects at each request: {sent}")

    def _rests(self):
        """A worker that went idle may still be ending an earlier reading."""
        n = len(self.entries())
        time.sleep(0.03)
        return len(self.entries()) == n


def without_final_commit(sent):
    """A worker that goes idle ends its reading, after the answer."""
    if sent and sent[-1][1].upper() in ("COMMIT", "ROLLBACK"):
        return sent[:-1]
    return sent
