"""What every reader gives: a cluster that changes, and pods that arrive in it, as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kubesched.engine import PodBatch
from kubesched.errors import TraceFormatError

Manifest = Mapping[str, Any]

ADD, REMOVE, UPDATE, DRAIN = range(4)
NEVER, ON_FAILURE, ALWAYS = range(3)
FINISHED, FAILED, KILLED, EVICTED, LOST, RUNNING, PENDING = range(7)

NODE_COLUMNS = {"time_ns": pa.int64(), "node": pa.int32(), "kind": pa.int8(), "template": pa.int32()}
POD_COLUMNS = {
    "name": pa.string(),
    "template": pa.int32(),
    "arrival_ns": pa.int64(),
    "duration_ns": pa.int64(),
    "removed_ns": pa.int64(),
    "restart": pa.int8(),
    "gang": pa.int32(),
    "after": pa.list_(pa.int32()),
    "recorded_node": pa.int32(),
    "recorded_start_ns": pa.int64(),
    "recorded_end_ns": pa.int64(),
    "recorded_outcome": pa.int8(),
}
_NEVER_NULL = ("name", "template", "arrival_ns", "restart")


@dataclass(frozen=True, slots=True)
class Note:
    """What a reader assumed or left out.

    Attributes:
        text: a sentence, or what follows a number of things.
        count: how many; None where nothing is counted.
    """

    text: str
    count: int | None = None

    def __str__(self) -> str:
        """Return it as a line to print."""
        return self.text if self.count is None else f"{self.count:,} {self.text}"


@dataclass(frozen=True, slots=True)
class Trace:
    """Node events and pod events; times are integer nanoseconds from the trace's start.

    Attributes:
        source: what it was read from, in words.
        node_names: every node that is ever there; a node's number is its position here.
        node_templates: v1 Node manifests; a node that takes one gets its own name and hostname label.
        node_events: columns NODE_COLUMNS, sorted by time_ns. `kind` is ADD 0, REMOVE 1, UPDATE 2 (the template replaces
            the node's capacity, labels and taints) or DRAIN 3 (cordoned, its pods evicted); `template` is -1 where the
            kind takes none.
        objects: manifests of all else that is there from the start: namespaces, pods on nodes, budgets, storage.
        pod_templates: v1 Pod manifests; all but the name holds for the copies.
        pods: columns POD_COLUMNS, one row a submission, sorted by arrival_ns.
            name: unique within its template's namespace.
            duration_ns: run time once started; null: until it is removed, or the end.
            removed_ns: when the owner deletes it, pending or running.
            restart: NEVER 0, ON_FAILURE 1, ALWAYS 2: what happens after its run, or when its node goes.
            gang: rows of one number are one job.
            after: rows that must have finished before this one arrives.
            recorded_node, recorded_start_ns, recorded_end_ns, recorded_outcome: what the trace itself did with it; the
            outcome is FINISHED 0, FAILED 1, KILLED 2, EVICTED 3, LOST 4, RUNNING 5 at the end or PENDING 6.
        model_label: the node label that names a node's pool or GPU model; empty where there is none.
        notes: what the reader assumed or left out.
    """

    source: str
    node_names: Sequence[str]
    node_templates: Sequence[Manifest]
    node_events: pa.Table
    objects: Sequence[Manifest]
    pod_templates: Sequence[Manifest]
    pods: pa.Table
    model_label: str = ""
    notes: tuple[Note, ...] = ()

    def __post_init__(self) -> None:
        """Check the columns.

        Raises:
            TraceFormatError: a column is missing, of another type, out of order or out of range.
        """
        _check_columns(self.node_events, NODE_COLUMNS, tuple(NODE_COLUMNS), "node_events")
        _check_columns(self.pods, POD_COLUMNS, _NEVER_NULL, "pods")
        _check_sorted(self.node_events, "time_ns", "node_events")
        _check_sorted(self.pods, "arrival_ns", "pods")
        _check_range(self.node_events, "node", 0, len(self.node_names), "node_events")
        _check_range(self.node_events, "kind", ADD, DRAIN + 1, "node_events")
        _check_range(self.node_events, "template", -1, len(self.node_templates), "node_events")
        _check_range(self.pods, "template", 0, len(self.pod_templates), "pods")
        _check_range(self.pods, "recorded_node", 0, len(self.node_names), "pods")
        _check_range(self.pods, "restart", NEVER, ALWAYS + 1, "pods")
        _check_range(self.pods, "recorded_outcome", FINISHED, PENDING + 1, "pods")

    @property
    def num_pods(self) -> int:
        """Count the pods that arrive."""
        return len(self.pods)

    def batch(self) -> PodBatch:
        """Return the arriving pods, in order, for `Scheduler.schedule_many`."""
        index = self.pods.column("template").to_numpy()
        return PodBatch.from_templates(list(self.pod_templates), index, self.pods.column("name").to_pylist())

    def nodes(self) -> list[dict[str, Any]]:
        """Return the manifests of the nodes that are there at time 0, in order."""
        current: dict[int, int] = {}
        columns = (self.node_events.column(name).to_pylist() for name in NODE_COLUMNS)
        for time_ns, node, kind, template in zip(*columns, strict=True):
            if time_ns > 0:
                break
            if kind == REMOVE:
                current.pop(node, None)
            elif kind != DRAIN and (kind == ADD or node in current):
                current[node] = template
        return [named_node(self.node_templates[t], self.node_names[n]) for n, t in current.items()]


def named_node(template: Manifest, name: str, *, cordoned: bool = False) -> dict[str, Any]:
    """Return a node's manifest: a template under the node's name; one that is the node's own keeps its labels."""
    metadata = template.get("metadata") or {}
    labels = {**(metadata.get("labels") or {})}
    if metadata.get("name") != name:
        labels["kubernetes.io/hostname"] = name
    spec = {**(template.get("spec") or {}), **({"unschedulable": True} if cordoned else {})}
    return {**template, "metadata": {**metadata, "name": name, "labels": labels}, "spec": spec}


def node_event_table(rows: Sequence[tuple[int, int, int, int]]) -> pa.Table:
    """Return a table of (time_ns, node, kind, template)."""
    columns = [[row[i] for row in rows] for i in range(len(NODE_COLUMNS))]
    pairs = zip(NODE_COLUMNS.items(), columns, strict=True)
    return pa.table({name: pa.array(values, kind) for (name, kind), values in pairs})


def nodes_at_start(num_nodes: int) -> pa.Table:
    """Return the events of nodes that are there from the start, each with the template of its own number."""
    return node_event_table([(0, i, ADD, i) for i in range(num_nodes)])


def pod_table(columns: Mapping[str, Any]) -> pa.Table:
    """Return a table with all of POD_COLUMNS; those not given are null, `restart` NEVER.

    Args:
        columns: arrays of equal length; in integer NumPy arrays of nullable columns, a negative number is null.
    """
    num_rows = len(columns["arrival_ns"])
    table = {}
    for name, kind in POD_COLUMNS.items():
        if name in columns:
            table[name] = _column(columns[name], kind, nullable=name not in _NEVER_NULL)
        elif name == "restart":
            table[name] = pa.array(np.zeros(num_rows, np.int8))
        else:
            table[name] = pa.nulls(num_rows, kind)
    return pa.table(table)


def _column(given: Any, kind: pa.DataType, *, nullable: bool) -> Any:
    if isinstance(given, (pa.ChunkedArray, pa.Array)):
        return given if given.type == kind else given.cast(kind)
    if isinstance(given, np.ndarray) and nullable and given.dtype.kind == "i":
        return pa.array(given, mask=given < 0).cast(kind)
    return pa.array(given, kind)


def _check_columns(table: pa.Table, kinds: Mapping[str, pa.DataType], full: Sequence[str], what: str) -> None:
    if table.column_names != list(kinds):
        raise TraceFormatError(f"{what} must have the columns {', '.join(kinds)}, got {', '.join(table.column_names)}")
    for name, kind in kinds.items():
        column = table.column(name)
        if column.type != kind:
            raise TraceFormatError(f"{what}.{name} must be of type {kind}, got {column.type}")
        if name in full and column.null_count:
            raise TraceFormatError(f"{what}.{name} must have no nulls, got {column.null_count}")


def _check_sorted(table: pa.Table, name: str, what: str) -> None:
    times = table.column(name).to_numpy()
    if len(times) and times[0] < 0:
        raise TraceFormatError(f"{what}.{name} must be >= 0, got {times[0]}")
    falls = np.flatnonzero(times[1:] < times[:-1])
    if len(falls):
        at = int(falls[0])
        raise TraceFormatError(f"{what}.{name} must be sorted, got {times[at + 1]} after {times[at]} in row {at + 1}")


def _check_range(table: pa.Table, name: str, least: int, end: int, what: str) -> None:
    column = table.column(name)
    if len(column) == column.null_count:
        return
    found = pc.min_max(column).as_py()
    if found["min"] < least or found["max"] >= end:
        raise TraceFormatError(f"{what}.{name} must be in {least}..{end - 1}, got {found['min']}..{found['max']}")
