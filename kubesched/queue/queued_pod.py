"""A pod on its way through the queue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubesched._core import QueuedPod as CoreQueuedPod


class QueuedPod:
    """A pod and what the queue knows of it; the handle that `SchedulingQueue.pop` gives for one attempt.

    Live: it says what is so now. Times are nanoseconds of the caller's clock.
    """

    __slots__ = ("_core",)

    def __init__(self, core: CoreQueuedPod) -> None:
        self._core = core

    @property
    def key(self) -> str:
        """Namespace and name."""
        return self._core.key

    @property
    def uid(self) -> str:
        """metadata.uid, or the key where the manifest has none."""
        return self._core.uid

    @property
    def pod(self) -> Mapping[str, Any]:
        """The latest manifest that the queue was given."""
        manifest: Mapping[str, Any] = self._core.manifest
        return manifest

    @property
    def timestamp_ns(self) -> int:
        """When it was last put into the queue after an attempt, or first."""
        return self._core.timestamp_ns

    @property
    def attempts(self) -> int:
        """How often it was popped."""
        return self._core.attempts

    @property
    def initial_attempt_ns(self) -> int | None:
        """When it first became active; None before."""
        return self._core.initial_attempt_ns

    @property
    def backoff_expiration_ns(self) -> int | None:
        """When its backoff ends; None where that was not worked out since the last attempt."""
        return self._core.backoff_expiration_ns

    @property
    def unschedulable_count(self) -> int:
        """Attempts that plugins rejected."""
        return self._core.unschedulable_count

    @property
    def consecutive_errors_count(self) -> int:
        """Attempts that failed by an error since the last that plugins rejected."""
        return self._core.consecutive_errors_count

    @property
    def unschedulable_plugins(self) -> frozenset[str]:
        """Plugins that rejected the last attempt, and the gate that holds the pod."""
        return frozenset(self._core.unschedulable_plugins)

    @property
    def pending_plugins(self) -> frozenset[str]:
        """Plugins that made the last attempt wait; their hints skip the backoff."""
        return frozenset(self._core.pending_plugins)

    @property
    def gating_plugin(self) -> str:
        """The PreEnqueue plugin that holds the pod; empty where none does."""
        return self._core.gating_plugin

    @property
    def gating_reason(self) -> str:
        """What that plugin says, such as `waiting for scheduling gates: [a b]`."""
        return self._core.gating_reason

    def __repr__(self) -> str:
        """Say which pod it is and how often it was tried."""
        return f"QueuedPod({self.key}, attempts={self.attempts})"
