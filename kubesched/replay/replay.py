"""The replay: a trace in virtual time, with the whole scheduling queue."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kubesched._core import Replay as CoreReplay
from kubesched.engine import PodBatch, Scheduler
from kubesched.engine.decision import preemption_policy
from kubesched.errors import ConfigError, UnsupportedError
from kubesched.queue.scheduling_queue import profile_record
from kubesched.replay.arrivals import rearrange
from kubesched.replay.encoding import Encoded, bound_nodes, encode
from kubesched.replay.result import ReplayResult, Settings
from kubesched.traces import Trace, open_trace

_SECOND_NS = 10**9
_EVENTS_A_SLICE = 2_000
_NUM_SAMPLES = 400
_NUM_TYPICAL = 64
_MOST_SECONDS = 2**62 // _SECOND_NS


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a replay is.

    Attributes:
        arrived, total: pods.
        now_ns: simulated time.
        end_ns: when the last thing that the trace knows of happens.
        events: handled so far.
    """

    arrived: int
    total: int
    now_ns: int
    end_ns: int
    events: int


@dataclass(frozen=True, slots=True)
class Begun:
    """A replay before its first event.

    Attributes:
        trace: as it is played, rearranged.
        encoded: the same for the core; its `bound` pods are the core's first rows.
        scheduler: the cluster, which the core changes.
        core: what runs.
        span_ns: when the last thing happens, as far as it is known.
        settings: what it was begun with.
    """

    trace: Trace
    encoded: Encoded
    scheduler: Scheduler
    core: CoreReplay
    span_ns: int
    settings: Settings


@dataclass(frozen=True, slots=True)
class _Chosen:
    """How to schedule; see `Scheduler`."""

    config: Mapping[str, Any] | str | os.PathLike[str] | None
    policy: str | None
    workload: PodBatch | None
    tie_break: str
    seed: int


def replay(
    trace: str | os.PathLike[str] | Trace,
    pods: str | os.PathLike[str] | None = None,
    *,
    config: Mapping[str, Any] | str | os.PathLike[str] | None = None,
    policy: str | None = None,
    until: str | int | None = None,
    placements: str = "ours",
    arrivals: str = "trace",
    arrival_scale: float = 1.0,
    inflate: float | None = None,
    departures: bool = True,
    preempt: bool | str = True,
    cycle_time_ns: int = 0,
    binding_delay_ns: int = 0,
    startup_delay_ns: int = 0,
    pull_bytes_per_second: int = 0,
    image_bytes: int = 0,
    sample_interval_ns: int | None = None,
    sample_at_ns: Sequence[int] = (),
    sample_every_arrivals: int = 0,
    events: bool = False,
    tie_break: str = "first",
    seed: int = 0,
    progress: Callable[[Progress], None] | None = None,
    keep_interrupted: bool = False,
) -> ReplayResult:
    """Play a trace in virtual time against kube-scheduler 1.34's queue and decisions.

    Args:
        trace: a trace, or the file of its nodes (see `kubesched.traces.open_trace`).
        pods: the file of its pods; only with a file of nodes.
        config: as for `Scheduler`; podInitialBackoffSeconds and podMaxBackoffSeconds count, too.
        policy: as for `Scheduler`; FGD measures fragmentation for the pods of the trace as it was before `inflate`.
        until: stop at this time in nanoseconds; "end": at the trace's last arrival, departure or node event; None:
            when nothing can happen any more.
        placements: "ours"; or "recorded": pods go where the trace had them, when it had them, unasked.
        arrivals: "trace", "shuffled", "sorted" or "scaled"; see `kubesched.replay.arrivals.rearrange`.
        arrival_scale: of "scaled".
        inflate: drop or repeat pods until they ask for this many times the capacity; see there.
        departures: False: pods stay where they land, and their owners delete none.
        preempt: what happens where a pod fits nowhere. False or "never": it waits. True or "graceful": the PostFilter
            plugins run, and victims keep their room until their grace period is over. "immediate": victims are gone
            at once, and the pod takes their place in the same cycle.
        cycle_time_ns: how long a scheduling cycle takes; 0 is an infinitely fast scheduler.
        binding_delay_ns: from a decision until the pod is bound.
        startup_delay_ns: from the time that a node has all images until the pod runs.
        pull_bytes_per_second: how fast a node pulls images that it lacks, one after another; 0: they are there.
        image_bytes: the size of images that no node's status.images gives.
        sample_interval_ns: between rows of `series`; None: a 400th of the trace, in whole seconds; 0: none.
        sample_at_ns: further times for a row.
        sample_every_arrivals: a row whenever this many more pods have arrived; 0: none for that.
        events: keep the table of all events.
        tie_break: as for `Scheduler`.
        seed: of every draw.
        progress: called now and then; has no influence on the result.
        keep_interrupted: return what was simulated so far where Ctrl-C comes, instead of raising KeyboardInterrupt.

    Returns:
        The same result, digest included, for the same input and seed.

    Raises:
        TraceFormatError, ManifestError, ObjectError: the trace is broken.
        ConfigError, UnsupportedError: as for `Scheduler`; or an argument is out of range.
        StateError: two pods of the trace have one name, or a bound pod's node is not there at the start.
    """
    begun = begin(
        _open(trace, pods),
        config=config,
        policy=policy,
        until=until,
        placements=placements,
        arrivals=arrivals,
        arrival_scale=arrival_scale,
        inflate=inflate,
        departures=departures,
        preempt=preempt,
        cycle_time_ns=cycle_time_ns,
        binding_delay_ns=binding_delay_ns,
        startup_delay_ns=startup_delay_ns,
        pull_bytes_per_second=pull_bytes_per_second,
        image_bytes=image_bytes,
        sample_interval_ns=sample_interval_ns,
        sample_at_ns=sample_at_ns,
        sample_every_arrivals=sample_every_arrivals,
        events=events,
        tie_break=tie_break,
        seed=seed,
    )
    interrupted = _run(begun.core, progress, len(begun.trace.pods), begun.span_ns, keep=keep_interrupted)
    begun.core.finish()
    settings = dataclasses.replace(begun.settings, interrupted=interrupted)
    return ReplayResult(begun.trace, begun.encoded, begun.scheduler, begun.core, settings)


def begin(
    opened: Trace,
    *,
    config: Mapping[str, Any] | str | os.PathLike[str] | None,
    policy: str | None,
    until: str | int | None,
    placements: str,
    arrivals: str,
    arrival_scale: float,
    inflate: float | None,
    departures: bool,
    preempt: bool | str,
    cycle_time_ns: int,
    binding_delay_ns: int,
    startup_delay_ns: int,
    pull_bytes_per_second: int,
    image_bytes: int,
    sample_interval_ns: int | None,
    sample_at_ns: Sequence[int],
    sample_every_arrivals: int,
    events: bool,
    tie_break: str,
    seed: int,
) -> Begun:
    """Return a replay before its first event; arguments and errors as of `replay`."""
    if opened.num_pods == 0:
        raise ConfigError("trace must have at least one pod, got none")
    if placements not in ("ours", "recorded"):
        raise ConfigError(f"placements must be 'ours' or 'recorded', got {placements!r}")
    delays = {
        "cycle_ns": cycle_time_ns,
        "binding_ns": binding_delay_ns,
        "startup_ns": startup_delay_ns,
        "pull_bytes_per_second": pull_bytes_per_second,
        "sample_every_arrivals": sample_every_arrivals,
    }
    others = {"image_bytes": image_bytes, "sample_interval_ns": 0 if sample_interval_ns is None else sample_interval_ns}
    for name, value in {**delays, **others}.items():
        if type(value) is not int or not 0 <= value <= 2**53:
            raise ConfigError(f"{name} must be an integer in 0..2**53, got {value!r}")
    played = rearrange(opened, arrivals, seed=seed, scale=arrival_scale, inflate=inflate)
    end_ns = _last_time(played, departures=departures)
    until_ns = None if until is None else end_ns if until == "end" else _time("until", until)
    span_ns = end_ns if until_ns is None else until_ns
    if sample_interval_ns is None:
        sample_interval_ns = -(-span_ns // (_NUM_SAMPLES * _SECOND_NS)) * _SECOND_NS
    options = {
        **delays,
        "until_ns": until_ns,
        "departs": departures,
        "is_recorded": placements == "recorded",
        "preemption": preemption_policy(preempt),
        "keeps_log": events,
        "sample_period_ns": sample_interval_ns,
        "sample_at_ns": sorted({_time("sample_at_ns", time_ns) for time_ns in sample_at_ns}),
        "typical": _typical(played),
    }
    encoded = encode(played, until_ns, image_bytes, with_images=pull_bytes_per_second > 0)
    workload = opened.batch() if policy is not None else None
    chosen = _Chosen(config, policy, workload, tie_break, seed)
    scheduler, core = _prepare(played, encoded, chosen, options)
    settings = Settings(seed, tie_break, placements, arrivals, inflate, departures, interrupted=False)
    return Begun(played, encoded, scheduler, core, span_ns, settings)


def _open(trace: str | os.PathLike[str] | Trace, pods: str | os.PathLike[str] | None) -> Trace:
    if isinstance(trace, (str, os.PathLike)):
        return open_trace(trace, pods)
    if pods is not None:
        raise ConfigError("pods must be left out where a trace is given")
    return trace


def _time(name: str, value: object) -> int:
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or not 0 <= value <= 2**62:
        raise ConfigError(f"{name} must be a time in 0..2**62 nanoseconds, got {value!r}")
    return int(value)


def _last_time(trace: Trace, *, departures: bool) -> int:
    """Return when the last thing happens that the trace itself knows of."""
    import pyarrow.compute as pc

    times = [trace.pods.column("arrival_ns"), trace.node_events.column("time_ns")]
    if departures:
        times.append(trace.pods.column("removed_ns"))
        times.append(pc.add(trace.pods.column("arrival_ns"), trace.pods.column("duration_ns")))
    return max(int(pc.max(column).as_py() or 0) for column in times)


def _typical(trace: Trace) -> list[tuple[int, int]]:
    """Return (template, number of pods) of the most frequent templates: what fragmentation is measured with."""
    counts = np.bincount(trace.pods.column("template").to_numpy(), minlength=len(trace.pod_templates))
    order = np.argsort(-counts, kind="stable")[:_NUM_TYPICAL]
    return [(int(i), int(counts[i])) for i in order if counts[i]]


def _prepare(
    trace: Trace,
    encoded: Encoded,
    chosen: _Chosen,
    options: Mapping[str, Any],
) -> tuple[Scheduler, CoreReplay]:
    others = [obj for obj in trace.objects if obj.get("kind") != "Pod"]
    scheduler = Scheduler(
        others,
        chosen.config,
        tie_break=chosen.tie_break,
        seed=chosen.seed,
        policy=chosen.policy,
        workload=chosen.workload,
    )
    if scheduler.has_extensions:
        raise UnsupportedError("extenders are not there yet in a replay")
    loaded = scheduler.config
    queue = {
        "initial_backoff_ns": loaded.pod_initial_backoff_seconds * _SECOND_NS,
        "max_backoff_ns": loaded.pod_max_backoff_seconds * _SECOND_NS,
        "max_in_unschedulable_ns": 300 * _SECOND_NS,
        "pop_from_backoff": True,
    }
    profiles = [profile_record(profile, []) for profile in loaded.profiles]
    core = CoreReplay(scheduler.core, profiles, queue, encoded.trace, dict(options))
    scheduler.refresh()
    for row, (pod, node) in enumerate(zip(encoded.bound, bound_nodes(trace, encoded.bound), strict=True)):
        scheduler.add_pod(pod)
        core.adopt(row, node)
    return scheduler, core


def _run(core: CoreReplay, progress: Callable[[Progress], None] | None, total: int, end_ns: int, *, keep: bool) -> bool:
    """Run in slices, so that progress can be seen and Ctrl-C is heard; return whether it came."""
    try:
        is_over = False
        while not is_over:
            is_over = core.run(_EVENTS_A_SLICE)
            if progress is not None:
                progress(Progress(core.num_arrived, total, core.now_ns, end_ns, core.num_events))
    except KeyboardInterrupt:
        if not keep:
            raise
        return True
    return False
