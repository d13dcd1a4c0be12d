"""`kubesched up`: a cluster's API on this machine, until it is stopped."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import secrets
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cluster.apiserver.certificates import Authority
    from cluster.store.interface import Store
    from kubesched.clock import Clock

_HOST = "127.0.0.1"
_MOST_PORT = 65535
_HEADER = "# written by kubesched up\n"


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), default=6443, show_default=True, help="for TLS; 0 is any free one"
)
@click.option("--data-dir", metavar="DIR", help="keep the objects here; in memory where left out")
@click.option(
    "--kubeconfig", metavar="FILE", default="kubesched.kubeconfig", show_default=True, help="written at the start"
)
@click.option("--etcd-servers", metavar="URLS", help="keep the objects in an etcd: its client URLs, joined by commas")
@click.option("--etcd-cafile", metavar="FILE", help="of --etcd-servers with https: who signed its certificates")
@click.option("--etcd-certfile", metavar="FILE", help="of --etcd-servers with https: the client's certificate")
@click.option("--etcd-keyfile", metavar="FILE", help="of --etcd-servers with https: the client's key")
@click.option("--listen-client", metavar="HOST:PORT", help="serve the objects as etcd, too, on a loopback address")
def up(*, port: int, kubeconfig: str, listen_client: str | None, **kept: str | None) -> None:
    """Serve the Kubernetes API on loopback until Ctrl-C or SIGTERM."""
    if kept["data_dir"] is not None and kept["etcd_servers"] is not None:
        raise click.UsageError("--data-dir and --etcd-servers go one without the other")
    if kept["etcd_servers"] is None and any(kept[f"etcd_{name}file"] is not None for name in ("ca", "cert", "key")):
        raise click.UsageError("--etcd-cafile, --etcd-certfile and --etcd-keyfile go with --etcd-servers")
    client = None if listen_client is None else _address(listen_client)
    try:
        import cluster.apiserver.certificates
        import cluster.apiserver.web  # noqa: F401
    except ImportError as error:
        raise click.UsageError(f"needs {error.name}: pip install 'kubesched[cluster]'") from error
    path = Path(kubeconfig)
    if path.exists() and not path.read_text(errors="replace").startswith(_HEADER):
        raise click.UsageError(f"--kubeconfig must name a new file or one that kubesched wrote, got {kubeconfig}")
    asyncio.run(_serve(port, path, kept, client))


def _address(text: str) -> tuple[str, int]:
    """Return host and port of HOST:PORT."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > _MOST_PORT:
        raise click.UsageError(f"--listen-client must be HOST:PORT, got {text!r}")
    return host, int(port)


async def _open_store(kept: Mapping[str, str | None], clock: Clock) -> Store:
    """Open what keeps the objects: a file, an etcd, or this process's memory."""
    from cluster.store.memory import MemoryStore
    from cluster.store.sqlite import SqliteStore

    data_dir, servers = kept["data_dir"], kept["etcd_servers"]
    if data_dir is not None:
        Path(data_dir).mkdir(parents=True, exist_ok=True, mode=0o700)
        return await SqliteStore.open(Path(data_dir, "state.db"), clock)
    if servers is None:
        return MemoryStore(clock)
    from cluster.store.etcd import EtcdStore
    from cluster.store.etcd_channel import EtcdTls

    ca, cert, key = (kept[f"etcd_{name}file"] for name in ("ca", "cert", "key"))
    tls = (
        None
        if ca is None
        else EtcdTls(Path(ca), None if cert is None else Path(cert), None if key is None else Path(key))
    )
    return await EtcdStore.connect(servers.split(","), tls)


async def _serve(port: int, kubeconfig: Path, kept: Mapping[str, str | None], client: tuple[str, int] | None) -> None:
    from cluster.apiserver.certificates import Authority
    from cluster.apiserver.server import ApiServer
    from cluster.apiserver.web import WebServer
    from cluster.errors import StoreUnavailableError
    from cluster.store.served import EtcdServer
    from kubesched.clock import WallClock

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    clock = WallClock()
    store = await _open_store(kept, clock)
    served = None
    try:
        server = WebServer(await ApiServer.start(store, clock, seed=secrets.randbits(128)))
        authority = Authority(clock)
        try:
            bound = await server.listen(_HOST, port, authority.context(_HOST))
        except OSError as error:
            raise StoreUnavailableError(f"port must be free, got {_HOST}:{port}") from error
        also = ""
        if client is not None:
            served = EtcdServer(store)
            also = f", etcd at http://{client[0]}:{await served.start(*client)}"
        _write_kubeconfig(kubeconfig, authority, f"https://{_HOST}:{bound}")
        click.echo(f"ready: https://{_HOST}:{bound}, kubeconfig {kubeconfig}{also}")
        await stop.wait()
    finally:
        if served is not None:
            await served.stop()
        await store.close()  # ends the watches, so that the server need not wait for them
    await server.close()


def _write_kubeconfig(path: Path, authority: Authority, server: str) -> None:
    """Write a kubeconfig that its owner alone may read."""

    def text(pem: bytes) -> str:
        return base64.b64encode(pem).decode()

    pair = authority.client("kubernetes-admin", "system:masters")
    user = {"client-certificate-data": text(pair.certificate), "client-key-data": text(pair.key)}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": "kubesched",
                "cluster": {"server": server, "certificate-authority-data": text(authority.certificate)},
            }
        ],
        "users": [{"name": "kubernetes-admin", "user": user}],
        "contexts": [{"name": "kubesched", "context": {"cluster": "kubesched", "user": "kubernetes-admin"}}],
        "current-context": "kubesched",
    }
    written = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(_HEADER + json.dumps(config, indent=2) + "\n")
    written.replace(path)
