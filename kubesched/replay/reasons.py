"""Why two replays part ways: what each said of both nodes when it tried the pod."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from kubesched.errors import KubeschedError
from kubesched.replay.attempt import Attempt, explain_attempt
from kubesched.replay.inputs import read_inputs


def explain_difference(
    found: Mapping[str, Any], a: str | os.PathLike[str], b: str | os.PathLike[str]
) -> dict[str, Any]:
    """Run both replays again up to the attempt in which they part, and explain the pod there.

    Args:
        found: what `first_difference` says of the two.
        a: the folder of one result.
        b: of the other.

    Returns:
        `unknown`, why it cannot be told; or `attempt`, its number, `nodes`, those that either put the pod on, and `a`
        and `b`: `time_ns`, `node`, `message`, and for each of `nodes` that is there `scores` (plugin -> node ->
        score, weighted), `total` (node -> score) and `rejected` (node -> plugin, code, reasons).
    """
    pod = found["pod"]
    if pod is None:
        return {"unknown": "no pod that both have differs"}
    attempts = found["columns"]["attempts"]
    if min(attempts) < 1:
        who = " and ".join(name for name, count in zip("AB", attempts, strict=True) if count < 1)
        return {"unknown": f"{who} never tried the pod"}
    sides = []
    for name, folder, node in zip("AB", (a, b), found["columns"]["node"], strict=True):
        try:
            inputs = read_inputs(folder)
            if inputs is None:
                return {"unknown": f"{name} has no inputs.json, which `kubesched replay --out` writes"}
            side = explain_attempt(inputs.open(), pod, min(attempts), inputs.options)
        except KubeschedError as error:
            return {"unknown": f"{name} cannot be run again: {error}"}
        if attempts["AB".index(name)] == min(attempts) and side.node != node:
            return {"unknown": f"{name} puts the pod on {side.node} when it is run again: its inputs have changed"}
        sides.append(side)
    nodes = list(dict.fromkeys(side.node for side in sides if side.node is not None))
    return {"attempt": min(attempts), "nodes": nodes} | {
        name: _shown(side, nodes) for name, side in zip("ab", sides, strict=True)
    }


def _shown(side: Attempt, nodes: list[str]) -> dict[str, Any]:
    explanation = side.explanation
    positions = {node: i for i, node in enumerate(explanation.node_names) if node in nodes}
    fitting = {node: i for node, i in positions.items() if explanation.feasible[i]}
    rejected = {}
    for node, i in positions.items():
        rejection = explanation.rejection(i)
        if rejection is not None:
            plugin, code, reasons = rejection
            rejected[node] = {"plugin": plugin, "code": code, "reasons": reasons}
    scores = {
        plugin: {node: int(values[i]) for node, i in fitting.items()} for plugin, values in explanation.scores.items()
    }
    return {
        "time_ns": side.time_ns,
        "node": side.node,
        "message": explanation.message,
        "scores": scores if fitting else {},
        "total": {node: int(explanation.totals[i]) for node, i in fitting.items()},
        "rejected": rejected,
    }
