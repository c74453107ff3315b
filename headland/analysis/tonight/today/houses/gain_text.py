"""Gain of a plan as answers have it: figures, sentence, and the hours of a picture that go away. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from headland.analysis.tonight.gains.gain import PlanGain
from headland.analysis.tonight.gains.house_gain import HouseGain
from headland.analysis.tonight.today.answer import Span, TodayGain, TodayText
from headland.analysis.tonight.today.clock_words import said
from headland.units_of_time import HOUR_MS

_DECIMALS: Final = 1


def told_gain(found: HouseGain | None) -> tuple[TodayGain | None, TodayText | None]:
    """Return the gain of a plan as answers have it, and why there is none; both None where it is left for later."""
    if found is None:
        return None, None
    if found.gain is None:
        return None, said(f"no_gain_{found.untold}")
    before, after, error = (
        round(value, _DECIMALS) for value in (found.gain.wet_before_h, found.gain.wet_after_h, found.gain.error_h)
    )
    text = said(
        "gain_told" if found.gain.is_told else "gain_within_error",
        before=f"{before:.1f}", after=f"{after:.1f}", error=f"{error:.1f}",
    )  # fmt: skip
    gain = TodayGain(
        wet_hours_before=before,
        wet_hours_after=after,
        error_hours=error,
        is_told=found.gain.is_told,
        text=text.text,
        text_zh=text.text_zh,
    )
    return gain, None


def avoided_wet(gain: PlanGain | None, wet: Sequence[Span]) -> list[Span]:
    """Return the parts of some wet hours in which the model has dry leaves with the plan; none where it tells nothing.

    An hour counts where the model has more than half of it wet without the plan and less than half with it.
    """
    if gain is None or not gain.is_told:
        return []
    spans: list[Span] = []
    for start_ms, end_ms in wet:
        for hour_ms in range(start_ms // HOUR_MS * HOUR_MS, end_ms, HOUR_MS):
            inside = (gain.time_ms >= hour_ms) & (gain.time_ms < hour_ms + HOUR_MS)
            if not inside.any() or gain.wet_before[inside].mean() <= 0.5 or gain.wet_after[inside].mean() >= 0.5:
                continue
            part = (max(start_ms, hour_ms), min(end_ms, hour_ms + HOUR_MS))
            if spans and spans[-1][1] == part[0]:
                spans[-1] = (spans[-1][0], part[1])
            else:
                spans.append(part)
    return spans
