"""Configurations in files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kubesched.config import load_config
from kubesched.errors import ConfigError

YAML = "profiles:\n- schedulerName: mine\n  percentageOfNodesToScore: 30\n"
JSON = '{"profiles": [{"schedulerName": "mine", "percentageOfNodesToScore": 30}]}'


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("config.yaml", YAML, id="YAML"),
        pytest.param("config.json", JSON, id="JSON"),
        pytest.param("config", JSON.replace(" ", "\t"), id="JSON with tabs and without a suffix"),
        pytest.param("config.yaml", "{profiles: [{schedulerName: mine, percentageOfNodesToScore: 30}]}", id="flow YAML"),
        pytest.param("config.yaml", f"---\n{YAML}---\n", id="an empty document behind"),
        pytest.param("config.yaml", "\ufeff" + YAML, id="a byte order mark"),
        pytest.param("config.yaml", "profiles:\n- &a\n  schedulerName: mine\n  percentageOfNodesToScore: 30\nextenders: []\n",
                     id="an anchor"),
    ],
)  # fmt: skip
def test_a_file_is_read(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    for config in (path, str(path)):
        (profile,) = load_config(config).profiles
        assert (profile.scheduler_name, profile.percentage_of_nodes_to_score) == ("mine", 30)


@pytest.mark.parametrize(
    ("name", "text", "want"),
    [
        pytest.param("a.yaml", "profiles: [\n", "a.yaml:2:1: must be YAML", id="broken YAML"),
        pytest.param("a.yaml", "profiles: !!python/object:os.system []\n", "a.yaml:1:11: must be YAML", id="an object of Python"),
        pytest.param("a.json", '{"profiles": [}', "a.json:1:15: must be JSON", id="broken JSON"),
        pytest.param("a.yaml", "- a\n", "a.yaml: must hold one document that is a mapping", id="a list"),
        pytest.param("a.yaml", "", "a.yaml: must hold one document that is a mapping", id="nothing"),
        pytest.param("a.yaml", f"{YAML}---\n{YAML}", "a.yaml: must hold one document that is a mapping", id="two documents"),
        pytest.param("a.yaml", f"{YAML}profiles: []\n", "a.yaml:4:1: must name each field once, got 'profiles' twice",
                     id="a field twice"),
        pytest.param("a.yaml", "profiles:\n- schedulerName: a\n  schedulerName: b\n",
                     "a.yaml:3:3: must name each field once, got 'schedulerName' twice", id="a field twice further down"),
        pytest.param("a.json", '{"profiles": [{"schedulerName": "a", "schedulerName": "b"}]}',
                     "a.json: must name each field once, got 'schedulerName' twice", id="a field twice in JSON"),
        pytest.param("a.yaml", "profils: []\n", "profils: unknown field", id="a typo"),
        pytest.param("a.json", '{"parallelism": ' + "9" * 5000 + "}", "a.json:", id="thousands of digits"),
    ],
)  # fmt: skip
def test_a_broken_file_is_refused(tmp_path: Path, name: str, text: str, want: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(ConfigError, match=re.escape(want)):
        load_config(path)


@pytest.mark.parametrize("name", ["none.yaml", ".", "a\0b"])
def test_what_is_no_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="must be a readable file"):
        load_config(f"{tmp_path}/{name}")
