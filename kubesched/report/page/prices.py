"""What an hour of each resource costs."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kubesched.config.document import load_mapping
from kubesched.errors import ConfigError

UNITS = {"cpu": 1000, "memory": 2**30, "ephemeral-storage": 2**30}  # a core, a GiB; of all else one


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices of an hour.

    Attributes:
        currency: as it is printed.
        per_hour: resource -> price of a core, a GiB or one of it.
    """

    currency: str
    per_hour: Mapping[str, float]


def read_prices(source: Mapping[str, Any] | str | os.PathLike[str]) -> Prices:
    """Read prices: `{currency: USD, prices: {cpu: 0.03, memory: 0.004, nvidia.com/gpu: 2.5}}`, or a file with that.

    Raises:
        ConfigError: the file cannot be read, a field is unknown, or a price is no number >= 0.
    """
    where = "prices" if isinstance(source, Mapping) else os.fspath(source)
    document = source if isinstance(source, Mapping) else load_mapping(source)
    unknown = sorted(str(name) for name in document if name not in ("currency", "prices"))
    if unknown:
        raise ConfigError(f"{where}: fields must be currency and prices, got {', '.join(unknown)}")
    currency = document.get("currency", "")
    if not isinstance(currency, str) or len(currency) > 16:
        raise ConfigError(f"{where}: currency must be a text of at most 16 characters, got {currency!r}")
    prices = document.get("prices")
    if not isinstance(prices, Mapping) or not prices:
        raise ConfigError(f"{where}: prices must be a mapping of resources to prices, got {prices!r}")
    for name, price in prices.items():
        is_number = isinstance(price, (int, float)) and not isinstance(price, bool)
        if not isinstance(name, str) or not is_number or not 0 <= price < math.inf:
            raise ConfigError(f"{where}: prices[{name!r}] must be a number >= 0, got {price!r}")
    return Prices(currency, {name: float(price) for name, price in prices.items()})
