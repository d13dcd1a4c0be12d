"""Objects that are applied and deleted over time, as a trace: nodes, pods, and workloads, which become pods."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kubesched.api.pod_fields import bound_node_name, is_finished
from kubesched.errors import TraceFormatError
from kubesched.traces.jobs import node_manifest
from kubesched.traces.manifests import model_label_of
from kubesched.traces.trace import ADD, REMOVE, UPDATE, Note, Trace, node_event_table, pod_table
from kubesched.traces.workloads import (
    KINDS,
    MOST_REPLICAS,
    daemon_pods,
    num_replicas,
    object_key,
    pod_of,
    priorities_of,
    with_priority,
)

_READ_FROM_START = (
    "Namespace",
    "Service",
    "PriorityClass",
    "PodDisruptionBudget",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "StorageClass",
    "CSINode",
    "CSIDriver",
    "CSIStorageCapacity",
    "VolumeAttachment",
    "ResourceSlice",
    "DeviceClass",
    "ResourceClaim",
    "ResourceClaimTemplate",
)
Key = tuple[str, str, str]


@dataclass(slots=True)
class _Row:
    name: str
    template: int
    arrival_ns: int
    removed_ns: int = -1
    duration_ns: int = -1
    node: str = ""
    start_ns: int = -1


@dataclass(slots=True)
class _Workload:
    spec: Any
    template: int
    rows: list[int] = field(default_factory=list)
    made: int = 0


class Timeline:
    """Collects what happens, in order of time, and makes a trace of it."""

    def __init__(self, classes: Iterable[Mapping[str, Any]] = ()) -> None:
        """Begin with the PriorityClasses that hold from the start."""
        self._priorities = priorities_of(list(classes))
        self._nodes: dict[str, int] = {}
        self._node_templates: list[Mapping[str, Any]] = []
        self._current: dict[str, Mapping[str, Any]] = {}
        self._events: list[tuple[int, int, int, int]] = []
        self._objects: dict[Key, Mapping[str, Any]] = {}
        self._templates: list[Mapping[str, Any]] = []
        self._rows: list[_Row] = []
        self._pods: dict[Key, int] = {}
        self._workloads: dict[Key, _Workload] = {}
        self._left_out: Counter[str] = Counter()
        self._lives: dict[Key, list[tuple[int, int]]] = {}
        self._last_ns = 0

    def know_lives(self, owner: Key, lives_ns: Sequence[tuple[int, int]]) -> None:
        """Pods of an owner, or the pod itself, ran from a time on for so long, one after another; -1: until removed.

        Run times count; the times themselves only where the owner is a CronJob.
        """
        self._lives[owner] = list(lives_ns)

    def apply(self, time_ns: int, obj: Mapping[str, Any]) -> None:
        """Take note that an object was created or changed.

        Raises:
            TraceFormatError, ObjectError: the object is malformed.
        """
        self._move_to(time_ns)
        key = object_key(obj)
        kind = key[0]
        if kind == "Node":
            self._apply_node(time_ns, key[2], obj)
        elif kind == "Pod":
            self._apply_pod(time_ns, key, obj)
        elif kind in KINDS:
            self._apply_workload(time_ns, key, obj)
        elif kind in _READ_FROM_START:
            if kind == "PriorityClass":
                self._priorities |= priorities_of([obj])
            self._objects[key] = obj
        else:
            self._left_out[kind] += 1

    def delete(self, time_ns: int, kind: str, namespace: str, name: str) -> None:
        """Take note that an object was deleted; one that was never there is passed over."""
        self._move_to(time_ns)
        key = (kind, namespace or "default", name)
        if kind == "Node" and name in self._current:
            del self._current[name]
            self._events.append((time_ns, self._nodes[name], REMOVE, -1))
        elif kind == "Pod" and key in self._pods:
            row = self._rows[self._pods.pop(key)]
            row.removed_ns = time_ns
        elif kind in KINDS and key in self._workloads:
            for i in self._workloads.pop(key).rows:
                self._rows[i].removed_ns = time_ns
        elif kind == "Namespace":
            gone = [other for other in (*self._pods, *self._workloads) if other[1] == name]
            for other in gone:
                self.delete(time_ns, *other)

    def bind(self, time_ns: int, namespace: str, name: str, node: str) -> None:
        """Take note that the trace's own scheduler put a pod on a node."""
        i = self._pods.get(("Pod", namespace or "default", name))
        if i is not None:
            self._rows[i].node, self._rows[i].start_ns = node, time_ns

    @property
    def num_nodes(self) -> int:
        """Count the nodes that were ever there."""
        return len(self._nodes)

    def make_nodes(self, count: int, milli_cpu: int, memory_bytes: int, gpus: int) -> None:
        """Add equal nodes at the start, for a trace that names none."""
        for i in range(count):
            name = f"node-{i}"
            self._nodes[name] = len(self._nodes)
            self._current[name] = node_manifest(name, milli_cpu, memory_bytes, gpus)
            self._events.append((0, self._nodes[name], ADD, len(self._node_templates)))
            self._node_templates.append(self._current[name])

    def build(self, source: str, notes: Sequence[Note] = ()) -> Trace:
        """Return the trace.

        Raises:
            TraceFormatError: there are no nodes or no pods.
        """
        if not self._nodes:
            raise TraceFormatError(f"{source}: must have at least one Node, got none; the option nodes makes some up")
        if not self._rows and not any(key[0] == "Pod" for key in self._objects):
            raise TraceFormatError(f"{source}: must have at least one pod, got none")
        told = [*notes]
        told += [Note(f"objects of kind {kind} are left out", count) for kind, count in sorted(self._left_out.items())]
        order = sorted(range(len(self._rows)), key=lambda i: (self._rows[i].arrival_ns, i))
        rows = [self._rows[i] for i in order]
        columns = {
            "name": [row.name for row in rows],
            "template": [row.template for row in rows],
            "arrival_ns": [row.arrival_ns for row in rows],
            "duration_ns": [row.duration_ns if row.duration_ns >= 0 else None for row in rows],
            "removed_ns": [row.removed_ns if row.removed_ns >= 0 else None for row in rows],
            "recorded_node": [self._nodes.get(row.node) if row.node else None for row in rows],
            "recorded_start_ns": [row.start_ns if row.start_ns >= 0 else None for row in rows],
        }
        events = sorted(self._events, key=lambda event: event[0])
        return Trace(
            source,
            list(self._nodes),
            self._node_templates,
            node_event_table(events),
            list(self._objects.values()),
            self._templates,
            pod_table(columns),
            model_label_of(self._node_templates),
            tuple(told),
        )

    def _move_to(self, time_ns: int) -> None:
        if time_ns < 0:
            raise TraceFormatError(f"time must be >= 0, got {time_ns}")
        self._last_ns = max(self._last_ns, time_ns)

    def _apply_node(self, time_ns: int, name: str, obj: Mapping[str, Any]) -> None:
        kind = UPDATE if name in self._current else ADD
        if kind == UPDATE and _read_of_node(self._current[name]) == _read_of_node(obj):
            return
        self._nodes.setdefault(name, len(self._nodes))
        self._current[name] = obj
        self._events.append((time_ns, self._nodes[name], kind, len(self._node_templates)))
        self._node_templates.append(obj)

    def _apply_pod(self, time_ns: int, key: Key, obj: Mapping[str, Any]) -> None:
        i = self._pods.get(key)
        node = bound_node_name(obj)
        if i is not None:
            row = self._rows[i]
            if node and row.start_ns < 0:
                row.node, row.start_ns = node, time_ns
            if is_finished(obj) and row.start_ns >= 0 and row.duration_ns < 0:
                row.duration_ns = time_ns - row.start_ns
            return
        if is_finished(obj):
            self._left_out["Pod that had finished"] += 1
            return
        pod = with_priority(dict(obj), self._priorities)
        if node and time_ns == 0 and node in self._nodes:
            self._objects[key] = pod
            return
        spec = {name: value for name, value in (pod.get("spec") or {}).items() if name != "nodeName"}
        pod = {**pod, "spec": spec, "status": {}}
        pod.setdefault("apiVersion", "v1")
        pod.setdefault("kind", "Pod")
        self._pods[key] = self._add_row(time_ns, key[2], self._add_template(pod), key)
        if node:
            self.bind(time_ns, key[1], key[2], node)

    def _apply_workload(self, time_ns: int, key: Key, obj: Mapping[str, Any]) -> None:
        if key[0] == "CronJob":
            self._apply_cron_job(key, obj)
            return
        self._objects.pop(key, None)
        known = self._workloads.get(key)
        spec = (obj.get("spec") or {}).get("template")
        if known is not None and known.spec != spec:
            # A new revision: the old pods go, new ones come.
            for i in known.rows:
                self._rows[i].removed_ns = time_ns
            known.rows.clear()
            known.spec, known.template = spec, self._add_template(pod_of(obj, self._priorities))
        if known is None:
            known = self._workloads[key] = _Workload(spec, self._add_template(pod_of(obj, self._priorities)))
        if key[0] == "DaemonSet":
            self._add_daemons(time_ns, key, known)
            return
        wanted = num_replicas(obj)
        if len(self._rows) + wanted > MOST_REPLICAS * 10:
            raise TraceFormatError(
                f"{key[0]} {key[1]}/{key[2]}: replicas must be fewer, got {wanted} after {len(self._rows)}"
            )
        while len(known.rows) < wanted:
            known.rows.append(self._add_row(time_ns, f"{key[2]}-{known.made}", known.template, key))
            known.made += 1
        for i in known.rows[wanted:]:
            self._rows[i].removed_ns = time_ns
        del known.rows[wanted:]

    def _apply_cron_job(self, key: Key, obj: Mapping[str, Any]) -> None:
        lives = self._lives.get(key)
        if not lives:
            if key not in self._workloads:
                self._left_out["CronJob, whose runs are unknown"] += 1
            return
        job = {**obj, "spec": (obj.get("spec") or {}).get("jobTemplate", {}).get("spec") or {}}
        known = self._workloads[key] = _Workload(None, self._add_template(pod_of(job, self._priorities)))
        for start_ns, _ in list(lives):
            known.rows.append(self._add_row(start_ns, f"{key[2]}-{known.made}", known.template, key))
            known.made += 1

    def _add_daemons(self, time_ns: int, key: Key, known: _Workload) -> None:
        if known.rows:
            return
        base = dict(self._templates[known.template])
        for pod in daemon_pods(base, list(self._current.values())):
            known.rows.append(self._add_row(time_ns, str(pod["metadata"]["name"]), self._add_template(pod), key))

    def _add_template(self, pod: Mapping[str, Any]) -> int:
        self._templates.append(pod)
        return len(self._templates) - 1

    def _add_row(self, time_ns: int, name: str, template: int, owner: Key) -> int:
        lives = self._lives.get(owner)
        duration = lives.pop(0)[1] if lives else -1
        self._rows.append(_Row(name, template, time_ns, duration_ns=duration))
        return len(self._rows) - 1


def _read_of_node(node: Mapping[str, Any]) -> tuple[Any, Any, Any, Any]:
    """Return what a scheduler reads of a node: heartbeats are no change."""
    spec, status = node.get("spec") or {}, node.get("status") or {}
    return (
        (node.get("metadata") or {}).get("labels"),
        spec.get("taints"),
        spec.get("unschedulable"),
        (status.get("allocatable"), status.get("capacity"), status.get("images")),
    )
