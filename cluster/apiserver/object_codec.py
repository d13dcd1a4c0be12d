"""Objects as bytes: request bodies, what the store keeps, and resourceVersions, which the store alone knows."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from cluster.apiserver import status
from cluster.apiserver.resources import Resource
from cluster.store.records import KeyValue

MAX_BODY_BYTES = 3 * 1024 * 1024  # as upstream's
_SPARE_DEPTH = 100


def encode(obj: Mapping[str, Any] | list[Any]) -> bytes:
    """Return an object's JSON."""
    return json.dumps(obj, separators=(",", ":"), ensure_ascii=False).encode()


def stored(obj: Mapping[str, Any]) -> bytes:
    """Return what the store keeps of an object."""
    metadata = {name: value for name, value in obj["metadata"].items() if name != "resourceVersion"}
    return encode({**obj, "metadata": metadata})


def read(kv: KeyValue) -> dict[str, Any]:
    """Return the object that a key holds, with its resourceVersion."""
    return with_version(kv.value, kv.mod_revision)


def with_version(value: bytes, revision: int) -> dict[str, Any]:
    """Return an object as it is at a revision."""
    obj: dict[str, Any] = json.loads(value)
    obj["metadata"]["resourceVersion"] = str(revision)
    return obj


def decode(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a body.

    Raises:
        APIStatusError: 400 for what is no JSON object, 413 for more than 3 MiB.
    """
    if len(body) > MAX_BODY_BYTES:
        raise status.too_large(MAX_BODY_BYTES)
    try:
        obj = json.loads(body, parse_constant=_refuse_constant)
        # Lone surrogates are JSON and no text; what is nested so deep that a list of it could not be written later
        # is refused now.
        probe = obj
        for _ in range(_SPARE_DEPTH):
            probe = [probe]
        encode(probe)
    except (ValueError, RecursionError) as error:
        raise status.bad_request(f"the body of the request must be a JSON object: {error}") from error
    if not isinstance(obj, dict):
        raise status.bad_request(f"the body of the request must be a JSON object, got {type(obj).__name__}")
    return obj


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def decode_object(resource: Resource, body: bytes) -> dict[str, Any]:
    """Return the object of a body; kind and apiVersion come from the path where they are left out.

    Raises:
        APIStatusError: 400 for another kind, or metadata that has not the form of metadata.
    """
    sent = decode(body)
    obj: dict[str, Any] = {"apiVersion": resource.api_version, "kind": resource.kind, **sent}
    if (obj["apiVersion"], obj["kind"]) != (resource.api_version, resource.kind):
        got = f"{obj['kind']} in version {obj['apiVersion']!r}"
        raise status.bad_request(f"{resource.kind} in version {resource.api_version!r} is expected here, got {got}")
    metadata = obj.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise status.bad_request(f"metadata must be an object, got {metadata!r}")
    obj["metadata"] = {name: value for name, value in metadata.items() if value is not None}
    _check_metadata(obj["metadata"])
    for field in ("spec", "status"):
        if not isinstance(obj.get(field) or {}, dict):
            raise status.bad_request(f"{field} must be an object, got {obj[field]!r}")
    return obj


def _check_metadata(metadata: Mapping[str, Any]) -> None:
    for field in ("name", "generateName", "namespace", "uid", "resourceVersion"):
        if not isinstance(metadata.get(field, ""), str):
            raise status.bad_request(f"metadata.{field} must be a string, got {metadata[field]!r}")
    for field in ("labels", "annotations"):
        entries = metadata.get(field, {})
        if not isinstance(entries, dict) or not all(isinstance(value, str) for value in entries.values()):
            raise status.bad_request(f"metadata.{field} must map strings to strings, got {entries!r}")
    finalizers = metadata.get("finalizers", [])
    if not isinstance(finalizers, list) or not all(isinstance(value, str) for value in finalizers):
        raise status.bad_request(f"metadata.finalizers must be a list of strings, got {finalizers!r}")


def write_continue(revision: int, start: str) -> str:
    """Return the token with which a list goes on after the name `start`."""
    token = {"v": "meta.k8s.io/v1", "rv": revision, "start": start}
    return base64.urlsafe_b64encode(encode(token)).decode().rstrip("=")


def read_continue(token: str) -> tuple[int, str]:
    """Return revision and start of a token.

    Raises:
        APIStatusError: 400 for what `write_continue` did not write.
    """
    try:
        fields = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        revision, start = fields["rv"], fields["start"]
    except (ValueError, TypeError, KeyError, binascii.Error, RecursionError) as error:
        raise status.bad_request("continue key is not valid") from error
    if type(revision) is not int or revision < 1 or not isinstance(start, str) or not start.isprintable():
        raise status.bad_request("continue key is not valid")
    return revision, start
