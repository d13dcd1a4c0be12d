"""The public API: what each call answers, changes, and refuses."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import kubesched as ks
from tests.builders import make_bound_pod, make_config, make_node, make_pod

Manifest = dict[str, Any]


def three_nodes() -> list[Manifest]:
    return [make_node(f"n{i}", {"zone": str(i % 2)}) for i in range(3)]


def snapshot(scheduler: ks.Scheduler) -> tuple[Any, ...]:
    """Everything that a call which is refused must leave as it was."""
    nodes = scheduler.nodes
    return nodes.names, scheduler.num_pods, nodes.requested["cpu"].tolist(), nodes.allocatable["cpu"].tolist()


def test_schedule_assumes_and_explain_does_not() -> None:
    scheduler = ks.Scheduler(three_nodes())
    explanation = scheduler.explain(make_pod("a", cpu="1"))
    assert scheduler.num_pods == 0
    decision = scheduler.schedule(make_pod("a", cpu="1"))
    assert decision == ks.Decision("default/a", "n0", "", 3, 3)
    assert explanation.node == decision.node
    assert scheduler.node_of("default/a") == "n0"
    assert scheduler.nodes.requested["cpu"].tolist() == [1000, 0, 0]


def test_a_pod_that_fits_nowhere_gets_upstreams_message() -> None:
    scheduler = ks.Scheduler([make_node("a"), make_node("b", cpu="1"), make_node("c", pods="0")])
    decision = scheduler.schedule(make_pod("p", cpu="5"))
    assert not decision
    assert decision.message == "0/3 nodes are available: 1 Too many pods, 3 Insufficient cpu."


def test_an_empty_cluster_says_so() -> None:
    scheduler = ks.Scheduler([])
    assert scheduler.schedule(make_pod("p")).message == "no nodes available to schedule pods"
    assert scheduler.explain(make_pod("p")).message == "no nodes available to schedule pods"
    assert scheduler.schedule_many([make_pod("p")]).node_index.tolist() == [-1]


def test_schedule_many_equals_schedule_one_by_one() -> None:
    pods = [make_pod(f"p{i}", cpu=f"{700 + i}m") for i in range(20)]
    one_by_one, at_once = ks.Scheduler(three_nodes()), ks.Scheduler(three_nodes())
    want = [one_by_one.schedule(pod) for pod in pods]
    got = at_once.schedule_many(pods)
    assert got.node_names == [decision.node for decision in want]
    assert got.node_index.dtype == np.int32
    assert [got.messages.get(i, "") for i in range(20)] == [decision.message for decision in want]
    table = got.to_arrow()
    assert table.column("node").to_pylist() == got.node_names
    assert table.column("pod").to_pylist()[0] == "default/p0"


def test_templates_equal_manifests() -> None:
    templates = [make_pod("web", cpu="1"), make_pod("db", cpu="2", namespace="data")]
    batch = ks.PodBatch.from_templates(templates, [0, 1, 0])
    assert list(batch.keys) == ["default/web-0", "data/db-1", "default/web-2"]
    named = ks.PodBatch.from_templates(templates, np.array([1, 0]), ["x", "y"])
    assert list(named.keys) == ["data/x", "default/y"]
    placements = ks.Scheduler(three_nodes()).schedule_many(batch)
    manifests = [make_pod("a", cpu="1"), make_pod("b", cpu="2"), make_pod("c", cpu="1")]
    assert placements.node_names == ks.Scheduler(three_nodes()).schedule_many(manifests).node_names
    assert len(batch[1:]) == 2


@pytest.mark.parametrize(
    ("index", "names", "want"),
    [
        pytest.param([0, 2], None, "template_index must be in 0..1, got 0..2", id="no such template"),
        pytest.param([[0]], None, "template_index must have one dimension, got 2", id="two dimensions"),
        pytest.param([0], ["a", "b"], "names must be as many as template_index, got 2 and 1", id="too many names"),
    ],
)
def test_a_broken_batch_is_refused(index: Any, names: list[str] | None, want: str) -> None:
    with pytest.raises(ks.ObjectError, match=re.escape(want)):
        ks.PodBatch.from_templates([make_pod("a"), make_pod("b")], index, names)


@pytest.mark.parametrize(
    ("call", "want"),
    [
        pytest.param(lambda s: s.add_node(make_node("n0")), "node names must be unique, got 'n0' twice", id="same node"),
        pytest.param(lambda s: s.update_node(make_node("zz")), "node must be in the cluster, got 'zz'", id="no node"),
        pytest.param(lambda s: s.remove_node("zz"), "node must be in the cluster, got 'zz'", id="remove no node"),
        pytest.param(lambda s: s.remove_pods(["default/zz"]), "pod must be on a node, got 'default/zz'", id="none of many"),
        pytest.param(lambda s: s.remove_pod("default/zz"), "pod must be on a node, got 'default/zz'", id="no pod"),
        pytest.param(lambda s: s.schedule(make_pod("there")), "pod names must be unique, got 'default/there' twice",
                     id="same pod"),
        pytest.param(lambda s: s.add_pod(make_bound_pod("new", "zz")),
                     "pod default/new: node must be in the cluster, got 'zz'", id="pod on an unknown node"),
        pytest.param(lambda s: s.schedule_many([make_pod("x"), make_pod("there")]),
                     "pod names must be unique, got 'default/there' twice", id="same pod in a batch"),
        pytest.param(lambda s: s.schedule_many([make_pod("x"), make_pod("x")]),
                     "pod names must be unique, got 'default/x' twice", id="twice in a batch"),
        pytest.param(lambda s: s.add_pod(make_pod("new")), "pod default/new: spec.nodeName must name a node, got ''",
                     id="no node name"),
        pytest.param(lambda s: s.add_node(make_node("bad", cpu="1x")),
                     "node bad: status.allocatable.cpu must be a quantity, got '1x'", id="bad node"),
        pytest.param(lambda s: s.schedule_many([make_pod("x"), make_pod("y", cpu="-1")]),
                     "must be a quantity that is not negative", id="bad pod in a batch"),
        pytest.param(lambda s: s.explain("pod"), "pod must be a mapping, got str", id="no mapping"),
    ],
)  # fmt: skip
def test_bad_input_names_object_and_value_and_changes_nothing(call: Any, want: str) -> None:
    scheduler = ks.Scheduler([*three_nodes(), make_bound_pod("there", "n1", cpu="1")])
    before = snapshot(scheduler)
    with pytest.raises(ks.KubeschedError, match=re.escape(want)):
        call(scheduler)
    assert snapshot(scheduler) == before


def test_objects_of_the_cluster_are_checked() -> None:
    with pytest.raises(ks.StateError, match="pod default/p: node must be in the cluster, got 'zz'"):
        ks.Scheduler([make_node("a"), make_bound_pod("p", "zz")])
    with pytest.raises(ks.ObjectError, match=r"objects\[1\] must be a mapping, got int"):
        ks.Scheduler([make_node("a"), 5])  # type: ignore[list-item]
    with pytest.raises(ks.ConfigError, match="tie_break must be 'first' or 'random', got 'last'"):
        ks.Scheduler([], tie_break="last")


def test_finished_and_pending_pods_take_no_room() -> None:
    finished = {**make_bound_pod("done", "a", cpu="4"), "status": {"phase": "Succeeded"}}
    scheduler = ks.Scheduler([make_node("a"), finished, make_pod("waiting", cpu="4")])
    assert scheduler.num_pods == 0


def test_a_view_keeps_what_it_saw_and_cannot_be_written() -> None:
    scheduler = ks.Scheduler(three_nodes())
    before = scheduler.nodes.requested["cpu"]
    scheduler.schedule(make_pod("a", cpu="1"))
    assert before.tolist() == [0, 0, 0]
    assert scheduler.nodes.requested["cpu"].tolist() == [1000, 0, 0]
    with pytest.raises(ValueError, match="read-only"):
        before[0] = 5
    assert scheduler.nodes.label("zone") == ["0", "1", "0"]
    assert scheduler.nodes.pod_count.tolist() == [1, 0, 0]
    assert not scheduler.nodes.unschedulable.any()


def test_a_removed_node_takes_its_pods_along_and_a_new_one_stands_last() -> None:
    scheduler = ks.Scheduler([*three_nodes(), make_bound_pod("b", "n0"), make_bound_pod("a", "n0")])
    assert scheduler.remove_node("n0") == ["default/a", "default/b"]
    scheduler.add_node(make_node("n0"))
    assert scheduler.nodes.names == ["n1", "n2", "n0"]
    assert scheduler.node_of("default/a") is None


def test_random_ties_follow_the_seed() -> None:
    nodes = [make_node(f"n{i}") for i in range(50)]

    def first_node(seed: int) -> str | None:
        return ks.Scheduler(nodes, tie_break="random", seed=seed).schedule(make_pod("p")).node

    drawn = [first_node(seed) for seed in range(20)]
    assert drawn == [first_node(seed) for seed in range(20)]
    assert len(set(drawn)) > 5
    scheduler = ks.Scheduler(nodes, tie_break="random", seed=3)
    assert scheduler.explain(make_pod("p")).node == scheduler.schedule(make_pod("p")).node


def test_sampling_stops_at_enough_nodes_and_starts_where_it_left_off() -> None:
    nodes = [make_node(f"n{i}") for i in range(300)]
    scheduler = ks.Scheduler(nodes, {**make_config(), "percentageOfNodesToScore": 40})
    decisions = [scheduler.schedule(make_pod(f"p{i}", cpu="1")) for i in range(4)]
    assert [decision.evaluated_nodes for decision in decisions] == [120] * 4
    assert [decision.node for decision in decisions] == ["n0", "n120", "n1", "n60"]
    adaptive = ks.Scheduler(nodes, {**make_config(), "percentageOfNodesToScore": 0})
    assert adaptive.schedule(make_pod("p")).evaluated_nodes == 300 * (50 - 300 // 125) // 100
    assert ks.Scheduler(nodes).schedule(make_pod("p")).evaluated_nodes == 300


def test_profiles_are_chosen_by_scheduler_name() -> None:
    packing = {"type": "MostAllocated", "resources": [{"name": "cpu", "weight": 1}]}
    profiles = [
        {"schedulerName": "default-scheduler"},
        {
            "schedulerName": "packer",
            "plugins": {"score": {"disabled": [{"name": "NodeResourcesBalancedAllocation"}]}},
            "pluginConfig": [{"name": "NodeResourcesFit", "args": {"scoringStrategy": packing}}],
        },
    ]
    scheduler = ks.Scheduler([*three_nodes(), make_bound_pod("there", "n1", cpu="1")], {"profiles": profiles})
    assert scheduler.schedule(make_pod("a", cpu="1")).node == "n0"
    assert scheduler.schedule(make_pod("b", cpu="1", schedulerName="packer")).node == "n0"
    assert scheduler.schedule(make_pod("c", cpu="1", schedulerName="packer")).node == "n0"
    with pytest.raises(ks.StateError, match=r"spec\.schedulerName must name a profile .*got 'other'"):
        scheduler.schedule(make_pod("d", schedulerName="other"))


def test_an_explanation_reads_as_table_dict_arrow_and_html() -> None:
    scheduler = ks.Scheduler([make_node("a"), make_node("b", cpu="1")])
    explanation = scheduler.explain(make_pod("p", cpu="2"))
    text = str(explanation)
    assert text.startswith("pod default/p would go to a: 1 of 2 nodes are feasible")
    assert "NodeResourcesFit" in text
    assert "1  Insufficient cpu" in text
    answer = explanation.to_dict()
    assert answer["rejected"] == {
        "b": {"plugin": "NodeResourcesFit", "code": "UnschedulableAndUnresolvable", "reasons": ["Insufficient cpu"]}
    }
    assert sum(by_node["a"] for by_node in answer["scores"].values()) == answer["total"]["a"]
    table = explanation.to_arrow()
    assert table.column("feasible").to_pylist() == [True, False]
    assert table.column("reasons").to_pylist() == [None, ["Insufficient cpu"]]
    assert "<table>" in explanation._repr_html_()
    assert "Explanation(pod default/p would go to a" in repr(explanation)


def test_huge_amounts_take_the_integer_path_and_agree() -> None:
    nodes = [make_node("a", memory="20Pi", cpu="1000"), make_node("b", memory="10Pi", cpu="1000")]
    explanation = ks.Scheduler(nodes).explain(make_pod("p", cpu="1", memory="500Ti"))
    capacity = 20 * 2**50
    free = (capacity - 500 * 2**40) * 100 // capacity
    assert explanation.scores["NodeResourcesFit"][0] == (99 + free) // 2


def test_forks_may_be_used_from_two_threads() -> None:
    base = ks.Scheduler([make_node(f"n{i}") for i in range(200)])
    batches = [ks.PodBatch.from_templates([make_pod(f"t{t}", cpu=f"{100 + t}m")], [0] * 2000) for t in range(4)]
    want = [base.fork().schedule_many(batch).node_names for batch in batches]
    with ThreadPoolExecutor(4) as threads:
        got = list(threads.map(lambda batch: base.fork().schedule_many(batch).node_names, batches))
    assert got == want
