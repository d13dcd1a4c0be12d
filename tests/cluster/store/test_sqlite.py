"""What only the durable store can get wrong: kills, damage, a file that is no store."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cluster.errors import CorruptStoreError, StoreUnavailableError
from cluster.store.records import FROM_KEY, Delete, Put, Range
from cluster.store.sqlite import SqliteStore
from kubesched.clock import VirtualClock

ROOT = Path(__file__).parents[3]


async def fill(path: Path, *keys: bytes) -> None:
    store = await SqliteStore.open(path, VirtualClock())
    for key in keys:
        await store.put(Put(key, b"the value of " + key))
    await store.close()


def run_and_kill(path: Path, first: int, after: int) -> dict[int, tuple[bytes, bytes]]:
    """Start a writer of 5,000 writes, kill it after so many answers, and return every answered write by revision."""
    command = [sys.executable, "-m", "tests.cluster.store.durable_writer", str(path), str(first), "5000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:  # noqa: S603
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if len(lines) == after:
                process.kill()
    answered = (line.split() for line in lines if line.endswith(b"\n"))
    return {int(revision): (key, value) for revision, key, value in answered}


async def check(path: Path, answered: dict[int, tuple[bytes, bytes]]) -> int:
    """Check what a killed writer left; return the revision."""
    store = await SqliteStore.open(path, VirtualClock())
    status = await store.status()
    assert status.revision >= max(answered)
    start = status.compact_revision or 2
    watch = store.watch(b"key", FROM_KEY, start)
    seen = {}
    while (batch := watch.poll()) is not None:
        for event in batch.events:
            assert event.kv.mod_revision not in seen, "a revision was used twice"
            seen[event.kv.mod_revision] = (event.kv.key, event.kv.value)
    assert list(seen) == list(range(start, status.revision + 1)), "the watch has a gap"
    for revision, write in answered.items():
        if revision >= start:
            assert seen[revision] == write
    newest = {key: (revision, value) for revision, (key, value) in sorted(answered.items())}
    for key, (revision, value) in newest.items():
        kv = (await store.range(Range(key))).kvs[0]
        assert kv.mod_revision > revision or (kv.mod_revision, kv.value) == (revision, value)
    await store.close()
    return status.revision


@pytest.mark.parametrize(
    "kills", [pytest.param(3, id="3 times"), pytest.param(50, id="50 times", marks=pytest.mark.soak)]
)
def test_every_answered_write_outlives_kill_9(tmp_path: Path, kills: int) -> None:
    rng = random.Random(1)
    answered: dict[int, tuple[bytes, bytes]] = {}
    for kill in range(kills):
        more = run_and_kill(tmp_path / "store.db", kill * 5000, rng.randint(1, 4900))
        assert not answered.keys() & more.keys(), "a revision was answered twice"
        assert min(more) > max(answered, default=1)
        answered |= more
        asyncio.run(check(tmp_path / "store.db", answered))


def test_a_damaged_value_is_found_at_start(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    asyncio.run(fill(path, b"a", b"b"))
    data = path.read_bytes()
    path.write_bytes(data.replace(b"the value of b", b"the value of c"))
    with pytest.raises(CorruptStoreError, match=r"store.db must be an undamaged store: checksum of b'b' at revision 3"):
        asyncio.run(fill(path))


@pytest.mark.parametrize(
    ("content", "want"),
    [
        pytest.param(b"not a database at all" * 100, "file is not a database", id="not a database"),
        pytest.param(None, "got another program's database", id="another program's database"),
    ],
)
def test_a_file_that_is_no_store_is_left_alone(tmp_path: Path, content: bytes | None, want: str) -> None:
    path = tmp_path / "store.db"
    if content is None:
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE mine (id)")
        connection.close()
    else:
        path.write_bytes(content)
    before = path.read_bytes()
    with pytest.raises(CorruptStoreError, match=want):
        asyncio.run(fill(path))
    assert path.read_bytes() == before


def test_a_store_is_open_once(tmp_path: Path) -> None:
    async def twice() -> None:
        store = await SqliteStore.open(tmp_path / "store.db", VirtualClock())
        try:
            with pytest.raises(StoreUnavailableError, match="must be open nowhere else"):
                await SqliteStore.open(tmp_path / "store.db", VirtualClock())
        finally:
            await store.close()

    asyncio.run(twice())


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError, match=r"nowhere/store.db must be writable"):
        asyncio.run(fill(tmp_path / "nowhere" / "store.db"))


def test_the_file_is_the_owners_alone(tmp_path: Path) -> None:
    asyncio.run(fill(tmp_path / "store.db", b"a"))
    assert stat.S_IMODE(os.stat(tmp_path / "store.db").st_mode) == 0o600


def test_leases_and_their_keys_outlive_the_process(tmp_path: Path) -> None:
    async def scenario() -> None:
        store = await SqliteStore.open(tmp_path / "store.db", VirtualClock())
        await store.lease_grant(5, 7)
        await store.put(Put(b"a", lease=7))
        await store.close()
        clock = VirtualClock()
        store = await SqliteStore.open(tmp_path / "store.db", clock)
        assert (await store.lease_time_to_live(7)).keys == (b"a",)
        watch = store.watch(b"a")
        clock.advance(5_000_000_000)
        assert [event.kv.is_tombstone for event in (await watch.next()).events] == [True]
        await store.close()
        store = await SqliteStore.open(tmp_path / "store.db", clock)
        assert await store.leases() == ()
        await store.close()

    asyncio.run(scenario())


def test_compacted_versions_leave_the_file(tmp_path: Path) -> None:
    async def scenario() -> None:
        store = await SqliteStore.open(tmp_path / "store.db", VirtualClock())
        for number in range(10):
            await store.put(Put(b"a", b"%d" % number))
        await store.put(Put(b"b"))
        await store.delete(Delete(b"b"))
        await store.compact(13)
        await store.close()

    asyncio.run(scenario())
    with sqlite3.connect(tmp_path / "store.db") as connection:
        assert [key for (key,) in connection.execute("SELECT key FROM version")] == [b"a"]
    connection.close()
