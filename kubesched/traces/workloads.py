"""Pods of workloads: what their controllers would create."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kubesched.api.fields import integer, mapping
from kubesched.errors import ObjectError, TraceFormatError

KINDS = ("Deployment", "ReplicaSet", "ReplicationController", "StatefulSet", "DaemonSet", "Job", "CronJob")
MOST_REPLICAS = 1_000_000
_SYSTEM_PRIORITIES = {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}
_DAEMON_TAINTS = (
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
    "node.kubernetes.io/disk-pressure",
    "node.kubernetes.io/memory-pressure",
    "node.kubernetes.io/pid-pressure",
    "node.kubernetes.io/unschedulable",
    "node.kubernetes.io/network-unavailable",
)


def object_key(obj: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return (kind, namespace, name) of an object; the namespace of one that names none is `default`."""
    metadata = obj.get("metadata") or {}
    return str(obj.get("kind")), str(metadata.get("namespace") or "default"), str(metadata.get("name"))


def num_replicas(workload: Mapping[str, Any]) -> int:
    """Return how many pods a workload wants, a DaemonSet not asked.

    Raises:
        ObjectError: a number is malformed.
    """
    kind, namespace, name = object_key(workload)
    spec = mapping(workload, "spec", "")
    try:
        if kind == "Job":
            parallelism = integer(spec, "parallelism", "spec", 1, 0, MOST_REPLICAS)
            completions = integer(spec, "completions", "spec", parallelism, 0, MOST_REPLICAS)
            return completions if not spec.get("suspend") else 0
        if kind == "CronJob":
            return 0
        return integer(spec, "replicas", "spec", 1, 0, MOST_REPLICAS)
    except ObjectError as error:
        raise ObjectError(f"{kind} {namespace}/{name}: {error}") from None


def pod_of(workload: Mapping[str, Any], priorities: Mapping[str, int]) -> dict[str, Any]:
    """Return the pod that a workload makes copies of, with the workload as its controller.

    Raises:
        TraceFormatError: it has no pod template.
    """
    kind, namespace, name = object_key(workload)
    template = (workload.get("spec") or {}).get("template")
    if not isinstance(template, Mapping) or not isinstance(template.get("spec"), Mapping):
        raise TraceFormatError(f"{kind} {namespace}/{name}: spec.template must be a pod template, got {template!r:.60}")
    metadata = {**(template.get("metadata") or {})}
    owner = {
        "apiVersion": str(workload.get("apiVersion") or "apps/v1"),
        "kind": "ReplicaSet" if kind == "Deployment" else kind,
        "name": name,
        "uid": str((workload.get("metadata") or {}).get("uid") or f"{kind}-{namespace}-{name}".lower()),
        "controller": True,
    }
    metadata |= {"name": name, "namespace": namespace, "ownerReferences": [owner]}
    metadata.pop("creationTimestamp", None)
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": dict(template["spec"])}
    return with_priority(pod, priorities)


def with_priority(pod: dict[str, Any], priorities: Mapping[str, int]) -> dict[str, Any]:
    """Return a pod with spec.priority, as the admission plugin Priority fills it in."""
    spec = pod.get("spec") or {}
    if spec.get("priority") is not None:
        return pod
    name = spec.get("priorityClassName") or ""
    value = priorities.get(name, _SYSTEM_PRIORITIES.get(name, 0))
    return {**pod, "spec": {**spec, "priority": value}} if value else pod


def priorities_of(objects: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Return the values of PriorityClasses by name; that of the global default under the empty name."""
    found: dict[str, int] = {}
    for obj in objects:
        if obj.get("kind") == "PriorityClass" and isinstance(obj.get("value"), int):
            found[object_key(obj)[2]] = obj["value"]
            if obj.get("globalDefault"):
                found[""] = obj["value"]
    return found


def daemon_pods(pod: dict[str, Any], nodes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return a DaemonSet's pods, one for each node that it may run on, bound to it by node affinity."""
    from kubesched.engine import Scheduler

    spec = pod["spec"]
    tolerations = [*(spec.get("tolerations") or []), *({"key": key, "operator": "Exists"} for key in _DAEMON_TAINTS)]
    pod = {**pod, "spec": {**spec, "tolerations": tolerations}}
    bare = {**pod["spec"], "containers": [{"name": "c", "image": "i"}], "initContainers": []}
    kept = ("containers", "tolerations", "nodeSelector", "affinity")
    probe = {**pod, "spec": {key: value for key, value in bare.items() if key in kept and value}}
    may_run = Scheduler(nodes).explain(probe).feasible.tolist() if nodes else []
    pods = []
    for node, fits in zip(nodes, may_run, strict=True):
        if fits:
            name = str(node["metadata"]["name"])
            pods.append(
                {
                    **pod,
                    "metadata": {**pod["metadata"], "name": f"{pod['metadata']['name']}-{name}"},
                    "spec": {**pod["spec"], "affinity": _on_node(pod["spec"].get("affinity") or {}, name)},
                }
            )
    return pods


def _on_node(affinity: Mapping[str, Any], name: str) -> dict[str, Any]:
    field = {"key": "metadata.name", "operator": "In", "values": [name]}
    node = dict(affinity.get("nodeAffinity") or {})
    required = node.get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    terms = required.get("nodeSelectorTerms") or [{}]
    pinned = [{**term, "matchFields": [*(term.get("matchFields") or []), field]} for term in terms]
    node["requiredDuringSchedulingIgnoredDuringExecution"] = {"nodeSelectorTerms": pinned}
    return {**affinity, "nodeAffinity": node}
