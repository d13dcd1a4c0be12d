"""What the pods of a trace ask of its cluster, in the one resource that a packing experiment is about."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kubesched.engine import PodBatch, Scheduler
from kubesched.engine.gpu_history import gpu_requests
from kubesched.errors import ConfigError
from kubesched.replay.arrivals import template_requests
from kubesched.traces import Trace

GPU = "gpu"
MILLI = 1000


@dataclass(frozen=True, slots=True)
class Workload:
    """Pods and nodes as columns; amounts are milli-CPU, bytes, counts, or thousandths of cards.

    Attributes:
        batch: the pods in the trace's order.
        resource: the one that the experiment is about: `gpu` where pods ask for cards, else the scarcest.
        capacity: of all nodes.
        asked: int64 of shape (num_pods,): what each pod asks for of it.
        step: int64 of shape (num_pods,): the same of one card only, where the resource is `gpu`.
        num_cards: int32 of shape (num_nodes,), in the order of `Trace.nodes`.
        models: of the cards, empty where a node has none.
        node_milli_cpu: int64 of shape (num_nodes,).
    """

    batch: PodBatch
    resource: str
    capacity: int
    asked: npt.NDArray[np.int64]
    step: npt.NDArray[np.int64]
    num_cards: npt.NDArray[np.int32]
    models: tuple[str, ...]
    node_milli_cpu: npt.NDArray[np.int64]


def read_workload(trace: Trace) -> Workload:
    """Measure a trace.

    Raises:
        ConfigError: the trace has no pods or no nodes at its start, or no pod asks for anything that nodes have.
        ObjectError, UnsupportedError: a node or a pod is not what it must be.
    """
    if not trace.num_pods:
        raise ConfigError("trace must have at least one pod, got none")
    nodes = trace.nodes()
    if not nodes:
        raise ConfigError("trace must have at least one node at its start, got none")
    batch = trace.batch()
    view = Scheduler(nodes).nodes
    num_cards = (view.gpu_milli_left >= 0).sum(axis=1, dtype=np.int32)
    requests = gpu_requests(batch)
    cards = requests[:, 1] * requests[:, 2]
    milli_cpu = np.asarray(view.allocatable["cpu"])
    if cards.any() and num_cards.any():
        asked, resource, capacity = cards, GPU, MILLI * int(num_cards.sum())
        step = np.where(requests[:, 1] > 0, requests[:, 2], 0)
    else:
        resource, capacity, asked = _scarcest(trace, {r: int(amount.sum()) for r, amount in view.allocatable.items()})
        step = asked
    return Workload(batch, resource, capacity, asked, step, num_cards, tuple(view.gpu_models), milli_cpu)


def _scarcest(trace: Trace, capacity: dict[str, int]) -> tuple[str, int, npt.NDArray[np.int64]]:
    index = trace.pods.column("template").to_numpy()
    requests = [template_requests(template) for template in trace.pod_templates]
    found: dict[str, npt.NDArray[np.int64]] = {}
    for resource, amount in capacity.items():
        if amount > 0 and resource != "pods":
            found[resource] = np.array([request.get(resource, 0) for request in requests], np.int64)[index]
    shares = {resource: float(asked.sum(dtype=float)) / capacity[resource] for resource, asked in found.items()}
    scarcest = max(shares, key=lambda resource: shares[resource], default="")
    if not scarcest or shares[scarcest] <= 0:
        raise ConfigError("pods must ask for something that nodes have, none does")
    return scarcest, capacity[scarcest], found[scarcest]
