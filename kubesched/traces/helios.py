"""Job logs of Helios (cluster_log.csv) and Acme (trace_seren.csv, trace_kalos.csv).

A job is node_num pods with equal parts of its GPUs and CPUs, a gang. Virtual clusters become namespaces. Memory is
known in Acme's Kalos alone, for each pod. Helios' times have no zone and are taken for UTC.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kubesched.traces.clock_times import times_ns
from kubesched.traces.heads import first_row, has_columns
from kubesched.traces.jobs import GIB, Jobs, made_cluster, split_gpus, trace_of_jobs
from kubesched.traces.options import CLUSTER_OPTIONS, Option, Options
from kubesched.traces.table import Field, read_table
from kubesched.traces.trace import FAILED, FINISHED, KILLED, RUNNING, Note, Trace

OPTIONS = CLUSTER_OPTIONS | {
    "node_cpu": Option(128, "cores of a node", least=1),
    "node_memory_gib": Option(1024.0, "GiB of a node", least=0.001),
}
_FIELDS = [
    Field("job_id", pa.string(), False),
    Field("gpu_num", pa.float64()),
    Field("cpu_num", pa.float64()),
    Field("node_num", pa.float64()),
    Field("state", pa.string()),
    Field("submit_time", pa.string(), False),
    Field("start_time", pa.string()),
    Field("end_time", pa.string()),
]
_OUTCOMES = {"COMPLETED": FINISHED, "CANCELLED": KILLED, "TIMEOUT": KILLED, "FAILED": FAILED, "NODE_FAIL": FAILED}


def sniff(path: Path) -> bool:
    """Tell whether a file is one of these logs."""
    return has_columns(path, "job_id", "gpu_num", "cpu_num", "node_num", "state", "submit_time", "queue")


def read(path: Path, options: Options) -> Trace:
    """Read the trace.

    Raises:
        TraceFormatError: the file is broken; path, line and column are named.
    """
    columns = first_row(path)
    fields = list(_FIELDS)
    space_column = "vc" if "vc" in columns else "type" if "type" in columns else ""
    if space_column:
        fields.append(Field(space_column, pa.string()))
    if "mem_per_pod_GB" in columns:
        fields.append(Field("mem_per_pod_GB", pa.float64()))
    table = read_table(path, fields, header=True)
    notes: list[Note] = []

    def number(name: str) -> Any:
        filled = pc.fill_null(table.column(name), 0.0).to_numpy(zero_copy_only=False)
        return np.maximum(filled, 0)

    def nanos(name: str) -> Any:
        return np.array(times_ns(table.column(name).to_pylist(), path, name), np.int64)

    pods = np.maximum(number("node_num").astype(np.int64), 1)
    memory = number("mem_per_pod_GB") if "mem_per_pod_GB" in columns else np.zeros(len(table))
    if "mem_per_pod_GB" not in columns:
        notes.append(Note("memory is left out, for the trace does not tell it"))
    spaces = [str(text or "none").lower() for text in table.column(space_column).to_pylist()] if space_column else []
    listed = sorted(set(spaces)) or ["default"]
    end_ns, start_ns = nanos("end_time"), nanos("start_time")
    states = table.column("state").to_pylist()
    outcome = np.array([_OUTCOMES.get(text or "", RUNNING) for text in states], np.int64)
    jobs = Jobs(
        names=[f"job-{name}".lower().replace("_", "-") for name in table.column("job_id").to_pylist()],
        arrival_ns=nanos("submit_time"),
        start_ns=start_ns,
        end_ns=end_ns,
        outcome=np.where(end_ns >= 0, outcome, RUNNING),
        replicas=pods,
        milli_cpu=np.ceil(number("cpu_num") * 1000 / pods).astype(np.int64),
        memory_bytes=np.rint(memory * GIB).astype(np.int64),
        gpus=np.ceil(number("gpu_num") / pods).astype(np.int64),
        priority=np.zeros(len(table), np.int64),
        namespace=np.array([listed.index(space) for space in spaces] or [0] * len(table), np.int64),
        namespaces=listed,
    )
    split_gpus(jobs, options.integer("node_gpus") or 1)
    return trace_of_jobs(f"job log {path.name}", jobs, made_cluster(jobs, options, notes), notes)
