"""The order in which a packing experiment tries pods on nodes: drawn, and with pods repeated up to a load."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kubesched.compare.workload import Workload
from kubesched.errors import ConfigError


class Arrangement(NamedTuple):
    """One draw.

    Attributes:
        pods: int64, rows of the trace in the order of arrival; those that are repeated come last.
        nodes: int64, the order of the nodes; of equally good ones the first is taken.
    """

    pods: npt.NDArray[np.int64]
    nodes: npt.NDArray[np.int64]


def arrange(workload: Workload, seed: int, inflate: float) -> Arrangement:
    """Shuffle the pods, repeat or drop some until they ask for `inflate` times the capacity, and shuffle the nodes.

    Pods that are repeated are drawn one by one among all, until the next one would go beyond the load by what it asks
    of one card; pods that are dropped are drawn until the load is no longer exceeded. The rule is the published one of
    the experiments with the openb trace (Weng et al., USENIX ATC 2023); the draws are this function's own.

    Args:
        workload: pods and nodes.
        seed: of every draw.
        inflate: 0 < inflate <= 1000.

    Raises:
        ConfigError: the load is out of range.
    """
    if not 0 < inflate <= 1000:
        raise ConfigError(f"inflate must be in 0..1000, got {inflate!r}")
    draws = np.random.Generator(np.random.PCG64(seed))
    num_pods = len(workload.asked)
    pods = draws.permutation(num_pods)
    target = inflate * workload.capacity
    load = int(workload.asked.sum())
    if load < target:
        more = []
        while True:
            row = int(draws.integers(num_pods))
            if load + int(workload.step[row]) > target:
                break
            more.append(row)
            load += int(workload.asked[row])
        pods = np.concatenate([pods, np.array(more, np.int64)])
    else:
        kept = pods.tolist()
        while load > target:
            load -= int(workload.asked[kept.pop(int(draws.integers(len(kept))))])
        pods = np.array(kept, np.int64)
    return Arrangement(pods, draws.permutation(len(workload.num_cards)))


def names_of(names: list[str], rows: npt.NDArray[np.int64]) -> list[str]:
    """Return the names of rows, each its own: a row that comes again gets a dash, `x` and a number."""
    seen: dict[int, int] = {}
    found = []
    for row in rows.tolist():
        copy = seen.get(row, 0)
        seen[row] = copy + 1
        found.append(names[row] if not copy else f"{names[row]}-x{copy}")
    return found
