"""Pods prepared for scheduling: each distinct spec once, and which pod has which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kubesched._core import PodKeys
from kubesched.api.pod_codec import encode_pod, pod_key
from kubesched.api.pod_fields import scheduling_gates
from kubesched.api.pod_volumes import has_ephemeral_volume


class PodBatch:
    """Pods as distinct shapes and an index into them; made once, scheduled any number of times.

    A batch belongs to no scheduler. Slicing with a step of 1 gives a batch over the same shapes.
    """

    __slots__ = ("_core_keys", "_gates", "_keys", "_records", "_shape_index", "_source_index", "_sources")

    def __init__(
        self,
        records: Sequence[bytes],
        shape_index: npt.NDArray[np.int32],
        keys: Sequence[str],
        sources: Sequence[Mapping[str, Any]],
        source_index: npt.NDArray[np.int32],
        gates: Mapping[int, Sequence[str]],
    ) -> None:
        self._records = records
        self._shape_index = shape_index
        self._keys = keys
        self._sources = sources
        self._source_index = source_index
        self._gates = gates
        self._core_keys: PodKeys | None = None

    @classmethod
    def from_manifests(cls, pods: Sequence[Mapping[str, Any]]) -> PodBatch:
        """Prepare pods given as manifests, in order.

        Raises:
            ObjectError: a pod breaks a rule of its type.
            UnsupportedError: a pod needs a part of kube-scheduler that is not there yet.
        """
        shapes: dict[bytes, int] = {}
        index = np.empty(len(pods), np.int32)
        keys = []
        for i, pod in enumerate(pods):
            index[i] = shapes.setdefault(encode_pod(pod), len(shapes))
            keys.append(pod_key(pod))
        return cls(list(shapes), index, keys, list(pods), np.arange(len(pods), dtype=np.int32), _gates_of(pods))

    @classmethod
    def from_templates(
        cls,
        templates: Sequence[Mapping[str, Any]],
        template_index: npt.ArrayLike,
        names: Sequence[str] | None = None,
    ) -> PodBatch:
        """Prepare pods that are copies of templates.

        Args:
            templates: pod manifests; their namespaces hold for the copies, too.
            template_index: integers of shape (n,), the template of each pod.
            names: the name of each pod; without it, the template's name, a dash and the pod's position.

        Raises:
            ObjectError: a template breaks a rule of its type, an index names no template, or the lengths differ.
            UnsupportedError: a template needs a part of kube-scheduler that is not there yet.
        """
        from kubesched.errors import ObjectError

        index = np.ascontiguousarray(template_index, dtype=np.int32)
        if index.ndim != 1:
            raise ObjectError(f"template_index must have one dimension, got {index.ndim}")
        if index.size and not (int(index.min()) >= 0 and int(index.max()) < len(templates)):
            raise ObjectError(f"template_index must be in 0..{len(templates) - 1}, got {index.min()}..{index.max()}")
        if names is not None and len(names) != index.size:
            raise ObjectError(f"names must be as many as template_index, got {len(names)} and {index.size}")
        full_names = [pod_key(template) for template in templates]
        if names is None:
            keys = [f"{full_names[t]}-{i}" for i, t in enumerate(index.tolist())]
        else:
            prefixes = [name.partition("/")[0] + "/" for name in full_names]
            keys = [prefixes[t] + name for t, name in zip(index.tolist(), names, strict=True)]
        records = [encode_pod(template) for template in templates]
        if any(has_ephemeral_volume(template) for template in templates):
            copies = zip(index.tolist(), keys, strict=True)
            return cls.from_manifests([_renamed(templates[t], key) for t, key in copies])
        return cls(records, index, keys, list(templates), index, _gates_of(templates))

    def __len__(self) -> int:
        """Count the pods."""
        return len(self._keys)

    def __getitem__(self, part: slice) -> PodBatch:
        """Return the pods of a slice as a batch."""
        return PodBatch(
            self._records,
            self._shape_index[part],
            self._keys[part],
            self._sources,
            self._source_index[part],
            self._gates,
        )

    @property
    def records(self) -> Sequence[bytes]:
        """The distinct shapes, as the core reads them."""
        return self._records

    @property
    def shape_index(self) -> npt.NDArray[np.int32]:
        """int32 of shape (n,): the shape of each pod."""
        return self._shape_index

    @property
    def keys(self) -> Sequence[str]:
        """The `namespace/name` of each pod."""
        return self._keys

    @property
    def core_keys(self) -> PodKeys:
        """The same for the core, made when first asked for."""
        if self._core_keys is None:
            self._core_keys = PodKeys(self._keys)
        return self._core_keys

    @property
    def sources(self) -> tuple[Sequence[Mapping[str, Any]], npt.NDArray[np.int32]]:
        """The manifests that the pods are copies of, and int32 of shape (n,): which of them each pod is of."""
        return self._sources, self._source_index

    def take(self, positions: npt.NDArray[np.intp]) -> PodBatch:
        """Return the pods at these positions as a batch over the same shapes."""
        keys = [self._keys[i] for i in positions.tolist()]
        index = self._shape_index[positions]
        return PodBatch(self._records, index, keys, self._sources, self._source_index[positions], self._gates)

    def gated(self) -> list[tuple[int, Mapping[str, Any], Sequence[str]]]:
        """Return (position, a manifest of that spec, gates) of each pod that has scheduling gates."""
        if not self._gates:
            return []
        found = np.flatnonzero(np.isin(self._source_index, list(self._gates))).tolist()
        sources = self._source_index[found].tolist()
        return [(i, self._sources[source], self._gates[source]) for i, source in zip(found, sources, strict=True)]

    def manifest(self, position: int) -> Mapping[str, Any]:
        """Return the manifest of one pod; that of a copy is its template's with another name."""
        source = self._sources[int(self._source_index[position])]
        namespace, _, name = self._keys[position].partition("/")
        return {**source, "metadata": {**source["metadata"], "namespace": namespace, "name": name}}


def _gates_of(pods: Sequence[Mapping[str, Any]]) -> dict[int, list[str]]:
    """Return position -> scheduling gates, of the pods that have some."""
    gates = ((i, scheduling_gates(pod)) for i, pod in enumerate(pods) if pod["spec"].get("schedulingGates"))
    return {i: names for i, names in gates if names}


def _renamed(template: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return a copy of a template under its own name: the claims of its ephemeral volumes have that in theirs."""
    return {**template, "metadata": {**template["metadata"], "name": key.partition("/")[2]}}
