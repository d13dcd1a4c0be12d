"""Memory of a large cluster, in a process of its own, and what a pod costs in calls of Python.

memory    100,000 nodes, then 1,000,000 pods of 100 requests: resident bytes per node and per pod, and the most ever
calls     a call that does nothing but cross into the core; schedule of one pod; schedule_many of one prepared pod
"""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import count
from pathlib import Path
from typing import Any

import pytest

import kubesched as ks
from bench.workloads import make_nodes, make_pods, make_zipf

ROOT = Path(__file__).resolve().parent.parent


def measure(benchmark: Any, num_nodes: int, num_pods: int) -> dict[str, int]:
    command = [sys.executable, "-m", "bench.memory", str(num_nodes), str(num_pods)]

    def run() -> str:
        return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout  # noqa: S603

    found: dict[str, int] = json.loads(benchmark.pedantic(run, rounds=1))
    assert found["placed"] == num_pods
    benchmark.extra_info["memory"] = found
    return found


@pytest.mark.short
def test_memory_of_a_small_cluster(benchmark: Any) -> None:
    assert measure(benchmark, 1_000, 10_000)["peak_bytes"] > 0


def test_memory(benchmark: Any) -> None:
    measure(benchmark, 100_000, 1_000_000)


@pytest.mark.short
def test_call_into_the_core(benchmark: Any) -> None:
    scheduler = ks.Scheduler(make_nodes(10))
    core = scheduler.core
    assert benchmark(lambda: core.num_nodes) == 10


@pytest.mark.short
@pytest.mark.parametrize("how", ["schedule", "schedule_many"])
def test_call_for_one_pod(benchmark: Any, how: str) -> None:
    """With 10 nodes, so that the decision itself costs little."""
    scheduler = ks.Scheduler(make_nodes(10))
    pod = make_pods("basic", 1)[0]
    names, rounds = count(), 300
    one = [make_zipf(1, 1, f"b{i}") for i in range(rounds + 1)]
    for batch in one:
        len(batch.core_keys)

    def schedule() -> int:
        return scheduler.schedule({**pod, "metadata": {"name": f"n{next(names)}"}}).feasible_nodes

    def schedule_many() -> int:
        return scheduler.schedule_many(one[next(names)]).num_placed

    assert benchmark.pedantic(schedule if how == "schedule" else schedule_many, rounds=rounds) > 0
