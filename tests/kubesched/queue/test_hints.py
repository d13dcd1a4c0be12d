"""Queueing hints of every plugin: an event against a waiting pod (isSchedulableAfter... of each plugin, v1.34)."""

from __future__ import annotations

from typing import Any

import pytest

from kubesched import SchedulingQueue
from kubesched.queue import ActionType, ClusterEvent
from tests.builders import make_bound_pod, make_config, make_node, make_pod

Manifest = dict[str, Any]
NODE = "Node"
ASSIGNED = "AssignedPod"
ADD, DELETE, UPDATE = ActionType.ADD, ActionType.DELETE, ActionType.UPDATE
LABEL, TAINT, ALLOCATABLE = (
    ActionType.UPDATE_NODE_LABEL,
    ActionType.UPDATE_NODE_TAINT,
    ActionType.UPDATE_NODE_ALLOCATABLE,
)
NO_SCHEDULE = {"key": "k", "effect": "NoSchedule"}
TOLERATES = {"key": "k", "operator": "Exists"}
UNSCHEDULABLE = {"key": "node.kubernetes.io/unschedulable", "operator": "Exists"}


def hint(
    plugin: str, pod: Manifest, event: ClusterEvent, old: Manifest | None, new: Manifest | None, **kwargs: Any
) -> str:
    """Reject the pod by the plugin, show the event, and return what the hint said: Queue, QueueSkip, or nothing."""
    queue = SchedulingQueue(**kwargs)
    for claim in pod.pop("_claims", []):
        queue.observe(None, claim, 0)
    queue.add(pod, 0)
    popped = queue.pop(0)
    assert popped is not None
    queue.add_unschedulable_if_not_present(popped, 0, unschedulable_plugins={plugin})
    assert queue.snapshot.unschedulable == (popped.key,)
    queue.move_all_to_active_or_backoff(event, old, new, 0)
    said = [answer for (name, _, answer) in queue.hint_counts if name == plugin]
    assert len(said) <= 1
    assert (queue.counts.backoff == 1) == (said == ["Queue"] or said == ["Error"])
    return said[0] if said else ""


def thing(kind: str, name: str = "x", **fields: Any) -> Manifest:
    return {"kind": kind, "metadata": {"name": name, **fields.pop("metadata", {})}, **fields}


def term(key: str = "zone", **labels: str) -> Manifest:
    return {"topologyKey": key, "labelSelector": {"matchLabels": labels}}


def affinity(kind: str, *terms: Manifest) -> Manifest:
    return {kind: {"requiredDuringSchedulingIgnoredDuringExecution": list(terms)}}


def node_affinity(key: str, value: str) -> Manifest:
    terms = [{"matchExpressions": [{"key": key, "operator": "In", "values": [value]}]}]
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}


def spread(**fields: Any) -> list[Manifest]:
    return [
        {
            "maxSkew": 1,
            "topologyKey": "zone",
            "whenUnsatisfiable": "DoNotSchedule",
            "labelSelector": {"matchLabels": {"app": "a"}},
            **fields,
        }
    ]


def claim_volume(name: str) -> Manifest:
    return {"name": "data", "persistentVolumeClaim": {"claimName": name}}


def gce(read_only: bool, name: str = "disk") -> Manifest:
    return {"name": "data", "gcePersistentDisk": {"pdName": name, "readOnly": read_only}}


def rbd(monitor: str, pool: str = "rbd") -> Manifest:
    return {"name": "data", "rbd": {"monitors": [monitor], "image": "i", "pool": pool}}


def port(number: int, ip: str = "", **spec: Any) -> Manifest:
    pod = make_pod("p", **spec)
    pod["spec"]["containers"][0]["ports"] = [{"containerPort": 80, "hostPort": number, "hostIP": ip}]
    return pod


def csi_node(count: int | None, migrated: str = "") -> Manifest:
    annotations = {"storage.alpha.kubernetes.io/migrated-plugins": migrated}
    driver = {"name": "d", "allocatable": {"count": count} if count is not None else None}
    return thing("CSINode", metadata={"annotations": annotations}, spec={"drivers": [driver]})


def csi_driver(capacity: bool | None) -> Manifest:
    return thing("CSIDriver", "d", spec={"storageCapacity": capacity})


def dra_claim(name: str, allocated: bool = False, **metadata: Any) -> Manifest:
    status = {"allocation": {"devices": {}}, "reservedFor": [1]} if allocated else {}
    return {"kind": "ResourceClaim", "metadata": {"name": name, "namespace": "default", **metadata}, "status": status}


def dra_pod(*claims: Manifest) -> Manifest:
    pod = make_pod("p", resourceClaims=[{"name": "c", "resourceClaimName": "c1"}])
    pod["_claims"] = list(claims)
    return pod


def case(name: str, plugin: str, pod: Manifest, event: tuple[str, ActionType], old: Any, new: Any, want: str) -> Any:
    return pytest.param(plugin, pod, ClusterEvent(*event), old, new, want, id=f"{plugin}: {name}")


def labelled(name: str, **labels: str) -> Manifest:
    return make_bound_pod(name, "n", labels=labels)


# fmt: off
CASES = [
    case("fits the new node", "NodeResourcesFit", make_pod("p", cpu="1"), (NODE, ADD), None, make_node("n"), "Queue"),
    case("too large for it", "NodeResourcesFit", make_pod("p", cpu="9"), (NODE, ADD), None, make_node("n"), "QueueSkip"),
    case("no pods allowed", "NodeResourcesFit", make_pod("p"), (NODE, ADD), None, make_node("n", pods="0"), "QueueSkip"),
    case("node grew", "NodeResourcesFit", make_pod("p", cpu="1"), (NODE, ALLOCATABLE), make_node("n", cpu="2"), make_node("n", cpu="3"), "Queue"),
    case("another resource grew", "NodeResourcesFit", make_pod("p", cpu="1"), (NODE, ALLOCATABLE), make_node("n"), make_node("n", memory="9Gi"), "QueueSkip"),
    case("taint changed", "NodeResourcesFit", make_pod("p", cpu="9"), (NODE, TAINT), make_node("n"), make_node("n"), "Queue"),
    case("not registered", "NodeResourcesFit", make_pod("p", cpu="1"), (NODE, LABEL), make_node("n"), make_node("n"), ""),
    case("bound pod gone", "NodeResourcesFit", make_pod("p", cpu="1"), (ASSIGNED, DELETE), make_bound_pod("o", "n"), None, "Queue"),
    case("pending pod gone", "NodeResourcesFit", make_pod("p", cpu="1"), (ASSIGNED, DELETE), make_pod("o"), None, "QueueSkip"),
    case("bound pod shrank", "NodeResourcesFit", make_pod("p", cpu="1"), (ASSIGNED, ActionType.UPDATE_POD_SCALE_DOWN), make_bound_pod("o", "n", cpu="2"), make_bound_pod("o", "n", cpu="1"), "Queue"),
    case("shrank in what is not asked", "NodeResourcesFit", make_pod("p", memory="1"), (ASSIGNED, ActionType.UPDATE_POD_SCALE_DOWN), make_bound_pod("o", "n", cpu="2"), make_bound_pod("o", "n", cpu="1"), "QueueSkip"),
    case("any node", "NodeName", make_pod("p"), (NODE, ADD), None, make_node("n"), "Queue"),
    case("port freed", "NodePorts", port(80), (ASSIGNED, DELETE), port(80, "10.0.0.1", nodeName="n"), None, "Queue"),
    case("other port freed", "NodePorts", port(80), (ASSIGNED, DELETE), port(81, nodeName="n"), None, "QueueSkip"),
    case("other address", "NodePorts", port(80, "10.0.0.2"), (ASSIGNED, DELETE), port(80, "10.0.0.1", nodeName="n"), None, "QueueSkip"),
    case("never on a node", "NodePorts", port(80), (ASSIGNED, DELETE), port(80), None, "QueueSkip"),
    case("matches new node", "NodeAffinity", make_pod("p", affinity=node_affinity("a", "1")), (NODE, ADD), None, make_node("n", {"a": "1"}), "Queue"),
    case("misses new node", "NodeAffinity", make_pod("p", affinity=node_affinity("a", "1")), (NODE, ADD), None, make_node("n"), "QueueSkip"),
    case("label came", "NodeAffinity", make_pod("p", nodeSelector={"a": "1"}), (NODE, LABEL), make_node("n"), make_node("n", {"a": "1"}), "Queue"),
    case("matched before", "NodeAffinity", make_pod("p", nodeSelector={"a": "1"}), (NODE, LABEL), make_node("n", {"a": "1"}), make_node("n", {"a": "1", "b": "1"}), "QueueSkip"),
    case("taint gone", "TaintToleration", make_pod("p"), (NODE, TAINT), make_node("n", taints=[NO_SCHEDULE]), make_node("n"), "Queue"),
    case("taint stays", "TaintToleration", make_pod("p"), (NODE, TAINT), make_node("n", taints=[NO_SCHEDULE]), make_node("n", taints=[NO_SCHEDULE]), "QueueSkip"),
    case("tolerated before", "TaintToleration", make_pod("p", tolerations=[TOLERATES]), (NODE, TAINT), make_node("n", taints=[NO_SCHEDULE]), make_node("n"), "QueueSkip"),
    case("node uncordoned", "NodeUnschedulable", make_pod("p"), (NODE, TAINT), {**make_node("n"), "spec": {"unschedulable": True}}, make_node("n"), "Queue"),
    case("cordoned node", "NodeUnschedulable", make_pod("p"), (NODE, ADD), None, {**make_node("n"), "spec": {"unschedulable": True}}, "QueueSkip"),
    case("own toleration", "TaintToleration", make_pod("p"), ("UnschedulablePod", ActionType.UPDATE_POD_TOLERATION), make_pod("p"), make_pod("p", tolerations=[TOLERATES]), "Queue"),
    case("another's toleration", "TaintToleration", make_pod("p"), ("UnschedulablePod", ActionType.UPDATE_POD_TOLERATION), make_pod("o"), make_pod("o", tolerations=[TOLERATES]), "QueueSkip"),
    case("own toleration", "NodeUnschedulable", make_pod("p"), ("UnschedulablePod", ActionType.UPDATE_POD_TOLERATION), make_pod("p"), make_pod("p", tolerations=[UNSCHEDULABLE]), "Queue"),
    case("unrelated toleration", "NodeUnschedulable", make_pod("p"), ("UnschedulablePod", ActionType.UPDATE_POD_TOLERATION), make_pod("p"), make_pod("p", tolerations=[TOLERATES]), "QueueSkip"),
    case("wanted pod", "InterPodAffinity", make_pod("p", affinity=affinity("podAffinity", term(app="a"))), (ASSIGNED, ADD), None, labelled("o", app="a"), "Queue"),
    case("matches one of two terms", "InterPodAffinity", make_pod("p", affinity=affinity("podAffinity", term(app="a"), term(b="1"))), (ASSIGNED, ADD), None, labelled("o", app="a"), "QueueSkip"),
    case("hated pod gone", "InterPodAffinity", make_pod("p", affinity=affinity("podAntiAffinity", term(app="a"))), (ASSIGNED, DELETE), labelled("o", app="a"), None, "Queue"),
    case("hated pod in another namespace", "InterPodAffinity", make_pod("p", affinity=affinity("podAntiAffinity", term(app="a"))), (ASSIGNED, DELETE), make_bound_pod("o", "n", labels={"app": "a"}, namespace="other"), None, "QueueSkip"),
    case("label came", "InterPodAffinity", make_pod("p", affinity=affinity("podAffinity", term(app="a"))), (ASSIGNED, ActionType.UPDATE_POD_LABEL), labelled("o"), labelled("o", app="a"), "Queue"),
    case("hated label went", "InterPodAffinity", make_pod("p", affinity=affinity("podAntiAffinity", term(app="a"))), (ASSIGNED, ActionType.UPDATE_POD_LABEL), labelled("o", app="a"), labelled("o"), "Queue"),
    case("node has the key", "InterPodAffinity", make_pod("p", affinity=affinity("podAffinity", term(app="a"))), (NODE, ADD), None, make_node("n", {"zone": "z"}), "Queue"),
    case("node lacks the key", "InterPodAffinity", make_pod("p", affinity=affinity("podAffinity", term(app="a"))), (NODE, ADD), None, make_node("n"), "QueueSkip"),
    case("any node for a hater", "InterPodAffinity", make_pod("p", affinity=affinity("podAntiAffinity", term(app="a"))), (NODE, ADD), None, make_node("n"), "Queue"),
    case("key came, for a hater", "InterPodAffinity", make_pod("p", affinity=affinity("podAntiAffinity", term(app="a"))), (NODE, LABEL), make_node("n"), make_node("n", {"zone": "z"}), "QueueSkip"),
    case("key went, for a hater", "InterPodAffinity", make_pod("p", affinity=affinity("podAntiAffinity", term(app="a"))), (NODE, LABEL), make_node("n", {"zone": "z"}), make_node("n"), "Queue"),
    case("matching pod gone", "PodTopologySpread", make_pod("p", topologySpreadConstraints=spread()), (ASSIGNED, DELETE), labelled("o", app="a"), None, "Queue"),
    case("other pod gone", "PodTopologySpread", make_pod("p", topologySpreadConstraints=spread()), (ASSIGNED, DELETE), labelled("o", app="b"), None, "QueueSkip"),
    case("only soft constraints", "PodTopologySpread", make_pod("p", topologySpreadConstraints=spread(whenUnsatisfiable="ScheduleAnyway")), (ASSIGNED, DELETE), labelled("o", app="a"), None, "QueueSkip"),
    case("label came", "PodTopologySpread", make_pod("p", topologySpreadConstraints=spread()), (ASSIGNED, ActionType.UPDATE_POD_LABEL), labelled("o"), labelled("o", app="a"), "Queue"),
    case("own toleration, taints honored", "PodTopologySpread", make_pod("p", topologySpreadConstraints=spread(nodeTaintsPolicy="Honor")), ("UnschedulablePod", ActionType.UPDATE_POD_TOLERATION), make_pod("p"), make_pod("p", tolerations=[TOLERATES]), "Queue"),
    case("own toleration, taints ignored", "PodTopologySpread", make_pod("p", topologySpreadConstraints=spread()), ("UnschedulablePod", ActionType.UPDATE_POD_TOLERATION), make_pod("p"), make_pod("p", tolerations=[TOLERATES]), "QueueSkip"),
    case("node in a zone gone", "PodTopologySpread", make_pod("p", topologySpreadConstraints=spread()), (NODE, DELETE), make_node("n", {"zone": "z"}), None, "Queue"),
    case("node moved", "PodTopologySpread", make_pod("p", topologySpreadConstraints=spread()), (NODE, LABEL), make_node("n", {"zone": "z"}), make_node("n", {"zone": "y"}), "Queue"),
    case("node of no zone", "PodTopologySpread", make_pod("p", topologySpreadConstraints=spread()), (NODE, ADD), None, make_node("n"), "QueueSkip"),
    case("pod with disk gone", "VolumeRestrictions", make_pod("p", volumes=[gce(False)]), (ASSIGNED, DELETE), make_bound_pod("o", "n", volumes=[gce(True)]), None, "Queue"),
    case("both read", "VolumeRestrictions", make_pod("p", volumes=[gce(True)]), (ASSIGNED, DELETE), make_bound_pod("o", "n", volumes=[gce(True)]), None, "QueueSkip"),
    case("one claim", "VolumeRestrictions", make_pod("p", volumes=[claim_volume("c")]), (ASSIGNED, DELETE), make_bound_pod("o", "n", volumes=[claim_volume("c")]), None, "Queue"),
    case("one monitor", "VolumeRestrictions", make_pod("p", volumes=[rbd("m")]), (ASSIGNED, DELETE), make_bound_pod("o", "n", volumes=[rbd("m")]), None, "Queue"),
    case("other monitors", "VolumeRestrictions", make_pod("p", volumes=[rbd("m")]), (ASSIGNED, DELETE), make_bound_pod("o", "n", volumes=[rbd("o")]), None, "QueueSkip"),
    case("own claim", "VolumeRestrictions", make_pod("p", volumes=[claim_volume("x")]), ("PersistentVolumeClaim", ADD), None, thing("PersistentVolumeClaim"), "Queue"),
    case("a claim freed", "NodeVolumeLimits", make_pod("p"), (ASSIGNED, DELETE), make_bound_pod("o", "n", volumes=[claim_volume("c")]), None, "Queue"),
    case("no volume freed", "NodeVolumeLimits", make_pod("p"), (ASSIGNED, DELETE), make_bound_pod("o", "n"), None, "QueueSkip"),
    case("limit rose", "NodeVolumeLimits", make_pod("p"), ("storage.k8s.io/CSINode", UPDATE), csi_node(1), csi_node(2), "Queue"),
    case("limit fell", "NodeVolumeLimits", make_pod("p"), ("storage.k8s.io/CSINode", UPDATE), csi_node(2), csi_node(1), "QueueSkip"),
    case("attachment gone", "NodeVolumeLimits", make_pod("p", volumes=[gce(False)]), ("storage.k8s.io/VolumeAttachment", DELETE), thing("VolumeAttachment", spec={"attacher": "pd.csi.storage.gke.io"}), None, "Queue"),
    case("other attacher", "NodeVolumeLimits", make_pod("p", volumes=[gce(False)]), ("storage.k8s.io/VolumeAttachment", DELETE), thing("VolumeAttachment", spec={"attacher": "x"}), None, "QueueSkip"),
    case("ephemeral claim", "NodeVolumeLimits", make_pod("p", volumes=[{"name": "v", "ephemeral": {}}]), ("PersistentVolumeClaim", ADD), None, thing("PersistentVolumeClaim", "p-v"), "Queue"),
    case("ephemeral claim", "VolumeBinding", make_pod("p", volumes=[{"name": "v", "ephemeral": {}}]), ("PersistentVolumeClaim", UPDATE), thing("PersistentVolumeClaim", "p-v"), thing("PersistentVolumeClaim", "p-v"), "Queue"),
    case("other namespace", "VolumeBinding", make_pod("p", volumes=[claim_volume("x")]), ("PersistentVolumeClaim", ADD), None, thing("PersistentVolumeClaim", metadata={"namespace": "o"}), "QueueSkip"),
    case("any volume", "VolumeBinding", make_pod("p"), ("PersistentVolume", ADD), None, thing("PersistentVolume"), "Queue"),
    case("topologies changed", "VolumeBinding", make_pod("p"), ("storage.k8s.io/StorageClass", UPDATE), thing("StorageClass"), thing("StorageClass", allowedTopologies=[{"a": 1}]), "Queue"),
    case("topologies as they were", "VolumeBinding", make_pod("p"), ("storage.k8s.io/StorageClass", UPDATE), thing("StorageClass"), thing("StorageClass", allowedTopologies=[]), "QueueSkip"),
    case("migration changed", "VolumeBinding", make_pod("p"), ("storage.k8s.io/CSINode", UPDATE), csi_node(1), csi_node(1, "x"), "Queue"),
    case("limit changed", "VolumeBinding", make_pod("p"), ("storage.k8s.io/CSINode", UPDATE), csi_node(1), csi_node(2), "QueueSkip"),
    case("more capacity", "VolumeBinding", make_pod("p"), ("storage.k8s.io/CSIStorageCapacity", UPDATE), thing("CSIStorageCapacity", capacity="1Gi"), thing("CSIStorageCapacity", capacity="2Gi"), "Queue"),
    case("the largest volume counts", "VolumeBinding", make_pod("p"), ("storage.k8s.io/CSIStorageCapacity", UPDATE), thing("CSIStorageCapacity", capacity="1Gi", maximumVolumeSize="1Gi"), thing("CSIStorageCapacity", capacity="2Gi", maximumVolumeSize="1Gi"), "QueueSkip"),
    case("capacity no longer tracked", "VolumeBinding", make_pod("p", volumes=[{"name": "v", "csi": {"driver": "d"}}]), ("storage.k8s.io/CSIDriver", UPDATE), csi_driver(True), csi_driver(None), "Queue"),
    case("capacity now tracked", "VolumeBinding", make_pod("p", volumes=[{"name": "v", "csi": {"driver": "d"}}]), ("storage.k8s.io/CSIDriver", UPDATE), csi_driver(False), csi_driver(True), "QueueSkip"),
    case("class that waits", "VolumeZone", make_pod("p"), ("storage.k8s.io/StorageClass", ADD), None, thing("StorageClass", volumeBindingMode="WaitForFirstConsumer"), "Queue"),
    case("class that does not", "VolumeZone", make_pod("p"), ("storage.k8s.io/StorageClass", ADD), None, thing("StorageClass"), "QueueSkip"),
    case("zone changed", "VolumeZone", make_pod("p"), ("PersistentVolume", UPDATE), thing("PersistentVolume"), thing("PersistentVolume", metadata={"labels": {"topology.kubernetes.io/zone": "a"}}), "Queue"),
    case("same zones in another order", "VolumeZone", make_pod("p"), ("PersistentVolume", UPDATE), thing("PersistentVolume", metadata={"labels": {"topology.kubernetes.io/zone": "b__a"}}), thing("PersistentVolume", metadata={"labels": {"topology.kubernetes.io/zone": "a__b"}}), "QueueSkip"),
    case("own claim written", "DynamicResources", dra_pod(dra_claim("c1")), ("resource.k8s.io/ResourceClaim", UPDATE), dra_claim("c1"), dra_claim("c1", True), "Queue"),
    case("own claim, status as it was", "DynamicResources", dra_pod(dra_claim("c1")), ("resource.k8s.io/ResourceClaim", UPDATE), dra_claim("c1"), dra_claim("c1", finalizers=["x"]), "QueueSkip"),
    case("another claim freed", "DynamicResources", dra_pod(dra_claim("c1")), ("resource.k8s.io/ResourceClaim", UPDATE), dra_claim("c2", True), dra_claim("c2"), "Queue"),
    case("another claim", "DynamicResources", dra_pod(dra_claim("c1")), ("resource.k8s.io/ResourceClaim", ADD), None, dra_claim("c2"), "QueueSkip"),
    case("new slice", "DynamicResources", make_pod("p"), ("resource.k8s.io/ResourceSlice", ADD), None, thing("ResourceSlice"), "Queue"),
    case("a deletion", "DefaultPreemption", make_pod("p"), (ASSIGNED, DELETE), make_bound_pod("o", "n"), None, "QueueSkip"),
    case("every event", "Extender", make_pod("p"), (NODE, ActionType.UPDATE_NODE_CONDITION), make_node("n"), make_node("n"), "Queue"),
    case("no events of its own", "ImageLocality", make_pod("p"), (NODE, ActionType.UPDATE_NODE_ANNOTATION), make_node("n"), make_node("n"), "Queue"),
]
# fmt: on


@pytest.mark.parametrize(("plugin", "pod", "event", "old", "new", "want"), CASES)
def test_hint(plugin: str, pod: Manifest, event: ClusterEvent, old: Any, new: Any, want: str) -> None:
    assert hint(plugin, pod, event, old, new) == want


def test_default_constraints_select_by_the_services_of_the_pod() -> None:
    constraint = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}
    args = {"defaultConstraints": [constraint], "defaultingType": "List"}
    config = make_config(pluginConfig=[{"name": "PodTopologySpread", "args": args}])
    queue = SchedulingQueue(config)
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"selector": {"app": "a"}}}
    assert queue.observe(None, service, 0) == []
    queue.add(make_pod("p", labels={"app": "a"}), 0)
    popped = queue.pop(0)
    assert popped is not None
    queue.add_unschedulable_if_not_present(popped, 0, unschedulable_plugins=["PodTopologySpread"])
    queue.observe(labelled("o", app="b"), None, 0)
    assert queue.counts.unschedulable == 1
    queue.observe(labelled("o", app="a"), None, 0)
    assert queue.counts.backoff == 1


def test_added_affinity_of_the_profile_is_asked_first() -> None:
    args = {"addedAffinity": node_affinity("pool", "a")["nodeAffinity"]}
    config = make_config(pluginConfig=[{"name": "NodeAffinity", "args": args}])
    event = ClusterEvent(NODE, ADD)
    assert hint("NodeAffinity", make_pod("p"), event, None, make_node("n"), config=config) == "QueueSkip"
    assert hint("NodeAffinity", make_pod("p"), event, None, make_node("n", {"pool": "a"}), config=config) == "Queue"
