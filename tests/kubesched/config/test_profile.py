"""A profile's record, read back from its layout alone."""

from __future__ import annotations

from typing import Any

import pytest

from kubesched.config import load_config
from tests.builders import make_config, plugin_args
from tests.records import RecordReader

STRATEGIES = ("LeastAllocated", "MostAllocated", "RequestedToCapacityRatio")


def read_profile(record: bytes) -> dict[str, Any]:
    reader = RecordReader(record)
    profile = {
        "scheduler_name": reader.text(),
        "percentage": reader.i64(),
        "pre_filter": reader.texts(),
        "filter": reader.texts(),
        "pre_score": reader.texts(),
        "score": reader.items(reader.amount),
        "post_filter": reader.texts(),
        "reserve": reader.texts(),
        "strategy": STRATEGIES[reader.u8()],
        "resources": reader.items(reader.amount),
        "shape": reader.items(lambda: (reader.i64(), reader.i64())),
        "ignored_resources": reader.texts(),
        "ignored_groups": reader.texts(),
        "balanced": reader.texts(),
        "system_defaulting": reader.boolean(),
        "constraints": reader.items(reader.spread),
        "hard_pod_affinity_weight": reader.i64(),
        "ignore_preferred_terms": reader.boolean(),
        "has_added_required": reader.boolean(),
        "added_required": reader.items(reader.node_term),
        "added_preferred": reader.items(lambda: reader.weighted(reader.node_term)),
        "min_candidates": (reader.i64(), reader.i64()),
        "dra_filter_timeout_ns": reader.i64(),
        "card_choice": ("BestFit", "FGD", "Random")[reader.u8()],
        "random_seed": reader.i64(),
        "num_pods": reader.i64(),
        "typical_pods": reader.items(lambda: (*(reader.i64() for _ in range(4)), reader.texts())),
    }
    reader.done()
    return profile


DEFAULT: dict[str, Any] = {
    "scheduler_name": "default-scheduler",
    "percentage": -1,
    "pre_filter": [
        "NodeAffinity", "NodePorts", "NodeResourcesFit", "VolumeRestrictions", "NodeVolumeLimits", "VolumeBinding", "VolumeZone",
        "PodTopologySpread", "InterPodAffinity", "DynamicResources",
    ],
    "filter": [
        "NodeUnschedulable", "NodeName", "TaintToleration", "NodeAffinity", "NodePorts", "NodeResourcesFit", "VolumeRestrictions",
        "NodeVolumeLimits", "VolumeBinding", "VolumeZone", "PodTopologySpread", "InterPodAffinity", "DynamicResources",
    ],
    "pre_score": [
        "TaintToleration", "NodeAffinity", "NodeResourcesFit", "VolumeBinding", "PodTopologySpread", "InterPodAffinity",
        "NodeResourcesBalancedAllocation",
    ],
    "score": [
        ("TaintToleration", 3), ("NodeAffinity", 2), ("NodeResourcesFit", 1), ("VolumeBinding", 1), ("PodTopologySpread", 2),
        ("InterPodAffinity", 2), ("NodeResourcesBalancedAllocation", 1), ("ImageLocality", 1),
    ],
    "post_filter": ["DynamicResources", "DefaultPreemption"],
    "reserve": ["VolumeBinding", "DynamicResources"],
    "strategy": "LeastAllocated",
    "min_candidates": (10, 100),
    "resources": [("cpu", 1), ("memory", 1)],
    "shape": [],
    "ignored_resources": [],
    "ignored_groups": [],
    "balanced": ["cpu", "memory"],
    "system_defaulting": True,
    "constraints": [],
    "hard_pod_affinity_weight": 1,
    "ignore_preferred_terms": False,
    "has_added_required": False,
    "added_required": [],
    "added_preferred": [],
    "dra_filter_timeout_ns": 10**10,
    "card_choice": "BestFit",
    "random_seed": 0,
    "num_pods": 0,
    "typical_pods": [],
}  # fmt: skip

ADDED = {
    "requiredDuringSchedulingIgnoredDuringExecution": {
        "nodeSelectorTerms": [
            {
                "matchExpressions": [{"key": "disk", "operator": "DoesNotExist"}],
                "matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-3"]}],
            },
            {"matchExpressions": [{"key": "gen", "operator": "Lt", "values": ["4"]}]},
        ]
    },
    "preferredDuringSchedulingIgnoredDuringExecution": [
        {
            "weight": 40,
            "preference": {"matchExpressions": [{"key": "rack", "operator": "NotIn", "values": ["r1", "r2"]}]},
        },
        {"weight": 0, "preference": {"matchExpressions": [{"key": "gen", "operator": "Exists"}]}},
    ],
}
RATIO = {
    "type": "RequestedToCapacityRatio",
    "resources": [{"name": "cpu", "weight": 5}, {"name": "nvidia.com/gpu"}],
    "requestedToCapacityRatio": {"shape": [{"utilization": 0, "score": 10}, {"utilization": 70, "score": 3}]},
}


@pytest.mark.parametrize(
    ("config", "want"),
    [
        pytest.param(None, {}, id="the default profile"),
        pytest.param(make_config(schedulerName="ünlike", percentageOfNodesToScore=40),
                     {"scheduler_name": "ünlike", "percentage": 40}, id="name and percentage"),
        pytest.param({"percentageOfNodesToScore": 0}, {"percentage": 0}, id="adaptive sampling"),
        pytest.param(make_config(plugins={"score": {"disabled": [{"name": "InterPodAffinity"}, {"name": "ImageLocality"}],
                                                    "enabled": [{"name": "ImageLocality", "weight": 8}]}}),
                     {"score": [*DEFAULT["score"][:5], ("NodeResourcesBalancedAllocation", 1), ("ImageLocality", 8)]},
                     id="scorers with other weights"),
        pytest.param(make_config(plugins={"multiPoint": {"disabled": [{"name": "NodePorts"}, {"name": "VolumeZone"}]}}),
                     {"pre_filter": [name for name in DEFAULT["pre_filter"] if name not in ("NodePorts", "VolumeZone")],
                      "filter": [name for name in DEFAULT["filter"] if name not in ("NodePorts", "VolumeZone")]}, id="a plugin disabled everywhere"),
        pytest.param(plugin_args("NodeResourcesFit", scoringStrategy=RATIO, ignoredResources=["example.com/fpga"],
                                 ignoredResourceGroups=["nvidia.com"]),
                     {"strategy": "RequestedToCapacityRatio", "resources": [("cpu", 5), ("nvidia.com/gpu", 1)],
                      "shape": [(0, 10), (70, 3)], "ignored_resources": ["example.com/fpga"], "ignored_groups": ["nvidia.com"]},
                     id="requested to capacity ratio"),
        pytest.param(plugin_args("NodeResourcesFit", scoringStrategy={"type": "MostAllocated"}), {"strategy": "MostAllocated"},
                     id="most allocated"),
        pytest.param(plugin_args("NodeResourcesBalancedAllocation", resources=[{"name": "cpu"}, {"name": "ephemeral-storage"}]),
                     {"balanced": ["cpu", "ephemeral-storage"]}, id="balanced resources"),
        pytest.param(plugin_args("PodTopologySpread", defaultingType="List", defaultConstraints=[
                     {"maxSkew": 1, "topologyKey": "rack", "whenUnsatisfiable": "DoNotSchedule", "minDomains": 2},
                     {"maxSkew": 3, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway",
                      "nodeAffinityPolicy": "Ignore", "nodeTaintsPolicy": "Honor"}]),
                     {"system_defaulting": False, "constraints": [
                         {"max_skew": 1, "topology_key": "rack", "when": "DoNotSchedule", "selector": None, "min_domains": 2,
                          "affinity_policy": "Honor", "taints_policy": "Ignore"},
                         {"max_skew": 3, "topology_key": "zone", "when": "ScheduleAnyway", "selector": None, "min_domains": 1,
                          "affinity_policy": "Ignore", "taints_policy": "Honor"}]}, id="default constraints"),
        pytest.param(plugin_args("InterPodAffinity", hardPodAffinityWeight=100, ignorePreferredTermsOfExistingPods=True),
                     {"hard_pod_affinity_weight": 100, "ignore_preferred_terms": True}, id="inter-pod affinity"),
        pytest.param(plugin_args("NodeAffinity", addedAffinity=ADDED),
                     {"has_added_required": True,
                      "added_required": [([("disk", "DoesNotExist", [])], [("metadata.name", "In", ["node-3"])]),
                                         ([("gen", "Lt", ["4"])], [])],
                      "added_preferred": [(40, ([("rack", "NotIn", ["r1", "r2"])], []))]}, id="added affinity"),
        pytest.param(plugin_args("DefaultPreemption", minCandidateNodesPercentage=0, minCandidateNodesAbsolute=7),
                     {"min_candidates": (0, 7)}, id="candidates for preemption"),
        pytest.param(plugin_args("Random", seed=7), {"random_seed": 7}, id="a seed"),
        pytest.param(plugin_args("GPUShare", cardChoice="FGD"), {"card_choice": "FGD"}, id="which card"),
        pytest.param(plugin_args("FGD", typicalPods=[{"count": 2, "milliCpu": 5, "milliGpu": 300, "models": ["T4"]}]),
                     {"num_pods": 2, "typical_pods": [(2, 5, 1, 300, ["T4"])]}, id="typical pods"),
        pytest.param(plugin_args("DynamicResources", filterTimeout="-0s"), {"dra_filter_timeout_ns": 0}, id="no timeout"),
        pytest.param(plugin_args("NodeAffinity", addedAffinity={"requiredDuringSchedulingIgnoredDuringExecution": {}}),
                     {"has_added_required": True}, id="added affinity that no node has"),
    ],
)  # fmt: skip
def test_the_record_holds_the_profile(config: Any, want: dict[str, Any]) -> None:
    (profile,) = load_config(config).profiles
    assert read_profile(profile.to_blob()) == {**DEFAULT, **want}


def test_each_profile_has_a_record_of_its_own() -> None:
    config = {
        "percentageOfNodesToScore": 20,
        "profiles": [{"schedulerName": "a"}, {"schedulerName": "b", "percentageOfNodesToScore": 0}],
    }
    records = [read_profile(profile.to_blob()) for profile in load_config(config).profiles]
    assert [(record["scheduler_name"], record["percentage"]) for record in records] == [("a", 20), ("b", 0)]
