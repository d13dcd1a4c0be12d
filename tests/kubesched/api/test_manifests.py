"""Files of manifests: every form that is read, and where a broken one is broken."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
import yaml
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
        pytest.param("a.yaml", f"kind: List\nitems:\n- kind: NodeList\n  items: [{{metadata: {{name: d}}}}]\n---\n{NODE}",
                     ["d", "a"], id="a list in a list"),
        pytest.param("a.yaml", f"{NODE}---\nkind: PodList\nitems: null\n", ["a"], id="an empty list beside others"),
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
    text = "kind: X\nmetadata: {name: x}\nday: 2026-01-01\nmark: =\nclock: 12:30:45\nyes: on\nnumber: 1e3\nfloat: 1.5\noctal: 0o17\n"
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
        pytest.param("a.yaml", "just text", r"a\.yaml:1: must be a Kubernetes object, got 'just text'", id="text"),
        pytest.param("a.yaml", f"{NODE}---\nmetadata: {{}}", r"a\.yaml:5: must have a kind", id="no kind"),
        pytest.param(
            "a.yaml", f"{NODE}---\nkind: Pod", r"a\.yaml:5: Pod must have a metadata\.name, got None", id="no name"
        ),
        pytest.param(
            "a.json",
            '[{"kind": "Pod", "metadata": {"name": 3}}]',
            r"a\.json:1: \[0\] Pod must have a metadata\.name, got 3",
            id="a number for a name",
        ),
        pytest.param(
            "a.yaml",
            f"{NODE}---\nkind: List\nitems: [{{kind: Node, metadata: {{name: b}}}}, 3]",
            r"a\.yaml:5: items\[1\] must be a Kubernetes object, got 3",
            id="no object among items",
        ),
        pytest.param(
            "a.yaml", "kind: X\nx: \x01", r"a\.yaml:2: must be printable text, got '\\x01'", id="a control character"
        ),
        pytest.param(
            "a.yaml", "kind: X\nx: !!bool maybe", r"a\.yaml:2:4: must be YAML, got bool 'maybe'", id="a false bool"
        ),
        pytest.param("a.yaml", "kind: X\nx: !!int ''", r"a\.yaml:2:4: must be YAML, got int ''", id="an empty number"),
        pytest.param(
            "a.yaml", "kind: X\nx: 0x" + "f" * 2000, r"a\.yaml:2:4: must be YAML, got int '0xf", id="a vast number"
        ),
        pytest.param(
            "a.json", '{"kind": ' + "9" * 5000 + "}", r"a\.json:1: must be JSON, got Exceeds", id="a vast JSON number"
        ),
        pytest.param("a.yaml", "kind: X\nx: !!timestamp 2026-01-01", r"a\.yaml:2:4: must be YAML", id="a date by tag"),
        pytest.param("a.yaml", "&a {kind: List, items: [*a]}", r"a\.yaml:1: must not be nested", id="a list in itself"),
        pytest.param(
            "a.yaml", "&a {kind: X, <<: *a}", r"a\.yaml: must not be nested", id="a mapping merged into itself"
        ),
        pytest.param("a.yaml", "[" * 50_000 + "]" * 50_000, r"a\.yaml:1: must not be nested more", id="deep brackets"),
        pytest.param(
            "a.yaml", "kind: X\nx: " + "{x: " * 50_000 + "}" * 50_000, r"a\.yaml:2: must not", id="deep braces"
        ),
        pytest.param("a.yaml", "- " * 50_000, r"a\.yaml:1: must not be nested more", id="deep dashes"),
        pytest.param(
            "a.yaml", "\n".join(" " * i + "-" for i in range(3000)), r"a\.yaml:\d+: must not", id="deep lines"
        ),
        pytest.param("a.json", "[" * 900 + "]" * 900, r"a\.json:1: must not be nested more", id="deep JSON"),
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


def bomb(first: str, layer: str) -> str:
    """Ten layers, each of ten times the one before."""
    return "\n".join([first, *(layer.format(i=i, aliases=", ".join([f"*a{i - 1}"] * 10)) for i in range(1, 10))])


@pytest.mark.parametrize(
    ("text", "want"),
    [
        pytest.param(bomb("kind: X\na0: &a0 [x]", "a{i}: &a{i} [{aliases}]"), "at most 1000000 values", id="in an object"),
        pytest.param(bomb("- &a0 [{kind: X}]", "- &a{i} [{aliases}]"), "at most 1000000 values", id="of objects"),
        pytest.param(bomb("kind: List\na0: &a0 [{kind: X}]", "a{i}: &a{i} [{aliases}]") + "\nitems: *a9\n",
                     "at most 1000000 values", id="of a list's items"),
        pytest.param(bomb("a0: &a0 {x: 1}", "a{i}: &a{i} {{<<: [{aliases}], k{i}: 1}}"), "1000000 merged entries|must have a kind",
                     id="of merge keys"),
    ],
)  # fmt: skip
def test_an_alias_bomb_is_refused(tmp_path: Path, text: str, want: str) -> None:
    with pytest.raises(ManifestError, match=want):
        ks.load(write(tmp_path, "bomb.yaml", text))


def test_aliases_and_merge_keys_are_read(tmp_path: Path) -> None:
    text = "kind: X\nmetadata: &m {name: x}\nbase: &b {p: 1, q: 2}\nboth: {<<: [*b, {q: 3, r: 4}], p: 5}\nsame: *m\n"
    (found,) = ks.load(write(tmp_path, "a.yaml", text))
    assert found["both"] == {"p": 5, "q": 2, "r": 4}
    assert found["same"] == {"name": "x"}


def test_a_folder_may_have_a_kustomization(tmp_path: Path) -> None:
    write(tmp_path, "kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n")
    write(tmp_path, "node.yaml", NODE)
    assert [obj["kind"] for obj in ks.load(tmp_path)] == ["Kustomization", "Node"]


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["List", "PodList", "Node", "x", "=", "~"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["kind", "apiVersion", "metadata", "name", "items", "<<"]), inner, max_size=4)
    ),
    max_leaves=12,
)
PIECES = ["kind: ", "Node", "List", "items: ", "metadata: ", "{name: a}", "- ", "\n", "  ", "[", "]", "{", "}", ", ", "&a ",
          "*a", "<<: ", "? ", ": ", "!!int ", "!!bool ", "!!set ", "!!timestamp ", "'", '"', "---\n", "...\n", "0x", "=", "|",
          "%YAML 1.1\n", "\t", "\u2028", "é"]  # fmt: skip


@given(
    st.one_of(
        PLAIN.map(json.dumps), PLAIN.map(yaml.safe_dump), st.lists(st.sampled_from(PIECES), max_size=25).map("".join)
    )
)
def test_any_documents_are_read_or_refused(text: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        for name in ("any.yaml", "any.json"):
            try:
                objects = ks.load(write(Path(folder), name, text))
            except KubeschedError as error:
                assert "must" in str(error)
            else:
                assert all(isinstance(obj["kind"], str) for obj in objects)


def test_real_manifests_are_read(shared: Path) -> None:
    folder = shared / "traces" / "manifests"
    files = [file for file in sorted(folder.rglob("*")) if file.name.removesuffix(".gz").endswith((".yaml", ".yml"))]
    assert files
    for file in files:
        assert ks.load(file)


@given(st.one_of(st.binary(max_size=60), st.text(max_size=60).map(str.encode)))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        try:
            ks.load(write(Path(folder), "any.yaml", data))
        except KubeschedError as error:
            assert "must" in str(error)
