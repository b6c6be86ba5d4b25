"""A failure that the closing line does not count is worse than no test at all."""
import contextlib
import io
import json
import os
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import tap  # noqa: E402
import test_summary  # noqa: E402

NODE_TAP = """TAP version 13
# Subtest: polling
    # Subtest: opens
    ok 1 - opens
      ---
      duration_ms: 0.5
      ...
    # Subtest: closes
    not ok 2 - closes
      ---
      error: |-
        ok 9 - this is a message, no case
      ...
    # Subtest: compresses
    ok 3 - compresses # SKIP no zlib
    1..3
not ok 1 - polling
  ---
  error: '1 subtest failed'
  ...
# Subtest: upgrade
ok 2 - upgrade
1..2
# tests 5
"""


def _program(stdout, result="OK", status=0):
    return test_summary.read_program({"name": "rookery:unit / x", "stdout": stdout, "result": result, "returncode": status})


def _tuple(count):
    return count.passed, len(count.failed), len(count.skipped)


def _closing_line(*programs):
    """What `total` prints last for a meson log of (suite, name, result, stdout), and its status."""
    with tempfile.TemporaryDirectory() as folder:
        log, results = os.path.join(folder, "log"), os.path.join(folder, "results")
        with open(log, "w") as f:
            for suite, name, result, stdout in programs:
                f.write(json.dumps({"name": f"rookery:{suite} / {name}", "stdout": stdout, "result": result,
                                    "returncode": int(result != "OK"), "command": ["x"]}) + "\n")
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            test_summary.main(["meson", results, "build", log])
            status = test_summary.main(["total", results])
        return out.getvalue().splitlines()[-1], status, out.getvalue()


def counts_every_tap_case():
    assert _tuple(_program("ok 1 - a\nok 2 - b\n1..2\n")) == (2, 0, 0)


def counts_failed_and_skipped_cases():
    count = _program("ok 1 - a\nnot ok 2 - b\nok 3 - c # SKIP no service\n1..3\n", "FAIL", 1)
    assert (count.passed, count.failed, count.skipped) == (1, ["b"], [("c", "no service")])


def counts_subtests_but_not_their_parents():
    count = _program(NODE_TAP, "FAIL", 1)
    assert (count.passed, count.failed, count.skipped) == (2, ["closes"], [("compresses", "no zlib")])


def counts_a_parent_that_failed_by_itself():
    assert _program("    ok 1 - child\n    1..1\nnot ok 1 - parent\n1..1\n", "FAIL", 1).failed == ["parent"]


def counts_a_crash_after_passed_cases_as_a_failure():
    count = _program("ok 1 - a\nok 2 - b\n", "ERROR", -11)
    assert len(count.failed) == 1 and "-11" in count.failed[0]


def counts_a_leak_after_a_whole_plan_as_a_failure():
    assert _tuple(_program("ok 1 - a\n1..1\n", "ERROR", 23)) == (1, 1, 0)


def counts_a_program_without_cases_as_one():
    assert _tuple(_program("12 inputs replayed\n")) == (1, 0, 0)
    assert _tuple(_program("", "TIMEOUT", 1)) == (0, 1, 0)


def takes_a_closing_line_for_the_cases():
    assert _tuple(_program("noise\nsio5: 3 passed, 0 failed\n59 passed, 1 failed, 2 skipped\n", "FAIL", 1)) == (59, 1, 2)


def keeps_the_reason_of_a_program_that_skips():
    assert _program("no redis here\n", "SKIP", 77).skipped == [("", "no redis here")]
    assert _program("1..0 # SKIP no browser\n", "SKIP").skipped == [("", "no browser")]


def closes_with_all_that_ran():
    line, status, text = _closing_line(("unit", "a", "OK", "ok 1 - x\n1..1\n"), ("fuzz", "b", "OK", "3 inputs"),
                                       ("e2e", "c", "SKIP", "1..0 # SKIP no browser\n"))
    assert (line, status) == ("2 passed, 0 failed, 1 skipped", 0)
    assert "c: no browser" in text


def closes_with_a_failing_status_and_names():
    line, status, text = _closing_line(("unit+threads", "a", "FAIL", "not ok 1 - x\n1..1\n"), ("unit", "b", "OK", ""))
    assert (line, status) == ("1 passed, 1 failed", 1)
    assert "failed: build a: x" in text


def shows_what_failed_without_what_passed():
    lines = test_summary.excerpt({"stdout": "ok 1 - a\n# a.c:3: x == y\nnot ok 2 - b\n1..2\n", "stderr": "ASan: leak\n"})
    assert lines == ["# a.c:3: x == y", "not ok 2 - b", "1..2", "ASan: leak"]
    lines = "\n".join(test_summary.excerpt({"stdout": NODE_TAP}))
    assert "this is a message" in lines and "opens" not in lines and "duration_ms" not in lines


def counts_a_check_by_name():
    with tempfile.TemporaryDirectory() as folder:
        results = os.path.join(folder, "results")
        test_summary.main(["add", results, "check", "format", "failed"])
        with open(results) as f:
            assert json.load(f)["failed"] == ["format"]


if __name__ == "__main__":
    tap.run(globals())
