"""Response models of analytic answers and sensor findings, with the mapping from the library."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from api.schemas.model import fill
from headland.agronomy.series.answer import Answer as ComputedAnswer
from headland.agronomy.series.answer import Method
from headland.agronomy.series.sensor_health import SensorFinding
from headland.analysis.inputs.window import Window
from headland.i18n.sentences import translate_sentence


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A number with its evidence. `value` is null where the data does not suffice; `reason` then names the cause."""

    value: Annotated[float | None, Meta(extra_json_schema={"example": 0.92})]
    unit: Annotated[str, Meta(extra_json_schema={"example": "kPa"})]
    window: Window
    n: Annotated[int, Meta(ge=0), "Samples used."]
    coverage: Annotated[float, Meta(ge=0, le=1), "Share of the data that is known; the method defines of what."]
    quality: Annotated[int, "Worst QARTOD flag of the samples used; 9 without samples."]
    method: Method
    inputs: Annotated[list[str], Meta(extra_json_schema={"example": ["air_temperature_degc", "relative_humidity_pct"]})]
    evidence: Annotated[
        str | None,
        "measured, measured_flow (a flow meter) or pump_pwm (the pump's command only).",
    ]
    reason: Annotated[
        str | None,
        "insufficient_data, sampled_too_rarely, run_in_too_short, next_day_not_known, cover_not_known, "
        "not_defined, no_flow_meter, no_pump_state or nothing_treated; null with a value.",
    ]
    low: Annotated[float | None, "Smallest value in the window, where meaningful."]
    high: Annotated[float | None, "Largest value in the window, where meaningful."]
    simulated: bool


class LeftOutItem(msgspec.Struct, frozen=True, kw_only=True):
    """A finding about a channel: its samples were left out, or used as suspect."""

    device: str
    channel: str
    test: Annotated[
        str,
        "gross_range, spike, flat_line, flat_at_limit, unit_fraction, unit_fahrenheit, blocked_gauge, "
        "over_saturation, sun_heated, drift, flagged or silent.",
    ]
    flag: Annotated[int, "QARTOD: 3 suspect, 4 fail, 9 missing."]
    n: Annotated[int, Meta(ge=0), "How many samples."]
    start_ms: int
    end_ms: int
    left_out: Annotated[bool, "Whether the samples were left out of the computation."]
    detail: str
    detail_zh: Annotated[str, "The detail in Chinese; empty where it has none."]


def answer_of(answer: ComputedAnswer, simulated: bool) -> Answer:
    """Return an analytic answer."""
    return fill(
        Answer,
        answer,
        window=Window(start_ms=answer.window[0], end_ms=answer.window[1]),
        inputs=list(answer.inputs),
        simulated=simulated,
    )


def finding_of(device: str, finding: SensorFinding) -> LeftOutItem:
    """Return a finding about a channel."""
    return fill(LeftOutItem, finding, device=device, detail_zh=translate_sentence(finding.detail, "zh") or "")
