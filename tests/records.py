"""Reads records back, written from their layout alone: what the codecs' tests compare with."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")
DISK_KINDS = ("gcePersistentDisk", "awsElasticBlockStore", "iscsi", "rbd")
OWNER_KINDS = ("Service", "ReplicationController", "ReplicaSet", "StatefulSet")


class RecordReader:
    """Takes values off the front of a record."""

    def __init__(self, record: bytes) -> None:
        self._rest = record

    def _take(self, count: int) -> bytes:
        assert count <= len(self._rest), "the record ends early"
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken

    def u8(self) -> int:
        return self._take(1)[0]

    def boolean(self) -> bool:
        value = self.u8()
        assert value in (0, 1)
        return bool(value)

    def u32(self) -> int:
        return int(struct.unpack("<I", self._take(4))[0])

    def i64(self) -> int:
        return int(struct.unpack("<q", self._take(8))[0])

    def text(self) -> str:
        return self._take(self.u32()).decode()

    def items(self, read_one: Callable[[], Any]) -> list[Any]:
        return [read_one() for _ in range(self.u32())]

    def texts(self) -> list[str]:
        return self.items(self.text)

    def pair(self) -> tuple[str, str]:
        return self.text(), self.text()

    def amount(self) -> tuple[str, int]:
        return self.text(), self.i64()

    def requirement(self) -> tuple[str, str, list[str]]:
        return self.text(), OPERATORS[self.u8()], self.texts()

    def selector(self) -> list[tuple[str, str, list[str]]] | None:
        """None for a selector that matches nothing."""
        return self.items(self.requirement) if self.u8() == 1 else None

    def node_term(self) -> tuple[list[Any], list[Any]]:
        return self.items(self.requirement), self.items(self.requirement)

    def weighted(self, read_one: Callable[[], Any]) -> tuple[int, Any]:
        return self.i64(), read_one()

    def toleration(self) -> tuple[str, str, str, str]:
        return self.text(), ("Equal", "Exists")[self.u8()], self.text(), self.text()

    def host_port(self) -> tuple[str, str, int]:
        return self.text(), self.text(), self.i64()

    def spread(self) -> dict[str, Any]:
        return {
            "max_skew": self.i64(),
            "topology_key": self.text(),
            "when": ("DoNotSchedule", "ScheduleAnyway")[self.u8()],
            "selector": self.selector(),
            "min_domains": self.i64(),
            "affinity_policy": ("Honor", "Ignore")[self.u8()],
            "taints_policy": ("Honor", "Ignore")[self.u8()],
        }

    def affinity_term(self) -> dict[str, Any]:
        return {
            "topology_key": self.text(),
            "selector": self.selector(),
            "namespaces": self.texts(),
            "namespace_selector": self.selector(),
        }

    def disk(self) -> tuple[str, bool, str, str, list[str]]:
        return DISK_KINDS[self.u8()], self.boolean(), self.text(), self.text(), self.texts()

    def done(self) -> None:
        assert not self._rest, f"the record has {len(self._rest)} bytes left over"


@dataclass(frozen=True)
class PodRecord:
    namespace: str
    labels: dict[str, str]
    requests: dict[str, int]
    non_zero_milli_cpu: int
    non_zero_memory_bytes: int
    scored: dict[str, int]
    node_name: str
    node_selector: dict[str, str]
    has_required_node_affinity: bool
    required_node_affinity: list[Any]
    preferred_node_affinity: list[Any]
    has_preferred_node_affinity: bool
    tolerations: list[Any]
    host_ports: list[Any]
    images: list[str]
    num_containers: int
    spread: list[Any]
    required_affinity: list[Any]
    required_anti_affinity: list[Any]
    preferred_affinity: list[Any]
    preferred_anti_affinity: list[Any]
    controller: tuple[str, str, str] | None
    priority: int
    never_preempts: bool
    terminating: bool
    scheduler_name: str
    volume_claims: list[tuple[str, bool]]
    disks: list[Any]
    in_tree_volumes: list[Any]
    owner: tuple[str, str]
    gpu: tuple[int, int, list[str], list[int]] | None  # cards, thousandths of each, models, cards held
    claims: list[Any]
    identity: tuple[str, str] | None  # name and uid, of a pod with claims


def sorted_map(items: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in items]
    assert names == sorted(set(names)), "a map comes by name, each name once"
    return dict(items)


def read_pod(record: bytes) -> PodRecord:
    reader = RecordReader(record)
    fields: list[Any] = [reader.text(), sorted_map(reader.items(reader.pair)), sorted_map(reader.items(reader.amount))]
    fields += [reader.i64(), reader.i64(), sorted_map(reader.items(reader.amount))]
    fields += [reader.text(), sorted_map(reader.items(reader.pair))]
    fields += [reader.boolean(), reader.items(reader.node_term)]
    fields += [reader.items(lambda: reader.weighted(reader.node_term)), reader.boolean()]
    fields += [reader.items(reader.toleration), reader.items(reader.host_port), reader.texts(), reader.u32()]
    fields += [reader.items(reader.spread), reader.items(reader.affinity_term), reader.items(reader.affinity_term)]
    fields += [reader.items(lambda: reader.weighted(reader.affinity_term)) for _ in range(2)]
    has_controller, controller = reader.boolean(), (reader.text(), reader.text(), reader.text())
    fields += [controller if has_controller else None]
    fields += [reader.i64(), reader.boolean(), reader.boolean(), reader.text()]
    fields += [reader.items(lambda: (reader.text(), reader.boolean()))]
    fields += [reader.items(reader.disk), reader.items(lambda: tuple(reader.text() for _ in range(5)))]
    fields += [(reader.text(), reader.text())]
    gpu = (reader.i64(), reader.i64(), reader.texts(), reader.items(reader.u32)) if reader.boolean() else None
    claims = reader.items(lambda: (("named", "generated", "none", "not created")[reader.u8()], reader.text()))
    fields += [gpu, claims, (reader.text(), reader.text()) if claims else None]
    reader.done()
    return PodRecord(*fields)


def read_node(record: bytes) -> dict[str, Any]:
    reader = RecordReader(record)
    node = {
        "name": reader.text(),
        "labels": sorted_map(reader.items(reader.pair)),
        "taints": reader.items(lambda: (reader.text(), reader.text(), reader.text())),
        "unschedulable": reader.boolean(),
        "allocatable": sorted_map(reader.items(reader.amount)),
        "images": reader.items(lambda: (reader.texts(), reader.i64())),
    }
    reader.done()
    return node


def read_owner(record: bytes) -> dict[str, Any]:
    reader = RecordReader(record)
    owner = {
        "kind": OWNER_KINDS[reader.u8()],
        "namespace": reader.text(),
        "name": reader.text(),
        "has_selector": reader.boolean(),
        "selector": reader.selector(),
    }
    reader.done()
    return owner
