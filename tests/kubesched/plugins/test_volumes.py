"""The volume plugins, case by case: what they say, what a placement binds, and what is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest

import kubesched as ks
from kubesched.errors import ObjectError
from tests.builders import make_bound_pod, make_node, make_pod
from tests.volume_workloads import storage_object

Manifest = dict[str, Any]
ZONE = "topology.kubernetes.io/zone"
DRIVER = "csi.example.com"
NODES = [make_node(f"n{i}", {ZONE: zone}) for i, zone in enumerate("abc")]


def volume(name: str, size: str = "10Gi", zone: str = "", phase: str = "Available", **spec: Any) -> Manifest:
    own: Manifest = {"capacity": {"storage": size}, "storageClassName": "local", "accessModes": ["ReadWriteOnce"]}
    own["csi"] = {"driver": DRIVER, "volumeHandle": name}
    if zone:
        term = {"matchExpressions": [{"key": ZONE, "operator": "In", "values": [zone]}]}
        own["nodeAffinity"] = {"required": {"nodeSelectorTerms": [term]}}
    return storage_object("PersistentVolume", name, "v1", spec={**own, **spec}, status={"phase": phase})


def claim(name: str, size: str = "5Gi", bound_to: str = "", **spec: Any) -> Manifest:
    own: Manifest = {"storageClassName": "local", "accessModes": ["ReadWriteOnce"]}
    own["resources"] = {"requests": {"storage": size}}
    obj = storage_object("PersistentVolumeClaim", name, "v1", spec={**own, **spec})
    if bound_to:
        obj["spec"]["volumeName"] = bound_to
        obj["metadata"]["annotations"] = {"pv.kubernetes.io/bind-completed": "yes"}
    return obj


def storage_class(name: str = "local", provisioner: str = "kubernetes.io/no-provisioner", **fields: Any) -> Manifest:
    mode = {"volumeBindingMode": "WaitForFirstConsumer"}
    return storage_object("StorageClass", name, provisioner=provisioner, **mode, **fields)


def csi_node(name: str, count: int, driver: str = DRIVER, migrated: str = "") -> Manifest:
    drivers = [{"name": driver, "nodeID": name, "allocatable": {"count": count}}]
    obj = storage_object("CSINode", name, spec={"drivers": drivers})
    obj["metadata"]["annotations"] = {"storage.alpha.kubernetes.io/migrated-plugins": migrated}
    return obj


def pod_with(name: str, *claims: str, **volumes: Any) -> Manifest:
    listed = [{"name": f"v{i}", "persistentVolumeClaim": {"claimName": c}} for i, c in enumerate(claims)]
    listed += [{"name": f"d{i}", source: fields} for i, (source, fields) in enumerate(volumes.items())]
    return make_pod(name, volumes=listed)


def test_the_smallest_volume_is_bound_and_gone_for_the_next_pod() -> None:
    objects = [
        *NODES,
        storage_class(),
        volume("big", "20Gi", "a"),
        volume("small", "6Gi", "b"),
        claim("c0"),
        claim("c1"),
    ]
    scheduler = ks.Scheduler([*objects, claim("c2")])
    first = scheduler.explain(pod_with("p0", "c0"))
    assert first.feasible.tolist() == [True, True, False]
    assert scheduler.schedule(pod_with("p0", "c0")).node == "n0"
    assert scheduler.schedule(pod_with("p1", "c1")).node == "n1"
    lost = scheduler.schedule(pod_with("p2", "c2"))
    assert lost.message == "0/3 nodes are available: 3 node(s) didn't find available persistent volumes to bind."
    again = scheduler.explain(pod_with("p3", "c0"))
    assert again.feasible.tolist() == [True, False, False]
    scheduler.remove_pod("default/p0")
    assert scheduler.explain(pod_with("p3", "c0")).feasible.tolist() == [True, False, False]
    assert not scheduler.explain(pod_with("p2", "c2")).feasible.any()


def test_on_one_node_the_smallest_that_is_large_enough_is_taken() -> None:
    volumes = [volume("v20", "20Gi"), volume("v4", "4Gi"), volume("v6", "6Gi"), volume("v6-late", "6Gi")]
    scheduler = ks.Scheduler([NODES[0], storage_class(), *volumes, claim("c"), csi_node("n0", 9)])
    scheduler.schedule(pod_with("p", "c"))
    scheduler.put(claim("other", "6Gi", volumeName="v6"))
    taken = storage_object("VolumeAttachment", "x", spec={"attacher": DRIVER, "nodeName": "n0"})
    taken["spec"]["source"] = {"persistentVolumeName": "v6"}
    scheduler.put(taken)  # counts no further: it is the volume that the pod has
    scheduler.put(csi_node("n0", 2))
    scheduler.put(claim("one-more", bound_to="v20"))
    assert scheduler.explain(pod_with("q", "one-more")).node == "n0"
    scheduler.put(csi_node("n0", 1))
    assert scheduler.explain(pod_with("q", "one-more")).rejection(0) == (
        "NodeVolumeLimits", "Unschedulable", ["node(s) exceed max volume count"]
    )  # fmt: skip


def test_a_volume_to_be_provisioned_holds_its_claim_to_the_node() -> None:
    objects = [*NODES, storage_class("local", DRIVER), claim("c", accessModes=["ReadWriteMany"])]
    scheduler = ks.Scheduler(objects)
    fork = scheduler.fork()
    assert scheduler.schedule(pod_with("p", "c")).node == "n0"
    assert scheduler.explain(pod_with("q", "c")).feasible.tolist() == [True, False, False]
    assert fork.explain(pod_with("q", "c")).feasible.tolist() == [True, True, True]
    scheduler.put(volume("made", zone="b", phase="Bound"))
    scheduler.put(claim("c", bound_to="made", accessModes=["ReadWriteMany"]))
    assert scheduler.explain(pod_with("q", "c")).feasible.tolist() == [False, True, False]


def test_explaining_binds_nothing() -> None:
    scheduler = ks.Scheduler([*NODES, storage_class(), volume("v"), claim("c"), claim("d")])
    for name in ("c", "d", "c"):
        assert scheduler.explain(pod_with("p", name)).feasible.all()


def test_a_claim_for_one_pod_is_free_again_when_the_pod_is_gone() -> None:
    alone = claim("c", bound_to="v", accessModes=["ReadWriteOncePod"])
    scheduler = ks.Scheduler([*NODES, storage_class(), volume("v", phase="Bound"), alone])
    assert scheduler.schedule(pod_with("p", "c")).node == "n0"
    reason = "PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod"
    assert reason in scheduler.schedule(pod_with("q", "c")).message
    scheduler.remove_pod("default/p")
    assert scheduler.schedule(pod_with("q", "c")).node == "n0"


def test_evicting_one_of_two_users_of_a_claim_for_one_pod_frees_it() -> None:
    alone = claim("c", bound_to="v", accessModes=["ReadWriteOncePod"])
    volumes = pod_with("p", "c")["spec"]["volumes"]
    users = [make_pod(f"user-{node}", nodeName=node, volumes=volumes) for node in ("n1", "n2")]
    scheduler = ks.Scheduler([*NODES, storage_class(), volume("v", phase="Bound"), alone, *users])
    answer = scheduler.explain(make_pod("p", priority=1, volumes=volumes)).to_dict()
    assert (answer["nominated"], answer["victims"]) == ("n1", ["default/user-n1"])
    assert scheduler.explain(pod_with("p", "c")).to_dict().get("nominated") is None


READ = {"readOnly": True}


@pytest.mark.parametrize(
    ("source", "used", "wanted", "fits"),
    [
        pytest.param("gcePersistentDisk", {"pdName": "a"}, {"pdName": "a"}, False, id="written twice"),
        pytest.param("gcePersistentDisk", {"pdName": "a", **READ}, {"pdName": "a", **READ}, True, id="read by both"),
        pytest.param("gcePersistentDisk", {"pdName": "a", **READ}, {"pdName": "a"}, False, id="read and written"),
        pytest.param("gcePersistentDisk", {"pdName": "a"}, {"pdName": "b"}, True, id="two disks"),
        pytest.param("awsElasticBlockStore", {"volumeID": "vol-1", **READ}, {"volumeID": "vol-1", **READ}, False, id="EBS"),
        pytest.param("iscsi", {"iqn": "a", "lun": 0}, {"iqn": "a", "lun": 1, **READ}, False, id="iSCSI"),
        pytest.param("rbd", {"image": "i", "monitors": ["x", "y"]}, {"image": "i", "monitors": ["y"], "pool": "rbd"}, False,
                     id="the default pool"),
        pytest.param("rbd", {"image": "i", "monitors": ["x"]}, {"image": "i", "monitors": ["y"]}, True, id="other monitors"),
    ],
)  # fmt: skip
def test_disks_that_pods_may_share(source: str, used: Manifest, wanted: Manifest, fits: bool) -> None:
    other = make_bound_pod("other", "n0", volumes=[{"name": "v", source: used}])
    scheduler = ks.Scheduler([NODES[0], other])
    assert scheduler.explain(pod_with("p", **{source: wanted})).feasible.tolist() == [fits]
    scheduler.remove_pod("default/other")
    assert scheduler.explain(pod_with("p", **{source: wanted})).feasible.tolist() == [True]


@pytest.mark.parametrize(
    ("source", "migrated", "driver", "counts"),
    [
        ({"awsElasticBlockStore": {"volumeID": "aws://a/vol-1"}}, "", "ebs.csi.aws.com", True),
        ({"gcePersistentDisk": {"pdName": "d"}}, "", "pd.csi.storage.gke.io", True),
        ({"azureDisk": {"diskURI": "/d", "kind": "Managed"}}, "", "disk.csi.azure.com", True),
        ({"cinder": {"volumeID": "c"}}, "", "cinder.csi.openstack.org", True),
        ({"portworxVolume": {"volumeID": "p"}}, "", "pxd.portworx.com", False),
        ({"portworxVolume": {"volumeID": "p"}}, "kubernetes.io/portworx-volume", "pxd.portworx.com", True),
        ({"vsphereVolume": {"volumePath": "x"}}, "kubernetes.io/vsphere-volume", "csi.vsphere.vmware.com", False),
    ],
)  # fmt: skip
def test_in_tree_volumes_count_as_csi_volumes(source: Manifest, migrated: str, driver: str, counts: bool) -> None:
    scheduler = ks.Scheduler([NODES[0], csi_node("n0", 0, driver, migrated)])
    assert scheduler.explain(pod_with("p", **source)).feasible.tolist() == [not counts]
    in_volume = volume("v", phase="Bound", csi=None, **source)
    scheduler = ks.Scheduler([*scheduler_objects(driver, migrated), in_volume, claim("c", bound_to="v")])
    assert scheduler.explain(pod_with("p", "c")).feasible.tolist() == [not counts]


def scheduler_objects(driver: str, migrated: str) -> list[Manifest]:
    return [NODES[0], csi_node("n0", 0, driver, migrated), storage_class()]


def test_a_volume_that_cannot_be_translated_is_told() -> None:
    scheduler = ks.Scheduler([NODES[0], csi_node("n0", 9)])
    reason = "converting volume(d0) from inline to csi: kind(Shared) is not supported in csi migration"
    got = scheduler.explain(pod_with("p", azureDisk={"diskURI": "/d"})).rejection(0)
    assert got == ("NodeVolumeLimits", "Error", [reason])


def ephemeral(name: str, uid: str = "") -> Manifest:
    pod = make_pod(name, volumes=[{"name": "data", "ephemeral": {}}])
    pod["metadata"] |= {"uid": uid} if uid else {}
    return pod


@pytest.mark.parametrize(
    ("owner", "uid", "want"),
    [
        ({"kind": "Pod", "name": "p", "uid": "u1", "controller": True}, "u1", ""),
        ({"kind": "Pod", "name": "p", "controller": True}, "", ""),
        ({"kind": "Pod", "name": "p", "uid": "u2", "controller": True}, "u1", "PVC default/p-data was not created for pod default/p"),
        ({"kind": "Pod", "name": "q", "controller": True}, "", "PVC default/p-data was not created for pod default/p"),
        (None, "", 'waiting for ephemeral volume controller to create the persistentvolumeclaim "p-data"'),
    ],
)  # fmt: skip
def test_ephemeral_claims_belong_to_the_pod(owner: Manifest | None, uid: str, want: str) -> None:
    own = claim("p-data", bound_to="v")
    own["metadata"]["ownerReferences"] = [owner]
    scheduler = ks.Scheduler([*NODES, storage_class(), volume("v", phase="Bound"), *([own] if owner else [])])
    answer = scheduler.explain(ephemeral("p", uid))
    assert want in answer.message
    assert (answer.pre_filter is None) == (want == "")


def test_pods_of_one_template_have_ephemeral_claims_of_their_own() -> None:
    claims = []
    for i in range(2):
        own = claim(f"p-{i}-data")
        own["metadata"]["ownerReferences"] = [{"kind": "Pod", "name": f"p-{i}", "controller": True}]
        claims.append(own)
    scheduler = ks.Scheduler([*NODES, storage_class(), volume("v0", zone="b"), volume("v1", zone="c"), *claims])
    batch = ks.PodBatch.from_templates([ephemeral("p")], [0, 0])
    assert scheduler.schedule_many(batch).node_names == ["n1", "n2"]


def test_a_claim_of_a_missing_class_waits_for_its_volume() -> None:
    scheduler = ks.Scheduler([*NODES, claim("c")])
    assert "pod has unbound immediate PersistentVolumeClaims" in scheduler.explain(pod_with("p", "c")).message


@pytest.mark.parametrize(
    ("obj", "want"),
    [
        pytest.param(volume("v", capacity={}), "persistentvolume v: spec.capacity.storage must be a quantity, got None", id="size"),
        pytest.param(volume("v", size="x"), "persistentvolume v: spec.capacity.storage must be a quantity, got 'x'", id="no size"),
        pytest.param(volume("v", accessModes=["RWO"]), "persistentvolume v: spec.accessModes[0] must be one of", id="a mode"),
        pytest.param(volume("v", nodeAffinity={"required": {}}),
                     "persistentvolume v: spec.nodeAffinity.required.nodeSelectorTerms must have at least one term", id="terms"),
        pytest.param(volume("v", awsElasticBlockStore={}),
                     "persistentvolume v: spec.awsElasticBlockStore.volumeID must name a volume, got None", id="no id"),
        pytest.param(claim("c", resources={"requests": {"storage": "-1"}}),
                     "persistentvolumeclaim default/c: spec.resources.requests.storage must be a quantity", id="a request"),
        pytest.param(claim("c", volumeMode="Tape"), "persistentvolumeclaim default/c: spec.volumeMode must be one of", id="a tape"),
        pytest.param(storage_class("s", ""), "storageclass s: provisioner must name a volume plugin, got ''", id="no provisioner"),
        pytest.param(csi_node("n", -1), "csinode n: spec.drivers[0].allocatable.count must be an integer", id="a count"),
        pytest.param(storage_object("CSIStorageCapacity", "c"), "csistoragecapacity default/c: storageClassName must name", id="no class"),
        pytest.param({"kind": "Pod", "apiVersion": "v1"}, "object must be of a kind that a plugin reads", id="another kind"),
        pytest.param(storage_object("CSINode", "!"), "csinode metadata.name must be a DNS subdomain name, got '!'", id="a name"),
    ],
)  # fmt: skip
def test_bad_objects_are_refused_and_change_nothing(obj: Manifest, want: str) -> None:
    scheduler = ks.Scheduler([*NODES, storage_class(), volume("v"), claim("c")])
    before = scheduler.explain(pod_with("p", "c")).to_dict()
    with pytest.raises(ObjectError, match=re.escape(want)):
        scheduler.put(obj)
    assert scheduler.explain(pod_with("p", "c")).to_dict() == before


@pytest.mark.parametrize(
    ("source", "want"),
    [
        ({"persistentVolumeClaim": {}}, "persistentVolumeClaim.claimName must be a DNS subdomain name, got ''"),
        ({"gcePersistentDisk": {}}, "gcePersistentDisk.pdName must name a volume, got None"),
        ({"rbd": {"image": "i", "monitors": "x"}}, "rbd.monitors must be a list, got 'x'"),
        ({"cinder": []}, "cinder must be a mapping, got []"),
    ],
)
def test_bad_volumes_of_a_pod_are_refused(source: Manifest, want: str) -> None:
    with pytest.raises(ObjectError, match=re.escape(f"pod default/p: spec.volumes[0].{want}")):
        ks.Scheduler(NODES).schedule(make_pod("p", volumes=[{"name": "v", **source}]))
