"""The messages of etcd's v3 gRPC API, as classes of protobuf, built from a table of their fields.

Field names and numbers are the protocol's. All messages are in one package here: only names of services travel.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "etcdserverpb"

# Message: its fields as "name type number"; "*" repeats, a capital is a message, "|" puts fields into one choice.
_MESSAGES = {
    "KeyValue": "key bytes 1, create_revision int 2, mod_revision int 3, version int 4, value bytes 5, lease int 6",
    "Event": "type enum 1, kv KeyValue 2, prev_kv KeyValue 3",
    "ResponseHeader": "cluster_id uint 1, member_id uint 2, revision int 3, raft_term uint 4",
    "RangeRequest": (
        "key bytes 1, range_end bytes 2, limit int 3, revision int 4, sort_order enum 5, sort_target enum 6, "
        "serializable bool 7, keys_only bool 8, count_only bool 9, min_mod_revision int 10, max_mod_revision int 11, "
        "min_create_revision int 12, max_create_revision int 13"
    ),
    "RangeResponse": "header ResponseHeader 1, kvs *KeyValue 2, more bool 3, count int 4",
    "PutRequest": "key bytes 1, value bytes 2, lease int 3, prev_kv bool 4, ignore_value bool 5, ignore_lease bool 6",
    "PutResponse": "header ResponseHeader 1, prev_kv KeyValue 2",
    "DeleteRangeRequest": "key bytes 1, range_end bytes 2, prev_kv bool 3",
    "DeleteRangeResponse": "header ResponseHeader 1, deleted int 2, prev_kvs *KeyValue 3",
    "RequestOp": (
        "|request_range RangeRequest 1, |request_put PutRequest 2, |request_delete_range DeleteRangeRequest 3, "
        "|request_txn TxnRequest 4"
    ),
    "ResponseOp": (
        "|response_range RangeResponse 1, |response_put PutResponse 2, |response_delete_range DeleteRangeResponse 3, "
        "|response_txn TxnResponse 4"
    ),
    "Compare": (
        "result enum 1, target enum 2, key bytes 3, |version int 4, |create_revision int 5, |mod_revision int 6, "
        "|value bytes 7, |lease int 8, range_end bytes 64"
    ),
    "TxnRequest": "compare *Compare 1, success *RequestOp 2, failure *RequestOp 3",
    "TxnResponse": "header ResponseHeader 1, succeeded bool 2, responses *ResponseOp 3",
    "CompactionRequest": "revision int 1, physical bool 2",
    "CompactionResponse": "header ResponseHeader 1",
    "WatchRequest": (
        "|create_request WatchCreateRequest 1, |cancel_request WatchCancelRequest 2, "
        "|progress_request WatchProgressRequest 3"
    ),
    "WatchCreateRequest": (
        "key bytes 1, range_end bytes 2, start_revision int 3, progress_notify bool 4, filters *enum 5, "
        "prev_kv bool 6, watch_id int 7, fragment bool 8"
    ),
    "WatchCancelRequest": "watch_id int 1",
    "WatchProgressRequest": "",
    "WatchResponse": (
        "header ResponseHeader 1, watch_id int 2, created bool 3, canceled bool 4, compact_revision int 5, "
        "cancel_reason string 6, fragment bool 7, events *Event 11"
    ),
    "LeaseGrantRequest": "TTL int 1, ID int 2",
    "LeaseGrantResponse": "header ResponseHeader 1, ID int 2, TTL int 3, error string 4",
    "LeaseRevokeRequest": "ID int 1",
    "LeaseRevokeResponse": "header ResponseHeader 1",
    "LeaseKeepAliveRequest": "ID int 1",
    "LeaseKeepAliveResponse": "header ResponseHeader 1, ID int 2, TTL int 3",
    "LeaseTimeToLiveRequest": "ID int 1, keys bool 2",
    "LeaseTimeToLiveResponse": "header ResponseHeader 1, ID int 2, TTL int 3, grantedTTL int 4, keys *bytes 5",
    "LeaseLeasesRequest": "",
    "LeaseStatus": "ID int 1",
    "LeaseLeasesResponse": "header ResponseHeader 1, leases *LeaseStatus 2",
    "StatusRequest": "",
    "StatusResponse": (
        "header ResponseHeader 1, version string 2, dbSize int 3, leader uint 4, raftIndex uint 5, raftTerm uint 6, "
        "raftAppliedIndex uint 7, errors *string 8, dbSizeInUse int 9, isLearner bool 10"
    ),
    "MemberListRequest": "",
    "Member": "ID uint 1, name string 2, peerURLs *string 3, clientURLs *string 4, isLearner bool 5",
    "MemberListResponse": "header ResponseHeader 1, members *Member 2",
}

_Field = descriptor_pb2.FieldDescriptorProto
_TYPES = {
    "bool": _Field.TYPE_BOOL,
    "bytes": _Field.TYPE_BYTES,
    "enum": _Field.TYPE_INT32,  # an enum travels as one, and an unknown value stays what it is
    "int": _Field.TYPE_INT64,
    "string": _Field.TYPE_STRING,
    "uint": _Field.TYPE_UINT64,
}


def _describe(name: str, fields: str) -> descriptor_pb2.DescriptorProto:
    message = descriptor_pb2.DescriptorProto(name=name)
    for text in filter(None, fields.split(", ")):
        field_name, type_name, number = text.split()
        field = message.field.add(name=field_name.lstrip("|"), number=int(number), label=_Field.LABEL_OPTIONAL)
        if type_name.startswith("*"):
            field.label = _Field.LABEL_REPEATED
        type_name = type_name.lstrip("*")
        if type_name in _TYPES:
            field.type = _TYPES[type_name]
        else:
            field.type = _Field.TYPE_MESSAGE
            field.type_name = f".{PACKAGE}.{type_name}"
        if field_name.startswith("|"):
            if not message.oneof_decl:
                message.oneof_decl.add(name="choice")
            field.oneof_index = 0
    return message


def _build() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(name="etcd.proto", package=PACKAGE, syntax="proto3")
    file.message_type.extend(_describe(name, fields) for name, fields in _MESSAGES.items())
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}")) for name in _MESSAGES
    }


MESSAGES = _build()
