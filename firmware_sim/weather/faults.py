"""Faults of the simulated providers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from headland.errors import SettingsError
from headland.plain_numbers import read_decimal


@dataclass(frozen=True, slots=True)
class ProviderFaults:
    """Faults of every answer.

    `status` replaces the answer, with `retry_after` as its header and `body` as what it says; `body` alone is said with
    status 200. `garbage` is a document that is cut, `late_s` the
    age of the newest issue, `gap_h` hours that are missing, `slow_s` how long bytes trickle. With `units` an answer has
    Fahrenheit, km/h and inches; with `dst` local times in which an hour comes twice; `other_place` is five degrees
    away; `deprecated` is status 203.
    """

    status: int = 0
    retry_after: str = ""
    body: bytes = b""
    garbage: bool = False
    late_s: float = 0.0
    gap_h: int = 0
    slow_s: float = 0.0
    units: bool = False
    dst: bool = False
    other_place: bool = False
    deprecated: bool = False


_FLAGS = ("garbage", "units", "dst", "other-place", "deprecated")


def read_faults(words: Sequence[str]) -> ProviderFaults:
    """Parse faults such as `status=429:120`, `late=7200` and `garbage`; raises SettingsError."""
    faults = ProviderFaults()
    for word in words:
        name, _, text = word.partition("=")
        if word in _FLAGS:
            flags: dict[str, Any] = {word.replace("-", "_"): True}
            faults = replace(faults, **flags)
            continue
        number = read_decimal(text.partition(":")[0])
        if name == "status" and number is not None and number == int(number) and 300 <= number <= 599:
            faults = replace(faults, status=int(number), retry_after=text.partition(":")[2])
        elif name == "late" and number is not None and number >= 0:
            faults = replace(faults, late_s=number)
        elif name == "gap" and number is not None and 1 <= number <= 100:
            faults = replace(faults, gap_h=int(number))
        elif name == "slow" and number is not None and 0 < number <= 3600:
            faults = replace(faults, slow_s=number)
        else:
            raise SettingsError(
                f"{word!r} is not a fault: choose status=CODE or status=CODE:RETRY-AFTER, late=SECONDS, gap=HOURS, "
                f"slow=SECONDS, {', '.join(_FLAGS)}."
            )
    return faults
