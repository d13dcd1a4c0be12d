"""Archives of public sets, unpacked flat: each file by its last name, whatever path the archive gives it."""

from __future__ import annotations

import os
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from kubesched.errors import DownloadError

_TAR_SUFFIXES = (".tar.gz", ".tgz", ".tar")


def is_archive(path: Path) -> bool:
    """Tell by its name whether a file is unpacked after its download."""
    return path.name.endswith((*_TAR_SUFFIXES, ".zip"))


def unpack(archive: Path, folder: Path, *, again: bool) -> list[Path]:
    """Write the files of an archive into a folder; each is whole under its name or not there.

    Args:
        archive: a tar, gzipped or not, or a zip file.
        folder: where the files go.
        again: replace files that are there; else they are left alone.

    Raises:
        DownloadError: the archive is broken.
    """
    written = []
    try:
        for name, stream in _members(archive):
            target = folder / name
            if again or not target.is_file():
                partial = target.with_name(f".{name}.{os.getpid()}.part")
                try:
                    with partial.open("wb") as file:
                        shutil.copyfileobj(stream, file, 2**20)
                    partial.replace(target)
                finally:
                    partial.unlink(missing_ok=True)
            written.append(target)
    except (EOFError, tarfile.TarError, zipfile.BadZipFile, zlib.error) as error:
        raise DownloadError(f"{archive}: must be a whole archive, got {error}") from None
    return written


def _members(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield (last name, content) of the regular files."""
    if archive.name.endswith(_TAR_SUFFIXES):
        with tarfile.open(archive) as tar:
            for member in tar:
                with _opened(tar.extractfile(member) if member.isfile() else None) as stream:
                    if stream is not None and _is_plain(member.name):
                        yield PurePosixPath(member.name).name, stream
    else:
        with zipfile.ZipFile(archive) as packed:
            for entry in packed.infolist():
                if not entry.is_dir() and _is_plain(entry.filename):
                    with packed.open(entry) as stream:
                        yield PurePosixPath(entry.filename).name, stream


@contextmanager
def _opened(stream: IO[bytes] | None) -> Iterator[IO[bytes] | None]:
    try:
        yield stream
    finally:
        if stream is not None:
            stream.close()


def _is_plain(name: str) -> bool:
    last = PurePosixPath(name).name
    return bool(last) and not last.startswith(".") and "\\" not in last
