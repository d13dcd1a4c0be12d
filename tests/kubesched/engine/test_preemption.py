"""DefaultPreemption rule by rule: who may preempt, who has to go, which node is chosen, and what bad input says."""

from __future__ import annotations

from typing import Any

import pytest

import kubesched as ks
from tests.builders import make_bound_pod, make_node, make_pod, plugin_args

Manifest = dict[str, Any]
DAY = "2026-01-{:02}T00:00:00Z"


def victim(name: str, node: str, priority: int = 0, day: int = 1, cpu: str = "2", **labels: str) -> Manifest:
    pod = make_bound_pod(name, node, cpu=cpu, priority=priority)
    pod["metadata"]["labels"] = labels
    pod["status"] = {"startTime": DAY.format(day)}
    return pod


def budget(name: str, allowed: int, selector: Any = None, **status: Any) -> Manifest:
    selector = {"matchLabels": {"budget": name}} if selector is None else selector
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"selector": selector},
        "status": {"disruptionsAllowed": allowed, **status},
    }


def preempt(objects: list[Manifest], **pod: Any) -> dict[str, Any]:
    nodes = sorted({obj["spec"]["nodeName"] for obj in objects if obj["kind"] == "Pod"})
    scheduler = ks.Scheduler([*(make_node(name, cpu="4") for name in nodes), *objects])
    return scheduler.explain(make_pod("p", **{"cpu": "4", "priority": 100, **pod})).to_dict()


@pytest.mark.parametrize(("objects", "want_node"), [
    pytest.param([victim("a", "n0", budget="x"), victim("b", "n1", 9), budget("x", 0)], "n1", id="fewest broken budgets, before all else"),
    pytest.param([victim("a", "n0", 5), victim("b", "n1", 3), victim("c", "n1", 3)], "n1", id="lowest highest priority, though more go"),
    pytest.param([victim("a", "n0", 5), victim("b", "n0", 4), victim("c", "n1", 5), victim("d", "n1", 3)], "n1", id="lowest sum of priorities"),
    pytest.param([victim("a", "n0", -2**31, cpu="2"), victim("b", "n0", 5), victim("c", "n1", 5, cpu="4")], "n1", id="fewest victims where sums are equal"),
    pytest.param([victim("a", "n0", day=3), victim("b", "n1", day=9)], "n1", id="the latest of the earliest starts"),
    pytest.param([victim("a", "n0", day=3), victim("a2", "n0", day=20), victim("b", "n1", day=4), victim("b2", "n1", day=5)], "n1", id="the earliest start counts, not the latest"),
    pytest.param([victim("a", "n0", 5, day=9), victim("a2", "n0", 1, day=1), victim("b", "n1", 5, day=8), victim("b2", "n1", 1, day=7)], "n0", id="only starts of the highest priority count"),
    pytest.param([victim("a", "n0"), victim("b", "n1")], "n0", id="the first of equals"),
])  # fmt: skip
def test_six_rules_choose_the_node(objects: list[Manifest], want_node: str) -> None:
    assert preempt(objects)["nominated"] == want_node


@pytest.mark.parametrize(("cpu", "objects", "want_victims"), [
    pytest.param("2", [victim("low", "n0", 1), victim("high", "n0", 5)], ["low"], id="the more important stays"),
    pytest.param("2", [victim("young", "n0", day=9), victim("old", "n0", day=2)], ["young"], id="the longer running stays"),
    pytest.param("2", [victim("budgeted", "n0", 1, budget="x"), victim("free", "n0", 5), budget("x", 0)], ["free"], id="a budget stands before importance"),
    pytest.param("2", [victim("budgeted", "n0", 1, budget="x"), victim("free", "n0", 5), budget("x", 1)], ["budgeted"], id="a budget that allows it does not"),
    pytest.param("3", [victim("a", "n0", 5, cpu="2"), victim("b", "n0", 4, cpu="1"), victim("c", "n0", 3, cpu="1")], ["a", "c"], id="what still fits comes back"),
    pytest.param("4", [victim("same", "n0", 100)], None, id="equal priority never goes"),
])  # fmt: skip
def test_victims_come_back_in_order(cpu: str, objects: list[Manifest], want_victims: list[str] | None) -> None:
    got = preempt(objects, cpu=cpu)
    want = None if want_victims is None else [f"default/{name}" for name in want_victims]
    assert (got.get("victims") or None) == want


@pytest.mark.parametrize(("selector", "status", "labels", "is_kept"), [
    pytest.param(None, {}, {"budget": "x"}, True, id="covers"),
    pytest.param({}, {}, {"budget": "x"}, False, id="an empty selector covers nobody"),
    pytest.param({"matchExpressions": [{"key": "gone", "operator": "DoesNotExist"}]}, {}, {}, False, id="a pod without labels is covered by none"),
    pytest.param(None, {"disruptedPods": {"kept": DAY.format(1)}}, {"budget": "x"}, False, id="a pod that is on its way out already"),
])  # fmt: skip
def test_what_a_budget_covers(selector: Any, status: Manifest, labels: dict[str, str], is_kept: bool) -> None:
    kept = victim("kept", "n0", 1)
    kept["metadata"]["labels"] = labels
    pods = [kept, victim("other", "n0", 5)]
    got = preempt([*pods, budget("x", 0, selector, **status)], cpu="2")
    assert got["victims"] == (["default/other"] if is_kept else ["default/kept"])


@pytest.mark.parametrize(("pod", "status", "want"), [
    pytest.param({"preemptionPolicy": "Never"}, {}, "not eligible due to preemptionPolicy=Never.", id="never"),
    pytest.param({"nodeName": None, "nominated": "n0"}, {"reason": "PreemptionByScheduler", "status": "True"},
                 "not eligible due to a terminating pod on the nominated node.", id="its victims are on their way out"),
    pytest.param({"nominated": "n0"}, {"reason": "EvictionByEvictionAPI", "status": "True"}, "n0", id="evicted by somebody else"),
    pytest.param({"nominated": "n0"}, {"reason": "PreemptionByScheduler", "status": "False"}, "n0", id="no longer"),
    pytest.param({"nominated": "n1"}, {"reason": "PreemptionByScheduler", "status": "True"}, "n0", id="on another node"),
    pytest.param({"nominated": "n0", "nodeSelector": {"kubernetes.io/hostname": "n1"}}, {"reason": "PreemptionByScheduler", "status": "True"}, "n1", id="its node is out of reach"),
])  # fmt: skip
def test_who_may_preempt(pod: Manifest, status: Manifest, want: str) -> None:
    leaving = victim("leaving", "n0")
    leaving["metadata"]["deletionTimestamp"] = DAY.format(20)
    leaving["status"]["conditions"] = [{"type": "DisruptionTarget", **status}]
    nominated = pod.pop("nominated", None)
    pod.pop("nodeName", None)
    scheduler = ks.Scheduler([make_node("n0", cpu="2"), make_node("n1", cpu="2"), leaving, victim("v", "n1", 9)])
    asking = make_pod("p", cpu="2", priority=100, **pod)
    if nominated:
        asking["status"] = {"nominatedNodeName": nominated}
    got = scheduler.explain(asking).to_dict()
    assert got.get("nominated") == want or got["postFilter"].endswith(f"preemption: {want}")


def test_few_candidates_are_looked_at_in_node_order() -> None:
    config = plugin_args("DefaultPreemption", minCandidateNodesPercentage=0, minCandidateNodesAbsolute=2)
    pods = [victim(f"v{i}", f"n{i}", 9 - i) for i in range(6)]
    scheduler = ks.Scheduler([*(make_node(f"n{i}", cpu="4") for i in range(6)), *pods], config)
    assert scheduler.explain(make_pod("p", cpu="4", priority=100)).to_dict()["nominated"] == "n1"


def test_victims_keep_their_room_until_they_are_removed() -> None:
    scheduler = ks.Scheduler([make_node("n0", cpu="4"), victim("a", "n0"), victim("b", "n0", 1)])
    first = scheduler.schedule(make_pod("p", cpu="2", priority=10), preempt=True)
    assert first.preemption is not None
    assert (first.node, first.preemption.victims) == (None, ("default/a",))
    again = scheduler.schedule(make_pod("p", cpu="2", priority=10), preempt=True)
    assert again.preemption is not None
    assert again.preemption.message.endswith("not eligible due to a terminating pod on the nominated node.")
    scheduler.remove_pod("default/a")
    assert scheduler.schedule(make_pod("sly", cpu="2", priority=1)).node is None  # the room is the nominated pod's
    assert scheduler.schedule(make_pod("p", cpu="2", priority=10)).node == "n0"
    assert scheduler.nominations == {}


def test_a_higher_preemptor_clears_lower_nominations_on_its_node() -> None:
    scheduler = ks.Scheduler([make_node("n0", cpu="4"), victim("a", "n0", cpu="4")])
    scheduler.schedule(make_pod("p", cpu="4", priority=10), preempt=True)
    assert scheduler.nominations == {"default/p": "n0"}
    scheduler.schedule(make_pod("q", cpu="4", priority=20), preempt=True)
    assert scheduler.nominations == {"default/q": "n0"}
    scheduler.remove_pod("default/q")  # a pending pod that is deleted is nominated no more
    assert scheduler.nominations == {}


def test_a_batch_may_preempt_its_own_pods() -> None:
    scheduler = ks.Scheduler([make_node("n0", cpu="4")])
    pods = [make_pod(f"p{i}", cpu="4", priority=i) for i in range(3)]
    placements = scheduler.schedule_many(pods, preempt="immediate")
    assert placements.node_names == ["n0", "n0", "n0"]
    assert [p.victims for p in placements.preemptions.values()] == [("default/p0",), ("default/p1",)]
    assert scheduler.num_pods == 1


@pytest.mark.parametrize(("path", "value", "want"), [
    pytest.param(("status", "startTime"), "yesterday", "status.startTime must be an RFC 3339 time", id="start time"),
    pytest.param(("status", "startTime"), 5, "status.startTime must", id="start time as a number"),
    pytest.param(("status", "conditions"), {}, "status.conditions must", id="conditions"),
    pytest.param(("status",), [], "status must", id="status"),
    pytest.param(("spec", "priority"), "high", "spec.priority must", id="priority"),
    pytest.param(("spec", "priority"), 2**31, "spec.priority must", id="priority beyond 32 bits"),
    pytest.param(("spec", "preemptionPolicy"), "Sometimes", "spec.preemptionPolicy must", id="policy"),
])  # fmt: skip
def test_bad_pods_are_refused_and_change_nothing(path: tuple[str, ...], value: Any, want: str) -> None:
    scheduler = ks.Scheduler([make_node("n0")])
    pod = victim("v", "n0")
    pod["metadata"]["deletionTimestamp"] = DAY.format(2)
    *parents, last = path
    inner = pod
    for key in parents:
        inner = inner[key]
    inner[last] = value
    with pytest.raises(ks.ObjectError, match=f"^pod default/v: .*{want}"):
        scheduler.add_pod(pod)
    assert scheduler.num_pods == 0


@pytest.mark.parametrize(("change", "want"), [
    pytest.param({"status": {"disruptionsAllowed": "2"}}, "status.disruptionsAllowed must", id="allowed as text"),
    pytest.param({"status": {"disruptionsAllowed": 2**40}}, "status.disruptionsAllowed must", id="allowed beyond 32 bits"),
    pytest.param({"status": {"disruptedPods": ["a"]}}, "status.disruptedPods must", id="disrupted pods as a list"),
    pytest.param({"spec": {"selector": {"matchExpressions": [{"key": "a", "operator": "Is"}]}}}, "operator must", id="selector"),
    pytest.param({"spec": 3}, "spec must", id="spec"),
    pytest.param({"metadata": {"name": "Big"}}, "metadata.name must be a DNS subdomain name", id="name"),
    pytest.param({"metadata": {"name": "x", "namespace": "a.b"}}, "metadata.namespace must be a DNS label", id="namespace"),
])  # fmt: skip
def test_bad_budgets_are_refused_and_change_nothing(change: Manifest, want: str) -> None:
    objects = [make_node("n0", cpu="4"), victim("kept", "n0", 1, budget="x"), victim("other", "n0", 5), budget("x", 0)]
    scheduler = ks.Scheduler(objects)
    with pytest.raises(ks.ObjectError, match=f"poddisruptionbudget.*{want}"):
        scheduler.put({**budget("x", 9), **change})
    asking = make_pod("p", cpu="2", priority=100)
    assert scheduler.explain(asking).to_dict()["victims"] == ["default/other"]
    scheduler.remove("PodDisruptionBudget", "default/x")
    assert scheduler.explain(asking).to_dict()["victims"] == ["default/kept"]
    with pytest.raises(ks.StateError, match="PodDisruptionBudget must be in the cluster, got 'default/x'"):
        scheduler.remove("PodDisruptionBudget", "default/x")
