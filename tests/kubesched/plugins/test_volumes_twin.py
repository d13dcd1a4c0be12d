"""Pods with volumes against the slow twin, on random clusters with storage."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kubesched as ks
from tests.conformance.test_conformance import canonical
from tests.oracle.scheduler import OracleScheduler, key_of
from tests.volume_workloads import VolumeWorkload

seeds = st.integers(0, 2**32 - 1)


class Pair:
    """A scheduler and its twin, driven alike."""

    def __init__(self, scheduler: ks.Scheduler, oracle: OracleScheduler, placed: set[str]) -> None:
        self.scheduler, self.oracle, self.placed = scheduler, oracle, placed

    def fork(self) -> Pair:
        return Pair(self.scheduler.fork(), self.oracle.fork(), set(self.placed))

    def put(self, obj: dict[str, Any]) -> None:
        self.scheduler.put(obj)
        self.oracle.put(obj)

    def schedule(self, pod: dict[str, Any]) -> str | None:
        want = self.oracle.explain(pod)
        assert canonical(self.scheduler.explain(pod).to_dict()) == canonical(want)
        decision = self.scheduler.schedule(pod)
        assert (decision.node, decision.message) == (self.oracle.schedule(pod), want.get("message", ""))
        if decision.node is not None:
            self.placed.add(key_of(pod))
        return decision.node

    def step(self, workload: VolumeWorkload) -> None:
        verb = workload.rng.choices(
            ["schedule", "remove", "put", "remove_object", "add_node", "remove_node"], [12, 3, 4, 2, 1, 1]
        )[0]
        nodes = [node["metadata"]["name"] for node in self.oracle.cluster.nodes]
        if verb == "schedule":
            pod = workload.pod()
            for claim in workload.with_volumes(pod):
                self.put(claim)
            self.schedule(pod)
        elif verb == "remove" and self.placed:
            key = workload.pick(*sorted(self.placed))
            self.placed.discard(key)
            self.scheduler.remove_pod(key)
            self.oracle.remove_pod(key)
        elif verb == "put":
            self.put(workload.storage_change())
        elif verb == "remove_object" and self.oracle.cluster.storage:
            kind, key = workload.pick(*sorted(self.oracle.cluster.storage))
            self.scheduler.remove(kind, key)
            self.oracle.cluster.remove(kind, key)
        elif verb == "add_node":
            node = workload.node()
            self.scheduler.add_node(node)
            self.oracle.add_node(node)
        elif verb == "remove_node" and len(nodes) > 2:
            gone = self.oracle.remove_node(nodes[1])
            assert self.scheduler.remove_node(nodes[1]) == gone
            self.placed -= set(gone)


def make_pair(seed: int) -> tuple[VolumeWorkload, Pair]:
    workload = VolumeWorkload(Random(seed))
    num_nodes = workload.rng.randint(1, 7)
    objects = workload.objects(num_nodes, workload.rng.randint(0, 6))
    storage = workload.storage_objects(num_nodes)
    for obj in objects:
        if obj["kind"] == "Pod":
            storage += workload.with_volumes(obj)
    objects = [*objects, *storage] if workload.maybe(0.5) else [*storage, *objects]
    placed = {key_of(obj) for obj in objects if obj["kind"] == "Pod"}
    return workload, Pair(ks.Scheduler(objects), OracleScheduler(objects), placed)


@settings(max_examples=150)
@given(seeds)
def test_volumes_are_decided_as_the_twin_does(seed: int) -> None:
    workload, pair = make_pair(seed)
    for _ in range(12):
        pair.step(workload)


@settings(max_examples=30)
@given(seeds)
def test_forks_bind_their_own_claims(seed: int) -> None:
    workload, first = make_pair(seed)
    for _ in range(4):
        first.step(workload)
    second = first.fork()
    for _ in range(14):
        workload.pick(first, second).step(workload)


@pytest.mark.soak
@settings(max_examples=3000)
@given(seeds)
def test_very_many_volumes_are_decided_as_the_twin_does(seed: int) -> None:
    workload, pair = make_pair(seed)
    for _ in range(30):
        pair.step(workload)
