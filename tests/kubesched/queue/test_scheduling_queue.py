"""kubesched.SchedulingQueue: what the scripts do not show, and what it refuses."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import pytest

from kubesched import ConfigError, KubeschedError, ObjectError, SchedulingQueue, StateError
from kubesched.queue import ActionType, ClusterEvent, QueueCounts, QueuedPod
from tests.builders import make_bound_pod, make_node, make_pod

SECOND = 10**9
NODE_ADD = ClusterEvent("Node", ActionType.ADD)


def reject(queue: SchedulingQueue, *plugins: str, now_ns: int = 0) -> QueuedPod:
    """Pop a pod and put it back as rejected."""
    queued = queue.pop(now_ns)
    assert queued is not None
    queue.add_unschedulable_if_not_present(queued, now_ns, unschedulable_plugins=plugins)
    return queued


@pytest.mark.parametrize(
    ("initial", "longest", "errors", "want_seconds"),
    [
        pytest.param(1, 10, 1, 1, id="the first"),
        pytest.param(1, 10, 4, 8, id="doubled three times"),
        pytest.param(1, 10, 5, 10, id="at most the maximum"),
        pytest.param(3, 20, 70, 20, id="more doublings than bits"),
        pytest.param(7, 7, 1, 7, id="both the same"),
    ],
)
def test_backoff_of_errors(initial: int, longest: int, errors: int, want_seconds: int) -> None:
    queue = SchedulingQueue({"podInitialBackoffSeconds": initial, "podMaxBackoffSeconds": longest})
    queue.add(make_pod("a"), 0)
    for attempt in range(errors):
        now_ns = 1000 * attempt * SECOND
        queue.tick(now_ns)
        reject(queue, now_ns=now_ns)
    queued = queue.find("default/a")
    assert queued is not None
    assert queued.backoff_expiration_ns == (1000 * (errors - 1) + want_seconds) * SECOND
    assert queued.consecutive_errors_count == errors


def test_a_rejection_forgets_the_errors_before() -> None:
    queue = SchedulingQueue()
    queue.add(make_pod("a"), 0)
    reject(queue)
    queue.tick(5 * SECOND)
    queued = reject(queue, "NodeName", now_ns=5 * SECOND)
    assert (queued.unschedulable_count, queued.consecutive_errors_count, queued.attempts) == (1, 0, 2)
    assert queued.initial_attempt_ns == 0


def test_without_the_gate_backoff_is_exact_and_nothing_is_popped_early() -> None:
    queue = SchedulingQueue(pop_from_backoff=False)
    queue.add(make_pod("a"), 0)
    queued = queue.pop(0)
    assert queued is not None
    queue.add_unschedulable_if_not_present(queued, SECOND // 4)
    assert queued.backoff_expiration_ns == SECOND * 5 // 4
    assert queue.pop(SECOND) is None
    assert queue.counts == QueueCounts(0, 1, 0, 0)
    queue.tick(2 * SECOND)
    assert queue.counts == QueueCounts(1, 0, 0, 0)


def test_a_pod_that_gets_a_node_leaves_and_is_seen_by_the_others() -> None:
    queue = SchedulingQueue()
    queue.observe(None, make_pod("a"), 0)
    queue.observe(None, make_pod("b"), 0)
    events = queue.observe(make_pod("a"), make_bound_pod("a", "n"), 0)
    assert [event.label for event in events] == ["AssignedPodAdd"]
    assert queue.snapshot.active == ("default/b",)
    gone = queue.observe(make_bound_pod("a", "n"), None, 0)
    assert [event.label for event in gone] == ["AssignedPodDelete"]


def test_changes_of_a_node_are_told_apart() -> None:
    queue = SchedulingQueue()
    old, new = make_node("n", {"a": "1"}), make_node("n", {"a": "2"}, [{"key": "k", "effect": "NoSchedule"}], cpu="9")
    old["spec"]["unschedulable"] = True
    new["status"]["conditions"] = [{"type": "Ready", "status": "True"}]
    new["metadata"]["annotations"] = {"a": "b"}
    assert [event.label for event in queue.observe(old, new, 0)] == [
        "NodeUpdateNodeTaint",
        "NodeUpdateNodeAllocatable",
        "NodeUpdateNodeLabel",
        "NodeUpdateNodeTaint",
        "NodeUpdateNodeCondition",
        "NodeUpdateNodeAnnotation",
    ]
    heartbeat = {
        **new,
        "status": {**new["status"], "conditions": [{"type": "Ready", "status": "True", "lastHeartbeatTime": "x"}]},
    }
    assert queue.observe(new, heartbeat, 0) == []


def test_an_update_of_the_same_version_is_not_one() -> None:
    queue = SchedulingQueue()
    pod = make_pod("a")
    pod["metadata"]["resourceVersion"] = "7"
    queue.update(pod, pod, 0)
    assert queue.counts.active == 0


def test_a_pod_made_anew_while_it_was_tried_backs_off() -> None:
    queue = SchedulingQueue()
    old, new = make_pod("a"), make_pod("a")
    new["metadata"]["uid"] = "new"
    queue.add(old, 0)
    queued = queue.pop(0)
    assert queued is not None
    queue.add_unschedulable_if_not_present(queued, 0, unschedulable_plugins=["NodeName"], pod=new)
    assert (queue.snapshot.backoff, queue.snapshot.in_flight) == (("default/a",), ())


def test_a_claim_that_is_missing_gates_the_pod() -> None:
    queue = SchedulingQueue()
    pod = make_pod("a", resourceClaims=[{"name": "gpu", "resourceClaimName": "c"}])
    claim: dict[str, Any] = {"kind": "ResourceClaim", "metadata": {"name": "c", "namespace": "default"}}
    queue.add(pod, 0)
    queued = queue.find("default/a")
    assert queued is not None
    assert (queued.gating_plugin, queued.gating_reason) == (
        "DynamicResources",
        'could not find ResourceClaim "default/c"',
    )
    queue.observe(None, claim, 0)
    assert queue.snapshot.active == ("default/a",)


def test_a_generated_claim_must_be_the_pods_own() -> None:
    queue = SchedulingQueue()
    pod = make_pod("a", resourceClaims=[{"name": "gpu", "resourceClaimTemplateName": "t"}])
    queue.add(pod, 0)
    generated = {**pod, "status": {"resourceClaimStatuses": [{"name": "gpu", "resourceClaimName": "c"}]}}
    claim: dict[str, Any] = {"kind": "ResourceClaim", "metadata": {"name": "c", "namespace": "default"}}
    queue.observe(None, claim, 0)
    queue.update(pod, generated, 0)
    queued = queue.find("default/a")
    assert queued is not None
    assert queued.gating_reason == 'pod "default/a": ResourceClaim not created yet'
    claim["metadata"]["ownerReferences"] = [{"kind": "Pod", "name": "a", "controller": True}]
    queue.observe(None, claim, 0)
    assert queue.snapshot.active == ("default/a",)


def test_hints_of_the_caller() -> None:
    asked: list[tuple[str, object]] = []

    def wants_gpu(pod: Any, old: Any, new: Any) -> bool:
        asked.append((pod["metadata"]["name"], old))
        return bool(new["metadata"]["labels"]["gpu"])

    queue = SchedulingQueue(hints={"Gpu": [(NODE_ADD, wants_gpu)]})
    queue.add(make_pod("a"), 0)
    reject(queue, "Gpu")
    queue.observe(None, make_node("n", {"gpu": ""}), 0)
    assert queue.counts.unschedulable == 1
    queue.observe(None, make_node("plain"), 0)
    assert queue.hint_errors == [("Gpu", "pod default/a: 'gpu'")]
    assert queue.counts.backoff == 1
    assert asked == [("a", None), ("a", None)]
    assert queue.hint_counts == {("Gpu", "NodeAdd", "QueueSkip"): 1, ("Gpu", "NodeAdd", "Error"): 1}


def test_gates_of_the_caller_hold_and_one_that_raises_holds_too() -> None:
    reasons: dict[str, str | None] = {"a": None, "b": "not yet"}
    queue = SchedulingQueue(gates={"Quota": lambda pod: reasons[pod["metadata"]["name"]]})
    for name in ("a", "b", "c"):
        queue.add(make_pod(name), 0)
    assert (queue.snapshot.active, queue.snapshot.gated) == (("default/a",), ("default/b", "default/c"))
    held = [queue.find(f"default/{name}") for name in ("b", "c")]
    assert [queued and queued.gating_reason for queued in held] == ["not yet", "error: 'c'"]
    reasons["b"] = None
    queue.observe(None, make_node("n"), 0)
    assert queue.snapshot.gated == ("default/c",)


def test_a_pod_outlives_its_queue() -> None:
    queue = SchedulingQueue()
    queue.add(make_pod("a"), 0)
    queued = queue.pop(0)
    del queue
    gc.collect()
    assert queued is not None
    assert queued.pod["metadata"]["name"] == "a"


def test_long_idle_times_cost_nothing() -> None:
    queue = SchedulingQueue()
    queue.tick(2**62)
    assert queue.next_flush_ns > queue.now_ns == 2**62


def test_profiles_are_told_apart_by_scheduler_name() -> None:
    config = {
        "profiles": [
            {"schedulerName": "one"},
            {"schedulerName": "two", "plugins": {"multiPoint": {"disabled": [{"name": "SchedulingGates"}]}}},
        ]
    }
    queue = SchedulingQueue(config)
    gates = [{"name": "x"}]
    queue.add(make_pod("a", schedulerName="one", schedulingGates=gates), 0)
    queue.add(make_pod("b", schedulerName="two", schedulingGates=gates), 0)
    assert (queue.snapshot.active, queue.snapshot.gated) == (("default/b",), ("default/a",))
    with pytest.raises(
        StateError, match=r"pod default/c: spec.schedulerName must name a profile, got 'default-scheduler'"
    ):
        queue.add(make_pod("c"), 0)


Call = Callable[[SchedulingQueue], object]


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        pytest.param(lambda q: q.tick(SECOND - 1), StateError, "now_ns must not go back: the queue is at 1000000000, got 999999999", id="time goes back"),
        pytest.param(lambda q: q.tick(1.5), StateError, r"now_ns must be an integer in 0..2\*\*62, got 1.5", id="time is no integer"),
        pytest.param(lambda q: q.tick(-1), StateError, "got -1", id="time is negative"),
        pytest.param(lambda q: q.add({"metadata": {}}, SECOND), ObjectError, "metadata.name must be a DNS subdomain name", id="pod without name"),
        pytest.param(lambda q: q.add(make_pod("a", schedulingGates=[{}]), SECOND), ObjectError, r"pod default/a: spec.schedulingGates\[0\].name must be given", id="gate without name"),
        pytest.param(lambda q: q.add(make_pod("a", volumes=[{"name": "v", "rbd": {"image": "disk", "monitors": 5}}]), SECOND), ObjectError, r"spec.volumes\[0\].rbd.monitors must be a list, got 5", id="volume of another type"),
        pytest.param(lambda q: q.update(make_pod("a"), make_pod("b"), SECOND), ObjectError, "new pod must be default/a, got default/b", id="update of two pods"),
        pytest.param(lambda q: q.move_all_to_active_or_backoff(NODE_ADD, None, None, SECOND), ObjectError, "event NodeAdd: new object must be given, got None", id="event without object"),
        pytest.param(lambda q: q.move_all_to_active_or_backoff(NODE_ADD, make_node("n"), make_node("n"), SECOND), ObjectError, "event NodeAdd: old object must be None, got one", id="event with one object too many"),
        pytest.param(lambda q: q.move_all_to_active_or_backoff(NODE_ADD, None, make_pod("a"), SECOND), ObjectError, "event NodeAdd: new object must be a Node, got 'Pod'", id="event with another object"),
        pytest.param(lambda q: q.move_all_to_active_or_backoff(ClusterEvent("Node", ActionType.ALL), None, make_node("n"), SECOND), ObjectError, "event action must be ADD, DELETE or an update", id="event that is none"),
        pytest.param(lambda q: ClusterEvent("Nodes", ActionType.ADD), ObjectError, "event resource must be one of Pod, .*, got 'Nodes'", id="no such resource"),
        pytest.param(lambda q: ClusterEvent("Node", 1), ObjectError, "event action must be an ActionType, got 1", id="no action"),  # type: ignore[arg-type]
        pytest.param(lambda q: q.observe(None, None, SECOND), ObjectError, "old and new must be mappings", id="nothing to observe"),
        pytest.param(lambda q: q.observe(make_pod("a"), make_node("n"), SECOND), ObjectError, r"of one kind, got \['Node', 'Pod'\]", id="two kinds"),
        pytest.param(lambda q: q.observe(None, {"kind": "CSINode", "metadata": {}}, SECOND), ObjectError, "CSINode metadata.name must be given", id="object without name"),
        pytest.param(lambda q: q.observe(None, {"kind": "CSIStorageCapacity", "metadata": {"name": "c"}, "capacity": "x"}, SECOND), ObjectError, "CSIStorageCapacity c: capacity must be", id="capacity that is none"),
        pytest.param(lambda q: reject(q, "", now_ns=SECOND), ObjectError, "plugins must be names", id="plugin without name"),
    ],
)  # fmt: skip
def test_bad_input_changes_nothing(call: Call, error: type[KubeschedError], text: str) -> None:
    queue = SchedulingQueue(start_ns=SECOND)
    queue.add(make_pod("waiting"), SECOND)
    reject(queue, "NodeResourcesFit", now_ns=SECOND)
    queue.add(make_pod("ready"), SECOND)
    before = (queue.counts.unschedulable, queue.snapshot.unschedulable, dict(queue.incoming))
    with pytest.raises(error, match=text):
        call(queue)
    assert (queue.counts.unschedulable, queue.snapshot.unschedulable, dict(queue.incoming)) == before


@pytest.mark.parametrize(
    ("kwargs", "text"),
    [
        ({"start_ns": -1}, "start_ns must be an integer"),
        ({"max_in_unschedulable_seconds": -1}, "max_in_unschedulable_seconds must be an integer in 0..4611686018, got -1"),
        ({"config": {"podInitialBackoffSeconds": 2**62, "podMaxBackoffSeconds": 2**62}}, "podInitialBackoffSeconds must be"),
        ({"config": {"podInitialBackoffSeconds": 11}}, "podMaxBackoffSeconds"),
    ],
)  # fmt: skip
def test_bad_options(kwargs: dict[str, Any], text: str) -> None:
    with pytest.raises((ConfigError, StateError), match=text):
        SchedulingQueue(**kwargs)
