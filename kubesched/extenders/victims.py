"""What extenders say of preemption (extender.go ProcessPreemption, preemption.go callExtenders, v1.34)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubesched.extenders.answers import GoObject
from kubesched.extenders.extender import Extender
from kubesched.extenders.failure import ExtenderFailure

Manifest = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Victims:
    """The pods that would have to go from one node, and how many PodDisruptionBudgets that breaks."""

    pods: tuple[Manifest, ...]
    num_pdb_violations: int = 0


def process_preemption(
    extenders: Sequence[Extender],
    pod: Manifest,
    node_to_victims: Mapping[str, Victims],
    pods_on_node: Callable[[str], Sequence[Manifest]] | None = None,
) -> dict[str, Victims]:
    """Let the extenders that have a preempt verb cut the candidates of a preemption, one after another.

    Args:
        extenders: in the order in which they are asked.
        pod: the pod that preempts.
        node_to_victims: node name -> its victims.
        pods_on_node: the pods of a node, whose UIDs an extender may name as victims; without it, the victims given.

    Raises:
        ExtenderFailure: one that is not ignorable fails; the text is upstream's.
    """
    current = dict(node_to_victims)
    for extender in extenders:
        if not current:
            break
        if not extender.config.preempt_verb or not extender.is_interested(pod):
            continue
        try:
            answer = _ask(extender, pod, current, pods_on_node)
        except ExtenderFailure:
            if extender.config.ignorable:
                continue
            raise
        for name in [name for name, victims in answer.items() if not victims.pods]:
            if not extender.config.ignorable:
                raise ExtenderFailure(f"expected at least one victim pod on node {json.dumps(name)}")
            del answer[name]
        current = answer
    return current


def _ask(
    extender: Extender,
    pod: Manifest,
    node_to_victims: Mapping[str, Victims],
    pods_on_node: Callable[[str], Sequence[Manifest]] | None,
) -> dict[str, Victims]:
    whole = not extender.config.node_cache_capable
    sent = {
        name: {
            "Pods": [pod if whole else {"UID": _uid(pod)} for pod in victims.pods],
            "NumPDBViolations": victims.num_pdb_violations,
        }
        for name, victims in node_to_victims.items()
    }
    args = {
        "Pod": pod,
        "NodeNameToVictims": sent if whole else None,
        "NodeNameToMetaVictims": None if whole else sent,
    }
    answer = extender.send(extender.config.preempt_verb, args, "ExtenderPreemptionResult")
    result: dict[str, Victims] = {}
    for name, value in answer.pairs("NodeNameToMetaVictims", "map[string]*v1.MetaVictims"):
        if pods_on_node is None and name not in node_to_victims:
            raise ExtenderFailure(f"nodeinfo not found for node name {json.dumps(name)}")
        pods = node_to_victims[name].pods if pods_on_node is None else pods_on_node(name)
        result[name] = _to_victims(extender, value, name, pods)
    return result


def _to_victims(extender: Extender, value: object, name: str, pods: Sequence[Manifest]) -> Victims:
    """Find the pods that an extender names by their UIDs."""
    meta = GoObject(value, "MetaVictims", "v1.MetaVictims")
    by_uid = {_uid(pod): pod for pod in reversed(pods)}
    chosen: list[Manifest] = []
    for item in meta.items("Pods", "[]*v1.MetaPod") or []:
        uid = GoObject(item, "MetaPod", "v1.MetaPod").text("UID")
        if uid not in by_uid:
            raise ExtenderFailure(
                f"extender: {extender.config.url_prefix} claims to preempt pod (UID: &{{{uid}}}) on node: {name},"
                " but the pod is not found on that node"
            )
        chosen.append(by_uid[uid])
    return Victims(tuple(chosen), meta.integer("NumPDBViolations"))


def _uid(pod: Manifest) -> str:
    """Return the UID; `namespace/name` for a manifest without one, which the API server never makes."""
    metadata = pod.get("metadata") or {}
    return metadata.get("uid") or f"{metadata.get('namespace') or 'default'}/{metadata.get('name', '')}"
