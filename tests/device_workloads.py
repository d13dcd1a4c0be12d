"""Random devices, classes and claims; each CEL expression with the Python that says the same."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.builders import make_node, make_pod
from tests.oracle.dra import Predicate

Manifest = dict[str, Any]

GPU, NIC = "gpu.example.com", "nic.example.com"
SIZES = {"8Gi": 8, "16Gi": 16, "40Gi": 40}


def attribute(device: Manifest, name: str) -> Any:
    (value,) = device["attributes"][name].values()
    return value


def version(device: Manifest) -> tuple[int, ...]:
    return tuple(int(part) for part in attribute(device, "version").split("."))


PREDICATES: dict[str, Predicate] = {
    f'device.driver == "{GPU}"': lambda driver, _: driver == GPU,
    f'device.driver == "{NIC}"': lambda driver, _: driver == NIC,
    f'device.attributes["{GPU}"].index < 2': lambda _, device: attribute(device, "index") < 2,
    f'device.attributes["{GPU}"].model in ["a", "b"]': lambda _, device: attribute(device, "model") in "ab",
    f'"model" in device.attributes["{GPU}"] && device.attributes["{GPU}"].model == "a"': (
        lambda _, device: "model" in device["attributes"] and attribute(device, "model") == "a"
    ),
    f'has(device.attributes["{GPU}"].model)': lambda _, device: "model" in device["attributes"],
    f'device.capacity["{GPU}"].memory.compareTo(quantity("16Gi")) >= 0': (
        lambda _, device: SIZES[device["capacity"]["memory"]["value"]] >= 16
    ),
    f'device.capacity["{GPU}"].memory.isLessThan(quantity("16Gi").add(quantity("1Gi")))': (
        lambda _, device: SIZES[device["capacity"]["memory"]["value"]] < 17
    ),
    f'device.attributes["{GPU}"].version.isGreaterThan(semver("1.2.0"))': lambda _, device: version(device) > (1, 2, 0),
    f'cel.bind(gpu, device.attributes["{GPU}"], gpu.healthy || gpu.index == 0)': (
        lambda _, device: attribute(device, "healthy") or attribute(device, "index") == 0
    ),
    f'["a", "c"].exists(m, m == device.attributes["{GPU}"].?model.orValue("c"))': (
        lambda _, device: "model" not in device["attributes"] or attribute(device, "model") in "ac"
    ),
}
CLASS_SELECTORS, SELECTORS = list(PREDICATES)[:2], list(PREDICATES)[2:]


class DeviceWorkload:
    """Draws objects and pods from a seed."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.claims: list[str] = []
        self.num_pods = 0

    def maybe(self, share: float) -> bool:
        return self.rng.random() < share

    def objects(self) -> list[Manifest]:
        nodes = [f"node-{i}" for i in range(self.rng.randint(1, 5))]
        objects: list[Manifest] = [make_node(name, cpu="64", memory="64Gi") for name in nodes]
        for name, expression in zip(("gpu", "nic"), CLASS_SELECTORS, strict=True):
            objects.append(self.resource("DeviceClass", name, {"selectors": [{"cel": {"expression": expression}}]}))
        for node in nodes:
            for driver in (GPU, NIC):
                if self.maybe(0.8):
                    objects.append(self.slice(f"{node}-{driver}", driver, node, {"nodeName": node}))
        if self.maybe(0.4):
            objects.append(self.slice("shared", NIC, "shared", {"allNodes": True}))
        self.claims = [f"claim-{i}" for i in range(self.rng.randint(1, 9))]
        objects += [self.claim(name) for name in self.claims]
        return objects

    @staticmethod
    def resource(kind: str, name: str, spec: Manifest) -> Manifest:
        metadata = {"name": name, "namespace": "default"} if kind == "ResourceClaim" else {"name": name}
        return {"apiVersion": "resource.k8s.io/v1", "kind": kind, "metadata": metadata, "spec": spec}

    def slice(self, name: str, driver: str, pool: str, where: Manifest) -> Manifest:
        devices = []
        for i in range(self.rng.randint(1, 5)):
            attributes: Manifest = {
                "index": {"int": i},
                "numa": {"int": self.rng.randint(0, 1)},
                "healthy": {"bool": self.maybe(0.7)},
                "version": {"version": self.rng.choice(["1.1.9", "1.2.0", "1.10.0"])},
            }
            if self.maybe(0.8):
                attributes["model"] = {"string": self.rng.choice("abc")}
            capacity = {"memory": {"value": self.rng.choice(list(SIZES))}}
            devices.append({"name": f"d{i}", "attributes": attributes, "capacity": capacity})
        pool_of = {"name": pool, "generation": 1, "resourceSliceCount": 1}
        return self.resource("ResourceSlice", name, {"driver": driver, "pool": pool_of, "devices": devices, **where})

    def claim(self, name: str) -> Manifest:
        requests: list[Manifest] = []
        for i in range(self.rng.randint(1, 2)):
            if self.maybe(0.25):
                listed = [{"name": f"s{j}", **self.wanted(exact=False)} for j in range(self.rng.randint(1, 3))]
                requests.append({"name": f"r{i}", "firstAvailable": listed})
            else:
                requests.append({"name": f"r{i}", "exactly": self.wanted(exact=True)})
        devices: Manifest = {"requests": requests}
        if self.maybe(0.35):
            names = self.rng.choice([[], ["r0"], [request["name"] for request in requests]])
            devices["constraints"] = [{"matchAttribute": f"{GPU}/numa", "requests": names}]
        return self.resource("ResourceClaim", name, {"devices": devices})

    def wanted(self, *, exact: bool) -> Manifest:
        wanted: Manifest = {"deviceClassName": self.rng.choice(["gpu", "gpu", "gpu", "nic"])}
        if self.maybe(0.03):
            wanted["deviceClassName"] = "missing"
        if exact and self.maybe(0.2):
            wanted["allocationMode"] = "All"
        elif self.maybe(0.6):
            wanted["count"] = self.rng.randint(1, 3)
        if exact and self.maybe(0.1):
            wanted["adminAccess"] = True
        if wanted["deviceClassName"] == "gpu" and self.maybe(0.6):
            wanted["selectors"] = [{"cel": {"expression": self.rng.choice(SELECTORS)}}]
        return wanted

    def pod(self) -> Manifest:
        self.num_pods += 1
        names = self.rng.sample(self.claims, min(len(self.claims), self.rng.choice([1, 1, 1, 2])))
        if self.maybe(0.03):
            names.append("nowhere")
        claims = [{"name": f"c{i}", "resourceClaimName": name} for i, name in enumerate(names)]
        return make_pod(f"pod-{self.num_pods}", cpu="100m", resourceClaims=claims)
