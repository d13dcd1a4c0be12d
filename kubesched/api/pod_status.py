"""What preemption reads of a pod's status: when it started, whether it is a victim already, where it is nominated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kubesched.api.fields import entries, fault, mapping, text
from kubesched.api.pod_fields import pod_key
from kubesched.errors import ObjectError

_TIME = re.compile(r"(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_NANOS_PER_SECOND = 10**9


def parse_time_ns(value: str, path: str) -> int:
    """Return an RFC 3339 time as nanoseconds since 1970.

    Raises:
        ObjectError: it is none.
    """
    match = _TIME.fullmatch(value)
    if match is None:
        fault(path, "be an RFC 3339 time", value)
    day_and_time, fraction, zone = match.groups()
    try:
        moment = datetime.fromisoformat(day_and_time.upper() + ("+00:00" if zone in "Zz" else zone))
    except ValueError:
        fault(path, "be an RFC 3339 time", value)
    since = moment - _EPOCH
    nanos = int(((fraction or ".")[1:] + "0" * 9)[:9])
    return (since.days * 86400 + since.seconds) * _NANOS_PER_SECOND + nanos


def _status(pod: Mapping[str, Any]) -> Mapping[str, Any]:
    return mapping(pod, "status", "pod")


def start_time_ns(pod: Mapping[str, Any]) -> int | None:
    """Return status.startTime in nanoseconds since 1970; None where the pod has not started.

    Raises:
        ObjectError: it is no RFC 3339 time.
    """
    value = text(_status(pod), "startTime", "status")
    return parse_time_ns(value, "status.startTime") if value else None


def is_preempted(pod: Mapping[str, Any]) -> bool:
    """Tell whether the scheduler is evicting the pod (default_preemption.go podTerminatingByPreemption, v1.34).

    Raises:
        ObjectError: a condition is malformed.
    """
    if mapping(pod, "metadata", "pod").get("deletionTimestamp") is None:
        return False
    for i, condition in enumerate(entries(_status(pod), "conditions", "status")):
        path = f"status.conditions[{i}]"
        if text(condition, "type", path) == "DisruptionTarget":
            reason = text(condition, "reason", path)
            return text(condition, "status", path) == "True" and reason == "PreemptionByScheduler"
    return False


def nominated_node_name(pod: Mapping[str, Any]) -> str:
    """Return status.nominatedNodeName; empty where the pod is nominated nowhere.

    Raises:
        ObjectError: it is no string.
    """
    if pod.get("status") is None:
        return ""
    try:
        return text(_status(pod), "nominatedNodeName", "status")
    except ObjectError as error:
        raise ObjectError(f"pod {pod_key(pod)}: {error}") from None
