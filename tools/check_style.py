#!/usr/bin/env python3
"""Checks what the formatter cannot: leftovers, paths of one machine, files and functions that outgrew a reader.

usage: check_style.py [REPO_ROOT]     exit 1 if a line says "error"; a line that says "note" is only a hint

Everywhere in the repository: no TO-DO marks, no path into somebody's home.
C in protocol/ and src/: at most FILE_LINES a file and FUNCTION_LINES a function; elsewhere more is a note.
"""
import pathlib
import re
import subprocess
import sys

FILE_LINES, FUNCTION_LINES = 600, 80
STRICT = ("protocol/", "src/")
ANY_BYTES = ("tests/fuzz/corpus/",)  # inputs may say anything
LEFTOVER = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
MACHINE_PATH = re.compile(r"(?<![\w./-])/(?:work|root|home)/\w")
FUNCTION_NAME = re.compile(r"(\w+)\s*\(")


def files(root):
    """What git tracks or would add, or every file where there is no git."""
    try:
        out = subprocess.run(["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                             check=True, capture_output=True).stdout
        names = set(out.decode().split("\0")) - {""}
    except (OSError, subprocess.CalledProcessError):
        names = {p.relative_to(root).as_posix() for p in root.rglob("*")
                 if not re.match(r"build|\.git|data|node_modules", p.relative_to(root).parts[0])}
    return sorted(n for n in names if (root / n).is_file())


def functions(lines):
    """(line number, name, length) of every function: braces alone in the first column."""
    start = None
    for number, line in enumerate(lines, 1):
        if line.startswith("{"):
            start = number
        elif line.startswith("}") and start is not None:
            head = " ".join(lines[max(0, start - 5):start - 1])
            names = FUNCTION_NAME.findall(head.rpartition(";")[2].rpartition("}")[2])
            yield start, names[0] if names else "?", number - start + 1
            start = None


def check_text(name, text):
    for number, line in enumerate(text.splitlines(), 1):
        if LEFTOVER.search(line):
            yield f"{name}:{number}: error: unfinished work belongs into an issue: {line.strip()}"
        if MACHINE_PATH.search(line):
            yield f"{name}:{number}: error: a path of one machine: {line.strip()}"


def check_size(name, text):
    kind = "error" if name.startswith(STRICT) else "note"
    lines = text.splitlines()
    if len(lines) > FILE_LINES:
        yield f"{name}:1: {kind}: {len(lines)} lines, over {FILE_LINES}: it probably holds two ideas"
    for number, function, length in functions(lines):
        if length > FUNCTION_LINES:
            yield f"{name}:{number}: {kind}: {function} has {length} lines, over {FUNCTION_LINES}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    bad = 0
    for name in files(root):
        data = (root / name).read_bytes()
        if b"\0" in data or name.startswith(ANY_BYTES):
            continue
        text = data.decode(errors="replace")
        found = list(check_text(name, text))
        if name.endswith((".c", ".h")):
            found += check_size(name, text)
        for line in found:
            print(line)
            bad |= ": error: " in line
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
