#!/usr/bin/env python3
"""Runs clang-tidy, two files at a time, and only where something changed since it last ran.

usage: check_tidy.py BUILD FILE.c...     exit 1 if .clang-tidy calls a finding an error

A file's result is kept in BUILD/tidy under the hash of all that decides it: the file, our headers below it,
its compile command, .clang-tidy. Files that BUILD does not compile (an optional back end) are named and skipped.
"""
import concurrent.futures
import hashlib
import json
import pathlib
import re
import subprocess
import sys

TIDY = "clang-tidy-14"
ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(rb'^\s*#\s*include\s*"([^"]+)"', re.M)


def with_headers(path, seen):
    """The file and every header of ours that it reaches."""
    if path in seen or not path.is_file():
        return seen
    seen.add(path)
    for name in INCLUDE.findall(path.read_bytes()):
        with_headers(ROOT / name.decode(), seen)
    return seen


def key_of(path, command):
    digest = hashlib.sha256(command.encode() + (ROOT / ".clang-tidy").read_bytes())
    for part in sorted(with_headers(path, set())):
        digest.update(str(part).encode() + b"\0" + part.read_bytes())
    return digest.hexdigest()


def tidy(build, path, command):
    """(exit status, findings)"""
    kept = build / "tidy" / key_of(path, command)
    if kept.exists():
        return 0, kept.read_text()
    run = subprocess.run([TIDY, "--quiet", "-p", build, "--extra-arg=-Wno-unknown-warning-option", path],
                         capture_output=True, text=True, check=False)
    if run.returncode == 0:
        kept.write_text(run.stdout)
        return 0, run.stdout
    return run.returncode, run.stdout or run.stderr  # findings; without any, why it could not run


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    commands = {(build / entry["file"]).resolve(): entry["command"]
                for entry in json.loads((build / "compile_commands.json").read_text())}
    paths = [pathlib.Path(name).resolve() for name in sys.argv[2:]]
    absent = [path.relative_to(ROOT).as_posix() for path in paths if path not in commands]
    if absent:
        print(f"not checked, as {build.name} does not compile them: {' '.join(absent)}")
    paths = [path for path in paths if path in commands]
    (build / "tidy").mkdir(exist_ok=True)
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for status, text in pool.map(lambda path: tidy(build, path, commands[path]), paths):
            if text.strip():
                print(text.strip())
            bad |= status != 0
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
