"""The comparison by whole replays: in virtual time, with the scheduling queue and departures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kubesched.compare.choice import Choice
from kubesched.replay import ReplayResult, replay
from kubesched.traces import Trace

_SECOND_NS = 10**9


def play(trace: Trace, choice: Choice, seed: int, options: Mapping[str, Any]) -> dict[str, Any]:
    """Replay a trace with one choice; return the row of a `Comparison`. `options` are those of `replay`."""
    result = replay(trace, config=choice.config, policy=choice.policy, seed=seed, tie_break="random", **options)
    waits = result.wait_seconds()
    row = {
        "choice": choice.name,
        "seed": seed,
        "arrived": result.num_pods,
        "placed": result.num_placed,
        "pending": result.num_pending,
        "preempted": result.outcomes.get("preempted", 0),
        "wait_mean_s": waits.get("mean"),
        "wait_p50_s": waits.get("p50"),
        "wait_p99_s": waits.get("p99"),
        "wait_max_s": waits.get("max"),
        "end_s": result.end_ns / _SECOND_NS,
    }
    return {**row, **_means(result), "digest": result.digest()}


def _means(result: ReplayResult) -> dict[str, float]:
    """Return the share of each resource that was requested, in percent, over the time that was simulated."""
    series = result.series
    spans_ns = np.diff(series.column("time_ns").to_numpy())
    found = {}
    for name in series.column_names:
        resource = name.removeprefix("requested.")
        if name == resource or f"utilisation.{resource}" not in series.column_names or not spans_ns.sum():
            continue  # not an amount that is requested of all nodes: a pool's, or another column
        there = series.column(f"allocatable.{resource}").to_numpy()[:-1]
        taken = series.column(name).to_numpy()[:-1]
        shares = np.divide(taken, there, out=np.zeros(len(there)), where=there > 0)
        if there.any():
            found[f"{resource}_mean_percent"] = round(100 * float(np.average(shares, weights=spans_ns)), 4)
    return found
