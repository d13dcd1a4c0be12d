"""Writes to a store until it is killed, and prints a line for every write that was answered: revision and key.

python -m tests.cluster.store.durable_writer FILE FIRST COUNT
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from cluster.store.records import Put
from cluster.store.sqlite import SqliteStore
from kubesched.clock import WallClock

IN_FLIGHT = 32


async def main(path: Path, first: int, count: int) -> None:
    store = await SqliteStore.open(path, WallClock())
    numbers = iter(range(first, first + count))

    async def write() -> None:
        for number in numbers:
            key = b"key-%d" % (number % 500)
            result = await store.put(Put(key, b"%d" % number))
            sys.stdout.write(f"{result.revision} {key.decode()} {number}\n")
            sys.stdout.flush()

    async def compact() -> None:
        while True:
            await asyncio.sleep(0.05)
            status = await store.status()
            if status.revision - 200 > status.compact_revision:
                await store.compact(status.revision - 200)

    compacting = asyncio.create_task(compact())
    await asyncio.gather(*(write() for _ in range(IN_FLIGHT)))
    compacting.cancel()
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
