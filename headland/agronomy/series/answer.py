"""Analytic answers: a number with unit, window, coverage, quality, method and evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

INSUFFICIENT_DATA: Final = "insufficient_data"
#: The samples come at a slower interval than the method needs, however many of them there are.
SAMPLED_TOO_RARELY: Final = "sampled_too_rarely"
#: The value depends on days before the first sample that was read.
RUN_IN_TOO_SHORT: Final = "run_in_too_short"
#: The value depends on the following day, which is not over or not known.
NEXT_DAY_NOT_KNOWN: Final = "next_day_not_known"

#: The cover of the greenhouse is not declared and not measured: what is its material?
COVER_NOT_KNOWN: Final = "cover_not_known"


@dataclass(frozen=True, slots=True)
class Method:
    """The method behind a number: a stable id, a version that changes with the arithmetic, and the published source."""

    id: Annotated[str, "Stable id."]
    version: Annotated[int, "Version, which changes with the computation."]
    source: Annotated[str, "Published source."]


@dataclass(frozen=True, slots=True)
class Answer:
    """A number with all that is needed to assess it.

    value
        The number in `unit`; None where it would be a guess, with the cause in `reason`.
    window
        (start_ms, end_ms), half-open, epoch milliseconds.
    n
        The number of samples used.
    coverage
        The known share 0..1 of what should be known, as the method defines it.
    quality
        The worst QARTOD flag among the samples used (1 good, 2 not evaluated); 9 where none were.
    inputs
        The channels used, and figures that were declared or assumed.
    evidence
        The kind of evidence (`measured`, `measured_flow`, `pump_pwm`); None without a value.
    low, high
        The smallest and the largest value within the window, where that has a meaning.
    """

    value: float | None
    unit: str
    window: tuple[int, int]
    n: int
    coverage: float
    quality: int
    method: Method
    inputs: tuple[str, ...]
    evidence: str | None = None
    reason: str | None = None
    low: float | None = None
    high: float | None = None
