"""etcd's rules for keys with a dict for every revision: slow, and plain enough to be read."""

from __future__ import annotations

from cluster.store.records import KeyValue, in_range


class PlainStore:
    """`states[i]` is every key at revision i + 1."""

    def __init__(self) -> None:
        self.states: list[dict[bytes, KeyValue]] = [{}]

    @property
    def revision(self) -> int:
        return len(self.states)

    def put(self, *pairs: tuple[bytes, bytes, int]) -> None:
        state = dict(self.states[-1])
        for key, value, lease in pairs:
            old = state.get(key)
            revision = self.revision + 1
            state[key] = KeyValue(
                key, value, old.create_revision if old else revision, revision, old.version + 1 if old else 1, lease
            )
        self.states.append(state)

    def delete(self, key: bytes, end: bytes | None) -> int:
        state = {k: v for k, v in self.states[-1].items() if not in_range(k, key, end)}
        deleted = len(self.states[-1]) - len(state)
        if deleted:
            self.states.append(state)
        return deleted

    def range(self, key: bytes, end: bytes | None, revision: int) -> list[KeyValue]:
        return [v for k, v in sorted(self.states[revision - 1].items()) if in_range(k, key, end)]

    def events(self, key: bytes, end: bytes | None, revision: int) -> list[tuple[int, bytes, bytes | None]]:
        """List (revision, key, value or None where deleted) from `revision` on."""
        found = []
        for at in range(max(revision, 2), self.revision + 1):
            before, after = self.states[at - 2], self.states[at - 1]
            for k in sorted(before.keys() | after.keys()):
                if in_range(k, key, end) and before.get(k) != after.get(k):
                    found.append((at, k, after[k].value if k in after else None))
        return found
