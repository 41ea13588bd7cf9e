"""The courier delivers what is in the outbox: at least once, and in normal
running once, whatever the programs that it runs, its databases and its own
process do.

The markets' [sms] command is a script of the shop. A test puts another one in
its place, which takes effect with the next message.
"""
import contextlib
import http.server
import itertools
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

from harness import (BUILD, LIMIT, TREE, LogTail, RepeatedJobs, answered,
                     at_once, free_port, poll, saved, tally)
from instance import ini

numbers = itertools.count(int(time.time() * 1000) % 10**7)
UNKNOWN = "delivery outcome unknown, sending again"


def number(market="us"):
    """A number that nobody has had before."""
    n = next(numbers) % 10**7
    return f"+120{n // 10**6}5{n % 10**6:06}" if market == "us" \
        else f"+99677{n:07}"


def send(shop, phone):
    a = shop.request("POST", "/auth/send-code", {"phone": phone})
    assert a.status == 200, a
    return phone


def sent(shop, phones):
    """The messages to the numbers, each time that they came."""
    wanted = set(phones)
    with open(shop.env["ORDERMUX_SMS_FILE"], encoding="utf-8") as f:
        lines = [json.loads(line) for line in f if line.endswith("\n")]
    return [m for m in lines if m["to"] in wanted]


def arrived(shop, *phones, seconds=LIMIT):
    """Waits until each number has a message; returns all of them."""
    poll(f"messages to {len(phones)} numbers",
         lambda: {m["to"] for m in sent(shop, phones)} == set(phones),
         seconds)
    return sent(shop, phones)


def row(shop, market="us", where="1"):
    """The newest message of a market's outbox."""
    state, attempts, error, claimed, payload, finished = shop.sql(
        market, "SELECT state, attempts, last_error, claimed_by, "
        f"LENGTH(payload), finished_at FROM outbox WHERE {where} "
        "ORDER BY id DESC LIMIT 1")[0]
    return {"state": state, "attempts": int(attempts), "error": error,
            "claimed": claimed, "payload": int(payload), "finished": finished}


def newest(shop, market="us"):
    return "id = " + shop.value(market, "SELECT MAX(id) FROM outbox")


def reaches(shop, state, where, market="us"):
    poll(f"a message {state}",
         lambda: row(shop, market, where)["state"] == state)
    return row(shop, market, where)


def command(shop):
    return pathlib.Path(shop.env["ORDERMUX_SMS_COMMAND"])


def put(path, text, mode=0o755):
    new = path.with_name(path.name + ".test")
    new.write_text(text)
    new.chmod(mode)
    new.rename(path)


@contextlib.contextmanager
def proved(shop, text, tmp_path):
    """As script(), once it has delivered a message: now it is believed."""
    with script(shop, f'[ -e {tmp_path}/proved ] || {{ deliver; exit; }}\n'
                      + text) as path:
        arrived(shop, send(shop, number()))
        (tmp_path / "proved").touch()
        yield path


@contextlib.contextmanager
def script(shop, text):
    """The markets' command is this script for a while. In it, deliver is a
    function that does what the command does else."""
    path = command(shop)
    usual = path.read_text()
    deliver = usual.split("\n", 1)[1].replace("exec ", "").strip()
    try:
        put(path, f"#!/bin/bash\ndeliver() {{ {deliver}; }}\n{text}\n")
        yield path
    finally:
        put(path, usual)


@contextlib.contextmanager
def held_back(shop, directory, text="hold; deliver"):
    """As script(), in which hold is a function that does not end until the
    block calls the function that it is given, or ends."""
    gate = directory / "gate"
    with script(shop, f"hold() {{ until [ -e {gate} ]; do sleep 0.05; done; }}"
                      f"\n{text}"):
        try:
            yield gate.touch
        finally:
            gate.touch()


def times(path):
    """A line in a script that counts its runs, and $n, how many there were."""
    return f'echo >>{path}; n=$(wc -l <{path})'


def check_discreet(lines, *secrets):
    """No line of the log has a text, a code or a whole number in it."""
    for line in lines:
        for secret in secrets:
            assert secret not in line, line


# ------------------------------------------------------- normal running

@pytest.mark.parametrize("market", ["kg", "us"])
def test_a_message_arrives_and_is_emptied(shop, market):
    log = LogTail(shop)
    phone = send(shop, number(market))
    message, = arrived(shop, phone)
    assert set(message) == {"id", "to", "text"}, message
    assert re.fullmatch("[0-9a-f]{32}", message["id"]), message
    code = re.search(r"\d{6}", message["text"])[0]
    r = reaches(shop, "delivered", f"message_id = '{message['id']}'", market)
    assert r["attempts"] == 1 and r["payload"] == 0 and r["finished"], r
    assert r["claimed"] is None and r["error"] is None, r
    line, = poll("a line", lambda: [l for l in log.lines()
                                    if message["id"] in l])
    assert "message delivered" in line and f"to=..{phone[-4:]}" in line, line
    check_discreet(log.lines(), code, phone[1:])


def test_a_message_waits_for_nobody_to_look(shop):
    """The worker says so. The courier alone looks once a second: then none of
    them would be as quick, as it has just looked."""
    took = []
    for _ in range(10):
        phone = send(shop, number())
        arrived(shop, phone)
        reaches(shop, "delivered", newest(shop))
        time.sleep(0.1)
        phone, began = number(), time.monotonic()
        arrived(shop, send(shop, phone))
        took.append(time.monotonic() - began)
        reaches(shop, "delivered", newest(shop))
    assert shop.sanitized or min(took) < 0.5, took


def test_many_messages_each_arrive_once(shop):
    phones = [number(m) for m in ("us", "kg") for _ in range(60)]
    at_once([lambda p=p: send(shop, p) for p in phones], 8)
    messages = arrived(shop, *phones)
    time.sleep(1.5)
    assert sorted(m["to"] for m in sent(shop, phones)) == sorted(phones)
    assert len({m["id"] for m in messages}) == len(phones)


def test_a_message_of_another_host_arrives_without_a_word(shop):
    """Nobody wakes the courier for what another host has written."""
    phone = number()
    with script(shop, "exit 75"):
        send(shop, phone)
        where = newest(shop)
        poll("a try", lambda: row(shop, "us", where)["error"])
    shop.sql("us", "UPDATE outbox SET due_at = UTC_TIMESTAMP(6) "
                   f"WHERE {where}")
    arrived(shop, phone)


# ------------------------------------------------- commands that misbehave

@pytest.mark.slow
def test_exit_75_is_tried_again_with_the_same_id(shop, tmp_path):
    log = LogTail(shop)
    with script(shop, f"{times(tmp_path / 'runs')}\ncat >>{tmp_path}/read\n"
                      f"if [ $n -le 3 ]; then echo busy >&2; exit 75; fi"):
        send(shop, number())
        where = newest(shop)
        poll("a pause", lambda: "busy" in (row(shop, "us", where)["error"]
                                           or ""))
        r = row(shop, "us", where)
        assert r["state"] == "pending" and r["payload"] > 0, r
        r = reaches(shop, "delivered", where)
    assert r["attempts"] == 4 and r["error"] is None, r
    read = [json.loads(l) for l in (tmp_path / "read").read_text()
            .splitlines()]
    assert len(read) == 4 and len({json.dumps(m) for m in read}) == 1, read
    lines = [l for l in log.lines() if read[0]["id"] in l]
    assert [re.search(r"attempt=(\d)", l)[1] for l in lines] == list("1234")
    pauses = [int(re.search(r"pause_ms=(\d+)", l)[1]) for l in lines[:3]]
    for pause, base in zip(pauses, (1000, 2000, 4000)):
        assert base * 3 // 4 <= pause <= base * 5 // 4, pauses
    assert all("exit 75: busy" in l for l in lines[:3]), lines


def test_a_new_command_that_has_delivered_nothing_gives_nothing_up(shop):
    """There is a mistake in it, which somebody will mend."""
    log = LogTail(shop)
    phone = number()
    with script(shop, "echo 'jq: not found' >&2; exit 127"):
        send(shop, phone)
        where = newest(shop)
        r = poll("a try", lambda: (r := row(shop, "us", where))["error"] and r)
        assert r["state"] == "pending", r
        assert "not final" in r["error"], r
    message, = arrived(shop, phone)
    assert not [l for l in log.lines() if "giving up" in l]


def test_a_command_that_was_edited_is_a_new_one(shop, tmp_path):
    with proved(shop, "exit 1", tmp_path) as path:
        put(path, "#!/bin/sh\nexit 1\n")
        send(shop, number())
        where = newest(shop)
        r = poll("a try", lambda: (r := row(shop, "us", where))["error"] and r)
        assert r["state"] == "pending", r
        shop.sql("us", f"DELETE FROM outbox WHERE {where}")


@pytest.mark.parametrize("status", [1, 2, 64, 126, 127, 255])
def test_any_other_exit_gives_the_message_up(shop, status, tmp_path):
    log = LogTail(shop)
    phone = number()
    with proved(shop, f"cat >&2; exit {status}", tmp_path):
        send(shop, phone)
        where = newest(shop)
        r = reaches(shop, "dead", where)
    assert r["attempts"] == 1 and r["payload"] == 0 and r["finished"], r
    assert r["error"].startswith(f"exit {status}: "), r
    line, = [l for l in log.lines() if "giving up" in l]
    assert line.startswith("level=error"), line
    # The command has shown all that it was given.
    assert '\\"to\\":\\"+***\\",\\"text\\":\\"***\\"' in line, line
    check_discreet(log.lines() + [r["error"]], phone[1:], "Your code")
    assert not re.search(r"(?<![0-9a-f])\d{6}(?![0-9a-f])", r["error"]), r


# Stands for MARK in the scripts below: so their programs are known from all
# others of the machine. Each process of pytest must name its tests alike.
MARK = f"{random.randrange(10**6, 10**7)}"


@pytest.mark.parametrize("name, text, why", [
    ("hangs", "exec sleep 60.MARK", "timed out after 1000 ms"),
    ("hangs with a child", "sleep 60.MARK; exit 0", "timed out"),
    ("ignores signals", "trap '' TERM INT HUP; while :; do :; done",
     "timed out"),
    ("prints for ever", "yes MARK", "timed out"),
    ("complains for ever", "yes yMARK >&2", "timed out after 1000 ms: y"),
    ("kills itself", "kill -SEGV $$", "signal 11"),
    ("is no program", None, "Exec format error"),
])
def test_a_command_that_does_not_end_by_itself_is_tried_again(
        limited, tmp_path, name, text, why):
    shop = limited
    log = LogTail(shop)
    phone = number()
    path = command(shop)
    usual = path.read_text()
    with script(shop, f"{times(tmp_path / 'runs')}\n"
                      "if [ $n -gt 1 ]; then deliver; exit; fi\n"
                      + (text or "").replace("MARK", MARK)):
        if text is None:
            put(path, "\0\0\0\0")
        send(shop, phone)
        where = newest(shop)
        poll("the first try", lambda: row(shop, "us", where)["error"])
        assert why in row(shop, "us", where)["error"]
        if text is None:
            put(path, usual)
        message = arrived(shop, phone)[0]
        # More than one more, where a second is not enough for the usual one.
        assert reaches(shop, "delivered", where)["attempts"] >= 2
    assert any(why in l and message["id"] in l for l in log.lines())
    nothing_left(shop)


@pytest.fixture
def limited(shop):
    """The shop with a second for each command."""
    with shop.market_configured("us", "sms", timeout="1s"):
        yield shop


def nothing_left(shop):
    """Waits until no program of the courier is running."""
    def left():
        return any(subprocess.run(command, stdout=subprocess.PIPE).stdout
                   for command in (
                       ["ps", "-o", "pid=,args=", "--ppid",
                        str(shop.courier())],
                       ["pgrep", "-fx", f"sleep 60.{MARK}|yes y?{MARK}"]))

    poll("what hung is gone", lambda: not left())


@pytest.mark.parametrize("name, text", [
    ("prints garbage", "deliver; head -c 3000000 /dev/urandom; exit 0"),
    ("complains garbage",
     "deliver; head -c 3000000 /dev/urandom >&2; exit 0"),
    ("closes all", "deliver; exec 0<&- 1>&- 2>&-; exit 0"),
    ("leaves a child", "deliver; sleep 60.MARK & exit 0"),
])
def test_what_a_command_prints_or_leaves_does_no_harm(shop, name, text):
    log = LogTail(shop)
    phone = number()
    with script(shop, text.replace("MARK", MARK)):
        send(shop, phone)
        where = newest(shop)
        assert reaches(shop, "delivered", where)["attempts"] == 1
    assert len(arrived(shop, phone)) == 1
    assert all(l.isprintable() and len(l) < 4096 for l in log.lines())
    nothing_left(shop)


def test_garbage_in_a_complaint_is_made_readable(shop, tmp_path):
    with proved(shop, r"printf 'a\033]0;x\007\377\0b\n\nmore' >&2; exit 9",
                tmp_path):
        send(shop, number())
        where = newest(shop)
        r = reaches(shop, "dead", where)
    assert r["error"] == "exit 9: a ]0;x ? b", r


def test_a_command_that_never_reads_delivers(shop):
    with script(shop, "exit 0"):
        send(shop, number())
        reaches(shop, "delivered", newest(shop))


@pytest.mark.parametrize("mode, why", [
    (None, "No such file or directory"), (0o644, "Permission denied")])
def test_a_command_that_cannot_be_started_is_tried_again(shop, mode, why):
    phone = number()
    path = command(shop)
    usual = path.read_text()
    try:
        path.unlink() if mode is None else path.chmod(mode)
        send(shop, phone)
        where = newest(shop)
        poll("a try", lambda: row(shop, "us", where)["error"])
        assert why in row(shop, "us", where)["error"]
    finally:
        put(path, usual)
    arrived(shop, phone)
    reaches(shop, "delivered", where)


def test_a_command_has_arguments_and_little_else(shop, tmp_path):
    """No shell looks at them, and nothing of the service's environment or
    descriptors is there."""
    program = tmp_path / "sms"
    put(program, "#!/bin/bash\n"
        f'printf "%s\\n" "$@" >{tmp_path}/args\n'
        f"tr '\\0' '\\n' </proc/$$/environ >{tmp_path}/env\n"
        f"ls /proc/$$/fd >{tmp_path}/fds\n")
    with shop.market_configured("us", "sms",
                                command=f"{program} -x  $HOME;\t*"):
        send(shop, number())
        reaches(shop, "delivered", newest(shop))
    assert (tmp_path / "args").read_text() == "-x\n$HOME;\n*\n"
    env = dict(l.split("=", 1) for l in
               (tmp_path / "env").read_text().splitlines())
    assert set(env) == {"PATH", "LANG", "ORDERMUX_MARKET"}, env
    assert env["ORDERMUX_MARKET"] == "us"
    # 255 is bash's own, of the script that it reads.
    assert set((tmp_path / "fds").read_text().split()) <= {"0", "1", "2",
                                                          "255"}


def test_a_market_without_a_command_keeps_its_messages(shop):
    with shop.market_configured("us", "sms", command=""):
        phone = send(shop, number())
        where = newest(shop)
        poll("a try", lambda: row(shop, "us", where)["error"])
        assert "no [sms] command" in row(shop, "us", where)["error"]
    arrived(shop, phone)


# ------------------------------------------------------------- the limits

def test_an_expired_code_is_not_sent_any_more(shop):
    with script(shop, "exit 75"):
        phone = send(shop, number())
        where = newest(shop)
        poll("a try", lambda: row(shop, "us", where)["error"])
        # Before it is tried with success, it expires.
        shop.sql("us", "UPDATE outbox SET expires_at = UTC_TIMESTAMP(6), "
                       f"due_at = UTC_TIMESTAMP(6) WHERE {where}")
        r = reaches(shop, "dead", where)
    assert r["error"] == "expired" and r["payload"] == 0, r
    assert not sent(shop, [phone])


def test_a_message_is_given_up_after_twenty_tries(shop):
    with script(shop, "exit 75"):
        send(shop, number())
        where = newest(shop)
        poll("a try", lambda: row(shop, "us", where)["error"])
        shop.sql("us", "UPDATE outbox SET attempts = 18, "
                       f"due_at = UTC_TIMESTAMP(6) WHERE {where}")
        poll("try 19", lambda: row(shop, "us", where)["attempts"] == 19)
        assert row(shop, "us", where)["state"] == "pending"
        poll("a pause",
             lambda: row(shop, "us", where)["claimed"] is None)
        shop.sql("us", f"UPDATE outbox SET due_at = UTC_TIMESTAMP(6) "
                       f"WHERE {where}")
        r = reaches(shop, "dead", where)
    assert r["attempts"] == 20 and r["error"] == "exit 75", r


def insert(shop, **columns):
    """A message as nobody makes it; returns the condition that finds it."""
    mid = f"{random.getrandbits(128):032x}"
    shop.insert("us", "outbox", message_id=mid, **{
        "kind": "sms", "payload": "x", **columns})
    return f"message_id = '{mid}'"


@pytest.mark.slow
def test_messages_that_nobody_can_deliver_hold_nobody_up(shop):
    wheres = [insert(shop, payload="x" * n) for n in (0, 1, 40, 65535)]
    wheres.append(insert(shop, kind="pigeon"))
    errors = [poll("a try", lambda: row(shop, "us", w)["error"])
              for w in wheres]
    assert errors == ["no valid key opens it"] * 4 + ["unknown message kind"]
    arrived(shop, send(shop, number()))
    for w in wheres:
        assert row(shop, "us", w)["state"] == "pending"
        shop.sql("us", "UPDATE outbox SET attempts = 30, "
                       f"due_at = UTC_TIMESTAMP(6) WHERE {w}")
        assert reaches(shop, "dead", w)["error"] == "too many attempts"


@pytest.mark.slow
def test_what_is_of_no_more_use_is_deleted_and_nothing_else(shop):
    def old(days):
        return f"UTC_TIMESTAMP(6) - INTERVAL {days} DAY"

    kept, gone = [], []
    for state, days, to in (("delivered", 31, gone), ("dead", 31, gone),
                            ("delivered", 29, kept), ("dead", 29, kept)):
        to.append(insert(shop, state=state))
        shop.sql("us", f"UPDATE outbox SET due_at = {old(days)}, "
                       f"finished_at = {old(days)} WHERE {to[-1]}")
    for days, phone in ((2, "+10000000001"), (0, "+10000000002")):
        shop.sql("us", "INSERT INTO login_codes (phone_number, code_hash, "
                       "created_at, expires_at) VALUES "
                       f"('{phone}', '', {old(days)}, {old(days)})")
        shop.sql("us", "INSERT INTO login_limits (scope, subject, "
                       "window_start, sent) VALUES "
                       f"('address', '{phone}', {old(days * 2)}, 1)")
    shop.restart()
    poll("the old to be gone", lambda: not shop.count(
        "us", "outbox", " OR ".join(gone)))
    poll("old codes to be gone", lambda: not shop.count(
        "us", "login_codes", "phone_number = '+10000000001'"))
    poll("old limits to be gone", lambda: not shop.count(
        "us", "login_limits", "subject = '+10000000001'"))
    assert shop.count("us", "outbox", " OR ".join(kept)) == 2
    assert shop.count("us", "login_codes", "phone_number = '+10000000002'")
    assert shop.count("us", "login_limits", "subject = '+10000000002'")


# ---------------------------------------------------- one market's trouble

def test_a_gateway_that_hangs_holds_up_no_other_market(shop, tmp_path):
    """It has half of the places, and the other half is the others'."""
    with shop.market_configured("us", "sms", timeout="5m"), \
            held_back(shop, tmp_path,
                      "[ $ORDERMUX_MARKET = us ] && hold\ndeliver"):
        slow = [send(shop, number("us")) for _ in range(12)]
        poll("slow ones", lambda: shop.count(
            "us", "outbox", "claimed_by IS NOT NULL") == 4)
        quick = [send(shop, number("kg")) for _ in range(10)]
        arrived(shop, *quick)
        assert shop.count("us", "outbox", "claimed_by IS NOT NULL") == 4
        assert not sent(shop, slow)
    arrived(shop, *slow)


@pytest.mark.slow
def test_a_database_that_hangs_holds_up_no_other_market_for_long(shop):
    """For query_timeout once, and connect_timeout a few times, and not for
    each message."""
    pid = shop.database_pid("us")
    phones = [number("kg") for _ in range(20)]
    os.kill(pid, signal.SIGSTOP)
    try:
        for phone in phones:
            send(shop, phone)
            time.sleep(0.3)
        arrived(shop, *phones, seconds=60)
    finally:
        os.kill(pid, signal.SIGCONT)
    shop.serves("us")
    arrived(shop, send(shop, number("us")))


# --------------------------------------------- the courier itself dies

def unknown(log):
    return re.findall(re.escape(UNKNOWN) + r'".* id=([0-9a-f]{32})',
                      "\n".join(log.lines()))


def doubles(messages):
    """The ids that came more than once, as often as they came too much."""
    ids = [m["id"] for m in messages]
    return [i for i in set(ids) for _ in range(ids.count(i) - 1)]


def explained(log, messages):
    """Each delivery too many has a line of its own in the log."""
    lines = unknown(log)
    for i in doubles(messages):
        assert i in lines, f"{i} came twice and nobody said so"
        lines.remove(i)


def all_finished(shop):
    poll("an empty outbox", lambda: all(not shop.count(
        m, "outbox", "state = 'pending'") for m in ("kg", "us")), 2 * LIMIT)


@pytest.mark.slow
def test_the_courier_killed_at_any_moment_loses_no_message(shop):
    """500 messages; the master starts another courier each time, after a
    growing pause if the last one had not come to deliver anything."""
    log = LogTail(shop)
    phones = [number("us" if n % 2 else "kg") for n in range(500)]
    kills = 15
    with script(shop, "deliver; sleep 0.0$((RANDOM % 4))"):
        at_once([lambda p=p: send(shop, p) for p in phones[:100]], 4)
        todo = iter(phones[100:])
        for _ in range(kills):
            for phone in itertools.islice(todo, 16):
                send(shop, phone)
            # Mostly long enough to deliver one: the pauses stay short.
            time.sleep(random.uniform(0, 1.5 if shop.sanitized else 0.6))
            os.kill(poll("a courier", shop.courier), signal.SIGKILL)
        for phone in todo:
            send(shop, phone)
        arrived(shop, *phones, seconds=4 * LIMIT)
    all_finished(shop)
    messages = sent(shop, phones)
    assert {m["to"] for m in messages} == set(phones)
    explained(log, messages)
    assert len({m["id"] for m in messages}) == 500
    print(f"{kills} kills, {len(messages) - 500} doubles, "
          f"{len(unknown(log))} lines")


def test_a_message_in_delivery_at_a_kill_is_sent_again_and_said_so(
        shop, tmp_path):
    log = LogTail(shop)
    with held_back(shop, tmp_path, "deliver; hold") as release:
        phone = send(shop, number())
        message, = arrived(shop, phone)
        os.kill(shop.courier(), signal.SIGKILL)
        release()
        where = f"message_id = '{message['id']}'"
        reaches(shop, "delivered", where)
    twice = sent(shop, [phone])
    assert len(twice) == 2 and twice[0] == twice[1], twice
    assert unknown(log) == [message["id"]]
    assert row(shop, "us", where)["attempts"] == 2
    assert any('msg="courier ended"' in l and "signal 9" in l
               for l in log.lines())


@pytest.mark.slow
def test_the_daemon_stopped_in_the_middle_loses_nothing_and_doubles_nothing(
        shop):
    log = LogTail(shop)
    phones = [number() for _ in range(40)]
    with script(shop, "deliver; sleep 0.1"):
        at_once([lambda p=p: send(shop, p) for p in phones], 8)
        for _ in range(3):
            shop.restart()
            time.sleep(0.15)
        arrived(shop, *phones)
        all_finished(shop)
    assert sorted(m["to"] for m in sent(shop, phones)) == sorted(phones)
    assert not unknown(log)


def test_a_stop_waits_for_the_running_delivery(shop):
    with script(shop, "sleep 2; deliver"):
        phone = send(shop, number())
        where = newest(shop)
        poll("a claim", lambda: row(shop, "us", where)["claimed"])
        shop.restart()
        assert row(shop, "us", where)["state"] == "delivered"
    assert len(sent(shop, [phone])) == 1


def stopping(shop):
    """Has a message claimed, and tells the master to stop; its number, and
    the condition that finds it."""
    phone = send(shop, number())
    where = newest(shop)
    poll("a claim", lambda: row(shop, "us", where)["claimed"])
    os.kill(shop.master, signal.SIGTERM)
    return phone, where


def test_customers_are_served_while_a_stop_waits_for_a_delivery(
        shop, tmp_path):
    """The workers go when the courier has gone: else nobody would be there
    for as long as a gateway hangs."""
    buyers = [shop.buyer("us") for _ in range(4)]
    sku, courier = shop.sku("us", stock=10**6), shop.courier()
    try:
        with held_back(shop, tmp_path) as release, \
                RepeatedJobs([lambda b=b: b.order(sku)
                              for b in buyers]) as load:
            load.wait_for(20)
            phone, where = stopping(shop)
            load.wait_for(100)
            meanwhile = len(load.results)
            assert shop.courier() == courier, "it has not waited"
            release()
            poll("the end of the service", lambda: not shop.children())
            load.wait_for(10)
        assert row(shop, "us", where)["state"] == "delivered"
    finally:
        shop.restart()
    assert set(tally(load.results[:meanwhile])) == {200}
    assert set(tally(load.results)) <= {200, 502, 503}, tally(load.results)
    numbers = answered(load.results)
    assert len(set(numbers)) == len(numbers)
    assert saved(shop, buyers) == set(numbers)
    assert shop.stock(sku) == 10**6 - len(numbers)
    assert len(sent(shop, [phone])) == 1


@pytest.mark.slow
def test_the_workers_do_not_wait_for_ever_for_the_courier(shop):
    """They keep what a request may take, 8 s, of stop_timeout. The delivery is
    given up after 10 s."""
    log = LogTail(shop)
    with shop.configured(stop_timeout="13s"):
        with script(shop, "sleep 60"):
            phone, where = stopping(shop)
            time.sleep(1)
            assert shop.workers(), "they have not waited"
            poll("the workers go", lambda: not shop.workers())
            assert shop.courier(), "it has not waited"
            poll("the end of the service", lambda: not shop.children())
        shop.restart()
        assert len(arrived(shop, phone)) == 1
    assert not [l for l in log.lines() if "killed" in l], log.lines()


def test_the_master_killed_with_a_message_in_delivery_loses_nothing(shop):
    """Its courier ends by itself, and the next one leaves its claims alone
    while it lives."""
    log = LogTail(shop)
    with script(shop, "sleep 2; deliver"):
        phone = send(shop, number())
        where = newest(shop)
        poll("a claim", lambda: row(shop, "us", where)["claimed"])
        os.kill(shop.master, signal.SIGKILL)
        time.sleep(0.2)
        shop.stack("restart", "--dir", shop.dir)
        shop.read_env()
        reaches(shop, "delivered", where)
    assert 1 <= len(sent(shop, [phone])) <= 2
    explained(log, sent(shop, [phone]))


# -------------------------------------------------------- two couriers

@pytest.fixture
def second(shop, tmp_path):
    """Another daemon on the same databases, with a socket of its own."""
    etc = tmp_path / "etc"
    shutil.copytree(shop.conf.parent, etc)
    conf = etc / "ordermux.conf"
    conf.write_text(ini.change(conf.read_text(),
                               {"listen": f"{tmp_path}/s"}))
    log = open(tmp_path / "log", "wb")
    daemon = subprocess.Popen([str(BUILD / "ordermuxd"), "-c", str(conf)],
                              stderr=log, stdin=subprocess.DEVNULL)
    try:
        poll("the second daemon", lambda: b'msg="ready"' in
             (tmp_path / "log").read_bytes())
        yield tmp_path / "log"
    finally:
        daemon.terminate()
        assert daemon.wait(30) == 0
        log.close()


@pytest.mark.slow
def test_two_couriers_deliver_nothing_twice(shop, second):
    log = LogTail(shop)
    phones = [number("us" if n % 2 else "kg") for n in range(300)]
    with script(shop, "deliver; sleep 0.0$((RANDOM % 4))"):
        at_once([lambda p=p: send(shop, p) for p in phones], 8)
        arrived(shop, *phones)
        all_finished(shop)
    assert sorted(m["to"] for m in sent(shop, phones)) == sorted(phones)
    by_second = second.read_text().count("message delivered")
    by_first = sum("message delivered" in l for l in log.lines())
    assert by_first + by_second == 300
    assert by_first > 0 and by_second > 0, (by_first, by_second)
    assert not unknown(log) and UNKNOWN not in second.read_text()


@pytest.mark.slow
@pytest.mark.parametrize("owner", [
    "gone.example:7.7",     # of an older version
    # Of a clone of this machine: all but the boot is the same.
    f"0123456789abcdef0123456789abcdef.{os.stat('/proc/self/ns/pid').st_ino}"
    f":999999.7@{socket.gethostname()}",
    f"{socket.gethostname()}:999999.7"])
def test_the_claims_of_a_host_that_is_gone_run_out(shop, owner):
    """The claim of another host is left alone until its time is over, for it
    may live: its processes cannot be seen from here."""
    log = LogTail(shop)
    with script(shop, "exit 75"):
        phone = send(shop, number())
        where = newest(shop)
        poll("a try", lambda: row(shop, "us", where)["error"])

        def claim():
            shop.sql("us", f"UPDATE outbox SET claimed_by = '{owner}', "
                     "due_at = UTC_TIMESTAMP(6) + INTERVAL 1 HOUR "
                     f"WHERE {where} AND claimed_by IS NULL")
            return row(shop, "us", where)["claimed"] == owner

        poll("the claim of another host", claim)
    shop.restart()
    # The courier has looked at all that there is.
    arrived(shop, send(shop, number()))
    assert not sent(shop, [phone])
    assert row(shop, "us", where)["claimed"] == owner
    shop.sql("us", f"UPDATE outbox SET due_at = UTC_TIMESTAMP(6) WHERE {where}")
    message, = arrived(shop, phone)
    assert unknown(log) == [message["id"]]
    assert any(owner in l for l in log.lines())


# ------------------------------------------------------------- the texts

def test_a_text_that_is_wrong_stops_the_start_with_its_name(shop):
    path = shop.conf.parent / "texts" / "login_code.en.txt"
    before = path.read_text()
    daemon = [str(BUILD / "ordermuxd"), "-c", str(shop.conf)]
    try:
        path.write_text("Your code: {cod}\n")
        bad = subprocess.run(daemon + ["-t"], capture_output=True, text=True)
        path.unlink()
        gone = subprocess.run(daemon + ["-t"], capture_output=True, text=True)
    finally:
        path.write_text(before)
    assert bad.returncode == 1 and gone.returncode == 1
    assert f"{path}:1: unknown placeholder {{cod}}" in bad.stderr, bad
    assert f"{path}: cannot read: No such file" in gone.stderr, gone
    good = subprocess.run(daemon + ["-T"], capture_output=True, text=True)
    assert f"# {path}\n#\t{before}" in good.stdout, good.stdout


def test_an_edited_text_is_sent_after_a_restart(shop):
    path = shop.conf.parent / "texts" / "login_code.ru.txt"
    before = path.read_text()
    try:
        path.write_text("«{code}» \"{minutes}\"\n\\ две строки\n")
        shop.restart()
        message, = arrived(shop, send(shop, number("kg")))
    finally:
        path.write_text(before)
        shop.restart()
    assert re.fullmatch("«[0-9]{6}» \"10\"\n\\\\ две строки",
                        message["text"]), message


# ------------------------------------------------------------ the example

@pytest.fixture
def gateway():
    """An SMS gateway over HTTP that answers what it is told to."""
    class Handler(http.server.BaseHTTPRequestHandler):
        status, got = 202, []

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.got.append((self.path, dict(self.headers),
                             json.loads(body)))
            self.send_response(self.status)
            self.end_headers()
            self.wfile.write(b"noise")

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1", Handler
    server.shutdown()
    server.server_close()


@pytest.mark.skipif(not shutil.which("jq"), reason="there is no jq")
def test_the_example_of_the_manual_talks_to_a_gateway(gateway, tmp_path):
    url, handler = gateway
    text = (TREE / "docs/sms.md").read_text()
    program = tmp_path / "sms"
    put(program, re.search(r"(?s)```sh\n(.*?)```", text)[1])
    key = tmp_path / "sms.curl"
    key.write_text(re.search(r"(?m)^    (header = .*)$", text)[1])

    def run(line, url=url):
        done = subprocess.run([program], input=line, text=True, timeout=20,
                              capture_output=True, env={
                                  "PATH": os.environ["PATH"], "SMS_URL": url,
                                  "SMS_KEY": str(key)})
        return done.returncode, done.stderr

    message = {"id": "0" * 32, "to": "+13128059851", "text": "a \"b\"\nж"}
    assert run(json.dumps(message) + "\n") == (0, "")
    (path, headers, body), = handler.got
    assert path == "/v1" and body == {
        "to": message["to"], "body": message["text"], "reference": "0" * 32}
    assert headers["Authorization"] == "Bearer 0123456789abcdef"
    for status, code in ((200, 0), (409, 0), (429, 75), (401, 75), (503, 75),
                         (400, 1), (404, 1)):
        handler.status = status
        found, said = run(json.dumps(message))
        assert found == code, (status, found, said)
        assert said == ("" if not code else
                        f"the gateway answers {status}\n")
    assert run("garbage")[0] == 75
    found, said = run(json.dumps(message),
                      f"http://127.0.0.1:{free_port()}/")
    assert found == 75 and "curl: (7)" in said, said
