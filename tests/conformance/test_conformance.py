"""kubesched against recorded decisions of kube-scheduler 1.34.1, pod by pod."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import kubesched as ks

HERE = Path(__file__).parent
FAMILIES = (
    "resources",
    "strategy",
    "taints",
    "nodeaffinity",
    "podaffinity",
    "spread",
    "spread_defaults",
    "ports",
    "images",
    "volumes",
    "mixed",
    "preemption",
    "dra",
)


def read_cases(path: Path) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    with gzip.open(path, "rt") as lines:
        for line in lines:
            record = json.loads(line)
            yield record["case"], record["want"]


def canonical(answer: dict[str, Any], *, preempts: bool = False) -> dict[str, Any]:
    """Bring an answer into the form in which equal ones are equal: sorted reasons, skipped plugins as nought."""

    def verdict(rejection: dict[str, Any]) -> tuple[str, str, list[str]]:
        return rejection["plugin"], rejection["code"], sorted(rejection["reasons"])

    scores = {
        (plugin, node): score
        for plugin, by_node in (answer.get("scores") or {}).items()
        for node, score in by_node.items()
        if score
    }
    return {
        "preFilter": verdict(answer["preFilter"]) if answer.get("preFilter") else None,
        "rejected": {node: verdict(rejection) for node, rejection in (answer.get("rejected") or {}).items()},
        "scores": scores,
        "total": answer.get("total") or {},
        "node": answer.get("node"),
        "message": answer.get("message") or "",
        "nominated": answer.get("nominated") if preempts else None,
        "victims": sorted(answer.get("victims") or []) if preempts else [],
        "postFilter": answer.get("postFilter") if preempts else None,
    }


@pytest.mark.parametrize("family", FAMILIES)
def test_every_answer_is_upstreams(family: str) -> None:
    num_pods = 0
    for case, want in read_cases(HERE / f"{family}.jsonl.gz"):
        scheduler = ks.Scheduler(case["objects"], case.get("config"))
        for pod, want_answer in zip(case["pods"], want, strict=True):
            got = scheduler.explain(pod).to_dict()
            preempts = case.get("preempt", False)
            wanted = canonical(want_answer, preempts=preempts)
            assert canonical(got, preempts=preempts) == wanted, f"{case['name']} {want_answer['pod']}"
            num_pods += 1
    assert num_pods > 200


def schedule_and_check(scheduler: ks.Scheduler, pod: dict[str, Any], want: dict[str, Any], case: str) -> str | None:
    decision = scheduler.schedule(pod)
    assert (decision.node, decision.message) == (want.get("node"), want.get("message") or ""), f"{case} {want['pod']}"
    return decision.node


def test_a_sequence_of_pods_lands_where_upstream_puts_it() -> None:
    num_pods = 0
    for case, want in read_cases(HERE / "sequence.jsonl.gz"):
        scheduler = ks.Scheduler(case["objects"], case.get("config"))
        batch = scheduler.fork().schedule_many(case["pods"])
        assert batch.node_names == [answer.get("node") for answer in want], case["name"]
        for pod, answer in zip(case["pods"], want, strict=True):
            schedule_and_check(scheduler, pod, answer, case["name"])
            num_pods += 1
    assert num_pods > 3000


def test_pods_and_nodes_that_come_and_go() -> None:
    num_pods = 0
    for case, want in read_cases(HERE / "churn.jsonl.gz"):
        scheduler = ks.Scheduler(case["objects"], case.get("config"))
        answers = iter(want)
        placed: set[str] = set()
        for step in case["ops"]:
            ((verb, what),) = step.items()
            if verb == "schedule":
                answer = next(answers)
                if schedule_and_check(scheduler, what, answer, case["name"]) is not None:
                    placed.add(answer["pod"])
                num_pods += 1
            elif verb == "remove":
                if what in placed:
                    scheduler.remove_pod(what)
                    placed.discard(what)
            elif verb == "addNode":
                scheduler.add_node(what)
            elif verb == "updateNode":
                scheduler.update_node(what)
            else:
                assert verb == "removeNode"
                placed -= set(scheduler.remove_node(what))
    assert num_pods > 6000
