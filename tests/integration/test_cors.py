"""Pages of other origins: none by default, the configured ones exactly."""
import pytest

from harness import order

PAGE = "https://shop.example"
PREFLIGHT = {"Origin": PAGE, "Access-Control-Request-Method": "POST",
             "Access-Control-Request-Headers":
             "authorization,content-type,idempotency-key"}


def cors(answer):
    return {k.lower() for k in answer.headers
            if k.lower().startswith("access-control-")}


def words(answer, name):
    """The words of a header's list, which may be on several lines."""
    return {w.strip().lower() for line in answer.headers.get_all(name, [])
            for w in line.split(",")}


def test_without_configured_origins_no_header_is_added(shop):
    us = shop.buyer("us")
    for a in (us.get("/orders", {"Origin": PAGE}),
              shop.request("OPTIONS", "/orders/create", headers=PREFLIGHT),
              shop.request("GET", "/orders", headers={"Origin": PAGE}),
              shop.request("GET", "/auth/markets", headers={"Origin": PAGE})):
        assert not cors(a), a.headers.items()


@pytest.fixture(scope="module")
def listed(shop):
    with shop.configured(
            cors_origins=f"{PAGE}, https://www.shop.example:8443"):
        yield shop


def test_a_page_of_a_listed_origin_may_read_answers_and_errors(listed):
    us = listed.buyer("us")
    sku = listed.sku("us")
    for origin in (PAGE, "https://www.shop.example:8443"):
        page = {"Origin": origin}
        for a, status in (
                (us.get("/orders", page), 200),
                (us.order(sku, headers=page), 200),
                (us.get("/orders/abc", page), 422),
                (us.get("/nowhere", page), 404),
                (us.request("DELETE", "/orders", None, page), 405),
                (listed.request("GET", "/orders", headers=page), 401),
                (listed.request("GET", "/auth/markets", headers=page), 200)):
            assert a.status == status, a
            assert a.headers.get_all("Access-Control-Allow-Origin") == \
                [origin], a.headers.items()
            assert "origin" in words(a, "Vary"), a.headers.items()
            # Tokens come in a header: cookies are not for this service.
            assert "Access-Control-Allow-Credentials" not in a.headers


def test_a_page_may_read_the_headers_that_matter(listed):
    a = listed.buyer("us").get("/orders", {"Origin": PAGE})
    exposed = words(a, "Access-Control-Expose-Headers")
    assert {"link", "location", "x-request-id", "retry-after",
            "idempotent-replayed", "etag"} <= exposed


@pytest.mark.parametrize("path, methods", [
    ("/orders/create", {"post"}), ("/orders", {"get", "post"}),
    ("/orders/1", {"get"}), ("/auth/markets", {"get"})])
def test_a_preflight_needs_no_token_and_tells_what_may_be_sent(
        listed, path, methods):
    with listed.unchanged():
        a = listed.request("OPTIONS", path, headers=PREFLIGHT)
    assert a.status in (200, 204) and not a.body, a
    assert a.headers["Access-Control-Allow-Origin"] == PAGE
    assert methods <= words(a, "Access-Control-Allow-Methods")
    assert {"authorization", "content-type", "idempotency-key", "if-match",
            "if-none-match"} <= words(a, "Access-Control-Allow-Headers")


@pytest.mark.parametrize("origin", [
    "https://evil.example", "http://shop.example", "https://shop.example:444",
    "https://shop.example.evil.example", "https://evilshop.example", "null",
    "", "*", PAGE + "/", PAGE.upper() + "X", PAGE + ", https://evil.example"])
def test_a_page_of_another_origin_is_told_nothing(listed, origin):
    us = listed.buyer("us")
    for a in (us.get("/orders", {"Origin": origin}),
              listed.request("OPTIONS", "/orders/create",
                             headers={**PREFLIGHT, "Origin": origin})):
        assert "Access-Control-Allow-Origin" not in a.headers, a
        assert "Access-Control-Allow-Headers" not in a.headers, a
        # Else a cache would give this answer to the listed page too.
        assert "origin" in words(a, "Vary"), a.headers.items()


def test_an_origin_chooses_nothing_but_headers(listed):
    """A listed origin is no right, another one no refusal."""
    us, sku = listed.buyer("us"), listed.sku("us")
    a = us.post(order("us", sku), headers={"Origin": "https://evil.example"})
    assert a.status == 200 and us.orders() == 1, a
    a = listed.request("POST", "/orders", order("us", sku),
                       headers={"Origin": PAGE})
    assert a.status == 401, a


def test_a_star_allows_any_page(shop):
    with shop.configured(cors_origins="*"):
        us = shop.buyer("us")
        for origin in (PAGE, "https://other.example"):
            a = us.get("/orders", {"Origin": origin})
            assert a.headers["Access-Control-Allow-Origin"] in ("*", origin)
            assert "Access-Control-Allow-Credentials" not in a.headers


def test_a_preflight_to_an_unknown_path_is_404_and_harms_nobody(listed):
    before = listed.workers()
    a = listed.request("OPTIONS", "/nothing", headers=PREFLIGHT)
    assert a.status == 404, a
    assert listed.workers() == before


def test_a_preflight_may_ask_for_the_headers_of_tracing_tools(listed):
    asked = ["baggage", "sentry-trace", "traceparent", "x-requested-with",
             "authorization", "content-type", "idempotency-key"]
    a = listed.request("OPTIONS", "/orders/create", headers={
        **PREFLIGHT, "Access-Control-Request-Headers": ",".join(asked)})
    assert a.status == 204, a
    assert set(asked) <= words(a, "Access-Control-Allow-Headers"), a


def test_the_further_headers_are_configuration(shop):
    with shop.configured(cors_origins=PAGE, cors_headers="X-Shop, x-b3"):
        a = shop.request("OPTIONS", "/orders/create", headers=PREFLIGHT)
        allowed = words(a, "Access-Control-Allow-Headers")
        assert {"x-shop", "x-b3", "authorization"} <= allowed
        assert "baggage" not in allowed
