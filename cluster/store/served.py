"""A store served as etcd: the services KV, Watch, Lease, Cluster and Maintenance of its v3 gRPC API.

etcd's clients know an error by its text, so the texts are etcd's.
"""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc

from cluster.errors import (
    CompactedError,
    FutureRevisionError,
    InvalidRequestError,
    LeaseExistsError,
    LeaseNotFoundError,
    StoreError,
    StoreUnavailableError,
)
from cluster.store.etcd_codec import header, read_delete, read_put, read_range, read_txn, response
from cluster.store.etcd_messages import MESSAGES, PACKAGE
from cluster.store.interface import Store
from cluster.store.watch_stream import WatchStream

ETCD_VERSION = "3.4.23"  # whose API this is
MAX_REQUEST_BYTES = 1536 * 1024 + 512 * 1024  # etcd's default and its allowance for the envelope

_ERRORS: dict[type[StoreError], tuple[grpc.StatusCode, str]] = {
    CompactedError: (grpc.StatusCode.OUT_OF_RANGE, "etcdserver: mvcc: required revision has been compacted"),
    FutureRevisionError: (grpc.StatusCode.OUT_OF_RANGE, "etcdserver: mvcc: required revision is a future revision"),
    LeaseNotFoundError: (grpc.StatusCode.NOT_FOUND, "etcdserver: requested lease not found"),
    LeaseExistsError: (grpc.StatusCode.FAILED_PRECONDITION, "etcdserver: lease already exists"),
    StoreUnavailableError: (grpc.StatusCode.UNAVAILABLE, "etcdserver: server stopped"),
}
_INVALID = {
    "key must not be empty": "etcdserver: key is not provided",
    "key of a compare must not be empty": "etcdserver: key is not provided",
    "a transaction must write a key once": "etcdserver: duplicate key given in txn request",
    "a transaction must have at most": "etcdserver: too many operations in txn request",
    "key must be there": "etcdserver: key not found",
    "value must be empty": "etcdserver: value is provided",
    "lease must be 0": "etcdserver: lease is provided",
    "ttl_s must be": "etcdserver: too large lease TTL",
}


class EtcdServer:
    """Serves a store on one address. Use `start` and `stop`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._server: grpc.aio.Server | None = None
        self._address = ""

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen, without TLS and therefore on a loopback address only, and return the port; 0 chooses one.

        Raises:
            InvalidRequestError: the host is not a loopback address.
            StoreUnavailableError: the port is taken.
        """
        if not _is_loopback(host):
            raise InvalidRequestError(f"host must be a loopback address, got {host!r}")
        options = [("grpc.max_receive_message_length", MAX_REQUEST_BYTES), ("grpc.so_reuseport", 0)]
        server = grpc.aio.server(options=options)
        server.add_generic_rpc_handlers(tuple(self._services()))
        try:
            bound: int = server.add_insecure_port(f"{host}:{port}")
        except RuntimeError as error:
            raise StoreUnavailableError(f"port must be free, got {host}:{port}") from error
        await server.start()
        self._server = server
        self._address = f"http://{host}:{bound}"
        return bound

    async def stop(self) -> None:
        """End every call and let go of the port; stopping twice is no error."""
        server, self._server = self._server, None
        if server is not None:
            await server.stop(grace=None)

    def _services(self) -> list[grpc.GenericRpcHandler]:
        methods = {
            "KV": {
                "Range": self._unary("RangeRequest", self._range),
                "Put": self._unary("PutRequest", self._put),
                "DeleteRange": self._unary("DeleteRangeRequest", self._delete),
                "Txn": self._unary("TxnRequest", self._txn),
                "Compact": self._unary("CompactionRequest", self._compact),
            },
            "Lease": {
                "LeaseGrant": self._unary("LeaseGrantRequest", self._lease_grant),
                "LeaseRevoke": self._unary("LeaseRevokeRequest", self._lease_revoke),
                "LeaseTimeToLive": self._unary("LeaseTimeToLiveRequest", self._lease_time_to_live),
                "LeaseLeases": self._unary("LeaseLeasesRequest", self._lease_leases),
                "LeaseKeepAlive": self._stream("LeaseKeepAliveRequest", self._lease_keep_alive),
            },
            "Watch": {"Watch": self._stream("WatchRequest", self._watch)},
            "Cluster": {"MemberList": self._unary("MemberListRequest", self._member_list)},
            "Maintenance": {"Status": self._unary("StatusRequest", self._status)},
        }
        return [grpc.method_handlers_generic_handler(f"{PACKAGE}.{name}", table) for name, table in methods.items()]

    def _unary(self, request: str, answer: Callable[[Any], Awaitable[Any]]) -> grpc.RpcMethodHandler:
        async def handle(message: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
            try:
                return await answer(message)
            except StoreError as error:
                await context.abort(*_status(error))

        return grpc.unary_unary_rpc_method_handler(handle, MESSAGES[request].FromString, _serialize)

    def _stream(
        self, request: str, answer: Callable[[AsyncIterator[Any], Any], Awaitable[None]]
    ) -> grpc.RpcMethodHandler:
        async def handle(messages: AsyncIterator[Any], context: grpc.aio.ServicerContext[Any, Any]) -> None:
            try:
                await answer(messages, context)
            except StoreError as error:
                await context.abort(*_status(error))

        return grpc.stream_stream_rpc_method_handler(handle, MESSAGES[request].FromString, _serialize)

    async def _range(self, message: Any) -> Any:
        return response(await self._store.range(read_range(message)))

    async def _put(self, message: Any) -> Any:
        return response(await self._store.put(read_put(message)))

    async def _delete(self, message: Any) -> Any:
        return response(await self._store.delete(read_delete(message)))

    async def _txn(self, message: Any) -> Any:
        return response(await self._store.txn(read_txn(message)))

    async def _compact(self, message: Any) -> Any:
        await self._store.compact(message.revision)
        return MESSAGES["CompactionResponse"](header=await self._header())

    async def _watch(self, messages: AsyncIterator[Any], context: Any) -> None:
        await WatchStream(self._store, context.write).run(messages)

    async def _lease_grant(self, message: Any) -> Any:
        lease = await self._store.lease_grant(message.TTL, message.ID)
        return MESSAGES["LeaseGrantResponse"](header=await self._header(), ID=lease.id, TTL=lease.granted_ttl_s)

    async def _lease_revoke(self, message: Any) -> Any:
        return MESSAGES["LeaseRevokeResponse"](header=header(await self._store.lease_revoke(message.ID)))

    async def _lease_time_to_live(self, message: Any) -> Any:
        lease = await self._store.lease_time_to_live(message.ID)
        return MESSAGES["LeaseTimeToLiveResponse"](
            header=await self._header(),
            ID=lease.id,
            TTL=lease.remaining_ttl_s,
            grantedTTL=lease.granted_ttl_s,
            keys=lease.keys if message.keys else (),
        )

    async def _lease_leases(self, _: Any) -> Any:
        leases = [MESSAGES["LeaseStatus"](ID=lease) for lease in await self._store.leases()]
        return MESSAGES["LeaseLeasesResponse"](header=await self._header(), leases=leases)

    async def _lease_keep_alive(self, messages: AsyncIterator[Any], context: Any) -> None:
        async for message in messages:
            try:
                ttl_s = (await self._store.lease_keep_alive(message.ID)).granted_ttl_s
            except LeaseNotFoundError:
                ttl_s = 0  # how etcd says so
            await context.write(
                MESSAGES["LeaseKeepAliveResponse"](header=await self._header(), ID=message.ID, TTL=ttl_s)
            )

    async def _member_list(self, _: Any) -> Any:
        member = MESSAGES["Member"](ID=1, name="default", clientURLs=[self._address], peerURLs=[self._address])
        return MESSAGES["MemberListResponse"](header=await self._header(), members=[member])

    async def _status(self, _: Any) -> Any:
        status = await self._store.status()
        return MESSAGES["StatusResponse"](
            header=header(status.revision),
            version=ETCD_VERSION,
            dbSize=status.size_bytes,
            dbSizeInUse=status.size_bytes,
            leader=1,
            raftIndex=status.revision,
            raftAppliedIndex=status.revision,
            raftTerm=1,
        )

    async def _header(self) -> Any:
        return header((await self._store.status()).revision)


def _serialize(message: Any) -> bytes:
    data: bytes = message.SerializeToString()
    return data


def _status(error: StoreError) -> tuple[grpc.StatusCode, str]:
    if type(error) in _ERRORS:
        return _ERRORS[type(error)]
    text = next((text for start, text in _INVALID.items() if str(error).startswith(start)), f"etcdserver: {error}")
    return grpc.StatusCode.INVALID_ARGUMENT, text


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
