"""The scheduling queue as lists and loops, after upstream's words (backend/queue, v1.34)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.oracle.queue_hints import (
    ALL,
    EVENTS,
    Manifest,
    bits,
    label,
    matches,
    node_events,
    node_name,
    pod_events,
    uid,
)

SECOND = 10**9
WILD = ("*", ALL)
Event = tuple[tuple[str, int], str, Manifest | None, Manifest | None]  # event, label, old, new


@dataclass(eq=False)
class Entry:
    pod: Manifest
    timestamp: int
    order: int
    attempts: int = 0
    unschedulable: int = 0
    errors: int = 0
    rejected_by: set[str] = field(default_factory=set)
    pending: set[str] = field(default_factory=set)
    gate: str = ""

    @property
    def key(self) -> str:
        return f"{self.pod['metadata'].get('namespace') or 'default'}/{self.pod['metadata']['name']}"

    @property
    def priority(self) -> int:
        return int(self.pod["spec"].get("priority") or 0)

    def rank(self) -> tuple[int, int, int]:
        return (-self.priority, self.timestamp, self.order)


class OracleQueue:
    def __init__(self, initial: int, longest: int, leftover: int, early_pop: bool, start: int) -> None:
        self.initial, self.longest, self.leftover, self.early_pop = initial, longest, leftover, early_pop
        self.now = start
        self.next_backoff = self.window(start + SECOND)
        self.next_leftover = start
        self.active: dict[str, Entry] = {}
        self.backoff: dict[str, Entry] = {}
        self.error_backoff: dict[str, Entry] = {}
        self.waiting: dict[str, Entry] = {}
        self.flight: list[Manifest | Event] = []
        self.preempting: set[str] = set()
        self.incoming: Counter[tuple[str, str]] = Counter()
        self.order = 0

    # Time.

    def window(self, time: int) -> int:
        return time // SECOND * SECOND if self.early_pop else time

    def advance(self, now: int) -> None:
        while min(self.next_backoff, self.next_leftover) <= now:
            self.now = min(self.next_backoff, self.next_leftover)
            if self.next_backoff <= self.next_leftover:
                self.next_backoff += SECOND
                for queue in (self.backoff, self.error_backoff):
                    over = [entry for entry in self.by_expiry(queue) if not self.backs_off(entry)]
                    for entry in over:
                        del queue[entry.key]
                    for entry in over:
                        self.to_active(entry, "BackoffComplete")
            else:
                self.next_leftover += 30 * SECOND
                old = [e for _, e in sorted(self.waiting.items()) if self.now - e.timestamp > self.leftover]
                if old:
                    self.move(old, (WILD, "UnschedulableTimeout", None, None))
        self.now = now

    def expiry(self, entry: Entry) -> int:
        count = entry.errors or entry.unschedulable
        if count == 0 or self.longest == 0:
            return -1
        backoff = self.initial
        for _ in range(count - 1):
            backoff = min(2 * backoff, self.longest)
        return self.window(entry.timestamp + min(backoff, self.longest))

    def by_expiry(self, queue: dict[str, Entry]) -> list[Entry]:
        if queue is self.backoff and self.early_pop:
            return sorted(queue.values(), key=lambda e: (self.expiry(e), e.rank()))
        return sorted(queue.values(), key=lambda e: (self.expiry(e), e.order))

    def backs_off(self, entry: Entry) -> bool:
        return self.expiry(entry) >= self.window(self.now)

    def new_entry(self, pod: Manifest) -> Entry:
        self.order += 1
        return Entry(pod, self.now, self.order)

    # Moves.

    def find_gate(self, entry: Entry) -> None:
        holding = []
        if entry.pod["spec"].get("schedulingGates"):
            holding.append("SchedulingGates")
        if uid(entry.pod) in self.preempting:
            holding.append("DefaultPreemption")
        if entry.gate not in holding:
            entry.gate = holding[0] if holding else ""
        if entry.gate:
            entry.rejected_by.add(entry.gate)

    def queued(self, key: str) -> bool:
        return any(key in queue for queue in (self.active, self.backoff, self.error_backoff, self.waiting))

    def wait(self, entry: Entry, event: str) -> None:
        if entry.key not in self.waiting:
            self.incoming["unschedulable", event] += 1
        self.waiting[entry.key] = entry

    def to_active(self, entry: Entry, event: str) -> bool:
        if not (self.early_pop and event == "BackoffComplete"):
            self.find_gate(entry)
        if entry.gate:
            if not self.queued(entry.key):
                self.wait(entry, event)
            return False
        self.active[entry.key] = entry
        self.incoming["active", event] += 1
        self.waiting.pop(entry.key, None)
        if self.backoff.pop(entry.key, None) is None:
            self.error_backoff.pop(entry.key, None)
        return True

    def to_backoff(self, entry: Entry, event: str) -> bool:
        if self.early_pop:
            self.find_gate(entry)
            if entry.gate:
                if entry.key not in self.waiting:
                    self.wait(entry, event)
                return False
        into, other = self.error_backoff, self.backoff
        if entry.rejected_by or entry.pending:
            into, other = other, into
        into[entry.key] = entry
        if other.pop(entry.key, None) is None:
            self.incoming["backoff", event] += 1
        return True

    def requeue(self, entry: Entry, strategy: str, event: str) -> str:
        if strategy == "skip":
            self.wait(entry, event)
            return "waiting"
        if strategy == "after backoff" and self.backs_off(entry):
            return "backoff" if self.to_backoff(entry, event) else "waiting"
        return "active" if self.to_active(entry, event) else "waiting"

    def judge(self, entry: Entry, event: Event) -> str:
        what, _, old, new = event
        if not entry.rejected_by | entry.pending:
            return "after backoff"
        if what == WILD:
            return "after backoff" if new is None or uid(new) == uid(entry.pod) else "skip"
        said_yes = {
            plugin
            for plugin in entry.rejected_by | entry.pending
            for resource, action, hint in EVENTS[plugin]
            if matches((resource, action), what) and hint(entry.pod, old, new)
        }
        if said_yes & entry.pending:
            return "immediately"
        return "after backoff" if said_yes else "skip"

    def move(self, entries: list[Entry], event: Event) -> None:
        for entry in entries:
            if entry.gate and not any(matches((r, a), event[0]) for r, a, _ in EVENTS[entry.gate]):
                continue
            strategy = self.judge(entry, event)
            if strategy != "skip":
                del self.waiting[entry.key]
                self.requeue(entry, strategy, event[1])
        if self.in_flight():
            self.flight.append(event)

    def in_flight(self) -> list[str]:
        return [uid(item) for item in self.flight if isinstance(item, dict)]

    # Calls.

    def add(self, pod: Manifest, now: int) -> None:
        self.advance(now)
        self.to_active(self.new_entry(pod), "UnschedulablePodAdd")

    def pop(self, now: int) -> Entry | None:
        self.advance(now)
        while True:
            if self.active:
                entry = min(self.active.values(), key=Entry.rank)
                del self.active[entry.key]
            elif self.early_pop and self.backoff:
                entry = self.by_expiry(self.backoff)[0]
                del self.backoff[entry.key]
                self.incoming["active", "PopFromBackoffQ"] += 1
            else:
                return None
            entry.attempts += 1
            if uid(entry.pod) in self.in_flight():
                continue
            self.flight.append(entry.pod)
            entry.rejected_by, entry.pending, entry.gate = set(), set(), ""
            return entry

    def fail(self, entry: Entry, now: int, rejected_by: set[str], pending: set[str]) -> bool:
        self.advance(now)
        if self.queued(entry.key):
            self.done(entry)
            return False
        entry.rejected_by, entry.pending = set(rejected_by), set(pending)
        if rejected_by or pending:
            entry.unschedulable, entry.errors = entry.unschedulable + 1, 0
        else:
            entry.errors += 1
        self.order += 1
        entry.timestamp, entry.order = self.now, self.order
        self.requeue(entry, self.judge_flight(entry), "ScheduleAttemptFailure")
        self.done(entry)
        return True

    def judge_flight(self, entry: Entry) -> str:
        if uid(entry.pod) not in self.in_flight():
            return "after backoff"
        start = next(i for i, item in enumerate(self.flight) if isinstance(item, dict) and uid(item) == uid(entry.pod))
        found = [self.judge(entry, item) for item in self.flight[start:] if not isinstance(item, dict)]
        if not entry.rejected_by | entry.pending:
            return "after backoff"
        return next((s for s in ("immediately", "after backoff") if s in found), "skip")

    def done(self, entry: Entry) -> None:
        self.flight = [i for i in self.flight if not isinstance(i, dict) or uid(i) != uid(entry.pod)]
        while self.flight and not isinstance(self.flight[0], dict):
            del self.flight[0]

    def update(self, old: Manifest, new: Manifest, now: int) -> None:
        self.advance(now)
        events = [(what, label(*what), old, new) for what in pod_events(old, new)]
        key = Entry(new, 0, 0).key
        entry = next((q[key] for q in (self.active, self.backoff, self.error_backoff) if key in q), None)
        if uid(new) in self.in_flight():
            self.flight += events
        elif entry is not None:
            entry.pod = new
        elif key in self.waiting:
            entry = self.waiting[key]
            entry.pod = new
            for event in events:
                place = self.requeue(entry, self.judge(entry, event), event[1])
                if place != "waiting":
                    self.waiting.pop(key, None)
                if place == "active" or (place == "backoff" and self.early_pop):
                    break
        else:
            self.to_active(self.new_entry(new), "UnschedulablePodUpdate")
        nominated = (old.get("status") or {}).get("nominatedNodeName")
        if nominated and nominated != (new.get("status") or {}).get("nominatedNodeName"):
            self.tell_lower(old)

    def delete(self, pod: Manifest, now: int) -> None:
        self.advance(now)
        key = Entry(pod, 0, 0).key
        for queue in (self.active, self.backoff, self.error_backoff, self.waiting):
            if queue.pop(key, None) is not None:
                break
        if (pod.get("status") or {}).get("nominatedNodeName"):
            self.tell_lower(pod)

    def tell_lower(self, pod: Manifest) -> None:
        lower = [e for _, e in sorted(self.waiting.items()) if e.priority <= int(pod["spec"].get("priority") or 0)]
        what = ("AssignedPod", bits("Delete"))
        self.move(lower, (what, label(*what), pod, None))

    def observe(self, resource: str, old: Manifest | None, new: Manifest | None, now: int) -> None:
        self.advance(now)
        if old is None or new is None:
            found = [(resource, bits("Add" if old is None else "Delete"))]
        else:
            found = node_events(old, new) if resource == "Node" else pod_events(old, new)
            assert resource == "Node" or node_name(new)
        for what in found:
            self.move([entry for _, entry in sorted(self.waiting.items())], (what, label(*what), old, new))

    def activate(self, pod: Manifest, now: int) -> None:
        self.advance(now)
        key = Entry(pod, 0, 0).key
        entry = self.waiting.get(key)
        if entry is None:
            entry = self.backoff.pop(key, None) or self.error_backoff.pop(key, None)
        if entry is not None and self.to_active(entry, "ForceActivate"):
            return
        if uid(pod) in self.in_flight():
            self.flight.append((WILD, "ForceActivate", None, pod))

    def snapshot(self) -> dict[str, Any]:
        return {
            "active": [entry.key for entry in sorted(self.active.values(), key=Entry.rank)],
            "backoff": [entry.key for entry in self.by_expiry(self.backoff)],
            "error_backoff": [entry.key for entry in self.by_expiry(self.error_backoff)],
            "unschedulable": sorted(key for key, entry in self.waiting.items() if not entry.gate),
            "gated": sorted(key for key, entry in self.waiting.items() if entry.gate),
            "in_flight": [Entry(i, 0, 0).key if isinstance(i, dict) else f":{i[1]}" for i in self.flight],
        }
