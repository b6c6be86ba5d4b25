#!/usr/bin/env python3
"""Checks that every header of protocol/ and src/ compiles alone, so that the order of includes never matters.

usage: check_headers.py REPO_ROOT COMPILER

The public API is held to more: strict C17, and not even a path to the rest of the repository.
"""
import concurrent.futures
import pathlib
import subprocess
import sys

ALONE = ["-fsyntax-only", "-std=c17", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function", "-x", "c"]
WITHIN = ["-D_GNU_SOURCE"]
PUBLIC = ["-pedantic"]
FOLDERS_OF_THEIR_OWN = ["libmongoc-1.0"]  # libraries whose headers the compiler finds only by pkg-config


def main():
    root, compiler = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]

    libraries = subprocess.run(["pkg-config", "--cflags", *FOLDERS_OF_THEIR_OWN], text=True, capture_output=True,
                               check=True).stdout.split()

    def compile_alone(header):
        public = header == root / "src/api/rookery.h"
        args = PUBLIC if public else [*WITHIN, f"-I{root}", *libraries]
        run = subprocess.run([compiler, *ALONE, *args, "-"], input=f'#include "{header}"\n', text=True,
                             capture_output=True, check=False)
        return header.relative_to(root).as_posix(), run.returncode, run.stderr

    bad = 0
    headers = sorted([*root.glob("protocol/**/*.h"), *root.glob("src/**/*.h")])
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for name, status, errors in pool.map(compile_alone, headers):
            if status != 0:
                print(f"{name} does not compile alone:\n{errors}")
                bad = 1
    print(f"{len(headers)} headers")
    return bad


if __name__ == "__main__":
    sys.exit(main())
