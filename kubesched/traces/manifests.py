"""Kubernetes manifests as a trace: the pending pods arrive in document order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from kubesched.api.manifests import load
from kubesched.api.pod_fields import bound_node_name, is_finished, pod_key
from kubesched.errors import TraceFormatError
from kubesched.traces.trace import Note, Trace, nodes_at_start, pod_table

_Manifest: TypeAlias = dict[str, Any]
_MODEL_LABELS = (
    "nvidia.com/gpu.product",
    "alibabacloud.com/gpu-card-model",
    "cloud.google.com/gke-accelerator",
    "gpu-model",
)


def read_manifests(nodes: Path, pods: Path) -> Trace:
    """Read a cluster and its pending pods; both may stand in one file.

    Pods with spec.nodeName are on their nodes from the start; succeeded and failed pods are left out.

    Raises:
        ManifestError: a file cannot be read.
        TraceFormatError: there is no node, no pending pod, or one file has a pod twice.
        ObjectError: a pod breaks a rule of its type.
    """
    objects = load(nodes)
    more = objects if pods == nodes else load(pods)
    cluster = [obj for obj in objects if obj["kind"] != "Pod"]
    if pods != nodes:
        cluster += [obj for obj in more if obj["kind"] not in ("Pod", "Node")]
    if not any(obj["kind"] == "Node" for obj in cluster):
        raise TraceFormatError(f"{nodes}: must have at least one Node, got none")
    pending, bound, num_finished = _sort_pods({nodes: objects, pods: more})
    if not pending:
        raise TraceFormatError(f"{pods}: must have at least one pending Pod, got none")
    notes = [Note("finished pods are left out", num_finished)] if num_finished else []
    if bound:
        notes.append(Note("pods are on their nodes from the start", len(bound)))
    nodes_there, others = split_objects([*cluster, *bound])
    columns = {
        "name": [pod_key(pod).partition("/")[2] for pod in pending],
        "template": range(len(pending)),
        "arrival_ns": [0] * len(pending),
    }
    return Trace(
        f"manifests {pods.name}",
        [str(node["metadata"]["name"]) for node in nodes_there],
        nodes_there,
        nodes_at_start(len(nodes_there)),
        others,
        pending,
        pod_table(columns),
        model_label_of(cluster),
        tuple(notes),
    )


def split_objects(objects: Iterable[_Manifest]) -> tuple[list[_Manifest], list[_Manifest]]:
    """Return the nodes, and all else."""
    nodes: list[_Manifest] = []
    others: list[_Manifest] = []
    for obj in objects:
        (nodes if obj.get("kind") == "Node" else others).append(obj)
    return nodes, others


def _sort_pods(files: Mapping[Path, list[dict[str, Any]]]) -> tuple[list[_Manifest], list[_Manifest], int]:
    """Return pending pods, bound pods and the number of finished ones; a pod that both files have counts once."""
    pods: dict[str, _Manifest] = {}
    for file, objects in files.items():
        own = set()
        for obj in objects:
            if obj["kind"] == "Pod":
                key = pod_key(obj)
                if key in own:
                    raise TraceFormatError(f"{file}: must have each pod once, got {key!r} twice")
                own.add(key)
                pods.setdefault(key, obj)
    pending, bound = [], []
    num_finished = 0
    for obj in pods.values():
        if is_finished(obj):
            num_finished += 1
        elif bound_node_name(obj):
            bound.append(obj)
        else:
            pending.append(obj)
    return pending, bound, num_finished


def model_label_of(cluster: Sequence[Mapping[str, Any]]) -> str:
    """Return the label by which nodes name their GPU model; empty where none does."""
    for label in _MODEL_LABELS:
        for obj in cluster:
            if obj.get("kind") == "Node" and label in ((obj.get("metadata") or {}).get("labels") or {}):
                return label
    return ""
