"""PodDisruptionBudgets to records (csrc/state/disruption_budgets.cpp reads them)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubesched.api.fields import fault, integer, mapping, text
from kubesched.api.label_rules import is_dns_label, is_dns_subdomain
from kubesched.api.selectors import read_label_selector, write_selector
from kubesched.api.wire import Writer
from kubesched.errors import ObjectError


def encode_budget(budget: Mapping[str, Any]) -> bytes:
    """Return the record of a policy/v1 PodDisruptionBudget: its selector and what its status still allows.

    Raises:
        ObjectError: a field breaks a rule of its type; the message names budget, field and value.
    """
    metadata = mapping(budget, "metadata", "poddisruptionbudget ")
    name = text(metadata, "name", "poddisruptionbudget metadata")
    namespace = text(metadata, "namespace", "poddisruptionbudget metadata") or "default"
    if not is_dns_subdomain(name):
        fault("poddisruptionbudget metadata.name", "be a DNS subdomain name", name)
    if not is_dns_label(namespace):
        fault(f"poddisruptionbudget {name}: metadata.namespace", "be a DNS label", namespace)
    out = Writer()
    out.text(f"{namespace}/{name}")
    out.text(namespace)
    try:
        spec, status = mapping(budget, "spec", "budget"), mapping(budget, "status", "budget")
        write_selector(out, read_label_selector(spec, "selector", "spec"))
        out.i64(integer(status, "disruptionsAllowed", "status", 0, -(2**31), 2**31 - 1))
        out.texts(sorted(mapping(status, "disruptedPods", "status")))
    except ObjectError as error:
        raise ObjectError(f"poddisruptionbudget {namespace}/{name}: {error}") from None
    return out.done()
