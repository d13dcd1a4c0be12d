"""Azure's VM traces V1 and V2: vmtable, without header. Each VM is a pod.

Cores and memory of V2 are buckets such as `>24`, which count as the number they name. A VM created at 0 or deleted at
the end of the trace was cut off: it is there from the start, or stays.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kubesched.traces.heads import first_row
from kubesched.traces.jobs import GIB, SECOND_NS, Jobs, made_cluster, trace_of_jobs, zeros
from kubesched.traces.options import CLUSTER_OPTIONS, Option, Options
from kubesched.traces.rows import fault
from kubesched.traces.table import MOST_SECONDS, Field, read_table
from kubesched.traces.trace import FINISHED, RUNNING, Note, Trace

OPTIONS = CLUSTER_OPTIONS | {
    "end": Option(2_591_700, "seconds at which the trace ends: VMs deleted then stay"),
}
_FIELDS = [
    Field("vm id", pa.string(), False),
    Field("subscription id", pa.string()),
    Field("deployment id", pa.string()),
    Field("created", pa.int64(), False, MOST_SECONDS),
    Field("deleted", pa.int64(), False, MOST_SECONDS),
    Field("max cpu", pa.float64()),
    Field("avg cpu", pa.float64()),
    Field("p95 max cpu", pa.float64()),
    Field("category", pa.string(), False),
    Field("cores", pa.string(), False),
    Field("memory", pa.string(), False),
]
_CATEGORIES = ("Delay-insensitive", "Interactive", "Unkown", "Unknown")
_BUCKET = re.compile(r">?\s*(\d+(?:\.\d+)?)")


def sniff(path: Path) -> bool:
    """Tell whether a file is a vmtable."""
    row = first_row(path)
    return len(row) == len(_FIELDS) and row[8] in _CATEGORIES


def read(path: Path, options: Options) -> Trace:
    """Read the trace.

    Raises:
        TraceFormatError: the file is broken; path, line and column are named.
    """
    table = read_table(path, _FIELDS, header=False)
    wanted = {"created", "deleted", "category", "cores", "memory"}
    table = table.drop_columns([name for name in table.column_names if name not in wanted])
    notes: list[Note] = []
    created = table.column("created").to_numpy()
    deleted = table.column("deleted").to_numpy()
    cut_first, cut_last = int(np.count_nonzero(created == 0)), int(np.count_nonzero(deleted >= options.integer("end")))
    notes.append(Note("VMs are there when the trace begins", cut_first))
    notes.append(Note("VMs are alive when it ends", cut_last))
    alive = deleted >= options.integer("end")
    count = len(table)
    categories = [str(value) for value in pc.unique(table.column("category")).to_pylist()]
    code = pc.index_in(table.column("category"), pa.array(categories)).to_numpy(zero_copy_only=False)
    jobs = Jobs(
        names=[f"vm-{i}" for i in range(count)],
        arrival_ns=created * SECOND_NS,
        start_ns=created * SECOND_NS,
        end_ns=np.where(alive, -1, np.maximum(deleted, created) * SECOND_NS),
        outcome=np.where(alive, RUNNING, FINISHED),
        replicas=np.ones(count, np.int64),
        milli_cpu=np.rint(_numbers(path, table, "cores") * 1000).astype(np.int64),
        memory_bytes=np.rint(_numbers(path, table, "memory") * GIB).astype(np.int64),
        gpus=zeros(count),
        priority=zeros(count),
        namespace=code.astype(np.int64),
        namespaces=[name.lower() for name in categories],
    )
    return trace_of_jobs("Azure VMs", jobs, made_cluster(jobs, options, notes), notes)


def _numbers(path: Path, table: pa.Table, name: str) -> Any:
    """Return a column of numbers or buckets as float64."""
    encoded = table.column(name).combine_chunks().dictionary_encode()
    values = []
    for i, text in enumerate(encoded.dictionary.to_pylist()):
        match = _BUCKET.fullmatch(text.strip())
        if not match:
            line = int(np.flatnonzero(encoded.indices.to_numpy() == i)[0]) + 1
            fault(path, line, name, "be a number or a bucket such as >24", text)
        values.append(float(match[1]))
    return np.array(values)[encoded.indices.to_numpy()]
