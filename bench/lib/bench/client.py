"""A client that is not measured: fills a service, and records its answers."""
import concurrent.futures
import http.client
import json
import threading
import time
import urllib.parse

from . import users

THREADS = 16
TIMEOUT = 30
TRIES = 10                      # of a request that fills
PAUSE = 1                       # seconds


class Failed(Exception):
    """An answer that is not 200."""


class Client:
    """Requests to one service; each thread keeps a connection."""

    def __init__(self, url):
        parts = urllib.parse.urlparse(url)
        if parts.scheme != "http" or parts.hostname != "127.0.0.1":
            raise ValueError(f"{url}: only http://127.0.0.1 is measured")
        self.address = parts.hostname, parts.port
        self.path = parts.path.rstrip("/")
        self.local = threading.local()

    def answer(self, method, path, token=None, body=None):
        """Status, headers and body."""
        if not hasattr(self.local, "connection"):
            self.local.connection = http.client.HTTPConnection(
                *self.address, timeout=TIMEOUT)
        connection = self.local.connection
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if body is not None:
            body = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        connection.request(method, self.path + path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.getheaders(), answer.read()

    def json(self, method, path, token=None, body=None):
        status, _, data = self.answer(method, path, token, body)
        if status != 200:
            raise Failed(f"{method} {path}: {status} {data[:300]!r}")
        return json.loads(data)


def insist(client, *request):
    """As client.json(), for filling: repeats it while the service answers
    503, which says that nothing was done. A machine that is busy, and a
    service that has just started, may need that. No measured request is
    repeated."""
    for _ in range(TRIES):
        status, _, data = client.answer(*request)
        if status != 503:
            break
        time.sleep(PAUSE)
    if status != 200:
        raise Failed(f"{request[0]} {request[1]}: {status} {data[:300]!r}")
    return json.loads(data)


def at_once(work, things):
    """work(thing) for each, by some threads. The results, in order."""
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(work, things))


def order(market, n, skus, note):
    """The body of an order. wrk/common.lua makes the same."""
    return {
        "customer_name": f"User {n}",
        "customer_phone": users.phone(market, n),
        "customer_email": f"user{n}@shop.example",
        "delivery_address": f"100 Main Street, apt {n % 200}",
        "delivery_city": "Bishkek" if market == "kg" else "New York",
        "delivery_notes": note,
        "payment_method": "card",
        "items": [{"sku_id": sku, "quantity": quantity}
                  for sku, quantity in skus],
    }


def fill(client, everybody):
    """Makes the orders of the readers, and notes their ids."""
    readers = users.readers(everybody)

    def make(job):
        user, k = job
        n = user.id - users.FIRST
        body = order(user.market, n, users.skus_of(k * users.READERS + n),
                     f"order {k}")
        user.orders.append(insist(client, "POST", "/orders/create",
                                  user.token, body)["id"])
    at_once(make, [(user, k) for k in range(users.ORDERS)
                   for user in readers])


def find_orders(client, everybody):
    """Asks a service that was filled before for the ids."""
    def find(user):
        user.orders = [o["id"] for o in client.json(
            "GET", f"/orders?limit={users.ORDERS}", user.token)]
        if len(user.orders) < users.ORDERS:
            raise Failed(f"user {user.id} of {user.market} has "
                         f"{len(user.orders)} orders, not {users.ORDERS}")
    at_once(find, users.readers(everybody))
