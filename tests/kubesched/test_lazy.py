"""What a bare import loads, and that names come when they are asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

import kubesched as ks

HEAVY = ("numpy", "pyarrow", "yaml", "rich", "pandas", "matplotlib", "pooch", "urllib3", "kubesched._core")


def loaded(code: str) -> set[str]:
    command = [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"]
    return set(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.split())  # noqa: S603


@pytest.mark.parametrize("code", ["import kubesched", "import kubesched.cli.main"])
def test_nothing_heavy_is_loaded_before_it_is_used(code: str) -> None:
    assert not loaded(code) & set(HEAVY)


def test_a_scheduler_needs_no_arrow() -> None:
    modules = loaded("import kubesched; kubesched.Scheduler([])")
    assert "numpy" in modules
    assert not modules & {"pyarrow", "rich", "pooch", "urllib3"}


@pytest.mark.parametrize("name", ks.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(ks, name) is not None
    assert name in dir(ks)


def test_a_name_that_is_a_subpackage_too_stays_the_function() -> None:
    code = "from kubesched.replay import ReplayResult\nfrom kubesched.compare import Comparison\nimport kubesched as ks"
    loaded(
        code + "\nassert callable(ks.replay) and callable(ks.compare)\nfrom kubesched import *\nassert callable(replay)"
    )


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="module 'kubesched' has no attribute 'Schedular'"):
        _ = ks.Schedular  # type: ignore[attr-defined]
