"""The Standard Workload Format of the Parallel Workloads Archive, and logs that add fields to its 18.

A job asks for processors: it becomes pods of one core or more, a gang. -1 is unknown. What it asked for counts, and
what it used where that is unknown. Logs without waits start jobs when they are submitted.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from kubesched.errors import TraceFormatError
from kubesched.traces.heads import head
from kubesched.traces.jobs import SECOND_NS, Jobs, made_cluster, trace_of_jobs
from kubesched.traces.options import CLUSTER_OPTIONS, Option, Options
from kubesched.traces.swf_rows import read_swf_rows
from kubesched.traces.trace import FAILED, FINISHED, KILLED, Note, Trace

OPTIONS = CLUSTER_OPTIONS | {
    "procs_per_pod": Option(0, "processors of a pod; 0: as many as a node has, so that jobs have the fewest pods"),
    "memory_unit": Option("auto", "of the memory fields, for each processor", choices=("auto", "kib", "bytes")),
}
_SUBMIT, _WAIT, _RUN, _USED, _MEMORY_USED, _ASKED, _MEMORY_ASKED, _STATUS = 1, 2, 3, 4, 6, 7, 9, 10
_ROW = re.compile(r"\s*-?\d+(?:\.\d+)?(?:\s+-?\d+(?:\.\d+)?){17}(?:\s|$)")
_CANCELLED, _OK = 5, 1
_HEADER_LINES = 2000


def sniff(path: Path) -> bool:
    """Tell whether a file has rows of at least 18 numbers, after lines that begin with a semicolon."""
    if not path.is_file() or "," in path.suffix:
        return False
    text = head(path)
    rows = [line for line in text.splitlines()[:_HEADER_LINES] if line.strip() and not line.lstrip().startswith(";")]
    if rows:
        return bool(_ROW.match(rows[0]))
    return text.lstrip().startswith(";") and "UnixStartTime" in text


def read(path: Path, options: Options) -> Trace:
    """Read a log.

    Raises:
        TraceFormatError: it is broken; path, line and field are named.
    """
    rows, header, extra = read_swf_rows(path)
    notes: list[Note] = []
    if extra:
        notes.append(Note(f"rows have {extra} fields beyond the format's 18, which are left out", len(rows)))
    submit, wait, run = rows[:, _SUBMIT], rows[:, _WAIT], rows[:, _RUN]
    procs = np.where(rows[:, _ASKED] > 0, rows[:, _ASKED], rows[:, _USED]).astype(np.int64)
    keep = (procs > 0) & (submit >= 0)
    if not keep.all():
        notes.append(Note("jobs name no processors and are left out", int(np.count_nonzero(~keep))))
    if not keep.any():
        raise TraceFormatError(f"{path}: must have at least one job with processors, got none")
    rows, submit, wait, run, procs = rows[keep], submit[keep], wait[keep], run[keep], procs[keep]
    no_wait = int(np.count_nonzero(wait < 0))
    if no_wait:
        notes.append(Note("jobs have no wait and start when they are submitted", no_wait))
    unit = options.text("memory_unit")
    scale = 1024 if unit == "kib" or (unit == "auto" and not extra) else 1
    memory = np.where(rows[:, _MEMORY_ASKED] > 0, rows[:, _MEMORY_ASKED], np.maximum(rows[:, _MEMORY_USED], 0)) * scale
    if extra and unit == "auto":
        notes.append(Note("memory fields are taken for bytes of the whole job, for the rows have more than 18 fields"))
        memory = memory / procs
    per_pod = options.integer("procs_per_pod") or options.integer("node_cpu")
    pods = -(-procs // per_pod)
    each = -(-procs // pods)
    start = submit + np.maximum(wait, 0)
    started = run >= 0
    status = rows[:, _STATUS].astype(np.int64)
    jobs = Jobs(
        names=[f"job-{int(number)}-{i}" for i, number in enumerate(rows[:, 0].tolist())],
        arrival_ns=(submit * SECOND_NS).astype(np.int64),
        start_ns=np.where(started, start * SECOND_NS, -1).astype(np.int64),
        end_ns=np.where(started, (start + run) * SECOND_NS, start * SECOND_NS).astype(np.int64),
        outcome=np.where(status == _OK, FINISHED, np.where(status == _CANCELLED, KILLED, FAILED)),
        replicas=pods,
        milli_cpu=each * 1000,
        memory_bytes=np.rint(memory * each).astype(np.int64),
        gpus=np.zeros(len(procs), np.int64),
        priority=np.zeros(len(procs), np.int64),
        namespace=np.zeros(len(procs), np.int64),
    )
    named = header.get("Computer") or path.name
    return trace_of_jobs(f"SWF log of {named}", jobs, made_cluster(jobs, options, notes), notes)
