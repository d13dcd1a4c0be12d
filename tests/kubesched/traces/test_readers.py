"""Readers of traces: small files in each format, the real ones where they are at hand, and broken ones."""

from __future__ import annotations

import gzip
import json
import re
import sqlite3
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgpack
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kubesched as ks
from kubesched.errors import KubeschedError, TraceFormatError
from kubesched.traces import Trace, example_trace, open_trace
from kubesched.traces.formats import NAMES, detect, load_format
from kubesched.traces.parquet import write_trace
from tests.builders import make_node, make_pod

SECOND = 10**9
Files = Mapping[str, str | bytes]

BORG_2011 = {
    "machine_events/part-00000-of-00001.csv": "0,5,0,x,0.5,0.25\n0,6,0,x,1,1\n700000000,6,2,x,0.5,1\n900000000,5,1,x,,\n",
    "task_events/part-00000-of-00500.csv": (
        "0,,1,0,5,0,u,2,9,0.125,0.0625,0,1\n0,,1,0,5,1,u,2,9,0.125,0.0625,0,1\n"
        "610000000,,2,0,,0,u,0,0,0.25,0.125,0,0\n620000000,,2,0,6,1,u,0,0,0.25,0.125,0,0\n"
        "650000000,,2,0,6,2,u,0,0,0.25,0.125,0,0\n650000007,,2,0,,0,u,0,0,0.25,0.125,0,0\n"
        "950000000,,2,0,,5,u,0,0,0.25,0.125,0,0\n"
    ),
}
BORG_2019 = {
    "machine_events-000000000000.json": (
        '{"time":"0","machine_id":"5","type":"1","capacity":{"cpus":0.5,"memory":0.25}}\n'
        '{"time":"700000000","machine_id":"5","type":"2"}\n'
    ),
    "instance_events-000000000000.json": (
        '{"time":"0","type":"0","collection_id":"9","instance_index":"1","priority":"200",'
        '"resource_request":{"cpus":0.125,"memory":0.0625}}\n'
        '{"time":"600000001","type":"3","collection_id":"9","instance_index":"1","priority":"200",'
        '"resource_request":{"cpus":0.125,"memory":0.0625}}\n'
        '{"time":"601000001","type":"6","collection_id":"9","instance_index":"1","priority":"200"}\n'
        '{"time":"0","type":"0","collection_id":"10","instance_index":"0","alloc_collection_id":"9"}\n'
    ),
}
SWF = "; Version: 2.2\n; Computer: Toy\n" + "".join(
    f"{n} {submit} {wait} {run} {procs} -1 -1 {procs} -1 1024 {status} 1 1 -1 1 -1 -1 -1\n"
    for n, submit, wait, run, procs, status in ((1, 0, 5, 10, 4, 1), (2, 3, 0, 20, 130, 5))
)
AUDIT = [
    {"auditID": "a", "verb": "create", "stage": "ResponseComplete", "stageTimestamp": "2024-01-01T00:00:00Z",
     "objectRef": {"resource": "nodes", "name": "n"}, "responseObject": make_node("n")},
    {"auditID": "b", "verb": "create", "stage": "ResponseComplete", "stageTimestamp": "2024-01-01T00:00:05.5Z",
     "objectRef": {"resource": "pods", "namespace": "default"}, "responseStatus": {"code": 201},
     "requestObject": {"kind": "Pod", "metadata": {"generateName": "p-"}}, "responseObject": make_pod("p-x")},
    {"auditID": "c", "verb": "create", "stage": "ResponseComplete", "stageTimestamp": "2024-01-01T00:00:06Z",
     "objectRef": {"resource": "pods", "namespace": "default", "name": "p-x", "subresource": "binding"},
     "requestObject": {"kind": "Binding", "target": {"kind": "Node", "name": "n"}}},
    {"auditID": "d", "verb": "delete", "stage": "ResponseComplete", "stageTimestamp": "2024-01-01T00:01:00Z",
     "objectRef": {"resource": "pods", "namespace": "default", "name": "p-x"}},
]  # fmt: skip
DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {
        "replicas": 2,
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": make_pod("x", cpu="1")["spec"]},
    },
}


def lines(rows: list[Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def simkube(version: int) -> bytes:
    more = {**DEPLOYMENT, "spec": {**DEPLOYMENT["spec"], "replicas": 3}}  # type: ignore[dict-item]
    events = [
        {"ts": 1000, "applied_objs": [DEPLOYMENT], "deleted_objs": []},
        {"ts": 1010, "applied_objs": [more], "deleted_objs": []},
        {"ts": 1020, "applied_objs": [], "deleted_objs": [DEPLOYMENT]},
    ]
    if version == 1:
        return json.dumps([{"trackedObjects": {}}, events, {}, {}]).encode()
    lives = {("apps/v1.Deployment", "shop/web"): {7: [{"Finished": [1000, 1004]}, {"Running": 1001}]}}
    packed: bytes = msgpack.packb({"version": 2, "config": {"trackedObjects": {}}, "events": events, "index": {}})
    # A map with a tuple for a key cannot be packed from a dict whose keys are lists: it is put in by hand.
    tail: bytes = msgpack.packb("pod_lifecycles") + b"\x81" + msgpack.packb(list(next(iter(lives))))
    tail += msgpack.packb(next(iter(lives.values())))
    return bytes([packed[0] + 1]) + packed[1:] + tail


def packing(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE vm (vmId, tenantId, vmTypeId, priority, starttime, endtime)")
        database.execute("CREATE TABLE vmType (id, vmTypeId, machineId, core, memory, hdd, ssd, nic)")
        database.executemany(
            "INSERT INTO vm VALUES (?,1,?,?,?,?)", [(1, 7, 0, -2.0, 0.5), (2, 8, 1, 1.0, None), (3, 9, 1, 1, 2)]
        )
        database.executemany(
            "INSERT INTO vmType VALUES (?,?,?,?,?,NULL,NULL,NULL)",
            [(1, 7, 3, 0.5, 0.25), (2, 8, 3, 0.25, 0.25), (3, 9, 4, 1, 1)],
        )


def write(folder: Path, files: Files) -> Path:
    """Write files below a folder; return the file where there is one, else the folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder / next(iter(files)) if len(files) == 1 else folder


def shown(trace: Trace) -> list[dict[str, Any]]:
    """Return the pods as rows without their nulls, times in seconds."""
    rows = []
    for row in trace.pods.to_pylist():
        own = {name: value for name, value in row.items() if value not in (None, [])}
        rows.append({n: v / SECOND if n.endswith("_ns") else v for n, v in own.items()})
    return rows


def requests(trace: Trace) -> list[dict[str, str]]:
    found = []
    for pod in trace.pod_templates:
        own = pod["spec"]["containers"][0]["resources"]
        found.append({**own.get("requests", {}), **own.get("limits", {})})
    return found


CASES: list[tuple[str, str, Files, list[dict[str, Any]], list[dict[str, str]]]] = [
    ("borg2011", "Borg 2011: an eviction, a resubmission, a kill while pending", BORG_2011, [
        {"name": "1-0", "template": 0, "arrival_ns": 0, "restart": 0, "recorded_node": 0, "recorded_start_ns": 0,
         "recorded_outcome": 5},
        {"name": "2-0", "template": 1, "arrival_ns": 10, "duration_ns": 30, "restart": 0, "recorded_node": 1,
         "recorded_start_ns": 20, "recorded_end_ns": 50, "recorded_outcome": 3},
        {"name": "2-0-r1", "template": 1, "arrival_ns": 50.000007, "removed_ns": 350, "restart": 0,
         "recorded_end_ns": 350, "recorded_outcome": 2},
    ], [{"cpu": "8000m", "memory": str(16 * 2**30)}, {"cpu": "16000m", "memory": str(32 * 2**30)}]),
    ("borg2019", "Borg 2019: an instance inside an alloc is not charged", BORG_2019, [
        {"name": "9-1", "template": 0, "arrival_ns": 0, "duration_ns": 1, "restart": 0, "recorded_start_ns": 0.000001,
         "recorded_end_ns": 1.000001, "recorded_outcome": 0},
    ], [{"cpu": "8000m", "memory": str(16 * 2**30)}]),
    ("alibaba2018", "Alibaba 2018: the order of tasks", {"batch_task.csv": (
        "J2_1,1,j_1,1,Terminated,20,30,50,0.5\nM1,2,j_1,1,Terminated,10,20,100,0.5\n")}, [
        {"name": "j-1-t1-0", "template": 1, "arrival_ns": 0, "duration_ns": 10, "restart": 0, "gang": 1,
         "recorded_start_ns": 0, "recorded_end_ns": 10, "recorded_outcome": 0},
        {"name": "j-1-t1-1", "template": 1, "arrival_ns": 0, "duration_ns": 10, "restart": 0, "gang": 1,
         "recorded_start_ns": 0, "recorded_end_ns": 10, "recorded_outcome": 0},
        {"name": "j-1-t0", "template": 0, "arrival_ns": 10, "duration_ns": 10, "restart": 0, "after": [0, 1],
         "recorded_start_ns": 10, "recorded_end_ns": 20, "recorded_outcome": 0},
    ], []),
    ("alibaba2017", "Alibaba 2017: hundredths of cores", {"batch_task.csv": (
        "-5,60,3,4,1,Terminated,50,0.5\n7,,3,5,1,Waiting,,\n")}, [
        {"name": "job-3-4-t0", "template": 0, "arrival_ns": 0, "duration_ns": 60, "restart": 0, "recorded_start_ns": 0,
         "recorded_end_ns": 60, "recorded_outcome": 0},
        {"name": "job-3-5-t1", "template": 1, "arrival_ns": 7, "restart": 0, "recorded_outcome": 6},
    ], [{"cpu": "500m", "memory": str(2**38)}, {}]),
    ("pai2020", "PAI: half a GPU", {"pai_task_table.csv": "ab,worker,1.0,Terminated,10.0,20.0,600.0,2.0,50.0,T4\n"}, [
        {"name": "ab-t0", "template": 0, "arrival_ns": 0, "duration_ns": 10, "restart": 0, "recorded_start_ns": 0,
         "recorded_end_ns": 10, "recorded_outcome": 0},
    ], [{"cpu": "6000m", "memory": str(2**31), "nvidia.com/gpu": "1"}]),
    ("spot2026", "spot GPUs: high priority and a gang", {"job_info_df.csv": (
        "job_name,organization,gpu_model,cpu_request,gpu_request,worker_num,submit_time,duration,job_type\n"
        "1,9,A10,4.0,1.0,2,0.0,5.0,HP\n")}, [
        {"name": f"job-1-{i}", "template": 0, "arrival_ns": 0, "duration_ns": 5, "restart": 0, "gang": 0,
         "recorded_outcome": 0} for i in range(2)
    ], [{"cpu": "4000m", "nvidia.com/gpu": "1"}]),
    ("azure", "Azure: buckets, and VMs that are cut off", {"vmtable.csv": (
        "a/+=,s,d,0,2591700,1,1,1,Interactive,>24,>64\nb,s,d,300,600,1,1,1,Unkown,2,3.5\n")}, [
        {"name": "vm-0", "template": 0, "arrival_ns": 0, "restart": 0, "recorded_start_ns": 0, "recorded_outcome": 5},
        {"name": "vm-1", "template": 1, "arrival_ns": 300, "duration_ns": 300, "restart": 0, "recorded_start_ns": 300,
         "recorded_end_ns": 600, "recorded_outcome": 0},
    ], [{"cpu": "24000m", "memory": str(64 * 2**30)}, {"cpu": "2000m", "memory": str(7 * 2**29)}]),
    ("azure-arrivals", "Azure arrivals: flavours and durations", {
        "v1.txt": "300 a,|,b\n600 a\n", "v1.c900.txt": "300 U1,|,C2\n600 U0\n", "flav_map.txt": "1,2 a\n4,8 b\n",
        "v1.interval_map.txt": "0 0\n300 1\n900 2\n"}, [
        {"name": "vm-0", "template": 0, "arrival_ns": 0, "duration_ns": 300, "restart": 0, "recorded_start_ns": 0,
         "recorded_end_ns": 300, "recorded_outcome": 0},
        {"name": "vm-1", "template": 1, "arrival_ns": 0, "restart": 0, "recorded_start_ns": 0, "recorded_outcome": 5},
        {"name": "vm-2", "template": 0, "arrival_ns": 300, "duration_ns": 0, "restart": 0, "recorded_start_ns": 300,
         "recorded_end_ns": 300, "recorded_outcome": 0},
    ], [{"cpu": "1000m", "memory": str(2**31)}, {"cpu": "4000m", "memory": str(2**33)}]),
    ("philly", "Philly: the log, GPUs of two machines", {"cluster_job_log": json.dumps([
        {"status": "Pass", "vc": "V1", "jobid": "app_1", "submitted_time": "2017-10-07 01:00:00", "attempts": [
            {"start_time": "2017-10-07 01:00:10", "end_time": "2017-10-07 01:01:10",
             "detail": [{"ip": "m1", "gpus": ["gpu0"] * 8}, {"ip": "m2", "gpus": ["gpu0"] * 8}]}]},
        {"status": "Killed", "vc": "V1", "jobid": "app_2", "submitted_time": "None", "attempts": []}])}, [
        {"name": f"app-1-{i}", "template": 0, "arrival_ns": 0, "duration_ns": 60, "restart": 0, "gang": 0,
         "recorded_start_ns": 10, "recorded_end_ns": 70, "recorded_outcome": 0} for i in range(2)
    ], [{"nvidia.com/gpu": "8"}]),
    ("philly", "Philly: the derived list, not sorted", {"jobs.csv": (
        "timestamp,duration,num_gpus,gpu_time,cluster\n2017-10-09 07:01:55,66.0,1,66.0,c\n2017-10-09 07:01:50,5.0,2,1,c\n")}, [
        {"name": "job-1", "template": 1, "arrival_ns": 0, "duration_ns": 5, "restart": 0, "recorded_start_ns": 0,
         "recorded_end_ns": 5, "recorded_outcome": 0},
        {"name": "job-0", "template": 0, "arrival_ns": 5, "duration_ns": 66, "restart": 0, "recorded_start_ns": 5,
         "recorded_end_ns": 71, "recorded_outcome": 0},
    ], [{"nvidia.com/gpu": "1"}, {"nvidia.com/gpu": "2"}]),
    ("helios", "Helios: nodes become pods", {"cluster_log.csv": (
        "job_id,user,vc,gpu_num,cpu_num,node_num,state,submit_time,start_time,end_time,duration,queue\n"
        "7,u,vcA,4,16,2,COMPLETED,2020-06-09 18:41:01,2020-06-09 18:41:02,2020-06-09 18:41:12,10,1\n")}, [
        {"name": f"job-7-{i}", "template": 0, "arrival_ns": 0, "duration_ns": 10, "restart": 0, "gang": 0,
         "recorded_start_ns": 1, "recorded_end_ns": 11, "recorded_outcome": 0} for i in range(2)
    ], [{"cpu": "8000m", "nvidia.com/gpu": "2"}]),
    ("supercloud", "Supercloud: tres, and a job that never started", {"slurm-log.csv": (
        "id_job,cpus_req,partition,state,time_submit,time_start,time_end,tres_req\n"
        '1.0,20,p,3,100,110,120,"1=20,2=1024,4=2,1001=2"\n2.0,1,p,4,105,0,130,\n')}, [
        *({"name": f"job-0-{i}", "template": 0, "arrival_ns": 0, "duration_ns": 10, "restart": 0, "gang": 0,
           "recorded_start_ns": 10, "recorded_end_ns": 20, "recorded_outcome": 0} for i in range(2)),
        {"name": "job-1", "template": 1, "arrival_ns": 5, "removed_ns": 30, "restart": 0, "recorded_end_ns": 30,
         "recorded_outcome": 2},
    ], [{"cpu": "10000m", "memory": str(2**29), "nvidia.com/gpu": "1"}, {"cpu": "1000m"}]),
    ("swf", "SWF: processors become pods as large as nodes", {"toy.swf": SWF}, [
        {"name": "job-1-0", "template": 0, "arrival_ns": 0, "duration_ns": 10, "restart": 0, "recorded_start_ns": 5,
         "recorded_end_ns": 15, "recorded_outcome": 0},
        *({"name": f"job-2-1-{i}", "template": 1, "arrival_ns": 3, "duration_ns": 20, "restart": 0, "gang": 1,
           "recorded_start_ns": 3, "recorded_end_ns": 23, "recorded_outcome": 2} for i in range(3)),
    ], [{"cpu": "4000m", "memory": str(4 * 2**20)}, {"cpu": "44000m", "memory": str(44 * 2**20)}]),
    ("simkube", "SimKube 1: a workload grows and goes", {"trace.json": simkube(1)}, [
        {"name": "web-0", "template": 0, "arrival_ns": 0, "removed_ns": 20, "restart": 0},
        {"name": "web-1", "template": 0, "arrival_ns": 0, "removed_ns": 20, "restart": 0},
        {"name": "web-2", "template": 0, "arrival_ns": 10, "removed_ns": 20, "restart": 0},
    ], [{"cpu": "1"}]),
    ("simkube", "SimKube 2: lifecycles give run times", {"x.sktrace": simkube(2)}, [
        {"name": "web-0", "template": 0, "arrival_ns": 0, "duration_ns": 4, "removed_ns": 20, "restart": 0},
        {"name": "web-1", "template": 0, "arrival_ns": 0, "removed_ns": 20, "restart": 0},
        {"name": "web-2", "template": 0, "arrival_ns": 10, "removed_ns": 20, "restart": 0},
    ], [{"cpu": "1"}]),
    ("scheduler-simulator", "a simulator's export: objects without kind", {"export.json": json.dumps({
        "pods": [{k: v for k, v in make_pod("p").items() if k not in ("kind", "apiVersion")}],
        "nodes": [{k: v for k, v in make_node("n").items() if k not in ("kind", "apiVersion")}]})}, [
        {"name": "p", "template": 0, "arrival_ns": 0, "restart": 0},
    ], []),
    ("scheduler-simulator", "a simulator's record", {"record.jsonl": lines([
        {"time": "2024-01-01T00:00:00.123456789Z", "event": "Add", "resource": make_node("n")},
        {"time": "2024-01-01T00:00:03.123456789Z", "event": "Add", "resource": make_pod("p")},
        {"time": "2024-01-01T00:00:04.123456789Z", "event": "Delete",
         "resource": {"kind": "Pod", "metadata": {"name": "p", "namespace": "default"}}}])}, [
        {"name": "p", "template": 0, "arrival_ns": 3, "removed_ns": 4, "restart": 0},
    ], []),
    ("audit", "an audit log: creation, binding, deletion", {"audit.log": lines(AUDIT)}, [
        {"name": "p-x", "template": 0, "arrival_ns": 5.5, "removed_ns": 60, "restart": 0, "recorded_node": 0,
         "recorded_start_ns": 6},
    ], []),
    ("audit", "an audit log as AKS wraps it", {"aks.log": lines([
        {"category": "kube-audit", "properties": {"log": json.dumps(event)}} for event in AUDIT])}, [
        {"name": "p-x", "template": 0, "arrival_ns": 5.5, "removed_ns": 60, "restart": 0, "recorded_node": 0,
         "recorded_start_ns": 6},
    ], []),
    ("dump", "a dump: the pods of a workload", {"all.json": json.dumps(
        {"kind": "List", "apiVersion": "v1", "items": [make_node("n"), DEPLOYMENT]})}, [
        {"name": "web-0", "template": 0, "arrival_ns": 0, "restart": 0},
        {"name": "web-1", "template": 0, "arrival_ns": 0, "restart": 0},
    ], []),
]  # fmt: skip


@pytest.mark.parametrize(("form", "files", "rows", "asked"), [pytest.param(c[0], *c[2:], id=c[1]) for c in CASES])
def test_rows_become_pods(
    tmp_path: Path, form: str, files: Files, rows: list[dict[str, Any]], asked: list[dict[str, str]]
) -> None:
    path = write(tmp_path, files)
    if form == "azure-arrivals":
        path = tmp_path / "v1.txt"
    assert detect(path) == form
    trace = open_trace(path)
    assert shown(trace) == rows
    assert not asked or requests(trace) == asked
    assert trace.node_names
    ks.replay(trace, until=10**12)


def test_azure_packing_takes_the_vms_of_one_machine(tmp_path: Path) -> None:
    path = tmp_path / "packing.sqlite"
    packing(path)
    trace = open_trace(path)
    assert detect(path) == "azure-packing"
    assert [(row["name"], row["arrival_ns"]) for row in shown(trace)] == [("vm-1", 0), ("vm-2", 86400)]
    assert requests(trace)[0] == {"cpu": "32000m", "memory": str(2**37)}
    assert "1 VMs do not fit that machine" in map(str, trace.notes)


def test_machines_come_go_and_change(tmp_path: Path) -> None:
    trace = open_trace(write(tmp_path, BORG_2011), options={"capacity_scale": 1.5})
    assert trace.node_names == ["m-5", "m-6"]
    events = [(row["time_ns"] // SECOND, row["node"], row["kind"]) for row in trace.node_events.to_pylist()]
    assert events == [(0, 0, 0), (0, 1, 0), (100, 1, 2), (300, 0, 1)]
    assert trace.node_templates[0]["status"]["allocatable"]["cpu"] == "48000m"


def test_pods_that_a_replay_pushes_off_may_come_again(tmp_path: Path) -> None:
    trace = open_trace(write(tmp_path, BORG_2011), options={"pushed_off": "submitted"})
    assert trace.pods.column("restart").to_pylist() == [1, 1, 1]


def test_tasks_that_must_differ_keep_off_each_other(tmp_path: Path) -> None:
    trace = open_trace(write(tmp_path, BORG_2011))
    (term,) = trace.pod_templates[0]["spec"]["affinity"]["podAntiAffinity"].popitem()[1]
    assert term["topologyKey"] == "kubernetes.io/hostname"
    assert "affinity" not in trace.pod_templates[1]["spec"]


def test_a_daemon_set_has_a_pod_on_each_node_that_it_may_run_on(tmp_path: Path) -> None:
    tainted = make_node("tainted", taints=[{"key": "own", "value": "x", "effect": "NoSchedule"}])
    daemon = {**DEPLOYMENT, "kind": "DaemonSet"}
    path = write(tmp_path, {"all.json": json.dumps([make_node("a"), make_node("b"), tainted, daemon])})
    result = ks.replay(open_trace(path))
    assert sorted(zip(result.placements.pods, result.placements.node_names, strict=True)) == [
        ("shop/web-a", "a"),
        ("shop/web-b", "b"),
    ]


def test_a_bundle_is_read_by_the_names_of_its_files(tmp_path: Path) -> None:
    for name, items in (("nodes.json", [make_node("a")]), ("pods/default.json", [make_pod("p")])):
        path = tmp_path / "bundle" / "cluster-resources" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        bare = [{k: v for k, v in obj.items() if k not in ("kind", "apiVersion")} for obj in items]
        path.write_text(json.dumps({"items": bare}))
    (tmp_path / "bundle" / "cluster-resources" / "deployments.json").write_text('{"items": null}')
    with tarfile.open(tmp_path / "b.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "bundle", "bundle")
    trace = open_trace(tmp_path / "b.tar.gz")
    assert (list(trace.node_names), [row["name"] for row in shown(trace)]) == (["a"], ["p"])


BAD: list[tuple[str, Files, str]] = [
    ("a number that is none", BORG_2011 | {"task_events/part-00000-of-00500.csv": "0,,1,0,5,0,u,2,9,much,0.06,0,1\n"},
     "part-00000-of-00500.csv:1: CPU request must be a number, got 'much'"),
    ("a row cut short", BORG_2011 | {"task_events/part-00000-of-00500.csv": "0,,1,0,5,0,u,2,9,0.1,0.06,0,1\n0,,1\n"},
     "part-00000-of-00500.csv:2: row must have 13 fields, got"),
    ("a required field that is empty", BORG_2011 | {"machine_events/part-00000-of-00001.csv": "0,,0,x,0.5,0.25\n"},
     "part-00000-of-00001.csv:1: machine ID must not be empty"),
    ("an event that does not exist", BORG_2011 | {"task_events/part-00000-of-00500.csv": "0,,1,0,5,11,u,2,9,0.1,0.06,0,1\n"},
     "event type must be in 0..8"),
    ("a table joined from the trace", {"borg.csv": ",time,instance_events_type,collection_id,instance_index\n0,0,2,1.6E+11,1\n"},
     "borg.csv:1: instance_events_type must be a table of instance_events"),
    ("a broken JSON line", {"instance_events-0.json": '{"time":"0","type":"0","collection_id":"9"}\n{"time"\n'},
     "instance_events-0.json:2: must be JSON lines"),
    ("no whole number in JSON", {"instance_events-0.json": '{"time":"x","type":"0","collection_id":"9"}\n'},
     "instance_events-0.json:1: time must be a whole number, got 'x'"),
    ("no bucket", {"vmtable.csv": "a,s,d,0,1,1,1,1,Interactive,many,2\n"}, "vmtable.csv:1: cores must be a number or a bucket"),
    ("too few fields in a log", {"a.swf": SWF + "3 4 5\n"}, "a.swf:5: row must have at least 18 fields"),
    ("a word in a log", {"a.swf": SWF.replace("1 0 5", "1 zero 5", 1).replace("2 3 0", "2 3 0")}, "must be"),
    ("no date", {"jobs.csv": "timestamp,duration,num_gpus,gpu_time,cluster\nsoon,66.0,1,66.0,c\n"},
     "jobs.csv:2: timestamp must be a date and time"),
    ("no tres", {"s.csv": "id_job,cpus_req,partition,state,time_submit,time_start,time_end,tres_req\n1,2,p,3,1,2,3,cpu=4\n"},
     "s.csv:2: tres_req must be id=count"),
    ("an audit log without objects", {"a.log": lines([{**AUDIT[1], "requestObject": None, "responseObject": None}])},
     "must have creations with their objects, got 1 writes without an object"),
    ("an event of SimKube without a time", {"x.json": json.dumps([{"trackedObjects": {}}, [{}], {}, {}])},
     "x.json: ts of event 1 must be Unix seconds"),
    ("an unknown event of a record", {"r.jsonl": lines([{"time": "2024-01-01T00:00:00Z", "event": "Gone", "resource": {}}])},
     "r.jsonl:1: event must be Add, Update or Delete, got 'Gone'"),
    ("manifests without nodes", {"p.json": json.dumps(make_pod("p"))}, "must have at least one Node, got none"),
    ("an empty file", {"x.csv": ""}, "x.csv:1: must hold a trace, got an empty file"),
    ("rubbish", {"x.bin": bytes(range(256))}, "x.bin:1: must be a trace in one of the formats"),
    ("a gzip file cut short", {"v.csv.gz": gzip.compress(b"a,s,d,0,1,1,1,1,Interactive,2,2\n" * 50_000)[:-2000]}, "must be a whole"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "want"), [pytest.param(*case[1:], id=case[0]) for case in BAD])
def test_a_broken_file_is_named_with_line_and_column(tmp_path: Path, files: Files, want: str) -> None:
    with pytest.raises(TraceFormatError, match=re.escape(want)):
        open_trace(write(tmp_path, files))


@pytest.mark.parametrize(
    ("options", "want"),
    [
        ({"core": 3}, "an option of the format borg2011 must be one of cores, .*did you mean cores?"),
        ({"cores": 0}, "cores must be an integer >= 1, got 0"),
        ({"capacity_scale": "x"}, "capacity_scale must be a number"),
        ({"arrival": "later"}, "arrival must be one of submitted, scheduled, got 'later'"),
    ],
)
def test_a_wrong_option_is_refused(tmp_path: Path, options: dict[str, Any], want: str) -> None:
    with pytest.raises(ks.ConfigError, match=want):
        open_trace(write(tmp_path, BORG_2011), options=options)


def test_every_format_is_listed_with_its_options() -> None:
    for name in NAMES:
        module = load_format(name)
        assert (module.__doc__ or "").strip()
        assert all(option.help for option in module.OPTIONS.values())


def equal(left: Trace, right: Trace) -> bool:
    return (
        left.pods.equals(right.pods)
        and left.node_events.equals(right.node_events)
        and (list(left.node_names), left.pod_templates, left.notes)
        == (list(right.node_names), right.pod_templates, right.notes)
    )


def test_the_own_format_keeps_everything_and_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    made: list[Callable[[], Trace]] = [
        lambda: example_trace(5, 40),
        lambda: open_trace(write(tmp_path / "borg", BORG_2011)),
    ]
    for i, make in enumerate(made):
        path = tmp_path / f"{i}.parquet"
        write_trace(make(), path)
        assert equal(open_trace(path), make())
        again = tmp_path / "again.parquet"
        write_trace(make(), again)
        assert again.read_bytes() == path.read_bytes()


def test_a_damaged_own_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    write_trace(example_trace(2, 3), path)
    table = pq.read_table(path)
    for metadata in ({b"kubesched.trace": b"AAAA"}, {b"kubesched.trace": b""}):
        pq.write_table(table.replace_schema_metadata(metadata), path)
        with pytest.raises(TraceFormatError, match=re.escape(f"{path}: must be a whole trace file of kubesched")):
            open_trace(path)
    pq.write_table(pa.table({"a": [1]}), path)
    with pytest.raises(TraceFormatError, match="must be a trace in one of the formats"):
        open_trace(path)


@settings(max_examples=60, deadline=None)
@given(case=st.sampled_from(CASES), data=st.data())
def test_mutated_files_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, case: Any, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("mutated")
    path = write(folder, case[2])
    victim = data.draw(st.sampled_from(sorted(p for p in folder.rglob("*") if p.is_file())))
    content = bytearray(victim.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, max(len(content) - 1, 0)))
        piece = data.draw(
            st.sampled_from([b"", b",", b"\n", b"-1", b"\xff", b"1e99", b'"', b"null", b"99999999999999999999"])
        )
        content[at : at + data.draw(st.integers(0, 5))] = piece
    victim.write_bytes(bytes(content))
    try:
        open_trace(path, form=case[0])
    except KubeschedError as error:
        assert "must" in str(error)


REAL = [
    ("google-2011", 581_726, 12_498),
    ("alibaba-v2018", None, 4_034),
    ("alibaba-v2017", None, 1_313),
    ("alibaba-gpu-v2020", 1, 1_897),
    ("alibaba-gpu-v2025/disaggregated_DLRM_trace.csv", 23_871, None),
    ("alibaba-spot-gpu-v2026", None, 4_278),
    ("azure/vmtable.v1.sample.csv", 10, None),
    ("azure/v1-derived-huawei/v1.dev.txt.gz", 259_159, None),
    ("azure/v1-derived-huawei/v1.test.txt.gz", 410_276, None),
    ("mit-supercloud/slurm-log.slice.csv", None, None),
    ("philly/philly.gpu-jobs.adaptdl.csv", None, None),
    ("swf/NASA-iPSC-1993-3.1-cln.swf.gz", None, None),
    ("swf/HPC2N-2002-2.2.1-cln.first-jobs.swf", None, None),
    ("swf/metacentrum-wagap-2013.extended.swf", None, None),
    ("simkube/bare-pods.sktrace", 4, 10),
    ("simkube/cronjob.sktrace", 3, 10),
    ("simkube/v1/trace.trace.json", None, 10),
    ("k8s-audit/falco", None, 10),
    ("k8s-dumps/troubleshoot/support-bundle.tar.gz", 0, 1),
]


@pytest.mark.parametrize(("name", "num_pods", "num_nodes"), REAL)
def test_real_files_have_the_counts_that_are_known(
    shared: Path, name: str, num_pods: int | None, num_nodes: int | None
) -> None:
    trace = open_trace(shared / "traces" / name)
    assert num_pods is None or trace.num_pods == num_pods
    assert num_nodes is None or len(trace.node_names) == num_nodes


def test_the_state_of_borg_is_the_recorded_one(shared: Path) -> None:
    trace = open_trace(shared / "traces" / "google-2011")
    pods = trace.pods
    start = pods.column("recorded_start_ns").fill_null(-1).to_numpy()
    end = pods.column("recorded_end_ns").fill_null(2**62).to_numpy()
    arrival = pods.column("arrival_ns").to_numpy()
    for second, running, pending in ((600, 132_982, 11_357), (3_600, 134_563, 11_400), (36_000, 140_559, 12_993)):
        now = (second - 600) * SECOND
        runs = (start >= 0) & (start <= now) & (end > now)
        waits = (arrival <= now) & (((start < 0) & (end > now)) | (start > now))
        assert (int(runs.sum()), int(waits.sum())) == (running, pending)
