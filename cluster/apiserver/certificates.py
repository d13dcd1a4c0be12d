"""A CA of a cluster's own, and what it signs: the server's certificate and the admin's. All end after a year."""

from __future__ import annotations

import ipaddress
import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from kubesched.clock import Clock

_LIFETIME = timedelta(days=365)
_CLOCK_SKEW = timedelta(minutes=5)
_NAMES = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A certificate and its key, as PEM."""

    certificate: bytes
    key: bytes


class Authority:
    """A CA that is made anew; its key is in memory alone."""

    def __init__(self, clock: Clock) -> None:
        self._now = datetime.fromtimestamp(clock.now_ns() // 1_000_000_000, UTC)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("kubernetes", "")
        usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
        builder = self._builder(self._name, self._key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self._certificate = builder.add_extension(usage, critical=True).sign(self._key, hashes.SHA256())

    @property
    def certificate(self) -> bytes:
        """The CA's certificate, as PEM."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    def server(self, host: str) -> KeyPair:
        """Return a certificate for an address of this machine, and for localhost."""
        addresses = {ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address(host)}
        names = [*map(x509.DNSName, _NAMES), *map(x509.IPAddress, sorted(addresses, key=str))]
        extension = x509.SubjectAlternativeName(names)
        return self._sign(_name("kube-apiserver", ""), ExtendedKeyUsageOID.SERVER_AUTH, extension)

    def client(self, user: str, group: str) -> KeyPair:
        """Return a certificate for a user of a group."""
        return self._sign(_name(user, group), ExtendedKeyUsageOID.CLIENT_AUTH, None)

    def context(self, host: str) -> ssl.SSLContext:
        """Return how to serve TLS: only to clients whose certificate this CA has signed."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cadata=self.certificate.decode())
        context.verify_mode = ssl.CERT_REQUIRED
        pair = self.server(host)
        with tempfile.TemporaryDirectory() as folder:  # ssl reads keys from files alone; it is of mode 0700
            path = Path(folder, "server.pem")
            path.write_bytes(pair.certificate + pair.key)
            context.load_cert_chain(path)
        return context

    def _sign(self, name: x509.Name, usage: ObjectIdentifier, names: x509.SubjectAlternativeName | None) -> KeyPair:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(name, key.public_key())
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if names is not None:
            builder = builder.add_extension(names, critical=False)
        certificate = builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        plain = serialization.NoEncryption()
        form = serialization.PrivateFormat.PKCS8
        return KeyPair(certificate, key.private_bytes(serialization.Encoding.PEM, form, plain))

    def _builder(self, name: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder(self._name, name, key, x509.random_serial_number())
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            builder.not_valid_before(self._now - _CLOCK_SKEW)
            .not_valid_after(self._now + _LIFETIME)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(authority, critical=False)
        )


def _name(common: str, organization: str) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common)]
    if organization:
        parts.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(parts)
