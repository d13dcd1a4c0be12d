"""The queue's recorded scripts: commands, then all that they changed. `pytest --rewrite-golden` records them anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kubesched.queue.script import play

SCRIPTS = sorted((Path(__file__).parent / "golden").glob("*.txt"))


@pytest.mark.parametrize("path", SCRIPTS, ids=[path.stem for path in SCRIPTS])
def test_script_gives_what_was_recorded(path: Path, rewrite_golden: bool) -> None:
    played = play(path.read_text())
    if rewrite_golden:
        path.write_text(played)
    assert path.read_text() == played


def test_there_are_scripts() -> None:
    assert SCRIPTS
