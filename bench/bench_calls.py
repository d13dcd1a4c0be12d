"""Single calls: explain, preparing a batch, taking over a cluster, forking; and the whole process of a replay.

explain             one pod on 5,000 nodes
from_manifests      5,000 pods of one spec
take_over           5,000 nodes and 20,000 bound pods
fork                that cluster, and the first pod scheduled on the fork
replay_openb        the command, on the openb trace (where ../shared has it)
replay_manifests    the command, on 1,200 nodes and 7,064 pods from YAML (where ../shared has them)
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import kubesched as ks
from bench.workloads import make_nodes, make_pods

SHARED = Path(__file__).resolve().parents[2] / "shared" / "traces"


def bound_pods(count: int, num_nodes: int) -> list[dict[str, Any]]:
    pods = make_pods("basic", count)
    return [{**pod, "spec": {**pod["spec"], "nodeName": f"node-{i % num_nodes}"}} for i, pod in enumerate(pods)]


def test_explain(benchmark: Any) -> None:
    scheduler = ks.Scheduler(make_nodes(5000))
    (pod,) = make_pods("spread", 1)
    explanation = benchmark(scheduler.explain, pod)
    assert explanation.node == "node-0"


def test_from_manifests(benchmark: Any) -> None:
    pods = make_pods("basic", 5000)
    batch = benchmark(ks.PodBatch.from_manifests, pods)
    benchmark.extra_info["pods"] = len(pods)
    assert len(batch.records) == 1


def test_take_over(benchmark: Any) -> None:
    objects = [*make_nodes(5000), *bound_pods(20_000, 5000)]
    scheduler = benchmark.pedantic(ks.Scheduler, (objects,), rounds=3)
    assert scheduler.num_pods == 20_000


def test_fork(benchmark: Any) -> None:
    scheduler = ks.Scheduler([*make_nodes(5000), *bound_pods(20_000, 5000)])
    pod = {**make_pods("basic", 1)[0], "metadata": {"name": "another"}}
    decision = benchmark(lambda: scheduler.fork().schedule(pod))
    assert decision.node == "node-0"


def replay_process(benchmark: Any, nodes: Path, pods: Path, num_pods: int) -> None:
    if not nodes.exists():
        pytest.skip(f"{nodes.name} is not there: no folder ../shared with traces beside the project")
    command = [sys.executable, "-m", "kubesched", "replay", "--nodes", str(nodes), "--pods", str(pods)]
    done = benchmark.pedantic(
        lambda: subprocess.run(command, capture_output=True, text=True, check=True),  # noqa: S603
        rounds=5,
        warmup_rounds=1,
    )
    benchmark.extra_info["pods"] = num_pods
    assert f"{num_pods:,} pods in order of arrival" in done.stdout


def test_replay_openb(benchmark: Any) -> None:
    folder = SHARED / "openb" / "csv"
    nodes, pods = folder / "openb_node_list_all_node.csv", folder / "openb_pod_list_default.csv"
    replay_process(benchmark, nodes, pods, 8152)


def test_replay_manifests(benchmark: Any) -> None:
    folder = SHARED / "k8s-sims"
    replay_process(benchmark, folder / "nodes-1200.yaml.gz", folder / "pods-1200.yaml.gz", 7064)
