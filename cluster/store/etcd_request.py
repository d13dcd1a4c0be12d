"""Requests to etcd's messages, and its answers to results: what a client of etcd needs."""

from __future__ import annotations

from typing import Any

from cluster.store.etcd_codec import OPERANDS
from cluster.store.etcd_messages import MESSAGES
from cluster.store.records import (
    Compare,
    Delete,
    DeleteResult,
    Event,
    KeyValue,
    Put,
    PutResult,
    Range,
    RangeResult,
    Request,
    Result,
    TxnResult,
)

_PUT_EVENT = 0


def request_message(request: Request) -> Any:
    """Make the RangeRequest, PutRequest, DeleteRangeRequest or TxnRequest of a request."""
    if isinstance(request, Range):
        return MESSAGES["RangeRequest"](
            key=request.key,
            range_end=request.end or b"",
            revision=request.revision,
            limit=request.limit,
            keys_only=request.keys_only,
            count_only=request.count_only,
            sort_order=request.order.value,
            sort_target=request.sort_by.value,
            min_mod_revision=request.min_mod_revision,
            max_mod_revision=request.max_mod_revision,
            min_create_revision=request.min_create_revision,
            max_create_revision=request.max_create_revision,
        )
    if isinstance(request, Put):
        return MESSAGES["PutRequest"](
            key=request.key,
            value=request.value,
            lease=request.lease,
            prev_kv=request.prev_kv,
            ignore_value=request.ignore_value,
            ignore_lease=request.ignore_lease,
        )
    if isinstance(request, Delete):
        return MESSAGES["DeleteRangeRequest"](key=request.key, range_end=request.end or b"", prev_kv=request.prev_kv)
    return MESSAGES["TxnRequest"](
        compare=[_compare_message(compare) for compare in request.compares],
        success=[_request_op(inner) for inner in request.success],
        failure=[_request_op(inner) for inner in request.failure],
    )


def _compare_message(compare: Compare) -> Any:
    operand = {OPERANDS[compare.target]: compare.operand}
    return MESSAGES["Compare"](
        result=compare.relation.value,
        target=compare.target.value,
        key=compare.key,
        range_end=compare.end or b"",
        **operand,
    )


def _request_op(request: Request) -> Any:
    message = request_message(request)
    if isinstance(request, Range):
        return MESSAGES["RequestOp"](request_range=message)
    if isinstance(request, Put):
        return MESSAGES["RequestOp"](request_put=message)
    if isinstance(request, Delete):
        return MESSAGES["RequestOp"](request_delete_range=message)
    return MESSAGES["RequestOp"](request_txn=message)


def read_kv(message: Any) -> KeyValue:
    """Read a KeyValue."""
    return KeyValue(
        message.key, message.value, message.create_revision, message.mod_revision, message.version, message.lease
    )


def read_event(message: Any) -> Event:
    """Read an Event of a watch that asked for `prev_kv`."""
    kv = read_kv(message.kv)
    if message.type != _PUT_EVENT:
        kv = KeyValue(kv.key, b"", 0, kv.mod_revision, 0)
    return Event(kv, read_kv(message.prev_kv) if message.HasField("prev_kv") else None)


def read_result(request: Request, message: Any) -> Result:
    """Read the answer to a request."""
    return _read(request, message, message.header.revision)


def _read(request: Request, message: Any, revision: int) -> Result:
    if isinstance(request, Range):
        return RangeResult(revision, tuple(map(read_kv, message.kvs)), message.count, message.more)
    if isinstance(request, Put):
        return PutResult(revision, read_kv(message.prev_kv) if message.HasField("prev_kv") else None)
    if isinstance(request, Delete):
        return DeleteResult(revision, message.deleted, tuple(map(read_kv, message.prev_kvs)))
    branch = request.success if message.succeeded else request.failure
    results = tuple(
        _read(inner, getattr(op, op.WhichOneof("choice")), revision)
        for inner, op in zip(branch, message.responses, strict=True)
    )
    return TxnResult(revision, message.succeeded, results)
