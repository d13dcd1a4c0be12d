"""The workloads of the bench, after scheduler_perf's: name -> what its pods ask for. Pods are 100m and 500Mi.

basic               nothing else
many_shapes         every pod asks for another amount
node_affinity       required node affinity to two of three zones
spread              topology spread over zones, DoNotSchedule
preferred_spread    the same, ScheduleAnyway
affinity            required affinity to pods of its app in the zone
anti_affinity       required anti-affinity to pods of its app on the host
preferred_affinity  preferred affinity to pods of its app on the host
preferred_anti      preferred anti-affinity to pods of its app on the host
"""

from __future__ import annotations

from typing import Any

import numpy as np

import kubesched as ks

Manifest = dict[str, Any]

ZONE, HOSTNAME = "topology.kubernetes.io/zone", "kubernetes.io/hostname"
ZONES = ("zone-a", "zone-b", "zone-c")
NUM_APPS = 10
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def make_nodes(count: int) -> list[Manifest]:
    """Nodes of 4 cores, 32Gi and 110 pods in three zones."""
    return [
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": f"node-{i}", "labels": {HOSTNAME: f"node-{i}", ZONE: ZONES[i % 3]}},
            "status": {"allocatable": {"cpu": "4", "memory": "32Gi", "pods": "110"}},
        }
        for i in range(count)
    ]


def _selector(app: str) -> Manifest:
    return {"matchLabels": {"app": app}}


def _spread(app: str, action: str) -> Manifest:
    constraint = {"maxSkew": 5, "topologyKey": ZONE, "whenUnsatisfiable": action, "labelSelector": _selector(app)}
    return {"topologySpreadConstraints": [constraint]}


def _affinity(kind: str, app: str, key: str, *, required: bool) -> Manifest:
    term = {"topologyKey": key, "labelSelector": _selector(app)}
    terms = {REQUIRED: [term]} if required else {PREFERRED: [{"weight": 10, "podAffinityTerm": term}]}
    return {"affinity": {kind: terms}}


def _node_affinity() -> Manifest:
    zones = {"key": ZONE, "operator": "In", "values": list(ZONES[:2])}
    terms = {"nodeSelectorTerms": [{"matchExpressions": [zones]}]}
    return {"affinity": {"nodeAffinity": {REQUIRED: terms}}}


def spec_of(workload: str, i: int) -> Manifest:
    """What the i-th template of a workload asks for beside cpu and memory."""
    app = f"app-{i}"
    specs = {
        "node_affinity": lambda: _node_affinity(),
        "spread": lambda: _spread(app, "DoNotSchedule"),
        "preferred_spread": lambda: _spread(app, "ScheduleAnyway"),
        "affinity": lambda: _affinity("podAffinity", app, ZONE, required=True),
        "anti_affinity": lambda: _affinity("podAntiAffinity", app, HOSTNAME, required=True),
        "preferred_affinity": lambda: _affinity("podAffinity", app, HOSTNAME, required=False),
        "preferred_anti": lambda: _affinity("podAntiAffinity", app, HOSTNAME, required=False),
    }
    return specs[workload]() if workload in specs else {}


WORKLOADS = (
    "basic",
    "many_shapes",
    "node_affinity",
    "spread",
    "preferred_spread",
    "affinity",
    "anti_affinity",
    "preferred_affinity",
    "preferred_anti",
)


def make_templates(workload: str, count: int, num_apps: int = NUM_APPS) -> list[Manifest]:
    """The distinct pods of a workload, at most `count`."""
    num_templates = {"basic": 1, "many_shapes": count, "node_affinity": 1}.get(workload, min(num_apps, count))
    templates = []
    for i in range(num_templates):
        odd = i if workload == "many_shapes" else 0
        requests = {"cpu": f"{100 + odd % 97}m", "memory": f"{500 + odd // 97}Mi"}
        container = {"name": "main", "image": "pause", "resources": {"requests": requests}}
        templates.append(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": f"pod-{i}", "labels": {"app": f"app-{i}"}},
                "spec": {"containers": [container], **spec_of(workload, i)},
            }
        )
    return templates


def make_pods(workload: str, count: int) -> list[Manifest]:
    """The pods of a workload as manifests, templates in turn."""
    templates = make_templates(workload, count)
    return [
        {**templates[i % len(templates)], "metadata": {**templates[i % len(templates)]["metadata"], "name": f"p-{i}"}}
        for i in range(count)
    ]


def make_zipf(num_shapes: int, num_pods: int, prefix: str = "p") -> ks.PodBatch:
    """Prepared pods, each with the k-th of `num_shapes` requests with a probability in proportion to 1 / k."""
    weights = 1 / np.arange(1, num_shapes + 1)
    index = np.random.Generator(np.random.PCG64(1)).choice(num_shapes, num_pods, p=weights / weights.sum())
    names = [f"{prefix}-{i}" for i in range(num_pods)]
    return ks.PodBatch.from_templates(make_templates("many_shapes", num_shapes), index, names)


def make_batch(workload: str, count: int, num_apps: int = NUM_APPS) -> ks.PodBatch:
    """The same pods, prepared."""
    templates = make_templates(workload, count, num_apps)
    index = [i % len(templates) for i in range(count)]
    return ks.PodBatch.from_templates(templates, index, [f"p-{i}" for i in range(count)])
