"""The arithmetic. All functions are pure; tests/integration/test_bench.py
tests them.

A histogram is {microseconds: count}.
"""
import collections
import statistics


def median(values):
    """None if there are no values."""
    values = list(values)
    return statistics.median(values) if values else None


def limit(raw, empty):
    """The rate of a service that does what both do, one after the other."""
    if not raw or not empty:
        return None
    return 1 / (1 / raw + 1 / empty)


def ratio(a, b):
    """a / b; None if one of them is missing, or b is 0."""
    return None if a is None or not b else a / b


def spread(values):
    """How often the largest is the smallest; None without values."""
    values = list(values)
    return ratio(max(values), min(values)) if values else None


def merged(histograms):
    """One histogram of all."""
    total = collections.Counter()
    for histogram in histograms:
        total.update(histogram)
    return dict(total)


def percentile(histogram, percent):
    """The smallest value that so many per cent of all do not exceed."""
    if not histogram:
        return None
    need = sum(histogram.values()) * percent / 100
    seen = 0
    for value in sorted(histogram):
        seen += histogram[value]
        if seen >= need:
            return value
    return max(histogram)


def by_request(seconds, requests):
    """Microseconds a request."""
    return seconds * 1e6 / requests if requests else None


# ---- for people

def number(value, digits=0):
    """With commas: "12,345"; "-" if there is none."""
    return "-" if value is None else f"{value:,.{digits}f}"


def milliseconds(us):
    return "-" if us is None else f"{us / 1000:.2f}"
