"""A store served as etcd, as the real etcdctl and a plain gRPC client see it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import pytest

from cluster.errors import InvalidRequestError
from cluster.store.etcd_messages import MESSAGES
from cluster.store.memory import MemoryStore
from cluster.store.records import Put
from cluster.store.served import EtcdServer
from kubesched.clock import VirtualClock

ETCDCTL = shutil.which("etcdctl")
needs_etcdctl = pytest.mark.skipif(ETCDCTL is None, reason="etcdctl is not installed (Debian: etcd-client)")


async def etcdctl(port: int, *arguments: str, stdin: str = "") -> str:
    """Run a command and return what it prints, errors included."""
    environment = {"ETCDCTL_API": "3", "ETCDCTL_ENDPOINTS": f"http://127.0.0.1:{port}"}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        str(ETCDCTL), *arguments, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.STDOUT, env=environment
    )
    out, _ = await asyncio.wait_for(process.communicate(stdin.encode()), 30)
    return out.decode()


def serve(scenario: Callable[[MemoryStore, VirtualClock, int], Awaitable[None]]) -> None:
    async def main() -> None:
        clock = VirtualClock()
        store = MemoryStore(clock)
        server = EtcdServer(store)
        port = await server.start()
        try:
            await scenario(store, clock, port)
        finally:
            await server.stop()
            await store.close()

    asyncio.run(main())


@needs_etcdctl
@pytest.mark.parametrize(
    ("arguments", "stdin", "want"),
    [
        pytest.param(["get", "/", "--prefix", "--keys-only"], "", "/a\n\n/b\n\n", id="keys only"),
        pytest.param(["get", "/a", "--rev=2", "--print-value-only"], "", "1\n", id="an old revision"),
        pytest.param(
            ["get", "/", "--prefix", "--sort-by=value", "--order=descend", "--limit=1"], "", "/b\n3\n", id="sorted"
        ),
        pytest.param(["put", "/a", "9", "--prev-kv"], "", "OK\n/a\n2\n", id="put with what was there"),
        pytest.param(["del", "/", "--prefix"], "", "2\n", id="delete a prefix"),
        pytest.param(
            ["txn"], 'mod("/a") = "3"\n\nput /c 1\n\nget /a\n\n', "SUCCESS\n\nOK\n", id="a transaction that holds"
        ),
        pytest.param(
            ["txn"], 'value("/a") = "7"\n\nput /c 1\n\nget /a\n\n', "FAILURE\n\n/a\n2\n", id="one that does not"
        ),
        pytest.param(["compact", "3"], "", "compacted revision 3\n", id="compact"),
        pytest.param(["compact", "9"], "", "required revision is a future revision", id="compact the future"),
        pytest.param(["get", "/a", "--rev=9"], "", "required revision is a future revision", id="read the future"),
        pytest.param(["put", "", "1"], "", "Error: etcdserver: key is not provided", id="no key"),
        pytest.param(
            ["put", "/a", "1", "--lease=77"], "", "Error: etcdserver: requested lease not found", id="no lease"
        ),
        pytest.param(["endpoint", "status"], "", ", 1, 3.4.23, ", id="endpoint status"),
        pytest.param(["endpoint", "health"], "", "is healthy", id="endpoint health"),
        pytest.param(["member", "list"], "", "1, started, default, ", id="member list"),
        pytest.param(["lease", "list"], "", "found 0 leases\n", id="no leases"),
    ],
)
def test_etcdctl(arguments: list[str], stdin: str, want: str) -> None:
    async def scenario(store: MemoryStore, clock: VirtualClock, port: int) -> None:
        for key, value in [(b"/a", b"1"), (b"/a", b"2"), (b"/b", b"3")]:
            await store.put(Put(key, value))
        assert want in await etcdctl(port, *arguments, stdin=stdin)

    serve(scenario)


@needs_etcdctl
def test_etcdctl_leases_end_on_the_stores_clock() -> None:
    async def scenario(store: MemoryStore, clock: VirtualClock, port: int) -> None:
        granted = await etcdctl(port, "lease", "grant", "60")
        lease = granted.split()[1]
        await etcdctl(port, "put", "/a", "1", f"--lease={lease}")
        clock.advance(20_000_000_000)
        told = await etcdctl(port, "lease", "timetolive", lease, "--keys")
        assert "granted with TTL(60s), remaining(40s), attached keys([/a])" in told
        assert "keepalived with TTL(60)" in await etcdctl(port, "lease", "keep-alive", "--once", lease)
        clock.advance(60_000_000_000)
        assert "already expired" in await etcdctl(port, "lease", "timetolive", lease)
        assert await etcdctl(port, "get", "/a") == ""

    serve(scenario)


@needs_etcdctl
def test_etcdctl_is_told_that_a_watch_starts_too_early() -> None:
    async def scenario(store: MemoryStore, clock: VirtualClock, port: int) -> None:
        for _ in range(3):
            await store.put(Put(b"/a"))
        await store.compact(4)
        told = await etcdctl(port, "watch", "/a", "--rev=2")
        assert "required revision has been compacted" in told

    serve(scenario)


def test_a_watch_replays_filters_reports_progress_and_ends() -> None:
    async def scenario(store: MemoryStore, clock: VirtualClock, port: int) -> None:
        await store.put(Put(b"a", b"1"))
        request = MESSAGES["WatchRequest"]
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            watch = channel.stream_stream(
                "/etcdserverpb.Watch/Watch", request.SerializeToString, MESSAGES["WatchResponse"].FromString
            )()

            async def read() -> Any:
                return await asyncio.wait_for(watch.read(), 30)

            await watch.write(request(create_request={"key": b"a", "start_revision": 1, "prev_kv": True}))
            await watch.write(request(create_request={"key": b"b", "filters": [0], "watch_id": 7}))
            answers = [await read() for _ in range(3)]
            assert {(a.watch_id, a.created) for a in answers} == {(0, True), (7, True), (0, False)}
            await store.put(Put(b"a", b"2"))
            (event,) = (await read()).events
            assert (event.kv.value, event.prev_kv.value) == (b"2", b"1")
            await store.put(Put(b"b", b"put events are filtered"))
            await store.put(Put(b"c", b"nobody's"))
            await watch.write(request(progress_request={}))
            progress = await read()
            assert (progress.watch_id, progress.header.revision, len(progress.events)) == (-1, 5, 0)
            await watch.write(request(cancel_request={"watch_id": 7}))
            ended = await read()
            assert (ended.watch_id, ended.canceled) == (7, True)
            await watch.done_writing()

    serve(scenario)


def test_only_loopback_is_served_without_tls() -> None:
    with pytest.raises(InvalidRequestError, match=r"host must be a loopback address, got '0.0.0.0'"):
        asyncio.run(EtcdServer(MemoryStore(VirtualClock())).start("0.0.0.0"))  # noqa: S104
