"""`kubesched up` as its users meet it: over TLS, with a real kubectl where there is one."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import signal
import ssl
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

import pytest

from cluster.store.etcd import EtcdStore
from cluster.store.records import Range
from tests.cluster.store.etcd_cluster import EtcdCluster, needs_etcd

pytest.importorskip("aiohttp", reason="aiohttp is not installed: there is no server to start")
pytest.importorskip("cryptography", reason="cryptography is not installed: there is no CA")

ROOT = Path(__file__).parents[3]
MAPS = "/api/v1/namespaces/default/configmaps"


class Up:
    """A started command."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.kubeconfig = folder / "config"
        command = [
            sys.executable,
            "-m",
            "tests.cluster.http.run_up",
            "up",
            "--port",
            "0",
            "--kubeconfig",
            str(self.kubeconfig),
        ]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([*command, *options], stdout=pipe, stderr=pipe, text=True, cwd=ROOT)  # noqa: S603
        assert self.process.stdout is not None
        self.ready = self.process.stdout.readline()

    @property
    def config(self) -> dict[str, Any]:
        return json.loads(self.kubeconfig.read_text().split("\n", 1)[1])  # type: ignore[no-any-return]

    def connect(self, *, has_certificate: bool = True) -> HTTPSConnection:
        cluster, user = self.config["clusters"][0]["cluster"], self.config["users"][0]["user"]
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
        context = ssl.create_default_context(cadata=authority)
        if has_certificate:
            pair = self.kubeconfig.with_name("pair.pem")
            pair.write_bytes(b"".join(base64.b64decode(user[f"client-{part}-data"]) for part in ("certificate", "key")))
            context.load_cert_chain(pair)
        host, port = cluster["server"].removeprefix("https://").split(":")
        return HTTPSConnection(host, int(port), context=context, timeout=30)

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=30)
        return self.process.returncode, errors


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    started = Up(tmp_path)
    yield started
    started.process.kill()
    started.process.communicate()


def ask(
    connection: HTTPSConnection, method: str, path: str, body: bytes = b"", kind: str = "application/json"
) -> tuple[int, Any]:
    with closing(connection):
        connection.request(method, path, body, {"Content-Type": kind})
        response = connection.getresponse()
        return response.status, json.loads(response.read())


def test_one_line_tells_that_it_is_ready_and_the_kubeconfig_is_its_owners(up: Up) -> None:
    assert up.ready == f"ready: {up.config['clusters'][0]['cluster']['server']}, kubeconfig {up.kubeconfig}\n"
    assert stat.S_IMODE(up.kubeconfig.stat().st_mode) == 0o600


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly_while_somebody_watches(up: Up, number: int) -> None:
    with closing(up.connect()) as connection:
        connection.request("GET", f"{MAPS}?watch=true")
        response = connection.getresponse()
        assert response.status == 200
        assert up.stop(number) == (0, "")
        assert response.read() == b""


def test_who_has_no_certificate_is_not_served(up: Up) -> None:
    with pytest.raises((ssl.SSLError, ConnectionError)):
        ask(up.connect(has_certificate=False), "GET", "/version")
    assert ask(up.connect(), "GET", "/version")[0] == 200


def test_bodies_that_are_not_read(up: Up) -> None:
    assert ask(up.connect(), "POST", MAPS, b"k8s\0", "application/vnd.kubernetes.protobuf")[0] == 415
    assert ask(up.connect(), "POST", MAPS, b" " * (3 * 1024 * 1024 + 1))[0] == 413


def test_what_was_answered_is_there_after_a_kill(tmp_path: Path) -> None:
    first = Up(tmp_path, "--data-dir", str(tmp_path / "data"))
    code, made = ask(first.connect(), "POST", MAPS, b'{"metadata": {"name": "a"}}')
    assert code == 201
    first.stop(signal.SIGKILL)
    second = Up(tmp_path, "--data-dir", str(tmp_path / "data"))
    assert ask(second.connect(), "GET", f"{MAPS}/a") == (200, made)
    assert second.stop() == (0, "")


@needs_etcd
def test_an_etcd_keeps_the_objects_and_they_are_served_as_etcd_too(tmp_path: Path) -> None:
    cluster = EtcdCluster(tmp_path)
    try:
        cluster.wait_until_ready()
        first = Up(tmp_path, "--etcd-servers", cluster.endpoints[0], "--listen-client", "127.0.0.1:0")
        code, made = ask(first.connect(), "POST", MAPS, b'{"metadata": {"name": "a"}}')
        assert code == 201
        served = first.ready.strip().partition("etcd at ")[2]

        async def read() -> bytes:
            store = await EtcdStore.connect([served])
            found = await store.range(Range(b"/registry/configmaps/default/a"))
            await store.close()
            return found.kvs[0].value

        assert json.loads(asyncio.run(read()))["metadata"]["uid"] == made["metadata"]["uid"]
        first.stop(signal.SIGKILL)
        second = Up(tmp_path, "--etcd-servers", cluster.endpoints[0])
        assert ask(second.connect(), "GET", f"{MAPS}/a") == (200, made)
        assert second.stop() == (0, "")
    finally:
        cluster.stop()


@pytest.mark.parametrize(
    ("options", "want"),
    [
        pytest.param(["--listen-client", "here"], "--listen-client must be HOST:PORT, got 'here'", id="no address"),
        pytest.param(["--listen-client", "0.0.0.0:0"], "host must be a loopback address, got '0.0.0.0'", id="for all"),
        pytest.param(["--data-dir", "a", "--etcd-servers", "b"], "one without the other", id="two stores"),
        pytest.param(["--etcd-cafile", "a"], "go with --etcd-servers", id="a CA for nobody"),
        pytest.param(["--etcd-servers", "127.0.0.1"], "must be a URL like http://127.0.0.1:2379", id="no port"),
    ],
)
def test_options_that_do_not_fit(tmp_path: Path, options: list[str], want: str) -> None:
    refused = Up(tmp_path, *options)
    _, errors = refused.process.communicate(timeout=60)
    assert (refused.ready, refused.process.returncode) == ("", 2)
    assert want in errors
    assert "Traceback" not in errors


def test_a_port_that_is_taken(up: Up, tmp_path: Path) -> None:
    taken = up.ready.split(",")[0].rpartition(":")[2]
    refused = Up(tmp_path, "--port", taken)
    _, errors = refused.process.communicate(timeout=60)
    assert (refused.process.returncode, errors) == (2, f"kubesched: port must be free, got 127.0.0.1:{taken}\n")


def test_a_file_of_somebody_else_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("apiVersion: v1\n")
    refused = Up(tmp_path)
    assert refused.ready == ""
    assert refused.process.wait() == 2
    refused.process.communicate()
    assert (tmp_path / "config").read_text() == "apiVersion: v1\n"


def test_kubectl_reads_creates_watches_and_deletes(up: Up, tmp_path: Path) -> None:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("no kubectl on the PATH: nothing to run against the server")
    command = [kubectl, "--kubeconfig", str(up.kubeconfig), "--cache-dir", str(tmp_path / "cache")]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}

    def run(*arguments: str) -> str:
        done = subprocess.run(  # noqa: S603
            [*command, *arguments], capture_output=True, text=True, env=environment, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    manifest = tmp_path / "a.json"
    manifest.write_text('{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"x": "y"}}')
    assert run("create", "--validate=false", "-f", str(manifest)) == "configmap/a created\n"
    assert run("get", "cm", "a", "-o", "jsonpath={.data.x}") == "y"
    assert run("get", "namespaces", "-o", "name").split() == [
        f"namespace/{name}" for name in ("default", "kube-node-lease", "kube-public", "kube-system")
    ]
    assert run("delete", "cm", "a").startswith('configmap "a" deleted')
    assert run("get", "cm", "-o", "name") == ""
