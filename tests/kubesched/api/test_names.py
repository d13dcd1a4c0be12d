"""Names: label keys and values, objects' names, and which resources are tracked."""

from __future__ import annotations

import pytest

from kubesched.api.label_rules import is_dns_label, is_dns_subdomain, is_label_value, is_qualified_name
from kubesched.api.quantity import NANOS
from kubesched.api.resource_names import (
    comes_whole,
    is_container_resource,
    is_pod_level_resource,
    is_scalar_resource,
    tracked_amount,
)


@pytest.mark.parametrize(
    ("name", "want"),
    [
        pytest.param("app", True, id="a word"),
        pytest.param("App_1.x-y", True, id="letters, digits, dashes, dots and underscores"),
        pytest.param("example.com/app", True, id="with a prefix"),
        pytest.param("a" * 63, True, id="63 characters"),
        pytest.param("a" * 64, False, id="64 characters"),
        pytest.param("", False, id="nothing"),
        pytest.param("-app", False, id="a dash first"),
        pytest.param("app-", False, id="a dash last"),
        pytest.param("/app", False, id="an empty prefix"),
        pytest.param("example.com/", False, id="nothing behind the prefix"),
        pytest.param("a/b/c", False, id="two slashes"),
        pytest.param("Example.com/app", False, id="capitals in the prefix"),
        pytest.param("a" * 254 + "/app", False, id="a prefix of 254 characters"),
        pytest.param("app\n", False, id="a line break last"),
        pytest.param("äpp", False, id="not ASCII"),
    ],
)
def test_label_keys(name: str, want: bool) -> None:
    assert is_qualified_name(name) is want


@pytest.mark.parametrize(
    ("value", "want"), [("", True), ("v1.2_3", True), ("a b", False), ("x" * 64, False), ("-1", False)]
)
def test_label_values(value: str, want: bool) -> None:
    assert is_label_value(value) is want


@pytest.mark.parametrize(
    ("name", "want_subdomain", "want_label"),
    [
        pytest.param("node-1", True, True, id="a label"),
        pytest.param("node-1.example.com", True, False, id="labels with dots between"),
        pytest.param("a..b", False, False, id="an empty label"),
        pytest.param("Node", False, False, id="capitals"),
        pytest.param("a" * 64, True, False, id="64 characters"),
        pytest.param("a" * 254, False, False, id="254 characters"),
        pytest.param("", False, False, id="nothing"),
    ],
)
def test_names_of_objects(name: str, want_subdomain: bool, want_label: bool) -> None:
    assert (is_dns_subdomain(name), is_dns_label(name)) == (want_subdomain, want_label)


@pytest.mark.parametrize(
    ("name", "want_tracked", "want_in_container", "want_whole"),
    [
        pytest.param("cpu", True, True, False, id="cpu"),
        pytest.param("memory", True, True, False, id="memory"),
        pytest.param("ephemeral-storage", True, True, False, id="ephemeral storage"),
        pytest.param("hugepages-2Mi", True, True, False, id="huge pages"),
        pytest.param("nvidia.com/gpu", True, True, True, id="an extended resource"),
        pytest.param("example.kubernetes.io/thing", True, True, False, id="a name of kubernetes.io"),
        pytest.param("attachable-volumes-csi-x", True, False, False, id="attachable volumes"),
        pytest.param("requests.example.com/thing", False, False, False, id="a name that quotas use"),
        pytest.param("example.com/" + "a" * 64, False, False, False, id="an extended resource with too long a name"),
        pytest.param("pods", False, False, True, id="pods, which the node counts by itself"),
        pytest.param("gpus", False, False, False, id="an unknown word"),
        pytest.param("bad name/x", False, False, False, id="a malformed prefix"),
    ],
)
def test_resources(name: str, want_tracked: bool, want_in_container: bool, want_whole: bool) -> None:
    assert (tracked_amount(name, NANOS) is not None) is want_tracked
    assert is_container_resource(name) is want_in_container
    assert comes_whole(name) is want_whole
    assert is_scalar_resource(name) is (want_tracked and name not in ("cpu", "memory", "ephemeral-storage"))


def test_cpu_is_tracked_in_thousandths_and_others_in_units() -> None:
    assert tracked_amount("cpu", NANOS + 1) == 1001
    assert tracked_amount("memory", NANOS + 1) == 2


def test_pods_may_set_cpu_memory_and_huge_pages_themselves() -> None:
    names = ("cpu", "memory", "hugepages-1Gi", "ephemeral-storage", "nvidia.com/gpu", "hugepages-a b")
    assert [is_pod_level_resource(name) for name in names] == [True, True, True, False, False, False]
