"""Which plugins run at which extension point: the defaults, merged with what a profile enables and disables.

apis/config/v1/default_plugins.go mergePlugins and framework/runtime/framework.go NewFramework (v1.34).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from kubesched.config.decoding import Section
from kubesched.config.registry import (
    EXTENSION_POINTS,
    NEEDS_PRE_FILTER,
    NEEDS_PRE_SCORE,
    PLUGINS,
    REMOVED_PLUGINS,
)

_MAX_NODE_SCORE = 100
_MAX_TOTAL_SCORE = 2**63 - 1


@dataclass(frozen=True, slots=True)
class EnabledPlugin:
    """A plugin and its weight; 0 where the weight is unset."""

    name: str
    weight: int = 0


@dataclass(slots=True)
class PluginSet:
    """What one field of `plugins` enables and disables, in order."""

    enabled: list[EnabledPlugin] = field(default_factory=list)
    disabled: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ResolvedPlugins:
    """The plugins of one profile by extension point, in the order in which they run, and the score weights."""

    by_point: dict[str, list[str]]
    weights: dict[str, int]
    asked_for: frozenset[str]  # enabled by the profile itself, not by default


def read_plugin_sets(section: Section) -> dict[str, PluginSet]:
    """Read the `plugins` field of a profile: multiPoint and every extension point."""
    sets = {point: _read_set(section.section(point)) for point in ("multiPoint", *EXTENSION_POINTS)}
    section.finish()
    return sets


def _read_set(section: Section) -> PluginSet:
    plugins = PluginSet()
    for entry in section.sections("enabled"):
        plugins.enabled.append(EnabledPlugin(entry.text("name"), entry.integer("weight", 0)))
        if plugins.enabled[-1].name in REMOVED_PLUGINS:
            entry.fault("name", "must not be a plugin that was removed", plugins.enabled[-1].name)
        entry.finish()
    for entry in section.sections("disabled"):
        plugins.disabled.append(entry.text("name"))
        entry.integer("weight", 0)
        entry.finish()
    section.finish()
    return plugins


def _merge(defaults: PluginSet, custom: PluginSet) -> PluginSet:
    """Put the custom plugins behind the defaults; one that reconfigures a default takes its place."""
    disabled = set(custom.disabled)
    by_name = {plugin.name: i for i, plugin in enumerate(custom.enabled)}
    merged = PluginSet(disabled=list(custom.disabled))
    replaced = set()
    for plugin in defaults.enabled:
        if "*" in disabled or plugin.name in disabled:
            continue
        if plugin.name in by_name:
            replaced.add(by_name[plugin.name])
            merged.enabled.append(custom.enabled[by_name[plugin.name]])
        else:
            merged.enabled.append(plugin)
    merged.enabled.extend(plugin for i, plugin in enumerate(custom.enabled) if i not in replaced)
    return merged


def resolve_plugins(custom: dict[str, PluginSet], path: str, faults: list[str]) -> ResolvedPlugins:
    """Merge a profile's plugins with the defaults and expand multiPoint.

    Args:
        custom: what the profile enables and disables, by extension point and `multiPoint`.
        path: of the profile, for faults.
        faults: takes what upstream refuses.
    """
    defaults = PluginSet([EnabledPlugin(name, info.weight) for name, info in PLUGINS.items()])
    multi_point = _merge(defaults, custom["multiPoint"])
    for point, plugins in custom.items():
        _check_names(plugins.enabled, point, f"{path}.plugins.{point}.enabled", faults)
    by_point = {
        point: _expand(point, custom[point], multi_point, f"{path}.plugins.{point}", faults)
        for point in EXTENSION_POINTS
    }
    scored = [plugin for plugin in [*custom["score"].enabled, *multi_point.enabled] if plugin.name in PLUGINS]
    weights = _score_weights(scored, f"{path}.plugins.score", faults)
    _check_points(by_point, path, faults)
    asked_for = frozenset(plugin.name for plugins in custom.values() for plugin in plugins.enabled)
    return ResolvedPlugins(by_point, weights, asked_for)


def _check_names(enabled: list[EnabledPlugin], point: str, path: str, faults: list[str]) -> None:
    for i, plugin in enumerate(enabled):
        info = PLUGINS.get(plugin.name)
        if plugin.name in REMOVED_PLUGINS:
            continue
        if info is None:
            faults.append(f"{path}[{i}].name: must be a plugin that exists, got {plugin.name!r}")
        elif point != "multiPoint" and point not in info.points:
            faults.append(f"{path}[{i}].name: must be a plugin with the extension point {point}, got {plugin.name!r}")
        if not -(2**31) <= plugin.weight < 2**31:
            faults.append(f"{path}[{i}].weight: must be a 32-bit integer, got {plugin.weight}")


def _expand(point: str, plugins: PluginSet, multi_point: PluginSet, path: str, faults: list[str]) -> list[str]:
    """Order one extension point: reconfigured plugins, then those of multiPoint, then the others enabled here."""
    here = [plugin.name for plugin in plugins.enabled if point in _points(plugin.name)]
    _check_twice(here, path, faults)
    if "*" in plugins.disabled:
        return here
    through_multi_point: list[str] = []
    overriding: list[str] = []
    for plugin in multi_point.enabled:
        if point not in _points(plugin.name) or plugin.name in plugins.disabled:
            continue
        (overriding if plugin.name in here else through_multi_point).append(plugin.name)
    _check_twice(through_multi_point, f"{path} (through multiPoint)", faults)
    first = [name for name in here if name in overriding]
    return first + through_multi_point + [name for name in here if name not in overriding]


def _points(name: str) -> frozenset[str]:
    info = PLUGINS.get(name)
    return info.points if info is not None else frozenset()


def _check_twice(names: list[str], path: str, faults: list[str]) -> None:
    for name in sorted({name for name in names if names.count(name) > 1}):
        faults.append(f"{path}: must name each plugin once, got {name!r} twice")


def _score_weights(scored: list[EnabledPlugin], path: str, faults: list[str]) -> dict[str, int]:
    """Take each plugin's first weight, 1 where it is unset; all together must not overflow."""
    weights: dict[str, int] = {}
    for plugin in scored:
        if "score" in _points(plugin.name):
            weights.setdefault(plugin.name, plugin.weight or 1)
    if sum(weight * _MAX_NODE_SCORE for weight in weights.values()) > _MAX_TOTAL_SCORE:
        faults.append(f"{path}: weights must not add up to an overflow, got {weights}")
    return weights


def _check_points(by_point: dict[str, list[str]], path: str, faults: list[str]) -> None:
    if len(by_point["queueSort"]) != 1:
        faults.append(f"{path}.plugins.queueSort: must have exactly one plugin, got {by_point['queueSort']}")
    if not by_point["bind"]:
        faults.append(f"{path}.plugins.bind: must have at least one plugin, got none")
    for point, earlier, needing in (("filter", "preFilter", NEEDS_PRE_FILTER), ("score", "preScore", NEEDS_PRE_SCORE)):
        for name in by_point[point]:
            if name in needing and name not in by_point[earlier]:
                faults.append(
                    f"{path}.plugins.{earlier}: must have {name} where {point} has it (kube-scheduler would fail every"
                    f" pod), got {by_point[earlier]}"
                )
