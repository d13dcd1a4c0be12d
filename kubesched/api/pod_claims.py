"""The part of a pod's record that names its resource claims (csrc/model/pod_shape.cpp reads it)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubesched.api.fields import entries, fault, mapping, text
from kubesched.api.label_rules import is_dns_label, is_dns_subdomain
from kubesched.api.wire import Writer

_NAMED, _GENERATED, _NO_CLAIM, _NOT_CREATED = range(4)


def write_claims(pod: Mapping[str, Any], spec: Mapping[str, Any], metadata: Mapping[str, Any]) -> bytes:
    """Return the record of spec.resourceClaims; a pod with claims is known by its name and uid as well.

    Of a claim made from a template the name is in status.resourceClaimStatuses; an entry without a name says that the
    pod needs no claim (dynamic-resource-allocation/resourceclaim/resourceclaim.go Name, v1.34).
    """
    listed = entries(spec, "resourceClaims", "spec")
    made = {
        text(status, "name", f"status.resourceClaimStatuses[{i}]"): text(
            status, "resourceClaimName", f"status.resourceClaimStatuses[{i}]"
        )
        for i, status in reversed(
            list(enumerate(entries(mapping(pod, "status", ""), "resourceClaimStatuses", "status")))
        )
    }
    out = Writer()
    out.u32(len(listed))
    seen: set[str] = set()
    for i, claim in enumerate(listed):
        path = f"spec.resourceClaims[{i}]"
        name = text(claim, "name", path)
        if not is_dns_label(name):
            fault(f"{path}.name", "be a DNS label", name)
        if name in seen:
            fault(f"{path}.name", "be unique", name)
        seen.add(name)
        _write_claim(out, claim, name, path, made)
    if listed:
        out.text(text(metadata, "name", "metadata"))
        out.text(text(metadata, "uid", "metadata"))
    return out.done()


def _write_claim(out: Writer, claim: Mapping[str, Any], name: str, path: str, made: Mapping[str, str]) -> None:
    direct = text(claim, "resourceClaimName", path)
    template = text(claim, "resourceClaimTemplateName", path)
    if bool(direct) == bool(template):
        fault(path, "have exactly one of resourceClaimName and resourceClaimTemplateName", sorted(claim))
    if direct:
        source = _NAMED
    elif name not in made:
        source = _NOT_CREATED
    else:
        source = _GENERATED if made[name] else _NO_CLAIM
        direct = made[name]
    if direct and not is_dns_subdomain(direct):
        fault(f"{path}.resourceClaimName", "be the name of a claim", direct)
    out.u8(source)
    out.text(direct)
