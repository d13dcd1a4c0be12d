"""`kubesched up`: a cluster's API on this machine, until it is stopped."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import secrets
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cluster.apiserver.certificates import Authority

_HOST = "127.0.0.1"
_HEADER = "# written by kubesched up\n"


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), default=6443, show_default=True, help="for TLS; 0 is any free one"
)
@click.option("--data-dir", metavar="DIR", help="keep the objects here; in memory where left out")
@click.option(
    "--kubeconfig", metavar="FILE", default="kubesched.kubeconfig", show_default=True, help="written at the start"
)
def up(*, port: int, data_dir: str | None, kubeconfig: str) -> None:
    """Serve the Kubernetes API on loopback until Ctrl-C or SIGTERM."""
    try:
        import cluster.apiserver.certificates
        import cluster.apiserver.web  # noqa: F401
    except ImportError as error:
        raise click.UsageError(f"needs {error.name}: pip install 'kubesched[cluster]'") from error
    path = Path(kubeconfig)
    if path.exists() and not path.read_text(errors="replace").startswith(_HEADER):
        raise click.UsageError(f"--kubeconfig must name a new file or one that kubesched wrote, got {kubeconfig}")
    asyncio.run(_serve(port, data_dir, path))


async def _serve(port: int, data_dir: str | None, kubeconfig: Path) -> None:
    from cluster.apiserver.certificates import Authority
    from cluster.apiserver.server import ApiServer
    from cluster.apiserver.web import WebServer
    from cluster.store.interface import Store
    from cluster.store.memory import MemoryStore
    from cluster.store.sqlite import SqliteStore
    from kubesched.clock import WallClock

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    clock = WallClock()
    store: Store = MemoryStore(clock)
    if data_dir is not None:
        Path(data_dir).mkdir(parents=True, exist_ok=True, mode=0o700)
        store = await SqliteStore.open(Path(data_dir, "state.db"), clock)
    try:
        server = WebServer(await ApiServer.start(store, clock, seed=secrets.randbits(128)))
        authority = Authority(clock)
        bound = await server.listen(_HOST, port, authority.context(_HOST))
        _write_kubeconfig(kubeconfig, authority, f"https://{_HOST}:{bound}")
        click.echo(f"ready: https://{_HOST}:{bound}, kubeconfig {kubeconfig}")
        await stop.wait()
    finally:
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
