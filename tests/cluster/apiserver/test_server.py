"""The API server in process: verbs, refusals with upstream's texts, lists in pages, watches."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import pytest

from cluster.apiserver.resources import builtin_resources
from cluster.apiserver.server import Answer, ApiServer, Request
from cluster.store.memory import MemoryStore
from cluster.store.records import Range
from kubesched.clock import VirtualClock

PODS = "/api/v1/namespaces/default/pods"
JOBS = "/apis/batch/v1/namespaces/default/jobs"
START_NS = 1_700_000_000_000_000_000


class Api:
    """A server on a store of its own."""

    def __init__(self, clock: VirtualClock, store: MemoryStore, server: ApiServer) -> None:
        self.clock = clock
        self.store = store
        self.server = server

    @classmethod
    async def start(cls, seed: int = 1) -> Api:
        clock = VirtualClock(START_NS)
        store = MemoryStore(clock)
        return cls(clock, store, await ApiServer.start(store, clock, seed))

    async def raw(self, method: str, path: str, obj: object = None, **query: str) -> Answer:
        body = b"" if obj is None else json.dumps(obj).encode()
        return await self.server.handle(Request(method, path, query, body))

    async def call(self, method: str, path: str, obj: object = None, **query: str) -> tuple[int, Any]:
        answer = await self.raw(method, path, obj, **query)
        return answer.code, json.loads(answer.body)

    async def pod(self, name: str, **fields: Any) -> dict[str, Any]:
        metadata = {"name": name, **fields.pop("metadata", {})}
        code, obj = await self.call("POST", PODS, {"metadata": metadata, "spec": fields})
        assert code == 201, obj
        return obj  # type: ignore[no-any-return]

    async def watch(self, path: str = PODS, **query: str) -> AsyncIterator[bytes]:
        answer = await self.raw("GET", path, watch="True", **query)
        assert answer.lines is not None, answer.body
        return answer.lines


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    asyncio.run(coroutine)


async def take(lines: AsyncIterator[bytes], count: int) -> list[tuple[str, str]]:
    events = [json.loads(await anext(lines)) for _ in range(count)]
    return [(event["type"], event["object"]["metadata"].get("name", "")) for event in events]


def test_discovery_lists_just_what_is_served() -> None:
    async def check() -> None:
        api = await Api.start()
        listed = set()
        groups = (await api.call("GET", "/apis"))[1]["groups"]
        roots = ["/api/v1", *(f"/apis/{v['groupVersion']}" for group in groups for v in group["versions"])]
        for root in roots:
            for entry in (await api.call("GET", root))[1]["resources"]:
                if "/" not in entry["name"]:
                    listed.add((root.split("/", 2)[2], entry["name"], entry["namespaced"]))
                    code, found = await api.call("GET", f"{root}/{entry['name']}")
                    assert (code, found["kind"]) == (200, f"{entry['kind']}List")
        assert listed == {(each.api_version, each.plural, each.is_namespaced) for each in builtin_resources()}

    run(check())


def test_aggregated_discovery_has_the_same_resources() -> None:
    async def check() -> None:
        api = await Api.start()
        seen = set()
        for path in ("/api", "/apis"):
            accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"
            answer = await api.server.handle(Request("GET", path, accept=accept))
            assert "APIGroupDiscoveryList" in answer.content_type
            for group in json.loads(answer.body)["items"]:
                for version in group["versions"]:
                    for entry in version["resources"]:
                        seen.add((group["metadata"].get("name", ""), version["version"], entry["resource"]))
        assert seen == {(each.group, each.version, each.plural) for each in builtin_resources()}

    run(check())


def test_an_object_lies_where_kubernetes_keeps_it() -> None:
    async def check() -> None:
        api = await Api.start()
        made = await api.pod("web-0")
        kv = (await api.store.range(Range(b"/registry/pods/default/web-0"))).kvs[0]
        assert made["metadata"]["resourceVersion"] == str(kv.mod_revision)
        assert made["metadata"]["creationTimestamp"] == "2023-11-14T22:13:20Z"
        assert made["status"] == {"phase": "Pending"}
        assert (await api.call("GET", f"{PODS}/web-0"))[1] == made

    run(check())


@pytest.mark.parametrize(
    ("method", "path", "obj", "want_code", "want_message"),
    [
        pytest.param("GET", f"{PODS}/b", None, 404, 'pods "b" not found', id="no such object"),
        pytest.param("GET", f"{JOBS}/b", None, 404, 'jobs.batch "b" not found', id="the group is named"),
        pytest.param("POST", PODS, {"metadata": {"name": "a"}}, 409, 'pods "a" already exists', id="taken"),
        pytest.param("POST", "/api/v1/namespaces/no/pods", {"metadata": {"name": "a"}}, 404, 'namespaces "no" not found', id="no namespace"),
        pytest.param("POST", PODS, {}, 422, 'Pod "" is invalid: metadata.name: Required value: name or generateName is required', id="no name"),
        pytest.param("PUT", f"{PODS}/a", {"metadata": {"name": "b"}}, 400, "the name of the object (b) does not match the name on the URL (a)", id="another name"),
        pytest.param("PUT", f"{PODS}/a", {"metadata": {"resourceVersion": "1"}}, 409, 'Operation cannot be fulfilled on pods "a": the object has been modified; please apply your changes to the latest version and try again', id="old version"),
        pytest.param("POST", PODS, {"metadata": {"name": "x", "namespace": "y"}}, 400, "the namespace of the provided object does not match the namespace sent on the request", id="another namespace"),
        pytest.param("DELETE", f"{PODS}/a", {"preconditions": {"uid": "u"}}, 409, 'Operation cannot be fulfilled on pods "a": Precondition failed: UID in precondition: u, UID in object meta: UID', id="another uid"),
        pytest.param("PATCH", f"{PODS}/a", {}, 405, "the server does not allow this method on the requested resource", id="no patch"),
        pytest.param("GET", "/api/v1/nothing", None, 404, "the server could not find the requested resource", id="no resource"),
        pytest.param("POST", PODS, [], 400, "the body of the request must be a JSON object, got list", id="no object"),
        pytest.param("POST", PODS, {"spec": 5, "metadata": {"name": "z"}}, 400, "spec must be an object, got 5", id="a number as spec"),
    ],
)  # fmt: skip
def test_refusals(method: str, path: str, obj: object, want_code: int, want_message: str) -> None:
    async def check() -> None:
        api = await Api.start()
        made = await api.pod("a")
        before = (await api.store.status()).revision
        code, answer = await api.call(method, path, obj)
        assert (code, answer["message"].replace(made["metadata"]["uid"], "UID")) == (want_code, want_message)
        assert answer["code"] == want_code
        assert (await api.store.status()).revision == before

    run(check())


def test_an_update_keeps_what_is_the_servers_and_the_status_goes_alone() -> None:
    async def check() -> None:
        api = await Api.start()
        made = await api.pod("a", nodeName="n1")
        changed = {**made, "spec": {"nodeName": "n2"}, "status": {"phase": "Failed"}}
        changed["metadata"] = {**made["metadata"], "uid": made["metadata"]["uid"], "generation": 77}
        updated = (await api.call("PUT", f"{PODS}/a", changed))[1]
        assert updated["status"] == {"phase": "Pending"}
        assert updated["metadata"]["generation"] == 2
        updated["spec"], updated["status"] = {}, {"phase": "Running"}
        state = (await api.call("PUT", f"{PODS}/a/status", updated))[1]
        assert (state["spec"], state["status"]) == ({"nodeName": "n2"}, {"phase": "Running"})
        assert state["metadata"]["generation"] == 2
        again = (await api.call("PUT", f"{PODS}/a/status", state))[1]
        assert again == state, "a write that changes nothing takes no revision"

    run(check())


def test_finalizers_hold_an_object_until_the_last_is_gone() -> None:
    async def check() -> None:
        api = await Api.start()
        await api.pod("a", metadata={"finalizers": ["x/y"]})
        code, marked = await api.call("DELETE", f"{PODS}/a")
        assert code == 200
        assert marked["metadata"]["deletionTimestamp"]
        marked["metadata"]["finalizers"] = []
        assert (await api.call("PUT", f"{PODS}/a", marked))[0] == 200
        assert (await api.call("GET", f"{PODS}/a"))[0] == 404

    run(check())


def test_a_pod_on_a_node_gets_its_grace_period() -> None:
    async def check() -> None:
        api = await Api.start()
        await api.pod("a", nodeName="n1")
        marked = (await api.call("DELETE", f"{PODS}/a"))[1]
        assert marked["metadata"]["deletionGracePeriodSeconds"] == 30
        assert marked["metadata"]["deletionTimestamp"] == "2023-11-14T22:13:50Z"
        assert (await api.call("GET", f"{PODS}/a"))[0] == 200
        assert (await api.call("DELETE", f"{PODS}/a", {"gracePeriodSeconds": 0}))[1]["kind"] == "Pod"
        assert (await api.call("GET", f"{PODS}/a"))[0] == 404

    run(check())


def test_a_namespace_ends_when_it_is_finalized() -> None:
    async def check() -> None:
        api = await Api.start()
        await api.call("POST", "/api/v1/namespaces", {"metadata": {"name": "n"}})
        ending = (await api.call("DELETE", "/api/v1/namespaces/n"))[1]
        assert ending["status"] == {"phase": "Terminating"}
        code, refused = await api.call("POST", "/api/v1/namespaces/n/pods", {"metadata": {"name": "a"}})
        assert code == 403
        assert (
            refused["message"]
            == 'pods "a" is forbidden: unable to create new content in namespace n because it is being terminated'
        )
        ending["spec"] = {"finalizers": []}
        assert (await api.call("PUT", "/api/v1/namespaces/n/finalize", ending))[0] == 200
        assert (await api.call("GET", "/api/v1/namespaces/n"))[0] == 404

    run(check())


def test_a_dry_run_writes_nothing() -> None:
    async def check() -> None:
        api = await Api.start()
        before = (await api.store.status()).revision
        code, made = await api.call("POST", PODS, {"metadata": {"generateName": "web-"}}, dryRun="All")
        assert code == 201
        assert len(made["metadata"]["name"]) == len("web-12345")
        assert (await api.store.status()).revision == before

    run(check())


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 50])
def test_pages_are_of_one_revision(limit: int) -> None:
    async def check() -> None:
        api = await Api.start()
        for number in range(7):
            await api.pod(f"p{number}", metadata={"labels": {"odd": str(number % 2)}})
        for query, want in (
            ({}, range(7)),
            ({"labelSelector": "odd in (1)"}, (1, 3, 5)),
            ({"fieldSelector": "metadata.name!=p0"}, range(1, 7)),
        ):
            names: list[str] = []
            page = (await api.call("GET", PODS, limit=str(limit), **query))[1]
            late = await api.pod("p9")
            names += [item["metadata"]["name"] for item in page["items"]]
            while token := page["metadata"].get("continue"):
                assert len(page["items"]) == limit
                page = (await api.call("GET", PODS, None, **{"limit": str(limit), "continue": token, **query}))[1]
                names += [item["metadata"]["name"] for item in page["items"]]
            assert names == [f"p{number}" for number in want]
            assert int(page["metadata"]["resourceVersion"]) < int(late["metadata"]["resourceVersion"])
            await api.call("DELETE", f"{PODS}/p9")

    run(check())


@pytest.mark.parametrize(
    ("selector", "want"),
    [
        ("a=1", "x"),
        ("a!=1", "yz"),
        ("a", "xy"),
        ("!a", "z"),
        ("a notin (1,2)", "z"),
        ("a>1", "y"),
        ("a in (1, 2),b=q", "y"),
    ],
)
def test_label_selectors(selector: str, want: str) -> None:
    async def check() -> None:
        api = await Api.start()
        for name, labels in (("x", {"a": "1"}), ("y", {"a": "2", "b": "q"}), ("z", {})):
            await api.pod(name, metadata={"labels": labels})
        items = (await api.call("GET", PODS, labelSelector=selector))[1]["items"]
        assert "".join(item["metadata"]["name"] for item in items) == want

    run(check())


def test_a_watch_goes_on_where_a_list_ended() -> None:
    async def check() -> None:
        api = await Api.start()
        await api.pod("a")
        version = (await api.call("GET", PODS))[1]["metadata"]["resourceVersion"]
        lines = await api.watch(resourceVersion=version, allowWatchBookmarks="true", timeoutSeconds="5")
        await api.pod("b")
        await api.call("DELETE", f"{PODS}/a")
        assert await take(lines, 2) == [("ADDED", "b"), ("DELETED", "a")]
        last = asyncio.ensure_future(anext(lines))
        await asyncio.sleep(0)
        api.clock.advance(5_000_000_000)
        bookmark = json.loads(await last)
        assert bookmark["type"] == "BOOKMARK"
        assert bookmark["object"]["metadata"]["resourceVersion"] == str((await api.store.status()).revision)
        assert [line async for line in lines] == []

    run(check())


def test_a_selector_turns_changes_into_comings_and_goings() -> None:
    async def check() -> None:
        api = await Api.start()
        lines = await api.watch(
            fieldSelector="spec.nodeName=n1", resourceVersion=str((await api.store.status()).revision)
        )
        made = await api.pod("a")
        for node in ("n1", "n2"):
            made["spec"] = {"nodeName": node}
            made["metadata"].pop("resourceVersion")
            made = (await api.call("PUT", f"{PODS}/a", made))[1]
        assert await take(lines, 2) == [("ADDED", "a"), ("DELETED", "a")]

    run(check())


def test_a_watch_list_ends_its_beginning_with_a_bookmark() -> None:
    async def check() -> None:
        api = await Api.start()
        await api.pod("a")
        query = {"sendInitialEvents": "true", "allowWatchBookmarks": "true"}
        assert (await api.call("GET", PODS, watch="true", **query))[0] == 422
        lines = await api.watch(resourceVersionMatch="NotOlderThan", **query)
        assert await take(lines, 1) == [("ADDED", "a")]
        bookmark = json.loads(await anext(lines))
        assert bookmark["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}

    run(check())


def test_what_has_been_compacted_is_expired() -> None:
    async def check() -> None:
        api = await Api.start()
        first = await api.pod("a")
        page = (await api.call("GET", "/api/v1/namespaces", limit="1"))[1]
        await api.pod("b")
        await api.pod("c")
        await api.store.compact((await api.store.status()).revision)
        event = json.loads(await anext(await api.watch(resourceVersion=first["metadata"]["resourceVersion"])))
        assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")
        code, answer = await api.call(
            "GET", "/api/v1/namespaces", None, **{"limit": "1", "continue": page["metadata"]["continue"]}
        )
        assert (code, answer["reason"]) == (410, "Expired")

    run(check())


def test_the_same_seed_gives_the_same_ids() -> None:
    async def check() -> None:
        first, second, other = [await (await Api.start(seed)).pod("a") for seed in (1, 1, 2)]
        assert first == second
        assert first["metadata"]["uid"] != other["metadata"]["uid"]

    run(check())


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="half an object"),
        pytest.param(b'{"metadata": {"name": "x"}, "spec": {"a": NaN}}', id="NaN"),
        pytest.param(b'{"metadata": {"name": "x", "labels": {"a": "\\ud800"}}}', id="half a surrogate pair"),
        pytest.param(b'{"metadata": {"name": "x"}, "spec": {"a": ' + b"[" * 900 + b"]" * 900 + b"}}", id="nested deep"),
        pytest.param(
            b'{"metadata": {"name": "x"}, "spec": {"a": ' + b"[" * 9000 + b"]" * 9000 + b"}}", id="nested deeper"
        ),
        pytest.param(b'{"metadata": {"name": "x", "labels": {"a": 1}}}', id="a number as label"),
        pytest.param(b'{"metadata": {"name": "x"}, "kind": ["Pod"]}', id="a list as kind"),
    ],
)
def test_what_is_no_object_is_refused_and_nothing_is_written(body: bytes) -> None:
    async def check() -> None:
        api = await Api.start()
        answer = await api.server.handle(Request("POST", PODS, {}, body))
        assert answer.code == 400
        assert (await api.call("GET", PODS))[1]["items"] == []

    run(check())


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "-1"},
        {"limit": "9" * 40},
        {"continue": "x"},
        {"labelSelector": "a in"},
        {"labelSelector": "a>" + "9" * 40},
        {"fieldSelector": "spec.x=1"},
        {"resourceVersion": "x"},
        {"resourceVersionMatch": "Exact"},
    ],
    ids=str,
)
def test_queries_that_are_refused(query: dict[str, str]) -> None:
    async def check() -> None:
        api = await Api.start()
        assert (await api.call("GET", PODS, None, **query))[0] == 400

    run(check())


@pytest.mark.parametrize(
    "path",
    ["/", "//", "/api/v1//pods", "/api/v1/namespaces//pods", f"{PODS}/\ud800", f"{PODS}/a/log", "/apis/batch/v1/pods"],
)
def test_paths_that_lead_nowhere(path: str) -> None:
    async def check() -> None:
        assert (await (await Api.start()).call("GET", path))[0] == 404

    run(check())
