"""Rankings kept from pod to pod against scans and against asking every plugin, all driven alike.

Three schedulers see the same events: one whose budget holds only a few rankings, so that specs give way to one another,
one that keeps none, and one that asks every plugin, which test_twin.py compares with the slow twin. On smaller clusters
the slow twin is beside them, and a further budget holds one ranking.
"""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kubesched as ks
from kubesched.engine import available_kernels
from kubesched.errors import ConfigError
from tests.builders import make_node, make_pod
from tests.oracle.scheduler import OracleScheduler, key_of
from tests.workloads import Workload

seeds = st.integers(0, 2**32 - 1)
ROOM_FOR_THREE = 3 * 2500


def plain(pod: dict[str, Any]) -> dict[str, Any]:
    """Take away host ports and what depends on other pods."""
    pod["spec"].pop("topologySpreadConstraints", None)
    for kind in ("podAffinity", "podAntiAffinity"):
        pod["spec"].get("affinity", {}).pop(kind, None)
    for container in pod["spec"]["containers"] + pod["spec"].get("initContainers", []):
        container.pop("ports", None)
    return pod


class Trio:
    """Schedulers that differ in how they find the best node, and in nothing else."""

    def __init__(self, schedulers: list[ks.Scheduler], pods: list[str], nodes: list[str]) -> None:
        self.schedulers, self.pods, self.nodes = schedulers, pods, nodes

    @classmethod
    def make(cls, workload: Workload, num_nodes: int, kernels: str = "") -> Trio:
        nodes = [workload.node() for _ in range(num_nodes)]
        config = workload.config() if workload.maybe(0.3) else None
        tie_break = workload.pick("first", "random")
        budgets = (workload.pick(ROOM_FOR_THREE, 2**28), 0, None)
        made = [
            ks.Scheduler(nodes, config, tie_break=tie_break, seed=7, kernels=kernels, ranking_bytes=budget)
            for budget in budgets
        ]
        return cls(made, [], [node["metadata"]["name"] for node in nodes])

    def fork(self) -> Trio:
        return Trio([s.fork() for s in self.schedulers], list(self.pods), list(self.nodes))

    def all(self, call: Any) -> Any:
        first, *rest = [call(scheduler) for scheduler in self.schedulers]
        assert all(answer == first for answer in rest)
        return first

    def schedule(self, pod: dict[str, Any]) -> None:
        if self.all(lambda s: s.schedule(pod)).node is not None:
            self.pods.append(f"{pod['metadata']['namespace']}/{pod['metadata']['name']}")

    def schedule_many(self, pods: list[dict[str, Any]]) -> None:
        def call(scheduler: ks.Scheduler) -> Any:
            placements = scheduler.schedule_many(pods)
            return placements.node_names, dict(placements.messages)

        names, _ = self.all(call)
        keys = [f"{pod['metadata']['namespace']}/{pod['metadata']['name']}" for pod in pods]
        self.pods += [key for key, name in zip(keys, names, strict=True) if name is not None]

    def remove(self, workload: Workload) -> None:
        key = self.pods.pop(workload.rng.randrange(len(self.pods)))
        self.all(lambda s: s.remove_pod(key))

    def remove_many(self, workload: Workload) -> None:
        gone = workload.rng.sample(self.pods, workload.rng.randint(0, min(9, len(self.pods))))
        self.pods = [key for key in self.pods if key not in gone]
        self.all(lambda s: s.remove_pods(gone))

    def change_nodes(self, workload: Workload) -> None:
        verb = workload.pick("add", "update", "update", "remove")
        if verb == "add":
            node = workload.node()
            self.nodes.append(node["metadata"]["name"])
            self.all(lambda s: s.add_node(node))
        elif verb == "update":
            node = workload.node(workload.pick(*self.nodes))
            self.all(lambda s: s.update_node(node))
        elif len(self.nodes) > 1:
            name = self.nodes.pop(workload.rng.randrange(len(self.nodes)))
            gone = self.all(lambda s: s.remove_node(name))
            self.pods = [key for key in self.pods if key not in gone]


class Quartet(Trio):
    """The same with room for one spec at a time, and the slow twin beside them."""

    ONE_SPEC = 256  # a block of nodes: enough to begin with, and less than one spec takes

    def __init__(
        self, schedulers: list[ks.Scheduler], oracle: OracleScheduler, pods: list[str], nodes: list[str]
    ) -> None:
        super().__init__(schedulers, pods, nodes)
        self.oracle = oracle

    @classmethod
    def make(cls, workload: Workload, num_nodes: int, kernels: str = "") -> Quartet:
        nodes = [workload.node() for _ in range(num_nodes)]
        config = workload.config() if workload.maybe(0.3) else None
        budgets = (cls.ONE_SPEC, 2**28, 0, None)
        made = [ks.Scheduler(nodes, config, kernels=kernels, ranking_bytes=budget) for budget in budgets]
        return cls(made, OracleScheduler(nodes, config), [], [node["metadata"]["name"] for node in nodes])

    def fork(self) -> Quartet:
        return Quartet([s.fork() for s in self.schedulers], self.oracle.fork(), list(self.pods), list(self.nodes))

    def all(self, call: Any) -> Any:
        """What tells of nodes is asked of the twin as well; what it answers to many pods is asked one by one."""
        answer = super().all(call)
        want = call(self.oracle)
        assert want == (answer.node if isinstance(answer, ks.Decision) else answer)
        return answer

    def schedule_many(self, pods: list[dict[str, Any]]) -> None:
        names = super().all(lambda s: s.schedule_many(pods).node_names)
        assert names == [self.oracle.schedule(pod) for pod in pods]
        self.pods += [key_of(pod) for pod, name in zip(pods, names, strict=True) if name is not None]

    def remove_many(self, workload: Workload) -> None:
        for _ in range(workload.rng.randint(0, min(9, len(self.pods)))):
            self.remove(workload)


def related(workload: Workload) -> dict[str, Any]:
    """A pod that is spread over domains, or drawn to or kept from others, and asks for little else."""
    pod = plain(workload.pod())
    kind = workload.pick("spread", "podAffinity", "podAntiAffinity")
    if kind == "spread":
        pod["spec"]["topologySpreadConstraints"] = [workload.spread() for _ in range(workload.pick(1, 2))]
    else:
        pod["spec"]["affinity"] = {kind: workload.pod_affinity()}
    return pod


class Source:
    """Pods of a few specs, as deployments bring them."""

    def __init__(self, workload: Workload, num_specs: int) -> None:
        self.workload = workload
        self.specs = [self.spec() for _ in range(num_specs)]
        self.count = 0

    def spec(self) -> dict[str, Any]:
        if self.workload.maybe(0.1):
            return self.workload.pod()
        return related(self.workload) if self.workload.maybe(0.4) else plain(self.workload.pod())

    def pod(self) -> dict[str, Any]:
        spec = self.specs[min(int(self.workload.rng.expovariate(0.4)), len(self.specs) - 1)]
        self.count += 1
        return {**spec, "metadata": {**spec["metadata"], "name": f"copy-{self.count}"}}


def run(trio: Trio, source: Source, num_steps: int) -> None:
    workload = source.workload
    for _ in range(num_steps):
        verb = workload.rng.choices(["schedule", "many", "remove", "leave", "nodes"], [10, 2, 6, 1, 1])[0]
        if verb == "schedule":
            trio.schedule(source.pod())
        elif verb == "many":
            trio.schedule_many([source.pod() for _ in range(workload.rng.randint(1, 30))])
        elif verb == "remove" and trio.pods:
            trio.remove(workload)
        elif verb == "leave":
            trio.remove_many(workload)
        elif verb == "nodes":
            trio.change_nodes(workload)


@settings(max_examples=60)
@given(seeds)
def test_a_long_run_gives_the_same_decisions_however_the_best_is_found(seed: int) -> None:
    workload = Workload(Random(seed))
    trio = Trio.make(workload, workload.pick(1, 7, 40, 64, 65, 130, 300))
    run(trio, Source(workload, workload.rng.randint(1, 12)), 40)


@settings(max_examples=20)
@given(seeds)
def test_forks_rank_on_their_own(seed: int) -> None:
    workload = Workload(Random(seed))
    source = Source(workload, workload.rng.randint(1, 6))
    first = Trio.make(workload, workload.pick(7, 65, 257))
    run(first, source, 10)
    second = first.fork()
    for _ in range(6):
        run(workload.pick(first, second), source, 5)


@settings(max_examples=12)
@given(seeds)
def test_specs_that_push_one_another_out_stay_with_the_twin(seed: int) -> None:
    workload = Workload(Random(seed))
    first = Quartet.make(workload, workload.pick(12, 30, 63, 64, 65))
    source = Source(workload, workload.rng.randint(2, 4))
    run(first, source, 8)
    second = first.fork()
    for _ in range(4):
        run(workload.pick(first, second), source, 4)


@pytest.mark.soak
@settings(max_examples=500)
@given(seeds)
def test_very_many_runs_of_specs_that_push_one_another_out(seed: int) -> None:
    workload = Workload(Random(seed))
    quartets = [Quartet.make(workload, workload.rng.randint(1, 90))]
    source = Source(workload, workload.rng.randint(2, 8))
    for _ in range(12):
        run(workload.pick(*quartets), source, 6)
        if workload.maybe(0.2):
            quartets.append(workload.pick(*quartets).fork())


@pytest.mark.soak
@settings(max_examples=1000)
@given(seeds)
def test_very_many_long_runs_give_the_same_decisions(seed: int) -> None:
    workload = Workload(Random(seed))
    trio = Trio.make(workload, workload.rng.randint(1, 700))
    run(trio, Source(workload, workload.rng.randint(1, 30)), 150)


@pytest.mark.parametrize("kernels", available_kernels())
@pytest.mark.parametrize("num_nodes", [1, 7, 63, 64, 65, 255, 256, 257, 600])
def test_every_back_end_gives_the_same_decisions_at_odd_sizes(kernels: str, num_nodes: int) -> None:
    workload = Workload(Random(num_nodes))
    trio = Trio.make(workload, num_nodes, kernels)
    run(trio, Source(workload, 5), 25)


def test_amounts_that_doubles_do_not_hold_are_compared_as_integers() -> None:
    big = [make_node(f"n{i}", cpu="4", memory=f"{2**43 + i}") for i in range(3)]
    pods = [make_pod(f"p{i}", cpu="1m", memory="1Gi") for i in range(30)]
    want = ks.Scheduler(big, ranking_bytes=None).schedule_many(pods)
    assert (ks.Scheduler(big).schedule_many(pods).node_index == want.node_index).all()


def test_a_node_that_is_gone_is_not_counted_behind_the_last() -> None:
    scheduler = ks.Scheduler([make_node(f"n{i}") for i in range(9)], ranking_bytes=0)
    assert scheduler.schedule(make_pod("a", cpu="1")).feasible_nodes == 9
    scheduler.remove_node("n8")
    assert scheduler.schedule(make_pod("b", cpu="1")).feasible_nodes == 8


@pytest.mark.parametrize("value", [-1, 2**63])
def test_a_budget_that_is_no_amount_of_memory_is_refused(value: int) -> None:
    with pytest.raises(ConfigError, match=f"ranking_bytes must be None or an integer in .*, got {value}"):
        ks.Scheduler([], ranking_bytes=value)
