# SPDX-License-Identifier: MIT
"""Medians, spread, ratios and verdicts of the bench, as markdown."""
import statistics

GENERATOR_BUSY = 0.9  # share of a core above which the generator may set the pace


def median(values):
    return statistics.median(values) if values else None


def medians(row, metric, results):
    """{server: [values]} of one metric."""
    return {server: [metric.read(run) for run in runs] for server, runs in results[row.name].items()}


def number(value, digits):
    return f"{value:,.{digits}f}" if value is not None else "–"


def cell(values, runs, metric):
    if not values:
        return "–"
    text = number(median(values), metric.digits)
    if len(values) > 1:
        text += f" [{number(min(values), metric.digits)}–{number(max(values), metric.digits)}]"
    if any(not run["clean"] for run in runs):
        text += " ✗"
    if any(run["generator"]["cpu_share"] > GENERATOR_BUSY for run in runs):
        text += " *"
    return text


def ratio(a, b):
    return f"{a / b:.2f}" if a is not None and b else "–"


def bound_of(metric, floor):
    """The number Rookery is held to, or None."""
    if metric.limit is not None:
        return metric.limit
    if floor is None:
        return None
    if metric.of_floor is not None:
        return metric.of_floor * floor
    if metric.above_floor is not None:
        return metric.above_floor + floor
    return None


def verdict(metric, rookery, floor):
    bound = bound_of(metric, floor)
    if bound is None or rookery is None:
        return ""
    met = rookery >= bound if metric.more_is_better else rookery <= bound
    return f"{'≥' if metric.more_is_better else '≤'} {number(bound, metric.digits)}: {'met' if met else 'MISSED'}"


def lines(rows, servers, results):
    """The table, a line each."""
    yield "| row | figure | " + " | ".join(servers) + " | rookery ÷ floor | node ÷ rookery | demanded |"
    yield "| --- | --- |" + " --- |" * (len(servers) + 3)
    for row in rows:
        if not any(results[row.name].values()):
            continue
        for metric in row.metrics:
            values = medians(row, metric, results)
            mid = {server: median(values.get(server, [])) for server in ("node", "rookery", "floor")}
            cells = [cell(values.get(s, []), results[row.name].get(s, []), metric) for s in servers]
            yield (f"| {row.title} | {metric.title} | " + " | ".join(cells) +
                   f" | {ratio(mid['rookery'], mid['floor'])} | {ratio(mid['node'], mid['rookery'])}"
                   f" | {verdict(metric, mid['rookery'], mid['floor'])} |")
    yield ""
    yield "median [least–most]; ✗ a run lost, doubled or reordered something or lost a connection; " \
          "* the generator used over 90 % of its core and may have set the pace"
