"""Alibaba's cluster trace of 2017: batch_task and server_event.

A folder holds batch_task.csv and may hold server_event.csv. Each instance of a task is a pod, up to a number of
instances. plan_cpu is in hundredths of a core (the trace's text says cores, its values say otherwise; an option),
memory a fraction of the largest machine. A machine with an error takes no new pods from then on.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kubesched.errors import TraceFormatError
from kubesched.traces.heads import first_row
from kubesched.traces.jobs import GIB, SECOND_NS, Cluster, Jobs, made_cluster, node_manifest, trace_of_jobs, zeros
from kubesched.traces.options import CLUSTER_OPTIONS, Option, Options
from kubesched.traces.table import MOST_SECONDS, Field, read_table
from kubesched.traces.trace import (
    ADD,
    FAILED,
    FINISHED,
    KILLED,
    PENDING,
    RUNNING,
    UPDATE,
    Note,
    Trace,
    node_event_table,
)

OPTIONS = CLUSTER_OPTIONS | {
    "node_memory_gib": Option(512.0, "GiB of a machine whose memory is 1 in the trace", least=0.001),
    "cpu_unit": Option(0.01, "cores that 1 of plan_cpu stands for", least=0.0001),
    "most_instances": Option(20, "pods of a task at most", least=1),
}
_FIELDS = [
    Field("create_timestamp", pa.int64(), most=MOST_SECONDS),
    Field("modify_timestamp", pa.int64(), most=MOST_SECONDS),
    Field("job_id", pa.int64()),
    Field("task_id", pa.int64()),
    Field("instance_num", pa.int64(), most=10**9),
    Field("status", pa.string()),
    Field("plan_cpu", pa.float64()),
    Field("plan_mem", pa.float64()),
]
_NAMES = tuple(field.name for field in _FIELDS)
_SERVER_FIELDS = [
    Field("timestamp", pa.int64(), False, MOST_SECONDS),
    Field("machineID", pa.int64(), False),
    Field("event type", pa.string(), False),
    Field("event detail", pa.string()),
    Field("CPUs", pa.float64()),
    Field("memory", pa.float64()),
    Field("disk", pa.float64()),
]
_STATUS = ("Ready", "Waiting", "Running", "Terminated", "Failed", "Cancelled")
_OUTCOMES = {"Terminated": FINISHED, "Failed": FAILED, "Cancelled": KILLED, "Running": RUNNING}


def sniff(path: Path) -> bool:
    """Tell whether a file is batch_task, or a folder holds it."""
    file = path / "batch_task.csv" if path.is_dir() else path
    row = first_row(file)
    if len(row) != len(_NAMES):
        return False
    return row[0] in ("task_create_time", "create_timestamp") or row[5] in _STATUS


def read(path: Path, options: Options) -> Trace:
    """Read the trace.

    Raises:
        TraceFormatError: a file is broken; path, line and column are named.
    """
    file = path / "batch_task.csv" if path.is_dir() else path
    table = _tasks(file)
    notes: list[Note] = []
    jobs = _jobs(table, options, notes)
    servers = file.with_name("server_event.csv")
    cluster = _machines(servers, options) if servers.exists() else made_cluster(jobs, options, notes)
    return trace_of_jobs("Alibaba 2017, batch tasks", jobs, cluster, notes)


def _tasks(file: Path) -> pa.Table:
    row = first_row(file)
    if not row:
        raise TraceFormatError(f"{file}:1: must be batch tasks, got no columns")
    if row[0].lstrip("-").isdigit():
        return read_table(file, _FIELDS, header=False)
    # A header that somebody added names the columns otherwise; their order is the schema's.
    header = _raw_header(file)
    if len(header) != len(_FIELDS):
        raise TraceFormatError(f"{file}:1: header must have {len(_FIELDS)} columns, got {','.join(header)[:60]!r}")
    fields = [dataclasses.replace(field, name=name) for name, field in zip(header, _FIELDS, strict=True)]
    return read_table(file, fields, header=True).rename_columns(list(_NAMES))


def _raw_header(file: Path) -> list[str]:
    from kubesched.traces.heads import head

    return head(file).partition("\n")[0].rstrip("\r").split(",")


def _jobs(table: pa.Table, options: Options, notes: list[Note]) -> Jobs:
    def column(name: str, null: float = 0) -> Any:
        return pc.fill_null(table.column(name), null).to_numpy(zero_copy_only=False)

    count = len(table)
    instances = np.maximum(column("instance_num", 1).astype(np.int64), 1)
    most = options.integer("most_instances")
    kept = np.minimum(instances, most)
    notes.append(Note("instances of tasks in the trace", int(instances.sum())))
    if kept.sum() < instances.sum():
        notes.append(Note(f"instances beyond {most} of a task are left out", int((instances - kept).sum())))
    if table.column("plan_cpu").null_count:
        notes.append(Note("tasks have no plan_cpu and ask for nothing", table.column("plan_cpu").null_count))
    created, changed = column("create_timestamp"), column("modify_timestamp", -1)
    before = int(np.count_nonzero(created <= 0))
    if before:
        notes.append(Note("tasks were there before the trace and arrive at its start", before))
    arrival_ns = np.maximum(created, 0) * SECOND_NS
    outcome = np.array([_OUTCOMES.get(text or "", PENDING) for text in table.column("status").to_pylist()], np.int64)
    ended = np.isin(outcome, (FINISHED, FAILED, KILLED))
    end_ns = np.where(ended, np.maximum(changed * SECOND_NS, arrival_ns), -1)
    memory = column("plan_mem") * options.number("node_memory_gib") * GIB
    jobs, tasks = column("job_id").tolist(), column("task_id").tolist()
    return Jobs(
        names=[f"job-{job}-{task}-t{i}" for i, (job, task) in enumerate(zip(jobs, tasks, strict=True))],
        arrival_ns=arrival_ns,
        start_ns=np.where(outcome == PENDING, -1, arrival_ns),
        end_ns=end_ns,
        outcome=outcome,
        replicas=kept,
        milli_cpu=np.rint(column("plan_cpu") * options.number("cpu_unit") * 1000).astype(np.int64),
        memory_bytes=np.rint(memory).astype(np.int64),
        gpus=zeros(count),
        priority=zeros(count),
        namespace=zeros(count),
    )


def _machines(path: Path, options: Options) -> Cluster:
    number: dict[int, int] = {}
    templates: list[dict[str, Any]] = []
    events = []
    for row in read_table(path, _SERVER_FIELDS, header=False).to_pylist():
        kind, machine = row["event type"], row["machineID"]
        if kind not in ("add", "softerror", "harderror"):
            raise TraceFormatError(f"{path}: event type must be add, softerror or harderror, got {kind!r}")
        time_ns = max(row["timestamp"], 0) * SECOND_NS
        if kind == "add":
            node = number.setdefault(machine, len(number))
            cpu = round((row["CPUs"] or 0) * 1000)
            memory = round((row["memory"] or 0) * options.number("node_memory_gib") * GIB)
            events.append((time_ns, node, ADD, len(templates)))
            templates.append(node_manifest(f"machine-{machine}", cpu, memory))
        elif machine in number:
            # It is cordoned: what runs there may stay.
            own = next(t for t in reversed(templates) if t["metadata"]["name"] == f"machine-{machine}")
            events.append((time_ns, number[machine], UPDATE, len(templates)))
            templates.append({**own, "spec": {"unschedulable": True}})
    events.sort(key=lambda event: event[0])
    return Cluster([f"machine-{machine}" for machine in number], templates, node_event_table(events))
