"""The verbs that write and read one object: create, get, update and delete, each by one transaction of the store.

A write reads the object, decides, and writes only where it is still the version that was read; it starts anew where
another write came between. Called by the server; knows no HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from cluster.apiserver import status
from cluster.apiserver.object_codec import read, stored
from cluster.apiserver.object_meta import ObjectMeta
from cluster.apiserver.options import DeleteOptions
from cluster.apiserver.resources import Resource
from cluster.store.interface import Store
from cluster.store.records import Compare, Delete, KeyValue, Put, Range, Relation, Target, Txn

_POD_GRACE_SECONDS = 30
_KEPT = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "generateName")
_FINALIZERS = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}
_Change = Callable[[dict[str, Any]], dict[str, Any]]


class Registry:
    """Objects of every resource over one store."""

    def __init__(self, store: Store, meta: ObjectMeta) -> None:
        self.store = store
        self._meta = meta

    async def get(self, resource: Resource, namespace: str, name: str) -> dict[str, Any]:
        """Return an object.

        Raises:
            APIStatusError: 404.
        """
        return read(await self._find(resource, namespace, name))

    async def create(
        self, resource: Resource, namespace: str, obj: dict[str, Any], *, is_dry_run: bool = False
    ) -> dict[str, Any]:
        """Create an object and return it as it is kept.

        Raises:
            APIStatusError: 400 for another namespace or a resourceVersion, 404 for a namespace that is not there, 403
                for one that ends, 409 for a name that is taken, 422 for a name that is none.
        """
        metadata = obj["metadata"]
        if metadata.pop("resourceVersion", ""):
            raise status.bad_request("resourceVersion should not be set on objects to be created")
        self._place(resource, namespace, obj)
        self._meta.stamp(obj)
        _check_name(resource, metadata)
        name = metadata["name"]
        guard = () if not resource.is_namespaced else (await self._check_namespace(resource, namespace, name),)
        if resource.has_generation:
            metadata["generation"] = 1
        _prepare(resource, obj)
        key = _key(resource, namespace, name)
        if is_dry_run:
            if (await self.store.range(Range(key))).kvs:
                raise status.already_exists(resource, name)
            return obj
        is_new = Compare(key, Target.VERSION, Relation.EQUAL, 0)
        result = await self.store.txn(Txn((is_new, *guard), (Put(key, stored(obj)),)))
        if result.succeeded:
            return _at(obj, result.revision)
        if (await self.store.range(Range(key))).kvs:
            raise status.already_exists(resource, name)
        await self._check_namespace(resource, namespace, name)
        raise status.conflict(resource, name, "its namespace changed, please try again")

    async def update(
        self, resource: Resource, place: tuple[str, str], obj: dict[str, Any], *, part: str, is_dry_run: bool
    ) -> dict[str, Any]:
        """Replace an object or a part of it; without a resourceVersion whatever is there is replaced.

        `place` is namespace and name, as the path has them; `part` the subresource: `status`, `finalize`, or empty
        for the object without these.

        Raises:
            APIStatusError: 400 for another name or namespace, 404, 409 for another resourceVersion or uid.
        """
        namespace, name = place
        metadata = obj["metadata"]
        if metadata.setdefault("name", name) != name:
            got = metadata["name"]
            raise status.bad_request(f"the name of the object ({got}) does not match the name on the URL ({name})")
        self._place(resource, namespace, obj)

        def change(current: dict[str, Any]) -> dict[str, Any]:
            _check_version(resource, current, metadata.get("uid"), metadata.get("resourceVersion"))
            return _merge(resource, current, obj, part)

        return await self._change(resource, place, change, is_dry_run=is_dry_run)

    async def delete(
        self, resource: Resource, place: tuple[str, str], options: DeleteOptions
    ) -> tuple[dict[str, Any], bool]:
        """Delete an object, or mark it where finalizers or a grace period hold it; return it and whether it is gone.

        Raises:
            APIStatusError: 404, or 409 for preconditions that do not hold.
        """
        wanted = options.preconditions

        def change(current: dict[str, Any]) -> dict[str, Any]:
            _check_version(resource, current, wanted.get("uid"), wanted.get("resourceVersion"))
            return self._mark(resource, current, options)

        obj = await self._change(resource, place, change, is_dry_run=options.is_dry_run)
        return obj, _is_done(resource, obj)

    def _mark(self, resource: Resource, current: dict[str, Any], options: DeleteOptions) -> dict[str, Any]:
        """Return an object as one that is to be deleted."""
        metadata = dict(current["metadata"])
        grace = _grace_seconds(resource, current, options)
        if "deletionTimestamp" in metadata:
            grace = min(grace, metadata.get("deletionGracePeriodSeconds", 0))
            if grace == metadata.get("deletionGracePeriodSeconds", 0):
                return current
        elif finalizer := _FINALIZERS.get(options.propagation):
            kept = [each for each in metadata.get("finalizers", []) if each not in _FINALIZERS.values()]
            metadata["finalizers"] = [*kept, finalizer]
        metadata["deletionTimestamp"] = self._meta.now(grace)
        metadata["deletionGracePeriodSeconds"] = grace
        if resource.has_generation and "deletionTimestamp" not in current["metadata"]:
            metadata["generation"] = metadata.get("generation", 0) + 1
        marked = {**current, "metadata": metadata}
        if resource.plural == "namespaces":
            marked["status"] = {**(current.get("status") or {}), "phase": "Terminating"}
        return marked

    async def _change(
        self, resource: Resource, place: tuple[str, str], change: _Change, *, is_dry_run: bool
    ) -> dict[str, Any]:
        """Change what is there until no other write comes between; a change that changes nothing writes nothing."""
        key = _key(resource, *place)
        while True:
            kv = await self._find(resource, *place)
            current = read(kv)
            obj = change(current)
            is_gone = _is_done(resource, obj)
            if is_dry_run or (not is_gone and stored(obj) == kv.value):
                return obj
            same = Compare(key, Target.MOD, Relation.EQUAL, kv.mod_revision)
            request = Delete(key) if is_gone else Put(key, stored(obj))
            result = await self.store.txn(Txn((same,), (request,)))
            if result.succeeded:
                return _at(obj, result.revision)

    async def _find(self, resource: Resource, namespace: str, name: str) -> KeyValue:
        kvs = (await self.store.range(Range(_key(resource, namespace, name)))).kvs
        if not kvs:
            raise status.not_found(resource, name)
        return kvs[0]

    async def _check_namespace(self, resource: Resource, namespace: str, name: str) -> Compare:
        """Return the condition under which the namespace is as it was found: there, and not ending."""
        key = f"/registry/namespaces/{namespace}".encode()
        kvs = (await self.store.range(Range(key))).kvs
        if not kvs:
            raise status.namespace_not_found(namespace)
        if "deletionTimestamp" in read(kvs[0])["metadata"]:
            why = f"unable to create new content in namespace {namespace} because it is being terminated"
            raise status.forbidden(resource, name, why)
        return Compare(key, Target.MOD, Relation.EQUAL, kvs[0].mod_revision)

    def _place(self, resource: Resource, namespace: str, obj: dict[str, Any]) -> None:
        """Put an object where the path says."""
        metadata = obj["metadata"]
        if not resource.is_namespaced:
            metadata.pop("namespace", None)
        elif (metadata.get("namespace") or namespace) != namespace:
            raise status.bad_request(
                "the namespace of the provided object does not match the namespace sent on the request"
            )
        else:
            metadata["namespace"] = namespace


def _key(resource: Resource, namespace: str, name: str) -> bytes:
    place = f"{namespace}/{name}" if resource.is_namespaced else name
    return f"{resource.prefix}{place}".encode()


def _at(obj: dict[str, Any], revision: int) -> dict[str, Any]:
    return {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(revision)}}


def _check_name(resource: Resource, metadata: dict[str, Any]) -> None:
    name = metadata.get("name")
    if not name:
        raise status.invalid(resource, "", "metadata.name", "Required value: name or generateName is required")
    if resource.group.startswith("rbac."):
        if name in (".", "..") or re.search(r"[/%\s]", name):  # only what cannot stand in a path is refused
            raise status.invalid_name(resource, name)
    elif len(name) > 253 or not re.fullmatch(status.SUBDOMAIN, name):
        raise status.invalid_name(resource, name)


def _prepare(resource: Resource, obj: dict[str, Any]) -> None:
    """Set what upstream's strategies set on creation."""
    if resource.plural == "namespaces":
        obj["metadata"]["labels"] = {
            **obj["metadata"].get("labels", {}),
            "kubernetes.io/metadata.name": obj["metadata"]["name"],
        }
        obj["spec"] = {"finalizers": ["kubernetes"]}
        obj["status"] = {"phase": "Active"}
    elif resource.plural == "pods":
        obj["status"] = {"phase": "Pending"}
    elif resource.has_status and resource.plural != "nodes":
        obj.pop("status", None)  # a client's status is the business of the subresource


def _check_version(resource: Resource, current: dict[str, Any], uid: str | None, version: str | None) -> None:
    metadata = current["metadata"]
    if uid and uid != metadata["uid"]:
        why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {metadata['uid']}"
        raise status.conflict(resource, metadata["name"], why)
    if version and version != metadata["resourceVersion"]:
        raise status.modified(resource, metadata["name"])


def _merge(resource: Resource, current: dict[str, Any], sent: dict[str, Any], part: str) -> dict[str, Any]:
    """Return what an update comes to: the server's own fields stay, and either the status or all else."""
    if part:
        field = "spec" if part == "finalize" else part
        return {**current, field: sent.get(field) or {}}
    kept = {field: current["metadata"][field] for field in _KEPT if field in current["metadata"]}
    metadata = {name: value for name, value in sent["metadata"].items() if name not in _KEPT}
    merged = {**sent, "metadata": {**metadata, **kept}}
    if resource.has_status:
        merged.pop("status", None)
        if "status" in current:
            merged["status"] = current["status"]
    if resource.plural == "namespaces":
        merged["spec"] = current["spec"]
    if resource.has_generation and _specification(merged) != _specification(current):
        merged["metadata"]["generation"] = kept.get("generation", 0) + 1
    return merged


def _specification(obj: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in obj.items() if name not in ("metadata", "status")}


def _grace_seconds(resource: Resource, obj: dict[str, Any], options: DeleteOptions) -> int:
    """Return how long an object stays: only a pod that a node has, and that has not ended, gets time."""
    spec, state = obj.get("spec") or {}, obj.get("status") or {}
    if resource.plural != "pods" or not spec.get("nodeName") or state.get("phase") in ("Succeeded", "Failed"):
        return 0
    if options.grace_seconds is not None:
        return options.grace_seconds
    seconds = spec.get("terminationGracePeriodSeconds")
    return seconds if type(seconds) is int else _POD_GRACE_SECONDS


def _is_done(resource: Resource, obj: dict[str, Any]) -> bool:
    """Tell whether nothing holds an object that is to be deleted."""
    metadata = obj["metadata"]
    if "deletionTimestamp" not in metadata or metadata.get("finalizers"):
        return False
    if resource.plural == "namespaces" and (obj.get("spec") or {}).get("finalizers"):
        return False
    return not metadata.get("deletionGracePeriodSeconds")
