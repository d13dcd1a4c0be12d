"""The rules of the house: who includes whom, what is public, what the text must not say."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

import kubesched
import kubesched.engine
from kubesched import errors

ROOT = Path(__file__).resolve().parent.parent
MAY_INCLUDE = {
    "base": {"base"},
    "kernels": {"base", "kernels"},
    "model": {"base", "model"},
    "state": {"base", "model", "state"},
    "framework": {"base", "model", "state", "kernels", "framework"},
    "plugins": {"base", "model", "state", "kernels", "framework", "plugins"},
    "engine": {"base", "model", "state", "kernels", "framework", "engine"},
    "queue": {"base", "model", "state", "framework", "queue"},
    "replay": {"base", "model", "state", "framework", "engine", "queue", "replay"},
    "bindings": {"base", "model", "state", "kernels", "framework", "plugins", "engine", "queue", "replay", "bindings"},
}


def sources(*patterns: str) -> list[Path]:
    return sorted(path for pattern in patterns for path in ROOT.glob(pattern))


@pytest.mark.parametrize("folder", MAY_INCLUDE)
def test_a_folder_of_the_core_includes_only_what_it_may(folder: str) -> None:
    files = sources(f"csrc/{folder}/*.h", f"csrc/{folder}/*.cpp")
    assert files
    for file in files:
        included = {name.split("/")[0] for name in re.findall(r'#include "([^"]+)"', file.read_text())}
        assert included <= MAY_INCLUDE[folder], file


def test_the_table_has_every_folder() -> None:
    assert {path.name for path in (ROOT / "csrc").iterdir() if path.is_dir()} == set(MAY_INCLUDE)


def test_python_is_known_to_the_bindings_alone() -> None:
    for file in sources("csrc/*/*.h", "csrc/*/*.cpp"):
        if file.parent.name != "bindings":
            assert not re.search(r"pybind11|Python\.h", file.read_text()), file


def imports_of(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
    return found


def test_engine_queue_and_replay_alone_import_the_core() -> None:
    for file in sources("kubesched/**/*.py"):
        if "kubesched._core" in imports_of(file):
            assert file.parent.name in {"engine", "queue", "replay"}, file


def test_the_twin_shares_no_code() -> None:
    for file in sources("tests/oracle/*.py"):
        assert not any(name.split(".")[0] == "kubesched" for name in imports_of(file)), file


@pytest.mark.parametrize("module", [kubesched, kubesched.engine, errors])
def test_public_names_are_just_those_listed(module: object) -> None:
    listed = list(module.__all__)  # type: ignore[attr-defined]
    assert sorted(listed) == sorted(set(listed))
    assert len(listed) <= 25
    assert all(hasattr(module, name) for name in listed)


def test_every_error_is_exported_and_documented() -> None:
    for name in errors.__all__:
        assert name in kubesched.__all__
        assert name in (errors.__doc__ or "")


def test_no_file_is_thick() -> None:
    for file in sources("kubesched/**/*.py", "csrc/*/*", "tests/**/*.py", "bench/*.py"):
        assert len(file.read_text().splitlines()) <= 500, f"{file}: is there a second noun?"


def test_a_skipped_test_says_why() -> None:
    for file in sources("tests/**/*.py"):
        for call in re.findall(r"pytest\.skip\(([^)]*)\)", file.read_text()):
            assert len(call) > 20 or call == "([^", (file, call)


def test_the_text_names_no_machine() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()  # noqa: S607
    if not listed:
        pytest.skip("not a git checkout: there is no list of the project's files")
    for name in listed:
        file = ROOT / name
        if file.suffix in {".py", ".h", ".cpp", ".md", ".toml", ".txt", ".pyi"} or file.name in {"Makefile", "run"}:
            assert not re.search(r"/(home|root|work|Users)/\w", file.read_text()), name
