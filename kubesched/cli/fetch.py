"""`kubesched trace fetch`: public traces, downloaded and checked."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from kubesched.traces.download import PublicSet
    from kubesched.traces.download.fetch import DownloadProgress, Fetched

_CHECKSUMS = {
    "published": "published",
    "copied": "known, from a copy of the publisher's file",
    "first use": "none is known: recorded at the first download, checked from then on",
    "recorded": "recorded at the first download",
}


@click.command()
@click.argument("name", required=False, metavar="[NAME]")
@click.option("--list", "listed", is_flag=True, help="the sets that are known, with licence, size and checksums")
@click.option("--cache", metavar="DIR", help="download to DIR/NAME; default: the user's cache folder")
@click.option("--mirror", metavar="URL", help="take URL/NAME/FILE instead (http, https, file), by the same checksums")
@click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def fetch(*, name: str | None, listed: bool, cache: str | None, mirror: str | None, output: str) -> None:
    """Download the public trace NAME and check it; what is there and right is left alone."""
    from kubesched.traces.download import PUBLIC_SETS
    from kubesched.traces.download import fetch as download

    if listed == (name is not None):
        raise click.UsageError("give NAME or --list")
    if name is None:
        _print_sets(list(PUBLIC_SETS.values()), output)
        return

    def go(progress: Callable[[DownloadProgress], None] | None) -> Fetched:
        return download(name, cache, mirror=mirror, progress=progress)

    found = _watched(go) if sys.stderr.isatty() else go(None)
    if output == "json":
        files = [
            {"path": str(file.path), "sha256": file.sha256, "checksum": file.origin, "downloaded": not file.was_there}
            for file in found.files
        ]
        shown = {"name": name, "licence": found.public_set.licence, "reads": [str(path) for path in found.reads]}
        print(json.dumps({**shown, "files": files}, indent=2))
        return
    for file in found.files:
        done = "was there" if file.was_there else "downloaded"
        print(f"{done}: {file.path} (SHA-256 {file.sha256[:12]}…, {_CHECKSUMS[file.origin]})", file=sys.stderr)
    print(f"licence: {found.public_set.licence}; {found.public_set.page}", file=sys.stderr)
    print(" ".join(str(path) for path in found.reads))


def _print_sets(sets: list[PublicSet], output: str) -> None:
    rows: list[dict[str, Any]] = []
    for public_set in sets:
        checked = sum(file.sha256 != "" for file in public_set.files)
        rows.append(
            {
                "name": public_set.name,
                "title": public_set.title,
                "licence": public_set.licence,
                "page": public_set.page,
                "files": len(public_set.files),
                "bytes": public_set.num_bytes,
                "with_checksum": checked,
            }
        )
    if output == "json":
        print(json.dumps(rows, indent=2))
        return
    for row in rows:
        size = "size unknown" if row["bytes"] is None else f"{row['bytes'] / 1e6:,.1f} MB"
        known = f"{row['with_checksum']} of {row['files']} checksums known"
        print(f"{row['name']:15} {row['title']}")
        print(f"{'':15} {size}, {known}, licence: {row['licence']}")


def _watched(go: Callable[[Callable[[DownloadProgress], None]], Fetched]) -> Fetched:
    """Download with a bar for each file."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def show(progress: DownloadProgress) -> None:
            if progress.file not in tasks:
                tasks[progress.file] = bars.add_task(progress.file)
            bars.update(tasks[progress.file], completed=progress.done, total=progress.total or None)

        return go(show)
