"""The login by phone: codes, and the messages that bring them."""
import json
import re

from .buyer import Buyer
from .common import poll


class Logins:
    """A part of Shop: needs its requests, and the file of messages."""

    def messages(self, phone):
        """The texts that were delivered to a number, oldest first.

        What came twice under one id is one message.
        """
        found = {}
        with open(self.env["ORDERMUX_SMS_FILE"], encoding="utf-8") as f:
            for line in f:
                if phone in line and line.endswith("\n"):
                    m = json.loads(line)
                    if m["to"] == phone:
                        found.setdefault(m["id"], m["text"])
        return list(found.values())

    def code(self, phone, nth=1):
        """The code in the nth message to a number, once it is there."""
        text, = poll(f"message {nth} to {phone}",
                     lambda: self.messages(phone)[nth - 1:nth])
        code, = re.findall(r"(?<!\d)\d{6}(?!\d)", text)
        return code

    def send_code(self, phone):
        """Has a code sent, and returns it."""
        nth = len(self.messages(phone)) + 1
        a = self.request("POST", "/auth/send-code", {"phone": phone})
        assert a.status == 200, a
        return self.code(phone, nth)

    def verify(self, phone, code):
        return self.request("POST", "/auth/verify-code",
                            {"phone": phone, "verification_code": code})

    def login(self, phone):
        """Who has this number, with a token as a login gives it."""
        a = self.verify(phone, self.send_code(phone))
        assert a.status == 200, a
        return Buyer(self, a.json["market"], int(a.json["user"]["id"]),
                     a.json["access_token"])
