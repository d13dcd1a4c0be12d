"""Where two replays part ways, and why: replays are run again up to the attempt, and explained there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import kubesched as ks
from kubesched.errors import ConfigError, TraceFormatError
from kubesched.replay import first_difference
from kubesched.replay.attempt import explain_attempt
from kubesched.replay.inputs import read_inputs
from kubesched.traces import open_trace, synthesize
from kubesched.traces.parquet import write_trace
from tests.builders import make_node, make_pod
from tests.kubesched.cli.test_cli import run

MOST_ALLOCATED = {
    "apiVersion": "kubescheduler.config.k8s.io/v1",
    "kind": "KubeSchedulerConfiguration",
    "profiles": [
        {
            "pluginConfig": [
                {
                    "name": "NodeResourcesFit",
                    "args": {"scoringStrategy": {"type": "MostAllocated", "resources": [{"name": "cpu", "weight": 1}]}},
                }
            ]
        }
    ],
}


@pytest.fixture
def folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """The results of three pods on two nodes: spread by default, packed by another configuration."""
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(MOST_ALLOCATED))
    nodes, pods = tmp_path / "nodes.json", tmp_path / "pods.json"
    nodes.write_text(json.dumps([make_node("a", cpu="4"), make_node("b", cpu="4")]))
    pods.write_text(json.dumps([make_pod(f"p{i}", cpu="1") for i in range(3)]))
    for name, more in (("one", []), ("two", ["--config", str(tmp_path / "config.yaml")])):
        code, _, err = run(capsys, "replay", str(nodes), str(pods), "--out", str(tmp_path / name), *more)
        assert (code, "inputs.json" in err) == (0, True)
    return str(tmp_path / "one"), str(tmp_path / "two")


def test_the_scores_of_both_nodes_stand_side_by_side(
    folders: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, "replay", "diff", *folders, "--output", "json")
    found = json.loads(out)
    assert (code, found["pod"], found["columns"]["node"]) == (1, "default/p1", ["b", "a"])
    why = found["why"]
    assert (why["attempt"], why["nodes"], why["a"]["node"], why["b"]["node"]) == (1, ["b", "a"], "b", "a")
    for name, config in (("a", None), ("b", MOST_ALLOCATED)):
        scheduler = ks.Scheduler([make_node("a", cpu="4"), make_node("b", cpu="4")], config)
        scheduler.schedule(make_pod("p0", cpu="1"))
        want = scheduler.explain(make_pod("p1", cpu="1")).to_dict()
        assert why[name]["scores"] == want["scores"]
        assert why[name]["total"] == want["total"]
    code, out, _ = run(capsys, "replay", "diff", *folders)
    assert code == 1
    assert "why: A in attempt 1, at 0.000 s, put it on b\n" in out
    (total,) = (line.split() for line in out.splitlines() if line.startswith("  total"))
    assert [int(cell) for cell in total[1:]] == [why[side]["total"][node] for side in ("a", "b") for node in ("b", "a")]
    code, out, _ = run(capsys, "replay", "diff", *folders, "--no-why")
    assert (code, "why" in out) == (1, False)
    code, out, _ = run(capsys, "replay", "diff", folders[0], folders[0])
    assert (code, out) == (0, "no pod differs\n")


def test_a_pod_that_one_side_rejects_shows_who_rejects_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pods = tmp_path / "pods.json"
    pods.write_text(json.dumps([make_pod("p", cpu="3")]))
    for name, cpu in (("one", "4"), ("two", "2")):
        nodes = tmp_path / f"{name}.json"
        nodes.write_text(json.dumps([make_node("a", cpu=cpu)]))
        run(capsys, "replay", str(nodes), str(pods), "--out", str(tmp_path / name), "--until", "1m")
    code, out, _ = run(capsys, "replay", "diff", str(tmp_path / "one"), str(tmp_path / "two"))
    assert code == 1
    want = "why: B in attempt 1, at 0.000 s, put it nowhere: 0/1 nodes are available: 1 Insufficient cpu."
    assert want in out
    assert "  B: a is rejected by NodeResourcesFit: Insufficient cpu" in out


def test_what_cannot_be_run_again_says_why(
    folders: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def why() -> str:
        code, out, _ = run(capsys, "replay", "diff", *folders)
        assert code == 1
        assert "the first to be scheduled is default/p1:" in out
        return out.splitlines()[-1]

    nodes = tmp_path / "nodes.json"
    before = nodes.read_text()
    nodes.write_text(json.dumps([make_node("a", cpu="4"), make_node("c", cpu="4")]))
    assert why() == "why: not known, A puts the pod on c when it is run again: its inputs have changed"
    nodes.unlink()
    assert why().startswith("why: not known, A cannot be run again: ")
    nodes.write_text(before)
    assert why().startswith("  total")
    (Path(folders[1]) / "inputs.json").write_text("{}")
    assert why().startswith("why: not known, B cannot be run again: ")
    with pytest.raises(TraceFormatError, match="must be the inputs of a replay"):
        read_inputs(folders[1])
    ks.replay(str(nodes), str(tmp_path / "pods.json"), config=MOST_ALLOCATED).write(folders[1])
    assert why() == "why: not known, B has no inputs.json, which `kubesched replay --out` writes"


def test_pods_of_one_side_alone_are_counted(folders: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    import pyarrow.parquet as pq

    path = Path(folders[1]) / "pods.parquet"
    pq.write_table(pq.read_table(Path(folders[0]) / "pods.parquet").slice(0, 2), path)
    code, out, _ = run(capsys, "replay", "diff", *folders)
    assert code == 1
    assert out.splitlines() == ["1 pods are in A alone", "why: not known, no pod that both have differs"]


def options(**given: Any) -> dict[str, Any]:
    base: dict[str, Any] = dict.fromkeys(("config", "policy", "until", "inflate"))
    base |= {"placements": "ours", "arrivals": "trace", "arrival_scale": 1.0, "departures": True, "preempt": True}
    base |= dict.fromkeys(("cycle_time_ns", "binding_delay_ns", "startup_delay_ns", "pull_bytes_per_second"), 0)
    base |= {"image_bytes": 0, "sample_interval_ns": None, "sample_at_ns": [], "sample_every_arrivals": 0}
    return base | {"events": False, "tie_break": "first", "seed": 0} | given


@pytest.mark.parametrize("seed", range(6))
def test_an_attempt_explained_is_the_attempt_that_was(tmp_path: Path, seed: int) -> None:
    draws = np.random.Generator(np.random.PCG64(seed))
    lifetime = {"distribution": "exponential", "mean": "2m"}
    pods = [
        {"name": "low", "cpu": 2, "lifetime": lifetime},
        {"name": "high", "cpu": 3, "priority": 10, "lifetime": lifetime},
    ]
    pool = {"count": 4, "cpu": 8, "memory": "64Gi"}
    trace = synthesize({"seed": seed, "span": "10m", "arrivals": {"rate": "6/m"}, "nodes": [pool], "pods": pods})
    write_trace(trace, tmp_path / "t.parquet")
    given = options(cycle_time_ns=int(draws.integers(0, 2) * 10**9))
    result = ks.replay(trace, **given)
    for row in result.pods.to_pylist():
        last = explain_attempt(open_trace(tmp_path / "t.parquet"), row["pod"], row["attempts"], given)
        if row["restarts"] == 0 and row["outcome"] != "pending" and row["scheduled_ns"] is not None:
            assert (last.node, last.explanation.node) == (row["node"], row["node"])
        if row["attempts"] > 1:
            first = explain_attempt(trace, row["pod"], 1, given)
            assert first.time_ns >= row["first_attempt_ns"]
            assert first.node is not None or first.explanation.node is None
    with pytest.raises(ConfigError, match="attempt must be one that the replay makes at default/low-0, got 99"):
        explain_attempt(trace, "default/low-0", 99, given)
    with pytest.raises(ConfigError, match="pod must be one that arrives in the trace, got 'default/no'"):
        explain_attempt(trace, "default/no", 1, given)


def test_two_results_in_memory_compare_too() -> None:
    trace = synthesize({"count": 20, "arrivals": {"rate": 1}, "nodes": [{"count": 3, "cpu": 8}], "pods": [{"cpu": 1}]})
    one, two = ks.replay(trace), ks.replay(trace, config=MOST_ALLOCATED)
    assert first_difference(one.pods, one.pods) is None
    found = first_difference(one.pods, two.pods)
    assert found is not None
    assert found["columns"]["node"][0] != found["columns"]["node"][1]
