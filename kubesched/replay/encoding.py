"""A trace's columns as the core reads them (csrc/replay/trace_columns.h, csrc/bindings/register_replay.cpp)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kubesched.api.event_codec import encode_node_object, encode_pod_object
from kubesched.api.fields import integer
from kubesched.api.owner_codec import encode_owner, is_owner
from kubesched.api.pod_fields import bound_node_name, is_finished, pod_key
from kubesched.api.pod_volumes import has_ephemeral_volume
from kubesched.errors import ObjectError, StateError, UnsupportedError
from kubesched.traces.trace import ADD, DRAIN, REMOVE, Trace, named_node

Manifest = Mapping[str, Any]

EVENT_KINDS = (
    "node added",
    "node removed",
    "node updated",
    "node drained",
    "arrived",
    "unschedulable",
    "nominated",
    "scheduled",
    "bound",
    "started",
    "finished",
    "failed",
    "restarted",
    "terminating",
    "removed",
    "preempted",
    "drained",
    "lost",
)
OUTCOMES = ("", "finished", "failed", "removed", "preempted", "drained", "lost")
STATES = ("held", "pending", "pending", "running", "running", "running", "running", "running", "")

_SECOND_NS = 10**9
_DEFAULT_GRACE_SECONDS = 30
_FAILED = 1
# Recorded outcomes FINISHED, FAILED, KILLED, EVICTED, LOST, RUNNING, PENDING as positions in OUTCOMES.
_RECORDED = np.array([1, 2, 3, 4, 6, 0, 0], np.uint8)


@dataclass(frozen=True, slots=True)
class Encoded:
    """A trace for the core.

    Attributes:
        trace: what the core's Replay takes.
        bound: the manifests of pods that are on nodes from the start; theirs are the first rows.
        pools: the pools of nodes, by number.
    """

    trace: dict[str, Any]
    bound: list[Manifest]
    pools: list[str]


def encode(trace: Trace, until_ns: int | None, default_image_bytes: int, *, with_images: bool) -> Encoded:
    """Encode a trace.

    Raises:
        ObjectError, UnsupportedError: a template breaks a rule of its type.
        StateError: a bound pod's node is not there at time 0.
    """
    bound = [obj for obj in trace.objects if obj.get("kind") == "Pod" and bound_node_name(obj) and not is_finished(obj)]
    images = _Images(trace, default_image_bytes) if with_images else None
    pools = _pools(trace)
    versions, events = _nodes(trace, until_ns, pools, images)
    templates = [_template(pod, images) for pod in [*trace.pod_templates, *bound]]
    owners = [encode_owner(obj) for obj in trace.objects if is_owner(obj)]
    columns = {
        "pods": _pods(trace, bound),
        "templates": templates,
        "node_names": list(trace.node_names),
        "node_versions": versions,
        "node_events": events,
        "image_bytes": np.array(images.sizes if images else [], np.int64),
        "num_pools": len(pools),
        "owners": owners,
    }
    return Encoded(columns, bound, list(pools))


def pod_keys(trace: Trace) -> pa.LargeStringArray:
    """Return the `namespace/name` of each row."""
    namespaces = [pod_key(template).partition("/")[0] for template in trace.pod_templates]
    template = trace.pods.column("template").combine_chunks()
    prefix = pa.array(namespaces, pa.large_string()).take(template)
    names = trace.pods.column("name").combine_chunks().cast(pa.large_string())
    return pc.binary_join_element_wise(prefix, names, pa.scalar("/", pa.large_string()))


def _pods(trace: Trace, bound: Sequence[Manifest]) -> dict[str, Any]:
    table = trace.pods
    keys = pod_keys(trace)
    if bound:
        keys = pa.concat_arrays([pa.array([pod_key(pod) for pod in bound], pa.large_string()), keys])
    _, offsets, data = keys.buffers()
    ends = np.frombuffer(offsets, np.int64, len(keys) + 1)[1:]
    num_bound = len(bound)

    def column(name: str, null: int, kind: type, first: Iterable[int] | None = None) -> npt.NDArray[Any]:
        values = table.column(name).combine_chunks()
        filled = pc.fill_null(values, null).to_numpy(zero_copy_only=False).astype(kind)
        ahead: npt.NDArray[Any] = np.full(num_bound, null, kind) if first is None else np.array(list(first), kind)
        return np.concatenate([ahead, filled])

    first_template = len(trace.pod_templates)
    after = table.column("after").combine_chunks()
    lengths = pc.fill_null(pc.list_value_length(after), 0).to_numpy(zero_copy_only=False)
    recorded = column("recorded_outcome", 5, np.int64)
    return {
        "key_bytes": np.frombuffer(data, np.int8, int(ends[-1]) if len(ends) else 0),
        "key_ends": ends,
        "template": column("template", 0, np.int32, range(first_template, first_template + num_bound)),
        "arrival_ns": column("arrival_ns", 0, np.int64),
        "duration_ns": column("duration_ns", -1, np.int64),
        "removed_ns": column("removed_ns", -1, np.int64),
        "restart": column("restart", 0, np.int8),
        "fails": (recorded == _FAILED).astype(np.int8),
        "after_ends": np.concatenate([np.zeros(num_bound, np.int64), np.cumsum(lengths, dtype=np.int64)]),
        "after": after.flatten().to_numpy(zero_copy_only=False).astype(np.int32) + np.int32(num_bound),
        "recorded_node": column("recorded_node", -1, np.int32),
        "recorded_start_ns": column("recorded_start_ns", -1, np.int64),
        "recorded_end_ns": column("recorded_end_ns", -1, np.int64),
        "recorded_outcome": _RECORDED[recorded],
    }


class _Images:
    """The images of the trace by number, with their sizes as nodes give them."""

    def __init__(self, trace: Trace, default_bytes: int) -> None:
        self._numbers: dict[str, int] = {}
        self.sizes: list[int] = []
        self._default_bytes = default_bytes
        for node in trace.node_templates:
            for image in (node.get("status") or {}).get("images") or []:
                for name in image.get("names") or []:
                    self.number(str(name), int(image.get("sizeBytes") or 0))

    def number(self, name: str, size: int | None = None) -> int:
        """Return an image's number; names without tag or digest mean `latest`."""
        full = name if ":" in name.rpartition("/")[2] or "@" in name else f"{name}:latest"
        if full not in self._numbers:
            self._numbers[full] = len(self.sizes)
            self.sizes.append(self._default_bytes if size is None else size)
        return self._numbers[full]

    def of_pod(self, pod: Manifest) -> list[int]:
        """Return the images of a pod's containers, each once."""
        spec = pod["spec"]
        names = [c.get("image") for c in [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]]
        return list(dict.fromkeys(self.number(str(name)) for name in names if name))

    def of_node(self, node: Manifest) -> list[int]:
        """Return the images that a node has."""
        listed = (node.get("status") or {}).get("images") or []
        return list(dict.fromkeys(self.number(str(name)) for image in listed for name in image.get("names") or []))


def _template(pod: Manifest, images: _Images | None) -> tuple[bytes, bytes, int, bool, list[int]]:
    if has_ephemeral_volume(pod):
        raise UnsupportedError(f"pod {pod_key(pod)}: ephemeral volumes are not there yet in a replay")
    shape, rest = encode_pod_object(pod)
    try:
        grace = integer(pod["spec"], "terminationGracePeriodSeconds", "spec", _DEFAULT_GRACE_SECONDS, 0, 2**31 - 1)
    except ObjectError as error:
        raise ObjectError(f"pod {pod_key(pod)}: {error}") from None
    owners = (pod.get("metadata") or {}).get("ownerReferences") or []
    is_drained = not any(owner.get("kind") == "DaemonSet" for owner in owners)
    return shape, rest, grace * _SECOND_NS, is_drained, images.of_pod(pod) if images else []


def _pools(trace: Trace) -> dict[str, int]:
    if not trace.model_label:
        return {}
    labels = [(node.get("metadata") or {}).get("labels") or {} for node in trace.node_templates]
    found = sorted({str(own[trace.model_label]) for own in labels if trace.model_label in own})
    return {name: i for i, name in enumerate(found)}


def _nodes(
    trace: Trace, until_ns: int | None, pools: Mapping[str, int], images: _Images | None
) -> tuple[list[tuple[bytes, bytes, int, list[int]]], dict[str, Any]]:
    """Return the versions of nodes, each once, and the events that name them."""
    table = trace.node_events
    numbers: dict[tuple[int, int, bool], int] = {}
    versions: list[tuple[bytes, bytes, int, list[int]]] = []
    current: dict[int, int] = {}  # node -> its template
    rows = []
    columns = (table.column(name).to_pylist() for name in ("time_ns", "node", "kind", "template"))
    for time_ns, node, kind, template in zip(*columns, strict=True):
        if until_ns is not None and time_ns > until_ns:
            break
        if kind in (REMOVE, DRAIN) and node not in current:
            rows.append((time_ns, node, kind, 2**32 - 1))
            continue
        if kind == REMOVE:
            del current[node]
            rows.append((time_ns, node, kind, 2**32 - 1))
            continue
        if kind != DRAIN:
            if kind != ADD and node not in current:
                rows.append((time_ns, node, kind, 2**32 - 1))
                continue
            current[node] = template
        version = (node, current[node], kind == DRAIN)
        if version not in numbers:
            numbers[version] = len(versions)
            manifest = named_node(trace.node_templates[version[1]], trace.node_names[node], cordoned=version[2])
            record, rest = encode_node_object(manifest)
            pool = pools.get(str(((manifest["metadata"]).get("labels") or {}).get(trace.model_label)), -1)
            versions.append((record, rest, pool, images.of_node(manifest) if images else []))
        rows.append((time_ns, node, kind, numbers[version]))
    events = np.array(rows, np.int64).reshape(-1, 4)
    names = ("time_ns", "node", "kind", "version")
    return versions, {name: np.ascontiguousarray(events[:, i]) for i, name in enumerate(names)}


def bound_nodes(trace: Trace, bound: Sequence[Manifest]) -> list[int]:
    """Return the node number of each bound pod.

    Raises:
        StateError: a pod's node is no node of the trace.
    """
    number = {name: i for i, name in enumerate(trace.node_names)}
    found = []
    for pod in bound:
        name = bound_node_name(pod)
        if name not in number:
            raise StateError(f"pod {pod_key(pod)}: node must be in the cluster, got {name!r}")
        found.append(number[name])
    return found
