"""Objects of resource.k8s.io into the core, and the verdicts of their CEL selectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubesched._core import Engine
from kubesched.dra.cel import ERROR, evaluate
from kubesched.dra.claim_codec import check_template, encode_claim
from kubesched.dra.slice_codec import encode_class, encode_slice

_GROUP = "resource.k8s.io/"
_KINDS = frozenset({"ResourceSlice", "DeviceClass", "ResourceClaim", "ResourceClaimTemplate"})


def is_device_object(obj: Mapping[str, Any]) -> bool:
    """Tell whether an object is one that DynamicResources reads."""
    version = obj.get("apiVersion")
    return isinstance(version, str) and version.startswith(_GROUP) and obj.get("kind") in _KINDS


def put_device_object(engine: Engine, obj: Mapping[str, Any]) -> None:
    """Add or replace one object; `put_verdicts` must follow before the next decision.

    Raises:
        ObjectError: the object breaks a rule of its type.
        UnsupportedError: a selector calls a CEL function that is not there yet.
    """
    kind = obj["kind"]
    if kind == "ResourceSlice":
        engine.put_resource_slice(encode_slice(obj))
    elif kind == "DeviceClass":
        engine.put_device_class(encode_class(obj))
    elif kind == "ResourceClaim":
        engine.put_resource_claim(encode_claim(obj))
    else:
        check_template(obj)


def put_verdicts(engine: Engine) -> None:
    """Evaluate each pair of expression and distinct device that is new."""
    for expression, text, first in engine.missing_verdicts():
        verdicts = bytearray()
        errors = []
        for content, device in enumerate(engine.device_contents(first), first):
            verdict = evaluate(text, device)
            verdicts.append(verdict.code)
            if verdict.code == ERROR:
                errors.append((content, verdict.error))
        engine.add_verdicts(expression, bytes(verdicts), errors)
