"""Traces made from a description: their statistics, their bytes, and the faults of descriptions."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import kubesched as ks
from kubesched.errors import ConfigError
from kubesched.traces import Trace, open_trace, synthesize
from kubesched.traces.durations import parse_duration_ns
from kubesched.traces.parquet import write_trace

ROOT = Path(__file__).resolve().parents[3]
HOUR_NS = 3600 * 10**9
POOL = {"name": "n", "count": 3, "cpu": 8, "memory": "16Gi"}


def mix(**fields: Any) -> dict[str, Any]:
    """Return a description: one pool, one class, ten arrivals a second for 1,000 s."""
    base: dict[str, Any] = {"seed": 5, "span": 1000, "arrivals": {"rate": 10}, "nodes": [POOL], "pods": [{"name": "p"}]}
    return {name: value for name, value in {**base, **fields}.items() if value is not None}


def arrivals(trace: Trace) -> Any:
    return trace.pods.column("arrival_ns").to_numpy() / 1e9


def lifetimes(**fields: Any) -> Any:
    trace = synthesize(mix(span=None, count=40_000, pods=[{"lifetime": fields}]))
    return trace.pods.column("duration_ns").to_numpy() / 1e9


def test_a_poisson_process_has_exponential_gaps() -> None:
    times = arrivals(synthesize(mix(span=10_000)))
    gaps = np.diff(times)
    assert abs(len(times) - 100_000) < 4 * np.sqrt(100_000)
    assert abs(gaps.std() / gaps.mean() - 1) < 0.02
    # The share of gaps longer than the mean is 1 / e.
    assert abs((gaps > 0.1).mean() - np.exp(-1)) < 0.01
    assert abs(np.corrcoef(gaps[1:], gaps[:-1])[0, 1]) < 0.02


def test_a_uniform_process_has_uniform_gaps() -> None:
    gaps = np.diff(arrivals(synthesize(mix(arrivals={"process": "uniform", "rate": "10/s"}, span=2000))))
    assert gaps.max() <= 0.2
    counts, _ = np.histogram(gaps, 10, (0, 0.2))
    assert np.abs(counts / len(gaps) - 0.1).max() < 0.01


def test_fixed_intervals_do_not_drift() -> None:
    trace = synthesize(mix(arrivals={"process": "interval", "rate": 3}, span=None, count=150_001))
    times = trace.pods.column("arrival_ns").to_numpy()
    want = [round(i * 10**9 / 3) for i in (0, 1, 2, 65_535, 65_536, 65_537, 150_000)]
    assert times[[0, 1, 2, 65_535, 65_536, 65_537, 150_000]].tolist() == want


def test_bursts_are_there_as_often_and_as_long_as_said() -> None:
    process = {"process": "bursty", "rate": 1, "burst_rate": 50, "quiet": "90s", "burst": "10s"}
    times = arrivals(synthesize(mix(arrivals=process, span="200000s")))
    # (1 * 90 + 50 * 10) / 100 arrivals a second; a count over a window varies far more than a Poisson process does.
    assert abs(len(times) / 200_000 - 5.9) < 0.5
    counts, _ = np.histogram(times, 20_000, (0, 200_000))
    assert counts.var() / counts.mean() > 50
    assert abs(np.median(counts) - 10) <= 3


def test_a_day_has_its_peak_where_it_is_said() -> None:
    process = {"process": "diurnal", "rate": "1/s", "amplitude": 0.8, "period": "1h", "peak": "15m"}
    times = arrivals(synthesize(mix(arrivals=process, span="50h")))
    assert abs(len(times) - 180_000) < 4 * np.sqrt(180_000)
    counts, _ = np.histogram(times % 3600, 12, (0, 3600))
    middles = (np.arange(12) + 0.5) * 300
    want = 15_000 * (1 + 0.8 * np.cos(2 * np.pi * (middles - 900) / 3600) * np.sinc(1 / 12))
    assert np.abs(counts / want - 1).max() < 0.06


def test_lifetimes_follow_their_distributions() -> None:
    assert set(lifetimes(distribution="constant", mean="90s")) == {90.0}
    exponential = lifetimes(distribution="exponential", mean="10m")
    assert abs(exponential.mean() / 600 - 1) < 0.03
    assert abs(np.median(exponential) / (600 * np.log(2)) - 1) < 0.03
    lognormal = np.log(lifetimes(distribution="lognormal", median="1h", sigma=1.5))
    assert abs(lognormal.mean() - np.log(3600)) < 0.05
    assert abs(lognormal.std() - 1.5) < 0.03
    mean = lifetimes(distribution="lognormal", mean="1h", sigma=0.5)
    assert abs(mean.mean() / 3600 - 1) < 0.02
    pareto = lifetimes(distribution="pareto", minimum="10s", alpha=2.0)
    assert pareto.min() >= 10
    assert abs((pareto > 20).mean() - 0.25) < 0.01
    assert abs((pareto > 100).mean() - 0.01) < 0.002
    capped = lifetimes(distribution="pareto", mean="20m", alpha=1.5, least="7m", most="1h")
    assert (capped.min(), capped.max()) == (420.0, 3600.0)
    forever = synthesize(mix(pods=[{"lifetime": {"distribution": "forever"}}]))
    assert forever.pods.column("duration_ns").null_count == forever.num_pods


def test_classes_and_shapes_come_as_often_as_they_weigh() -> None:
    shapes = [{"weight": 4, "cpu": "1"}, {"weight": 1, "cpu": "4", "memory": "8Gi", "gpus": 1, "gpu_milli": 500}]
    pods = [{"name": "a", "weight": 3, "shapes": shapes}, {"name": "b", "cpu": "250m", "restart": "always"}]
    trace = synthesize(mix(span=None, count=100_000, pods=pods))
    counts = np.bincount(trace.pods.column("template").to_numpy(), minlength=3)
    assert np.abs(counts / 100_000 - [0.6, 0.15, 0.25]).max() < 0.01
    assert trace.pod_templates[1]["spec"]["containers"][0]["resources"] == {
        "requests": {"cpu": "4", "memory": "8Gi"},
        "limits": {"nvidia.com/gpu": "1"},
    }
    assert set(trace.pods.column("restart").to_pylist()) == {0, 2}


def test_a_gang_arrives_at_once_and_lives_equally_long() -> None:
    pods = [{"name": "g", "gang": 3, "lifetime": {"distribution": "exponential", "mean": "1m"}}, {"name": "single"}]
    trace = synthesize(mix(pods=pods, span=None, count=200))
    rows = trace.pods.to_pylist()
    gangs: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        if row["gang"] is not None:
            gangs.setdefault(row["gang"], []).append(row)
    assert len(gangs) + sum(row["gang"] is None for row in rows) == 200
    for members in gangs.values():
        assert len(members) == 3
        assert len({(row["arrival_ns"], row["duration_ns"]) for row in members}) == 1
    assert len({row["name"] for row in rows}) == len(rows)


def test_a_class_with_its_own_arrivals_does_not_change_the_others() -> None:
    web = {"name": "web", "lifetime": {"distribution": "exponential", "mean": "1m"}}
    job = {"name": "job", "arrivals": {"process": "interval", "rate": "1/m"}}
    alone, both = synthesize(mix(pods=[web])), synthesize(mix(pods=[web, job]))
    rows = [row for row in both.pods.to_pylist() if row["name"].startswith("web-")]
    assert rows == alone.pods.to_pylist()
    assert both.num_pods - alone.num_pods == 17


def test_what_comes_first_ends_the_arrivals() -> None:
    assert synthesize(mix(count=7)).num_pods == 7
    assert arrivals(synthesize(mix(count=10**6))).max() < 1000


@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"mix.{suffix}"
    file.write_text(yaml.safe_dump(mix()) if suffix == "yaml" else json.dumps(mix()))
    found = []
    for i, seed in enumerate((5, 5, 6)):
        write_trace(synthesize(file, seed=seed), tmp_path / f"{i}.parquet")
        found.append((tmp_path / f"{i}.parquet").read_bytes())
    assert found[0] == found[1]
    assert found[0] != found[2]
    assert open_trace(tmp_path / "0.parquet").pods.equals(synthesize(mix()).pods)


def test_the_constraints_hold_in_a_replay() -> None:
    pools = [
        {"name": "cpu", "count": 6, "cpu": 8, "memory": "32Gi", "zones": ["a", "b", "c"]},
        {
            "name": "gpu", "count": 2, "cpu": 16, "memory": "64Gi", "gpus": 4, "gpu_model": "A100",
            "taints": [{"key": "gpu", "value": "yes", "effect": "NoSchedule"}],
        },
    ]  # fmt: skip
    pods = [
        {"name": "web", "cpu": "100m", "spread": {"over": "zone", "required": True}, "node_selector": {"pool": "cpu"}},
        {"name": "db", "cpu": "1", "apart": "hostname", "priority": 5},
        {"name": "train", "gpus": 2, "gpu_models": ["A100"], "tolerations": [{"key": "gpu", "operator": "Exists"}]},
    ]
    trace = synthesize(mix(nodes=pools, pods=pods, span=None, count=60))
    rows = ks.replay(trace).pods.to_pylist()
    nodes = {
        kind: [r["node"] for r in rows if r["pod"].startswith(f"default/{kind}-")] for kind in ("web", "db", "train")
    }
    zones = np.bincount([int(node[-1]) % 3 for node in nodes["web"]], minlength=3)
    assert zones.max() - zones.min() <= 1
    assert sorted(filter(None, nodes["db"])) == [f"cpu-{i}" for i in range(6)]
    assert sorted(filter(None, nodes["train"])) == ["gpu-0", "gpu-0", "gpu-1", "gpu-1"]


@pytest.mark.parametrize(
    ("fields", "want"),
    [
        ({"span": None}, "the description must have span or count, got none of them"),
        ({"span": "soon"}, "span must be a time such as 90s or 1h30m, above 0, got 'soon'"),
        ({"count": True}, "count must be a whole number in 1..50000000, got True"),
        ({"seed": -1}, "seed must be a whole number in 0..18446744073709551615, got -1"),
        ({"node": []}, "the description must have only the fields arrivals, count, nodes, pods, seed, span, got 'node'; did you mean nodes?"),
        ({"nodes": []}, "nodes must be a list of at least one, got []"),
        ({"nodes": [{"count": 0}]}, "nodes[0].count must be a whole number in 1..1000000, got 0"),
        ({"nodes": [POOL, POOL]}, "nodes[1].name must be unique, got 'n'"),
        ({"nodes": [{**POOL, "memory": "16Gib"}]}, "nodes[0].memory must be a quantity"),
        ({"nodes": [{**POOL, "taints": ["x"]}]}, "nodes[0].taints[0] must be a mapping, got 'x'"),
        ({"nodes": [{**POOL, "taints": [{"key": "a", "effect": "Never"}]}]}, "nodes[0] must give nodes that are valid, got "),
        ({"nodes": [{**POOL, "gpu_model": "T4"}]}, "nodes[0].gpu_model must be left out where there are no gpus, got 'T4'"),
        ({"arrivals": {"rate": 0}}, "arrivals.rate must be a rate such as 2/s, 30/m or 500/h, in 1e-7..1e9 a second, got 0"),
        ({"arrivals": {"rate": 1, "process": "posson"}}, "arrivals.process must be one of poisson, uniform, interval, bursty, diurnal, got 'posson'; did you mean poisson?"),
        ({"arrivals": {"rate": 1, "peak": "2h"}}, "arrivals must have only the fields process, rate, got 'peak'"),
        ({"arrivals": {"rate": 1, "process": "bursty", "burst_rate": "9/s", "quiet": "1m"}}, "arrivals.burst must be a time"),
        ({"arrivals": {"rate": "1e9/s"}}, "arrivals.rate must be a rate"),
        ({"arrivals": {"rate": 10**9}}, "arrivals must give at most 50000000 arrivals, got about 1000000000000"),
        ({"arrivals": {"rate": "1/h"}, "span": "1ns"}, "the description must let at least one pod arrive"),
        ({"arrivals": {"rate": 1e-7}, "span": None, "count": 100_000}, "arrivals must end within 2**62 ns (146 years)"),
        ({"arrivals": None}, "pods[0].arrivals must be there where the description has none for all, got none"),
        ({"pods": [{"arrivals": {"rate": 1}, "weight": 2}]}, "pods[0].weight must be left out where the class has its own arrivals, got 2"),
        ({"pods": [{"arrivals": {"rate": 1}}]}, "arrivals must be left out where every class has its own, got arrivals"),
        ({"pods": [{"name": "A b"}]}, "pods[0].name must be a DNS label of at most 40 characters, got 'A b'"),
        ({"pods": [{"cpu": "-1"}]}, "pods[0].cpu must be"),
        ({"pods": [{"cpus": 1}]}, "got 'cpus'; did you mean cpu?"),
        ({"pods": [{"shapes": [{"cpu": 1, "weight": 0}]}]}, "pods[0].shapes[0].weight must be a number above 0 to 1e+09, got 0"),
        ({"pods": [{"shapes": [{"cpu": 1}], "cpu": 2}]}, "got 'cpu'"),
        ({"pods": [{"gpus": 2, "gpu_milli": 500}]}, "pods[0].gpu_milli must be left out unless gpus is 1, got 500"),
        ({"pods": [{"lifetime": "forever"}]}, "pods[0].lifetime must be a mapping, got 'forever'"),
        ({"pods": [{"lifetime": {"distribution": "normal"}}]}, "pods[0].lifetime.distribution must be one of forever,"),
        ({"pods": [{"lifetime": {"distribution": "lognormal", "sigma": 1}}]}, "pods[0].lifetime must have one of median and mean, got both or none of them"),
        ({"pods": [{"lifetime": {"distribution": "pareto", "mean": "1h", "alpha": 1}}]}, "pods[0].lifetime.alpha must be above 1 where the mean is given, got 1"),
        ({"pods": [{"lifetime": {"distribution": "constant", "mean": "1h", "most": "1m", "least": "2m"}}]}, "pods[0].lifetime.least must be at most pods[0].lifetime.most, got '2m'"),
        ({"pods": [{"spread": {"over": "rack"}}]}, "pods[0].spread.over must be one of zone, hostname, got 'rack'"),
        ({"pods": [{"spec": {"containers": []}}]}, "pods[0].spec must leave out containers"),
        ({"pods": [{"spec": {"priority": "high"}}]}, "pods[0] must give pods that are valid, got "),
        ({"pods": [{"labels": {"a": 1}}]}, "pods[0].labels[a] must be a text, got 1"),
    ],
)  # fmt: skip
def test_a_fault_names_its_field(fields: dict[str, Any], want: str) -> None:
    values = mix() | fields
    with pytest.raises(ConfigError, match=re.escape(want)):
        synthesize({name: value for name, value in values.items() if value is not None})


@pytest.mark.parametrize(
    ("content", "want"),
    [
        ("seed: [\n", "mix.yaml:2:"),
        ("- 1\n", "mix.yaml"),
        ("seed: 1\nseed: 2\n", "mix.yaml:2:"),
        ("seed: !!python/object/apply:os.getcwd []\n", "mix.yaml"),
    ],
    ids=["no YAML", "no mapping", "a field twice", "an object of Python"],
)
def test_a_broken_file_is_refused(tmp_path: Path, content: str, want: str) -> None:
    file = tmp_path / "mix.yaml"
    file.write_text(content)
    with pytest.raises(ConfigError, match=re.escape(want)):
        synthesize(file)


@pytest.mark.parametrize(
    ("text", "want"),
    [("0", 0), ("90s", 90 * 10**9), ("1h30m", 5400 * 10**9), ("1.5h", 5400 * 10**9), ("0.1s", 10**8), ("1us2ns", 1002),
     ("9", None), ("", None), ("1 h", None), ("-1s", None), ("1000000d", None), ("٣s", None)],
)  # fmt: skip
def test_times_are_what_people_write(text: str, want: int | None) -> None:
    assert parse_duration_ns(text) == want


def test_the_documented_example_is_true(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "synthetic-traces.md").read_text()
    example, told = re.findall(r"```(?:yaml|text)\n(.*?)```", text, re.DOTALL)[:2]
    (tmp_path / "mix.yaml").write_text(example)
    trace = synthesize(tmp_path / "mix.yaml")
    want = [f"wrote mix.parquet: {trace.num_pods:,} pods, {len(trace.node_names):,} nodes"]
    assert told.splitlines()[1:] == want + [f"  {note}" for note in trace.notes]
    assert ks.replay(trace, until=HOUR_NS).summary()["pods"] == trace.num_pods
