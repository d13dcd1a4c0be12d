"""Random requests in random order, the store against one dict a revision."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cluster.errors import CompactedError, FutureRevisionError, InvalidRequestError
from cluster.store.etcd import EtcdStore
from cluster.store.interface import Store, StoreWatch
from cluster.store.memory import MemoryStore
from cluster.store.mvcc import Snapshot
from cluster.store.records import FROM_KEY, Compare, Delete, Put, Range, Relation, Target, Txn
from cluster.store.sqlite import SqliteStore
from kubesched.clock import VirtualClock
from tests.cluster.store.etcd_cluster import EtcdCluster, needs_etcd
from tests.oracle.store import PlainStore

KEYS = st.sampled_from([b"a", b"a/1", b"a/2", b"b", b"b\xff", b"c"])
ENDS = st.sampled_from([None, b"a0", b"b", b"c", FROM_KEY])
VALUES = st.binary(max_size=3)


def drain(watch: StoreWatch) -> list[tuple[int, bytes, bytes | None]]:
    events = []
    while (batch := watch.poll()) is not None:
        events += [(e.kv.mod_revision, e.kv.key, None if e.kv.is_tombstone else e.kv.value) for e in batch.events]
    return events


class StoreMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.run = self.runner.run
        self.store: Store = self.run(self.open())
        self.plain = PlainStore()
        self.compacted = 0
        self.watches: list[tuple[StoreWatch, bytes, bytes | None, int, list[tuple[int, bytes, bytes | None]]]] = []

    async def open(self) -> Store:
        raise NotImplementedError

    def teardown(self) -> None:
        self.run(self.store.close())
        self.runner.close()

    @rule(key=KEYS, value=VALUES)
    def put(self, key: bytes, value: bytes) -> None:
        old = self.plain.states[-1].get(key)
        got = self.run(self.store.put(Put(key, value, prev_kv=True)))
        self.plain.put((key, value, 0))
        assert (got.revision, got.previous) == (self.plain.revision, old)

    @rule(key=KEYS, end=ENDS)
    def delete(self, key: bytes, end: bytes | None) -> None:
        got = self.run(self.store.delete(Delete(key, end)))
        assert got.deleted == self.plain.delete(key, end)
        assert got.revision == self.plain.revision

    @rule(keys=st.sets(KEYS, min_size=1), value=VALUES, ago=st.integers(0, 3))
    def txn(self, keys: set[bytes], value: bytes, ago: int) -> None:
        key = min(keys)
        old = self.plain.states[-1].get(key)
        mod = (old.mod_revision if old else 0) - ago
        compare = Compare(key, Target.MOD, Relation.EQUAL, mod)
        got = self.run(self.store.txn(Txn((compare,), tuple(Put(k, value) for k in sorted(keys)), (Range(key),))))
        assert got.succeeded is (ago == 0)
        if got.succeeded:
            self.plain.put(*((k, value, 0) for k in sorted(keys)))
        assert got.revision == self.plain.revision

    @rule(key=KEYS, end=ENDS, revision=st.integers(0, 40), limit=st.integers(0, 3))
    def read(self, key: bytes, end: bytes | None, revision: int, limit: int) -> None:
        call = self.store.range(Range(key, end, revision, limit))
        if revision > self.plain.revision:
            with pytest.raises(FutureRevisionError):
                self.run(call)
        elif 0 < revision < self.compacted:
            with pytest.raises(CompactedError):
                self.run(call)
        else:
            got = self.run(call)
            want = self.plain.range(key, end, revision or self.plain.revision)
            assert list(got.kvs) == (want[:limit] if limit else want)
            assert (got.count, got.more) == (len(want), 0 < limit < len(want))

    @rule(key=KEYS, end=ENDS, back=st.integers(-2, 30))
    def watch(self, key: bytes, end: bytes | None, back: int) -> None:
        start = max(1, self.plain.revision - back)
        if end not in (None, FROM_KEY) and key >= end:
            with pytest.raises(InvalidRequestError, match="must be above its key"):
                self.store.watch(key, end, start)
            return
        watch = self.store.watch(key, end, start)
        if start < self.compacted:
            with pytest.raises(CompactedError):
                self.run(watch.next())
            watch.close()
        else:
            self.watches.append((watch, key, end, start, []))

    @precondition(lambda self: self.watches)
    @rule(which=st.integers(0, 100))
    def follow(self, which: int) -> None:
        watch, key, end, start, seen = self.watches[which % len(self.watches)]
        if watch.next_revision < self.compacted:
            with pytest.raises(CompactedError):
                watch.poll()
            return
        seen += drain(watch)
        assert seen == self.plain.events(key, end, start)

    @precondition(lambda self: self.plain.revision > self.compacted)
    @rule(share=st.floats(0, 1))
    def compact(self, share: float) -> None:
        revision = self.compacted + 1 + int(share * (self.plain.revision - self.compacted - 1))
        self.run(self.store.compact(revision))
        self.compacted = revision
        with pytest.raises(CompactedError):
            self.run(self.store.compact(revision))

    @invariant()
    def counts(self) -> None:
        status = self.run(self.store.status())
        state = self.plain.states[-1].values()
        assert (status.revision, status.num_keys) == (self.plain.revision, len(state))
        self.check_size(status.size_bytes, sum(len(kv.key) + len(kv.value) for kv in state))

    def check_size(self, got: int, want: int) -> None:
        assert got == want


class MemoryMachine(StoreMachine):
    store: MemoryStore

    def __init__(self) -> None:
        super().__init__()
        self.snapshot: tuple[Snapshot, int] | None = None

    async def open(self) -> Store:
        return MemoryStore(VirtualClock())

    @rule()
    def take_snapshot(self) -> None:
        self.snapshot = self.store.snapshot(), self.plain.revision

    @precondition(lambda self: self.snapshot is not None)
    @rule()
    def rewind(self) -> None:
        assert self.snapshot is not None
        snapshot, revision = self.snapshot
        self.snapshot = None
        if revision < self.compacted:
            with pytest.raises(CompactedError):
                self.store.rewind(snapshot)
            return
        self.store.rewind(snapshot)
        del self.plain.states[revision:]
        self.watches.clear()


class SqliteMachine(StoreMachine):
    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        super().__init__()

    async def open(self) -> Store:
        return await SqliteStore.open(Path(self.folder.name) / "store.db", VirtualClock())

    def teardown(self) -> None:
        super().teardown()
        self.folder.cleanup()

    @rule()
    def reopen(self) -> None:
        self.run(self.store.close())
        self.store = self.run(self.open())
        self.watches.clear()


class EtcdMachine(StoreMachine):
    """A real etcd: a watch runs ahead of who reads it, so a compaction may find it served or not."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.cluster = EtcdCluster(Path(self.folder.name))
        super().__init__()

    async def open(self) -> Store:
        return await EtcdStore.connect(self.cluster.endpoints, timeout_s=30)

    def teardown(self) -> None:
        super().teardown()
        self.cluster.stop()
        self.folder.cleanup()

    @precondition(lambda self: self.watches)
    @rule(which=st.integers(0, 100))
    def follow(self, which: int) -> None:
        watch, key, end, start, seen = self.watches[which % len(self.watches)]
        want = self.plain.events(key, end, start)
        try:
            while len(seen) < len(want):
                batch = self.run(asyncio.wait_for(watch.next(), 30))
                seen += [(e.kv.mod_revision, e.kv.key, None if e.kv.is_tombstone else e.kv.value) for e in batch.events]
        except CompactedError:
            assert watch.next_revision < self.compacted
            return
        assert seen == want

    def check_size(self, got: int, want: int) -> None:
        assert got >= want


TestMemory = MemoryMachine.TestCase
TestMemory.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestSqlite = SqliteMachine.TestCase
TestSqlite.settings = settings(max_examples=20, stateful_step_count=30, deadline=None)

TestEtcd = needs_etcd(EtcdMachine.TestCase)
TestEtcd.settings = settings(max_examples=10, stateful_step_count=30, deadline=None)


def test_a_watch_that_waits_is_woken_by_a_change_of_its_range_only() -> None:
    async def scenario() -> list[bytes]:
        store = MemoryStore(VirtualClock())
        waiting = asyncio.create_task(store.watch(b"a", b"b").next())
        await asyncio.sleep(0)
        await store.put(Put(b"b", b""))
        await asyncio.sleep(0)
        assert not waiting.done()
        await store.put(Put(b"a1", b""))
        return [event.kv.key for event in (await waiting).events]

    assert asyncio.run(scenario()) == [b"a1"]
