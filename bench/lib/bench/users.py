"""Customers, goods and tokens: the same numbers for every service.

The ids begin far above those of the demo data.
"""
import base64
import dataclasses
import hashlib
import hmac
import json
import time

MARKETS = ("kg", "us")
FIRST = 1_000_001               # id of the first user, product and SKU
USERS = 10_000
READERS = 200                   # the first users, who have orders
ORDERS = 50                     # of each of them
LINES = 3                       # of an order
SKUS = 1_000
STOCK = 100_000_000
LIFETIME = 24 * 3600            # seconds, of a token


def phone(market, n):
    """The number of the nth user, which the market's pattern takes."""
    return f"+996700{n:06d}" if market == "kg" else f"+13125{n:06d}"


def skus_of(n):
    """The SKUs, and how many pieces of each, of the nth order of all."""
    first = n * 7 % SKUS
    return [(FIRST + (first + k * 331) % SKUS, 1 + (n + k) % 3)
            for k in range(LINES)]


def token(key, user_id, market, expires):
    """A JWT as the service issues it, by HS256."""
    def part(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")
    signed = b".".join(part(json.dumps(p, separators=(",", ":")).encode())
                       for p in ({"alg": "HS256", "typ": "JWT"},
                                 {"sub": str(user_id), "market": market,
                                  "exp": expires}))
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return (signed + b"." + part(digest)).decode()


@dataclasses.dataclass
class User:
    market: str
    id: int
    token: str
    orders: list = dataclasses.field(default_factory=list)


def everybody(key):
    """All users of both markets, in turn, with tokens by this key."""
    expires = int(time.time()) + LIFETIME
    return [User(market, FIRST + n, token(key, FIRST + n, market, expires))
            for n in range(USERS) for market in MARKETS]


def readers(users):
    return [u for u in users if u.id < FIRST + READERS]


def write(path, users):
    """The file that wrk's scripts and the raw client read: a line a user.

        MARKET USER-ID TOKEN ORDER-ID,ORDER-ID,...
    """
    with open(path, "w", encoding="ascii") as out:
        for u in users:
            out.write(f"{u.market} {u.id} {u.token} "
                      f"{','.join(map(str, u.orders)) or '-'}\n")
