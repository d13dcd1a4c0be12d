"""What a request must be, whatever the store holds. Rules and limits are etcd's defaults."""

from __future__ import annotations

from collections.abc import Iterable

from cluster.errors import InvalidRequestError
from cluster.store.records import FROM_KEY, Compare, Delete, Put, Range, Request, Target, Txn, in_range

MAX_TXN_OPS = 128
MAX_TXN_DEPTH = 16
MAX_TTL_S = 9_000_000_000


def check_request(request: Request) -> None:
    """Refuse a request that no store takes.

    Raises:
        InvalidRequestError: an empty key, a value given with `ignore_value` or a lease with `ignore_lease`, a compare
            whose operand is of the wrong type, more than 128 compares or requests in one branch, transactions nested
            deeper than 16, or a key that one transaction writes twice.
    """
    if isinstance(request, Txn):
        _check_txn(request, 1)
        _written(request.success)
        _written(request.failure)
    else:
        _check_one(request)


def check_watch(key: bytes, end: bytes | None) -> None:
    """Refuse a watch that could never see anything.

    Raises:
        InvalidRequestError: the end of the range is not above its key.
    """
    if end and end != FROM_KEY and key >= end:
        raise InvalidRequestError(f"end of a watch must be above its key {key!r}, got {end!r}")


def check_lease(ttl_s: int, lease: int) -> None:
    """Refuse a lease that no store grants.

    Raises:
        InvalidRequestError: the TTL is not in 1..9,000,000,000 s, or the id is negative.
    """
    if not 1 <= ttl_s <= MAX_TTL_S:
        raise InvalidRequestError(f"ttl_s must be in 1..{MAX_TTL_S}, got {ttl_s}")
    if lease < 0:
        raise InvalidRequestError(f"lease must be >= 0, got {lease}")


def _check_one(request: Range | Put | Delete) -> None:
    if not request.key:
        raise InvalidRequestError("key must not be empty")
    if isinstance(request, Range) and (request.limit < 0 or request.revision < 0):
        raise InvalidRequestError(f"limit and revision must be >= 0, got {request.limit} and {request.revision}")
    if isinstance(request, Put) and request.ignore_value and request.value:
        raise InvalidRequestError(f"value must be empty with ignore_value, got {len(request.value)} bytes")
    if isinstance(request, Put) and request.ignore_lease and request.lease:
        raise InvalidRequestError(f"lease must be 0 with ignore_lease, got {request.lease}")


def _check_txn(txn: Txn, depth: int) -> None:
    if depth > MAX_TXN_DEPTH:
        raise InvalidRequestError(f"transactions must be nested at most {MAX_TXN_DEPTH} deep, got {depth}")
    most = max(len(txn.compares), len(txn.success), len(txn.failure))
    if most > MAX_TXN_OPS:
        raise InvalidRequestError(f"a transaction must have at most {MAX_TXN_OPS} operations, got {most}")
    for compare in txn.compares:
        _check_compare(compare)
    for request in (*txn.success, *txn.failure):
        if isinstance(request, Txn):
            _check_txn(request, depth + 1)
        else:
            _check_one(request)


def _check_compare(compare: Compare) -> None:
    if not compare.key:
        raise InvalidRequestError("key of a compare must not be empty")
    if isinstance(compare.operand, bytes) is not (compare.target is Target.VALUE):
        raise InvalidRequestError(f"operand must fit {compare.target.name}, got {type(compare.operand).__name__}")


def _written(branch: tuple[Request, ...]) -> tuple[set[bytes], list[Delete]]:
    """Return what a branch puts and deletes; refuse a key that two of its requests put, or one puts and one deletes.

    Of a nested transaction only one branch runs: the two may write the same key.
    """
    all_puts: set[bytes] = set()
    all_deletes: list[Delete] = []
    for request in branch:
        puts, deletes = _written_by(request)
        _refuse(key for key in puts if key in all_puts or _is_deleted(key, all_deletes))
        _refuse(key for key in all_puts if _is_deleted(key, deletes))
        all_puts |= puts
        all_deletes += deletes
    return all_puts, all_deletes


def _written_by(request: Request) -> tuple[set[bytes], list[Delete]]:
    if isinstance(request, Put):
        return {request.key}, []
    if isinstance(request, Delete):
        return set(), [request]
    if isinstance(request, Txn):
        success, failure = _written(request.success), _written(request.failure)
        return success[0] | failure[0], success[1] + failure[1]
    return set(), []


def _is_deleted(key: bytes, deletes: list[Delete]) -> bool:
    return any(in_range(key, delete.key, delete.end) for delete in deletes)


def _refuse(twice: Iterable[bytes]) -> None:
    key = min(twice, default=None)
    if key is not None:
        raise InvalidRequestError(f"a transaction must write a key once, got {key!r} twice")
