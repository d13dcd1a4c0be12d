"""Options of the engine that change no rule of scheduling."""

from __future__ import annotations

from kubesched.errors import ConfigError

DEFAULT_RANKING_BYTES = 256 * 2**20


def check_options(tie_break: str, seed: int, ranking_bytes: int | None) -> None:
    """Refuse values that `Scheduler` does not take.

    Raises:
        ConfigError: a value is out of range.
    """
    if tie_break not in ("first", "random"):
        raise ConfigError(f"tie_break must be 'first' or 'random', got {tie_break!r}")
    if not 0 <= seed < 2**64:
        raise ConfigError(f"seed must be an integer in 0..2**64 - 1, got {seed!r}")
    if ranking_bytes is not None and not 0 <= ranking_bytes < 2**63:
        raise ConfigError(f"ranking_bytes must be None or an integer in 0..2**63 - 1, got {ranking_bytes!r}")
