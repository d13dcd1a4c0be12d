"""Fields that no decision depends on are checked all the same."""

from __future__ import annotations

import re
from typing import Any

import pytest

from kubesched.config import load_config
from kubesched.errors import ConfigError


@pytest.mark.parametrize(
    ("fields", "want"),
    [
        pytest.param({"parallelism": 0}, "parallelism: must be greater than 0, got 0", id="no parallelism"),
        pytest.param({"parallelism": 2**31}, "parallelism: must be an integer of 32 bits", id="much parallelism"),
        pytest.param({"enableProfiling": "yes"}, "enableProfiling: must be true or false, got 'yes'", id="a text for a boolean"),
        pytest.param({"clientConnection": {"burst": -1}}, "clientConnection.burst: must not be negative, got -1", id="burst"),
        pytest.param({"clientConnection": {"qps": "5"}}, "clientConnection.qps: must be a number, got '5'", id="a text for qps"),
        pytest.param({"clientConnection": {"QPS": 5}}, "clientConnection.QPS: unknown field", id="a typo"),
        pytest.param({"leaderElection": {"resourceLock": "endpoints"}},
                     "leaderElection.resourceLock: must be leases, got 'endpoints'", id="another lock"),
        pytest.param({"leaderElection": {"leaseDuration": "-1s"}},
                     "leaderElection.leaseDuration: must be greater than 0, got '-1s'", id="a negative lease"),
        pytest.param({"leaderElection": {"renewDeadline": "-1s"}},
                     "leaderElection.renewDeadline: must be greater than 0, got '-1s'", id="a negative deadline"),
        pytest.param({"leaderElection": {"retryPeriod": "-1m30s"}},
                     "leaderElection.retryPeriod: must be greater than 0, got '-1m30s'", id="a negative period"),
        pytest.param({"leaderElection": {"leaseDuration": "10s"}},
                     "leaderElection.leaseDuration: must be greater than renewDeadline, got '10s'",
                     id="a lease no longer than the default deadline"),
        pytest.param({"leaderElection": {"renewDeadline": "15s"}},
                     "leaderElection.leaseDuration: must be greater than renewDeadline, got '15s'",
                     id="a deadline no shorter than the default lease"),
        pytest.param({"leaderElection": {"leaseDuration": 15}},
                     "leaderElection.leaseDuration: must be a duration such as 15s, got 15", id="a number for a duration"),
        pytest.param({"leaderElection": {"leaderElect": False, "leaseDuration": "x"}},
                     "leaderElection.leaseDuration: must be a duration such as 15s, got 'x'", id="types hold without election"),
        pytest.param({"leaderElection": {"lease": "1s"}}, "leaderElection.lease: unknown field", id="another typo"),
    ],
)  # fmt: skip
def test_broken_components_are_refused(fields: dict[str, Any], want: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(want)):
        load_config(fields)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"leaderElection": {"leaderElect": False, "resourceLock": "x", "leaseDuration": "-1s"}}, id="no election"),
        pytest.param({"leaderElection": {"leaseDuration": "0s", "renewDeadline": "0", "resourceLock": ""}}, id="zeros are defaulted"),
        pytest.param({"leaderElection": {"leaseDuration": "1m30.5s", "renewDeadline": "1m", "retryPeriod": "0s"}}, id="well timed"),
        pytest.param({"leaderElection": {"leaderElect": False, "leaseDuration": "1s"}}, id="a short lease of nobody"),
        pytest.param({"leaderElection": {"retryPeriod": "1h"}}, id="the period is compared with nothing"),
        pytest.param({"leaderElection": None, "clientConnection": None, "parallelism": None}, id="nulls"),
        pytest.param({"clientConnection": {"qps": -1, "burst": 0}}, id="a negative rate is no rate"),
    ],
)  # fmt: skip
def test_components_that_upstream_takes(fields: dict[str, Any]) -> None:
    assert load_config(fields) == load_config(None)
