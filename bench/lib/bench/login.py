"""The load of logins: a code is asked for, read from the SMS, and exchanged.

wrk cannot wait for an SMS. The shop's [sms] command writes each message as a
line into a file, which this client follows. It counts requests, so that its
rate can be read as the others: two requests are one login. The times in its
histogram are those of the requests, without the wait for the SMS.
"""
import collections
import itertools
import json
import re
import threading
import time

from . import client, load, users

THREADS = 16
SMS_LIMIT = 30                  # seconds, for a message
PER_PHONE = 3                   # codes in 15 minutes: [login] per_phone


class Messages:
    """Follows the file of messages."""

    def __init__(self, path):
        self.file = open(path, encoding="utf-8")
        self.file.seek(0, 2)
        self.arrived = threading.Condition()
        self.codes = {}         # {phone: the newest code}
        self.ended = False
        self.thread = threading.Thread(target=self._follow, daemon=True)
        self.thread.start()

    def _follow(self):
        rest = ""
        while not self.ended:
            rest += self.file.read()
            *lines, rest = rest.split("\n")
            if not lines:
                time.sleep(0.005)
                continue
            with self.arrived:
                for message in map(json.loads, lines):
                    code = re.search(r"(?<!\d)\d{6}(?!\d)", message["text"])
                    self.codes[message["to"]] = code[0]
                self.arrived.notify_all()

    def take(self, phone):
        """The code, once it is there; None if it does not come."""
        with self.arrived:
            self.arrived.wait_for(lambda: phone in self.codes, SMS_LIMIT)
            return self.codes.pop(phone, None)

    def close(self):
        self.ended = True
        self.thread.join()
        self.file.close()


class Logins:
    """Hands out phones that may still ask for a code."""

    def __init__(self, url, sms_file):
        self.url, self.sms_file = url, sms_file
        phones = [users.phone(market, n) for n in range(users.USERS)
                  for market in users.MARKETS]
        self.phones = iter(itertools.chain.from_iterable(
            itertools.repeat(phones, PER_PHONE)))
        self.lock = threading.Lock()

    def phone(self):
        with self.lock:
            return next(self.phones)

    def run(self, seconds):
        """A load.Run."""
        messages = Messages(self.sms_file)
        histogram, errors = collections.Counter(), collections.Counter()
        ask = client.Client(self.url)
        began = time.monotonic()
        cpu = time.process_time()

        def request(path, body):
            start = time.perf_counter()
            status, _, _ = ask.answer("POST", path, body=body)
            with self.lock:
                if status == 200:
                    us = (time.perf_counter() - start) * 1e6
                    histogram[round(us)] += 1
                else:
                    errors[f"status {status}"] += 1
            return status == 200

        def work(_):
            while time.monotonic() - began < seconds:
                phone = self.phone()
                if not request("/auth/send-code", {"phone": phone}):
                    continue
                code = messages.take(phone)
                if code is None:
                    with self.lock:
                        errors["no message"] += 1
                    continue
                request("/auth/verify-code", {"phone": phone, "code": code})
        try:
            client.at_once(work, range(THREADS))
        finally:
            messages.close()
        return load.Run(sum(histogram.values()), time.monotonic() - began,
                        dict(errors), dict(histogram),
                        {"client": time.process_time() - cpu})
