"""The replay: every pod of a trace, one after another."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from kubesched.engine import Placements, Scheduler
from kubesched.errors import ConfigError, StateError
from kubesched.replay.result import ReplayResult
from kubesched.traces import Trace, open_trace

_NUM_STEPS = 200
_LEAST_STEP = 64

Progress = Callable[[int, int], None]


def replay(
    nodes: str | os.PathLike[str] | Trace,
    pods: str | os.PathLike[str] | None = None,
    *,
    config: Mapping[str, Any] | str | os.PathLike[str] | None = None,
    tie_break: str = "first",
    seed: int = 0,
    progress: Progress | None = None,
) -> ReplayResult:
    """Schedule the pods of a trace in order of arrival; each is tried once and stays where it lands.

    Args:
        nodes: a trace, or the file of its nodes (see `kubesched.traces.open_trace`).
        pods: the file of its pods; only with a file of nodes.
        config: as for `Scheduler`.
        tie_break: as for `Scheduler`.
        seed: as for `Scheduler`.
        progress: called with (pods done, pods in all) now and then; has no influence on the result.

    Returns:
        The same result, digest included, for the same input and seed.

    Raises:
        TraceFormatError, ManifestError, ObjectError: the trace is broken.
        ConfigError, UnsupportedError: as for `Scheduler`.
        StateError: two pods of the trace have one name.
    """
    if isinstance(nodes, Trace):
        if pods is not None:
            raise ConfigError("pods must be left out where a trace is given")
        trace = nodes
    else:
        if pods is None:
            raise ConfigError("pods must be given where nodes is a file")
        trace = open_trace(nodes, pods)
    scheduler = Scheduler(trace.objects, config, tie_break=tie_break, seed=seed)
    placements = _schedule(scheduler, trace, progress)
    return ReplayResult(trace, scheduler, placements, seed, tie_break)


def _schedule(scheduler: Scheduler, trace: Trace, progress: Progress | None) -> Placements:
    """Schedule in steps, so that progress can be seen and Ctrl-C is heard."""
    total = len(trace.pods)
    if len(set(trace.pods.keys)) != total:  # steps see only their own pods
        twice = next(key for key, count in Counter(trace.pods.keys).items() if count > 1)
        raise StateError(f"pod names must be unique, got {twice!r} twice")
    step = max(_LEAST_STEP, -(-total // _NUM_STEPS))
    indices = []
    messages: dict[int, str] = {}
    for start in range(0, total, step):
        part = scheduler.schedule_many(trace.pods[start : start + step])
        indices.append(part.node_index)
        messages.update({start + position: message for position, message in part.messages.items()})
        if progress is not None:
            progress(min(start + step, total), total)
    node_index = np.concatenate(indices) if indices else np.empty(0, np.int32)
    return Placements(node_index, scheduler.nodes.names, trace.pods.keys, messages)
