"""Sends one JSON document to an extender and reads the answer, within a time and a size.

As client-go's transport with these differences: no proxy of the environment is used, redirects are not followed, and an
answer of more than MAX_ANSWER_BYTES is refused.
"""

from __future__ import annotations

import errno
import json
import socket
import ssl
import tempfile
from http.client import RemoteDisconnected
from pathlib import Path
from time import monotonic_ns  # noqa: TID251 - how long a peer may take; upstream's httpTimeout
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3 import exceptions

from kubesched.config.extenders import ExtenderConfig, TlsConfig
from kubesched.errors import ConfigError
from kubesched.extenders.failure import ExtenderFailure

MAX_ANSWER_BYTES = 64 << 20
_PIECE_BYTES = 64 << 10
_OK = 200
_NO_HEADERS = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
_NO_BODY = "context deadline exceeded (Client.Timeout or context cancellation while reading body)"


class Client:
    """The connections to one extender.

    Raises:
        ConfigError: a certificate, key or CA cannot be read, or tlsConfig contradicts itself.
    """

    __slots__ = ("_max_answer_bytes", "_pool", "_timeout_ns", "_url_prefix")

    def __init__(self, config: ExtenderConfig, max_answer_bytes: int = MAX_ANSWER_BYTES) -> None:
        self._url_prefix = config.url_prefix.rstrip("/")
        self._timeout_ns = config.timeout_ns
        self._max_answer_bytes = max_answer_bytes
        try:
            context = _make_context(config.tls, config.enable_https)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            raise ConfigError(f"{config.path}.tlsConfig: must be usable, got {error}") from error
        if context.verify_mode == ssl.CERT_NONE:  # as the configuration asks, and upstream does without a word
            urllib3.disable_warnings(exceptions.InsecureRequestWarning)
        name = config.tls.server_name
        pool: dict[str, Any] = {"server_hostname": name} if name else {}
        self._pool = urllib3.PoolManager(retries=False, ssl_context=context, **pool)

    def post(self, verb: str, body: str) -> bytes:
        """Return the answer's body.

        Raises:
            ExtenderFailure: no answer in time, another code than 200, or an answer too large.
        """
        url = f"{self._url_prefix}/{verb}"
        if urlsplit(url).scheme.lower() not in ("http", "https"):
            raise _failure(url, f'unsupported protocol scheme "{urlsplit(url).scheme.lower()}"')
        deadline_ns = monotonic_ns() + self._timeout_ns
        try:
            response = self._pool.request(
                "POST",
                url,
                body=body.encode(),
                headers={"Content-Type": "application/json"},
                timeout=urllib3.Timeout(total=max(self._timeout_ns, 1) / 1e9),
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
        except (exceptions.HTTPError, OSError, ValueError) as error:
            raise _failure(url, _go_text(error, url)) from error
        try:
            if response.status != _OK:
                raise ExtenderFailure(f"failed {verb} with extender at URL {url}, code {response.status}")
            return self._read(response, deadline_ns)
        finally:
            response.close()

    def _read(self, response: urllib3.BaseHTTPResponse, deadline_ns: int) -> bytes:
        answer = bytearray()
        try:
            while piece := response.read1(_PIECE_BYTES):
                answer += piece
                if len(answer) > self._max_answer_bytes:
                    raise ExtenderFailure(f"extender's answer must be at most {self._max_answer_bytes} bytes")
                if monotonic_ns() > deadline_ns:
                    raise ExtenderFailure(_NO_BODY)
        except (exceptions.TimeoutError, TimeoutError) as error:
            raise ExtenderFailure(_NO_BODY) from error
        except (exceptions.HTTPError, OSError, ValueError) as error:
            raise ExtenderFailure("unexpected EOF") from error
        return bytes(answer)


def _failure(url: str, text: str) -> ExtenderFailure:
    return ExtenderFailure(f"Post {json.dumps(url)}: {text}")


def _make_context(tls: TlsConfig, enable_https: bool) -> ssl.SSLContext:
    """Make what client-go's TLSConfigFor would: HTTPS without a CA checks nothing."""
    has_ca = bool(tls.ca_data or tls.ca_file)
    insecure = tls.insecure or (enable_https and not has_ca)
    if has_ca and insecure:
        raise ValueError("specifying a root certificates file with the insecure flag is not allowed")
    context = ssl.create_default_context()
    if has_ca:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        data = tls.ca_data or Path(tls.ca_file).read_bytes()
        context.load_verify_locations(cadata=data.decode("ascii"))
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    _load_certificate(context, tls)
    return context


def _load_certificate(context: ssl.SSLContext, tls: TlsConfig) -> None:
    certificate = tls.cert_data or (Path(tls.cert_file).read_bytes() if tls.cert_file else b"")
    key = tls.key_data or (Path(tls.key_file).read_bytes() if tls.key_file else b"")
    if not certificate and not key:
        return
    if not certificate or not key:
        raise ValueError("a certificate must come with its key")
    with tempfile.TemporaryDirectory() as folder:  # the ssl module reads certificates from files alone
        cert_file, key_file = Path(folder, "cert.pem"), Path(folder, "key.pem")
        cert_file.write_bytes(certificate)
        key_file.touch(mode=0o600)
        key_file.write_bytes(key)
        context.load_cert_chain(cert_file, key_file)


def _go_text(error: BaseException, url: str) -> str:
    """Return what Go's net/http says of a request that failed."""
    parts = urlsplit(url)
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"tls: failed to verify certificate: x509: {_x509_text(cause)}"
        if isinstance(cause, (socket.gaierror, exceptions.NameResolutionError)):
            return f"dial tcp: lookup {parts.hostname}: no such host"
        if isinstance(cause, ConnectionRefusedError):
            port = parts.port or (443 if parts.scheme == "https" else 80)
            return f"dial tcp {parts.hostname}:{port}: connect: connection refused"
        if isinstance(cause, RemoteDisconnected):
            return "EOF"
        if isinstance(cause, ConnectionResetError):
            return "connection reset by peer"
        if isinstance(cause, OSError) and cause.errno == errno.ENETUNREACH:
            return "connect: network is unreachable"
    if any(isinstance(cause, (exceptions.TimeoutError, TimeoutError)) for cause in causes):
        return _NO_HEADERS  # behind the others: urllib3's NewConnectionError is a timeout, too
    if isinstance(error, exceptions.ProtocolError):
        return "EOF"
    return str(causes[-1])


def _causes(error: BaseException) -> list[BaseException]:
    """List an error and what it was raised from, or carries as an argument."""
    found: list[BaseException] = []
    waiting = [error]
    while waiting:
        cause = waiting.pop(0)
        if cause in found:
            continue
        found.append(cause)
        waiting.extend(arg for arg in cause.args if isinstance(arg, BaseException))
        waiting.extend(e for e in (cause.__cause__, cause.__context__) if e is not None)
    return found


def _x509_text(error: ssl.SSLCertVerificationError) -> str:
    by_code = {10: "certificate has expired or is not yet valid"}
    by_code |= dict.fromkeys((18, 19, 20, 21), "certificate signed by unknown authority")
    return by_code.get(error.verify_code, error.verify_message)
