"""The durable backend: the core in memory, every change in a SQLite file before it is answered.

A request runs on the core at once and is queued for the journal, whose thread writes all that has gathered in one
transaction of SQLite and then lets the answers go. Reads and watches see what is on the disk. When the disk fails the
store stops: what was not answered may be lost, what was answered is not.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from cluster.errors import FutureRevisionError, StoreUnavailableError
from cluster.store.journal import Journal
from cluster.store.local import LocalStore
from cluster.store.mvcc import Mvcc
from cluster.store.records import Range, RangeResult
from kubesched.clock import Clock


class SqliteStore(LocalStore):
    """A store that outlives `kill -9` and power loss. Make one with `await SqliteStore.open(path, clock)`."""

    backend = "sqlite"

    def __init__(self, path: Path, clock: Clock) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiters: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._failure = ""
        self._journal = Journal(path, self._on_commit, self._on_failure)
        super().__init__(Mvcc(clock, self._journal))

    @classmethod
    async def open(cls, path: Path, clock: Clock) -> SqliteStore:
        """Open a store, or make one where there is no file.

        Raises:
            CorruptStoreError: the file is damaged, or is no store.
            StoreUnavailableError: the file is open elsewhere, or cannot be made.
        """
        store = cls(path, clock)
        try:
            kept = store._journal.load()
            store._mvcc.load(kept.versions, kept.revision, kept.compact_revision, kept.leases)
            store._journal.start()
        except BaseException:
            store._mvcc.leases.close()
            store._journal.close()
            raise
        return store

    async def range(self, request: Range) -> RangeResult:
        """Read a key or a range as of what is on the disk, without waiting for the disk."""
        published = self._open().history.published
        if request.revision > published:
            raise FutureRevisionError(request.revision, published)
        result = await super().range(request if request.revision else replace(request, revision=published))
        return replace(result, revision=published)

    async def compact(self, revision: int) -> None:
        """Forget what no read at `revision` or later sees; the rows go in the background."""
        published = self._open().history.published
        if revision > published:
            raise FutureRevisionError(revision, published)
        await super().compact(revision)

    async def close(self) -> None:
        """Write what is queued, end every watch and lease; closing twice is no error."""
        if not self._is_closed:
            await super().close()
            await self._loop.run_in_executor(None, self._journal.close)

    async def _settle(self) -> None:
        if self._failure:
            raise StoreUnavailableError(self._failure)
        written = self._journal.written
        if written > self._journal.durable:
            future: asyncio.Future[None] = self._loop.create_future()
            self._waiters.append((written, future))
            await future

    def _on_commit(self, written: int, revision: int) -> None:
        """Answer what is safe now. Called from the journal's thread."""
        self._call(lambda: self._release(written, revision))

    def _release(self, written: int, revision: int) -> None:
        self._journal.durable = written
        if revision > self._mvcc.history.published:
            self._mvcc.history.publish(revision)
        while self._waiters and self._waiters[0][0] <= written:
            future = self._waiters.popleft()[1]
            if not future.done():
                future.set_result(None)

    def _on_failure(self, message: str) -> None:
        """Stop: the core is ahead of the disk. Called from the journal's thread."""
        self._call(lambda: self._fail(message))

    def _fail(self, message: str) -> None:
        self._failure = message
        self._mvcc.history.close()
        self._mvcc.leases.close()
        while self._waiters:
            future = self._waiters.popleft()[1]
            if not future.done():
                future.set_exception(StoreUnavailableError(message))

    def _call(self, callback: Callable[[], None]) -> None:
        # A loop that was closed has nobody left to answer.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(callback)

    def _open(self) -> Mvcc:
        if self._failure:
            raise StoreUnavailableError(self._failure)
        return super()._open()
