"""Replays: the counts, the digest, the files."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import kubesched as ks
from kubesched.replay.output import write_result
from kubesched.replay.result import split_message
from kubesched.traces import Trace, example_trace
from kubesched.traces.trace import nodes_at_start, pod_table
from tests.builders import make_node, make_pod


def test_same_input_and_seed_give_the_same_digest() -> None:
    digests = {
        ks.replay(example_trace(40, 900), tie_break="random", seed=seed).digest()
        for seed in (1, 1, 2)
        for _ in range(2)
    }
    assert len(digests) == 2
    assert ks.replay(example_trace(40, 900)).digest() != ks.replay(example_trace(40, 900, seed=2)).digest()


def test_progress_has_no_influence_and_reaches_the_end() -> None:
    seen: list[tuple[int, int]] = []
    watched = ks.replay(example_trace(20, 500), preempt=False, progress=lambda at: seen.append((at.arrived, at.total)))
    assert seen[-1] == (500, 500)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    trace = example_trace(20, 500)
    at_once = ks.Scheduler(trace.nodes()).schedule_many(trace.batch())
    assert watched.placements.node_names == at_once.node_names
    assert watched.placements.messages == at_once.messages


def test_the_summary_adds_up() -> None:
    result = ks.replay(example_trace(20, 900))
    summary = result.summary()
    assert summary["kubernetes"] == "1.34"
    assert summary["placed"] + summary["pending"] == 900
    assert summary["pending"] == len(result.placements.messages) > 0
    requested = result.scheduler.nodes.requested["cpu"]
    assert summary["allocation"]["cpu"]["requested"] == int(requested.sum())
    assert summary["allocation"]["pods"]["requested"] == summary["placed"]
    by_model = result.allocation_by_model()
    gpus = result.allocation()["nvidia.com/gpu"]
    assert sum(usage["nvidia.com/gpu"].requested for usage in by_model.values()) == gpus.requested
    most, least = result.most_and_least_used(3)
    assert most[0][1] >= least[0][1]


@pytest.mark.parametrize(
    ("message", "want"),
    [
        pytest.param("0/3 nodes are available: 1 Too many pods, 2 Insufficient cpu.",
                     [("Too many pods", 1), ("Insufficient cpu", 2)], id="a histogram"),
        pytest.param("0/3 nodes are available: pod affinity terms conflict.", [("pod affinity terms conflict", 0)],
                     id="a reason about the pod"),
        pytest.param("no nodes available to schedule pods", [("no nodes available to schedule pods", 0)], id="no node"),
    ],
)  # fmt: skip
def test_messages_split_into_reasons(message: str, want: list[tuple[str, int]]) -> None:
    assert split_message(message) == want


def test_files_are_whole_and_say_what_they_are(tmp_path: Path) -> None:
    result = ks.replay(example_trace(20, 300))
    files = result.write(tmp_path / "new" / "folder")
    assert [path.name for path in files] == [
        "pods.parquet",
        "nodes.parquet",
        "series.parquet",
        "events.parquet",
        "summary.json",
    ]
    placements, nodes, _, _, summary = files
    table = pq.read_table(placements)
    assert table.num_rows == 300
    assert table.column_names[:3] == ["pod", "arrival_ns", "first_attempt_ns"]
    assert table.schema.metadata[b"kubesched.digest"].decode() == result.digest()
    assert table.schema.metadata[b"kubernetes"] == b"1.34"
    assert pq.read_table(nodes).column("requested.cpu").to_pylist() == result.scheduler.nodes.requested["cpu"].tolist()
    assert json.loads(summary.read_text())["digest"] == result.digest()
    assert {path.name for path in placements.parent.iterdir()} == {path.name for path in files}


@pytest.mark.parametrize("blocked", ["pods.parquet", "nodes.parquet", "series.parquet", "summary.json"])
def test_a_failed_write_leaves_nothing_behind(tmp_path: Path, blocked: str) -> None:
    result = ks.replay(example_trace(5, 20))
    (tmp_path / blocked).mkdir()
    with pytest.raises(OSError, match=re.escape(blocked)):
        write_result(result, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [blocked]


def make_trace(num_pods: int, last_name: str, memory: str = "1Gi") -> Trace:
    """Pods p-0, p-1, ... that fit nowhere, and one named `last_name` that fits."""
    nodes = [make_node(f"n{i}", memory=memory) for i in range(4)]
    templates = [make_pod("big", cpu="999"), make_pod("small", cpu="1m", memory="1Mi")]
    names = [*(f"p-{i}" for i in range(num_pods - 1)), last_name]
    pods = pod_table({"name": names, "template": [0] * (num_pods - 1) + [1], "arrival_ns": [0] * num_pods})
    return Trace("made up", ["n0", "n1", "n2", "n3"], nodes, nodes_at_start(4), [], templates, pods)


def test_a_name_that_comes_again_much_later_is_refused() -> None:
    assert ks.replay(make_trace(500, "last")).num_placed == 1
    with pytest.raises(ks.StateError, match="pod names must be unique, got 'default/p-0' twice"):
        ks.replay(make_trace(500, "p-0"))


def test_totals_may_pass_int64() -> None:
    memory = ks.replay(make_trace(2, "last", memory=f"{2**42}Mi")).allocation()["memory"]
    assert memory.allocatable == 4 * 2**62
    assert memory.requested == 2**20


@pytest.mark.parametrize("tie_break", ["first", "random"])
def test_steps_do_not_change_what_a_sampling_profile_decides(tie_break: str) -> None:
    config = {
        "apiVersion": "kubescheduler.config.k8s.io/v1",
        "kind": "KubeSchedulerConfiguration",
        "percentageOfNodesToScore": 40,
    }
    trace = example_trace(150, 1500)
    in_steps = ks.replay(trace, config=config, tie_break=tie_break, seed=5, preempt=False).placements
    at_once = ks.Scheduler(trace.nodes(), config, tie_break=tie_break, seed=5).schedule_many(trace.batch())
    assert in_steps.node_names == at_once.node_names
    assert in_steps.messages == at_once.messages


def test_a_pod_that_one_file_has_twice_is_refused_and_one_of_both_files_counts_once(tmp_path: Path) -> None:
    nodes, pods = tmp_path / "nodes.json", tmp_path / "pods.json"
    pod = make_pod("p")
    nodes.write_text(json.dumps([make_node("a"), pod]))
    pods.write_text(json.dumps([pod]))
    assert list(ks.replay(nodes, pods).placements.pods) == ["default/p"]
    pods.write_text(json.dumps([pod, pod]))
    with pytest.raises(ks.TraceFormatError, match=r"pods\.json: must have each pod once, got 'default/p' twice"):
        ks.replay(nodes, pods)


def test_a_trace_and_files_do_not_mix() -> None:
    with pytest.raises(ks.ConfigError, match="pods must be left out where a trace is given"):
        ks.replay(example_trace(2, 2), "pods.csv")


def test_manifests_replay_in_document_order(tmp_path: Path) -> None:
    path = tmp_path / "all.yaml"
    path.write_text(
        """
apiVersion: v1
kind: List
items:
- {kind: Node, apiVersion: v1, metadata: {name: a}, status: {allocatable: {cpu: 2, memory: 4Gi, pods: 10}}}
- {kind: Pod, apiVersion: v1, metadata: {name: z}, spec: {containers: [{name: c, resources: {requests: {cpu: 1}}}]}}
- {kind: Pod, apiVersion: v1, metadata: {name: y}, spec: {containers: [{name: c, resources: {requests: {cpu: 2}}}]}}
- {kind: Pod, apiVersion: v1, metadata: {name: x}, spec: {nodeName: a, containers: [{name: c}]}}
- {kind: Pod, apiVersion: v1, metadata: {name: w}, spec: {nodeName: a, containers: [{name: c}]}, status: {phase: Failed}}
"""
    )
    result = ks.replay(path, path)
    assert list(result.placements.pods) == ["default/z", "default/y"]
    assert result.placements.node_names == ["a", None]
    notes = ["1 finished pods are left out", "1 pods are on their nodes from the start"]
    assert [str(note) for note in result.trace.notes] == notes
    assert result.reasons() == {"Insufficient cpu": 1}


def test_nearly_all_pods_of_the_big_manifests_fit(shared: Path) -> None:
    folder = shared / "traces" / "k8s-sims"
    for size, num_pods in ((100, 1067), (500, 4774), (1200, 7064)):
        result = ks.replay(folder / f"nodes-{size}.yaml.gz", folder / f"pods-{size}.yaml.gz")
        assert result.num_placed + result.num_pending == num_pods
        assert 0 < result.num_pending < 60  # schedulers of that version in other simulators leave 12 to 54
        assert set(result.reasons()) == {"Insufficient cpu", "Insufficient memory"}


@pytest.mark.parametrize(
    ("of_the_first", "of_the_waiting"),
    [
        pytest.param(
            {"spec": {"containers": [{"name": "c", "ports": [{"containerPort": 80, "hostPort": 80}]}]}},
            {"ports": [{"containerPort": 80, "hostPort": 80}]},
            id="a host port is taken",
        ),
        pytest.param(
            {"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [{"name": "c"}]}},
            {"anti": "x"},
            id="a pod is there that it must not meet",
        ),
    ],
)
def test_a_pod_wakes_for_what_rejects_it_now(of_the_first: dict[str, Any], of_the_waiting: dict[str, Any]) -> None:
    """First one pod is in the way, later, when that has gone, the node's CPU: which pods leave is what wakes it."""
    first = {"apiVersion": "v1", "kind": "Pod", **of_the_first}
    first["metadata"] = {"name": "t", "namespace": "default", **first.get("metadata", {})}
    waiting = make_pod("w", cpu="1")
    if "ports" in of_the_waiting:
        waiting["spec"]["containers"][0]["ports"] = of_the_waiting["ports"]
    else:
        term = {
            "labelSelector": {"matchLabels": {"app": of_the_waiting["anti"]}},
            "topologyKey": "kubernetes.io/hostname",
        }
        waiting["spec"]["affinity"] = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    node = make_node("n0", cpu="2")
    node["metadata"].setdefault("labels", {})["kubernetes.io/hostname"] = "n0"
    second = 10**9
    columns = {
        "name": ["first", "waiting", "big"],
        "template": [0, 1, 2],
        "arrival_ns": [0, second, 2 * second],
        "duration_ns": [10 * second, 5 * second, 28 * second],
    }
    trace = Trace(
        "made up", ["n0"], [node], nodes_at_start(1), [], [first, waiting, make_pod("b", cpu="2")], pod_table(columns)
    )
    result = ks.replay(trace)
    assert result.pods.column("scheduled_ns").to_pylist() == [0, 30 * second, 2 * second]


@pytest.mark.parametrize(
    ("preempt", "want_scheduled", "want_finished", "want_outcomes"),
    [
        pytest.param("never", [0, 100], [100, 101], ["finished", "finished"], id="never: it waits for its turn"),
        pytest.param(
            "graceful", [0, 21], [21, 22], ["preempted", "finished"], id="graceful: the victim has its grace period"
        ),
        pytest.param("immediate", [0, 1], [1, 2], ["preempted", "finished"], id="immediate: the victim is gone"),
    ],
)
def test_preemption_by_policy(
    preempt: str, want_scheduled: list[int], want_finished: list[int], want_outcomes: list[str]
) -> None:
    second = 10**9
    low = make_pod("l", cpu="2", priority=1)
    low["spec"]["terminationGracePeriodSeconds"] = 20
    columns = {
        "name": ["low", "high"],
        "template": [0, 1],
        "arrival_ns": [0, second],
        "duration_ns": [100 * second, second],
    }
    templates = [low, make_pod("h", cpu="2", priority=9)]
    trace = Trace("made up", ["n0"], [make_node("n0", cpu="2")], nodes_at_start(1), [], templates, pod_table(columns))
    result = ks.replay(trace, preempt=preempt, events=True)
    pods = result.pods
    assert pods.column("scheduled_ns").to_pylist() == [t * second for t in want_scheduled]
    assert pods.column("finished_ns").to_pylist() == [t * second for t in want_finished]
    assert pods.column("outcome").to_pylist() == want_outcomes
    assert result.events.num_rows > 0


def test_an_unknown_policy_of_preemption_is_refused() -> None:
    with pytest.raises(ks.ConfigError, match="'never', 'graceful' or 'immediate', got 'soon'"):
        ks.replay(example_trace(2, 2), preempt="soon")


def test_inflated_arrivals_repeat_pods_at_their_times_up_to_the_load() -> None:
    trace = example_trace(10, 100)
    assert len(trace.pods.column("arrival_ns").unique()) > 1
    result = ks.replay(trace, inflate=3.0, departures=False)
    again = ks.replay(trace, inflate=3.0, departures=False)
    names = result.arrivals.column("pod").to_pylist()
    originals = [name for name in names if "-x" not in name.rpartition("/")[2]]
    assert len(originals) == 100
    assert len(names) > 100
    assert len(set(names)) == len(names)
    times = result.arrivals.column("arrival_ns").to_pylist()
    assert times == sorted(times)
    assert set(times) == set(trace.pods.column("arrival_ns").to_pylist())
    assert again.digest() == result.digest() != ks.replay(trace, inflate=3.0, departures=False, seed=1).digest()
