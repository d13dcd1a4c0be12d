"""schedule_many by nodes and shapes, topology families, departures and openb: bench/cases.py, each result checked.

Five rounds on clusters that have seen no pod; the nodes of the first pods are compared with those that every plugin,
asked for every pod, comes to, and the last round with one more.
"""

from __future__ import annotations

from typing import Any

import pytest

from bench.cases import CASES, Case, departures_case, digest_of, family_case, openb_paths, shapes_case


def time_case(benchmark: Any, case: Case) -> None:
    def setup() -> tuple[tuple[Any], dict[str, Any]]:
        return (case.setup(),), {}

    placed = benchmark.pedantic(case.run, setup=setup, rounds=5, warmup_rounds=1)
    digests = {digest_of(placed), digest_of(case.run(case.setup()))}
    assert len(digests) == 1
    assert int((placed < 0).sum()) == case.num_unplaced
    want = case.checked()
    assert len(want)
    assert (placed[: len(want)] == want).all()
    benchmark.extra_info["pods"] = case.num_pods
    benchmark.extra_info["digest"] = digests.pop()


@pytest.mark.parametrize("name", CASES)
def test_case(benchmark: Any, name: str) -> None:
    if name == "openb" and not openb_paths()[0].exists():
        pytest.skip("the openb trace is not there: no folder ../shared with traces beside the project")
    time_case(benchmark, CASES[name]())


SMALL = {
    "shapes": lambda: shapes_case(100, 10, 500),
    "families": lambda: family_case("spread", 100, 10, 500),
    "departures": lambda: departures_case(100, 10, 400),
}


@pytest.mark.short
@pytest.mark.parametrize("name", SMALL)
def test_small_case(benchmark: Any, name: str) -> None:
    time_case(benchmark, SMALL[name]())
