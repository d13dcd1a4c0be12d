"""The outcome of many scheduling cycles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from kubesched.engine.decision import Preemption

if TYPE_CHECKING:
    import pyarrow as pa


class Placements:
    """Where each pod of a batch went, in the order of the batch.

    Attributes:
        node_index: int32 of shape (n,); the position of the node in `Scheduler.nodes` at that time, -1 where the
            pod fits on no node.
        pods: the `namespace/name` of each pod.
        messages: position in the batch -> upstream's FailedScheduling text, for the pods that went nowhere.
        preemptions: position in the batch -> what came of preemption, for the pods that tried it.
        device_offsets: int32 of shape (n + 1,); pod i has devices[device_offsets[i] : device_offsets[i + 1]].
        devices: uint16, the GPU cards of the pods by number on their nodes, one after another.
    """

    __slots__ = ("_node_list", "device_offsets", "devices", "messages", "node_index", "pods", "preemptions")

    def __init__(
        self,
        node_index: npt.NDArray[np.int32],
        node_list: Sequence[str],
        pods: Sequence[str],
        messages: Mapping[int, str],
        preemptions: Mapping[int, Preemption] | None = None,
        devices: tuple[npt.NDArray[np.int32], npt.NDArray[np.uint16]] | None = None,
    ) -> None:
        self.node_index = node_index
        self.pods = pods
        self.messages = messages
        self.preemptions = preemptions or {}
        self._node_list = node_list
        none = np.zeros(len(node_index) + 1, np.int32), np.zeros(0, np.uint16)
        self.device_offsets, self.devices = none if devices is None else devices

    def __len__(self) -> int:
        """Count the pods of the batch."""
        return len(self.node_index)

    def amid(self, pods: Sequence[str], positions: npt.NDArray[np.intp], others: Mapping[int, str]) -> Placements:
        """Return the same as the part at `positions` of a larger batch, whose other pods went nowhere.

        Args:
            pods: the keys of the larger batch.
            positions: integers of shape (n,), where each pod of this one is in it.
            others: position -> message, of the pods that are not of this one.
        """
        at = positions.tolist()
        node_index = np.full(len(pods), -1, np.int32)
        node_index[positions] = self.node_index
        messages = {**{at[i]: text for i, text in self.messages.items()}, **others}
        preemptions = {at[i]: preemption for i, preemption in self.preemptions.items()}
        counts = np.zeros(len(pods) + 1, np.int32)
        counts[positions + 1] = np.diff(self.device_offsets)
        devices = np.cumsum(counts, dtype=np.int32), self.devices
        return Placements(node_index, self._node_list, pods, dict(sorted(messages.items())), preemptions, devices)

    @property
    def node_names(self) -> list[str | None]:
        """The node of each pod by name; None where the pod fits on no node."""
        names = self._node_list
        return [names[i] if i >= 0 else None for i in self.node_index.tolist()]

    @property
    def num_placed(self) -> int:
        """Count the pods that found a node."""
        return int(np.count_nonzero(self.node_index >= 0))

    def to_arrow(self) -> pa.Table:
        """Return one row a pod.

        Columns: pod (string), node (dictionary of string, null where none), message (string), devices (list of uint16,
        the GPU cards on the node).
        """
        import pyarrow as pa

        index = pa.array(self.node_index, mask=self.node_index < 0)
        node = pa.DictionaryArray.from_arrays(index, pa.array(list(self._node_list), pa.string()))
        message = [self.messages.get(i) for i in range(len(self))]
        return pa.table(
            {
                "pod": pa.array(self.pods, pa.string()),
                "node": node,
                "message": pa.array(message, pa.string()),
                "devices": pa.ListArray.from_arrays(pa.array(self.device_offsets), pa.array(self.devices)),
            }
        )

    def __repr__(self) -> str:
        """Say how many pods found a node."""
        return f"Placements({self.num_placed} of {len(self)} pods placed)"
