"""Requests over TLS, and within a time and a size."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme

import kubesched as ks
from kubesched.config import load_config
from kubesched.config.extenders import ExtenderConfig
from kubesched.extenders.client import Client
from kubesched.extenders.failure import ExtenderFailure
from tests.builders import make_node, make_pod
from tests.extender_server import extender, serving

Manifest = dict[str, Any]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_context(authority: trustme.CA, name: str = "127.0.0.1", *, wants_client: bool = False) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    if wants_client:
        context.verify_mode = ssl.CERT_REQUIRED
        authority.configure_trust(context)
    return context


def in_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def decide(context: ssl.SSLContext, **fields: Any) -> str:
    """The message of a pod decided by an extender over HTTPS; empty where that worked."""
    with serving({"filter": {"NodeNames": ["a"]}}, context) as server:
        scheduler = ks.Scheduler([make_node("a")], {"extenders": [extender(server, **fields)]})
        return scheduler.schedule(make_pod("p")).message.replace(server.url, "URL")


DISTRUST = 'Post "URL/filter": tls: failed to verify certificate: x509: '


def test_certificates_are_checked_against_the_ca(authority: trustme.CA, tmp_path: Path) -> None:
    context, pem = server_context(authority), authority.cert_pem.bytes()
    (tmp_path / "ca.pem").write_bytes(pem)
    assert decide(context, tlsConfig={"caData": in_base64(pem)}) == ""
    assert decide(context, enableHTTPS=True, tlsConfig={"caFile": str(tmp_path / "ca.pem")}) == ""
    other = in_base64(trustme.CA().cert_pem.bytes())
    assert decide(context, tlsConfig={"caData": other}) == DISTRUST + "certificate signed by unknown authority"
    assert decide(context) == DISTRUST + "certificate signed by unknown authority"  # the system's authorities


def test_https_without_a_ca_checks_nothing(authority: trustme.CA) -> None:
    assert decide(server_context(authority), enableHTTPS=True) == ""
    assert decide(server_context(authority), tlsConfig={"insecure": True}) == ""


def test_the_server_may_have_another_name(authority: trustme.CA) -> None:
    context, data = server_context(authority, "extender.example"), in_base64(authority.cert_pem.bytes())
    assert decide(context, tlsConfig={"caData": data, "serverName": "extender.example"}) == ""
    assert decide(context, tlsConfig={"caData": data}).startswith(DISTRUST)


def test_a_client_certificate_is_shown(authority: trustme.CA, tmp_path: Path) -> None:
    context = server_context(authority, wants_client=True)
    client = authority.issue_cert("scheduler@example.com")
    key, cert = client.private_key_pem.bytes(), client.cert_chain_pems[0].bytes()
    ca = {"caData": in_base64(authority.cert_pem.bytes())}
    assert decide(context, tlsConfig={**ca, "certData": in_base64(cert), "keyData": in_base64(key)}) == ""
    (tmp_path / "key.pem").write_bytes(key)
    (tmp_path / "cert.pem").write_bytes(cert)
    files = {"certFile": str(tmp_path / "cert.pem"), "keyFile": str(tmp_path / "key.pem")}
    assert decide(context, tlsConfig={**ca, **files}) == ""
    assert decide(context, tlsConfig=ca) != ""


@pytest.mark.parametrize(
    "tls",
    [
        pytest.param({"caFile": "/nowhere/ca.pem"}, id="no such file"),
        pytest.param({"caData": in_base64(b"rubbish")}, id="no certificate"),
        pytest.param({"caData": in_base64(b"\xff\xfe")}, id="no text"),
        pytest.param({"caFile": "x", "insecure": True}, id="a CA that is not used"),
        pytest.param({"certData": in_base64(b"x")}, id="no key"),
        pytest.param({"certData": in_base64(b"x"), "keyData": in_base64(b"y")}, id="no key pair"),
    ],
)
def test_tls_that_cannot_be_used_is_refused(tls: Manifest) -> None:
    config = {"extenders": [{"urlPrefix": "https://127.0.0.1", "tlsConfig": tls}]}
    load_config(config)  # well formed
    with pytest.raises(ks.ConfigError, match=r"extenders\[0\]\.tlsConfig: must be usable, got"):
        ks.Scheduler([], config)


@contextmanager
def raw_server(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Answer one connection by hand."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            received = b""
            while not received.endswith(b"{}"):
                received += connection.recv(65536)
            answer(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    thread.join(5)


def post(url: str, timeout_ns: int = 5 * 10**9, limit: int = 1000) -> bytes:
    return Client(ExtenderConfig(url_prefix=url, timeout_ns=timeout_ns), limit).post("filter", "{}")


@pytest.mark.parametrize(
    ("raw", "want"),
    [
        pytest.param(b"", 'Post "URL/filter": EOF', id="closed at once"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", "unexpected EOF", id="closed half way"),
        pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", "failed filter with extender at URL URL/filter, code 204", id="204"),
        pytest.param(b"HTTP/1.1 307 Away\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
                     "failed filter with extender at URL URL/filter, code 307", id="a redirect is not followed"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b" " * 2000,
                     "extender's answer must be at most 1000 bytes", id="too much"),
    ],
)  # fmt: skip
def test_broken_answers(raw: bytes, want: str) -> None:
    with raw_server(lambda connection: connection.sendall(raw)) as url:
        with pytest.raises(ExtenderFailure) as raised:
            post(url)
        assert str(raised.value) == want.replace("URL/filter", f"{url}/filter")


def test_chunks_are_put_together() -> None:
    raw = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n1\r\n \r\n0\r\n\r\n"
    with raw_server(lambda connection: connection.sendall(raw)) as url:
        assert post(url) == b"{} "


def test_a_body_that_drips_is_cut_off() -> None:
    stop = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n")
        for _ in range(900):
            if stop.wait(0.02):
                return
            try:
                connection.sendall(b" ")
            except OSError:
                return

    with raw_server(drip) as url:
        with pytest.raises(ExtenderFailure, match="while reading body"):
            post(url, timeout_ns=10**8)
        stop.set()
