"""Alibaba's GPU cluster trace of 2023 (openb): a node list and a pod list, both CSV.

How the columns become Kubernetes objects:
  node  sn -> name and label kubernetes.io/hostname; cpu_milli, memory_mib, gpu -> allocatable cpu, memory and
        nvidia.com/gpu (left out where 0); 1,001 pods, as in the published cluster; model -> labels gpu-model and
        alibabacloud.com/gpu-card-model (left out where empty).
  pod   cpu_milli, memory_mib -> requests; num_gpu -> nvidia.com/gpu; gpu_spec -> required node affinity to those
        gpu-models; qos -> label qos; namespace openb; cards and their shares -> open-simulator's annotations, which
        GPUShare reads. To all others a share of a card (gpu_milli below 1000) is the whole card.
  times creation_time -> arrival; deletion_time minus scheduled_time -> run time; a pod that the trace never placed is
        deleted at deletion_time.
Pods arrive by creation_time, those of one second in file order; lists without that column arrive at once, in file
order, and stay. Of the other columns only gpu_spec, qos and scheduled_time may be empty, and model for a node.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kubesched.api.label_rules import is_label_value
from kubesched.errors import TraceFormatError
from kubesched.traces.manifests import split_objects
from kubesched.traces.rows import Row, read_rows
from kubesched.traces.trace import Note, Trace, nodes_at_start, pod_table

NODE_COLUMNS = ("sn", "cpu_milli", "memory_mib", "gpu", "model")
POD_COLUMNS = ("name", "cpu_milli", "memory_mib", "num_gpu", "gpu_milli")
_NAMESPACE = "openb"
_MODEL_LABEL = "gpu-model"
_CARD_MODEL_LABEL = "alibabacloud.com/gpu-card-model"
_PODS_PER_NODE = "1001"
_NANOS_PER_SECOND = 10**9
_MOST_SECONDS = 9 * 10**9  # the most that int64 nanoseconds hold
_MOST_MIB = 2**42
_WHOLE_CARD_MILLI = 1000


def read_openb(nodes: Path, pods: Path) -> Trace:
    """Read a node list and a pod list.

    Raises:
        TraceFormatError: a file is no such list; path, line and column are named.
    """
    seen: set[str] = set()
    node_objects = [_node(row, row.name("sn", seen)) for row in read_rows(nodes, NODE_COLUMNS)]
    if not node_objects:
        raise TraceFormatError(f"{nodes}: must have at least one node, got none")
    return read_openb_pods(pods, [_namespace(), *node_objects], f"openb {pods.name}")


def read_openb_pods(pods: Path, objects: Sequence[dict[str, Any]], source: str) -> Trace:
    """Read a pod list onto a cluster that is given."""
    templates: dict[tuple[object, ...], int] = {}
    manifests: list[dict[str, Any]] = []
    index, names, times = [], [], []
    seen: set[str] = set()
    num_shares = 0
    for row in read_rows(pods, POD_COLUMNS):
        key = _pod_key(row)
        if key not in templates:
            templates[key] = len(manifests)
            manifests.append(_pod(*key))
        index.append(templates[key])
        names.append(row.name("name", seen))
        times.append(_times(row))
        num_shares += 0 < row.integer("gpu_milli") < _WHOLE_CARD_MILLI
    if not names:
        raise TraceFormatError(f"{pods}: must have at least one pod, got none")
    arrival_s, duration_s, removed_s, start_s = np.array(times, np.int64).T
    order = np.argsort(arrival_s, kind="stable")
    columns = {
        "name": [names[i] for i in order.tolist()],
        "template": np.array(index, np.int32)[order],
        "arrival_ns": arrival_s[order] * _NANOS_PER_SECOND,
        "duration_ns": duration_s[order] * _NANOS_PER_SECOND,
        "removed_ns": removed_s[order] * _NANOS_PER_SECOND,
        "recorded_start_ns": start_s[order] * _NANOS_PER_SECOND,
    }
    notes = [Note("pods ask for a share of a card, which only GPUShare can give; else they take it whole", num_shares)]
    nodes, others = split_objects(objects)
    return Trace(
        source,
        [str(node["metadata"]["name"]) for node in nodes],
        nodes,
        nodes_at_start(len(nodes)),
        others,
        manifests,
        pod_table(columns),
        _MODEL_LABEL,
        tuple(notes) if num_shares else (),
    )


def _times(row: Row) -> tuple[int, int, int, int]:
    """Return arrival, run time, removal and start in seconds; -1 where there is none."""
    arrival_s = row.integer("creation_time", _MOST_SECONDS)
    if not row.text("deletion_time"):
        return arrival_s, -1, -1, -1
    deleted_s = row.integer("deletion_time", _MOST_SECONDS)
    if not row.text("scheduled_time"):
        return arrival_s, -1, max(deleted_s, arrival_s), -1
    start_s = row.integer("scheduled_time", _MOST_SECONDS)
    return arrival_s, max(deleted_s - start_s, 0), -1, max(start_s, arrival_s)


def _namespace() -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": _NAMESPACE}}


def _node(row: Row, name: str) -> dict[str, Any]:
    labels = {"kubernetes.io/hostname": name}
    if model := row.label_value("model"):
        labels[_MODEL_LABEL] = labels[_CARD_MODEL_LABEL] = model
    resources = {
        "cpu": f"{row.integer('cpu_milli')}m",
        "memory": f"{row.integer('memory_mib', _MOST_MIB)}Mi",
        "pods": _PODS_PER_NODE,
    }
    if row.integer("gpu"):
        resources["nvidia.com/gpu"] = str(row.integer("gpu"))
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "status": {"allocatable": resources},
    }


def _pod_key(row: Row) -> tuple[int, int, int, int, str, str]:
    num_gpu, gpu_milli = row.integer("num_gpu"), row.integer("gpu_milli", _WHOLE_CARD_MILLI)
    if num_gpu == 0 and gpu_milli != 0:
        row.fault("gpu_milli", "be 0 where num_gpu is 0", gpu_milli)
    if num_gpu > 0 and gpu_milli == 0:
        row.fault("gpu_milli", "not be 0 where num_gpu is not", gpu_milli)
    if num_gpu > 1 and gpu_milli != _WHOLE_CARD_MILLI:
        row.fault("gpu_milli", f"be {_WHOLE_CARD_MILLI} where num_gpu is above 1", gpu_milli)
    gpu_spec = row.text("gpu_spec")
    if gpu_spec and not all(model and is_label_value(model) for model in gpu_spec.split("|")):
        row.fault("gpu_spec", "be models joined by |", gpu_spec)
    memory_mib = row.integer("memory_mib", _MOST_MIB)
    return (row.integer("cpu_milli"), memory_mib, num_gpu, gpu_milli, gpu_spec, row.label_value("qos"))


def _pod(cpu_milli: int, memory_mib: int, num_gpu: int, gpu_milli: int, gpu_spec: str, qos: str) -> dict[str, Any]:
    resources: dict[str, Any] = {"requests": {"cpu": f"{cpu_milli}m", "memory": f"{memory_mib}Mi"}}
    if num_gpu:
        resources["limits"] = {"nvidia.com/gpu": str(num_gpu)}
    spec: dict[str, Any] = {"containers": [{"name": "main", "image": "registry.local/main:v1", "resources": resources}]}
    if gpu_spec:
        models = {"key": _MODEL_LABEL, "operator": "In", "values": gpu_spec.split("|")}
        terms = {"nodeSelectorTerms": [{"matchExpressions": [models]}]}
        spec["affinity"] = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}
    metadata: dict[str, Any] = {"name": "openb-pod", "namespace": _NAMESPACE}
    if num_gpu:
        cards = {"alibabacloud.com/gpu-count": str(num_gpu), "alibabacloud.com/gpu-milli": str(gpu_milli)}
        metadata["annotations"] = cards | ({_CARD_MODEL_LABEL: gpu_spec} if gpu_spec else {})
    if qos:
        metadata["labels"] = {"qos": qos}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
