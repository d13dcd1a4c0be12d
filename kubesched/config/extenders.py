"""Reads the extenders of a configuration (apis/config/validation/validation.go validateExtenders, v1.34)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from kubesched.api.resource_names import is_extended_resource
from kubesched.config.decoding import Section

_DEFAULT_TIMEOUT_NS = 5 * 10**9


@dataclass(frozen=True, slots=True)
class TlsConfig:
    """How to speak TLS with an extender; data goes before a file of the same."""

    insecure: bool = False
    server_name: str = ""
    cert_file: str = ""
    key_file: str = ""
    ca_file: str = ""
    cert_data: bytes = b""
    key_data: bytes = b""
    ca_data: bytes = b""


@dataclass(frozen=True, slots=True)
class ExtenderConfig:
    """One extender.

    Attributes:
        path: where the configuration has it, for messages.
        url_prefix: the verbs are put behind it; it is the extender's name, too.
        weight: of its scores.
        timeout_ns: of one request.
        enable_https: without a CA, certificates are then not checked.
        node_cache_capable: it is sent names of nodes and UIDs of victims, not the objects.
        managed_resources: it is only asked about pods that mention one of them; about all where there are none.
        ignorable: the pod is scheduled without it where it fails.
    """

    path: str = ""
    url_prefix: str = ""
    filter_verb: str = ""
    preempt_verb: str = ""
    prioritize_verb: str = ""
    bind_verb: str = ""
    weight: int = 0
    timeout_ns: int = _DEFAULT_TIMEOUT_NS
    enable_https: bool = False
    tls: TlsConfig = field(default_factory=TlsConfig)
    node_cache_capable: bool = False
    managed_resources: frozenset[str] = frozenset()
    ignorable: bool = False


@dataclass(frozen=True, slots=True)
class Extenders:
    """All extenders, in the order in which they are asked, and the resources that NodeResourcesFit leaves to them."""

    configs: tuple[ExtenderConfig, ...] = ()
    ignored_resources: tuple[str, ...] = ()


def read_extenders(top: Section) -> Extenders:
    """Read the extenders; ignorable ones are asked last (pkg/scheduler/scheduler.go buildExtenders)."""
    managed: set[str] = set()
    ignored: list[str] = []
    configs = []
    for section in top.sections("extenders"):
        configs.append(_read_extender(section, managed, ignored))
        section.finish()
    num_binders = sum(1 for config in configs if config.bind_verb)
    if num_binders > 1:
        top.fault("extenders", "must have at most one that binds", num_binders)
    return Extenders(tuple(sorted(configs, key=lambda config: config.ignorable)), tuple(ignored))


def _read_extender(extender: Section, managed: set[str], ignored: list[str]) -> ExtenderConfig:
    weight = extender.integer("weight", bits=64)
    if extender.text("prioritizeVerb") and weight <= 0:
        extender.fault("weight", "must be greater than 0 where prioritizeVerb is given", weight)
    return ExtenderConfig(
        path=extender.path,
        url_prefix=extender.text("urlPrefix"),
        filter_verb=extender.text("filterVerb"),
        preempt_verb=extender.text("preemptVerb"),
        prioritize_verb=extender.text("prioritizeVerb"),
        bind_verb=extender.text("bindVerb"),
        weight=weight,
        timeout_ns=extender.duration_ns("httpTimeout", _DEFAULT_TIMEOUT_NS),
        enable_https=extender.boolean("enableHTTPS"),
        tls=_read_tls(extender.section("tlsConfig")),
        node_cache_capable=extender.boolean("nodeCacheCapable"),
        managed_resources=_read_managed(extender.sections("managedResources"), managed, ignored),
        ignorable=extender.boolean("ignorable"),
    )


def _read_tls(tls: Section) -> TlsConfig:
    config = TlsConfig(
        insecure=tls.boolean("insecure"),
        server_name=tls.text("serverName"),
        cert_file=tls.text("certFile"),
        key_file=tls.text("keyFile"),
        ca_file=tls.text("caFile"),
        cert_data=tls.binary("certData"),
        key_data=tls.binary("keyData"),
        ca_data=tls.binary("caData"),
    )
    tls.finish()
    return config


def _read_managed(resources: Iterable[Section], managed: set[str], ignored: list[str]) -> frozenset[str]:
    """Read one extender's resources; `managed` and `ignored` take the names over all extenders."""
    names = set()
    for resource in resources:
        name = resource.text("name")
        if not is_extended_resource(name):
            resource.fault("name", "must be an extended resource name", name)
        if name in managed:
            resource.fault("name", "must be managed by one extender only", name)
        managed.add(name)
        names.add(name)
        if resource.boolean("ignoredByScheduler"):
            ignored.append(name)
        resource.finish()
    return frozenset(names)
