"""A watch on an etcd cluster that outlives the member it was opened at."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

from cluster.errors import CompactedError, StoreError, StoreUnavailableError
from cluster.store.etcd_channel import EtcdChannel
from cluster.store.etcd_messages import MESSAGES
from cluster.store.etcd_request import read_event
from cluster.store.records import Event
from cluster.store.watch import Batch

MAX_BATCHES = 64  # what waits here; the rest waits at the member
RETRY_S = 0.2


class EtcdWatch:
    """Reads ahead a little, and opens a new stream from the next revision where one breaks."""

    def __init__(
        self,
        channel: EtcdChannel,
        loop: asyncio.AbstractEventLoop,
        key_range: tuple[bytes, bytes | None],
        start_revision: int,
        forget: Callable[[EtcdWatch], object],
        *,
        is_from_now: bool,
    ) -> None:
        self._channel = channel
        self._key, self._end = key_range
        self._forget = forget
        self._is_from_now = is_from_now
        self._fetched_revision = start_revision
        self._batches: deque[Batch] = deque()
        self._changed = asyncio.Event()
        self._has_room = asyncio.Event()
        self._error: StoreError | None = None
        self._is_closed = False
        self._num_waiting = 0
        self.next_revision = start_revision
        self._task = loop.create_task(self._follow())

    @property
    def is_waiting(self) -> bool:
        """Tell whether somebody waits, and has all that has come."""
        return self._num_waiting > 0 and not self._batches

    def poll(self) -> Batch | None:
        """Return the events that have come; None where there are none yet.

        Raises:
            CompactedError: the events that are due have been compacted.
            StoreUnavailableError: the watch or the store was closed.
        """
        if self._is_closed:
            raise StoreUnavailableError("a watch must be open, this one was ended")
        if self._batches:
            batch = self._batches.popleft()
            self._has_room.set()
            self.next_revision = batch.revision + 1
            return batch
        if self._error is not None:
            raise self._error
        self.next_revision = self._fetched_revision
        return None

    async def next(self) -> Batch:
        """Wait for the next events. Raises as `poll` does."""
        while (batch := self.poll()) is None:
            self._changed.clear()
            self._num_waiting += 1
            try:
                await self._changed.wait()
            finally:
                self._num_waiting -= 1
        return batch

    async def __aiter__(self) -> AsyncIterator[Batch]:
        """Yield batches until the watch is closed or fails."""
        while True:
            yield await self.next()

    def close(self) -> None:
        """End the watch; somebody who waits for it gets StoreUnavailableError."""
        if not self._is_closed:
            self._is_closed = True
            self._task.cancel()
            self._changed.set()
            self._forget(self)

    async def ended(self) -> None:
        """Wait until nothing of the watch runs. REQUIRES: it is closed."""
        await asyncio.gather(self._task, return_exceptions=True)

    async def _follow(self) -> None:
        while self._error is None:
            try:
                await self._read_stream()
            except CompactedError as error:
                if not self._is_from_now:
                    self._error = error
                    self._changed.set()
                self._fetched_revision = max(self._fetched_revision, error.compact_revision)
            except StoreUnavailableError:
                await asyncio.sleep(RETRY_S)

    async def _read_stream(self) -> None:
        """Take what one stream says; return when the member ends it.

        Raises:
            CompactedError: the next revision has been compacted.
            StoreUnavailableError: the stream broke, or the member ended the watch.
        """
        request = {
            "key": self._key,
            "range_end": self._end or b"",
            "start_revision": self._fetched_revision,
            "prev_kv": True,
            "progress_notify": True,
            "fragment": True,
        }
        async with self._channel.stream("Watch/Watch", "WatchRequest", "WatchResponse") as stream:
            await stream.write(MESSAGES["WatchRequest"](create_request=request))
            parts: list[Event] = []
            async for message in stream:
                if message.compact_revision:
                    raise CompactedError(message.compact_revision)
                if message.canceled:
                    raise StoreUnavailableError(f"etcd must keep a watch, it said {message.cancel_reason!r}")
                if message.created:
                    continue
                parts += [read_event(event) for event in message.events]
                if not message.fragment:
                    await self._take(Batch(message.header.revision, tuple(parts)))
                    parts = []
        raise StoreUnavailableError("etcd must keep a watch, it ended the stream")

    async def _take(self, batch: Batch) -> None:
        """Hand on what a message brought; a message without events tells only how far the member is."""
        if batch.events:
            self._is_from_now = False
            batch = Batch(batch.events[-1].kv.mod_revision, batch.events)
            while len(self._batches) >= MAX_BATCHES:
                self._has_room.clear()
                await self._has_room.wait()
            self._batches.append(batch)
            self._changed.set()
        self._fetched_revision = max(self._fetched_revision, batch.revision + 1)
