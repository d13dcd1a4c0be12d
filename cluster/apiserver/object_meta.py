"""What the server itself writes into an object's metadata: names, ids and times. Ids come from the seed."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import numpy as np

from kubesched.clock import Clock

# Without vowels and what looks alike (apimachinery/pkg/util/rand, v1.34).
_SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_SUFFIX_LENGTH = 5
_MAX_GENERATED_BASE = 63 - _SUFFIX_LENGTH


def write_time(time_ns: int) -> str:
    """Return a metav1.Time: RFC 3339 in UTC, whole seconds."""
    return datetime.fromtimestamp(time_ns // 1_000_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class ObjectMeta:
    """Gives new objects their names and ids: the same seed and the same calls, the same ids."""

    def __init__(self, clock: Clock, seed: int) -> None:
        self._clock = clock
        self._rng = np.random.Generator(np.random.PCG64(seed))

    def now(self, delay_seconds: int = 0) -> str:
        """Return the time some seconds from now."""
        return write_time(self._clock.now_ns() + delay_seconds * 1_000_000_000)

    def new_uid(self) -> str:
        """Return a UUID of version 4."""
        return str(uuid.UUID(bytes=self._rng.bytes(16), version=4))

    def generate_name(self, base: str) -> str:
        """Return a name that starts with `base`, cut so that the name is a label at most."""
        letters = self._rng.integers(len(_SUFFIX_LETTERS), size=_SUFFIX_LENGTH)
        return base[:_MAX_GENERATED_BASE] + "".join(_SUFFIX_LETTERS[letter] for letter in letters)

    def stamp(self, obj: dict[str, Any]) -> None:
        """Make an object one that is created now."""
        metadata = obj["metadata"]
        if not metadata.get("name") and metadata.get("generateName"):
            metadata["name"] = self.generate_name(metadata["generateName"])
        for field in ("deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink"):
            metadata.pop(field, None)
        metadata["uid"] = self.new_uid()
        metadata["creationTimestamp"] = self.now()
