"""Arguments of plugins: pluginConfig entries, defaulted and validated.

apis/config/v1/defaults.go and apis/config/validation/validation_pluginargs.go (v1.34).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from kubesched.api.label_rules import is_qualified_name
from kubesched.api.selectors import NodeTerm, read_node_term
from kubesched.config.decoding import Section
from kubesched.errors import ObjectError

STRATEGIES = ("LeastAllocated", "MostAllocated", "RequestedToCapacityRatio")
_MAX_CUSTOM_SCORE = 10
_ACTIONS = ("DoNotSchedule", "ScheduleAnyway")
_POLICIES = ("Honor", "Ignore")
_CPU_AND_MEMORY = [("cpu", 1), ("memory", 1)]


@dataclass(slots=True)
class FitArgs:
    """NodeResourcesFitArgs: the strategy's resources are (name, weight), the shape (utilization percent, score)."""

    ignored_resources: list[str] = field(default_factory=list)
    ignored_resource_groups: list[str] = field(default_factory=list)
    strategy: str = STRATEGIES[0]
    resources: list[tuple[str, int]] = field(default_factory=lambda: list(_CPU_AND_MEMORY))
    shape: list[tuple[int, int]] = field(default_factory=list)


@dataclass(slots=True)
class BalancedArgs:
    """NodeResourcesBalancedAllocationArgs."""

    resources: list[str] = field(default_factory=lambda: ["cpu", "memory"])


@dataclass(frozen=True, slots=True)
class DefaultConstraint:
    """One of PodTopologySpreadArgs.defaultConstraints; its selector comes from the pod's owners."""

    max_skew: int
    topology_key: str
    hard: bool
    min_domains: int
    affinity_honored: bool
    taints_honored: bool


@dataclass(slots=True)
class SpreadArgs:
    """PodTopologySpreadArgs."""

    system_defaulting: bool = True
    constraints: list[DefaultConstraint] = field(default_factory=list)


@dataclass(slots=True)
class InterPodAffinityArgs:
    """InterPodAffinityArgs."""

    hard_pod_affinity_weight: int = 1
    ignore_preferred_terms_of_existing_pods: bool = False


@dataclass(slots=True)
class NodeAffinityArgs:
    """NodeAffinityArgs: `required` is None where addedAffinity has none."""

    required: list[NodeTerm] | None = None
    preferred: list[tuple[int, NodeTerm]] = field(default_factory=list)


@dataclass(slots=True)
class PluginArgs:
    """The arguments of all plugins of a profile."""

    fit: FitArgs = field(default_factory=FitArgs)
    balanced: BalancedArgs = field(default_factory=BalancedArgs)
    spread: SpreadArgs = field(default_factory=SpreadArgs)
    inter_pod_affinity: InterPodAffinityArgs = field(default_factory=InterPodAffinityArgs)
    node_affinity: NodeAffinityArgs = field(default_factory=NodeAffinityArgs)


def read_plugin_args(entries: list[Section]) -> tuple[PluginArgs, list[str]]:
    """Read a profile's pluginConfig.

    Returns:
        The arguments, and the names of plugins that kubesched does not have yet but that got arguments.
    """
    args = PluginArgs()
    not_there: list[str] = []
    seen: set[str] = set()
    for entry in entries:
        name = entry.text("name")
        if name in seen:
            entry.fault("name", "must be configured once", name)
        seen.add(name)
        reader = _READERS.get(name)
        section = entry.section("args")
        if reader is None:
            entry.fault("name", "must be a plugin that takes arguments", name)
        else:
            kind = section.text("kind", f"{name}Args")
            if kind != f"{name}Args":
                section.fault("kind", f"must be {name}Args", kind)
            version = section.text("apiVersion", "kubescheduler.config.k8s.io/v1")
            if version != "kubescheduler.config.k8s.io/v1":
                section.fault("apiVersion", "must be kubescheduler.config.k8s.io/v1", version)
            if not reader(section, args):
                not_there.append(name)
            section.finish()
        entry.finish()
    return args, not_there


def _check_range(section: Section, key: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        section.fault(key, f"must be in {least}..{most}", value)


def _read_fit(section: Section, args: PluginArgs) -> bool:
    fit = args.fit
    fit.ignored_resources = section.texts("ignoredResources")
    fit.ignored_resource_groups = section.texts("ignoredResourceGroups")
    for i, name in enumerate(fit.ignored_resources):
        if not is_qualified_name(name):
            section.fault(f"ignoredResources[{i}]", "must be a qualified name", name)
    for i, group in enumerate(fit.ignored_resource_groups):
        if "/" in group or not is_qualified_name(group):
            section.fault(f"ignoredResourceGroups[{i}]", "must be a name without '/'", group)
    strategy = section.section("scoringStrategy")
    if section.has("scoringStrategy"):
        fit.strategy = strategy.text("type")
        if fit.strategy not in STRATEGIES:
            strategy.fault("type", "must be one of " + ", ".join(STRATEGIES), fit.strategy)
            fit.strategy = STRATEGIES[0]
        fit.resources = _read_resources(strategy) or list(_CPU_AND_MEMORY)
        ratio = strategy.section("requestedToCapacityRatio")
        if strategy.has("requestedToCapacityRatio"):
            fit.shape = _read_shape(ratio)
        elif fit.strategy == "RequestedToCapacityRatio":
            strategy.fault("requestedToCapacityRatio", "must be given for this type", None)
        ratio.finish()
    strategy.finish()
    return True


def _read_resources(section: Section) -> list[tuple[str, int]]:
    resources = []
    for entry in section.sections("resources"):
        weight = entry.integer("weight", 0) or 1
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
        utilization, score = point.integer("utilization", 0), point.integer("score", 0)
        _check_range(point, "utilization", utilization, 0, 100)
        _check_range(point, "score", score, 0, _MAX_CUSTOM_SCORE)
        if shape and utilization <= shape[-1][0]:
            point.fault("utilization", "must increase from point to point", utilization)
        shape.append((utilization, score))
        point.finish()
    return shape


def _read_balanced(section: Section, args: PluginArgs) -> bool:
    names: list[str] = []
    for entry in section.sections("resources"):
        name, weight = entry.text("name"), entry.integer("weight", 0) or 1
        if name in names:
            entry.fault("name", "must be named once", name)
        if weight != 1:
            entry.fault("weight", "must be 1", weight)
        names.append(name)
        entry.finish()
    if names:
        args.balanced.resources = names
    return True


def _read_spread(section: Section, args: PluginArgs) -> bool:
    defaulting = section.text("defaultingType", "System") or "System"
    if defaulting not in ("System", "List"):
        section.fault("defaultingType", "must be one of System, List", defaulting)
    constraints: list[DefaultConstraint] = []
    for entry in section.sections("defaultConstraints"):
        constraint = _read_constraint(entry)
        if any((c.topology_key, c.hard) == (constraint.topology_key, constraint.hard) for c in constraints):
            entry.fault("topologyKey", "must not repeat an earlier pair of key and action", constraint.topology_key)
        constraints.append(constraint)
    if defaulting == "System" and constraints:
        section.fault("defaultingType", "must be List where defaultConstraints are given", defaulting)
    args.spread = SpreadArgs(defaulting == "System", constraints)
    return True


def _read_constraint(entry: Section) -> DefaultConstraint:
    max_skew = entry.integer("maxSkew", 0)
    if max_skew <= 0:
        entry.fault("maxSkew", "must be greater than 0", max_skew)
    topology_key = entry.text("topologyKey")
    if not is_qualified_name(topology_key):
        entry.fault("topologyKey", "must be a label key", topology_key)
    action = entry.text("whenUnsatisfiable")
    if action not in _ACTIONS:
        entry.fault("whenUnsatisfiable", "must be one of " + ", ".join(_ACTIONS), action)
    if entry.raw("labelSelector") is not None:
        entry.fault("labelSelector", "must be absent: it is deduced from the pod's owners", entry.raw("labelSelector"))
    min_domains = entry.integer("minDomains", 1)
    policies = []
    for key, default in (("nodeAffinityPolicy", "Honor"), ("nodeTaintsPolicy", "Ignore")):
        policy = entry.text(key, default)
        if policy not in _POLICIES:
            entry.fault(key, "must be one of " + ", ".join(_POLICIES), policy)
        policies.append(policy == "Honor")
    entry.texts("matchLabelKeys")
    entry.finish()
    return DefaultConstraint(max_skew, topology_key, action == "DoNotSchedule", min_domains, policies[0], policies[1])


def _read_inter_pod_affinity(section: Section, args: PluginArgs) -> bool:
    weight = section.integer("hardPodAffinityWeight", 1)
    _check_range(section, "hardPodAffinityWeight", weight, 0, 100)
    ignore = section.boolean("ignorePreferredTermsOfExistingPods", False)
    args.inter_pod_affinity = InterPodAffinityArgs(weight, ignore)
    return True


def _read_node_affinity(section: Section, args: PluginArgs) -> bool:
    added = section.section("addedAffinity")
    required = added.section("requiredDuringSchedulingIgnoredDuringExecution")
    if added.has("requiredDuringSchedulingIgnoredDuringExecution"):
        terms = required.sections("nodeSelectorTerms")
        args.node_affinity.required = [_read_term(term) or ([], []) for term in terms]
    required.finish()
    for entry in added.sections("preferredDuringSchedulingIgnoredDuringExecution"):
        weight = entry.integer("weight", 0)
        term = _read_term(entry.section("preference"))
        if term is not None and weight != 0:
            args.node_affinity.preferred.append((weight, term))
        entry.finish()
    added.finish()
    return True


def _read_term(section: Section) -> NodeTerm | None:
    term: dict[str, Any] = {key: section.raw(key) for key in ("matchExpressions", "matchFields")}
    section.finish()
    try:
        return read_node_term(term, section.path)
    except ObjectError as error:
        section.faults.append(str(error))
        return None


def _read_preemption(section: Section, _args: PluginArgs) -> bool:
    percentage = section.integer("minCandidateNodesPercentage", 10)
    absolute = section.integer("minCandidateNodesAbsolute", 100)
    _check_range(section, "minCandidateNodesPercentage", percentage, 0, 100)
    if absolute < 0:
        section.fault("minCandidateNodesAbsolute", "must not be negative", absolute)
    if percentage == 0 and absolute == 0:
        section.fault("minCandidateNodesPercentage", "must not be 0 where minCandidateNodesAbsolute is", 0)
    return False


def _read_volume_binding(section: Section, _args: PluginArgs) -> bool:
    timeout = section.integer("bindTimeoutSeconds", 600)
    if timeout < 0:
        section.fault("bindTimeoutSeconds", "must not be negative", timeout)
    if section.raw("shape") is not None:
        section.fault("shape", "must be absent: the feature gate StorageCapacityScoring is off", section.raw("shape"))
    return False


def _read_dynamic_resources(section: Section, _args: PluginArgs) -> bool:
    if section.duration_ns("filterTimeout") < 0:
        section.fault("filterTimeout", "must not be negative", section.raw("filterTimeout"))
    return False


_READERS: dict[str, Callable[[Section, PluginArgs], bool]] = {
    "NodeResourcesFit": _read_fit,
    "NodeResourcesBalancedAllocation": _read_balanced,
    "PodTopologySpread": _read_spread,
    "InterPodAffinity": _read_inter_pod_affinity,
    "NodeAffinity": _read_node_affinity,
    "DefaultPreemption": _read_preemption,
    "VolumeBinding": _read_volume_binding,
    "DynamicResources": _read_dynamic_resources,
}
