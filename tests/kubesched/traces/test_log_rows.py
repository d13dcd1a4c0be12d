"""Workload logs read at once against the same read line by line, and lists of arrivals against a slow twin."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import numpy as np
import pytest

from kubesched.errors import TraceFormatError
from kubesched.traces import open_trace
from kubesched.traces.swf_rows import read_at_once, read_by_line, read_swf_rows

ROW = "1 0 5 10 4 -1 -1 4 -1 1024 1 1 1 -1 1 -1 -1 -1"


def random_log(draws: np.random.Generator) -> str:
    newline = "\n" if draws.integers(2) else "\r\n"
    lines = [f"; Key{i}:  value: {i} " for i in range(int(draws.integers(0, 4)))]
    for _ in range(int(draws.integers(1, 30))):
        values = draws.integers(-1, 10**6, 18).astype(object)
        values[5] = float(np.round(draws.random() * 100, 3))
        blanks = [" " * int(n) if n else "\t" for n in draws.integers(0, 5, 20)]
        text = "".join(blank + str(value) for blank, value in zip(blanks, values, strict=False))
        lines.append(text + (blanks[19] if draws.integers(2) else ""))
        lines.extend([""] * int(draws.integers(0, 8) == 0))
    return newline.join(lines) + (newline if draws.integers(2) else "")


@pytest.mark.parametrize("seed", range(60))
def test_a_log_read_at_once_is_the_log_read_by_line(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "log.swf"
    content = random_log(np.random.Generator(np.random.PCG64(seed))).encode()
    path.write_bytes(gzip.compress(content) if seed % 3 == 0 else content)
    fast, slow = read_at_once(path), read_by_line(path)
    assert fast is not None
    np.testing.assert_array_equal(fast[0], slow[0])
    assert fast[1:] == slow[1:]


@pytest.mark.parametrize(
    ("content", "want"),
    [
        pytest.param(f"{ROW}\n{ROW} 7\n", None, id="a row of 19 fields"),
        pytest.param(f"{ROW}\n; late: comment\n{ROW}\n", None, id="a comment between rows"),
        pytest.param(f"{ROW}\n{ROW[:-3]}\n", ":2: row must have at least 18 fields, got '17:", id="a row of 17 fields"),
        pytest.param(f"{ROW}\n\n{ROW}x\n", ":3: field 18 must be a number, got '-1x'", id="a word"),
        pytest.param(f'{ROW}\n"1"{ROW[1:]}\n', ":2: field 1 must be a number", id="quotes are no CSV"),
        pytest.param(
            f"{ROW}\nnan{ROW[1:]}\n",
            "job 2 must have a number of at most 9007199254740992 in field 1, got nan",
            id="not a number",
        ),
        pytest.param(f"{ROW}\n-1e300{ROW[1:]}\n", "in field 1, got -1e+300", id="a huge number"),
        pytest.param("; Version: 2\n", "must have at least one job, got none", id="a header alone"),
    ],
)
def test_other_logs_are_read_line_by_line_or_refused(tmp_path: Path, content: str, want: str | None) -> None:
    path = tmp_path / "log.swf"
    path.write_text(content)
    if want is None:
        assert read_at_once(path) is None
        assert read_swf_rows(path)[0].shape == (2, 18)
    else:
        with pytest.raises(TraceFormatError, match=re.escape(want)):
            read_swf_rows(path)


def arrivals(folder: Path, bins: list[list[str]], ages: list[list[str]]) -> Path:
    (folder / "flav_map.txt").write_text("1,0.75 a\n2,3.5 b\n16,112 c\n")
    (folder / "v1.interval_map.txt").write_text("0 0\n300 1\n600 2\n900 2\n")
    for name, lists in (("v1.dev.txt", bins), ("v1.dev.c9.txt", ages)):
        (folder / name).write_text("".join(f"{300 * i} {','.join(items)}\n" for i, items in enumerate(lists)))
    return folder / "v1.dev.txt"


@pytest.mark.parametrize("seed", range(10))
def test_arrivals_are_those_of_a_loop(tmp_path: Path, seed: int) -> None:
    draws = np.random.Generator(np.random.PCG64(seed))
    bins = [[str(x) for x in draws.choice(list("abc|"), int(draws.integers(1, 9)))] for _ in range(12)]
    bins[0] = ["a"]
    ages = [[item if item == "|" else f"{'UC'[draws.integers(2)]}{draws.integers(5)}" for item in row] for row in bins]
    want = []
    for i, (row, old) in enumerate(zip(bins, ages, strict=True)):
        for item, age in zip(row, old, strict=True):
            if item != "|":
                lasts = {0: 0, 1: 300}.get(int(age[1:]), 900)
                want.append((300 * i * 10**9, lasts * 10**9 if age[0] == "U" else None, "abc".index(item)))
    trace = open_trace(arrivals(tmp_path, bins, ages))
    cpus = [int(t["spec"]["containers"][0]["resources"]["requests"]["cpu"][:-1]) for t in trace.pod_templates]
    kinds = [[1000, 2000, 16000].index(cpus[t]) for t in trace.pods.column("template").to_pylist()]
    times = (trace.pods.column(name).to_pylist() for name in ("arrival_ns", "duration_ns"))
    assert list(zip(*times, kinds, strict=True)) == want


@pytest.mark.parametrize(
    ("bins", "ages", "want"),
    [
        pytest.param([["a"], ["|", "z"]], [["U0"], ["|", "U0"]], "v1.dev.txt:2: flavour must be one of a, b, c, got 'z'", id="a flavour"),
        pytest.param([["a"], ["b"]], [["U0"], ["X1"]], "v1.dev.c9.txt:2: duration must be U or C and a bin, got 'X1'", id="an age"),
        pytest.param([["a"], ["b"]], [["U0"]], "must have as many VMs as v1.dev.txt, got 1 and 2", id="too few ages"),
    ],
)  # fmt: skip
def test_a_broken_list_of_arrivals_is_refused(
    tmp_path: Path, bins: list[list[str]], ages: list[list[str]], want: str
) -> None:
    with pytest.raises(TraceFormatError, match=re.escape(want)):
        open_trace(arrivals(tmp_path, bins, ages))
