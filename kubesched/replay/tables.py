"""What the core simulated, as Arrow tables; docs/replay.md describes every column."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kubesched._core import Replay as CoreReplay
from kubesched.api.pod_fields import pod_key
from kubesched.engine import Scheduler
from kubesched.replay.encoding import EVENT_KINDS, OUTCOMES, STATES, Encoded, pod_keys
from kubesched.traces import Trace

_SERIES = (
    "nodes",
    "arrived",
    "active",
    "backoff",
    "unschedulable",
    "gated",
    "starting",
    "running",
    "terminating",
    "gone",
)


def _or_null(values: npt.NDArray[Any], *, is_null: npt.NDArray[np.bool_] | None = None) -> pa.Array:
    return pa.array(values, mask=values < 0 if is_null is None else is_null)


def _from_list(numbers: npt.NDArray[Any], names: pa.Array) -> pa.Array:
    """Return the names as a dictionary column; null for numbers below 0."""
    codes = pa.array(numbers.astype(np.int32), mask=numbers < 0)
    return pa.DictionaryArray.from_arrays(codes, names)


def _all_keys(trace: Trace, encoded: Encoded) -> pa.Array:
    keys = pod_keys(trace)
    if not encoded.bound:
        return keys
    return pa.concat_arrays([pa.array([pod_key(pod) for pod in encoded.bound], pa.large_string()), keys])


def pods_table(trace: Trace, encoded: Encoded, core: CoreReplay) -> tuple[pa.Table, int]:
    """Return one row a pod, those that are on nodes from the start first, and how many those are."""
    raw = core.pods()
    keys = _all_keys(trace, encoded)
    num_initial = len(encoded.bound)
    state, outcome = raw["state"], raw["outcome"]
    words = [*OUTCOMES, *dict.fromkeys(word for word in STATES if word)]
    by_state = np.array([words.index(word) for word in STATES])
    is_open = (outcome == 0) | (state != len(STATES) - 1)
    codes = np.where(is_open, by_state[state], outcome)
    placed = raw["scheduled_ns"] >= 0
    initial = np.arange(len(keys)) < num_initial
    message = raw["message"]
    table = pa.table(
        {
            "pod": keys,
            "arrival_ns": pa.array(encoded.trace["pods"]["arrival_ns"], mask=initial),
            "first_attempt_ns": _or_null(raw["first_attempt_ns"]),
            "scheduled_ns": _or_null(raw["scheduled_ns"]),
            "started_ns": _or_null(raw["started_ns"]),
            "finished_ns": _or_null(raw["finished_ns"]),
            "node": _from_list(np.where(placed, raw["node"], -1), pa.array(trace.node_names, pa.string())),
            "devices": pa.nulls(len(keys), pa.string()),
            "attempts": pa.array(raw["attempts"]),
            "restarts": pa.array(raw["restarts"]),
            "wait_ns": pa.array(raw["wait_ns"], mask=~placed & (raw["restarts"] == 0)),
            "outcome": pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(words)),
            "message": _from_list(np.where(message == 0, -1, message), pa.array(raw["messages"], pa.string())),
        }
    )
    return table, num_initial


def nodes_table(scheduler: Scheduler) -> pa.Table:
    """Return one row a node that is there at the end."""
    view = scheduler.nodes
    shares = np.zeros(len(view))
    columns: dict[str, Any] = {"node": pa.array(view.names, pa.string()), "pods": view.pod_count}
    for resource in view.allocatable:
        allocatable = view.allocatable[resource]
        columns[f"allocatable.{resource}"] = allocatable
        if resource != "pods":
            requested = view.requested[resource]
            columns[f"requested.{resource}"] = requested
            share = np.divide(requested, allocatable, out=np.zeros(len(view)), where=allocatable > 0)
            shares = np.maximum(shares, share)
    table = pa.table(columns)
    return table.add_column(2, "share", pa.array(shares))


def series_table(core: CoreReplay, scheduler: Scheduler, pools: list[str]) -> pa.Table:
    """Return one row a sample."""
    raw = core.series()
    columns: dict[str, Any] = {"time_ns": raw["time_ns"], **{name: raw[name] for name in _SERIES}}
    columns["pending"] = raw["active"] + raw["backoff"] + raw["unschedulable"] + raw["gated"]
    names = scheduler.core.resource_names()
    prefixes = ["", *(f"{pool}." for pool in pools)]
    num_samples = len(raw["time_ns"])
    for kind in ("allocatable", "requested"):
        for prefix, by_resource in zip(prefixes, raw[kind] or [[]] * len(prefixes), strict=True):
            for resource, values in zip(names, by_resource, strict=False):
                if _is_interesting(raw, resource, names):
                    columns[f"{kind}.{prefix}{resource}"] = np.array(values, np.int64)
    for i, resource in enumerate(names):
        total, taken = columns.get(f"allocatable.{resource}"), columns.get(f"requested.{resource}")
        if total is None or taken is None:
            continue
        columns[f"free.{resource}"] = total - taken
        columns[f"utilisation.{resource}"] = np.divide(taken, total, out=np.zeros(num_samples), where=total > 0)
        free = np.maximum(total - taken, 0)
        stranded = np.array(raw["stranded"][i])
        part = np.divide(stranded, free, out=np.zeros(num_samples), where=free > 0)
        columns[f"fragmentation.{resource}"] = np.minimum(part, 1.0)
    return pa.table(columns)


def _is_interesting(raw: dict[str, Any], resource: str, names: list[str]) -> bool:
    """Tell whether any node has the resource or any pod asks for it, at any sample."""
    i = names.index(resource)
    return any(any(raw[kind][0][i]) for kind in ("allocatable", "requested") if raw[kind])


def events_table(trace: Trace, encoded: Encoded, core: CoreReplay) -> pa.Table:
    """Return one row an event, in the order in which they happened."""
    raw = core.events()
    keys = _all_keys(trace, encoded) if len(raw["pod"]) else pa.array([], pa.large_string())
    messages = pa.array(core.pods()["messages"], pa.string()) if len(raw["pod"]) else pa.array([], pa.string())
    pod = pa.array(raw["pod"], mask=raw["pod"] < 0)
    return pa.table(
        {
            "time_ns": pa.array(raw["time_ns"], pa.int64()),
            "event": _from_list(raw["kind"].astype(np.int64), pa.array(EVENT_KINDS)),
            "pod": pc.take(keys, pod) if len(keys) else pa.array([], pa.large_string()),
            "node": _from_list(raw["node"], pa.array(trace.node_names, pa.string())),
            "message": _from_list(np.where(raw["message"] == 0, -1, raw["message"]), messages),
        }
    )
