"""Which plugins run where: merging with the defaults, multiPoint, weights, and what upstream's framework refuses."""

from __future__ import annotations

import re
from typing import Any

import pytest

from kubesched.config import Profile, load_config
from kubesched.errors import ConfigError
from tests.builders import make_config

FILTERS = [
    "NodeUnschedulable",
    "NodeName",
    "TaintToleration",
    "NodeAffinity",
    "NodePorts",
    "NodeResourcesFit",
    "VolumeRestrictions",
    "NodeVolumeLimits",
    "VolumeBinding",
    "VolumeZone",
    "PodTopologySpread",
    "InterPodAffinity",
    "DynamicResources",
]
SCORERS = [
    "TaintToleration",
    "NodeAffinity",
    "NodeResourcesFit",
    "VolumeBinding",
    "PodTopologySpread",
    "InterPodAffinity",
    "NodeResourcesBalancedAllocation",
    "ImageLocality",
]
WEIGHTS = dict(zip(SCORERS, [3, 2, 1, 1, 2, 2, 1, 1], strict=True))
ALL = {"disabled": [{"name": "*"}]}


def enable(*names: str, **weights: int) -> dict[str, Any]:
    entries: list[dict[str, Any]] = [{"name": name} for name in names]
    entries += [{"name": name, "weight": weight} for name, weight in weights.items()]
    return {"enabled": entries}


def disable(*names: str) -> dict[str, Any]:
    return {"disabled": [{"name": name} for name in names]}


def resolve(**plugins: Any) -> Profile:
    (profile,) = load_config(make_config(plugins=plugins)).profiles
    return profile


def without(names: list[str], *gone: str) -> list[str]:
    return [name for name in names if name not in gone]


def test_the_default_plugins_run_where_they_are_implemented() -> None:
    profile = resolve()
    assert profile.at("filter") == FILTERS
    assert profile.at("preFilter") == without(FILTERS, "NodeUnschedulable", "NodeName", "TaintToleration")
    assert profile.at("score") == SCORERS
    assert profile.at("preScore") == without(SCORERS, "ImageLocality")
    assert {name: profile.plugins.weights[name] for name in SCORERS} == WEIGHTS


@pytest.mark.parametrize(
    ("point", "want"),
    [
        ("preEnqueue", ["SchedulingGates", "DynamicResources", "DefaultPreemption"]),
        ("queueSort", ["PrioritySort"]),
        ("postFilter", ["DynamicResources", "DefaultPreemption"]),
        ("reserve", ["VolumeBinding", "DynamicResources"]),
        ("permit", []),
        ("preBind", ["VolumeBinding", "DynamicResources"]),
        ("bind", ["DefaultBinder"]),
        ("postBind", []),
    ],
)
def test_the_other_points_have_their_plugins(point: str, want: list[str]) -> None:
    profile = resolve()
    assert list(profile.plugins.by_point[point]) == want
    assert profile.at(point) == [name for name in want if name in ("VolumeBinding", "DynamicResources")]


@pytest.mark.parametrize(
    ("plugins", "want_scorers", "want_weights"),
    [
        pytest.param({"score": disable("ImageLocality")}, SCORERS[:-1], {}, id="one disabled"),
        pytest.param({"score": disable("NoSuchPlugin")}, SCORERS, {}, id="disabling what is not there does nothing"),
        pytest.param({"score": ALL}, [], {}, id="all disabled"),
        pytest.param({"score": {**ALL, **enable(ImageLocality=7)}}, ["ImageLocality"], {"ImageLocality": 7}, id="all but one"),
        pytest.param({"score": {**ALL, **enable("ImageLocality")}}, ["ImageLocality"], {"ImageLocality": 1},
                     id="without a weight it is one"),
        pytest.param({"score": enable("TaintToleration")}, SCORERS, {"TaintToleration": 1},
                     id="without a weight the default one is lost"),
        pytest.param({"score": enable(TaintToleration=0)}, SCORERS, {"TaintToleration": 1}, id="a weight of zero is unset"),
        pytest.param({"score": enable(ImageLocality=9)}, ["ImageLocality", *SCORERS[:-1]], {"ImageLocality": 9},
                     id="a weight at the point: overriding plugins come first"),
        pytest.param({"score": {**disable("ImageLocality"), **enable(ImageLocality=9)}}, [*SCORERS[:-1], "ImageLocality"],
                     {"ImageLocality": 9}, id="disabled and enabled: behind the others"),
        pytest.param({"score": enable(ImageLocality=9, NodeAffinity=8)},
                     ["ImageLocality", "NodeAffinity", *without(SCORERS, "ImageLocality", "NodeAffinity")],
                     {"ImageLocality": 9, "NodeAffinity": 8}, id="overriding plugins come in the order given"),
        pytest.param({"multiPoint": enable(NodeAffinity=5)}, SCORERS, {"NodeAffinity": 5},
                     id="a weight through multiPoint keeps the place"),
        pytest.param({"multiPoint": enable(NodeAffinity=5), "score": enable(NodeAffinity=6)},
                     ["NodeAffinity", *without(SCORERS, "NodeAffinity")], {"NodeAffinity": 6}, id="the point's weight wins"),
        pytest.param({"multiPoint": disable("PodTopologySpread")}, without(SCORERS, "PodTopologySpread"), {},
                     id="disabled everywhere"),
        pytest.param({"multiPoint": {**disable("NodeAffinity"), **enable(NodeAffinity=4)}},
                     [*without(SCORERS, "NodeAffinity"), "NodeAffinity"], {"NodeAffinity": 4},
                     id="disabled and enabled everywhere: behind the others"),
        pytest.param({"multiPoint": {**ALL, **enable("PrioritySort", "DefaultBinder", "ImageLocality", "NodeAffinity")}},
                     ["ImageLocality", "NodeAffinity"], {"ImageLocality": 1, "NodeAffinity": 1}, id="defaults of one's own"),
        pytest.param({"multiPoint": ALL, "queueSort": enable("PrioritySort"), "bind": enable("DefaultBinder"),
                      "score": enable(ImageLocality=-2)}, ["ImageLocality"], {"ImageLocality": -2},
                     id="a negative weight is upstream's own business"),
        pytest.param({"preScore": disable("NodeAffinity", "NodeResourcesFit", "NodeResourcesBalancedAllocation")}, SCORERS, {},
                     id="scorers that do without their preScore"),
    ],
)  # fmt: skip
def test_scorers_merge(plugins: dict[str, Any], want_scorers: list[str], want_weights: dict[str, int]) -> None:
    profile = resolve(**plugins)
    assert profile.at("score") == want_scorers
    weights = {name: profile.plugins.weights[name] for name in want_scorers}
    assert weights == {**{name: WEIGHTS[name] for name in want_scorers}, **want_weights}


@pytest.mark.parametrize(
    ("plugins", "want"),
    [
        pytest.param({"filter": disable("NodePorts")}, without(FILTERS, "NodePorts"), id="a filter may go without its preFilter"),
        pytest.param({"preFilter": disable("NodeAffinity")}, FILTERS, id="NodeAffinity filters without its preFilter"),
        pytest.param({"multiPoint": disable("NodePorts"), "filter": enable("NodePorts"), "preFilter": enable("NodePorts")},
                     [*without(FILTERS, "NodePorts"), "NodePorts"], id="disabled everywhere, enabled at its points"),
        pytest.param({"filter": enable("NodeName", "NodeUnschedulable")}, ["NodeName", "NodeUnschedulable", *FILTERS[2:]],
                     id="enabling defaults puts them first in the order given"),
    ],
)  # fmt: skip
def test_filters_merge(plugins: dict[str, Any], want: list[str]) -> None:
    assert resolve(**plugins).at("filter") == want


@pytest.mark.parametrize(
    ("plugins", "want"),
    [
        pytest.param({"filter": enable("NodeFit")}, "filter.enabled[0].name: must be a plugin that exists, got 'NodeFit'",
                     id="an unknown plugin"),
        pytest.param({"multiPoint": enable("NodeFit")}, "multiPoint.enabled[0].name: must be a plugin that exists, got 'NodeFit'",
                     id="an unknown plugin everywhere"),
        pytest.param({"filter": {"enabled": [{}]}}, "filter.enabled[0].name: must be a plugin that exists, got ''", id="no name"),
        pytest.param({"filter": enable("ImageLocality")},
                     "filter.enabled[0].name: must be a plugin with the extension point filter, got 'ImageLocality'",
                     id="a point that the plugin has not"),
        pytest.param({"permit": enable("NodeName")}, "permit.enabled[0].name: must be a plugin with the extension point permit",
                     id="a point that no plugin has"),
        pytest.param({"filter": enable("EBSLimits")},
                     "filter.enabled[0].name: must not be a plugin that was removed, got 'EBSLimits'", id="a removed plugin"),
        pytest.param({"multiPoint": enable("CinderLimits")}, "multiPoint.enabled[0].name: must not be a plugin that was removed",
                     id="a removed plugin everywhere"),
        pytest.param({"queueSort": ALL}, "queueSort: must have exactly one plugin, got []", id="no queue sort"),
        pytest.param({"multiPoint": disable("PrioritySort")}, "queueSort: must have exactly one plugin, got []",
                     id="no queue sort anywhere"),
        pytest.param({"bind": ALL}, "bind: must have at least one plugin, got []", id="no binder"),
        pytest.param({"score": enable("ImageLocality", "ImageLocality")}, "score: must name each plugin once, got 'ImageLocality' twice",
                     id="named twice"),
        pytest.param({"multiPoint": enable("ImageLocality", "ImageLocality")},
                     "score (through multiPoint): must name each plugin once, got 'ImageLocality' twice", id="named twice everywhere"),
        pytest.param({"score": enable(ImageLocality=2**31)}, "score.enabled[0].weight: must be an integer of 32 bits, got 2147483648",
                     id="a weight too large"),
        pytest.param({"score": {"enabled_": []}}, "score.enabled_: unknown field", id="a typo"),
        pytest.param({"scoring": {}}, "plugins.scoring: unknown field", id="a point that does not exist"),
        pytest.param({"score": {"enabled": [{"name": "ImageLocality", "args": {}}]}}, "score.enabled[0].args: unknown field",
                     id="arguments in the wrong place"),
        pytest.param({"score": {"disabled": "*"}}, "score.disabled: must be a list, got '*'", id="a star for a list"),
    ],
)  # fmt: skip
def test_broken_plugins_are_refused(plugins: dict[str, Any], want: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(want)):
        resolve(**plugins)


def test_a_plugin_named_twice_everywhere_may_be_overridden_at_its_points() -> None:
    profile = resolve(multiPoint=enable("ImageLocality", "ImageLocality"), score=enable("ImageLocality"))
    assert profile.at("score") == ["ImageLocality", *SCORERS[:-1]]


@pytest.mark.parametrize(
    ("point", "earlier", "name"),
    [
        *(
            ("filter", "preFilter", name)
            for name in ("NodeResourcesFit", "NodePorts", "VolumeBinding", "PodTopologySpread", "InterPodAffinity")
        ),
        *(("score", "preScore", name) for name in ("TaintToleration", "PodTopologySpread", "InterPodAffinity")),
    ],
)
def test_a_plugin_that_would_fail_every_pod_is_refused(point: str, earlier: str, name: str) -> None:
    want = f"profiles[0].plugins.{earlier}: must have {name} where {point} has it (kube-scheduler would fail every pod)"
    with pytest.raises(ConfigError, match=re.escape(want)):
        resolve(**{earlier: disable(name)})
    assert name not in resolve(**{earlier: disable(name), point: disable(name)}).at(point)
