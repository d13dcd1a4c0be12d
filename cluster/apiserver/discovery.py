"""What the server serves: /api, /apis and their groups, plain and aggregated, and /version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cluster.apiserver.resources import Resource

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
VERBS = ("create", "delete", "get", "list", "update", "watch")
_PART_VERBS = {"status": ["get", "update"], "finalize": ["update"]}


def version(kubernetes: str, build_date: str) -> dict[str, str]:
    """Return what /version answers for a release such as `1.34.0`."""
    major, minor, _ = kubernetes.split(".")
    return {
        "major": major,
        "minor": minor,
        "gitVersion": f"v{kubernetes}",
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": build_date,
        "goVersion": "",
        "compiler": "",
        "platform": "linux/amd64",
    }


def core_versions() -> dict[str, Any]:
    """Return what /api answers."""
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}


def group(resources: Sequence[Resource], name: str) -> dict[str, Any] | None:
    """Return an APIGroup; None where nothing of that group is served."""
    versions = list(dict.fromkeys(resource.version for resource in resources if resource.group == name))
    if not name or not versions:
        return None
    listed = [{"groupVersion": f"{name}/{each}", "version": each} for each in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def groups(resources: Sequence[Resource]) -> dict[str, Any]:
    """Return what /apis answers."""
    names = dict.fromkeys(resource.group for resource in resources if resource.group)
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [group(resources, name) for name in names]}


def resource_list(resources: Sequence[Resource], api_version: str) -> dict[str, Any] | None:
    """Return an APIResourceList; None where nothing of that version is served."""
    entries: list[dict[str, Any]] = []
    for resource in resources:
        if resource.api_version == api_version:
            entries += _entries(resource)
    if not entries:
        return None
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api_version, "resources": entries}


def _entries(resource: Resource) -> list[dict[str, Any]]:
    entry: dict[str, Any] = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.is_namespaced,
        "kind": resource.kind,
        "verbs": list(VERBS),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    entries = [entry]
    for part in resource.subresources:
        shared = {"namespaced": resource.is_namespaced, "kind": resource.kind}
        name = f"{resource.plural}/{part}"
        entries.append({"name": name, "singularName": "", **shared, "verbs": _PART_VERBS[part]})
    return entries


def aggregated(resources: Sequence[Resource], *, is_core: bool) -> dict[str, Any]:
    """Return the APIGroupDiscoveryList (apidiscovery.k8s.io/v2) of the core, or of the groups."""
    items: dict[str, dict[str, dict[str, Any]]] = {}
    for resource in resources:
        if is_core == (not resource.group):
            versions = items.setdefault(resource.group, {})
            of_version = versions.setdefault(
                resource.version, {"version": resource.version, "resources": [], "freshness": "Current"}
            )
            of_version["resources"].append(_aggregated_entry(resource))
    listed = []
    for name, versions in items.items():
        metadata = {"name": name} if name else {}
        listed.append({"metadata": metadata, "versions": list(versions.values())})
    return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": listed}


def _aggregated_entry(resource: Resource) -> dict[str, Any]:
    kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    entry: dict[str, Any] = {
        "resource": resource.plural,
        "responseKind": kind,
        "scope": "Namespaced" if resource.is_namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": list(VERBS),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    if resource.subresources:
        entry["subresources"] = [
            {"subresource": part, "responseKind": kind, "verbs": _PART_VERBS[part]} for part in resource.subresources
        ]
    return entry
