"""Public sets from a server on loopback: whole, wrong, missing, broken off and unreachable."""

from __future__ import annotations

import hashlib
import io
import json
import re
import socket
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from kubesched.errors import ConfigError, DownloadError, TraceFormatError
from kubesched.traces import open_trace
from kubesched.traces.download import PUBLIC_SETS, PublicFile, PublicSet, fetch
from kubesched.traces.download.fetch import DownloadProgress
from kubesched.traces.download.public_sets import COPIED, FIRST_USE, PUBLISHED
from tests.kubesched.cli.test_cli import run

CONTENT = b"a,b\n1,2\n" * 300_000


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Handler(BaseHTTPRequestHandler):
    files: ClassVar[dict[str, bytes]] = {}
    cut: ClassVar[set[str]] = set()
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        content = self.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if self.path in self.cut else content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    Handler.files, Handler.cut, Handler.asked = {}, set(), []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def sets(*files: PublicFile) -> dict[str, PublicSet]:
    return {"toy": PublicSet("toy", "a toy", "MIT", "http://x.invalid/", files)}


def test_a_set_is_downloaded_once(address: str, tmp_path: Path) -> None:
    Handler.files = {"/a.csv": CONTENT, "/b.csv": b"b"}
    told: list[DownloadProgress] = []
    known = sets(
        PublicFile(f"{address}/a.csv", "deep/a.csv", digest(CONTENT), len(CONTENT), PUBLISHED),
        PublicFile(f"{address}/b.csv", "b.csv", digest(b"b"), 1, COPIED),
    )
    found = fetch("toy", tmp_path, progress=told.append, sets=known)
    assert found.reads == (tmp_path / "toy",)
    assert [(file.path.read_bytes(), file.was_there) for file in found.files] == [(CONTENT, False), (b"b", False)]
    assert told[-1] == DownloadProgress("b.csv", 1, 1)
    assert max(step.done for step in told) == len(CONTENT)
    again = fetch("toy", tmp_path, sets=known)
    assert [file.was_there for file in again.files] == [True, True]
    assert Handler.asked == ["/a.csv", "/b.csv"]
    found.files[1].path.write_bytes(b"spoilt")
    assert [file.was_there for file in fetch("toy", tmp_path, sets=known).files] == [True, False]


def test_a_wrong_checksum_leaves_nothing_behind(address: str, tmp_path: Path) -> None:
    Handler.files = {"/a.csv": CONTENT}
    known = sets(PublicFile(f"{address}/a.csv", "a.csv", digest(b"other"), 5, PUBLISHED))
    want = f"{address}/a.csv: must have the SHA-256 {digest(b'other')}, got {digest(CONTENT)}; nothing is kept of it"
    with pytest.raises(DownloadError, match=re.escape(want)):
        fetch("toy", tmp_path / "cache", sets=known)
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_not_there_is_an_error(address: str, tmp_path: Path) -> None:
    Handler.files = {"/a.csv": CONTENT}
    known = sets(PublicFile(f"{address}/a.csv", "a.csv", digest(CONTENT)), PublicFile(f"{address}/b.csv", "b.csv"))
    with pytest.raises(DownloadError, match=re.escape("/b.csv: must answer with status 200, got 404")):
        fetch("toy", tmp_path, sets=known)
    assert sorted(path.name for path in (tmp_path / "toy").iterdir()) == ["a.csv", "checksums.json"]


@pytest.mark.parametrize("sha256", ["", digest(CONTENT)], ids=["no known checksum", "a known checksum"])
def test_a_download_that_breaks_off_leaves_nothing_behind(address: str, tmp_path: Path, sha256: str) -> None:
    Handler.files, Handler.cut = {"/a.csv": CONTENT}, {"/a.csv"}
    known = sets(PublicFile(f"{address}/a.csv", "a.csv", sha256))
    with pytest.raises(DownloadError, match=r"/a\.csv: must be sent whole, got "):
        fetch("toy", tmp_path / "cache", sets=known)
    assert not list(tmp_path.iterdir())
    Handler.cut = set()
    assert fetch("toy", tmp_path, sets=known).files[0].path.read_bytes() == CONTENT


def test_without_a_network_the_message_says_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    known = sets(PublicFile(f"http://127.0.0.1:{port}/a.csv", "a.csv"))
    target = tmp_path / "toy" / "a.csv"
    want = f"without a network, put the file at {target} or name a mirror"
    with pytest.raises(DownloadError, match=re.escape(want)) as caught:
        fetch("toy", tmp_path, sets=known)
    assert "0x" not in str(caught.value)
    target.parent.mkdir()
    target.write_bytes(b"by hand")
    assert fetch("toy", tmp_path, sets=known).files[0].was_there


def test_ctrl_c_leaves_nothing_behind(address: str, tmp_path: Path) -> None:
    def stop(progress: DownloadProgress) -> None:
        raise KeyboardInterrupt

    Handler.files = {"/a.csv": CONTENT}
    with pytest.raises(KeyboardInterrupt):
        fetch("toy", tmp_path / "cache", progress=stop, sets=sets(PublicFile(f"{address}/a.csv", "a.csv")))
    assert not list(tmp_path.iterdir())


def test_a_checksum_that_nobody_knows_is_recorded_and_holds(address: str, tmp_path: Path) -> None:
    Handler.files = {"/a.csv": CONTENT}
    known = sets(PublicFile(f"{address}/a.csv", "a.csv"))
    assert fetch("toy", tmp_path, sets=known).files[0].origin == FIRST_USE
    record = tmp_path / "toy" / "checksums.json"
    assert json.loads(record.read_text()) == {"a.csv": digest(CONTENT)}
    assert fetch("toy", tmp_path, sets=known).files[0].origin == "recorded"
    (tmp_path / "toy" / "a.csv").unlink()
    Handler.files = {"/a.csv": b"changed"}
    with pytest.raises(DownloadError, match=f"must have the SHA-256 {digest(CONTENT)}, got {digest(b'changed')}"):
        fetch("toy", tmp_path, sets=known)
    assert sorted(path.name for path in (tmp_path / "toy").iterdir()) == ["checksums.json"]
    record.write_text("[")
    with pytest.raises(TraceFormatError, match=r"checksums\.json: must be a record of checksums"):
        fetch("toy", tmp_path, sets=known)


def packed(kind: str) -> bytes:
    made = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(made, "w") as archive:
            archive.writestr("../../up/a.csv", CONTENT)
    else:
        with tarfile.open(fileobj=made, mode="w:gz") as tar:
            for name in ("../../up/a.csv", "link"):
                member = tarfile.TarInfo(name)
                member.size = len(CONTENT) if name != "link" else 0
                member.type, member.linkname = (tarfile.REGTYPE, "") if name != "link" else (tarfile.SYMTYPE, "/etc")
                tar.addfile(member, io.BytesIO(CONTENT))
    return made.getvalue()


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_an_archive_is_unpacked_and_stays_in_its_folder(address: str, tmp_path: Path, kind: str) -> None:
    content = packed(kind)
    Handler.files = {f"/t.{kind}": content}
    known = sets(PublicFile(f"{address}/t.{kind}", f"t.{kind}", digest(content)))
    fetch("toy", tmp_path, sets=known)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.csv", "checksums.json", f"t.{kind}", "toy"]
    assert (tmp_path / "toy" / "a.csv").read_bytes() == CONTENT
    (tmp_path / "toy" / "a.csv").unlink()
    fetch("toy", tmp_path, sets=known)
    assert (tmp_path / "toy" / "a.csv").read_bytes() == CONTENT
    Handler.files = {f"/t.{kind}": content[: len(content) // 2]}
    with pytest.raises(DownloadError, match="must be a whole archive"):
        fetch("toy", tmp_path / "other", sets=sets(PublicFile(f"{address}/t.{kind}", f"t.{kind}")))


def test_every_set_that_is_known_says_all_that_is_needed() -> None:
    assert list(PUBLIC_SETS) == [public_set.name for public_set in PUBLIC_SETS.values()]
    for public_set in PUBLIC_SETS.values():
        assert public_set.title
        assert public_set.licence
        assert public_set.page.startswith("https://")
        assert public_set.files
        names = [file.name for file in public_set.files]
        assert len(set(names)) == len(names)
        for file in public_set.files:
            assert re.fullmatch(r"https?://\S+", file.url)
            assert re.fullmatch(r"([0-9a-f]{64})?", file.sha256)
            assert (file.origin == FIRST_USE) == (not file.sha256)
            assert ".." not in file.name


def test_a_mirror_on_disk_gives_a_trace_that_opens(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mirror = tmp_path / "mirror"
    for name in ("simkube", "openb"):
        (mirror / name).mkdir(parents=True)
        source = shared / "traces" / ("openb/csv" if name == "openb" else name)
        for file in PUBLIC_SETS[name].files:
            (mirror / name / file.name).write_bytes((source / file.name).read_bytes())
        args = ("trace", "fetch", name, "--cache", str(tmp_path / "cache"), "--mirror", mirror.as_uri())
        code, out, err = run(capsys, *args)
        assert code == 0, err
        assert "licence: " in err
        assert open_trace(*out.split()).num_pods == {"simkube": 54, "openb": 8152}[name]
        code, out, _ = run(capsys, *args, "--output", "json")
        assert not any(file["downloaded"] for file in json.loads(out)["files"])


def test_the_command_lists_sets_and_names_near_ones(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = run(capsys, "trace", "fetch", "--list")
    assert code == 0
    assert re.search(r"^borg2011 .*\n.*10 of 10 checksums known, licence: CC-BY$", out, re.MULTILINE)
    code, out, _ = run(capsys, "trace", "fetch", "--list", "--output", "json")
    assert {row["name"] for row in json.loads(out)} == set(PUBLIC_SETS)
    code, _, err = run(capsys, "trace", "fetch", "borg2012")
    assert (code, "did you mean borg2011" in err) == (2, True)
    code, _, err = run(capsys, "trace", "fetch")
    assert (code, "give NAME or --list" in err) == (2, True)
    code, _, err = run(capsys, "trace", "fetch", "simkube", "--cache", str(tmp_path), "--mirror", tmp_path.as_uri())
    assert (code, "must be a readable file, got 'No such file or directory'" in err) == (1, True)
    code, _, err = run(capsys, "trace", "fetch", "simkube", "--cache", str(tmp_path), "--mirror", "gopher://x")
    assert (code, err) == (2, "kubesched: mirror must be an address of http, https or file, got 'gopher://x'\n")
    with pytest.raises(ConfigError, match="a public set must be one of toy, got 'x'"):
        fetch("x", tmp_path, sets=sets())
