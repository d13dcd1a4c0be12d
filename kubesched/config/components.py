"""Checks the fields of a configuration that have no effect on decisions: leader election, clients, profiling.

component-base/config/validation/validation.go and apis/config/v1/defaults.go (v1.34).
"""

from __future__ import annotations

from kubesched.config.decoding import Section

_ELECTION_NS = {"leaseDuration": 15 * 10**9, "renewDeadline": 10 * 10**9, "retryPeriod": 2 * 10**9}


def check_components(top: Section) -> None:
    """Check the fields beside profiles and extenders that no decision depends on."""
    parallelism = top.integer("parallelism", 16)
    if parallelism <= 0:
        top.fault("parallelism", "must be greater than 0", parallelism)
    for key in ("enableProfiling", "enableContentionProfiling", "delayCacheUntilActive"):
        top.boolean(key)
    _check_client_connection(top.section("clientConnection"))
    _check_leader_election(top.section("leaderElection"))


def _check_client_connection(client: Section) -> None:
    for key in ("kubeconfig", "acceptContentTypes", "contentType"):
        client.text(key)
    client.number("qps")
    burst = client.integer("burst")
    if burst < 0:
        client.fault("burst", "must not be negative", burst)
    client.finish()


def _check_leader_election(election: Section) -> None:
    elects = election.boolean("leaderElect", True)
    lock = election.text("resourceLock") or "leases"
    lengths_ns = {key: election.duration_ns(key, default_ns) for key, default_ns in _ELECTION_NS.items()}
    for key in ("resourceName", "resourceNamespace"):
        election.text(key)
    election.finish()
    if not elects:
        return
    if lock != "leases":
        election.fault("resourceLock", "must be leases", lock)
    for key, length_ns in lengths_ns.items():
        if length_ns <= 0:
            election.fault(key, "must be greater than 0", election.raw(key))
    if lengths_ns["leaseDuration"] <= lengths_ns["renewDeadline"]:
        election.fault("leaseDuration", "must be greater than renewDeadline", election.raw("leaseDuration") or "15s")
