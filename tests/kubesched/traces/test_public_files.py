"""Files of public traces: each is read, or refused with its path and the reason; counts are the published ones."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest

from kubesched.errors import KubeschedError, TraceFormatError
from kubesched.traces import Trace, open_trace
from kubesched.traces.formats import detect

# What is read alone; the rest is a part of a trace, documentation or a result.
READ = (
    r"alibaba-gpu-v2020/readme-rows/pai_task_table\.csv",
    r"alibaba-gpu-v2025/disaggregated_DLRM_trace\.csv",
    r"alibaba-spot-gpu-v2026/job_info_df\.readme-rows\.csv",
    r"alibaba-v201[78]/batch_task\..*csv",
    r"azure/v1-derived-huawei/v1\.(dev|test|train)\.txt\.gz",
    r"azure/vmtable\.v1\.sample\.csv",
    r"helios-acme/.*\.readme-rows\.csv",
    r"k8s-audit/falco/create_(deployment|nginx_pod|pod)_?.*\.json",
    r"k8s-dumps/troubleshoot/.*\.tar\.gz",
    r"mit-supercloud/slurm-log\.slice\.csv",
    r"philly/(cluster_job_log\.readme-entry\.json|philly\.gpu-jobs\.adaptdl\.csv)",
    r"simkube/.*(\.sktrace|\.trace|trace.*\.json)",
    r"swf/.*\.swf(\.gz)?",
)


def num_jobs(trace: Trace) -> int:
    gangs = trace.pods.column("gang")
    return int(gangs.null_count + pc.count_distinct(gangs).as_py())


def notes(trace: Trace) -> dict[str, int | None]:
    return {note.text: note.count for note in trace.notes}


def test_every_file_is_read_or_refused_with_its_path_and_the_reason(shared: Path) -> None:
    folder = shared / "traces"
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    assert len(files) > 200
    read = []
    for path in files:
        try:
            # The largest are read by the tests below.
            found = detect(path) if path.stat().st_size > 1_500_000 else open_trace(path)
            assert isinstance(found, str) or found.node_names
            read.append(str(path.relative_to(folder)))
        except KubeschedError as error:
            text = str(error)
            assert text.startswith(str(path)), text
            assert re.search(r" must | must$", text), text
            assert re.search(r", got .", text), text
            assert not text.endswith("\n"), text
    assert [name for name in read if not any(re.fullmatch(pattern, name) for pattern in READ)] == []
    for pattern in READ:
        assert any(re.fullmatch(pattern, name) for name in read), pattern


@pytest.mark.parametrize(
    ("name", "options", "want_jobs", "want_nodes", "want_notes"),
    [
        pytest.param(
            "alibaba-v2017",
            {"most_instances": 1},
            80_553,
            1_313,
            {"instances of tasks in the trace": 11_909_321, "tasks have no plan_cpu and ask for nothing": 9_017},
            id="Alibaba 2017",
        ),
        pytest.param(
            "alibaba-v2018",
            {"most_instances": 1},
            55_874,
            4_034,
            {"instances of tasks in the trace": 3_131_376, "tasks have no plan_cpu and ask for nothing": 354},
            id="Alibaba 2018",
        ),
        pytest.param(
            "alibaba-gpu-v2025/disaggregated_DLRM_trace.csv",
            {},
            23_871,
            None,
            {"instances are there when the trace begins": 7_280, "instances are alive when it ends": 8_878},
            id="DLRM 2025",
        ),
        pytest.param("alibaba-spot-gpu-v2026", {}, 4, 4_278, {}, id="spot GPUs 2026"),
        pytest.param("azure/v1-derived-huawei/v1.dev.txt.gz", {}, 259_159, None, {}, id="Azure's arrivals, dev"),
        pytest.param("azure/v1-derived-huawei/v1.test.txt.gz", {}, 410_276, None, {}, id="Azure's arrivals, test"),
        pytest.param("azure/v1-derived-huawei/v1.train.txt.gz", {}, 1_200_998, None, {}, id="Azure's arrivals, train"),
        pytest.param("philly/philly.gpu-jobs.adaptdl.csv", {}, 82_247, None, {}, id="Philly"),
        pytest.param("mit-supercloud/slurm-log.slice.csv", {}, 9_628, None, {}, id="MIT Supercloud"),
        pytest.param("swf/NASA-iPSC-1993-3.1-cln.swf.gz", {}, 18_239, None, {}, id="NASA"),
        pytest.param("swf/LCG-2005-1.swf.gz", {}, 188_041, None, {}, id="LCG"),
        pytest.param("swf/RICC-2010-2.swf.gz", {}, 447_794, None, {}, id="RICC"),
        pytest.param("swf/HPC2N-2002-2.2.1-cln.first-jobs.swf", {}, 3_170, None, {}, id="HPC2N"),
        pytest.param("swf/metacentrum-wagap-2013.extended.swf", {}, 17_900, None, {}, id="Metacentrum"),
    ],
)
def test_counts_are_the_published_ones(
    shared: Path,
    name: str,
    options: dict[str, Any],
    want_jobs: int,
    want_nodes: int | None,
    want_notes: dict[str, int],
) -> None:
    trace = open_trace(shared / "traces" / name, options=options)
    assert num_jobs(trace) == want_jobs
    assert want_nodes in (None, len(trace.node_names))
    assert want_notes.items() <= notes(trace).items()


def test_machines_of_pai_are_the_published_ones(shared: Path) -> None:
    trace = open_trace(shared / "traces" / "alibaba-gpu-v2020")
    models: dict[str, int] = {}
    for node in trace.nodes():
        gpus = int(node["status"]["allocatable"].get("nvidia.com/gpu", "0"))
        model = node["metadata"]["labels"].get("gpu-model", "CPU")
        models[model] = models.get(model, 0) + (gpus or 1)
    assert models == {"P100": 1596, "T4": 994, "MISC": 2240, "V100": 832, "V100M32": 1080, "CPU": 83}


def test_a_table_of_pai_alone_says_what_is_needed(shared: Path) -> None:
    path = shared / "traces" / "alibaba-gpu-v2020" / "pai_machine_spec.tar.gz"
    want = f"{path}:1: must be a whole trace, got machines of PAI 2020; pai_task_table.csv is needed"
    with pytest.raises(TraceFormatError, match=re.escape(want)):
        open_trace(path)


def test_borg_is_read_within_a_gigabyte(shared: Path) -> None:
    if "libasan" in os.environ.get("LD_PRELOAD", ""):
        pytest.skip("AddressSanitizer's own memory would count")
    program = "import sys, resource, kubesched.traces as t\n"
    program += "trace = t.open_trace(sys.argv[1])\n"
    program += "print(trace.num_pods, len(trace.node_names), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program, str(shared / "traces" / "google-2011")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    num_pods, num_nodes, peak_kib = (int(word) for word in done.stdout.split())
    assert (num_pods, num_nodes) == (581_726, 12_498)
    assert peak_kib < 10**9 // 1024
