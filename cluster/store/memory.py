"""The backend in memory: the default in simulation and tests, with points to rewind to."""

from __future__ import annotations

from cluster.store.local import LocalStore
from cluster.store.mvcc import Mvcc, Snapshot
from kubesched.clock import Clock


class MemoryStore(LocalStore):
    """A store that lives as long as the process. Its coroutines never wait."""

    backend = "memory"

    def __init__(self, clock: Clock) -> None:
        super().__init__(Mvcc(clock))

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
