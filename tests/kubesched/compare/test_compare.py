"""Comparisons on small traces of the test's own, and the published experiment where its files are."""

from __future__ import annotations

import csv
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest

import kubesched as ks
from kubesched.compare import compare
from kubesched.compare.arrangement import arrange, names_of
from kubesched.compare.choice import Choice
from kubesched.compare.packing import pack
from kubesched.compare.workload import read_workload
from kubesched.errors import ConfigError
from kubesched.traces import example_trace, open_trace

POLICIES = ("random", "dotprod", "gpuclustering", "gpupacking", "bestfit", "fgd")


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Six nodes with 2 cards each, forty pods: CPU only, shares, whole cards."""
    nodes, pods = tmp_path / "nodes.csv", tmp_path / "pods.csv"
    nodes.write_text("sn,cpu_milli,memory_mib,gpu,model\n" + "".join(f"n{i},16000,65536,2,T4\n" for i in range(6)))
    kinds = ["2000,1024,0,0", "1000,1024,1,300", "1000,1024,1,500", "4000,1024,1,1000", "4000,1024,2,1000"]
    rows = "".join(f"p{i},{kinds[i % 5]}\n" for i in range(40))
    pods.write_text("name,cpu_milli,memory_mib,num_gpu,gpu_milli\n" + rows)
    return [str(nodes), str(pods)]


def cli(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kubesched", "compare", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)  # noqa: S603


def test_the_result_does_not_depend_on_the_number_of_workers(files: list[str]) -> None:
    runs = [compare(*files, policies=POLICIES, seeds=3, workers=workers) for workers in (1, 2, 5)]
    assert runs[0].summary() == runs[1].summary() == runs[2].summary()
    assert runs[0].curve.equals(runs[1].curve)
    assert len({row["allocated_percent"] for row in runs[0].summary()["runs"]}) > 1


def test_replays_do_not_depend_on_the_number_of_workers_either(files: list[str]) -> None:
    config = {"apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration"}
    given = {"policies": ["fgd", "default"], "configs": [config], "seeds": 2, "mode": "replay"}
    one, two = (compare(*files, **given, workers=workers) for workers in (1, 2))  # type: ignore[arg-type]
    assert one.summary() == two.summary()
    assert [row["choice"] for row in one.means()] == ["fgd", "default", "config-1"]
    by_choice = {(row["choice"], row["seed"]): row["digest"] for row in one.summary()["runs"]}
    assert by_choice["default", 42] == by_choice["config-1", 42], "the defaults are the defaults"


def test_shares_are_of_all_nodes_and_means_over_time() -> None:
    trace = example_trace(20, 300)
    found = compare(trace, policies=["default"], seeds=1, mode="replay", workers=1)
    shares = [name.removesuffix("_mean_percent") for name in found.measures if name.endswith("_mean_percent")]
    assert shares == ["cpu", "memory", "pods", "nvidia.com/gpu"]
    series = ks.replay(trace, tie_break="random", seed=42).series
    times = series.column("time_ns").to_pylist()
    used = series.column("utilisation.cpu").to_pylist()
    area = sum(share * (after - at) for share, at, after in zip(used, times, times[1:], strict=False))
    assert found.means()[0]["cpu_mean_percent"] == pytest.approx(100 * area / (times[-1] - times[0]), abs=1e-4)


def test_an_arrangement_repeats_pods_up_to_the_load_and_no_further(files: list[str]) -> None:
    workload = read_workload(open_trace(*files))
    assert (workload.resource, workload.capacity) == ("gpu", 12_000)
    assert int(workload.asked.sum()) == 8 * (300 + 500 + 1000 + 2000)
    for seed in range(20):
        pods, nodes = arrange(workload, seed, 3.5)
        load = int(workload.asked[pods].sum())
        assert 3.5 * 12_000 - 2000 < load <= 3.5 * 12_000 + 1000, "the last pod is stopped by one of its cards"
        assert sorted(pods[:40]) == list(range(40))
        assert sorted(nodes) == list(range(6))
        dropped, _ = arrange(workload, seed, 0.5)
        assert 6000 - 2000 < int(workload.asked[dropped].sum()) <= 6000
        assert max(Counter(dropped.tolist()).values()) == 1


def test_copies_have_names_of_their_own() -> None:
    assert names_of(["a", "b"], np.array([0, 1, 0, 0])) == ["a", "b", "a-x1", "a-x2"]


def test_a_run_counts_what_its_placements_say(files: list[str]) -> None:
    trace = open_trace(*files)
    workload = read_workload(trace)
    row = pack(trace, workload, Choice("fgd", "fgd"), 7, 1.3)
    pods, nodes = arrange(workload, 7, 1.3)
    manifests = trace.nodes()
    scheduler = ks.Scheduler([manifests[i] for i in nodes], policy="fgd", workload=workload.batch)
    names = trace.pods.column("name").to_pylist()
    templates = trace.pods.column("template").to_pylist()
    arrived = placed = used = 0
    at_full = []
    for row_, name in zip(pods.tolist(), names_of(names, pods), strict=True):
        pod = trace.pod_templates[templates[row_]]
        decision = scheduler.schedule({**pod, "metadata": {**pod["metadata"], "name": name}})
        arrived += int(workload.asked[row_])
        placed += decision.node is not None
        used += int(workload.asked[row_]) if decision.node is not None else 0
        if round(100 * arrived / workload.capacity) == 100:
            at_full.append(100 * used / workload.capacity)
    assert (row["arrived"], row["placed"], row["failed"]) == (len(pods), placed, len(pods) - placed)
    assert row["allocated_percent"] == pytest.approx(100 * used / workload.capacity, abs=1e-4)
    want = pytest.approx(sum(at_full) / len(at_full), abs=1e-4) if at_full else row["allocated_at_100_percent"]
    assert row["allocated_at_100_percent"] == want
    left = scheduler.nodes.gpu_milli_left
    assert row["allocated_percent"] == pytest.approx(100 * (12_000 - left[left > 0].sum()) / 12_000, abs=1e-4)


def test_without_cards_the_scarcest_resource_counts(tmp_path: Path) -> None:
    path = tmp_path / "cluster.json"
    node = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": "n"},
        "status": {"allocatable": {"cpu": "8", "memory": "1Gi", "pods": "110"}},
    }
    pods = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": f"p{i}"},
            "spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": "1", "memory": "256Mi"}}}]},
        }
        for i in range(3)
    ]
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [node, *pods]}))
    found = compare(path, policies=["default"], seeds=2, inflate=1)
    assert found.resource == "memory"
    assert [row["allocated_percent"] for row in found.summary()["runs"]] == [100.0, 100.0]
    assert found.means()[0]["fragmentation_percent"] is None


@pytest.mark.parametrize(
    ("arguments", "want"),
    [
        pytest.param(["--policy", "fdg"], "policy must be one of default, ", id="a typo"),
        pytest.param([], "give at least one --policy or --config", id="nothing to compare"),
        pytest.param(["--policy", "fgd", "--policy", "fgd"], "got 'fgd' twice", id="one twice"),
        pytest.param(["--policy", "fgd", "--inflate", "0"], "inflate must be in 0..1000", id="no load"),
        pytest.param(
            ["--policy", "fgd", "--until", "1h"], "--until goes with --replay only", id="an option of replays"
        ),
        pytest.param(["--config", "nowhere.yaml"], "nowhere.yaml", id="no such file"),
    ],
)
def test_refused(files: list[str], arguments: list[str], want: str) -> None:
    done = cli(*files, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert want in done.stderr
    assert "Traceback" not in done.stderr


def test_an_error_of_a_worker_is_the_callers(files: list[str]) -> None:
    with pytest.raises(ConfigError, match="arrivals must be one of"):
        compare(*files, policies=["fgd"], seeds=2, mode="replay", replay_options={"arrivals": "x"}, workers=2)


def test_json_and_files(files: list[str], tmp_path: Path) -> None:
    done = cli(*files, "--policy", "fgd", "--seeds", "2", "--output", "json", "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [row["seed"] for row in found["runs"]] == [42, 43]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "curve.parquet",
        "runs.parquet",
        "summary.json",
    ]


def test_ctrl_c_keeps_what_has_ended(files: list[str]) -> None:
    command = [sys.executable, "-m", "kubesched", "compare", *files, "--policy", "fgd", "--seeds", "100000"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603
    try:
        children: list[str] = []
        deadline_s = time.monotonic() + 60
        while len(children) < min(2, len(os.sched_getaffinity(0))) and time.monotonic() < deadline_s:
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            time.sleep(0.05)
        time.sleep(3)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert "interrupted: what follows is of the runs that had ended" in err
    assert "fgd" in out
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()], "workers go with their parent"


def test_means_and_deviations(files: list[str]) -> None:
    found = compare(*files, policies=["random"], seeds=4, workers=1)
    values = [row["placed"] for row in found.summary()["runs"]]
    (row,) = found.means()
    assert row["placed"] == pytest.approx(statistics.mean(values))
    assert row["placed_sd"] == pytest.approx(statistics.stdev(values), abs=1e-6)
    assert row["placed_se"] == pytest.approx(statistics.stdev(values) / 2, abs=1e-6)
    assert "<td>random</td>" in found._repr_html_()


@pytest.mark.parametrize(
    "pods",
    [
        "default",
        *(pytest.param(pods, marks=pytest.mark.soak) for pods in ("gpuspec25", "multigpu50", "gpushare100", "cpu200")),
    ],
)
def test_means_of_ten_seeds_are_the_published_ones(shared: Path, pods: str) -> None:
    folder = shared / "traces" / "openb"
    published: dict[str, list[float]] = defaultdict(list)
    with (folder / "expected_results" / "analysis_allo_discrete.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if row["workload"] == f"openb_pod_list_{pods}":
                published[row["sc_policy"].partition("-")[2].lower()].append(float(row["100"]))
    lists = folder / "csv"
    found = compare(
        lists / "openb_node_list_gpu_node.csv", lists / f"openb_pod_list_{pods}.csv", policies=POLICIES, seeds=10
    )
    for mine in found.means():
        theirs = published[mine["choice"]]
        error = (statistics.variance(theirs) / len(theirs) + mine["allocated_at_100_percent_se"] ** 2) ** 0.5
        assert abs(mine["allocated_at_100_percent"] - statistics.mean(theirs)) < 3 * error, mine["choice"]
