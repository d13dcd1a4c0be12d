"""What only the backend of a real etcd must do: live with members that die, TLS, wrong addresses."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import trustme

from cluster.errors import InvalidRequestError, StoreUnavailableError
from cluster.store.etcd import EtcdStore
from cluster.store.etcd_channel import EtcdTls
from cluster.store.interface import Store, StoreWatch
from cluster.store.records import Put, Range, prefix_end
from tests.cluster.store.etcd_cluster import EtcdCluster, free_ports, needs_etcd

WRITERS = 32


def run(folder: Path, size: int, scenario: Callable[[EtcdCluster, EtcdStore], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        store = await EtcdStore.connect(cluster.endpoints, timeout_s=30)
        try:
            await scenario(cluster, store)
        finally:
            await store.close()

    cluster = EtcdCluster(folder, size)
    try:
        cluster.wait_until_ready()
        asyncio.run(main())
    finally:
        cluster.stop()


async def collect(watch: StoreWatch, seen: list[tuple[int, bytes, bytes]]) -> None:
    with contextlib.suppress(StoreUnavailableError):
        async for batch in watch:
            seen += [(event.kv.mod_revision, event.kv.key, event.kv.value) for event in batch.events]


async def write(store: Store, first: int, count: int, disturb: Callable[[], Awaitable[None]]) -> dict[int, bytes]:
    """Write numbers, 32 in flight, and return the answered ones by revision; a lost answer is nobody's promise."""
    numbers = iter(range(first, first + count))
    answered: dict[int, bytes] = {}

    async def one() -> None:
        for number in numbers:
            if number == first + count // 3:
                await disturb()
            with contextlib.suppress(StoreUnavailableError):
                result = await store.put(Put(b"/key-%d" % (number % 500), b"%d" % number))
                assert result.revision not in answered, "a revision was answered twice"
                answered[result.revision] = b"%d" % number

    await asyncio.gather(*(one() for _ in range(WRITERS)))
    return answered


async def check(
    store: Store, watch: StoreWatch, following: asyncio.Task[None], seen: list[Any], answered: dict[int, bytes]
) -> None:
    """Every answered write is in the watch's history, which has no gap and no revision twice, and ends as the store."""
    kvs = (await store.range(Range(b"/", prefix_end(b"/")))).kvs
    last = max(kv.mod_revision for kv in kvs)
    async with asyncio.timeout(60):
        while not seen or seen[-1][0] < last:
            await asyncio.sleep(0.05)
    watch.close()
    await following
    revisions = [revision for revision, _, _ in seen]
    assert revisions == list(range(revisions[0], revisions[0] + len(revisions)))
    values = {revision: value for revision, _, value in seen}
    assert {revision: values[revision] for revision in answered} == answered
    assert {kv.key: kv.value for kv in kvs} == {key: value for _, key, value in seen}


@needs_etcd
@pytest.mark.parametrize(
    ("kills", "count"),
    [pytest.param(2, 600, id="twice"), pytest.param(50, 5000, id="50 times", marks=pytest.mark.soak)],
)
def test_every_answered_write_outlives_kill_9_of_the_only_member(tmp_path: Path, kills: int, count: int) -> None:
    async def scenario(cluster: EtcdCluster, store: EtcdStore) -> None:
        async def kill() -> None:
            cluster.kill(0)
            cluster.start(0)

        seen: list[tuple[int, bytes, bytes]] = []
        watch = store.watch(b"/", prefix_end(b"/"), 2)
        following = asyncio.create_task(collect(watch, seen))
        answered: dict[int, bytes] = {}
        for attempt in range(kills):
            more = await write(store, attempt * count, count, kill)
            assert not answered.keys() & more.keys(), "a revision was answered twice"
            answered |= more
            assert len(more) >= count - 2 * WRITERS
        await check(store, watch, following, seen, answered)

    run(tmp_path, 1, scenario)


@needs_etcd
@pytest.mark.parametrize(
    ("kills", "count"),
    [pytest.param(2, 600, id="twice"), pytest.param(50, 5000, id="50 times", marks=pytest.mark.soak)],
)
def test_a_cluster_of_three_goes_on_when_a_member_is_killed(tmp_path: Path, kills: int, count: int) -> None:
    async def scenario(cluster: EtcdCluster, store: EtcdStore) -> None:
        seen: list[tuple[int, bytes, bytes]] = []
        watch = store.watch(b"/", prefix_end(b"/"), 2)
        following = asyncio.create_task(collect(watch, seen))
        answered: dict[int, bytes] = {}
        for attempt in range(kills):

            async def kill(member: int = attempt % 3) -> None:
                cluster.kill(member)

            more = await write(store, attempt * count, count, kill)
            assert not answered.keys() & more.keys(), "a revision was answered twice"
            answered |= more
            assert len(more) >= count - 3 * WRITERS, "writes must go on at another member"
            cluster.start(attempt % 3)
            await asyncio.to_thread(cluster.wait_until_ready)
        await check(store, watch, following, seen, answered)

    run(tmp_path, 3, scenario)


@needs_etcd
def test_nothing_is_answered_without_a_majority(tmp_path: Path) -> None:
    async def main(cluster: EtcdCluster) -> None:
        store = await EtcdStore.connect(cluster.endpoints, timeout_s=30)
        await store.close()
        store = await EtcdStore.connect(cluster.endpoints, timeout_s=3)
        cluster.kill(0)
        cluster.kill(1)
        with pytest.raises(StoreUnavailableError, match="a member of etcd must answer"):
            await store.put(Put(b"a"))
        cluster.start(0)
        async with asyncio.timeout(60):
            while True:
                with contextlib.suppress(StoreUnavailableError):
                    await store.put(Put(b"b"))
                    break
        await store.close()

    cluster = EtcdCluster(tmp_path, 3)
    try:
        cluster.wait_until_ready()
        asyncio.run(main(cluster))
    finally:
        cluster.stop()


@needs_etcd
def test_tls_with_client_certificates(tmp_path: Path) -> None:
    ca = trustme.CA()
    server, client = ca.issue_cert("127.0.0.1"), ca.issue_cert("client@example.org")
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    for name, cert in [("server", server), ("client", client)]:
        cert.private_key_pem.write_to_path(str(tmp_path / f"{name}.key"))
        cert.cert_chain_pems[0].write_to_path(str(tmp_path / f"{name}.pem"))
    arguments = ("--client-cert-auth", "--trusted-ca-file", str(tmp_path / "ca.pem"))
    files = ("--cert-file", str(tmp_path / "server.pem"), "--key-file", str(tmp_path / "server.key"))

    async def main() -> None:
        tls = EtcdTls(tmp_path / "ca.pem", tmp_path / "client.pem", tmp_path / "client.key")
        store = await EtcdStore.connect(cluster.endpoints, tls, timeout_s=30)
        await store.put(Put(b"a", b"1"))
        assert (await store.range(Range(b"a"))).kvs[0].value == b"1"
        await store.close()
        with pytest.raises(StoreUnavailableError):
            await EtcdStore.connect(cluster.endpoints, EtcdTls(tmp_path / "ca.pem"), timeout_s=1)
        with pytest.raises(InvalidRequestError, match="must come with the CA"):
            await EtcdStore.connect(cluster.endpoints)

    cluster = EtcdCluster(tmp_path, 1, "https", (*arguments, *files))
    try:
        cluster.wait_until_ready()
        asyncio.run(main())
    finally:
        cluster.stop()


@needs_etcd
def test_a_lease_of_a_real_etcd_takes_its_keys_along(tmp_path: Path) -> None:
    async def scenario(_: EtcdCluster, store: EtcdStore) -> None:
        lease = (await store.lease_grant(1)).id
        await store.put(Put(b"a", lease=lease))
        watch = store.watch(b"a")
        async with asyncio.timeout(30):
            assert [event.kv.is_tombstone for event in (await watch.next()).events] == [True]
        assert (await store.lease_time_to_live(lease)).remaining_ttl_s == -1

    run(tmp_path, 1, scenario)


@pytest.mark.parametrize(
    ("endpoints", "want"),
    [
        pytest.param([], "at least one URL, got none", id="none"),
        pytest.param(
            ["http://127.0.0.1"], "must be a URL like http://127.0.0.1:2379, got 'http://127.0.0.1'", id="no port"
        ),
        pytest.param(["ftp://127.0.0.1:1"], "got 'ftp://127.0.0.1:1'", id="another scheme"),
        pytest.param(["http://127.0.0.1:70000"], "got 'http://127.0.0.1:70000'", id="no port there is"),
    ],
)
def test_an_endpoint_that_is_none(endpoints: list[str], want: str) -> None:
    with pytest.raises(InvalidRequestError, match=want):
        asyncio.run(EtcdStore.connect(endpoints))


def test_files_of_tls_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match=r"ca.pem must be readable: No such file"):
        asyncio.run(EtcdStore.connect(["https://127.0.0.1:1"], EtcdTls(tmp_path / "ca.pem")))


def test_nobody_answers() -> None:
    endpoint = f"http://127.0.0.1:{free_ports(1)[0]}"
    with pytest.raises(StoreUnavailableError, match=f"got none of {endpoint}"):
        asyncio.run(EtcdStore.connect([endpoint], timeout_s=0.5))
