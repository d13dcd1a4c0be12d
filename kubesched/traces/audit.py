"""Audit logs of an API server (audit.k8s.io), one JSON event a line; a folder of such files, too.

Creations, updates, bindings and deletions that succeeded become the trace; events need their objects (level Request or
higher). Wrappers of AKS, GKE and CloudWatch are taken off. A log rarely has nodes: an option makes some up.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kubesched.errors import KubeschedError, TraceFormatError
from kubesched.traces.clock_times import time_ns
from kubesched.traces.heads import head
from kubesched.traces.jobs import GIB
from kubesched.traces.options import CLUSTER_OPTIONS, Option, Options
from kubesched.traces.table import open_text
from kubesched.traces.timeline import Timeline
from kubesched.traces.trace import Note, Trace
from kubesched.traces.workloads import KINDS

OPTIONS = CLUSTER_OPTIONS | {"nodes": Option(10, "nodes made up where the log has none", least=0)}
_KINDS = {
    "pods": "Pod",
    "nodes": "Node",
    "namespaces": "Namespace",
    "deployments": "Deployment",
    "replicasets": "ReplicaSet",
    "replicationcontrollers": "ReplicationController",
    "statefulsets": "StatefulSet",
    "daemonsets": "DaemonSet",
    "jobs": "Job",
    "cronjobs": "CronJob",
    "services": "Service",
    "persistentvolumes": "PersistentVolume",
    "persistentvolumeclaims": "PersistentVolumeClaim",
    "storageclasses": "StorageClass",
    "priorityclasses": "PriorityClass",
    "poddisruptionbudgets": "PodDisruptionBudget",
}
_WRITES = ("create", "update", "patch")
_BAD_REQUEST = 400


def sniff(path: Path) -> bool:
    """Tell whether a file has audit events, or a folder files of them."""
    if path.is_dir():
        files = _files(path)
        return bool(files) and sniff(files[0])
    start = head(path)[:60_000]
    if '"auditID"' in start and '"verb"' in start:
        return True
    return "kube-audit" in start[:2000] or "cloudaudit.googleapis.com" in start or "audit.AuditLog" in start


def read(path: Path, options: Options) -> Trace:
    """Read the log.

    Raises:
        TraceFormatError: it is broken; path and line are named. A log of level Metadata has no objects.
    """
    events = []
    skipped: Counter[str] = Counter()
    for file in _files(path) if path.is_dir() else [path]:
        for line, event in _events(file):
            taken = _taken(file, line, event, skipped)
            if taken is not None:
                events.append(taken)
    if not events:
        told = ", ".join(f"{count} {reason}" for reason, count in skipped.most_common()) or "no events"
        raise TraceFormatError(f"{path}: must have creations with their objects, got {told}")
    events.sort(key=lambda event: (event[0], event[1], event[2]))
    first_ns = events[0][0]
    timeline = Timeline()
    if not any(kind == "Node" and verb in _WRITES for _, _, _, verb, kind, *_ in events):
        memory_bytes = round(options.number("node_memory_gib") * GIB)
        count = options.integer("nodes")
        timeline.make_nodes(count, options.integer("node_cpu") * 1000, memory_bytes, options.integer("node_gpus"))
    have_pods = any(kind == "Pod" and verb == "create" and _controller(obj) for *_, verb, kind, _, _, obj in events)
    owned = 0
    for now_ns, file_name, line, verb, kind, namespace, name, obj in events:
        try:
            if verb == "delete":
                timeline.delete(now_ns - first_ns, kind, namespace, name)
            elif verb == "bind":
                timeline.bind(now_ns - first_ns, namespace, name, obj["target"]["name"])
            elif kind in KINDS and (have_pods or _controller(obj)):
                owned += 1
            else:
                timeline.apply(now_ns - first_ns, obj)
        except (KubeschedError, AttributeError, KeyError, TypeError) as error:
            raise TraceFormatError(f"{file_name}:{line}: the event must have a {kind}, got {error}") from None
    notes = [Note("events are used", len(events) - owned)]
    if owned:
        notes.append(Note("workloads are left out: the log has their pods, or their owners", owned))
    notes += [Note(f"events are left out: {reason}", count) for reason, count in sorted(skipped.items())]
    return timeline.build(f"audit log {path.name}", notes)


def _files(path: Path) -> list[Path]:
    endings = (".json", ".jsonl", ".log", ".json.gz", ".log.gz")
    return sorted(file for file in path.iterdir() if file.is_file() and file.name.endswith(endings))


def _controller(obj: Mapping[str, Any] | None) -> str:
    """Return the kind of an object's controller; empty where it has none."""
    listed = ((obj or {}).get("metadata") or {}).get("ownerReferences") or []
    return next((str(ref.get("kind")) for ref in listed if isinstance(ref, Mapping) and ref.get("controller")), "")


def _events(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    line = 0
    try:
        with open_text(path) as file:
            text = file.read(2**31)
        for line, row in _documents(text):
            event = _unwrapped(row)
            if isinstance(event, dict):
                yield line, event
    except (ValueError, OSError, EOFError, RecursionError) as error:
        if isinstance(error, TraceFormatError):
            raise
        raise TraceFormatError(f"{path}:{line + 1}: must be JSON lines of audit events, got {error}") from None


def _documents(text: str) -> Iterator[tuple[int, Any]]:
    """Yield JSON values that follow one another, each with its line; CloudWatch puts time and stream before each."""
    decoder = json.JSONDecoder()
    at, line = 0, 1
    while True:
        start = text.find("{", at)
        if start < 0:
            break
        line += text.count("\n", at, start)
        try:
            value, end = decoder.raw_decode(text, start)
        except ValueError as error:
            raise ValueError(f"line {line}: {error}") from None
        yield line, value
        line += text.count("\n", start, end)
        at = end


def _unwrapped(row: Any) -> Any:
    if not isinstance(row, dict):
        return None
    if "properties" in row and isinstance(row["properties"], dict) and "log" in row["properties"]:
        log = row["properties"]["log"]
        return json.loads(log) if isinstance(log, str) else log
    payload = row.get("protoPayload")
    if isinstance(payload, dict) and "methodName" in payload:
        parts = str(payload["methodName"]).split(".")
        names = str(payload.get("resourceName") or "").split("/")
        namespace = names[names.index("namespaces") + 1] if "namespaces" in names[:-1] else ""
        resource = parts[-2] if len(parts) > 1 else ""
        last = names[-1] if resource in names and names.index(resource) < len(names) - 1 else ""
        code = (payload.get("status") or {}).get("code", 0)
        return {
            "verb": parts[-1],
            "stage": "ResponseComplete",
            "objectRef": {"resource": resource, "namespace": namespace, "name": last},
            "requestObject": payload.get("request"),
            "responseObject": payload.get("response"),
            "responseStatus": {"code": 200 if code == 0 else 500},
            "stageTimestamp": row.get("timestamp"),
        }
    if row.get("kind") == "EventList":
        return None
    return row


def _taken(path: Path, line: int, event: Mapping[str, Any], skipped: Counter[str]) -> Any:
    """Return (time, file, line, verb, kind, namespace, name, object) of an event that changes something."""
    verb = event.get("verb")
    ref = event.get("objectRef") or {}
    kind = _KINDS.get(str(ref.get("resource")))
    if verb not in (*_WRITES, "delete"):
        skipped["reads and watches"] += 1
        return None
    if event.get("stage") not in (None, "ResponseComplete"):
        skipped["other stages of a request"] += 1
        return None
    code = (event.get("responseStatus") or {}).get("code") or 200
    if not isinstance(code, int) or code >= _BAD_REQUEST:
        skipped["requests that failed"] += 1
        return None
    if kind is None:
        skipped["kinds that no scheduler reads"] += 1
        return None
    stamp = event.get("stageTimestamp") or event.get("requestReceivedTimestamp") or event.get("timestamp")
    now_ns = time_ns(None if stamp is None else str(stamp), path, line, "stageTimestamp")
    if now_ns < 0:
        raise TraceFormatError(f"{path}:{line}: stageTimestamp must be there, got none")
    answer, request = event.get("responseObject"), event.get("requestObject")
    namespace, name = str(ref.get("namespace") or ""), str(ref.get("name") or "")
    where = (now_ns, str(path), line)
    if ref.get("subresource") == "binding" and verb == "create":
        if not isinstance(request, dict) or not isinstance((request.get("target") or {}).get("name"), str):
            skipped["bindings without an object"] += 1
            return None
        return (*where, "bind", "Pod", namespace, name or str((request.get("metadata") or {}).get("name")), request)
    if ref.get("subresource") and not (kind in ("Pod", "Node") and ref["subresource"] == "status"):
        skipped["subresources"] += 1
        return None
    if verb == "delete":
        return (*where, "delete", kind, namespace, name, None)
    obj = answer if isinstance(answer, dict) and answer.get("metadata") and answer.get("kind") != "Status" else request
    if not isinstance(obj, dict) or "metadata" not in obj or (verb == "patch" and obj is request):
        skipped["writes without an object (level Metadata)"] += 1
        return None
    metadata = {**obj["metadata"]}
    metadata.setdefault("namespace", namespace or None)
    if not metadata.get("name"):
        metadata["name"] = name or f"{metadata.get('generateName', 'unnamed-')}{path.stem}-{line}".lower().replace(
            "_", "-"
        )
    if metadata.get("namespace") is None:
        metadata.pop("namespace")
    return (*where, verb, kind, namespace, metadata["name"], {**obj, "kind": kind, "metadata": metadata})
