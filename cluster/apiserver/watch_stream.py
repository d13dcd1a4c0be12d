"""A watch as a stream of lines: what is there, what changes, bookmarks, and the Status that ends it.

(no resourceVersion, or 0) --ADDED of all--> following        (a resourceVersion) --> following
(sendInitialEvents)        --ADDED of all, BOOKMARK with k8s.io/initial-events-end--> following
following --time is up--> last BOOKMARK, end        following --compacted--> ERROR 410, end
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from cluster.apiserver import status
from cluster.apiserver.collection import list_objects, prefix_of
from cluster.apiserver.object_codec import encode, read, with_version
from cluster.apiserver.options import read_bool, read_count
from cluster.apiserver.resources import Resource
from cluster.apiserver.selectors import Selector
from cluster.errors import CompactedError, StoreUnavailableError
from cluster.store.interface import Store
from cluster.store.records import Event, prefix_end
from kubesched.clock import Clock

_DEFAULT_TIMEOUT_SECONDS = 1800
_INITIAL_END = {"annotations": {"k8s.io/initial-events-end": "true"}}


class WatchStream:
    """One watch. `check` first: it refuses what is answered by a Status rather than by a stream."""

    def __init__(self, store: Store, clock: Clock, resource: Resource, namespace: str) -> None:
        self._store = store
        self._clock = clock
        self._resource = resource
        self._namespace = namespace
        self._query: Mapping[str, str] = {}
        self._selector = Selector(resource, "", "")

    async def check(self, query: Mapping[str, str]) -> None:
        """Read the parameters.

        Raises:
            APIStatusError: 400 for a query that is not valid, 422 for sendInitialEvents without
                resourceVersionMatch=NotOlderThan, 504 for a resourceVersion of the future.
        """
        self._query = query
        self._selector = Selector(self._resource, query.get("labelSelector", ""), query.get("fieldSelector", ""))
        read_count(query, "timeoutSeconds")
        revision = read_count(query, "resourceVersion")
        match = query.get("resourceVersionMatch", "")
        if "sendInitialEvents" in query and match != "NotOlderThan":
            raise status.invalid_options(
                "resourceVersionMatch",
                "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
            )
        if match and "sendInitialEvents" not in query:
            fault = "Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
            raise status.invalid_options("resourceVersionMatch", fault)
        current = (await self._store.status()).revision
        if revision > current:
            raise status.too_large_version(revision, current)

    async def lines(self) -> AsyncGenerator[bytes, None]:
        """Yield one event a line until the time is up, or the store ends it."""
        revision = read_count(self._query, "resourceVersion")
        has_bookmarks = read_bool(self._query, "allowWatchBookmarks")
        sends_initial = read_bool(self._query, "sendInitialEvents")
        if sends_initial or (revision == 0 and "sendInitialEvents" not in self._query):
            selectors = ("labelSelector", "fieldSelector")
            asked = {name: self._query[name] for name in selectors if name in self._query}
            found = await list_objects(self._store, self._resource, self._namespace, asked)
            revision = int(found["metadata"]["resourceVersion"])
            for obj in found["items"]:
                yield _line("ADDED", obj)
            if sends_initial and has_bookmarks:
                yield self._bookmark(revision, _INITIAL_END)
        elif revision == 0:
            revision = (await self._store.status()).revision
        async with aclosing(self._follow(revision, has_bookmarks=has_bookmarks)) as changes:
            async for line in changes:
                yield line

    async def _follow(self, revision: int, *, has_bookmarks: bool) -> AsyncGenerator[bytes, None]:
        prefix = prefix_of(self._resource, self._namespace).encode()
        watch = self._store.watch(prefix, prefix_end(prefix), revision + 1)
        timeout_seconds = read_count(self._query, "timeoutSeconds") or _DEFAULT_TIMEOUT_SECONDS
        timer = self._clock.call_at(self._clock.now_ns() + timeout_seconds * 1_000_000_000, watch.close)
        try:
            async for batch in watch:
                for event in batch.events:
                    if line := self._change(event):
                        yield line
        except CompactedError as error:
            message = f"too old resource version: {revision} ({error.compact_revision})"
            yield _line("ERROR", status.write_status(status.expired(message)))
        except StoreUnavailableError:
            if has_bookmarks:
                yield self._bookmark(watch.next_revision - 1, {})
        finally:
            timer.cancel()
            watch.close()

    def _change(self, event: Event) -> bytes:
        """Return what an event is to those who see only what the selectors let through; empty for nothing."""
        kv, previous = event
        was = read(previous) if previous is not None else None
        had = was is not None and self._selector.matches(was)
        now = None if kv.is_tombstone else read(kv)
        has = now is not None and self._selector.matches(now)
        if has and now is not None:
            return _line("MODIFIED" if had else "ADDED", now)
        if had and previous is not None:
            return _line("DELETED", with_version(previous.value, kv.mod_revision))
        return b""

    def _bookmark(self, revision: int, metadata: dict[str, Any]) -> bytes:
        named = {"kind": self._resource.kind, "apiVersion": self._resource.api_version}
        return _line("BOOKMARK", {**named, "metadata": {"resourceVersion": str(revision), **metadata}})


def _line(kind: str, obj: Mapping[str, Any]) -> bytes:
    return encode({"type": kind, "object": obj}) + b"\n"
