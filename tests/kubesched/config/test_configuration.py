"""KubeSchedulerConfiguration: defaults, merging, and what upstream refuses."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesched.config import load_config
from kubesched.config.registry import PLUGINS
from kubesched.errors import ConfigError, KubeschedError, UnsupportedError
from tests.builders import make_config, plugin_args

SCORERS = [
    "TaintToleration",
    "NodeAffinity",
    "NodeResourcesFit",
    "PodTopologySpread",
    "InterPodAffinity",
    "NodeResourcesBalancedAllocation",
    "ImageLocality",
]


def only_profile(config: Any) -> Any:
    (profile,) = load_config(config).profiles
    return profile


def test_the_default_profile_is_upstreams() -> None:
    profile = only_profile(None)
    assert profile.scheduler_name == "default-scheduler"
    assert profile.at("score") == SCORERS
    assert [profile.plugins.weights[name] for name in SCORERS] == [3, 2, 1, 2, 2, 1, 1]
    assert profile.at("filter") == [
        "NodeUnschedulable",
        "NodeName",
        "TaintToleration",
        "NodeAffinity",
        "NodePorts",
        "NodeResourcesFit",
        "PodTopologySpread",
        "InterPodAffinity",
    ]
    assert profile.percentage_of_nodes_to_score == -1


def test_plugins_to_come_keep_their_place() -> None:
    assert only_profile(None).plugins.by_point["postFilter"] == ["DynamicResources", "DefaultPreemption"]
    assert only_profile(None).plugins.by_point["preEnqueue"] == [
        "SchedulingGates",
        "DynamicResources",
        "DefaultPreemption",
    ]
    assert list(PLUGINS)[14] == "DynamicResources"


@pytest.mark.parametrize(
    ("plugins", "want_scorers", "want_weights"),
    [
        pytest.param({"score": {"disabled": [{"name": "ImageLocality"}]}}, SCORERS[:-1], {}, id="one disabled"),
        pytest.param({"score": {"disabled": [{"name": "*"}]}}, [], {}, id="all disabled"),
        pytest.param(
            {"score": {"disabled": [{"name": "*"}], "enabled": [{"name": "ImageLocality", "weight": 7}]}},
            ["ImageLocality"], {"ImageLocality": 7}, id="all but one",
        ),
        pytest.param(
            {"score": {"enabled": [{"name": "ImageLocality", "weight": 9}]}},
            ["ImageLocality", *SCORERS[:-1]], {"ImageLocality": 9}, id="a weight: overriding plugins come first",
        ),
        pytest.param(
            {"multiPoint": {"enabled": [{"name": "NodeAffinity", "weight": 5}]}},
            SCORERS, {"NodeAffinity": 5}, id="a weight through multiPoint keeps the place",
        ),
        pytest.param(
            {"multiPoint": {"disabled": [{"name": "PodTopologySpread"}]}},
            [name for name in SCORERS if name != "PodTopologySpread"], {}, id="disabled everywhere",
        ),
    ],
)  # fmt: skip
def test_plugins_merge(plugins: dict[str, Any], want_scorers: list[str], want_weights: dict[str, int]) -> None:
    profile = only_profile(make_config(plugins=plugins))
    assert profile.at("score") == want_scorers
    assert {name: profile.plugins.weights[name] for name in want_weights} == want_weights


@pytest.mark.parametrize(
    ("fields", "want"),
    [
        pytest.param({"apiVersion": "kubescheduler.config.k8s.io/v1beta3"},
                     "apiVersion: must be kubescheduler.config.k8s.io/v1, got 'kubescheduler.config.k8s.io/v1beta3'",
                     id="another version"),
        pytest.param({"parallelism": 0}, "parallelism: must be greater than 0, got 0", id="no parallelism"),
        pytest.param({"percentageOfNodesToScore": 101}, "percentageOfNodesToScore: must be in 0..100, got 101",
                     id="a percentage above 100"),
        pytest.param({"podMaxBackoffSeconds": 1, "podInitialBackoffSeconds": 2},
                     "podMaxBackoffSeconds: must not be below podInitialBackoffSeconds, got 1", id="backoffs"),
        pytest.param({"profils": []}, "profils: unknown field", id="a typo"),
        pytest.param({"profiles": {}}, "profiles: must be a list, got {}", id="a mapping for a list"),
        pytest.param({"leaderElection": {"resourceLock": "endpoints"}},
                     "leaderElection.resourceLock: must be leases, got 'endpoints'", id="resource lock"),
        pytest.param({"leaderElection": {"leaseDuration": "9s"}},
                     "leaderElection.leaseDuration: must be greater than renewDeadline, got '9s'", id="a short lease"),
        pytest.param({"leaderElection": {"retryPeriod": "-1m30s"}},
                     "leaderElection.retryPeriod: must be greater than 0, got '-1m30s'", id="a negative period"),
        pytest.param({"leaderElection": {"leaseDuration": "soon"}},
                     "leaderElection.leaseDuration: must be a duration such as 15s, got 'soon'", id="no duration"),
        pytest.param({"profiles": [{"schedulerName": "a"}, {"schedulerName": "a"}]},
                     "profiles[1].schedulerName: must be unique, got 'a'", id="two profiles of one name"),
        pytest.param({"profiles": [{}, {"schedulerName": "a"}]}, "profiles[0].schedulerName: must be given",
                     id="a profile without a name beside another"),
        pytest.param({"extenders": [{"urlPrefix": "http://x", "prioritizeVerb": "p"}]},
                     "extenders[0].weight: must be greater than 0", id="extender without weight"),
        pytest.param({"extenders": [{"bindVerb": "b"}, {"bindVerb": "b"}]},
                     "extenders: must have at most one that binds, got 2", id="two binding extenders"),
    ],
)  # fmt: skip
def test_a_broken_configuration_is_refused(fields: dict[str, Any], want: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(want)):
        load_config({"apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration", **fields})


@pytest.mark.parametrize(
    ("plugins", "want"),
    [
        pytest.param({"filter": {"enabled": [{"name": "NodeFit"}]}},
                     "profiles[0].plugins.filter.enabled[0].name: must be a plugin that exists, got 'NodeFit'",
                     id="unknown plugin"),
        pytest.param({"filter": {"enabled": [{"name": "ImageLocality"}]}},
                     "must be a plugin with the extension point filter, got 'ImageLocality'", id="wrong point"),
        pytest.param({"filter": {"enabled": [{"name": "EBSLimits"}]}}, "must not be a plugin that was removed",
                     id="a removed plugin"),
        pytest.param({"queueSort": {"disabled": [{"name": "*"}]}}, "queueSort: must have exactly one plugin, got []",
                     id="no queue sort"),
        pytest.param({"bind": {"disabled": [{"name": "*"}]}}, "bind: must have at least one plugin", id="no binder"),
        pytest.param({"score": {"enabled": [{"name": "ImageLocality"}, {"name": "ImageLocality"}]}},
                     "must name each plugin once, got 'ImageLocality' twice", id="named twice"),
        pytest.param({"preFilter": {"disabled": [{"name": "NodePorts"}]}},
                     "preFilter: must have NodePorts where filter has it", id="filter without its preFilter"),
        pytest.param({"score": {"enabled_": []}}, "profiles[0].plugins.score.enabled_: unknown field", id="a typo"),
    ],
)  # fmt: skip
def test_broken_plugins_are_refused(plugins: dict[str, Any], want: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(want)):
        load_config(make_config(plugins=plugins))


SHAPE = {"type": "RequestedToCapacityRatio"}


@pytest.mark.parametrize(
    ("name", "args", "want"),
    [
        pytest.param("NodeResourcesFit", {"ignoredResourceGroups": ["a/b"]}, "must be a name without '/'", id="group"),
        pytest.param("NodeResourcesFit", {"scoringStrategy": {"type": "Best"}}, "must be one of LeastAllocated",
                     id="strategy"),
        pytest.param("NodeResourcesFit", {"scoringStrategy": {"type": "MostAllocated",
                     "resources": [{"name": "cpu", "weight": 101}]}}, "weight: must be in 1..100, got 101", id="weight"),
        pytest.param("NodeResourcesFit", {"scoringStrategy": {**SHAPE, "requestedToCapacityRatio": {"shape": []}}},
                     "shape: must have at least one point", id="empty shape"),
        pytest.param("NodeResourcesFit", {"scoringStrategy": {**SHAPE, "requestedToCapacityRatio": {"shape": [
                     {"utilization": 50, "score": 1}, {"utilization": 50, "score": 2}]}}},
                     "utilization: must increase from point to point, got 50", id="shape not increasing"),
        pytest.param("NodeResourcesBalancedAllocation", {"resources": [{"name": "cpu", "weight": 2}]},
                     "weight: must be 1, got 2", id="balanced weight"),
        pytest.param("PodTopologySpread", {"defaultConstraints": [
                     {"maxSkew": 1, "topologyKey": "z", "whenUnsatisfiable": "ScheduleAnyway"}]},
                     "defaultingType: must be List where defaultConstraints are given", id="constraints and System"),
        pytest.param("PodTopologySpread", {"defaultingType": "List", "defaultConstraints": [
                     {"maxSkew": 0, "topologyKey": "z", "whenUnsatisfiable": "ScheduleAnyway"}]},
                     "maxSkew: must be greater than 0, got 0", id="default skew"),
        pytest.param("InterPodAffinity", {"hardPodAffinityWeight": 101}, "must be in 0..100, got 101", id="hard weight"),
        pytest.param("NodeAffinity", {"addedAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
                     "nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "Is"}]}]}}},
                     "operator must be one of In", id="added affinity"),
        pytest.param("DefaultPreemption", {"minCandidateNodesPercentage": 0, "minCandidateNodesAbsolute": 0},
                     "must not be 0 where minCandidateNodesAbsolute is", id="no candidates"),
        pytest.param("VolumeBinding", {"bindTimeoutSeconds": -1}, "must not be negative, got -1", id="bind timeout"),
        pytest.param("NodePorts", {}, "must be a plugin that takes arguments, got 'NodePorts'", id="no arguments"),
        pytest.param("InterPodAffinity", {"kind": "NodeAffinityArgs"}, "kind: must be InterPodAffinityArgs", id="kind"),
    ],
)  # fmt: skip
def test_broken_arguments_are_refused(name: str, args: dict[str, Any], want: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(want)):
        load_config(plugin_args(name, **args))


def test_an_election_that_is_off_or_well_timed_is_accepted() -> None:
    assert only_profile({"leaderElection": {"leaderElect": False, "leaseDuration": "1s"}})
    assert only_profile({"leaderElection": {"leaseDuration": "1m30.5s", "renewDeadline": "1m", "retryPeriod": "0s"}})


def test_all_faults_are_named_at_once() -> None:
    config = {**make_config(percentageOfNodesToScore=-1, typo=1), "parallelism": 0}
    with pytest.raises(ConfigError) as caught:
        load_config(config)
    assert str(caught.value).count("; ") == 2


@pytest.mark.parametrize(
    "config",
    [
        pytest.param(plugin_args("DefaultPreemption", minCandidateNodesAbsolute=5), id="arguments for preemption"),
        pytest.param(make_config(plugins={"filter": {"enabled": [{"name": "VolumeZone"}]}}), id="enabling a plugin"),
        pytest.param({"extenders": [{"urlPrefix": "http://127.0.0.1", "filterVerb": "filter"}]}, id="an extender"),
    ],
)
def test_what_is_not_there_yet_is_refused_rather_than_ignored(config: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedError, match="does not have"):
        load_config(config)


def test_plugins_to_come_may_be_disabled() -> None:
    assert only_profile(make_config(plugins={"multiPoint": {"disabled": [{"name": "VolumeZone"}]}}))


def test_a_file_is_read_and_a_broken_one_named(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("profiles:\n- schedulerName: mine\n  percentageOfNodesToScore: 30\n")
    assert only_profile(path).percentage_of_nodes_to_score == 30
    path.write_text("profiles: [\n")
    with pytest.raises(ConfigError, match=r"config\.yaml:2:1: must be YAML"):
        load_config(str(path))
    with pytest.raises(ConfigError, match="must be a readable file"):
        load_config(tmp_path / "none.yaml")


junk = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-2, 200), st.text(max_size=4), st.sampled_from(list(PLUGINS))),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["profiles", "plugins", "score", "filter", "enabled", "disabled", "name", "weight", "pluginConfig", "args",
                 "schedulerName", "multiPoint", "scoringStrategy", "type", "resources", "extenders", "addedAffinity"]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=20,
)  # fmt: skip


@given(junk)
def test_junk_is_refused_or_read_but_never_crashes(config: Any) -> None:
    try:
        load_config(config if isinstance(config, dict) else {"profiles": [config]})
    except KubeschedError as error:
        assert str(error)
