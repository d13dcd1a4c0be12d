"""What the bench is to show: figures wanted, by a benchmark's name, and kube-scheduler's own for the same work.

The figures are for one core with AVX-512; with AVX2 alone about half. Rates are in pods a second, times in seconds,
memory in bytes.
"""

from __future__ import annotations

from bench.cases import APP_COUNTS, DEPARTURES, NODE_SIZES, SHAPE_COUNTS

_SHAPES = (
    (5_000_000, 2_000_000, 1_000_000, 700_000),
    (5_000_000, 1_500_000, 400_000, 200_000),
    (5_000_000, 700_000, 200_000, 120_000),
    (2_000_000, 300_000, 80_000, 25_000),
)
_FAMILIES = {
    "spread": (500_000, 200_000),
    "preferred_spread": (500_000, 200_000),
    "anti_affinity": (500_000, 200_000),
    "affinity": (500_000, 200_000),
    "preferred_affinity": (300_000, None),
    "preferred_anti": (300_000, None),
}


def _wanted_rates() -> dict[str, float]:
    rates = {
        f"shapes-{nodes}-{shapes}": rate
        for nodes, row in zip(NODE_SIZES, _SHAPES, strict=True)
        for shapes, rate in zip(SHAPE_COUNTS, row, strict=True)
    }
    departures = {f"departures-{n}-{s}": rates[f"shapes-{n}-{s}"] / 2 for n, s in DEPARTURES}
    families = {
        f"{workload}-5000-{apps}": rate
        for workload, row in _FAMILIES.items()
        for apps, rate in zip(APP_COUNTS, row, strict=True)
        if rate is not None
    }
    return {**rates, **families, **departures, "openb": 500_000}


RATES: dict[str, float] = {
    **{f"case[{name}]": rate for name, rate in _wanted_rates().items()},
    "from_manifests[repeated]": 300_000,
    "from_manifests[distinct]": 60_000,
}
SECONDS: dict[str, float] = {
    "replay_openb": 0.6,
    "replay_manifests": 0.8,
    "preemption_of_one_pod[5000]": 0.0005,
    "take_over": 1.5,
}
BYTES: dict[str, float] = {"memory": 3e9}

# Measured by its own code without an API server: in-memory cluster, default profile and node sampling, two cores, 2,000
# pods; and the floors that its own CI demands with API server and etcd. workload -> pods a second by number of nodes.
UPSTREAM: dict[str, dict[int, int]] = {
    "basic": {1_000: 1_777, 5_000: 1_149},
    "many_shapes": {1_000: 1_730, 5_000: 1_416},
    "node_affinity": {1_000: 1_173, 5_000: 844},
    "spread": {1_000: 967, 5_000: 533},
    "preferred_spread": {1_000: 1_210, 5_000: 731},
    "affinity": {1_000: 489, 5_000: 238},
    "anti_affinity": {1_000: 708, 5_000: 445},
    "preferred_affinity": {1_000: 1_165, 5_000: 761},
    "preferred_anti": {1_000: 796, 5_000: 481},
}
UPSTREAM_OPENB = 580
