"""Reads a profile's pluginConfig: the arguments of plugins, defaulted and validated.

kube-scheduler/config/v1/types.go, apis/config/v1/defaults.go, apis/config/validation/validation_pluginargs.go (v1.34).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kubesched.api.label_rules import is_qualified_name
from kubesched.config.added_affinity import read_node_affinity
from kubesched.config.decoding import Section
from kubesched.config.gpu_args import read_fgd, read_gpu_share, read_random
from kubesched.config.plugin_args import (
    STRATEGIES,
    BalancedArgs,
    DefaultConstraint,
    DynamicResourcesArgs,
    FitArgs,
    InterPodAffinityArgs,
    PluginArgs,
    PreemptionArgs,
    SpreadArgs,
)
from kubesched.config.registry import OWN_PLUGINS, PLUGINS, REMOVED_PLUGINS

API_VERSION = "kubescheduler.config.k8s.io/v1"

_TAKES_ARGS = frozenset(
    {
        "DefaultPreemption",
        "DynamicResources",
        "FGD",
        "GPUShare",
        "InterPodAffinity",
        "NodeAffinity",
        "NodeResourcesBalancedAllocation",
        "NodeResourcesFit",
        "PodTopologySpread",
        "Random",
        "VolumeBinding",
    }
)
_MAX_CUSTOM_SCORE = 10
_ACTIONS = ("DoNotSchedule", "ScheduleAnyway")


@dataclass(frozen=True, slots=True)
class PluginConfig:
    """What a profile's pluginConfig says.

    Attributes:
        args: of all plugins that kubesched has, given or by default.
        queue_sort_args: of PrioritySort, which ignores them; upstream still wants them alike in all profiles.
    """

    args: PluginArgs
    queue_sort_args: Any


def read_plugin_config(profile: Section) -> PluginConfig:
    """Read the `pluginConfig` field of a profile.

    As upstream, arguments of a plugin that takes none are not looked at. Stricter than upstream in two points: a name
    that no plugin has is a fault (upstream may have plugins from elsewhere), and NodeResourcesFitArgs are checked even
    where the plugin runs nowhere.
    """
    given: dict[str, Section] = {}
    queue_sort_args = None
    seen: set[str] = set()
    for entry in profile.sections("pluginConfig"):
        name = entry.text("name")
        args = entry.raw("args")
        _check_entry(entry, name, seen)
        if name in _TAKES_ARGS:
            given.setdefault(name, _typed_args(entry, name))
        elif name == "PrioritySort":
            queue_sort_args = args
    return PluginConfig(_read_all(given, profile.faults), queue_sort_args)


def _check_entry(entry: Section, name: str, seen: set[str]) -> None:
    if name in seen:
        entry.fault("name", "must be configured once", name)
    seen.add(name)
    if name in REMOVED_PLUGINS:
        entry.fault("name", "must not be a plugin that was removed", name)
    elif name not in PLUGINS and name not in OWN_PLUGINS:
        entry.fault("name", "must be a plugin that exists", name)
    entry.finish()


def _typed_args(entry: Section, name: str) -> Section:
    """Return the arguments of a plugin; they may repeat its kind and version."""
    args = entry.section("args")
    for key, want in (("kind", f"{name}Args"), ("apiVersion", API_VERSION)):
        value = args.text(key) or want
        if value != want:
            args.fault(key, f"must be {want}", value)
    return args


def _read_all(given: dict[str, Section], faults: list[str]) -> PluginArgs:
    def of(name: str) -> Section:
        return given.get(name, Section({}, "", faults))

    args = PluginArgs(
        fit=_read_fit(of("NodeResourcesFit")),
        balanced=_read_balanced(of("NodeResourcesBalancedAllocation")),
        spread=_read_spread(of("PodTopologySpread")),
        inter_pod_affinity=_read_inter_pod_affinity(of("InterPodAffinity")),
        node_affinity=read_node_affinity(of("NodeAffinity")),
        preemption=_read_preemption(of("DefaultPreemption")),
        dynamic_resources=_read_dynamic_resources(of("DynamicResources")),
        gpu_share=read_gpu_share(of("GPUShare")),
        fgd=read_fgd(of("FGD")),
        random=read_random(of("Random")),
    )
    _check_volume_binding(of("VolumeBinding"))
    for section in given.values():
        section.finish()
    return args


def _check_range(section: Section, key: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        section.fault(key, f"must be in {least}..{most}", value)


def _read_fit(section: Section) -> FitArgs:
    resources, groups = section.texts("ignoredResources"), section.texts("ignoredResourceGroups")
    for i, name in enumerate(resources):
        if not is_qualified_name(name):
            section.fault(f"ignoredResources[{i}]", "must be a qualified name", name)
    for i, group in enumerate(groups):
        if "/" in group or not is_qualified_name(group):
            section.fault(f"ignoredResourceGroups[{i}]", "must be a name without '/'", group)
    if not section.has("scoringStrategy"):
        section.raw("scoringStrategy")
        return FitArgs(tuple(resources), tuple(groups))
    return _read_strategy(section.section("scoringStrategy"), FitArgs(tuple(resources), tuple(groups)))


def _read_strategy(section: Section, fit: FitArgs) -> FitArgs:
    strategy = section.text("type")
    if strategy not in STRATEGIES:
        section.fault("type", "must be one of " + ", ".join(STRATEGIES), strategy)
    resources = _read_weighted_resources(section)
    shape: list[tuple[int, int]] = []
    if section.has("requestedToCapacityRatio"):
        shape = _read_shape(section.section("requestedToCapacityRatio"))
    elif section.raw("requestedToCapacityRatio") is None and strategy == STRATEGIES[2]:
        section.fault("requestedToCapacityRatio", "must be given for this type", None)
    section.finish()
    ignored = fit.ignored_resources, fit.ignored_resource_groups
    return FitArgs(*ignored, strategy, tuple(resources) or fit.resources, tuple(shape))


def _read_weighted_resources(section: Section) -> list[tuple[str, int]]:
    resources = []
    for entry in section.sections("resources"):
        weight = entry.integer("weight", bits=64) or 1
        _check_range(entry, "weight", weight, 1, 100)
        resources.append((entry.text("name"), weight))
        entry.finish()
    return resources


def _read_shape(section: Section) -> list[tuple[int, int]]:
    shape: list[tuple[int, int]] = []
    points = section.sections("shape")
    if not points:
        section.fault("shape", "must have at least one point", [])
    for point in points:
        utilization, score = point.integer("utilization"), point.integer("score")
        _check_range(point, "utilization", utilization, 0, 100)
        _check_range(point, "score", score, 0, _MAX_CUSTOM_SCORE)
        if shape and utilization <= shape[-1][0]:
            point.fault("utilization", "must increase from point to point", utilization)
        shape.append((utilization, score))
        point.finish()
    section.finish()
    return shape


def _read_balanced(section: Section) -> BalancedArgs:
    names: list[str] = []
    for entry in section.sections("resources"):
        name, weight = entry.text("name"), entry.integer("weight", bits=64) or 1
        if name in names:
            entry.fault("name", "must be named once", name)
        if weight != 1:
            entry.fault("weight", "must be 1", weight)
        names.append(name)
        entry.finish()
    return BalancedArgs(tuple(names)) if names else BalancedArgs()


def _read_spread(section: Section) -> SpreadArgs:
    defaulting = section.text("defaultingType") or "System"
    if defaulting not in ("System", "List"):
        section.fault("defaultingType", "must be one of System, List", defaulting)
    constraints: list[DefaultConstraint] = []
    pairs: set[tuple[str, str]] = set()
    for entry in section.sections("defaultConstraints"):
        pair = entry.text("topologyKey"), entry.text("whenUnsatisfiable")
        if pair in pairs:
            entry.fault("topologyKey", "must not repeat an earlier pair of key and action", pair[0])
        pairs.add(pair)
        constraints.append(_read_constraint(entry))
    if defaulting == "System" and constraints:
        section.fault("defaultingType", "must be List where defaultConstraints are given", defaulting)
    return SpreadArgs(defaulting == "System", tuple(constraints))


def _read_constraint(entry: Section) -> DefaultConstraint:
    """Read one default constraint.

    Upstream checks neither minDomains nor the policies here, and takes every policy but Honor for Ignore. It reads
    matchLabelKeys, then puts the selector of the pod's owners in their place.
    """
    max_skew, topology_key, action = (
        entry.integer("maxSkew"),
        entry.text("topologyKey"),
        entry.text("whenUnsatisfiable"),
    )
    if max_skew <= 0:
        entry.fault("maxSkew", "must be greater than 0", max_skew)
    if not is_qualified_name(topology_key):
        entry.fault("topologyKey", "must be a label key", topology_key)
    if action not in _ACTIONS:
        entry.fault("whenUnsatisfiable", "must be one of " + ", ".join(_ACTIONS), action)
    if entry.raw("labelSelector") is not None:
        entry.fault("labelSelector", "must be absent: it is deduced from the pod's owners", entry.raw("labelSelector"))
    min_domains = entry.integer("minDomains", 1)
    affinity_honored = entry.text("nodeAffinityPolicy", "Honor") == "Honor"
    taints_honored = entry.text("nodeTaintsPolicy", "Ignore") == "Honor"
    entry.texts("matchLabelKeys")
    entry.finish()
    hard = action == "DoNotSchedule"
    return DefaultConstraint(max_skew, topology_key, hard, min_domains, affinity_honored, taints_honored)


def _read_inter_pod_affinity(section: Section) -> InterPodAffinityArgs:
    weight = section.integer("hardPodAffinityWeight", 1)
    _check_range(section, "hardPodAffinityWeight", weight, 0, 100)
    return InterPodAffinityArgs(weight, section.boolean("ignorePreferredTermsOfExistingPods"))


def _read_preemption(section: Section) -> PreemptionArgs:
    percentage = section.integer("minCandidateNodesPercentage", 10)
    absolute = section.integer("minCandidateNodesAbsolute", 100)
    _check_range(section, "minCandidateNodesPercentage", percentage, 0, 100)
    if absolute < 0:
        section.fault("minCandidateNodesAbsolute", "must not be negative", absolute)
    if percentage == 0 and absolute == 0:
        section.fault("minCandidateNodesPercentage", "must not be 0 where minCandidateNodesAbsolute is", 0)
    return PreemptionArgs(percentage, absolute)


def _check_volume_binding(section: Section) -> None:
    timeout = section.integer("bindTimeoutSeconds", 600, bits=64)
    if timeout < 0:
        section.fault("bindTimeoutSeconds", "must not be negative", timeout)
    if section.raw("shape") is not None:
        section.fault("shape", "must be absent: the feature gate StorageCapacityScoring is off", section.raw("shape"))


def _read_dynamic_resources(section: Section) -> DynamicResourcesArgs:
    if section.raw("filterTimeout") is None:
        return DynamicResourcesArgs()
    timeout_ns = section.duration_ns("filterTimeout")
    if timeout_ns < 0:
        section.fault("filterTimeout", "must not be negative", section.raw("filterTimeout"))
    return DynamicResourcesArgs(timeout_ns)
