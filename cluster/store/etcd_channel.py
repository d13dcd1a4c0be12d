"""Calls to the members of an etcd cluster: one connection each, the next member where one does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import grpc

from cluster.errors import InvalidRequestError, StoreUnavailableError
from cluster.store.etcd_messages import MESSAGES, PACKAGE

TIMEOUT_S = 5.0
CONNECT_TIMEOUT_S = 1.0
ROUND_PAUSE_S = 0.1

_OPTIONS = [
    ("grpc.max_receive_message_length", -1),  # a long list is one message
    ("grpc.max_send_message_length", -1),  # the member says what is too large
    ("grpc.keepalive_time_ms", 10_000),  # etcd takes no less than 5 s
    ("grpc.keepalive_timeout_ms", 3_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.enable_http_proxy", 0),
    ("grpc.use_local_subchannel_pool", 1),
]
_HAS_LEADER = (("hasleader", "true"),)  # a member without a leader says so at once, and does not wait for one
_NOT_TAKEN = ("etcdserver: no leader", "etcdserver: not capable", "etcdserver: server stopped")
_AWAY = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)


@dataclass(frozen=True, slots=True)
class EtcdTls:
    """The files of a TLS connection, PEM: who signed the members, and who the client is."""

    ca: Path
    cert: Path | None = None
    key: Path | None = None


class EtcdChannel:
    """The members of a cluster, one of them in use. Used from one asyncio loop."""

    def __init__(self, endpoints: Sequence[str], tls: EtcdTls | None = None, timeout_s: float = TIMEOUT_S) -> None:
        """Take the members' client URLs; nothing is connected yet.

        Raises:
            InvalidRequestError: no endpoint, one that is no http(s) URL with host and port, https without `tls`, or a
                file of `tls` that cannot be read.
        """
        if not endpoints:
            raise InvalidRequestError("endpoints must be at least one URL, got none")
        credentials = _credentials(tls)
        self._channels = [_connect(endpoint, credentials) for endpoint in endpoints]
        self.endpoints = tuple(endpoints)
        self._timeout_s = timeout_s
        self._current = 0

    async def unary(self, method: str, request: Any, response: str, *, is_read: bool = False) -> Any:
        """Call a method and return the answer.

        A read goes to every member in turn until the time is over. A write goes to the next member only where this one
        cannot have taken it.

        Raises:
            StoreUnavailableError: no member answered in time; a write may have happened.
            grpc.aio.AioRpcError: what a member refused.
        """
        deadline_s = asyncio.get_running_loop().time() + self._timeout_s
        while True:
            channel, at = await self._ready(deadline_s)
            call = channel.unary_unary(_path(method), type(request).SerializeToString, MESSAGES[response].FromString)
            left_s = deadline_s - asyncio.get_running_loop().time()
            share_s = max(CONNECT_TIMEOUT_S, self._timeout_s / (len(self._channels) + 1)) if is_read else left_s
            try:
                return await call(request, timeout=max(0.01, min(share_s, left_s)), metadata=_HAS_LEADER)
            except grpc.aio.AioRpcError as error:
                if error.code() not in _AWAY:
                    raise
                self._leave(at)
                if not is_read and (error.details() or "") not in _NOT_TAKEN:
                    raise StoreUnavailableError(self._unanswered(at, error)) from error
                if asyncio.get_running_loop().time() >= deadline_s:
                    raise StoreUnavailableError(self._unanswered(at, error)) from error
                await asyncio.sleep(ROUND_PAUSE_S)

    @asynccontextmanager
    async def stream(self, method: str, request: str, response: str) -> AsyncIterator[Any]:
        """Open a stream to the member in use; the next one is in use once this one fails.

        Raises:
            StoreUnavailableError: no member answered in time, or the stream broke.
        """
        channel, at = await self._ready(asyncio.get_running_loop().time() + self._timeout_s)
        call = channel.stream_stream(_path(method), MESSAGES[request].SerializeToString, MESSAGES[response].FromString)(
            metadata=_HAS_LEADER
        )
        try:
            yield call
        except grpc.aio.AioRpcError as error:
            if error.code() in _AWAY:
                self._leave(at)
            raise StoreUnavailableError(self._unanswered(at, error)) from error
        finally:
            call.cancel()

    async def close(self) -> None:
        """End every connection and call; closing twice is no error."""
        for channel in self._channels:
            await channel.close(None)

    async def _ready(self, deadline_s: float) -> tuple[Any, int]:
        """Return a member that is connected, the one in use if it is."""
        loop = asyncio.get_running_loop()
        while True:
            for _ in self._channels:
                at = self._current
                channel = self._channels[at]
                if channel.get_state(try_to_connect=True) is grpc.ChannelConnectivity.READY:
                    return channel, at
                share_s = min(CONNECT_TIMEOUT_S, deadline_s - loop.time())
                with suppress(TimeoutError):
                    await asyncio.wait_for(_connected(channel), max(0.01, share_s))
                    return channel, at
                self._leave(at)
            if loop.time() >= deadline_s:
                raise StoreUnavailableError(f"a member of etcd must answer, got none of {', '.join(self.endpoints)}")
            await asyncio.sleep(ROUND_PAUSE_S)

    def _leave(self, at: int) -> None:
        if self._current == at:
            self._current = (at + 1) % len(self._channels)

    def _unanswered(self, at: int, error: grpc.aio.AioRpcError) -> str:
        return f"a member of etcd must answer, {self.endpoints[at]} said {error.details()!r}"


async def _connected(channel: Any) -> None:
    """Wait until a channel is ready; raise TimeoutError at once where the member refuses the connection."""
    while (state := channel.get_state(try_to_connect=True)) is not grpc.ChannelConnectivity.READY:
        if state in (grpc.ChannelConnectivity.TRANSIENT_FAILURE, grpc.ChannelConnectivity.SHUTDOWN):
            raise TimeoutError
        await channel.wait_for_state_change(state)


def _path(method: str) -> str:
    return f"/{PACKAGE}.{method}"


def _credentials(tls: EtcdTls | None) -> Any:
    if tls is None:
        return None
    files = []
    for path in (tls.ca, tls.key, tls.cert):
        try:
            files.append(None if path is None else path.read_bytes())
        except OSError as error:
            raise InvalidRequestError(f"{path} must be readable: {error.strerror}") from error
    return grpc.ssl_channel_credentials(*files)


def _connect(endpoint: str, credentials: Any) -> Any:
    url = urlsplit(endpoint if "://" in endpoint else f"http://{endpoint}")
    if url.scheme not in ("http", "https") or not url.hostname or not _has_port(url):
        raise InvalidRequestError(f"an endpoint must be a URL like http://127.0.0.1:2379, got {endpoint!r}")
    if url.scheme == "http":
        return grpc.aio.insecure_channel(url.netloc, options=_OPTIONS)
    if credentials is None:
        raise InvalidRequestError(f"an https endpoint must come with the CA that signed it, got {endpoint!r} alone")
    return grpc.aio.secure_channel(url.netloc, credentials, options=_OPTIONS)


def _has_port(url: Any) -> bool:
    try:
        return url.port is not None
    except ValueError:
        return False
