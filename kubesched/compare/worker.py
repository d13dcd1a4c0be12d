"""A process that does runs of a comparison: a trace by its path, tasks and rows as JSON lines.

python -m kubesched.compare.worker TRACE.parquet
"""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

from kubesched.compare.task import Bench, Task
from kubesched.errors import KubeschedError
from kubesched.traces import open_trace


def main(path: Path) -> None:
    """Answer one line with one line until the input ends. Ctrl-C is for whoever gave the tasks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    bench = Bench(open_trace(path))
    for line in sys.stdin:
        try:
            answer: dict[str, object] = {"row": bench.run(Task.from_json(line))}
        except KubeschedError as error:
            answer = {"error": type(error).__name__, "message": str(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
