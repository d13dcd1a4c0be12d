"""KubeSchedulerConfiguration as a whole: defaults, what upstream refuses, junk."""

from __future__ import annotations

import copy
import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesched.config import load_config
from kubesched.config.registry import PLUGINS
from kubesched.errors import ConfigError, UnsupportedError
from tests.builders import plugin_args

HEAD = {"apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration"}


def test_the_default_configuration_is_upstreams_but_for_sampling() -> None:
    config = load_config(None)
    (profile,) = config.profiles
    assert (config.pod_initial_backoff_seconds, config.pod_max_backoff_seconds) == (1, 10)
    assert profile.scheduler_name == "default-scheduler"
    assert profile.percentage_of_nodes_to_score == -1
    assert load_config(HEAD) == config
    assert load_config({**HEAD, "profiles": [None]}) == config


def test_a_configuration_cannot_be_changed() -> None:
    config = load_config(None)
    (profile,) = config.profiles
    for value, name in ((config, "profiles"), (profile, "args"), (profile.args, "fit"), (profile.args.fit, "shape")):
        assert not hasattr(value, "__dict__")
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, name, None)
    with pytest.raises(TypeError):
        profile.plugins.weights["NodeName"] = 1  # type: ignore[index]


@pytest.mark.parametrize(
    ("own", "common", "want"),
    [
        pytest.param(None, None, -1, id="set nowhere means all nodes"),
        pytest.param(None, 30, 30, id="the configuration's holds for a profile without one"),
        pytest.param(50, 30, 50, id="a profile's own comes first"),
        pytest.param(0, 30, 0, id="a profile's explicit zero is adaptive"),
        pytest.param(None, 0, 0, id="an explicit zero is adaptive"),
        pytest.param(None, 100, 100, id="all of them"),
    ],
)
def test_percentage_of_nodes_to_score(own: int | None, common: int | None, want: int) -> None:
    config = {**HEAD, "profiles": [{"percentageOfNodesToScore": own}], "percentageOfNodesToScore": common}
    (profile,) = load_config(config).profiles
    assert profile.percentage_of_nodes_to_score == want


def test_profiles_keep_their_order_and_their_own_plugins() -> None:
    first = {"schedulerName": "first", "plugins": {"score": {"disabled": [{"name": "*"}]}}}
    config = load_config({**HEAD, "profiles": [first, {"schedulerName": "second"}]})
    assert [profile.scheduler_name for profile in config.profiles] == ["first", "second"]
    assert [len(profile.at("score")) for profile in config.profiles] == [0, 8]


V1BETA3 = "kubescheduler.config.k8s.io/v1beta3"


@pytest.mark.parametrize(
    ("fields", "want"),
    [
        pytest.param({"apiVersion": V1BETA3}, f"apiVersion: must be kubescheduler.config.k8s.io/v1, got '{V1BETA3}'",
                     id="another version"),
        pytest.param({"apiVersion": "v1"}, "apiVersion: must be kubescheduler.config.k8s.io/v1, got 'v1'", id="no group"),
        pytest.param({"kind": "Policy"}, "kind: must be KubeSchedulerConfiguration, got 'Policy'", id="another kind"),
        pytest.param({"kind": ""}, "kind: must be KubeSchedulerConfiguration, got ''", id="an empty kind"),
        pytest.param({"percentageOfNodesToScore": 101}, "percentageOfNodesToScore: must be in 0..100, got 101",
                     id="a percentage above 100"),
        pytest.param({"percentageOfNodesToScore": -1}, "percentageOfNodesToScore: must be in 0..100, got -1",
                     id="a percentage below 0"),
        pytest.param({"profiles": [{"percentageOfNodesToScore": 101}]},
                     "profiles[0].percentageOfNodesToScore: must be in 0..100, got 101", id="a profile's percentage"),
        pytest.param({"podInitialBackoffSeconds": 0}, "podInitialBackoffSeconds: must be greater than 0, got 0",
                     id="no initial backoff"),
        pytest.param({"podMaxBackoffSeconds": 1, "podInitialBackoffSeconds": 2},
                     "podMaxBackoffSeconds: must not be below podInitialBackoffSeconds, got 1", id="backoffs cross"),
        pytest.param({"profils": []}, "profils: unknown field", id="a typo"),
        pytest.param({"Profiles": []}, "Profiles: unknown field", id="upper case is another field"),
        pytest.param({"healthzBindAddress": "0.0.0.0:10251"}, "healthzBindAddress: unknown field",
                     id="a field that version v1 has not"),
        pytest.param({"profiles": {}}, "profiles: must be a list, got {}", id="a mapping for a list"),
        pytest.param({"profiles": [1]}, "profiles[0]: must be a mapping, got 1", id="a number for a profile"),
        pytest.param({"profiles": [{"name": "a"}]}, "profiles[0].name: unknown field", id="a typo in a profile"),
        pytest.param({"profiles": [{"schedulerName": 1}]}, "profiles[0].schedulerName: must be a string, got 1",
                     id="a number for a name"),
        pytest.param({"profiles": [{"schedulerName": "\ud800"}]}, "profiles[0].schedulerName: must be a string",
                     id="half a surrogate pair"),
        pytest.param({"profiles": [{"schedulerName": ""}]}, "profiles[0].schedulerName: must be given, got ''",
                     id="an empty name is not defaulted"),
        pytest.param({"profiles": [{"schedulerName": "a"}, {"schedulerName": "a"}]},
                     "profiles[1].schedulerName: must be unique, got 'a'", id="two profiles of one name"),
        pytest.param({"profiles": [{}, {"schedulerName": "a"}]}, "profiles[0].schedulerName: must be given, got ''",
                     id="a profile without a name beside another"),
        pytest.param({"profiles": [{"schedulerName": "a"}, {"schedulerName": "b", "plugins": {"queueSort": {
                     "enabled": [{"name": "PrioritySort"}]}}}]},
                     "profiles[1].plugins.queueSort: must be the same in all profiles, got ['PrioritySort']",
                     id="queue sorts that differ"),
        pytest.param({"profiles": [{"schedulerName": "a"}, {"schedulerName": "b", "pluginConfig": [
                     {"name": "PrioritySort", "args": {"a": 1}}]}]},
                     "profiles[1].pluginConfig: must give PrioritySort the same arguments in all profiles, got {'a': 1}",
                     id="queue sort arguments that differ"),
    ],
)  # fmt: skip
def test_a_broken_configuration_is_refused(fields: dict[str, Any], want: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(want)):
        load_config({**HEAD, **fields})


@pytest.mark.parametrize(
    ("config", "want"),
    [
        pytest.param(7, "configuration must be a mapping or a path, got int", id="a number"),
        pytest.param([], "configuration must be a mapping or a path, got list", id="a list"),
    ],
)
def test_what_is_no_configuration_is_refused(config: Any, want: str) -> None:
    with pytest.raises(ConfigError, match=want):
        load_config(config)


def test_all_faults_are_named_at_once() -> None:
    profile = {
        "percentageOfNodesToScore": -1,
        "typo": 1,
        "plugins": {"bind": {"disabled": [{"name": "*"}]}, "filter": {"enabled": [{"name": "NodeFit"}]}},
        "pluginConfig": [{"name": "InterPodAffinity", "args": {"hardPodAffinityWeight": 101}}],
    }
    with pytest.raises(ConfigError) as caught:
        load_config({**HEAD, "parallelism": 0, "profiles": [profile]})
    assert str(caught.value).split("; ") == [
        "parallelism: must be greater than 0, got 0",
        "profiles[0].percentageOfNodesToScore: must be in 0..100, got -1",
        "profiles[0].plugins.filter.enabled[0].name: must be a plugin that exists, got 'NodeFit'",
        "profiles[0].plugins.bind: must have at least one plugin, got []",
        "profiles[0].pluginConfig[0].args.hardPodAffinityWeight: must be in 0..100, got 101",
        "profiles[0].typo: unknown field",
    ]


EXTENDER = {"extenders": [{"urlPrefix": "http://127.0.0.1", "filterVerb": "filter"}]}


@pytest.mark.parametrize(
    "config",
    [
        pytest.param(plugin_args("DefaultPreemption", minCandidateNodesAbsolute=-5), id="arguments for preemption"),
        pytest.param({"extenders": [{"prioritizeVerb": "p"}]}, id="an extender without weight"),
        pytest.param({**EXTENDER, "parallelism": 0}, id="a fault elsewhere"),
    ],
)
def test_faults_are_found_in_every_part(config: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        load_config(config)


FULL: dict[str, Any] = {
    **HEAD,
    "parallelism": 8,
    "percentageOfNodesToScore": 0,
    "podInitialBackoffSeconds": 2,
    "podMaxBackoffSeconds": 20,
    "enableProfiling": False,
    "enableContentionProfiling": False,
    "delayCacheUntilActive": True,
    "clientConnection": {"kubeconfig": "/etc/kube.conf", "qps": 12.5, "burst": 7, "contentType": "", "acceptContentTypes": ""},
    "leaderElection": {"leaderElect": True, "leaseDuration": "15s", "renewDeadline": "10s", "retryPeriod": "2s",
                       "resourceLock": "leases", "resourceName": "a", "resourceNamespace": "b"},
    "profiles": [
        {
            "schedulerName": "packing",
            "percentageOfNodesToScore": 70,
            "plugins": {
                "multiPoint": {"enabled": [{"name": "NodeAffinity", "weight": 4}], "disabled": [{"name": "VolumeZone"}]},
                "score": {"enabled": [{"name": "NodeResourcesFit", "weight": 5}], "disabled": [{"name": "ImageLocality"}]},
            },
            "pluginConfig": [
                {"name": "NodeResourcesFit", "args": {
                    "apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "NodeResourcesFitArgs",
                    "ignoredResources": ["example.com/a"], "ignoredResourceGroups": ["example.org"],
                    "scoringStrategy": {"type": "RequestedToCapacityRatio", "resources": [{"name": "cpu", "weight": 3}],
                                        "requestedToCapacityRatio": {"shape": [{"utilization": 0, "score": 10},
                                                                               {"utilization": 100, "score": 0}]}}}},
                {"name": "NodeResourcesBalancedAllocation", "args": {"resources": [{"name": "nvidia.com/gpu", "weight": 1}]}},
                {"name": "PodTopologySpread", "args": {"defaultingType": "List", "defaultConstraints": [
                    {"maxSkew": 2, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway", "minDomains": 3,
                     "nodeAffinityPolicy": "Ignore", "nodeTaintsPolicy": "Honor", "matchLabelKeys": ["app"]}]}},
                {"name": "InterPodAffinity", "args": {"hardPodAffinityWeight": 0, "ignorePreferredTermsOfExistingPods": True}},
                {"name": "NodeAffinity", "args": {"addedAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
                        {"matchExpressions": [{"key": "gpu", "operator": "In", "values": ["a", "b"]}],
                         "matchFields": [{"key": "metadata.name", "operator": "NotIn", "values": ["n"]}]}]},
                    "preferredDuringSchedulingIgnoredDuringExecution": [
                        {"weight": 9, "preference": {"matchExpressions": [{"key": "gen", "operator": "Gt", "values": ["3"]}]}}]}}},
            ],
        },
        {"schedulerName": "other"},
    ],
}  # fmt: skip


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, inner in items for found in paths_of(inner, (*path, key)))]


def replaced(path: tuple[Any, ...], junk: Any) -> Any:
    if not path:
        return junk
    config = copy.deepcopy(FULL)
    parent: Any = config
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = junk
    return config


def test_a_configuration_that_sets_everything_is_read() -> None:
    config = load_config(FULL)
    assert [profile.scheduler_name for profile in config.profiles] == ["packing", "other"]
    assert [profile.percentage_of_nodes_to_score for profile in config.profiles] == [70, 0]
    assert (config.pod_initial_backoff_seconds, config.pod_max_backoff_seconds) == (2, 20)
    assert config.profiles[0].plugins.weights["NodeResourcesFit"] == 5


def path_id(path: tuple[Any, ...]) -> str:
    return ".".join(map(str, path)) or "the whole"


@pytest.mark.parametrize("path", paths_of(FULL)[1:], ids=path_id)
def test_no_field_takes_another_type(path: tuple[Any, ...]) -> None:
    there: Any = FULL
    for key in path:
        there = there[key]
    wrong: tuple[Any, ...] = (frozenset(), "1.5" if isinstance(there, float) else 1.5)  # null may be all right
    for junk in wrong:
        with pytest.raises(ConfigError):
            load_config(replaced(path, junk))


@pytest.mark.parametrize("path", paths_of(FULL), ids=path_id)
def test_no_mapping_takes_an_unknown_field(path: tuple[Any, ...]) -> None:
    there: Any = FULL
    for key in path:
        there = there[key]
    if isinstance(there, dict):
        with pytest.raises(ConfigError, match=r"typo: unknown field"):
            load_config(replaced(path, {**there, "typo": 1}))


words = st.sampled_from(
    [*PLUGINS, "*", "profiles", "plugins", "score", "filter", "enabled", "disabled", "name", "weight", "pluginConfig", "args",
     "schedulerName", "multiPoint", "scoringStrategy", "type", "resources", "extenders", "addedAffinity", "In", "1s", "zone"]
)  # fmt: skip
numbers = st.one_of(st.integers(), st.integers(-2, 200), st.sampled_from([2**31, 2**63, 10**4000]), st.floats())
junk = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=4), words, st.binary(max_size=2)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(words, st.text(max_size=3), st.integers(0, 2)), inner, max_size=4),
    ),
    max_leaves=20,
)


def read_or_refuse(config: Any) -> None:
    try:
        for profile in load_config(config).profiles:
            profile.to_blob()
    except (ConfigError, UnsupportedError) as error:
        assert str(error)
        str(error).encode()


@given(junk)
def test_junk_is_refused_or_read_but_never_crashes(config: Any) -> None:
    read_or_refuse({"profiles": [config]})
    if not isinstance(config, str):
        read_or_refuse(config)


@given(st.sampled_from(paths_of(FULL)[1:]), junk)
def test_junk_in_any_field_is_refused_or_read_but_never_crashes(path: tuple[Any, ...], junk: Any) -> None:
    read_or_refuse(replaced(path, junk))


@given(st.one_of(st.text(), st.binary()), st.integers(0, 3000), st.sampled_from([".yaml", ".json"]))
def test_junk_in_a_file_is_refused_or_read_but_never_crashes(
    tmp_path_factory: pytest.TempPathFactory, junk: str | bytes, position: int, suffix: str
) -> None:
    path: Path = tmp_path_factory.mktemp("junk") / f"config{suffix}"
    text = json.dumps(FULL, indent=1).encode()
    junk = junk.encode("utf-8", "surrogatepass") if isinstance(junk, str) else junk
    path.write_bytes(text[:position] + junk + text[position:])
    read_or_refuse(path)
    path.write_bytes(junk)
    read_or_refuse(path)
