"""What a pod requests (component-helpers/resource/helpers.go PodRequests, v1.34), with the API server's defaults.

Amounts are nanos by resource name. Units are rounded once, at the end, as upstream does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kubesched.api.fields import entries, fault, mapping, text
from kubesched.api.quantity import NANOS, milli_units, parse_quantity, whole_units
from kubesched.api.resource_names import is_pod_level_resource, tracked_amount

Amounts = dict[str, int]

_DEFAULTS: Amounts = {"cpu": NANOS // 10, "memory": 200 * 2**20 * NANOS}


@dataclass(frozen=True, slots=True)
class PodRequests:
    """A pod's requests as the scheduler counts them.

    Attributes:
        tracked: (resource, amount) by name, milli-CPU, bytes or counts; zeros left out.
        non_zero_milli_cpu, non_zero_memory_bytes: charged to the node, with a default for containers that ask none.
        scored: like `tracked`, what NodeResourcesFit scores with: defaults counted, pod-level resources and resizes
            not (plugins/noderesources/fit.go leaves both options of its scorer off, v1.34).
    """

    tracked: list[tuple[str, int]]
    non_zero_milli_cpu: int
    non_zero_memory_bytes: int
    scored: list[tuple[str, int]]


@dataclass(slots=True)
class _Container:
    requests: Amounts
    restarts: bool  # an init container that runs as long as the pod


def read_amounts(resources: dict[str, Any], key: str, path: str) -> Amounts:
    """Check a resource list and return its nanos by name."""
    amounts = {}
    for name, value in mapping(resources, key, path).items():
        if not isinstance(name, str):
            fault(f"{path}.{key}", "have strings as keys", name)
        amounts[name] = parse_quantity(value, f"{path}.{key}.{name}")
    return amounts


def _container_requests(container: dict[str, Any], path: str) -> Amounts:
    resources = mapping(container, "resources", path)
    if not resources:
        return {}
    path = f"{path}.resources"
    requests = read_amounts(resources, "requests", path)
    limits = read_amounts(resources, "limits", path)
    for name, limit in limits.items():
        if requests.setdefault(name, limit) > limit:
            fault(f"{path}.requests.{name}", "be at most the limit", mapping(resources, "requests", path)[name])
    return requests


def _read_containers(spec: dict[str, Any], key: str) -> list[_Container]:
    containers = []
    for i, container in enumerate(entries(spec, key, "spec")):
        path = f"spec.{key}[{i}]"
        restarts = key == "initContainers" and text(container, "restartPolicy", path) == "Always"
        containers.append(_Container(_container_requests(container, path), restarts))
    return containers


def _add(into: Amounts, more: Amounts) -> None:
    for name, nanos in more.items():
        into[name] = into.get(name, 0) + nanos


def _raise_to(into: Amounts, other: Amounts) -> None:
    for name, nanos in other.items():
        if nanos > into.get(name, -1):
            into[name] = nanos


def _aggregate(containers: list[_Container], init_containers: list[_Container], defaults: Amounts) -> Amounts:
    """Sum the containers; an init container counts while it runs, beside those before it that keep running."""
    total: Amounts = {}
    for container in containers:
        _add(total, {**defaults, **container.requests})
    restarting: Amounts = {}
    highest: Amounts = {}
    for container in init_containers:
        requests = {**defaults, **container.requests}
        if container.restarts:
            _add(total, requests)
            _add(restarting, requests)
            requests = restarting
        else:
            _add(requests, restarting)
        _raise_to(highest, requests)
    _raise_to(total, highest)
    return total


def _pod_level_requests(spec: dict[str, Any], containers: Amounts) -> Amounts:
    """Return spec.resources.requests with the API server's defaults; only what pods may set at that level."""
    resources = mapping(spec, "resources", "spec")
    requests = read_amounts(resources, "requests", "spec.resources")
    limits = read_amounts(resources, "limits", "spec.resources")
    if limits:
        for name in ("cpu", "memory"):
            if name in containers:
                requests.setdefault(name, containers[name])
        for name, limit in limits.items():
            requests.setdefault(name, limit)
    return {name: nanos for name, nanos in requests.items() if is_pod_level_resource(name)}


def _resize(pod: dict[str, Any], spec: dict[str, Any], key: str, status_key: str, containers: list[_Container]) -> None:
    """Count what a running container still holds while it is resized in place."""
    status = mapping(pod, "status", "pod")
    statuses = {}
    for i, entry in enumerate(entries(status, status_key, "status")):
        if entry.get("resources") is not None:
            statuses[entry.get("name")] = (entry, f"status.{status_key}[{i}]")
    if not statuses:
        return
    infeasible = any(
        condition.get("type") == "PodResizePending" and condition.get("reason") == "Infeasible"
        for condition in entries(status, "conditions", "status")
    )
    for spec_container, container in zip(entries(spec, key, "spec"), containers, strict=True):
        found = statuses.get(spec_container.get("name"))
        if found is None or (key == "initContainers" and not container.restarts):
            continue
        entry, path = found
        held = {} if infeasible else dict(container.requests)
        _raise_to(held, read_amounts(mapping(entry, "resources", path), "requests", f"{path}.resources"))
        _raise_to(held, read_amounts(entry, "allocatedResources", path))
        container.requests = held


def read_pod_requests(pod: dict[str, Any], spec: dict[str, Any]) -> PodRequests:
    """Compute a pod's requests.

    Raises:
        ObjectError: a quantity is malformed or negative, or a request exceeds its limit.
    """
    containers = _read_containers(spec, "containers")
    init_containers = _read_containers(spec, "initContainers")
    overhead = read_amounts(spec, "overhead", "spec") if spec.get("overhead") is not None else {}
    scored = _aggregate(containers, init_containers, _DEFAULTS)
    _add(scored, overhead)
    requests = _aggregate(containers, init_containers, {})
    pod_level = _pod_level_requests(spec, requests) if spec.get("resources") is not None else {}
    if pod.get("status"):
        _resize(pod, spec, "containers", "containerStatuses", containers)
        _resize(pod, spec, "initContainers", "initContainerStatuses", init_containers)
        requests = _aggregate(containers, init_containers, {})
    missing = {
        name: nanos for name, nanos in _DEFAULTS.items() if not pod_level or name not in {**requests, **pod_level}
    }
    charged = _aggregate(containers, init_containers, missing) if missing else dict(requests)
    for amounts in (requests, charged):
        amounts.update(pod_level)
        _add(amounts, overhead)
    return PodRequests(
        _tracked(requests),
        milli_units(charged.get("cpu", 0)),
        whole_units(charged.get("memory", 0)),
        _tracked(scored),
    )


def _tracked(requests: Amounts) -> list[tuple[str, int]]:
    tracked = []
    for name in sorted(requests):
        amount = tracked_amount(name, requests[name])
        if amount:
            if amount >= 2**63:
                fault(f"requests of {name}", "add up to less than 2**63", amount)
            tracked.append((name, amount))
    return tracked
