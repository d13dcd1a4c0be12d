"""Leases: which there are, what keys go with them, when they end. Time is the injected clock's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from cluster.errors import LeaseExistsError, LeaseNotFoundError
from cluster.store.records import LeaseStatus
from cluster.store.request_check import check_lease
from kubesched.clock import Clock, Timer

NS_PER_S = 1_000_000_000


@dataclass(slots=True)
class _Lease:
    ttl_s: int
    expiry_ns: int
    keys: set[bytes] = field(default_factory=set)
    timer: Timer | None = None


class LeaseTable:
    """The leases of a store. `expire` is called with the id of a lease whose time is over; it ends with `remove`."""

    def __init__(self, clock: Clock, expire: Callable[[int], object]) -> None:
        self._clock = clock
        self._expire = expire
        self._leases: dict[int, _Lease] = {}
        self._last_id = 0

    def __contains__(self, lease: int) -> bool:
        return lease in self._leases

    def ids(self) -> tuple[int, ...]:
        """Return the ids, ascending."""
        return tuple(sorted(self._leases))

    def grant(self, ttl_s: int, lease: int = 0) -> LeaseStatus:
        """Grant a lease; with id 0 the table chooses one.

        Raises:
            InvalidRequestError: the TTL is not in 1..9,000,000,000 s, or the id is negative.
            LeaseExistsError: the id is taken.
        """
        check_lease(ttl_s, lease)
        if lease in self._leases:
            raise LeaseExistsError(lease)
        if not lease:
            lease = self._last_id + 1
            while lease in self._leases:
                lease += 1
            self._last_id = lease
        record = _Lease(ttl_s, 0)
        self._start(lease, record)
        self._leases[lease] = record
        return LeaseStatus(lease, ttl_s, ttl_s)

    def keep_alive(self, lease: int) -> LeaseStatus:
        """Start the lease's time anew."""
        record = self._get(lease)
        self._start(lease, record)
        return LeaseStatus(lease, record.ttl_s, record.ttl_s)

    def time_to_live(self, lease: int) -> LeaseStatus:
        """Tell what is left of a lease: -1 seconds where there is none of that id."""
        record = self._leases.get(lease)
        if record is None:
            return LeaseStatus(lease, 0, -1)
        remaining_ns = max(0, record.expiry_ns - self._clock.now_ns())
        return LeaseStatus(lease, record.ttl_s, remaining_ns // NS_PER_S, tuple(sorted(record.keys)))

    def remove(self, lease: int) -> tuple[bytes, ...]:
        """Forget a lease and return the keys that go with it, in order."""
        record = self._get(lease)
        self._stop(record)
        del self._leases[lease]
        return tuple(sorted(record.keys))

    def attach(self, key: bytes, lease: int) -> None:
        """Let a key go with a lease. REQUIRES: the lease is there."""
        self._leases[lease].keys.add(key)

    def detach(self, key: bytes, lease: int) -> None:
        """Let a key go with that lease no more."""
        record = self._leases.get(lease)
        if record is not None:
            record.keys.discard(key)

    def snapshot(self) -> tuple[tuple[int, int, int, frozenset[bytes]], ...]:
        """Return every lease as (id, TTL, nanoseconds left, keys)."""
        now_ns = self._clock.now_ns()
        return tuple((id_, r.ttl_s, r.expiry_ns - now_ns, frozenset(r.keys)) for id_, r in self._leases.items())

    def rewind(self, snapshot: tuple[tuple[int, int, int, frozenset[bytes]], ...]) -> None:
        """Make the leases what a snapshot says; each has as long to live as it had then."""
        self.close()
        for id_, ttl_s, left_ns, keys in snapshot:
            record = _Lease(ttl_s, 0, set(keys))
            self._start(id_, record, left_ns)
            self._leases[id_] = record

    def close(self) -> None:
        """Forget every lease and stop every timer."""
        for record in self._leases.values():
            self._stop(record)
        self._leases.clear()

    def _get(self, lease: int) -> _Lease:
        record = self._leases.get(lease)
        if record is None:
            raise LeaseNotFoundError(lease)
        return record

    def _start(self, lease: int, record: _Lease, left_ns: int | None = None) -> None:
        self._stop(record)
        record.expiry_ns = self._clock.now_ns() + (record.ttl_s * NS_PER_S if left_ns is None else left_ns)
        record.timer = self._clock.call_at(record.expiry_ns, lambda: self._expire(lease))

    def _stop(self, record: _Lease) -> None:
        if record.timer is not None:
            record.timer.cancel()
            record.timer = None
