"""PodTopologySpread."""

from __future__ import annotations

import math
from typing import Any

from tests.oracle.basics import UNRESOLVABLE, Verdict
from tests.oracle.cluster import Cluster, Manifest
from tests.oracle.selectors import first_untolerated, is_empty, node_allowed, selector_matches

HOSTNAME = "kubernetes.io/hostname"
MISSING = "/"  # no label value looks like this
SYSTEM_DEFAULTS = [
    {"maxSkew": 3, "topologyKey": HOSTNAME, "whenUnsatisfiable": "ScheduleAnyway"},
    {"maxSkew": 5, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway"},
]


def labels_of(obj: Manifest) -> dict[str, str]:
    return obj["metadata"].get("labels") or {}


def namespace_of(obj: Manifest) -> str:
    return obj["metadata"].get("namespace") or "default"


def default_selector(cluster: Cluster, pod: Manifest) -> dict[str, Any]:
    mine = [owner for owner in cluster.owners if namespace_of(owner) == namespace_of(pod)]
    merged: dict[str, str] = {}
    for owner in sorted((o for o in mine if o["kind"] == "Service"), key=lambda o: str(o["metadata"]["name"])):
        selector = owner["spec"].get("selector")
        if selector is not None and selector_matches({"matchLabels": selector}, labels_of(pod)):
            merged |= selector
    expressions: list[dict[str, Any]] = []
    references = [r for r in pod["metadata"].get("ownerReferences") or [] if r.get("controller")]
    for owner in mine:
        group = "v1" if owner["kind"] == "ReplicationController" else "apps/v1"
        same = [r for r in references[:1] if (r["apiVersion"], r["kind"]) == (group, owner["kind"])]
        if not same or same[0]["name"] != owner["metadata"]["name"]:
            continue
        selector = owner["spec"].get("selector")
        if owner["kind"] == "ReplicationController":
            merged |= selector or {}
        elif owner["kind"] != "Service" and selector is not None:
            equal = {"key": "", "operator": "In"}
            expressions += [{**equal, "key": k, "values": [v]} for k, v in (selector.get("matchLabels") or {}).items()]
            expressions += selector.get("matchExpressions") or []
    return {"matchLabels": merged, "matchExpressions": expressions}


def constraints_of(cluster: Cluster, pod: Manifest, args: dict[str, Any]) -> list[dict[str, Any]]:
    own = pod["spec"].get("topologySpreadConstraints")
    if own:
        resolved = []
        for constraint in own:
            selector = constraint.get("labelSelector")
            keys = [k for k in constraint.get("matchLabelKeys") or [] if k in labels_of(pod)]
            if selector is not None and keys:
                more = [{"key": k, "operator": "In", "values": [labels_of(pod)[k]]} for k in keys]
                selector = {**selector, "matchExpressions": [*(selector.get("matchExpressions") or []), *more]}
            resolved.append({**constraint, "labelSelector": selector})
        return resolved
    defaults = SYSTEM_DEFAULTS if args.get("defaultingType", "System") == "System" else args["defaultConstraints"]
    selector = default_selector(cluster, pod)
    return [] if is_empty(selector) else [{**c, "labelSelector": selector} for c in defaults]


def by_action(constraints: list[dict[str, Any]], action: str) -> list[dict[str, Any]]:
    return [c for c in constraints if c["whenUnsatisfiable"] == action]


def included(constraint: dict[str, Any], pod: Manifest, node: Manifest) -> bool:
    if constraint.get("nodeAffinityPolicy", "Honor") == "Honor" and not node_allowed(pod, node):
        return False
    honours_taints = constraint.get("nodeTaintsPolicy", "Ignore") == "Honor"
    return not (honours_taints and first_untolerated(pod, node) is not None)


def count_pods(cluster: Cluster, node: Manifest, constraint: dict[str, Any], pod: Manifest) -> int:
    selector = constraint["labelSelector"]
    if is_empty(selector):
        return 0
    return sum(
        other["metadata"].get("deletionTimestamp") is None
        and namespace_of(other) == namespace_of(pod)
        and selector_matches(selector, labels_of(other))
        for other in cluster.pods_on(node)
    )


def spread_filter(cluster: Cluster, pod: Manifest, constraints: list[dict[str, Any]]) -> dict[str, Verdict]:
    """The verdict on every node."""
    keys = [c["topologyKey"] for c in constraints]
    counts: list[dict[str, int]] = [{} for _ in constraints]
    for node in cluster.nodes:
        if not all(key in labels_of(node) for key in keys):
            continue
        for constraint, by_domain in zip(constraints, counts, strict=True):
            if included(constraint, pod, node):
                domain = labels_of(node)[constraint["topologyKey"]]
                by_domain[domain] = by_domain.get(domain, 0) + count_pods(cluster, node, constraint, pod)
    verdicts: dict[str, Verdict] = {}
    text = "node(s) didn't match pod topology spread constraints"
    for node in cluster.nodes:
        verdict: Verdict = None
        for constraint, by_domain in zip(constraints, counts, strict=True):
            domain = labels_of(node).get(constraint["topologyKey"], MISSING)
            if domain == MISSING:
                verdict = (UNRESOLVABLE, [f"{text} (missing required label)"])
                break
            fewest = min(by_domain.values()) if len(by_domain) >= (constraint.get("minDomains") or 1) else 0
            own = selector_matches(constraint["labelSelector"], labels_of(pod))
            if by_domain.get(domain, 0) + own - fewest > constraint["maxSkew"]:
                verdict = ("Unschedulable", [text])
                break
        verdicts[node["metadata"]["name"]] = verdict
    return verdicts


def spread_score(
    cluster: Cluster, pod: Manifest, constraints: list[dict[str, Any]], feasible: list[Manifest], *, all_keys: bool
) -> dict[str, int]:
    keys = [c["topologyKey"] for c in constraints]

    def has_keys(node: Manifest) -> bool:
        return not all_keys or all(key in labels_of(node) for key in keys)

    scored = [node for node in feasible if has_keys(node)]
    sums = {node["metadata"]["name"]: 0.0 for node in scored}
    for constraint in constraints:
        key = constraint["topologyKey"]
        domains = {labels_of(node).get(key, "") for node in scored}
        weight = math.log((len(scored) if key == HOSTNAME else len(domains)) + 2)
        by_domain: dict[str, int] = dict.fromkeys(domains, 0)
        for node in cluster.nodes:
            domain = labels_of(node).get(key, "")
            if has_keys(node) and included(constraint, pod, node) and domain in by_domain:
                by_domain[domain] += count_pods(cluster, node, constraint, pod)
        for node in scored:
            if key not in labels_of(node):
                continue
            per_node = key == HOSTNAME
            count = count_pods(cluster, node, constraint, pod) if per_node else by_domain[labels_of(node)[key]]
            sums[node["metadata"]["name"]] += float(count) * weight + float(constraint["maxSkew"] - 1)
    raw = {name: math.floor(value + 0.5) for name, value in sums.items()}
    lowest, highest = min(raw.values(), default=0), max(raw.values(), default=0)
    scores = {node["metadata"]["name"]: 0 for node in feasible}
    for name, value in raw.items():
        scores[name] = 100 * (highest + lowest - value) // highest if highest else 100
    return scores
