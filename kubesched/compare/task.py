"""One run of a comparison, as data, and what runs it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from kubesched.compare.choice import Choice
from kubesched.compare.packing import pack
from kubesched.compare.replaying import play
from kubesched.compare.workload import Workload, read_workload
from kubesched.traces import Trace


@dataclass(frozen=True, slots=True)
class Task:
    """A choice and a seed.

    Attributes:
        inflate: the load of a packing experiment; None for a replay.
        options: of a replay.
    """

    choice: Choice
    seed: int
    inflate: float | None
    options: Mapping[str, Any]

    def to_json(self) -> str:
        """Return it as one line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> Task:
        """Read a line that `to_json` made."""
        fields = json.loads(line)
        return cls(Choice(**fields.pop("choice")), **fields)


class Bench:
    """A trace on which tasks are run."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace

    @cached_property
    def workload(self) -> Workload:
        """What the trace's pods ask for; measured when first asked for."""
        return read_workload(self.trace)

    def run(self, task: Task) -> dict[str, Any]:
        """Run a task and return its row, whose values are plain JSON."""
        if task.inflate is None:
            return play(self.trace, task.choice, task.seed, task.options)
        row = pack(self.trace, self.workload, task.choice, task.seed, task.inflate)
        return {**row, "curve": [list(point) for point in row["curve"]]}
