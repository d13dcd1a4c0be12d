"""What a run of the bench measured, as rows: beside each figure what is wanted, and kube-scheduler's own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.cases import FAMILIES
from bench.wanted import BYTES, RATES, SECONDS, UPSTREAM, UPSTREAM_OPENB

RATE, TIME, SIZE = "pods/s", "time", "bytes"
SHAPES = "nodes × shapes, drawn by Zipf's law"
TOPOLOGY = "topology, apps in turn"
DEPARTURES = "70 % full, as many leave as come"
SCHEDULER_PERF = "scheduler_perf, 5,000 pods"
OPENB, CALLS, MEMORY, OTHERS = "openb", "calls", "memory", "others"
SECTIONS = (SHAPES, TOPOLOGY, DEPARTURES, SCHEDULER_PERF, OPENB, CALLS, MEMORY, OTHERS)
# For every run of CI, and too small to tell anything.
SMALL = re.compile(r"small_case|memory_of_a_small|preemption_of_one_pod\[50\]|claims_of_one_device\[100\]")


@dataclass(frozen=True, slots=True)
class Row:
    """One figure.

    Attributes:
        section: the table's part that it belongs to.
        name: what was done.
        unit: RATE, TIME (in seconds) or SIZE.
        measured: the median.
        wanted: None where nothing is asked for.
        upstream: kube-scheduler's rate for the same; None where it was not measured.
    """

    section: str
    name: str
    unit: str
    measured: float
    wanted: float | None = None
    upstream: float | None = None

    @property
    def ratio(self) -> float | None:
        """How good it is, 1 being just what is wanted and more being better."""
        if self.wanted is None:
            return None
        return self.measured / self.wanted if self.unit == RATE else self.wanted / self.measured


@dataclass(frozen=True, slots=True)
class Curve:
    """How the cost of a pod grows.

    Attributes:
        name: what is held fixed.
        against: "nodes" or "shapes".
        sizes: along the curve.
        seconds: per pod, at each size.
    """

    name: str
    against: str
    sizes: list[int]
    seconds: list[float]

    @property
    def exponent(self) -> float:
        """The power of the size that the cost grows with, fitted to the logarithms by least squares."""
        return float(np.polyfit(np.log(self.sizes), np.log(self.seconds), 1)[0])


class Results:
    """A report of pytest-benchmark.

    Attributes:
        machine: in words.
        rows: every figure but the growth.
        curves: the growth.
    """

    def __init__(self, path: Path) -> None:
        report = json.loads(path.read_text())
        machine = report["machine_info"]
        brand = machine["cpu"].get("brand_raw") or machine.get("machine", "unknown processor")
        commit = (report.get("commit_info") or {}).get("id") or "unknown"
        self.machine = f"{brand}, Python {machine['python_version']}, commit {commit[:10]}"
        self.benches = {bench["name"].removeprefix("test_"): bench for bench in report["benchmarks"]}
        rows = [row for name, bench in self.benches.items() if not SMALL.match(name) for row in _rows(name, bench)]
        self.rows = sorted(rows, key=lambda row: SECTIONS.index(row.section))
        self.curves = list(self._curves())

    def _curves(self) -> Iterator[Curve]:
        cost: dict[tuple[int, int], float] = {}
        for name, bench in self.benches.items():
            if match := re.fullmatch(r"case\[shapes-(\d+)-(\d+)\]", name):
                cost[int(match[1]), int(match[2])] = _median(bench) / bench["extra_info"]["pods"]
        for shapes in sorted({shapes for _, shapes in cost}):
            sizes = sorted(nodes for nodes, s in cost if s == shapes)
            if len(sizes) > 2:
                name = f"{shapes:,} shape{'s' if shapes > 1 else ''}"
                yield Curve(name, "nodes", sizes, [cost[nodes, shapes] for nodes in sizes])
        for nodes in sorted({nodes for nodes, _ in cost}):
            sizes = sorted(s for n, s in cost if n == nodes)
            if len(sizes) > 2:
                yield Curve(f"{nodes:,} nodes", "shapes", sizes, [cost[nodes, shapes] for shapes in sizes])


def _median(bench: dict[str, Any]) -> float:
    return float(bench["stats"]["median"])


def _rows(name: str, bench: dict[str, Any]) -> Iterator[Row]:
    pods = bench["extra_info"].get("pods")
    rate = pods / _median(bench) if pods else 0.0
    if match := re.fullmatch(r"case\[(\w+)-(\d+)-(\d+)\]", name):
        kind, nodes, count = match[1], int(match[2]), int(match[3])
        section = {"shapes": SHAPES, "departures": DEPARTURES}.get(kind, TOPOLOGY)
        what = "apps" if kind in FAMILIES else "shapes"
        label = f"{nodes:,} nodes, {count:,} {what if count > 1 else what[:-1]}"
        label = f"{kind}, {label}" if kind in FAMILIES else label
        yield Row(section, label, RATE, rate, RATES.get(name))
    elif name == "case[openb]":
        yield Row(OPENB, "8,152 pods on 1,523 nodes", RATE, rate, RATES.get(name), UPSTREAM_OPENB)
    elif match := re.fullmatch(r"schedule_many\[(\w+)-(\d+)\]", name):
        workload, nodes = match[1], int(match[2])
        label = f"{workload}, {nodes:,} nodes"
        yield Row(SCHEDULER_PERF, label, RATE, rate, None, UPSTREAM.get(workload, {}).get(nodes))
    elif "memory" in bench["extra_info"]:
        found = bench["extra_info"]["memory"]
        yield Row(MEMORY, "100,000 nodes, 1,000,000 pods", SIZE, found["peak_bytes"], BYTES[name])
        yield Row(MEMORY, "each node", SIZE, found["node_bytes"])
        yield Row(MEMORY, "each pod", SIZE, found["pod_bytes"])
    elif name in RATES or (name in SECONDS or not pods):
        unit, measured = (RATE, rate) if name in RATES else (TIME, _median(bench))
        yield Row(CALLS, name, unit, measured, RATES.get(name, SECONDS.get(name)))
    else:
        yield Row(OTHERS, name, RATE, rate)
