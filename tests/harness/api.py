"""Requests by way of nginx, and what every answer must be like."""
import dataclasses
import decimal
import http.client
import json
import re
import socket
import time

import jwt

from .common import SLOW

BASE = "/api/v1"
TIMEOUT = 60 * SLOW         # of one request; nothing may wait for ever
ENVELOPE = {"success", "error", "message", "detail", "status_code",
            "request_id"}
# What no client may ever read: SQL, tables, columns, drivers, file names.
LEAKS = re.compile(
    r"\b(select\s.*\sfrom|insert\s+into|delete\s+from|update\s+\w+\s+set|"
    r"sql|mysql|mariadb|innodb|errno|sqlstate|prepared|"
    r"cart_items|order_items|order_status_history|stock_movements|skus|"
    r"market_identity|request_hash|tokens_valid_from|\w+_minor|"
    r"login_codes|login_limits|code_hash|outbox|"
    r"ordermux_\w+|traceback|libfcgi|json-c|json_c|jansson|libjwt)\b"
    r"|\.c:\d+|\.conf\b|/etc/|/run/|/tmp/|\.sock\b", re.I | re.S)


@dataclasses.dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def __repr__(self):
        return f"<{self.status} {self.body[:600]!r}>"

    @property
    def json(self):
        # Money must stay what was printed: no float comes into being here.
        return json.loads(self.body.decode("utf-8"),
                          parse_float=decimal.Decimal)

    @property
    def request_id(self):
        return self.headers["X-Request-Id"]

    @property
    def retry_after(self):
        return int(self.headers["Retry-After"])


def check_error(a):
    """Every error, whoever makes it, has the one envelope and no leak."""
    assert a.request_id, f"no X-Request-Id: {a}"
    assert not LEAKS.search(a.body.decode("utf-8")), f"leak: {a}"
    if a.status == 401:
        assert a.headers["WWW-Authenticate"].split()[0] == "Bearer", a
    if a.status in (429, 503):
        assert a.retry_after >= 1, a
    if a.status == 405:
        assert a.headers["Allow"], a
    if a.headers.get_content_type() == "application/problem+json":
        return
    assert a.headers.get_content_type() == "application/json", a
    e = a.json
    assert set(e) - {"shortages"} == ENVELOPE, a
    assert e["success"] is False and e["status_code"] == a.status, a
    assert re.fullmatch(r"[a-z][a-z0-9_]*", e["error"]), a
    assert e["request_id"] == a.request_id, a
    assert isinstance(e["message"], str) and e["message"], a
    if isinstance(e["detail"], list):
        assert a.status == 422, a
        for fault in e["detail"]:
            assert set(fault) == {"loc", "msg", "type"}, a
            assert fault["msg"] and fault["type"], a
        assert e["message"] == e["detail"][0]["msg"], a
    else:
        assert e["detail"] == e["message"], a


def locs(answer):
    return [fault["loc"] for fault in answer.json["detail"]]


def states(ready):
    """What /ready says of each market, in whichever of two usual shapes."""
    found = ready.json["markets"]
    if isinstance(found, list):
        found = {x["market"]: x for x in found}
    return {name: s if isinstance(s, str) else s.get("state", s.get("status"))
            for name, s in found.items()}


class Api:
    """A part of Shop: needs its host, port and key."""

    def token(self, sub, market=None, expires_in=600, **claims):
        payload = {"sub": str(sub), "exp": int(time.time()) + expires_in,
                   **claims}
        if market is not None:
            payload["market"] = market
        return jwt.encode(payload, self.key, algorithm="HS256")

    def request(self, method, path, body=None, token=None, headers=None,
                base=BASE, source=None):
        """One request by way of nginx.

        A body of bytes goes as it is; one of str has its Content-Type set to
        JSON too; all else is encoded. A header of None is not sent. The
        source is the client's address, 127.0.0.1 where none is given.
        """
        sent = {}
        if body is not None:
            if not isinstance(body, bytes):
                sent["Content-Type"] = "application/json"
            if not isinstance(body, (bytes, str)):
                body = json.dumps(body)
            if isinstance(body, str):
                body = body.encode("utf-8")
        if token is not None:
            sent["Authorization"] = "Bearer " + token
        sent.update(headers or {})
        sent = {k: v for k, v in sent.items() if v is not None}
        c = http.client.HTTPConnection(
            self.host, self.port, timeout=TIMEOUT,
            source_address=(source, 0) if source else None)
        try:
            c.request(method, base + path, body, sent)
            r = c.getresponse()
            a = Answer(r.status, r.headers, r.read())
        finally:
            c.close()
        # /ready answers 503 with what it has to say: that is no error of it.
        if a.status >= 400 and method != "HEAD" and path != "/ready":
            check_error(a)
        return a

    def raw(self, data):
        """Bytes to nginx, and its answer: what http.client will not send."""
        with socket.create_connection((self.host, self.port), TIMEOUT) as s:
            s.sendall(data)
            r = http.client.HTTPResponse(s)
            r.begin()
            a = Answer(r.status, r.headers, r.read())
        if a.status >= 400:
            check_error(a)
        return a
