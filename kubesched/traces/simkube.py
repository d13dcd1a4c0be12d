"""SimKube traces, versions 1 (an array of four) and 2 (a map), in msgpack or JSON.

Each event has objects that were applied and objects that were deleted. Workloads become pods; the recorded lifecycles
of an object's pods give their run times. SimKube records no nodes: they are made up.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kubesched.errors import KubeschedError, TraceFormatError
from kubesched.traces.heads import head
from kubesched.traces.jobs import GIB, SECOND_NS
from kubesched.traces.options import CLUSTER_OPTIONS, Option, Options
from kubesched.traces.timeline import Timeline
from kubesched.traces.trace import Note, Trace

OPTIONS = CLUSTER_OPTIONS | {"nodes": Option(10, "number of nodes", least=1)}
_MOST_BYTES = 2**31
_MAP_STARTS = tuple(bytes([first]) for first in (*range(0x80, 0xA0), 0xDC, 0xDD, 0xDE, 0xDF))


def sniff(path: Path) -> bool:
    """Tell whether a file is such a trace."""
    if not path.is_file():
        return False
    if path.name.endswith(".sktrace"):
        return True
    start = head(path)[:4096]
    if '"trackedObjects"' in start:
        return True
    with path.open("rb") as file:
        data = file.read(4096)
    return data.startswith(_MAP_STARTS) and b"trackedObjects" in data


def read(path: Path, options: Options) -> Trace:
    """Read the trace.

    Raises:
        TraceFormatError: it is broken; path and event are named.
    """
    version, events, lifecycles = _parts(path, _load(path))
    notes = [Note(f"version {version}")]
    timeline = Timeline()
    num_nodes, gpus = options.integer("nodes"), options.integer("node_gpus")
    memory_bytes = round(options.number("node_memory_gib") * GIB)
    timeline.make_nodes(num_nodes, options.integer("node_cpu") * 1000, memory_bytes, gpus)
    notes.append(Note("nodes are made up, for the trace names none", num_nodes))
    first_s = min((_seconds(path, i, event) for i, event in enumerate(events)), default=0)
    for owner, lives in _lives(lifecycles):
        timeline.know_lives(owner, [(max(start - first_s * SECOND_NS, 0), length) for start, length in lives])
    applied = deleted = 0
    for i, event in enumerate(events):
        time_ns = (_seconds(path, i, event) - first_s) * SECOND_NS
        try:
            for obj in event.get("applied_objs") or []:
                timeline.apply(time_ns, obj)
                applied += 1
            for obj in event.get("deleted_objs") or []:
                metadata = obj.get("metadata") or {}
                timeline.delete(
                    time_ns, str(obj.get("kind")), str(metadata.get("namespace") or ""), str(metadata["name"])
                )
                deleted += 1
        except (KubeschedError, AttributeError, KeyError, TypeError) as error:
            raise TraceFormatError(f"{path}: event {i + 1} must have objects, got {error}") from None
    notes += [Note("events", len(events)), Note("objects were applied", applied), Note("objects were deleted", deleted)]
    return timeline.build(f"SimKube {path.name}", notes)


def _load(path: Path) -> Any:
    if path.stat().st_size > _MOST_BYTES:
        raise TraceFormatError(f"{path}: must have at most {_MOST_BYTES} bytes, got {path.stat().st_size}")
    data = path.read_bytes()
    if data.lstrip()[:1] in (b"{", b"["):
        try:
            return json.loads(data)
        except (ValueError, RecursionError) as error:
            raise TraceFormatError(f"{path}: must be JSON, got {error}") from None
    import msgpack

    try:
        return msgpack.unpackb(data, raw=False, strict_map_key=False, use_list=True, object_pairs_hook=_pairs)
    except (ValueError, msgpack.exceptions.UnpackException, RecursionError, TypeError) as error:
        raise TraceFormatError(f"{path}: must be msgpack, got {error!r}") from None


def _pairs(pairs: Sequence[tuple[Any, Any]]) -> dict[Any, Any]:
    return {key if isinstance(key, str) else _hashable(key): value for key, value in pairs}


def _hashable(key: Any) -> Any:
    if isinstance(key, (list, tuple)):
        return tuple(_hashable(part) for part in key)
    return json.dumps(key, sort_keys=True) if isinstance(key, dict) else key


def _parts(path: Path, root: Any) -> tuple[int, Sequence[Mapping[str, Any]], Any]:
    if isinstance(root, Mapping) and isinstance(root.get("events"), (list, tuple)):
        return int(root.get("version") or 2), root["events"], root.get("pod_lifecycles") or {}
    if isinstance(root, (list, tuple)) and len(root) == 4 and isinstance(root[1], (list, tuple)):
        return 1, root[1], root[3] or {}
    raise TraceFormatError(f"{path}: must have events, as a map of version 2 or an array of version 1, got neither")


def _seconds(path: Path, i: int, event: Any) -> int:
    ts = event.get("ts") if isinstance(event, Mapping) else None
    if not isinstance(ts, int) or not 0 <= ts < 2**33:
        raise TraceFormatError(f"{path}: ts of event {i + 1} must be Unix seconds, got {ts!r}")
    return ts


def _lives(lifecycles: Any) -> list[tuple[tuple[str, str, str], list[tuple[int, int]]]]:
    """Return owner -> (start, run time) of its pods in order; run time -1 for one that still ran."""
    found = []
    pairs = lifecycles.items() if isinstance(lifecycles, Mapping) else []
    for key, by_hash in pairs:
        kind, name = _owner(key)
        namespace, _, name = name.rpartition("/")
        lives = []
        for listed in (by_hash or {}).values() if isinstance(by_hash, Mapping) else []:
            for life in listed if isinstance(listed, (list, tuple)) else [listed]:
                lives.append(_life(life))
        lives.sort()
        found.append(((kind, namespace or "default", name), lives))
    return found


def _owner(key: Any) -> tuple[str, str]:
    """Return (kind, namespace/name) of a key: (GVK, name), or the name alone as in version 1."""
    if isinstance(key, tuple) and len(key) == 2:
        gvk, name = key
        if isinstance(gvk, tuple):
            gvk = gvk[-1]
        text = str(gvk)
        if text.startswith("{"):
            text = str(json.loads(text).get("kind", ""))
        return text.rpartition(".")[2].rpartition("/")[2], str(name)
    return "Deployment", str(key)


def _life(life: Any) -> tuple[int, int]:
    """Return (start, duration) in nanoseconds of a pod's recorded life."""
    if isinstance(life, Mapping):
        finished = life.get("Finished") or life.get("finished")
        if isinstance(finished, (list, tuple)) and len(finished) == 2 and all(isinstance(t, int) for t in finished):
            return finished[0] * SECOND_NS, max(finished[1] - finished[0], 0) * SECOND_NS
        running = life.get("Running") or life.get("running") or 0
        return (running if isinstance(running, int) else 0) * SECOND_NS, -1
    return 0, -1
