"""Reads the file of a configuration, as strictly as upstream's scheme does: no field may be there twice.

Called by load_config. What a field means is not known here.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from kubesched.api.manifests import load_document, read_bytes
from kubesched.errors import ConfigError, ManifestError

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_mapping(path: str | os.PathLike[str]) -> Mapping[str, Any]:
    """Read a YAML or JSON file that holds one mapping.

    Raises:
        ConfigError: the file cannot be read, is broken, holds something else or names a field twice; the message
            names path and line.
    """
    try:
        document = load_document(path)
        repeated = _repeated_fields(read_bytes(Path(path)).decode("utf-8-sig"))
    except ManifestError as error:
        raise ConfigError(str(error)) from None
    except ValueError as error:  # a NUL in the path, or an integer of thousands of digits
        raise ConfigError(f"{path}: must be a readable file, got {str(error)!r}") from None
    if repeated:
        raise ConfigError("; ".join(f"{path}:{fault}" for fault in repeated))
    return document


def _repeated_fields(text: str) -> list[str]:
    """Return `LINE:COLUMN: rule` for each repeated field; JSON parsers keep no lines, so there it is just the rule."""
    faults: list[str] = []
    if text.lstrip()[:1] == "{":
        try:
            json.loads(text, object_pairs_hook=lambda pairs: _note_repeated(pairs, faults))
            return faults
        except json.JSONDecodeError:
            faults.clear()  # a flow mapping of YAML
    pending = list(yaml.compose_all(text, Loader=_Loader))
    visited: set[int] = set()
    while pending:
        node = pending.pop()
        if id(node) in visited:  # an alias
            continue
        visited.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            pending.extend(reversed(node.value))
        elif isinstance(node, yaml.MappingNode):
            faults.extend(_repeated_keys(node))
            pending.extend(value for _, value in reversed(node.value))
    return faults


def _note_repeated(pairs: list[tuple[str, Any]], faults: list[str]) -> None:
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            faults.append(f" must name each field once, got {key!r} twice")
        seen.add(key)


def _repeated_keys(node: yaml.MappingNode) -> list[str]:
    seen: set[str] = set()
    faults = []
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            continue
        if key.value in seen:
            mark = key.start_mark
            faults.append(f"{mark.line + 1}:{mark.column + 1}: must name each field once, got {key.value!r} twice")
        seen.add(key.value)
    return faults
