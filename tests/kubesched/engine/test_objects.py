"""Objects besides nodes and pods that come and go: every kind, bad names, and what their going does."""

from __future__ import annotations

from typing import Any

import pytest

import kubesched as ks
from tests.builders import make_node, make_pod

Manifest = dict[str, Any]


def named(kind: str, api: str, name: str = "x", namespace: str = "", **fields: Any) -> Manifest:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **fields}


OBJECTS = [
    named("Namespace", "v1"),
    named("Service", "v1", namespace="default", spec={"selector": {"app": "a"}}),
    named("ReplicationController", "v1", namespace="default", spec={"selector": {"app": "a"}}),
    named("ReplicaSet", "apps/v1", namespace="default", spec={"selector": {"matchLabels": {"app": "a"}}}),
    named("StatefulSet", "apps/v1", namespace="default", spec={"selector": {"matchLabels": {"app": "a"}}}),
    named("PodDisruptionBudget", "policy/v1", namespace="default", spec={}),
    named("PersistentVolume", "v1", spec={"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"]}),
    named("PersistentVolumeClaim", "v1", namespace="default", spec={"accessModes": ["ReadWriteOnce"]}),
    named("StorageClass", "storage.k8s.io/v1", provisioner="a"),
    named("CSINode", "storage.k8s.io/v1", spec={"drivers": []}),
    named("CSIDriver", "storage.k8s.io/v1", spec={}),
    named("CSIStorageCapacity", "storage.k8s.io/v1", namespace="default", storageClassName="c"),
    named("VolumeAttachment", "storage.k8s.io/v1", spec={"attacher": "a", "nodeName": "n", "source": {}}),
    named("ResourceSlice", "resource.k8s.io/v1", spec={"driver": "d", "pool": {"name": "p", "resourceSliceCount": 1}, "allNodes": True, "devices": []}),
    named("DeviceClass", "resource.k8s.io/v1", spec={}),
    named("ResourceClaim", "resource.k8s.io/v1", namespace="default", spec={"devices": {"requests": []}}),
]  # fmt: skip


@pytest.mark.parametrize("obj", OBJECTS, ids=[obj["kind"] for obj in OBJECTS])
def test_every_kind_comes_and_goes_once(obj: Manifest) -> None:
    metadata = obj["metadata"]
    key = f"{metadata['namespace']}/x" if "namespace" in metadata else "x"
    scheduler = ks.Scheduler([make_node("n")])
    with pytest.raises(ks.StateError, match=f"^{obj['kind']} must be in the cluster, got '{key}'$"):
        scheduler.remove(obj["kind"], key)
    scheduler.put(obj)
    fork = scheduler.fork()
    scheduler.put(obj)
    scheduler.remove(obj["kind"], key)
    with pytest.raises(ks.StateError, match="must be in the cluster"):
        scheduler.remove(obj["kind"], key)
    fork.remove(obj["kind"], key)
    assert scheduler.schedule(make_pod("p")).node == "n"


@pytest.mark.parametrize(("kind", "key", "want"), [
    pytest.param("Pod", "default/x", "kind must be one of CSIDriver, .*, got 'Pod'", id="a kind of its own"),
    pytest.param("StorageClass", "default/x", "key of a StorageClass must be name, got 'default/x'", id="a namespace too many"),
    pytest.param("Service", "x", "key of a Service must be namespace/name, got 'x'", id="no namespace"),
    pytest.param("Service", "/x", "key of a Service must be namespace/name", id="an empty namespace"),
    pytest.param("Service", "default/", "key of a Service must be namespace/name", id="an empty name"),
    pytest.param("Namespace", "", "key of a Namespace must be name, got ''", id="nothing"),
])  # fmt: skip
def test_bad_names_are_refused(kind: str, key: str, want: str) -> None:
    with pytest.raises(ks.ObjectError, match=want):
        ks.Scheduler([]).remove(kind, key)


@pytest.mark.parametrize(("obj", "want"), [
    pytest.param(named("ConfigMap", "v1"), "object must be of a kind that a plugin reads, got 'v1/ConfigMap'", id="another kind"),
    pytest.param([], "object must be a mapping, got list", id="no mapping"),
    pytest.param({}, "object must be of a kind that a plugin reads, got 'None/None'", id="empty"),
])  # fmt: skip
def test_what_no_plugin_reads_is_refused(obj: Any, want: str) -> None:
    with pytest.raises(ks.ObjectError, match=want):
        ks.Scheduler([]).put(obj)


def claiming(name: str) -> Manifest:
    return make_pod(name, volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "x"}}])


def test_a_claim_that_goes_is_missed_and_one_that_comes_again_is_new() -> None:
    claim = named("PersistentVolumeClaim", "v1", namespace="default")
    claim["metadata"]["uid"] = "first"
    claim["spec"] = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "local",
        "resources": {"requests": {"storage": "1Gi"}},
    }
    volume = named("PersistentVolume", "v1", status={"phase": "Available"})
    volume["spec"] = {
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "local",
        "hostPath": {"path": "/v"},
    }
    local = named(
        "StorageClass",
        "storage.k8s.io/v1",
        "local",
        provisioner="kubernetes.io/no-provisioner",
        volumeBindingMode="WaitForFirstConsumer",
    )
    scheduler = ks.Scheduler([make_node("n"), local, claim, volume])
    assert scheduler.fork().schedule(claiming("p")).node == "n"
    without_volume = scheduler.fork()
    without_volume.remove("PersistentVolume", "x")
    assert "didn't find available persistent volumes to bind" in without_volume.schedule(claiming("p")).message
    assert scheduler.schedule(claiming("p")).node == "n"
    scheduler.remove("PersistentVolumeClaim", "default/x")
    assert 'persistentvolumeclaim "x" not found' in scheduler.schedule(claiming("q")).message
    claim["metadata"]["uid"] = "another"
    scheduler.put(claim)  # the volume is still the old one's
    assert "didn't find available persistent volumes to bind" in scheduler.schedule(claiming("q")).message
