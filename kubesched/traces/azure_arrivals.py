"""Arrivals of Azure's VMs in bins of 300 seconds, as published with trace_generation_rnn.

A line is a time in seconds and the flavours of the VMs that arrived then, a letter each; `|` ends a tenant's batch. A
file of the same name with `.cNNN` before `.txt` tells in which bin of age each ended (U) or was cut off (C).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from kubesched.errors import TraceFormatError
from kubesched.traces.heads import head
from kubesched.traces.jobs import GIB, SECOND_NS, Jobs, made_cluster, trace_of_jobs
from kubesched.traces.options import CLUSTER_OPTIONS, Options
from kubesched.traces.rows import fault
from kubesched.traces.table import open_text
from kubesched.traces.trace import FINISHED, RUNNING, Note, Trace

OPTIONS = CLUSTER_OPTIONS
_LINE = re.compile(r"\d+ (?:[a-z]|\|)(?:,(?:[a-z]|\|))*")


def sniff(path: Path) -> bool:
    """Tell whether a file is a list of arrivals."""
    return path.is_file() and bool(_LINE.match(head(path).partition("\n")[0]))


def read(path: Path, options: Options) -> Trace:
    """Read arrivals; flav_map.txt must be beside them, v1.interval_map.txt too where there are durations.

    Raises:
        TraceFormatError: a file is missing or broken; path, line and column are named.
    """
    flavours = _flavours(path.with_name("flav_map.txt"))
    times, kinds = [], []
    for line, time_s, letters in _lines(path):
        for letter in letters:
            if letter == "|":
                continue
            if letter not in flavours:
                fault(path, line, "flavour", f"be one of {', '.join(flavours)}", letter)
            times.append(time_s)
            kinds.append(flavours[letter])
    if not times:
        raise TraceFormatError(f"{path}: must have at least one VM, got none")
    notes = [Note("VMs arrive in bins of 300 s")]
    arrival_ns = np.array(times, np.int64) * SECOND_NS
    duration_ns = np.full(len(times), -1, np.int64)
    beside = _durations_file(path)
    if beside is None:
        notes.append(Note("there are no durations: VMs stay"))
    else:
        duration_ns = _durations(path, beside, len(times), notes)
    cpu, memory = np.array(kinds).T
    count = len(times)
    jobs = Jobs(
        names=[f"vm-{i}" for i in range(count)],
        arrival_ns=arrival_ns,
        start_ns=arrival_ns,
        end_ns=np.where(duration_ns >= 0, arrival_ns + duration_ns, -1),
        outcome=np.where(duration_ns >= 0, FINISHED, RUNNING),
        replicas=np.ones(count, np.int64),
        milli_cpu=np.rint(cpu * 1000).astype(np.int64),
        memory_bytes=np.rint(memory * GIB).astype(np.int64),
        gpus=np.zeros(count, np.int64),
        priority=np.zeros(count, np.int64),
        namespace=np.zeros(count, np.int64),
    )
    return trace_of_jobs(f"Azure arrivals {path.name}", jobs, made_cluster(jobs, options, notes), notes)


def _lines(path: Path) -> Iterator[tuple[int, int, list[str]]]:
    try:
        with open_text(path) as file:
            for line, text in enumerate(file, 1):
                time_s, _, rest = text.strip().partition(" ")
                if not time_s:
                    continue
                if not time_s.isdecimal() or len(time_s) > 12:
                    fault(path, line, "time", "be a whole number of seconds", time_s)
                yield line, int(time_s), rest.split(",") if rest else []
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise TraceFormatError(f"{path}: must be a whole text file, got {error}") from None


def _flavours(path: Path) -> dict[str, tuple[float, float]]:
    try:
        lines = path.read_text().splitlines()
    except OSError as error:
        raise TraceFormatError(f"{path}: must be a readable file, got {error.strerror!r}") from None
    found = {}
    for line, text in enumerate(lines, 1):
        size, _, name = text.partition(" ")
        cores, _, memory = size.partition(",")
        try:
            found[name.strip()] = (float(cores), float(memory))
        except ValueError:
            fault(path, line, "size", "be cores,GiB", size)
    return found


def _durations_file(path: Path) -> Path | None:
    stem = path.name.removesuffix(".gz").removesuffix(".txt")
    return next(iter(sorted(p for p in path.parent.glob(f"{stem}.c*.txt*") if p != path)), None)


def _durations(path: Path, beside: Path, count: int, notes: list[Note]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    maps = sorted(path.parent.glob("*interval_map.txt*"))
    if not maps:
        raise TraceFormatError(f"{path}: must have an interval_map.txt beside it, got none")
    start_of_bin = {int(fields[0]): time_s for _, time_s, fields in _lines(maps[0])}
    found = []
    for line, _, letters in _lines(beside):
        for letter in letters:
            if letter == "|":
                continue
            if letter[:1] not in ("U", "C") or not letter[1:].isdecimal():
                fault(beside, line, "duration", "be U or C and a bin", letter)
            last = max(start_of_bin)
            seconds = start_of_bin.get(int(letter[1:]), last)
            found.append(seconds * SECOND_NS if letter[0] == "U" else -1)
    if len(found) != count:
        raise TraceFormatError(f"{beside}: must have as many VMs as {path.name}, got {len(found)} and {count}")
    cut = found.count(-1)
    notes.append(Note("VMs are alive when the trace ends", cut))
    return np.array(found, np.int64)
