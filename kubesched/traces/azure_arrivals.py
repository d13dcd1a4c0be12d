"""Arrivals of Azure's VMs in bins of 300 seconds, as published with trace_generation_rnn.

A line is a time in seconds and the flavours of the VMs that arrived then, a letter each; `|` ends a tenant's batch. A
file of the same name with `.cNNN` before `.txt` tells in which bin of age each ended (U) or was cut off (C).
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kubesched.errors import TraceFormatError
from kubesched.traces.heads import head
from kubesched.traces.jobs import GIB, SECOND_NS, Jobs, made_cluster, trace_of_jobs
from kubesched.traces.options import CLUSTER_OPTIONS, Options
from kubesched.traces.rows import fault
from kubesched.traces.table import open_text
from kubesched.traces.trace import FINISHED, RUNNING, Note, Trace

OPTIONS = CLUSTER_OPTIONS
_MOST_DIGITS = 9
_LINE = re.compile(r"\d+ (?:[a-z]|\|)(?:,(?:[a-z]|\|))*")

_Ints = npt.NDArray[np.int64]


def sniff(path: Path) -> bool:
    """Tell whether a file is a list of arrivals."""
    return path.is_file() and bool(_LINE.match(head(path).partition("\n")[0]))


def read(path: Path, options: Options) -> Trace:
    """Read arrivals; flav_map.txt must be beside them, v1.interval_map.txt too where there are durations.

    Raises:
        TraceFormatError: a file is missing or broken; path, line and column are named.
    """
    flavours = _flavours(path.with_name("flav_map.txt"))
    arrivals = _read_bins(path)
    times = arrivals.each_time_s()
    letters, which = arrivals.distinct()
    for i, letter in enumerate(letters):
        if letter not in flavours:
            line = arrivals.line_of(int(np.argmax(which == i)))
            fault(path, line, "flavour", f"be one of {', '.join(flavours)}", letter)
    if len(times) == 0:
        raise TraceFormatError(f"{path}: must have at least one VM, got none")
    notes = [Note("VMs arrive in bins of 300 s")]
    arrival_ns = times * SECOND_NS
    duration_ns = np.full(len(times), -1, np.int64)
    beside = _durations_file(path)
    if beside is None:
        notes.append(Note("there are no durations: VMs stay"))
    else:
        duration_ns = _durations(path, beside, len(times), notes)
    cpu, memory = np.array([flavours[letter] for letter in letters])[which].T
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


@dataclass(frozen=True, slots=True)
class _Bins:
    """The lines of a file: `SECONDS ITEM,ITEM,...`; `|` is no item.

    Attributes:
        lines, time_s: int64 of shape (num_lines,): the number in the file, and the time.
        counts: int64 of shape (num_lines,), items of a line.
        items: of all lines, in order.
    """

    lines: _Ints
    time_s: _Ints
    counts: _Ints
    items: pa.StringArray

    def each_time_s(self) -> _Ints:
        """Return int64 of shape (num_items,), the time of each item's line."""
        return np.repeat(self.time_s, self.counts)

    def line_of(self, item: int) -> int:
        """Return the number of an item's line."""
        return int(self.lines[np.searchsorted(np.cumsum(self.counts), item, side="right")])

    def distinct(self) -> tuple[list[str], _Ints]:
        """Return the distinct items, and int64 of shape (num_items,), which of them each is."""
        coded = self.items.dictionary_encode()
        return coded.dictionary.to_pylist(), coded.indices.to_numpy().astype(np.int64)


def _read_bins(path: Path) -> _Bins:
    lines, times, rests = [], [], []
    try:
        with open_text(path) as file:
            for line, text in enumerate(file, 1):
                time_s, _, rest = text.strip().partition(" ")
                if not time_s:
                    continue
                if not (time_s.isascii() and time_s.isdecimal() and len(time_s) <= _MOST_DIGITS):
                    fault(path, line, "time", "be a whole number of seconds", time_s)
                lines.append(line)
                times.append(int(time_s))
                rests.append(rest or None)
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise TraceFormatError(f"{path}: must be a whole text file, got {error}") from None
    split = pc.split_pattern(pa.array(rests, pa.string()), ",")
    line_of_item, items = pc.list_parent_indices(split), pc.list_flatten(split)
    is_item = pc.not_equal(items, "|")
    counts = np.bincount(line_of_item.filter(is_item).to_numpy(), minlength=len(lines))
    return _Bins(np.array(lines, np.int64), np.array(times, np.int64), counts.astype(np.int64), items.filter(is_item))


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


def _durations(path: Path, beside: Path, count: int, notes: list[Note]) -> _Ints:
    """Return int64 of shape (num_vms,): nanoseconds, -1 for those that are alive when the trace ends."""
    maps = sorted(path.parent.glob("*interval_map.txt*"))
    if not maps:
        raise TraceFormatError(f"{path}: must have an interval_map.txt beside it, got none")
    intervals = _read_bins(maps[0])
    starts = zip(intervals.items.to_pylist(), intervals.each_time_s().tolist(), strict=True)
    start_of_bin = {int(item): time_s for item, time_s in starts if item.isdecimal()}
    if not start_of_bin:
        raise TraceFormatError(f"{maps[0]}: must have at least one bin, got none")
    found = _read_bins(beside)
    texts, which = found.distinct()
    seconds = []
    for i, text in enumerate(texts):
        if text[:1] not in ("U", "C") or not text[1:].isdecimal():
            fault(beside, found.line_of(int(np.argmax(which == i))), "duration", "be U or C and a bin", text)
        # An age beyond the last bin counts as the last.
        ended = start_of_bin.get(int(text[1:]), start_of_bin[max(start_of_bin)]) * SECOND_NS
        seconds.append(ended if text[0] == "U" else -1)
    if len(which) != count:
        raise TraceFormatError(f"{beside}: must have as many VMs as {path.name}, got {len(which)} and {count}")
    duration_ns = np.array(seconds, np.int64)[which]
    notes.append(Note("VMs are alive when the trace ends", int(np.count_nonzero(duration_ns < 0))))
    return duration_ns
