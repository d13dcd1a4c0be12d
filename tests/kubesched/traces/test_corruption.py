"""Files of every format with a little damage: each is read, or refused by an error of the package."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from kubesched.errors import KubeschedError
from kubesched.traces import example_trace, open_trace, synthesize
from kubesched.traces.formats import NAMES
from kubesched.traces.parquet import write_trace
from tests.builders import make_node, make_pod
from tests.kubesched.traces.test_readers import BORG_2019, CASES, packing, write

NUM_DAMAGES = 12
TOKENS = (
    b"", b",", b"\n", b'"', b"-1", b"0", b"1e99", b"nan", b"inf", b"null", b"{", b"}", b"[", b"]", b":", b"\xff", b"\0",
    b"99999999999999999999", b"-9223372036854775808", b"\xc3\xa9", b"\r", b"\t", b"true", b"{}", b"[]", b'""', b"|", b"U",
)  # fmt: skip

Made = tuple[str | None, tuple[Path, ...]]


def own_parquet(folder: Path) -> Made:
    write_trace(example_trace(3, 12), folder / "t.parquet")
    return "kubesched", (folder / "t.parquet",)


def borg_2019_parquet(folder: Path) -> Made:
    rows = [json.loads(line) for line in str(BORG_2019["instance_events-000000000000.json"]).splitlines()]
    pq.write_table(pa.Table.from_pylist(rows), folder / "instance_events-000000000000.parquet")
    return "borg2019", (folder,)


def azure_packing(folder: Path) -> Made:
    packing(folder / "packing.sqlite")
    return "azure-packing", (folder / "packing.sqlite",)


def dlrm(folder: Path) -> Made:
    columns = (
        "instance_sn,role,app_name,cpu_request,cpu_limit,gpu_request,gpu_limit,rdma_request,rdma_limit,memory_request,"
        "memory_limit,disk_request,disk_limit,max_instance_per_node,creation_time,scheduled_time,deletion_time"
    )
    rows = ("i0,CN,app,4,4,0,0,1,1,8,8,10,10,-1,,,75.0", "i1,HN,app,8,8,1,1,1,1,16,16,10,10,2,75.0,80.5,")
    (folder / "dlrm.csv").write_text("\n".join((columns, *rows)) + "\n")
    return "dlrm2025", (folder / "dlrm.csv",)


def bundle(folder: Path) -> Made:
    with tarfile.open(folder / "bundle.tar.gz", "w:gz") as tar:
        for name, content in (("b/nodes.json", [make_node("n")]), ("b/pods/default.json", [make_pod("p")])):
            data = json.dumps({"items": content}).encode()
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return "dump", (folder / "bundle.tar.gz",)


def manifests(folder: Path) -> Made:
    objects = [make_node("a"), make_node("b", cpu="2"), make_pod("p", cpu="1"), make_pod("q", namespace="x")]
    (folder / "all.yaml").write_text(yaml.safe_dump_all(objects))
    return None, (folder / "all.yaml", folder / "all.yaml")


def openb(folder: Path) -> Made:
    (folder / "nodes.csv").write_text("sn,cpu_milli,memory_mib,gpu,model\nn0,64000,262144,2,T4\nn1,96000,786432,0,\n")
    head = (
        "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time"
    )
    rows = ("p0,1000,1024,1,500,T4|A10,LS,Running,5,90,6", "p1,2000,2048,0,0,,BE,Pending,7,9,")
    (folder / "pods.csv").write_text("\n".join((head, *rows)) + "\n")
    return None, (folder / "nodes.csv", folder / "pods.csv")


def of_case(case: Any, *, zipped: bool) -> Callable[[Path], Made]:
    def make(folder: Path) -> Made:
        files = case[2]
        if zipped:
            files = {
                f"{name}.gz": gzip.compress(content.encode() if isinstance(content, str) else content, mtime=0)
                for name, content in files.items()
            }
        return case[0], (write(folder, files),)

    return make


OTHERS = (own_parquet, borg_2019_parquet, azure_packing, dlrm, bundle, manifests, openb)
MAKERS = [
    *(pytest.param(of_case(case, zipped=False), id=case[1]) for case in CASES),
    *(
        pytest.param(of_case(case, zipped=True), id=f"{case[1]}, gzipped")
        for case in CASES
        if case[0] in ("swf", "azure")
    ),
    *(pytest.param(make, id=make.__name__) for make in OTHERS),
]


def damaged(content: bytes, draws: np.random.Generator) -> bytes:
    """Return a copy with one to three bytes flipped, pieces cut, doubled, put in or exchanged, or its end missing."""
    found = bytearray(content)
    for _ in range(int(draws.integers(1, 4))):
        at = int(draws.integers(0, len(found) + 1))
        end = min(len(found), at + int(draws.integers(0, 12)))
        kind = int(draws.integers(0, 6))
        if kind == 0 and at < len(found):
            found[at] ^= 1 << int(draws.integers(0, 8))
        elif kind == 1:
            del found[at:end]
        elif kind == 2:
            found[at:at] = found[at:end] * int(draws.integers(1, 4))
        elif kind == 3 and draws.integers(0, 3) == 0:
            del found[at:]
        elif kind == 4:
            rows = found.split(b"\n")
            i, j = (int(k) for k in draws.integers(0, len(rows), 2))
            rows[i], rows[j] = rows[j], rows[i]
            found = bytearray(b"\n".join(rows))
        else:
            found[at:end] = TOKENS[int(draws.integers(0, len(TOKENS)))]
    return bytes(found)


def try_damages(make: Callable[[Path], Made], folder: Path, seeds: range) -> None:
    form, paths = make(folder)
    victims = sorted(
        {file for path in paths for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file()}
    )
    whole = {file: file.read_bytes() for path in victims for file in path.parent.rglob("*") if file.is_file()}
    for seed in seeds:
        draws = np.random.Generator(np.random.PCG64(seed))
        files = sorted(whole)
        victim = files[int(draws.integers(0, len(files)))]
        victim.write_bytes(damaged(whole[victim], draws))
        for named in (form, None) if len(paths) == 1 else (None,):
            try:
                trace = open_trace(*paths, form=named)
                assert trace.num_pods >= 0
            except KubeschedError as error:
                assert str(error)
            except Exception as error:
                error.add_note(f"seed {seed}, {victim.name}: {victim.read_bytes()[:2000]!r}")
                raise
        victim.write_bytes(whole[victim])


@pytest.mark.parametrize("make", MAKERS)
def test_damaged_files_are_read_or_refused(tmp_path: Path, make: Callable[[Path], Made]) -> None:
    try_damages(make, tmp_path, range(NUM_DAMAGES))


@pytest.mark.fuzz_long
@pytest.mark.parametrize("make", MAKERS)
def test_many_damaged_files_are_read_or_refused(tmp_path: Path, make: Callable[[Path], Made]) -> None:
    try_damages(make, tmp_path, range(NUM_DAMAGES, 400))


def test_every_format_is_damaged(tmp_path: Path) -> None:
    formats = set()
    for i, case in enumerate(MAKERS):
        folder = tmp_path / str(i)
        folder.mkdir()
        formats.add(case.values[0](folder)[0])  # type: ignore[operator]
    assert formats >= set(NAMES)


def test_damaged_descriptions_are_read_or_refused(tmp_path: Path) -> None:
    text = yaml.safe_dump(
        {
            "seed": 3, "count": 20, "arrivals": {"process": "diurnal", "rate": "2/s", "amplitude": 0.5},
            "nodes": [{"name": "n", "count": 2, "cpu": 4, "memory": "8Gi", "zones": ["a", "b"]}],
            "pods": [{"name": "p", "cpu": "500m", "lifetime": {"distribution": "pareto", "mean": "1m", "alpha": 1.5}}],
        }
    )  # fmt: skip
    file = tmp_path / "mix.yaml"
    for seed in range(300):
        file.write_bytes(damaged(text.encode(), np.random.Generator(np.random.PCG64(seed))))
        try:
            assert synthesize(file, count=20).num_pods > 0
        except KubeschedError as error:
            assert str(error)
