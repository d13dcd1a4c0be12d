"""Fills a cluster and prints what it took as JSON: `python -m bench.memory NODES PODS`."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

import kubesched as ks
from bench.workloads import make_nodes, make_zipf

SLICE = 100_000


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def peak_bytes() -> int:
    """The most that was resident in this process; what getrusage tells may be its parent's."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def main() -> None:
    num_nodes, num_pods = int(sys.argv[1]), int(sys.argv[2])
    nodes = make_nodes(num_nodes)
    before = resident_bytes()
    scheduler = ks.Scheduler(nodes)
    with_nodes = resident_bytes()
    placed = 0
    for i in range(0, num_pods, SLICE):
        batch = make_zipf(100, min(SLICE, num_pods - i), f"p{i}")
        placed += scheduler.schedule_many(batch).num_placed
    found = {
        "placed": placed,
        "node_bytes": (with_nodes - before) // num_nodes,
        "pod_bytes": (resident_bytes() - with_nodes) // num_pods,
        "peak_bytes": peak_bytes(),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
