"""What is printed and written: the table, RESULTS.md, results.json and
results.svg."""
import json
import subprocess
import time

from . import figures
from .figures import milliseconds, number

COUNTED = "app", "nginx", "database", "client"
COLOURS = {"ours": "#2f6db3", "raw": "#9aa3ad", "limit": "#d9dde2"}
OTHERS = "#c8702a", "#6f8f3d", "#8d5a97"


class Results:
    """The runs of all services, by scenario."""

    def __init__(self, description, options):
        self.description, self.options = description, options
        self.runs = {}          # {(scenario, connections): {service: [Run]}}
        self.peers = []
        self.memory = {}        # {service: bytes of one worker}
        self.warm_ups = []      # (scenario, service, errors)
        self.books = ""         # what is wrong with them
        self.refusals = {}      # {"503 on /api/v1/orders": count}, of ours

    def add(self, scenario, connections, service, run):
        self.runs.setdefault((scenario, connections), {}) \
            .setdefault(service, []).append(run)

    # ---- figures

    def of(self, scenario, connections, service):
        return self.runs.get((scenario, connections), {}).get(service, [])

    def rate(self, scenario, connections, service):
        return figures.median(r.rate for r in
                              self.of(scenario, connections, service))

    def limit(self, scenario, connections):
        return figures.limit(self.rate(scenario, connections, "raw"),
                             self.rate(scenario, connections, "empty"))

    def histogram(self, scenario, connections, service):
        return figures.merged(r.histogram for r in
                              self.of(scenario, connections, service))

    def cpu(self, scenario, connections, service, group):
        """Median microseconds a request; None if the group is unknown."""
        return figures.median(
            figures.by_request(r.cpu[group], r.requests)
            for r in self.of(scenario, connections, service)
            if group in r.cpu and r.requests)

    def failures(self):
        """A line for each service that had errors."""
        lines = []
        for (scenario, connections), services in self.runs.items():
            for service, runs in services.items():
                for n, run in enumerate(runs, 1):
                    if run.errors or not run.requests:
                        lines.append(f"{scenario}, {service}, {connections} "
                                     f"connections, run {n}: "
                                     f"{run.errors or 'no request'}")
        lines += [f"{scenario}, {service}, warm-up: {errors}"
                  for scenario, service, errors in self.warm_ups]
        lines += [f"ours answered {what}: {n} times"
                  for what, n in self.refusals.items()]
        if self.books:
            lines.append("the books are wrong:\n" + self.books)
        return lines

    def busy(self):
        """The part of the processors that other programs used: the median,
        and the worst run."""
        parts = [r.others for services in self.runs.values()
                 for runs in services.values() for r in runs]
        return figures.median(parts), max(parts)


def table(head, rows):
    """Markdown, in columns."""
    rows = [list(map(str, row)) for row in [head, *rows]]
    width = [max(len(row[i]) for row in rows) for i in range(len(head))]
    lines = ["| " + " | ".join(
        cell.ljust(w) if i == 0 else cell.rjust(w)
        for i, (cell, w) in enumerate(zip(row, width))) + " |" for row in rows]
    lines.insert(1, "|" + "|".join(
        "-" * (w + 2) if i == 0 else "-" * (w + 1) + ":"
        for i, w in enumerate(width)) + "|")
    return "\n".join(lines)


def rates(results, connections):
    head = ["requests/s", "ours", *results.peers, "raw", "empty", "limit",
            "ours/limit", *(f"ours/{p}" for p in results.peers), "spread"]
    rows = []
    for scenario, n in results.runs:
        if n != connections:
            continue

        def rate(service):
            return results.rate(scenario, connections, service)
        ours, limit = rate("ours"), results.limit(scenario, connections)
        rows.append([
            scenario, number(ours), *(number(rate(p)) for p in results.peers),
            number(rate("raw")), number(rate("empty")), number(limit),
            number(figures.ratio(ours, limit), 2),
            *(number(figures.ratio(ours, rate(p)), 2)
              for p in results.peers),
            number(figures.spread(r.rate for r in results.of(
                scenario, connections, "ours")), 2)])
    return table(head, rows)


def latencies(results, connections):
    services = ["ours", *results.peers]
    head = ["ms", *(f"{s} p{p}" for s in services
                    for p in ("50", "99", "99.9"))]
    rows = []
    for scenario, n in results.runs:
        if n == connections:
            histograms = [results.histogram(scenario, n, s) for s in services]
            rows.append([scenario, *(
                milliseconds(figures.percentile(h, p))
                for h in histograms for p in (50, 99, 99.9))])
    return table(head, rows)


def costs(results, connections):
    rows = []
    for (scenario, n), services in results.runs.items():
        if n == connections:
            rows += [[f"{scenario}, {service}", *(
                number(results.cpu(scenario, n, service, group))
                for group in COUNTED)] for service in services]
    return table(["µs of processor a request", *COUNTED], rows)


def kept(results, connections, many):
    """The rates with many connections."""
    rows = []
    for scenario, n in results.runs:
        if n != many or n == connections:
            continue
        for service in ("ours", *results.peers):
            few = results.rate(scenario, connections, service)
            rate = results.rate(scenario, many, service)
            if rate:
                rows.append([
                    f"{scenario}, {service}", number(few), number(rate),
                    number(figures.ratio(rate, few), 2),
                    milliseconds(figures.percentile(results.histogram(
                        scenario, many, service), 99))])
    return rows and table(["requests/s", f"{connections} connections",
                           f"{many} connections", "kept", "p99 ms"], rows)


def memory(results):
    return table(["MB of one worker (PSS)", ""], [
        [service, number(size / 1e6, 1)]
        for service, size in results.memory.items()])


def text(results):
    """RESULTS.md."""
    options = results.options
    failures = results.failures()
    usual, worst = results.busy()
    many = kept(results, options.connections, options.many)
    parts = [
        "# Results of bench/run",
        "Written by `bench/run`. [README.md](README.md) explains the columns.",
        table(["", time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())],
              [*results.description.items(),
               ["runs", f"{options.runs} of {options.seconds} s each"],
               ["connections", options.connections],
               ["other programs", f"used {usual:.0%} of the processors; "
                f"{worst:.0%} in the worst run"]]),
        failures and "**Failed.** These runs had errors:\n\n" + "\n".join(
            f"- {line}" for line in failures),
        "![the rates](results.svg)",
        "## Rates", rates(results, options.connections),
        "## Latency of all requests", latencies(results, options.connections),
        "## Processor time", costs(results, options.connections),
        many and "## Many connections\n\n" + many,
        "## Memory", memory(results)]
    return "\n\n".join(part for part in parts if part) + "\n"


# ---- the chart

def chart(results, path):
    """A group of bars for each scenario that has a limit or a peer. Draws by
    gnuplot."""
    n = results.options.connections
    series = {s: [] for s in ("ours", *results.peers, "limit")}
    names = []
    for scenario, connections in results.runs:
        values = {s: results.rate(scenario, n, s) for s in series}
        values["limit"] = results.limit(scenario, n)
        if connections != n or values["limit"] is None:
            continue
        names.append(scenario)
        for s in series:
            series[s].append(values[s])
    if not names:
        return
    others = iter(OTHERS * len(results.peers))
    colours = {s: COLOURS.get(s) or next(others) for s in series}
    data = ["$rates << END", " ".join(["scenario", *series])]
    data += [" ".join([name, *(f"{v[i]:.1f}" if v[i] else "NaN"
                               for v in series.values())])
             for i, name in enumerate(names)]
    plots = [f"$rates using {i}:xtic(1) title columnhead "
             f"linecolor rgb '{colours[s]}'"
             for i, s in enumerate(series, 2)]
    program = "\n".join(data + [
        "END",
        "set terminal svg size 860,420 font 'sans-serif,13' "
        "background rgb 'white'",
        f"set output {str(path)!r}",
        "set style data histogram", "set style histogram cluster gap 1",
        "set style fill solid noborder", "set boxwidth 0.9",
        "set title 'requests a second (more is better)'",
        "set yrange [0:*]", "set grid ytics lc rgb '#dddddd'",
        "set border 3", "set xtics nomirror", "set ytics nomirror",
        "set key outside right top",
        "plot " + ", ".join(plots)]) + "\n"
    subprocess.run(["gnuplot"], input=program, text=True, check=True)


def write(results, directory):
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "RESULTS.md").write_text(text(results), encoding="utf-8")
    chart(results, directory / "results.svg")
    with open(directory / "results.json", "w", encoding="utf-8") as out:
        json.dump({
            "machine": results.description, "memory": results.memory,
            "failures": results.failures(),
            "runs": [{"scenario": scenario, "connections": connections,
                      "service": service, "run": n, "rate": run.rate,
                      "requests": run.requests, "seconds": run.seconds,
                      "errors": run.errors, "cpu_seconds": run.cpu,
                      "others": run.others,
                      **{f"p{p}_us": figures.percentile(run.histogram, p)
                         for p in (50, 99, 99.9)}}
                     for (scenario, connections), services in
                     results.runs.items()
                     for service, runs in services.items()
                     for n, run in enumerate(runs, 1)]}, out, indent=1)
        out.write("\n")
