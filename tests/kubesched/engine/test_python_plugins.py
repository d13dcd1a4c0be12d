"""Plugins written in Python: what they are asked, what their answers do, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kubesched as ks
from tests.builders import make_config, make_node, make_pod

Manifest = dict[str, Any]
Array = npt.NDArray[Any]


def nodes(count: int = 4) -> list[Manifest]:
    return [make_node(f"n{i}", {"parity": str(i % 2)}) for i in range(count)]


def enabling(point: str = "multiPoint", weight: int | None = None, **more: Any) -> Manifest:
    entry: Manifest = {"name": "Mine"}
    if weight is not None:
        entry["weight"] = weight
    return make_config(plugins={point: {"enabled": [entry]}, **more})


def make(plugin: object, config: Manifest | None = None, count: int = 4) -> ks.Scheduler:
    return ks.Scheduler(nodes(count), config or enabling(), plugins={"Mine": plugin})


class Answers:
    """A plugin with the methods given; each is a value to answer, an error to raise, or a function."""

    def __init__(self, **methods: Any) -> None:
        self.calls: list[tuple[Any, ...]] = []
        for name, answer in methods.items():
            setattr(self, name, answer if name in ("reason", "unresolvable") else self._method(name, answer))

    def _method(self, name: str, answer: Any) -> Any:
        def method(*args: Any) -> Any:
            self.calls.append((name, *args))
            if isinstance(answer, BaseException):
                raise answer
            return answer(*args) if callable(answer) else answer

        return method

    def called(self) -> list[str]:
        return [call[0] for call in self.calls]


ODD = np.array([False, True, False, True])


def test_a_filter_sees_pod_and_nodes_and_rejects() -> None:
    plugin = Answers(filter=lambda pod, view: np.array([v == "1" for v in view.label("parity")]))
    scheduler = make(plugin)
    pod = make_pod("p", cpu="1")
    assert scheduler.schedule(pod).node == "n1"
    ((name, seen, view),) = plugin.calls
    assert name == "filter"
    assert seen == pod
    assert view.allocatable["cpu"].tolist() == [4000] * 4


@pytest.mark.parametrize(
    ("attributes", "code", "reason"),
    [
        ({}, "Unschedulable", "node(s) were rejected by plugin Mine"),
        ({"reason": "node(s) were old"}, "Unschedulable", "node(s) were old"),
        ({"unresolvable": True}, "UnschedulableAndUnresolvable", "node(s) were rejected by plugin Mine"),
    ],
)
def test_rejections_have_plugin_code_and_reason(attributes: Manifest, code: str, reason: str) -> None:
    plugin = Answers(filter=np.zeros(4, bool), **attributes)
    scheduler = make(plugin)
    decision = scheduler.schedule(make_pod("p"))
    assert decision.message == f"0/4 nodes are available: 4 {reason}."
    assert decision.code == "Unschedulable"
    assert plugin.called() == ["filter"]  # once a pod, although the message takes a second pass
    assert scheduler.explain(make_pod("p")).rejection(2) == ("Mine", code, [reason])


def test_only_the_first_rejection_counts_and_order_is_the_profiles() -> None:
    cluster = [make_node("full", pods="0"), make_node("free")]
    plugin = Answers(filter=np.zeros(2, bool), reason="mine")
    last = ks.Scheduler(cluster, enabling(), plugins={"Mine": plugin})
    assert last.schedule(make_pod("p")).message == "0/2 nodes are available: 1 Too many pods, 1 mine."
    first = enabling("filter")
    first["profiles"][0]["plugins"]["multiPoint"] = {"enabled": [{"name": "Mine"}]}
    assert (
        ks.Scheduler(cluster, first, plugins={"Mine": plugin}).schedule(make_pod("p")).message
        == "0/2 nodes are available: 2 mine."
    )


def test_scores_are_normalised_weighted_and_added() -> None:
    plugin = Answers(filter=ODD, score=np.array([99999, 7, -5, 3]), normalize=lambda pod, scores: scores * 10)
    explanation = make(plugin, enabling(weight=4)).explain(make_pod("p"))
    assert explanation.scores["Mine"].tolist() == [0, 280, 0, 120]
    assert explanation.node == "n1"
    assert plugin.calls[-1][2].tolist() == [7, 3]  # of the feasible nodes, as upstream's NormalizeScore
    plain = make(Answers(filter=ODD)).explain(make_pod("p"))
    assert (explanation.totals - plain.totals).tolist() == [0, 280, 0, 120]


def test_one_feasible_node_is_not_scored() -> None:
    plugin = Answers(filter=np.array([False, True, False, False]), score=np.zeros(4, int))
    assert make(plugin).schedule(make_pod("p")).node == "n1"
    assert plugin.called() == ["filter"]


def test_enabled_at_one_point_it_is_asked_there_alone() -> None:
    plugin = Answers(filter=np.zeros(4, bool), score=np.array([0, 0, 100, 0]))
    assert make(plugin, enabling("score")).schedule(make_pod("p")).node == "n2"
    assert plugin.called() == ["score"]
    assert make(plugin, make_config()).schedule(make_pod("p")).node == "n0"  # not enabled at all


WRONG = [
    pytest.param({"filter": None}, "filter must return a bool array of shape (4,), got object of shape ()", id="nothing"),
    pytest.param({"filter": np.ones(3, bool)}, "filter must return a bool array of shape (4,), got bool of shape (3,)", id="too short"),
    pytest.param({"filter": np.ones(4)}, "filter must return a bool array of shape (4,), got float64 of shape (4,)", id="floats"),
    pytest.param({"filter": [1, 0, 1, 0]}, "filter must return a bool array of shape (4,), got int64 of shape (4,)", id="integers"),
    pytest.param({"filter": [[True], [True, False]]}, "filter must return an array, got [[True], [True, False]]", id="ragged"),
    pytest.param({"filter": True}, "filter must return a bool array of shape (4,), got bool of shape ()", id="a scalar"),
    pytest.param({"filter": ValueError("boom")}, "filter raised ValueError: boom", id="filter raises"),
    pytest.param({"score": np.ones((4, 1), int)}, "score must return an integer array of shape (4,), got int64 of shape (4, 1)", id="matrix"),
    pytest.param({"score": np.ones(4)}, "score must return an integer array of shape (4,), got float64 of shape (4,)", id="float scores"),
    pytest.param({"score": ODD}, "score must return an integer array of shape (4,), got bool of shape (4,)", id="bool scores"),
    pytest.param({"score": [0, 101, 0, 0]}, "score must return scores in 0..100, got 101 for node n1", id="too high"),
    pytest.param({"score": [0, 0, 0, -1]}, "score must return scores in 0..100, got -1 for node n3", id="too low"),
    pytest.param({"score": np.full(4, 2**63, np.uint64)}, "score must return integers of 64 bits, got 9223372036854775808", id="too large"),
    pytest.param({"score": KeyError("gpu")}, "score raised KeyError: 'gpu'", id="score raises"),
    pytest.param({"score": [0] * 4, "normalize": None}, "normalize must return an integer array of shape (4,), got object of shape ()", id="None"),
    pytest.param({"score": [0] * 4, "normalize": lambda pod, s: s / 1}, "normalize must return an integer array of shape (4,), got float64 of shape (4,)", id="divides"),
    pytest.param({"score": [0] * 4, "normalize": lambda pod, s: s + 200}, "normalize must return scores in 0..100, got 200 for node n0", id="out of range"),
    pytest.param({"reserve": RuntimeError("no")}, "reserve raised RuntimeError: no", id="reserve raises"),
    pytest.param({"reserve": "yes"}, "reserve must return True, False or None, got 'yes'", id="reserve talks"),
    pytest.param({"permit": 1}, "permit must return True, False or None, got 1", id="permit counts"),
    pytest.param({"reserve": True, "unreserve": OSError("stuck"), "permit": False}, "unreserve raised OSError: stuck", id="unreserve raises"),
]  # fmt: skip


@pytest.mark.parametrize("tie_break", ["first", "random"])
@pytest.mark.parametrize(("methods", "want"), WRONG)
def test_wrong_answers_name_plugin_and_pod_and_change_nothing(methods: Manifest, want: str, tie_break: str) -> None:
    plugin = Answers(**methods)
    sampling = {"percentageOfNodesToScore": 50}
    scheduler = ks.Scheduler(nodes(), enabling() | sampling, plugins={"Mine": plugin}, tie_break=tie_break)
    for call in (
        lambda: scheduler.schedule(make_pod("p", cpu="1")),
        lambda: scheduler.schedule_many([make_pod("p", cpu="1"), make_pod("q", cpu="1")]),
    ):
        with pytest.raises(ks.PluginError) as raised:
            call()
        assert str(raised.value) == f"plugin Mine, pod default/p: {want}"
        causes = [answer for answer in methods.values() if isinstance(answer, Exception)]
        assert not causes or raised.value.__cause__ is causes[0]
        assert scheduler.num_pods == 0
        assert scheduler.nodes.requested["cpu"].tolist() == [0] * 4
    for method in methods:
        setattr(plugin, method, {"filter": np.ones(4, bool), "score": np.zeros(4, int)}.get(method))
    for method, answer in (("filter", np.ones(4, bool)), ("score", np.zeros(4, int))):
        setattr(plugin, method, lambda pod, view, answer=answer: answer)
    plugin.normalize = lambda pod, scores: scores  # type: ignore[attr-defined]
    plugin.reserve = plugin.permit = plugin.unreserve = lambda pod, name: None  # type: ignore[attr-defined]
    fresh = ks.Scheduler(nodes(), sampling, tie_break=tie_break)
    pods = [make_pod(f"p{i}") for i in range(6)]
    assert (
        scheduler.schedule_many(pods).node_names == fresh.schedule_many(pods).node_names
    )  # chance stands where it stood


def test_explain_raises_as_schedule_does() -> None:
    with pytest.raises(ks.PluginError, match="plugin Mine, pod default/p: filter raised"):
        make(Answers(filter=ValueError("boom"))).explain(make_pod("p"))


def test_reserve_permit_and_unreserve() -> None:
    plugin = Answers(reserve=None, unreserve=None, permit=lambda pod, name: name != "n0", reason="node(s) were asleep")
    scheduler = make(plugin)
    decision = scheduler.schedule(make_pod("p", cpu="1"))
    assert (decision.node, decision.message) == (None, "0/1 nodes are available: 1 node(s) were asleep.")
    assert decision.code == "Unschedulable"
    assert [(call[0], call[2]) for call in plugin.calls] == [("reserve", "n0"), ("permit", "n0"), ("unreserve", "n0")]
    assert scheduler.num_pods == 0
    scheduler.remove_node("n0")
    assert scheduler.schedule(make_pod("p")).node == "n1"


def test_reserve_may_refuse() -> None:
    plugin = Answers(reserve=False, unreserve=None)
    scheduler = make(plugin)
    assert scheduler.schedule(make_pod("p")).message == "0/1 nodes are available: 1 pod was rejected by plugin Mine."
    assert plugin.called() == ["reserve", "unreserve"]


def test_a_batch_that_breaks_off_is_taken_back() -> None:
    def reserve(pod: Manifest, name: str) -> None:
        if pod["metadata"]["name"] == "c":
            raise ValueError("full")

    plugin = Answers(reserve=reserve, unreserve=None)
    scheduler = make(plugin)
    with pytest.raises(ks.PluginError, match="pod default/c: reserve raised ValueError: full"):
        scheduler.schedule_many([make_pod(name, cpu="1") for name in "abcd"])
    assert scheduler.num_pods == 0
    undone = [call[1]["metadata"]["name"] for call in plugin.calls if call[0] == "unreserve"]
    assert undone == ["c", "b", "a"]
    with pytest.raises(ks.StateError, match="unique"):
        scheduler.schedule_many([make_pod("a"), make_pod("a")])


def test_schedule_many_equals_schedule_one_by_one() -> None:
    pods = [make_pod(f"p{i}", cpu=f"{300 + 7 * i}m") for i in range(30)]
    plugin = Answers(score=lambda pod, view: 100 - view.requested["cpu"] // 40)
    one_by_one, at_once = make(plugin), make(plugin)
    assert at_once.schedule_many(pods).node_names == [one_by_one.schedule(pod).node for pod in pods]
    assert at_once.num_pods == one_by_one.num_pods


def test_forks_share_plugins_and_see_their_own_nodes() -> None:
    plugin = Answers(filter=lambda pod, view: view.pod_count < 1)
    scheduler = make(plugin, count=1)
    fork = scheduler.fork()
    assert fork.schedule(make_pod("p")).node == "n0"
    assert scheduler.schedule(make_pod("p")).node == "n0"
    assert fork.schedule(make_pod("q")).node is None


@pytest.mark.parametrize(
    "use",
    [
        pytest.param(lambda s: s.schedule(make_pod("q")), id="schedule"),
        pytest.param(lambda s: s.schedule_many([]), id="schedule_many"),
        pytest.param(lambda s: s.explain(make_pod("q")), id="explain"),
        pytest.param(lambda s: s.add_pod(make_pod("q", nodeName="n0")), id="add_pod"),
        pytest.param(lambda s: s.remove_pod("a/b"), id="remove_pod"),
        pytest.param(lambda s: s.add_node(make_node("x")), id="add_node"),
        pytest.param(lambda s: s.update_node(make_node("n0")), id="update_node"),
        pytest.param(lambda s: s.remove_node("n0"), id="remove_node"),
    ],
)
def test_a_plugin_must_not_use_its_own_scheduler(use: Callable[[ks.Scheduler], object]) -> None:
    def meddle(pod: Manifest, view: ks.NodeView) -> Array:
        use(scheduler)
        return np.ones(len(view), bool)

    scheduler = make(Answers(filter=meddle))
    with pytest.raises(
        ks.PluginError, match="filter raised StateError: a scheduler must not be used by its own plugins"
    ):
        scheduler.schedule(make_pod("p"))
    assert scheduler.num_pods == 0


def test_a_plugin_may_use_a_fork() -> None:
    def look_ahead(pod: Manifest, view: ks.NodeView) -> Array:
        fork = scheduler.fork()
        fork.remove_node("n1")
        return np.array([name in fork.nodes.names for name in view.names])

    scheduler = make(Answers(filter=look_ahead))
    assert scheduler.schedule(make_pod("p")).feasible_nodes == 3


def test_two_schedulers_in_two_threads() -> None:
    def run(seed: int) -> list[str | None]:
        plugin = Answers(score=lambda pod, view: (np.arange(len(view)) * seed) % 101)
        return make(plugin, count=50).schedule_many([make_pod(f"p{i}") for i in range(40)]).node_names

    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(run, [7, 13, 29, 41]))
    assert got == [run(seed) for seed in (7, 13, 29, 41)]


def test_sort_is_by_priority_or_by_less() -> None:
    pods = [
        make_pod("a", priority=1),
        make_pod("b"),
        make_pod("c", priority=5),
        make_pod("d", priority=1),
        make_pod("e", priority=-3),
    ]
    names = [pod["metadata"]["name"] for pod in ks.Scheduler([]).sort(pods)]
    assert names == ["c", "a", "d", "b", "e"]
    plugin = Answers(less=lambda a, b: a["spec"].get("priority", 0) < b["spec"].get("priority", 0))
    config = enabling("queueSort")
    config["profiles"][0]["plugins"]["queueSort"]["disabled"] = [{"name": "PrioritySort"}]
    assert [pod["metadata"]["name"] for pod in make(plugin, config).sort(pods)] == ["e", "b", "a", "d", "c"]
    with pytest.raises(ks.ObjectError):
        ks.Scheduler([]).sort([{"metadata": {}}])
    for answer, want in ((1, "less must return True or False, got 1"), (ValueError("x"), "less raised ValueError: x")):
        with pytest.raises(ks.PluginError, match=want):
            make(Answers(less=answer), config).sort(pods)
    with pytest.raises(ks.ConfigError, match="queueSort: must have exactly one plugin"):
        make(plugin)


@pytest.mark.parametrize(
    ("plugins", "want"),
    [
        pytest.param([], "plugins must be a mapping", id="a list"),
        pytest.param({"": Answers(filter=None)}, "a name must be a non-empty string, got ''", id="no name"),
        pytest.param({1: Answers(filter=None)}, "a name must be a non-empty string, got 1", id="a number"),
        pytest.param({"NodeName": Answers(filter=None)}, "must not be one of kube-scheduler's own, got 'NodeName'", id="taken"),
        pytest.param({"Mine": object()}, "must have one of filter, score, less, reserve, permit, got object", id="no method"),
        pytest.param({"Mine": Answers}, "must be an object, got the class Answers", id="a class"),
        pytest.param({"Mine": Answers(normalize=None)}, "must have score where it has normalize", id="normalize alone"),
        pytest.param({"Mine": Answers(unreserve=None)}, "must have reserve where it has unreserve", id="unreserve alone"),
        pytest.param({"Mine": Answers(filter=None, reason=3)}, "reason: must be a string", id="a reason"),
        pytest.param({"Mine": Answers(filter=None, unresolvable=3)}, "unresolvable: must be True or False", id="a code"),
    ],
)  # fmt: skip
def test_plugins_that_are_none_are_refused(plugins: Any, want: str) -> None:
    with pytest.raises(ks.ConfigError) as raised:
        ks.Scheduler([], plugins=plugins)
    assert want in str(raised.value)


def test_configurations_that_do_not_fit_the_plugin_are_refused() -> None:
    with pytest.raises(ks.ConfigError, match="must be a plugin that exists, got 'Mine'"):
        ks.Scheduler([], enabling())
    with pytest.raises(ks.ConfigError, match="must be a plugin with the extension point score, got 'Mine'"):
        make(Answers(filter=None), enabling("score"))
    with pytest.raises(ks.ConfigError, match="must be a plugin that exists"):
        make(Answers(filter=None), make_config(pluginConfig=[{"name": "Mine", "args": {}}]))


def test_profiles_have_plugins_of_their_own() -> None:
    plugin = Answers(filter=ODD, permit=None)
    profiles = [
        {"schedulerName": "a"},
        {"schedulerName": "b", "plugins": {"multiPoint": {"enabled": [{"name": "Mine"}]}}},
    ]
    scheduler = ks.Scheduler(nodes(), {"profiles": profiles}, plugins={"Mine": plugin})
    assert scheduler.schedule(make_pod("p", schedulerName="a")).node == "n0"
    assert plugin.called() == []
    assert scheduler.schedule(make_pod("q", schedulerName="b")).node == "n1"
    assert plugin.called() == ["filter", "permit"]


@given(
    st.lists(st.booleans(), min_size=4, max_size=4),
    st.lists(st.integers(0, 100), min_size=4, max_size=4),
    st.integers(1, 50),
)
def test_random_verdicts_and_scores(verdicts: list[bool], scores: list[int], weight: int) -> None:
    plugin = Answers(filter=verdicts, score=scores)
    got = make(plugin, enabling(weight=weight)).schedule(make_pod("p", cpu="1"))
    plain = ks.Scheduler(nodes()).explain(make_pod("p", cpu="1")).totals
    totals = np.where(verdicts, plain + weight * np.array(scores), -1)
    assert got.node == (f"n{int(np.argmax(totals))}" if any(verdicts) else None)
