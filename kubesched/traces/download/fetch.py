"""Downloads a public set into a folder and checks it.

A file has its final name only once its checksum is right: what breaks off or differs leaves nothing behind. A checksum
that nobody published is recorded in checksums.json when the file is first downloaded, and checked from then on.
"""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from kubesched.errors import ConfigError, DownloadError, TraceFormatError
from kubesched.traces.download.archives import is_archive, unpack
from kubesched.traces.download.public_sets import PUBLIC_SETS, PublicFile, PublicSet

_RECORD = "checksums.json"
_CHUNK_BYTES = 2**20
_TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class DownloadProgress:
    """How far one file is: `done` of `total` bytes; the total is 0 where the server does not tell it."""

    file: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """What became of one file.

    Attributes:
        path: where it is.
        sha256: in hexadecimal digits.
        origin: where the checksum is from, see PublicFile; "recorded": from an earlier download.
        was_there: it had been downloaded before.
    """

    path: Path
    sha256: str
    origin: str
    was_there: bool


@dataclass(frozen=True, slots=True)
class Fetched:
    """A set that is there: its folder, its files, and what to open of it."""

    public_set: PublicSet
    folder: Path
    files: tuple[FetchedFile, ...]

    @property
    def reads(self) -> tuple[Path, ...]:
        """The paths to give to `open_trace`."""
        return tuple(self.folder / name if name != "." else self.folder for name in self.public_set.reads)


def cache_folder() -> Path:
    """Return the user's cache folder for traces."""
    import pooch

    return Path(pooch.os_cache("kubesched")) / "traces"


def fetch(
    name: str,
    folder: str | os.PathLike[str] | None = None,
    *,
    mirror: str | None = None,
    progress: Callable[[DownloadProgress], None] | None = None,
    sets: Mapping[str, PublicSet] = PUBLIC_SETS,
) -> Fetched:
    """Download a public set; files that are there and right are left alone.

    Args:
        name: of the set.
        folder: below which its own folder is made; None: the user's cache.
        mirror: an address (http, https or file) to take MIRROR/NAME/FILE from instead; checksums hold there, too.
        progress: called now and then.
        sets: the sets that are known.

    Raises:
        ConfigError: there is no such set, or the mirror is no address.
        DownloadError: a file could not be had, or differs from what it must be; none is left of it.
        OSError: the folder cannot be written.
    """
    if name not in sets:
        near = difflib.get_close_matches(name, sets, 3, 0.4)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise ConfigError(f"a public set must be one of {', '.join(sets)}, got {name!r}{hint}")
    if mirror is not None and urlsplit(mirror).scheme not in ("http", "https", "file"):
        raise ConfigError(f"mirror must be an address of http, https or file, got {mirror!r}")
    chosen = sets[name]
    base = cache_folder() if folder is None else Path(folder)
    own = base / name
    record = _read_record(own / _RECORD)
    files = []
    for file in chosen.files:
        url = file.url if mirror is None else f"{mirror.rstrip('/')}/{quote(f'{name}/{file.name}')}"
        fetched = _fetch_file(file, url, own, record, progress)
        if record.get(file.name) != fetched.sha256:
            record[file.name] = fetched.sha256
            _write_record(own / _RECORD, record)
        if is_archive(fetched.path):
            unpack(fetched.path, own, again=not fetched.was_there)
        files.append(fetched)
    return Fetched(chosen, own, tuple(files))


def _fetch_file(
    file: PublicFile,
    url: str,
    folder: Path,
    record: Mapping[str, str],
    progress: Callable[[DownloadProgress], None] | None,
) -> FetchedFile:
    target = folder / file.name
    known = file.sha256 or record.get(file.name, "")
    origin = file.origin if file.sha256 or not known else "recorded"
    if target.is_file():
        # A file without any known checksum was put there by hand; its first use is now.
        found = _sha256(target)
        if found == (known or found):
            return FetchedFile(target, found, origin, was_there=True)
    made = [parent for parent in target.parents if not parent.exists()]
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        _download(url, target, known, progress)
    except BaseException:
        for parent in made:
            with contextlib.suppress(OSError):  # an earlier file of the set is in it
                parent.rmdir()
        raise
    return FetchedFile(target, known or _sha256(target), origin, was_there=False)


def _download(url: str, target: Path, known: str, progress: Callable[[DownloadProgress], None] | None) -> None:
    import pooch
    import requests

    pooch.get_logger().setLevel(logging.ERROR)
    told = _Told(target.name, progress)
    if urlsplit(url).scheme == "file":
        downloader: Any = _copier(told)
    else:
        # Without this a server may pack once more what is packed, and the checksum would be of something else.
        headers = {"Accept-Encoding": "identity"}
        downloader = pooch.HTTPDownloader(
            progressbar=told, chunk_size=_CHUNK_BYTES, timeout=_TIMEOUT_SECONDS, headers=headers
        )
    try:
        pooch.retrieve(url, f"sha256:{known}" if known else None, target.name, target.parent, downloader=downloader)
    except requests.HTTPError as error:
        status = error.response.status_code if error.response is not None else "none"
        raise DownloadError(f"{url}: must answer with status 200, got {status}") from None
    except (requests.ConnectionError, requests.Timeout) as error:
        raise DownloadError(
            f"{url}: must be reachable, got {_reason(error)}; without a network, put the file at {target} "
            "or name a mirror"
        ) from None
    except requests.RequestException as error:
        raise DownloadError(f"{url}: must be sent whole, got {_reason(error)}") from None
    except FileNotFoundError as error:
        raise DownloadError(f"{url}: must be a readable file, got {error.strerror!r}") from None
    except ValueError as error:
        if "hash" not in str(error):
            raise DownloadError(f"{url}: must be an address, got {error}") from None
        got = next((word.strip(".'\"") for word in str(error).split() if len(word.strip(".'\"")) == len(known)), "?")
        raise DownloadError(f"{url}: must have the SHA-256 {known}, got {got}; nothing is kept of it") from None


class _Told:
    """What a downloader of pooch takes for a progress bar."""

    def __init__(self, name: str, progress: Callable[[DownloadProgress], None] | None) -> None:
        self.total = 0
        self._name = name
        self._done = 0
        self._progress = progress

    def update(self, count: int) -> None:
        """Count bytes."""
        self._done += count
        if self._progress is not None:
            total = self.total
            self._progress(DownloadProgress(self._name, min(self._done, total) if total else self._done, total))

    def reset(self) -> None:
        """Begin anew."""
        self._done = 0

    def close(self) -> None:
        """Do nothing: whoever watches ends the bar."""


def _copier(told: _Told) -> Callable[..., None]:
    def copy(url: str, output_file: str, pooch: object) -> None:  # noqa: ARG001
        source = Path(unquote(urlsplit(url).path))
        told.total = source.stat().st_size
        with source.open("rb") as given, Path(output_file).open("wb") as made:
            shutil.copyfileobj(given, made, _CHUNK_BYTES)
        told.update(told.total)

    return copy


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _reason(error: BaseException) -> str:
    """Return the innermost reason of an error of requests: outer ones print addresses of objects."""
    inner = error
    while (deeper := _cause(inner)) is not None:
        inner = deeper
    text = str(inner.args[0] if inner.args else inner)
    return repr(text.rpartition(">: ")[2] or text)


def _cause(error: BaseException) -> BaseException | None:
    candidates = (getattr(error, "reason", None), *error.args)
    return next((found for found in candidates if isinstance(found, BaseException)), None)


def _read_record(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise TraceFormatError(f"{path}: must be a record of checksums, got {error}; remove it to begin anew") from None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise TraceFormatError(f"{path}: must map files to checksums, got something else; remove it to begin anew")
    return found


def _write_record(path: Path, record: Mapping[str, str]) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        partial.write_text(json.dumps(record, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
