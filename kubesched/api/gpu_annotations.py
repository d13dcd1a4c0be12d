"""Annotations by which pods ask for shares of GPU cards, and by which they tell the cards that they hold.

Those of open-simulator and its descendants (`alibabacloud.com/gpu-*`), and Koordinator's `device-allocated`. Requests
in resources (`koordinator.sh/gpu-core`, `nvidia.com/gpu`) are read in the core (csrc/model/gpu_request.cpp).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from kubesched.api.fields import fault, mapping, text
from kubesched.api.quantity import NANOS, parse_quantity
from kubesched.api.wire import Writer
from kubesched.errors import ObjectError

_MILLI = "alibabacloud.com/gpu-milli"
_COUNT = "alibabacloud.com/gpu-count"
_MODEL = "alibabacloud.com/gpu-card-model"
_INDEX = "alibabacloud.com/gpu-index"
_ALLOCATED = "scheduling.koordinator.sh/device-allocated"
_KEYS = (_MILLI, _COUNT, _MODEL, _INDEX, _ALLOCATED)
_PERCENTS = ("koordinator.sh/gpu-core", "koordinator.sh/gpu-memory-ratio")
_CARD_MILLI = 1000
_MOST_CARDS = 256


def gpu_record(metadata: Mapping[str, Any], *, bound: bool) -> bytes:
    """Return what annotations say of GPU cards (csrc/model/gpu_request.cpp reads it).

    Args:
        metadata: of a pod.
        bound: the pod is on its node, so that the cards it names are those it holds.

    Raises:
        ObjectError: an annotation is malformed.
    """
    annotations = mapping(metadata, "annotations", "metadata")
    if not any(key in annotations for key in _KEYS):
        return b"\0"
    milli = _integer(annotations, _MILLI, _CARD_MILLI)
    num = _integer(annotations, _COUNT, _MOST_CARDS)
    if milli is None:
        milli = _CARD_MILLI if num else 0
    elif num is None:
        num = 1 if milli else 0
    models = [model for model in text(annotations, _MODEL, "metadata.annotations").split("|") if model]
    cards: list[int] = []
    if bound:
        cards = _cards(annotations)
        if annotations.get(_ALLOCATED) is not None:
            cards, milli = _allocated(annotations)
            num = len(cards)
    out = Writer()
    out.u8(1)
    out.i64(num if num and milli else 0)
    out.i64(milli if num else 0)
    out.texts(models)
    out.u32(len(cards))
    for card in cards:
        out.u32(card)
    return out.done()


def _integer(annotations: Mapping[str, Any], key: str, most: int) -> int | None:
    value = annotations.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not value.isascii() or not value.isdecimal() or not int(value[:20]) <= most:
        fault(f"metadata.annotations[{key}]", f"be an integer in 0..{most}, in quotes", value)
    return int(value)


def _cards(annotations: Mapping[str, Any]) -> list[int]:
    value = text(annotations, _INDEX, "metadata.annotations")
    parts = value.split("-") if value else []
    if not all(part.isascii() and part.isdecimal() and len(part) < 4 and int(part) < _MOST_CARDS for part in parts):
        fault(f"metadata.annotations[{_INDEX}]", "be numbers of cards joined by -", value)
    return [int(part) for part in parts]


def _allocated(annotations: Mapping[str, Any]) -> tuple[list[int], int]:
    """Return the cards of Koordinator's allocation, and the largest share of one that it takes of any."""
    path = f"metadata.annotations[{_ALLOCATED}]"
    value = text(annotations, _ALLOCATED, "metadata.annotations")
    try:
        devices = json.loads(value).get("gpu") or []
        minors = [device["minor"] for device in devices]
        percents = [_percent(device.get("resources") or {}, path) for device in devices]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise ObjectError(f"{path} must be Koordinator's JSON with gpu[].minor, got {value[:80]!r}") from None
    if not all(type(minor) is int and 0 <= minor < _MOST_CARDS for minor in minors):
        fault(path, f"name cards in 0..{_MOST_CARDS - 1}", minors)
    return minors, min(max(percents, default=0) * _CARD_MILLI // 100, _CARD_MILLI)


def _percent(resources: Mapping[str, Any], path: str) -> int:
    return max(parse_quantity(resources[name], path) // NANOS for name in _PERCENTS if name in resources)
