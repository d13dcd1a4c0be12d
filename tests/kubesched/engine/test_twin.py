"""kubesched.Scheduler against the slow twin, on random clusters, with everything coming and going."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kubesched as ks
from kubesched.engine import available_kernels
from tests.conformance.test_conformance import canonical
from tests.oracle.scheduler import OracleScheduler, key_of
from tests.workloads import Workload

seeds = st.integers(0, 2**32 - 1)


def agree(scheduler: ks.Scheduler, oracle: OracleScheduler, pod: dict[str, Any]) -> None:
    assert canonical(scheduler.explain(pod).to_dict()) == canonical(oracle.explain(pod))


@settings(max_examples=150)
@given(seeds)
def test_answers_are_the_twins(seed: int) -> None:
    workload = Workload(Random(seed))
    config = workload.config()
    objects = workload.objects(workload.rng.randint(1, 9), workload.rng.randint(0, 12))
    scheduler, oracle = ks.Scheduler(objects, config), OracleScheduler(objects, config)
    for _ in range(4):
        agree(scheduler, oracle, workload.pod())


class Pair:
    """A scheduler and its twin, driven alike."""

    def __init__(self, scheduler: ks.Scheduler, oracle: OracleScheduler, placed: set[str], nodes: list[str]) -> None:
        self.scheduler, self.oracle = scheduler, oracle
        self.placed, self.nodes = placed, nodes

    def fork(self) -> Pair:
        return Pair(self.scheduler.fork(), self.oracle.fork(), set(self.placed), list(self.nodes))

    def step(self, workload: Workload) -> None:
        verb = workload.rng.choices(
            ["schedule", "remove", "add_pod", "add_node", "update_node", "remove_node", "explain"],
            [10, 4, 2, 1, 2, 1, 2],
        )[0]
        if verb == "schedule":
            self.schedule(workload.pod())
        elif verb == "explain":
            agree(self.scheduler, self.oracle, workload.pod())
        elif verb == "remove" and self.placed:
            key = workload.pick(*sorted(self.placed))
            self.placed.discard(key)
            self.scheduler.remove_pod(key)
            self.oracle.remove_pod(key)
        elif verb == "add_pod" and self.nodes:
            pod = workload.bound_pod(workload.pick(*self.nodes))
            self.placed.add(key_of(pod))
            self.scheduler.add_pod(pod)
            self.oracle.add_pod(pod)
        else:
            self.change_node(verb, workload)

    def schedule(self, pod: dict[str, Any]) -> None:
        want = self.oracle.schedule(pod)
        decision = self.scheduler.schedule(pod)
        assert decision.node == want
        if want is None:
            assert decision.message == self.oracle.explain(pod)["message"]
        else:
            self.placed.add(key_of(pod))

    def change_node(self, verb: str, workload: Workload) -> None:
        if verb == "add_node":
            node = workload.node()
            self.nodes.append(node["metadata"]["name"])
            self.scheduler.add_node(node)
            self.oracle.add_node(node)
        elif verb == "update_node" and self.nodes:
            node = workload.node(workload.pick(*self.nodes))
            self.scheduler.update_node(node)
            self.oracle.update_node(node)
        elif verb == "remove_node" and len(self.nodes) > 1:
            name = workload.pick(*self.nodes)
            self.nodes.remove(name)
            gone = self.oracle.remove_node(name)
            assert self.scheduler.remove_node(name) == gone
            self.placed -= set(gone)


def make_pair(seed: int, kernels: str = "") -> tuple[Workload, Pair]:
    workload = Workload(Random(seed))
    config = workload.config()
    objects = workload.objects(workload.rng.randint(1, 8), workload.rng.randint(0, 6))
    placed = {key_of(obj) for obj in objects if obj["kind"] == "Pod"}
    nodes = [obj["metadata"]["name"] for obj in objects if obj["kind"] == "Node"]
    scheduler = ks.Scheduler(objects, config, kernels=kernels)
    return workload, Pair(scheduler, OracleScheduler(objects, config), placed, nodes)


@settings(max_examples=60)
@given(seeds)
def test_a_long_run_of_events_stays_with_the_twin(seed: int) -> None:
    workload, pair = make_pair(seed)
    for _ in range(25):
        pair.step(workload)


@settings(max_examples=25)
@given(seeds)
def test_forks_go_their_own_ways(seed: int) -> None:
    workload, first = make_pair(seed)
    for _ in range(5):
        first.step(workload)
    second = first.fork()
    for _ in range(12):
        workload.pick(first, second).step(workload)
    third = second.fork()
    for _ in range(8):
        workload.pick(first, second, third).step(workload)


@pytest.mark.soak
@settings(max_examples=1500)
@given(seeds)
def test_very_many_long_runs_stay_with_the_twin(seed: int) -> None:
    workload, pair = make_pair(seed)
    for _ in range(60):
        pair.step(workload)


@pytest.mark.parametrize("kernels", available_kernels())
@pytest.mark.parametrize("num_nodes", [1, 7, 63, 64, 65, 129])
def test_every_back_end_gives_the_same_answers(kernels: str, num_nodes: int) -> None:
    workload = Workload(Random(num_nodes))
    objects = workload.objects(num_nodes, num_nodes)
    forced = ks.Scheduler(objects, kernels=kernels)
    portable = ks.Scheduler(objects, kernels="portable")
    for _ in range(60):
        pod = workload.pod()
        assert canonical(forced.explain(pod).to_dict()) == canonical(portable.explain(pod).to_dict())
        assert forced.schedule(pod) == portable.schedule(pod)
