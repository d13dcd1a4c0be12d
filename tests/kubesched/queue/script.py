"""A small language that drives a SchedulingQueue and prints all that each command changed.

A command a line, words apart by spaces; `#` starts a comment. Pods and nodes are remembered by name.

    at 2.5s                            let time pass
    add NAME [FIELD=VALUE ...]         a pending pod: cpu, memory, priority, gates, labels, tolerations, selector,
                                       nominated, uid; lists apart by commas
    update NAME [FIELD=VALUE ...]      the pod as it is now
    delete NAME                        also `bound NAME gone`, `node NAME gone`
    bound NAME [FIELD=VALUE ...]       a pod on a node: add or update
    node NAME [cpu=4 labels=a:b taints=k cordoned=yes]
    pop
    fail NAME [PLUGIN ...] [pending=PLUGIN,...]
    done NAME
    activate NAME
    preempting NAME yes|no
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from kubesched import StateError
from kubesched.queue import QueuedPod, SchedulingQueue
from tests.builders import make_node, make_pod

Manifest = dict[str, Any]
SECOND = 10**9


def _fields(words: list[str]) -> dict[str, str]:
    return dict(word.split("=", 1) for word in words)


def _listed(text: str) -> list[str]:
    return [item for item in text.split(",") if item]


def _pairs(text: str) -> dict[str, str]:
    return dict(item.split(":", 1) for item in _listed(text))


def _pod(name: str, fields: dict[str, str]) -> Manifest:
    pod = make_pod(name, fields.get("cpu"), fields.get("memory"), labels=_pairs(fields.get("labels", "")))
    spec = pod["spec"]
    spec["priority"] = int(fields.get("priority", "0"))
    spec["schedulingGates"] = [{"name": gate} for gate in _listed(fields.get("gates", ""))]
    spec["tolerations"] = [{"key": key, "operator": "Exists"} for key in _listed(fields.get("tolerations", ""))]
    spec["nodeSelector"] = _pairs(fields.get("selector", ""))
    if "nominated" in fields:
        pod["status"] = {"nominatedNodeName": fields["nominated"]}
    if "uid" in fields:
        pod["metadata"]["uid"] = fields["uid"]
    return pod


def _node(name: str, fields: dict[str, str]) -> Manifest:
    taints = [{"key": key, "effect": "NoSchedule"} for key in _listed(fields.get("taints", ""))]
    node = make_node(name, _pairs(fields.get("labels", "")), taints, cpu=fields.get("cpu", "4"))
    node["spec"]["unschedulable"] = fields.get("cordoned") == "yes"
    return node


class Script:
    """One queue and the objects that its script named."""

    def __init__(self, config: Manifest | None = None) -> None:
        self.queue = SchedulingQueue(config)
        self.now_ns = 0
        self.objects: dict[tuple[str, str], Manifest] = {}
        self.popped: dict[str, QueuedPod] = {}

    def run(self, command: str) -> str:
        """Run one command; return what it gave, where all pods are then, and which counters rose."""
        verb, *words = command.split()
        before = dict(self.queue.incoming)
        try:
            answer = getattr(self, f"do_{verb}")(*words)
        except StateError as error:
            answer = f"StateError: {error}"
        lines = [answer] if answer else []
        for place in ("active", "backoff", "error_backoff", "unschedulable", "gated", "in_flight"):
            keys = getattr(self.queue.snapshot, place)
            if keys:
                lines.append(f"{place}: {' '.join(self.describe(place, key) for key in keys)}")
        for (queue, event), count in self.queue.incoming.items():
            if count != before.get((queue, event), 0):
                lines.append(f"incoming {queue} {event} +{count - before.get((queue, event), 0)}")
        return "\n".join(lines) or "nothing"

    def describe(self, place: str, key: str) -> str:
        name = key.removeprefix("default/")
        queued = self.queue.find(key)
        if queued is None or place == "in_flight":
            return name
        if place in ("backoff", "error_backoff") and queued.backoff_expiration_ns is not None:
            return f"{name}({Decimal(queued.backoff_expiration_ns) / SECOND}s)"
        if place == "gated":
            return f"{name}({queued.gating_plugin}: {queued.gating_reason})"
        if place == "unschedulable":
            return f"{name}({','.join(sorted(queued.unschedulable_plugins | queued.pending_plugins))})"
        return name

    def observe(self, kind: str, name: str, new: Manifest | None) -> str:
        events = self.queue.observe(self.objects.get((kind, name)), new, self.now_ns)
        self.objects.pop((kind, name), None)
        if new is not None:
            self.objects[kind, name] = new
        return " ".join(["events:", *(event.label for event in events)]) if events else ""

    def do_at(self, time: str) -> str:
        self.now_ns = int(Decimal(time.removesuffix("s")) * SECOND)
        self.queue.tick(self.now_ns)
        return ""

    def do_add(self, name: str, *words: str) -> str:
        return self.observe("Pod", name, _pod(name, _fields([*words])))

    def do_update(self, name: str, *words: str) -> str:
        return self.observe("Pod", name, _pod(name, _fields([*words])))

    def do_delete(self, name: str) -> str:
        return self.observe("Pod", name, None)

    def do_bound(self, name: str, *words: str) -> str:
        pod = None if words == ("gone",) else _pod(name, _fields([*words]))
        if pod is not None:
            pod["spec"]["nodeName"] = "n"
        return self.observe("Pod", name, pod)

    def do_node(self, name: str, *words: str) -> str:
        return self.observe("Node", name, None if words == ("gone",) else _node(name, _fields([*words])))

    def do_pop(self) -> str:
        queued = self.queue.pop(self.now_ns)
        if queued is None:
            return "popped nothing"
        name = queued.key.removeprefix("default/")
        self.popped[name] = queued
        return f"popped {name}, attempt {queued.attempts}"

    def do_fail(self, name: str, *words: str) -> str:
        plugins = [word for word in words if "=" not in word]
        pending = _listed(_fields([word for word in words if "=" in word]).get("pending", ""))
        self.queue.add_unschedulable_if_not_present(
            self.popped[name],
            self.now_ns,
            unschedulable_plugins=plugins,
            pending_plugins=pending,
            pod=self.objects[("Pod", name)],
        )
        return ""

    def do_done(self, name: str) -> str:
        self.queue.done(self.popped[name])
        return ""

    def do_activate(self, name: str) -> str:
        self.queue.activate([self.objects["Pod", name]], self.now_ns)
        return ""

    def do_preempting(self, name: str, is_preempting: str) -> str:
        self.queue.set_preempting(self.popped[name], is_preempting == "yes")
        return ""


def play(text: str) -> str:
    """Return the script with the output of each of its commands as it is now."""
    script = Script()
    parts = []
    for block in text.strip().split("\n\n"):
        commands = block.split("----")[0].strip().split("\n")
        output = [script.run(line) for line in commands if not line.startswith("#")]
        parts.append("\n".join([*commands, *(["----", *output[-1:]] if output else [])]))
    return "\n\n".join(parts) + "\n"
