"""Services, workload controllers and namespaces to records."""

from __future__ import annotations

import re
from typing import Any

import pytest

from kubesched.api.namespace_codec import encode_namespace_labels
from kubesched.api.owner_codec import encode_owner, is_owner
from kubesched.errors import ObjectError
from tests.records import RecordReader, read_owner

WEB = {"app": "web"}
IS_WEB = ("app", "In", ["web"])


def owner(kind: str, spec: Any = None, *, version: str = "v1") -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "web"}, "spec": spec}


@pytest.mark.parametrize(
    ("obj", "want_selector"),
    [
        pytest.param(owner("Service", {"selector": {"b": "2", "a": "1"}}), [("a", "In", ["1"]), ("b", "In", ["2"])],
                     id="a Service"),
        pytest.param(owner("Service"), None, id="a Service without a selector"),
        pytest.param(owner("Service", {"selector": {}}), [], id="a Service with an empty one"),
        pytest.param(owner("ReplicationController", {"selector": WEB}), [IS_WEB], id="a ReplicationController"),
        pytest.param(owner("ReplicationController", {"template": {"metadata": {"labels": WEB}}}), [IS_WEB],
                     id="its template's labels stand in"),
        pytest.param(owner("ReplicationController", {"selector": {}, "template": {"metadata": {"labels": WEB}}}),
                     [IS_WEB], id="for an empty selector, too"),
        pytest.param(owner("ReplicationController", {"template": None}), None, id="there is nothing to stand in"),
        pytest.param(owner("ReplicaSet", {"selector": {"matchLabels": WEB}}, version="apps/v1"), [IS_WEB],
                     id="a ReplicaSet"),
        pytest.param(owner("StatefulSet", {"selector": {"matchExpressions": [{"key": "a", "operator": "Exists"}]}},
                           version="apps/v1"), [("a", "Exists", [])], id="a StatefulSet"),
        pytest.param(owner("StatefulSet", version="apps/v1"), None, id="a StatefulSet without a selector"),
    ],
)  # fmt: skip
def test_owners(obj: dict[str, Any], want_selector: list[Any] | None) -> None:
    want = {"kind": obj["kind"], "namespace": "default", "name": "web", "selector": want_selector}
    assert is_owner(obj)
    assert read_owner(encode_owner(obj)) == {**want, "has_selector": want_selector is not None}


@pytest.mark.parametrize(
    "obj",
    [
        pytest.param(owner("Deployment", version="apps/v1"), id="another kind"),
        pytest.param(owner("ReplicaSet", version="extensions/v1beta1"), id="another version"),
        pytest.param({"apiVersion": ["v1"], "kind": {}}, id="no words at all"),
        pytest.param({}, id="nothing"),
    ],
)
def test_other_objects_are_no_owners(obj: dict[str, Any]) -> None:
    assert not is_owner(obj)
    with pytest.raises(ObjectError, match="object must be one of v1/Service"):
        encode_owner(obj)


@pytest.mark.parametrize(
    ("obj", "want"),
    [
        pytest.param({**owner("Service"), "metadata": {}}, "service metadata.name must be a DNS subdomain name, got ''",
                     id="no name"),
        pytest.param({**owner("Service"), "metadata": {"name": "web", "namespace": "a.b"}},
                     "service web: metadata.namespace must be a DNS label, got 'a.b'", id="a malformed namespace"),
        pytest.param(owner("Service", {"selector": {"app": 1}}),
                     "service default/web: spec.selector[app] must be a string, got 1", id="a number as value"),
        pytest.param(owner("Service", {"selector": {"a b": "1"}}),
                     "service default/web: spec.selector key must be a label key, got 'a b'", id="a malformed key"),
        pytest.param(owner("ReplicaSet", {"selector": {"matchExpressions": [{"key": "a", "operator": "Is"}]}},
                           version="apps/v1"),
                     "replicaset default/web: spec.selector.matchExpressions[0].operator must be one of",
                     id="an unknown operator"),
        pytest.param(owner("ReplicationController", {"template": []}),
                     "replicationcontroller default/web: spec.template must be a mapping, got []",
                     id="a template is a list"),
    ],
)  # fmt: skip
def test_faults(obj: dict[str, Any], want: str) -> None:
    with pytest.raises(ObjectError, match=re.escape(want)):
        encode_owner(obj)


def test_a_namespace_carries_its_name_as_a_label() -> None:
    name, record = encode_namespace_labels({"metadata": {"name": "team-a", "labels": {"z": "1"}}})
    reader = RecordReader(record)
    assert (name, reader.items(reader.pair)) == ("team-a", [("kubernetes.io/metadata.name", "team-a"), ("z", "1")])
    with pytest.raises(ObjectError, match=r"namespace team-a: metadata\.labels must have label keys as keys"):
        encode_namespace_labels({"metadata": {"name": "team-a", "labels": {"a b": "1"}}})
