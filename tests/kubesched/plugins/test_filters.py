"""A table for each filter plugin: one node, one pod, the reasons."""

from __future__ import annotations

from typing import Any

import pytest

import kubesched as ks
from tests.builders import make_bound_pod, make_node, make_pod, plugin_args

UNRESOLVABLE = "UnschedulableAndUnresolvable"
ZONE = "topology.kubernetes.io/zone"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
Manifest = dict[str, Any]


def rejection(node: Manifest, pod: Manifest, *others: Manifest, config: Manifest | None = None) -> Any:
    """(plugin, code, reasons) for the first node; None where it is feasible."""
    return ks.Scheduler([node, *others], config).explain(pod).rejection(0)


def taint(effect: str = "NoSchedule", key: str = "gpu", value: str = "a") -> Manifest:
    return {"key": key, "value": value, "effect": effect}


CORDONED = make_node("a")
CORDONED["spec"]["unschedulable"] = True


@pytest.mark.parametrize(
    ("pod", "want_reason"),
    [
        pytest.param(make_pod("p"), "node(s) were unschedulable", id="a cordoned node takes no pod"),
        pytest.param(make_pod("p", tolerations=[{"operator": "Exists"}]), None, id="but one that tolerates all"),
        pytest.param(make_pod("p", tolerations=[{"key": "node.kubernetes.io/unschedulable", "operator": "Exists"}]),
                     None, id="or just that"),
        pytest.param(make_pod("p", tolerations=[{"key": "x", "operator": "Exists"}]), "node(s) were unschedulable",
                     id="not one that tolerates something else"),
    ],
)  # fmt: skip
def test_node_unschedulable(pod: Manifest, want_reason: str | None) -> None:
    got = rejection(CORDONED, pod)
    assert got == (None if want_reason is None else ("NodeUnschedulable", UNRESOLVABLE, [want_reason]))


@pytest.mark.parametrize(("name", "want_feasible"), [("a", True), ("b", False), ("", True)])
def test_node_name(name: str, want_feasible: bool) -> None:
    got = rejection(make_node("a"), make_pod("p", nodeName=name))
    reason = ["node(s) didn't match the requested node name"]
    assert got == (None if want_feasible else ("NodeName", UNRESOLVABLE, reason))


@pytest.mark.parametrize(
    ("taints", "tolerations", "want_taint"),
    [
        pytest.param([taint()], [], "{gpu: a}", id="an untolerated taint"),
        pytest.param([taint("NoExecute", value="")], [], "{gpu: }", id="NoExecute counts, an empty value shows"),
        pytest.param([taint("PreferNoSchedule")], [], None, id="PreferNoSchedule only scores"),
        pytest.param([taint()], [{"key": "gpu", "value": "a"}], None, id="Equal is the default operator"),
        pytest.param([taint()], [{"key": "gpu", "value": "b"}], "{gpu: a}", id="another value"),
        pytest.param([taint()], [{"key": "gpu", "operator": "Exists"}], None, id="any value"),
        pytest.param([taint()], [{"key": "gpu", "operator": "Exists", "effect": "NoExecute"}], "{gpu: a}",
                     id="another effect"),
        pytest.param([taint(), taint(key="spot")], [{"key": "gpu", "operator": "Exists"}], "{spot: a}",
                     id="the first untolerated one is named"),
    ],
)  # fmt: skip
def test_taint_toleration(taints: list[Manifest], tolerations: list[Manifest], want_taint: str | None) -> None:
    got = rejection(make_node("a", taints=taints), make_pod("p", tolerations=tolerations))
    reason = [f"node(s) had untolerated taint {want_taint}"]
    assert got == (None if want_taint is None else ("TaintToleration", UNRESOLVABLE, reason))


def expression(operator: str, *values: str, key: str = "gen") -> Manifest:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


@pytest.mark.parametrize(
    ("terms", "want_feasible"),
    [
        pytest.param([expression("In", "3", "5")], True, id="In"),
        pytest.param([expression("NotIn", "5")], False, id="NotIn"),
        pytest.param([expression("NotIn", "5", key="none")], True, id="NotIn holds without the label"),
        pytest.param([expression("Exists")], True, id="Exists"),
        pytest.param([expression("DoesNotExist")], False, id="DoesNotExist"),
        pytest.param([expression("Gt", "4")], True, id="Gt compares numbers"),
        pytest.param([expression("Gt", "5")], False, id="Gt is strict"),
        pytest.param([expression("Lt", "10")], True, id="Lt is no comparison of text"),
        pytest.param([expression("Gt", "1", key="disk")], False, id="Gt of a value that is no number"),
        pytest.param([expression("In", "9"), expression("Exists")], True, id="one term of several is enough"),
        pytest.param([{}], False, id="an empty term matches nothing"),
        pytest.param([{"matchFields": [{"key": "metadata.name", "operator": "NotIn", "values": ["a"]}]}], False,
                     id="matchFields by name"),
    ],
)  # fmt: skip
def test_node_affinity(terms: list[Manifest], want_feasible: bool) -> None:
    affinity = {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": terms}}}
    got = rejection(make_node("a", {"gen": "5", "disk": "ssd"}), make_pod("p", affinity=affinity))
    reason = ["node(s) didn't match Pod's node affinity/selector"]
    assert got == (None if want_feasible else ("NodeAffinity", UNRESOLVABLE, reason))


def by_name(*names: str) -> Manifest:
    return {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [name]} for name in names]}


def test_a_node_list_leaves_other_nodes_out() -> None:
    affinity = {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [by_name("b")]}}}
    explanation = ks.Scheduler([make_node("a"), make_node("b")]).explain(make_pod("p", affinity=affinity))
    assert explanation.rejection(0) == ("", "PreFilterResult", [])
    assert explanation.node == "b"


def test_names_that_contradict_reject_the_pod_as_a_whole() -> None:
    affinity = {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [by_name("a", "b")]}}}
    explanation = ks.Scheduler([make_node("a")]).explain(make_pod("p", affinity=affinity))
    assert explanation.pre_filter == ("NodeAffinity", UNRESOLVABLE, ["pod affinity terms conflict"])
    assert explanation.message == "0/1 nodes are available: pod affinity terms conflict."


def test_a_node_list_of_unknown_nodes_says_so() -> None:
    affinity = {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [by_name("zz")]}}}
    explanation = ks.Scheduler([make_node("a")]).explain(make_pod("p", affinity=affinity))
    assert explanation.message == "0/1 nodes are available: 1 node(s) didn't satisfy plugin(s) [NodeAffinity]."


def with_port(name: str, number: int, ip: str = "", protocol: str = "TCP", node: str | None = None) -> Manifest:
    pod = make_bound_pod(name, node) if node else make_pod(name)
    port: Manifest = {"containerPort": 80, "hostPort": number, "protocol": protocol}
    pod["spec"]["containers"][0]["ports"] = [{**port, "hostIP": ip} if ip else port]
    return pod


@pytest.mark.parametrize(
    ("wanted", "used", "want_feasible"),
    [
        pytest.param((80, "", "TCP"), (80, "", "TCP"), False, id="the same port"),
        pytest.param((80, "", "TCP"), (81, "", "TCP"), True, id="another number"),
        pytest.param((80, "", "TCP"), (80, "", "UDP"), True, id="another protocol"),
        pytest.param((80, "10.0.0.1", "TCP"), (80, "10.0.0.2", "TCP"), True, id="another address"),
        pytest.param((80, "10.0.0.1", "TCP"), (80, "", "TCP"), False, id="every address is taken"),
        pytest.param((80, "0.0.0.0", "TCP"), (80, "10.0.0.2", "TCP"), False, id="every address is wanted"),  # noqa: S104
    ],
)  # fmt: skip
def test_node_ports(wanted: tuple[int, str, str], used: tuple[int, str, str], want_feasible: bool) -> None:
    got = rejection(make_node("a"), with_port("p", *wanted), with_port("q", *used, node="a"))
    reason = ["node(s) didn't have free ports for the requested pod ports"]
    assert got == (None if want_feasible else ("NodePorts", "Unschedulable", reason))


@pytest.mark.parametrize(
    ("pod", "node", "want_code", "want_reasons"),
    [
        pytest.param(make_pod("p", cpu="3"), make_node("a"), None, None, id="equal fits"),
        pytest.param(make_pod("p", cpu="3001m"), make_node("a"), "Unschedulable", ["Insufficient cpu"],
                     id="one milli-CPU short"),
        pytest.param(make_pod("p", cpu="5"), make_node("a"), UNRESOLVABLE, ["Insufficient cpu"],
                     id="more than the node has"),
        pytest.param(make_pod("p", cpu="5", memory="9Gi"), make_node("a"), UNRESOLVABLE,
                     ["Insufficient cpu", "Insufficient memory"], id="every shortage is named"),
        pytest.param(make_pod("p"), make_node("a", pods="1"), "Unschedulable", ["Too many pods"], id="pod count"),
        pytest.param(make_pod("p"), make_node("a", cpu="500m"), None, None, id="no request fits an overfull node"),
        pytest.param(make_pod("p", overhead={"cpu": "3500m"}), make_node("a"), "Unschedulable", ["Insufficient cpu"],
                     id="overhead counts"),
        pytest.param(make_pod("p", cpu="1", resources={"requests": {"cpu": "4"}}), make_node("a"), "Unschedulable",
                     ["Insufficient cpu"], id="pod-level requests win"),
    ],
)  # fmt: skip
def test_node_resources_fit(
    pod: Manifest, node: Manifest, want_code: str | None, want_reasons: list[str] | None
) -> None:
    got = rejection(node, pod, make_bound_pod("other", "a", cpu="1"))
    assert got == (None if want_code is None else ("NodeResourcesFit", want_code, want_reasons))


def test_ignored_resources_are_not_checked() -> None:
    pod = make_pod("p")
    pod["spec"]["containers"][0]["resources"] = {"limits": {"example.com/a": "1", "other.org/b": "1"}}
    assert rejection(make_node("a"), pod) is not None
    config = plugin_args("NodeResourcesFit", ignoredResources=["example.com/a"], ignoredResourceGroups=["other.org"])
    assert rejection(make_node("a"), pod, config=config) is None


def init(cpu: str, *, restarts: bool = False) -> Manifest:
    container: Manifest = {"name": f"i{cpu}", "resources": {"requests": {"cpu": cpu}}}
    return {**container, "restartPolicy": "Always"} if restarts else container


@pytest.mark.parametrize(
    ("containers", "want_milli_cpu"),
    [
        pytest.param([init("3")], 3000, id="an init container runs alone: the maximum"),
        pytest.param([init("500m")], 1000, id="a small one hides behind the containers"),
        pytest.param([init("500m", restarts=True)], 1500, id="one that keeps running adds up"),
        pytest.param([init("2", restarts=True), init("3")], 5000, id="and is there while later ones start"),
        pytest.param([init("3"), init("1", restarts=True)], 3000, id="but not while earlier ones do"),
    ],
)
def test_requests_of_init_containers(containers: list[Manifest], want_milli_cpu: int) -> None:
    scheduler = ks.Scheduler([make_node("a", cpu="8")])
    scheduler.schedule(make_pod("p", cpu="1", initContainers=containers))
    assert scheduler.nodes.requested["cpu"].tolist() == [want_milli_cpu]


def spread(max_skew: int = 1, **more: Any) -> list[Manifest]:
    constraint = {"maxSkew": max_skew, "topologyKey": ZONE, "whenUnsatisfiable": "DoNotSchedule"}
    return [{**constraint, "labelSelector": {"matchLabels": {"app": "web"}}, **more}]


NODES = [make_node("a", {ZONE: "x"}), make_node("b", {ZONE: "y"})]
WEB = {"labels": {"app": "web"}}


@pytest.mark.parametrize(
    ("constraints", "labels", "want_feasible"),
    [
        pytest.param(spread(), {"app": "web"}, False, id="one more would skew by two"),
        pytest.param(spread(2), {"app": "web"}, True, id="which may be allowed"),
        pytest.param(spread(), {"app": "db"}, True, id="a pod that the selector does not match adds nothing"),
        pytest.param(spread(2, minDomains=3), {"app": "web"}, True, id="too few domains: the minimum is nought"),
        pytest.param(spread(1, labelSelector={}), {"app": "web"}, True, id="an empty selector counts nobody"),
        pytest.param(
            spread(1, matchLabelKeys=["rev"]), {"app": "web", "rev": "2"}, True, id="only pods of its revision"
        ),
    ],
)
def test_pod_topology_spread(constraints: list[Manifest], labels: dict[str, str], want_feasible: bool) -> None:
    others = [NODES[1], make_bound_pod("o1", "a", **WEB)]
    got = rejection(NODES[0], make_pod("p", labels=labels, topologySpreadConstraints=constraints), *others)
    reason = ["node(s) didn't match pod topology spread constraints"]
    assert got == (None if want_feasible else ("PodTopologySpread", "Unschedulable", reason))


def test_a_node_without_the_topology_key_is_out_for_good() -> None:
    got = rejection(make_node("a"), make_pod("p", topologySpreadConstraints=spread()))
    reason = ["node(s) didn't match pod topology spread constraints (missing required label)"]
    assert got == ("PodTopologySpread", UNRESOLVABLE, reason)


def affinity(kind: str, app: str, **more: Any) -> Manifest:
    term = {"topologyKey": ZONE, "labelSelector": {"matchLabels": {"app": app}}, **more}
    return {"affinity": {kind: {REQUIRED: [term]}}}


@pytest.mark.parametrize(
    ("spec", "other", "want_code", "want_reason"),
    [
        pytest.param(affinity("podAffinity", "web"), make_bound_pod("o", "a", **WEB), None, None, id="with its friend"),
        pytest.param(affinity("podAffinity", "web"), make_bound_pod("o", "b", **WEB), UNRESOLVABLE,
                     "node(s) didn't match pod affinity rules", id="whose zone is another"),
        pytest.param(affinity("podAffinity", "self"), make_bound_pod("o", "b", **WEB), None, None,
                     id="the first of a group may go anywhere"),
        pytest.param(affinity("podAntiAffinity", "web"), make_bound_pod("o", "a", **WEB), "Unschedulable",
                     "node(s) didn't match pod anti-affinity rules", id="away from its foe"),
        pytest.param({}, make_bound_pod("o", "a", **affinity("podAntiAffinity", "self")), "Unschedulable",
                     "node(s) didn't satisfy existing pods anti-affinity rules", id="kept away by a pod there"),
        pytest.param({}, make_bound_pod("o", "a", namespace="b", **affinity("podAntiAffinity", "self")), None, None,
                     id="terms are about their own namespace"),
        pytest.param({}, make_bound_pod("o", "a", namespace="b",
                                        **affinity("podAntiAffinity", "self", namespaceSelector={})), "Unschedulable",
                     "node(s) didn't satisfy existing pods anti-affinity rules", id="or about all of them"),
    ],
)  # fmt: skip
def test_inter_pod_affinity(spec: Manifest, other: Manifest, want_code: str | None, want_reason: str | None) -> None:
    got = rejection(NODES[0], make_pod("p", labels={"app": "self"}, **spec), NODES[1], other)
    assert got == (None if want_code is None else ("InterPodAffinity", want_code, [want_reason]))
