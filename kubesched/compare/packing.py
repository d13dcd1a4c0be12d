"""The packing experiment: pods come one after another, each is tried once, and none leaves."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from kubesched.compare.arrangement import arrange, names_of
from kubesched.compare.choice import Choice
from kubesched.compare.workload import GPU, MILLI, Workload
from kubesched.engine import Placements, PodBatch, Scheduler
from kubesched.engine.gpu_history import fragmentation_history, gpu_requests
from kubesched.traces import Trace

FULL = 100  # percent


def pack(trace: Trace, workload: Workload, choice: Choice, seed: int, inflate: float) -> dict[str, Any]:
    """Run one experiment.

    Returns:
        The row of a `Comparison`, with `curve`: (percent arrived, percent allocated, percent fragmented or None), one
        for each whole percent of the capacity that pods have asked for, as means over the arrivals in between.
    """
    pods, nodes = arrange(workload, seed, inflate)
    manifests = trace.nodes()
    others = [obj for obj in trace.objects if obj.get("kind") != "Pod"]
    scheduler = Scheduler(
        [*others, *(manifests[i] for i in nodes.tolist())],
        choice.config,
        policy=choice.policy,
        workload=workload.batch,
        seed=seed,
    )
    names = names_of(trace.pods.column("name").to_pylist(), pods)
    index = trace.pods.column("template").to_numpy()[pods]
    batch = PodBatch.from_templates(list(trace.pod_templates), index, names)
    placements = scheduler.schedule_many(batch)
    is_placed = placements.node_index >= 0
    asked = workload.asked[pods]
    fragmentation = _fragmentation(workload, nodes, batch, placements)
    arrived = 100 * np.cumsum(asked) / workload.capacity
    allocated = 100 * np.cumsum(np.where(is_placed, asked, 0)) / workload.capacity
    curve = _curve(arrived, allocated, fragmentation)
    full = next((row for row in curve if row[0] == FULL), None)
    usage = scheduler.nodes
    shares = {
        f"{resource}_percent": round(100 * float(usage.requested[resource].sum() / total), 4)
        for resource in ("cpu", "memory")
        if (total := float(usage.allocatable[resource].sum())) > 0
    }
    return {
        "choice": choice.name,
        "seed": seed,
        "arrived": len(batch),
        "placed": int(is_placed.sum()),
        "failed": int((~is_placed).sum()),
        "nodes_used": len(np.unique(placements.node_index[is_placed])),
        "allocated_at_100_percent": None if full is None else full[1],
        "allocated_percent": round(float(allocated[-1]), 4),
        "fragmentation_at_100_percent": None if full is None else full[2],
        "fragmentation_percent": None if fragmentation is None else round(float(fragmentation[-1]), 4),
        **shares,
        "curve": curve,
    }


def _fragmentation(
    workload: Workload, nodes: npt.NDArray[np.int64], batch: PodBatch, placements: Placements
) -> npt.NDArray[np.float64] | None:
    """Return the percent of all cards that is fragmented after each arrival; None where no plugin chose cards."""
    has_cards = (placements.node_index >= 0) & (gpu_requests(batch)[:, 1] > 0)
    if workload.resource != GPU or (has_cards & (np.diff(placements.device_offsets) == 0)).any():
        return None
    after = fragmentation_history(
        batch,
        placements,
        workload.batch,
        milli_cpu=workload.node_milli_cpu[nodes],
        num_cards=workload.num_cards[nodes],
        models=[workload.models[i] for i in nodes.tolist()],
    )
    share: npt.NDArray[np.float64] = 100 * after / (MILLI * int(workload.num_cards.sum()))
    return share


def _curve(
    arrived: npt.NDArray[np.float64],
    allocated: npt.NDArray[np.float64],
    fragmentation: npt.NDArray[np.float64] | None,
) -> list[tuple[int, float, float | None]]:
    """Return the means of each whole percent; one in which nothing arrived takes its neighbours'."""
    percent = np.rint(arrived).astype(np.int64)
    rows: list[tuple[int, float, float | None]] = []
    for at in range(int(percent[-1]) + 1):
        events = np.flatnonzero(percent == at)
        if not events.size:
            events = np.flatnonzero(abs(percent - at) == 1)
        if events.size:
            fragmented = None if fragmentation is None else round(float(fragmentation[events].mean()), 4)
            rows.append((at, round(float(allocated[events].mean()), 4), fragmented))
    return rows
