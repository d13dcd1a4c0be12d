"""The API server over HTTP/1.1, with TLS or without. Only this module knows aiohttp."""

from __future__ import annotations

import ssl
from contextlib import aclosing

from aiohttp import web

from cluster.apiserver import status
from cluster.apiserver.object_codec import MAX_BODY_BYTES, encode
from cluster.apiserver.server import JSON, Answer, ApiServer, Request

_SHUTDOWN_SECONDS = 1.0
_READ_TYPES = ("", JSON, "application/octet-stream")  # the last is what aiohttp says where there is none


class WebServer:
    """Listens for an API server; may listen on several ports."""

    def __init__(self, api: ApiServer) -> None:
        self._api = api
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=_SHUTDOWN_SECONDS
        )

    async def listen(self, host: str, port: int, context: ssl.SSLContext | None = None) -> int:
        """Listen on a port, 0 for any that is free; return the port.

        Raises:
            OSError: the port is taken, or the host is none of this machine.
        """
        if self._runner.server is None:
            await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, ssl_context=context)
        await site.start()
        bound: int = self._runner.addresses[-1][1]
        return bound

    async def close(self) -> None:
        """Stop listening and end what is open; end the store's watches before."""
        await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        answer = await self._answer(request)
        if answer.lines is None:
            headers = {"Content-Type": answer.content_type}
            return web.Response(status=answer.code, body=answer.body, headers=headers)
        response = web.StreamResponse(headers={"Content-Type": JSON})
        await response.prepare(request)
        async with aclosing(answer.lines) as lines:
            async for line in lines:
                await response.write(line)
        await response.write_eof()
        return response

    async def _answer(self, request: web.Request) -> Answer:
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            refusal = status.too_large(MAX_BODY_BYTES)
            return Answer(refusal.code, encode(status.write_status(refusal)))
        if body and request.content_type not in _READ_TYPES and request.method != "PATCH":
            refusal = status.unsupported_type(request.content_type)
            return Answer(refusal.code, encode(status.write_status(refusal)))
        accept = request.headers.get("Accept", "")
        return await self._api.handle(Request(request.method, request.path, dict(request.query), body, accept))
