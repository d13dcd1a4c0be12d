"""Two schedulers, forks of one cluster and replays in two threads give what they give one after another.

`make sanitize-threads` runs this on a core built with ThreadSanitizer, which reports what two threads share by mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Barrier
from typing import Any, TypeVar

import numpy as np
import pytest

import kubesched as ks
from kubesched.replay import replay
from kubesched.traces import example_trace
from tests.builders import make_node, make_pod
from tests.workloads import Workload

Answer = TypeVar("Answer")
NUM_NODES = 120
NUM_ROUNDS = 6


def at_once(calls: Sequence[Callable[[], Answer]]) -> list[Answer]:
    """Run each call in a thread of its own; all start together."""
    start = Barrier(len(calls))

    def run(call: Callable[[], Answer]) -> Answer:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


def specs(workload: Workload) -> list[dict[str, Any]]:
    """Pods of every kind, and many plain ones."""
    plain = [make_pod(f"plain-{i}", cpu=f"{10 + i}m", memory="32Mi") for i in range(8)]
    return plain + [workload.pod() for _ in range(8)]


def life(scheduler: ks.Scheduler, seed: int) -> list[Any]:
    """Pods come and go, nodes change, forks try something else; return all that was decided."""
    workload = Workload(Random(seed))
    templates = specs(workload)
    draws = np.random.Generator(np.random.PCG64(seed))
    seen: list[Any] = []
    for turn in range(NUM_ROUNDS):
        index = np.minimum(draws.geometric(0.25, 400) - 1, len(templates) - 1)
        batch = ks.PodBatch.from_templates(templates, index, [f"turn-{turn}-{i}" for i in range(400)])
        placed = scheduler.schedule_many(batch)
        seen.append((placed.node_index.tolist(), placed.messages))
        fork = scheduler.fork()
        here = np.flatnonzero(placed.node_index >= 0)
        fork.remove_pods([batch.keys[i] for i in here.tolist()])
        seen.append(fork.schedule_many(batch, preempt=True).node_index.tolist())
        scheduler.remove_pods(batch.take(here[::2]))
        scheduler.update_node(make_node(f"node-{turn}", cpu="3"))
        seen.append(scheduler.schedule(make_pod(f"one-{turn}", cpu="50m")).node)
        seen.append(scheduler.nodes.requested["cpu"].tolist())
    return seen


def cluster(seed: int) -> ks.Scheduler:
    workload = Workload(Random(seed))
    return ks.Scheduler(workload.objects(NUM_NODES, 200), ranking_bytes=8 * 2500)


def test_two_schedulers_in_two_threads_decide_as_one_after_the_other() -> None:
    want = [life(cluster(seed), seed) for seed in (1, 2)]
    got = at_once([lambda s=seed: life(cluster(s), s) for seed in (1, 2)])  # type: ignore[misc]
    assert got == want


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 140, 2))
def test_many_pairs_of_schedulers_decide_as_one_after_the_other(seed: int) -> None:
    want = [life(cluster(seed), seed), life(cluster(seed + 1), seed + 1)]
    assert at_once([lambda: life(cluster(seed), seed), lambda: life(cluster(seed + 1), seed + 1)]) == want


def test_forks_of_one_cluster_in_two_threads_do_not_see_each_other() -> None:
    base = cluster(3)
    want = [life(base.fork(), seed) for seed in (4, 5)]
    forks = [base.fork(), base.fork()]
    got = at_once([lambda f=fork, s=seed: life(f, s) for fork, seed in zip(forks, (4, 5), strict=True)])  # type: ignore[misc]
    assert got == want


def test_a_fork_writes_while_the_cluster_it_came_from_does() -> None:
    want_base, want_fork = cluster(6), cluster(6)
    want = [life(want_base, 7), life(want_fork, 8)]
    base = cluster(6)
    fork = base.fork()
    assert at_once([lambda: life(base, 7), lambda: life(fork, 8)]) == want


@pytest.mark.parametrize("kernels", ks.engine.available_kernels())
def test_a_batch_may_be_shared(kernels: str) -> None:
    nodes = [make_node(f"n{i}", cpu="16") for i in range(200)]
    batch = ks.PodBatch.from_templates([make_pod(f"t{t}", cpu=f"{20 + t}m") for t in range(5)], np.arange(3000) % 5)
    want = ks.Scheduler(nodes, kernels=kernels).schedule_many(batch).node_index.tolist()

    def place() -> list[int]:
        scheduler = ks.Scheduler(nodes, kernels=kernels)
        placed: list[int] = scheduler.schedule_many(batch).node_index.tolist()
        scheduler.remove_pods(batch)
        assert scheduler.num_pods == 0
        return placed

    assert at_once([place, place, place]) == [want] * 3


def test_two_replays_in_two_threads_have_the_digests_that_they_have_alone() -> None:
    trace = example_trace(30, 600)
    other = example_trace(20, 600, seed=2)
    want = [replay(trace).digest(), replay(other).digest()]
    assert at_once([lambda: replay(trace).digest(), lambda: replay(other).digest()]) == want
    assert at_once([lambda: replay(trace).digest()] * 2) == [want[0]] * 2
