"""Tables that belong to a trace and are none alone: what they are, and what is to be opened instead."""

from __future__ import annotations

import re
import tarfile
import zlib
from pathlib import Path

from kubesched.traces.heads import head

_MOST_BYTES = 2**16
_OPENB = "two files are needed: a node list and a pod list"
_BORG = "the folder that holds task_events/ and machine_events/ is needed"
_PAI = "pai_task_table.csv is needed, which is read with pai_machine_spec beside it"
_BATCH = "batch_task.csv is needed, which is read with this beside it"

# What the first line looks like -> what the table is, and what is needed.
_COMPANIONS = (
    (r"sn,cpu_milli,memory_mib,gpu\b", "an openb node list", _OPENB),
    (r"name,cpu_milli,memory_mib,num_gpu,gpu_milli\b", "an openb pod list", _OPENB),
    (r"i,pod,cpu_milli,memory_mib,num_gpu\b", "the order of arrivals of an openb experiment", _OPENB),
    (r"rank,node$", "the order of nodes of an openb experiment", _OPENB),
    (r"i,pod,node,dev\b", "the placements of an openb experiment", _OPENB),
    (r"\d+,[0-2]?,\d+,\d+,\d*,[0-8],[^,]*,\d*,\d+,", "task events of Borg 2011", _BORG),
    (r"\d+,[0-2]?,\d+,[0-8],[^,]*,[0-3]?,[^,]*,[^,]*$", "job events of Borg 2011", _BORG),
    (r"\d+,\d+,[0-2],[^,]*,[\d.]*,[\d.]*$", "machine events of Borg 2011", _BORG),
    (r"-?\d+,\d+,(add|softerror|harderror),", "machine events of Alibaba 2017", _BATCH),
    (r"m_\d+,\d+,\d+,", "machines of Alibaba 2018", _BATCH),
    (r"c_\d+,m_\d+,\d+,", "containers of Alibaba 2018", "batch_task.csv is needed"),
    (r"[0-9a-f]{24},[\w-]+,\d+,\d+,\d+$", "machines of PAI 2020", _PAI),
    (r"[0-9a-f]{24},[0-9a-f]{8,},\w+,(Terminated|Failed|Running|Waiting),", "jobs of PAI 2020", _PAI),
    (r"[0-9a-f]{24},[\w-]+,[0-9a-f]{8,},([0-9a-f]{8,})?,", "instances of PAI 2020", _PAI),
    (r"[0-9a-f]{24,},[0-9a-f]{8,},[\w-]*,[0-9a-f]{24,},\w*$", "group tags of PAI 2020", _PAI),
    (r"(machine|job_name|inst_id|worker_name),[a-z_,]+$", "the column names of a table of PAI 2020", _PAI),
    (r"gpu_model,gpu_capacity_num,cpu_num,node_name$", "nodes of Alibaba's spot trace", "job_info_df.csv is needed"),
    (r"\d+,[\w+/=]{64}(,[\d.]+){3}$", "readings of Azure VMs' CPUs", "vmtable.csv is needed"),
    (r"\d+ (\|,)*[UC]\d+,", "durations of Azure VMs in bins", "the arrivals are needed (v1.*.txt)"),
    (r"\d+\t[^\t]+\t\d+\t\d+\t\d+\t\d+$", "machines of a workload log", "the .swf file is needed"),
)


def companion(path: Path) -> str:
    """Return what a file is and what is needed instead; empty where it is no known companion of a trace."""
    line = (head(path) or _head_of_member(path)).partition("\n")[0].rstrip("\r")
    for pattern, what, needed in _COMPANIONS:
        if re.match(pattern, line):
            return f"{what}; {needed}"
    return ""


def _head_of_member(path: Path) -> str:
    """Return the beginning of the first file in an archive; empty where it is none."""
    try:
        with tarfile.open(path) as archive:
            member = next((member for member in archive if member.isfile()), None)
            file = archive.extractfile(member) if member else None
            return file.read(_MOST_BYTES).decode("utf-8-sig", errors="ignore") if file else ""
    except (OSError, EOFError, tarfile.TarError, zlib.error):
        return ""
