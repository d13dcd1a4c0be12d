"""Events and hints over plain manifests, for the slow twin of the queue: a few plugins of each sort.

Actions are names; what a plugin waits for is a set of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.oracle.quantities import parse

Manifest = dict[str, Any]
Hint = Callable[[Manifest, Manifest | None, Manifest | None], bool]

ORDER = [
    "Add",
    "Delete",
    "UpdateNodeAllocatable",
    "UpdateNodeLabel",
    "UpdateNodeTaint",
    "UpdateNodeCondition",
    "UpdateNodeAnnotation",
    "UpdatePodLabel",
    "UpdatePodScaleDown",
    "UpdatePodToleration",
    "UpdatePodSchedulingGatesEliminated",
    "UpdatePodGeneratedResourceClaim",
]


def bits(*names: str) -> int:
    return sum(1 << ORDER.index(name) for name in names)


ALL = bits(*ORDER)
UPDATE = ALL - bits("Add", "Delete")


def label(resource: str, action: int) -> str:
    names = {ALL: "All", UPDATE: "Update"} | {bits(name): name for name in ORDER}
    return resource + names.get(action, "")


def matches(registered: tuple[str, int], event: tuple[str, int]) -> bool:
    same = registered[0] == event[0] or (registered[0] == "Pod" and event[0] in ("AssignedPod", "UnschedulablePod"))
    return same and bool(registered[1] & event[1]) and event[1] <= registered[1]


def uid(pod: Manifest) -> str:
    return str(pod["metadata"].get("uid") or f"{pod['metadata'].get('namespace', 'default')}/{pod['metadata']['name']}")


def node_name(pod: Manifest) -> str:
    return str(pod["spec"].get("nodeName") or "")


def requests(pod: Manifest) -> dict[str, Any]:
    return {name: parse(amount) for name, amount in pod["spec"]["containers"][0]["resources"]["requests"].items()}


def allocatable(node: Manifest, name: str) -> Any:
    return parse(node["status"]["allocatable"].get(name, "0"))


def tolerated(pod: Manifest, node: Manifest) -> bool:
    keys = [toleration["key"] for toleration in pod["spec"].get("tolerations") or []]
    return all(taint["key"] in keys for taint in node["spec"].get("taints") or [])


def pod_events(old: Manifest, new: Manifest) -> list[tuple[str, int]]:
    resource = "AssignedPod" if node_name(new) else "UnschedulablePod"
    before, after = requests(old), requests(new)
    found = {
        "UpdatePodLabel": old["metadata"]["labels"] != new["metadata"]["labels"],
        "UpdatePodScaleDown": any(amount > after.get(name, 0) for name, amount in before.items()),
        "UpdatePodSchedulingGatesEliminated": old["spec"].get("schedulingGates")
        and not new["spec"].get("schedulingGates"),
        "UpdatePodToleration": len(old["spec"].get("tolerations") or []) != len(new["spec"].get("tolerations") or []),
    }
    return [(resource, bits(name)) for name, changed in found.items() if changed] or [(resource, UPDATE)]


def node_events(old: Manifest, new: Manifest) -> list[tuple[str, int]]:
    found = [
        ("UpdateNodeTaint", bool(old["spec"].get("unschedulable")) and not new["spec"].get("unschedulable")),
        ("UpdateNodeAllocatable", old["status"]["allocatable"] != new["status"]["allocatable"]),
        ("UpdateNodeLabel", old["metadata"]["labels"] != new["metadata"]["labels"]),
        ("UpdateNodeTaint", old["spec"].get("taints") != new["spec"].get("taints")),
    ]
    return [("Node", bits(name)) for name, changed in found if changed]


def always(pod: Manifest, old: Manifest | None, new: Manifest | None) -> bool:
    return True


def own_update(pod: Manifest, old: Manifest | None, new: Manifest | None) -> bool:
    return new is not None and uid(new) == uid(pod)


def fit_after_node(pod: Manifest, old: Manifest | None, new: Manifest | None) -> bool:
    assert new is not None
    wanted = requests(pod)
    if any(amount > allocatable(new, name) for name, amount in wanted.items()) or allocatable(new, "pods") < 1:
        return False
    names = ["pods", *(name for name, amount in wanted.items() if amount)]
    return old is None or any(allocatable(new, name) > allocatable(old, name) for name in names)


def fit_after_pod(pod: Manifest, old: Manifest | None, new: Manifest | None) -> bool:
    assert old is not None
    if new is None:
        return bool(node_name(old) or (old.get("status") or {}).get("nominatedNodeName"))
    if uid(new) == uid(pod):
        return True
    shrunk = [name for name, amount in requests(old).items() if amount > requests(new).get(name, 0)]
    return bool(node_name(new)) and any(requests(pod).get(name) for name in shrunk)


def affinity_after_node(pod: Manifest, old: Manifest | None, new: Manifest | None) -> bool:
    assert new is not None
    wanted = (pod["spec"].get("nodeSelector") or {}).items()
    return wanted <= new["metadata"]["labels"].items() and (
        old is None or not wanted <= old["metadata"]["labels"].items()
    )


def taints_after_node(pod: Manifest, old: Manifest | None, new: Manifest | None) -> bool:
    assert new is not None
    return (old is None or not tolerated(pod, old)) and tolerated(pod, new)


def cordon_after_node(pod: Manifest, old: Manifest | None, new: Manifest | None) -> bool:
    assert new is not None
    return not new["spec"].get("unschedulable") and (old is None or bool(old["spec"].get("unschedulable")))


def never(pod: Manifest, old: Manifest | None, new: Manifest | None) -> bool:
    return False


EVENTS: dict[str, list[tuple[str, int, Hint]]] = {
    "NodeResourcesFit": [
        ("Pod", bits("Delete", "UpdatePodScaleDown"), fit_after_pod),
        ("Node", bits("Add", "UpdateNodeAllocatable"), fit_after_node),
        ("Node", bits("UpdateNodeTaint"), always),
    ],
    "NodeAffinity": [
        ("Node", bits("Add", "UpdateNodeLabel"), affinity_after_node),
        ("Node", bits("UpdateNodeTaint"), always),
    ],
    "NodeName": [("Node", bits("Add"), always), ("Node", bits("UpdateNodeTaint"), always)],
    "TaintToleration": [
        ("Node", bits("Add", "UpdateNodeTaint"), taints_after_node),
        ("Pod", bits("UpdatePodToleration"), own_update),
    ],
    "NodeUnschedulable": [("Node", bits("Add", "UpdateNodeTaint"), cordon_after_node)],
    "SchedulingGates": [("Pod", bits("UpdatePodSchedulingGatesEliminated"), own_update)],
    "DefaultPreemption": [("Pod", bits("Delete"), never)],
    "ImageLocality": [("Pod", ALL, always), ("Node", ALL, always)],
}
