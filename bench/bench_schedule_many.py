"""schedule_many on the workloads of scheduler_perf (see bench/workloads.py), each checked against the slow twin.

100, 1,000, 5,000 and 10,000 nodes; 5,000 pods prepared as a batch; every round on a fresh fork.
"""

from __future__ import annotations

import time
from typing import Any

import pytest

import kubesched as ks
from bench.workloads import WORKLOADS, make_batch, make_nodes, make_pods
from tests.oracle.scheduler import OracleScheduler

NUM_PODS = 5000
NUM_CHECKED = 3
SIZES = [pytest.param(100, marks=pytest.mark.short, id="100"), 1000, 5000, 10000]


@pytest.mark.parametrize("num_nodes", SIZES)
@pytest.mark.parametrize("workload", WORKLOADS)
def test_schedule_many(benchmark: Any, workload: str, num_nodes: int) -> None:
    nodes = make_nodes(num_nodes)
    scheduler = ks.Scheduler(nodes)
    batch = make_batch(workload, NUM_PODS)
    placements = benchmark.pedantic(
        lambda fork: fork.schedule_many(batch), setup=lambda: ((scheduler.fork(),), {}), rounds=5, warmup_rounds=1
    )
    oracle = OracleScheduler(nodes)
    start = time.perf_counter()
    want = [oracle.schedule(pod) for pod in make_pods(workload, NUM_PODS)[:NUM_CHECKED]]
    benchmark.extra_info["twin_pods_per_second"] = NUM_CHECKED / (time.perf_counter() - start)
    benchmark.extra_info["pods"] = NUM_PODS
    assert placements.node_names[:NUM_CHECKED] == want
    again = scheduler.fork().schedule_many(make_pods(workload, NUM_PODS))
    assert (again.node_index == placements.node_index).all()


@pytest.mark.short
@pytest.mark.parametrize("kernels", ks.engine.available_kernels())
def test_back_ends(benchmark: Any, kernels: str) -> None:
    """The basic workload on 5,000 nodes, by processor back end."""
    nodes = make_nodes(5000)
    scheduler = ks.Scheduler(nodes, kernels=kernels)
    batch = make_batch("basic", NUM_PODS)
    placements = benchmark.pedantic(
        lambda fork: fork.schedule_many(batch), setup=lambda: ((scheduler.fork(),), {}), rounds=5, warmup_rounds=1
    )
    benchmark.extra_info["pods"] = NUM_PODS
    assert (placements.node_index == ks.Scheduler(nodes, kernels="portable").schedule_many(batch).node_index).all()
