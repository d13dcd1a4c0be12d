"""Label selectors and node selector terms, one object at a time."""

from __future__ import annotations

from typing import Any

Labels = dict[str, str]


def requirement_holds(requirement: dict[str, Any], labels: Labels) -> bool:
    key, operator, values = requirement["key"], requirement["operator"], requirement.get("values") or []
    if operator == "Exists":
        return key in labels
    if operator == "DoesNotExist":
        return key not in labels
    if operator == "In":
        return key in labels and labels[key] in values
    if operator == "NotIn":
        return key not in labels or labels[key] not in values
    if key not in labels:
        return False
    try:
        number = int(labels[key])
    except ValueError:
        return False
    if "_" in labels[key] or labels[key].strip() != labels[key]:
        return False
    return number > int(values[0]) if operator == "Gt" else number < int(values[0])


def selector_matches(selector: dict[str, Any] | None, labels: Labels) -> bool:
    """An absent selector matches nothing, an empty one everything."""
    if selector is None:
        return False
    equal = all(labels.get(k) == v for k, v in (selector.get("matchLabels") or {}).items())
    return equal and all(requirement_holds(r, labels) for r in selector.get("matchExpressions") or [])


def is_empty(selector: dict[str, Any] | None) -> bool:
    return selector is not None and not selector.get("matchLabels") and not selector.get("matchExpressions")


def term_matches(term: dict[str, Any], node: dict[str, Any]) -> bool:
    """One nodeSelectorTerm; an empty one matches no node."""
    expressions, fields = term.get("matchExpressions") or [], term.get("matchFields") or []
    if not expressions and not fields:
        return False
    labels = node["metadata"].get("labels") or {}
    names = {"metadata.name": node["metadata"]["name"]}
    return all(requirement_holds(r, labels) for r in expressions) and all(requirement_holds(f, names) for f in fields)


def required_terms(affinity: dict[str, Any]) -> list[dict[str, Any]] | None:
    required = (affinity.get("nodeAffinity") or {}).get("requiredDuringSchedulingIgnoredDuringExecution")
    return None if required is None else required["nodeSelectorTerms"]


def node_allowed(pod: dict[str, Any], node: dict[str, Any]) -> bool:
    """What nodeSelector and required node affinity say."""
    labels = node["metadata"].get("labels") or {}
    wanted = pod["spec"].get("nodeSelector") or {}
    if any(labels.get(k) != v for k, v in wanted.items()):
        return False
    terms = required_terms(pod["spec"].get("affinity") or {})
    return terms is None or any(term_matches(term, node) for term in terms)


def tolerates(toleration: dict[str, Any], taint: dict[str, Any]) -> bool:
    if toleration.get("effect") and toleration["effect"] != taint["effect"]:
        return False
    if toleration.get("key") and toleration["key"] != taint["key"]:
        return False
    if toleration.get("operator") == "Exists":
        return True
    return (toleration.get("value") or "") == (taint.get("value") or "")


def first_untolerated(pod: dict[str, Any], node: dict[str, Any]) -> dict[str, Any] | None:
    """The first taint that keeps the pod away."""
    for taint in node.get("spec", {}).get("taints") or []:
        if taint["effect"] in ("NoSchedule", "NoExecute") and not any(
            tolerates(t, taint) for t in pod["spec"].get("tolerations") or []
        ):
            found: dict[str, Any] = taint
            return found
    return None
