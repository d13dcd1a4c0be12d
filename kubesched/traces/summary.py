"""What a trace holds, in figures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow.compute as pc

from kubesched.api.pod_fields import bound_node_name
from kubesched.api.pod_requests import read_pod_requests
from kubesched.traces.trace import ADD, PENDING, REMOVE, Trace

SCHEMA_VERSION = 1
_SECOND_NS = 10**9
_OUTCOMES = ("finished", "failed", "killed", "evicted", "lost", "running", "pending")


def summarize(trace: Trace) -> dict[str, Any]:
    """Return a trace's figures, ready for JSON.

    `resources` gives for each what all nodes have, most of them at once, what all pods ask for, and the most that
    pods asked for at one time by the trace's own times (from the recorded start, else from arrival, until the
    recorded end, else for the run time or until removal).
    """
    pods = trace.pods
    arrival = pods.column("arrival_ns").to_numpy()
    events = trace.node_events
    outcomes = pods.column("recorded_outcome").drop_null().to_numpy()
    counted = np.bincount(outcomes.astype(np.int64), minlength=PENDING + 1).tolist() if len(outcomes) else []
    start, end = _lives(trace)
    finite = end[end < np.iinfo(np.int64).max]
    last = max(
        int(arrival.max(initial=0)), int(finite.max(initial=0)), int(pc.max(events.column("time_ns")).as_py() or 0)
    )
    bound = sum(obj.get("kind") == "Pod" and bool(bound_node_name(obj)) for obj in trace.objects)
    return {
        "schema_version": SCHEMA_VERSION,
        "source": trace.source,
        "nodes": len(trace.node_names),
        "node_events": len(events),
        "pods": len(pods),
        "pod_templates": len(trace.pod_templates),
        "pods_on_nodes_at_start": bound,
        "span_seconds": last / _SECOND_NS,
        "last_arrival_seconds": int(arrival.max(initial=0)) / _SECOND_NS,
        "gangs": int(pc.count_distinct(pods.column("gang").drop_null()).as_py()),
        "waiting_for_others": int(pc.sum(pc.greater(pc.list_value_length(pods.column("after")), 0)).as_py() or 0),
        "priorities": _priorities(trace),
        "recorded_outcomes": {name: n for name, n in zip(_OUTCOMES, counted, strict=False) if n},
        "resources": _resources(trace, start, end),
        "objects": _kinds(trace),
        "notes": [str(note) for note in trace.notes],
    }


def _lives(trace: Trace) -> tuple[Any, Any]:
    pods = trace.pods

    def column(name: str) -> Any:
        return pc.fill_null(pods.column(name), -1).to_numpy(zero_copy_only=False)

    never = np.iinfo(np.int64).max
    arrival, start, end = column("arrival_ns"), column("recorded_start_ns"), column("recorded_end_ns")
    duration, removed = column("duration_ns"), column("removed_ns")
    has_record = bool((start >= 0).any())
    start = np.where(start >= 0, start, never if has_record else arrival)
    known = np.where(duration >= 0, np.where(start < never, start, 0) + np.maximum(duration, 0), never)
    known = np.where((duration < 0) & (removed >= 0), removed, known)
    end = np.where(end >= 0, end, known)
    return start, np.where(start == never, never, np.maximum(end, start))


def _resources(trace: Trace, start: Any, end: Any) -> dict[str, Any]:
    template = trace.pods.column("template").to_numpy()
    requests = [dict(read_pod_requests(pod, pod["spec"], bound=True).tracked) for pod in trace.pod_templates]
    capacity = _capacity(trace)
    names = sorted({*capacity, *(name for own in requests for name in own)})
    never = np.iinfo(np.int64).max
    runs = start < never
    order = np.argsort(np.concatenate([end[runs], start[runs]]), kind="stable")
    found = {}
    for name in names:
        amount = np.array([own.get(name, 0) for own in requests], np.float64)[template]
        changes = np.concatenate([-amount[runs], amount[runs]])[order]
        peak = float(np.cumsum(changes).max(initial=0.0))
        most = capacity.get(name, 0)
        asked = float(amount.sum())
        if most or asked:
            found[name] = {
                "capacity": most,
                "asked_in_all": round(asked),
                "peak": round(peak),
                "peak_share": round(peak / most, 4) if most else None,
            }
    return found


def _capacity(trace: Trace) -> dict[str, int]:
    """Return resource -> the most that nodes have of it at one time; pods are left out."""
    from kubesched.engine import Scheduler

    used = {t for t in trace.node_events.column("template").to_pylist() if t >= 0}
    amounts: dict[int, dict[str, int]] = {}
    known: dict[str, dict[str, int]] = {}
    for t in used:
        status = trace.node_templates[t].get("status") or {}
        key = repr((status.get("allocatable"), status.get("capacity")))
        if key not in known:
            view = Scheduler([{**trace.node_templates[t], "metadata": {"name": "n"}}]).nodes
            known[key] = {name: int(values[0]) for name, values in view.allocatable.items() if name != "pods"}
        amounts[t] = known[key]
    total: dict[str, int] = {}
    most: dict[str, int] = {}
    current: dict[int, int] = {}
    columns = (trace.node_events.column(name).to_pylist() for name in ("node", "kind", "template"))
    for node, kind, t in zip(*columns, strict=True):
        for name, amount in amounts.get(current.get(node, -1), {}).items() if kind != ADD or node in current else ():
            if kind == REMOVE or t >= 0:
                total[name] -= amount
        if kind == REMOVE:
            current.pop(node, None)
        elif t >= 0 and (kind == ADD or node in current):
            current[node] = t
            for name, amount in amounts[t].items():
                total[name] = total.get(name, 0) + amount
                most[name] = max(most.get(name, 0), total[name])
    return most


def _priorities(trace: Trace) -> dict[str, int]:
    by_template = np.array([int((pod.get("spec") or {}).get("priority") or 0) for pod in trace.pod_templates], np.int64)
    if len(by_template) == 0:
        return {}
    values, counts = np.unique(by_template[trace.pods.column("template").to_numpy()], return_counts=True)
    return {str(value): int(count) for value, count in zip(values.tolist(), counts.tolist(), strict=True)}


def _kinds(trace: Trace) -> dict[str, int]:
    found: dict[str, int] = {}
    for obj in trace.objects:
        kind = str(obj.get("kind"))
        found[kind] = found.get(kind, 0) + 1
    return dict(sorted(found.items()))
