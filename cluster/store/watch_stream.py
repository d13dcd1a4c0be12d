"""One stream of etcd's Watch service: many watches, one connection. A client that reads slowly holds up only itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from cluster.errors import CompactedError, InvalidRequestError, StoreUnavailableError
from cluster.store.etcd_codec import event_message, header
from cluster.store.etcd_messages import MESSAGES
from cluster.store.interface import Store, StoreWatch
from cluster.store.records import Event

MAX_WATCHES = 10_000
NO_PUT, NO_DELETE = 0, 1


class WatchStream:
    """Opens and ends watches as the client asks, and writes what they see."""

    def __init__(self, store: Store, write: Callable[[Any], Awaitable[None]]) -> None:
        self._store = store
        self._write_one = write
        self._writing = asyncio.Lock()
        self._watches: dict[int, tuple[StoreWatch, asyncio.Task[None]]] = {}
        self._last_id = -1

    async def run(self, messages: AsyncIterator[Any]) -> None:
        """Serve the stream until the client ends it.

        Raises:
            InvalidRequestError: more than 10,000 watches on one stream.
        """
        try:
            async for message in messages:
                match message.WhichOneof("choice"):
                    case "create_request":
                        await self._create(message.create_request)
                    case "cancel_request":
                        await self._cancel(message.cancel_request.watch_id)
                    case "progress_request":
                        await self._progress()
        finally:
            for watch, task in self._watches.values():
                watch.close()
                task.cancel()
            await asyncio.gather(*(task for _, task in self._watches.values()), return_exceptions=True)

    async def _create(self, request: Any) -> None:
        if len(self._watches) >= MAX_WATCHES:
            raise InvalidRequestError(f"a stream must have at most {MAX_WATCHES} watches")
        watch_id = request.watch_id or self._next_id()
        if watch_id in self._watches or request.start_revision < 0:
            await self._refuse("duplicate watch ID provided on the WatchStream")
            return
        try:  # an empty key is the first there is, as in etcd
            watch = self._store.watch(request.key or b"\0", request.range_end or None, request.start_revision)
        except InvalidRequestError:
            await self._refuse("watcher range is empty")
            return
        await self._write(watch_id=watch_id, created=True)
        self._watches[watch_id] = watch, asyncio.create_task(self._follow(watch_id, watch, request))

    async def _refuse(self, reason: str) -> None:
        await self._write(watch_id=-1, created=True, canceled=True, cancel_reason=f"etcdserver: mvcc: {reason}")

    async def _follow(self, watch_id: int, watch: StoreWatch, request: Any) -> None:
        wanted = _wanted(request.filters)
        try:
            async for batch in watch:
                events = [event_message(e, prev_kv=request.prev_kv) for e in batch.events if wanted(e)]
                if events:
                    await self._write(batch.revision, watch_id=watch_id, events=events)
        except CompactedError as error:
            self._watches.pop(watch_id, None)
            watch.close()
            await self._write(watch_id=watch_id, canceled=True, compact_revision=error.compact_revision)
        except StoreUnavailableError as error:
            if self._watches.pop(watch_id, None) is not None:
                await self._write(watch_id=watch_id, canceled=True, cancel_reason=str(error))

    async def _cancel(self, watch_id: int) -> None:
        watch, task = self._watches.pop(watch_id, (None, None))
        if watch is not None and task is not None:
            watch.close()
            task.cancel()
            await self._write(watch_id=watch_id, canceled=True)

    async def _progress(self) -> None:
        """Tell how far the stream is, once every watch is."""
        revision = (await self._store.status()).revision
        while any(watch.next_revision <= revision and not watch.is_waiting for watch, _ in self._watches.values()):
            await asyncio.sleep(0.001)
        await self._write(revision, watch_id=-1)

    async def _write(self, revision: int = 0, **fields: Any) -> None:
        at = revision or (await self._store.status()).revision
        async with self._writing:
            await self._write_one(MESSAGES["WatchResponse"](header=header(at), **fields))

    def _next_id(self) -> int:
        self._last_id += 1
        while self._last_id in self._watches:
            self._last_id += 1
        return self._last_id


def _wanted(filters: Any) -> Callable[[Event], bool]:
    has_puts, has_deletes = NO_PUT not in filters, NO_DELETE not in filters
    return lambda event: has_deletes if event.kv.is_tombstone else has_puts
