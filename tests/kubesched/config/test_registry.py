"""The table of plugins."""

from __future__ import annotations

import pytest

from kubesched.config.registry import EXTENSION_POINTS, NEEDS_PRE_FILTER, NEEDS_PRE_SCORE, PLUGINS

DEFAULT_ORDER = [
    "SchedulingGates", "PrioritySort", "NodeUnschedulable", "NodeName", "TaintToleration", "NodeAffinity", "NodePorts",
    "NodeResourcesFit", "VolumeRestrictions", "NodeVolumeLimits", "VolumeBinding", "VolumeZone", "PodTopologySpread",
    "InterPodAffinity", "DynamicResources", "DefaultPreemption", "NodeResourcesBalancedAllocation", "ImageLocality", "DefaultBinder",
]  # fmt: skip


def test_the_default_plugins_come_in_upstreams_order() -> None:
    assert list(PLUGINS) == DEFAULT_ORDER


def test_plugins_have_only_points_that_exist() -> None:
    assert all(info.points and info.points <= set(EXTENSION_POINTS) for info in PLUGINS.values())


def test_what_has_no_work_in_the_core_is_left_out_of_it() -> None:
    idle = {name for name, info in PLUGINS.items() if not info.in_core}
    assert idle == {"SchedulingGates", "PrioritySort", "DefaultPreemption", "DefaultBinder"}


@pytest.mark.parametrize(
    ("names", "points"), [(NEEDS_PRE_FILTER, {"preFilter", "filter"}), (NEEDS_PRE_SCORE, {"preScore", "score"})]
)
def test_what_needs_an_earlier_point_has_it(names: frozenset[str], points: set[str]) -> None:
    assert all(points <= PLUGINS[name].points for name in names)
