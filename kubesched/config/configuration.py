"""Reads a KubeSchedulerConfiguration (apis/config/v1 and apis/config/validation, v1.34)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from kubesched.config.components import check_components
from kubesched.config.decoding import Section
from kubesched.config.document import load_mapping
from kubesched.config.extenders import ExtenderConfig, read_extenders
from kubesched.config.plugin_config import API_VERSION, read_plugin_config
from kubesched.config.plugin_sets import PluginSet, read_plugin_sets, resolve_plugins
from kubesched.config.profile import ALL_NODES, Profile
from kubesched.config.registry import OWN_PLUGINS, PLUGINS, PluginInfo
from kubesched.errors import ConfigError

_KIND = "KubeSchedulerConfiguration"


@dataclass(frozen=True, slots=True)
class SchedulerConfiguration:
    """A validated configuration.

    Attributes:
        profiles: at least one; names are unique.
        pod_initial_backoff_seconds, pod_max_backoff_seconds: of the scheduling queue.
        extenders: in the order in which they are asked.
    """

    profiles: tuple[Profile, ...]
    pod_initial_backoff_seconds: int = 1
    pod_max_backoff_seconds: int = 10
    extenders: tuple[ExtenderConfig, ...] = ()


@dataclass(frozen=True, slots=True)
class _QueueSort:
    """What all profiles must have alike: there is one queue."""

    plugins: PluginSet
    args: Any


def load_config(
    config: Mapping[str, Any] | str | os.PathLike[str] | None, plugins: Mapping[str, PluginInfo] | None = None
) -> SchedulerConfiguration:
    """Read, default and validate a configuration.

    Where percentageOfNodesToScore is set nowhere, all nodes are evaluated; upstream samples them then, as it does here
    for an explicit 0.

    Args:
        config: a mapping, the path of a YAML or JSON file, or None for the default configuration. Unlike upstream,
            apiVersion and kind may be left out.
        plugins: name -> what is known of a plugin that upstream does not have.

    Raises:
        ConfigError: the file cannot be read, or upstream would refuse the configuration; all faults are named.
    """
    if config is None:
        config = {}
    elif isinstance(config, (str, os.PathLike)):
        config = load_mapping(config)
    elif not isinstance(config, Mapping):
        raise ConfigError(f"configuration must be a mapping or a path, got {type(config).__name__}")
    faults: list[str] = []
    result = _read(Section(config, "", faults), {**PLUGINS, **OWN_PLUGINS, **(plugins or {})})
    if faults:
        raise ConfigError("; ".join(faults))
    return result


def _read(top: Section, known: Mapping[str, PluginInfo]) -> SchedulerConfiguration:
    for key, want in (("apiVersion", API_VERSION), ("kind", _KIND)):
        value = top.text(key, want)
        if value != want:
            top.fault(key, f"must be {want}", value)
    check_components(top)
    percentage = _read_percentage(top)
    initial = top.integer("podInitialBackoffSeconds", 1, bits=64)
    longest = top.integer("podMaxBackoffSeconds", 10, bits=64)
    if initial <= 0:
        top.fault("podInitialBackoffSeconds", "must be greater than 0", initial)
    if longest < initial:
        top.fault("podMaxBackoffSeconds", "must not be below podInitialBackoffSeconds", longest)
    extenders = read_extenders(top)
    profiles = _read_profiles(top, percentage, known)
    if extenders.ignored_resources:  # in place of the profile's own, as upstream has it
        profiles = tuple(_ignoring(profile, extenders.ignored_resources) for profile in profiles)
    top.finish()
    return SchedulerConfiguration(profiles, initial, longest, extenders.configs)


def _ignoring(profile: Profile, resources: tuple[str, ...]) -> Profile:
    fit = replace(profile.args.fit, ignored_resources=resources)
    return replace(profile, args=replace(profile.args, fit=fit))


def _read_percentage(section: Section) -> int:
    """Return percentageOfNodesToScore, ALL_NODES where it is not set."""
    percentage = section.integer("percentageOfNodesToScore", ALL_NODES)
    if section.has("percentageOfNodesToScore") and not 0 <= percentage <= 100:
        section.fault("percentageOfNodesToScore", "must be in 0..100", percentage)
    return percentage


def _read_profiles(top: Section, percentage: int, known: Mapping[str, PluginInfo]) -> tuple[Profile, ...]:
    sections = top.sections("profiles") or [Section({}, "profiles[0]", top.faults)]
    default_name = "default-scheduler" if len(sections) == 1 else ""
    profiles: list[Profile] = []
    queue_sorts: list[_QueueSort] = []
    for section in sections:
        name = section.text("schedulerName", default_name)
        if not name:
            section.fault("schedulerName", "must be given", name)
        if any(profile.scheduler_name == name for profile in profiles):
            section.fault("schedulerName", "must be unique", name)
        profile, queue_sort = _read_profile(section, name, percentage, known)
        profiles.append(profile)
        queue_sorts.append(queue_sort)
        _check_queue_sort(section, queue_sort, queue_sorts[0])
    return tuple(profiles)


def _read_profile(
    section: Section, name: str, percentage: int, known: Mapping[str, PluginInfo]
) -> tuple[Profile, _QueueSort]:
    """Read one profile; the configuration's percentage holds where the profile has none of its own."""
    own_percentage = _read_percentage(section)
    sets = read_plugin_sets(section.section("plugins"))
    plugins = resolve_plugins(sets, section.path, section.faults, known)
    config = read_plugin_config(section)
    section.finish()
    profile = Profile(name, percentage if own_percentage == ALL_NODES else own_percentage, plugins, config.args)
    return profile, _QueueSort(sets["queueSort"], config.queue_sort_args)


def _check_queue_sort(section: Section, queue_sort: _QueueSort, first: _QueueSort) -> None:
    if queue_sort.plugins != first.plugins:
        names = [plugin.name for plugin in queue_sort.plugins.enabled]
        section.fault("plugins.queueSort", "must be the same in all profiles", names)
    if queue_sort.args != first.args:
        section.fault("pluginConfig", "must give PrioritySort the same arguments in all profiles", queue_sort.args)
