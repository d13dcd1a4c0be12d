"""The cluster as lists and dicts."""

from __future__ import annotations

import copy
from typing import Any

from tests.oracle import requests
from tests.oracle.quantities import parse

Manifest = dict[str, Any]

STORAGE_KINDS = (
    "PersistentVolume",
    "PersistentVolumeClaim",
    "StorageClass",
    "CSINode",
    "CSIDriver",
    "CSIStorageCapacity",
    "VolumeAttachment",
)


def host_ports(pod: Manifest) -> list[tuple[str, str, int]]:
    """As (address, protocol, number)."""
    spec = pod["spec"]
    ports = []
    running = [c for c in spec.get("initContainers") or [] if c.get("restartPolicy") == "Always"]
    for container in [*running, *spec["containers"]]:
        for port in container.get("ports") or []:
            number = port.get("hostPort") or (port.get("containerPort", 0) if spec.get("hostNetwork") else 0)
            if number:
                ports.append((port.get("hostIP") or "0.0.0.0", port.get("protocol") or "TCP", number))  # noqa: S104
    return ports


def key_of(pod: Manifest) -> str:
    return f"{pod['metadata'].get('namespace') or 'default'}/{pod['metadata']['name']}"


class Cluster:
    """Nodes in order, the pods on them, and the other objects that plugins read."""

    def __init__(self, objects: list[Manifest]) -> None:
        self.nodes: list[Manifest] = []
        self.pods: dict[str, Manifest] = {}
        self.node_of: dict[str, str] = {}
        self.namespaces: dict[str, dict[str, str]] = {}
        self.owners: list[Manifest] = []
        self.storage: dict[tuple[str, str], Manifest] = {}  # by kind and name, with the namespace where it has one
        self.images: dict[str, dict[str, Any]] = {}  # name -> size and the nodes that have it
        self.seen: dict[str, dict[str, int]] = {}  # node -> image -> number of nodes at its last snapshot
        self.touched: set[str] = set()
        self.used_ports: dict[str, set[Any]] = {}  # by node; a pod that leaves frees its ports even if another has them
        for obj in objects:
            if obj["kind"] == "Node":
                self.add_node(obj)
            elif obj["kind"] == "Namespace":
                name = obj["metadata"]["name"]
                labels = obj["metadata"].get("labels") or {}
                self.namespaces[name] = {**labels, "kubernetes.io/metadata.name": name}
            elif obj["kind"] in ("Service", "ReplicationController", "ReplicaSet", "StatefulSet"):
                self.owners.append(obj)
            elif obj["kind"] in STORAGE_KINDS:
                self.put(obj)
        for obj in objects:
            if obj["kind"] == "Pod" and obj["spec"].get("nodeName"):
                self.place(obj, obj["spec"]["nodeName"])

    def put(self, obj: Manifest) -> None:
        namespaced = obj["kind"] in ("PersistentVolumeClaim", "CSIStorageCapacity")
        self.storage[obj["kind"], key_of(obj) if namespaced else obj["metadata"]["name"]] = copy.deepcopy(obj)

    def remove(self, kind: str, key: str) -> None:
        del self.storage[kind, key]

    def fork(self) -> Cluster:
        return copy.deepcopy(self)

    def node(self, name: str) -> Manifest:
        return next(node for node in self.nodes if node["metadata"]["name"] == name)

    def pods_on(self, node: Manifest) -> list[Manifest]:
        return [self.pods[key] for key, name in self.node_of.items() if name == node["metadata"]["name"]]

    def place(self, pod: Manifest, node_name: str) -> None:
        self.pods[key_of(pod)] = pod
        self.node_of[key_of(pod)] = node_name
        self.touched.add(node_name)
        self.used_ports.setdefault(node_name, set()).update(host_ports(pod))

    def remove_pod(self, key: str) -> None:
        node_name = self.node_of.pop(key)
        self.touched.add(node_name)
        self.used_ports[node_name] -= set(host_ports(self.pods.pop(key)))

    def add_node(self, node: Manifest) -> None:
        self.nodes.append(node)
        self._add_images(node)

    def update_node(self, node: Manifest) -> None:
        name = node["metadata"]["name"]
        index = [other["metadata"]["name"] for other in self.nodes].index(name)
        self._drop_images(name)
        self.nodes[index] = node
        self._add_images(node)

    def remove_node(self, name: str) -> list[str]:
        gone = sorted(key for key, where in self.node_of.items() if where == name)
        for key in gone:
            self.remove_pod(key)
        self.nodes = [node for node in self.nodes if node["metadata"]["name"] != name]
        self._drop_images(name)
        self.touched.discard(name)
        self.used_ports.pop(name, None)
        return gone

    def _add_images(self, node: Manifest) -> None:
        name = node["metadata"]["name"]
        self.touched.add(name)
        for image in node.get("status", {}).get("images") or []:
            for image_name in image["names"]:
                state = self.images.setdefault(image_name, {"size": image.get("sizeBytes", 0), "nodes": set()})
                state["nodes"].add(name)

    def _drop_images(self, name: str) -> None:
        for state in self.images.values():
            state["nodes"].discard(name)
        self.images = {image: state for image, state in self.images.items() if state["nodes"]}
        self.seen.pop(name, None)

    def images_seen_by(self, name: str) -> dict[str, int]:
        """On how many nodes a node sees each of its images, were a cycle to start now."""
        if name in self.touched or name not in self.seen:
            return {image: len(s["nodes"]) for image, s in self.images.items() if name in s["nodes"]}
        return self.seen[name]

    def begin_cycle(self) -> None:
        for name in self.touched:
            self.seen[name] = self.images_seen_by(name)
        self.touched = set()

    def allocatable(self, node: Manifest) -> dict[str, int]:
        amounts = node.get("status", {}).get("allocatable") or {}
        return {name: requests.in_units(name, parse(value)) for name, value in amounts.items()}

    def requested(self, node: Manifest) -> dict[str, int]:
        return self._sum([requests.requested(pod["spec"]) for pod in self.pods_on(node)])

    def non_zero(self, node: Manifest) -> dict[str, int]:
        return self._sum([requests.non_zero(pod["spec"]) for pod in self.pods_on(node)])

    @staticmethod
    def _sum(amounts: list[dict[str, int]]) -> dict[str, int]:
        total: dict[str, int] = {}
        for amount in amounts:
            for name, value in amount.items():
                total[name] = total.get(name, 0) + value
        return total
