"""What waits where in the queue."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """How many pods wait where; what upstream's metric pending_pods counts."""

    active: int
    backoff: int
    unschedulable: int
    gated: int


@dataclass(frozen=True, slots=True)
class QueueSnapshot:
    """The keys of all pods by place.

    Attributes:
        active, backoff, error_backoff: in the order in which they will be popped.
        unschedulable, gated: by key.
        in_flight: pods in the order in which they were popped, and between them, behind a colon, the labels of the
            events that the pods before will hear of.
    """

    active: tuple[str, ...]
    backoff: tuple[str, ...]
    error_backoff: tuple[str, ...]
    unschedulable: tuple[str, ...]
    gated: tuple[str, ...]
    in_flight: tuple[str, ...]
