"""The openb reader: the mapping, the order, and where a broken list is broken."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kubesched as ks
from kubesched.errors import KubeschedError, TraceFormatError
from kubesched.traces import open_trace
from tests.builders import make_node, make_pod

NODES = "sn,cpu_milli,memory_mib,gpu,model\nn0,64000,262144,2,P100\nn1,32000,131072,0,\n"
HEADER = "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time"
PODS = f"""{HEADER}
late,1000,1024,0,0,,LS,Running,20,30,20
gpu,2000,2048,1,460,P100|T4,BE,Running,10,30,10
"""


def write(folder: Path, nodes: str = NODES, pods: str = PODS) -> tuple[Path, Path]:
    node_path, pod_path = folder / "nodes.csv", folder / "pods.csv"
    node_path.write_text(nodes)
    pod_path.write_text(pods)
    return node_path, pod_path


def test_rows_become_objects_in_order_of_arrival(tmp_path: Path) -> None:
    trace = open_trace(*write(tmp_path))
    assert list(trace.batch().keys) == ["openb/gpu", "openb/late"]
    assert trace.pods.column("arrival_ns").to_pylist() == [10 * 10**9, 20 * 10**9]
    assert trace.pods.column("duration_ns").to_pylist() == [20 * 10**9, 10 * 10**9]
    assert [note.count for note in trace.notes] == [1]
    scheduler = ks.Scheduler([*trace.nodes(), *trace.objects])
    assert scheduler.nodes.allocatable["nvidia.com/gpu"].tolist() == [2, 0]
    assert scheduler.nodes.allocatable["memory"].tolist() == [262144 * 2**20, 131072 * 2**20]
    assert scheduler.nodes.label("gpu-model") == ["P100", None]
    placements = scheduler.schedule_many(trace.batch())
    assert placements.node_names[0] == "n0"
    assert scheduler.nodes.requested["nvidia.com/gpu"].tolist() == [1, 0]


def test_five_columns_and_gzip_are_enough(tmp_path: Path) -> None:
    nodes, _ = write(tmp_path)
    pods = tmp_path / "pods.csv.gz"
    pods.write_bytes(gzip.compress(b"name,cpu_milli,memory_mib,num_gpu,gpu_milli\nb,1,1,0,0\na,1,1,2,1000\n"))
    assert list(open_trace(nodes, pods).batch().keys) == ["openb/b", "openb/a"]


@pytest.mark.parametrize(
    ("nodes", "pods", "want"),
    [
        pytest.param(NODES, PODS.replace("num_gpu", "gpus"), "pods.csv:1: header must have the column num_gpu once",
                     id="a column is missing"),
        pytest.param(NODES, PODS.replace("2000,", "two,"),
                     "pods.csv:3: cpu_milli must be a whole number in 0..1000000000000000000, got 'two'", id="text"),
        pytest.param(NODES, PODS.replace("2000,", "-1,"), "pods.csv:3: cpu_milli must be a whole number",
                     id="a negative number"),
        pytest.param(NODES, PODS.replace("1,460", "0,460"), "pods.csv:3: gpu_milli must be 0 where num_gpu is 0, got",
                     id="a share of no card"),
        pytest.param(NODES, PODS + "short,1\n", "pods.csv:4: memory_mib must be there, got 'short,1'", id="a short row"),
        pytest.param(NODES, PODS.replace("10,30,10", "10,30,10,7"), "pods.csv:3: column 12 must not be there, got '7'",
                     id="a long row"),
        pytest.param(NODES, PODS.replace("2000,", ",", 1), "pods.csv:3: cpu_milli must be a whole number", id="no number"),
        pytest.param(NODES, PODS.replace("Running,10", "Running,"), "pods.csv:3: creation_time must be", id="no time"),
        pytest.param(NODES, PODS.replace("Running,10", "Running,99999999999"),
                     "pods.csv:3: creation_time must be a whole number in 0..9000000000", id="a time past int64"),
        pytest.param(NODES, PODS.replace("gpu,2000", "late,2000"), "pods.csv:3: name must be unique, got 'late'",
                     id="a name twice"),
        pytest.param(NODES, PODS.replace("gpu,2000", "g/u,2000"), "pods.csv:3: name must be a DNS subdomain name, got 'g/u'",
                     id="no name of a pod"),
        pytest.param(NODES, PODS.replace("gpu,2000", '"g\nu",2000'), "pods.csv:4: name must be a DNS subdomain name",
                     id="a name over two lines"),
        pytest.param(NODES, PODS.replace("P100|T4", "P100|"), "pods.csv:3: gpu_spec must be models joined by |, got 'P100|'",
                     id="an empty model"),
        pytest.param(NODES, PODS.replace("1,460", "2,460"), "pods.csv:3: gpu_milli must be 1000 where num_gpu is above 1",
                     id="shares of two cards"),
        pytest.param(NODES, PODS.replace("LS", "L S"), "pods.csv:2: qos must be a label value, got 'L S'", id="no qos"),
        pytest.param(NODES, PODS.replace("qos,", "name,", 1), "pods.csv:1: header must have the column name once",
                     id="a column twice"),
        pytest.param(NODES.replace("n1", "n0"), PODS, "nodes.csv:3: sn must be unique, got 'n0'", id="a node twice"),
        pytest.param(NODES.replace("P100", "P/1"), PODS, "nodes.csv:2: model must be a label value, got 'P/1'",
                     id="no model"),
        pytest.param("sn;cpu_milli\n", PODS, "nodes.csv:1: header must have the column sn once, got 'sn;cpu_milli'",
                     id="semicolons"),
        pytest.param("", PODS, "nodes.csv:1: header must have the column sn once, got ''", id="an empty file"),
        pytest.param(NODES, f"{HEADER}\n", "pods.csv: must have at least one pod, got none", id="no pods"),
        pytest.param(NODES.splitlines()[0] + "\n", PODS, "nodes.csv: must have at least one node", id="no nodes"),
        pytest.param(PODS, NODES, "nodes.csv:1: must be a node list, got the columns", id="swapped files"),
        pytest.param(NODES.replace("n1", ""), PODS, "nodes.csv:3: sn must not be empty", id="a node without a name"),
        pytest.param("a,b\n1,2\n", PODS, "nodes.csv:1: header must have the column sn once, got 'a,b'", id="another CSV"),
        pytest.param(NODES, PODS + '"open', "pods.csv:", id="an open quote"),
    ],
)  # fmt: skip
def test_a_broken_list_is_named_by_path_line_and_column(tmp_path: Path, nodes: str, pods: str, want: str) -> None:
    with pytest.raises(TraceFormatError, match=re.escape(want)):
        open_trace(*write(tmp_path, nodes, pods))


def test_empty_lines_are_skipped(tmp_path: Path) -> None:
    assert len(open_trace(*write(tmp_path, NODES + "\n", PODS.replace("\n", "\r\n") + "\r\n")).pods) == 2


def test_manifests_that_begin_with_a_comment_are_no_csv(tmp_path: Path) -> None:
    path = tmp_path / "cluster"
    path.write_text(f"# nodes, pods\n{json.dumps([make_node('a'), make_pod('p')])}")
    assert list(open_trace(path, path).batch().keys) == ["default/p"]


@given(st.text(alphabet='ab01,\n"-é;x', max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        for nodes, pods in ((NODES, f"{HEADER}\n{text}"), (f"{NODES}{text}", PODS), (text, text)):
            try:
                open_trace(*write(Path(folder), nodes, pods))
            except KubeschedError as error:
                assert "must" in str(error)


def test_every_real_list_is_read(shared: Path) -> None:
    folder = shared / "traces" / "openb" / "csv"
    nodes = folder / "openb_node_list_all_node.csv"
    lists = sorted(folder.glob("openb_pod_list_*.csv"))
    assert lists
    for pods in lists:
        assert len(open_trace(nodes, pods).pods) == len(pods.read_text().splitlines()) - 1


def test_the_default_list_lands_where_upstream_puts_it(shared: Path) -> None:
    folder = shared / "traces" / "openb" / "csv"
    nodes, pods = folder / "openb_node_list_all_node.csv", folder / "openb_pod_list_default.csv"
    result = ks.replay(nodes, pods, departures=False)
    with gzip.open(shared / "golden" / "openb.jsonl.gz", "rt") as lines:
        want = {answer["pod"]: answer.get("node") for answer in json.loads(next(lines))["want"]}
    assert dict(zip(result.placements.pods, result.placements.node_names, strict=True)) == want
