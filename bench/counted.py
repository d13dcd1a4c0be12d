"""Small loads whose instructions are counted: `python -m bench.counted MARKS` runs them under bench/counts.py.

MARKS is a shared library whose function `dump` has callgrind write what it has counted since the last time, under a
name. The processor back end is printed.

cold_shapes    200 pods, each of another request and seen for the first time, on 2,000 nodes
many_shapes    2,000 pods of 100 requests, drawn by Zipf's law, on 1,000 nodes
spread         1,000 pods of 10 apps, spread over zones, on 1,000 nodes
affinity       the same, drawn to the zone of their app
anti_affinity  the same, kept from hosts of their app
preferred      200 pods drawn to hosts of their app
departures     400 pods leave and 400 come, on 300 nodes that are 70 % full
preemption     5 pods that preempt, on 300 nodes of 30 pods
replay         2,000 pods of the example on 100 nodes, with its queue
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable

import kubesched as ks
from bench.bench_preemption import make_objects
from bench.bench_preemption import make_pod as make_preempting_pod
from bench.cases import CHUNK, departures_case
from bench.workloads import make_batch, make_nodes, make_templates, make_zipf
from kubesched.replay import replay
from kubesched.traces import example_trace

# What is counted: how functions of the core begin in its table of symbols. None of them calls another.
COUNTED_IN = (
    "kubesched::Scheduler::schedule_many(",
    "kubesched::ClusterState::remove_pods(",
    "kubesched::Replay::run(",
)


def place(batch: ks.PodBatch, num_nodes: int) -> None:
    placements = ks.Scheduler(make_nodes(num_nodes)).schedule_many(batch)
    assert placements.num_placed == len(batch)


def cold_shapes() -> None:
    templates = make_templates("many_shapes", 200)
    place(ks.PodBatch.from_templates(templates, list(range(200))), 2_000)


def departures() -> None:
    case = departures_case(300, 20, 2 * CHUNK)
    assert (case.run(case.setup()) >= 0).all()


def preemption() -> None:
    scheduler = ks.Scheduler(make_objects(300))
    pods = [make_preempting_pod(f"urgent-{i}", 4, 100) for i in range(5)]
    assert len(scheduler.schedule_many(pods, preempt=True).preemptions) == len(pods)


def replay_example() -> None:
    result = replay(example_trace(100, 2_000))
    assert result.num_pods == 2_000


LOADS: dict[str, Callable[[], None]] = {
    "cold_shapes": cold_shapes,
    "many_shapes": lambda: place(make_zipf(100, 2_000), 1_000),
    "spread": lambda: place(make_batch("spread", 1_000), 1_000),
    "affinity": lambda: place(make_batch("affinity", 1_000), 1_000),
    "anti_affinity": lambda: place(make_batch("anti_affinity", 1_000), 1_000),
    "preferred": lambda: place(make_batch("preferred_affinity", 200), 1_000),
    "departures": departures,
    "preemption": preemption,
    "replay": replay_example,
}


def main() -> None:
    marks = ctypes.CDLL(sys.argv[1])
    print(ks.engine.available_kernels()[0])
    for name, run in LOADS.items():
        run()
        marks.dump(name.encode())


if __name__ == "__main__":
    main()
