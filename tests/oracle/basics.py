"""NodeUnschedulable, NodeName, TaintToleration, NodeAffinity, NodePorts and ImageLocality."""

from __future__ import annotations

from typing import Any

from tests.oracle.cluster import Cluster, Manifest, host_ports
from tests.oracle.selectors import first_untolerated, node_allowed, required_terms, term_matches, tolerates

Verdict = tuple[str, list[str]] | None
UNRESOLVABLE = "UnschedulableAndUnresolvable"


def node_unschedulable(pod: Manifest, node: Manifest) -> Verdict:
    taint = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
    if not node.get("spec", {}).get("unschedulable"):
        return None
    if any(tolerates(t, taint) for t in pod["spec"].get("tolerations") or []):
        return None
    return UNRESOLVABLE, ["node(s) were unschedulable"]


def node_name(pod: Manifest, node: Manifest) -> Verdict:
    wanted = pod["spec"].get("nodeName")
    if not wanted or wanted == node["metadata"]["name"]:
        return None
    return UNRESOLVABLE, ["node(s) didn't match the requested node name"]


def taint_toleration(pod: Manifest, node: Manifest) -> Verdict:
    taint = first_untolerated(pod, node)
    if taint is None:
        return None
    return UNRESOLVABLE, [f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value') or ''}}}"]


def count_discouraging_taints(pod: Manifest, node: Manifest) -> int:
    tolerations = [t for t in pod["spec"].get("tolerations") or [] if t.get("effect") in (None, "", "PreferNoSchedule")]
    taints = [t for t in node.get("spec", {}).get("taints") or [] if t["effect"] == "PreferNoSchedule"]
    return sum(not any(tolerates(toleration, taint) for toleration in tolerations) for taint in taints)


def normalize(raw: dict[str, int], *, reverse: bool) -> dict[str, int]:
    highest = max(raw.values(), default=0)
    scores = {node: 100 * value // highest if highest else 0 for node, value in raw.items()}
    return {node: 100 - score for node, score in scores.items()} if reverse else scores


def node_list(pod: Manifest) -> set[str] | str | None:
    """The nodes that matchFields pin the pod to; None for no such list, a reason where they contradict."""
    terms = required_terms(pod["spec"].get("affinity") or {})
    if not terms:
        return None
    names: set[str] = set()
    for term in terms:
        if not term.get("matchExpressions") and not term.get("matchFields"):
            continue
        pinned = [set(f["values"]) for f in term.get("matchFields") or [] if f["operator"] == "In"]
        if not pinned:
            return None
        names |= set.intersection(*pinned)
    if any(not t.get("matchExpressions") and not t.get("matchFields") for t in terms):
        return None
    return names or "pod affinity terms conflict"


def node_affinity(pod: Manifest, node: Manifest, added: dict[str, Any]) -> Verdict:
    required = added.get("requiredDuringSchedulingIgnoredDuringExecution")
    if required is not None and not any(term_matches(t, node) for t in required["nodeSelectorTerms"]):
        return UNRESOLVABLE, ["node(s) didn't match scheduler-enforced node affinity"]
    if not node_allowed(pod, node):
        return UNRESOLVABLE, ["node(s) didn't match Pod's node affinity/selector"]
    return None


def preferred_weight(pod: Manifest, node: Manifest, added: dict[str, Any]) -> int:
    key = "preferredDuringSchedulingIgnoredDuringExecution"
    own = ((pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}).get(key) or []
    return sum(p["weight"] for p in [*own, *(added.get(key) or [])] if term_matches(p["preference"], node))


def prefers_nodes(pod: Manifest, added: dict[str, Any]) -> bool:
    key = "preferredDuringSchedulingIgnoredDuringExecution"
    own = ((pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}).get(key)
    return bool(own) or bool(added.get(key))


def node_ports(cluster: Cluster, pod: Manifest, node: Manifest) -> Verdict:
    used = cluster.used_ports.get(node["metadata"]["name"], set())
    for ip, protocol, number in host_ports(pod):
        for used_ip, used_protocol, used_number in used:
            same_address = ip == used_ip or "0.0.0.0" in (ip, used_ip)  # noqa: S104
            if same_address and (protocol, number) == (used_protocol, used_number):
                return "Unschedulable", ["node(s) didn't have free ports for the requested pod ports"]
    return None


def image_locality(cluster: Cluster, pod: Manifest, node: Manifest) -> int:
    megabyte = 1024 * 1024
    containers = [*(pod["spec"].get("initContainers") or []), *pod["spec"]["containers"]]
    seen = cluster.images_seen_by(node["metadata"]["name"])
    total = 0
    for container in containers:
        name = container.get("image") or ""
        if name.rfind(":") <= name.rfind("/"):
            name += ":latest"
        if name in seen:
            total += int(float(cluster.images[name]["size"]) * (float(seen[name]) / float(len(cluster.nodes))))
    most = 1000 * megabyte * len(containers)
    total = max(23 * megabyte, min(total, most)) if total >= 23 * megabyte else 23 * megabyte
    return 100 * (total - 23 * megabyte) // (most - 23 * megabyte)
