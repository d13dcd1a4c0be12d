"""The one implementation of etcd's rules for keys: every backend in this process is this core and a way to keep it.

A transaction is checked whole before its first write, so one that is refused changes nothing. All its writes share one
revision; one that writes nothing takes none. Upstream: etcd's server/mvcc and server/etcdserver/apply.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from cluster.errors import CompactedError, FutureRevisionError, InvalidRequestError, LeaseNotFoundError
from cluster.store.compare import holds
from cluster.store.key_index import KeyIndex
from cluster.store.lease import LeaseTable
from cluster.store.records import (
    FROM_KEY,
    Delete,
    DeleteResult,
    Event,
    KeyValue,
    LeaseStatus,
    Order,
    Put,
    PutResult,
    Range,
    RangeResult,
    Request,
    Result,
    SortBy,
    Txn,
    TxnResult,
)
from cluster.store.request_check import check_request
from cluster.store.watch import History
from kubesched.clock import Clock

_SORT_FIELD = {
    SortBy.KEY: KeyValue._fields.index("key"),
    SortBy.VERSION: KeyValue._fields.index("version"),
    SortBy.CREATE: KeyValue._fields.index("create_revision"),
    SortBy.MOD: KeyValue._fields.index("mod_revision"),
    SortBy.VALUE: KeyValue._fields.index("value"),
}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A point to rewind to."""

    revision: int
    leases: tuple[tuple[int, int, int, frozenset[bytes]], ...]


@dataclass(frozen=True, slots=True)
class _Branch:
    """The branch of a transaction that will run."""

    succeeded: bool
    steps: tuple[_Step, ...]


_Step: TypeAlias = Range | Put | Delete | _Branch


class ChangeLog(Protocol):
    """Where a durable backend keeps what happens; it publishes a write when it is safe."""

    def write(self, events: list[Event]) -> None:
        """Keep the events of one revision."""

    def grant(self, lease: int, ttl_s: int) -> None:
        """Keep a lease."""

    def revoke(self, lease: int) -> None:
        """Forget a lease, whose keys have been deleted before."""

    def compact(self, revision: int, dropped: list[KeyValue]) -> None:
        """Keep the compacted revision, then forget the versions that went."""


class Mvcc:
    """Keys, their history, watches and leases. Without a journal a write is published at once."""

    def __init__(self, clock: Clock, journal: ChangeLog | None = None) -> None:
        self._journal = journal
        self.history = History()
        self.leases = LeaseTable(clock, self.revoke)
        self._index = KeyIndex()
        self._num_keys = 0
        self._size_bytes = 0
        self._pending: list[Event] = []

    @property
    def num_keys(self) -> int:
        """Count the keys that are there."""
        return self._num_keys

    @property
    def size_bytes(self) -> int:
        """Add up the keys and values that are there."""
        return self._size_bytes

    def apply(self, request: Request) -> Result:
        """Run a request, at one revision.

        Raises:
            InvalidRequestError: the request breaks a rule; see `request_check`.
            CompactedError, FutureRevisionError: a range asks for a revision that is not there.
            LeaseNotFoundError: a put names a lease that is not there.
        """
        check_request(request)
        result = self._run(self._plan(request))
        self._commit()
        return result

    def load(self, kvs: Iterable[KeyValue], revision: int, compact_revision: int, leases: dict[int, int]) -> None:
        """Start from what was kept: versions in order of revision, and the leases' TTLs, whose time starts anew.

        REQUIRES: nothing has been written.
        """
        events = []
        stale = set()
        for kv in kvs:
            old = self._index.latest(kv.key)
            if kv.mod_revision >= compact_revision:
                events.append(Event(kv, old))
            if old is not None or not kv.version:
                stale.add(kv.key)
            self._index.add(kv)
            self._count(kv, 1)
            self._count(old, -1)
        for lease, ttl_s in leases.items():
            self.leases.grant(ttl_s, lease)
        for kv in self._index.scan(b"", FROM_KEY, revision):
            if kv.lease in leases:
                self.leases.attach(kv.key, kv.lease)
        self.history.load(events, revision, compact_revision)
        self._compact(compact_revision, stale)  # what a compaction had not got round to

    def grant(self, ttl_s: int, lease: int) -> LeaseStatus:
        """Grant a lease; see `LeaseTable.grant`."""
        status = self.leases.grant(ttl_s, lease)
        if self._journal is not None:
            self._journal.grant(status.id, ttl_s)
        return status

    def compact(self, revision: int) -> None:
        """Forget what no read at `revision` or later sees.

        Raises:
            CompactedError: that has been done already.
            FutureRevisionError: the revision is not there yet.
        """
        if revision <= self.history.compact_revision:
            raise CompactedError(self.history.compact_revision)
        if revision > self.history.revision:
            raise FutureRevisionError(revision, self.history.revision)
        self._compact(revision, self.history.compact(revision))

    def revoke(self, lease: int) -> int:
        """End a lease and delete its keys at one revision; return the revision."""
        keys = self.leases.remove(lease)
        if keys:
            for key in keys:
                self._delete(Delete(key))
            self._commit()
        if self._journal is not None:
            self._journal.revoke(lease)
        return self.history.revision

    def snapshot(self) -> Snapshot:
        """Return a point to rewind to; it costs what the leases cost, not what the keys do."""
        return Snapshot(self.history.revision, self.leases.snapshot())

    def rewind(self, snapshot: Snapshot) -> None:
        """Make everything what it was; every watch ends, and later revisions will be used again.

        Raises:
            CompactedError: the history has been compacted past the snapshot.
            FutureRevisionError: the snapshot is of another store, or of a future that was rewound.
        """
        if snapshot.revision < self.history.compact_revision:
            raise CompactedError(self.history.compact_revision)
        if snapshot.revision > self.history.revision:
            raise FutureRevisionError(snapshot.revision, self.history.revision)
        for event in reversed(self.history.rewind(snapshot.revision)):
            self._index.forget_after(event.kv.key, snapshot.revision)
            self._count(event.kv, -1)
            self._count(event.previous, 1)
        self.leases.rewind(snapshot.leases)

    def _commit(self) -> None:
        if not self._pending:
            return
        events, self._pending = self._pending, []
        self.history.append(events, self.history.revision + 1)
        if self._journal is None:
            self.history.publish(self.history.revision)
        else:
            self._journal.write(events)

    def _compact(self, revision: int, keys: set[bytes]) -> None:
        dropped = self._index.compact(revision, keys)
        if self._journal is not None:
            self._journal.compact(revision, dropped)

    def _plan(self, request: Request) -> _Step:
        """Choose every branch and refuse what the store does not allow, before the first write, as etcd does."""
        if isinstance(request, Range):
            if request.revision > self.history.revision:
                raise FutureRevisionError(request.revision, self.history.revision)
            if 0 < request.revision < self.history.compact_revision:
                raise CompactedError(self.history.compact_revision)
        elif isinstance(request, Put):
            if request.lease and request.lease not in self.leases:
                raise LeaseNotFoundError(request.lease)
            if (request.ignore_value or request.ignore_lease) and self._index.latest(request.key) is None:
                raise InvalidRequestError(f"key must be there to keep its value or lease, got {request.key!r}")
        elif isinstance(request, Txn):
            succeeded = all(holds(compare, self._index, self.history.revision) for compare in request.compares)
            branch = request.success if succeeded else request.failure
            return _Branch(succeeded, tuple(self._plan(inner) for inner in branch))
        return request

    def _run(self, step: _Step) -> Result:
        if isinstance(step, Range):
            return self._range(step)
        if isinstance(step, Put):
            return self._put(step)
        if isinstance(step, Delete):
            return self._delete(step)
        results = tuple(self._run(inner) for inner in step.steps)
        return TxnResult(self.history.revision + bool(self._pending), step.succeeded, results)

    def _range(self, request: Range) -> RangeResult:
        now = self.history.revision + bool(self._pending)
        revision = request.revision or now
        kvs = list(self._index.scan(request.key, request.end, revision))
        count = len(kvs)
        if request.count_only:
            return RangeResult(now, (), count, False)
        kvs = [kv for kv in kvs if _within(kv, request)] if _is_bounded(request) else kvs
        if request.order is not Order.NONE or request.sort_by is not SortBy.KEY:
            kvs.sort(
                key=lambda kv: kv[_SORT_FIELD[request.sort_by]],
                reverse=request.order is Order.DESCENDING,
            )
        more = 0 < request.limit < len(kvs)
        if more:
            del kvs[request.limit :]
        if request.keys_only:
            kvs = [kv._replace(value=b"") for kv in kvs]
        return RangeResult(now, tuple(kvs), count, more)

    def _put(self, request: Put) -> PutResult:
        revision = self.history.revision + 1
        old = self._index.latest(request.key)
        value = old.value if request.ignore_value and old is not None else request.value
        lease = old.lease if request.ignore_lease and old is not None else request.lease
        if old is None:
            kv = KeyValue(request.key, value, revision, revision, 1, lease)
        else:
            kv = KeyValue(old.key, value, old.create_revision, revision, old.version + 1, lease)
            if old.lease and old.lease != lease:
                self.leases.detach(old.key, old.lease)
        if lease:
            self.leases.attach(kv.key, lease)
        self._record(kv, old)
        return PutResult(revision, old if request.prev_kv else None)

    def _delete(self, request: Delete) -> DeleteResult:
        revision = self.history.revision + 1
        found = list(self._index.scan(request.key, request.end, revision))
        for kv in found:
            if kv.lease:
                self.leases.detach(kv.key, kv.lease)
            self._record(KeyValue(kv.key, b"", 0, revision, 0), kv)
        now = self.history.revision + bool(self._pending)
        return DeleteResult(now, len(found), tuple(found) if request.prev_kv else ())

    def _record(self, kv: KeyValue, old: KeyValue | None) -> None:
        self._index.add(kv)
        self._pending.append(Event(kv, old))
        self._count(kv, 1)
        self._count(old, -1)

    def _count(self, kv: KeyValue | None, sign: int) -> None:
        if kv is not None and kv.version:
            self._num_keys += sign
            self._size_bytes += sign * (len(kv.key) + len(kv.value))


def _is_bounded(request: Range) -> bool:
    return bool(
        request.min_mod_revision
        or request.max_mod_revision
        or request.min_create_revision
        or request.max_create_revision
    )


def _within(kv: KeyValue, request: Range) -> bool:
    return (
        kv.mod_revision >= request.min_mod_revision
        and (not request.max_mod_revision or kv.mod_revision <= request.max_mod_revision)
        and kv.create_revision >= request.min_create_revision
        and (not request.max_create_revision or kv.create_revision <= request.max_create_revision)
    )
