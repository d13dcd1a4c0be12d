"""Google's Borg trace of 2011 (clusterdata-2011-2): task events and machine events in numbered parts.

A task that is submitted again after an eviction or failure is another pod. Its run time is what the trace gave it; one
that ended while pending is deleted then. The tasks of a job whose machines must differ keep off each other's nodes.
CPU and memory are fractions of the largest machine, whose size is an option; disk space is left out, since machines
have none in the trace. Task constraints and job events are not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kubesched.errors import TraceFormatError
from kubesched.traces.jobs import GIB, distinct, node_manifest, pod_manifest
from kubesched.traces.options import Option, Options
from kubesched.traces.table import Field, read_table
from kubesched.traces.trace import (
    ADD,
    EVICTED,
    FAILED,
    FINISHED,
    KILLED,
    LOST,
    NEVER,
    ON_FAILURE,
    PENDING,
    REMOVE,
    RUNNING,
    UPDATE,
    Note,
    Trace,
    node_event_table,
    pod_table,
)

OPTIONS = {
    "cores": Option(64, "cores of the largest machine, which is 1.0 in the trace", least=1),
    "memory_gib": Option(256.0, "GiB of the largest machine", least=0.001),
    "capacity_scale": Option(1.0, "all machines are this many times as large", least=0.001),
    "arrival": Option("submitted", "when a pod arrives", choices=("submitted", "scheduled")),
    "pushed_off": Option("gone", "pods that a replay preempts or that lose a node", choices=("gone", "submitted")),
}
_INT, _REAL = pa.int64(), pa.float64()
_TASK_FIELDS = [
    Field("time", _INT, False),
    Field("missing info", _INT),
    Field("job ID", _INT, False),
    Field("task index", _INT, False),
    Field("machine ID", _INT),
    Field("event type", _INT, False),
    Field("user", pa.string()),
    Field("scheduling class", _INT),
    Field("priority", _INT, False),
    Field("CPU request", _REAL),
    Field("memory request", _REAL),
    Field("disk space request", _REAL),
    Field("different machines restriction", _INT),
]
_TASK_COLUMNS = (
    "time",
    "job ID",
    "task index",
    "machine ID",
    "event type",
    "priority",
    "CPU request",
    "memory request",
    "different machines restriction",
)
_MACHINE_FIELDS = [
    Field("time", _INT, False),
    Field("machine ID", _INT, False),
    Field("event type", _INT, False),
    Field("platform ID", pa.string()),
    Field("CPUs", _REAL),
    Field("Memory", _REAL),
]
_START_MICROS = 600 * 10**6
_AFTER_END_MICROS = 2**63 - 1
_SUBMIT, _SCHEDULE, _EVICT, _FAIL, _FINISH, _KILL, _LOST = range(7)
_OUTCOMES = np.array([PENDING, RUNNING, EVICTED, FAILED, FINISHED, KILLED, LOST], np.int64)
_MOST_INDEX = 2**24
_NO_TIME = -1
_NAMESPACE = "borg"


def sniff(path: Path) -> bool:
    """Tell whether a folder holds the trace's parts."""
    return path.is_dir() and bool(_parts(path, "task_events")) and bool(_parts(path, "machine_events"))


def read(path: Path, options: Options) -> Trace:
    """Read a folder with task_events/ and machine_events/.

    Raises:
        TraceFormatError: a part is broken; path, line and column are named.
    """
    notes: list[Note] = []
    tasks = _Attempts([_task_part(part) for part in _parts(path, "task_events")], notes)
    last_ns = tasks.last_ns
    names, templates, events, number = _machines(path, options, last_ns, notes)
    order, rows = tasks.pods(options, number, notes)
    columns = rows | {"name": tasks.names(order), "template": rows["template"]}
    scale = f"1.0 CPU is {options.integer('cores')} cores, 1.0 memory {options.number('memory_gib'):g} GiB"
    notes.append(Note(f"{scale}; machines are {options.number('capacity_scale'):g} times as large as in the trace"))
    notes.append(Note("disk space and task constraints are left out"))
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": _NAMESPACE}}
    source = f"Google Borg 2011, {len(_parts(path, 'task_events'))} parts of task events"
    pods = pod_table(columns)
    return Trace(source, names, templates, node_event_table(events), [space], tasks.templates, pods, "", tuple(notes))


def _parts(path: Path, name: str) -> list[Path]:
    return sorted((path / name).glob("part-*-of-*.csv*"))


def _task_part(part: Path) -> pa.Table:
    table = read_table(part, _TASK_FIELDS, header=False, wanted=_TASK_COLUMNS)
    kinds = table.column("event type")
    if len(table) and not 0 <= pc.min(kinds).as_py() <= pc.max(kinds).as_py() <= 8:
        raise TraceFormatError(f"{part}: event type must be in 0..8, got {pc.min_max(kinds).as_py()}")
    index = table.column("task index")
    if len(table) and not 0 <= pc.min(index).as_py() <= pc.max(index).as_py() < _MOST_INDEX:
        raise TraceFormatError(f"{part}: task index must be in 0..{_MOST_INDEX - 1}, got {pc.min_max(index).as_py()}")
    return table


def _nanos(micros: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return nanoseconds from the trace's start; what happened before it happens at 0."""
    known = np.minimum(micros, _AFTER_END_MICROS // 2000)
    nanos: npt.NDArray[np.int64] = np.maximum(known - _START_MICROS, 0) * 1000
    return nanos


class _Attempts:
    """The submissions of all tasks: one row each, by its first schedule and its first end after the submission."""

    def __init__(self, parts: Sequence[pa.Table], notes: list[Note]) -> None:
        table = pa.concat_tables(parts).combine_chunks()

        def column(name: str, null: Any, kind: type) -> npt.NDArray[Any]:
            filled = pc.fill_null(table.column(name), null).to_numpy(zero_copy_only=False)
            return np.asarray(filled, kind)

        job, index = column("job ID", 0, np.int64), column("task index", 0, np.int64)
        self.job_ids, job_code = np.unique(job, return_inverse=True)
        order = np.argsort(job_code * _MOST_INDEX + index, kind="stable")
        task = (job_code * _MOST_INDEX + index)[order]
        event = column("event type", 0, np.int64)[order]
        time_ns = _nanos(column("time", 0, np.int64))
        self.last_ns = int(time_ns.max(initial=0))
        time_ns = time_ns[order]
        attempt = np.cumsum(event == _SUBMIT) - 1
        submit = np.flatnonzero(event == _SUBMIT)
        if len(submit) == 0:
            raise TraceFormatError("task events must have at least one submission, got none")
        known = attempt >= 0
        known[known] &= task[known] == task[submit[attempt[known]]]
        lost = int(np.count_nonzero(~known))
        if lost:
            notes.append(Note("events of tasks that were never submitted are left out", lost))
        schedule = self._first(attempt, known & (event == _SCHEDULE), len(submit))
        end = self._first(attempt, known & (event >= _EVICT) & (event <= _LOST), len(submit))
        updates = int(np.count_nonzero(event > _LOST))
        if updates:
            notes.append(Note("changes of requests while pending or running are left out", updates))
        # What is asked for is what it was when the task was placed.
        told = order[np.where(schedule >= 0, schedule, submit)]
        self.job = job_code[told]
        self.index = index[told]
        self.cpu = column("CPU request", 0.0, np.float64)[told]
        self.memory = column("memory request", 0.0, np.float64)[told]
        self.priority = column("priority", 0, np.int64)[told]
        self.differs = column("different machines restriction", 0, np.int64)[told]
        self.machine = np.where(schedule >= 0, column("machine ID", -1, np.int64)[order[schedule]], -1)
        self.submit_ns = time_ns[submit]
        self.start_ns = np.where(schedule >= 0, time_ns[schedule], _NO_TIME)
        self.end_ns = np.where(end >= 0, time_ns[end], _NO_TIME)
        self.outcome = _OUTCOMES[np.where(end >= 0, event[end], np.where(schedule >= 0, _SCHEDULE, _SUBMIT))]
        first = np.concatenate([[True], task[submit][1:] != task[submit][:-1]])
        start_of_task = np.maximum.accumulate(np.where(first, np.arange(len(submit)), 0))
        self.round = np.arange(len(submit)) - start_of_task
        bare = int(np.count_nonzero((self.cpu == 0) & (self.memory == 0)))
        if bare:
            notes.append(Note("submissions ask for no CPU and no memory", bare))
        self.rank = order[submit]
        self.templates: list[dict[str, Any]] = []

    @staticmethod
    def _first(attempt: npt.NDArray[np.int64], chosen: npt.NDArray[Any], count: int) -> npt.NDArray[np.int64]:
        """Return for each attempt the position of its first chosen event, -1 where there is none."""
        found = np.full(count, -1, np.int64)
        positions = np.flatnonzero(chosen)[::-1]
        found[attempt[positions]] = positions
        return found

    def names(self, order: npt.NDArray[np.int64]) -> pa.Array:
        """Return job-index, and for submissions after the first -round."""
        parts = (pc.cast(pa.array(column[order]), pa.string()) for column in (self.job_ids[self.job], self.index))
        names = pc.binary_join_element_wise(*parts, "-")
        again = pc.binary_join_element_wise(names, pc.cast(pa.array(self.round[order]), pa.string()), "-r")
        return pc.if_else(pa.array(self.round[order] > 0), again, names)

    def pods(
        self, options: Options, number: dict[int, int], notes: list[Note]
    ) -> tuple[npt.NDArray[np.int64], dict[str, Any]]:
        """Return the order of arrival, and the columns of a trace's pods in it."""
        cores, memory = options.integer("cores"), options.number("memory_gib") * GIB
        milli_cpu = np.rint(self.cpu * cores * 1000).astype(np.int64)
        memory_bytes = np.rint(self.memory * memory).astype(np.int64)
        apart = np.where(self.differs > 0, self.job, -1)
        rows, template = distinct([milli_cpu, memory_bytes, self.priority, apart])
        self.templates = [self._template(*row) for row in rows]
        arrival_ns = self.submit_ns
        chosen = np.arange(len(arrival_ns))
        if options.text("arrival") == "scheduled":
            chosen = np.flatnonzero(self.start_ns >= 0)
            arrival_ns = self.start_ns
            notes.append(Note("submissions that the trace never placed are left out", len(self.start_ns) - len(chosen)))
            notes.append(Note("pods arrive when the trace placed them"))
        order = chosen[np.lexsort((self.rank[chosen], arrival_ns[chosen]))]
        start, end = self.start_ns[order], self.end_ns[order]
        machines = np.unique(self.machine)
        known = np.array([number.get(int(machine), -1) for machine in machines], np.int64)
        placed = known[np.searchsorted(machines, self.machine[order])]
        both = (start >= 0) & (end >= 0)
        columns = {
            "template": template[order],
            "arrival_ns": arrival_ns[order],
            "duration_ns": np.where(both, np.maximum(end - start, 0), _NO_TIME),
            "removed_ns": np.where((start < 0) & (end >= 0), end, _NO_TIME),
            "restart": self._restarts(options)[order],
            "recorded_node": np.where(start >= 0, placed, -1),
            "recorded_start_ns": start,
            "recorded_end_ns": end,
            "recorded_outcome": self.outcome[order],
        }
        return order, columns

    def _restarts(self, options: Options) -> npt.NDArray[np.int8]:
        """Return what becomes of pods that a replay pushes off; the trace has its own evictions' next rows."""
        again = options.text("pushed_off") == "submitted"
        restarts: npt.NDArray[np.int8] = np.where(again & (self.outcome != FAILED), ON_FAILURE, NEVER).astype(np.int8)
        return restarts

    def _template(self, milli_cpu: int, memory_bytes: int, priority: int, apart: int) -> dict[str, Any]:
        extra: dict[str, Any] = {"terminationGracePeriodSeconds": 0}
        pod = pod_manifest(milli_cpu, memory_bytes, 0, priority, _NAMESPACE, **extra)
        if apart >= 0:
            job = str(self.job_ids[apart])
            pod["metadata"]["labels"] = {"job": job}
            term = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"job": job}}}
            pod["spec"]["affinity"] = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
        return pod


def _machines(
    path: Path, options: Options, last_ns: int, notes: list[Note]
) -> tuple[list[str], list[dict[str, Any]], list[tuple[int, int, int, int]], dict[int, int]]:
    parts = _parts(path, "machine_events")
    table = pa.concat_tables([read_table(part, _MACHINE_FIELDS, header=False) for part in parts])
    cores, memory = options.integer("cores"), options.number("memory_gib") * GIB
    scale = options.number("capacity_scale")
    number: dict[int, int] = {}
    kinds: dict[tuple[float, float], int] = {}
    templates: list[dict[str, Any]] = []
    events: list[tuple[int, int, int, int]] = []
    bare = 0
    names = ("time", "machine ID", "event type", "CPUs", "Memory")
    for micros, machine, event, cpus, size in zip(*(table.column(name).to_pylist() for name in names), strict=True):
        if event not in (0, 1, 2):
            raise TraceFormatError(f"{parts[0]}: event type of machine {machine} must be in 0..2, got {event}")
        time_ns = max(micros - _START_MICROS, 0) * 1000
        if time_ns > last_ns:
            continue
        node = number.setdefault(machine, len(number))
        if event == 1:
            events.append((time_ns, node, REMOVE, -1))
            continue
        if cpus is None or size is None:
            bare += 1
            continue
        if (cpus, size) not in kinds:
            kinds[cpus, size] = len(templates)
            room = round(cpus * cores * 1000 * scale), round(size * memory * scale)
            templates.append(node_manifest(f"machine-{len(templates)}", *room))
        events.append((time_ns, node, ADD if event == 0 else UPDATE, kinds[cpus, size]))
    if bare:
        notes.append(Note("events of machines without capacity are left out", bare))
    events.sort(key=lambda row: row[0])
    for template in templates:
        template["metadata"]["labels"] = {}
    return [f"m-{machine}" for machine in number], templates, events, number
