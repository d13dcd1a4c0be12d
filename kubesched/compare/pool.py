"""Worker processes for a comparison: they read the trace from a file, and import nothing of the caller's."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from kubesched import errors
from kubesched.compare.task import Task
from kubesched.errors import InternalError, KubeschedError
from kubesched.traces import Trace
from kubesched.traces.parquet import write_trace

_WORKER = "kubesched.compare.worker"


def run_in_processes(trace: Trace, tasks: Sequence[Task], num_workers: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (position of a task, its row) as they end. Workers are gone when the iterator is.

    Raises:
        KubeschedError: what a task raised, as the same class.
        InternalError: a worker died.
        OSError: the trace cannot be written for the workers.
    """
    with tempfile.TemporaryDirectory(prefix="kubesched-") as folder:
        path = Path(folder) / "trace.parquet"
        write_trace(trace, path)
        workers: list[subprocess.Popen[str]] = []
        idle: SimpleQueue[subprocess.Popen[str]] = SimpleQueue()

        def do(task: Task) -> dict[str, Any]:
            worker = idle.get()
            try:
                return _ask(worker, task)
            finally:
                idle.put(worker)

        count = min(num_workers, len(tasks))
        executor = ThreadPoolExecutor(count)
        try:
            for _ in range(count):
                workers.append(_start(path))
                idle.put(workers[-1])
            futures = {executor.submit(do, task): i for i, task in enumerate(tasks)}
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:
            executor.shutdown(wait=False, cancel_futures=True)
            for worker in workers:
                worker.kill()
            executor.shutdown(wait=True)
            for worker in workers:
                worker.wait()
                for stream in (worker.stdin, worker.stdout):
                    if stream is not None:
                        with suppress(OSError):
                            stream.close()


def _start(path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", _WORKER, str(path)]
    pipe = subprocess.PIPE
    # In a session of its own: Ctrl-C on a terminal is for this process, which ends its workers.
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, start_new_session=True)  # noqa: S603


def _ask(worker: subprocess.Popen[str], task: Task) -> dict[str, Any]:
    assert worker.stdin is not None  # noqa: S101
    assert worker.stdout is not None  # noqa: S101
    try:
        worker.stdin.write(task.to_json() + "\n")
        worker.stdin.flush()
        line = worker.stdout.readline()
    except OSError:
        line = ""
    if not line:
        raise InternalError(f"a worker must live until its tasks are done, it ended with {worker.poll()}")
    answer = json.loads(line)
    if "row" in answer:
        row: dict[str, Any] = answer["row"]
        return row
    kind = getattr(errors, answer["error"], KubeschedError)
    raise kind(answer["message"])
