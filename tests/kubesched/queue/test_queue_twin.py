"""kubesched.SchedulingQueue against the slow twin, on random scripts."""

from __future__ import annotations

import copy
from dataclasses import asdict
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import kubesched as ks
from tests.builders import make_bound_pod, make_node, make_pod
from tests.oracle.queue import SECOND, Entry, OracleQueue
from tests.oracle.queue_hints import EVENTS

Manifest = dict[str, Any]
PLUGINS = sorted(set(EVENTS) - {"SchedulingGates", "DefaultPreemption"})
VERBS = {
    "add": 8,
    "pop": 10,
    "fail": 12,
    "done": 2,
    "update": 5,
    "delete": 2,
    "node": 5,
    "bound pod": 4,
    "activate": 2,
    "preempting": 1,
    "tick": 8,
}


class Script:
    """Both queues, driven alike by seeded chance."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        start = self.rng.choice([0, 123_456_789, 10 * SECOND])
        initial, longest = self.rng.choice([(1, 10), (1, 1), (3, 7), (2, 100)])
        early = self.rng.random() < 0.7
        leftover = self.rng.choice([300, 20])
        config = {"podInitialBackoffSeconds": initial, "podMaxBackoffSeconds": longest}
        self.queue = ks.SchedulingQueue(
            config, start_ns=start, max_in_unschedulable_seconds=leftover, pop_from_backoff=early
        )
        self.twin = OracleQueue(initial * SECOND, longest * SECOND, leftover * SECOND, early, start)
        self.now = start
        self.known: dict[str, Manifest] = {}
        self.popped: list[tuple[Any, Entry]] = []
        self.nodes: dict[str, Manifest] = {}
        self.bound: dict[str, Manifest] = {}

    def random_pod(self, name: str) -> Manifest:
        rng = self.rng
        pod = make_pod(name, cpu=rng.choice(["0", "1", "3"]), labels=rng.choice([{}, {"app": "a"}]))
        pod["spec"]["priority"] = rng.choice([0, 0, 5, 10])
        pod["spec"]["nodeSelector"] = rng.choice([{}, {"zone": "a"}])
        pod["spec"]["tolerations"] = rng.choice([[], [{"key": "k", "operator": "Exists"}]])
        pod["spec"]["schedulingGates"] = rng.choice([[], [], [], [{"name": "g"}]])
        pod["status"] = rng.choice([{}, {}, {"nominatedNodeName": "n0"}])
        if rng.random() < 0.3:
            pod["metadata"]["uid"] = f"{name}-{rng.randint(0, 1)}"
        return pod

    def random_node(self, name: str) -> Manifest:
        rng = self.rng
        taints = rng.choice([[], [], [{"key": "k", "effect": "NoSchedule"}]])
        node = make_node(name, rng.choice([{}, {"zone": "a"}]), taints, cpu=rng.choice(["0", "2", "4"]))
        node["spec"]["unschedulable"] = rng.random() < 0.3
        return node

    def step(self) -> None:
        if self.rng.random() < 0.4:
            self.now += self.rng.choice([1, 100_000_000, 500_000_000, SECOND])
        verb = self.rng.choices(list(VERBS), list(VERBS.values()))[0]
        getattr(self, verb.replace(" ", "_"))()
        self.compare()

    def compare(self) -> None:
        got = {place: list(keys) for place, keys in asdict(self.queue.snapshot).items()}
        assert got == self.twin.snapshot()
        assert self.queue.incoming == dict(self.twin.incoming)

    def add(self) -> None:
        pod = self.random_pod(f"p{self.rng.randint(0, 7)}")
        self.known[pod["metadata"]["name"]] = pod
        self.queue.add(pod, self.now)
        self.twin.add(pod, self.now)

    def pop(self) -> None:
        got, want = self.queue.pop(self.now), self.twin.pop(self.now)
        assert (got is None) == (want is None)
        if got is None or want is None:
            return
        assert (got.key, got.attempts, got.timestamp_ns) == (want.key, want.attempts, want.timestamp)
        assert (got.unschedulable_count, got.consecutive_errors_count) == (want.unschedulable, want.errors)
        self.popped.append((got, want))

    def fail(self) -> None:
        if not self.popped:
            return
        got, want = self.popped.pop(self.rng.randrange(len(self.popped)))
        rejected_by = set(self.rng.sample(PLUGINS, self.rng.choice([0, 1, 1, 2])))
        pending = set(self.rng.sample(PLUGINS, self.rng.choice([0, 0, 0, 1])))
        took = self.twin.fail(want, self.now, rejected_by, pending)
        try:
            self.queue.add_unschedulable_if_not_present(
                got, self.now, unschedulable_plugins=rejected_by, pending_plugins=pending
            )
        except ks.StateError:
            assert not took
        else:
            assert took

    def done(self) -> None:
        if self.popped:
            got, want = self.popped.pop(0)
            self.queue.done(got)
            self.twin.done(want)

    def update(self) -> None:
        if not self.known:
            return
        name = self.rng.choice(sorted(self.known))
        old, new = self.known[name], self.random_pod(name)
        new["metadata"].pop("uid", None)
        if "uid" in old["metadata"]:
            new["metadata"]["uid"] = old["metadata"]["uid"]
        self.known[name] = new
        self.queue.update(old, new, self.now)
        self.twin.update(old, new, self.now)

    def delete(self) -> None:
        if self.known:
            pod = self.known.pop(self.rng.choice(sorted(self.known)))
            self.queue.delete(pod, self.now)
            self.twin.delete(pod, self.now)

    def node(self) -> None:
        name = f"n{self.rng.randint(0, 2)}"
        self.change("Node", self.nodes, name, self.random_node(name))

    def bound_pod(self) -> None:
        name = f"b{self.rng.randint(0, 2)}"
        pod = make_bound_pod(name, "n0", cpu=self.rng.choice(["0", "1", "3"]), labels=self.rng.choice([{}, {"a": "b"}]))
        self.change("AssignedPod", self.bound, name, pod)

    def change(self, resource: str, known: dict[str, Manifest], name: str, new: Manifest | None) -> None:
        old = known.get(name)
        if old is not None and self.rng.random() < 0.3:
            new = None
        self.queue.observe(old, new, self.now)
        self.twin.observe(resource, old, new, self.now)
        known.pop(name, None)
        if new is not None:
            known[name] = copy.deepcopy(new)

    def activate(self) -> None:
        if self.known:
            pod = self.known[self.rng.choice(sorted(self.known))]
            self.queue.activate([pod], self.now)
            self.twin.activate(pod, self.now)

    def preempting(self) -> None:
        for got, _ in self.popped[:1]:
            on = got.uid not in self.twin.preempting
            self.queue.set_preempting(got, on)
            self.twin.preempting ^= {got.uid}

    def tick(self) -> None:
        self.now += self.rng.choice([0, 1, SECOND // 2, SECOND, 3 * SECOND, 31 * SECOND, 301 * SECOND])
        self.queue.tick(self.now)
        self.twin.advance(self.now)


@settings(max_examples=150)
@given(st.integers(0, 2**32 - 1))
def test_queue_is_the_twins(seed: int) -> None:
    script = Script(seed)
    for _ in range(120):
        script.step()
