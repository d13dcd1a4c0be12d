"""Arguments of plugins: defaults and validation."""

from __future__ import annotations

import re
from typing import Any

import pytest

from kubesched.config import load_config
from kubesched.config.plugin_args import (
    BalancedArgs,
    DefaultConstraint,
    FitArgs,
    InterPodAffinityArgs,
    PluginArgs,
    SpreadArgs,
)
from kubesched.errors import ConfigError
from tests.builders import make_config, plugin_args

ZONE = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}


def read(name: str, **args: Any) -> PluginArgs:
    (profile,) = load_config(plugin_args(name, **args)).profiles
    return profile.args


def strategy(kind: str, **fields: Any) -> dict[str, Any]:
    return {"scoringStrategy": {"type": kind, **fields}}


def shape(*points: tuple[int, int]) -> dict[str, Any]:
    listed = [{"utilization": utilization, "score": score} for utilization, score in points]
    return strategy("RequestedToCapacityRatio", requestedToCapacityRatio={"shape": listed})


def spread(**fields: Any) -> dict[str, Any]:
    return {"defaultingType": "List", "defaultConstraints": [{**ZONE, **fields}]}


@pytest.mark.parametrize(
    ("name", "args", "want"),
    [
        pytest.param("NodeResourcesFit", {}, PluginArgs(), id="all defaults"),
        pytest.param("NodeResourcesFit", {"ignoredResources": ["cpu"], "ignoredResourceGroups": ["example.com"]},
                     PluginArgs(fit=FitArgs(("cpu",), ("example.com",))), id="ignored resources keep the default strategy"),
        pytest.param("NodeResourcesFit", {"scoringStrategy": None}, PluginArgs(), id="a null strategy is the default one"),
        pytest.param("NodeResourcesFit", strategy("MostAllocated"), PluginArgs(fit=FitArgs(strategy="MostAllocated")),
                     id="a strategy has cpu and memory by default"),
        pytest.param("NodeResourcesFit", strategy("LeastAllocated", resources=[{"name": "a.b/c"}, {"name": "cpu", "weight": 0}]),
                     PluginArgs(fit=FitArgs(resources=(("a.b/c", 1), ("cpu", 1)))), id="weights are one by default"),
        pytest.param("NodeResourcesFit", shape((0, 10), (100, 0)),
                     PluginArgs(fit=FitArgs(strategy="RequestedToCapacityRatio", shape=((0, 10), (100, 0)))), id="a shape"),
        pytest.param("NodeResourcesBalancedAllocation", {"resources": []}, PluginArgs(), id="no resources are the default ones"),
        pytest.param("NodeResourcesBalancedAllocation", {"resources": [{"name": "cpu"}, {"name": "a.b/c", "weight": 1}]},
                     PluginArgs(balanced=BalancedArgs(("cpu", "a.b/c"))), id="balanced resources"),
        pytest.param("PodTopologySpread", {"defaultingType": ""}, PluginArgs(), id="system constraints by default"),
        pytest.param("PodTopologySpread", {"defaultingType": "List"}, PluginArgs(spread=SpreadArgs(False)), id="an empty list"),
        pytest.param("PodTopologySpread", spread(), PluginArgs(spread=SpreadArgs(False, (
                     DefaultConstraint(1, "zone", True, 1, True, False),))), id="defaults of a constraint"),
        pytest.param("PodTopologySpread", spread(whenUnsatisfiable="ScheduleAnyway", minDomains=3, nodeAffinityPolicy="Ignore",
                     nodeTaintsPolicy="Honor", matchLabelKeys=["a"]), PluginArgs(spread=SpreadArgs(False, (
                     DefaultConstraint(1, "zone", False, 3, False, True),))), id="everything of a constraint"),
        pytest.param("PodTopologySpread", spread(nodeAffinityPolicy="honor"), PluginArgs(spread=SpreadArgs(False, (
                     DefaultConstraint(1, "zone", True, 1, False, False),))), id="upstream takes any other policy for Ignore"),
        pytest.param("InterPodAffinity", {"hardPodAffinityWeight": 0, "ignorePreferredTermsOfExistingPods": True},
                     PluginArgs(inter_pod_affinity=InterPodAffinityArgs(0, True)), id="inter-pod affinity"),
        pytest.param("InterPodAffinity", {"hardPodAffinityWeight": None}, PluginArgs(), id="a null weight is the default one"),
        pytest.param("InterPodAffinity", {"kind": "", "apiVersion": ""}, PluginArgs(), id="an empty kind is the plugin's"),
        pytest.param("NodePorts", {"whatever": [1]}, PluginArgs(), id="upstream does not look at what a plugin does not take"),
    ],
)  # fmt: skip
def test_arguments_are_read(name: str, args: dict[str, Any], want: PluginArgs) -> None:
    assert read(name, **args) == want


@pytest.mark.parametrize("entry", [{"name": "InterPodAffinity"}, {"name": "InterPodAffinity", "args": None}])
def test_absent_arguments_are_the_default_ones(entry: dict[str, Any]) -> None:
    (profile,) = load_config(make_config(pluginConfig=[entry])).profiles
    assert profile.args == PluginArgs()


@pytest.mark.parametrize(
    ("name", "args", "want"),
    [
        pytest.param("NodeResourcesFit", {"ignoredResources": ["a b"]}, "ignoredResources[0]: must be a qualified name, got 'a b'",
                     id="an ignored resource"),
        pytest.param("NodeResourcesFit", {"ignoredResources": ["cpu", 1]}, "ignoredResources[1]: must be a string, got 1",
                     id="a number for an ignored resource"),
        pytest.param("NodeResourcesFit", {"ignoredResourceGroups": ["a/b"]},
                     "ignoredResourceGroups[0]: must be a name without '/', got 'a/b'", id="a group with a slash"),
        pytest.param("NodeResourcesFit", strategy("Best"),
                     "type: must be one of LeastAllocated, MostAllocated, RequestedToCapacityRatio, got 'Best'", id="a strategy"),
        pytest.param("NodeResourcesFit", {"scoringStrategy": {}}, "type: must be one of", id="a strategy without type"),
        pytest.param("NodeResourcesFit", strategy("MostAllocated", resources=[{"name": "cpu", "weight": 101}]),
                     "scoringStrategy.resources[0].weight: must be in 1..100, got 101", id="a weight too large"),
        pytest.param("NodeResourcesFit", strategy("MostAllocated", resources=[{"name": "cpu", "weight": -1}]),
                     "scoringStrategy.resources[0].weight: must be in 1..100, got -1", id="a negative weight"),
        pytest.param("NodeResourcesFit", strategy("RequestedToCapacityRatio"),
                     "requestedToCapacityRatio: must be given for this type, got None", id="no shape"),
        pytest.param("NodeResourcesFit", shape(), "shape: must have at least one point, got []", id="an empty shape"),
        pytest.param("NodeResourcesFit", strategy("MostAllocated", requestedToCapacityRatio={}), "shape: must have at least one point",
                     id="an empty shape that nobody uses"),
        pytest.param("NodeResourcesFit", shape((50, 1), (50, 2)), "shape[1].utilization: must increase from point to point, got 50",
                     id="a shape not increasing"),
        pytest.param("NodeResourcesFit", shape((-1, 1)), "shape[0].utilization: must be in 0..100, got -1", id="utilization below 0"),
        pytest.param("NodeResourcesFit", shape((101, 1)), "shape[0].utilization: must be in 0..100, got 101", id="above 100"),
        pytest.param("NodeResourcesFit", shape((0, 11)), "shape[0].score: must be in 0..10, got 11", id="a score above 10"),
        pytest.param("NodeResourcesFit", shape((0, -1)), "shape[0].score: must be in 0..10, got -1", id="a negative score"),
        pytest.param("NodeResourcesBalancedAllocation", {"resources": [{"name": "cpu", "weight": 2}]},
                     "resources[0].weight: must be 1, got 2", id="a balanced weight"),
        pytest.param("NodeResourcesBalancedAllocation", {"resources": [{"name": "cpu"}, {"name": "cpu"}]},
                     "resources[1].name: must be named once, got 'cpu'", id="a balanced resource twice"),
        pytest.param("PodTopologySpread", {"defaultConstraints": [ZONE]},
                     "defaultingType: must be List where defaultConstraints are given, got 'System'", id="constraints and System"),
        pytest.param("PodTopologySpread", {"defaultingType": "Other"}, "defaultingType: must be one of System, List, got 'Other'",
                     id="a defaulting type"),
        pytest.param("PodTopologySpread", spread(maxSkew=0), "defaultConstraints[0].maxSkew: must be greater than 0, got 0",
                     id="no skew"),
        pytest.param("PodTopologySpread", spread(topologyKey=""), "topologyKey: must be a label key, got ''", id="no key"),
        pytest.param("PodTopologySpread", spread(topologyKey="a b"), "topologyKey: must be a label key, got 'a b'", id="a bad key"),
        pytest.param("PodTopologySpread", spread(whenUnsatisfiable=""),
                     "whenUnsatisfiable: must be one of DoNotSchedule, ScheduleAnyway, got ''", id="no action"),
        pytest.param("PodTopologySpread", spread(labelSelector={}), "labelSelector: must be absent: it is deduced", id="a selector"),
        pytest.param("PodTopologySpread", {"defaultingType": "List", "defaultConstraints": [ZONE, {**ZONE, "maxSkew": 2}]},
                     "defaultConstraints[1].topologyKey: must not repeat an earlier pair of key and action, got 'zone'",
                     id="a constraint twice"),
        pytest.param("PodTopologySpread", spread(skew=1), "defaultConstraints[0].skew: unknown field", id="a typo in a constraint"),
        pytest.param("InterPodAffinity", {"hardPodAffinityWeight": 101}, "hardPodAffinityWeight: must be in 0..100, got 101",
                     id="a hard weight too large"),
        pytest.param("InterPodAffinity", {"hardPodAffinityWeight": -1}, "must be in 0..100, got -1", id="a negative hard weight"),
        pytest.param("DefaultPreemption", {"minCandidateNodesPercentage": 101},
                     "minCandidateNodesPercentage: must be in 0..100, got 101", id="a percentage of candidates"),
        pytest.param("DefaultPreemption", {"minCandidateNodesAbsolute": -1}, "minCandidateNodesAbsolute: must not be negative, got -1",
                     id="a negative number of candidates"),
        pytest.param("DefaultPreemption", {"minCandidateNodesPercentage": 0, "minCandidateNodesAbsolute": 0},
                     "minCandidateNodesPercentage: must not be 0 where minCandidateNodesAbsolute is, got 0", id="no candidates"),
        pytest.param("VolumeBinding", {"bindTimeoutSeconds": -1}, "bindTimeoutSeconds: must not be negative, got -1", id="a timeout"),
        pytest.param("VolumeBinding", {"shape": []}, "shape: must be absent: the feature gate StorageCapacityScoring is off, got []",
                     id="a shape behind a gate"),
        pytest.param("DynamicResources", {"filterTimeout": "-1s"}, "filterTimeout: must not be negative, got '-1s'", id="a filter timeout"),
        pytest.param("InterPodAffinity", {"kind": "NodeAffinityArgs"},
                     "args.kind: must be InterPodAffinityArgs, got 'NodeAffinityArgs'", id="another plugin's kind"),
        pytest.param("InterPodAffinity", {"apiVersion": "kubescheduler.config.k8s.io/v1beta3"},
                     "args.apiVersion: must be kubescheduler.config.k8s.io/v1, got 'kubescheduler.config.k8s.io/v1beta3'",
                     id="another version"),
        pytest.param("InterPodAffinity", {"weight": 1}, "profiles[0].pluginConfig[0].args.weight: unknown field", id="a typo"),
        pytest.param("EBSLimits", {}, "pluginConfig[0].name: must not be a plugin that was removed, got 'EBSLimits'",
                     id="a removed plugin"),
        pytest.param("NodeFit", {}, "pluginConfig[0].name: must be a plugin that exists, got 'NodeFit'", id="an unknown plugin"),
    ],
)  # fmt: skip
def test_broken_arguments_are_refused(name: str, args: dict[str, Any], want: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(want)):
        read(name, **args)


@pytest.mark.parametrize(
    ("entries", "want"),
    [
        pytest.param([{"name": "NodeAffinity"}, {"name": "NodeAffinity"}],
                     "pluginConfig[1].name: must be configured once, got 'NodeAffinity'", id="a plugin twice"),
        pytest.param([{"name": "NodeAffinity", "args": [1]}], "pluginConfig[0].args: must be a mapping, got [1]", id="a list"),
        pytest.param([{"name": "NodeAffinity", "arg": {}}], "pluginConfig[0].arg: unknown field", id="a typo"),
        pytest.param([{}], "pluginConfig[0].name: must be a plugin that exists, got ''", id="no name"),
    ],
)  # fmt: skip
def test_broken_entries_are_refused(entries: list[Any], want: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(want)):
        load_config(make_config(pluginConfig=entries))


def test_arguments_of_the_volume_plugins() -> None:
    assert read("VolumeBinding", bindTimeoutSeconds=2**40) == read("VolumeBinding")
    assert read("VolumeRestrictions", whatever=1) == read("VolumeBinding")
