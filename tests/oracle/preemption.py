"""DefaultPreemption over the twin's filters: who would have to go for a pod that fits nowhere.

Pods leave and come back in copies of the cluster, so nothing is kept up to date and nothing can be forgotten.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from tests.oracle import affinity, basics, selectors
from tests.oracle.cluster import Cluster, Manifest, key_of
from tests.oracle.scheduler import OracleScheduler

NO_VICTIMS = "No preemption victims found for incoming pod"
NOT_HELPFUL = "Preemption is not helpful for scheduling"


def priority_of(pod: Manifest) -> int:
    priority: int = pod["spec"].get("priority") or 0
    return priority


def start_of(pod: Manifest) -> str:
    """The start time as text that sorts; one that has not started is the latest."""
    start: str = (pod.get("status") or {}).get("startTime") or "9999"
    return start


def is_leaving_for_another(pod: Manifest) -> bool:
    if not pod["metadata"].get("deletionTimestamp"):
        return False
    conditions = (pod.get("status") or {}).get("conditions") or []
    wanted = [condition for condition in conditions if condition["type"] == "DisruptionTarget"]
    return bool(wanted) and wanted[0]["status"] == "True" and wanted[0].get("reason") == "PreemptionByScheduler"


@dataclass
class Candidate:
    node: str
    victims: list[Manifest]
    num_violations: int


class PreemptingOracle:
    """An OracleScheduler that knows of nominated pods and disruption budgets, and preempts."""

    def __init__(self, objects: list[Manifest], config: dict[str, Any] | None = None) -> None:
        self.scheduler = OracleScheduler(objects, config)
        self.cluster = self.scheduler.cluster
        self.budgets = [obj for obj in objects if obj["kind"] == "PodDisruptionBudget"]
        self.nominated: dict[str, tuple[Manifest, str]] = {}
        for obj in objects:
            node = (obj.get("status") or {}).get("nominatedNodeName")
            if obj["kind"] == "Pod" and node and not obj["spec"].get("nodeName"):
                self.nominated[key_of(obj)] = (obj, node)

    def _verdict(self, cluster: Cluster, pod: Manifest, node: str) -> tuple[str, list[str]] | None:
        """The node's rejection, as (code, reasons): with the pods nominated to it, or else without."""
        guests = [
            guest
            for key, (guest, where) in self.nominated.items()
            if where == node and key != key_of(pod) and priority_of(guest) >= priority_of(pod)
        ]
        crowded = cluster.fork()
        for guest in guests:
            crowded.place(guest, node)
        for world in [crowded, cluster] if guests else [cluster]:
            twin = self.scheduler.fork()
            twin.cluster = world
            rejection = twin._filter(pod, None).get(node)
            if rejection is None or (rejection["plugin"] == "InterPodAffinity" and self._skips_affinity(pod)):
                continue
            return rejection["code"], rejection["reasons"]
        return None

    def _skips_affinity(self, pod: Manifest) -> bool:
        """InterPodAffinity has nothing to filter by the pods that are there, and so never looks at nominated ones."""
        own = pod["spec"].get("affinity") or {}
        required = "requiredDuringSchedulingIgnoredDuringExecution"
        if any((own.get(kind) or {}).get(required) for kind in ("podAffinity", "podAntiAffinity")):
            return False
        return not any(affinity.affinity_filter(self.cluster, pod).values())

    def explain(self, pod: Manifest) -> dict[str, Any]:
        """`rejected` as node -> (code, reasons); `nominated`, `victims` and `postFilter` where no node is left."""
        names = [node["metadata"]["name"] for node in self.cluster.nodes]
        pinned = basics.node_list(pod)
        if isinstance(pinned, str):
            rejected: dict[str, Any] = {name: (basics.UNRESOLVABLE, [pinned]) for name in names}
        else:
            rejected = {}
            for name in names:
                if pinned is not None and name not in pinned:
                    rejected[name] = (basics.UNRESOLVABLE, [])
                    continue
                verdict = self._verdict(self.cluster, pod, name)
                if verdict is not None:
                    rejected[name] = verdict
        answer: dict[str, Any] = {"rejected": rejected}
        if len(rejected) < len(names):
            return answer
        best = self._preempt(pod, rejected)
        if isinstance(best, str):
            return {**answer, "postFilter": f"no new claims to deallocate, preemption: {best}"}
        return {**answer, "nominated": best.node, "victims": [key_of(victim) for victim in best.victims]}

    def _preempt(self, pod: Manifest, rejected: dict[str, Any]) -> Candidate | str:
        if pod["spec"].get("preemptionPolicy") == "Never":
            return "not eligible due to preemptionPolicy=Never."
        nominated = (pod.get("status") or {}).get("nominatedNodeName")
        if nominated in rejected and rejected[nominated][0] != basics.UNRESOLVABLE:
            there = self.cluster.pods_on(self.cluster.node(nominated))
            if any(priority_of(other) < priority_of(pod) and is_leaving_for_another(other) for other in there):
                return "not eligible due to a terminating pod on the nominated node."
        potential = [name for name, (code, _) in rejected.items() if code == "Unschedulable"]
        candidates: list[Candidate] = []
        counts: Counter[str] = Counter()
        for name in potential:
            found = self._candidate(pod, name)
            if isinstance(found, Candidate):
                candidates.append(found)
            else:
                counts.update(found)
        if candidates:
            return min(candidates, key=self._rank)  # the first of equals, in node order
        if len(rejected) > len(potential):
            counts[NOT_HELPFUL] += len(rejected) - len(potential)
        reasons = ", ".join(sorted(f"{n} {reason}" for reason, n in counts.items()))
        return f"0/{len(rejected)} nodes are available: {reasons}."

    def _candidate(self, pod: Manifest, name: str) -> Candidate | list[str]:
        """Whom to evict from one node; or why nobody's leaving helps."""
        world = self.cluster.fork()
        lower = [other for other in world.pods_on(world.node(name)) if priority_of(other) < priority_of(pod)]
        if not lower:
            return [NO_VICTIMS]
        lower.sort(key=lambda other: (-priority_of(other), start_of(other)))
        for other in lower:
            world.remove_pod(key_of(other))
        verdict = self._verdict(world, pod, name)
        if verdict is not None:
            return verdict[1]
        violating = self._violating(lower)
        victims = []
        for other in sorted(lower, key=lambda other: key_of(other) not in violating):
            world.place(other, name)
            if self._verdict(world, pod, name) is not None:
                world.remove_pod(key_of(other))
                victims.append(other)
        if not victims:
            return []
        victims = [other for other in lower if any(other is victim for victim in victims)]
        return Candidate(name, victims, sum(key_of(victim) in violating for victim in victims))

    def _violating(self, pods: list[Manifest]) -> set[str]:
        violating = set()
        left = [(budget.get("status") or {}).get("disruptionsAllowed", 0) for budget in self.budgets]
        for pod in pods:
            for i, budget in enumerate(self.budgets):
                selector = budget["spec"].get("selector")
                labels = pod["metadata"].get("labels") or {}
                if not labels or not selector or not any(selector.values()):
                    continue
                if budget["metadata"]["namespace"] != pod["metadata"].get("namespace", "default"):
                    continue
                if pod["metadata"]["name"] in ((budget.get("status") or {}).get("disruptedPods") or {}):
                    continue
                if selectors.selector_matches(selector, labels):
                    left[i] -= 1
                    if left[i] < 0:
                        violating.add(key_of(pod))
        return violating

    @staticmethod
    def _rank(candidate: Candidate) -> tuple[Any, ...]:
        victims = candidate.victims
        highest = priority_of(victims[0])
        earliest = min(start_of(victim) for victim in victims if priority_of(victim) == highest)
        latest_first = tuple(-ord(letter) for letter in earliest)
        total = sum(priority_of(victim) + 2**31 for victim in victims)
        return (candidate.num_violations, highest, total, len(victims), latest_first)

    def schedule(self, pod: Manifest, *, immediate: bool) -> str | None:
        """Place the pod, or make room for it: at once, or by marking victims and nominating the pod."""
        answer = self.explain(pod)
        node: str | None = None
        if "postFilter" not in answer and "nominated" not in answer:
            # Scores do not know of nominated pods: choose as ever among the nodes that are left.
            node = self._best(pod, set(answer["rejected"]))
        elif "nominated" in answer:
            where = answer["nominated"]
            for key, (other, there) in list(self.nominated.items()):
                if there == where and priority_of(other) < priority_of(pod):
                    del self.nominated[key]
            for key in answer["victims"]:
                if immediate:
                    self.cluster.remove_pod(key)
                else:
                    self._mark(key)
            self.nominated[key_of(pod)] = (pod, where)
            if immediate:
                node = where
        elif "0/" in answer["postFilter"]:
            self.nominated.pop(key_of(pod), None)
        if node is not None:
            self.cluster.place(pod, node)
            self.nominated.pop(key_of(pod), None)
        return node

    def _best(self, pod: Manifest, rejected: set[str]) -> str:
        feasible = [node for node in self.cluster.nodes if node["metadata"]["name"] not in rejected]
        scores = self.scheduler._score(pod, feasible)
        names = [node["metadata"]["name"] for node in feasible]
        best: str = max(names, key=lambda name: sum(by_node[name] for by_node in scores.values()))
        return best

    def _mark(self, key: str) -> None:
        pod = self.cluster.pods[key]
        condition = {"type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler"}
        status = {**(pod.get("status") or {}), "conditions": [condition]}
        metadata = {"deletionTimestamp": "2026-01-02T00:00:00Z", **pod["metadata"]}
        self.cluster.pods[key] = {**pod, "metadata": metadata, "status": status}
