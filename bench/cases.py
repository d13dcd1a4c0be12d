"""What is timed, by name; the bench and its comparison of two commits take it from here.

shapes-NODES-SHAPES       pods of so many different requests, drawn by Zipf's law
WORKLOAD-5000-APPS        pods of one of scheduler_perf's workloads, of so many apps in turn
departures-NODES-SHAPES   a cluster that is 70 % full: as many pods leave as come, the oldest first
openb                     the pods of the openb trace in their order, none of which leaves
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import kubesched as ks
from bench.workloads import make_batch, make_nodes, make_zipf
from kubesched.traces import open_trace

Placed = npt.NDArray[np.int32]

TRACES = Path(__file__).resolve().parents[2] / "shared" / "traces"
NODE_SIZES = (1_000, 5_000, 10_000, 100_000)
SHAPE_COUNTS = (1, 100, 1_000, 10_000)
# Further points of the curves.
GROWTH = ((2_000, 100), (20_000, 100), (50_000, 100), (5_000, 10), (100_000, 10))
FAMILIES = ("spread", "preferred_spread", "anti_affinity", "affinity", "preferred_affinity", "preferred_anti")
APP_COUNTS = (10, 1_000)
DEPARTURES = ((1_000, 100), (5_000, 1), (5_000, 100), (5_000, 1_000), (10_000, 100))
CHUNK = 200
CHECKED = 10_000_000  # pods times nodes
FILL = 0.7
NODE_MILLI_CPU = 4000
OPENB_UNPLACED = 957  # GPUs run out, as none of the pods leaves


@dataclass(frozen=True, slots=True)
class Case:
    """What is timed is `run` on what `setup` makes anew for each round.

    Attributes:
        num_pods: that one run places.
        setup: makes a cluster.
        run: gives the node of each pod.
        checked: makes the same with every plugin asked for every pod, and gives the nodes of the first pods.
        num_unplaced: pods that fit nowhere.
    """

    num_pods: int
    setup: Callable[[], ks.Scheduler]
    run: Callable[[ks.Scheduler], Placed]
    checked: Callable[[], Placed]
    num_unplaced: int = 0


def digest_of(placed: Placed) -> str:
    """Return what two runs must agree in."""
    return hashlib.sha256(placed.astype("<i4").tobytes()).hexdigest()[:16]


@cache
def _cluster(num_nodes: int) -> ks.Scheduler:
    return ks.Scheduler(make_nodes(num_nodes))


@cache
def _slow_cluster(num_nodes: int) -> ks.Scheduler:
    return ks.Scheduler(make_nodes(num_nodes), ranking_bytes=None)


def batch_case(batch: ks.PodBatch, num_nodes: int) -> Case:
    """A batch on an empty cluster; each round on a fork that has seen no pod."""
    first = batch[: CHECKED // num_nodes]
    return Case(
        len(batch),
        _cluster(num_nodes).fork,
        lambda fork: fork.schedule_many(batch).node_index,
        lambda: _slow_cluster(num_nodes).fork().schedule_many(first).node_index,
    )


def shapes_case(num_nodes: int, num_shapes: int, num_pods: int | None = None) -> Case:
    return batch_case(make_zipf(num_shapes, num_pods or min(50_000, 20 * num_nodes)), num_nodes)


def family_case(workload: str, num_nodes: int, num_apps: int, num_pods: int = 50_000) -> Case:
    return batch_case(make_batch(workload, num_pods, num_apps), num_nodes)


def _bound(batch: ks.PodBatch, num_nodes: int) -> Iterator[dict[str, Any]]:
    """The pods of a batch on nodes in turn."""
    for i in range(len(batch)):
        pod = batch.manifest(i)
        yield {**pod, "spec": {**pod["spec"], "nodeName": f"node-{i % num_nodes}"}}


def departures_case(num_nodes: int, num_shapes: int, num_events: int = 20_000) -> Case:
    """As many pods leave as come, some hundreds at a time."""
    mean = NODE_MILLI_CPU * FILL / np.mean([100 + i % 97 for i in make_zipf(num_shapes, 10_000).shape_index])
    there = make_zipf(num_shapes, int(mean) * num_nodes, "old")
    coming = make_zipf(num_shapes, num_events + CHUNK, "new")
    chunks = [(there[i : i + CHUNK], coming[i : i + CHUNK]) for i in range(0, num_events + CHUNK, CHUNK)]
    objects = [*make_nodes(num_nodes), *_bound(there, num_nodes)]
    cluster = ks.Scheduler(objects)

    def turn_over(scheduler: ks.Scheduler, part: list[tuple[ks.PodBatch, ks.PodBatch]]) -> Placed:
        placed = []
        for old, new in part:
            scheduler.remove_pods(old)
            placed.append(scheduler.schedule_many(new).node_index)
        return np.concatenate(placed)

    def setup() -> ks.Scheduler:
        fork = cluster.fork()
        turn_over(fork, chunks[:1])  # makes its tables its own
        return fork

    def checked() -> Placed:
        slow = ks.Scheduler(objects, ranking_bytes=None)
        turn_over(slow, chunks[:1])
        return turn_over(slow, chunks[1:3])

    return Case(num_events, setup, lambda fork: turn_over(fork, chunks[1:]), checked)


def openb_paths() -> tuple[Path, Path]:
    """Return the files of the openb trace's nodes and pods; they may not be there."""
    folder = TRACES / "openb" / "csv"
    return folder / "openb_node_list_all_node.csv", folder / "openb_pod_list_default.csv"


def openb_case() -> Case:
    trace = open_trace(*openb_paths())
    batch, nodes = trace.batch(), trace.nodes()
    cluster = ks.Scheduler(nodes)
    slow = ks.Scheduler(nodes, ranking_bytes=None)
    return Case(
        len(batch),
        cluster.fork,
        lambda fork: fork.schedule_many(batch).node_index,
        lambda: slow.fork().schedule_many(batch).node_index,
        OPENB_UNPLACED,
    )


def _named() -> dict[str, Callable[[], Case]]:
    cases: dict[str, Callable[[], Case]] = {}
    sizes = [(nodes, shapes) for nodes in NODE_SIZES for shapes in SHAPE_COUNTS]
    for nodes, shapes in sorted([*sizes, *GROWTH]):
        cases[f"shapes-{nodes}-{shapes}"] = partial(shapes_case, nodes, shapes)
    for workload in FAMILIES:
        for apps in APP_COUNTS:
            cases[f"{workload}-5000-{apps}"] = partial(family_case, workload, 5_000, apps)
    for nodes, shapes in DEPARTURES:
        cases[f"departures-{nodes}-{shapes}"] = partial(departures_case, nodes, shapes)
    cases["openb"] = openb_case
    return cases


CASES = _named()
