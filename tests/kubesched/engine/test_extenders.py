"""Extenders over HTTP: what they are sent, what their answers do, and what happens where they fail."""

from __future__ import annotations

import re
import socket
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kubesched as ks
from kubesched.engine import decision
from tests.builders import make_bound_pod, make_node, make_pod
from tests.extender_server import extender, serving

Manifest = dict[str, Any]


def nodes(count: int = 4) -> list[Manifest]:
    return [make_node(f"n{i}") for i in range(count)]


def config(*extenders: Manifest, **top: Any) -> Manifest:
    return {"extenders": list(extenders), **top}


def keep(*names: str, **more: Any) -> Manifest:
    return {"NodeNames": list(names), **more}


def schedule(answers: Manifest, pod: Manifest | None = None, **fields: Any) -> decision.Decision:
    with serving(answers) as server:
        return ks.Scheduler(nodes(), config(extender(server, **fields))).schedule(pod or make_pod("p"))


def test_a_filter_is_sent_names_and_keeps_some() -> None:
    with serving({"filter": keep("n2", FailedNodes={"n0": "too old"})}) as server:
        scheduler = ks.Scheduler([*nodes(), make_node("full", pods="0")], config(extender(server)))
        got = scheduler.schedule(make_pod("p", namespace="team"))
    assert (got.node, got.feasible_nodes, got.code) == ("n2", 1, "Success")
    ((verb, args),) = server.seen
    assert verb == "filter"
    assert args["NodeNames"] == ["n0", "n1", "n2", "n3"]
    assert args["Nodes"] is None
    assert args["Pod"]["metadata"]["namespace"] == "team"


def test_one_without_a_cache_is_sent_nodes_and_sends_nodes() -> None:
    def answer(args: Manifest) -> Manifest:
        return {"nodes": {"items": args["Nodes"]["items"][1:2]}}

    with serving({"filter": answer}) as server:
        scheduler = ks.Scheduler(nodes(), config(extender(server, nodeCacheCapable=False)))
        changed = make_node("n1", {"size": "xl"})
        scheduler.update_node(changed)
        assert scheduler.fork().schedule(make_pod("p")).node == "n1"
        scheduler.remove_node("n0")
        scheduler.add_node(make_node("n4"))
        scheduler.schedule(make_pod("p"))
    first, second = server.args("filter")
    assert first["NodeNames"] is None
    assert first["Nodes"]["items"][1] == changed
    assert [node["metadata"]["name"] for node in second["Nodes"]["items"]] == ["n1", "n2", "n3", "n4"]


@pytest.mark.parametrize(
    ("answer", "want"),
    [
        pytest.param(keep(FailedNodes={"n0": "old", "n1": "old", "n2": "new", "n3": "old"}),
                     "0/4 nodes are available: 1 new, 3 old.", id="failed nodes"),
        pytest.param(keep(FailedNodes={"n0": "old", "n1": "old"}, FailedAndUnresolvableNodes={"n0": "never"}),
                     "0/4 nodes are available: 1 never, 1 old.", id="unresolvable goes first"),
        pytest.param(keep(), "0/4 nodes are available:", id="no reasons"),
        pytest.param({}, "0/4 nodes are available:", id="no list at all"),
        pytest.param(keep(FailedNodes={"n0": "old", "elsewhere": "far"}), "0/4 nodes are available: 1 far, 1 old.", id="another name"),
    ],
)  # fmt: skip
def test_rejections_are_counted(answer: Manifest, want: str) -> None:
    got = schedule({"filter": answer})
    assert (got.node, got.message, got.code) == (None, want, "Unschedulable")


def test_a_failed_node_replaces_what_a_filter_said_of_it() -> None:
    with serving({"filter": keep(FailedNodes={"n0": "old", "full": "also old"})}) as server:
        scheduler = ks.Scheduler([make_node("n0"), make_node("full", pods="0")], config(extender(server)))
        assert scheduler.schedule(make_pod("p")).message == "0/2 nodes are available: 1 also old, 1 old."


RUBBISH = [
    pytest.param(b"", "EOF", id="nothing"),
    pytest.param(b"<html>", "invalid character '<' looking for beginning of value", id="html"),
    pytest.param(b'{"NodeNames"', "unexpected EOF", id="cut off"),
    pytest.param([], "json: cannot unmarshal array into Go value of type v1.ExtenderFilterResult", id="a list"),
    pytest.param({"NodeNames": [1]}, "json: cannot unmarshal number into Go struct field ExtenderFilterResult.NodeNames of type string",
                 id="a number for a name"),
    pytest.param({"FailedNodes": {"n0": 1}},
                 "json: cannot unmarshal number into Go struct field ExtenderFilterResult.FailedNodes of type string", id="no reason"),
    pytest.param(keep("n9"), 'extender "URL" claims a filtered node "n9" which is not found in the input node list', id="another node"),
    pytest.param({"Error": "disk on fire"}, "disk on fire", id="an error"),
    pytest.param(500, "failed filter with extender at URL URL/filter, code 500", id="a code"),
    pytest.param(302, "failed filter with extender at URL URL/filter, code 302", id="a redirect"),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "want"), RUBBISH)
@pytest.mark.parametrize("capable", [True, False])
def test_rubbish_is_upstreams_error_and_changes_nothing(answer: Any, want: str, capable: bool) -> None:
    with serving({"filter": answer}) as server:
        if not capable and isinstance(answer, dict) and answer.get("NodeNames") == ["n9"]:
            server.answers["filter"] = {"Nodes": {"items": [{"metadata": {"name": "n9"}}]}}
        scheduler = ks.Scheduler(nodes(), config(extender(server, nodeCacheCapable=capable)))
        got = scheduler.schedule(make_pod("p", cpu="1"))
        explanation = scheduler.explain(make_pod("p", cpu="1"))
        many = scheduler.schedule_many([make_pod("p", cpu="1")])
    assert got.message == want.replace("URL/", server.url + "/").replace('"URL"', f'"{server.url}"')
    assert (got.node, got.code) == (None, "Error")
    assert (explanation.node, explanation.message) == (None, got.message)
    assert many.messages == {0: got.message}
    assert scheduler.num_pods == 0
    assert not scheduler.nodes.requested["cpu"].any()


@pytest.mark.parametrize(("answer", "want"), RUBBISH)
def test_an_ignorable_extender_is_passed_over(answer: Any, want: str) -> None:
    got = schedule({"filter": answer}, ignorable=True)
    assert (got.node, got.feasible_nodes, got.code) == ("n0", 4, "Success")


def test_an_extender_that_takes_too_long() -> None:
    with serving({"filter": keep("n1")}) as server:
        server.stalled.clear()
        scheduler = ks.Scheduler(nodes(), config(extender(server, httpTimeout="50ms")))
        got = scheduler.schedule(make_pod("p"))
        server.stalled.set()
    text = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    assert got.message == f'Post "{server.url}/filter": {text}'
    assert scheduler.num_pods == 0


def test_an_extender_that_is_not_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        scheduler = ks.Scheduler(nodes(), config({"urlPrefix": url, "filterVerb": "f"}))
        got = scheduler.schedule(make_pod("p"))
    assert got.message == f'Post "{url}/f": dial tcp 127.0.0.1:{port}: connect: connection refused'
    odd = ks.Scheduler(nodes(), config({"urlPrefix": "ftp://x", "filterVerb": "f"})).schedule(make_pod("p"))
    assert odd.message == 'Post "ftp://x/f": unsupported protocol scheme "ftp"'


def test_extenders_are_asked_in_order_and_ignorable_ones_last() -> None:
    with (
        serving({"filter": keep("n1", "n2")}) as first,
        serving({"filter": lambda args: keep(*args["NodeNames"][:1])}) as second,
    ):
        scheduler = ks.Scheduler(nodes(), config(extender(second, ignorable=True), extender(first)))
        assert scheduler.schedule(make_pod("p")).node == "n1"
    assert second.args("filter")[0]["NodeNames"] == ["n1", "n2"]


def test_nobody_is_asked_about_no_node() -> None:
    with serving({"filter": keep()}) as server:
        scheduler = ks.Scheduler(nodes(), config(extender(server)))
        scheduler.schedule(make_pod("p", cpu="100"))
        scheduler.schedule(make_pod("p"))
    assert len(server.seen) == 1  # and once a pod, although its message is made in a second pass


def test_scores_are_scaled_and_added() -> None:
    scores = [
        {"Host": "n3", "Score": 7},
        {"host": "n3", "score": 1},
        {"Host": "n1", "Score": -2},
        {"Host": "x", "Score": 9},
    ]
    with serving({"prioritize": scores}) as server:
        fields = {"filterVerb": "", "prioritizeVerb": "prioritize", "weight": 3}
        scheduler = ks.Scheduler(nodes(), config(extender(server, **fields)))
        explanation = scheduler.explain(make_pod("p"))
        assert scheduler.schedule(make_pod("p")).node == "n3"
    plain = ks.Scheduler(nodes()).explain(make_pod("p"))
    assert explanation.scores[server.url].tolist() == [0, -60, 0, 240]
    assert (explanation.totals - plain.totals).tolist() == [0, -60, 0, 240]


def test_scores_wrap_as_in_go() -> None:
    with serving({"prioritize": [{"Host": "n1", "Score": 2**62}]}) as server:
        fields = {"filterVerb": "", "prioritizeVerb": "prioritize", "weight": 1}
        explanation = ks.Scheduler(nodes(), config(extender(server, **fields))).explain(make_pod("p"))
    assert explanation.scores[server.url].tolist() == [0, -(2**63), 0, 0]


@pytest.mark.parametrize("answer", [b"", {}, 500, [{"Host": "n3", "Score": 1.5}], [1], [{"Host": 1}]])
def test_scores_that_are_rubbish_are_left_out(answer: Any) -> None:
    got = schedule({"prioritize": answer}, filterVerb="", prioritizeVerb="prioritize", weight=1)
    assert (got.node, got.code) == ("n0", "Success")


def test_one_feasible_node_is_not_scored() -> None:
    with serving({"filter": keep("n2"), "prioritize": []}) as server:
        scheduler = ks.Scheduler(nodes(), config(extender(server, prioritizeVerb="prioritize", weight=1)))
        assert scheduler.schedule(make_pod("p")).node == "n2"
    assert [verb for verb, _ in server.seen] == ["filter"]


def gpu_pod(kind: str, containers: str) -> Manifest:
    pod = make_pod("p")
    spec = pod["spec"]
    spec[containers] = [
        {"name": "x", "image": "x", "resources": {"limits": {"x.io/gpu": "1"}, "requests": {"x.io/gpu": "1"}}}
    ]
    spec.setdefault("containers", [{"name": "main", "image": "app"}])
    del spec[containers][0]["resources"]["requests" if kind == "limits" else "limits"]
    if kind == "requests":
        spec[containers][0]["resources"]["limits"] = {"x.io/gpu": "1"}
    return pod


@pytest.mark.parametrize("containers", ["containers", "initContainers"])
@pytest.mark.parametrize("kind", ["requests", "limits"])
def test_only_pods_with_managed_resources_are_sent(kind: str, containers: str) -> None:
    with serving({"filter": keep("n2")}) as server:
        managed = [{"name": "x.io/gpu", "ignoredByScheduler": True}]
        scheduler = ks.Scheduler(nodes(), config(extender(server, managedResources=managed)))
        assert scheduler.schedule(make_pod("other")).node == "n0"
        assert scheduler.schedule(gpu_pod(kind, containers)).node == "n2"  # no node has any: left to the extender
        strict = ks.Scheduler(nodes(), config(extender(server, managedResources=[{"name": "x.io/gpu"}])))
        assert strict.schedule(gpu_pod(kind, containers)).message == "0/4 nodes are available: 4 Insufficient x.io/gpu."
    assert len(server.seen) == 1


def test_a_binder_is_told_and_may_refuse() -> None:
    with serving({"bind": {}}) as server:
        scheduler = ks.Scheduler(nodes(), config(extender(server, filterVerb="", bindVerb="bind")))
        pod = make_pod("p", namespace="team")
        pod["metadata"]["uid"] = "u1"
        assert scheduler.schedule(pod).node == "n0"
        server.answers["bind"] = {"Error": "no lease"}
        refused = scheduler.schedule(make_pod("q", cpu="1"))
        many = scheduler.schedule_many([make_pod("r"), make_pod("s")])
    assert server.args("bind")[0] == {"PodName": "p", "PodNamespace": "team", "PodUID": "u1", "Node": "n0"}
    assert (refused.node, refused.message, refused.code) == (None, "no lease", "Error")
    assert many.messages == {0: "no lease", 1: "no lease"}
    assert scheduler.num_pods == 1
    assert not scheduler.nodes.requested["cpu"].any()


def test_an_ignorable_binder_that_fails_leaves_the_pod_where_it_is() -> None:
    got = schedule({"bind": 500}, filterVerb="", bindVerb="bind", ignorable=True)
    assert (got.node, got.code) == ("n0", "Success")


def test_explain_shows_what_extenders_say() -> None:
    with serving(
        {"filter": keep("n1", "n2", FailedNodes={"n0": "old"}, FailedAndUnresolvableNodes={"n3": "gone"})}
    ) as server:
        scheduler = ks.Scheduler(nodes(), config(extender(server)))
        explanation = scheduler.explain(make_pod("p"))
    assert explanation.feasible.tolist() == [False, True, True, False]
    assert explanation.rejection(0) == (server.url, "Unschedulable", ["old"])
    assert explanation.rejection(3) == (server.url, "UnschedulableAndUnresolvable", ["gone"])
    assert scheduler.num_pods == 0


@pytest.mark.parametrize(("failing", "want"), [(500, 100), (None, 0)])
def test_sampling_stops_before_extenders(failing: int | None, want: int) -> None:
    cluster = [make_node(f"n{i:03}", pods="0" if i % 2 else "9") for i in range(300)]
    with serving({"filter": keep(FailedNodes={f"n{i:03}": "old" for i in range(0, 200, 2)})}) as server:
        scheduler = ks.Scheduler(cluster, config(extender(server), percentageOfNodesToScore=10))
        got = scheduler.schedule(make_pod("p"))
    assert len(server.seen[0][1]["NodeNames"]) == 100
    assert got.evaluated_nodes == 199
    assert got.message == "0/300 nodes are available: 100 old, 99 Too many pods."


def test_manifests_may_hold_dates_but_no_nonsense() -> None:
    import datetime

    with serving({"filter": keep("n1")}) as server:
        scheduler = ks.Scheduler(nodes(), config(extender(server)))
        pod = make_pod("p")
        pod["metadata"]["creationTimestamp"] = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
        assert scheduler.schedule(pod).node == "n1"
        bad = make_pod("bad")
        bad["metadata"]["annotations"] = {"x": float("nan")}
        with pytest.raises(ks.ObjectError, match="bad"):
            scheduler.schedule(bad)
        with pytest.raises(ks.ObjectError, match="bad"):
            scheduler.schedule_many([make_pod("q"), bad])
    assert scheduler.num_pods == 1


def test_templates_are_sent_under_their_copies_names() -> None:
    with serving({"filter": lambda args: keep(*args["NodeNames"])}) as server:
        scheduler = ks.Scheduler(nodes(), config(extender(server)))
        batch = ks.PodBatch.from_templates([make_pod("web"), make_pod("db", namespace="data")], [0, 1, 0])
        assert scheduler.schedule_many(batch[1:]).num_placed == 2
    sent = [args["Pod"]["metadata"] for args in server.args("filter")]
    assert [(m["namespace"], m["name"]) for m in sent] == [("data", "db-1"), ("default", "web-2")]


_NAMES = st.sampled_from(["n0", "n1", "n2", "n3"])


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(st.sets(_NAMES), st.dictionaries(_NAMES, st.integers(-20, 20)), st.integers(1, 9)),
        min_size=1,
        max_size=3,
    )
)
def test_random_extenders_against_their_rules(rules: list[tuple[set[str], dict[str, int], int]]) -> None:
    answers: Manifest = {}
    extenders = []
    names = [f"n{i}" for i in range(4)]
    bound = [make_bound_pod("b", "n1", cpu="2")]
    with serving(answers) as server:
        for i, (kept, scores, weight) in enumerate(rules):
            answers[f"f{i}"] = lambda args, kept=kept: keep(*(name for name in args["NodeNames"] if name in kept))
            answers[f"p{i}"] = [{"Host": host, "Score": score} for host, score in scores.items()]
            extenders.append(extender(server, filterVerb=f"f{i}", prioritizeVerb=f"p{i}", weight=weight))
        scheduler = ks.Scheduler([*nodes(), *bound], config(*extenders))
        got = scheduler.schedule(make_pod("p", cpu="1"))
    feasible = [name for name in names if all(name in kept for kept, _, _ in rules)]
    totals = dict(
        zip(names, ks.Scheduler([*nodes(), *bound]).explain(make_pod("p", cpu="1")).totals.tolist(), strict=True)
    )
    for _, scores, weight in rules:
        for host, score in scores.items():
            totals[host] += score * weight * 10
    assert got.node == (max(feasible, key=lambda name: totals[name]) if feasible else None)
    assert got.feasible_nodes == len(feasible)


def test_two_extenders_of_one_url_are_told_apart() -> None:
    with serving({"p": [{"Host": "n0", "Score": 1}]}) as server:
        twice = [extender(server, filterVerb="", prioritizeVerb="p", weight=w) for w in (1, 2)]
        explanation = ks.Scheduler(nodes(), config(*twice)).explain(make_pod("p"))
    assert explanation.scores[f"{server.url} (extenders[0])"].tolist() == [10, 0, 0, 0]
    assert explanation.scores[f"{server.url} (extenders[1])"].tolist() == [20, 0, 0, 0]
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/scheduler", server.url)
    assert explanation.totals.dtype == np.int64


def preempting(
    answer: Any, *, expect: int = 1, **fields: Any
) -> tuple[ks.Scheduler, list[Manifest], decision.Decision]:
    """Three full nodes, a pod that has to preempt, and an extender with a preempt verb; what it was sent, too."""
    victims = [make_bound_pod(f"v{i}{j}", f"n{i}", cpu="2", priority=i) for i in range(3) for j in range(2)]
    for victim in victims:
        victim["metadata"]["uid"] = victim["metadata"]["name"].replace("v", "u")
    with serving({"preempt": answer}) as server:
        scheduler = ks.Scheduler(
            [*(make_node(f"n{i}") for i in range(3)), *victims],
            config(extender(server, **{"filterVerb": "", "preemptVerb": "preempt", **fields})),
        )
        pod = make_pod("p", cpu="2", priority=100)
        assert scheduler.explain(pod).to_dict()["message"] == "0/3 nodes are available: 3 Insufficient cpu."
        got = scheduler.schedule(pod, preempt=True)
    assert len(server.args("preempt")) == 2 * expect
    return scheduler, server.args("preempt"), got


def meta(**uids: list[str]) -> Manifest:
    return {
        "NodeNameToMetaVictims": {
            node: {"Pods": [{"UID": uid} for uid in listed], "NumPDBViolations": 0} for node, listed in uids.items()
        }
    }


def test_a_preempting_extender_is_sent_the_candidates_and_picks_among_them() -> None:
    scheduler, sent, got = preempting(meta(n2=["u20", "u21"], n1=["u11"]))
    assert (sent[0]["Pod"]["metadata"]["name"], sent[0]["Pod"]["metadata"]["namespace"]) == ("p", "default")
    assert sent[0]["NodeNameToVictims"] is None
    assert {node: [pod["UID"] for pod in victims["Pods"]] for node, victims in sent[0]["NodeNameToMetaVictims"].items()} == {
        "n0": ["u01"], "n1": ["u11"], "n2": ["u21"],
    }  # fmt: skip
    assert got.preemption is not None
    assert (got.preemption.nominated, got.preemption.victims) == ("n1", ("default/v11",))
    assert scheduler.nominations == {"default/p": "n1"}


def test_a_preempting_extender_without_a_cache_is_sent_whole_pods() -> None:
    _, sent, got = preempting(meta(n2=["u20"]), nodeCacheCapable=False)
    (victim,) = sent[0]["NodeNameToVictims"]["n0"]["Pods"]
    assert (victim["metadata"]["name"], victim["metadata"]["namespace"], victim["spec"]["nodeName"]) == (
        "v01",
        "default",
        "n0",
    )
    assert sent[0]["NodeNameToMetaVictims"] is None
    assert got.preemption is not None
    assert got.preemption.victims == ("default/v20",)


@pytest.mark.parametrize(("answer", "want"), [
    pytest.param(meta(), "no new claims to deallocate, preemption: no candidate node for preemption", id="keeps no node"),
    pytest.param(meta(n0=[]), 'preemption: expected at least one victim pod on node "n0"', id="names no victim"),
    pytest.param(meta(n0=["u10"]), "preemption: extender: .* claims to preempt pod .* but the pod is not found on that node", id="a pod of elsewhere"),
    pytest.param(500, "preemption: .*code 500", id="an error"),
    pytest.param(b"rubbish", "preemption: .*", id="rubbish"),
])  # fmt: skip
def test_what_a_preempting_extender_spoils(answer: Any, want: str) -> None:
    scheduler, _, got = preempting(answer)
    assert got.node is None
    assert got.preemption is not None
    assert got.preemption.nominated is None
    assert re.fullmatch(want, got.preemption.message), got.preemption.message
    assert not scheduler.nominations


@pytest.mark.parametrize("answer", [pytest.param(500, id="an error"), pytest.param(b"{", id="rubbish")])
def test_an_ignorable_preempting_extender_may_fail(answer: Any) -> None:
    _, _, got = preempting(answer, ignorable=True)
    assert got.preemption is not None
    assert (got.preemption.nominated, got.preemption.victims) == ("n0", ("default/v01",))


def test_a_preempting_extender_is_not_asked_of_pods_without_its_resources() -> None:
    _, _, got = preempting(500, expect=0, managedResources=[{"name": "example.com/fpga"}])
    assert got.preemption is not None
    assert got.preemption.nominated == "n0"


def test_victims_that_left_are_not_sent_again() -> None:
    with serving({"preempt": lambda args: {"NodeNameToMetaVictims": args["NodeNameToMetaVictims"]}}) as server:
        scheduler = ks.Scheduler(
            [make_node("n0"), make_bound_pod("a", "n0", cpu="2"), make_bound_pod("b", "n0", cpu="2", priority=5)],
            config(extender(server, filterVerb="", preemptVerb="preempt")),
        )
        placed = scheduler.schedule_many(
            [make_pod("p", cpu="2", priority=9), make_pod("q", cpu="4", priority=10)], preempt="immediate"
        )
        scheduler.remove_pod("default/q")
        assert scheduler.num_pods == 0
    assert placed.node_names == ["n0", "n0"]
    assert [victims["n0"]["Pods"] for victims in (args["NodeNameToMetaVictims"] for args in server.args("preempt"))] == [
        [{"UID": "default/a"}], [{"UID": "default/p"}, {"UID": "default/b"}],
    ]  # fmt: skip
