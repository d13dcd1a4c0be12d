"""What a store holds and says: key-values, events, and the requests of a transaction.

Keys and values are bytes. A range is a key and an end: no end is the key alone, the end `FROM_KEY` is every key from
the key on, any other end is exclusive. `prefix_end` makes the end of a prefix. Revisions count from 1 (an empty store).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

FROM_KEY = b"\0"


def prefix_end(prefix: bytes) -> bytes:
    """Return the end of the range of all keys that start with `prefix`; an empty prefix is every key."""
    stripped = prefix.rstrip(b"\xff")
    return stripped[:-1] + bytes([stripped[-1] + 1]) if stripped else FROM_KEY


def in_range(key: bytes, start: bytes, end: bytes | None) -> bool:
    """Tell whether a key lies in a range."""
    if not end:
        return key == start
    return key >= start and (end == FROM_KEY or key < end)


class KeyValue(NamedTuple):
    """One version of a key.

    Attributes:
        key, value: bytes; a tombstone's value is empty.
        create_revision: when the key last came to be; 0 in a tombstone.
        mod_revision: when this version was written.
        version: 1 for the first version since the key came to be; 0 in a tombstone.
        lease: the lease that the key goes with; 0 for none.
    """

    key: bytes
    value: bytes
    create_revision: int
    mod_revision: int
    version: int
    lease: int = 0

    @property
    def is_tombstone(self) -> bool:
        """Tell whether the key was deleted then."""
        return self.version == 0


class Event(NamedTuple):
    """A change of one key: `kv` is a tombstone where it was deleted; `previous` is what was there before."""

    kv: KeyValue
    previous: KeyValue | None


class Target(enum.Enum):
    """What of a key a transaction compares."""

    VERSION = 0
    CREATE = 1
    MOD = 2
    VALUE = 3
    LEASE = 4


class Relation(enum.Enum):
    """How it is compared."""

    EQUAL = 0
    GREATER = 1
    LESS = 2
    NOT_EQUAL = 3


class Order(enum.Enum):
    """The order of a range's answer."""

    NONE = 0
    ASCENDING = 1
    DESCENDING = 2


class SortBy(enum.Enum):
    """What a range's answer is sorted by."""

    KEY = 0
    VERSION = 1
    CREATE = 2
    MOD = 3
    VALUE = 4


@dataclass(frozen=True, slots=True)
class Compare:
    """A condition on a key, or on every key of a range. A missing key has version, revisions and lease 0, no value."""

    key: bytes
    target: Target
    relation: Relation
    operand: int | bytes
    end: bytes | None = None


@dataclass(frozen=True, slots=True)
class Range:
    """A read. `revision` 0 is the current one, `limit` 0 is none; the bounds 0 are none."""

    key: bytes
    end: bytes | None = None
    revision: int = 0
    limit: int = 0
    keys_only: bool = False
    count_only: bool = False
    order: Order = Order.NONE
    sort_by: SortBy = SortBy.KEY
    min_mod_revision: int = 0
    max_mod_revision: int = 0
    min_create_revision: int = 0
    max_create_revision: int = 0


@dataclass(frozen=True, slots=True)
class Put:
    """A write. With `ignore_value` or `ignore_lease` the key keeps its own, and must be there."""

    key: bytes
    value: bytes = b""
    lease: int = 0
    prev_kv: bool = False
    ignore_value: bool = False
    ignore_lease: bool = False


@dataclass(frozen=True, slots=True)
class Delete:
    """A deletion of a key or a range."""

    key: bytes
    end: bytes | None = None
    prev_kv: bool = False


@dataclass(frozen=True, slots=True)
class Txn:
    """Compares, and what to do where all of them hold or not. Runs at one revision."""

    compares: tuple[Compare, ...] = ()
    success: tuple[Request, ...] = ()
    failure: tuple[Request, ...] = ()


Request: TypeAlias = Range | Put | Delete | Txn


@dataclass(frozen=True, slots=True)
class RangeResult:
    """What a read found. `count` is of all keys in the range, whatever the limit; `more` says that the limit cut."""

    revision: int
    kvs: tuple[KeyValue, ...]
    count: int
    more: bool


@dataclass(frozen=True, slots=True)
class PutResult:
    """What a write came to."""

    revision: int
    previous: KeyValue | None = None


@dataclass(frozen=True, slots=True)
class DeleteResult:
    """What a deletion came to."""

    revision: int
    deleted: int
    previous: tuple[KeyValue, ...] = ()


@dataclass(frozen=True, slots=True)
class TxnResult:
    """Whether the compares held, and one result for each request of the branch that ran."""

    revision: int
    succeeded: bool
    results: tuple[Result, ...]


Result: TypeAlias = RangeResult | PutResult | DeleteResult | TxnResult


@dataclass(frozen=True, slots=True)
class LeaseStatus:
    """A lease: what was granted, what is left (-1: there is no such lease) and the keys that go with it."""

    id: int
    granted_ttl_s: int
    remaining_ttl_s: int
    keys: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """Where a store stands."""

    revision: int
    compact_revision: int
    num_keys: int
    size_bytes: int
    backend: str
