"""Cluster events: a resource and what happened to it (kube-scheduler/framework/types.go, v1.34)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntFlag
from typing import Any

from kubesched._core import event_label
from kubesched.errors import ObjectError


class ActionType(IntFlag):
    """What happened to a resource. Bits combine where a plugin registers for several."""

    ADD = 1 << 0
    DELETE = 1 << 1
    UPDATE_NODE_ALLOCATABLE = 1 << 2
    UPDATE_NODE_LABEL = 1 << 3
    UPDATE_NODE_TAINT = 1 << 4
    UPDATE_NODE_CONDITION = 1 << 5
    UPDATE_NODE_ANNOTATION = 1 << 6
    UPDATE_POD_LABEL = 1 << 7
    UPDATE_POD_SCALE_DOWN = 1 << 8
    UPDATE_POD_TOLERATION = 1 << 9
    UPDATE_POD_SCHEDULING_GATES_ELIMINATED = 1 << 10
    UPDATE_POD_GENERATED_RESOURCE_CLAIM = 1 << 11
    ALL = (1 << 12) - 1
    UPDATE = ALL & ~(ADD | DELETE)


# The order of EventResource (csrc/queue/cluster_event.h), with the kind of the objects.
_KINDS = {
    "Pod": "Pod",
    "AssignedPod": "Pod",
    "UnschedulablePod": "Pod",
    "Node": "Node",
    "PersistentVolume": "PersistentVolume",
    "PersistentVolumeClaim": "PersistentVolumeClaim",
    "storage.k8s.io/CSINode": "CSINode",
    "storage.k8s.io/CSIDriver": "CSIDriver",
    "storage.k8s.io/VolumeAttachment": "VolumeAttachment",
    "storage.k8s.io/CSIStorageCapacity": "CSIStorageCapacity",
    "storage.k8s.io/StorageClass": "StorageClass",
    "resource.k8s.io/ResourceClaim": "ResourceClaim",
    "resource.k8s.io/ResourceSlice": "ResourceSlice",
    "resource.k8s.io/DeviceClass": "DeviceClass",
    "*": "Pod",
}
_RESOURCES = tuple(_KINDS)
WILD_CARD = "*"
RESOURCE_OF_KIND = {kind: resource for resource, kind in _KINDS.items() if kind != "Pod"}


@dataclass(frozen=True, slots=True)
class ClusterEvent:
    """An event, or what a plugin waits for.

    Attributes:
        resource: upstream's name: Pod (only for what a plugin waits for), AssignedPod, UnschedulablePod, Node,
            PersistentVolume, PersistentVolumeClaim, storage.k8s.io/CSINode, storage.k8s.io/CSIDriver,
            storage.k8s.io/VolumeAttachment, storage.k8s.io/CSIStorageCapacity, storage.k8s.io/StorageClass,
            resource.k8s.io/ResourceClaim, resource.k8s.io/ResourceSlice, resource.k8s.io/DeviceClass, or * for all.
        action: what happened to it.

    Raises:
        ObjectError: no such resource or action.
    """

    resource: str
    action: ActionType

    def __post_init__(self) -> None:
        if self.resource not in _KINDS:
            raise ObjectError(f"event resource must be one of {', '.join(_RESOURCES)}, got {self.resource!r}")
        action: object = self.action
        if not isinstance(action, ActionType) or not 0 < action <= ActionType.ALL:
            raise ObjectError(f"event action must be an ActionType, got {action!r}")

    @property
    def label(self) -> str:
        """Upstream's text for counters, such as NodeAdd."""
        return event_label(*self.codes)

    @property
    def codes(self) -> tuple[int, int]:
        """The numbers that the core knows resource and action by."""
        return _RESOURCES.index(self.resource), int(self.action)

    @property
    def kind(self) -> str:
        """The kind of the event's objects."""
        return _KINDS[self.resource]

    @classmethod
    def from_codes(cls, resource: int, action: int) -> ClusterEvent:
        """Return the event of these numbers."""
        return cls(_RESOURCES[resource], ActionType(action))

    def check_objects(self, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> None:
        """Check that an event that comes in has the objects that hints may count on.

        Raises:
            ObjectError: an object is missing, one too many, or of another kind.
        """
        if self.resource == WILD_CARD:
            if self.action != ActionType.ALL or old is not None:
                raise ObjectError(f"event on * must be ActionType.ALL without old object, got {self.action!r}")
        else:
            self._check_presence(old, new)
        for name, obj in (("old", old), ("new", new)):
            if obj is None:
                continue
            given: object = obj
            got = given.get("kind", self.kind) if isinstance(given, Mapping) else type(given).__name__
            if got != self.kind:
                raise ObjectError(f"event {self.label}: {name} object must be a {self.kind}, got {got!r}")

    def _check_presence(self, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> None:
        is_update = not self.action & ~ActionType.UPDATE
        if not is_update and self.action not in (ActionType.ADD, ActionType.DELETE):
            raise ObjectError(f"event action must be ADD, DELETE or an update, got {self.action!r}")
        wanted = {"old": self.action != ActionType.ADD, "new": self.action != ActionType.DELETE}
        for name, obj in (("old", old), ("new", new)):
            if (obj is not None) != wanted[name]:
                rule = "must be given" if wanted[name] else "must be None"
                raise ObjectError(f"event {self.label}: {name} object {rule}, got {'None' if obj is None else 'one'}")
