"""DynamicResources by the book: every device of every claim tried in turn, recursively, for each node.

Selectors are evaluated by Python predicates that stand beside each expression in tests/device_workloads.py, so that the
twin shares no CEL with the library.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

Manifest = dict[str, Any]
Device = tuple[str, str, Manifest]  # driver, pool, device
Predicate = Callable[[str, Manifest], bool]  # of driver and device; a KeyError is CEL's "no such key"
MOST_RESULTS = 32


class Failure(Exception):
    """What upstream reports as an error of the filter."""


class DeviceWorld:
    """Slices, classes and claims, and what is allocated."""

    def __init__(self, objects: list[Manifest], predicates: dict[str, Predicate]) -> None:
        self.predicates = predicates
        self.slices = [obj for obj in objects if obj["kind"] == "ResourceSlice"]
        self.classes = {obj["metadata"]["name"]: obj for obj in objects if obj["kind"] == "DeviceClass"}
        self.claims = {
            f"{obj['metadata']['namespace']}/{obj['metadata']['name']}": copy.deepcopy(obj)
            for obj in objects
            if obj["kind"] == "ResourceClaim"
        }

    def put(self, obj: Manifest) -> None:
        if obj["kind"] == "DeviceClass":
            self.classes[obj["metadata"]["name"]] = obj
        else:
            self.slices.append(obj)

    def remove(self, obj: Manifest) -> None:
        if obj["kind"] == "DeviceClass":
            del self.classes[obj["metadata"]["name"]]
        else:
            self.slices.remove(obj)

    def pre_filter(self, pod: Manifest) -> str | None:
        for key in self._keys(pod):
            claim = self.claims.get(key)
            if claim is None:
                return f'could not find ResourceClaim "{key}"'
        for key in self._keys(pod):
            if self.claims[key].get("status", {}).get("allocation"):
                continue
            for request in self.claims[key]["spec"]["devices"]["requests"]:
                for name, wanted in self._alternatives(request):
                    if wanted["deviceClassName"] not in self.classes:
                        return f"request {name}: device class {wanted['deviceClassName']} does not exist"
        return None

    def filter(self, pod: Manifest, node: str) -> tuple[str, str] | None:
        """(code, reason) of a rejection."""
        try:
            found = self.allocate(pod, node)
        except Failure as failure:
            return "Error", f'running "DynamicResources" filter plugin: {failure}'
        if found is None:
            return "UnschedulableAndUnresolvable", "cannot allocate all claims"
        for key in self._keys(pod):
            held = self.claims[key].get("status", {}).get("allocation")
            if held and held["node"] not in (None, node):
                return "UnschedulableAndUnresolvable", "resourceclaim not available on the node"
        return None

    def reserve(self, pod: Manifest, node: str) -> None:
        found = self.allocate(pod, node) or {}
        for key, results in found.items():
            local = [pool for _, pool, _, _ in results if pool != "shared"]
            allocation = {"results": results, "node": node if local else None}
            self.claims[key]["status"] = {"allocation": allocation, "reservedFor": []}
        for key in self._keys(pod):
            self.claims[key]["status"]["reservedFor"].append(pod["metadata"]["name"])

    def release(self, pod: Manifest) -> None:
        for key in self._keys(pod):
            status = self.claims[key]["status"]
            status["reservedFor"].remove(pod["metadata"]["name"])
            if not status["reservedFor"]:
                self.claims[key]["status"] = {}

    def devices_of(self, key: str) -> list[str] | None:
        held = self.claims[key].get("status", {}).get("allocation")
        return None if not held else [f"{driver}/{pool}/{device}" for driver, pool, device, _ in held["results"]]

    def allocate(self, pod: Manifest, node: str) -> dict[str, list[tuple[str, str, str, bool]]] | None:
        wanted = [key for key in self._keys(pod) if not self.claims[key].get("status", {}).get("allocation")]
        devices = self._devices(node)
        choices: list[list[list[tuple[str, str, Manifest, list[Device]]]]] = []
        for key in wanted:
            choices.append([self._options(key, request, devices) for request in self._requests(key)])
            least = sum(min(self._count(option) for option in options) for options in choices[-1])
            if least > MOST_RESULTS:
                limit = f"number of requested devices {least} exceeds the claim limit of {MOST_RESULTS}"
                raise Failure(f"claim {key}: {limit}")
        search = self._search(wanted, choices, devices, 0, 0, [[] for _ in wanted])
        results = next(search, None)
        if results is None:
            return None
        return {
            key: [(driver, pool, device["name"], admin) for _, _, (driver, pool, device), admin in picked]
            for key, picked in zip(wanted, results, strict=True)
        }

    def _search(
        self, keys: list[str], choices: Any, devices: list[Device], claim: int, request: int, picked: list[list[Any]]
    ) -> Iterator[list[list[Any]]]:
        if claim == len(keys):
            yield [list(results) for results in picked]
            return
        if request == len(choices[claim]):
            yield from self._search(keys, choices, devices, claim + 1, 0, picked)
            return
        for option in choices[claim][request]:
            yield from self._pick(keys, choices, devices, (claim, request), option, 0, picked)

    def _pick(
        self, keys: list[str], choices: Any, devices: list[Device], at: Any, option: Any, index: int, picked: Any
    ) -> Iterator[list[list[Any]]]:
        claim, request = at
        name, parent, wanted, everything = option
        takes_all = wanted.get("allocationMode") == "All"
        if takes_all and not everything:
            return
        if index == self._count(option):
            yield from self._search(keys, choices, devices, claim, request + 1, picked)
            return
        if len(picked[claim]) + self._count(option) - index > MOST_RESULTS:
            return
        admin = bool(wanted.get("adminAccess"))
        for device in [everything[index]] if takes_all else devices:
            if not self._is_free(device, claim, picked, admin=admin):
                continue
            if not takes_all and not self._matches(keys[claim], wanted, device):
                continue
            label = f"{parent}/{name}" if parent else name
            picked[claim].append((parent or name, label, device, admin))
            if self._constraints_hold(keys[claim], picked[claim]):
                yield from self._pick(keys, choices, devices, at, option, index + 1, picked)
            elif takes_all:
                full = "/".join((device[0], device[1], device[2]["name"]))
                picked[claim].pop()
                raise Failure(
                    f"claim {keys[claim]}, request {name}: cannot add device {full} because a claim constraint would"
                    " not be satisfied"
                )
            picked[claim].pop()

    def _constraints_hold(self, key: str, results: list[Any]) -> bool:
        for constraint in self.claims[key]["spec"]["devices"].get("constraints") or []:
            names = constraint.get("requests") or []
            domain, _, attribute = constraint["matchAttribute"].partition("/")
            values = [
                device["attributes"].get(attribute) if domain == driver else None
                for base, label, (driver, _, device), _ in results
                if not names or base in names or label in names
            ]
            if any(value is None or value != values[0] for value in values):
                return False
        return True

    def _is_free(self, device: Device, claim: int, picked: list[list[Any]], *, admin: bool) -> bool:
        same = (device[0], device[1], device[2]["name"])
        if admin:
            return all((d[0], d[1], d[2]["name"]) != same for _, _, d, _ in picked[claim])
        for obj in self.claims.values():
            held = obj.get("status", {}).get("allocation")
            if held and any(tuple(result[:3]) == same and not result[3] for result in held["results"]):
                return False
        return all((d[0], d[1], d[2]["name"]) != same for results in picked for _, _, d, _ in results)

    def _matches(self, key: str, wanted: Manifest, device: Device) -> bool:
        class_name = wanted["deviceClassName"]
        owners = (
            (f"class {class_name}", self.classes[class_name]["spec"].get("selectors") or []),
            (f"claim {key}", wanted.get("selectors") or []),
        )
        for owner, selectors in owners:
            for i, selector in enumerate(selectors):
                try:
                    if not self.predicates[selector["cel"]["expression"]](device[0], device[2]):
                        return False
                except KeyError as error:
                    absent = f"CEL runtime error: no such key: {error.args[0]}"
                    raise Failure(f"{owner}: selector #{i}: {absent}") from None
        return True

    def _devices(self, node: str) -> list[Device]:
        return [
            (obj["spec"]["driver"], obj["spec"]["pool"]["name"], device)
            for obj in self.slices
            if obj["spec"].get("allNodes") or obj["spec"].get("nodeName") == node
            for device in obj["spec"]["devices"]
        ]

    def _requests(self, key: str) -> list[Manifest]:
        requests: list[Manifest] = self.claims[key]["spec"]["devices"]["requests"]
        return requests

    def _options(self, key: str, request: Manifest, devices: list[Device]) -> list[Any]:
        options: list[Any] = []
        exact = "exactly" in request
        for wanted in [request["exactly"]] if exact else request["firstAvailable"]:
            name, parent = (request["name"], "") if exact else (wanted["name"], request["name"])
            takes_all = wanted.get("allocationMode") == "All"
            everything = [d for d in devices if self._matches(key, wanted, d)] if takes_all else []
            options.append((name, parent, wanted, everything))
        return options

    @staticmethod
    def _count(option: Any) -> int:
        wanted, everything = option[2], option[3]
        return len(everything) if wanted.get("allocationMode") == "All" else wanted.get("count") or 1

    @staticmethod
    def _alternatives(request: Manifest) -> list[tuple[str, Manifest]]:
        if "exactly" in request:
            return [(request["name"], request["exactly"])]
        return [(f"{request['name']}/{wanted['name']}", wanted) for wanted in request["firstAvailable"]]

    @staticmethod
    def _keys(pod: Manifest) -> list[str]:
        namespace = pod["metadata"]["namespace"]
        return [f"{namespace}/{entry['resourceClaimName']}" for entry in pod["spec"].get("resourceClaims") or []]
