"""Alibaba's cluster trace of 2018: batch_task with the order of tasks in their names, and machine_meta.

A folder holds batch_task*.csv and may hold machine_meta.csv; the tasks alone are enough. Each instance of a task is a
pod, up to a number of instances; a task arrives when it started in the trace, and waits for the tasks that its name
lists. plan_cpu is in hundredths of a core, plan_mem in hundredths of a machine's memory.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kubesched.errors import TraceFormatError
from kubesched.traces.heads import first_row
from kubesched.traces.jobs import GIB, SECOND_NS, Cluster, Jobs, made_cluster, node_manifest, trace_of_jobs, zeros
from kubesched.traces.options import CLUSTER_OPTIONS, Option, Options
from kubesched.traces.table import Field, read_table
from kubesched.traces.trace import FAILED, FINISHED, PENDING, RUNNING, Note, Trace, nodes_at_start

OPTIONS = CLUSTER_OPTIONS | {
    "node_cpu": Option(96, "cores of a made-up node, and of one whose capacity is unknown", least=1),
    "node_memory_gib": Option(512.0, "GiB of a machine, whose memory is 100 in the trace", least=0.001),
    "most_instances": Option(20, "pods of a task at most", least=1),
}
_COLUMNS = (
    "task_name",
    "instance_num",
    "job_name",
    "task_type",
    "status",
    "start_time",
    "end_time",
    "plan_cpu",
    "plan_mem",
)
_NUMBERS = ("instance_num", "start_time", "end_time", "plan_cpu", "plan_mem")
_FIELDS = [
    Field(name, pa.float64() if name in _NUMBERS else pa.string(), name not in ("task_name", "job_name"))
    for name in _COLUMNS
]
_MACHINE_FIELDS = [
    Field("machine_id", pa.string(), False),
    Field("time_stamp", pa.int64(), False),
    Field("failure_domain_1", pa.int64()),
    Field("failure_domain_2", pa.string()),
    Field("cpu_num", pa.int64()),
    Field("mem_size", pa.float64()),
    Field("status", pa.string()),
]
_OUTCOMES = {"Terminated": FINISHED, "Failed": FAILED, "Running": RUNNING}
_TASK = re.compile(r"[A-Za-z]+(\d+)((?:_\d+)*)(?:_.*)?")
_MOST_AT_ONCE = 10_000_000


def sniff(path: Path) -> bool:
    """Tell whether a file is batch_task, or a folder holds it."""
    file = _tasks(path)
    if file is None:
        return False
    row = first_row(file)
    return row == list(_COLUMNS) or (len(row) == len(_COLUMNS) and row[2].startswith("j_"))


def read(path: Path, options: Options) -> Trace:
    """Read the trace.

    Raises:
        TraceFormatError: a file is broken; path, line and column are named.
    """
    file = _tasks(path)
    if file is None:
        raise TraceFormatError(f"{path}: must hold batch_task.csv, got no such file")
    table = read_table(file, _FIELDS, header=first_row(file) == list(_COLUMNS))
    notes: list[Note] = []
    jobs = _jobs(table, options, notes)
    machines = path / "machine_meta.csv" if path.is_dir() else path.with_name("machine_meta.csv")
    cluster = _machines(machines, options, notes) if machines.exists() else made_cluster(jobs, options, notes)
    return trace_of_jobs("Alibaba 2018, batch tasks", jobs, cluster, notes)


def _tasks(path: Path) -> Path | None:
    if path.is_dir():
        return next(iter(sorted(path.glob("batch_task*.csv*"))), None)
    return path


def _jobs(table: pa.Table, options: Options, notes: list[Note]) -> Jobs:
    def column(name: str, null: float = 0.0) -> Any:
        return pc.fill_null(table.column(name), null).to_numpy(zero_copy_only=False)

    count = len(table)
    instances = np.maximum(column("instance_num", 1.0).astype(np.int64), 1)
    most = options.integer("most_instances")
    kept = np.minimum(instances, most)
    unsaid = table.column("instance_num").null_count
    notes.append(Note("instances of tasks in the trace", int(instances.sum()) - unsaid))
    if unsaid:
        notes.append(Note("tasks name no number of instances and count as one", unsaid))
    if kept.sum() < instances.sum():
        notes.append(Note(f"instances beyond {most} of a task are left out", int((instances - kept).sum())))
    unknown = table.column("plan_cpu").null_count
    if unknown:
        notes.append(Note("tasks have no plan_cpu and ask for nothing", unknown))
    status = table.column("status").to_pylist()
    start, end = (column(name, -1.0) for name in ("start_time", "end_time"))
    start_ns = (np.maximum(start, 0) * SECOND_NS).astype(np.int64)
    ended = end >= np.maximum(start, 0)
    outcome = np.array([_OUTCOMES.get(text or "", PENDING) for text in status], np.int64)
    ended &= np.isin(outcome, (FINISHED, FAILED))
    odd = int(np.count_nonzero(~ended & np.isin(outcome, (FINISHED, FAILED))))
    if odd:
        notes.append(Note("tasks that ended before they started run until the end", odd))
    end_ns = np.where(ended, (end * SECOND_NS).astype(np.int64), -1)
    memory = column("plan_mem") / 100 * options.number("node_memory_gib") * GIB
    names = zip(table.column("job_name").to_pylist(), table.column("task_name").to_pylist(), strict=True)
    pairs = list(names)
    return Jobs(
        names=[f"{job.replace('_', '-')}-t{i}" for i, (job, _) in enumerate(pairs)],
        arrival_ns=start_ns,
        start_ns=start_ns,
        end_ns=end_ns,
        outcome=outcome,
        replicas=kept,
        milli_cpu=np.rint(column("plan_cpu") * 10).astype(np.int64),
        memory_bytes=np.rint(memory).astype(np.int64),
        gpus=zeros(count),
        priority=zeros(count),
        namespace=zeros(count),
        after=_order(pairs, kept.tolist(), notes),
    )


def _order(pairs: list[tuple[str, str]], replicas: list[int], notes: list[Note]) -> list[list[int]]:
    """Return for each task the positions of those that it waits for."""
    position: dict[tuple[str, str], int] = {}
    parsed = [_TASK.fullmatch(task) for _, task in pairs]
    for i, ((job, _), match) in enumerate(zip(pairs, parsed, strict=True)):
        if match:
            position[job, match[1]] = i
    after: list[list[int]] = []
    missing = 0
    total = 0
    for i, ((job, _), match) in enumerate(zip(pairs, parsed, strict=True)):
        wanted = match[2].split("_")[1:] if match else []
        found = [position[job, number] for number in wanted if (job, number) in position]
        missing += len(wanted) - len(found)
        found = [other for other in dict.fromkeys(found) if other != i]
        total += replicas[i] * sum(replicas[other] for other in found)
        after.append(found)
    if missing:
        notes.append(Note("tasks that others wait for are not in the trace", missing))
    if total > _MOST_AT_ONCE:
        raise TraceFormatError(
            f"most_instances must be smaller: pods would wait for {total:,} others, more than {_MOST_AT_ONCE:,}"
        )
    return after


def _machines(path: Path, options: Options, notes: list[Note]) -> Cluster:
    table = read_table(path, _MACHINE_FIELDS, header=False)
    first: dict[str, Mapping[str, Any]] = {}
    for row in table.to_pylist():
        first.setdefault(row["machine_id"], row)
    notes.append(Note("rows that repeat a machine are left out", len(table) - len(first)))
    templates = []
    for name, row in first.items():
        cpu = (row["cpu_num"] or options.integer("node_cpu")) * 1000
        memory = round((row["mem_size"] or 100.0) / 100 * options.number("node_memory_gib") * GIB)
        labels = {"topology.kubernetes.io/zone": f"domain-{row['failure_domain_1']}"}
        templates.append(node_manifest(name.replace("_", "-"), cpu, memory, labels=labels))
    names = [template["metadata"]["name"] for template in templates]
    return Cluster(names, templates, nodes_at_start(len(names)))
