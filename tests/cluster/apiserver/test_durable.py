"""The API server over the durable store: writers at once, and what is there after a restart."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from cluster.apiserver.server import ApiServer, Request
from cluster.store.sqlite import SqliteStore
from kubesched.clock import VirtualClock

MAPS = "/api/v1/namespaces/default/configmaps"


async def count_up(api: ApiServer, times: int) -> int:
    """Add to the number in a ConfigMap, with its resourceVersion; return how often another writer was first."""
    num_conflicts = 0
    while times:
        obj = json.loads((await api.handle(Request("GET", f"{MAPS}/n"))).body)
        obj["data"] = {"count": str(int(obj["data"]["count"]) + 1)}
        answer = await api.handle(Request("PUT", f"{MAPS}/n", body=json.dumps(obj).encode()))
        assert answer.code in (200, 409), answer.body
        if answer.code == 200:
            times -= 1
        else:
            num_conflicts += 1
    return num_conflicts


@pytest.mark.parametrize("num_writers", [1, 8])
def test_no_write_is_lost_among_writers_at_once_and_none_by_a_restart(tmp_path: Path, num_writers: int) -> None:
    async def check() -> None:
        clock = VirtualClock()
        store = await SqliteStore.open(tmp_path / "db", clock)
        api = await ApiServer.start(store, clock, 1)
        body = b'{"metadata": {"name": "n"}, "data": {"count": "0"}}'
        assert (await api.handle(Request("POST", MAPS, body=body))).code == 201
        conflicts = await asyncio.gather(*(count_up(api, 5) for _ in range(num_writers)))
        assert (sum(conflicts) > 0) == (num_writers > 1)
        last = await api.handle(Request("GET", f"{MAPS}/n"))
        assert json.loads(last.body)["data"] == {"count": str(5 * num_writers)}
        await store.close()

        store = await SqliteStore.open(tmp_path / "db", clock)
        revision = (await store.status()).revision
        api = await ApiServer.start(store, clock, 2)
        assert (await store.status()).revision == revision, "a restart writes nothing"
        assert (await api.handle(Request("GET", f"{MAPS}/n"))).body == last.body
        await store.close()
        assert (await api.handle(Request("GET", f"{MAPS}/n"))).code == 503

    asyncio.run(check())
