"""What pods ask of GPUs, and how fragmented the GPUs are while pods come one after another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from kubesched._core import gpu_history, gpu_request
from kubesched.api.wire import Writer
from kubesched.config.profile import write_typical_pods
from kubesched.engine.placements import Placements
from kubesched.engine.pod_batch import PodBatch
from kubesched.engine.typical_pods import typical_pods


def gpu_requests(batch: PodBatch) -> npt.NDArray[np.int64]:
    """Return int64 of shape (num_pods, 3): milli-CPU, cards, and thousandths of each card."""
    by_shape = np.array([gpu_request(record)[:3] for record in batch.records], np.int64).reshape(-1, 3)
    requests: npt.NDArray[np.int64] = by_shape[batch.shape_index]
    return requests


def fragmentation_history(
    batch: PodBatch,
    placements: Placements,
    workload: PodBatch,
    *,
    milli_cpu: npt.NDArray[np.int64],
    num_cards: npt.NDArray[np.int32],
    models: Sequence[str],
) -> npt.NDArray[np.float64]:
    """Measure fragmentation for the typical pods of a workload, as FGD does, after each pod of a batch.

    Args:
        batch: the pods in the order in which they came to empty nodes.
        placements: where they went.
        workload: whose typical pods count.
        milli_cpu: of each node, in the order that `placements` counts them.
        num_cards: of each node.
        models: of the cards of each node; empty for none.

    Returns:
        float64 of shape (num_pods,): thousandths of a card.
    """
    typical = typical_pods(workload)
    record = Writer()
    write_typical_pods(record, typical.typical_pods or (), typical.num_pods)
    requests = gpu_requests(batch)
    after, _ = gpu_history(
        record.done(),
        milli_cpu,
        num_cards,
        models,
        placements.node_index,
        requests[:, 0],
        requests[:, 2].astype(np.int32),
        placements.device_offsets,
        placements.devices,
    )
    return after
