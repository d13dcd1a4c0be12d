"""The columns that a replay needs of a trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pyarrow as pa

from kubesched.errors import ConfigError
from kubesched.traces import Trace

Manifest = Mapping[str, Any]

ADD, REMOVE, UPDATE, DRAIN = range(4)

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


@dataclass(frozen=True, slots=True)
class Source:
    """A trace as columns: see `kubesched.traces.Trace` for what they mean.

    Attributes:
        node_names: every node that is ever there; a node's number is its position here.
        node_templates: v1 Node manifests.
        node_events: time_ns, node, kind (ADD, REMOVE, UPDATE, DRAIN), template; in order of time.
        objects: all else that is there from the start.
        pod_templates: v1 Pod manifests.
        pods: one row a submission, in order of arrival, with the columns of POD_COLUMNS.
        model_label: the node label that names a node's pool; empty where there are no pools.
    """

    node_names: Sequence[str]
    node_templates: Sequence[Manifest]
    node_events: pa.Table
    objects: Sequence[Manifest]
    pod_templates: Sequence[Manifest]
    pods: pa.Table
    model_label: str


def node_event_table(rows: Sequence[tuple[int, int, int, int]]) -> pa.Table:
    """Return a table of (time_ns, node, kind, template)."""
    columns = [[row[i] for row in rows] for i in range(4)]
    types = (pa.int64(), pa.int32(), pa.int8(), pa.int32())
    names = ("time_ns", "node", "kind", "template")
    return pa.table({name: pa.array(values, kind) for name, values, kind in zip(names, columns, types, strict=True)})


def pod_table(columns: Mapping[str, Any]) -> pa.Table:
    """Return a table with all of POD_COLUMNS; those not given are null, `restart` 0."""
    num_rows = len(columns["arrival_ns"])
    table = {}
    for name, kind in POD_COLUMNS.items():
        if name in columns:
            given = columns[name]
            table[name] = given.cast(kind) if isinstance(given, pa.ChunkedArray) else pa.array(given, kind)
        elif name == "restart":
            table[name] = pa.array(np.zeros(num_rows, np.int8))
        else:
            table[name] = pa.nulls(num_rows, kind)
    return pa.table(table)


def source_of(trace: Trace) -> Source:
    """Return a trace's columns.

    Raises:
        ConfigError: the trace has no pods.
    """
    if hasattr(trace, "node_names"):
        columnar = cast(Any, trace)
        pods = pod_table({name: columnar.pods.column(name) for name in columnar.pods.column_names})
        names = columnar.node_names.to_pylist()
        return Source(
            names,
            columnar.node_templates,
            columnar.node_events,
            columnar.objects,
            columnar.pod_templates,
            pods,
            columnar.model_label,
        )
    nodes = [obj for obj in trace.objects if obj.get("kind") == "Node"]
    others = [obj for obj in trace.objects if obj.get("kind") != "Node"]
    events = node_event_table([(0, i, ADD, i) for i in range(len(nodes))])
    templates, index = trace.pods.sources
    names = [key.partition("/")[2] for key in trace.pods.keys]
    pods = pod_table({"name": names, "template": index, "arrival_ns": trace.arrival_ns})
    if len(pods) == 0:
        raise ConfigError("trace must have at least one pod, got none")
    node_names = [str(node["metadata"]["name"]) for node in nodes]
    return Source(node_names, nodes, events, others, templates, pods, trace.model_label)
