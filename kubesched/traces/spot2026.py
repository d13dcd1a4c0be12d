"""Alibaba's spot GPU trace of 2026: job_info_df, and node_info_df beside it.

Each worker of a job is a pod, the workers are a gang. High-priority jobs (HP) have priority 1000, spot jobs 0.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kubesched.errors import TraceFormatError
from kubesched.traces.heads import has_columns
from kubesched.traces.jobs import GIB, SECOND_NS, Cluster, Jobs, made_cluster, node_manifest, trace_of_jobs, zeros
from kubesched.traces.options import CLUSTER_OPTIONS, Option, Options
from kubesched.traces.table import Field, read_table
from kubesched.traces.trace import FINISHED, Note, Trace, nodes_at_start

OPTIONS = CLUSTER_OPTIONS | {
    "node_memory_gib": Option(1024.0, "GiB of a node, which the trace does not tell", least=0.001),
    "models": Option("keep", "keep jobs to the GPU model they ask for", choices=("free", "keep")),
}
_JOB_FIELDS = [
    Field("job_name", pa.string(), False),
    Field("organization", pa.string()),
    Field("gpu_model", pa.string()),
    Field("cpu_request", pa.float64()),
    Field("gpu_request", pa.float64()),
    Field("worker_num", pa.float64(), False),
    Field("submit_time", pa.float64(), False),
    Field("duration", pa.float64()),
    Field("job_type", pa.string()),
]
_NODE_FIELDS = [
    Field("gpu_model", pa.string()),
    Field("gpu_capacity_num", pa.int64(), False),
    Field("cpu_num", pa.float64(), False),
    Field("node_name", pa.string(), False),
]
_HIGH_PRIORITY = 1000


def sniff(path: Path) -> bool:
    """Tell whether a file is the list of jobs, or a folder holds it."""
    file = _find(path, "job_info_df*.csv*")
    return file is not None and has_columns(file, "job_name", "gpu_model", "worker_num", "job_type")


def read(path: Path, options: Options) -> Trace:
    """Read the trace.

    Raises:
        TraceFormatError: a file is broken; path, line and column are named.
    """
    file = _find(path, "job_info_df*.csv*")
    if file is None:
        raise TraceFormatError(f"{path}: must hold job_info_df.csv, got no such file")
    table = read_table(file, _JOB_FIELDS, header=True)
    notes: list[Note] = [Note("memory is left out, for the trace does not tell it")]
    jobs = _jobs(table, options, notes)
    nodes = _find(file.parent, "node_info_df*.csv*")
    cluster = read_nodes(nodes, options) if nodes is not None else made_cluster(jobs, options, notes)
    return trace_of_jobs("Alibaba spot GPU 2026", jobs, cluster, notes)


def read_nodes(path: Path, options: Options) -> Cluster:
    """Read node_info_df, its columns in any order.

    Raises:
        TraceFormatError: it is broken.
    """
    templates = []
    for row in read_table(path, _NODE_FIELDS, header=True).to_pylist():
        memory = round(options.number("node_memory_gib") * GIB)
        model, gpus = row["gpu_model"] or "", row["gpu_capacity_num"]
        templates.append(node_manifest(f"node-{row['node_name']}", round(row["cpu_num"] * 1000), memory, gpus, model))
    names = [template["metadata"]["name"] for template in templates]
    return Cluster(names, templates, nodes_at_start(len(names)), "gpu-model")


def _find(path: Path, pattern: str) -> Path | None:
    return next(iter(sorted(path.glob(pattern))), None) if path.is_dir() else path


def _jobs(table: pa.Table, options: Options, notes: list[Note]) -> Jobs:
    def column(name: str, null: float) -> Any:
        return pc.fill_null(table.column(name), null).to_numpy(zero_copy_only=False)

    gpu = column("gpu_request", 0.0)
    share = (gpu > 0) & (gpu < 1)
    uneven = (gpu > 1) & (gpu % 1 != 0)
    if uneven.any():
        notes.append(Note("jobs ask for several GPUs and a part, which is rounded up", int(uneven.sum())))
    arrival_ns = np.rint(column("submit_time", 0.0) * SECOND_NS).astype(np.int64)
    duration = column("duration", -1.0)
    duration_ns = np.where(duration >= 0, np.rint(duration * SECOND_NS), -1).astype(np.int64)
    models = sorted({str(text) for text in table.column("gpu_model").to_pylist() if text})
    model = np.array([models.index(text) if text else -1 for text in table.column("gpu_model").to_pylist()], np.int64)
    high = np.array([text == "HP" for text in table.column("job_type").to_pylist()])
    return Jobs(
        names=[f"job-{name}" for name in table.column("job_name").to_pylist()],
        arrival_ns=arrival_ns,
        start_ns=np.full(len(table), -1, np.int64),
        end_ns=np.full(len(table), -1, np.int64),
        outcome=np.full(len(table), FINISHED, np.int64),
        replicas=np.maximum(column("worker_num", 1.0).astype(np.int64), 1),
        milli_cpu=np.rint(column("cpu_request", 0.0) * 1000).astype(np.int64),
        memory_bytes=zeros(len(table)),
        gpus=np.ceil(gpu).astype(np.int64),
        priority=np.where(high, _HIGH_PRIORITY, 0),
        namespace=zeros(len(table)),
        model=model if options.text("models") == "keep" else None,
        models=models,
        duration_ns=duration_ns,
        milli_gpu=np.where(share, np.rint(gpu * 1000), 1000).astype(np.int64),
    )
