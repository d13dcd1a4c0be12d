"""Alibaba's GPU trace of 2020 (PAI): pai_task_table, with pai_job_table and pai_machine_spec where they are there.

The tables are CSV without header, in one folder. Each instance of a task is a pod; the instances are a gang. plan_cpu
and plan_gpu are in hundredths, plan_mem in GB; half a GPU is a share of one card.
"""

from __future__ import annotations

import io
import tarfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from kubesched.errors import TraceFormatError
from kubesched.traces.heads import first_row
from kubesched.traces.jobs import GIB, SECOND_NS, Cluster, Jobs, made_cluster, node_manifest, trace_of_jobs, zeros
from kubesched.traces.options import CLUSTER_OPTIONS, Option, Options
from kubesched.traces.table import Field, read_table
from kubesched.traces.trace import FAILED, FINISHED, PENDING, RUNNING, Note, Trace, nodes_at_start

OPTIONS = CLUSTER_OPTIONS | {"models": Option("free", "keep tasks to the GPU model they had", choices=("free", "keep"))}
_TASK_FIELDS = [
    Field("job_name", pa.string(), False),
    Field("task_name", pa.string()),
    Field("inst_num", pa.float64()),
    Field("status", pa.string()),
    Field("start_time", pa.float64()),
    Field("end_time", pa.float64()),
    Field("plan_cpu", pa.float64()),
    Field("plan_mem", pa.float64()),
    Field("plan_gpu", pa.float64()),
    Field("gpu_type", pa.string()),
]
_MACHINE_NAMES = ["machine", "gpu_type", "cap_cpu", "cap_mem", "cap_gpu"]
_STATUS = {"Terminated": FINISHED, "Failed": FAILED, "Running": RUNNING, "Waiting": PENDING}
_MOST_BYTES = 2**30


def sniff(path: Path) -> bool:
    """Tell whether a file is pai_task_table, or a folder holds it."""
    file = _tasks(path)
    row = first_row(file) if file else []
    return len(row) == len(_TASK_FIELDS) and row[3] in _STATUS


def read(path: Path, options: Options) -> Trace:
    """Read the trace.

    Raises:
        TraceFormatError: a file is broken; path, line and column are named.
    """
    file = _tasks(path)
    if file is None:
        raise TraceFormatError(f"{path}: must hold pai_task_table.csv, got no such file")
    notes: list[Note] = []
    jobs = _jobs(read_table(file, _TASK_FIELDS, header=False), options, notes)
    spec = next(iter(sorted(file.parent.glob("pai_machine_spec*"))), None) or next(
        iter(sorted(p for p in file.parent.parent.glob("pai_machine_spec*") if not p.name.endswith(".header"))), None
    )
    if spec is not None and not spec.name.endswith(".header"):
        cluster = read_machines(spec)
    else:
        cluster = made_cluster(jobs, options, notes)
    return trace_of_jobs("Alibaba PAI 2020, tasks", jobs, cluster, notes)


def read_machines(path: Path) -> Cluster:
    """Read pai_machine_spec, CSV or a tar of it.

    Raises:
        TraceFormatError: it is broken.
    """
    try:
        if path.name.endswith((".tar.gz", ".tgz", ".tar")):
            with tarfile.open(path) as archive:
                member = next((m for m in archive.getmembers() if m.isfile() and m.size < _MOST_BYTES), None)
                file = archive.extractfile(member) if member else None
                data = file.read() if file else b""
        else:
            data = path.read_bytes()
        kinds = {"machine": pa.string(), "gpu_type": pa.string()} | dict.fromkeys(_MACHINE_NAMES[2:], pa.float64())
        table = pa_csv.read_csv(
            io.BytesIO(data),
            pa_csv.ReadOptions(column_names=_MACHINE_NAMES),
            convert_options=pa_csv.ConvertOptions(column_types=kinds),
        )
    except (OSError, tarfile.TarError, EOFError, zlib.error, pa.ArrowInvalid) as error:
        raise TraceFormatError(f"{path}: must be a table of machines, got {error}") from None
    templates = []
    for i, row in enumerate(table.to_pylist()):
        gpus = int(row["cap_gpu"] or 0)
        cpu, memory = round((row["cap_cpu"] or 0) * 1000), round((row["cap_mem"] or 0) * GIB)
        templates.append(node_manifest(f"machine-{i}", cpu, memory, gpus, row["gpu_type"] if gpus else ""))
    names = [template["metadata"]["name"] for template in templates]
    return Cluster(names, templates, nodes_at_start(len(names)), "gpu-model")


def _tasks(path: Path) -> Path | None:
    if path.is_dir():
        folders = (path, path / "readme-rows")
        return next((file for folder in folders for file in sorted(folder.glob("pai_task_table*.csv*"))), None)
    return path


def _jobs(table: pa.Table, options: Options, notes: list[Note]) -> Jobs:
    def column(name: str, null: float) -> Any:
        return pc.fill_null(table.column(name), null).to_numpy(zero_copy_only=False)

    count = len(table)
    started = np.array(table.column("start_time").is_valid())
    if not started.all():
        notes.append(Note("tasks never started and are left out", int(count - started.sum())))
    table = table.filter(pa.array(started))
    count = len(table)
    start_ns = (column("start_time", 0.0) * SECOND_NS).astype(np.int64)
    end = column("end_time", -1.0)
    outcome = np.array([_STATUS.get(text or "", PENDING) for text in table.column("status").to_pylist()], np.int64)
    end_ns = np.where(end >= 0, np.maximum((end * SECOND_NS).astype(np.int64), start_ns), -1)
    gpu = column("plan_gpu", 0.0)
    for name in ("plan_cpu", "plan_gpu", "plan_mem"):
        if table.column(name).null_count:
            notes.append(Note(f"tasks have no {name} and ask for none", table.column(name).null_count))
    share = (gpu > 0) & (gpu < 100)
    uneven = (gpu > 100) & (gpu % 100 != 0)
    if uneven.any():
        notes.append(Note("tasks ask for several GPUs and a part, which is rounded up", int(uneven.sum())))
    models = sorted({str(text) for text in table.column("gpu_type").to_pylist() if text})
    model = np.full(count, -1, np.int64)
    if options.text("models") == "keep":
        listed = table.column("gpu_type").to_pylist()
        model = np.array([models.index(m) if m in models and g > 0 else -1 for m, g in zip(listed, gpu, strict=True)])
    return Jobs(
        names=[f"{job}-t{i}" for i, job in enumerate(table.column("job_name").to_pylist())],
        arrival_ns=start_ns,
        start_ns=start_ns,
        end_ns=end_ns,
        outcome=outcome,
        replicas=np.maximum(column("inst_num", 1.0).astype(np.int64), 1),
        milli_cpu=np.rint(column("plan_cpu", 0.0) * 10).astype(np.int64),
        memory_bytes=np.rint(column("plan_mem", 0.0) * GIB).astype(np.int64),
        gpus=np.ceil(gpu / 100).astype(np.int64),
        priority=zeros(count),
        namespace=zeros(count),
        model=model.astype(np.int64),
        models=models,
        milli_gpu=np.where(share, np.rint(gpu * 10), 1000).astype(np.int64),
    )
