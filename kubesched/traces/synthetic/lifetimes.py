"""How long pods run: distributions, drawn in whole microseconds.

A microsecond hides the last bit of a logarithm or power, which may differ from machine to machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kubesched.errors import ConfigError
from kubesched.traces.durations import MOST_NS
from kubesched.traces.synthetic.fields import Section

DISTRIBUTIONS = ("forever", "constant", "exponential", "lognormal", "pareto")
_MICROSECOND_NS = 1000

_Draw = Callable[[np.random.Generator, int], npt.NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """A distribution, read and checked; `draw` is None for pods that run until they are removed."""

    draw: _Draw | None
    least_ns: int
    most_ns: int

    def durations_ns(self, draws: np.random.Generator, count: int) -> npt.NDArray[np.int64]:
        """Return int64 of shape (count,); -1 for ever."""
        if self.draw is None:
            return np.full(count, -1, np.int64)
        drawn = np.clip(self.draw(draws, count), self.least_ns, self.most_ns)
        found = np.rint(drawn / _MICROSECOND_NS).astype(np.int64) * _MICROSECOND_NS
        return np.clip(found, self.least_ns, self.most_ns)


def read_lifetimes(section: Section) -> Lifetimes:
    """Read the description of a distribution.

    Fields: `distribution`; of constant and exponential `mean`; of lognormal `sigma` and either `median` or `mean`; of
    pareto `alpha` and either `minimum` or, for an alpha above 1, `mean`; `least` and `most`: what is drawn beyond
    counts as these.

    Raises:
        ConfigError: a field is wrong.
    """
    distribution = section.choice("distribution", DISTRIBUTIONS)
    draw = _READERS[distribution](section)
    least_ns = section.duration_ns("least", 0, 0)
    most_ns = section.duration_ns("most", MOST_NS)
    if least_ns > most_ns:
        raise ConfigError(f"{section.at('least')} must be at most {section.at('most')}, got {section.value('least')!r}")
    section.done()
    return Lifetimes(draw, least_ns, most_ns)


def _forever(section: Section) -> _Draw | None:  # noqa: ARG001
    return None


def _constant(section: Section) -> _Draw:
    mean_ns = section.duration_ns("mean", least=0)
    return lambda draws, count: np.full(count, float(mean_ns))  # noqa: ARG005


def _exponential(section: Section) -> _Draw:
    mean_ns = section.duration_ns("mean")
    return lambda draws, count: draws.standard_exponential(count) * mean_ns


def _lognormal(section: Section) -> _Draw:
    sigma = section.number("sigma", None, 0.0, 20.0)
    given = _one_of(section, "median", "mean")
    centre_ns = section.duration_ns(given)
    log_median = math.log(centre_ns) - (sigma**2 / 2 if given == "mean" else 0.0)
    return lambda draws, count: np.exp(draws.standard_normal(count) * sigma + log_median)


def _pareto(section: Section) -> _Draw:
    alpha = section.number("alpha", None, 0.0, 1000.0, above=True)
    given = _one_of(section, "minimum", "mean")
    value_ns = section.duration_ns(given)
    if given == "mean" and alpha <= 1:
        raise ConfigError(f"{section.at('alpha')} must be above 1 where the mean is given, got {alpha:g}")
    minimum_ns = value_ns * (alpha - 1) / alpha if given == "mean" else float(value_ns)
    # The least of 1 - U is 2**-53: a finite draw for any alpha that is not tiny, and the cap for those.
    return lambda draws, count: minimum_ns * np.exp(np.minimum(-np.log(1 - draws.random(count)) / alpha, 100.0))


_READERS: dict[str, Callable[[Section], _Draw | None]] = {
    "forever": _forever,
    "constant": _constant,
    "exponential": _exponential,
    "lognormal": _lognormal,
    "pareto": _pareto,
}


def _one_of(section: Section, first: str, second: str) -> str:
    if section.has(first) == section.has(second):
        raise ConfigError(f"{section.path} must have one of {first} and {second}, got both or none of them")
    return first if section.has(first) else second
