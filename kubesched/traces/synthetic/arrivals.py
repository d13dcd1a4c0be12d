"""When pods arrive: processes that give times in integer nanoseconds, in order.

Gaps are rounded to whole nanoseconds before they are added up, so that a last bit of a logarithm, which may differ
from machine to machine, does not reach the times.
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

SECOND_NS = 10**9
MOST_ARRIVALS = 50_000_000
PROCESSES = ("poisson", "uniform", "interval", "bursty", "diurnal")
_BLOCK = 65536
_MOST_BLOCK_NS = 2**60
_LONGEST_GAP = 64  # times its mean: an exponential draw of doubles is below 45
_MOST_STATE_NS = 365 * 86400 * SECOND_NS
_MOST_IN_STATE = 10_000_000
_DAY_NS = 86400 * SECOND_NS

Times = npt.NDArray[np.int64]
_Draw = Callable[[np.random.Generator], Times]


@dataclass(frozen=True, slots=True)
class Arrivals:
    """A process, read and checked.

    Attributes:
        path: the field that describes it.
        mean_rate: arrivals a second in the long run.
        start: returns, from the beginning each time, what draws the gaps of the next arrivals in nanoseconds.
    """

    path: str
    mean_rate: float
    start: Callable[[], _Draw]

    def times(self, draws: np.random.Generator, span_ns: int | None, count: int | None) -> Times:
        """Return the first `count` times before `span_ns`, int64 in order; one of both may be None.

        Raises:
            ConfigError: there are more than MOST_ARRIVALS.
        """
        expected = math.inf if span_ns is None else self.mean_rate * span_ns / SECOND_NS
        if min(expected, math.inf if count is None else count) > MOST_ARRIVALS:
            raise ConfigError(f"{self.path} must give at most {MOST_ARRIVALS} arrivals, got about {expected:.0f}")
        block = self.start()
        blocks: list[Times] = []
        found, now_ns = 0, 0
        while (count is None or found < count) and (span_ns is None or now_ns < span_ns) and found <= MOST_ARRIVALS:
            times = now_ns + np.cumsum(block(draws))
            blocks.append(times)
            found += len(times)
            now_ns = int(times[-1]) if len(times) else now_ns
            if now_ns > MOST_NS:
                break
        if found > MOST_ARRIVALS + _BLOCK:
            raise ConfigError(f"{self.path} must give at most {MOST_ARRIVALS} arrivals, got more")
        all_times = np.concatenate(blocks) if blocks else np.zeros(0, np.int64)
        if span_ns is not None:
            all_times = all_times[: int(np.searchsorted(all_times, span_ns, side="left"))]
        all_times = all_times[:count]
        if (
            span_ns is None
            and now_ns > MOST_NS
            and (count is None or len(all_times) < count or all_times[-1] > MOST_NS)
        ):
            raise ConfigError(f"{self.path} must end within 2**62 ns (146 years), got later arrivals")
        return all_times


def read_arrivals(section: Section) -> Arrivals:
    """Read the description of a process.

    Fields: `process`; of poisson, uniform and interval `rate` (mean arrivals a second, a minute, an hour, a day); of
    bursty `rate`, `burst_rate` and the mean lengths `quiet` and `burst`; of diurnal the mean `rate`, `amplitude` 0..1,
    `period` and `peak`, a time into the period.

    Raises:
        ConfigError: a field is wrong.
    """
    process = section.choice("process", PROCESSES, "poisson")
    rate = section.rate("rate")
    mean = rate
    start: Callable[[], _Draw]
    if process == "bursty":
        burst_rate = section.rate("burst_rate")
        quiet_ns, burst_ns = _state_ns(section, "quiet", rate), _state_ns(section, "burst", burst_rate)
        mean = (rate * quiet_ns + burst_rate * burst_ns) / (quiet_ns + burst_ns)
        start = lambda: _Bursty((rate, burst_rate), (quiet_ns, burst_ns)).block  # noqa: E731
    elif process == "diurnal":
        amplitude = section.number("amplitude", 0.5, 0.0, 1.0)
        period_ns = section.duration_ns("period", _DAY_NS)
        peak_ns = section.duration_ns("peak", 14 * period_ns // 24, 0)
        start = lambda: _Diurnal(rate, amplitude, period_ns, peak_ns).block  # noqa: E731
    else:
        start = lambda: _GAPS[process](rate)  # noqa: E731
    section.done()
    return Arrivals(section.path, mean, start)


def _state_ns(section: Section, name: str, rate: float) -> int:
    found = section.duration_ns(name)
    if found > min(_MOST_STATE_NS, _MOST_IN_STATE * SECOND_NS / rate):
        section.fault(name, f"be at most 365d and {_MOST_IN_STATE} arrivals long", section.value(name))
    return found


def _block_size(rate: float) -> int:
    """Return how many gaps are drawn at once: as many as surely fit int64."""
    return max(1, min(_BLOCK, int(_MOST_BLOCK_NS / _LONGEST_GAP * rate / SECOND_NS)))


def _poisson(rate: float) -> _Draw:
    size = _block_size(rate)
    return lambda draws: _whole(draws.standard_exponential(size) * (SECOND_NS / rate))


def _uniform(rate: float) -> _Draw:
    size = _block_size(rate)
    return lambda draws: _whole(draws.random(size) * (2 * SECOND_NS / rate))


def _interval(rate: float) -> _Draw:
    position, size = 0, _block_size(rate)

    def block(draws: np.random.Generator) -> Times:  # noqa: ARG001
        # The k-th arrival is at k / rate, however little a whole nanosecond divides it; the first is at 0.
        nonlocal position
        numbers = np.arange(position - 1, position + size)
        position += size
        times = _whole(np.maximum(numbers, 0) * (SECOND_NS / rate))
        return np.diff(times)

    return block


_GAPS = {"poisson": _poisson, "uniform": _uniform, "interval": _interval}


class _Bursty:
    """A Poisson process whose rate changes between two states that last exponential times (MMPP of two states)."""

    def __init__(self, rates: tuple[float, float], mean_ns: tuple[int, int]) -> None:
        self._rates = rates
        self._mean_ns = mean_ns
        self._state = 0
        self._idle_ns = 0

    def block(self, draws: np.random.Generator) -> Times:
        """Return the gaps to the arrivals of the rest of this state; then comes the other."""
        gaps: list[Times] = []
        found = elapsed_ns = 0
        while found < _BLOCK and elapsed_ns < _MOST_BLOCK_NS:
            stay_ns = int(_whole(draws.standard_exponential(1) * self._mean_ns[self._state])[0])
            num = int(draws.poisson(self._rates[self._state] * stay_ns / SECOND_NS))
            # Given their number, the arrivals of a Poisson process are uniform over the time.
            times = np.sort(draws.integers(0, max(1, stay_ns), num))
            if num:
                gaps.append(np.diff(times, prepend=-self._idle_ns))
                self._idle_ns = stay_ns - int(times[-1])
            else:
                self._idle_ns += stay_ns
            elapsed_ns += stay_ns
            found += num + 1  # a state without arrivals counts, or a rate near 0 would never end a block
            self._state = 1 - self._state
        return np.concatenate(gaps) if gaps else np.zeros(0, np.int64)


class _Diurnal:
    """A Poisson process whose rate is rate * (1 + amplitude * cos(2 pi (t - peak) / period)), by thinning."""

    def __init__(self, rate: float, amplitude: float, period_ns: int, peak_ns: int) -> None:
        self._rate = rate
        self._amplitude = amplitude
        self._period_ns = period_ns
        self._peak_ns = peak_ns
        self._size = _block_size(rate)
        self._now_ns = 0
        self._last_ns = 0

    def block(self, draws: np.random.Generator) -> Times:
        """Return the gaps to the arrivals that are kept of the next ones at the highest rate."""
        most = self._rate * (1 + self._amplitude)
        times = self._now_ns + np.cumsum(_whole(draws.standard_exponential(self._size) * (SECOND_NS / most)))
        self._now_ns = int(times[-1])
        angle = (times - self._peak_ns) % self._period_ns * (2 * np.pi / self._period_ns)
        chance = (1 + self._amplitude * np.cos(angle)) / (1 + self._amplitude)
        kept = times[draws.random(self._size) < chance]
        gaps: Times = np.diff(kept, prepend=self._last_ns)
        self._last_ns = int(kept[-1]) if len(kept) else self._last_ns
        return gaps


def _whole(values: npt.NDArray[np.float64]) -> Times:
    return np.rint(values).astype(np.int64)
