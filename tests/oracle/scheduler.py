"""The scheduling cycle over the twin's plugins, in the answer form of the recorded decisions."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.oracle import affinity, basics, resources, spread, volumes
from tests.oracle.cluster import Cluster, Manifest, key_of

WEIGHTS = {
    "TaintToleration": 3,
    "NodeAffinity": 2,
    "NodeResourcesFit": 1,
    "PodTopologySpread": 2,
    "InterPodAffinity": 2,
    "NodeResourcesBalancedAllocation": 1,
    "ImageLocality": 1,
}
FILTERS = (
    "NodeUnschedulable",
    "NodeName",
    "TaintToleration",
    "NodeAffinity",
    "NodePorts",
    "NodeResourcesFit",
    "VolumeRestrictions",
    "NodeVolumeLimits",
    "VolumeBinding",
    "VolumeZone",
    "PodTopologySpread",
    "InterPodAffinity",
)


class OracleScheduler:
    """Reads the same objects and configuration as kubesched.Scheduler; knows plugins.score and pluginConfig."""

    def __init__(self, objects: list[Manifest], config: dict[str, Any] | None = None) -> None:
        self.cluster = Cluster(objects)
        profile = ((config or {}).get("profiles") or [{}])[0]
        self.args = {entry["name"]: entry.get("args") or {} for entry in profile.get("pluginConfig") or []}
        self.weights = dict(WEIGHTS)
        score = (profile.get("plugins") or {}).get("score") or {}
        for entry in score.get("disabled") or []:
            if entry["name"] == "*":
                self.weights = {}
            self.weights.pop(entry["name"], None)
        for entry in score.get("enabled") or []:
            self.weights[entry["name"]] = entry.get("weight") or 1

    def fork(self) -> OracleScheduler:
        twin = object.__new__(OracleScheduler)
        twin.cluster, twin.args, twin.weights = self.cluster.fork(), self.args, self.weights
        return twin

    def explain(self, pod: Manifest) -> dict[str, Any]:
        nodes = self.cluster.nodes
        if not nodes:
            return {"message": "no nodes available to schedule pods"}
        pinned = basics.node_list(pod)
        headline = f"0/{len(nodes)} nodes are available:"
        if isinstance(pinned, str):
            rejection = {"plugin": "NodeAffinity", "code": basics.UNRESOLVABLE, "reasons": [pinned]}
            return {"preFilter": rejection, "message": f"{headline} {pinned}."}
        refused = volumes.pre_filter(self.cluster, pod)
        if refused is not None:
            rejection = {"plugin": refused[0], "code": basics.UNRESOLVABLE, "reasons": [refused[1]]}
            return {"preFilter": rejection, "message": f"{headline} {refused[1]}."}
        rejected = self._filter(pod, pinned)
        feasible = [node for node in nodes if node["metadata"]["name"] not in rejected]
        if not feasible:
            return {"rejected": rejected, "message": self._message(headline, rejected)}
        scores = self._score(pod, feasible)
        total = {
            node["metadata"]["name"]: sum(by_node[node["metadata"]["name"]] for by_node in scores.values())
            for node in feasible
        }
        best = max(total, key=lambda name: total[name])  # the first of equals, in node order
        return {"rejected": rejected, "scores": scores, "total": total, "node": best}

    @staticmethod
    def _message(headline: str, rejected: dict[str, Any]) -> str:
        counts: Counter[str] = Counter()
        for rejection in rejected.values():
            counts.update(rejection["reasons"] or ["node(s) didn't satisfy plugin(s) [NodeAffinity]"])
        return f"{headline} {', '.join(sorted(f'{n} {reason}' for reason, n in counts.items()))}."

    def _filter(self, pod: Manifest, pinned: set[str] | None) -> dict[str, Any]:
        cluster = self.cluster
        constraints = spread.constraints_of(cluster, pod, self.args.get("PodTopologySpread", {}))
        by_spread = spread.spread_filter(cluster, pod, spread.by_action(constraints, "DoNotSchedule"))
        by_affinity = affinity.affinity_filter(cluster, pod)
        added = self.args.get("NodeAffinity", {}).get("addedAffinity") or {}
        rejected: dict[str, Any] = {}
        for node in cluster.nodes:
            name = node["metadata"]["name"]
            if pinned is not None and name not in pinned:
                rejected[name] = {"plugin": "", "code": "PreFilterResult", "reasons": []}
                continue
            verdicts = (
                basics.node_unschedulable(pod, node),
                basics.node_name(pod, node),
                basics.taint_toleration(pod, node),
                basics.node_affinity(pod, node, added),
                basics.node_ports(cluster, pod, node),
                resources.fit(cluster, pod, node, self.args.get("NodeResourcesFit", {})),
                volumes.restrictions(cluster, pod, node),
                volumes.limits(cluster, pod, node),
                volumes.binding(cluster, pod, node),
                volumes.zone(cluster, pod, node),
                by_spread[name],
                by_affinity[name],
            )
            for plugin, verdict in zip(FILTERS, verdicts, strict=True):
                if verdict is not None:
                    rejected[name] = {"plugin": plugin, "code": verdict[0], "reasons": verdict[1]}
                    break
        return rejected

    def _score(self, pod: Manifest, feasible: list[Manifest]) -> dict[str, dict[str, int]]:
        raw = self._raw_scores(pod, feasible)
        return {
            plugin: {name: score * self.weights[plugin] for name, score in by_node.items()}
            for plugin, by_node in raw.items()
            if by_node is not None and plugin in self.weights
        }

    def _raw_scores(self, pod: Manifest, feasible: list[Manifest]) -> dict[str, dict[str, int] | None]:
        cluster, args = self.cluster, self.args
        named = [(node["metadata"]["name"], node) for node in feasible]
        added = args.get("NodeAffinity", {}).get("addedAffinity") or {}
        fit_args = args.get("NodeResourcesFit", {})
        balanced_args = args.get("NodeResourcesBalancedAllocation", {})
        taints = {name: basics.count_discouraging_taints(pod, node) for name, node in named}
        preferred = {name: basics.preferred_weight(pod, node, added) for name, node in named}
        spread_args = args.get("PodTopologySpread", {})
        soft = spread.by_action(spread.constraints_of(cluster, pod, spread_args), "ScheduleAnyway")
        all_keys = bool(pod["spec"].get("topologySpreadConstraints")) or (
            spread_args.get("defaultingType", "System") != "System"
        )
        return {
            "TaintToleration": basics.normalize(taints, reverse=True),
            "NodeAffinity": basics.normalize(preferred, reverse=False) if basics.prefers_nodes(pod, added) else None,
            "NodeResourcesFit": {name: resources.fit_score(cluster, pod, node, fit_args) for name, node in named},
            "PodTopologySpread": spread.spread_score(cluster, pod, soft, feasible, all_keys=all_keys) if soft else None,
            "InterPodAffinity": affinity.affinity_score(cluster, pod, feasible, args.get("InterPodAffinity", {})),
            "NodeResourcesBalancedAllocation": (
                {name: resources.balanced_score(cluster, pod, node, balanced_args) for name, node in named}
                if resources.asks_for_balanced(pod, balanced_args)
                else None
            ),
            "ImageLocality": {name: basics.image_locality(cluster, pod, node) for name, node in named},
        }

    def schedule(self, pod: Manifest) -> str | None:
        self.cluster.begin_cycle()
        node: str | None = self.explain(pod).get("node")
        if node is not None:
            volumes.reserve(self.cluster, pod, node)
            self.cluster.place(pod, node)
        return node

    def put(self, obj: Manifest) -> None:
        self.cluster.put(obj)

    def add_pod(self, pod: Manifest) -> None:
        self.cluster.place(pod, pod["spec"]["nodeName"])

    def remove_pod(self, key: str) -> None:
        self.cluster.remove_pod(key)

    def add_node(self, node: Manifest) -> None:
        self.cluster.add_node(node)

    def update_node(self, node: Manifest) -> None:
        self.cluster.update_node(node)

    def remove_node(self, name: str) -> list[str]:
        return self.cluster.remove_node(name)


__all__ = ["OracleScheduler", "key_of"]
