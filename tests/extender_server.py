"""A real extender on the loopback, which answers what a test tells it to."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[dict[str, Any]], Any]


@dataclass
class ExtenderServer:
    """`answers`: verb -> what to answer: bytes as they are, a code, or a JSON value, or a function of the arguments.

    `seen` lists (verb, arguments) in the order of arrival. While `stalled` is not set, no answer goes out.
    """

    answers: dict[str, Any]
    seen: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    stalled: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def args(self, verb: str) -> list[dict[str, Any]]:
        """What was sent to one verb."""
        return [args for seen, args in self.seen if seen == verb]


def make_handler(server: ExtenderServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # or each answer waits 40 ms for an acknowledgement

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/json"
            verb = self.path.rsplit("/", 1)[1]
            args = json.loads(body)
            server.seen.append((verb, args))
            server.stalled.wait(10)
            answer = server.answers.get(verb, 404)
            if callable(answer):
                answer = answer(args)
            code = 200
            if isinstance(answer, int):
                code, answer = answer, b""
            data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            try:
                self.send_response(code)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            except OSError:  # the client has given up
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


@contextmanager
def serving(answers: dict[str, Any], tls: ssl.SSLContext | None = None) -> Iterator[ExtenderServer]:
    """Serve until the end of the block; with TLS, over HTTPS."""
    server = ExtenderServer(answers)
    server.stalled.set()
    http_server = ThreadingHTTPServer(("127.0.0.1", 0), make_handler(server))
    http_server.daemon_threads = True
    if tls is not None:
        http_server.socket = tls.wrap_socket(http_server.socket, server_side=True)
        setattr(http_server, "handle_error", lambda request, address: None)  # noqa: B010 - clients may distrust us
    server.url = f"{'https' if tls else 'http'}://127.0.0.1:{http_server.server_address[1]}/scheduler"
    thread = threading.Thread(target=http_server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stalled.set()
        http_server.shutdown()
        http_server.server_close()
        thread.join()


def extender(server: ExtenderServer, **fields: Any) -> dict[str, Any]:
    """The configuration of an extender that is served; a filter by names unless told otherwise."""
    return {"urlPrefix": server.url, "nodeCacheCapable": True, "filterVerb": "filter", **fields}
