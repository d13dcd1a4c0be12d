"""What a replay's scheduler saw when it tried a pod: the replay is run again, up to just before that attempt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kubesched.engine import Explanation
from kubesched.errors import ConfigError
from kubesched.replay.encoding import pod_keys
from kubesched.replay.replay import Begun, begin
from kubesched.traces import Trace

# Events between two looks at the pod; the replay is run again from the start for each step.
_STEPS = (65536, 256, 1)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a pod.

    Attributes:
        number: 1 for the first.
        time_ns: when it was.
        explanation: what every node and plugin said of the pod just before.
        node: where the pod was put; None: nowhere.
    """

    number: int
    time_ns: int
    explanation: Explanation
    node: str | None


def explain_attempt(trace: Trace, pod: str, number: int, options: Mapping[str, Any]) -> Attempt:
    """Explain an attempt of a replay.

    Args:
        trace: as it was given to `replay`.
        pod: `namespace/name` of a pod that arrives.
        number: of the attempt, from 1 on.
        options: all keyword arguments of `replay.begin`.

    Raises:
        ConfigError: no such pod arrives, or it is not tried that often.
    """
    num_events = 0
    for step in _STEPS:
        num_events = _events_before(_advanced(trace, options, num_events), pod, number, step)
    begun = _advanced(trace, options, num_events)
    row = _row(begun, pod)
    begun.scheduler.refresh()
    explanation = begun.scheduler.explain(_manifest(begun, row))
    begun.core.run(1)
    return Attempt(number, begun.core.now_ns, explanation, _placement(begun, row, options["cycle_time_ns"]))


def _placement(begun: Begun, row: int, cycle_ns: int) -> str | None:
    """Run on to the end of the cycle that has begun, and return the node that it gives the pod."""
    core = begun.core
    decided_ns = core.now_ns
    is_over = False
    while True:
        pods = core.pods()
        if pods["scheduled_ns"][row] >= decided_ns:
            return begun.trace.node_names[int(pods["node"][row])]
        if is_over or cycle_ns == 0 or core.now_ns > decided_ns + cycle_ns:
            return None
        is_over = core.run(1)


def _advanced(trace: Trace, options: Mapping[str, Any], num_events: int) -> Begun:
    begun = begin(trace, **options)
    if num_events:
        begun.core.run(num_events)
    return begun


def _events_before(begun: Begun, pod: str, number: int, step: int) -> int:
    """Run on in steps; return how many events are handled before the step that has the attempt."""
    row = _row(begun, pod)
    while True:
        before = begun.core.num_events
        is_over = begun.core.run(step)
        if begun.core.pods()["attempts"][row] >= number:
            return before
        if is_over:
            raise ConfigError(f"attempt must be one that the replay makes at {pod}, got {number}")


def _row(begun: Begun, pod: str) -> int:
    index: int = pod_keys(begun.trace).index(pod).as_py()
    if index < 0:
        raise ConfigError(f"pod must be one that arrives in the trace, got {pod!r}")
    return len(begun.encoded.bound) + index


def _manifest(begun: Begun, row: int) -> dict[str, Any]:
    index = row - len(begun.encoded.bound)
    pods = begun.trace.pods
    template = begun.trace.pod_templates[pods.column("template")[index].as_py()]
    metadata = {**template["metadata"], "name": pods.column("name")[index].as_py()}
    return {**template, "metadata": metadata}
