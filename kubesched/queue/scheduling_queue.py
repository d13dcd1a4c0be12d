"""The scheduling queue, driven by calls that carry the time (backend/queue/scheduling_queue.go, v1.34)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kubesched._core import EventObject as CoreObject
from kubesched._core import SchedulingQueue as CoreQueue
from kubesched.api.event_codec import encode_event_object, encode_node_object, encode_pod_object
from kubesched.api.owner_codec import encode_owner, is_owner
from kubesched.api.pod_fields import pod_key
from kubesched.config import load_config
from kubesched.config.profile import Profile
from kubesched.errors import ConfigError, ObjectError, StateError
from kubesched.queue.cluster_event import RESOURCE_OF_KIND, WILD_CARD, ActionType, ClusterEvent
from kubesched.queue.own_plugins import Gate, Hint, Manifest, guarded_gate, guarded_hint
from kubesched.queue.queue_snapshot import QueueCounts, QueueSnapshot
from kubesched.queue.queued_pod import QueuedPod

_SECOND_NS = 10**9
_MAX_TIME_NS = 2**62
_ANY_PRIORITY = 2**63 - 1
_ASSIGNED_POD_ADD = ClusterEvent("AssignedPod", ActionType.ADD)
_ASSIGNED_POD_DELETE = ClusterEvent("AssignedPod", ActionType.DELETE)


class SchedulingQueue:
    """The queue of kube-scheduler 1.34, with the queueing hints of all its plugins.

    There is no clock in it: each call says what time it is, in nanoseconds, and first does what upstream's timers
    would have done until then: backoff ends on whole seconds, and each 30 s what waited longer than
    `max_in_unschedulable_seconds` is tried again. Pods of one nanosecond keep the order of the calls.

    Not thread-safe.
    """

    __slots__ = ("_core", "_hint_errors")

    def __init__(
        self,
        config: Mapping[str, Any] | str | os.PathLike[str] | None = None,
        *,
        start_ns: int = 0,
        max_in_unschedulable_seconds: int = 300,
        pop_from_backoff: bool = True,
        hints: Mapping[str, Sequence[tuple[ClusterEvent, Hint | None]]] | None = None,
        gates: Mapping[str, Gate] | None = None,
    ) -> None:
        """Make an empty queue.

        Args:
            config: a KubeSchedulerConfiguration as a mapping or a file's path; podInitialBackoffSeconds,
                podMaxBackoffSeconds and the profiles' plugins count.
            start_ns: the time now.
            max_in_unschedulable_seconds: upstream's flag --pod-max-in-unschedulable-pods-duration.
            pop_from_backoff: upstream's feature gate SchedulerPopFromBackoffQ.
            hints: what plugins of the caller wait for, by plugin; also replaces what a native plugin waits for. A
                hint gets the waiting pod, the old and the new object (None where there is none), and returns whether
                the pod may be schedulable now; None in its place means always. One that raises counts as yes, as
                upstream has it, and the error is in `hint_errors`.
            gates: PreEnqueue plugins of the caller; they return why a pod must not be tried yet, or None. One that
                raises holds the pod.

        Raises:
            ConfigError: the configuration or an argument breaks a rule.
            UnsupportedError: the configuration asks for a part of kube-scheduler that is not there yet.
        """
        loaded = load_config(config)
        _check_time("start_ns", start_ns)
        initial_ns = _to_ns("podInitialBackoffSeconds", loaded.pod_initial_backoff_seconds)
        longest_ns = _to_ns("podMaxBackoffSeconds", loaded.pod_max_backoff_seconds)
        leftover_ns = _to_ns("max_in_unschedulable_seconds", max_in_unschedulable_seconds)
        own_names = [*(hints or {}), *(name for name in gates or {} if name not in (hints or {}))]
        self._hint_errors: list[tuple[str, str]] = []
        events = {
            name: [(*event.codes, guarded_hint(name, hint, self._hint_errors)) for event, hint in listed]
            for name, listed in (hints or {}).items()
        }
        self._core = CoreQueue(
            [profile_record(profile, own_names) for profile in loaded.profiles],
            initial_ns,
            longest_ns,
            leftover_ns,
            bool(pop_from_backoff),
            start_ns,
            [(name, guarded_gate(gate)) for name, gate in (gates or {}).items()],
            events,
        )

    def tick(self, now_ns: int) -> None:
        """Let time pass.

        Raises:
            StateError: the time is before that of an earlier call.
        """
        self._core.tick(self._time(now_ns))

    def add(self, pod: Manifest, now_ns: int) -> None:
        """Put a new pending pod into the queue.

        Raises:
            ObjectError: the pod breaks a rule of its type.
            StateError: no profile has its schedulerName, or the time goes back.
        """
        self._core.add(self._pod(pod), self._time(now_ns))

    def pop(self, now_ns: int) -> QueuedPod | None:
        """Take the pod to try next: highest priority, then longest waiting; None where none can be tried.

        The pod is in flight until `done` or `add_unschedulable_if_not_present`.
        """
        queued = self._core.pop(self._time(now_ns))
        return None if queued is None else QueuedPod(queued)

    def add_unschedulable_if_not_present(
        self,
        queued: QueuedPod,
        now_ns: int,
        *,
        unschedulable_plugins: Iterable[str] = (),
        pending_plugins: Iterable[str] = (),
        pod: Manifest | None = None,
    ) -> None:
        """Put a pod back after an attempt that failed; events since it was popped are shown to the hints.

        Args:
            queued: what `pop` gave.
            now_ns: the time now.
            unschedulable_plugins: that rejected the pod. Where neither these nor `pending_plugins` name one, the
                attempt failed by an error and the pod backs off.
            pending_plugins: that made it wait (status Pending).
            pod: its latest manifest.

        Raises:
            StateError: a pod of its key waits already; this one is done then, as upstream has it.
        """
        unschedulable, pending = _names(unschedulable_plugins), _names(pending_plugins)
        if pod is not None and pod_key(pod) != queued.key:
            raise ObjectError(f"pod must be {queued.key}, got {pod_key(pod)}")
        latest = None if pod is None else self._pod(pod)
        self._core.add_unschedulable_if_not_present(queued._core, latest, unschedulable, pending, self._time(now_ns))

    def done(self, queued: QueuedPod) -> None:
        """Say that the pod's attempt is over and it will not come back; without effect the second time."""
        self._core.done(queued.uid)

    def update(self, old: Manifest, new: Manifest, now_ns: int) -> None:
        """Take the update of a pending pod, and what follows where its nomination ends (eventhandlers.go, v1.34).

        A pod that waits moves if a hint says so; one in flight hears of it later; one that is not there is added.

        Raises:
            ObjectError: a pod breaks a rule of its type, or the two are not one pod.
            StateError: no profile has its schedulerName, or the time goes back.
        """
        old_pod, new_pod = self._pod(old), self._pod(new)
        if pod_key(old) != pod_key(new):
            raise ObjectError(f"new pod must be {pod_key(old)}, got {pod_key(new)}")
        version = (old.get("metadata") or {}).get("resourceVersion")
        if version is not None and version == (new.get("metadata") or {}).get("resourceVersion"):
            self.tick(now_ns)
            return
        self._core.update(old_pod, new_pod, self._time(now_ns))
        if _nominated(old) and _nominated(old) != _nominated(new):
            self._move(_ASSIGNED_POD_DELETE, old_pod, None, _priority(old), now_ns)

    def delete(self, pod: Manifest, now_ns: int) -> None:
        """Drop a pending pod; where it was nominated, pods of at most its priority hear of it.

        Raises:
            ObjectError: the pod breaks a rule of its type.
        """
        gone = self._pod(pod)
        self.tick(now_ns)
        self._core.delete(pod_key(pod))
        if _nominated(pod):
            self._move(_ASSIGNED_POD_DELETE, gone, None, _priority(pod), now_ns)

    def move_all_to_active_or_backoff(
        self, event: ClusterEvent, old: Manifest | None, new: Manifest | None, now_ns: int
    ) -> None:
        """Show an event to the hints of the plugins that rejected each waiting pod, and move those it may help.

        A ResourceClaim is also remembered for pods that use it.

        Raises:
            ObjectError: an object breaks a rule of its type, or is missing, one too many or of another kind.
        """
        event.check_objects(old, new)
        objects = [None if obj is None else self._object(obj, event) for obj in (old, new)]
        self._move(event, objects[0], objects[1], _ANY_PRIORITY, now_ns)

    def observe(self, old: Manifest | None, new: Manifest | None, now_ns: int) -> list[ClusterEvent]:
        """Take a change of any object of the cluster, as upstream's event handlers do (eventhandlers.go, v1.34).

        Pods without a node are added, updated and deleted; every other change becomes cluster events, which are
        returned. Services and controllers are remembered for PodTopologySpread's default constraints.

        Args:
            old: None for a new object.
            new: None for a deleted object.
            now_ns: the time now.

        Raises:
            ObjectError: an object breaks a rule of its type, both are None, or they are of two kinds.
        """
        present = [obj for obj in (old, new) if obj is not None]
        if not present or any(not isinstance(obj, Mapping) for obj in present):
            raise ObjectError("old and new must be mappings, or one of them None")
        kinds = {str(obj.get("kind")) for obj in present}
        if len(kinds) > 1:
            raise ObjectError(f"old and new must be of one kind, got {sorted(kinds)}")
        kind = kinds.pop()
        if kind == "Pod":
            return self._observe_pod(old, new, now_ns)
        owner = encode_owner(present[-1]) if is_owner(present[-1]) else None
        events = self._events_of(RESOURCE_OF_KIND[kind], old, new) if kind in RESOURCE_OF_KIND else []
        if not events:
            self.tick(now_ns)
        if owner is not None:
            self._core.put_owner(owner)
        for event in events:
            self.move_all_to_active_or_backoff(event, old, new, now_ns)
        return events

    def _observe_pod(self, old: Manifest | None, new: Manifest | None, now_ns: int) -> list[ClusterEvent]:
        was_assigned, is_assigned = _is_assigned(old), _is_assigned(new)
        if old is not None and not was_assigned and (new is None or is_assigned):
            self.delete(old, now_ns)
        elif old is not None and new is not None and not was_assigned:
            self.update(old, new, now_ns)
        elif new is not None and not is_assigned:
            self.add(new, now_ns)
        events: list[ClusterEvent] = []
        if is_assigned and not was_assigned:
            events, old = [_ASSIGNED_POD_ADD], None
        elif was_assigned and not is_assigned:
            events, new = [_ASSIGNED_POD_DELETE], None
        elif was_assigned and old is not None and new is not None:
            events = self._changes(old, new, _ASSIGNED_POD_ADD)
        for event in events:
            self.move_all_to_active_or_backoff(event, old, new, now_ns)
        return events

    def _events_of(self, resource: str, old: Manifest | None, new: Manifest | None) -> list[ClusterEvent]:
        if old is None or new is None:
            return [ClusterEvent(resource, ActionType.ADD if old is None else ActionType.DELETE)]
        update = ClusterEvent(resource, ActionType.UPDATE)
        return self._changes(old, new, update) if resource == "Node" else [update]

    def _changes(self, old: Manifest, new: Manifest, event: ClusterEvent) -> list[ClusterEvent]:
        found = self._core.changes(self._object(old, event), self._object(new, event))
        return [ClusterEvent.from_codes(*codes) for codes in found]

    def activate(self, pods: Iterable[Manifest], now_ns: int) -> None:
        """Make waiting pods active at once (podsToActivate); those in flight come back after their backoff.

        Raises:
            ObjectError: a pod breaks a rule of its type.
        """
        self._core.activate([self._pod(pod) for pod in pods], self._time(now_ns))

    def set_preempting(self, queued: QueuedPod, is_preempting: bool) -> None:
        """Say that a preemption for the pod is under way, which gates it (DefaultPreemption), or over."""
        self._core.set_preempting(queued.uid, bool(is_preempting))

    def find(self, key: str) -> QueuedPod | None:
        """Return the waiting pod `namespace/name`; None where none waits."""
        queued = self._core.find(key)
        return None if queued is None else QueuedPod(queued)

    @property
    def counts(self) -> QueueCounts:
        """How many pods wait where."""
        return QueueCounts(*self._core.counts())

    @property
    def snapshot(self) -> QueueSnapshot:
        """The keys of all pods by place."""
        core = self._core
        waiting = core.unschedulable()
        return QueueSnapshot(
            tuple(queued.key for queued in core.active()),
            tuple(queued.key for queued in core.backoff()),
            tuple(queued.key for queued in core.error_backoff()),
            tuple(queued.key for queued in waiting if not queued.gating_plugin),
            tuple(queued.key for queued in waiting if queued.gating_plugin),
            tuple(core.in_flight()),
        )

    @property
    def incoming(self) -> dict[tuple[str, str], int]:
        """Upstream's counter queue_incoming_pods_total by (queue, event)."""
        return self._core.incoming()

    @property
    def hint_counts(self) -> dict[tuple[str, str, str], int]:
        """How often hints were asked, by (plugin, event, answer: Queue, QueueSkip or Error)."""
        return self._core.hint_counts()

    @property
    def hint_errors(self) -> list[tuple[str, str]]:
        """What hints of the caller raised: (plugin, error), oldest first."""
        return list(self._hint_errors)

    @property
    def now_ns(self) -> int:
        """The time of the latest call."""
        return self._core.now_ns

    @property
    def next_flush_ns(self) -> int:
        """When the next timer is due."""
        return self._core.next_flush_ns

    @property
    def scheduling_cycle(self) -> int:
        """How many pods were popped."""
        return self._core.scheduling_cycle

    def _time(self, now_ns: int) -> int:
        _check_time("now_ns", now_ns)
        if now_ns < self._core.now_ns:
            raise StateError(f"now_ns must not go back: the queue is at {self._core.now_ns}, got {now_ns}")
        return now_ns

    def _pod(self, pod: Manifest) -> CoreObject:
        return self._core.pod_object(*encode_pod_object(pod), pod)

    def _object(self, obj: Manifest, event: ClusterEvent) -> CoreObject:
        if event.resource in ("AssignedPod", "UnschedulablePod", "Pod", WILD_CARD):
            return self._pod(obj)
        if event.resource == "Node":
            return self._core.node_object(*encode_node_object(obj), obj)
        return self._core.other_object(*encode_event_object({"kind": event.kind, **obj}), obj)

    def _move(
        self, event: ClusterEvent, old: CoreObject | None, new: CoreObject | None, max_priority: int, now_ns: int
    ) -> None:
        now_ns = self._time(now_ns)
        self._core.move_all_to_active_or_backoff(*event.codes, old, new, max_priority, now_ns)

    def __repr__(self) -> str:
        """Say how many pods wait where."""
        counts = self.counts
        return (
            f"SchedulingQueue({counts.active} active, {counts.backoff} backoff, {counts.unschedulable} unschedulable,"
            f" {counts.gated} gated)"
        )


def _to_ns(name: str, seconds: object) -> int:
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not 0 <= seconds <= _MAX_TIME_NS // _SECOND_NS:
        raise ConfigError(f"{name} must be an integer in 0..{_MAX_TIME_NS // _SECOND_NS}, got {seconds!r}")
    return seconds * _SECOND_NS


def _check_time(name: str, time_ns: object) -> None:
    if not isinstance(time_ns, int) or isinstance(time_ns, bool) or not 0 <= time_ns <= _MAX_TIME_NS:
        raise StateError(f"{name} must be an integer in 0..2**62, got {time_ns!r}")


def profile_record(profile: Profile, own_names: list[str]) -> tuple[bytes, list[str], list[str]]:
    """Return a profile's record, all plugins that it enables anywhere, and those with a gate."""
    by_point = profile.plugins.by_point
    enabled = dict.fromkeys(name for names in by_point.values() for name in names)
    # What extenders reject, upstream puts down to a plugin of this name, which waits for every event.
    names = list(dict.fromkeys([*enabled, *own_names, "Extender"]))
    return profile.to_blob(), names, list(by_point["preEnqueue"])


def _names(plugins: Iterable[str]) -> set[str]:
    names = set(plugins) if not isinstance(plugins, str) else {None}
    if any(not isinstance(name, str) or not name for name in names):
        raise ObjectError(f"plugins must be names, got {plugins!r}")
    return {str(name) for name in names}


def _is_assigned(pod: Manifest | None) -> bool:
    return pod is not None and bool((pod.get("spec") or {}).get("nodeName"))


def _nominated(pod: Manifest) -> str:
    return str((pod.get("status") or {}).get("nominatedNodeName") or "")


def _priority(pod: Manifest) -> int:
    return int((pod.get("spec") or {}).get("priority") or 0)
