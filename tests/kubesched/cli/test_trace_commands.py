"""`kubesched trace`: making traces from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kubesched.traces import open_trace
from tests.kubesched.cli.test_cli import run


def test_options_describe_a_simple_mix(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "t.parquet"
    options = "--rate 30/m --span 10m --nodes 4 --node-cpu 8 --node-gpus 2 --cpu 500m --gpus 1 --gang 2 --seed 3"
    code, text, err = run(capsys, "trace", "synth", "--out", str(out), *options.split(), "--lifetime", "pareto:1m,1.5")
    assert (code, text) == (0, "")
    trace = open_trace(out)
    assert err.splitlines()[0] == f"wrote {out}: {trace.num_pods:,} pods, 4 nodes"
    (template,) = trace.pod_templates
    assert template["spec"]["containers"][0]["resources"]["limits"] == {"nvidia.com/gpu": "1"}
    assert trace.node_templates[0]["status"]["allocatable"]["nvidia.com/gpu"] == "2"
    assert trace.pods.column("duration_ns").to_numpy().min() >= 60 * 10**9
    again = tmp_path / "again.parquet"
    code, text, _ = run(
        capsys,
        "trace",
        "synth",
        "--out",
        str(again),
        *options.split(),
        "--lifetime",
        "pareto:1m,1.5",
        "--output",
        "json",
    )
    assert json.loads(text) == {
        "file": str(again),
        "pods": trace.num_pods,
        "nodes": 4,
        "classes": {"pod": trace.num_pods},
    }
    assert again.read_bytes() == out.read_bytes()


@pytest.mark.parametrize(
    ("args", "want"),
    [
        (["--count", "5", "--lifetime", "pareto:1m"], "--lifetime must be one of forever, constant:MEAN, exponential:MEAN,"),
        (["--count", "5", "--lifetime", "lognormal:1m,wide"], "sigma of --lifetime must be a number, got 'wide'"),
        (["--count", "5", "--cpu", "two"], "pods[0].cpu must be a quantity"),
        (["--span", "soon"], "span must be a time such as 90s or 1h30m, above 0, got 'soon'"),
        ([], "the description must have span or count, got none of them"),
        (["mix.yaml", "--rate", "1/s"], "--rate must be left out where a description says it, got mix.yaml"),
        (["no-such.yaml"], "no-such.yaml: must be a readable file"),
    ],
)  # fmt: skip
def test_bad_options_are_one_line_and_leave_no_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, args: list[str], want: str
) -> None:
    code, _, err = run(capsys, "trace", "synth", "--out", str(tmp_path / "t.parquet"), *args)
    assert code == 2
    assert err.startswith(f"kubesched: {want}")
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())
