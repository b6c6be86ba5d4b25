#!/usr/bin/env python3
"""Reads what meson wrote about a build folder, without starting meson (which takes half a second).

usage: build_info.py state BUILD COMPILER [OPTION=VALUE...]
                                    absent | foreign | broken | other | same  (see state())
       build_info.py suites BUILD   its test suites, each with the number of its programs
       build_info.py fuzz BUILD     its fuzz targets, one a line
"""
import json
import pathlib
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent.parent


def info(build, name):
    return json.loads((pathlib.Path(build) / "meson-info" / name).read_text())


def text(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def program(name):
    """What the name runs: cc and gcc may be one."""
    return pathlib.Path(shutil.which(name) or name).resolve()


def state(build, compiler, *wanted):
    """absent: make it. foreign: a folder that is not meson's. broken: interrupted, moved, or made by
    another compiler, so it has to be made again. other: other options. same: nothing to do."""
    folder = pathlib.Path(build)
    if not folder.exists() or not any(folder.iterdir()):
        return "absent"
    if not (folder / "meson-private").is_dir():
        return "foreign"
    try:
        source = info(build, "meson-info.json")["directories"]["source"]
        options = {o["name"]: text(o["value"]) for o in info(build, "intro-buildoptions.json")}
        commands = json.loads((folder / "compile_commands.json").read_text())
        used = commands[0]["command"].split()[0]
    except (OSError, ValueError, LookupError):
        return "broken"
    if pathlib.Path(source) != HERE or program(used) != program(compiler) or not (folder / "build.ninja").exists():
        return "broken"
    return "same" if all(options.get(k) == v for k, v in (w.split("=", 1) for w in wanted)) else "other"


def suites(build):
    counts = {}
    try:
        tests = info(build, "intro-tests.json")
    except OSError:  # not configured, or that failed
        return ""
    for test in tests:
        for suite in test["suite"]:
            name = suite.partition(":")[2] or suite
            counts[name] = counts.get(name, 0) + 1
    return "\n".join(f"{name} {n}" for name, n in sorted(counts.items()))


def fuzz(build):
    names = (t["name"] for t in info(build, "intro-targets.json") if t["type"] == "executable")
    return "\n".join(sorted(n.removeprefix("fuzz_") for n in names if n.startswith("fuzz_")))


def main(argv):
    commands = {"state": state, "suites": suites, "fuzz": fuzz}
    if len(argv) < 2 or argv[0] not in commands:
        sys.stderr.write(__doc__)
        return 2
    out = commands[argv[0]](*argv[1:])
    if out:
        print(out)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
