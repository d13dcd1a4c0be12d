"""What only the store in memory can do."""

from __future__ import annotations

import asyncio

from cluster.store.memory import MemoryStore
from cluster.store.records import Put, Range
from kubesched.clock import VirtualClock

S = 1_000_000_000


def test_rewind_brings_leases_back_with_the_time_they_had() -> None:
    clock = VirtualClock()
    store = MemoryStore(clock)
    asyncio.run(store.lease_grant(5, 9))
    asyncio.run(store.put(Put(b"a", lease=9)))
    clock.advance(2 * S)
    snapshot = store.snapshot()
    clock.advance(10 * S)
    assert asyncio.run(store.range(Range(b"a"))).count == 0
    store.rewind(snapshot)
    assert asyncio.run(store.lease_time_to_live(9)).remaining_ttl_s == 3
    clock.advance(3 * S)
    assert asyncio.run(store.range(Range(b"a"))).count == 0
