"""Reads a KubeSchedulerConfiguration (apis/config/v1 and apis/config/validation, v1.34)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kubesched.api.label_rules import is_qualified_name
from kubesched.api.manifests import load_document
from kubesched.config.decoding import Section
from kubesched.config.plugin_args import read_plugin_args
from kubesched.config.plugin_sets import PluginSet, read_plugin_sets, resolve_plugins
from kubesched.config.profile import ALL_NODES, Profile
from kubesched.config.registry import PLUGINS
from kubesched.errors import ConfigError, ManifestError, UnsupportedError

_API_VERSION = "kubescheduler.config.k8s.io/v1"
_KIND = "KubeSchedulerConfiguration"
_ELECTION_NS = {"leaseDuration": 15 * 10**9, "renewDeadline": 10 * 10**9, "retryPeriod": 2 * 10**9}


@dataclass(frozen=True, slots=True)
class SchedulerConfiguration:
    """A validated configuration.

    Attributes:
        profiles: at least one; names are unique.
        pod_initial_backoff_seconds, pod_max_backoff_seconds: of the scheduling queue.
    """

    profiles: tuple[Profile, ...]
    pod_initial_backoff_seconds: int = 1
    pod_max_backoff_seconds: int = 10


def load_config(config: Mapping[str, Any] | str | os.PathLike[str] | None) -> SchedulerConfiguration:
    """Read, default and validate a configuration.

    Args:
        config: a mapping, the path of a YAML or JSON file, or None for the default configuration.

    Raises:
        ConfigError: the file cannot be read, or upstream would refuse the configuration; all faults are named.
        UnsupportedError: it asks for a plugin or an extender that kubesched does not have yet.
    """
    if config is None:
        config = {}
    elif isinstance(config, (str, os.PathLike)):
        config = _load_file(config)
    elif not isinstance(config, Mapping):
        raise ConfigError(f"configuration must be a mapping or a path, got {type(config).__name__}")
    faults: list[str] = []
    missing: list[str] = []
    result = _read(Section(config, "", faults), missing)
    if faults:
        raise ConfigError("; ".join(faults))
    if missing:
        raise UnsupportedError("; ".join(missing))
    return result


def _load_file(path: str | os.PathLike[str]) -> Mapping[str, Any]:
    try:
        return load_document(path)
    except ManifestError as error:
        raise ConfigError(str(error)) from None


def _read(top: Section, missing: list[str]) -> SchedulerConfiguration:
    version = top.text("apiVersion", _API_VERSION)
    kind = top.text("kind", _KIND)
    if version != _API_VERSION:
        top.fault("apiVersion", f"must be {_API_VERSION}", version)
    if kind != _KIND:
        top.fault("kind", f"must be {_KIND}", kind)
    _check_components(top)
    percentage = _read_percentage(top)
    initial = top.integer("podInitialBackoffSeconds", 1)
    longest = top.integer("podMaxBackoffSeconds", 10)
    if initial <= 0:
        top.fault("podInitialBackoffSeconds", "must be greater than 0", initial)
    if longest < initial:
        top.fault("podMaxBackoffSeconds", "must not be below podInitialBackoffSeconds", longest)
    if _check_extenders(top):
        missing.append("extenders: kubesched does not have extenders yet")
    profiles = _read_profiles(top, percentage, missing)
    top.finish()
    return SchedulerConfiguration(profiles, initial, longest)


def _check_components(top: Section) -> None:
    """Check the fields that have no effect on decisions."""
    parallelism = top.integer("parallelism", 16)
    if parallelism <= 0:
        top.fault("parallelism", "must be greater than 0", parallelism)
    for key in ("enableProfiling", "enableContentionProfiling", "delayCacheUntilActive"):
        top.boolean(key, False)
    for key in ("healthzBindAddress", "metricsBindAddress"):
        top.text(key)
    client = top.section("clientConnection")
    for key in ("kubeconfig", "acceptContentTypes", "contentType"):
        client.text(key)
    client.number("qps")
    if client.integer("burst", 100) < 0:
        client.fault("burst", "must not be negative", client.raw("burst"))
    client.finish()
    election = top.section("leaderElection")
    elects = election.boolean("leaderElect", True)
    lock = election.text("resourceLock", "leases") or "leases"
    if elects and lock != "leases":
        election.fault("resourceLock", "must be leases", lock)
    lengths_ns = {key: election.duration_ns(key, default_ns) for key, default_ns in _ELECTION_NS.items()}
    for key, length_ns in lengths_ns.items():
        if elects and length_ns <= 0:
            election.fault(key, "must be greater than 0", election.raw(key))
    if elects and lengths_ns["leaseDuration"] <= lengths_ns["renewDeadline"]:
        election.fault("leaseDuration", "must be greater than renewDeadline", election.raw("leaseDuration"))
    for key in ("resourceName", "resourceNamespace"):
        election.text(key)
    election.finish()


def _read_percentage(section: Section) -> int:
    percentage = section.integer("percentageOfNodesToScore", ALL_NODES)
    if section.has("percentageOfNodesToScore") and not 0 <= percentage <= 100:
        section.fault("percentageOfNodesToScore", "must be in 0..100", percentage)
    return percentage


def _check_extenders(top: Section) -> bool:
    extenders = top.sections("extenders")
    managed: set[str] = set()
    num_binders = 0
    for extender in extenders:
        for key in ("urlPrefix", "filterVerb", "preemptVerb"):
            extender.text(key)
        weight = extender.integer("weight", 0)
        if extender.text("prioritizeVerb") and weight <= 0:
            extender.fault("weight", "must be greater than 0 where prioritizeVerb is given", weight)
        num_binders += bool(extender.text("bindVerb"))
        for key in ("enableHTTPS", "nodeCacheCapable", "ignorable"):
            extender.boolean(key, False)
        extender.raw("tlsConfig")
        extender.duration_ns("httpTimeout")
        for resource in extender.sections("managedResources"):
            name = resource.text("name")
            if not is_qualified_name(name) or "/" not in name or "kubernetes.io/" in name:
                resource.fault("name", "must be an extended resource name", name)
            if name in managed:
                resource.fault("name", "must be managed by one extender only", name)
            managed.add(name)
            resource.boolean("ignoredByScheduler", False)
            resource.finish()
        extender.finish()
    if num_binders > 1:
        top.fault("extenders", "must have at most one that binds", num_binders)
    return bool(extenders)


def _read_profiles(top: Section, percentage: int, missing: list[str]) -> tuple[Profile, ...]:
    sections = top.sections("profiles") or [Section({}, "profiles[0]", top.faults)]
    default_name = "default-scheduler" if len(sections) == 1 else ""
    profiles: list[Profile] = []
    queue_sorts: list[PluginSet] = []
    for section in sections:
        name = section.text("schedulerName", default_name)
        if not name:
            section.fault("schedulerName", "must be given", name)
        if any(profile.scheduler_name == name for profile in profiles):
            section.fault("schedulerName", "must be unique", name)
        own_percentage = _read_percentage(section)
        sets = read_plugin_sets(section.section("plugins"))
        queue_sorts.append(sets["queueSort"])
        if queue_sorts[-1] != queue_sorts[0]:
            section.fault("plugins.queueSort", "must be the same in all profiles", queue_sorts[-1])
        plugins = resolve_plugins(sets, section.path, section.faults)
        args, with_args = read_plugin_args(section.sections("pluginConfig"))
        asked = {*with_args, *(name for name in plugins.asked_for if name in PLUGINS and not PLUGINS[name].is_there)}
        missing.extend(
            f"{section.path}: asks for {plugin}, which kubesched does not have yet" for plugin in sorted(asked)
        )
        section.finish()
        profiles.append(Profile(name, percentage if own_percentage == ALL_NODES else own_percentage, plugins, args))
    return tuple(profiles)
