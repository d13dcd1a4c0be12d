"""What every backend must do, case by case."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeVar

import pytest

from cluster.errors import InvalidRequestError, LeaseExistsError, LeaseNotFoundError, StoreUnavailableError
from cluster.store.etcd import EtcdStore
from cluster.store.interface import Store
from cluster.store.memory import MemoryStore
from cluster.store.records import (
    FROM_KEY,
    Compare,
    Delete,
    Order,
    Put,
    Range,
    Relation,
    Request,
    SortBy,
    Target,
    Txn,
    TxnResult,
    prefix_end,
)
from cluster.store.served import EtcdServer
from cluster.store.sqlite import SqliteStore
from kubesched.clock import VirtualClock
from tests.cluster.store.etcd_cluster import EtcdCluster, needs_etcd

S = 1_000_000_000
VIRTUAL = ["memory", "sqlite", "served"]  # those whose leases end on the injected clock
T = TypeVar("T")
Apply: TypeAlias = Callable[..., TxnResult]


class Run(Protocol):
    def __call__(self, coro: Coroutine[Any, Any, T]) -> T: ...


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def run() -> Iterator[Run]:
    with asyncio.Runner() as runner:
        yield runner.run


@pytest.fixture(
    params=[
        *VIRTUAL,
        pytest.param("etcd", marks=needs_etcd),
    ]
)
def store(request: pytest.FixtureRequest, clock: VirtualClock, run: Run, tmp_path: Path) -> Iterator[Store]:
    cluster = server = None
    if request.param == "memory":
        opened: Store = MemoryStore(clock)
    elif request.param == "sqlite":
        opened = run(SqliteStore.open(tmp_path / "store.db", clock))
    elif request.param == "served":
        server = EtcdServer(MemoryStore(clock))
        opened = run(EtcdStore.connect([f"http://127.0.0.1:{run(server.start())}"]))
    else:
        cluster = EtcdCluster(tmp_path)
        opened = run(EtcdStore.connect(cluster.endpoints, timeout_s=30))
    yield opened
    run(opened.close())
    if server is not None:
        run(server.stop())
    if cluster is not None:
        cluster.stop()


@pytest.fixture
def apply(store: Store, run: Run) -> Callable[..., TxnResult]:
    return lambda *requests: run(store.txn(Txn(success=requests)))


@pytest.mark.parametrize(
    ("request_", "want"),
    [
        pytest.param(Put(b""), "key must not be empty", id="a put without a key"),
        pytest.param(Txn(success=(Put(b"a"), Put(b"a"))), "got b'a' twice", id="a key put twice"),
        pytest.param(Txn(success=(Delete(b"a", FROM_KEY), Put(b"b"))), "got b'b' twice", id="a key deleted and put"),
        pytest.param(Txn(success=(Txn(failure=(Put(b"a"),)), Put(b"a"))), "twice", id="a key put outside and inside"),
        pytest.param(Txn(success=(Put(b"a"),) * 129), "at most 128 operations, got 129", id="129 operations"),
        pytest.param(Put(b"a", b"1", ignore_value=True), "ignore_value", id="a value to ignore"),
        pytest.param(Put(b"a", ignore_value=True), "key must be there", id="a value to keep that is not there"),
        pytest.param(
            Txn((Compare(b"a", Target.VALUE, Relation.EQUAL, 1),)),
            "operand must fit VALUE",
            id="an operand of the wrong type",
        ),
    ],
)
def test_refused_and_nothing_changed(store: Store, request_: Request, want: str, run: Run, apply: Apply) -> None:
    with pytest.raises(InvalidRequestError, match=want):
        apply(Put(b"z"), request_) if not isinstance(request_, Txn) else run(store.txn(request_))
    assert run(store.status()).revision == 1


def test_a_put_with_a_lease_that_is_not_there_changes_nothing(store: Store, run: Run, apply: Apply) -> None:
    with pytest.raises(LeaseNotFoundError, match="got 7"):
        apply(Put(b"a"), Put(b"b", lease=7))
    assert run(store.range(Range(b"a"))).count == 0


@pytest.mark.parametrize(
    ("compare", "want"),
    [
        pytest.param(Compare(b"a", Target.VERSION, Relation.EQUAL, 2), True, id="version equal"),
        pytest.param(Compare(b"a", Target.CREATE, Relation.GREATER, 2), False, id="create not greater"),
        pytest.param(Compare(b"a", Target.MOD, Relation.LESS, 4), True, id="mod less"),
        pytest.param(Compare(b"a", Target.VALUE, Relation.NOT_EQUAL, b"2"), False, id="value equal"),
        pytest.param(Compare(b"x", Target.MOD, Relation.EQUAL, 0), True, id="a missing key has revision 0"),
        pytest.param(Compare(b"x", Target.VALUE, Relation.NOT_EQUAL, b"2"), False, id="a missing key has no value"),
        pytest.param(Compare(b"a", Target.VERSION, Relation.EQUAL, 2, FROM_KEY), False, id="not every key of a range"),
    ],
)
def test_compare(store: Store, compare: Compare, want: bool, run: Run, apply: Apply) -> None:
    apply(Put(b"a", b"1"))
    apply(Put(b"a", b"2"))
    apply(Put(b"b", b"3"))
    assert run(store.txn(Txn((compare,)))).succeeded is want


def test_nested_compares_see_the_store_before_the_transaction(store: Store, run: Run, apply: Apply) -> None:
    inner = Txn((Compare(b"a", Target.VERSION, Relation.EQUAL, 0),), (Put(b"b", b"new"),), (Put(b"b", b"old"),))
    apply(Put(b"a"), inner)
    assert run(store.range(Range(b"b"))).kvs[0].value == b"new"


def test_a_range_is_sorted_bounded_and_cut(store: Store, run: Run, apply: Apply) -> None:
    for key, value in [(b"a", b"3"), (b"b", b"1"), (b"c", b"2")]:
        apply(Put(key, value))
    request = Range(b"a", FROM_KEY, limit=1, order=Order.DESCENDING, sort_by=SortBy.VALUE, min_mod_revision=3)
    got = run(store.range(request))
    assert ([kv.key for kv in got.kvs], got.count, got.more) == ([b"c"], 3, True)


def test_prefix_end_of_bytes_that_cannot_be_raised() -> None:
    assert [prefix_end(p) for p in (b"a", b"a\xff", b"\xff", b"")] == [b"b", b"b", FROM_KEY, FROM_KEY]


@pytest.mark.parametrize("store", VIRTUAL, indirect=True)
def test_a_lease_takes_its_keys_along_at_one_revision(
    store: Store, clock: VirtualClock, run: Run, apply: Apply
) -> None:
    lease = run(store.lease_grant(5)).id
    apply(Put(b"a", lease=lease), Put(b"b", lease=lease), Put(b"c", lease=lease))
    apply(Put(b"c"))  # leaves the lease
    watch = store.watch(b"a", FROM_KEY)
    clock.advance(3 * S)
    run(store.lease_keep_alive(lease))
    clock.advance(5 * S - 1)
    status = run(store.lease_time_to_live(lease))
    assert (status.remaining_ttl_s, status.keys, watch.poll()) == (0, (b"a", b"b"), None)
    clock.advance(1)
    batch = run(watch.next())
    assert [(e.kv.key, e.kv.mod_revision, e.kv.is_tombstone) for e in batch.events] == [
        (b"a", 4, True),
        (b"b", 4, True),
    ]
    assert run(store.lease_time_to_live(lease)).remaining_ttl_s == -1


def test_lease_ids(store: Store, run: Run) -> None:
    run(store.lease_grant(5, 1))
    with pytest.raises(LeaseExistsError, match="got 1"):
        run(store.lease_grant(5, 1))
    lease = run(store.lease_grant(5)).id
    assert lease not in (0, 1)
    run(store.lease_revoke(1))
    with pytest.raises(LeaseNotFoundError, match="got 1"):
        run(store.lease_keep_alive(1))
    with pytest.raises(InvalidRequestError, match="ttl_s must be in"):
        run(store.lease_grant(0))
    assert run(store.leases()) == (lease,)


def test_a_closed_store_ends_its_watches_and_refuses(store: Store, run: Run, apply: Apply) -> None:
    watch = store.watch(b"a")
    run(store.close())
    run(store.close())
    with pytest.raises(StoreUnavailableError, match="was ended"):
        watch.poll()
    with pytest.raises(StoreUnavailableError, match="was closed"):
        apply(Put(b"a"))


def test_a_watch_that_waits_is_not_left_behind_by_a_compaction(store: Store, run: Run) -> None:
    async def scenario() -> list[bytes]:
        waiting = asyncio.create_task(store.watch(b"quiet").next())
        await asyncio.sleep(0)
        for _ in range(9):
            await store.put(Put(b"busy"))
        await store.compact(9)
        await store.put(Put(b"quiet"))
        return [event.kv.key for event in (await waiting).events]

    assert run(scenario()) == [b"quiet"]


def test_a_watch_that_is_closed_ends_alone(store: Store, run: Run) -> None:
    async def scenario() -> None:
        watches = [store.watch(b"a") for _ in range(2)]
        tasks = [asyncio.create_task(watch.next()) for watch in watches]
        await asyncio.sleep(0)
        watches[0].close()
        await store.put(Put(b"a"))
        with pytest.raises(StoreUnavailableError):
            await tasks[0]
        assert [event.kv.key for event in (await tasks[1]).events] == [b"a"]

    run(scenario())
