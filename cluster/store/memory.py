"""The backend in memory: the default in simulation and tests, with points to rewind to."""

from __future__ import annotations

from cluster.errors import StoreUnavailableError
from cluster.store.mvcc import Mvcc, Snapshot
from cluster.store.records import (
    Delete,
    DeleteResult,
    LeaseStatus,
    Put,
    PutResult,
    Range,
    RangeResult,
    Request,
    Result,
    StoreStatus,
    Txn,
    TxnResult,
)
from cluster.store.watch import Watch
from kubesched.clock import Clock


class MemoryStore:
    """A store that lives as long as the process. Its coroutines never wait; use it from one thread.

    Every request is checked before it changes anything; see `Mvcc.apply` for the errors. After `close` every call
    raises StoreUnavailableError.
    """

    def __init__(self, clock: Clock) -> None:
        self._mvcc = Mvcc(clock)
        self._is_closed = False

    async def range(self, request: Range) -> RangeResult:
        """Read a key or a range."""
        result = self._apply(request)
        assert isinstance(result, RangeResult)  # noqa: S101
        return result

    async def put(self, request: Put) -> PutResult:
        """Write a key."""
        result = self._apply(request)
        assert isinstance(result, PutResult)  # noqa: S101
        return result

    async def delete(self, request: Delete) -> DeleteResult:
        """Delete a key or a range; takes a revision only where something was there."""
        result = self._apply(request)
        assert isinstance(result, DeleteResult)  # noqa: S101
        return result

    async def txn(self, request: Txn) -> TxnResult:
        """Compare, and run one branch or the other at one revision."""
        result = self._apply(request)
        assert isinstance(result, TxnResult)  # noqa: S101
        return result

    async def compact(self, revision: int) -> None:
        """Forget what no read at `revision` or later sees."""
        self._open().compact(revision)

    def watch(self, key: bytes, end: bytes | None = None, start_revision: int = 0) -> Watch:
        """Watch a range from `start_revision` on; 0 is from the next change on.

        A revision that has been compacted shows at the first read of the watch, as CompactedError.
        """
        return self._open().history.watch(key, end, start_revision)

    async def lease_grant(self, ttl_s: int, lease: int = 0) -> LeaseStatus:
        """Grant a lease; with id 0 the store chooses one."""
        return self._open().leases.grant(ttl_s, lease)

    async def lease_revoke(self, lease: int) -> int:
        """End a lease and delete its keys at one revision; return the store's revision."""
        return self._open().revoke(lease)

    async def lease_keep_alive(self, lease: int) -> LeaseStatus:
        """Start the lease's time anew."""
        return self._open().leases.keep_alive(lease)

    async def lease_time_to_live(self, lease: int) -> LeaseStatus:
        """Tell what is left of a lease, and its keys."""
        return self._open().leases.time_to_live(lease)

    async def leases(self) -> tuple[int, ...]:
        """Return the ids of all leases, ascending."""
        return self._open().leases.ids()

    async def status(self) -> StoreStatus:
        """Tell where the store stands."""
        mvcc = self._open()
        history = mvcc.history
        return StoreStatus(history.revision, history.compact_revision, mvcc.num_keys, mvcc.size_bytes, "memory")

    def snapshot(self) -> Snapshot:
        """Return a point to rewind to."""
        return self._open().snapshot()

    def rewind(self, snapshot: Snapshot) -> None:
        """Make everything what it was at a snapshot; every watch ends, and later revisions will be used again.

        Raises:
            CompactedError: the history has been compacted past the snapshot.
            FutureRevisionError: the snapshot is of a future that was rewound already.
        """
        self._open().rewind(snapshot)

    async def close(self) -> None:
        """End every watch and lease; closing twice is no error."""
        self._is_closed = True
        self._mvcc.history.close()
        self._mvcc.leases.close()

    def _apply(self, request: Request) -> Result:
        return self._open().apply(request)

    def _open(self) -> Mvcc:
        if self._is_closed:
            raise StoreUnavailableError("a store must be open, this one was closed")
        return self._mvcc
