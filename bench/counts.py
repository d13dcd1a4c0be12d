"""Counts the instructions of bench/counted.py's loads under callgrind, and compares them with a stored baseline.

    python -m bench.counts                          compares; exit 1 where a count has grown by more than 10 %
    python -m bench.counts --baseline --reason WHY  stores what is counted now, and why it may be more

Only what the core does is counted, not Python around it, so that the counts are the same on a busy machine. They depend
on the compiler and on the processor back end (of valgrind's processor: AVX2 at most), so there is a baseline for each;
a machine that has none is told so, and passes. Needs valgrind, and nm of binutils.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import kubesched._core
from bench.counted import COUNTED_IN, LOADS

ROOT = Path(__file__).resolve().parent.parent
BASELINES = Path(__file__).resolve().parent / "instructions.json"
MOST_GROWTH = 0.10
MARKS = """#include <valgrind/callgrind.h>
void dump(const char* name) { CALLGRIND_DUMP_STATS_AT(name); }
"""
CORE = Path(kubesched._core.__file__)

Counts = dict[str, int]


class CountError(Exception):
    """The instructions could not be counted; the message says what is missing."""


def compiler_of(binary: bytes) -> str:
    """Return what compiled a library, such as `gcc-12`."""
    match = re.search(rb"GCC: \([^)]*\) (\d+)\.", binary)
    clang = re.search(rb"clang version (\d+)\.", binary)
    if clang is not None:  # clang's libraries name gcc's start-up files, too
        return f"clang-{clang[1].decode()}"
    return "unknown" if match is None else f"gcc-{match[1].decode()}"


def functions_of(library: Path) -> list[str]:
    """Return the full names of the functions to count in; callgrind knows them by these."""
    done = subprocess.run(["nm", "--demangle", str(library)], capture_output=True, text=True, check=True)  # noqa: S603, S607
    names = {line.split(" ", 2)[2] for line in done.stdout.splitlines() if re.match(r"[0-9a-f]+ [tT] ", line)}
    found = sorted(n for n in names if n.startswith(COUNTED_IN) and "[clone" not in n)
    if len(found) != len(COUNTED_IN):
        raise CountError(f"the core must have one function each of {COUNTED_IN}, got {found}")
    return found


def make_marks(folder: Path) -> Path:
    """Compile the library by which a load has callgrind write what it has counted."""
    source, library = folder / "marks.c", folder / "marks.so"
    source.write_text(MARKS)
    compiler = next((found for name in ("gcc", "clang", "cc") if (found := shutil.which(name))), None)
    if compiler is None:
        raise CountError("a C compiler must be installed to count instructions")
    command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise CountError(f"valgrind's headers must be installed to count instructions\n{done.stderr}")
    return library


def count() -> tuple[str, Counts]:
    """Run the loads; return the machine's key and the instructions of each."""
    for tool in ("valgrind", "nm"):
        if shutil.which(tool) is None:
            raise CountError(f"{tool} must be installed to count instructions")
    toggles = [f"--toggle-collect={name}" for name in functions_of(CORE)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder / 'counts'}", *toggles]
        command += [sys.executable, "-m", "bench.counted", str(make_marks(folder))]
        environment = {"PYTHONHASHSEED": "0", "PATH": "/usr/bin:/bin"}
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment)  # noqa: S603
        if done.returncode:
            raise CountError(
                f"the loads must run under valgrind, got exit code {done.returncode}\n{done.stderr[-2000:]}"
            )
        files = [(folder / f"counts.{i + 1}").read_text() for i in range(len(LOADS))]
    key = f"{platform.machine()} {compiler_of(CORE.read_bytes())} {done.stdout.strip()}"
    return key, {load: total_of(text, load) for load, text in zip(LOADS, files, strict=True)}


def total_of(text: str, load: str) -> int:
    """Return the instructions of one file of callgrind's, which must be of that load."""
    match = re.search(r"^totals: (\d+)$", text, re.MULTILINE)
    if match is None or match[1] == "0" or f"Client Request: {load}\n" not in text:
        raise CountError(f"callgrind must have counted the instructions of {load}, got {text[:500]!r}")
    return int(match[1])


def grown(counts: Mapping[str, int], baseline: Mapping[str, int]) -> list[str]:
    """Return the loads that take more than 10 % more than the baseline, or have none."""
    return [name for name, value in counts.items() if value > (1 + MOST_GROWTH) * baseline.get(name, 0)]


def print_counts(counts: Mapping[str, int], baseline: Mapping[str, int]) -> None:
    print(f"{'instructions':<16}{'now':>16}{'baseline':>16}{'ratio':>8}")
    for name, value in counts.items():
        before = baseline.get(name)
        ratio = "" if before is None else f"{value / before:.3f}"
        print(f"{name:<16}{value:>16,}{'none' if before is None else format(before, ','):>16}{ratio:>8}")


def compare(key: str, counts: Counts, baselines: Mapping[str, Any]) -> int:
    """Print the counts beside the baseline's; return the exit code."""
    stored = baselines.get(key)
    if stored is None:
        print_counts(counts, {})
        print(f"no baseline for {key!r}, only for {sorted(baselines)}: nothing to compare with")
        return 0
    print(f"{key}; baseline: {stored['reason']}")
    print_counts(counts, stored["counts"])
    bad = grown(counts, stored["counts"])
    if bad:
        print(f"more than {MOST_GROWTH:.0%} above the baseline: {', '.join(bad)}")
        print('if that is meant: make bench-baseline REASON="why it takes more"')
        return 1
    return 0


def store(key: str, counts: Counts, reason: str, path: Path) -> None:
    """Write the counts of this machine as its baseline."""
    baselines = json.loads(path.read_text()) if path.exists() else {}
    baselines[key] = {"reason": reason, "counts": counts}
    path.write_text(json.dumps(baselines, indent=2, sort_keys=True) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description="Count the instructions of small loads.")
    parser.add_argument("--baseline", action="store_true", help="store what is counted")
    parser.add_argument("--reason", default="", help="why the baseline changes")
    options = parser.parse_args()
    if options.baseline and not options.reason.strip():
        print('a baseline must have a reason: make bench-baseline REASON="why it takes more"', file=sys.stderr)
        return 2
    try:
        key, counts = count()
    except CountError as error:
        print(error, file=sys.stderr)
        return 2
    if options.baseline:
        store(key, counts, options.reason.strip(), BASELINES)
        print_counts(counts, counts)
        return 0
    return compare(key, counts, json.loads(BASELINES.read_text()) if BASELINES.exists() else {})


if __name__ == "__main__":
    sys.exit(main())
