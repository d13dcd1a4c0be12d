"""Google's Borg trace of 2019 (v3): instance_events and machine_events as JSON lines or Parquet, in one folder.

A file's name begins with its table. Instances of alloc sets are not pods of their own; an instance inside an alloc
takes the room of the alloc, so only instances outside of allocs and alloc instances are charged. CPU and memory are
fractions of the largest machine over all cells.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from kubesched.errors import TraceFormatError
from kubesched.traces.borg2011 import OPTIONS as BORG_OPTIONS
from kubesched.traces.heads import first_row, head
from kubesched.traces.jobs import GIB, Cluster, Jobs, made_cluster, node_manifest, trace_of_jobs
from kubesched.traces.options import CLUSTER_OPTIONS, Option, Options
from kubesched.traces.rows import fault
from kubesched.traces.table import is_gzip
from kubesched.traces.trace import (
    ADD,
    EVICTED,
    FAILED,
    FINISHED,
    KILLED,
    LOST,
    PENDING,
    REMOVE,
    RUNNING,
    UPDATE,
    Note,
    Trace,
    node_event_table,
)

OPTIONS: dict[str, Option] = {
    **CLUSTER_OPTIONS,
    **{name: BORG_OPTIONS[name] for name in ("cores", "memory_gib", "capacity_scale")},
}
_SUBMIT, _QUEUE, _ENABLE, _SCHEDULE, _EVICT, _FAIL, _FINISH, _KILL, _LOST = range(9)
_TYPES = {
    name: i
    for i, name in enumerate(
        (
            "SUBMIT",
            "QUEUE",
            "ENABLE",
            "SCHEDULE",
            "EVICT",
            "FAIL",
            "FINISH",
            "KILL",
            "LOST",
            "UPDATE_PENDING",
            "UPDATE_RUNNING",
        )
    )
}
_OUTCOMES = {_EVICT: EVICTED, _FAIL: FAILED, _FINISH: FINISHED, _KILL: KILLED, _LOST: LOST}
_START_MICROS = 600 * 10**6
_AFTER_END = 2**63 - 1
_SUFFIXES = (".json", ".json.gz", ".jsonl", ".jsonl.gz", ".parquet", ".parquet.gz")
_MANGLED = {"instance_events_type", "collection_id", "instance_index"}


def sniff(path: Path) -> bool:
    """Tell whether a folder holds instance_events, or a file is some of it; or a table joined from the trace."""
    if path.is_dir():
        return bool(_files(path, "instance_events"))
    if path.name.startswith(("instance_events", "instance_usage")) and path.name.endswith(_SUFFIXES):
        return True
    return set(first_row(path)) >= _MANGLED or '"collection_id"' in head(path)[:2000]


def read(path: Path, options: Options) -> Trace:
    """Read the trace.

    Raises:
        TraceFormatError: a file is broken; path, line and field are named. So are tables joined from the trace, which
            have lost the order of events.
    """
    if path.is_file():
        _refuse_joined(path)
    files = _files(path, "instance_events") if path.is_dir() else [path]
    notes: list[Note] = []
    rows = _instances(files, notes)
    jobs = _jobs(rows, options)
    machines = _files(path, "machine_events") if path.is_dir() else []
    cluster = _machines(machines, options, notes) if machines else made_cluster(jobs, options, notes)
    scale = f"1.0 CPU is {options.integer('cores')} cores, 1.0 memory {options.number('memory_gib'):g} GiB"
    notes.append(Note(scale))
    return trace_of_jobs("Google Borg 2019", jobs, cluster, notes)


def _files(path: Path, table: str) -> list[Path]:
    return sorted(file for file in path.glob(f"{table}*") if file.name.endswith(_SUFFIXES))


def _refuse_joined(path: Path) -> None:
    columns = first_row(path)
    if set(columns) >= _MANGLED:
        fault(
            path,
            1,
            "instance_events_type",
            "be a table of instance_events (JSON lines or Parquet); a join with usage in random order is no trace",
            ",".join(columns),
        )
    if path.name.startswith("instance_usage") or '"average_usage"' in head(path):
        fault(
            path, 1, "average_usage", "not be there: instance_usage has no events, instance_events is needed", path.name
        )


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    if ".parquet" in path.name:
        try:
            for i, row in enumerate(pq.read_table(path).to_pylist()):
                yield i + 1, row
        except (OSError, pa.ArrowInvalid) as error:
            raise TraceFormatError(f"{path}: must be Parquet, got {error}") from None
        return
    line = 0
    try:
        with gzip.open(path, "rt") if is_gzip(path) else path.open() as file:
            for line, text in enumerate(file, 1):
                if not text.strip():
                    continue
                row = json.loads(text)
                if not isinstance(row, dict):
                    fault(path, line, "row", "be a JSON object", text)
                yield line, row
    except (ValueError, OSError, EOFError, zlib.error, RecursionError) as error:
        if isinstance(error, TraceFormatError):
            raise
        raise TraceFormatError(f"{path}:{max(line, 1)}: must be JSON lines, got {error}") from None


def _integer(path: Path, line: int, row: Mapping[str, Any], name: str, default: int | None = 0) -> int:
    value = row.get(name, default)
    if name == "type" and isinstance(value, str) and value in _TYPES:
        return _TYPES[value]
    try:
        return int(default if value is None and default is not None else value)
    except (TypeError, ValueError):
        fault(path, line, name, "be a whole number", value)


def _amounts(path: Path, line: int, row: Mapping[str, Any], name: str) -> tuple[float, float]:
    given = row.get(name) or {}
    try:
        found = float(given.get("cpus") or 0), float(given.get("memory") or 0)
    except (TypeError, ValueError, AttributeError):
        fault(path, line, name, "have the numbers cpus and memory", given)
    if not (0 <= found[0] < 2**20 and 0 <= found[1] < 2**20):
        fault(path, line, name, "have numbers in 0..2**20", given)
    return found


def _nanos(micros: int) -> int:
    return max(micros - _START_MICROS, 0) * 1000


def _instances(files: list[Path], notes: list[Note]) -> list[dict[str, Any]]:
    """Return one entry a submission."""
    events: list[tuple[int, int, int, tuple[int, int], int, tuple[float, float], int]] = []
    for path in files:
        for line, row in _rows(path):
            time = _integer(path, line, row, "time", None)
            kind = _integer(path, line, row, "type", None)
            if not 0 <= kind < len(_TYPES):
                fault(path, line, "type", f"be in 0..{len(_TYPES) - 1}", kind)
            task = (_integer(path, line, row, "collection_id", None), _integer(path, line, row, "instance_index"))
            inside = _integer(path, line, row, "alloc_collection_id")
            amounts = _amounts(path, line, row, "resource_request")
            priority = _integer(path, line, row, "priority")
            events.append((min(time, _AFTER_END), len(events), kind, task, inside, amounts, priority))
    events.sort()
    current: dict[tuple[int, int], dict[str, Any]] = {}
    rounds: dict[tuple[int, int], int] = {}
    found: list[dict[str, Any]] = []
    inside_allocs: set[tuple[int, int]] = set()
    unknown = 0
    for time, _, kind, task, inside, amounts, priority in events:
        if inside > 0:
            inside_allocs.add(task)
            continue
        if kind == _SUBMIT:
            rounds[task] = rounds.get(task, -1) + 1
            entry = {
                "name": f"{task[0]}-{task[1]}" + (f"-r{rounds[task]}" if rounds[task] else ""),
                "arrival": _nanos(time),
                "start": -1,
                "end": -1,
                "outcome": PENDING,
                "amounts": amounts,
                "priority": priority,
            }
            current[task] = entry
            found.append(entry)
        elif task not in current:
            unknown += kind not in (_QUEUE, _ENABLE) and kind <= _LOST
        elif kind == _SCHEDULE and current[task]["start"] < 0:
            current[task] |= {"start": _nanos(time), "outcome": RUNNING, "amounts": amounts, "priority": priority}
        elif kind in _OUTCOMES:
            if time < _AFTER_END:
                current[task] |= {"end": _nanos(time), "outcome": _OUTCOMES[kind]}
            del current[task]
    if inside_allocs:
        notes.append(Note("instances inside allocs are left out: the allocs have their room", len(inside_allocs)))
    if unknown:
        notes.append(Note("events of instances that were never submitted are left out", unknown))
    return found


def _jobs(rows: list[dict[str, Any]], options: Options) -> Jobs:
    cores, memory = options.integer("cores"), options.number("memory_gib") * GIB

    def column(name: str) -> Any:
        return np.array([row[name] for row in rows], np.int64)

    count = len(rows)
    return Jobs(
        names=[row["name"] for row in rows],
        arrival_ns=column("arrival"),
        start_ns=column("start"),
        end_ns=column("end"),
        outcome=column("outcome"),
        replicas=np.ones(count, np.int64),
        milli_cpu=np.array([round(row["amounts"][0] * cores * 1000) for row in rows], np.int64),
        memory_bytes=np.array([round(row["amounts"][1] * memory) for row in rows], np.int64),
        gpus=np.zeros(count, np.int64),
        priority=column("priority"),
        namespace=np.zeros(count, np.int64),
        namespaces=("borg",),
    )


def _machines(files: list[Path], options: Options, notes: list[Note]) -> Cluster:
    cores, memory = options.integer("cores"), options.number("memory_gib") * GIB
    scale = options.number("capacity_scale")
    number: dict[int, int] = {}
    templates: list[dict[str, Any]] = []
    events = []
    bare = 0
    for path in files:
        for line, row in _rows(path):
            kind = row.get("type")
            kind = {"ADD": 1, "REMOVE": 2, "UPDATE": 3}.get(str(kind)) or _integer(path, line, row, "type", None)
            if kind not in (1, 2, 3):
                fault(path, line, "type", "be 1, 2 or 3", kind)
            time_ns = _nanos(_integer(path, line, row, "time", None))
            node = number.setdefault(_integer(path, line, row, "machine_id", None), len(number))
            cpus, size = _amounts(path, line, row, "capacity")
            if kind == 2:
                events.append((time_ns, node, REMOVE, -1))
            elif cpus == 0 and size == 0:
                bare += 1
            else:
                events.append((time_ns, node, ADD if kind == 1 else UPDATE, len(templates)))
                room = round(cpus * cores * 1000 * scale), round(size * memory * scale)
                templates.append(node_manifest(f"template-{len(templates)}", *room))
    if bare:
        notes.append(Note("events of machines without capacity are left out", bare))
    events.sort(key=lambda event: event[0])
    for template in templates:
        template["metadata"]["labels"] = {}
    return Cluster([f"m-{machine}" for machine in number], templates, node_event_table(events))
