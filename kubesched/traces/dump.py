"""Kubernetes objects as a trace: manifests, `kubectl get -o yaml|json`, support bundles and folders of dumps.

Pods that are on nodes are there from the start, pending ones and the pods of workloads arrive at once, in document
order. Where a dump has the pods of a workload, they stand for it.
"""

from __future__ import annotations

import json
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kubesched.api.manifests import load
from kubesched.api.pod_fields import bound_node_name, is_finished
from kubesched.errors import KubeschedError, ManifestError, TraceFormatError
from kubesched.traces.heads import head
from kubesched.traces.jobs import GIB
from kubesched.traces.options import CLUSTER_OPTIONS, Option, Options
from kubesched.traces.timeline import Timeline
from kubesched.traces.trace import Note, Trace
from kubesched.traces.workloads import KINDS, object_key

OPTIONS = CLUSTER_OPTIONS | {
    "nodes": Option(0, "number of nodes to add; 0: those of the dump alone"),
    "pods": Option("pending", "which pods arrive", choices=("pending", "all")),
}
_SUFFIXES = (".json", ".yaml", ".yml", ".jsonl")
_SINGULAR = {
    "nodes": "Node",
    "pods": "Pod",
    "deployments": "Deployment",
    "replicasets": "ReplicaSet",
    "statefulsets": "StatefulSet",
    "daemonsets": "DaemonSet",
    "jobs": "Job",
    "cronjobs": "CronJob",
    "namespaces": "Namespace",
    "services": "Service",
    "pvs": "PersistentVolume",
    "pvcs": "PersistentVolumeClaim",
    "storage-classes": "StorageClass",
    "priorityclasses": "PriorityClass",
    "events": "Event",
    "limitranges": "LimitRange",
    "node": "Node",
    "pod": "Pod",
}
_MOST_BYTES = 2**31


def sniff(path: Path) -> bool:
    """Tell whether a file or folder may hold Kubernetes objects."""
    if path.is_dir():
        return any(file.name.removesuffix(".gz").endswith(_SUFFIXES) for file in path.rglob("*") if file.is_file())
    if path.name.endswith((".tar.gz", ".tgz", ".tar")):
        return _holds_objects(path)
    start = head(path)
    is_named = path.name.removesuffix(".gz").endswith(_SUFFIXES)
    return is_named or "apiVersion" in start or '"metadata"' in start


def _holds_objects(archive: Path) -> bool:
    try:
        with tarfile.open(archive) as opened:
            return any(member.isfile() and member.name.endswith(_SUFFIXES) for member in opened)
    except (OSError, EOFError, tarfile.TarError, zlib.error):
        return False


def read(path: Path, options: Options) -> Trace:
    """Read objects.

    Raises:
        TraceFormatError, ManifestError: the file is broken, or has no nodes or no pods.
    """
    notes: list[Note] = []
    objects = _once(list(_objects(path, notes)), notes)
    return trace_of_objects(objects, f"objects of {path.name}", options, notes)


def trace_of_objects(objects: list[dict[str, Any]], source: str, options: Options, notes: list[Note]) -> Trace:
    """Return objects as a trace.

    Raises:
        TraceFormatError: there are no nodes or no pods.
    """
    timeline = Timeline([obj for obj in objects if obj.get("kind") == "PriorityClass"])
    count = options.integer("nodes")
    if count:
        memory_bytes = round(options.number("node_memory_gib") * GIB)
        timeline.make_nodes(count, options.integer("node_cpu") * 1000, memory_bytes, options.integer("node_gpus"))
    ranked = sorted(objects, key=lambda obj: obj.get("kind") != "Node")
    owners = _owners(objects)
    names = {str((obj.get("metadata") or {}).get("name")) for obj in objects if obj.get("kind") == "Node"}
    lost = with_pods = finished = bound = 0
    for obj in ranked:
        kind = obj.get("kind")
        if kind in KINDS and (_is_owned(obj) or object_key(obj)[0:3] in owners):
            with_pods += 1
            continue
        if kind == "Pod":
            if is_finished(obj):
                finished += 1
                continue
            node = bound_node_name(obj)
            if node and options.text("pods") == "all":
                obj = {**obj, "spec": {key: v for key, v in obj["spec"].items() if key != "nodeName"}}
            elif node and node not in names:
                lost += 1
                obj = {**obj, "spec": {key: v for key, v in obj["spec"].items() if key != "nodeName"}}
            elif node:
                bound += 1
        timeline.apply(0, obj)
    if with_pods:
        notes.append(Note("workloads have their pods in the dump or belong to another workload", with_pods))
    if finished:
        notes.append(Note("finished pods are left out", finished))
    if bound:
        notes.append(Note("pods are on their nodes from the start", bound))
    if lost:
        notes.append(Note("pods are on nodes that are not there, and arrive", lost))
    return timeline.build(source, notes)


def _owners(objects: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    """Return the workloads that pods of the dump belong to, by way of ReplicaSets and Jobs, too."""
    found: set[tuple[str, str, str]] = set()
    parents: dict[tuple[str, str, str], list[tuple[str, str, str]]] = {}
    pods = []
    for obj in objects:
        kind, namespace, _ = key = object_key(obj)
        listed = (obj.get("metadata") or {}).get("ownerReferences") or []
        refs = [(str(ref.get("kind")), namespace, str(ref.get("name"))) for ref in listed]
        if kind == "Pod":
            pods.extend(refs)
        else:
            parents[key] = refs
    while pods:
        key = pods.pop()
        if key not in found:
            found.add(key)
            pods.extend(parents.get(key, []))
            if key[0] == "ReplicaSet":  # named after its Deployment, which a dump may lack the link to
                found.add(("Deployment", key[1], key[2].rpartition("-")[0]))
    return found


def _is_owned(obj: Mapping[str, Any]) -> bool:
    listed = (obj.get("metadata") or {}).get("ownerReferences") or []
    return any(ref.get("controller") and ref.get("kind") in KINDS for ref in listed if isinstance(ref, Mapping))


def _once(objects: list[dict[str, Any]], notes: list[Note]) -> list[dict[str, Any]]:
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for obj in objects:
        found.setdefault(object_key(obj), obj)
    if len(found) < len(objects):
        notes.append(Note("objects come more than once and count once", len(objects) - len(found)))
    return list(found.values())


def _objects(path: Path, notes: list[Note]) -> Iterator[dict[str, Any]]:
    if path.is_dir():
        broken = 0
        for file in sorted(path.rglob("*")):
            if file.is_file() and (file.name.removesuffix(".gz").endswith(_SUFFIXES) or file.name.endswith(".tar.gz")):
                try:
                    yield from _objects(file, notes)
                except KubeschedError:
                    broken += 1
        if broken:
            notes.append(Note("files hold no objects and are left out", broken))
    elif path.name.endswith((".tar.gz", ".tgz", ".tar")):
        yield from _bundle(path, notes)
    elif path.name.endswith(".jsonl"):
        yield from _json_lines(path)
    else:
        yield from _file(path)


def _file(path: Path) -> list[dict[str, Any]]:
    try:
        return load(path)
    except ManifestError as error:
        if not path.name.removesuffix(".gz").endswith(".json"):
            raise
        found = _typed(json.loads(path.read_text(errors="replace")) if _is_json(path) else None, path.name)
        if not found:
            raise error from None
        return found


def _is_json(path: Path) -> bool:
    try:
        json.loads(path.read_text(errors="replace"))
    except (ValueError, OSError, RecursionError):
        return False
    return True


def _typed(root: Any, name: str, folder: str = "") -> list[dict[str, Any]]:
    """Return the objects of JSON that leaves out their kinds, which the file's or folder's name gives."""
    stem = name.partition(".")[0].lower()
    guess = _SINGULAR.get(stem) or _SINGULAR.get(folder.lower())
    listed = root.get("items") if isinstance(root, dict) and "items" in root else root
    if isinstance(listed, dict):
        listed = [listed]
    found = []
    for obj in listed or []:
        if not isinstance(obj, dict) or not isinstance(obj.get("metadata"), dict):
            continue
        kind = obj.get("kind") or guess
        if kind and obj["metadata"].get("name"):
            found.append({**obj, "kind": kind, "apiVersion": obj.get("apiVersion") or "v1"})
    return found


def _json_lines(path: Path) -> Iterator[dict[str, Any]]:
    for line, text in enumerate(path.read_text(errors="replace").splitlines(), 1):
        if not text.strip():
            continue
        try:
            root = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise TraceFormatError(f"{path}:{line}: must be JSON, got {error}") from None
        yield from _typed(root, path.name)


def _bundle(path: Path, notes: list[Note]) -> Iterator[dict[str, Any]]:
    total = 0
    others = 0
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                if not member.isfile() or not member.name.endswith(_SUFFIXES):
                    continue
                total += member.size
                if total > _MOST_BYTES:
                    raise TraceFormatError(f"{path}: must have at most {_MOST_BYTES} bytes unpacked, got more")
                file = archive.extractfile(member)
                data = file.read() if file else b""
                parts = Path(member.name).parts
                found: list[dict[str, Any]] = []
                if member.name.endswith(".json"):
                    try:
                        found = _typed(json.loads(data), parts[-1], parts[-2] if len(parts) > 1 else "")
                    except (ValueError, RecursionError):
                        others += 1
                else:
                    others += 1
                yield from found
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise TraceFormatError(f"{path}: must be a whole archive, got {error}") from None
    if others:
        notes.append(Note("files of the archive are no JSON and are left out", others))
