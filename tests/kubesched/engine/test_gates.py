"""SchedulingGates in decisions: who waits, with what message, and that nothing else moves."""

from __future__ import annotations

from typing import Any

import pytest

from kubesched import ObjectError, PodBatch, Scheduler, StateError
from tests.builders import make_node, make_pod

CONFIG = "kubescheduler.config.k8s.io/v1"


def gated(name: str, *gates: str, **spec: Any) -> dict[str, Any]:
    return make_pod(name, schedulingGates=[{"name": gate} for gate in gates], **spec)


def profiles(*listed: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": CONFIG, "kind": "KubeSchedulerConfiguration", "profiles": list(listed)}


def test_a_gated_pod_waits_and_takes_no_room() -> None:
    scheduler = Scheduler([make_node("n0", cpu="1")])
    decision = scheduler.schedule(gated("a", "example.com/quota", "b", cpu="1"), preempt=True)
    assert not decision
    assert decision.message == "waiting for scheduling gates: [example.com/quota b]"
    assert decision.code == "UnschedulableAndUnresolvable"
    assert decision.preemption is None
    assert (scheduler.num_pods, scheduler.nominations) == (0, {})
    assert scheduler.schedule(make_pod("a", cpu="1", schedulingGates=[])).node == "n0"


def test_explain_tells_both_what_it_waits_for_and_where_it_would_go() -> None:
    explanation = Scheduler([make_node("n0")]).explain(gated("a", "g"))
    assert explanation.node == "n0"
    assert explanation.to_dict()["preEnqueue"] == "waiting for scheduling gates: [g]"
    assert "waiting for scheduling gates: [g]; without them it would go to n0" in str(explanation)
    assert "preEnqueue" not in Scheduler([make_node("n0")]).explain(make_pod("a")).to_dict()


@pytest.mark.parametrize("as_templates", [False, True])
def test_the_rest_of_a_batch_is_placed_as_without_them(as_templates: bool) -> None:
    pods = [gated("a", "g"), make_pod("b", cpu="1"), gated("c", "h"), make_pod("d", cpu="1"), make_pod("e", cpu="2")]
    index = [0, 1, 2, 3, 4]
    batch = PodBatch.from_templates(pods, index, list("abcde")) if as_templates else PodBatch.from_manifests(pods)
    placed = Scheduler([make_node("n0", cpu="2"), make_node("n1", cpu="1")]).schedule_many(batch)
    alone = Scheduler([make_node("n0", cpu="2"), make_node("n1", cpu="1")]).schedule_many([pods[i] for i in (1, 3, 4)])
    assert placed.node_names == [None, alone.node_names[0], None, *alone.node_names[1:]]
    assert placed.pods == [f"default/{name}" for name in "abcde"]
    assert dict(placed.messages) == {
        0: "waiting for scheduling gates: [g]",
        2: "waiting for scheduling gates: [h]",
        4: alone.messages[2],
    }
    assert Scheduler([make_node("n0", cpu="2")]).schedule_many(batch[2:4]).node_names == [None, "n0"]


def test_victims_keep_their_place_in_a_batch_with_gates() -> None:
    scheduler = Scheduler([make_node("n0", cpu="1"), make_pod("low", cpu="1", nodeName="n0")])
    placed = scheduler.schedule_many([gated("a", "g"), make_pod("high", cpu="1", priority=5)], preempt="immediate")
    assert placed.node_names == [None, "n0"]
    assert placed.preemptions[1].victims == ("default/low",)


def test_a_profile_without_the_plugin_does_not_wait() -> None:
    off = {"schedulerName": "off", "plugins": {"preEnqueue": {"disabled": [{"name": "SchedulingGates"}]}}}
    scheduler = Scheduler([make_node("n0")], profiles({"schedulerName": "default-scheduler"}, off))
    assert not scheduler.schedule(gated("a", "g"))
    assert scheduler.schedule(gated("b", "g", schedulerName="off"))
    assert scheduler.fork().schedule(gated("c", "g")).message == "waiting for scheduling gates: [g]"
    assert Scheduler([make_node("n0")], profiles({"plugins": off["plugins"]})).schedule(gated("d", "g"))


@pytest.mark.parametrize(
    ("gates", "want"),
    [
        ("g", r"pod default/a: spec.schedulingGates must be a list, got 'g'"),
        ([{}], r"pod default/a: spec.schedulingGates\[0\].name must be a qualified name, got ''"),
        ([{"name": "g"}, {"name": "a b"}], r"pod default/a: spec.schedulingGates\[1\].name must be .* got 'a b'"),
        ([7], r"pod default/a: spec.schedulingGates\[0\] must be a mapping, got 7"),
    ],
)
def test_a_malformed_gate_is_named(gates: object, want: str) -> None:
    scheduler = Scheduler([make_node("n0")])
    for call in (scheduler.schedule, scheduler.explain, lambda pod: scheduler.schedule_many([pod])):
        with pytest.raises(ObjectError, match=want):
            call(make_pod("a", schedulingGates=gates))
    assert scheduler.num_pods == 0


def test_a_gated_pod_must_not_be_on_a_node_already() -> None:
    scheduler = Scheduler([make_node("n0"), make_pod("a", nodeName="n0")])
    with pytest.raises(StateError, match="default/a"):
        scheduler.schedule(gated("a", "g"))
