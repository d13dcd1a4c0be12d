"""Traces of jobs: each row asks for so much on so many machines; pods and a cluster are made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kubesched.errors import TraceFormatError
from kubesched.traces.options import Options
from kubesched.traces.trace import Note, Trace, nodes_at_start, pod_table

GIB = 2**30
SECOND_NS = 10**9
_MOST_GPUS = 8
_MOST_NODES = 1_000_000
_MOST_PODS = 100_000_000
_Ints = npt.NDArray[np.int64]


@dataclass(slots=True)
class Jobs:
    """Columns of equal length, one row a job; -1 is unknown or none, where not said otherwise.

    Attributes:
        names: unique, DNS subdomain names.
        arrival_ns: when it was submitted.
        start_ns, end_ns: when it ran, by the trace.
        outcome: of `Trace`.
        replicas: pods of the job, at least 1.
        milli_cpu, memory_bytes, gpus: what each pod asks for, 0 for none.
        priority: of its pods.
        namespace: codes into `namespaces`.
        model: codes into `models`: the GPU model that its nodes must have; -1: any.
        duration_ns: run time, where it is not end_ns - start_ns.
        after: for each job the jobs that must have finished before it arrives.
    """

    names: Sequence[str]
    arrival_ns: _Ints
    start_ns: _Ints
    end_ns: _Ints
    outcome: _Ints
    replicas: _Ints
    milli_cpu: _Ints
    memory_bytes: _Ints
    gpus: _Ints
    priority: _Ints
    namespace: _Ints
    namespaces: Sequence[str] = ("default",)
    model: _Ints | None = None
    models: Sequence[str] = ()
    duration_ns: _Ints | None = None
    after: Sequence[Sequence[int]] | None = None
    milli_gpu: _Ints | None = None


@dataclass(slots=True)
class Cluster:
    """Nodes of a trace: names and v1 manifests, and events where they come and go."""

    names: list[str]
    templates: list[dict[str, Any]]
    events: pa.Table
    model_label: str = ""


def zeros(count: int) -> _Ints:
    """Return int64 zeros."""
    return np.zeros(count, np.int64)


def node_manifest(
    name: str, milli_cpu: int, memory_bytes: int, gpus: int = 0, model: str = "", labels: dict[str, str] | None = None
) -> dict[str, Any]:
    """Return a v1 Node."""
    own = {"kubernetes.io/hostname": name, **(labels or {})}
    resources = {"cpu": f"{milli_cpu}m", "memory": str(memory_bytes), "pods": "1001"}
    if gpus:
        resources["nvidia.com/gpu"] = str(gpus)
    if model:
        own["gpu-model"] = model
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": own},
        "status": {"allocatable": resources},
    }


def pod_manifest(
    milli_cpu: int,
    memory_bytes: int,
    gpus: int = 0,
    priority: int = 0,
    namespace: str = "default",
    model: str = "",
    milli_gpu: int = 1000,
    **spec: Any,
) -> dict[str, Any]:
    """Return a v1 Pod to make copies of."""
    requests = {"cpu": f"{milli_cpu}m", "memory": str(memory_bytes)}
    resources: dict[str, Any] = {
        "requests": {name: value for name, value in requests.items() if value not in ("0m", "0")}
    }
    metadata: dict[str, Any] = {"name": "pod", "namespace": namespace}
    if gpus:
        resources["limits"] = {"nvidia.com/gpu": str(gpus)}
    if gpus and milli_gpu < 1000:
        metadata["annotations"] = {"alibabacloud.com/gpu-count": "1", "alibabacloud.com/gpu-milli": str(milli_gpu)}
    full: dict[str, Any] = {"containers": [{"name": "main", "image": "registry.local/main:v1", "resources": resources}]}
    if priority:
        full["priority"] = priority
    if model:
        full["nodeSelector"] = {"gpu-model": model}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": full | spec}


def distinct(columns: Sequence[_Ints]) -> tuple[list[tuple[int, ...]], npt.NDArray[np.int32]]:
    """Return the distinct rows of columns in order of first appearance, and which of them each row is."""
    codes = zeros(len(columns[0]))
    for column in columns:
        values, index = np.unique(column, return_inverse=True)
        _, codes = np.unique(codes * len(values) + index, return_inverse=True)
    _, first, codes = np.unique(codes, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first, kind="stable"), kind="stable")
    rows = [tuple(int(column[i]) for column in columns) for i in np.sort(first).tolist()]
    return rows, rank[codes].astype(np.int32)


def made_cluster(jobs: Jobs, options: Options, notes: list[Note]) -> Cluster:
    """Return equal nodes, by default as many as the trace's own load at its peak needs."""
    milli_cpu = options.integer("node_cpu") * 1000
    memory_bytes = round(options.number("node_memory_gib") * GIB)
    gpus = options.integer("node_gpus") if jobs.gpus.any() else 0
    count = options.integer("nodes")
    if count == 0:
        peak = peak_load(jobs)
        room = {"cpu": milli_cpu, "memory": memory_bytes, "nvidia.com/gpu": gpus}
        for resource, amount in peak.items():
            if amount and room[resource] == 0:
                raise TraceFormatError(f"node_gpus must be above 0 where pods ask for GPUs, got {gpus}")
        count = max(1, *(-(-amount // room[resource]) for resource, amount in peak.items() if amount), 1)
        if count > _MOST_NODES:
            raise TraceFormatError(f"the recorded load must fit {_MOST_NODES:,} nodes of that size, got {count:,}")
        notes.append(Note("the nodes are made up: as many as the peak of the recorded load needs"))
    width = len(str(count - 1))
    names = [f"node-{i:0{width}d}" for i in range(count)]
    models = jobs.models if jobs.model is not None else ()
    templates = []
    for i, name in enumerate(names):
        model = models[i % len(models)] if models and gpus else ""
        templates.append(node_manifest(name, milli_cpu, memory_bytes, gpus, model))
    return Cluster(names, templates, nodes_at_start(count), "gpu-model" if models and gpus else "")


def peak_load(jobs: Jobs) -> dict[str, int]:
    """Return resource -> the most that ran at once by the trace's own times; where it has none, from arrival on."""
    starts = np.where(jobs.start_ns >= 0, jobs.start_ns, jobs.arrival_ns)
    ends = np.where(jobs.end_ns >= 0, np.maximum(jobs.end_ns, starts), np.iinfo(np.int64).max)
    if jobs.duration_ns is not None:
        ends = np.where((jobs.end_ns < 0) & (jobs.duration_ns >= 0), starts + jobs.duration_ns, ends)
    order = np.argsort(np.concatenate([ends, starts]), kind="stable")  # at one instant ends come first
    peaks = {}
    for name, amount in (("cpu", jobs.milli_cpu), ("memory", jobs.memory_bytes), ("nvidia.com/gpu", jobs.gpus)):
        total = amount * jobs.replicas
        changes = np.concatenate([-total, total])[order]
        peaks[name] = int(max(0, np.cumsum(changes).max(initial=0)))
    return peaks


def split_gpus(jobs: Jobs, most: int = _MOST_GPUS) -> None:
    """Turn jobs with more GPUs than a node has into several pods of equal size, in place."""
    pods = np.maximum(1, -(-jobs.gpus // most))
    jobs.milli_cpu = -(-jobs.milli_cpu // pods)
    jobs.memory_bytes = -(-jobs.memory_bytes // pods)
    jobs.gpus = -(-jobs.gpus // pods)
    jobs.replicas = jobs.replicas * pods


def trace_of_jobs(source: str, jobs: Jobs, cluster: Cluster, notes: Sequence[Note]) -> Trace:
    """Return the trace: a pod a replica, replicas of one job a gang; times from the first submission on.

    Raises:
        TraceFormatError: there is no job.
    """
    count = len(jobs.names)
    if count == 0:
        raise TraceFormatError(f"{source}: must have at least one job, got none")
    num_pods = float(jobs.replicas.sum(dtype=np.float64))
    if num_pods > _MOST_PODS:
        raise TraceFormatError(f"{source}: must have at most {_MOST_PODS:,} pods, got {num_pods:,.0f}")
    model = jobs.model if jobs.model is not None else np.full(count, -1, np.int64)
    milli_gpu = jobs.milli_gpu if jobs.milli_gpu is not None else np.full(count, 1000, np.int64)
    rows, template = distinct(
        [jobs.milli_cpu, jobs.memory_bytes, jobs.gpus, jobs.priority, jobs.namespace, model, milli_gpu]
    )
    templates = [
        pod_manifest(
            cpu, memory, gpus, priority, jobs.namespaces[space], jobs.models[which] if which >= 0 else "", milli
        )
        for cpu, memory, gpus, priority, space, which, milli in rows
    ]
    first_ns = int(jobs.arrival_ns.min())
    arrival_ns = jobs.arrival_ns - first_ns
    start_ns = np.where(jobs.start_ns >= 0, jobs.start_ns - first_ns, -1)
    end_ns = np.where(jobs.end_ns >= 0, jobs.end_ns - first_ns, -1)
    has_run = (start_ns >= 0) & (end_ns >= 0)
    duration_ns = np.where(has_run, np.maximum(end_ns - start_ns, 0), -1)
    if jobs.duration_ns is not None:
        duration_ns = jobs.duration_ns
    removed_ns = np.where((start_ns < 0) & (end_ns >= 0), np.maximum(end_ns, arrival_ns), -1)
    order = np.argsort(arrival_ns, kind="stable")
    row = np.repeat(order, jobs.replicas[order])
    columns: dict[str, Any] = {
        "name": _replica_names(jobs, order),
        "template": template[row],
        "arrival_ns": arrival_ns[row],
        "duration_ns": duration_ns[row],
        "removed_ns": removed_ns[row],
        "gang": np.where(jobs.replicas[row] > 1, row, -1),
        "recorded_start_ns": start_ns[row],
        "recorded_end_ns": end_ns[row],
        "recorded_outcome": jobs.outcome[row],
    }
    if jobs.after is not None:
        columns["after"] = _after_rows(jobs, order)
    if first_ns:
        notes = [
            *notes,
            Note(f"times begin with the first submission, {first_ns / SECOND_NS:,.0f} s on the trace's clock"),
        ]
    spaces = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": n}} for n in sorted(set(jobs.namespaces))]
    return Trace(
        source,
        cluster.names,
        cluster.templates,
        cluster.events,
        spaces,
        templates,
        pod_table(columns),
        cluster.model_label,
        tuple(notes),
    )


def _replica_names(jobs: Jobs, order: _Ints) -> list[str]:
    replicas = jobs.replicas.tolist()
    names = []
    for i in order.tolist():
        if replicas[i] == 1:
            names.append(jobs.names[i])
        else:
            names.extend(f"{jobs.names[i]}-{k}" for k in range(replicas[i]))
    return names


def _after_rows(jobs: Jobs, order: _Ints) -> list[list[int] | None]:
    first_row = zeros(len(order))
    first_row[order] = np.concatenate([[0], np.cumsum(jobs.replicas[order])[:-1]])
    first, replicas = first_row.tolist(), jobs.replicas.tolist()
    found: list[list[int] | None] = []
    after = jobs.after or ()
    for i in order.tolist():
        rows = [row for other in after[i] for row in range(first[other], first[other] + replicas[other])]
        found.extend([rows or None] * replicas[i])
    return found
