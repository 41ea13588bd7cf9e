"""What the daemon says."""
import re


class LogTail:
    """What the daemon says from now on."""

    def __init__(self, shop):
        self.file = shop.log
        self.start = shop.log.stat().st_size

    def lines(self):
        with self.file.open("rb") as f:
            f.seek(self.start)
            return f.read().decode("utf-8").splitlines()

    def about(self, answer):
        return [l for l in self.lines() if answer.request_id in l]


def sanitizer_reports(log):
    """What an ASan or UBSan build has said against the daemon."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() \
        else []
    said = re.compile(r"ERROR: \w+Sanitizer|runtime error:|^SUMMARY: ")
    return [line for line in lines if said.search(line)]
