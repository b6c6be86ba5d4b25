"""tap.py - what tap.h is for C: runs the functions of a test module and prints TAP.

    def counts_every_case(): assert read_tap("ok 1 - a\n1..1\n").passed == 1
    if __name__ == "__main__": tap.run(globals())

Every function defined in the module itself is a case, unless its name begins with "_".
"""
import pathlib
import sys
import traceback
import types

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))


def run(names):
    cases = [f for f in names.values() if isinstance(f, types.FunctionType)
             and f.__module__ == "__main__" and not f.__name__.startswith("_")]
    failed = 0
    for number, case in enumerate(cases, 1):
        try:
            case()
            print(f"ok {number} - {case.__name__}")
        except Exception:  # any failure is a failed case
            failed += 1
            print("".join(f"# {line}\n" for line in traceback.format_exc().splitlines()), end="")
            print(f"not ok {number} - {case.__name__}")
    print(f"1..{len(cases)}")
    sys.exit(failed != 0)
