"""Which plugins run at which extension point: the defaults, merged with what a profile enables and disables.

apis/config/v1/default_plugins.go mergePlugins and framework/runtime/framework.go NewFramework (v1.34).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from kubesched.config.decoding import Section
from kubesched.config.registry import (
    EXTENSION_POINTS,
    NEEDS_PRE_FILTER,
    NEEDS_PRE_SCORE,
    PLUGINS,
    REMOVED_PLUGINS,
    PluginInfo,
)

_MAX_NODE_SCORE = 100
_MAX_TOTAL_SCORE = 2**63 - 1


@dataclass(frozen=True, slots=True)
class EnabledPlugin:
    """A plugin and its weight; 0 where the weight is unset."""

    name: str
    weight: int = 0


@dataclass(frozen=True, slots=True)
class PluginSet:
    """What one field of `plugins` enables and disables, in order."""

    enabled: tuple[EnabledPlugin, ...] = ()
    disabled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ResolvedPlugins:
    """The plugins of one profile by extension point, in the order in which they run, and the score weights."""

    by_point: Mapping[str, tuple[str, ...]]
    weights: Mapping[str, int]


def read_plugin_sets(section: Section) -> dict[str, PluginSet]:
    """Read the `plugins` field of a profile: multiPoint and every extension point."""
    sets = {point: _read_set(section.section(point)) for point in ("multiPoint", *EXTENSION_POINTS)}
    section.finish()
    return sets


def _read_set(section: Section) -> PluginSet:
    enabled = []
    for entry in section.sections("enabled"):
        enabled.append(EnabledPlugin(entry.text("name"), entry.integer("weight")))
        entry.finish()
    disabled = []
    for entry in section.sections("disabled"):
        disabled.append(entry.text("name"))
        entry.integer("weight")
        entry.finish()
    section.finish()
    return PluginSet(tuple(enabled), tuple(disabled))


def _merge(defaults: PluginSet, custom: PluginSet) -> PluginSet:
    """Put the custom plugins behind the defaults; one that reconfigures a default takes its place.

    With A, B and C by default, {disabled: [A], enabled: [D, B]} gives B (with its new weight), C, D.
    """
    by_name = {plugin.name: i for i, plugin in enumerate(custom.enabled)}
    merged: list[EnabledPlugin] = []
    replacing: set[int] = set()
    for plugin in defaults.enabled:
        if "*" in custom.disabled or plugin.name in custom.disabled:
            continue
        if plugin.name in by_name:
            replacing.add(by_name[plugin.name])
            merged.append(custom.enabled[by_name[plugin.name]])
        else:
            merged.append(plugin)
    merged.extend(plugin for i, plugin in enumerate(custom.enabled) if i not in replacing)
    return PluginSet(tuple(merged), custom.disabled)


def resolve_plugins(
    custom: Mapping[str, PluginSet], path: str, faults: list[str], known: Mapping[str, PluginInfo] = PLUGINS
) -> ResolvedPlugins:
    """Merge a profile's plugins with the defaults and expand multiPoint.

    Args:
        custom: what the profile enables and disables, by extension point and `multiPoint`.
        path: of the profile, for faults.
        faults: takes what upstream refuses.
        known: every plugin that may be named; the default profile has upstream's.
    """
    defaults = PluginSet(tuple(EnabledPlugin(name, info.weight) for name, info in PLUGINS.items()))
    multi_point = _merge(defaults, custom["multiPoint"])
    for point, plugins in custom.items():
        _check_names(plugins.enabled, point, f"{path}.plugins.{point}.enabled", faults, known)
    by_point = {
        point: tuple(_expand(point, custom[point], multi_point, f"{path}.plugins.{point}", faults, known))
        for point in EXTENSION_POINTS
    }
    weights = _score_weights([*custom["score"].enabled, *multi_point.enabled], f"{path}.plugins.score", faults, known)
    _check_points(by_point, path, faults)
    return ResolvedPlugins(MappingProxyType(by_point), MappingProxyType(weights))


def _check_names(
    enabled: Iterable[EnabledPlugin], point: str, path: str, faults: list[str], known: Mapping[str, PluginInfo]
) -> None:
    for i, plugin in enumerate(enabled):
        if plugin.name in REMOVED_PLUGINS:
            faults.append(f"{path}[{i}].name: must not be a plugin that was removed, got {plugin.name!r}")
        elif plugin.name not in known:
            faults.append(f"{path}[{i}].name: must be a plugin that exists, got {plugin.name!r}")
        elif point != "multiPoint" and point not in known[plugin.name].points:
            faults.append(f"{path}[{i}].name: must be a plugin with the extension point {point}, got {plugin.name!r}")


def _expand(
    point: str,
    plugins: PluginSet,
    multi_point: PluginSet,
    path: str,
    faults: list[str],
    known: Mapping[str, PluginInfo],
) -> list[str]:
    """Order one extension point: reconfigured plugins, then those of multiPoint, then the others enabled here."""
    here = [plugin.name for plugin in plugins.enabled if point in _points(plugin.name, known)]
    _check_twice(here, path, faults)
    if "*" in plugins.disabled:
        return here
    through_multi_point: list[str] = []
    overriding: set[str] = set()
    for plugin in multi_point.enabled:
        if point not in _points(plugin.name, known) or plugin.name in plugins.disabled:
            continue
        if plugin.name in here:
            overriding.add(plugin.name)
        else:
            through_multi_point.append(plugin.name)
    _check_twice(through_multi_point, f"{path} (through multiPoint)", faults)
    first = [name for name in here if name in overriding]
    return first + through_multi_point + [name for name in here if name not in overriding]


def _points(name: str, known: Mapping[str, PluginInfo]) -> frozenset[str]:
    info = known.get(name)
    return info.points if info is not None else frozenset()


def _check_twice(names: list[str], path: str, faults: list[str]) -> None:
    for name in sorted({name for name in names if names.count(name) > 1}):
        faults.append(f"{path}: must name each plugin once, got {name!r} twice")


def _score_weights(
    scored: Iterable[EnabledPlugin], path: str, faults: list[str], known: Mapping[str, PluginInfo]
) -> dict[str, int]:
    """Take each plugin's first weight, 1 where it is unset; all together must not overflow."""
    weights: dict[str, int] = {}
    for plugin in scored:
        if "score" in _points(plugin.name, known):
            weights.setdefault(plugin.name, plugin.weight or 1)
    if sum(weight * _MAX_NODE_SCORE for weight in weights.values()) > _MAX_TOTAL_SCORE:
        faults.append(f"{path}: weights must not add up to an overflow, got {weights}")
    return weights


def _check_points(by_point: Mapping[str, tuple[str, ...]], path: str, faults: list[str]) -> None:
    if len(by_point["queueSort"]) != 1:
        faults.append(f"{path}.plugins.queueSort: must have exactly one plugin, got {list(by_point['queueSort'])}")
    if not by_point["bind"]:
        faults.append(f"{path}.plugins.bind: must have at least one plugin, got []")
    for point, earlier, needing in (("filter", "preFilter", NEEDS_PRE_FILTER), ("score", "preScore", NEEDS_PRE_SCORE)):
        for name in by_point[point]:
            if name in needing and name not in by_point[earlier]:
                faults.append(
                    f"{path}.plugins.{earlier}: must have {name} where {point} has it (kube-scheduler would fail every"
                    f" pod), got {list(by_point[earlier])}"
                )
