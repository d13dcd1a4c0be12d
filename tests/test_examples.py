"""The examples run, and do what they say."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pytest

from tests.builders import make_bound_pod, make_node, make_pod

EXAMPLES = sorted((Path(__file__).resolve().parent.parent / "examples").glob("*.py"))


def load(name: str) -> ModuleType:
    (path,) = (path for path in EXAMPLES if path.stem == name)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs(path: Path) -> None:
    run = subprocess.run([sys.executable, "-W", "error", str(path)], capture_output=True, text=True, check=False)  # noqa: S603
    assert run.returncode == 0, run.stderr
    assert run.stdout


def test_a_quarter_of_the_cpu_stays_free() -> None:
    scheduler = load("filter_free_cpu").make_scheduler([make_node("a", cpu="4")])
    placed = scheduler.schedule_many([make_pod(f"p{i}", cpu="750m") for i in range(5)])
    assert placed.num_placed == 4
    assert "less than a quarter" in placed.messages[4]


def test_the_node_with_the_fewest_pods_is_best() -> None:
    bound = [make_bound_pod("x", "a"), make_bound_pod("y", "a"), make_bound_pod("z", "c")]
    explanation = load("score_fewest_pods").make_scheduler([*map(make_node, "abc"), *bound]).explain(make_pod("p"))
    assert explanation.scores["FewestPods"].tolist() == [0, 1000, 500]
    assert explanation.node == "b"


def test_the_extender_keeps_pods_off_odd_nodes() -> None:
    example = load("extender_server")
    server = ThreadingHTTPServer(("127.0.0.1", 0), example.Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        scheduler = example.make_scheduler([make_node(f"n{i}") for i in range(6)], server.server_address[1])
        assert scheduler.schedule(make_pod("p")).node == "n4"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
