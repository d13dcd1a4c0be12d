"""What pods request."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from tests.oracle.quantities import milli, parse, whole

Amounts = dict[str, Fraction]
CONTAINER_LISTS = ("containers", "initContainers")
DEFAULTS: Amounts = {"cpu": Fraction(1, 10), "memory": Fraction(200 * 2**20)}


def is_scalar(name: str) -> bool:
    return "/" in name or name.startswith(("hugepages-", "attachable-volumes-"))


def in_units(name: str, value: Fraction) -> int:
    return milli(value) if name == "cpu" else whole(value)


def container_requests(container: dict[str, Any]) -> Amounts:
    resources = container.get("resources") or {}
    merged = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
    return {name: parse(value) for name, value in merged.items()}


def stored(amounts: Amounts) -> Amounts:
    """The API server stores whole thousandths, rounded up."""
    return {name: Fraction(milli(value), 1000) for name, value in amounts.items()}


def add(a: Amounts, b: Amounts) -> Amounts:
    return {name: a.get(name, Fraction(0)) + b.get(name, Fraction(0)) for name in {**a, **b}}


def largest(a: Amounts, b: Amounts) -> Amounts:
    return {name: max(a.get(name, Fraction(0)), b.get(name, Fraction(0))) for name in {**a, **b}}


def of_containers(spec: dict[str, Any], defaults: Amounts, *, as_written: bool = False) -> Amounts:
    def requests_of(container: dict[str, Any]) -> Amounts:
        requests = container_requests(container)
        return {**defaults, **(requests if as_written else stored(requests))}

    total: Amounts = {}
    for container in spec["containers"]:
        total = add(total, requests_of(container))
    keeps_running: Amounts = {}
    while_starting: Amounts = {}
    for container in spec.get("initContainers") or []:
        requests = requests_of(container)
        if container.get("restartPolicy") == "Always":
            total = add(total, requests)
            keeps_running = add(keeps_running, requests)
            while_starting = largest(while_starting, keeps_running)
        else:
            while_starting = largest(while_starting, add(requests, keeps_running))
    return largest(total, while_starting)


def limits_alone(container: dict[str, Any]) -> dict[str, Any]:
    limits = (container.get("resources") or {}).get("limits")
    return {"restartPolicy": container.get("restartPolicy"), "resources": {"requests": limits}}


def pod_level(spec: dict[str, Any]) -> Amounts:
    resources = spec.get("resources") or {}
    requests = {name: parse(value) for name, value in (resources.get("requests") or {}).items()}
    limits = {name: parse(value) for name, value in (resources.get("limits") or {}).items()}
    if requests or limits:
        kept = {key: [limits_alone(container) for container in spec.get(key) or []] for key in CONTAINER_LISTS}
        of_pages = {n: v for n, v in of_containers(kept, {}, as_written=True).items() if n.startswith("hugepages-")}
        limits = {**{n: v for n, v in of_pages.items() if n not in requests}, **limits}
    if limits:
        containers = of_containers(spec, {}, as_written=True)
        requests = {**{n: containers[n] for n in ("cpu", "memory") if n in containers}, **requests}
        requests = {**limits, **requests}
    return {n: v for n, v in stored(requests).items() if n in ("cpu", "memory") or n.startswith("hugepages-")}


def pod_requests(spec: dict[str, Any], defaults: Amounts, *, with_pod_level: bool = True) -> dict[str, int]:
    overhead = stored({name: parse(value) for name, value in (spec.get("overhead") or {}).items()})
    amounts = of_containers(spec, defaults)
    if with_pod_level:
        amounts = {**amounts, **pod_level(spec)}
    return {name: in_units(name, value) for name, value in add(amounts, overhead).items()}


def requested(spec: dict[str, Any]) -> dict[str, int]:
    """What the node is charged."""
    return pod_requests(spec, {})


def non_zero(spec: dict[str, Any]) -> dict[str, int]:
    """What the node is charged for scoring: containers without cpu or memory count a little."""
    defaults = DEFAULTS
    if pod_level(spec):
        defaults = {name: value for name, value in DEFAULTS.items() if name not in pod_requests(spec, {})}
    return pod_requests(spec, defaults)


def scored(spec: dict[str, Any]) -> dict[str, int]:
    """What NodeResourcesFit adds for the pod itself: pod-level resources do not count there."""
    return pod_requests(spec, DEFAULTS, with_pod_level=False)
