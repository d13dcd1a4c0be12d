"""NodeResourcesFit and NodeResourcesBalancedAllocation."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from tests.oracle import requests
from tests.oracle.basics import UNRESOLVABLE, Verdict
from tests.oracle.cluster import Cluster, Manifest


def _ignored(name: str, args: dict[str, Any]) -> bool:
    if "/" not in name or "kubernetes.io/" in name:
        return False
    return name in (args.get("ignoredResources") or []) or name.split("/")[0] in (
        args.get("ignoredResourceGroups") or []
    )


def fit(cluster: Cluster, pod: Manifest, node: Manifest, args: dict[str, Any]) -> Verdict:
    allocatable, used = cluster.allocatable(node), cluster.requested(node)
    reasons = []
    code = "Unschedulable"
    if len(cluster.pods_on(node)) + 1 > allocatable.get("pods", 0):
        reasons.append("Too many pods")
    for name, amount in requests.requested(pod["spec"]).items():
        tracked = name in ("cpu", "memory", "ephemeral-storage") or requests.is_scalar(name)
        if amount == 0 or not tracked or _ignored(name, args):
            continue
        if amount > allocatable.get(name, 0) - used.get(name, 0):
            reasons.append(f"Insufficient {name}")
            if amount > allocatable.get(name, 0):
                code = UNRESOLVABLE
    return (code, reasons) if reasons else None


def _utilised(cluster: Cluster, pod: Manifest, node: Manifest, names: list[str], *, non_zero: bool) -> list[Any]:
    """(allocatable, requested with the pod) of each resource, None for one that does not count."""
    allocatable, used, charged = cluster.allocatable(node), cluster.requested(node), cluster.non_zero(node)
    wanted = requests.scored(pod["spec"]) if non_zero else requests.requested(pod["spec"])
    pairs: list[Any] = []
    for name in names:
        amount = wanted.get(name, 0)
        native = name in ("cpu", "memory", "ephemeral-storage")
        if name == "pods" or (not native and (amount == 0 or not requests.is_scalar(name))):
            pairs.append(None)
            continue
        taken = charged.get(name, 0) if non_zero and name in ("cpu", "memory") else used.get(name, 0)
        pairs.append((allocatable[name], taken + amount) if allocatable.get(name) else None)
    return pairs


def _by_shape(shape: list[dict[str, int]], utilization: int) -> int:
    points = [(p["utilization"], p["score"] * 10) for p in shape]
    if utilization <= points[0][0]:
        return points[0][1]
    for (x0, y0), (x1, y1) in pairwise(points):
        if utilization <= x1:
            return y0 + int((y1 - y0) * (utilization - x0) / (x1 - x0))
    return points[-1][1]


def _resource_score(strategy: dict[str, Any], capacity: int, wanted: int) -> int:
    kind = strategy.get("type", "LeastAllocated")
    if kind == "LeastAllocated":
        return 0 if wanted > capacity else (capacity - wanted) * 100 // capacity
    if kind == "MostAllocated":
        return min(wanted, capacity) * 100 // capacity
    return _by_shape(
        strategy["requestedToCapacityRatio"]["shape"], 100 if wanted > capacity else wanted * 100 // capacity
    )


def fit_score(cluster: Cluster, pod: Manifest, node: Manifest, args: dict[str, Any]) -> int:
    strategy = args.get("scoringStrategy") or {}
    resources = strategy.get("resources") or [{"name": "cpu"}, {"name": "memory"}]
    is_ratio = strategy.get("type") == "RequestedToCapacityRatio"
    total = weights = 0
    pairs = _utilised(cluster, pod, node, [r["name"] for r in resources], non_zero=True)
    for resource, pair in zip(resources, pairs, strict=True):
        if pair is None:
            continue
        score = _resource_score(strategy, *pair)
        if is_ratio and score <= 0:
            continue
        weight = resource.get("weight") or 1
        total += score * weight
        weights += weight
    if weights == 0:
        return 0
    return math.floor(total / weights + 0.5) if is_ratio else total // weights


def balanced_names(args: dict[str, Any]) -> list[str]:
    return [r["name"] for r in args.get("resources") or [{"name": "cpu"}, {"name": "memory"}]]


def asks_for_balanced(pod: Manifest, args: dict[str, Any]) -> bool:
    wanted = requests.requested(pod["spec"])
    return any(wanted.get(name, 0) for name in balanced_names(args))


def balanced_score(cluster: Cluster, pod: Manifest, node: Manifest, args: dict[str, Any]) -> int:
    pairs = _utilised(cluster, pod, node, balanced_names(args), non_zero=False)
    shares = [min(1.0, float(wanted) / float(capacity)) for capacity, wanted in (p for p in pairs if p is not None)]
    deviation = 0.0
    if len(shares) == 2:
        deviation = abs((shares[0] - shares[1]) / 2)
    elif len(shares) > 2:
        total = 0.0
        for share in shares:
            total += share
        mean = total / len(shares)
        squares = 0.0
        for share in shares:
            squares += (share - mean) * (share - mean)
        deviation = math.sqrt(squares / len(shares))
    return int((1 - deviation) * 100.0)
