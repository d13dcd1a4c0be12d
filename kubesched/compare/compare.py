"""Configurations and policies side by side, several seeds each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from kubesched.compare.choice import read_choices
from kubesched.compare.pool import run_in_processes
from kubesched.compare.result import Comparison
from kubesched.compare.task import Bench, Task
from kubesched.errors import ConfigError
from kubesched.traces import Trace, open_trace

INFLATE = 1.3  # as in the published experiments
FIRST_SEED = 42  # as theirs, though the draws are others
MODES = ("packing", "replay")
_MOST_SEEDS = 100_000


def compare(
    trace: str | os.PathLike[str] | Trace,
    pods: str | os.PathLike[str] | None = None,
    *,
    policies: Sequence[str] = (),
    configs: Sequence[Mapping[str, Any] | str | os.PathLike[str]] = (),
    seeds: int = 10,
    seed: int = FIRST_SEED,
    mode: str = "packing",
    inflate: float | None = None,
    workers: int | None = None,
    replay_options: Mapping[str, Any] | None = None,
    progress: Callable[[int, int], None] | None = None,
    keep_interrupted: bool = False,
) -> Comparison:
    """Run every policy and configuration on the same pods, once for each seed.

    Packing: pods and nodes are shuffled by the seed, pods repeated or dropped until they ask for `inflate` times the
    cluster's capacity, each is tried once, and none leaves; times of the trace do not count. That is the published
    experiment with the openb trace. Replay: see `kubesched.replay.replay`; ties are broken by the seed.

    Args:
        trace: a trace, or the file of its nodes (see `kubesched.traces.open_trace`).
        pods: the file of its pods; only with a file of nodes.
        policies: GPU policies by name (docs/gpu-policies.md), or "default": kube-scheduler as it comes.
        configs: KubeSchedulerConfigurations as mappings or files.
        seeds: how many; they are `seed`, `seed` + 1, ...
        seed: the first; 42, as in the published experiments, unless given.
        mode: "packing" or "replay".
        inflate: packing: the load, 1.3 unless given; replay: as for `replay`.
        workers: processes; None: one for each processor that this process may use, 1: none beside this one. The
            result does not depend on it.
        replay_options: further arguments of `replay`, in plain JSON values.
        progress: called with the runs that have ended and all.
        keep_interrupted: return what has ended where Ctrl-C comes, instead of raising KeyboardInterrupt.

    Raises:
        ConfigError: nothing to compare, one name twice, an unknown policy, an argument out of range.
        TraceFormatError, ManifestError, ObjectError, UnsupportedError, StateError: as for `replay`.
    """
    if mode not in MODES:
        raise ConfigError(f"mode must be one of {', '.join(MODES)}, got {mode!r}")
    if type(seeds) is not int or not 1 <= seeds <= _MOST_SEEDS:
        raise ConfigError(f"seeds must be in 1..{_MOST_SEEDS}, got {seeds!r}")
    if type(seed) is not int or not 0 <= seed < 2**63 - _MOST_SEEDS:
        raise ConfigError(f"seed must be in 0..2**63 - {_MOST_SEEDS}, got {seed!r}")
    if workers is not None and (type(workers) is not int or workers < 1):
        raise ConfigError(f"workers must be >= 1, got {workers!r}")
    if replay_options and mode != "replay":
        raise ConfigError(f"replay_options must be left out in mode packing, got {', '.join(replay_options)}")
    choices = read_choices(policies, configs)
    opened = _open(trace, pods)
    bench = Bench(opened)
    is_packing = mode == "packing"
    load = (INFLATE if inflate is None else inflate) if is_packing else inflate
    resource = bench.workload.resource if is_packing else ""
    options = {} if is_packing else {**(replay_options or {}), "inflate": inflate}
    tasks = [Task(c, s, load if is_packing else None, options) for c in choices for s in range(seed, seed + seeds)]
    rows: dict[int, dict[str, Any]] = {}
    interrupted = False
    count = min(workers or len(os.sched_getaffinity(0)), len(tasks))
    try:
        for at, row in run_in_processes(opened, tasks, count) if count > 1 else _run_here(bench, tasks):
            rows[at] = row
            if progress is not None:
                progress(len(rows), len(tasks))
    except KeyboardInterrupt:
        if not keep_interrupted:
            raise
        interrupted = True
    return Comparison(
        [rows[at] for at in sorted(rows)],
        mode=mode,
        source=opened.source,
        resource=resource,
        inflate=load,
        choices=[choice.name for choice in choices],
        seeds=range(seed, seed + seeds),
        interrupted=interrupted,
    )


def _run_here(bench: Bench, tasks: Iterable[Task]) -> Iterator[tuple[int, dict[str, Any]]]:
    for at, task in enumerate(tasks):
        yield at, bench.run(task)


def _open(trace: str | os.PathLike[str] | Trace, pods: str | os.PathLike[str] | None) -> Trace:
    if isinstance(trace, Trace):
        if pods is not None:
            raise ConfigError("pods must be left out where a trace is given")
        return trace
    return open_trace(trace, pods)
