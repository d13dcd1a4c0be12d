"""Reads Kubernetes objects from YAML and JSON files, as kubectl and people write them.

Only plain data is ever constructed. Called by users as `kubesched.load`, by the configuration reader and by the
trace readers.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import yaml

from kubesched.errors import ManifestError

MAX_BYTES = 4 * 2**30
_CHUNK_BYTES = 2**24
_MAX_ALIASES = 10_000
_SUFFIXES = (".yaml", ".yml", ".json")
_ALIAS = re.compile(rb"(?:^|[\s\[,:])\*[A-Za-z0-9_-]+", re.MULTILINE)

_BaseLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_BaseLoader):  # type: ignore[misc]
    """YAML as kubectl reads it: no timestamps, no base-60 numbers, and `=` is a string."""


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag.rpartition(":")[2] not in ("timestamp", "value", "int", "float")
    ]
    for first, resolvers in _BaseLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int",
    re.compile(r"[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)$"),
    list("-+0123456789"),
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?$|[-+]?\.(?:inf|nan)$"),
    list("-+.0123456789"),
)


def load(path: str | os.PathLike[str]) -> list[dict[str, Any]]:
    """Read all objects of a file or directory, in order.

    Reads YAML with any number of documents, JSON, either of them gzipped, the output of `kubectl get -o json|yaml`,
    and directories of such files (by name, not descending). Lists are flattened; empty documents are skipped.

    Raises:
        ManifestError: the path cannot be read, a file is broken, or a document is no Kubernetes object. The message
            names path, line and rule.
    """
    objects: list[dict[str, Any]] = []
    for file in _files(Path(path)):
        found = [obj for line, document in _documents(file) for obj in _objects(document, file, line)]
        if not found:
            raise ManifestError(f"{file}: must hold at least one object, got none")
        objects.extend(found)
    return objects


def load_document(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a file that holds one mapping.

    Raises:
        ManifestError: the file is broken, or holds something else.
    """
    file = Path(path)
    documents = [document for _, document in _documents(file) if document is not None]
    if len(documents) != 1 or not isinstance(documents[0], dict):
        raise ManifestError(f"{file}: must hold one document that is a mapping, got {len(documents)} documents")
    return documents[0]


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(
        file for file in path.iterdir() if file.is_file() and file.name.removesuffix(".gz").endswith(_SUFFIXES)
    )
    if not files:
        raise ManifestError(f"{path}: must hold files that end in {', '.join(_SUFFIXES)}, got none")
    return files


def read_bytes(file: Path) -> bytes:
    """Return a file's content, unzipped if it is gzipped.

    Raises:
        ManifestError: it cannot be read, is larger than MAX_BYTES, or its gzip stream is broken.
    """
    try:
        with file.open("rb") as raw:
            zipped = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            if zipped:
                with gzip.GzipFile(fileobj=raw) as stream:
                    data = _read_bounded(stream)
            else:
                data = _read_bounded(raw)
    except (OSError, EOFError, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ManifestError(f"{file}: must be a readable file, got {reason!r}") from None
    if len(data) > MAX_BYTES:
        raise ManifestError(f"{file}: must be at most {MAX_BYTES} bytes, got more")
    return data


def _read_bounded(stream: BinaryIO | gzip.GzipFile) -> bytes:
    """Return all of a stream, or a little more than MAX_BYTES of it; memory is taken as data comes."""
    parts = []
    size = 0
    while size <= MAX_BYTES and (part := stream.read(_CHUNK_BYTES)):
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def _documents(file: Path) -> Iterator[tuple[int, Any]]:
    """Yield (line, document) of a file; 0 where the line is not known."""
    data = read_bytes(file)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ManifestError(f"{file}:{line}: must be UTF-8, got byte {data[error.start]:#04x}") from None
    if text.lstrip()[:1] in ("{", "["):
        try:
            yield 1, json.loads(text)
            return
        except json.JSONDecodeError as error:
            if file.name.removesuffix(".gz").endswith(".json"):
                raise ManifestError(f"{file}:{error.lineno}:{error.colno}: must be JSON, got {error.msg!r}") from None
        except RecursionError:
            raise ManifestError(f"{file}: must not be nested so deeply") from None
    yield from _yaml_documents(text, data, file)


def _yaml_documents(text: str, data: bytes, file: Path) -> Iterator[tuple[int, Any]]:
    if b"&" in data:
        num_aliases = sum(1 for _ in _ALIAS.finditer(data))
        if num_aliases > _MAX_ALIASES:
            raise ManifestError(f"{file}: must have at most {_MAX_ALIASES} aliases, got {num_aliases}")
    loader = _Loader(text)
    try:
        while loader.check_data():
            yield 0, loader.get_data()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else f"{file}"
        raise ManifestError(f"{where}: must be YAML, got {error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise ManifestError(f"{file}: must be YAML, got {error}") from None
    except RecursionError:
        raise ManifestError(f"{file}: must not be nested so deeply") from None
    finally:
        loader.dispose()


def _objects(document: Any, file: Path, line: int) -> Iterator[dict[str, Any]]:
    """Yield the objects of one document, Lists opened."""
    where = f"{file}:{line}" if line else f"{file}"
    if document is None:
        return
    if isinstance(document, list):
        for entry in document:
            yield from _objects(entry, file, line)
        return
    if not isinstance(document, dict):
        raise ManifestError(f"{where}: must be a Kubernetes object, got {str(document)[:60]!r}")
    kind = document.get("kind")
    if isinstance(document.get("items"), list) and (kind is None or str(kind).endswith("List")):
        inherited = str(kind)[: -len("List")] if kind not in (None, "List") else ""
        for item in document["items"]:
            if inherited and isinstance(item, dict) and "kind" not in item:
                item = {"apiVersion": document.get("apiVersion"), "kind": inherited, **item}
            yield from _objects(item, file, line)
        return
    if str(kind).endswith("List") and document.get("items", 0) is None:
        return
    if not isinstance(kind, str) or not kind:
        raise ManifestError(f"{where}: must have a kind, got {str(document)[:60]!r}")
    yield document
