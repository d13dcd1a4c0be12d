"""The page of a replay: its numbers, its limits, and what a real browser makes of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import kubesched as ks
from kubesched.errors import ConfigError, TraceFormatError
from kubesched.replay.result import ReplayResult
from kubesched.report import write_report
from kubesched.report.page.figures import MOST_NODES, MOST_SAMPLES, NONE, figures
from kubesched.report.page.page import render_page
from kubesched.report.page.prices import read_prices

CHROMIUM = shutil.which("chromium")
EVIL = "</script><script>document.title='evil'</script>"
PRICES = {"currency": "EUR", "prices": {"cpu": 0.5, "memory": 0.0}}
MINUTE_NS = 60 * 10**9


def write_cluster(path: Path, num_nodes: int, num_pods: int) -> Path:
    capacity = {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"}}
    nodes = [
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": f"n{i}"}, "status": capacity}
        for i in range(num_nodes)
    ]
    spec = {"containers": [{"name": "c", "resources": {"requests": {"cpu": "1", "memory": "1Gi"}}}]}
    pods = [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"p{i}", "namespace": "default"}, "spec": spec}
        for i in range(num_pods)
    ]
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [*nodes, *pods]}))
    return path


@pytest.fixture
def result(tmp_path: Path) -> ReplayResult:
    """Three nodes of 4 cores and fourteen pods of one: two are never placed."""
    path = write_cluster(tmp_path / "cluster.json", 3, 14)
    return ks.replay(path, until=60 * MINUTE_NS, sample_interval_ns=MINUTE_NS)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    from playwright.sync_api import Error, sync_playwright

    # What is preloaded into this process, a sanitizer's runtime, is none of the browser's.
    environment: dict[str, str | float | bool] = {
        name: value for name, value in os.environ.items() if name != "LD_PRELOAD"
    }
    with sync_playwright() as playwright:
        try:
            opened = playwright.chromium.launch(
                executable_path=CHROMIUM,
                args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
                env=environment,
                timeout=60_000,
            )
        except Error as error:
            pytest.skip(f"chromium does not start here: {error.message.splitlines()[0]}")
        yield opened
        opened.close()


def tables(result: ReplayResult) -> dict[str, Any]:
    return {name: getattr(result, name) for name in ("pods", "nodes", "series")}


def by_name(chart: dict[str, Any]) -> dict[str, list[float]]:
    return {line["name"]: line["values"] for line in chart["lines"]}


def test_the_figures_are_those_of_the_tables(result: ReplayResult) -> None:
    found = figures(tables(result), result.summary(), read_prices(PRICES))
    charts = {chart["title"]: chart for chart in found["charts"]}
    shares = by_name(charts["Requested of each resource"])
    assert (shares["cpu"][-1], shares["memory"][-1]) == (100.0, 50.0)
    states = by_name(charts["Pods by state"])
    assert (states["running"][-1], states["unschedulable"][-1]) == (12, 2)
    assert dict(found["waits"]["bars"]) | {"none": 12, "never placed": 2} == dict(found["waits"]["bars"])
    assert found["reasons"] == [[text, count] for text, count in result.reasons().items()]
    assert found["heat"]["shares"]["cpu"] == [100, 100, 100]
    cost = charts["Cost so far (EUR)"]
    assert by_name(cost)["nodes"][-1] == pytest.approx(12 * 0.5 * cost["times"][-1] / 3600)
    assert any(name == "cost, nodes" and text.endswith(" EUR") for name, text in found["facts"])


def test_many_samples_are_thinned_but_no_peak_is_lost(result: ReplayResult) -> None:
    many = ks.replay(result.trace, until=60 * MINUTE_NS, sample_interval_ns=10**9)
    assert len(many.series) > 3 * MOST_SAMPLES
    found = figures(tables(many), many.summary())
    times = found["charts"][0]["times"]
    assert len(times) <= MOST_SAMPLES + 2
    assert times == sorted(set(times))
    seconds = [time_ns / 1e9 for time_ns in many.series.column("time_ns").to_pylist()]
    pending = dict(zip(seconds, many.series.column("pending").to_pylist(), strict=True))
    assert times[-1] == seconds[-1]
    assert max(pending[time] for time in times) == max(pending.values())
    assert any("samples are drawn" in note for note in found["notes"])


def test_many_nodes_are_grouped(tmp_path: Path) -> None:
    count = 2 * MOST_NODES + 1
    result = ks.replay(write_cluster(tmp_path / "cluster.json", count, 1))
    found = figures(tables(result), result.summary())
    assert len(found["heat"]["nodes"]) == -(-count // 3)
    assert found["heat"]["nodes"][0] == "n0 … n2"
    assert sum(share > 0 for share in found["heat"]["shares"]["cpu"]) == 1


def test_a_node_without_a_resource_counts_in_no_mean(result: ReplayResult) -> None:
    nodes = result.nodes
    columns = {"allocatable.gpu": [0, 4, 0], "requested.gpu": [0, 3, 0]}
    for name, values in columns.items():
        nodes = nodes.append_column(name, [values])
    found = figures({**tables(result), "nodes": nodes}, result.summary())
    assert found["heat"]["shares"]["gpu"] == [NONE, 75, NONE]
    many = pa.concat_tables([nodes] * MOST_NODES)
    found = figures({**tables(result), "nodes": many}, result.summary())
    assert set(found["heat"]["shares"]["gpu"]) == {75}


def test_a_page_asks_for_nothing_and_runs_nothing_of_a_name(result: ReplayResult) -> None:
    page = render_page(tables(result), {**result.summary(), "source": EVIL, "reasons": {EVIL: 1}, "notes": [EVIL]})
    assert page.count("</script>") == 2
    assert EVIL not in page
    assert not re.search(r"""(?:src|href)=["'](?!data:,)""", page)
    assert "default-src 'none'" in page


def test_the_same_replay_gives_the_same_bytes_from_a_folder_too(result: ReplayResult, tmp_path: Path) -> None:
    result.write(tmp_path / "out")
    write_report(result, tmp_path / "a.html", PRICES)
    write_report(tmp_path / "out", tmp_path / "b.html", PRICES)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_a_page_that_cannot_be_written_leaves_nothing(result: ReplayResult, tmp_path: Path) -> None:
    (tmp_path / "page.html").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_report(result, tmp_path / "page.html")
    assert not list(tmp_path.glob(".*.part"))


@pytest.mark.parametrize(
    ("prices", "want"),
    [
        pytest.param({"prices": {"cpu": -1}}, r"prices\['cpu'\] must be a number >= 0, got -1", id="negative"),
        pytest.param({"prices": {"cpu": True}}, r"prices\['cpu'\] must be a number", id="no number"),
        pytest.param({"prices": {}}, "must be a mapping of resources to prices", id="none"),
        pytest.param({"price": {}}, "fields must be currency and prices, got price", id="a typo"),
    ],
)
def test_prices_that_are_none(prices: dict[str, Any], want: str) -> None:
    with pytest.raises(ConfigError, match=want):
        read_prices(prices)


def test_a_folder_that_holds_no_result(tmp_path: Path) -> None:
    with pytest.raises(TraceFormatError, match=r"summary.json is not there"):
        write_report(tmp_path, tmp_path / "page.html")
    (tmp_path / "summary.json").write_text("{")
    with pytest.raises(TraceFormatError, match="wrote, got Expecting"):
        write_report(tmp_path, tmp_path / "page.html")


def test_the_commands(result: ReplayResult, tmp_path: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "kubesched", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path)  # noqa: S603

    (tmp_path / "prices.yaml").write_text("prices: {cpu: 0.1}\n")
    done = run("replay", "cluster.json", "--report", "a.html", "--out", "out", "--prices", "prices.yaml")
    assert done.returncode == 0, done.stderr
    assert "wrote a.html" in done.stderr
    done = run("report", "out", "--prices", "prices.yaml", "--plots", "pictures")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "report.html").read_bytes() == (tmp_path / "a.html").read_bytes()
    pictures = list((tmp_path / "pictures").iterdir())
    assert "pods-by-state.png" in [path.name for path in pictures]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in pictures)
    done = run("replay", "cluster.json", "--prices", "prices.yaml")
    assert (done.returncode, "goes with --report" in done.stderr) == (2, True)
    assert pq.read_table(tmp_path / "out" / "pods.parquet").num_rows == 14


@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        pytest.param(1200, "light", id="wide"),
        pytest.param(1200, "dark", id="dark"),
        pytest.param(360, "light", id="phone"),
    ],
)
def test_in_a_browser(browser: Any, result: ReplayResult, tmp_path: Path, width: int, scheme: str) -> None:
    path = tmp_path / "page.html"
    write_report(result, path, PRICES)
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    assert asked == [path.as_uri()], "no request leaves the page"
    assert page.locator("svg").count() == len(figures(tables(result), result.summary(), read_prices(PRICES))["charts"])
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    chart = page.locator("section", has_text="Pods by state")
    chart.locator("summary").click()
    header = chart.locator("th").all_inner_texts()
    last = chart.locator("tbody tr").last.locator("td").all_inner_texts()
    assert dict(zip(header, last, strict=True))["running"] == "12"
    chart.locator("svg").focus()
    page.keyboard.press("ArrowRight")
    assert "running" in chart.locator(".read").inner_text()
    nodes = page.locator("section", has_text="Nodes at the end")
    nodes.get_by_role("button", name="memory").click()
    nodes.locator("canvas").first.focus()
    page.keyboard.press("ArrowRight")
    assert nodes.locator(".read").inner_text() == "n0: 50 % of memory"
    back = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (back == "rgb(13, 17, 23)") is (scheme == "dark")
    assert said == []
    page.close()
