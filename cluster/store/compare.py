"""Whether a transaction's condition holds."""

from __future__ import annotations

from cluster.store.key_index import KeyIndex
from cluster.store.records import Compare, KeyValue, Relation, Target


def holds(compare: Compare, index: KeyIndex, revision: int) -> bool:
    """Tell whether a condition holds for every key of its range; of a missing key no value compares."""
    found = list(index.scan(compare.key, compare.end, revision))
    if not found:
        return compare.target is not Target.VALUE and _relates(0, compare)
    return all(_relates(_field(kv, compare.target), compare) for kv in found)


def _field(kv: KeyValue, target: Target) -> int | bytes:
    match target:
        case Target.VERSION:
            return kv.version
        case Target.CREATE:
            return kv.create_revision
        case Target.MOD:
            return kv.mod_revision
        case Target.VALUE:
            return kv.value
        case Target.LEASE:
            return kv.lease


def _relates(found: int | bytes, compare: Compare) -> bool:
    operand = compare.operand
    match compare.relation:
        case Relation.EQUAL:
            return found == operand
        case Relation.NOT_EQUAL:
            return found != operand
        case Relation.GREATER:
            return found > operand  # type: ignore[operator]
        case Relation.LESS:
            return found < operand  # type: ignore[operator]
