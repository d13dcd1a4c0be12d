"""What the backends in this process share: every call goes to the core, and then waits until it may be answered."""

from __future__ import annotations

from cluster.errors import StoreUnavailableError
from cluster.store.mvcc import Mvcc
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
from cluster.store.request_check import check_watch
from cluster.store.watch import Watch


class LocalStore:
    """A store of one process, used from one thread.

    Every request is checked before it changes anything; see `Mvcc.apply` for the errors. After `close` every call
    raises StoreUnavailableError.
    """

    backend = ""

    def __init__(self, mvcc: Mvcc) -> None:
        self._mvcc = mvcc
        self._is_closed = False

    async def range(self, request: Range) -> RangeResult:
        """Read a key or a range."""
        result = self._open().apply(request)
        assert isinstance(result, RangeResult)  # noqa: S101
        return result

    async def put(self, request: Put) -> PutResult:
        """Write a key."""
        result = await self._apply(request)
        assert isinstance(result, PutResult)  # noqa: S101
        return result

    async def delete(self, request: Delete) -> DeleteResult:
        """Delete a key or a range; takes a revision only where something was there."""
        result = await self._apply(request)
        assert isinstance(result, DeleteResult)  # noqa: S101
        return result

    async def txn(self, request: Txn) -> TxnResult:
        """Compare, and run one branch or the other at one revision."""
        result = await self._apply(request)
        assert isinstance(result, TxnResult)  # noqa: S101
        return result

    async def compact(self, revision: int) -> None:
        """Forget what no read at `revision` or later sees."""
        self._open().compact(revision)
        await self._settle()

    def watch(self, key: bytes, end: bytes | None = None, start_revision: int = 0) -> Watch:
        """Watch a range from `start_revision` on; 0 is from the next change on.

        A revision that has been compacted shows at the first read of the watch, as CompactedError.

        Raises:
            InvalidRequestError: the end of the range is not above its key.
        """
        check_watch(key, end)
        return self._open().history.watch(key, end, start_revision)

    async def lease_grant(self, ttl_s: int, lease: int = 0) -> LeaseStatus:
        """Grant a lease; with id 0 the store chooses one."""
        status = self._open().grant(ttl_s, lease)
        await self._settle()
        return status

    async def lease_revoke(self, lease: int) -> int:
        """End a lease and delete its keys at one revision; return the store's revision."""
        revision = self._open().revoke(lease)
        await self._settle()
        return revision

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
        return StoreStatus(history.published, history.compact_revision, mvcc.num_keys, mvcc.size_bytes, self.backend)

    async def close(self) -> None:
        """End every watch and lease; closing twice is no error."""
        self._is_closed = True
        self._mvcc.history.close()
        self._mvcc.leases.close()

    async def _apply(self, request: Request) -> Result:
        result = self._open().apply(request)
        await self._settle()
        return result

    async def _settle(self) -> None:
        """Wait until what has been done so far may be answered."""

    def _open(self) -> Mvcc:
        if self._is_closed:
            raise StoreUnavailableError("a store must be open, this one was closed")
        return self._mvcc
