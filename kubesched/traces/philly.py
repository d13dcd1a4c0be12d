"""Microsoft's Philly trace: cluster_job_log (JSON), or the list of GPU jobs derived from it (CSV).

A job's GPUs are those of its last attempt; its attempts are one run, from the first start to the last end. The log has
no CPU and no memory. Times are the local times of the log, taken for UTC. Jobs of more GPUs than a node has become
gangs of equal pods. Virtual clusters become namespaces.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from kubesched.errors import TraceFormatError
from kubesched.traces.clock_times import time_ns, times_ns
from kubesched.traces.heads import has_columns, head
from kubesched.traces.jobs import SECOND_NS, Jobs, made_cluster, split_gpus, trace_of_jobs
from kubesched.traces.options import CLUSTER_OPTIONS, Options
from kubesched.traces.table import Field, open_text, read_table
from kubesched.traces.trace import FAILED, FINISHED, KILLED, PENDING, RUNNING, Note, Trace

OPTIONS = CLUSTER_OPTIONS
_LIST_FIELDS = [
    Field("timestamp", pa.string(), False),
    Field("duration", pa.float64(), False),
    Field("num_gpus", pa.int64(), False, 10**6),
    Field("gpu_time", pa.float64()),
    Field("cluster", pa.string(), False),
]
_OUTCOMES = {"Pass": FINISHED, "Killed": KILLED, "Failed": FAILED}


def sniff(path: Path) -> bool:
    """Tell whether a file is either of them."""
    if has_columns(path, "timestamp", "duration", "num_gpus", "cluster"):
        return True
    start = head(path)
    return start.lstrip()[:1] == "[" and '"attempts"' in start and '"jobid"' in start


def read(path: Path, options: Options) -> Trace:
    """Read the trace.

    Raises:
        TraceFormatError: the file is broken; path, line and column or job are named.
    """
    notes: list[Note] = [Note("CPU and memory are left out, for the trace does not tell them")]
    jobs = _list(path) if has_columns(path, "timestamp", "num_gpus") else _log(path, notes)
    split_gpus(jobs, options.integer("node_gpus") or 1)
    return trace_of_jobs("Philly, GPU jobs", jobs, made_cluster(jobs, options, notes), notes)


def _list(path: Path) -> Jobs:
    table = read_table(path, _LIST_FIELDS, header=True)
    arrival_ns = np.array(times_ns(table.column("timestamp").to_pylist(), path, "timestamp"), np.int64)
    duration_ns = np.rint(table.column("duration").to_numpy() * SECOND_NS).astype(np.int64)
    count = len(table)
    return _jobs(
        [f"job-{i}" for i in range(count)],
        [str(name) for name in table.column("cluster").to_pylist()],
        arrival_ns,
        arrival_ns,
        arrival_ns + duration_ns,
        table.column("num_gpus").to_numpy(),
        np.full(count, FINISHED, np.int64),
    )


def _log(path: Path, notes: list[Note]) -> Jobs:
    try:
        with open_text(path) as file:
            entries = json.load(file)
    except (ValueError, OSError, EOFError, RecursionError) as error:
        raise TraceFormatError(f"{path}: must be a JSON array of jobs, got {error}") from None
    rows = []
    idle = 0
    for i, entry in enumerate(entries if isinstance(entries, list) else [entries]):
        row = _entry(path, i, entry)
        if row is None:
            idle += 1
        else:
            rows.append(row)
    if idle:
        notes.append(Note("jobs never had a GPU and are left out", idle))
    if not rows:
        raise TraceFormatError(f"{path}: must have at least one job with GPUs, got none")
    names, spaces, arrival, start, end, gpus, outcome = zip(*rows, strict=True)
    columns = [np.array(column, np.int64) for column in (arrival, start, end, gpus, outcome)]
    return _jobs(list(names), list(spaces), *columns)


def _entry(path: Path, number: int, entry: Any) -> tuple[str, str, int, int, int, int, int] | None:
    try:
        attempts = entry.get("attempts") or []
        gpus = max((sum(len(d["gpus"]) for d in attempt.get("detail") or []) for attempt in attempts), default=0)
        if gpus == 0:
            return None
        arrival = time_ns(entry["submitted_time"], path, number + 1, "submitted_time")
        starts = [time_ns(a.get("start_time"), path, number + 1, "start_time") for a in attempts]
        end = time_ns(attempts[-1].get("end_time"), path, number + 1, "end_time")
        start = next((value for value in starts if value >= 0), -1)
        outcome = _OUTCOMES.get(entry.get("status") or "", PENDING) if end >= 0 else RUNNING
        name = str(entry["jobid"]).replace("_", "-").lower()
        return name, str(entry.get("vc") or "none"), max(arrival, 0), start, end, gpus, outcome
    except (KeyError, TypeError, AttributeError) as error:
        raise TraceFormatError(
            f"{path}: job {number + 1} must have jobid, attempts and submitted_time, got {error}"
        ) from None


def _jobs(names: list[str], spaces: list[str], arrival: Any, start: Any, end: Any, gpus: Any, outcome: Any) -> Jobs:
    listed = sorted(set(spaces))
    code = {space: i for i, space in enumerate(listed)}
    count = len(names)
    return Jobs(
        names=names,
        arrival_ns=arrival,
        start_ns=start,
        end_ns=end,
        outcome=outcome,
        replicas=np.ones(count, np.int64),
        milli_cpu=np.zeros(count, np.int64),
        memory_bytes=np.zeros(count, np.int64),
        gpus=np.asarray(gpus, np.int64),
        priority=np.zeros(count, np.int64),
        namespace=np.array([code[space] for space in spaces], np.int64),
        namespaces=[f"vc-{space.lower()}" for space in listed],
    )
