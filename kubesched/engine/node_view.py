"""The nodes of a scheduler as NumPy arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from kubesched._core import gpu_milli_left, gpu_models

if TYPE_CHECKING:
    from kubesched._core import Engine


class _Columns(Mapping[str, npt.NDArray[np.int64]]):
    """One column a resource name."""

    def __init__(self, names: list[str], column: Callable[[str], npt.NDArray[np.int64]]) -> None:
        self._names = names
        self._column = column

    def __getitem__(self, resource: str) -> npt.NDArray[np.int64]:
        return self._column(resource)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class NodeView:
    """The cluster's nodes, one array per quantity, in node order.

    Arrays are read-only and not copied; each keeps the values of the moment it was taken.
    """

    __slots__ = ("_engine", "_names")

    def __init__(self, engine: Engine, names: list[str]) -> None:
        self._engine = engine
        self._names = names

    def is_of(self, engine: object) -> bool:
        """Tell whether these are the nodes of an engine."""
        return self._engine is engine

    def __len__(self) -> int:
        """Count the nodes."""
        return len(self._names)

    @property
    def names(self) -> list[str]:
        """The names of the nodes, in order."""
        return list(self._names)

    @property
    def allocatable(self) -> Mapping[str, npt.NDArray[np.int64]]:
        """Resource name -> int64 of shape (num_nodes,): milli-CPU for cpu, bytes or counts for the others."""
        return _Columns(self._engine.resource_names(), self._engine.allocatable)

    @property
    def requested(self) -> Mapping[str, npt.NDArray[np.int64]]:
        """Resource name -> int64 of shape (num_nodes,): what the pods on each node request, in the same units."""
        return _Columns(self._engine.resource_names(), self._engine.requested)

    @property
    def non_zero_milli_cpu(self) -> npt.NDArray[np.int64]:
        """int64 of shape (num_nodes,): requested milli-CPU with 100 for each container that requests none."""
        return self._engine.non_zero_milli_cpu()

    @property
    def non_zero_memory_bytes(self) -> npt.NDArray[np.int64]:
        """int64 of shape (num_nodes,): requested bytes with 200 MiB for each container that requests none."""
        return self._engine.non_zero_memory_bytes()

    @property
    def pod_count(self) -> npt.NDArray[np.int64]:
        """int64 of shape (num_nodes,): pods on each node."""
        return self._engine.num_pods_by_node()

    @property
    def unschedulable(self) -> npt.NDArray[np.bool_]:
        """Bool of shape (num_nodes,): cordoned nodes."""
        return self._engine.unschedulable().view(np.bool_)

    @property
    def gpu_milli_left(self) -> npt.NDArray[np.int32]:
        """int32 of shape (num_nodes, most cards of a node): thousandths of each GPU card left, -1 for no card."""
        return gpu_milli_left(self._engine)

    @property
    def gpu_models(self) -> list[str]:
        """The GPU model of each node; empty where no label names it."""
        return gpu_models(self._engine)

    def label(self, key: str) -> list[str | None]:
        """Return the value of one label on each node; None where the node lacks it."""
        column = self._engine.label_column(key)
        values = column["values"]
        return [values[code] if code >= 0 else None for code in column["codes"].tolist()]

    def __repr__(self) -> str:
        """Say how many nodes there are."""
        return f"NodeView({len(self)} nodes)"
