"""Every live version of every key, in key order. Called by `Mvcc`; knows no transactions and no watches.

A key's versions are a list by revision, the oldest first. With keys "a" and "b":

    put a -> revision 2      a: [2]
    put b -> revision 3      b: [3]
    put a -> revision 4      a: [2, 4]
    delete a -> revision 5   a: [2, 4, 5 tombstone]
    at(a, 4) is the version of 4, at(a, 5) is None, at(a, 1) is None
    compact 4                a: [4, 5 tombstone], b: [3]: what a read at 4 or later can see stays
    compact 5                b: [3]: a tombstone that nobody can see goes, and its key with it
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sortedcontainers import SortedDict

from cluster.store.records import FROM_KEY, KeyValue


class KeyIndex:
    """Keys in order, each with its versions."""

    __slots__ = ("_versions",)

    def __init__(self) -> None:
        self._versions: SortedDict = SortedDict()

    def __len__(self) -> int:
        """Count the keys, those with nothing but a tombstone included."""
        return len(self._versions)

    def add(self, kv: KeyValue) -> None:
        """Append a version. REQUIRES: its mod_revision is not below the key's newest."""
        versions = self._versions.get(kv.key)
        if versions is None:
            self._versions[kv.key] = [kv]
        else:
            versions.append(kv)

    def latest(self, key: bytes) -> KeyValue | None:
        """Return the newest version, None where the key is not there."""
        versions = self._versions.get(key)
        if versions is None or versions[-1].version == 0:
            return None
        newest: KeyValue = versions[-1]
        return newest

    def at(self, key: bytes, revision: int) -> KeyValue | None:
        """Return the version that a read at `revision` sees."""
        versions = self._versions.get(key)
        return None if versions is None else _visible(versions, revision)

    def scan(self, start: bytes, end: bytes | None, revision: int) -> Iterator[KeyValue]:
        """Yield what a read at `revision` sees of a range, in key order."""
        if not end:
            kv = self.at(start, revision)
            if kv is not None:
                yield kv
            return
        stop = None if end == FROM_KEY else end
        versions_of = self._versions
        for key in versions_of.irange(start, stop, (True, False)):
            kv = _visible(versions_of[key], revision)
            if kv is not None:
                yield kv

    def compact(self, revision: int, keys: Iterable[bytes]) -> list[KeyValue]:
        """Drop the versions of `keys` that no read at `revision` or later sees, and return them."""
        dropped: list[KeyValue] = []
        for key in keys:
            versions = self._versions.get(key)
            if versions is None:
                continue
            keep = 0
            while keep + 1 < len(versions) and versions[keep + 1].mod_revision <= revision:
                keep += 1
            if versions[keep].version == 0 and versions[keep].mod_revision <= revision:
                keep += 1
            dropped += versions[:keep]
            del versions[:keep]
            if not versions:
                del self._versions[key]
        return dropped

    def forget_after(self, key: bytes, revision: int) -> None:
        """Drop the versions of a key that are newer than `revision`."""
        versions = self._versions.get(key)
        if versions is None:
            return
        while versions and versions[-1].mod_revision > revision:
            versions.pop()
        if not versions:
            del self._versions[key]


def _visible(versions: list[KeyValue], revision: int) -> KeyValue | None:
    newest = versions[-1]
    if newest.mod_revision <= revision:
        return newest if newest.version else None
    low, high = 0, len(versions) - 1
    while low < high:  # the first version that is too new
        middle = (low + high) // 2
        if versions[middle].mod_revision > revision:
            high = middle
        else:
            low = middle + 1
    if low == 0:
        return None
    kv = versions[low - 1]
    return kv if kv.version else None
