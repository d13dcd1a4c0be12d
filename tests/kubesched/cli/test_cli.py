"""The command line: output, exit codes, one-line errors."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kubesched.cli import main
from kubesched.errors import InternalError
from tests.builders import make_node, make_pod


def run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    """(exit code, standard output, standard error)."""
    code = 0
    try:
        main(list(args))
    except SystemExit as exit_:
        code = int(exit_.code or 0)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_the_example_replays(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "replay", "--example")
    assert code == 0
    assert "kubernetes 1.34" in out
    assert "why pods are pending" in out
    assert "pods/s" in out
    assert "digest " in out


def test_json_is_for_machines(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, err = run(capsys, "replay", "--example", "--output", "json", "--out", str(tmp_path))
    assert code == 0
    summary = json.loads(out)
    assert summary["pods"] == summary["placed"] + summary["pending"]
    assert "summary.json" in err
    assert json.loads((tmp_path / "summary.json").read_text())["digest"] == summary["digest"]


def test_explain_prints_a_table_or_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    cluster, pod = tmp_path / "cluster.json", tmp_path / "pod.json"
    cluster.write_text(json.dumps([make_node("a"), make_node("b", cpu="1")]))
    pod.write_text(json.dumps(make_pod("p", cpu="2")))
    code, out, _ = run(capsys, "explain", "--cluster", str(cluster), "--pod", str(pod))
    want = ["kubernetes 1.34", "pod default/p would go to a: 1 of 2 nodes are feasible"]
    assert (code, out.splitlines()[:2]) == (0, want)
    code, out, _ = run(capsys, "explain", "--cluster", str(cluster), "--pod", str(pod), "--output", "json")
    assert (json.loads(out)["node"], json.loads(out)["kubernetes"]) == ("a", "1.34")
    code, _, err = run(capsys, "explain", "--cluster", str(cluster), "--pod", str(pod), "--name", "default/q")
    assert (code, err) == (2, f"kubesched: --name must be a pod of {pod}, got 'default/q'\n")


@pytest.mark.parametrize(
    ("args", "want_code", "want_error"),
    [
        pytest.param(["replay"], 2, "give --nodes and --pods, or --example alone", id="nothing to replay"),
        pytest.param(["replay", "--nodes", "x.csv"], 2, "give --nodes and --pods", id="half of it"),
        pytest.param(["replay", "--exampel"], 2, "No such option", id="a typo"),
        pytest.param(["replay", "--nodes", "none.csv", "--pods", "none.csv"], 2,
                     "kubesched: none.csv: must be a readable file, got 'No such file or directory'", id="no file"),
        pytest.param(["replay", "--example", "--config", "none.yaml"], 2, "none.yaml: must be a readable file",
                     id="no configuration"),
        pytest.param(["replay", "--example", "--out", "/dev/null/x"], 1, "kubesched: /dev/null", id="no folder"),
        pytest.param(["fly"], 2, "kubesched: No such command 'fly' (see kubesched --help)", id="an unknown command"),
    ],
)  # fmt: skip
def test_errors_are_one_line_and_a_code(
    capsys: pytest.CaptureFixture[str], args: list[str], want_code: int, want_error: str
) -> None:
    code, _, err = run(capsys, *args)
    assert code == want_code
    assert want_error in err
    assert err.startswith("kubesched: ")
    assert err.count("\n") == 1


def test_no_command_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys)
    assert "Usage: kubesched [OPTIONS] COMMAND" in out + err
    assert code in (0, 2)  # 2 since click 8.2


def test_an_invariant_that_broke_is_no_bad_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise InternalError("columns must be of one length, got 2 and 3")

    monkeypatch.setattr("kubesched.traces.example_trace", broken)
    code, _, err = run(capsys, "replay", "--example")
    assert (code, err) == (1, "kubesched: internal error: columns must be of one length, got 2 and 3\n")


def test_a_pipe_that_closes_early_is_quiet() -> None:
    command = [sys.executable, "-m", "kubesched", "replay", "--example"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:  # noqa: S603
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


def test_the_version_names_kubernetes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--version")[1] == "kubesched 0.1.0 (kubernetes 1.34)\n"


def test_the_module_runs_and_ctrl_c_is_clean() -> None:
    program = "import os, signal, kubesched.traces as t\n"
    program += "t.example_trace = lambda: os.kill(os.getpid(), signal.SIGINT)\n"
    program += "from kubesched.cli import main; main(['replay', '--example'])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 128 + signal.SIGINT
    assert done.stderr.strip() == "kubesched: interrupted"
    version = subprocess.run(
        [sys.executable, "-m", "kubesched", "--version"], capture_output=True, text=True, check=True
    )
    assert version.stdout.startswith("kubesched ")
