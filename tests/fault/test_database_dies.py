"""A database ends, or hangs: the other market does not notice."""
import time

import pytest

import chaos
from harness import free_port
from load import Load
from markets import DEADLINE, ENOUGH, back, check_all, groups, \
    hang_with_all_workers_in_it, refused, tell_both
from proxy import Proxy


@pytest.mark.parametrize("end, times", [
    (chaos.kill_database, 5), (chaos.shut_down_database, 3)],
    ids=["killed", "shut down"])
def test_a_database_that_ends_again_and_again_costs_its_own_market_only(
        shop, tell, end, times):
    both, buyer = groups(shop), shop.buyer("us")
    returns = []
    with Load(shop, both) as load:
        load.wait_for_each(100)
        first = time.monotonic()
        for _ in range(times):
            end(shop, "us")
            refused(buyer)
            load.wait_for(ENOUGH, "kg", served=True)
            shop.start()
            returns.append(back(shop, "us"))
            load.wait_for_each(100)
        ended = time.monotonic()
    tell_both(tell, load, "before", load.began, first)
    tell_both(tell, load, f"while us ends {times} times", first, ended)
    tell("back behind its start within",
         ", ".join(f"{s:.1f}" for s in returns), "s")
    check_all(shop, load, both, tell)


def test_a_database_that_hangs_for_longer_than_any_deadline_costs_its_own_only(
        shop, tell):
    both, buyer = groups(shop), shop.buyer("us")
    with Load(shop, both) as load:
        load.wait_for_each(100)
        with chaos.stopped(shop.database_pid("us")):
            began = time.monotonic()
            refused(buyer)
            # Whoever waited for us when it stopped has been answered by then.
            time.sleep(DEADLINE + 4)
            load.wait_for(ENOUGH, "kg", served=True)
            ended = time.monotonic()
        returned = back(shop, "us")
        load.wait_for_each(100)
    tell_both(tell, load, "before", load.began, began)
    tell_both(tell, load, "while us hangs", began, ended)
    tell(f"back {returned:.1f} s after it")
    check_all(shop, load, both, tell)


def test_a_database_that_hangs_with_all_workers_in_it_gives_half_back(
        shop, tell):
    """At the moment of the stop, nobody but us is being served."""
    hang_with_all_workers_in_it(shop, tell)


def test_the_same_holds_for_a_database_over_tcp(shop, tell):
    """The workers wait for it in another way than on a local socket."""
    port = free_port()
    with Proxy(("127.0.0.1", port), shop.socket("us")) as proxy, \
            shop.market_configured("us", "database",
                                   host=f"127.0.0.1:{port}"):
        shop.serves("us")
        assert proxy.passages
        hang_with_all_workers_in_it(shop, tell)
