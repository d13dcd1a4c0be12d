"""Extenders: what is refused, and how the rest is read."""

from __future__ import annotations

import re
from typing import Any

import pytest

from kubesched.config import load_config
from kubesched.config.extenders import ExtenderConfig, TlsConfig
from kubesched.errors import ConfigError


def managing(*names: str) -> dict[str, Any]:
    return {"managedResources": [{"name": name} for name in names]}


@pytest.mark.parametrize(
    ("extenders", "want"),
    [
        pytest.param([{"prioritizeVerb": "p"}], "extenders[0].weight: must be greater than 0 where prioritizeVerb is given, got 0",
                     id="a scorer without weight"),
        pytest.param([{"prioritizeVerb": "p", "weight": -1}], "extenders[0].weight: must be greater than 0", id="a negative weight"),
        pytest.param([{"bindVerb": "b"}, {"bindVerb": "b"}], "extenders: must have at most one that binds, got 2", id="two binders"),
        pytest.param([managing("cpu")], "extenders[0].managedResources[0].name: must be an extended resource name, got 'cpu'",
                     id="a native resource"),
        pytest.param([managing("example.kubernetes.io/a")], "must be an extended resource name", id="a resource of Kubernetes"),
        pytest.param([managing("requests.example.com/a")], "must be an extended resource name", id="a name of quotas"),
        pytest.param([managing("example.com/" + "a" * 64)], "must be an extended resource name", id="a name too long"),
        pytest.param([managing("example.com/a"), managing("example.com/a")],
                     "extenders[1].managedResources[0].name: must be managed by one extender only, got 'example.com/a'",
                     id="a resource with two extenders"),
        pytest.param([{"httpTimeout": 5}], "extenders[0].httpTimeout: must be a duration such as 15s, got 5", id="a timeout"),
        pytest.param([{"tlsConfig": {"caData": "?"}}], "extenders[0].tlsConfig.caData: must be bytes in base64, got '?'", id="a key"),
        pytest.param([{"tlsConfig": {"cert": "x"}}], "extenders[0].tlsConfig.cert: unknown field", id="a typo in tlsConfig"),
        pytest.param([{"tlsConfig": []}], "extenders[0].tlsConfig: must be a mapping, got []", id="a list for tlsConfig"),
        pytest.param([{"url": "x"}], "extenders[0].url: unknown field", id="a typo"),
        pytest.param(["x"], "extenders[0]: must be a mapping, got 'x'", id="a text for an extender"),
    ],
)  # fmt: skip
def test_broken_extenders_are_refused(extenders: list[Any], want: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(want)):
        load_config({"extenders": extenders})


def test_all_fields_are_read() -> None:
    extender = {
        "urlPrefix": "https://127.0.0.1", "filterVerb": "f", "preemptVerb": "p", "prioritizeVerb": "s", "weight": 2**40,
        "bindVerb": "b", "enableHTTPS": True, "httpTimeout": "1500ms", "nodeCacheCapable": True, "ignorable": True,
        "tlsConfig": {"insecure": True, "serverName": "a", "certData": "aGk="}, **managing("example.com/a"),
    }  # fmt: skip
    (got,) = load_config({"extenders": [extender]}).extenders
    assert got == ExtenderConfig(
        "extenders[0]", "https://127.0.0.1", "f", "p", "s", "b", 2**40, 1500 * 10**6, True,
        TlsConfig(insecure=True, server_name="a", cert_data=b"hi"), True, frozenset({"example.com/a"}), True,
    )  # fmt: skip


def test_defaults() -> None:
    assert load_config({"extenders": [{}]}).extenders == (ExtenderConfig("extenders[0]", timeout_ns=5 * 10**9),)
    assert load_config({"extenders": [{"httpTimeout": "0s"}]}).extenders[0].timeout_ns == 5 * 10**9


def test_ignorable_extenders_stand_last() -> None:
    extenders = [
        {"urlPrefix": "a", "ignorable": True},
        {"urlPrefix": "b"},
        {"urlPrefix": "c", "ignorable": True},
        {"urlPrefix": "d"},
    ]
    assert [extender.url_prefix for extender in load_config({"extenders": extenders}).extenders] == ["b", "d", "a", "c"]


def test_ignored_resources_replace_those_of_every_profile() -> None:
    ignored = [{"name": "example.com/a", "ignoredByScheduler": True}, {"name": "example.com/b"}]
    args = [{"name": "NodeResourcesFit", "args": {"ignoredResources": ["example.com/c"]}}]
    profiles = [{"schedulerName": "a", "pluginConfig": args}, {"schedulerName": "b"}]
    with_extender = load_config({"profiles": profiles, "extenders": [{"managedResources": ignored}]})
    assert [profile.args.fit.ignored_resources for profile in with_extender.profiles] == [("example.com/a",)] * 2
    without = load_config({"profiles": profiles, "extenders": [{}]})
    assert [profile.args.fit.ignored_resources for profile in without.profiles] == [("example.com/c",), ()]
