"""What a store is to those who use one, whatever keeps the bytes. Errors are those of `cluster.errors`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from cluster.store.records import (
    Delete,
    DeleteResult,
    LeaseStatus,
    Put,
    PutResult,
    Range,
    RangeResult,
    StoreStatus,
    Txn,
    TxnResult,
)
from cluster.store.watch import Batch


class StoreWatch(Protocol):
    """The changes of a range, in order, without a gap."""

    next_revision: int

    @property
    def is_waiting(self) -> bool:
        """Tell whether somebody waits, and has all there is."""

    def poll(self) -> Batch | None:
        """Return the events that are here; None where there are none yet.

        Raises:
            CompactedError: the events that are due have been compacted.
            StoreUnavailableError: the watch or the store was closed.
        """

    async def next(self) -> Batch:
        """Wait for the next events. Raises as `poll` does."""

    def __aiter__(self) -> AsyncIterator[Batch]:
        """Yield batches until the watch is closed or fails."""

    def close(self) -> None:
        """End the watch; somebody who waits for it gets StoreUnavailableError."""


class Store(Protocol):
    """Keys with revisions, transactions, watches and leases. Used from one asyncio loop."""

    backend: str

    async def range(self, request: Range) -> RangeResult:
        """Read a key or a range."""

    async def put(self, request: Put) -> PutResult:
        """Write a key."""

    async def delete(self, request: Delete) -> DeleteResult:
        """Delete a key or a range."""

    async def txn(self, request: Txn) -> TxnResult:
        """Compare, and run one branch or the other at one revision."""

    async def compact(self, revision: int) -> None:
        """Forget what no read at `revision` or later sees."""

    def watch(self, key: bytes, end: bytes | None = None, start_revision: int = 0) -> StoreWatch:
        """Watch a range from `start_revision` on; 0 is from the next change on."""

    async def lease_grant(self, ttl_s: int, lease: int = 0) -> LeaseStatus:
        """Grant a lease; with id 0 the store chooses one."""

    async def lease_revoke(self, lease: int) -> int:
        """End a lease and delete its keys at one revision; return the store's revision."""

    async def lease_keep_alive(self, lease: int) -> LeaseStatus:
        """Start the lease's time anew."""

    async def lease_time_to_live(self, lease: int) -> LeaseStatus:
        """Tell what is left of a lease, and its keys."""

    async def leases(self) -> tuple[int, ...]:
        """Return the ids of all leases, ascending."""

    async def status(self) -> StoreStatus:
        """Tell where the store stands."""

    async def close(self) -> None:
        """End every watch; closing twice is no error."""
