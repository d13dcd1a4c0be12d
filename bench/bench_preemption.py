"""One pod that has to preempt, on 5,000 nodes of 30 pods of five priorities each; every round on a fork of its own."""

from __future__ import annotations

from typing import Any

import pytest

import kubesched as ks
from bench.workloads import make_nodes

NUM_PODS_PER_NODE = 30
PRIORITIES = (0, 10, 20, 30, 40)
POD_MILLI_CPU = 100


def make_objects(num_nodes: int) -> list[dict[str, Any]]:
    """Nodes that are full to the last millicore."""
    nodes = make_nodes(num_nodes)
    for node in nodes:
        node["status"]["allocatable"] = {
            "cpu": f"{NUM_PODS_PER_NODE * POD_MILLI_CPU}m",
            "memory": "64Gi",
            "pods": "110",
        }
    names = [node["metadata"]["name"] for node in nodes]
    return nodes + [
        make_pod(f"{name}-{j}", 1, PRIORITIES[j % 5], name) for name in names for j in range(NUM_PODS_PER_NODE)
    ]


def make_pod(name: str, size: int, priority: int, node_name: str | None = None) -> dict[str, Any]:
    requests = {"cpu": f"{size * POD_MILLI_CPU}m", "memory": "1Gi"}
    spec: dict[str, Any] = {
        "priority": priority,
        "containers": [{"name": "main", "image": "app", "resources": {"requests": requests}}],
    }
    if node_name is not None:
        spec["nodeName"] = node_name
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"}, "spec": spec}


@pytest.mark.parametrize("num_nodes", [pytest.param(50, marks=pytest.mark.short), 5000])
def test_preemption_of_one_pod(benchmark: Any, num_nodes: int) -> None:
    objects = make_objects(num_nodes)
    cluster = ks.Scheduler(objects)
    first, last = objects[0]["metadata"]["name"], objects[-1]
    pod = make_pod("urgent", 4, 100)
    benchmark.extra_info["num_nodes"] = num_nodes

    def setup() -> tuple[tuple[ks.Scheduler], dict[str, Any]]:
        fork = cluster.fork()
        fork.remove_pod(f"default/{last['metadata']['name']}")  # a first change makes the fork's tables its own
        fork.add_pod(last)
        return (fork,), {}

    def run(scheduler: ks.Scheduler) -> ks.Decision:
        return scheduler.schedule(pod, preempt=True)

    decision = benchmark.pedantic(run, setup=setup, rounds=9)
    assert decision.node is None
    assert decision.preemption.nominated == first
    # Of the six pods of the lowest priority the two that arrived first are reprieved.
    assert decision.preemption.victims == tuple(f"default/{first}-{j}" for j in (10, 15, 20, 25))
