"""What every reader gives: a cluster, and pods that arrive in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kubesched.engine import PodBatch


@dataclass(frozen=True, slots=True)
class Trace:
    """A cluster and the pods to schedule in it.

    Attributes:
        source: what it was read from, in words.
        objects: the cluster: nodes in order, pods that are on nodes already, namespaces, services and so on.
        pods: the arriving pods, in order of arrival.
        arrival_ns: int64 of shape (num_pods,): nanoseconds since the trace's start; zeros where the trace has no times.
        model_label: the node label that names a node's GPU model; empty where there is none.
        notes: what the reader assumed or left out, one sentence each.
    """

    source: str
    objects: Sequence[Mapping[str, Any]]
    pods: PodBatch
    arrival_ns: npt.NDArray[np.int64]
    model_label: str = ""
    notes: tuple[str, ...] = ()
