#!/usr/bin/env python3
"""Counts what a test run did, down to the single case, and prints the line that closes it.

usage: test_summary.py add RESULTS LABEL NAME passed|failed|skipped [REASON]   one check
       test_summary.py meson RESULTS LABEL BUILD/meson-logs/testlog.json       a run of `meson test`
       test_summary.py total RESULTS      table, what failed, and `N passed, N failed`; exit 1 if any failed

RESULTS collects one JSON object a line: {label, suite, passed, failed: [name], skipped: [[name, reason]]}.
A program counts by its cases where its output tells them: TAP (subtests count, their parents do not) or a last
line `N passed, N failed[, N skipped]`. Otherwise it counts as one. A program that failed as a whole although
no case of it did (crash, leak, time limit, wrong exit code) adds one failure: nothing that meson calls
failed can vanish.
"""
import json
import re
import sys

TAP_PLAN = re.compile(r"^\s*1\.\.(\d+)(?:\s*#\s*skip\S*\s*(.*))?\s*$", re.I)
TAP_CASE = re.compile(r"^(\s*)(not )?ok\b\s*\d*\s*(?:- )?((?:[^#\\]|\\.)*?)\s*(?:(?<!\\)#\s*(skip|todo)\S*\s*(.*))?$", re.I)
CLOSING = re.compile(r"^(?:\S+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$")
EXCERPT_LINES = 60
GOOD = ("OK", "EXPECTEDFAIL")
SKIPPED = ("SKIP", "IGNORED")


class Count:
    """Cases of one program: how many passed, names of the failed, (name, reason) of the skipped."""

    def __init__(self):
        self.passed, self.failed, self.skipped = 0, [], []

    def __len__(self):
        return self.passed + len(self.failed) + len(self.skipped)


def tap_lines(text):
    """(line, whether it is of the YAML block that may follow a case)"""
    yaml_end = None
    for line in text.splitlines():
        if yaml_end is None and line.strip() == "---" and line != "---":
            yaml_end = line.rstrip().replace("---", "...")
        yield line, yaml_end is not None
        if line.rstrip() == yaml_end:
            yaml_end = None


def read_tap(text):
    """Count of TAP output, or None when it is not TAP (no plan)."""
    count, planned, open_depths = Count(), False, {}  # depth -> failures already counted below it
    for line in (line for line, in_yaml in tap_lines(text) if not in_yaml):
        plan = TAP_PLAN.match(line)
        if plan:
            planned = True
            if plan.group(1) == "0" and plan.group(2) is not None and not line.startswith(" "):
                count.skipped.append(("", plan.group(2)))
            continue
        case = TAP_CASE.match(line)
        if not case:
            continue
        indent, bad, name, directive, reason = case.groups()
        depth = len(indent)
        below = [d for d in open_depths if d > depth]
        failed_below = sum(open_depths.pop(d) for d in below)
        open_depths[depth] = open_depths.get(depth, 0) + failed_below
        if directive:
            count.skipped.append((name, reason))
        elif bad and not failed_below:
            count.failed.append(name)
            open_depths[depth] += 1
        elif not bad and not below:
            count.passed += 1
    return count if planned else None


def read_closing(text):
    """Count of the last `N passed, N failed` line, or None without one."""
    found = [m for m in map(CLOSING.match, text.splitlines()) if m]
    if not found:
        return None
    count = Count()
    count.passed = int(found[-1].group(1))
    count.failed = ["(its own count)"] * int(found[-1].group(2))
    count.skipped = [("", "said by the program")] * int(found[-1].group(3) or 0)
    return count


def last_line(text):
    lines = [line.strip() for line in (text or "").splitlines() if line.strip()]
    return lines[-1] if lines else ""


def bad(test):
    return test["result"] not in GOOD + SKIPPED


def excerpt(test):
    """What a program that failed has to say: its last lines, without the cases that passed."""
    lines, passed = [], False
    for line, in_yaml in tap_lines(test.get("stdout") or ""):
        case = None if in_yaml else TAP_CASE.match(line)
        if case:
            passed = not case.group(2)
        if not (passed and (case or in_yaml)) and not line.lstrip().startswith("# Subtest: "):
            lines.append(line)
    return lines[-EXCERPT_LINES:] + (test.get("stderr") or "").splitlines()[-EXCERPT_LINES:]


def read_program(test):
    """Count of one object of meson's testlog.json."""
    result, text = test["result"], test.get("stdout") or ""
    if result in SKIPPED and not read_tap(text):
        count = Count()
        count.skipped.append(("", last_line(text) or last_line(test.get("stderr"))))
        return count
    count = read_tap(text) or read_closing(text) or Count()
    if bad(test):
        if not count.failed:
            count.failed.append(f"({result.lower()}, exit status {test.get('returncode')})")
    elif not len(count):
        count.passed = 1
    return count


def split_name(name):
    """'rookery:unit+threads / net/loop' -> ('unit', 'net/loop'): a test counts in the first of its suites."""
    head, slash, rest = name.partition(" / ")
    return (head.partition(":")[2].partition("+")[0] or "-", rest) if slash else ("-", name)


def write(results, label, suite, program, count):
    record = {"label": label, "suite": suite, "passed": count.passed,
              "failed": [f"{program}: {n}" if n else program for n in count.failed],
              "skipped": [(f"{program}: {n}" if n else program, why or "no reason given") for n, why in count.skipped]}
    with open(results, "a") as f:
        f.write(json.dumps(record) + "\n")
    return record


def add_check(results, label, name, outcome, reason=""):
    count = Count()
    count.passed = int(outcome == "passed")
    count.failed = [""] if outcome == "failed" else []
    count.skipped = [("", reason)] if outcome == "skipped" else []
    write(results, label, "-", name, count)
    return 0


def add_meson(results, label, log):
    failed = 0
    with open(log) as f:
        for test in map(json.loads, f):
            suite, program = split_name(test["name"])
            record = write(results, label, suite, program, read_program(test))
            failed += len(record["failed"])
            if record["failed"]:
                print("\n".join([f"--- {program} ({test['result'].lower()}): {' '.join(test['command'])}",
                                 *excerpt(test), "---"]))
    return int(failed > 0)


def total(results):
    rows = {}
    with open(results) as f:
        records = [json.loads(line) for line in f]
    for r in records:
        row = rows.setdefault((r["label"], r["suite"]), [0, 0, 0])
        for i, n in enumerate((r["passed"], len(r["failed"]), len(r["skipped"]))):
            row[i] += n
    sums = [sum(row[i] for row in rows.values()) for i in range(3)]
    print(f"\n{'where':<14}{'suite':<14}{'passed':>8}{'failed':>8}{'skipped':>8}")
    for (label, suite), row in rows.items():
        print(f"{label:<14}{suite:<14}{row[0]:>8}{row[1]:>8}{row[2]:>8}")
    for r in records:
        for name, why in r["skipped"]:
            print(f"skipped: {r['label']} {name}: {why}")
    for r in records:
        for name in r["failed"]:
            print(f"failed: {r['label']} {name}")
    print(f"{sums[0]} passed, {sums[1]} failed" + (f", {sums[2]} skipped" if sums[2] else ""))
    return int(sums[1] > 0)


def main(argv):
    commands = {"add": (add_check, (4, 5)), "meson": (add_meson, (3,)), "total": (total, (1,))}
    run, arities = commands.get(argv[0] if argv else "", (None, ()))
    if len(argv) - 1 not in arities:
        sys.stderr.write(__doc__)
        return 2
    return run(*argv[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
