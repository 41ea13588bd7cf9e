"""The load's own promise: what a client cannot read is not passed over."""
import contextlib
import json
import socket
import threading
import types

import pytest

from accounts import statuses
from harness import Buyer, Sku
from load import Group, Load

GOOD = json.dumps({"id": 7, "order_number": "MQ-1"}).encode()


@contextlib.contextmanager
def answering(*bodies):
    """A server that answers 200 with these bodies, the last one for ever."""
    left = list(bodies)
    lock = threading.Lock()

    def serve(c):
        with c, contextlib.suppress(OSError):
            while c.recv(65536):
                with lock:
                    body = left.pop(0) if len(left) > 1 else left[0]
                c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: "
                          b"%d\r\n\r\n%s" % (len(body), body))

    def accept(s):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(s.accept()[0],),
                                 daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as s:
        threading.Thread(target=accept, args=(s,), daemon=True).start()
        yield types.SimpleNamespace(host="127.0.0.1",
                                    port=s.getsockname()[1])
        # shutdown wakes the thread in accept, close alone does not.
        s.shutdown(socket.SHUT_RDWR)


def group(**options):
    return Group("us", 4, [Buyer(None, "us", 1, "token")],
                 [Sku(1, "us", "Shirt", "S-1", "M", "Black", 100)], **options)


def test_a_load_has_what_its_clients_were_told():
    with answering(GOOD) as server:
        with Load(server, [group(most=40)]) as load:
            load.finish()
    assert statuses(load.requests) == {200: 40}
    assert {(r.order_id, r.number) for r in load.requests} == {(7, "MQ-1")}


@pytest.mark.parametrize("body", [
    b"{\"id\": 7, \"order", b"{\"id\": 7}", b"[]", b"\xff", b""])
@pytest.mark.parametrize("lists", [0, 1])
def test_a_garbled_answer_of_200_ends_the_load_and_the_test(body, lists):
    good = b"[]" if lists else GOOD
    bad = GOOD if lists and body == b"[]" else body
    with answering(good, good, good, bad) as server:
        with pytest.raises(AssertionError, match="clients failed\nload-"):
            with Load(server, [group(lists=lists)]) as load:
                # Nobody waits for what will not come any more.
                load.wait_for(10**6)
