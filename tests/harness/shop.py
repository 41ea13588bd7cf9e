"""The shop that tests talk to."""
import time

from .api import Api
from .common import LIMIT, MARKETS
from .login import Logins
from .parallel import at_once
from .rows import Rows
from .settings import Settings
from .sql import Databases
from .stack import Stack


class Shop(Stack, Settings, Databases, Rows, Api, Logins):
    """One instance, and all that tests do with it."""

    def __init__(self, directory):
        Databases.__init__(self)
        Rows.__init__(self)
        Stack.__init__(self, directory)

    def serves(self, *markets, seconds=LIMIT):
        """Waits until every worker serves the markets (or all) again.

        A worker leaves a database alone for a second after a failure, and
        which worker answers is chance: so it must go well for longer.
        """
        buyers = [self.buyer(m) for m in markets or MARKETS]
        since = time.monotonic()
        end = since + seconds
        while time.monotonic() - since < 1.2:
            answers = at_once([lambda b=b: b.get("/orders")
                               for b in buyers * 16], 16)
            if any(a.status != 200 for a in answers):
                since = time.monotonic()
            assert since < end, f"not all serve: {answers}"
