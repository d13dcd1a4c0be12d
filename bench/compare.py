"""Compares another commit with this tree, by runs in turn: `python -m bench.compare REF [--rounds N] [NAME ...]`.

The commit is checked out and installed under build/compare, in an environment of its own. Both sides run the cases of
this tree's bench, each in a process of its own, one round of the one after one of the other, so that what else the
machine does meets both. Exit code 1 where the two place pods differently, 2 where there is no such commit.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from bench.cases import CASES, openb_paths

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "compare"
# What a change is most likely to show in, in a few minutes.
CHOSEN = (
    "shapes-1000-*",
    "shapes-5000-*",
    "shapes-10000-1*",
    "shapes-100000-100",
    *("spread-*", "preferred_spread-*", "anti_affinity-*-10", "affinity-*", "preferred_*-10"),
    "departures-5000-*",
    "openb",
)


class CompareError(Exception):
    """The other commit could not be had; the message says why."""


def run(command: list[str], cwd: Path = ROOT) -> str:
    """Return what a command prints, run as if not from make.

    Raises:
        CompareError: it fails.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=environment)  # noqa: S603
    if done.returncode:
        raise CompareError(f"{' '.join(command)}\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done.stdout.strip()


def resolve(ref: str) -> str:
    """Return the commit that a name stands for.

    Raises:
        CompareError: there is none.
    """
    command = ["git", "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)  # noqa: S603
    if done.returncode:
        raise CompareError(f"REF must name a commit (a branch, a tag, main~1, a hash), got {ref!r}")
    return done.stdout.strip()


def install(commit: str) -> Path:
    """Return the Python of an environment with that commit installed; one that is there is used again."""
    tree = FOLDER / commit[:12]
    if not (tree / ".venv" / ".installed").exists():
        run(["git", "worktree", "prune"])
        if not tree.exists():
            run(["git", "worktree", "add", "--detach", "--force", str(tree), commit])
        print(f"installing {commit[:12]} in {tree.relative_to(ROOT)}: compiling its core takes minutes", flush=True)
        run(["make", ".venv/.installed", f"PYTHON={sys.executable}"], tree)
    return tree / ".venv" / "bin" / "python"


def make_suite() -> Path:
    """Return a folder with this tree's bench and nothing else of it, to import from on both sides."""
    suite = FOLDER / "suite"
    suite.mkdir(parents=True, exist_ok=True)
    link = suite / "bench"
    link.unlink(missing_ok=True)
    link.symlink_to(ROOT / "bench")
    return suite


class Side:
    """One of the two, in a process."""

    def __init__(self, name: str, python: Path, suite: Path) -> None:
        self.name = name
        self.process = subprocess.Popen(  # noqa: S603
            [str(python), "-P", "-m", "bench.timed"],
            cwd=suite,
            env={**os.environ, "PYTHONPATH": str(suite)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, line: str) -> dict[str, Any]:
        """Send a line; return the answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise CompareError(f"{self.name} has ended, with exit code {self.process.wait()}")
        found: dict[str, Any] = json.loads(answer)
        return found

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def compared(name: str, ours: Side, theirs: Side, rounds: int) -> tuple[str, bool]:
    """Run a case on both sides in turn; return a line of the table, and whether they agree."""
    for side in (ours, theirs):
        answer = side.ask(name)
        if "error" in answer:
            return f"{name:<30}  {side.name} cannot run it: {answer['error'][:70]}", True
    seconds: dict[str, list[float]] = {ours.name: [], theirs.name: []}
    digests: set[str] = set()
    num_pods = 0
    for turn in range(rounds + 1):
        for side in (ours, theirs) if turn % 2 else (theirs, ours):
            answer = side.ask("")
            if "error" in answer:
                return f"{name:<30}  {side.name} cannot run it: {answer['error'][:70]}", True
            digests.add(answer["digest"])
            num_pods = answer["pods"]
            if turn:  # the first warms up
                seconds[side.name].append(answer["seconds"])
    here, there = (num_pods / median(seconds[side.name]) for side in (ours, theirs))
    agree = len(digests) == 1
    note = "" if agree else "  OTHER PLACEMENTS"
    return f"{name:<30}{there:>16,.0f}{here:>16,.0f}{here / there:>9.3f}{note}", agree


def choose(patterns: list[str]) -> list[str]:
    """Return the names of the cases that match one of the patterns.

    Raises:
        CompareError: none does.
    """
    names = [name for name in CASES if any(fnmatch.fnmatch(name, pattern) for pattern in patterns)]
    if not names:
        raise CompareError(f"cases must be of {', '.join(CASES)}, got {' '.join(patterns)}")
    return [name for name in names if name != "openb" or openb_paths()[0].exists()]


def compare(ref: str, patterns: list[str], rounds: int) -> int:
    """Print the table; return the exit code."""
    commit = resolve(ref)
    names = choose(patterns)
    suite = make_suite()
    theirs = Side(commit[:12], install(commit), suite)
    ours = Side("this tree", Path(sys.executable), suite)
    print(f"{'pods/s, medians of ' + str(rounds):<30}{theirs.name:>16}{ours.name:>16}{'ratio':>9}")
    all_agree = True
    for name in names:
        line, agree = compared(name, ours, theirs, rounds)
        all_agree &= agree
        print(line, flush=True)
    for side in (ours, theirs):
        side.close()
    return 0 if all_agree else 1


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare another commit with this tree.")
    parser.add_argument("ref", help="a branch, a tag, main~1, a hash")
    parser.add_argument("names", nargs="*", default=list(CHOSEN), help="cases of bench/cases.py, with * and ?")
    parser.add_argument("--rounds", type=int, default=7, help="of which the median is taken")
    options = parser.parse_args()
    try:
        return compare(options.ref, options.names, options.rounds)
    except CompareError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
