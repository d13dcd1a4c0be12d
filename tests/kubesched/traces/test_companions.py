"""Tables that belong to a trace and are none alone are refused with what is needed instead."""

from __future__ import annotations

import gzip
import re
import tarfile
from pathlib import Path

import pytest

from kubesched.errors import TraceFormatError
from kubesched.traces import open_trace
from kubesched.traces.companions import companion

BORG = "the folder that holds task_events/ and machine_events/ is needed"
PAI = "pai_task_table.csv is needed, which is read with pai_machine_spec beside it"
OPENB = "two files are needed: a node list and a pod list"


@pytest.mark.parametrize(
    ("line", "want"),
    [
        pytest.param("sn,cpu_milli,memory_mib,gpu,model", f"an openb node list; {OPENB}", id="openb nodes"),
        pytest.param("name,cpu_milli,memory_mib,num_gpu,gpu_milli", f"an openb pod list; {OPENB}", id="openb pods"),
        pytest.param("rank,node", f"the order of nodes of an openb experiment; {OPENB}", id="openb order of nodes"),
        pytest.param("0,2,3,0,9,1,u,3,9,0.1,0.2,0.1,1", f"task events of Borg 2011; {BORG}", id="a snapshot's task"),
        pytest.param("7,,3,0,,0,u,3,9,,,,", f"task events of Borg 2011; {BORG}", id="a task without requests"),
        pytest.param("0,,3,0,u,3,n,l", f"job events of Borg 2011; {BORG}", id="a job"),
        pytest.param("0,5,0,x,0.5,", f"machine events of Borg 2011; {BORG}", id="a machine without memory"),
        pytest.param("7399a758eb02bae1a3621236,CPU,96,512,0", f"machines of PAI 2020; {PAI}", id="machines of PAI"),
        pytest.param("machine,gpu_type,cap_cpu", f"the column names of a table of PAI 2020; {PAI}", id="PAI's names"),
        pytest.param(
            "4b3f04b66a525d2df903eb16,8cb3bec23d14,58540f191766,Terminated,4550879.0,4551416.0",
            f"jobs of PAI 2020; {PAI}",
            id="jobs of PAI",
        ),
        pytest.param("1800000 U1,|,U4", "durations of Azure VMs in bins; the arrivals are needed", id="durations"),
        pytest.param("0\tseth\t120\t2\t1\t1048576", "machines of a workload log; the .swf file is needed", id="log"),
    ],
)
@pytest.mark.parametrize("packed", ["plain", "gzipped", "in an archive"])
def test_a_part_of_a_trace_is_refused_with_what_is_needed(tmp_path: Path, line: str, want: str, packed: str) -> None:
    path = tmp_path / ("table.tar.gz" if packed == "in an archive" else "table.csv")
    content = f"{line}\n".encode()
    if packed == "in an archive":
        (tmp_path / "table.csv").write_bytes(content)
        with tarfile.open(path, "w:gz") as archive:
            archive.add(tmp_path / "table.csv", "table.csv")
    else:
        path.write_bytes(gzip.compress(content) if packed == "gzipped" else content)
    with pytest.raises(TraceFormatError, match=re.escape(f"{path}:1: must be a whole trace, got {want}")):
        open_trace(path)


@pytest.mark.parametrize(
    "content", ["vc,node num\n", "", "a,b,c\n1,2,3\n"], ids=["a table of other columns", "an empty file", "any CSV"]
)
def test_what_is_no_companion_has_no_name(tmp_path: Path, content: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(content)
    assert companion(path) == ""
