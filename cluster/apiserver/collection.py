"""Lists: one consistent revision, in pages. Called by the server and, for what is there already, by a watch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cluster.apiserver import status
from cluster.apiserver.object_codec import read, read_continue, write_continue
from cluster.apiserver.options import read_count
from cluster.apiserver.resources import Resource
from cluster.apiserver.selectors import Selector
from cluster.errors import CompactedError, FutureRevisionError
from cluster.store.interface import Store
from cluster.store.records import KeyValue, Range, RangeResult, prefix_end

_CONTINUE_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. "
    "You must start a new list without the continue parameter."
)


def prefix_of(resource: Resource, namespace: str) -> str:
    """Return where the objects of a namespace lie; those of all namespaces where it is empty."""
    return f"{resource.prefix}{namespace}/" if namespace else resource.prefix


async def list_objects(store: Store, resource: Resource, namespace: str, query: Mapping[str, str]) -> dict[str, Any]:
    """Return a list object.

    Raises:
        APIStatusError: 400 for a query that is not valid, 410 for a revision that has been compacted, 504 for one
            of the future.
    """
    selector = Selector(resource, query.get("labelSelector", ""), query.get("fieldSelector", ""))
    limit = read_count(query, "limit")
    prefix = prefix_of(resource, namespace)
    start, revision = _start(query)
    if revision:
        current = (await store.status()).revision
        if revision > current and not start:
            raise status.too_large_version(revision, current)
    try:
        pages = _Pages(store, prefix, revision if start or _is_exact(query, limit) else 0)
        items, after = await pages.take(start, limit, selector)
    except CompactedError as error:
        compacted = error.compact_revision
        raise status.expired(
            _CONTINUE_TOO_OLD if start else f"The resourceVersion for the provided list is too old: {compacted}"
        ) from error
    except FutureRevisionError as error:
        raise status.bad_request("continue key is not valid") from error
    metadata: dict[str, Any] = {"resourceVersion": str(pages.revision)}
    if after:
        metadata["continue"] = write_continue(pages.revision, after)
        if selector.is_empty:
            metadata["remainingItemCount"] = pages.remaining
    kind = f"{resource.kind}List"
    return {"kind": kind, "apiVersion": resource.api_version, "metadata": metadata, "items": items}


def _start(query: Mapping[str, str]) -> tuple[str, int]:
    """Return after which name a list starts, and its revision; 0 is the newest."""
    version, match = read_count(query, "resourceVersion"), query.get("resourceVersionMatch", "")
    if match not in ("", "Exact", "NotOlderThan"):
        raise status.bad_request(f"resourceVersionMatch must be Exact or NotOlderThan, got {match!r}")
    if match and not query.get("resourceVersion"):
        raise status.bad_request("resourceVersionMatch is forbidden unless resourceVersion is provided")
    if match == "Exact" and not version:
        raise status.bad_request('resourceVersionMatch "Exact" is forbidden for resourceVersion "0"')
    token = query.get("continue", "")
    if not token:
        return "", version
    if version:
        raise status.bad_request("specifying resource version is not allowed when using continue")
    revision, start = read_continue(token)
    return start, revision


def _is_exact(query: Mapping[str, str], limit: int) -> bool:
    """Tell whether the list is of that very revision: as asked for, or as a page of an old one."""
    return query.get("resourceVersionMatch") == "Exact" or (limit > 0 and not query.get("resourceVersionMatch"))


class _Pages:
    """Reads a prefix at one revision."""

    def __init__(self, store: Store, prefix: str, revision: int) -> None:
        self._store = store
        self._prefix = prefix.encode()
        self.revision = revision
        self.remaining = 0

    async def take(self, start: str, limit: int, selector: Selector) -> tuple[list[dict[str, Any]], str]:
        """Return `limit` objects that match (0: all), and the name after which there are more, if there are."""
        items: list[dict[str, Any]] = []
        after = start
        while True:
            result = await self._read(after, limit - len(items) if limit else 0)
            items += [obj for obj in map(read, result.kvs) if selector.matches(obj)]
            if not result.more:
                return items, ""
            after = self._name(result.kvs[-1])
            self.remaining = result.count - len(result.kvs)
            if len(items) == limit:
                return items, after

    async def _read(self, after: str, limit: int) -> RangeResult:
        first = self._prefix + after.encode() + (b"\0" if after else b"")
        result = await self._store.range(Range(first, prefix_end(self._prefix), self.revision, limit))
        self.revision = self.revision or result.revision
        return result

    def _name(self, kv: KeyValue) -> str:
        return kv.key[len(self._prefix) :].decode()
