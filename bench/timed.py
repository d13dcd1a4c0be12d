"""Runs cases on demand, for bench/compare.py: `python -m bench.timed` reads names of bench/cases.py from its input.

For a name it prepares the case and answers `{"ready": true}`; for an empty line it runs the case that is prepared and
answers with seconds and digest. A case that the installed kubesched cannot run is answered with its error.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from typing import Any

from bench.cases import CASES, Case, digest_of


def timed(case: Case) -> dict[str, Any]:
    cluster = case.setup()
    gc.collect()
    gc.disable()
    start = time.perf_counter()
    placed = case.run(cluster)
    seconds = time.perf_counter() - start
    gc.enable()
    return {"seconds": seconds, "pods": case.num_pods, "digest": digest_of(placed)}


def main() -> None:
    case: Case | None = None
    for line in sys.stdin:
        name = line.strip()
        try:
            if name:
                case = CASES[name]()
            answer = {"ready": True} if name else timed(case) if case is not None else {"error": "no case"}
        except Exception as error:  # noqa: BLE001  # whatever another commit cannot do yet
            case, answer = None, {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
