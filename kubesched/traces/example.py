"""A workload made up for a first try: a mixed cluster and pods of every common kind."""

from __future__ import annotations

from typing import Any

import numpy as np

from kubesched.traces.trace import Trace, nodes_at_start, pod_table

_ZONES = ("zone-a", "zone-b", "zone-c")
_NODE_KINDS = (
    # cpu, memory GiB, GPUs, GPU model, share of the nodes
    (16, 64, 0, "", 0.4),
    (32, 128, 0, "", 0.3),
    (64, 512, 0, "", 0.1),
    (96, 768, 8, "A100", 0.1),
    (48, 192, 4, "T4", 0.1),
)
_MEAN_GAP_NS = 200_000_000


def example_trace(num_nodes: int = 500, num_pods: int = 14000, seed: int = 1) -> Trace:
    """Make a cluster in three zones and pods of services, batch jobs, trainings and singletons.

    The same arguments give the same trace on every machine.

    Args:
        num_nodes: how many nodes, at least 1.
        num_pods: how many pods, at least 1.
        seed: of every draw.
    """
    draws = np.random.Generator(np.random.PCG64(seed))
    kinds = draws.choice(len(_NODE_KINDS), num_nodes, p=[kind[-1] for kind in _NODE_KINDS])
    nodes = [_node(i, *_NODE_KINDS[kind][:4]) for i, kind in enumerate(kinds.tolist())]
    templates = [*(_service(i) for i in range(24)), *(_batch(i) for i in range(12)), *(_training(i) for i in range(4))]
    popularity = 1.0 / np.arange(1, len(templates) + 1)
    index = draws.choice(len(templates), num_pods, p=popularity / popularity.sum())
    arrival_ns = np.cumsum(draws.integers(1, 2 * _MEAN_GAP_NS, num_pods))
    columns = {
        "name": [f"{templates[t]['metadata']['name']}-{i}" for i, t in enumerate(index.tolist())],
        "template": index.astype(np.int32),
        "arrival_ns": arrival_ns.astype(np.int64),
    }
    return Trace(
        f"example with seed {seed}",
        [node["metadata"]["name"] for node in nodes],
        nodes,
        nodes_at_start(num_nodes),
        [],
        templates,
        pod_table(columns),
        "gpu-model",
    )


def _node(i: int, cpu: int, memory_gib: int, gpus: int, model: str) -> dict[str, Any]:
    name = f"node-{i:04d}"
    labels = {"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": _ZONES[i % len(_ZONES)]}
    resources = {"cpu": str(cpu), "memory": f"{memory_gib}Gi", "pods": "110"}
    spec: dict[str, Any] = {}
    if gpus:
        labels["gpu-model"] = model
        resources["nvidia.com/gpu"] = str(gpus)
        spec["taints"] = [{"key": "nvidia.com/gpu", "value": "present", "effect": "PreferNoSchedule"}]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "spec": spec,
        "status": {"allocatable": resources},
    }


def _pod(name: str, cpu: str, memory: str, **spec: Any) -> dict[str, Any]:
    container = {"name": "main", "image": "registry.local/main:v1"}
    resources: dict[str, Any] = {"requests": {"cpu": cpu, "memory": memory}}
    if "gpus" in spec:
        resources["limits"] = {"nvidia.com/gpu": str(spec.pop("gpus"))}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "labels": {"app": name}},
        "spec": {"containers": [{**container, "resources": resources}], **spec},
    }


def _service(i: int) -> dict[str, Any]:
    """Spread over zones; every third keeps its replicas on different nodes if it can."""
    name = f"service-{i}"
    selector = {"matchLabels": {"app": name}}
    spread = {"maxSkew": 1 + i % 3, "topologyKey": "topology.kubernetes.io/zone", "labelSelector": selector}
    spread["whenUnsatisfiable"] = "DoNotSchedule" if i % 4 == 0 else "ScheduleAnyway"
    spec: dict[str, Any] = {"topologySpreadConstraints": [spread]}
    if i % 3 == 0:
        term = {"topologyKey": "kubernetes.io/hostname", "labelSelector": selector}
        apart = {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 50, "podAffinityTerm": term}]}
        spec["affinity"] = {"podAntiAffinity": apart}
    return _pod(name, f"{250 * (1 + i % 8)}m", f"{512 * (1 + i % 6)}Mi", **spec)


def _batch(i: int) -> dict[str, Any]:
    return _pod(f"batch-{i}", str(2 + i % 6), f"{4 + 4 * (i % 8)}Gi")


def _training(i: int) -> dict[str, Any]:
    models = {"key": "gpu-model", "operator": "In", "values": ["A100"] if i % 2 else ["A100", "T4"]}
    terms = {"nodeSelectorTerms": [{"matchExpressions": [models]}]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}
    return _pod(f"training-{i}", "8", "32Gi", gpus=1 if i < 2 else 4, affinity=affinity)
