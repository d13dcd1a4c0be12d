"""Checks the extenders of a configuration (apis/config/validation/validation.go validateExtenders, v1.34)."""

from __future__ import annotations

from kubesched.api.resource_names import is_extended_resource
from kubesched.config.decoding import Section


def check_extenders(top: Section) -> bool:
    """Check the extenders and tell whether there are any; kubesched cannot ask one yet."""
    extenders = top.sections("extenders")
    managed: set[str] = set()
    num_binders = 0
    for extender in extenders:
        num_binders += _check_extender(extender)
        for resource in extender.sections("managedResources"):
            _check_managed(resource, managed)
        extender.finish()
    if num_binders > 1:
        top.fault("extenders", "must have at most one that binds", num_binders)
    return bool(extenders)


def _check_extender(extender: Section) -> bool:
    """Check the fields of one extender but its resources; tell whether it binds."""
    for key in ("urlPrefix", "filterVerb", "preemptVerb"):
        extender.text(key)
    weight = extender.integer("weight", bits=64)
    if extender.text("prioritizeVerb") and weight <= 0:
        extender.fault("weight", "must be greater than 0 where prioritizeVerb is given", weight)
    for key in ("enableHTTPS", "nodeCacheCapable", "ignorable"):
        extender.boolean(key)
    extender.duration_ns("httpTimeout")
    tls = extender.section("tlsConfig")
    tls.boolean("insecure")
    for key in ("serverName", "certFile", "keyFile", "caFile"):
        tls.text(key)
    for key in ("certData", "keyData", "caData"):
        tls.binary(key)
    tls.finish()
    return extender.text("bindVerb") != ""


def _check_managed(resource: Section, managed: set[str]) -> None:
    name = resource.text("name")
    if not is_extended_resource(name):
        resource.fault("name", "must be an extended resource name", name)
    if name in managed:
        resource.fault("name", "must be managed by one extender only", name)
    managed.add(name)
    resource.boolean("ignoredByScheduler")
    resource.finish()
