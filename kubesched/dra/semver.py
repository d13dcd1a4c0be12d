"""Semantic versions 2.0.0, as device attributes and the CEL function semver() have them (blang/semver, v1.34)."""

from __future__ import annotations

import re
from functools import lru_cache

Precedence = tuple[int, int, int, tuple[tuple[int, int | str], ...]]

_NUMBER = "(0|[1-9][0-9]*)"
_TAGS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_SEMVER = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-({_TAGS}))?(?:\+{_TAGS})?", re.ASCII)
_RELEASE = (2, "")  # behind every pre-release


@lru_cache(maxsize=4096)
def parse_semver(text: str) -> Precedence | None:
    """Return what versions are compared by, build metadata left out; None where the text is no version."""
    match = _SEMVER.fullmatch(text)
    if match is None:
        return None
    major, minor, patch, tags = match.groups()
    if tags is None:
        return (int(major), int(minor), int(patch), (_RELEASE,))
    parts: list[tuple[int, int | str]] = []
    for tag in tags.split("."):
        if tag.isdigit():
            if len(tag) > 1 and tag[0] == "0":
                return None
            parts.append((0, int(tag)))
        else:
            parts.append((1, tag))
    return (int(major), int(minor), int(patch), tuple(parts))


def normalize_semver(text: str) -> str:
    """Drop a leading v and leading zeros, fill in missing minor and patch versions (library/semverlib.go, v1.34)."""
    text = text.removeprefix("v")
    numbers = text.split(".", 2)
    for i, number in enumerate(numbers):
        if len(number) > 1:
            numbers[i] = number.lstrip("0") if number.lstrip("0")[:1].isdigit() else "0" + number.lstrip("0")
    if len(numbers) < 3:
        if any(sign in numbers[-1] for sign in "+-"):
            return text  # a short version has no tags; it is then refused
        numbers += ["0"] * (3 - len(numbers))
    return ".".join(numbers)
