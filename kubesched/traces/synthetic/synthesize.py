"""Makes a trace from a description: who arrives when, with what requests, for how long, on which nodes.

Every draw comes from a stream of its own (arrivals, classes, shapes and lifetimes, of each class), made from the seed
and the names of the classes: a class that is added or changed does not change what the others draw.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from kubesched.config.document import load_mapping
from kubesched.errors import ConfigError
from kubesched.traces.synthetic.arrivals import MOST_ARRIVALS, read_arrivals
from kubesched.traces.synthetic.fields import Section
from kubesched.traces.synthetic.templates import PodClass, read_classes, read_pools
from kubesched.traces.trace import Note, Trace, nodes_at_start, pod_table

_ARRIVALS, _CLASSES, _SHAPES, _LIFETIMES = range(4)
_COMMON = ""
_MOST_PODS = 50_000_000

_Ints = npt.NDArray[np.int64]


def synthesize(description: Mapping[str, Any] | str | os.PathLike[str], **overrides: Any) -> Trace:
    """Make a trace from a described mix (docs/synthetic-traces.md has every field).

    The same description gives the same trace.

    Args:
        description: a mapping, or a file of YAML or JSON: `nodes` (pools), `pods` (classes), `arrivals`, `seed`, and
            `span` or `count` of arrivals, or both: what ends first.
        overrides: top-level fields that replace those of the description; None leaves them as they are.

    Raises:
        ConfigError: a field is wrong, missing or unknown; the message names it. Or no pod would arrive.
    """
    values = dict(description) if isinstance(description, Mapping) else dict(load_mapping(description))
    values |= {name: value for name, value in overrides.items() if value is not None}
    top = Section(values, "")
    seed = top.integer("seed", 0, 0, 2**64 - 1)
    span_ns = top.duration_ns("span") if top.has("span") else None
    count = top.integer("count", None, 1, MOST_ARRIVALS) if top.has("count") else None
    if span_ns is None and count is None:
        raise ConfigError("the description must have span or count, got none of them")
    common = read_arrivals(top.section("arrivals")) if top.has("arrivals") else None
    nodes = read_pools(top.sections("nodes"))
    classes = read_classes(top.sections("pods"), has_common=common is not None)
    top.done()
    if common is not None and not any(kind.weight for kind in classes):
        raise ConfigError("arrivals must be left out where every class has its own, got arrivals")
    times, kinds = [], []
    if common is not None:
        found = common.times(_stream(seed, _ARRIVALS, _COMMON), span_ns, count)
        weights = np.array([kind.weight for kind in classes])
        times.append(found)
        kinds.append(_stream(seed, _CLASSES, _COMMON).choice(len(classes), len(found), p=weights / weights.sum()))
    for i, kind in enumerate(classes):
        if kind.arrivals is not None:
            times.append(kind.arrivals.times(_stream(seed, _ARRIVALS, kind.name), span_ns, count))
            kinds.append(np.full(len(times[-1]), i))
    all_times, all_kinds = np.concatenate(times), np.concatenate(kinds).astype(np.int64)
    order = np.argsort(all_times, kind="stable")[:count]
    if len(order) == 0:
        raise ConfigError("the description must let at least one pod arrive, got none before the end of its span")
    return _trace(seed, nodes, classes, all_times[order], all_kinds[order])


def _trace(seed: int, nodes: list[dict[str, Any]], classes: list[PodClass], times: _Ints, kinds: _Ints) -> Trace:
    shape, duration_ns = np.zeros(len(times), np.int64), np.zeros(len(times), np.int64)
    number = np.zeros(len(times), np.int64)
    first_template = np.cumsum([0, *(len(kind.templates) for kind in classes)])
    notes = []
    for i, kind in enumerate(classes):
        rows = np.flatnonzero(kinds == i)
        draws = _stream(seed, _SHAPES, kind.name)
        shape[rows] = first_template[i] + draws.choice(len(kind.shares), len(rows), p=kind.shares)
        duration_ns[rows] = kind.lifetimes.durations_ns(_stream(seed, _LIFETIMES, kind.name), len(rows))
        number[rows] = np.arange(len(rows))
        notes.append(Note(f"pods are of the class {kind.name}", len(rows) * kind.gang))
    gangs = np.array([kind.gang for kind in classes])[kinds]
    if int(gangs.sum()) > _MOST_PODS:
        raise ConfigError(f"the description must give at most {_MOST_PODS} pods, got {int(gangs.sum())}")
    row = np.repeat(np.arange(len(times)), gangs)
    member = np.arange(len(row)) - np.repeat(np.cumsum(gangs) - gangs, gangs)
    columns = {
        "name": _names(classes, kinds[row], number[row], member),
        "template": shape[row].astype(np.int32),
        "arrival_ns": times[row],
        "duration_ns": duration_ns[row],
        "restart": np.array([kind.restart for kind in classes], np.int8)[kinds[row]],
        "gang": np.where(gangs[row] > 1, row, -1),
    }
    spaces = sorted({str(t["metadata"]["namespace"]) for kind in classes for t in kind.templates})
    has_models = any("gpu-model" in node["metadata"]["labels"] for node in nodes)
    return Trace(
        f"synthetic trace with seed {seed}",
        [str(node["metadata"]["name"]) for node in nodes],
        nodes,
        nodes_at_start(len(nodes)),
        [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in spaces],
        [template for kind in classes for template in kind.templates],
        pod_table(columns),
        "gpu-model" if has_models else "pool",
        tuple(notes),
    )


def _names(classes: list[PodClass], kinds: _Ints, numbers: _Ints, members: _Ints) -> list[str]:
    rows = zip(kinds.tolist(), numbers.tolist(), members.tolist(), strict=True)
    return [
        f"{classes[k].name}-{number}" if classes[k].gang == 1 else f"{classes[k].name}-{number}-{member}"
        for k, number, member in rows
    ]


def _stream(seed: int, purpose: int, name: str) -> np.random.Generator:
    sequence = np.random.SeedSequence(seed, spawn_key=(purpose, zlib.crc32(name.encode())))
    return np.random.Generator(np.random.PCG64(sequence))
