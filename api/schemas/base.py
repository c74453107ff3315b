"""Response models of devices, series, events, answers and health. Times are epoch milliseconds UTC."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

EXAMPLE_MS = 1_795_507_200_000


def _example(value: Any) -> dict[str, Any]:
    return {"example": value}


class Model(BaseModel):
    """Base of the response models."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)


class Problem(Model):
    """An error (RFC 9457). `type` is stable and meant for programs; `title` and `detail` are for people."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra=_example(
            {
                "type": "urn:headland:problem:unknown-device",
                "title": "No such device",
                "status": 404,
                "detail": "There is no device gh-9.",
            }
        ),
    )

    type: str
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str


class Health(Model):
    """The process responds."""

    status: Annotated[str, Field(json_schema_extra=_example("ok"))]


class ReadinessCheck(Model):
    """A condition of readiness."""

    name: str
    ok: bool
    detail: str


class Readiness(Model):
    """Readiness of the station, with its checks."""

    ready: bool
    checks: list[ReadinessCheck]


class Device(Model):
    """A device of the organisation. `last_seen_ms` is the time of its newest sample, by the device's own clock."""

    id: Annotated[str, Field(json_schema_extra=_example("gh-1"))]
    kind: Annotated[str, Field(json_schema_extra=_example("greenhouse"))]
    name: Annotated[str, Field(json_schema_extra=_example("House 1"))]
    site: Annotated[str, Field(json_schema_extra=_example("home"))]
    gateway: Annotated[str, Field(description="The gateway that described the device; empty while none has.")]
    model: str
    simulated: Annotated[bool, Field(description="True for simulated devices, permanently.")]
    clock: Annotated[str | None, Field(description="Clock of its times: gps, ntp, rtc or arrival.")]
    last_seen_ms: Annotated[int | None, Field(json_schema_extra=_example(EXAMPLE_MS))]


class DeviceList(Model):
    """Devices by id; `next` is the cursor of the next page, null on the last."""

    items: list[Device]
    next: str | None


class Channel(Model):
    """One measured quantity of a device."""

    unit: Annotated[str, Field(json_schema_extra=_example("degC"))]
    meaning: Annotated[
        str | None, Field(description="Meaning of the quantity; null for a channel outside the table of quantities.")
    ]
    interval_s: Annotated[float | None, Field(description="Expected interval between values [s].")]
    sensor: str | None


class DeviceDetail(Device):
    """A device with its channels."""

    software: str
    latitude_deg: float | None
    longitude_deg: float | None
    altitude_m: float | None
    channels: dict[str, Channel]


class LatestValue(Model):
    """The newest value of a channel; `time_ms` gives its age."""

    value: Annotated[float, Field(json_schema_extra=_example(21.4))]
    time_ms: Annotated[int, Field(json_schema_extra=_example(EXAMPLE_MS))]
    unit: Annotated[str, Field(json_schema_extra=_example("degC"))]
    quality: Annotated[int, Field(description="QARTOD: 1 good, 2 not evaluated, 3 suspect, 4 fail, 9 missing.")]


class Latest(Model):
    """The newest value of each channel of a device."""

    device: str
    simulated: bool
    channels: dict[str, LatestValue]


class LatestList(Model):
    """The newest values of devices, by id; `next` is the cursor of the next page, null on the last."""

    items: list[Latest]
    next: str | None


class Aggregation(Model):
    """Reduction of samples: the mean of each bucket at its start, or samples selected for a chart."""

    method: Annotated[Literal["mean", "min_max", "lttb"], Field(json_schema_extra=_example("mean"))]
    step_ms: Annotated[int | None, Field(description="Bucket length; null for selected samples.")]
    time: Annotated[Literal["bucket_start", "sample"], Field(json_schema_extra=_example("bucket_start"))]


class Series(Model):
    """Samples as columns over one time axis, the union of the channels' times; null where a channel has no value."""

    device: str
    simulated: bool
    start_ms: int
    end_ms: int
    aggregation: Annotated[Aggregation | None, Field(description="Null where the series holds all samples.")]
    time_ms: Annotated[list[int], Field(json_schema_extra=_example([EXAMPLE_MS, EXAMPLE_MS + 1000]))]
    channels: Annotated[
        dict[str, list[float | None]], Field(json_schema_extra=_example({"air_temperature_degc": [21.4, None]}))
    ]
    units: Annotated[dict[str, str], Field(json_schema_extra=_example({"air_temperature_degc": "degC"}))]


class Columns(Model):
    """A table by columns of `rows` values; null for unknown values."""

    rows: Annotated[int, Field(ge=0, json_schema_extra=_example(1))]
    columns: dict[str, list[str | float | bool | None]]


class EventItem(Model):
    """A change of state or a text at one instant."""

    time_ms: int
    kind: Annotated[str, Field(json_schema_extra=_example("mode"))]
    clock: str
    simulated: bool
    data: dict[str, str | int | float | bool | None]


class EventList(Model):
    """Events in time order; `next` is the cursor of the next page, null on the last."""

    device: str
    items: list[EventItem]
    next: str | None


class ConflictItem(Model):
    """A value for an instant that already has another stored value; the stored one remains."""

    time_ms: int
    channel: Annotated[str, Field(json_schema_extra=_example("air_temperature_degc"))]
    unit: Annotated[str, Field(json_schema_extra=_example("degC"))]
    stored: Annotated[float, Field(json_schema_extra=_example(21.4))]
    value: Annotated[
        float, Field(description="The later value, which was not stored.", json_schema_extra=_example(22.0))
    ]
    quality: Annotated[int, Field(description="QARTOD flag of the later value.")]
    seen_ms: Annotated[int, Field(description="When it came.", json_schema_extra=_example(EXAMPLE_MS))]
    simulated: bool


class ConflictList(Model):
    """Conflicts in time order; `next` is the cursor of the next page, null on the last."""

    device: str
    items: list[ConflictItem]
    next: str | None


class AnswerWindow(Model):
    """[start_ms, end_ms)."""

    start_ms: int
    end_ms: int


class AnswerMethod(Model):
    """Method of a number; `version` changes with the computation."""

    id: Annotated[str, Field(json_schema_extra=_example("vapour_pressure_deficit"))]
    version: int
    source: str


class Answer(Model):
    """A number with its evidence. `value` is null where the data does not suffice; `reason` then names the cause."""

    value: Annotated[float | None, Field(json_schema_extra=_example(0.92))]
    unit: Annotated[str, Field(json_schema_extra=_example("kPa"))]
    window: AnswerWindow
    n: Annotated[int, Field(ge=0, description="Samples used.")]
    coverage: Annotated[
        float, Field(ge=0, le=1, description="Share of the data that is known; the method defines of what.")
    ]
    quality: Annotated[int, Field(description="Worst QARTOD flag of the samples used; 9 without samples.")]
    method: AnswerMethod
    inputs: Annotated[list[str], Field(json_schema_extra=_example(["air_temperature_degc", "relative_humidity_pct"]))]
    evidence: Annotated[
        str | None,
        Field(description="measured, measured_flow (a flow meter) or pump_pwm (the pump's command only)."),
    ]
    reason: Annotated[
        str | None,
        Field(description="insufficient_data, no_flow_meter, no_pump_state or nothing_treated; null with a value."),
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
        Field(description="gross_range, spike, flat_line, over_saturation, sun_heated, drift, flagged or silent."),
    ]
    flag: Annotated[int, Field(description="QARTOD: 3 suspect, 4 fail, 9 missing.")]
    n: Annotated[int, Field(ge=0, description="How many samples.")]
    start_ms: int
    end_ms: int
    left_out: Annotated[bool, Field(description="Whether the samples were left out of the computation.")]
    detail: str


class ApplicationAnswers(Model):
    """Amount that a sprayer or spreader applied over a window: metered litres or kilograms, or null."""

    device: str
    simulated: bool
    swath_m: float
    product_applied_l: Annotated[Answer | None, Field(description="Of a sprayer.")]
    product_applied_kg: Annotated[Answer | None, Field(description="For a granule spreader.")]
    area_treated_m2: Answer
    area_treated_ha: Answer
    overlap_m2: Answer
    mean_rate_l_ha: Annotated[Answer | None, Field(description="Of a sprayer.")]
    mean_rate_kg_ha: Annotated[Answer | None, Field(description="For a granule spreader.")]
