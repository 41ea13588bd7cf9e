"""A database ends, or hangs: the other market does not notice."""
import time

import pytest

import chaos
from accounts import between, latencies, rate, statuses
from load import Load
from markets import KgAlone, back, check_all, compare, groups, \
    hang_with_all_workers_in_it, tell_kg


@pytest.mark.parametrize("end, times", [
    (chaos.kill_database, 5), (chaos.shut_down_database, 3)],
    ids=["killed", "shut down"])
def test_a_database_that_ends_again_and_again_costs_its_own_market_only(
        shop, tell, end, times):
    both = groups(shop)
    returns = []
    with Load(shop, both) as load:
        time.sleep(4)
        first = time.monotonic()
        for _ in range(times):
            end(shop, "us")
            time.sleep(0.5)
            shop.start()
            returns.append(back(shop, "us"))
            time.sleep(0.5)
        ended = time.monotonic()
    tell_kg(tell, load, "before", load.began, first)
    tell_kg(tell, load, f"while us ends {times} times", first, ended)
    tell("us", latencies(between(load.of("us"), first, ended)),
         "; back behind its start within",
         ", ".join(f"{s:.1f}" for s in returns), "s")
    check_all(shop, load, both, tell)
    assert 503 in statuses(load.of("us")) and max(returns) < 10


def test_a_database_that_hangs_for_20_seconds_costs_the_other_nothing(
        shop, tell):
    alone = KgAlone(shop, tell)
    both = groups(shop)
    with Load(shop, both) as load:
        time.sleep(6)
        with chaos.stopped(shop.database_pid("us")):
            began = time.monotonic()
            time.sleep(20)
            ended = time.monotonic()
        returned = back(shop, "us")
    tell_kg(tell, load, "before", began - 5, began)
    tell_kg(tell, load, "while us hangs", began, ended)
    tell("us while it hangs:", latencies(between(load.of("us"), began, ended)),
         f"; back {returned:.1f} s after it")
    check_all(shop, load, both, tell)
    kg = load.of("kg")
    compare(shop, (rate(kg, began, ended),
                   0.8 * rate(kg, began - 5, began)))
    alone.check(load, began, ended)


def test_a_database_that_hangs_with_all_workers_in_it_gives_half_back(
        shop, tell):
    """At the moment of the stop, nobody but us is being served."""
    alone = KgAlone(shop, tell)
    alone.check(*hang_with_all_workers_in_it(shop, tell, 5))
