"""Writes the little-endian records that the C++ core decodes (csrc/base/reader.h reads them).

Used by the codecs of pods, nodes, owners and profiles. It knows no Kubernetes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from functools import lru_cache

pack_u32 = struct.Struct("<I").pack
pack_i64 = struct.Struct("<q").pack


@lru_cache(maxsize=65536)
def text_record(value: str) -> bytes:
    """Return the record of a string: its length in UTF-8 bytes, then the bytes."""
    data = value.encode("utf-8")
    return pack_u32(len(data)) + data


class Writer:
    """Appends values to one record; `done` returns it as bytes."""

    __slots__ = ("_parts",)

    def __init__(self) -> None:
        self._parts = bytearray()

    def u8(self, value: int) -> None:
        """Append an unsigned byte; booleans are 0 or 1."""
        self._parts.append(value)

    def u32(self, value: int) -> None:
        """Append an unsigned 32-bit integer, used for counts."""
        self._parts += pack_u32(value)

    def i64(self, value: int) -> None:
        """Append a signed 64-bit integer."""
        self._parts += pack_i64(value)

    def text(self, value: str) -> None:
        """Append a string."""
        self._parts += text_record(value)

    def blob(self, value: bytes) -> None:
        """Append a record within a record."""
        self._parts += pack_u32(len(value)) + value

    def texts(self, values: Iterable[str]) -> None:
        """Append a list of strings."""
        items = list(values)
        self.u32(len(items))
        for item in items:
            self.text(item)

    def pairs(self, values: Iterable[tuple[str, str]]) -> None:
        """Append a list of (string, string)."""
        items = list(values)
        self.u32(len(items))
        for key, value in items:
            self.text(key)
            self.text(value)

    def amounts(self, values: Iterable[tuple[str, int]]) -> None:
        """Append a list of (string, signed 64-bit integer)."""
        items = list(values)
        self.u32(len(items))
        for name, amount in items:
            self.text(name)
            self.i64(amount)

    def done(self) -> bytes:
        """Return the record."""
        return bytes(self._parts)
