"""Other arrivals than the trace's own: another order, another pace, more pods."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kubesched.api.node_codec import encode_node
from kubesched.api.pod_requests import read_pod_requests
from kubesched.errors import ConfigError
from kubesched.traces.trace import ADD, Trace

ARRIVALS = ("trace", "shuffled", "sorted", "scaled")


def rearrange(trace: Trace, arrivals: str, *, seed: int, scale: float, inflate: float | None) -> Trace:
    """Return a trace with other arrivals.

    Args:
        trace: the trace.
        arrivals: "trace", as it is; "shuffled", another pod at each arrival, drawn; "sorted", the largest pods first
            (by the share of all nodes' capacity that a pod asks of its scarcest resource); "scaled", times multiplied.
        seed: of every draw.
        scale: of "scaled": all arrival times and removals are multiplied by it; run times stay.
        inflate: first drop or repeat pods, drawn, until they ask for this many times the capacity of the resource that
            the trace asks most of. Repeated pods have a dash, `x` and a number behind their names.

    Raises:
        ConfigError: an argument is out of range, or pods that wait for others would be moved.
    """
    if arrivals not in ARRIVALS:
        raise ConfigError(f"arrivals must be one of {', '.join(ARRIVALS)}, got {arrivals!r}")
    if not 0 < scale < float("inf"):
        raise ConfigError(f"arrival_scale must be above 0, got {scale!r}")
    if inflate is not None and not 0 < inflate <= 1000:
        raise ConfigError(f"inflate must be in 0..1000, got {inflate!r}")
    if arrivals == "trace" and inflate is None:
        return trace
    if arrivals != "scaled" and pc.any(pc.greater(pc.list_value_length(trace.pods.column("after")), 0)).as_py():
        raise ConfigError("arrivals must be the trace's own where pods wait for others")
    draws = np.random.Generator(np.random.PCG64(seed))
    if inflate is not None:
        trace = _inflated(trace, inflate, draws)
    if arrivals == "shuffled":
        return _reordered(trace, draws.permutation(len(trace.pods)))
    if arrivals == "sorted":
        return _reordered(trace, np.argsort(-_shares(trace).max(axis=1), kind="stable"))
    if arrivals == "scaled":
        pods = trace.pods
        for name in ("arrival_ns", "removed_ns"):
            scaled = pc.cast(
                pc.multiply(pc.cast(pods.column(name), pa.float64(), safe=False), scale), pa.int64(), safe=False
            )
            pods = pods.set_column(pods.column_names.index(name), name, scaled)
        return replace(trace, pods=pods)
    return trace


def _capacity(trace: Trace) -> dict[str, int]:
    """Return resource -> what the nodes that are there at time 0 have of it."""
    from kubesched.engine import Scheduler

    events = trace.node_events
    columns = (events.column(name).to_pylist() for name in ("time_ns", "kind", "template"))
    counts: dict[int, int] = {}
    for time_ns, kind, template in zip(*columns, strict=True):
        if time_ns <= 0 and kind == ADD:
            counts[template] = counts.get(template, 0) + 1
    total: dict[str, int] = {}
    for template, count in counts.items():
        node = {**trace.node_templates[template], "metadata": {"name": "node"}}
        encode_node(node)
        view = Scheduler([node]).nodes
        for resource, amount in view.allocatable.items():
            total[resource] = total.get(resource, 0) + count * int(amount[0])
    return total


def _shares(trace: Trace) -> npt.NDArray[np.float64]:
    """Return float64 of shape (num_pods, num_resources): what each pod asks for over all nodes' capacity."""
    capacity = {name: amount for name, amount in _capacity(trace).items() if amount > 0}
    columns = {name: i for i, name in enumerate(capacity)}
    by_template = np.zeros((len(trace.pod_templates), max(1, len(columns))))
    for i, pod in enumerate(trace.pod_templates):
        for name, amount in {**template_requests(pod), "pods": 1}.items():
            if name in columns:
                by_template[i, columns[name]] = amount / capacity[name]
    shares: npt.NDArray[np.float64] = by_template[trace.pods.column("template").to_numpy()]
    return shares


def template_requests(pod: Any) -> dict[str, int]:
    """Return resource -> what a pod asks for, in milli-CPU, bytes or counts."""
    return dict(read_pod_requests(pod, pod["spec"], bound=True).tracked)


def _inflated(trace: Trace, factor: float, draws: np.random.Generator) -> Trace:
    shares = _shares(trace)
    scarcest = int(np.argmax(shares.sum(axis=0)))
    asked = shares[:, scarcest]
    num_pods = len(asked)
    if asked.sum() >= factor:
        order = draws.permutation(num_pods)
        keep = int(np.searchsorted(np.cumsum(asked[order]), factor)) + 1
        return _taken(trace, np.sort(order[:keep]))
    if asked.sum() <= 0:
        raise ConfigError("inflate must not be given where no pod asks for anything that nodes have")
    more: list[int] = []
    total = float(asked.sum())
    while total < factor:
        row = int(draws.integers(num_pods))
        more.append(row)
        total += float(asked[row])
    rows = np.concatenate([np.arange(num_pods), np.array(more, np.int64)])
    pods = trace.pods.take(pa.array(rows))
    names = pods.column("name").to_pylist()
    copies: dict[int, int] = {}
    for i, row in enumerate(more):
        copies[row] = copies.get(row, 0) + 1
        names[num_pods + i] = f"{names[row]}-x{copies[row]}"
    pods = pods.set_column(0, "name", pa.array(names, pa.string()))
    order = np.argsort(pods.column("arrival_ns").to_numpy(), kind="stable")
    return replace(trace, pods=pods.take(pa.array(order)))


def _taken(trace: Trace, rows: npt.NDArray[Any]) -> Trace:
    return replace(trace, pods=trace.pods.take(pa.array(rows)))


def _reordered(trace: Trace, order: npt.NDArray[Any]) -> Trace:
    """Return the pods in another order at the same arrival times; a removal stays as long after its arrival."""
    pods = trace.pods.take(pa.array(order))
    times = trace.pods.column("arrival_ns")
    moved_by = pc.subtract(times, pods.column("arrival_ns"))
    removed = pc.add(pods.column("removed_ns"), moved_by)
    for name, column in (("removed_ns", removed), ("arrival_ns", times)):
        pods = pods.set_column(pods.column_names.index(name), name, column)
    for name in ("recorded_node", "recorded_start_ns", "recorded_end_ns"):
        at = pods.column_names.index(name)
        pods = pods.set_column(at, name, pa.nulls(len(pods), pods.schema.field(at).type))
    return replace(trace, pods=pods)
