"""The arithmetic of bench/run, and what it reads of others' output. Nothing is
measured here."""
import argparse

import jwt
import pytest

from bench import (client, empty, figures, growth, load, parts, raw, report,
                   scenarios, users)

WRK = """\
Running 2s test @ http://127.0.0.1:8080/api/v1
  2 threads and 32 connections
bench requests=3000 duration_us=2000000 client_us=90000 status=7 connect=0 \
read=0 write=0 timeout=1
bench latency 900:1500 1100:1490 50000:10
"""


def test_median_of_nothing_is_none():
    assert figures.median([]) is None
    assert figures.median([3, 1, 2]) == 2
    assert figures.median(iter([4, 1])) == 2.5


def test_limit_is_the_rate_of_both_works_one_after_the_other():
    # 1 ms and 3 ms: 4 ms a request.
    assert figures.limit(1000, 1000 / 3) == pytest.approx(250)
    assert figures.limit(None, 10) is None
    assert figures.limit(10, 0) is None


def test_ratio_needs_both_numbers():
    assert figures.ratio(3, 2) == 1.5
    assert figures.ratio(None, 2) is None
    assert figures.ratio(3, 0) is None


def test_spread_is_the_fastest_by_the_slowest():
    assert figures.spread([100, 120, 110]) == 1.2
    assert figures.spread([]) is None


def test_percentiles_are_of_all_requests_not_means_of_runs():
    runs = [{10: 98, 20: 1, 30: 1}, {10: 0, 1000: 100}]
    both = figures.merged(runs)
    assert sum(both.values()) == 200
    assert figures.percentile(both, 49) == 10
    assert figures.percentile(both, 50) == 30
    assert figures.percentile(both, 51) == 1000
    assert figures.percentile({}, 50) is None


@pytest.mark.parametrize("percent, value", [
    (1, 1), (50, 50), (99, 99), (99.1, 100), (99.9, 100), (100, 100)])
def test_percentile_is_the_smallest_value_that_is_enough(percent, value):
    assert figures.percentile({n: 1 for n in range(1, 101)}, percent) == value


def test_output_of_wrk_is_read():
    run = load.parse(WRK)
    assert run.rate == 1500
    assert run.errors == {"status": 7, "timeout": 1}
    assert run.histogram == {900: 1500, 1100: 1490, 50000: 10}
    assert run.cpu == {"client": 0.09}


def test_output_without_a_result_is_an_error_that_shows_it():
    with pytest.raises(load.WrongOutput, match="unable to connect"):
        load.parse("unable to connect to 127.0.0.1:1: Connection refused\n")
    with pytest.raises(load.WrongOutput, match="printed nothing"):
        raw.parse("")


def test_output_of_the_raw_client_is_read():
    run = raw.parse("raw: a request of process 3 has failed\n"
                    "bench requests=10 errors=2 duration_us=500000 "
                    "client_us=1000\n")
    assert (run.rate, run.histogram) == (20, {})
    assert run.errors == {"raw: a request of process 3 has failed": 2}


def test_a_scenario_that_is_not_known_is_named():
    assert [s.name for s in scenarios.find(["list", "hot"])] == ["list", "hot"]
    with pytest.raises(ValueError, match="'lists'"):
        scenarios.find(["list", "lists"])


def test_each_scenario_of_wrk_has_its_script():
    scripts = {path.stem for path in load.SCRIPTS.glob("*.lua")} - {"common"}
    assert scripts == {s.name for s in scenarios.ALL if s.wrk}


def test_tokens_are_right():
    token = users.token(b"k" * 32, 7, "kg", 2**31)
    assert jwt.decode(token, b"k" * 32, algorithms=["HS256"]) == {
        "sub": "7", "market": "kg", "exp": 2**31}


def test_an_order_of_the_filling_has_different_skus():
    for n in range(users.READERS * users.ORDERS):
        skus = users.skus_of(n)
        assert len({sku for sku, _ in skus}) == users.LINES
        assert all(users.FIRST <= sku < users.FIRST + users.SKUS
                   for sku, _ in skus)


def test_only_this_machine_is_measured():
    with pytest.raises(ValueError, match="only http://127.0.0.1"):
        client.Client("http://shop.example/api/v1")


def test_a_recorded_answer_has_what_the_service_sent():
    answer = 200, [("Server", "nginx"), ("ETag", '"a-1"'),
                   ("Transfer-Encoding", "chunked")], b"{}"
    assert empty.recorded(answer) == (
        b'Status: 200 OK\r\nETag: "a-1"\r\nContent-Length: 2\r\n\r\n{}')
    with pytest.raises(client.Failed):
        empty.recorded((503, [], b""))


def results(*runs):
    """Of the scenario list, by ours and the others in turn."""
    found = report.Results({"processor": "one"}, argparse.Namespace(
        runs=1, seconds=2, connections=32, many=256))
    for service, run in runs:
        found.add("list", 32, service, run)
    return found


def run_of(requests, errors=None, **cpu):
    return load.Run(requests, 2.0, errors or {}, {1000: requests}, cpu)


def test_the_table_has_rates_limit_and_ratios():
    found = results(("ours", run_of(4000, app=1.0)), ("php", run_of(2000)),
                    ("raw", run_of(12000)), ("empty", run_of(12000)))
    found.peers = ["php"]
    text = report.text(found)
    row = next(line for line in text.splitlines() if "| list " in line)
    assert row.replace(" ", "") == \
        "|list|2,000|1,000|6,000|6,000|3,000|0.67|2.00|1.00|"
    cost = next(line for line in text.splitlines() if "list, ours" in line)
    assert cost.replace(" ", "") == "|list,ours|250|-|-|-|"
    assert "Failed" not in text


def test_an_error_in_any_run_is_a_failure():
    found = results(("ours", run_of(10)), ("raw", run_of(10, {"request": 1})))
    assert len(found.failures()) == 1
    assert "list, raw" in found.failures()[0]
    assert "**Failed.**" in report.text(found)
    assert results(("ours", run_of(0))).failures()


def test_each_part_of_scale_says_what_it_is():
    for part in parts.ALL.values():
        assert part.__doc__.endswith(".") and "\n" not in part.__doc__


def test_most_orders_are_by_turns_of_all_customers():
    # As growth.py chooses them: each customer has the same number.
    customers = growth.BATCH // growth.EACH
    turns = {seq * 7919 % customers for seq in range(customers)}
    assert len(turns) == customers
