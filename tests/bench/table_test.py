#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The table on results made for it."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import rows  # noqa: E402
import table  # noqa: E402
import tap  # noqa: E402

CPU = rows.Metric("CPU", ("cpu",), of_floor=2)
P99 = rows.Metric("p99", ("p99",), digits=0, above_floor=5)
RATE = rows.Metric("rate", ("rate",), digits=0, more_is_better=True, limit=1000)
ROW = rows.Row("r", "title", (), (CPU, P99, RATE))


def _run(cpu, p99, rate, clean=True, busy=0.1):
    return {"cpu": cpu, "p99": p99, "rate": rate, "clean": clean, "generator": {"cpu_share": busy}}


def _line(results, title):
    lines = list(table.lines([ROW], ["node", "rookery", "floor"], {"r": results}))
    return next((line for line in lines if f"| {title} |" in line), None)


def the_median_stands_before_its_spread():
    line = _line({"floor": [_run(3, 1, 1), _run(1, 1, 1), _run(2, 1, 1)]}, "CPU")
    assert "| 2.00 [1.00–3.00] |" in line, line


def ratios_are_of_medians():
    line = _line({"node": [_run(12, 1, 1)], "rookery": [_run(3, 1, 1)], "floor": [_run(2, 1, 1)]}, "CPU")
    assert "| 12.00 | 3.00 | 2.00 | 1.50 | 4.00 |" in line, line


def a_demand_may_be_of_the_floor_above_it_or_a_number():
    results = {"rookery": [_run(3, 16, 999)], "floor": [_run(2, 10, 5000)]}
    assert "≤ 4.00: met |" in _line(results, "CPU")
    assert "≤ 15: MISSED |" in _line(results, "p99")
    assert "≥ 1,000: MISSED |" in _line(results, "rate")


def without_the_floor_nothing_is_said_of_what_depends_on_it():
    results = {"rookery": [_run(3, 16, 1000)]}
    assert _line(results, "CPU").endswith("|  |")
    assert "≥ 1,000: met |" in _line(results, "rate")


def an_unclean_run_and_a_busy_generator_are_marked():
    assert "1 ✗ |" in _line({"node": [_run(1, 1, 1, clean=False)]}, "rate")
    assert "1 * |" in _line({"node": [_run(1, 1, 1, busy=0.95)]}, "rate")


def a_row_that_nobody_ran_is_left_out():
    assert _line({"node": [], "rookery": []}, "CPU") is None


def every_row_has_its_own_name():
    names = [row.name for row in rows.ROWS]
    assert len(names) == len(set(names))


if __name__ == "__main__":
    tap.run(globals())
