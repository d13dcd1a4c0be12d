"""InterPodAffinity."""

from __future__ import annotations

from typing import Any

from tests.oracle.basics import UNRESOLVABLE, Verdict
from tests.oracle.cluster import Cluster, Manifest
from tests.oracle.selectors import is_empty, selector_matches
from tests.oracle.spread import labels_of, namespace_of

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def terms_of(pod: Manifest, kind: str, strength: str) -> list[Any]:
    affinity = (pod["spec"].get("affinity") or {}).get(kind) or {}
    return affinity.get(strength) or []


def selector_of(term: dict[str, Any], owner: Manifest) -> dict[str, Any] | None:
    """The label selector with the matchLabelKeys of the pod that has the term."""
    selector: dict[str, Any] | None = term.get("labelSelector")
    more = [
        {"key": key, "operator": operator, "values": [labels_of(owner)[key]]}
        for field, operator in (("matchLabelKeys", "In"), ("mismatchLabelKeys", "NotIn"))
        for key in term.get(field) or []
        if key in labels_of(owner)
    ]
    if selector is None or not more:
        return selector
    return {**selector, "matchExpressions": [*(selector.get("matchExpressions") or []), *more]}


def own_term_matches(cluster: Cluster, term: dict[str, Any], owner: Manifest, other: Manifest) -> bool:
    """The term of an incoming pod against a pod on a node."""
    names = set(term.get("namespaces") or [])
    wanted = term.get("namespaceSelector")
    if not names and wanted is None:
        names = {namespace_of(owner)}
    names |= {name for name, labels in cluster.namespaces.items() if selector_matches(wanted, labels)}
    if namespace_of(other) not in names and not is_empty(wanted):
        return False
    return selector_matches(selector_of(term, owner), labels_of(other))


def other_term_matches(cluster: Cluster, term: dict[str, Any], owner: Manifest, incoming: Manifest) -> bool:
    """The term of a pod on a node against the incoming pod."""
    names = set(term.get("namespaces") or [])
    wanted = term.get("namespaceSelector")
    if not names and wanted is None:
        names = {namespace_of(owner)}
    labels = cluster.namespaces.get(namespace_of(incoming), {})
    if namespace_of(incoming) not in names and not selector_matches(wanted, labels):
        return False
    return selector_matches(selector_of(term, owner), labels_of(incoming))


def affinity_filter(cluster: Cluster, pod: Manifest) -> dict[str, Verdict]:
    together, apart = terms_of(pod, "podAffinity", REQUIRED), terms_of(pod, "podAntiAffinity", REQUIRED)
    near: set[tuple[str, str]] = set()
    far: set[tuple[str, str]] = set()
    keep_out: set[tuple[str, str]] = set()
    for node in cluster.nodes:
        for other in cluster.pods_on(node):
            if together and all(own_term_matches(cluster, t, pod, other) for t in together):
                near |= {
                    (t["topologyKey"], labels_of(node)[t["topologyKey"]])
                    for t in together
                    if t["topologyKey"] in labels_of(node)
                }
            far |= {
                (t["topologyKey"], labels_of(node)[t["topologyKey"]])
                for t in apart
                if t["topologyKey"] in labels_of(node) and own_term_matches(cluster, t, pod, other)
            }
            keep_out |= {
                (t["topologyKey"], labels_of(node)[t["topologyKey"]])
                for t in terms_of(other, "podAntiAffinity", REQUIRED)
                if t["topologyKey"] in labels_of(node) and other_term_matches(cluster, t, other, pod)
            }
    is_first = not near and all(own_term_matches(cluster, t, pod, pod) for t in together)
    verdicts: dict[str, Verdict] = {}
    for node in cluster.nodes:
        labels = labels_of(node)
        verdict: Verdict = None
        has_keys = all(t["topologyKey"] in labels for t in together)
        is_near = all((t["topologyKey"], labels.get(t["topologyKey"])) in near for t in together)
        if not has_keys or not (is_near or is_first):
            verdict = (UNRESOLVABLE, ["node(s) didn't match pod affinity rules"])
        elif any((t["topologyKey"], labels.get(t["topologyKey"])) in far for t in apart):
            verdict = ("Unschedulable", ["node(s) didn't match pod anti-affinity rules"])
        elif any((key, value) in keep_out for key, value in labels.items()):
            verdict = ("Unschedulable", ["node(s) didn't satisfy existing pods anti-affinity rules"])
        verdicts[node["metadata"]["name"]] = verdict
    return verdicts


def affinity_score(
    cluster: Cluster, pod: Manifest, feasible: list[Manifest], args: dict[str, Any]
) -> dict[str, int] | None:
    """Scores of the feasible nodes; None where the plugin does not score this pod."""
    prefers = terms_of(pod, "podAffinity", PREFERRED) or terms_of(pod, "podAntiAffinity", PREFERRED)
    if args.get("ignorePreferredTermsOfExistingPods") and not prefers:
        return None
    hard_weight = args.get("hardPodAffinityWeight", 1)
    weights: dict[tuple[str, str], int] = {}

    def count(node: Manifest, term: dict[str, Any], weight: int) -> None:
        key = term["topologyKey"]
        if key in labels_of(node):
            pair = (key, labels_of(node)[key])
            weights[pair] = weights.get(pair, 0) + weight

    for node in cluster.nodes:
        for other in cluster.pods_on(node):
            for kind, sign in (("podAffinity", 1), ("podAntiAffinity", -1)):
                for preference in terms_of(pod, kind, PREFERRED):
                    if own_term_matches(cluster, preference["podAffinityTerm"], pod, other):
                        count(node, preference["podAffinityTerm"], sign * preference["weight"])
                for preference in terms_of(other, kind, PREFERRED):
                    if other_term_matches(cluster, preference["podAffinityTerm"], other, pod):
                        count(node, preference["podAffinityTerm"], sign * preference["weight"])
            for term in terms_of(other, "podAffinity", REQUIRED):
                if hard_weight > 0 and other_term_matches(cluster, term, other, pod):
                    count(node, term, hard_weight)
    if not weights:
        return None
    raw = {node["metadata"]["name"]: sum(weights.get(pair, 0) for pair in labels_of(node).items()) for node in feasible}
    lowest, highest = min(raw.values()), max(raw.values())
    if highest == lowest:
        return dict.fromkeys(raw, 0)
    return {name: int(100.0 * (float(value - lowest) / float(highest - lowest))) for name, value in raw.items()}
