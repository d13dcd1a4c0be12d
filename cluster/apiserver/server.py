"""The API server without a transport: a request in, an answer or a stream out.

/healthz /livez /readyz /version      /api /apis /apis/GROUP /api/v1 /apis/GROUP/VERSION
/…/VERSION[/namespaces/NAMESPACE]/PLURAL[/NAME[/PART]]
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cluster.apiserver import discovery, status
from cluster.apiserver.collection import list_objects
from cluster.apiserver.object_codec import decode_object, encode
from cluster.apiserver.object_meta import ObjectMeta, write_time
from cluster.apiserver.options import is_dry_run, read_bool, read_delete_options
from cluster.apiserver.registry import Registry
from cluster.apiserver.resources import Resource, builtin_resources
from cluster.apiserver.watch_stream import WatchStream
from cluster.errors import APIStatusError, StoreUnavailableError
from cluster.store.interface import Store
from kubesched.clock import Clock

KUBERNETES_VERSION = "1.34.0"
NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request: the path without its query, and the query decoded."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    accept: str = JSON


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request is answered: a body, or the lines of a stream that goes on."""

    code: int
    body: bytes = b""
    content_type: str = JSON
    lines: AsyncGenerator[bytes, None] | None = None


@dataclass(frozen=True, slots=True)
class _Target:
    """What a path names; the name is empty for a collection, the namespace for all of them."""

    resource: Resource
    namespace: str
    name: str
    part: str


class ApiServer:
    """The only one that talks to the store. Make it with `start`."""

    def __init__(self, store: Store, clock: Clock, seed: int) -> None:
        self._store = store
        self._clock = clock
        self._registry = Registry(store, ObjectMeta(clock, seed))
        self._resources = builtin_resources()
        self._by_path = {(each.api_version, each.plural): each for each in self._resources}
        self._version = discovery.version(KUBERNETES_VERSION, write_time(clock.now_ns()))

    @classmethod
    async def start(cls, store: Store, clock: Clock, seed: int) -> ApiServer:
        """Return a server whose store has the namespaces that every cluster has. Ids come from the seed."""
        server = cls(store, clock, seed)
        resource = server._by_path["v1", "namespaces"]
        for name in NAMESPACES:
            obj = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            try:
                await server._registry.create(resource, "", obj)
            except APIStatusError as error:
                if error.reason != "AlreadyExists":
                    raise
        return server

    async def handle(self, request: Request) -> Answer:
        """Answer a request; every refusal is an answer too."""
        try:
            return await self._route(request)
        except APIStatusError as error:
            return Answer(error.code, encode(status.write_status(error)))
        except StoreUnavailableError as error:
            refusal = APIStatusError(503, "ServiceUnavailable", str(error))
            return Answer(refusal.code, encode(status.write_status(refusal)))

    async def _route(self, request: Request) -> Answer:
        parts = request.path.strip("/").split("/")
        if len(parts) == 1 and parts[0] in ("healthz", "livez", "readyz"):
            await self._store.status()
            return Answer(200, b"ok", "text/plain")
        if (found := self._discover(parts, request.accept)) is not None:
            if request.method != "GET":
                raise status.not_allowed()
            return found
        target = self._target(parts)
        if target.name:
            return await self._one(request, target)
        return await self._many(request, target)

    def _discover(self, parts: list[str], accept: str) -> Answer | None:
        """Return the answer where a path is one of discovery's."""
        found: dict[str, Any] | None = None
        is_aggregated = discovery.AGGREGATED in accept.replace(" ", "")
        match parts:
            case ["version"]:
                found = dict(self._version)
            case ["api" | "apis" as root] if is_aggregated:
                listed = discovery.aggregated(self._resources, is_core=root == "api")
                return Answer(200, encode(listed), discovery.AGGREGATED)
            case ["api"]:
                found = discovery.core_versions()
            case ["apis"]:
                found = discovery.groups(self._resources)
            case ["apis", name]:
                if found := discovery.group(self._resources, name):
                    found = {"kind": "APIGroup", "apiVersion": "v1", **found}
            case ["api", version]:
                found = discovery.resource_list(self._resources, version)
            case ["apis", name, version]:
                found = discovery.resource_list(self._resources, f"{name}/{version}")
        return Answer(200, encode(found)) if found is not None else None

    def _target(self, parts: list[str]) -> _Target:
        """Read a path. Raises APIStatusError 404 where there is nothing."""
        skip = {"api": 2, "apis": 3}.get(parts[0], len(parts))
        api_version, rest = "/".join(parts[1:skip]), parts[skip:]
        namespace = ""
        if len(rest) >= 3 and rest[0] == "namespaces" and (api_version, rest[2]) in self._by_path:
            namespace, rest = rest[1], rest[2:]
            if not namespace or not namespace.isprintable():
                raise status.unknown_path()
        resource = self._by_path.get((api_version, rest[0])) if rest else None
        if resource is None or len(rest) > 3 or not all(rest) or (namespace and not resource.is_namespaced):
            raise status.unknown_path()
        if not "".join(rest).isprintable():
            raise status.unknown_path()
        name, part = (*rest[1:], "", "")[:2]
        if (part and part not in resource.subresources) or (name and resource.is_namespaced and not namespace):
            raise status.unknown_path()
        return _Target(resource, namespace, name, part)

    async def _many(self, request: Request, target: _Target) -> Answer:
        resource, namespace, query = target.resource, target.namespace, request.query
        if request.method == "GET" and read_bool(query, "watch"):
            stream = WatchStream(self._store, self._clock, resource, namespace)
            await stream.check(query)
            return Answer(200, lines=stream.lines())
        if request.method == "GET":
            return Answer(200, encode(await list_objects(self._store, resource, namespace, query)))
        if request.method != "POST" or (resource.is_namespaced and not namespace):
            raise status.not_allowed()
        obj = decode_object(resource, request.body)
        return Answer(201, encode(await self._registry.create(resource, namespace, obj, is_dry_run=is_dry_run(query))))

    async def _one(self, request: Request, target: _Target) -> Answer:
        resource, query, place = target.resource, request.query, (target.namespace, target.name)
        if request.method == "GET" and target.part != "finalize":
            return Answer(200, encode(await self._registry.get(resource, *place)))
        if request.method == "PUT":
            obj = decode_object(resource, request.body)
            return Answer(
                200,
                encode(
                    await self._registry.update(resource, place, obj, part=target.part, is_dry_run=is_dry_run(query))
                ),
            )
        if request.method != "DELETE" or target.part:
            raise status.not_allowed()
        obj, is_gone = await self._registry.delete(resource, place, read_delete_options(query, request.body))
        if is_gone and not resource.is_answered_when_deleted:
            obj = status.success(resource, target.name, obj["metadata"]["uid"])
        return Answer(200, encode(obj))
