"""Prints the medians of a bench run as one table: `python -m bench.table FILE.json`."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    report = json.loads(Path(sys.argv[1]).read_text())
    machine = report["machine_info"]
    print(f"{machine['cpu'].get('brand_raw', machine['machine'])}, Python {machine['python_version']}\n")
    print_workloads([bench for bench in report["benchmarks"] if bench["name"].startswith("test_schedule_many")])
    print(f"\n{'call':<28}{'median':>12}{'pods/s':>14}")
    for bench in report["benchmarks"]:
        if not bench["name"].startswith("test_schedule_many"):
            seconds = bench["stats"]["median"]
            pods = bench["extra_info"].get("pods")
            rate = f"{pods / seconds:,.0f}" if pods else ""
            print(f"{bench['name'].removeprefix('test_'):<28}{1000 * seconds:>9,.2f} ms{rate:>14}")


def print_workloads(benches: list[dict[str, Any]]) -> None:
    rates: dict[str, dict[int, float]] = {}
    ratios: dict[str, float] = {}
    for bench in benches:
        match = re.fullmatch(r"test_schedule_many\[(\w+)-(\d+)\]", bench["name"])
        assert match is not None
        workload, num_nodes = match[1], int(match[2])
        rate = bench["extra_info"]["pods"] / bench["stats"]["median"]
        rates.setdefault(workload, {})[num_nodes] = rate
        ratio = rate / bench["extra_info"]["twin_pods_per_second"]
        ratios[workload] = min(ratio, ratios.get(workload, ratio))
    sizes = sorted({size for by_size in rates.values() for size in by_size})
    print(f"{'pods/s, nodes:':<20}" + "".join(f"{size:>12,}" for size in sizes) + f"{'times the twin':>18}")
    for workload, by_size in rates.items():
        cells = "".join(f"{by_size[size]:>12,.0f}" for size in sizes)
        print(f"{workload:<20}{cells}{'at least ' + format(ratios[workload], ',.0f'):>18}")


if __name__ == "__main__":
    main()
