"""1,000 pods, each with a claim of its own that waits for its first consumer, on 5,000 nodes with CSI limits.

provisioned  the volume is to be made in one of two zones, by a driver that tells its capacity
local        one of 5,000 local volumes, one a node, of four sizes
zonal        one of 1,000 volumes in three zones
bound        the claim has its volume in a zone already
"""

from __future__ import annotations

from typing import Any

import pytest

import kubesched as ks
from bench.workloads import HOSTNAME, ZONE, ZONES, make_nodes
from tests.oracle.scheduler import OracleScheduler

Manifest = dict[str, Any]

NUM_NODES, NUM_PODS = 5000, 1000
CHECKED_NODES, CHECKED_PODS = 24, 10  # for the twin, which takes long
DRIVER = "csi.example.com"
WORKLOADS = ("provisioned", "local", "zonal", "bound")


def storage_object(kind: str, name: str, api: str = "storage.k8s.io/v1", **fields: Any) -> Manifest:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name}, **fields}


def make_volume(workload: str, i: int) -> Manifest:
    key, value = (HOSTNAME, f"node-{i}") if workload == "local" else (ZONE, ZONES[i % 3])
    term = {"matchExpressions": [{"key": key, "operator": "In", "values": [value]}]}
    spec: Manifest = {
        "storageClassName": "fast",
        "accessModes": ["ReadWriteOnce"],
        "capacity": {"storage": f"{10 + i % 4}Gi"},
        "nodeAffinity": {"required": {"nodeSelectorTerms": [term]}},
        "csi": {"driver": DRIVER, "volumeHandle": f"handle-{i}"},
    }
    if workload == "bound":
        spec["claimRef"] = {"namespace": "default", "name": f"claim-{i}"}
    return storage_object("PersistentVolume", f"pv-{i}", "v1", spec=spec, status={"phase": "Available"})


def make_claim(workload: str, i: int) -> Manifest:
    spec: Manifest = {"storageClassName": "fast", "accessModes": ["ReadWriteOnce"]}
    spec["resources"] = {"requests": {"storage": "10Gi"}}
    claim = storage_object("PersistentVolumeClaim", f"claim-{i}", "v1", spec=spec)
    if workload == "bound":
        spec["volumeName"] = f"pv-{i}"
        claim["metadata"]["annotations"] = {"pv.kubernetes.io/bind-completed": "yes"}
    return claim


def make_storage(workload: str, num_nodes: int, num_pods: int) -> list[Manifest]:
    provisioned = workload == "provisioned"
    storage_class = storage_object("StorageClass", "fast", volumeBindingMode="WaitForFirstConsumer")
    storage_class["provisioner"] = DRIVER if provisioned else "kubernetes.io/no-provisioner"
    objects = [storage_class, storage_object("CSIDriver", DRIVER, spec={"storageCapacity": True})]
    if provisioned:
        labels = {"key": ZONE, "values": list(ZONES[:2])}
        storage_class["allowedTopologies"] = [{"matchLabelExpressions": [labels]}]
        for zone in ZONES:
            topology = {"matchLabels": {ZONE: zone}}
            fields: Manifest = {"storageClassName": "fast", "capacity": "100Gi", "nodeTopology": topology}
            objects.append(storage_object("CSIStorageCapacity", zone, **fields))
    for i in range(num_nodes):
        drivers = [{"name": DRIVER, "nodeID": f"node-{i}", "allocatable": {"count": 24}}]
        objects.append(storage_object("CSINode", f"node-{i}", spec={"drivers": drivers}))
    num_volumes = {"provisioned": 0, "local": num_nodes}.get(workload, num_pods)
    objects += [make_volume(workload, i) for i in range(num_volumes)]
    return objects + [make_claim(workload, i) for i in range(num_pods)]


def make_pods(num_pods: int) -> list[Manifest]:
    requests = {"requests": {"cpu": "100m", "memory": "500Mi"}}
    container = {"name": "c", "image": "app", "resources": requests}
    volumes = [[{"name": "data", "persistentVolumeClaim": {"claimName": f"claim-{i}"}}] for i in range(num_pods)]
    return [
        {"metadata": {"name": f"pod-{i}"}, "spec": {"containers": [container], "volumes": volumes[i]}}
        for i in range(num_pods)
    ]


@pytest.mark.short
@pytest.mark.parametrize("workload", WORKLOADS)
def test_volumes(benchmark: Any, workload: str) -> None:
    """Preparing the pods counts, too: each has a record of its own."""
    scheduler = ks.Scheduler([*make_nodes(NUM_NODES), *make_storage(workload, NUM_NODES, NUM_PODS)])
    pods = make_pods(NUM_PODS)
    placements = benchmark.pedantic(
        lambda fork: fork.schedule_many(pods), setup=lambda: ((scheduler.fork(),), {}), rounds=5, warmup_rounds=1
    )
    benchmark.extra_info["pods"] = NUM_PODS
    fork = scheduler.fork()
    assert [fork.schedule(pod).node for pod in pods] == placements.node_names
    assert None not in placements.node_names
    few = [*make_nodes(CHECKED_NODES), *make_storage(workload, CHECKED_NODES, CHECKED_PODS)]
    oracle = OracleScheduler(few)
    want = [oracle.schedule(pod) for pod in make_pods(CHECKED_PODS)]
    assert ks.Scheduler(few).schedule_many(make_pods(CHECKED_PODS)).node_names == want
