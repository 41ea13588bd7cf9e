"""The service without a database: bench/empty/empty.c behind a second nginx
with the shop's configuration."""
import contextlib
import pathlib
import re
import shutil
import signal

from . import client, load, processes, users
from .shop import BUILD
from .started import listens, started

# Headers that nginx makes; all others come from the service.
NGINX = {"server", "date", "connection", "transfer-encoding",
         "content-length", "x-content-type-options", "referrer-policy",
         "x-frame-options", "content-security-policy"}


def recorded(answer):
    """An answer, as bytes that the service gives to nginx."""
    status, headers, body = answer
    if status != 200:
        raise client.Failed(f"an answer with status {status}: {body[:300]!r}")
    head = "".join(f"{name}: {value}\r\n" for name, value in headers
                   if name.lower() not in NGINX)
    return (f"Status: {status} OK\r\n{head}"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def record(ours, directory):
    """Asks our service for an answer of each kind."""
    ask = client.Client(ours.url)
    user = users.readers(ours.users)[0]
    skus = users.skus_of(0)
    body = client.order(user.market, 1, skus, "recorded")
    requests = {
        "create": ("POST", "/orders/create", body),
        "list": ("GET", "/orders?limit=20", None),
        "detail": ("GET", f"/orders/{user.orders[0]}", None),
        "add": ("POST", "/cart/items", {"sku_id": skus[0][0]}),
    }
    for name, (method, path, data) in requests.items():
        (directory / name).write_bytes(
            recorded(ask.answer(method, path, user.token, data)))
    # The customers of "cart" begin with empty carts.
    ask.json("DELETE", "/cart", user.token)


def copy_nginx(shop, directory, port):
    """The shop's configuration, with other places and another port."""
    source = pathlib.Path(shop.env["ORDERMUX_NGINX_DIR"])
    target = directory / "nginx"
    shutil.copytree(source, target)
    for file in target.rglob("*"):
        if file.is_file():
            text = file.read_text()
            text = text.replace(shop.env["ORDERMUX_RUN_DIR"],
                                str(directory / "run"))
            text = text.replace(shop.env["ORDERMUX_DIR"], str(directory))
            file.write_text(re.sub(r"listen 127\.0\.0\.1:\d+;",
                                   f"listen 127.0.0.1:{port};", text))
    return target / "nginx.conf"


class Empty:
    """Made by running()."""

    name = "empty"

    def __init__(self, ours, port, app, nginx):
        self.ours, self.app, self.nginx = ours, app, nginx
        self.url = f"http://127.0.0.1:{port}/api/v1"

    @classmethod
    @contextlib.contextmanager
    def running(cls, ours, directory, port):
        for name in ("run", "log", "pids", "tmp/nginx", "answers"):
            (directory / name).mkdir(parents=True)
        record(ours, directory / "answers")
        conf = copy_nginx(ours.shop, directory, port)
        socket = directory / "run/fcgi.sock"
        log = directory / "log/nginx-error.log"
        with contextlib.ExitStack() as running:
            app = running.enter_context(started(
                [BUILD / "bench/empty/empty", socket,
                 len(ours.workers()), directory / "answers"],
                directory / "log/empty.log", lambda: listens(socket)))
            nginx = running.enter_context(started(
                ["nginx", "-p", f"{directory}/", "-c", conf, "-e", log],
                log, lambda: listens(port), signal.SIGQUIT))
            yield cls(ours, port, app, nginx)

    def measures(self, scenario):
        return scenario.wrk

    def groups(self):
        return {"app": processes.tree(self.app.pid),
                "nginx": processes.tree(self.nginx.pid)}

    def workers(self):
        return processes.children(self.app.pid)

    def measure(self, scenario, seconds, connections):
        return load.wrk(self.url, scenario, seconds, connections,
                        self.ours.users_file, self.groups())
