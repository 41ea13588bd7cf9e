"""The files under nginx/, as they are shipped, in an nginx of their own.

The service behind it is a stub here: this is about what nginx does by
itself. All is under a private prefix.
"""

import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import threading
import time

import pytest

from fastcgi_stub import Stub
from harness import LIMIT, SLACK, poll

SOURCE = pathlib.Path(__file__).resolve().parents[2] / "nginx"
NGINX = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
SERVICE_SOCKET = "unix:/run/ordermux/fcgi.sock"

pytestmark = pytest.mark.skipif(NGINX is None, reason="there is no nginx")

MAIN = """
%(user)s
daemon off;
worker_processes 1;
pid %(prefix)s/nginx.pid;
error_log %(prefix)s/error.log info;
events { }
http {
    client_body_temp_path %(prefix)s/body;
    fastcgi_temp_path %(prefix)s/fastcgi;
    proxy_temp_path %(prefix)s/proxy;
    scgi_temp_path %(prefix)s/scgi;
    uwsgi_temp_path %(prefix)s/uwsgi;
    access_log %(prefix)s/access.log;
    # A balancer in front, so that tests can be many clients.
    set_real_ip_from 127.0.0.1;
    real_ip_header X-Test-Client;
    include site.conf;
}
"""

# Somebody's site, with what could get in the way: a location by regular
# expression, headers and error pages of its own.
EXISTING = """
include snippets/ordermux-http.conf;
server {
    listen 127.0.0.1:%(port)d;
    server_name shop.example;
    root %(prefix)s/www;
    add_header X-Site shop;
    error_page 404 502 /oops.html;
    location / { try_files $uri =404; }
    location ~ \\.php$ { return 418; }
    include snippets/ordermux-snippet.conf;
}
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Nginx:
    def __init__(self, prefix, site):
        self.prefix = prefix
        self.port = free_port()
        self.socket = str(prefix / "s")
        snippets = prefix / "snippets"
        snippets.mkdir()
        for file in SOURCE.iterdir():
            if file.name != "ordermux.conf":
                text = file.read_text()
                text = text.replace(SERVICE_SOCKET, "unix:" + self.socket)
                (snippets / file.name).write_text(text)
        values = {"prefix": prefix, "port": self.port,
                  "user": "user root;" if os.getuid() == 0 else ""}
        (prefix / "nginx.conf").write_text(MAIN % values)
        if site == "shipped":
            text = (SOURCE / "ordermux.conf").read_text()
            # As root and not, with and without IPv6: another port, no
            # second address, no file under /var/log.
            text = re.sub(r"(?m)^\tlisten \[::\]:80;\n", "", text)
            text = re.sub(r"(?m)^\tlisten 80;",
                          f"\tlisten 127.0.0.1:{self.port};", text)
            text = text.replace("/var/log/nginx", str(prefix))
        else:
            (prefix / "www").mkdir()
            (prefix / "www" / "oops.html").write_text("oops")
            (prefix / "www" / "page.html").write_text("page")
            text = EXISTING % values
        (prefix / "site.conf").write_text(text)

    def command(self, *more):
        return [NGINX, "-p", str(self.prefix),
                "-c", str(self.prefix / "nginx.conf"),
                "-e", str(self.prefix / "error.log"), *more]

    def check(self):
        return subprocess.run(self.command("-t"), capture_output=True,
                              text=True)

    def __enter__(self):
        self.process = subprocess.Popen(self.command())
        poll("nginx listens", self.listens)
        return self

    def listens(self):
        assert self.process.poll() is None, \
            (self.prefix / "error.log").read_text()
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port)).close()
            return True

    def __exit__(self, *exception):
        self.process.terminate()
        self.process.wait(LIMIT)

    def request(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                timeout=30)
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        answer.body = answer.read()
        connection.close()
        return answer

    def raw(self, data):
        """Sends bytes, returns the status, headers and body of the answer."""
        with socket.create_connection(("127.0.0.1", self.port)) as s:
            s.sendall(data)
            answer = http.client.HTTPResponse(s)
            answer.begin()
            answer.body = answer.read()
            return answer


@pytest.fixture(params=["shipped", "existing"])
def nginx(request, tmp_path_factory):
    # A short name, since a socket's may have 107 bytes.
    with Nginx(tmp_path_factory.mktemp("n"), request.param) as n:
        n.site = request.param
        yield n


@pytest.fixture
def stub(nginx):
    with Stub(nginx.socket) as s:
        yield s


def values(answer, name):
    return answer.headers.get_all(name) or []


def assert_envelope(answer, status, error):
    assert answer.status == status, answer.body
    assert values(answer, "Content-Type") == ["application/json"]
    envelope = json.loads(answer.body)
    assert set(envelope) == {"success", "error", "message", "detail",
                             "status_code", "request_id"}
    assert envelope["success"] is False
    assert envelope["error"] == error
    assert envelope["status_code"] == status
    assert envelope["message"] == envelope["detail"] != ""
    assert re.fullmatch("[0-9a-f]{32}", envelope["request_id"])
    assert values(answer, "X-Request-Id") == [envelope["request_id"]]
    assert values(answer, "Cache-Control") == ["no-store"]
    assert_security_headers(answer)


def assert_security_headers(answer):
    assert values(answer, "X-Content-Type-Options") == ["nosniff"]
    assert values(answer, "Referrer-Policy") == ["no-referrer"]
    assert values(answer, "X-Frame-Options") == ["DENY"]
    assert values(answer, "Content-Security-Policy") == [
        "default-src 'none'; frame-ancestors 'none'"]


@pytest.mark.parametrize("site", ["shipped", "existing"])
def test_nginx_accepts_the_files_without_a_warning(tmp_path, site):
    checked = Nginx(tmp_path, site).check()
    assert checked.returncode == 0, checked.stderr
    assert "[warn]" not in checked.stderr
    assert "[emerg]" not in checked.stderr


def test_nginx_accepts_the_tls_example(tmp_path):
    nginx = Nginx(tmp_path, "shipped")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj",
         "/CN=localhost", "-keyout", tmp_path / "key", "-out",
         tmp_path / "cert"], check=True, capture_output=True)
    text = (SOURCE / "ordermux.conf").read_text()
    example = text[text.index("# server {"):]
    example = re.sub(r"(?m)^# ?", "", example)
    example = re.sub(r"(?m)^\tlisten \[::\].*\n", "", example)
    example = re.sub(r"(?m)^\tlisten \d+", "\tlisten 127.0.0.1:%d"
                     % nginx.port, example, count=1)
    example = re.sub(r"(?m)^\tlisten 443", "\tlisten 127.0.0.1:%d"
                     % free_port(), example)
    example = re.sub(r"/etc/letsencrypt\S*fullchain.pem",
                     str(tmp_path / "cert"), example)
    example = re.sub(r"/etc/letsencrypt\S*privkey.pem",
                     str(tmp_path / "key"), example)
    example = example.replace("/var/log/nginx", str(tmp_path))
    example = example.replace("# add_header Strict", "add_header Strict")
    (tmp_path / "site.conf").write_text(
        "include snippets/ordermux-http.conf;\n" + example)
    checked = nginx.check()
    assert checked.returncode == 0, checked.stderr
    assert "[warn]" not in checked.stderr


def test_a_request_reaches_the_service_with_what_it_needs(nginx, stub):
    before = time.time()
    answer = nginx.request(
        "POST", "/api/v1//orders/create/?market=kg&x=%20", b'{"a":1}',
        {"Content-Type": "application/json", "Authorization": "Bearer x",
         "Proxy": "http://evil.example", "X_Market": "kg",
         "Host": "shop.example"})
    assert answer.status == 200
    (params, body), = stub.requests
    assert body == b'{"a":1}'
    assert params["REQUEST_METHOD"] == "POST"
    assert params["DOCUMENT_URI"] == "/api/v1/orders/create/"
    assert params["QUERY_STRING"] == "market=kg&x=%20"
    assert params["CONTENT_TYPE"] == "application/json"
    assert params["CONTENT_LENGTH"] == "7"
    assert params["REMOTE_ADDR"] == "127.0.0.1"
    assert params["HTTP_HOST"] == "shop.example"
    assert params["HTTP_AUTHORIZATION"] == "Bearer x"
    assert params.get("HTTP_PROXY", "") == ""
    assert "HTTP_X_MARKET" not in params
    assert re.fullmatch("[0-9a-f]{32}", params["REQUEST_ID"])
    assert before - 1 < float(params["REQ_START"]) < time.time() + 1


def test_connections_to_the_service_are_not_kept(nginx, stub):
    for _ in range(3):
        assert nginx.request("GET", "/health").status == 200
    assert stub.keep_conn == [False, False, False]


@pytest.mark.parametrize("path", [
    "/api/v1", "/api/v1/", "/api/v1/orders", "/api/v1/orders/x.php",
    "/health", "/ready", "/health/", "/ready/", "/ready/us", "/ready/us/"])
def test_the_services_paths_go_to_the_service(nginx, stub, path):
    answer = nginx.request("GET", path)
    assert answer.status == 200
    assert_security_headers(answer)
    assert len(stub.requests) == 1


@pytest.mark.parametrize("path", ["/", "/api/v1x", "/api/v2/x", "/health/x", "/readyz",
                                  "/.ordermux/error", "/.ordermux/problem"])
def test_other_paths_do_not(nginx, stub, path):
    answer = nginx.request("GET", path)
    assert answer.status == 404
    assert stub.requests == []
    if nginx.site == "shipped":
        assert_envelope(answer, 404, "not_found")


def test_the_rest_of_an_existing_site_is_as_before(nginx, stub):
    if nginx.site == "existing":
        answer = nginx.request("GET", "/page.html")
        assert answer.body == b"page"
        assert values(answer, "X-Site") == ["shop"]
        assert values(answer, "X-Frame-Options") == []
        assert nginx.request("GET", "/none").body == b"oops"


@pytest.mark.parametrize("status", [400, 401, 404, 405, 409, 413, 415, 422,
                                    429, 500, 502, 503, 504])
def test_the_services_own_errors_pass_unchanged(nginx, stub, status):
    stub.answer = lambda params, body: (
        b"Status: %d\r\nContent-Type: application/json\r\n"
        b"X-Request-Id: mine\r\nRetry-After: 7\r\n"
        b"Cache-Control: no-store\r\n\r\n{\"own\":1}" % status)
    answer = nginx.request("GET", "/api/v1/orders")
    assert answer.status == status
    assert answer.body == b'{"own":1}'
    assert values(answer, "X-Request-Id") == ["mine"]
    assert values(answer, "Retry-After") == ["7"]
    assert values(answer, "Cache-Control") == ["no-store"]
    assert_security_headers(answer)


def test_no_service_is_502_with_retry_after(nginx):
    answer = nginx.request("POST", "/api/v1/orders/create", b"{}")
    assert_envelope(answer, 502, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0


def test_a_worker_that_dies_is_502_and_gets_the_request_once(nginx, stub):
    stub.answer = lambda params, body: None
    assert_envelope(nginx.request("POST", "/api/v1/orders/create", b"{}"),
                    502, "unavailable")
    assert_envelope(nginx.request("GET", "/api/v1/orders"),
                    502, "unavailable")
    assert len(stub.requests) == 2


@pytest.mark.slow
def test_a_service_that_hangs_is_504_after_its_own_deadline(nginx, stub):
    over = threading.Event()
    stub.answer = lambda params, body: over.wait(60) and None
    began = time.monotonic()
    answer = nginx.request("POST", "/api/v1/orders/create", b"{}")
    took = time.monotonic() - began
    over.set()
    assert_envelope(answer, 504, "timeout")
    assert int(answer.headers["Retry-After"]) > 0
    # request_deadline in etc/ordermux.conf is 8 s.
    assert 8.5 < took < 10 + SLACK


def test_a_body_over_the_services_limit_reaches_it(nginx, stub):
    """So that clients see the service's own 413."""
    body = b"x" * (100 * 1024)
    assert nginx.request("POST", "/api/v1/orders/create", body).status == 200
    assert stub.requests[0][1] == body
    assert "buffered to a temporary file" not in (
        nginx.prefix / "error.log").read_text()


def test_a_body_over_nginxs_limit_is_413(nginx, stub):
    answer = nginx.request("POST", "/api/v1/orders/create",
                           b"x" * (129 * 1024))
    assert_envelope(answer, 413, "body_too_large")
    assert stub.requests == []


def test_a_slow_sender_reaches_the_service_only_when_done(nginx, stub):
    with socket.create_connection(("127.0.0.1", nginx.port)) as s:
        s.sendall(b"POST /api/v1/orders HTTP/1.1\r\nHost: x\r\n"
                  b"Content-Length: 4\r\nConnection: close\r\n\r\nab")
        time.sleep(0.5)
        assert stub.keep_conn == []
        s.sendall(b"cd")
        assert s.recv(100).startswith(b"HTTP/1.1 200")
    assert stub.requests[0][1] == b"abcd"


def test_a_chunked_body_arrives_with_its_length(nginx, stub):
    answer = nginx.raw(b"POST /api/v1/orders HTTP/1.1\r\nHost: x\r\n"
                       b"Transfer-Encoding: chunked\r\n\r\n"
                       b"2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n")
    assert answer.status == 200
    (params, body), = stub.requests
    assert (params["CONTENT_LENGTH"], body) == ("5", b"abcde")


@pytest.mark.parametrize("request_head, status, error", [
    (b"GET /" + b"x" * 21000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
     414, "uri_too_long"),
    (b"GET /api/v1/orders HTTP/1.1\r\nHost: x\r\nCookie: "
     + b"x" * 21000 + b"\r\n\r\n", 431, "headers_too_large"),
    (b"GET /api/v1/orders HTTP/1.1\r\n\r\n", 400, "bad_request"),
    (b"GET /api/v1/orders HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
     400, "bad_request"),
    (b"nonsense\r\n\r\n", 400, "bad_request"),
    (b"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400, "bad_request"),
    (b"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n", 405, "method_not_allowed"),
])
def test_requests_that_no_location_sees_get_the_envelope(
        nginx, stub, request_head, status, error):
    answer = nginx.raw(request_head)
    if nginx.site == "shipped":
        assert_envelope(answer, status, error)
        assert (status == 405) == ("Allow" in answer.headers)
    else:
        assert 400 <= answer.status < 500
    assert stub.requests == []


def test_problem_json_is_for_who_asks(nginx):
    answer = nginx.request("GET", "/api/v1/orders", headers={
        "Accept": "application/problem+json, application/json"})
    assert answer.status == 502
    assert values(answer, "Content-Type") == ["application/problem+json"]
    problem = json.loads(answer.body)
    assert problem["type"] == "about:blank"
    assert problem["title"] == "Bad Gateway"
    assert problem["status"] == problem["status_code"] == 502
    assert problem["success"] is False
    assert problem["detail"] == problem["message"]
    assert problem["error"] == "unavailable"
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    assert answer.headers["Retry-After"]


@pytest.mark.parametrize("accept, form", [
    ("*/*", "json"), ("application/json", "json"),
    ("application/problem+json", "problem+json"),
    ("text/html, Application/Problem+JSON;q=0.5", "problem+json"),
    ("application/problem+json;q=0", "json"),
    ("application/problem+json ; q=0.00, */*", "json")])
def test_the_form_of_an_error_is_what_was_accepted(nginx, accept, form):
    answer = nginx.request("GET", "/health", headers={"Accept": accept})
    assert values(answer, "Content-Type") == ["application/" + form]


BURST = 61              # so many at once, and then one a second


def limited(answers, began):
    """Those that were refused: all beyond what the limit allows."""
    assert all(a.status == 200 for a in answers[:BURST])
    refused = [a for a in answers if a.status != 200]
    most = BURST + 1 + int(time.monotonic() - began)
    assert refused and len(answers) - len(refused) <= most
    return refused


def codes(nginx, count, path, client, method="POST"):
    return [nginx.request(method, path, b"{}", {"X-Test-Client": client})
            for _ in range(count)]


@pytest.mark.parametrize("path", [
    "/api/v1/auth/send-verification", "/api/v1/auth/send-code",
    "/api/v1/auth/verify-code", "/api/v1/auth//send-code/",
    "/api/v1/auth/%73end-code"])
def test_login_routes_are_limited_per_client(nginx, stub, path):
    began = time.monotonic()
    answers = codes(nginx, 90, path, "192.0.2.1")
    refused = limited(answers, began)
    assert_envelope(refused[0], 429, "too_many_requests")
    assert int(refused[0].headers["Retry-After"]) > 0
    # Another client, another route, a preflight: not limited.
    assert codes(nginx, 1, path, "192.0.2.2")[0].status == 200
    assert codes(nginx, 1, "/api/v1/orders", "192.0.2.1")[0].status == 200
    assert codes(nginx, 1, path, "192.0.2.1", "OPTIONS")[0].status == 200


def test_an_ipv6_client_is_its_64_bits(nginx, stub):
    path = "/api/v1/auth/send-code"
    answers, began = [], time.monotonic()
    for host in range(90):
        answers += codes(nginx, 1, path, f"2001:db8:1:2::{host:x}")
    limited(answers, began)
    assert codes(nginx, 1, path, "2001:db8:1:3::1")[0].status == 200
    assert codes(nginx, 1, path, "::ffff:192.0.2.7")[0].status == 200


def test_a_long_list_is_not_limited(nginx, stub):
    answers = codes(nginx, 200, "/api/v1/orders", "192.0.2.1", "GET")
    assert {a.status for a in answers} == {200}


def test_large_answers_are_compressed_and_whole(nginx, stub):
    import gzip
    text = b'[' + b'{"id": 1},' * 100000 + b'{}]'
    stub.answer = lambda params, body: (
        b"Content-Type: application/json\r\n\r\n" + text)
    answer = nginx.request("GET", "/api/v1/orders")
    assert answer.body == text
    answer = nginx.request("GET", "/api/v1/orders",
                           headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.body) == text


@pytest.mark.parametrize("path", [
    "/api/v1/orders/7", "/api/v1/orders/create", "/api/v1/orders/7/cancel",
    "/api/v1/orders/7/events", "/api/v1/profile/orders/7",
    "/api/v1/profile/orders/7/cancel"])
def test_the_tag_of_an_order_stays_a_strong_one(nginx, stub, path):
    """Of what nginx compresses it makes the tag weak."""
    stub.answer = lambda params, body: (
        b'ETag: "pending-1"\r\nContent-Type: application/json\r\n\r\n'
        + b" " * 5000)
    answer = nginx.request("GET", path, headers={
        "Accept-Encoding": "gzip", "If-Match": '"a"', "If-None-Match": '"b"'})
    assert answer.status == 200 and len(answer.body) == 5000
    assert answer.headers["ETag"] == '"pending-1"'
    params = stub.requests[0][0]
    assert params["REQUEST_ID"] and params["DOCUMENT_URI"] == path
    assert (params["HTTP_IF_MATCH"], params["HTTP_IF_NONE_MATCH"]) == \
        ('"a"', '"b"')
    for name in ("X-Content-Type-Options", "Content-Security-Policy"):
        assert answer.headers[name], name


def test_the_log_names_the_request_and_not_its_query(nginx, stub):
    nginx.request("GET", "/api/v1/orders?phone=13128059851",
                  headers={"User-Agent": 'a"b'})
    if nginx.site == "shipped":
        line = poll("a line", (nginx.prefix / "ordermux.log").read_text)
        assert "request_id=" + stub.requests[0][0]["REQUEST_ID"] in line
        assert 'path="/api/v1/orders" status=200' in line
        assert "3128059851" not in line
        assert '\\"' in line


# --------------------------------------------- pages of other origins (CORS)

PAGE = "https://shop.example"


@pytest.fixture(params=["shipped", "existing"])
def listed(request, tmp_path_factory):
    """With the file that the administrator fills."""
    n = Nginx(tmp_path_factory.mktemp("n"), request.param)
    n.site = request.param
    (n.prefix / "snippets" / "ordermux_origins").write_text(
        f'"{PAGE}"\t$http_origin;\n""\t"*";\n')
    with n:
        yield n


def own_errors(nginx, origin):
    """Errors of nginx itself: no service is there."""
    head = f"Host: x\r\nOrigin: {origin}\r\n".encode()
    get = b"GET /api/v1/orders HTTP/1.1\r\n" + head
    return {
        502: nginx.request("GET", "/api/v1/orders", None, {"Origin": origin}),
        413: nginx.raw(b"POST /api/v1/orders HTTP/1.1\r\n" + head +
                       b"Content-Length: 200000\r\n\r\n"),
        400: nginx.raw(get + b"Content-Length: x\r\n\r\n"),
        431: nginx.raw(get + b"Cookie: " + b"x" * 21000 + b"\r\n\r\n"),
    }


def test_a_page_may_read_what_nginx_itself_answers(listed):
    for status, answer in own_errors(listed, PAGE).items():
        if listed.site != "shipped" and status in (400, 431):
            continue    # the page of errors is the site's own
        assert answer.status == status
        assert values(answer, "Access-Control-Allow-Origin") == [PAGE]
        assert "Retry-After" in answer.headers[
            "Access-Control-Expose-Headers"]
        assert "Origin" in values(answer, "Vary")
    answer = listed.request("OPTIONS", "/api/v1/orders", None, {
        "Origin": PAGE, "Access-Control-Request-Method": "POST"})
    assert values(answer, "Access-Control-Allow-Origin") == [PAGE]


def test_a_page_may_read_that_it_asks_too_often(listed):
    answers = [listed.request("POST", "/api/v1/auth/send-code", b"{}", {
        "Origin": PAGE, "X-Test-Client": "192.0.2.77"}) for _ in range(65)]
    answer = next(a for a in answers if a.status == 429)
    assert values(answer, "Access-Control-Allow-Origin") == [PAGE]
    assert answer.headers["Retry-After"]


def test_an_address_that_is_too_long_can_be_told_to_any_page(listed):
    answer = listed.raw(b"GET /api/v1/" + b"x" * 21000 + b" HTTP/1.1\r\n"
                        b"Host: x\r\nOrigin: " + PAGE.encode() +
                        b"\r\n\r\n")
    assert answer.status == 414
    if listed.site == "shipped":
        assert values(answer, "Access-Control-Allow-Origin") == ["*"]


def test_other_pages_may_not(listed):
    for answer in own_errors(listed, "https://evil.example").values():
        assert values(answer, "Access-Control-Allow-Origin") == []


def test_without_the_file_no_page_may(nginx):
    for answer in own_errors(nginx, PAGE).values():
        assert values(answer, "Access-Control-Allow-Origin") == []
        assert values(answer, "Access-Control-Expose-Headers") == []


def test_16_kb_of_headers_reach_the_service(nginx, stub):
    """Cookies of other programs on the same host."""
    for sizes in ([9000], [16000], [8000, 8000], [4000] * 4):
        head = b"".join(b"X-%d: %s\r\n" % (i, b"x" * n)
                        for i, n in enumerate(sizes))
        answer = nginx.raw(b"GET /api/v1/orders HTTP/1.1\r\nHost: x\r\n" +
                           head + b"\r\n")
        assert answer.status == 200, sizes
        (params, _), = stub.requests
        assert sum(len(params[f"HTTP_X_{i}"]) for i in range(len(sizes))) == \
            sum(sizes)
        stub.requests.clear()


def test_a_long_address_with_large_headers_still_fits_into_fastcgi(nginx,
                                                                   stub):
    answer = nginx.raw(b"GET /api/v1/orders?x=" + b"x" * 18000 +
                       b" HTTP/1.1\r\nHost: x\r\nCookie: " + b"x" * 18000 +
                       b"\r\n\r\n")
    assert answer.status == 200
    (params, _), = stub.requests
    assert len(params["QUERY_STRING"]) == 18002
    assert len(params["HTTP_COOKIE"]) == 18000
