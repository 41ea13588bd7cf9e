"""What all tests with real servers share: a running shop, and ways to look at
it.

A test talks to real nginx, the real daemon and real MariaDB servers. The
truth about what happened is read from the databases, not from the answers.
Each test brings its own users and SKUs, so that no test needs another one or
the demo data.

    common.py   paths, waiting, ports
    api.py      requests and answers      tokens.py    tokens
    buyer.py    buyers, goods, orders     login.py     codes by SMS
    sql.py      queries, rows by hand     rows.py      users, goods, carts
    stack.py    scripts/stack             settings.py  other values for a while
    shop.py     Shop: all of these        parallel.py  many at once
    checks.py   sums, books, leaks        logs.py      what the daemon says
    statements.py   what the service asks a database
    systemd.py      what the service tells systemd

The harness learns from "scripts/stack env" where things are.
"""
from .api import (BASE, ENVELOPE, LEAKS, TIMEOUT, Answer, check_error, locs,
                  states)
from .buyer import Buyer, Sku, order
from .checks import (answered, check_money, check_sums, money, reconcile,
                     saved, tally, tax_added, tax_included)
from .common import (BUILD, LIMIT, MARKETS, SLACK, SLOW, TREE, free_port, poll,
                     skip)
from .logs import LogTail, sanitizer_reports
from .parallel import RepeatedJobs, at_once
from .shop import Shop
from .sql import Sql, changed, quote
from .statements import Statements, without_final_commit
from .systemd import Systemd
from .tokens import b64, raw_token

__all__ = [
    "BASE", "BUILD", "ENVELOPE", "LEAKS", "LIMIT", "MARKETS", "SLACK", "SLOW",
    "TIMEOUT", "TREE", "Answer", "Buyer", "LogTail", "RepeatedJobs", "Shop",
    "Sku", "Sql", "Statements", "Systemd", "answered", "at_once", "b64",
    "changed", "check_error", "check_money", "check_sums", "free_port",
    "locs", "money", "order", "poll", "quote", "raw_token", "reconcile",
    "sanitizer_reports", "saved", "skip", "states", "tally", "tax_added",
    "tax_included", "without_final_commit"]
