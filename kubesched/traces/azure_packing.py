"""Azure's packing trace of 2020 (SQLite): tables vm and vmType. Each VM is a pod.

Times are fractions of days; a VM that started before the window arrives at its beginning. Sizes are fractions of a
machine type; one machine type is chosen by an option, and VMs that have no size for it are left out.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from urllib.parse import quote

import numpy as np

from kubesched.errors import TraceFormatError
from kubesched.traces.jobs import GIB, SECOND_NS, Jobs, made_cluster, trace_of_jobs
from kubesched.traces.options import CLUSTER_OPTIONS, Option, Options
from kubesched.traces.trace import FINISHED, RUNNING, Note, Trace

OPTIONS = CLUSTER_OPTIONS | {
    "machine": Option(-1, "machineId of all nodes; -1: the one that most VM types fit", least=-1),
    "node_cpu": Option(64, "cores of the machine, which are 1.0 in the trace", least=1),
    "node_memory_gib": Option(512.0, "GiB of the machine, which are 1.0 in the trace", least=0.001),
}
_DAY_NS = 86400 * SECOND_NS
_MOST_DAYS = 100_000
_MOST_SIZE = 1_000_000
_HIGH_PRIORITY = 1000


def sniff(path: Path) -> bool:
    """Tell whether a file is an SQLite database with these tables."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        if file.read(16) != b"SQLite format 3\0":
            return False
    try:
        with _open(path) as database:
            names = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error:
        return False
    return {"vm", "vmType"} <= names


def read(path: Path, options: Options) -> Trace:
    """Read the trace.

    Raises:
        TraceFormatError: the database is broken, or has no VM that fits the machine.
    """
    try:
        with _open(path) as database:
            machine = options.integer("machine")
            if machine < 0:
                query = "SELECT machineId FROM vmType GROUP BY machineId ORDER BY count(*) DESC, machineId LIMIT 1"
                row = database.execute(query).fetchone()
                if row is None:
                    raise TraceFormatError(f"{path}: vmType must have at least one row, got none")
                machine = row[0]
                if not isinstance(machine, int):
                    raise TraceFormatError(f"{path}: machineId must be a whole number, got {machine!r}")
            total = database.execute("SELECT count(*) FROM vm").fetchone()[0]
            rows = database.execute(
                "SELECT vm.vmId, vm.priority, vm.starttime, vm.endtime, t.core, t.memory FROM vm JOIN vmType t"
                " ON t.vmTypeId = vm.vmTypeId WHERE t.machineId = ? ORDER BY vm.starttime, vm.vmId",
                (machine,),
            ).fetchall()
    except sqlite3.Error as error:
        raise TraceFormatError(f"{path}: must be an SQLite database, got {error}") from None
    if not rows:
        raise TraceFormatError(f"{path}: machine must be one that VMs fit, got {machine}")
    for vm, _, start, end, core, memory in rows:
        is_timed = _is_number(start, -_MOST_DAYS, _MOST_DAYS) and _is_number(end, -_MOST_DAYS, _MOST_DAYS, or_none=True)
        if not is_timed or not all(_is_number(size, 0, _MOST_SIZE, or_none=True) for size in (core, memory)):
            rule = f"have times within {_MOST_DAYS:,} days and sizes in 0..{_MOST_SIZE:,}"
            raise TraceFormatError(f"{path}: vm {vm!r} must {rule}, got {start!r}, {end!r}, {core!r}, {memory!r}")
    notes = [Note(f"all nodes are machine {machine}"), Note("VMs do not fit that machine", total - len(rows))]
    start_ns = np.array([max(row[2], 0.0) * _DAY_NS for row in rows]).astype(np.int64)
    before = sum(row[2] < 0 for row in rows)
    notes.append(Note("VMs are there when the window begins", before))
    end_ns = np.array([-1 if row[3] is None else max(row[3], row[2], 0.0) * _DAY_NS for row in rows]).astype(np.int64)
    count = len(rows)
    milli_cpu = np.array([(row[4] or 0) * options.integer("node_cpu") * 1000 for row in rows])
    memory_bytes = np.array([(row[5] or 0) * options.number("node_memory_gib") * GIB for row in rows])
    jobs = Jobs(
        names=[f"vm-{row[0]}" for row in rows],
        arrival_ns=start_ns,
        start_ns=start_ns,
        end_ns=end_ns,
        outcome=np.where(end_ns >= 0, FINISHED, RUNNING),
        replicas=np.ones(count, np.int64),
        milli_cpu=np.rint(milli_cpu).astype(np.int64),
        memory_bytes=np.rint(memory_bytes).astype(np.int64),
        gpus=np.zeros(count, np.int64),
        priority=np.array([_HIGH_PRIORITY if row[1] == 0 else 0 for row in rows], np.int64),
        namespace=np.zeros(count, np.int64),
    )
    return trace_of_jobs("Azure packing 2020", jobs, made_cluster(jobs, options, notes), notes)


def _is_number(value: object, least: float, most: float, *, or_none: bool = False) -> bool:
    """Tell whether a value, which SQLite lets be of any type, is a number in least..most."""
    if value is None:
        return or_none
    return isinstance(value, (int, float)) and least <= value <= most


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro&immutable=1", uri=True)
