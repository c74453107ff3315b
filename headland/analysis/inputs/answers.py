"""Answers as the API gives them: a number with its evidence and origin, and findings about sensors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from msgspec import Meta

from headland.agronomy.series.answer import Answer, Method
from headland.agronomy.series.finding import Mend, SensorFinding
from headland.analysis.inputs.window import Window
from headland.i18n import CatalogText
from headland.i18n.sentences import translate_sentence


@dataclass(frozen=True, slots=True)
class SourcedAnswer:
    """A number with its evidence. `value` is null where the data does not suffice; `reason` then names the cause."""

    value: Annotated[float | None, Meta(extra_json_schema={"example": 0.92}), "Value in `unit`; null with a `reason`."]
    unit: Annotated[str, Meta(extra_json_schema={"example": "kPa"})]
    window: Annotated[Window, "Time that the value is about."]
    n: Annotated[int, Meta(ge=0), "Samples used."]
    coverage: Annotated[float, Meta(ge=0, le=1), "Share of the data that is known; the method defines of what."]
    quality: Annotated[int, "Worst QARTOD flag of the samples used; 9 without samples."]
    method: Annotated[Method, "Method of the value."]
    inputs: Annotated[
        tuple[str, ...],
        Meta(extra_json_schema={"example": ["air_temperature_degc", "relative_humidity_pct"]}),
        "Channels used, and figures that were declared or assumed.",
    ]
    evidence: Annotated[str | None, "measured, measured_flow (a flow meter) or pump_pwm (the pump's command only)."]
    reason: Annotated[
        str | None,
        "insufficient_data, sampled_too_rarely, run_in_too_short, next_day_not_known, cover_not_known, "
        "not_defined, no_flow_meter, no_pump_state or nothing_treated; null with a value.",
    ]
    low: Annotated[float | None, "Smallest value in the window, where meaningful."]
    high: Annotated[float | None, "Largest value in the window, where meaningful."]
    simulated: bool


@dataclass(frozen=True, slots=True)
class DeviceFinding:
    """A finding about a channel: its samples were left out, or used as suspect."""

    device: str
    channel: str
    test: Annotated[
        str,
        "gross_range, spike, flat_line, flat_at_limit, unit_fraction, unit_fahrenheit, unit, sun, swapped, "
        "blocked_gauge, over_saturation, sun_heated, stuck, alternating, noise, step, drift, gain, flagged or silent.",
    ]
    flag: Annotated[int, "QARTOD: 3 suspect, 4 fail, 9 missing."]
    n: Annotated[int, Meta(ge=0), "How many samples."]
    start_ms: int
    end_ms: int
    left_out: Annotated[bool, "Whether the samples were left out of the computation."]
    detail: str
    detail_zh: Annotated[str, "The detail in Chinese; empty where it has none."]
    cause: Annotated[str | None, "What explains it, such as longitude_sign; null where not known."] = None
    chance: Annotated[Annotated[float, Meta(ge=0, le=1)] | None, "How sure the cause is; null without one."] = None
    text: Annotated[str | None, "One sentence with the remedy, in English; null without a cause."] = None
    text_zh: Annotated[str | None, "The same sentence in Chinese."] = None
    mend: Annotated[Mend | None, "The one change of one record that makes it right; null where none does."] = None


def answer_of(answer: Answer, simulated: bool) -> SourcedAnswer:
    """Return an answer with its origin."""
    return SourcedAnswer(
        answer.value,
        answer.unit,
        Window(*answer.window),
        answer.n,
        answer.coverage,
        answer.quality,
        answer.method,
        answer.inputs,
        answer.evidence,
        answer.reason,
        answer.low,
        answer.high,
        simulated,
    )


def finding_of(device: str, finding: SensorFinding) -> DeviceFinding:
    """Return a finding about a channel of a device, in both languages."""
    texts = None if finding.cause is None else CatalogText("finding_causes", finding.cause, finding.facts)
    return DeviceFinding(
        device,
        finding.channel,
        finding.test,
        finding.flag,
        finding.n,
        finding.start_ms,
        finding.end_ms,
        finding.left_out,
        finding.detail if finding.detail or texts is None else texts.text("en"),
        translate_sentence(finding.detail, "zh") or "" if finding.detail or texts is None else texts.text("zh"),
        finding.cause,
        finding.chance,
        None if texts is None else texts.text("en"),
        None if texts is None else texts.text("zh"),
        finding.mend and place_mend(finding.mend, device, finding.channel),
    )


def place_mend(mend: Mend, device: str, channel: str) -> Mend:
    """Return a mend with the device or channel that it changes, where the maker of a channel's finding left that open.

    Two channels that are exchanged have one mend: that of the first.
    """
    if mend.target_id or mend.target not in ("device", "channel"):
        return mend
    if mend.kind == "rename_channel":
        channel = f"{mend.before}{''.join(channel.partition(':')[1:])}"
    return replace(mend, target_id=device if mend.target == "device" else f"{device}/{channel}")
