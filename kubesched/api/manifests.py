"""Reads Kubernetes objects from YAML and JSON files, as kubectl and people write them.

Only plain data is ever constructed. Called by users as `kubesched.load`, by the configuration reader and by the
trace readers.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import reprlib
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import yaml

from kubesched.errors import ManifestError

MAX_BYTES = 4 * 2**30
MAX_DEPTH = 200
MAX_ALIASED = 1_000_000
_CHUNK_BYTES = 2**24
_MAX_INT_BITS = 4096  # so that every number can be printed in an error
_MAX_OPENED = 1000  # brackets that the composer may meet unchecked: each takes stack only if nested
_DEEP_INDENT = re.compile(rf"^[ \t?:-]{{{MAX_DEPTH},}}", re.MULTILINE)
_SUFFIXES = (".yaml", ".yml", ".json")
_MERGE_TAG = "tag:yaml.org,2002:merge"

_BaseLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_BaseLoader):  # type: ignore[misc]
    """YAML as kubectl reads it: no timestamps, no base-60 numbers, and `=` is a string."""


class _MergingLoader(_Loader):
    """A loader for files with `<<` keys; it bounds what they copy, before it is copied."""

    _num_merged = 0

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Put the entries of merged mappings into a mapping."""
        for key, value in node.value:
            if key.tag != _MERGE_TAG:
                continue
            for part in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                if isinstance(part, yaml.MappingNode):
                    self.flatten_mapping(part)
                    self._num_merged += len(part.value)
            if self._num_merged > MAX_ALIASED:
                rule = f"more than {MAX_ALIASED} merged entries"
                raise yaml.constructor.ConstructorError(None, None, rule, node.start_mark)
        super().flatten_mapping(node)


def _checked(construct: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Return a scalar's constructor that names the place of a value that does not fit its tag."""

    def construct_checked(loader: Any, node: Any) -> Any:
        try:
            value = construct(loader, node)
        except (ValueError, LookupError):
            value = None
        if value is None or (isinstance(value, int) and value.bit_length() > _MAX_INT_BITS):
            what = f"{node.tag.rpartition(':')[2]} {reprlib.repr(node.value)}"
            raise yaml.constructor.ConstructorError(None, None, what, node.start_mark)
        return value

    return construct_checked


_Loader.yaml_constructors = {
    tag: _checked(construct) if tag and tag.endswith((":bool", ":int", ":float")) else construct
    for tag, construct in _BaseLoader.yaml_constructors.items()
    # Dates, sets, bytes and pairs have no form in JSON, which is all that Kubernetes stores.
    if not (tag or "").endswith((":timestamp", ":set", ":binary", ":omap", ":pairs"))
}
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
    and directories of such files (by name, not descending). Lists are flattened, and their items take kind and
    apiVersion from a typed list (a PodList) where they have none; empty documents are skipped.

    A file may have MAX_BYTES bytes unzipped, nest MAX_DEPTH deep, and stand for MAX_ALIASED values through aliases.

    Raises:
        ManifestError: the path cannot be read, a file is broken, holds no object, or passes a limit, or a document is
            no object with a kind and a metadata.name. The message names path and line, in a list also the item.
    """
    objects: list[dict[str, Any]] = []
    for file in _files(Path(path)):
        found = [obj for line, document in _documents(file) for obj in _objects(document, f"{file}:{line}:")]
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
    try:
        names = list(path.iterdir())
    except OSError as error:
        raise ManifestError(f"{path}: must be a readable folder, got {error.strerror!r}") from None
    files = sorted(file for file in names if file.is_file() and file.name.removesuffix(".gz").endswith(_SUFFIXES))
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
    except (OSError, EOFError, ValueError, zlib.error) as error:  # ValueError: a path with a NUL
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
    """Yield (line, document) of a file."""
    data = read_bytes(file)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ManifestError(f"{file}:{line}: must be UTF-8, got byte {data[error.start]:#04x}") from None
    most_values = len(data) + MAX_ALIASED  # a value that is written out takes a byte at least
    for line, document in _parsed(text, file):
        _check_extent(document, most_values, f"{file}:{line}")
        yield line, document


def _parsed(text: str, file: Path) -> Iterator[tuple[int, Any]]:
    if text.lstrip()[:1] in ("{", "["):
        try:
            document = json.loads(text)
        except json.JSONDecodeError as error:  # YAML, too, may begin like that
            if file.name.removesuffix(".gz").endswith(".json"):
                raise ManifestError(f"{file}:{error.lineno}:{error.colno}: must be JSON, got {error.msg!r}") from None
        except RecursionError:
            raise ManifestError(f"{file}:1: must not be nested more than {MAX_DEPTH} deep") from None
        except ValueError as error:
            raise ManifestError(f"{file}:1: must be JSON, got {error}") from None
        else:
            yield text[: len(text) - len(text.lstrip())].count("\n") + 1, document
            return
    yield from _yaml_documents(text, file)


def _yaml_documents(text: str, file: Path) -> Iterator[tuple[int, Any]]:
    _check_yaml_depth(text, file)
    try:
        loader = _MergingLoader(text) if "<<" in text else _Loader(text)
        try:
            while loader.check_node():
                node = loader.get_node()
                yield node.start_mark.line + 1, loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise _yaml_fault(error, text, file) from None
    except RecursionError:
        raise ManifestError(f"{file}: must not be nested more than {MAX_DEPTH} deep") from None


def _check_yaml_depth(text: str, file: Path) -> None:
    """Refuse deep nesting before the composer, which is recursive C, runs out of stack; only odd files are parsed."""
    if text.count("[") + text.count("{") <= _MAX_OPENED and not _DEEP_INDENT.search(text):
        return
    depth = 0
    try:
        for event in yaml.parse(text, Loader=_BaseLoader):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > MAX_DEPTH:
                line = event.start_mark.line + 1 if event.start_mark else 1
                raise ManifestError(f"{file}:{line}: must not be nested more than {MAX_DEPTH} deep")
    except yaml.YAMLError as error:
        raise _yaml_fault(error, text, file) from None


def _yaml_fault(error: yaml.YAMLError, text: str, file: Path) -> ManifestError:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark:
        problem = getattr(error, "problem", None) or getattr(error, "context", None)
        return ManifestError(f"{file}:{mark.line + 1}:{mark.column + 1}: must be YAML, got {problem}")
    # What has no mark is a character that YAML has no place for.
    found = yaml.reader.Reader.NON_PRINTABLE.search(text)
    line = text.count("\n", 0, found.start()) + 1 if found else 1
    return ManifestError(f"{file}:{line}: must be printable text, got {found[0] if found else ''!r}")


def _check_extent(document: Any, most_values: int, where: str) -> None:
    """Refuse a document that nests too deeply (one that holds itself does), or that its aliases make too large."""
    level: list[Any] = [[document]]
    num_values = 0
    for _ in range(MAX_DEPTH + 1):
        inner: list[Any] = []
        for value in level:
            inner.extend(value.values() if type(value) is dict else value)
            if num_values + len(inner) > most_values:
                raise ManifestError(f"{where}: must stand for at most {MAX_ALIASED} values through aliases, got more")
        num_values += len(inner)
        level = [value for value in inner if type(value) is dict or type(value) is list]
        if not level:
            return
    raise ManifestError(f"{where}: must not be nested more than {MAX_DEPTH} deep")


def _objects(document: Any, where: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of one document, Lists opened."""
    if document is None:
        return
    if isinstance(document, list):
        for i, entry in enumerate(document):
            yield from _objects(entry, f"{where} [{i}]")
        return
    if not isinstance(document, dict):
        raise ManifestError(f"{where} must be a Kubernetes object, got {reprlib.repr(document)}")
    kind = document.get("kind")
    if isinstance(document.get("items"), list) and (kind is None or str(kind).endswith("List")):
        given = {"kind": str(kind)[: -len("List")]} if kind not in (None, "List") else {}
        if given and "apiVersion" in document:
            given["apiVersion"] = document["apiVersion"]
        for i, item in enumerate(document["items"]):
            lacking = isinstance(item, dict) and not given.keys() <= item.keys()
            yield from _objects({**given, **item} if lacking else item, f"{where} items[{i}]")
        return
    if str(kind).endswith("List") and document.get("items", 0) is None:
        return
    _check_object(document, where)
    yield document


def _check_object(document: dict[str, Any], where: str) -> None:
    kind = document.get("kind")
    if not isinstance(kind, str) or not kind:
        raise ManifestError(f"{where} must have a kind, got {reprlib.repr(document)}")
    metadata = document.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if isinstance(name, str) and name:
        return
    # A folder's kustomization.yaml is for kubectl, not for the cluster, and has no name.
    if not str(document.get("apiVersion")).startswith("kustomize.config.k8s.io/"):
        raise ManifestError(f"{where} {kind} must have a metadata.name, got {reprlib.repr(name)}")
