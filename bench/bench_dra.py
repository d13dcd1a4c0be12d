"""1,000 claims of one GPU each, scheduled on 1,000 nodes of 8 devices; every round on a fresh fork."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

import kubesched as ks
from bench.workloads import make_nodes

NUM_CLAIMS = 1000
NUM_DEVICES = 8
DRIVER = "gpu.example.com"
EXPRESSIONS = (
    f'device.driver == "{DRIVER}"',
    f'device.capacity["{DRIVER}"].memory.compareTo(quantity("40Gi")) >= 0',
)


def make_objects(num_nodes: int) -> list[dict[str, Any]]:
    nodes = make_nodes(num_nodes)
    device_class, selector = ({"cel": {"expression": text}} for text in EXPRESSIONS)
    objects = [*nodes, resource("DeviceClass", {"name": "gpu"}, {"selectors": [device_class]})]
    for node in nodes:
        name = node["metadata"]["name"]
        devices = [
            {
                "name": f"gpu-{i}",
                "attributes": {"index": {"int": i}, "model": {"string": "h100"}},
                "capacity": {"memory": {"value": "80Gi" if i % 2 else "16Gi"}},
            }
            for i in range(NUM_DEVICES)
        ]
        pool = {"name": name, "generation": 1, "resourceSliceCount": 1}
        spec = {"driver": DRIVER, "nodeName": name, "pool": pool, "devices": devices}
        objects.append(resource("ResourceSlice", {"name": name}, spec))
    for i in range(NUM_CLAIMS):
        request = {"name": "gpu", "exactly": {"deviceClassName": "gpu", "selectors": [selector]}}
        metadata = {"name": f"claim-{i}", "namespace": "default"}
        objects.append(resource("ResourceClaim", metadata, {"devices": {"requests": [request]}}))
    return objects


def resource(kind: str, metadata: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "resource.k8s.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


def make_pod(i: int) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"pod-{i}", "namespace": "default"},
        "spec": {
            "containers": [{"name": "main", "image": "app", "resources": {"requests": {"cpu": "100m"}}}],
            "resourceClaims": [{"name": "gpu", "resourceClaimName": f"claim-{i}"}],
        },
    }


@pytest.mark.parametrize("num_nodes", [pytest.param(100, marks=pytest.mark.short, id="100"), 1000, 5000])
def test_claims_of_one_device(benchmark: Any, num_nodes: int) -> None:
    scheduler = ks.Scheduler(make_objects(num_nodes))
    pods = [make_pod(i) for i in range(NUM_CLAIMS)]
    forks: list[ks.Scheduler] = []

    def setup() -> tuple[tuple[ks.Scheduler], dict[str, Any]]:
        forks.append(scheduler.fork())
        return (forks[-1],), {}

    placements = benchmark.pedantic(lambda fork: fork.schedule_many(pods), setup=setup, rounds=3, warmup_rounds=1)
    benchmark.extra_info["pods"] = NUM_CLAIMS
    room = num_nodes * NUM_DEVICES // 2  # half of the devices are large enough
    placed = [i for i, name in enumerate(placements.node_names) if name is not None]
    assert len(placed) == min(NUM_CLAIMS, room)
    taken: Counter[str] = Counter()
    for i in placed:
        allocation = forks[-1].allocation(f"default/claim-{i}")
        assert allocation is not None
        (device,) = allocation
        driver, pool, name = device.split("/")
        assert (driver, pool, int(name.removeprefix("gpu-")) % 2) == (DRIVER, placements.node_names[i], 1)
        taken[device] += 1
    assert max(taken.values()) == 1
