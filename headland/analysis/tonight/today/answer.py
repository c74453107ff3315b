"""Answer of today: what the first page is drawn from, in both languages."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from headland.registry.models.reach import ReachFact

RowState = Literal["act", "watch", "calm", "unknown", "silent", "flying", "interrupted", "recalled"]
RowKind = Literal["greenhouse", "field"]
#: From and to, epoch milliseconds UTC; the end is not included.
Span = tuple[int, int]
Column = list[float | None]


class TodayText(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence in both languages."""

    text: Annotated[str, "Sentence in English."]
    text_zh: Annotated[str, "The same in Chinese."]


class TodayLink(msgspec.Struct, frozen=True, kw_only=True):
    """A thing that a row leads to: its kind, its id, and the part of its page."""

    kind: Annotated[Literal["greenhouse", "field", "pass", "alarm", "lot"], "Kind of the thing."]
    id: Annotated[str, "Id of the thing."]
    part: Annotated[str | None, "Part of its page; null: all of it."] = None


class TodayAmount(msgspec.Struct, frozen=True, kw_only=True):
    """An amount with its unit."""

    value: Annotated[float, "Amount in `unit`."]
    unit: Annotated[str, "Unit."]


class TodayGain(msgspec.Struct, frozen=True, kw_only=True):
    """What the plan changes, by the climate model of the greenhouse; nothing is told without one that was fitted."""

    wet_hours_before: Annotated[float, "Hours of wet leaves of the next 24 if nothing is done, by the model."]
    wet_hours_after: Annotated[float, "The same if the plan is carried out."]
    error_hours: Annotated[
        float | None, "The saving is within so many hours nine times in ten, by the errors of the model's fit."
    ]
    is_told: Annotated[bool, "Whether the saving is larger than its error."]
    text: Annotated[str, "The same as a sentence, in English."]
    text_zh: Annotated[str, "The same as a sentence, in Chinese."]


class TodayAction(msgspec.Struct, frozen=True, kw_only=True):
    """The one next thing to do: verb, thing, amount, and until when."""

    id: Annotated[str, "Name of the action, which `POST /v1/today/done` takes."]
    actuator: Annotated[str | None, "Actuator of a greenhouse; null for anything else."]
    order: Annotated[str | None, "What the actuator is to do."]
    from_ms: Annotated[int, "When it begins."]
    until_ms: Annotated[int | None, "When it ends, or by when it is to be done; null: now, or at any time."]
    text: Annotated[str, "Order in English."]
    text_zh: Annotated[str, "Order in Chinese."]
    reason: Annotated[str, "Why, with figures, in English."]
    reason_zh: Annotated[str, "Why, with figures, in Chinese."]
    gain: Annotated[TodayGain | None, "What it changes; null where no model tells it."] = None
    cost: Annotated[TodayAmount | None, "What it costs; null where it is not known."] = None
    gives_up: Annotated[TodayText | None, "What is not done because of it; null for nothing."] = None
    href: Annotated[TodayLink | None, "Where it is done or looked at; null for nowhere."] = None


class TodayQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """Something that only the grower knows: until then nothing is said of it."""

    kind: Annotated[Literal["cover"], "What is asked about."]
    text: Annotated[str, "Question in English."]
    text_zh: Annotated[str, "Question in Chinese."]
    href: Annotated[TodayLink, "Where it is answered."]


class TodayRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What came of the last such statements."""

    right: Annotated[int, "It came as it was said."]
    n: Annotated[int, "Statements that can be compared."]
    least: Annotated[int, "Number of statements from which on a chance is told."]


class TodayValue(msgspec.Struct, frozen=True, kw_only=True):
    """The newest value of a place."""

    value: Annotated[float, "Value in `unit`."]
    unit: Annotated[str, "Unit of the channel."]
    channel: Annotated[str, "Channel."]
    time_ms: Annotated[int, "When it was measured."]


class HazardSpans(msgspec.Struct, frozen=True, kw_only=True):
    """Spans of time by hazard: [from, to] each."""

    wet: Annotated[list[Span], "Leaves at or below the dew point."]
    frost: Annotated[list[Span], "Air below the limit of frost."]
    heat: Annotated[list[Span], "Air above the limit of heat."]


class StripLimit(msgspec.Struct, frozen=True, kw_only=True):
    """A limit of the air of a greenhouse, by the farm's own rule."""

    value_degc: Annotated[float, "Limit of the air temperature."]
    kind: Annotated[Literal["frost", "heat"], "Which limit it is."]


class StripLow(msgspec.Struct, frozen=True, kw_only=True):
    """The lowest value of a picture."""

    time_ms: Annotated[int, "When it comes."]
    value_degc: Annotated[float, "The value: of the air where frost is near, else of the leaves."]


class HouseStrip(msgspec.Struct, frozen=True, kw_only=True):
    """A greenhouse from two hours ago to 24 hours ahead: measured up to now, forecast as if nothing were done."""

    time_ms: Annotated[list[int], "Instants of the values, in order."]
    air_degc: Annotated[Column, "Air; null where it is not known."]
    leaf_degc: Annotated[Column, "Leaves; null where they are not known."]
    dew_point_degc: Annotated[Column, "Dew point of the air; null where it is not known."]
    air_low_degc: Annotated[Column, "Lower end of what the air is nine times in ten; null: not known, or measured."]
    air_high_degc: Annotated[Column, "Its upper end."]
    leaf_estimated: Annotated[bool, "Leaves have no sensor: they are estimated."]
    limit: Annotated[StripLimit | None, "The limit that is near; null for none."]
    hazards: Annotated[HazardSpans, "Hours to come with a hazard, by the forecast."]
    avoided: Annotated[HazardSpans, "Those that go away with the plan, where a climate model tells it; else none."]
    lowest: Annotated[StripLow | None, "The lowest value to come; null where nothing is forecast."]


class FieldStrip(msgspec.Struct, frozen=True, kw_only=True):
    """The weather of a field's work from two hours ago to 24 hours ahead."""

    kind: Annotated[Literal["liquid", "granular"], "The work that it is for: that of its last pass, else a liquid."]
    time_ms: Annotated[list[int], "Middles of the hours, in order."]
    wind_m_s: Annotated[Column, "Wind at 2 m; null where it is not known."]
    rain_mm: Annotated[Column, "Rain of the hour; null where it is not known."]
    limit_m_s: Annotated[float, "Wind from which on the work stops."]
    fit: Annotated[list[Span], "Hours to come that suit the work."]


class TodayStrip(msgspec.Struct, frozen=True, kw_only=True):
    """The picture of a row, and what it says in one sentence."""

    start_ms: Annotated[int, "Begin of the picture, two hours ago."]
    end_ms: Annotated[int, "End of the picture, in 24 hours."]
    house: Annotated[HouseStrip | None, "Of a greenhouse."]
    field: Annotated[FieldStrip | None, "Of a field."]
    night: Annotated[list[Span], "Nights within it; empty where the place is not known."]
    act: Annotated[Span | None, "When the next action is to be done; null without one."]
    label: Annotated[str, "What one would say of it by phone, in English."]
    label_zh: Annotated[str, "What one would say of it by phone, in Chinese."]


class TodayDone(msgspec.Struct, frozen=True, kw_only=True):
    """What a person last said to have done, and may take back: never that it was applied."""

    id: Annotated[str, "Id for `DELETE /v1/today/done/{id}`."]
    action: Annotated[str, "Name of the action."]
    time_ms: Annotated[int, "When it was said."]
    by: Annotated[str, "Who said it."]
    text: Annotated[str, "Order in English."]
    text_zh: Annotated[str, "Order in Chinese."]


class TodayRow(msgspec.Struct, frozen=True, kw_only=True):
    """A greenhouse or field: its state, its next action and its picture."""

    kind: Annotated[RowKind, "greenhouse or field."]
    id: Annotated[str, "Id of the greenhouse or field."]
    name: Annotated[str, "Name of it."]
    crop: Annotated[str | None, "Crop; null where none is declared, or several are."]
    site: Annotated[str, "Name of the site."]
    simulated: Annotated[bool, "Whether its devices are simulated."]
    state: Annotated[
        RowState,
        "act: something is to be done within 24 hours. watch: look again at `look_again_ms`. calm: nothing to do. "
        "unknown: too little is known. silent: its devices do not report. flying, interrupted: a flight. recalled: "
        "lots of it are to be recalled.",
    ]
    state_since_ms: Annotated[int | None, "Since when, of silent, flying, interrupted and recalled; else null."]
    current: Annotated[TodayValue | None, "Newest air temperature of a greenhouse; null without one."]
    action: Annotated[TodayAction | None, "The one next action; null for none."]
    next_action: Annotated[TodayAction | None, "What follows when it is done; null for nothing."]
    look_again_ms: Annotated[int | None, "When to look again, of a row to watch; else null."]
    quiet: Annotated[TodayText, "Sentence of a row without an action."]
    questions: Annotated[list[TodayQuestion], "What only the grower knows."]
    record: Annotated[TodayRecord | None, "How often such statements came true; null without a statement."]
    strip: Annotated[TodayStrip | None, "Picture of the next 24 hours; null where nothing is known."]
    confirmed: Annotated[TodayDone | None, "What a person last said to have done; null for nothing."]
    remaining: Annotated[TodayLink | None, "The pass whose missed ground waits; null without one."]


class TodayWeatherDay(msgspec.Struct, frozen=True, kw_only=True):
    """A local day of the weather."""

    start_ms: Annotated[int, "Midnight at the site."]
    day: Annotated[str, "Local day, as 2026-12-01."]
    high_degc: Annotated[float | None, "Highest hourly mean; null where too little is known."]
    low_degc: Annotated[float | None, "Lowest hourly mean."]
    rain_mm: Annotated[float | None, "Rain of the day: measured, and to come."]
    wind_m_s: Annotated[float | None, "Greatest hourly mean of the wind at 10 m; null where it is not forecast."]


class TodayWeatherHour(msgspec.Struct, frozen=True, kw_only=True):
    """An hour of the weather: measured before now, forecast from now on."""

    time_ms: Annotated[int, "Begin of the hour."]
    is_forecast: Annotated[bool, "Forecast, else measured at the site."]
    air_temperature_degc: Annotated[float | None, "Mean; null where it is not known."]
    low_degc: Annotated[float | None, "Nine times in ten it is above this; null where it is not known."]
    high_degc: Annotated[float | None, "Nine times in ten it is below this."]
    rain_mm: Annotated[float | None, "Rain of the hour; null where it is not known."]
    wind_m_s: Annotated[float | None, "Mean wind at 10 m as forecast; null before now."]


class TodayWeather(msgspec.Struct, frozen=True, kw_only=True):
    """The weather of three days at a site, with what its licence asks to show."""

    site: Annotated[str, "Id of the site."]
    site_name: Annotated[str, "Name of the site."]
    attribution: Annotated[str, "Text to show with the figures, in English; empty without a forecast."]
    attribution_zh: Annotated[str, "Text to show with the figures, in Chinese; empty without a forecast."]
    attribution_url: Annotated[str, "Where the licence is; empty without one."]
    basis: Annotated[Literal["provider", "corrected", "nothing"], "Whose forecast it is."]
    simulated: Annotated[bool, "Whether a simulator said it."]
    source: Annotated[TodayText, "How old it is, or why there is none."]
    error: Annotated[TodayText | None, "Why there is none; null where there is one."]
    record: Annotated[TodayText | None, "How good such forecasts were; null where too few hours came."]
    night: Annotated[list[Span], "Nights within the three days."]
    days: Annotated[list[TodayWeatherDay], "Three local days, today first."]
    hours: Annotated[list[TodayWeatherHour], "Hours from midnight of today on; none where nothing is known."]


class DutyFact(msgspec.Struct, frozen=True, kw_only=True):
    """Who is on duty."""

    names: Annotated[list[str], "Names; empty where nobody is."]
    until_ms: Annotated[int | None, "Until when; null where that does not change."]


class MissingDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device that does not report."""

    device: Annotated[str, "Id of the device."]
    name: Annotated[str, "Name of it."]
    since_ms: Annotated[int | None, "Time of its newest sample; null where it has none."]
    row: Annotated[TodayLink | None, "The greenhouse that it is in; null for none."]


class UnheardGateway(msgspec.Struct, frozen=True, kw_only=True):
    """A gateway that does not report now: how much waits on its disk is not known."""

    gateway: Annotated[str, "Id of the gateway."]
    reported_ms: Annotated[int | None, "When it last reported; null where it never did."]


class WaitingFact(msgspec.Struct, frozen=True, kw_only=True):
    """What waits on the disks of gateways, by their own reports, and which of them do not report."""

    gateways: Annotated[int, "Gateways of the farm's devices."]
    known: Annotated[int, "Those that report now."]
    records: Annotated[int | None, "Records that wait at those that report; null where none does."]
    oldest_ms: Annotated[int | None, "Time of the oldest of these records; null without any."]
    is_behind: Annotated[bool, "The oldest waits for more than ten minutes."]
    unheard: Annotated[list[UnheardGateway], "Gateways that do not report, the longest first."]
    devices_without_gateway: Annotated[
        int, "Fixed devices that no gateway described, as those by HTTP: what waits at their senders is not known."
    ]


class DataFact(msgspec.Struct, frozen=True, kw_only=True):
    """Whether everything has arrived."""

    complete: Annotated[bool, "No fixed device is silent."]
    last_ms: Annotated[int | None, "Time of the newest sample of all; null without one."]
    missing: Annotated[list[MissingDevice], "Fixed devices that are silent, the longest first."]
    waiting: Annotated[
        int | None, "Records that wait on the disks of all gateways; null where one of them is not known."
    ]
    at_gateways: Annotated[WaitingFact | None, "The same with its coverage; null where no ingest here tells it."]


class AlarmFact(msgspec.Struct, frozen=True, kw_only=True):
    """Active alarms."""

    open: Annotated[int, "Active alarms."]
    unacknowledged: Annotated[int, "Those that nobody has acknowledged."]


class TodayFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Who is on duty, whether alarms reach a person, and whether everything has arrived."""

    duty: Annotated[DutyFact | None, "Who is on duty; null without a rota."]
    reach: Annotated[ReachFact, "Whether alarms reach a person."]
    data: Annotated[DataFact, "Whether everything has arrived."]
    alarms: Annotated[AlarmFact, "Active alarms."]


class TodayCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What the sentence counts."""

    houses: Annotated[int, "Greenhouses."]
    houses_act: Annotated[int, "Greenhouses with something to do."]
    houses_unknown: Annotated[int, "Greenhouses of which too little is known, or that are silent."]
    fields: Annotated[int, "Fields."]
    fields_act: Annotated[int, "Fields with something to do."]
    missed_strips: Annotated[int, "Strips that finished passes missed."]


class MakingSteps(msgspec.Struct, frozen=True, kw_only=True):
    """What comes when."""

    forecast_ms: Annotated[int | None, "When there is a forecast, if data go on; null where that is not known."]
    record_ms: Annotated[int | None, "When it can be told how often that is right."]


class TodayMaking(msgspec.Struct, frozen=True, kw_only=True):
    """A history that is being made: how much of what a forecast needs is there."""

    share: Annotated[
        float,
        "Share of the simulated past or of the import that is made, as `GET /v1/imports` tells it; else of the hours "
        "that a forecast needs, of the house that has the fewest.",
    ]
    eta_ms: Annotated[
        int | None, "When it is there, by the measured pace of what makes it; null where no pace is known."
    ]
    text: Annotated[str, "What is being made, and what is waited for, in English."]
    text_zh: Annotated[str, "The same in Chinese."]
    steps: Annotated[MakingSteps, "What comes when."]


class TodayFarm(msgspec.Struct, frozen=True, kw_only=True):
    """The farm of the page."""

    name: Annotated[str, "Name of the farm, or of the organisation where it has several."]


class DoneToday(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was done today."""

    kind: Annotated[Literal["confirmed", "note", "acknowledgement", "pass", "irrigation"], "What it was."]
    time_ms: Annotated[int, "When it was done, or said to be."]
    by: Annotated[str, "Who; empty where nobody is named."]
    text: Annotated[str, "Sentence in English."]
    text_zh: Annotated[str, "Sentence in Chinese."]
    row: Annotated[str, "Name of the greenhouse or field."]
    row_id: Annotated[str, "Id of the greenhouse or field."]


class Today(msgspec.Struct, frozen=True, kw_only=True):
    """The first page: what is to be done today, where, by when and why."""

    now_ms: Annotated[int, "Time of the answer."]
    time_zone: Annotated[str, "IANA: by its clock the texts tell times."]
    time_zone_known: Annotated[bool, "false: no site tells it, so it is UTC."]
    farm: Annotated[TodayFarm, "Farm of the page."]
    simulated: Annotated[bool, "Whether any of it is simulated."]
    sentence: Annotated[TodayText, "State of the farm in one sentence."]
    first: Annotated[TodayText | None, "What to do first; null for nothing."]
    making: Annotated[TodayMaking | None, "A history that is being made; null for none."]
    weather: Annotated[TodayWeather | None, "Weather of three days; null without a site."]
    facts: Annotated[TodayFacts, "Who is on duty, whether alarms reach a person, whether all data have arrived."]
    counts: Annotated[TodayCounts, "What the sentence counts."]
    rows: Annotated[list[TodayRow], "Greenhouses and fields: what is to be done, by deadline, then the others."]
    done_today: Annotated[list[DoneToday], "What was done today, the newest first."]
