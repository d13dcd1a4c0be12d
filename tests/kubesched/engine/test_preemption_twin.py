"""Preemption against the slow twin: random clusters with priorities, budgets, nominated and leaving pods."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kubesched as ks
from tests.builders import plugin_args
from tests.oracle.cluster import key_of
from tests.oracle.preemption import PreemptingOracle
from tests.workloads import APPS, NAMESPACES, Workload

Manifest = dict[str, Any]
seeds = st.integers(0, 2**32 - 1)


class Crowd(Workload):
    """Small nodes, full of pods that differ in priority and age."""

    def node(self, name: str | None = None) -> Manifest:
        node = super().node(name)
        if self.maybe(0.8):
            node["status"]["allocatable"] |= {
                "cpu": self.pick("1", "2"),
                "memory": "4Gi",
                "pods": self.pick("3", "5", "110"),
            }
            node["spec"] = {}
        return node

    def pod(self) -> Manifest:
        pod = super().pod()
        pod["spec"]["priority"] = self.pick(0, 0, 1, 10, -5, 1000)
        if self.maybe(0.1):
            pod["spec"]["preemptionPolicy"] = self.pick("Never", "PreemptLowerPriority")
        return pod

    def bound_pod(self, node: str) -> Manifest:
        pod = super().bound_pod(node)
        pod["metadata"].pop("deletionTimestamp", None)
        pod["status"] = {}
        if self.maybe(0.9):
            pod["status"]["startTime"] = f"2026-01-{self.rng.randint(1, 28):02}T00:00:{self.rng.randint(0, 59):02}Z"
        if self.maybe(0.1):
            pod["metadata"]["deletionTimestamp"] = "2026-02-01T00:00:00Z"
        if self.maybe(0.15):
            reason, status = (
                self.pick("PreemptionByScheduler", "EvictionByEvictionAPI"),
                self.pick("True", "True", "False"),
            )
            pod["status"]["conditions"] = [{"type": "DisruptionTarget", "status": status, "reason": reason}]
        return pod

    def pending(self, nodes: list[str]) -> Manifest:
        pod = self.pod()
        pod["spec"]["priority"] = self.pick(1, 10, 1000, 5000)
        if self.maybe(0.3):
            pod["status"] = {"nominatedNodeName": self.pick(*nodes, "gone")}
        return pod

    def budget(self, i: int) -> Manifest:
        status: Manifest = {"disruptionsAllowed": self.pick(0, 0, 1, 2)}
        if self.maybe(0.3):
            status["disruptedPods"] = {f"pod-{self.rng.randrange(10)}": "2026-01-01T00:00:00Z"}
        return {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": f"budget-{i}", "namespace": self.pick(*NAMESPACES)},
            "spec": {"selector": self.pick({"matchLabels": {"app": self.pick(*APPS)}}, {}, self.selector())},
            "status": status,
        }


def crowded(seed: int) -> tuple[Crowd, list[Manifest], list[str]]:
    crowd = Crowd(Random(seed))
    objects = crowd.objects(crowd.rng.randint(1, 5), crowd.rng.randint(2, 14))
    nodes = [obj["metadata"]["name"] for obj in objects if obj["kind"] == "Node"]
    objects += [crowd.budget(i) for i in range(crowd.pick(0, 0, 1, 3))]
    if crowd.maybe(0.4):
        guest = crowd.pending(nodes)
        guest["status"] = {"nominatedNodeName": crowd.pick(*nodes)}
        objects.append(guest)
    return crowd, objects, nodes


def answers(got: Manifest, want: Manifest) -> None:
    verdicts = {
        name: (verdict["code"], sorted(verdict["reasons"])) for name, verdict in (got.get("rejected") or {}).items()
    }
    if not got.get("preFilter"):
        assert verdicts == {
            name: (code if reasons else "PreFilterResult", sorted(reasons))
            for name, (code, reasons) in want["rejected"].items()
        }
    for field in ("nominated", "victims", "postFilter"):
        assert (got.get(field) or None) == (want.get(field) or None), field


@settings(max_examples=200)
@given(seeds)
def test_the_dry_run_is_the_twins(seed: int) -> None:
    crowd, objects, nodes = crowded(seed)
    scheduler, oracle = ks.Scheduler(objects), PreemptingOracle(objects)
    for _ in range(3):
        pod = crowd.pending(nodes)
        answers(scheduler.explain(pod).to_dict(), oracle.explain(pod))


def run(seed: int, steps: int) -> None:
    """Preempt, gracefully or at once, while pods leave."""
    crowd, objects, _ = crowded(seed)
    scheduler, oracle = ks.Scheduler(objects), PreemptingOracle(objects)
    immediate = crowd.maybe(0.5)
    for _ in range(steps):
        if crowd.maybe(0.3) and oracle.cluster.node_of:
            key = crowd.pick(*sorted(oracle.cluster.node_of))
            scheduler.remove_pod(key)
            oracle.cluster.remove_pod(key)
            continue
        pod = crowd.pod()
        answers(scheduler.explain(pod).to_dict(), oracle.explain(pod))
        want = oracle.schedule(pod, immediate=immediate)
        got = scheduler.schedule(pod, preempt="immediate" if immediate else "graceful")
        assert got.node == want
        assert scheduler.nominations == {key: node for key, (_, node) in oracle.nominated.items()}
        assert scheduler.num_pods == len(oracle.cluster.node_of)


@settings(max_examples=60)
@given(seeds)
def test_a_run_of_preemptions_stays_with_the_twin(seed: int) -> None:
    run(seed, 10)


@pytest.mark.soak
@settings(max_examples=2000)
@given(seeds)
def test_very_many_runs_of_preemptions_stay_with_the_twin(seed: int) -> None:
    run(seed, 30)


@settings(max_examples=40)
@given(seeds)
def test_a_batch_preempts_as_its_pods_do_one_by_one(seed: int) -> None:
    crowd, objects, _ = crowded(seed)
    pods = [crowd.pod() for _ in range(8)]
    one, many = ks.Scheduler(objects), ks.Scheduler(objects)
    policy = crowd.pick("graceful", "immediate")
    decisions = [one.schedule(pod, preempt=policy) for pod in pods]
    placements = many.schedule_many(pods, preempt=policy)
    assert placements.node_names == [decision.node for decision in decisions]
    assert placements.preemptions == {i: d.preemption for i, d in enumerate(decisions) if d.preemption is not None}
    assert many.nominations == one.nominations


@settings(max_examples=40)
@given(seeds, st.integers(0, 2**64 - 1))
def test_a_drawn_search_ends_on_a_candidate_of_the_best_rank(seed: int, chance: int) -> None:
    """Few candidates, from a drawn start: what is chosen is a node where the twin finds the same victims."""
    crowd, objects, nodes = crowded(seed)
    config = plugin_args("DefaultPreemption", minCandidateNodesPercentage=1, minCandidateNodesAbsolute=1)
    scheduler, oracle = ks.Scheduler(objects, config, tie_break="random", seed=chance), PreemptingOracle(objects)
    pod = crowd.pending(nodes)
    got, want = scheduler.explain(pod).to_dict(), oracle.explain(pod)
    assert bool(got.get("nominated")) == bool(want.get("nominated"))
    if got.get("nominated"):
        candidate = oracle._candidate(pod, got["nominated"])
        assert not isinstance(candidate, list)
        assert [key_of(victim) for victim in candidate.victims] == got["victims"]
    again = ks.Scheduler(objects, config, tie_break="random", seed=chance)
    assert again.explain(pod).to_dict() == got
