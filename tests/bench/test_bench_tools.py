"""The bench's own arithmetic and errors; what it times is checked by the bench itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench import counts, wanted
from bench.cases import CASES, digest_of, shapes_case
from bench.compare import CompareError, choose, resolve
from bench.counted import LOADS
from bench.document import BEGIN, END, between_markers, text
from bench.results import RATE, TIME, Curve, Results, Row
from bench.table import amount, print_table


def report(path: Path, **seconds: float) -> Results:
    """A run of the bench in which each case places 1,000 pods."""
    benchmarks: list[dict[str, Any]] = [
        {"name": f"test_case[{name}]", "stats": {"median": median}, "extra_info": {"pods": 1000}}
        for name, median in seconds.items()
    ]
    machine = {"cpu": {"brand_raw": "A Processor"}, "python_version": "3.11"}
    path.write_text(json.dumps({"machine_info": machine, "commit_info": {}, "benchmarks": benchmarks}))
    return Results(path)


GROWING = {"shapes-1000-100": 0.001, "shapes-5000-100": 0.005, "shapes-10000-100": 0.01}


def test_a_cost_that_doubles_with_the_nodes_has_exponent_one(tmp_path: Path) -> None:
    (curve,) = report(tmp_path / "bench.json", **GROWING).curves
    assert (curve.name, curve.against, curve.sizes) == ("100 shapes", "nodes", [1_000, 5_000, 10_000])
    assert curve.exponent == pytest.approx(1)


def test_an_exponent_is_fitted_to_all_points() -> None:
    assert Curve("", "nodes", [1, 10, 100], [1.0, 10.0**0.5, 10.0]).exponent == pytest.approx(0.5)
    assert Curve("", "nodes", [1, 10, 100], [3.0, 3.0, 3.0]).exponent == pytest.approx(0)


@pytest.mark.parametrize(
    ("unit", "measured", "want_ratio"),
    [
        pytest.param(RATE, 200.0, 2.0, id="twice the rate is twice as good"),
        pytest.param(TIME, 200.0, 0.5, id="twice the time is half as good"),
    ],
)
def test_a_larger_ratio_is_better(unit: str, measured: float, want_ratio: float) -> None:
    assert Row("calls", "", unit, measured, 100.0).ratio == want_ratio


def test_the_table_has_what_is_wanted_beside_what_is_measured(tmp_path: Path, capsys: Any) -> None:
    print_table(report(tmp_path / "bench.json", **GROWING))
    printed = capsys.readouterr().out
    (line,) = (line for line in printed.splitlines() if line.startswith("  5,000 nodes, 100 shapes"))
    assert line.split()[-3:] == ["200,000/s", "1,500,000/s", "0.13"]
    assert "0 of 3 figures reached" in printed


def test_every_figure_wanted_of_a_case_is_of_one_that_is_timed() -> None:
    names = {name.removeprefix("case[").removesuffix("]") for name in wanted.RATES if name.startswith("case[")}
    assert names <= set(CASES)


@pytest.mark.parametrize(
    ("value", "want"), [(0.6, "600.00 ms"), (1.5, "1.50 s"), (9e-8, "0.09 µs"), (0.0005, "0.50 ms")]
)
def test_times_are_in_units_that_fit(value: float, want: str) -> None:
    assert amount(value, TIME) == want


def test_the_document_changes_between_its_markers_alone(tmp_path: Path) -> None:
    new = text(report(tmp_path / "bench.json", **GROWING))
    page = between_markers(f"# Before\n{BEGIN}\nold\n{END}\nafter\n", new)
    assert page == f"# Before\n{BEGIN}\n\n{new}\n\n{END}\nafter\n"
    assert between_markers(page, new) == page
    assert "| 5,000 | not measured | 200,000 (1,500,000) |" in page


@pytest.mark.parametrize("page", ["", BEGIN, f"{END}{BEGIN}", f"{BEGIN}{END}{BEGIN}{END}"])
def test_a_page_without_markers_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="once each"):
        between_markers(page, "")


def test_digests_tell_placements_apart() -> None:
    case = shapes_case(20, 3, 60)
    placed = case.run(case.setup())
    other = placed.copy()
    other[-1] += 1
    assert digest_of(placed) == digest_of(case.run(case.setup())) != digest_of(other)


def test_a_commit_that_is_not_there_is_named() -> None:
    with pytest.raises(CompareError, match=r"REF must name a commit .*, got 'no-such-branch'"):
        resolve("no-such-branch")


def test_cases_are_chosen_by_pattern() -> None:
    assert choose(["spread-*-10", "departures-1000-100"]) == ["spread-5000-10", "departures-1000-100"]
    with pytest.raises(CompareError, match=r"cases must be of .*, got nothing-\*"):
        choose(["nothing-*"])


@pytest.mark.parametrize(
    ("binary", "want"),
    [
        (b"..\0GCC: (Debian 12.2.0-14+deb12u1) 12.2.0\0", "gcc-12"),
        (b"GCC: (GNU) 13.1.1\0Debian clang version 16.0.6 (15~deb12u1)\0", "clang-16"),
        (b"", "unknown"),
    ],
)
def test_the_compiler_is_read_from_the_library(binary: bytes, want: str) -> None:
    assert counts.compiler_of(binary) == want


def test_a_count_more_than_ten_percent_above_the_baseline_fails(capsys: Any) -> None:
    stored = {"x86_64 gcc-12 avx2": {"reason": "because", "counts": {"spread": 1000, "replay": 1000}}}
    key = "x86_64 gcc-12 avx2"
    assert counts.compare(key, {"spread": 1100, "replay": 10}, stored) == 0
    assert counts.compare(key, {"spread": 1101, "replay": 1000}, stored) == 1
    assert "above the baseline: spread" in capsys.readouterr().out
    assert counts.compare(key, {"spread": 1000, "new": 1}, stored) == 1


def test_another_compiler_has_no_baseline_and_says_so(capsys: Any) -> None:
    assert counts.compare("aarch64 gcc-14 portable", {"spread": 1}, {}) == 0
    assert "no baseline for 'aarch64 gcc-14 portable'" in capsys.readouterr().out


def test_a_baseline_keeps_those_of_other_machines(tmp_path: Path) -> None:
    path = tmp_path / "instructions.json"
    counts.store("a", {"spread": 1}, "first", path)
    counts.store("b", {"spread": 2}, "second", path)
    counts.store("a", {"spread": 3}, "third", path)
    want = {"a": {"reason": "third", "counts": {"spread": 3}}, "b": {"reason": "second", "counts": {"spread": 2}}}
    assert json.loads(path.read_text()) == want


def test_a_baseline_needs_a_reason(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr("sys.argv", ["counts", "--baseline", "--reason", " "])
    assert counts.main() == 2
    assert "must have a reason" in capsys.readouterr().err


def test_the_stored_baselines_are_of_the_loads_that_are_counted() -> None:
    for stored in json.loads(counts.BASELINES.read_text()).values():
        assert stored["reason"].strip()
        assert set(stored["counts"]) == set(LOADS)


def test_a_file_of_callgrind_is_read_for_its_own_load() -> None:
    file = "desc: Trigger: Client Request: spread\nsummary: 1\ntotals: 5347233\n"
    assert counts.total_of(file, "spread") == 5_347_233
    with pytest.raises(counts.CountError, match="must have counted the instructions of replay"):
        counts.total_of(file, "replay")
