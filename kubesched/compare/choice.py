"""What is compared: a policy by name, or a KubeSchedulerConfiguration."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubesched.config import load_config
from kubesched.config.policies import POLICIES, policy_config
from kubesched.errors import ConfigError

DEFAULT = "default"  # kube-scheduler as it comes


@dataclass(frozen=True, slots=True)
class Choice:
    """One column of a comparison.

    Attributes:
        name: what it is called in tables.
        policy: a GPU policy by name; None for a configuration.
        config: a KubeSchedulerConfiguration; None for a policy, or for kube-scheduler's defaults.
    """

    name: str
    policy: str | None = None
    config: Mapping[str, Any] | str | None = None


def read_choices(
    policies: Sequence[str], configs: Sequence[Mapping[str, Any] | str | os.PathLike[str]]
) -> tuple[Choice, ...]:
    """Return the choices, policies first, each checked.

    A configuration is called by its file's name without the suffix, or `config-1`, `config-2`, ...

    Raises:
        ConfigError: none, one twice, a policy that is not known, or a configuration that breaks a rule.
        UnsupportedError: a configuration asks for a part of kube-scheduler that is not there yet.
    """
    choices = []
    for name in policies:
        if name != DEFAULT and name not in POLICIES:
            raise ConfigError(f"policy must be one of {', '.join((DEFAULT, *POLICIES))}, got {name!r}")
        if name != DEFAULT:
            policy_config(name)
        choices.append(Choice(name, policy=None if name == DEFAULT else name))
    for number, config in enumerate(configs, 1):
        load_config(config)
        if isinstance(config, Mapping):
            choices.append(Choice(f"config-{number}", config=dict(config)))
        else:
            choices.append(Choice(Path(config).stem, config=os.fspath(config)))
    names = [choice.name for choice in choices]
    if not choices:
        raise ConfigError("policies and configs must be at least one together, got none")
    twice = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if twice is not None:
        raise ConfigError(f"names of policies and configs must differ, got {twice!r} twice")
    return tuple(choices)
