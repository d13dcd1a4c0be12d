"""A table for each score plugin: nodes, one pod, the weighted scores worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

import kubesched as ks
from tests.builders import make_bound_pod, make_node, make_pod, plugin_args

ZONE = "topology.kubernetes.io/zone"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
Manifest = dict[str, Any]


def scores(plugin: str, objects: list[Manifest], pod: Manifest, config: Manifest | None = None) -> list[int] | None:
    """The plugin's scores in node order; None where it skipped the pod."""
    found = ks.Scheduler(objects, config).explain(pod).scores.get(plugin)
    return None if found is None else found.tolist()


def strategy(kind: str, **more: Any) -> Manifest:
    return plugin_args("NodeResourcesFit", scoringStrategy={"type": kind, **more})


RAMP = {"shape": [{"utilization": 0, "score": 0}, {"utilization": 100, "score": 10}]}


@pytest.mark.parametrize(
    ("cpu", "memory", "config", "want"),
    [
        pytest.param("1", "2Gi", None, 75, id="three quarters are free"),
        pytest.param("1", "6Gi", None, 50, id="the mean of 75 and 25"),
        pytest.param(None, None, None, 97, id="unset requests count as 100m and 200Mi: (97 + 97) / 2"),
        pytest.param("1", "2Gi", strategy("MostAllocated"), 25, id="a quarter is taken"),
        pytest.param("1", "6Gi", strategy("MostAllocated", resources=[{"name": "memory", "weight": 3}]), 75,
                     id="memory alone"),
        pytest.param("1", "6Gi", strategy("RequestedToCapacityRatio", requestedToCapacityRatio=RAMP), 50,
                     id="a straight line over utilisation"),
    ],
)  # fmt: skip
def test_node_resources_fit(cpu: str | None, memory: str | None, config: Manifest | None, want: int) -> None:
    assert scores("NodeResourcesFit", [make_node("a")], make_pod("p", cpu, memory), config) == [want]


@pytest.mark.parametrize(
    ("cpu", "memory", "want"),
    [
        pytest.param("1", "2Gi", [100], id="equal shares"),
        pytest.param("2", "2Gi", [87], id="a half and a quarter: 1 - 0.125"),
        pytest.param("4", None, [50], id="all and nothing"),
        pytest.param(None, None, None, id="a pod that asks for nothing is skipped"),
    ],
)
def test_balanced_allocation(cpu: str | None, memory: str | None, want: list[int] | None) -> None:
    assert scores("NodeResourcesBalancedAllocation", [make_node("a")], make_pod("p", cpu, memory)) == want


@pytest.mark.parametrize(
    ("num_taints", "want"),
    [
        pytest.param([0, 0], [300, 300], id="no taints: all the same"),
        pytest.param([0, 1], [300, 0], id="one against none"),
        pytest.param([1, 3], [201, 0], id="a third of the most: 100 - 33, times 3"),
    ],
)
def test_taint_toleration(num_taints: list[int], want: list[int]) -> None:
    nodes = [
        make_node(f"n{i}", taints=[{"key": f"t{j}", "effect": "PreferNoSchedule"} for j in range(count)])
        for i, count in enumerate(num_taints)
    ]
    assert scores("TaintToleration", nodes, make_pod("p")) == want


def test_node_affinity_adds_the_weights_that_match() -> None:
    nodes = [make_node("a", {"disk": "ssd"}), make_node("b", {"disk": "ssd", "gen": "2"}), make_node("c")]

    def prefer(key: str, weight: int) -> Manifest:
        return {"weight": weight, "preference": {"matchExpressions": [{"key": key, "operator": "Exists"}]}}

    pod = make_pod("p", affinity={"nodeAffinity": {PREFERRED: [prefer("disk", 10), prefer("gen", 30)]}})
    assert scores("NodeAffinity", nodes, pod) == [50, 200, 0]
    assert scores("NodeAffinity", nodes, make_pod("p")) is None
    added = {"addedAffinity": {PREFERRED: [prefer("gen", 1)]}}
    assert scores("NodeAffinity", nodes, make_pod("p"), plugin_args("NodeAffinity", **added)) == [0, 200, 0]


def test_image_locality_weighs_size_by_spread() -> None:
    with_image = make_node("a")
    with_image["status"]["images"] = [{"names": ["app:latest"], "sizeBytes": 1000 * 2**20}]
    half = 500 * 2**20  # one node of two has it
    want = 100 * (half - 23 * 2**20) // (977 * 2**20)
    assert scores("ImageLocality", [with_image, make_node("b")], make_pod("p")) == [want, 0]


def spread_pod(max_skew: int = 1) -> Manifest:
    selector = {"matchLabels": {"app": "web"}}
    constraint = {"maxSkew": max_skew, "topologyKey": ZONE, "whenUnsatisfiable": "ScheduleAnyway"}
    return make_pod("p", topologySpreadConstraints=[{**constraint, "labelSelector": selector}])


def test_spread_prefers_emptier_domains() -> None:
    nodes = [make_node("a", {ZONE: "x"}), make_node("b", {ZONE: "y"}), make_node("c")]
    others = [make_bound_pod(f"o{i}", "a", labels={"app": "web"}) for i in range(2)]
    # x: 2 * ln(4) = 2.77 -> 3; y: 0. Scores 100 * (3 + 0 - raw) / 3, twice; c lacks the key: 0.
    assert scores("PodTopologySpread", [*nodes, *others], spread_pod()) == [0, 200, 0]


def test_spread_of_a_service_without_constraints_takes_the_system_defaults() -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"selector": {"app": "web"}}}
    nodes = [make_node("a", {ZONE: "x"}), make_node("b", {ZONE: "y"})]
    others = [make_bound_pod("o", "a", labels={"app": "web"})]
    pod = make_pod("p", labels={"app": "web"})
    # raw: a = (ln 4 + 2) + (ln 4 + 4) = 8.77 -> 9, b = 2 + 4 = 6; 100 * (9 + 6 - raw) / 9, twice.
    assert scores("PodTopologySpread", [service, *nodes, *others], pod) == [132, 200]
    assert scores("PodTopologySpread", [*nodes, *others], pod) is None


def prefer_pods(kind: str, weight: int) -> Manifest:
    term = {"topologyKey": ZONE, "labelSelector": {"matchLabels": {"app": "web"}}}
    return {"affinity": {kind: {PREFERRED: [{"weight": weight, "podAffinityTerm": term}]}}}


@pytest.mark.parametrize(
    ("pod", "other", "config", "want"),
    [
        pytest.param(make_pod("p", **prefer_pods("podAffinity", 5)), {}, None, [200, 0], id="towards"),
        pytest.param(make_pod("p", **prefer_pods("podAntiAffinity", 5)), {}, None, [0, 200], id="away"),
        pytest.param(make_pod("p", labels={"app": "web"}), prefer_pods("podAffinity", 5), None, [200, 0],
                     id="a pod there would like its company"),
        pytest.param(make_pod("p", labels={"app": "web"}), prefer_pods("podAffinity", 5),
                     plugin_args("InterPodAffinity", ignorePreferredTermsOfExistingPods=True), None,
                     id="which may be ignored"),
        pytest.param(make_pod("p"), {}, None, None, id="nobody cares: skipped"),
    ],
)  # fmt: skip
def test_inter_pod_affinity(pod: Manifest, other: Manifest, config: Manifest | None, want: list[int] | None) -> None:
    nodes = [make_node("a", {ZONE: "x"}), make_node("b", {ZONE: "y"})]
    there = make_bound_pod("o", "a", labels={"app": "web"}, **other)
    assert scores("InterPodAffinity", [*nodes, there], pod, config) == want
