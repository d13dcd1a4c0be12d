"""Claims through the scheduler: what is allocated, shared, taken back and refused."""

from __future__ import annotations

import re
from typing import Any

import pytest

import kubesched as ks
from tests.builders import make_config, make_node, make_pod

Manifest = dict[str, Any]
DRIVER = "gpu.example.com"


def resource(kind: str, name: str, spec: Manifest, **more: Any) -> Manifest:
    metadata = {"name": name} | ({"namespace": "default"} if kind == "ResourceClaim" else {}) | more.pop("metadata", {})
    return {"apiVersion": "resource.k8s.io/v1", "kind": kind, "metadata": metadata, "spec": spec, **more}


def make_class(*expressions: str) -> Manifest:
    return resource("DeviceClass", "gpu", {"selectors": [{"cel": {"expression": text}} for text in expressions]})


def make_slice(name: str, num_devices: int = 2, pool: Manifest | None = None, **where: Any) -> Manifest:
    devices = [{"name": f"d{i}", "attributes": {"index": {"int": i}}} for i in range(num_devices)]
    pool = {"name": name, "generation": 1, "resourceSliceCount": 1} | (pool or {})
    return resource("ResourceSlice", name, {"driver": DRIVER, "pool": pool, "devices": devices, **where})


def make_claim(name: str, status: Manifest | None = None, metadata: Manifest | None = None, **exactly: Any) -> Manifest:
    request = {"name": "r", "exactly": {"deviceClassName": "gpu", **exactly}}
    return resource("ResourceClaim", name, {"devices": {"requests": [request]}}, status=status or {},
                    metadata=metadata or {})  # fmt: skip


def claiming(name: str, *claims: str, **more: Any) -> Manifest:
    listed = [{"name": f"c{i}", "resourceClaimName": claim} for i, claim in enumerate(claims)]
    return make_pod(name, resourceClaims=listed, **more)


def world(*more: Manifest, nodes: int = 2) -> list[Manifest]:
    names = [f"n{i}" for i in range(nodes)]
    slices = [make_slice(name, nodeName=name) for name in names]
    return [*map(make_node, names), make_class(f'device.driver == "{DRIVER}"'), *slices, *more]


def reason(scheduler: ks.Scheduler, pod: Manifest, node: str = "n0") -> str:
    answer = scheduler.explain(pod).to_dict()
    told = answer.get("preFilter") or answer["rejected"][node]
    return f"{told['code']}: {told['reasons'][0]}"


def test_a_claim_is_shared_by_pods_and_given_back_with_the_last() -> None:
    scheduler = ks.Scheduler(world(make_claim("a", count=2), make_claim("b", allocationMode="All")))
    assert scheduler.schedule(claiming("p0", "a")).node == "n0"
    assert scheduler.allocation("default/a") == [f"{DRIVER}/n0/d0", f"{DRIVER}/n0/d1"]
    assert reason(scheduler, claiming("p1", "a"), "n1") == (
        "UnschedulableAndUnresolvable: resourceclaim not available on the node"
    )
    assert scheduler.schedule(claiming("p1", "a")).node == "n0"
    assert scheduler.schedule(claiming("p2", "b")).node == "n1"
    scheduler.remove_pod("default/p0")
    assert scheduler.allocation("default/a") is not None
    scheduler.remove_pod("default/p1")
    assert scheduler.allocation("default/a") is None


def test_explaining_changes_nothing_and_forks_are_independent() -> None:
    scheduler = ks.Scheduler(world(make_claim("a")))
    assert scheduler.explain(claiming("p0", "a")).node == "n0"
    assert scheduler.allocation("default/a") is None
    fork = scheduler.fork()
    fork.schedule(claiming("p0", "a"))
    assert scheduler.allocation("default/a") is None
    assert fork.allocation("default/a") == [f"{DRIVER}/n0/d0"]


def test_a_node_that_goes_takes_its_pods_claims_along() -> None:
    scheduler = ks.Scheduler(world(make_claim("a")))
    scheduler.schedule(claiming("p0", "a"))
    scheduler.remove_node("n0")
    assert scheduler.allocation("default/a") is None
    assert scheduler.schedule(claiming("p0", "a")).node == "n1"


def test_the_status_of_a_claim_counts() -> None:
    selector = {"nodeSelectorTerms": [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n0"]}]}]}
    results = [{"request": "r", "driver": DRIVER, "pool": "n0", "device": f"d{i}"} for i in range(2)]
    status = {"allocation": {"devices": {"results": results}, "nodeSelector": selector},
              "reservedFor": [{"resource": "pods", "name": "p0", "uid": "u0"}]}  # fmt: skip
    bound = claiming("p0", "a") | {}
    bound["spec"]["nodeName"] = "n0"
    scheduler = ks.Scheduler(world(make_claim("a", status=status), make_claim("b"), bound))
    assert reason(scheduler, claiming("p1", "b")) == "UnschedulableAndUnresolvable: cannot allocate all claims"
    scheduler.remove_pod("default/p0")
    assert scheduler.schedule(claiming("p1", "b")).node == "n0"


def test_admin_access_takes_nothing() -> None:
    scheduler = ks.Scheduler(
        world(make_claim("a", count=2), make_claim("b", allocationMode="All", adminAccess=True), nodes=1)
    )
    assert scheduler.schedule(claiming("p0", "a")).node == "n0"
    assert scheduler.schedule(claiming("p1", "b")).node == "n0"


def test_pools() -> None:
    """Old generations do not count; an incomplete pool is no place for all devices."""
    old = make_slice("n0-old", 5, {"name": "n0", "generation": 0}, nodeName="n0")
    scheduler = ks.Scheduler(world(old, make_claim("a", count=3), nodes=1))
    assert reason(scheduler, claiming("p0", "a")) == "UnschedulableAndUnresolvable: cannot allocate all claims"
    scheduler.put(make_slice("n0", 5, {"generation": 2, "resourceSliceCount": 2}, nodeName="n0"))
    assert scheduler.explain(claiming("p0", "a")).node == "n0"
    scheduler.put(make_claim("all", allocationMode="All"))
    assert reason(scheduler, claiming("p0", "all")).endswith(
        f"claim default/all, request r: asks for all devices, but resource pool {DRIVER}/n0 is currently being updated"
    )


@pytest.mark.parametrize("where", [{"allNodes": True}, {"nodeSelector": {"nodeSelectorTerms": [{"matchExpressions": [
    {"key": "kubernetes.io/hostname", "operator": "In", "values": ["n1"]}]}]}}])  # fmt: skip
def test_shared_devices(where: Manifest) -> None:
    nodes = [make_node("n0"), make_node("n1")]
    scheduler = ks.Scheduler([*nodes, make_class(), make_slice("net", 1, **where), make_claim("a"), make_claim("b")])
    assert scheduler.schedule(claiming("p0", "a")).node == ("n0" if "allNodes" in where else "n1")
    assert scheduler.schedule(claiming("p1", "b")).node is None
    scheduler.remove_pod("default/p0")
    assert scheduler.schedule(claiming("p1", "b")).node is not None


def test_claims_from_templates() -> None:
    mine = {"ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "p0", "uid": "u0", "controller": True}]}
    scheduler = ks.Scheduler(world(make_claim("p0-gpu", metadata=mine)))
    pod = make_pod("p0", resourceClaims=[{"name": "gpu", "resourceClaimTemplateName": "t"}])
    assert reason(scheduler, pod) == 'UnschedulableAndUnresolvable: pod "default/p0": ResourceClaim not created yet'
    pod["status"] = {"resourceClaimStatuses": [{"name": "gpu", "resourceClaimName": "p0-gpu"}]}
    assert reason(scheduler, pod).endswith(
        "ResourceClaim default/p0-gpu was not created for pod default/p0 (pod is not owner)"
    )
    pod["metadata"]["uid"] = "u0"
    assert scheduler.schedule(pod).node == "n0"
    pod = make_pod("p1", resourceClaims=[{"name": "gpu", "resourceClaimTemplateName": "t"}])
    pod["status"] = {"resourceClaimStatuses": [{"name": "gpu"}]}
    assert scheduler.schedule(pod).node is not None


@pytest.mark.parametrize(
    ("claim", "want"),
    [
        (make_claim("a", deviceClassName="tpu"), "UnschedulableAndUnresolvable: request r: device class tpu does not exist"),
        (make_claim("b"), 'UnschedulableAndUnresolvable: could not find ResourceClaim "default/a"'),
        (make_claim("a", metadata={"deletionTimestamp": "2026-01-01T00:00:00Z"}),
         'UnschedulableAndUnresolvable: resourceclaim "a" is being deleted'),
        (make_claim("a", count=33), 'Error: running "DynamicResources" filter plugin: claim default/a: number of requested'
         " devices 33 exceeds the claim limit of 32"),
        (make_claim("a", selectors=[{"cel": {"expression": "1 +"}}]), 'Error: running "DynamicResources" filter plugin: claim'
         " default/a: selector #0: CEL compile error: compilation failed: ERROR: <input>:1:4: Syntax error"),
        (make_claim("a", selectors=[{"cel": {"expression": 'device.attributes["x"].y == 1'}}]),
         'Error: running "DynamicResources" filter plugin: claim default/a: selector #0: CEL runtime error: no such key: y'),
    ],
)  # fmt: skip
def test_claims_that_cannot_be_met(claim: Manifest, want: str) -> None:
    scheduler = ks.Scheduler(world(claim))
    assert reason(scheduler, claiming("p0", "a")).startswith(want)
    assert scheduler.schedule(claiming("p0", "a")).node is None
    assert scheduler.num_pods == 0


@pytest.mark.parametrize(
    ("obj", "want"),
    [
        (resource("ResourceClaim", "a", {"devices": {"requests": [{"name": "r"}]}}),
         "resourceclaim default/a: spec.devices.requests[0] must have exactly one of exactly and firstAvailable, got ['name']"),
        (make_claim("a", deviceClassName=""), "exactly.deviceClassName must be a DNS subdomain name, got ''"),
        (make_claim("a", allocationMode="Some"), "exactly.allocationMode must be one of ExactCount, All, got 'Some'"),
        (make_claim("a", count=-1), "exactly.count must be an integer in 0..9223372036854775807, got -1"),
        (make_claim("a", selectors=[{}]), "exactly.selectors[0].cel.expression must be a CEL expression, got ''"),
        (make_slice("s"), "resourceslice s: spec must have exactly one of nodeName, nodeSelector, allNodes"),
        (make_slice("s", pool={"resourceSliceCount": None}, allNodes=True), "spec.pool.resourceSliceCount must be an integer"),
        (resource("DeviceClass", "G_PU", {}), "deviceclass metadata.name must be a DNS subdomain name, got 'G_PU'"),
        (make_node("n9"), "object must be of a kind that a plugin reads"),
    ],
)  # fmt: skip
def test_broken_objects_are_refused_and_change_nothing(obj: Manifest, want: str) -> None:
    scheduler = ks.Scheduler(world(make_claim("a")))
    before = scheduler.explain(claiming("p0", "a")).to_dict()
    with pytest.raises(ks.ObjectError, match=re.escape(want)):
        scheduler.put(obj)
    assert scheduler.explain(claiming("p0", "a")).to_dict() == before


def test_a_search_without_end_times_out() -> None:
    """Upstream's filterTimeout is time; here it is steps of the search, a million a second."""
    constraint = [{"matchAttribute": f"{DRIVER}/index", "requests": []}]
    claim = make_claim("a", count=12)
    claim["spec"]["devices"]["constraints"] = constraint
    devices = [{"name": f"d{i}", "attributes": {"index": {"int": i // 11}}} for i in range(110)]
    device_slice = make_slice("n0", nodeName="n0")
    device_slice["spec"]["devices"] = devices
    config = {"apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration", "profiles": [
        {"pluginConfig": [{"name": "DynamicResources", "args": {"filterTimeout": "10ms"}}]}]}  # fmt: skip
    scheduler = ks.Scheduler([make_node("n0"), make_class(), device_slice, claim], config)
    assert reason(scheduler, claiming("p0", "a")) == (
        "UnschedulableAndUnresolvable: timed out trying to allocate devices"
    )


def allocated(device: str, node: str, *pods: str) -> Manifest:
    """The status of a claim that has a device of one node, reserved for pods."""
    result = {"request": "r", "driver": DRIVER, "pool": node, "device": device}
    selector = {"nodeSelectorTerms": [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}]}
    users = [{"resource": "pods", "name": pod, "uid": pod} for pod in pods]
    return {"allocation": {"devices": {"results": [result]}, "nodeSelector": selector}, "reservedFor": users}


@pytest.mark.parametrize(("status", "want_message", "want_allocation"), [
    pytest.param(allocated("d0", "n0"), "deallocation of ResourceClaim completed", None, id="nobody uses it"),
    pytest.param(allocated("d0", "n0", "big"), "deallocation of ResourceClaim completed", None, id="the pod itself has it"),
    pytest.param(allocated("d0", "n0", "other"), "still not schedulable", [f"{DRIVER}/n0/d0"], id="another pod uses it"),
])  # fmt: skip
def test_an_unreachable_claim_is_deallocated_where_no_other_pod_uses_it(
    status: Manifest, want_message: str, want_allocation: list[str] | None
) -> None:
    scheduler = ks.Scheduler([*world(make_claim("a", status=status)), make_pod("fill", cpu="4", nodeName="n0")])
    pod = claiming("big", "a", cpu="3")
    want = f"{want_message}, preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 "
    got = scheduler.explain(pod).to_dict()["postFilter"]
    assert got.startswith(want), got
    before = scheduler.allocation("default/a")
    assert before == [f"{DRIVER}/n0/d0"]
    assert scheduler.schedule(pod).node is None  # PostFilter is not asked
    assert scheduler.allocation("default/a") == before
    assert scheduler.schedule(pod, preempt=True).node is None
    assert scheduler.allocation("default/a") == want_allocation
    if want_allocation is None:
        assert scheduler.schedule(pod).node == "n1"


def test_a_claim_of_256_pods_takes_no_other() -> None:
    pods = [f"p{i}" for i in range(256)]
    scheduler = ks.Scheduler(world(make_claim("a", status=allocated("d0", "n0", *pods))))
    assert reason(scheduler, claiming("more", "a")) == "UnschedulableAndUnresolvable: resourceclaim in use"
    assert scheduler.schedule(claiming("p7", "a")).node == "n0"


@pytest.mark.parametrize("point", ["reserve", "postFilter"])
def test_a_profile_without_the_plugin_at_a_point_does_without_its_work(point: str) -> None:
    config = make_config(plugins={point: {"disabled": [{"name": "DynamicResources"}]}})
    scheduler = ks.Scheduler(world(make_claim("a"), make_claim("big", count=3)), config)
    assert scheduler.schedule(claiming("p", "a")).node == "n0"
    assert (scheduler.allocation("default/a") is None) == (point == "reserve")
    post_filter = scheduler.explain(claiming("q", "big")).to_dict()["postFilter"]
    assert post_filter.startswith("preemption: " if point == "postFilter" else "still not schedulable, preemption: ")


def test_a_pod_that_an_earlier_plugin_rejects_for_good_ends_with_upstreams_error() -> None:
    volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": "gone"}}]
    answer = ks.Scheduler(world()).explain(make_pod("p", volumes=volumes)).to_dict()
    assert answer["preFilter"]["plugin"] == "VolumeRestrictions"
    assert answer["postFilter"] == "not found"


def test_a_pod_whose_own_claims_are_at_fault_has_none_to_deallocate() -> None:
    answer = ks.Scheduler(world()).explain(claiming("p", "gone")).to_dict()
    assert answer["preFilter"]["reasons"] == ['could not find ResourceClaim "default/gone"']
    assert answer["postFilter"] == (
        "no new claims to deallocate, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."
    )
