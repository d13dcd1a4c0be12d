"""A real etcd of one member or three, started for a test on ports that are free."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

ETCD = shutil.which("etcd")
needs_etcd = pytest.mark.skipif(ETCD is None, reason="etcd is not installed (Debian: etcd-server)")


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class EtcdCluster:
    """Members that can be killed and started again on what they kept. `arguments` go to every member."""

    def __init__(self, folder: Path, size: int = 1, scheme: str = "http", arguments: tuple[str, ...] = ()) -> None:
        self.folder = folder
        ports = free_ports(2 * size)
        self.endpoints = [f"{scheme}://127.0.0.1:{port}" for port in ports[:size]]
        self._peers = [f"http://127.0.0.1:{port}" for port in ports[size:]]
        self._arguments = arguments
        self._processes: list[subprocess.Popen[bytes] | None] = [None] * size
        for member in range(size):
            self.start(member)

    def start(self, member: int) -> None:
        name = f"m{member}"
        cluster = ",".join(f"m{i}={peer}" for i, peer in enumerate(self._peers))
        command = [
            *(str(ETCD), "--name", name, "--data-dir", str(self.folder / name)),
            *("--listen-client-urls", self.endpoints[member], "--advertise-client-urls", self.endpoints[member]),
            *("--listen-peer-urls", self._peers[member], "--initial-advertise-peer-urls", self._peers[member]),
            *("--initial-cluster", cluster, "--logger", "zap", *self._arguments),
        ]
        with (self.folder / f"{name}.log").open("ab") as log:
            self._processes[member] = subprocess.Popen(command, stdout=log, stderr=log, env={"PATH": "/usr/bin:/bin"})  # noqa: S603

    def wait_until_ready(self, timeout_s: float = 30) -> None:
        """Wait until every member listens; a client waits for a leader by itself."""
        deadline_s = time.monotonic() + timeout_s
        for member, endpoint in enumerate(self.endpoints):
            address = ("127.0.0.1", int(endpoint.rsplit(":", 1)[1]))
            while True:
                process = self._processes[member]
                if process is not None and process.poll() is not None:
                    raise AssertionError((self.folder / f"m{member}.log").read_text()[-2000:])
                try:
                    socket.create_connection(address, 1).close()
                    break
                except OSError:
                    assert time.monotonic() < deadline_s, (self.folder / f"m{member}.log").read_text()[-2000:]
                    time.sleep(0.02)

    def kill(self, member: int) -> None:
        """Kill a member as a power cut of its process would: no signal that it could answer."""
        process = self._processes[member]
        assert process is not None
        process.kill()
        process.wait()
        self._processes[member] = None

    def stop(self) -> None:
        for member, process in enumerate(self._processes):
            if process is not None:
                self.kill(member)
