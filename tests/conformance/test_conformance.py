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
    "mixed",
    "dra",
)
NOT_THERE_YET = {"preemption": "DefaultPreemption", "volumes": "the volume plugins"}


def read_cases(path: Path) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    with gzip.open(path, "rt") as lines:
        for line in lines:
            record = json.loads(line)
            yield record["case"], record["want"]


def canonical(answer: dict[str, Any]) -> dict[str, Any]:
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
    }


@pytest.mark.parametrize("family", FAMILIES)
def test_every_answer_is_upstreams(family: str) -> None:
    num_pods = 0
    for case, want in read_cases(HERE / f"{family}.jsonl.gz"):
        scheduler = ks.Scheduler(case["objects"], case.get("config"))
        for pod, want_answer in zip(case["pods"], want, strict=True):
            got = scheduler.explain(pod).to_dict()
            assert canonical(got) == canonical(want_answer), f"{case['name']} {want_answer['pod']}"
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


@pytest.mark.parametrize("family", NOT_THERE_YET)
def test_what_is_not_there_yet_is_refused_or_left_open(family: str) -> None:
    """Families whose plugins are to come: pods that need them are refused, never decided without them."""
    outcomes = set()
    for case, want in read_cases(HERE / f"{family}.jsonl.gz"):
        scheduler = ks.Scheduler(case["objects"], case.get("config"))
        for pod, answer in zip(case["pods"], want, strict=True):
            try:
                got = scheduler.explain(pod).to_dict()
            except ks.UnsupportedError:
                outcomes.add("refused")
                continue
            outcomes.add("decided")
            assert not pod["spec"].get("resourceClaims")
            if not any(obj.get("status", {}).get("nominatedNodeName") for obj in case["objects"]):
                first = answer.get("want_any", [answer])[0]
                assert canonical(got)["message"] == canonical(first)["message"], case["name"]
    assert outcomes == ({"decided"} if family == "preemption" else outcomes)
    assert ("refused" in outcomes) == (family != "preemption")


def test_openb_pods_land_where_upstream_puts_them(shared: Path) -> None:
    for case, want in read_cases(shared / "golden" / "openb.jsonl.gz"):
        placements = ks.Scheduler(case["objects"]).schedule_many(case["pods"])
        assert placements.node_names == [answer.get("node") for answer in want]
        messages = {i: answer["message"] for i, answer in enumerate(want) if answer.get("message")}
        assert dict(placements.messages) == messages
