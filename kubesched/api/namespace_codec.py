"""Namespaces to records: their names and labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubesched.api.fields import fault, mapping, text
from kubesched.api.pod_codec import read_labels
from kubesched.api.wire import Writer
from kubesched.errors import ObjectError


def encode_namespace_labels(namespace: Mapping[str, Any]) -> tuple[str, bytes]:
    """Return a namespace's name and the record of its labels.

    The label kubernetes.io/metadata.name is filled in, as the API server does.

    Raises:
        ObjectError: a field breaks a rule of its type; the message names namespace, field and value.
    """
    metadata = mapping(namespace, "metadata", "namespace ")
    name = text(metadata, "name", "namespace metadata")
    if not name:
        fault("namespace metadata.name", "be a name", name)
    try:
        labels = {**read_labels(metadata), "kubernetes.io/metadata.name": name}
    except ObjectError as error:
        raise ObjectError(f"namespace {name}: {error}") from None
    out = Writer()
    out.pairs(sorted(labels.items()))
    return name, out.done()
