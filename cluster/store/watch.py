"""Watches that pull: each knows the revision it needs next and reads the store's history from there.

Nothing is queued per watch, so a slow one costs no memory; it finds its events compacted instead. Watches of one range
share the batches that are cut for them.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import AsyncIterator
from typing import NamedTuple

from cluster.errors import CompactedError, StoreUnavailableError
from cluster.store.records import Event, in_range

BATCH_EVENTS = 1000


class Batch(NamedTuple):
    """Events in order of revision; the watch has seen everything up to `revision`."""

    revision: int
    events: tuple[Event, ...]


def _revision(event: Event) -> int:
    return event.kv.mod_revision


class History:
    """The events since the compacted revision, and the watches that read them.

    `revision` is what has been written, `published` what watches may see: a durable store publishes what is on disk.
    """

    def __init__(self) -> None:
        self.revision = 1
        self.published = 1
        self.compact_revision = 0
        self._events: list[Event] = []
        self._groups: dict[tuple[bytes, bytes | None], _Group] = {}

    def append(self, events: list[Event], revision: int) -> None:
        """Add what one write changed."""
        self._events += events
        self.revision = revision

    def publish(self, revision: int) -> None:
        """Show watches what was written up to `revision`, and wake those that are concerned."""
        first = self.published + 1
        self.published = revision
        parked = [group for group in self._groups.values() if group.parked]
        if parked:
            keys = [event.kv.key for event in self._events[self._index_of(first) : self._index_of(revision + 1)]]
            for group in parked:
                if any(in_range(key, group.start, group.end) for key in keys):
                    group.wake(first)

    def load(self, events: list[Event], revision: int, compact_revision: int) -> None:
        """Start from what was kept on a disk. REQUIRES: nothing has been written or watched."""
        self._events = events
        self.revision = self.published = revision
        self.compact_revision = compact_revision

    def compact(self, revision: int) -> set[bytes]:
        """Forget the events below `revision`; return the keys that were changed up to and at it."""
        at = self._index_of(revision)
        after = self._index_of(revision + 1)
        keys = {event.kv.key for event in self._events[:after]}
        del self._events[:at]
        self.compact_revision = revision
        return keys

    def rewind(self, revision: int) -> list[Event]:
        """Forget what came after `revision` and return it; every watch ends."""
        at = self._index_of(revision + 1)
        undone = self._events[at:]
        del self._events[at:]
        self.revision = self.published = revision
        self.close()
        return undone

    def watch(self, start: bytes, end: bytes | None, start_revision: int) -> Watch:
        """Watch a range from a revision on; 0 is from the next change on."""
        group = self._groups.setdefault((start, end), _Group(start, end))
        group.num_watches += 1
        return Watch(self, group, start_revision or self.published + 1)

    def close(self) -> None:
        """End every watch."""
        groups, self._groups = self._groups, {}
        for group in groups.values():
            group.is_closed = True
            group.wake()

    def batch(self, group: _Group, revision: int) -> Batch:
        """Return the events of a range from `revision` on, some 1,000 history entries of them at most."""
        if group.batch_from == revision and group.batch_at == self.published:
            return group.batch
        first, stop = self._index_of(revision), self._index_of(self.published + 1)
        last = min(first + BATCH_EVENTS, stop)
        while 0 < last < stop and _revision(self._events[last]) == _revision(self._events[last - 1]):
            last += 1  # a transaction's events stay together
        seen = self.published if last == stop else _revision(self._events[last - 1])
        start, end = group.start, group.end
        events = tuple(e for e in self._events[first:last] if in_range(e.kv.key, start, end))
        group.batch_from, group.batch_at, group.batch = revision, self.published, Batch(seen, events)
        return group.batch

    def _index_of(self, revision: int) -> int:
        return bisect_left(self._events, revision, key=_revision)

    def leave(self, group: _Group) -> None:
        """Count one watch of a group less; the last one takes the group with it."""
        group.num_watches -= 1
        key = (group.start, group.end)
        if not group.num_watches and self._groups.get(key) is group:
            del self._groups[key]


class _Group:
    """Watches of one range: who waits, and the batch that was last cut."""

    __slots__ = ("batch", "batch_at", "batch_from", "end", "is_closed", "num_watches", "parked", "start")

    def __init__(self, start: bytes, end: bytes | None) -> None:
        self.start = start
        self.end = end
        self.num_watches = 0
        self.is_closed = False
        self.parked: dict[Watch, None] = {}
        self.batch_from = 0
        self.batch_at = 0
        self.batch = Batch(0, ())

    def wake(self, revision: int = 0) -> None:
        """Wake those who wait; they have seen all there was below `revision`, though nothing of it was theirs."""
        parked, self.parked = self.parked, {}
        for watch in parked:
            watch.wake(revision)


class Watch:
    """The changes of a range, in order, without a gap. Iterate, or take what is there with `poll`."""

    def __init__(self, history: History, group: _Group, start_revision: int) -> None:
        self._history = history
        self._group = group
        self._is_closed = False
        self._waiting: asyncio.Future[None] | None = None
        self.next_revision = start_revision

    @property
    def is_waiting(self) -> bool:
        """Tell whether somebody waits, and has all there is."""
        return self._waiting is not None and not self._waiting.done()

    def poll(self) -> Batch | None:
        """Return the next events; None where there are none yet.

        Raises:
            CompactedError: the events that are due have been compacted.
            StoreUnavailableError: the watch was closed, or the store was closed or rewound.
        """
        if self._is_closed or self._group.is_closed:
            raise StoreUnavailableError("a watch must be open, this one was ended")
        history = self._history
        if self.next_revision < history.compact_revision:
            raise CompactedError(history.compact_revision)
        while self.next_revision <= history.published:
            batch = history.batch(self._group, self.next_revision)
            self.next_revision = batch.revision + 1
            if batch.events:
                return batch
        return None

    async def next(self) -> Batch:
        """Wait for the next events. Raises as `poll` does."""
        while (batch := self.poll()) is None:
            self._waiting = asyncio.get_running_loop().create_future()
            self._group.parked[self] = None
            await self._waiting
        return batch

    def wake(self, revision: int) -> None:
        """Let `next` go on, from `revision` where that is later. Called by the store."""
        self.next_revision = max(self.next_revision, revision)
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def __aiter__(self) -> AsyncIterator[Batch]:
        """Yield batches until the watch is closed or fails."""
        while True:
            yield await self.next()

    def close(self) -> None:
        """End the watch; somebody who waits for it gets StoreUnavailableError."""
        if not self._is_closed:
            self._is_closed = True
            self._history.leave(self._group)
            self._group.parked.pop(self, None)
            self.wake(0)
