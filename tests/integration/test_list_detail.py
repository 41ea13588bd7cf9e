"""Reading orders: the list and its pages, one order, paths and methods."""
import random
import re

import pytest

from harness import BASE, at_once, locs

STATUSES = ("pending", "confirmed", "processing", "shipped", "delivered",
            "cancelled", "returned")


def ids(orders):
    return [o["id"] for o in orders]


def next_page(answer):
    """The path of rel="next", or None on the last page."""
    found = re.findall(r'<([^>]*)>\s*;\s*rel="?next"?',
                       answer.headers["Link"] or "")
    assert len(found) <= 1, answer.headers["Link"]
    if not found:
        return None
    path = re.sub(r"^http://127\.0\.0\.1:\d+", "", found[0])
    assert path.startswith(BASE + "/orders?"), found
    return path.removeprefix(BASE)


def walk(buyer, path, between=lambda: None):
    """All orders by following the links, and the sizes of the pages."""
    seen, sizes = [], []
    while path:
        a = buyer.get(path)
        assert a.status == 200, a
        seen += ids(a.json)
        sizes.append(len(a.json))
        path = next_page(a)
        assert len(sizes) < 200, "the links do not end"
        between()
    return seen, sizes


def rows(shop, buyer, n, **columns):
    """Orders by hand, a second apart; their ids, newest first."""
    made = []
    for i in range(n):
        oid = shop.order_row(
            buyer.market, buyer.id, lines=1 + i % 3,
            created_at=f"2025-11-02 10:{i // 60:02}:{i % 60:02}", **columns)
        made.append(oid)
    return made[::-1]


# ------------------------------------------------------------------- list

def test_a_user_without_orders_has_an_empty_list(shop, us):
    a = us.get("/orders")
    assert a.status == 200 and a.body.strip() == b"[]", a
    assert next_page(a) is None
    assert "no-store" in a.headers["Cache-Control"], a


def test_the_list_is_a_bare_array_of_own_orders_newest_first(shop, market):
    buyer, other = shop.buyer(market), shop.buyer(market)
    sku = shop.sku(market)
    mine = [buyer.ordered(sku) for _ in range(3)]
    other.ordered(sku)
    assert buyer.list() == mine[::-1]
    assert len(other.list()) == 1


@pytest.mark.parametrize("query, first, last", [
    ("", 0, 20), ("?limit=1", 0, 1), ("?limit=5&offset=0", 0, 5),
    ("?limit=5&offset=3", 3, 8), ("?offset=20", 20, 25),
    ("?offset=24", 24, 25),
    ("?offset=25", 25, 25), ("?offset=1000000", 25, 25),
    ("?limit=100", 0, 25), ("?limit=%31%30", 0, 10), ("?foo=bar", 0, 20),
    ("?limit=100&offset=7&unknown", 7, 25)])
def test_limit_and_offset_cut_the_list(shop, us, query, first, last):
    made = rows(shop, us, 25)
    assert ids(us.list(query)) == made[first:last]


def test_each_order_of_a_list_has_all_its_lines_and_no_others(shop, us):
    skus = [shop.sku("us", price=100 + i) for i in range(6)]
    made = {}
    for n in (1, 4, 2, 6, 3):
        o = us.ordered(*[(s, 1 + i) for i, s in enumerate(skus[:n])])
        made[o["id"]] = o
    for limit in (1, 2, 3, 5):
        for o in us.list(f"?limit={limit}"):
            assert o == made[o["id"]]
    assert us.list("?limit=2&offset=3") == list(made.values())[1::-1]


def test_a_walk_by_offset_sees_each_order_once(shop, us):
    made = rows(shop, us, 50)
    seen = [oid for offset in range(0, 60, 7)
            for oid in ids(us.list(f"?limit=7&offset={offset}"))]
    assert seen == made


@pytest.mark.parametrize("limit, pages", [
    (1, [1] * 10), (3, [3, 3, 3, 1]), (5, [5, 5]), (10, [10]), (100, [10])])
def test_the_links_lead_to_every_page_and_end(shop, us, limit, pages):
    made = rows(shop, us, 10)
    seen, sizes = walk(us, f"/orders?limit={limit}")
    assert seen == made
    # A full last page may be followed by an empty one.
    assert sizes in (pages, pages + [0]), sizes


def test_a_walk_by_cursor_has_no_gap_and_no_repeat_while_orders_come(shop, us):
    made = rows(shop, us, 50)
    sku = shop.sku("us")
    new = []
    seen, _ = walk(us, "/orders?limit=7",
                   lambda: new.append(us.ordered(sku)["id"]))
    assert seen == made and len(new) >= 8
    assert us.orders() == 50 + len(new)


def test_a_walk_by_cursor_passes_orders_of_one_moment(shop, us):
    """The time alone is not an order; the id decides."""
    made = [shop.order_row("us", us.id, created_at="2025-11-02 10:15:30")
            for _ in range(20)]
    for limit in (1, 3, 7):
        assert walk(us, f"/orders?limit={limit}")[0] == made[::-1]


def test_a_walk_by_cursor_keeps_the_filter(shop, us):
    made = []
    for i in range(30):
        status = "shipped" if i % 3 else "pending"
        oid = shop.order_row("us", us.id, status=status)
        made += [oid] * (status == "shipped")
    assert walk(us, "/orders?limit=4&status_filter=shipped")[0] == made[::-1]
    assert walk(us, "/orders?status_filter=SHIPPED&limit=4")[0] == made[::-1]


def test_a_cursor_opens_no_other_users_orders(shop):
    one, two = shop.buyer("us"), shop.buyer("us")
    rows(shop, one, 6)
    mine = rows(shop, two, 6)
    path = next_page(one.get("/orders?limit=2"))
    assert path
    a = two.get(path)
    assert a.status in (200, 422), a
    if a.status == 200:
        assert set(ids(a.json)) <= set(mine), a


@pytest.mark.parametrize("cursor", [
    "x", "0", "-1", "%00", "a" * 3000, "%27%20OR%201%3D1--", "....",
    "eyJpZCI6MX0", "9" * 40, "%ff%fe", "2025-11-02T10:15:30Z"])
def test_a_cursor_that_is_not_ours_is_422(shop, us, cursor):
    rows(shop, us, 2)
    a = us.get(f"/orders?cursor={cursor}")
    assert a.status == 422, a


@pytest.mark.parametrize("status", STATUSES)
def test_the_filter_takes_each_status_in_any_case(shop, us, status):
    made = {s: shop.order_row("us", us.id, status=s) for s in STATUSES}
    for text in (status, status.upper(), status.capitalize()):
        listed = us.list(f"?status_filter={text}")
        assert ids(listed) == [made[status]], listed
        assert listed[0]["status"] == status, listed


@pytest.mark.parametrize("status", [
    "unknown", "pend", "pendingx", "pending,shipped", "%D0%BF", "7",
    "pending%00", "%20pending", "pending'--"])
def test_an_unknown_status_is_422(shop, us, status):
    shop.order_row("us", us.id)
    a = us.get(f"/orders?status_filter={status}")
    assert a.status == 422, a


BAD_QUERIES = [(name, value) for name in ("limit", "offset") for value in (
    "-1", "abc", "1.5", "1e1", "1x", "0x10", str(2**63), str(2**64 + 1),
    "9" * 100, "%2B", "--1", "1%00", "%D9%A1")] + [
    ("limit", "0"), ("limit", "101"), ("limit", "1000000")]


@pytest.mark.parametrize("name, value", BAD_QUERIES)
def test_a_bad_limit_or_offset_is_422_by_its_name(shop, us, name, value):
    shop.order_row("us", us.id)
    a = us.get(f"/orders?{name}={value}")
    assert a.status == 422, a
    assert locs(a) == [["query", name]], a


def test_all_bad_parameters_are_told_at_once(shop, us):
    a = us.get("/orders?offset=-1&limit=0&status_filter=x")
    assert a.status == 422, a
    assert sorted(locs(a)) == [["query", "limit"], ["query", "offset"],
                               ["query", "status_filter"]], a


# ----------------------------------------------------------------- detail

def test_one_order_is_what_create_and_list_said(shop, market):
    buyer = shop.buyer(market)
    o = buyer.ordered((shop.sku(market), 2), (shop.sku(market), 1))
    for path in (f"/orders/{o['id']}", f"/orders/{o['id']}/",
                 f"/orders/{o['id']}?x=y"):
        a = buyer.get(path)
        assert a.status == 200 and a.json == o, a
    assert buyer.list() == [o]
    assert "no-store" in a.headers["Cache-Control"], a
    assert a.headers.get_content_type() == "application/json"


# What may stand beside an order in the place of the text of its lines.
TEXTS = {
    "none": "NULL",
    "empty": "''",
    "one of another form": "JSON_COMPACT(CONVERT(lines_json USING utf8mb4))",
    "one that is cut": "LEFT(lines_json, LENGTH(lines_json) - 1)",
    "no JSON": "'[\n{]'",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_an_order_without_the_text_of_its_lines_is_shown_by_its_lines(
        shop, market, text):
    buyer = shop.buyer(market)
    skus = [shop.sku(market, title=title, color=color) for title, color in (
        ('a "quoted" \\ title', "Red"), ("two\nlines", "\t"),
        ("Көйнөк 🐎", "ak"))]
    made = [buyer.ordered((skus[0], 2), skus[1], skus[2]),
            buyer.ordered(skus[2]), buyer.ordered(skus[1], (skus[0], 3))]
    paths = ["/orders", "/orders?limit=2", "/orders?offset=1",
             "/orders?status_filter=pending",
             "/orders?limit=1&offset=1&status_filter=pending"]
    paths += [f"/orders/{o['id']}" for o in made]
    paths.append(next_page(buyer.get("/orders?limit=1")))
    paths.append(next_page(buyer.get("/orders?limit=1&status_filter=pending")))
    before = [buyer.get(p).json for p in paths]
    assert before[0] == made[::-1]
    of = f"user_id = {buyer.id} AND lines_json IS NOT NULL"
    assert shop.count(market, "orders", of) == 3
    # The one in the middle keeps it.
    shop.sql(market, f"UPDATE orders SET lines_json = {text} "
             f"WHERE user_id = {buyer.id} AND id <> {made[1]['id']}")
    assert [buyer.get(p).json for p in paths] == before
    shop.sql(market, f"UPDATE orders SET lines_json = NULL "
             f"WHERE user_id = {buyer.id}")
    assert [buyer.get(p).json for p in paths] == before


def test_a_text_of_the_lines_that_would_be_too_long_is_not_kept(shop, us):
    skus = [shop.sku("us", title="x" * 255, color="y" * 50) for _ in range(40)]
    long, short = us.ordered(*skus), us.ordered(*skus[:10])
    for order, kept in ((long, 0), (short, 1)):
        assert shop.count("us", "orders", f"id = {order['id']} "
                          "AND lines_json IS NOT NULL") == kept
        assert us.get(f"/orders/{order['id']}").json == order
    assert us.get("/orders").json == [short, long]


def test_an_order_of_a_hundred_lines_is_shown_whole(shop, us):
    oid = shop.order_row("us", us.id, lines=100)
    lines = us.get(f"/orders/{oid}").json["items"]
    assert [l["id"] for l in lines] == [oid * 100 + n for n in range(100)]
    assert us.list()[0]["items"] == lines


def test_somebody_elses_order_is_not_found_like_one_that_is_not(shop, us):
    oid = shop.order_row("us", shop.user("us"))
    theirs, none = us.get(f"/orders/{oid}"), us.get(f"/orders/{oid + 500}")
    for a in (theirs, none):
        assert a.status == 404, a
        assert a.json["message"] == "Order not found", a
    assert theirs.json["error"] == none.json["error"]


@pytest.mark.parametrize("number", ["0", "-1", "-7", str(2**63),
                                    str(2**64 + 1), "9" * 200])
def test_a_number_that_is_no_id_is_not_found_or_refused(shop, us, number):
    a = us.get(f"/orders/{number}")
    assert a.status in (404, 422), a
    if a.status == 404:
        assert a.json["message"] == "Order not found", a


def test_the_largest_id_is_not_found(shop, us):
    a = us.get(f"/orders/{2**63 - 1}")
    assert a.status == 404 and a.json["message"] == "Order not found", a


@pytest.mark.parametrize("text", ["abc", "1.5", "1e3", "{id}x", "x{id}",
                                  "0x{id}", "%20{id}", "{id}%20", "{id};",
                                  "{id},1", "null", "%00", "{id}%00",
                                  "{id}'", "+{id}", "create", "%D9%A3"])
def test_what_is_not_an_integer_is_422(shop, us, text):
    oid = shop.order_row("us", us.id)
    a = us.get("/orders/" + text.format(id=oid))
    if "%00" in text:       # nginx itself may refuse a NUL in a path
        assert a.status in (400, 422), a
    else:
        assert a.status == 422, a


# ------------------------------------------------------- paths and methods

def test_head_is_get_without_a_body(shop, us):
    oid = shop.order_row("us", us.id)
    for path in ("/orders", f"/orders/{oid}"):
        get, head = us.get(path), us.request("HEAD", path)
        assert head.status == 200 and head.body == b"", head
        assert head.headers["Content-Type"] == get.headers["Content-Type"]
    head = us.request("HEAD", f"/orders/{oid + 500}")
    assert head.status == 404 and head.body == b"", head


@pytest.mark.parametrize("path", [
    "", "/", "/nowhere", "/order", "/orders/1/2", "/orders/1/cancel/x",
    "/orders/create/1", "/Orders", "/orders%2F1", "/orders.json",
    "/orders/1%2F", "/orders//1", "/.env", "/orders\\1", "/health/x"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_path_is_404_and_an_error_like_any_other(
        shop, us, path, method):
    with shop.unchanged():
        a = us.request(method, path, {} if method == "POST" else None)
    # nginx merges slashes and decodes %2F: then it is the path of an order.
    if path in ("/orders//1", "/orders%2F1", "/orders/1%2F"):
        assert a.status in (404, 405), a
    else:
        assert a.status == 404, a


@pytest.mark.parametrize("method, path, allowed", [
    ("DELETE", "/orders", {"GET", "POST"}),
    ("PUT", "/orders", {"GET", "POST"}),
    ("PATCH", "/orders", {"GET", "POST"}), ("DELETE", "/orders/", {"GET"}),
    ("POST", "/orders/1", {"GET"}), ("DELETE", "/orders/1", {"GET"}),
    ("PUT", "/orders/1", {"GET"}), ("PUT", "/orders/create", {"POST"}),
    ("POST", "/auth/markets", {"GET"}), ("PROPFIND", "/orders", {"GET"}),
    ("get", "/orders", {"GET"}), ("FOO", "/orders", {"GET", "POST"})])
def test_a_wrong_method_is_405_with_what_is_allowed(
        shop, us, method, path, allowed):
    with shop.unchanged():
        a = us.request(method, path, {})
    if method == "get" and a.status == 400:
        return              # nginx takes no methods in lower case
    assert a.status == 405, a
    said = {m.strip() for m in a.headers["Allow"].split(",")}
    assert allowed <= said and method not in said, a


def test_trace_and_connect_are_refused(shop, us):
    for method in ("TRACE", "CONNECT"):
        a = us.request(method, "/orders")
        assert a.status in (400, 405), a
        assert us.token.encode() not in a.body


@pytest.mark.parametrize("path, allowed", [
    ("/orders", {"GET", "POST"}), ("/orders/1", {"GET"}),
    ("/orders/create", {"POST"}), ("/auth/markets", {"GET"})])
def test_options_tells_what_is_allowed(shop, path, allowed):
    a = shop.request("OPTIONS", path)
    assert a.status in (200, 204), a
    assert allowed <= {m.strip() for m in a.headers["Allow"].split(",")}, a


def test_every_answer_has_a_request_id_of_its_own(shop, us):
    answers = [us.get("/orders") for _ in range(5)] + [
        us.get("/nowhere"), shop.request("GET", "/orders"),
        us.get("/orders/abc"), shop.request("GET", "/auth/markets")]
    seen = [a.request_id for a in answers]
    assert all(re.fullmatch(r"[0-9a-f]{32}", i) for i in seen), seen
    assert len(set(seen)) == len(seen)
    for a in answers:
        assert len(a.headers.get_all("X-Request-Id")) == 1, a


def test_a_clients_request_id_is_not_taken_for_ours(shop, us):
    a = us.get("/orders", {"X-Request-Id": "mine", "X-Request-ID": "mine2"})
    assert a.status == 200 and "mine" not in a.request_id, a


@pytest.mark.parametrize("query", [
    "?limit=1'%20OR%20'1'='1", "?status_filter=pending'%20--%20",
    "?cursor=1;%20DROP%20TABLE%20orders", "?limit=1%20UNION%20SELECT%201",
    "?" + "&".join(f"p{i}=x" for i in range(400)), "?" + "&" * 2000,
    "?limit=%", "?limit=%zz", "?limit", "?limit=", "?=5", "?limit[]=5"])
def test_a_strange_query_is_answered_without_harm(shop, us, query):
    mine = rows(shop, us, 2)
    with shop.unchanged():
        a = us.get("/orders" + query)
    assert a.status in (200, 400, 422), a
    if a.status == 200:
        assert ids(a.json) == mine, a


def test_lists_read_at_once_are_each_whole(shop, us):
    """Many workers, one user: nobody sees another's half."""
    rows(shop, us, 12)
    whole = us.list()
    picks = [random.Random(n).randrange(12) for n in range(60)]
    answers = at_once([lambda i=i: us.list(f"?limit=1&offset={i}")
                       for i in picks], 12)
    assert answers == [[whole[i]] for i in picks]
