"""Alibaba's GPU trace of 2025: instances of recommendation models, split into CPU nodes and GPU nodes.

Each row is a pod. An empty creation is before the trace: the pod arrives at its start; an empty deletion is after its
end. max_instance_per_node becomes a topology spread or an anti-affinity where it is 1, and is left out where larger.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kubesched.traces.heads import has_columns
from kubesched.traces.jobs import GIB, SECOND_NS, Jobs, made_cluster, trace_of_jobs, zeros
from kubesched.traces.options import CLUSTER_OPTIONS, Option, Options
from kubesched.traces.table import Field, read_table
from kubesched.traces.trace import FINISHED, RUNNING, Note, Trace

OPTIONS = CLUSTER_OPTIONS | {
    "node_cpu": Option(128, "cores of a node", least=1),
    "node_memory_gib": Option(1024.0, "GiB of a node", least=0.001),
}
_TEXTS = ("instance_sn", "role", "app_name")
_NUMBERS = (
    "cpu_request",
    "gpu_request",
    "memory_request",
    "max_instance_per_node",
    "creation_time",
    "scheduled_time",
    "deletion_time",
)
_FIELDS = [Field(name, pa.string(), False) for name in _TEXTS] + [Field(name, pa.float64()) for name in _NUMBERS]


def sniff(path: Path) -> bool:
    """Tell whether a file is the list of instances."""
    return has_columns(path, *_TEXTS, "rdma_request", "max_instance_per_node")


def read(path: Path, options: Options) -> Trace:
    """Read the trace.

    Raises:
        TraceFormatError: the file is broken; path, line and column are named.
    """
    table = read_table(path, _FIELDS, header=True)

    def column(name: str, null: float) -> Any:
        return pc.fill_null(table.column(name), null).to_numpy(zero_copy_only=False)

    def nanos(name: str) -> Any:
        seconds = column(name, -1.0)
        return np.where(seconds >= 0, np.rint(seconds * SECOND_NS), -1).astype(np.int64)

    notes = []
    created, scheduled, deleted = nanos("creation_time"), nanos("scheduled_time"), nanos("deletion_time")
    present = int(np.count_nonzero(created < 0))
    notes.append(Note("instances are there when the trace begins", present))
    notes.append(Note("instances are alive when it ends", int(np.count_nonzero(deleted < 0))))
    limited = int(np.count_nonzero(column("max_instance_per_node", -1.0) > 0))
    if limited:
        notes.append(Note("instances have a limit of their app on a node, which is left out", limited))
    notes.append(Note("RDMA and disk are left out"))
    arrival = np.maximum(created, 0)
    apps, code = np.unique(np.array(table.column("app_name").to_pylist()), return_inverse=True)
    jobs = Jobs(
        names=[name.replace("_", "-") for name in table.column("instance_sn").to_pylist()],
        arrival_ns=arrival,
        start_ns=np.where(scheduled >= 0, scheduled, np.where(created < 0, 0, -1)),
        end_ns=deleted,
        outcome=np.where(deleted >= 0, FINISHED, RUNNING),
        replicas=np.ones(len(table), np.int64),
        milli_cpu=np.rint(column("cpu_request", 0.0) * 1000).astype(np.int64),
        memory_bytes=np.rint(column("memory_request", 0.0) * GIB).astype(np.int64),
        gpus=column("gpu_request", 0.0).astype(np.int64),
        priority=zeros(len(table)),
        namespace=code.astype(np.int64),
        namespaces=[str(app).replace("_", "-") for app in apps],
    )
    return trace_of_jobs("Alibaba DLRM 2025", jobs, made_cluster(jobs, options, notes), notes)
