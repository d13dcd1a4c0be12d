"""The backend that is a real etcd, 3.4 or later, through its v3 gRPC API."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import grpc

from cluster.errors import (
    CompactedError,
    FutureRevisionError,
    InvalidRequestError,
    LeaseExistsError,
    LeaseNotFoundError,
    StoreUnavailableError,
)
from cluster.store.etcd_channel import TIMEOUT_S, EtcdChannel, EtcdTls
from cluster.store.etcd_messages import MESSAGES
from cluster.store.etcd_request import read_result, request_message
from cluster.store.etcd_watch import EtcdWatch
from cluster.store.records import (
    FROM_KEY,
    Delete,
    DeleteResult,
    LeaseStatus,
    Put,
    PutResult,
    Range,
    RangeResult,
    Request,
    Result,
    StoreStatus,
    Txn,
    TxnResult,
)
from cluster.store.request_check import check_lease, check_request, check_watch

_FIRST_KEY = b"\0"


class EtcdStore:
    """A store of one or more etcd members. Make one with `await EtcdStore.connect(endpoints)`.

    Reads are linearizable and go on at another member where one fails. A write whose answer is lost raises
    StoreUnavailableError: it may have happened, and only a compare can tell. Watches resume without a gap.
    """

    backend = "etcd"

    def __init__(self, channel: EtcdChannel) -> None:
        self._channel = channel
        self._loop = asyncio.get_running_loop()
        self._watches: set[EtcdWatch] = set()
        self._is_closed = False
        self._seen_revision = 1
        self._compacted = 0

    @classmethod
    async def connect(
        cls, endpoints: Sequence[str], tls: EtcdTls | None = None, timeout_s: float = TIMEOUT_S
    ) -> EtcdStore:
        """Connect to a cluster by its members' client URLs. `timeout_s` bounds each request.

        Raises:
            InvalidRequestError: the endpoints or the files of `tls` are not what they must be.
            StoreUnavailableError: no member answers.
        """
        channel = EtcdChannel(endpoints, tls, timeout_s)
        store = cls(channel)
        try:
            await store._revision()
        except BaseException:
            await channel.close()
            raise
        return store

    async def range(self, request: Range) -> RangeResult:
        """Read a key or a range."""
        result = await self._apply("KV/Range", request, is_read=True)
        assert isinstance(result, RangeResult)  # noqa: S101
        return result

    async def put(self, request: Put) -> PutResult:
        """Write a key."""
        result = await self._apply("KV/Put", request)
        assert isinstance(result, PutResult)  # noqa: S101
        return result

    async def delete(self, request: Delete) -> DeleteResult:
        """Delete a key or a range; takes a revision only where something was there."""
        result = await self._apply("KV/DeleteRange", request)
        assert isinstance(result, DeleteResult)  # noqa: S101
        return result

    async def txn(self, request: Txn) -> TxnResult:
        """Compare, and run one branch or the other at one revision."""
        result = await self._apply("KV/Txn", request)
        assert isinstance(result, TxnResult)  # noqa: S101
        return result

    async def compact(self, revision: int) -> None:
        """Forget what no read at `revision` or later sees."""
        message = MESSAGES["CompactionRequest"](revision=revision, physical=True)
        await self._call("KV/Compact", message, "CompactionResponse", revision=revision)

    def watch(self, key: bytes, end: bytes | None = None, start_revision: int = 0) -> EtcdWatch:
        """Watch a range from `start_revision` on; 0 is from the next change on after what this client has seen.

        Raises:
            InvalidRequestError: the end of the range is not above its key.
        """
        check_watch(key, end)
        self._check_open()
        start = start_revision or self._seen_revision + 1
        watch = EtcdWatch(
            self._channel, self._loop, (key, end), start, self._watches.discard, is_from_now=not start_revision
        )
        self._watches.add(watch)
        return watch

    async def lease_grant(self, ttl_s: int, lease: int = 0) -> LeaseStatus:
        """Grant a lease; with id 0 etcd chooses one. etcd may grant a longer time than was asked for."""
        check_lease(ttl_s, lease)
        message = MESSAGES["LeaseGrantRequest"](TTL=ttl_s, ID=lease)
        answer = await self._call("Lease/LeaseGrant", message, "LeaseGrantResponse", lease=lease)
        return LeaseStatus(answer.ID, answer.TTL, answer.TTL)

    async def lease_revoke(self, lease: int) -> int:
        """End a lease and delete its keys at one revision; return the store's revision."""
        message = MESSAGES["LeaseRevokeRequest"](ID=lease)
        answer = await self._call("Lease/LeaseRevoke", message, "LeaseRevokeResponse", lease=lease)
        revision: int = answer.header.revision
        return revision

    async def lease_keep_alive(self, lease: int) -> LeaseStatus:
        """Start the lease's time anew."""
        self._check_open()
        async with self._channel.stream(
            "Lease/LeaseKeepAlive", "LeaseKeepAliveRequest", "LeaseKeepAliveResponse"
        ) as stream:
            await stream.write(MESSAGES["LeaseKeepAliveRequest"](ID=lease))
            answer = await stream.read()
        if answer is grpc.aio.EOF:
            raise StoreUnavailableError("etcd must answer a keep-alive, it ended the stream")
        if answer.TTL <= 0:
            raise LeaseNotFoundError(lease)
        return LeaseStatus(lease, answer.TTL, answer.TTL)

    async def lease_time_to_live(self, lease: int) -> LeaseStatus:
        """Tell what is left of a lease, and its keys."""
        message = MESSAGES["LeaseTimeToLiveRequest"](ID=lease, keys=True)
        answer = await self._call("Lease/LeaseTimeToLive", message, "LeaseTimeToLiveResponse", is_read=True)
        if answer.TTL < 0:
            return LeaseStatus(lease, 0, -1)
        return LeaseStatus(lease, answer.grantedTTL, answer.TTL, tuple(sorted(answer.keys)))

    async def leases(self) -> tuple[int, ...]:
        """Return the ids of all leases, ascending."""
        message = MESSAGES["LeaseLeasesRequest"]()
        answer = await self._call("Lease/LeaseLeases", message, "LeaseLeasesResponse", is_read=True)
        return tuple(sorted(lease.ID for lease in answer.leases))

    async def status(self) -> StoreStatus:
        """Tell where the store stands; its size is that of the member's database in use."""
        message = MESSAGES["StatusRequest"]()
        told = await self._call("Maintenance/Status", message, "StatusResponse", is_read=True)
        counted = await self.range(Range(_FIRST_KEY, FROM_KEY, count_only=True))
        compacted = await self._compact_revision(counted.revision)
        return StoreStatus(counted.revision, compacted, counted.count, told.dbSizeInUse, self.backend)

    async def close(self) -> None:
        """End every watch and connection; closing twice is no error."""
        self._is_closed = True
        watches = list(self._watches)
        for watch in watches:
            watch.close()
        for watch in watches:
            await watch.ended()
        await self._channel.close()

    async def _apply(self, method: str, request: Request, *, is_read: bool = False) -> Result:
        check_request(request)
        answers = {Range: "RangeResponse", Put: "PutResponse", Delete: "DeleteRangeResponse", Txn: "TxnResponse"}
        revision = request.revision if isinstance(request, Range) else 0
        lease = _lease_of(request)
        answer = await self._call(
            method, request_message(request), answers[type(request)], is_read=is_read, revision=revision, lease=lease
        )
        return read_result(request, answer)

    async def _call(
        self, method: str, message: Any, answer: str, *, is_read: bool = False, revision: int = 0, lease: int = 0
    ) -> Any:
        """Call a method; `revision` and `lease` are what an error would be about."""
        self._check_open()
        try:
            got = await self._channel.unary(method, message, answer, is_read=is_read)
        except grpc.aio.AioRpcError as error:
            raise await self._error(error, revision, lease) from error
        self._seen_revision = max(self._seen_revision, got.header.revision)
        return got

    async def _error(self, error: grpc.aio.AioRpcError, revision: int, lease: int) -> Exception:
        """Return what an error of etcd's is here. etcd's clients know them by their texts."""
        text = error.details() or ""
        if "required revision has been compacted" in text:
            return CompactedError(await self._compact_revision(await self._revision()))
        if "required revision is a future revision" in text:
            return FutureRevisionError(revision, await self._revision())
        if "requested lease not found" in text:
            return LeaseNotFoundError(lease)
        if "lease already exists" in text:
            return LeaseExistsError(lease)
        if "key not found" in text:
            return InvalidRequestError("key must be there to keep its value or lease")
        if error.code() in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.RESOURCE_EXHAUSTED):
            return InvalidRequestError(f"etcd must take a request, it said {text!r}")
        return StoreUnavailableError(f"etcd must answer a request, it said {text!r}")

    async def _revision(self) -> int:
        """Return the current revision."""
        return (await self.range(Range(_FIRST_KEY, count_only=True))).revision

    async def _compact_revision(self, revision: int) -> int:
        """Return the oldest revision that can be read, 0 for all; etcd tells only whether one can be.

        `revision` is one that can be read.
        """
        if await self._is_readable(max(1, self._compacted)):
            return self._compacted
        gone = max(1, self._compacted)
        while revision - gone > 1:
            middle = (gone + revision) // 2
            if await self._is_readable(middle):
                revision = middle
            else:
                gone = middle
        self._compacted = revision
        return revision

    async def _is_readable(self, revision: int) -> bool:
        message = request_message(Range(_FIRST_KEY, revision=revision, count_only=True))
        try:
            await self._channel.unary("KV/Range", message, "RangeResponse", is_read=True)
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.OUT_OF_RANGE:
                return False
            raise StoreUnavailableError(f"etcd must answer a request, it said {error.details()!r}") from error
        return True

    def _check_open(self) -> None:
        if self._is_closed:
            raise StoreUnavailableError("a store must be open, this one was closed")


def _lease_of(request: Request) -> int:
    """Return the lease that a request is about; of a transaction the first that it names."""
    if isinstance(request, Put):
        return request.lease
    if isinstance(request, Txn):
        return next(filter(None, map(_lease_of, (*request.success, *request.failure))), 0)
    return 0
