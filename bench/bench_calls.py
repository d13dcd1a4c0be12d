"""Single calls: explain, preparing a batch, taking over a cluster, forking; and the whole process of a replay.

explain             one pod on 5,000 nodes
from_manifests      20,000 pods of one spec, or each of another
take_over           5,000 nodes and 100,000 bound pods
fork                5,000 nodes and 20,000 bound pods, and the first pod scheduled on the fork
replay_openb        the command, on the openb trace (where ../shared has it)
replay_manifests    the command, on 1,200 nodes and 7,064 pods from YAML (where ../shared has them)
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import kubesched as ks
from bench.cases import TRACES, openb_paths
from bench.workloads import make_nodes, make_pods


def bound_pods(count: int, num_nodes: int) -> list[dict[str, Any]]:
    pods = make_pods("basic", count)
    return [{**pod, "spec": {**pod["spec"], "nodeName": f"node-{i % num_nodes}"}} for i, pod in enumerate(pods)]


def test_explain(benchmark: Any) -> None:
    scheduler = ks.Scheduler(make_nodes(5000))
    (pod,) = make_pods("spread", 1)
    explanation = benchmark(scheduler.explain, pod)
    assert explanation.node == "node-0"


@pytest.mark.parametrize("specs", ["repeated", "distinct"])
def test_from_manifests(benchmark: Any, specs: str) -> None:
    """As read from a file: every pod has containers and labels of its own, equal or not."""
    pods = json.loads(json.dumps(make_pods("basic" if specs == "repeated" else "many_shapes", 20_000)))
    batch = benchmark.pedantic(ks.PodBatch.from_manifests, (pods,), rounds=5, warmup_rounds=1)
    benchmark.extra_info["pods"] = len(pods)
    assert len(batch.records) == (1 if specs == "repeated" else 20_000)
    assert list(batch.keys[:2]) == ["default/p-0", "default/p-1"]


def test_take_over(benchmark: Any) -> None:
    objects = [*make_nodes(5000), *bound_pods(100_000, 5000)]
    scheduler = benchmark.pedantic(ks.Scheduler, (objects,), rounds=5)
    benchmark.extra_info["pods"] = 100_000
    assert scheduler.num_pods == 100_000


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
    replay_process(benchmark, *openb_paths(), 8152)


def test_replay_manifests(benchmark: Any) -> None:
    folder = TRACES / "k8s-sims"
    replay_process(benchmark, folder / "nodes-1200.yaml.gz", folder / "pods-1200.yaml.gz", 7064)
