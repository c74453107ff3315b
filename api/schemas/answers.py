"""Response models of analytic answers and sensor findings, with the mapping from the library."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schemas.model import Model
from headland.agronomy.series.answer import Answer as ComputedAnswer
from headland.agronomy.series.sensor_health import SensorFinding
from headland.i18n.sentences import translate_sentence


class AnswerWindow(Model):
    """[start_ms, end_ms)."""

    start_ms: int
    end_ms: int


class AnswerMethod(Model):
    """Method of a number; `version` changes with the computation."""

    id: Annotated[str, Field(json_schema_extra={"example": "vapour_pressure_deficit"})]
    version: int
    source: str


class Answer(Model):
    """A number with its evidence. `value` is null where the data does not suffice; `reason` then names the cause."""

    value: Annotated[float | None, Field(json_schema_extra={"example": 0.92})]
    unit: Annotated[str, Field(json_schema_extra={"example": "kPa"})]
    window: AnswerWindow
    n: Annotated[int, Field(ge=0, description="Samples used.")]
    coverage: Annotated[
        float, Field(ge=0, le=1, description="Share of the data that is known; the method defines of what.")
    ]
    quality: Annotated[int, Field(description="Worst QARTOD flag of the samples used; 9 without samples.")]
    method: AnswerMethod
    inputs: Annotated[
        list[str], Field(json_schema_extra={"example": ["air_temperature_degc", "relative_humidity_pct"]})
    ]
    evidence: Annotated[
        str | None,
        Field(description="measured, measured_flow (a flow meter) or pump_pwm (the pump's command only)."),
    ]
    reason: Annotated[
        str | None,
        Field(
            description="insufficient_data, sampled_too_rarely, run_in_too_short, next_day_not_known, cover_not_known, "
            "not_defined, no_flow_meter, no_pump_state or nothing_treated; null with a value."
        ),
    ]
    low: Annotated[float | None, Field(description="Smallest value in the window, where meaningful.")]
    high: Annotated[float | None, Field(description="Largest value in the window, where meaningful.")]
    simulated: bool


class LeftOutItem(Model):
    """A finding about a channel: its samples were left out, or used as suspect."""

    device: str
    channel: str
    test: Annotated[
        str,
        Field(
            description="gross_range, spike, flat_line, flat_at_limit, unit_fraction, unit_fahrenheit, blocked_gauge, "
            "over_saturation, sun_heated, drift, flagged or silent."
        ),
    ]
    flag: Annotated[int, Field(description="QARTOD: 3 suspect, 4 fail, 9 missing.")]
    n: Annotated[int, Field(ge=0, description="How many samples.")]
    start_ms: int
    end_ms: int
    left_out: Annotated[bool, Field(description="Whether the samples were left out of the computation.")]
    detail: str
    detail_zh: Annotated[str, Field(description="The detail in Chinese; empty where it has none.")]


def answer_of(answer: ComputedAnswer, simulated: bool) -> Answer:
    """Return an analytic answer."""
    return Answer(
        value=answer.value,
        unit=answer.unit,
        window=AnswerWindow(start_ms=answer.window[0], end_ms=answer.window[1]),
        n=answer.n,
        coverage=answer.coverage,
        quality=answer.quality,
        method=AnswerMethod(id=answer.method.id, version=answer.method.version, source=answer.method.source),
        inputs=list(answer.inputs),
        evidence=answer.evidence,
        reason=answer.reason,
        low=answer.low,
        high=answer.high,
        simulated=simulated,
    )


def finding_of(device: str, finding: SensorFinding) -> LeftOutItem:
    """Return a finding about a channel."""
    return LeftOutItem(
        device=device,
        channel=finding.channel,
        test=finding.test,
        flag=finding.flag,
        n=finding.n,
        start_ms=finding.start_ms,
        end_ms=finding.end_ms,
        left_out=finding.left_out,
        detail=finding.detail,
        detail_zh=translate_sentence(finding.detail, "zh") or "",
    )
