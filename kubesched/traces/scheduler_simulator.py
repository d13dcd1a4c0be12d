"""Exports of kube-scheduler-simulator (JSON), and the record files of its recorder (JSON lines)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kubesched.errors import KubeschedError, TraceFormatError
from kubesched.traces.clock_times import time_ns
from kubesched.traces.heads import head
from kubesched.traces.jobs import GIB
from kubesched.traces.options import CLUSTER_OPTIONS, Option, Options
from kubesched.traces.rows import fault
from kubesched.traces.table import open_text
from kubesched.traces.timeline import Timeline
from kubesched.traces.trace import Note, Trace

OPTIONS = CLUSTER_OPTIONS | {"nodes": Option(0, "number of nodes to add; 0: those of the file alone")}
_KINDS = {
    "namespaces": "Namespace",
    "priorityClasses": "PriorityClass",
    "storageClasses": "StorageClass",
    "pvs": "PersistentVolume",
    "pvcs": "PersistentVolumeClaim",
    "nodes": "Node",
    "pods": "Pod",
}
_VERSIONS = {"PriorityClass": "scheduling.k8s.io/v1", "StorageClass": "storage.k8s.io/v1"}


def sniff(path: Path) -> bool:
    """Tell whether a file is an export or a record."""
    start = head(path)[:4000].lstrip()
    if _is_record(start):
        return True
    return (
        start.startswith("{")
        and '"pods"' in start[:200]
        and '"nodes"' in start
        and '"apiVersion":"v1","items"' not in start
    )


def _is_record(start: str) -> bool:
    try:
        first = json.loads(start.partition("\n")[0])
    except ValueError:
        return start.startswith('{"time":') and '"event":"' in start and '"resource":' in start
    return isinstance(first, dict) and {"time", "event", "resource"} <= set(first)


def read(path: Path, options: Options) -> Trace:
    """Read the file.

    Raises:
        TraceFormatError: it is broken; path, line or list are named.
    """
    timeline = Timeline()
    count = options.integer("nodes")
    if count:
        memory_bytes = round(options.number("node_memory_gib") * GIB)
        timeline.make_nodes(count, options.integer("node_cpu") * 1000, memory_bytes, options.integer("node_gpus"))
    notes: list[Note] = []
    if _is_record(head(path)[:4000].lstrip()):
        _read_record(path, timeline, notes)
        return timeline.build(f"record of kube-scheduler-simulator {path.name}", notes)
    _read_export(path, timeline, notes)
    return timeline.build(f"export of kube-scheduler-simulator {path.name}", notes)


def _read_export(path: Path, timeline: Timeline, notes: list[Note]) -> None:
    try:
        with open_text(path) as file:
            root = json.load(file)
    except (ValueError, OSError, EOFError, RecursionError) as error:
        raise TraceFormatError(f"{path}: must be JSON, got {error}") from None
    if not isinstance(root, dict):
        raise TraceFormatError(f"{path}: must be a JSON object, got {type(root).__name__}")
    for name, kind in _KINDS.items():
        listed = root.get(name) or []
        if not isinstance(listed, list):
            raise TraceFormatError(f"{path}: {name} must be a list, got {type(listed).__name__}")
        for i, obj in enumerate(listed):
            try:
                timeline.apply(0, {"apiVersion": _VERSIONS.get(kind, "v1"), "kind": kind, **obj})
            except (KubeschedError, AttributeError, TypeError) as error:
                raise TraceFormatError(f"{path}: {name}[{i}] must be a {kind}, got {error}") from None
    if root.get("schedulerConfig"):
        notes.append(Note("schedulerConfig is left out; give it with --config"))


def _lines(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    line = 0
    try:
        with open_text(path) as file:
            for line, text in enumerate(file, 1):
                if not text.strip():
                    continue
                row = json.loads(text)
                if not isinstance(row, dict) or not isinstance(row.get("resource"), dict):
                    fault(path, line, "row", "have time, event and resource", text)
                yield line, row
    except (ValueError, OSError, EOFError, RecursionError) as error:
        if isinstance(error, TraceFormatError):
            raise
        raise TraceFormatError(f"{path}:{max(line, 1)}: must be JSON lines, got {error}") from None


def _read_record(path: Path, timeline: Timeline, notes: list[Note]) -> None:
    first_ns = -1
    count = 0
    for line, row in _lines(path):
        now_ns = time_ns(str(row.get("time"))[:26].rstrip("Z") + "+00:00", path, line, "time")
        first_ns = now_ns if first_ns < 0 else first_ns
        event, obj = row.get("event"), row["resource"]
        count += 1
        try:
            if event in ("Add", "Update"):
                timeline.apply(max(now_ns - first_ns, 0), obj)
            elif event == "Delete":
                metadata = obj.get("metadata") or {}
                where = str(metadata.get("namespace") or ""), str(metadata.get("name"))
                timeline.delete(max(now_ns - first_ns, 0), str(obj.get("kind")), *where)
            else:
                fault(path, line, "event", "be Add, Update or Delete", event)
        except TraceFormatError:
            raise
        except (KubeschedError, AttributeError, TypeError) as error:
            raise TraceFormatError(f"{path}:{line}: resource must be an object, got {error}") from None
    notes.append(Note("events", count))
