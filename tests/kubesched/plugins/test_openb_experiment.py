"""The published openb experiment, placement by placement: pods in the given order, on nodes in the given order."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import kubesched as ks
from kubesched.engine import PodBatch
from kubesched.traces import open_trace

POLICIES = ("DotProd", "GpuClustering", "GpuPacking", "BestFit", "FGD")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("policy", POLICIES)
def test_every_pod_lands_where_it_was_published_to_land(shared: Path, policy: str) -> None:
    folder = shared / "traces" / "openb"
    nodes, pods = folder / "csv" / "openb_node_list_gpu_node.csv", folder / "csv" / "openb_pod_list_default.csv"
    trace = open_trace(nodes, pods)
    order = [row["node"] for row in rows(folder / "order" / "default-42-nodeorder.csv")]
    by_name = {node["metadata"]["name"]: node for node in trace.nodes()}
    template = dict(zip(trace.pods.column("name").to_pylist(), trace.pods.column("template").to_pylist(), strict=True))
    arrivals = [row["pod"] for row in rows(folder / "order" / "default-42-arrivals.csv")]
    index = [template[name.partition("-tuned-")[0]] for name in arrivals]
    scheduler = ks.Scheduler([by_name[name] for name in order], policy=policy.lower(), workload=trace.batch())
    placements = scheduler.schedule_many(PodBatch.from_templates(list(trace.pod_templates), index, arrivals))
    want = rows(folder / "placements" / f"default-42-{policy}.csv")
    assert len(want) == len(arrivals)
    offsets, found = placements.device_offsets, placements.node_names
    for i, row in enumerate(want):
        node = row["node"].partition("-")[2] or None
        cards = "-".join(map(str, placements.devices[offsets[i] : offsets[i + 1]].tolist()))
        assert (found[i], cards) == (node, row["dev"]), f"event {i}, {row['pod']}"
