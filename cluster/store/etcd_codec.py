"""Requests and results of a store to and from etcd's messages."""

from __future__ import annotations

from typing import Any

from cluster.errors import InvalidRequestError
from cluster.store.etcd_messages import MESSAGES
from cluster.store.records import (
    Compare,
    Delete,
    DeleteResult,
    Event,
    KeyValue,
    Order,
    Put,
    PutResult,
    Range,
    RangeResult,
    Relation,
    Request,
    Result,
    SortBy,
    Target,
    Txn,
)

OPERANDS = {
    Target.VERSION: "version",
    Target.CREATE: "create_revision",
    Target.MOD: "mod_revision",
    Target.VALUE: "value",
    Target.LEASE: "lease",
}


def read_range(message: Any) -> Range:
    """Read a RangeRequest."""
    try:
        order, sort_by = Order(message.sort_order), SortBy(message.sort_target)
    except ValueError as error:
        raise InvalidRequestError(f"sort order and target must be ones of etcd's: {error}") from error
    return Range(
        message.key,
        message.range_end or None,
        message.revision,
        message.limit,
        message.keys_only,
        message.count_only,
        order,
        sort_by,
        message.min_mod_revision,
        message.max_mod_revision,
        message.min_create_revision,
        message.max_create_revision,
    )


def read_put(message: Any) -> Put:
    """Read a PutRequest."""
    return Put(message.key, message.value, message.lease, message.prev_kv, message.ignore_value, message.ignore_lease)


def read_delete(message: Any) -> Delete:
    """Read a DeleteRangeRequest."""
    return Delete(message.key, message.range_end or None, message.prev_kv)


def read_txn(message: Any) -> Txn:
    """Read a TxnRequest."""
    return Txn(
        tuple(_read_compare(compare) for compare in message.compare),
        tuple(_read_op(op) for op in message.success),
        tuple(_read_op(op) for op in message.failure),
    )


def _read_op(message: Any) -> Request:
    match message.WhichOneof("choice"):
        case "request_range":
            return read_range(message.request_range)
        case "request_put":
            return read_put(message.request_put)
        case "request_delete_range":
            return read_delete(message.request_delete_range)
        case "request_txn":
            return read_txn(message.request_txn)
    raise InvalidRequestError("an operation of a transaction must be a range, put, delete or transaction, got none")


def _read_compare(message: Any) -> Compare:
    try:
        target, relation = Target(message.target), Relation(message.result)
    except ValueError as error:
        raise InvalidRequestError(f"target and result of a compare must be ones of etcd's: {error}") from error
    return Compare(message.key, target, relation, getattr(message, OPERANDS[target]), message.range_end or None)


def header(revision: int) -> Any:
    """Make a ResponseHeader."""
    return MESSAGES["ResponseHeader"](cluster_id=1, member_id=1, revision=revision, raft_term=1)


def kv_message(kv: KeyValue) -> Any:
    """Make a KeyValue."""
    return MESSAGES["KeyValue"](**kv._asdict())


def event_message(event: Event, *, prev_kv: bool) -> Any:
    """Make an Event; of a deletion the key and its revision are all there is, unless `prev_kv` asks for more."""
    message = MESSAGES["Event"](type=int(event.kv.is_tombstone), kv=kv_message(event.kv))
    if prev_kv and event.previous is not None:
        message.prev_kv.CopyFrom(kv_message(event.previous))
    return message


def response(result: Result) -> Any:
    """Make the response of a range, put, delete or transaction."""
    head = header(result.revision)
    if isinstance(result, RangeResult):
        kvs = [kv_message(kv) for kv in result.kvs]
        return MESSAGES["RangeResponse"](header=head, kvs=kvs, more=result.more, count=result.count)
    if isinstance(result, PutResult):
        previous = None if result.previous is None else kv_message(result.previous)
        return MESSAGES["PutResponse"](header=head, prev_kv=previous)
    if isinstance(result, DeleteResult):
        previous_kvs = [kv_message(kv) for kv in result.previous]
        return MESSAGES["DeleteRangeResponse"](header=head, deleted=result.deleted, prev_kvs=previous_kvs)
    responses = [_response_op(inner) for inner in result.results]
    return MESSAGES["TxnResponse"](header=head, succeeded=result.succeeded, responses=responses)


def _response_op(result: Result) -> Any:
    message = response(result)
    if isinstance(result, RangeResult):
        return MESSAGES["ResponseOp"](response_range=message)
    if isinstance(result, PutResult):
        return MESSAGES["ResponseOp"](response_put=message)
    if isinstance(result, DeleteResult):
        return MESSAGES["ResponseOp"](response_delete_range=message)
    return MESSAGES["ResponseOp"](response_txn=message)
