"""Files of manifests: every form that is read, and where a broken one is broken."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kubesched as ks
from kubesched.errors import KubeschedError, ManifestError

NODE = "apiVersion: v1\nkind: Node\nmetadata: {name: a}\n"


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    data = text.encode() if isinstance(text, str) else text
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


@pytest.mark.parametrize(
    ("name", "text", "want_names"),
    [
        pytest.param("a.yaml", f"# comment\n---\n{NODE}---\n---\n{NODE}", ["a", "a"], id="documents, some empty"),
        pytest.param("a.yaml.gz", NODE, ["a"], id="gzipped"),
        pytest.param("a.json", json.dumps({"kind": "Node", "metadata": {"name": "a"}}), ["a"], id="JSON"),
        pytest.param("a.txt", json.dumps({"kind": "Node", "metadata": {"name": "a"}}), ["a"], id="JSON by content"),
        pytest.param("a.yaml", "kind: List\nitems:\n- {kind: Node, metadata: {name: b}}\n", ["b"], id="a List"),
        pytest.param("a.yaml", "apiVersion: v1\nkind: NodeList\nitems: [{metadata: {name: c}}]", ["c"],
                     id="items of a typed list take its kind"),
    ],
)  # fmt: skip
def test_what_is_read(tmp_path: Path, name: str, text: str, want_names: list[str]) -> None:
    objects = ks.load(write(tmp_path, name, text))
    assert [obj["metadata"]["name"] for obj in objects] == want_names
    assert {obj["kind"] for obj in objects} == {"Node"}


def test_a_folder_is_read_by_name(tmp_path: Path) -> None:
    write(tmp_path, "b.yaml", NODE.replace("name: a", "name: second"))
    write(tmp_path, "a.json.gz", json.dumps({"kind": "Node", "metadata": {"name": "first"}}))
    write(tmp_path, "notes.txt", "no manifest")
    assert [obj["metadata"]["name"] for obj in ks.load(tmp_path)] == ["first", "second"]


def test_scalars_read_as_kubectl_reads_them(tmp_path: Path) -> None:
    text = "kind: X\nday: 2026-01-01\nmark: =\nclock: 12:30:45\nyes: on\nnumber: 1e3\nfloat: 1.5\noctal: 0o17\n"
    (found,) = ks.load(write(tmp_path, "a.yaml", text))
    assert found["day"] == "2026-01-01"
    assert found["mark"] == "="
    assert found["clock"] == "12:30:45"
    assert True in found.values()
    assert found["number"] == 1000.0
    assert found["float"] == 1.5


@pytest.mark.parametrize(
    ("name", "text", "want"),
    [
        pytest.param("a.yaml", "kind: Node\n  bad: [1\n", r"a\.yaml:2:\d+: must be YAML", id="broken YAML: the line"),
        pytest.param("a.json", '{"kind":\n oops}', r"a\.json:2:2: must be JSON", id="broken JSON: line and column"),
        pytest.param("a.yaml", "", r"a\.yaml: must hold at least one object, got none", id="an empty file"),
        pytest.param("a.yaml", "just text", r"a\.yaml: must be a Kubernetes object, got 'just text'", id="text"),
        pytest.param("a.yaml", "metadata: {}", r"a\.yaml: must have a kind", id="no kind"),
        pytest.param("a.yaml", b"kind: \xff", r"a\.yaml:1: must be UTF-8, got byte 0xff", id="not UTF-8"),
        pytest.param("a.yaml", "kind: !!python/object:os.system x", r"a\.yaml:1:\d+: must be YAML", id="a Python tag"),
        pytest.param("a.yaml", "[" * 50_000, r"a\.yaml.*must", id="nested very deeply"),
    ],
)
def test_what_is_broken_is_named(tmp_path: Path, name: str, text: str | bytes, want: str) -> None:
    with pytest.raises(ManifestError, match=want):
        ks.load(write(tmp_path, name, text))


def test_a_missing_or_cut_off_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=re.escape(f"{tmp_path}/none.yaml: must be a readable file")):
        ks.load(tmp_path / "none.yaml")
    cut = tmp_path / "cut.yaml.gz"
    cut.write_bytes(gzip.compress(NODE.encode() * 100)[:-20])
    with pytest.raises(ManifestError, match=r"cut\.yaml\.gz: must be a readable file"):
        ks.load(cut)


def test_an_alias_bomb_is_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 200)}]" for i in range(1, 60)]
    with pytest.raises(ManifestError, match=r"must have at most \d+ aliases"):
        ks.load(write(tmp_path, "bomb.yaml", "\n".join(lines)))


@given(st.one_of(st.binary(max_size=60), st.text(max_size=60).map(str.encode)))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        try:
            ks.load(write(Path(folder), "any.yaml", data))
        except KubeschedError as error:
            assert "must" in str(error)
