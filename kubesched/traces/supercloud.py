"""MIT Supercloud: its Slurm accounting log (slurm-log.csv). A job is as many pods as nodes, a gang.

CPUs, memory and GPUs come from tres_req. Ids that a spreadsheet has rounded are not used: jobs are numbered by row.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kubesched.traces.heads import has_columns
from kubesched.traces.jobs import SECOND_NS, Jobs, made_cluster, split_gpus, trace_of_jobs
from kubesched.traces.options import CLUSTER_OPTIONS, Option, Options
from kubesched.traces.rows import fault
from kubesched.traces.table import Field, read_table
from kubesched.traces.trace import FAILED, FINISHED, KILLED, PENDING, RUNNING, Note, Trace

OPTIONS = CLUSTER_OPTIONS | {
    "node_cpu": Option(40, "cores of a node", least=1),
    "node_memory_gib": Option(384.0, "GiB of a node", least=0.001),
    "node_gpus": Option(2, "GPUs of a node, where any pod asks for one"),
}
_FIELDS = [
    Field("state", pa.float64(), False),
    Field("time_submit", pa.float64(), False),
    Field("time_start", pa.float64(), False),
    Field("time_end", pa.float64(), False),
    Field("tres_req", pa.string()),
    Field("partition", pa.string()),
    Field("cpus_req", pa.float64()),
]
_OUTCOMES = {3: FINISHED, 4: KILLED, 5: FAILED, 6: KILLED, 7: FAILED, 11: FAILED, 1: RUNNING, 0: PENDING}
_TRES = re.compile(r"(?:\d+=\d+)(?:,\d+=\d+)*")
_CPU, _MEMORY_MIB, _NODES, _GPUS = 1, 2, 4, (1001, 1002)
_MIB = 2**20


def sniff(path: Path) -> bool:
    """Tell whether a file is the log."""
    return has_columns(path, "id_job", "tres_req", "time_submit", "time_start", "time_end", "state")


def read(path: Path, options: Options) -> Trace:
    """Read the trace.

    Raises:
        TraceFormatError: the file is broken; path, line and column are named.
    """
    table = read_table(path, _FIELDS, header=True)
    notes: list[Note] = []
    asked = [_tres(path, i + 2, text) for i, text in enumerate(table.column("tres_req").to_pylist())]
    pods = np.array([max(1, row.get(_NODES, 1)) for row in asked], np.int64)
    bare = sum(not row for row in asked)
    if bare:
        notes.append(Note("jobs have no tres_req and ask for cpus_req alone", bare))
    cpus_req = pc.fill_null(table.column("cpus_req"), 0.0).to_numpy(zero_copy_only=False)
    cpus = np.array([row.get(_CPU, 0) for row in asked], np.float64)
    cpus = np.where(cpus > 0, cpus, cpus_req)

    def column(name: str) -> Any:
        return table.column(name).to_numpy(zero_copy_only=False).astype(np.int64)

    submit, start, end = (column(name) * SECOND_NS for name in ("time_submit", "time_start", "time_end"))
    never = int(np.count_nonzero(start == 0))
    if never:
        notes.append(Note("jobs never started and are deleted when the log ends them", never))
    spaces = [str(text or "none").lower() for text in table.column("partition").to_pylist()]
    listed = sorted(set(spaces))
    jobs = Jobs(
        names=[f"job-{i}" for i in range(len(table))],
        arrival_ns=submit,
        start_ns=np.where(start > 0, start, -1),
        end_ns=np.where(end > 0, end, -1),
        outcome=np.array([_OUTCOMES.get(state, FAILED) for state in column("state").tolist()], np.int64),
        replicas=pods,
        milli_cpu=np.ceil(cpus * 1000 / pods).astype(np.int64),
        memory_bytes=np.array([row.get(_MEMORY_MIB, 0) for row in asked], np.int64) * _MIB // pods,
        gpus=-(-np.array([sum(row.get(gpu, 0) for gpu in _GPUS) for row in asked], np.int64) // pods),
        priority=np.zeros(len(table), np.int64),
        namespace=np.array([listed.index(space) for space in spaces], np.int64),
        namespaces=listed,
    )
    split_gpus(jobs, options.integer("node_gpus") or 1)
    return trace_of_jobs("MIT Supercloud, Slurm log", jobs, made_cluster(jobs, options, notes), notes)


def _tres(path: Path, line: int, text: str | None) -> dict[int, int]:
    if not text:
        return {}
    if not _TRES.fullmatch(text):
        fault(path, line, "tres_req", "be id=count, joined by commas", text)
    pairs = (part.split("=") for part in text.split(","))
    return {int(key): int(value[:15]) for key, value in pairs}
