"""Alarms: rules, recipients and maintenance windows, and the alarms and notices themselves.

A rule consists of groups of tests: it holds when every test of any of its groups holds. A test may be replaced by
groups again, or by groups none of which may hold; and it may read another device, or all devices of a zone. Times are
epoch milliseconds: of an alarm those of the data, of notices those of the station.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from headland.registry.models.cooperative import RecordId
from headland.registry.models.models import Note, Text, VersionedRecord, WireName
from headland.registry.models.weather import Attribution

_WEEK_S = 604_800
What = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,63}(:[0-9]{1,3})?$")]
Looked = Annotated[str, Meta(pattern=r"^([a-z][a-z0-9_]{0,63}(:[0-9]{1,3})?)?$")]
Wait = Annotated[float, Meta(ge=0, le=_WEEK_S)]
Repeat = Annotated[float, Meta(ge=60, le=31_536_000)]
Threshold = Annotated[float, Meta(ge=-1e12, le=1e12)]


class Severity(StrEnum):
    """Severity of an alarm, in ascending order."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for the least."""
        return list(Severity).index(self)


class AlarmTest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, cache_hash=True):
    """A test: `what` (a channel or an index) is `below` or `above` a threshold, and over only beyond `hysteresis`.

    With `hours` it holds once `what` was beyond the threshold for this many hours of the last `of_hours`. `of` is the
    channel whose newest sample counts for `age_s`, and for `overdue_s`, its time beyond the age from which on the
    channel is silent; without it any channel counts. With `rise_h` the value is the rise
    of `what`, a total such as a rain counter, in the last hours.

    `device` names another device than that of the rule. `across` reads every device of a zone: any of them, or all
    that have data; such a rule is for zones, and each zone has one alarm.

    With `within_h` it is a test of the weather to come at a site, which the station alone judges: `what` is beyond the
    limit in an hour of the next ones, with a chance of at least `chance_pct`; without that by the forecast value alone.

    Without `what` it consists of more tests: `any_of` holds where every test of any of its groups holds, `none_of`
    where no group does.
    """

    what: Annotated[Looked, "Channel or index, in its own unit; empty for a test of more tests."] = ""
    below: Annotated[Threshold | None, "Limit below which the value must be; null: none."] = None
    above: Annotated[Threshold | None, "Limit above which the value must be; null: none."] = None
    hysteresis: Annotated[float, Meta(ge=0, le=1e9), "Distance from the limit from which on the test is over."] = 0.0
    hours: Annotated[
        Annotated[float, Meta(gt=0, le=168)] | None, "Hours beyond the limit, of the last `of_hours`; null: at once."
    ] = None
    of_hours: Annotated[Annotated[float, Meta(gt=0, le=168)] | None, "Last hours in which `hours` are counted."] = None
    of: Annotated[What | None, "Channel whose newest sample counts for an age; null: any channel."] = None
    rise_h: Annotated[
        Annotated[float, Meta(gt=0, le=168)] | None, "Last hours whose rise of a total is the value; null: no rise."
    ] = None
    device: Annotated[WireName | None, "Device that is read; null: that of the rule."] = None
    across: Annotated[Literal["any", "all"] | None, "Devices of a zone that are read: any, or all with data."] = None
    within_h: Annotated[
        Annotated[float, Meta(ge=1, le=72)] | None,
        "Next hours whose forecast at the site is tested; null: what is measured. The station alone judges it.",
    ] = None
    chance_pct: Annotated[
        Annotated[float, Meta(ge=1, le=100)] | None,
        "Least chance that the forecast value is beyond the limit; null: by the value alone.",
    ] = None
    any_of: Annotated[
        tuple[Group, ...], Meta(max_length=8), "Groups of which one must hold, in place of a channel."
    ] = ()
    none_of: Annotated[
        tuple[Group, ...], Meta(max_length=8), "Groups of which none may hold, in place of a channel."
    ] = ()

    @property
    def parts(self) -> tuple[Group, ...]:
        """The groups in place of a test; empty for a plain test."""
        return self.any_of or self.none_of


Group = Annotated[tuple[AlarmTest, ...], Meta(min_length=1, max_length=8)]


class Escalation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Escalation of an alarm that is not acknowledged `after_s` after it was raised: severity and more recipients."""

    after_s: Annotated[float, Meta(ge=60, le=_WEEK_S), "Seconds from the raising without an acknowledgement."]
    severity: Severity
    recipients: Annotated[tuple[Text, ...], Meta(max_length=20), "Names of those who are notified, too."] = ()


class AlarmRule(VersionedRecord, frozen=True, kw_only=True):
    """A rule for every device that matches `device`, `kind`, `site` and `zone` (a greenhouse zone's id), or for zones.

    One that tests a forecast is for sites.

    Its alarm is raised when the condition held for `for_s` of data time, and cleared when it was over for
    `clear_for_s`. A value is valid for `hold_s`; after `lost_after_s` without any the alarm ends as unknown.
    `recipients` are names; empty means everybody. An alarm older than `page_within_s` when it is detected is history
    without a notice. A recipient gets at most `most_an_hour` notices of a rule. A gateway's rule of the same name is
    the same rule.
    """

    name: WireName
    any_of: Annotated[tuple[Group, ...], Meta(min_length=1, max_length=8), "Groups of tests: one of them must hold."]
    severity: Severity = Severity.WARNING
    enabled: bool = True
    device: WireName | None = None
    kind: Annotated[WireName | None, "Kind of the devices; null: all."] = None
    site: WireName | None = None
    zone: str | None = None
    for_s: Annotated[Wait, "Seconds for which the condition must hold before an alarm."] = 300.0
    clear_for_s: Annotated[Wait, "Seconds for which it must be over before the alarm ends."] = 300.0
    repeat_s: Annotated[Repeat | None, "Seconds after which a notice is repeated; null: never."] = None
    hold_s: Annotated[float, Meta(ge=10, le=86_400), "Seconds for which a value is valid."] = 900.0
    lost_after_s: Annotated[
        float, Meta(ge=600, le=31_536_000), "Seconds without a value after which the alarm ends as unknown."
    ] = 21_600.0
    page_within_s: Annotated[
        float, Meta(ge=60, le=86_400), "Age in seconds up to which an alarm is notified; an older one is history."
    ] = 900.0
    most_an_hour: Annotated[int, Meta(ge=1, le=60), "Most notices of this rule to a recipient in an hour."] = 6
    recipients: Annotated[tuple[Text, ...], Meta(max_length=20), "Names of those who are notified; empty: all."] = ()
    escalation: Annotated[tuple[Escalation, ...], Meta(max_length=5), "Steps without an acknowledgement."] = ()
    text: Annotated[str, Meta(max_length=200), "Sentence of the notice in English; empty: the usual one."] = ""
    text_zh: Annotated[str, Meta(max_length=200)] = ""
    source: Annotated[Note, "Where the limits are from."] = ""


class RecipientKind(StrEnum):
    """Channel of a recipient."""

    WEBHOOK = "webhook"
    EMAIL = "email"
    MQTT = "mqtt"
    PUSH = "push"
    APPRISE = "apprise"


class PushSubscription(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a browser takes messages, and the keys that only it can read them with (RFC 8291).

    `by` is who subscribed it, as the audit log names them; empty for one of an earlier version.
    """

    endpoint: Annotated[str, Meta(max_length=1500)]
    p256dh: Annotated[str, Meta(max_length=100)]
    auth: Annotated[str, Meta(max_length=40)]
    by: Annotated[str, Meta(max_length=500)] = ""


class AlarmRecipient(VersionedRecord, frozen=True, kw_only=True):
    """A recipient of notices: a URL, a mailbox, the farm's own MQTT broker (without an address), a browser, or a
    service.

    The address of a browser is its `PushSubscription` as JSON. `person` is who reads it; a broker or a chat of several
    people is nobody's. That of a service (`apprise`: an Apprise URL, as of an SMS gateway) is its secret: given whole,
    it is shown without what is secret in it, and given as it was shown it stays what it is.
    """

    name: Text
    kind: Annotated[RecipientKind, "Way by which notices go."]
    address: Annotated[str, Meta(max_length=2000), "URL, mailbox or subscription; empty for MQTT."] = ""
    language: Annotated[str, Meta(pattern="^(en|zh-CN)$")] = "en"
    least_severity: Severity = Severity.INFO
    enabled: bool = True
    person: Annotated[str | None, "Id of the person who reads it; null: nobody's, or not told."] = None


class MaintenanceWindow(VersionedRecord, frozen=True, kw_only=True):
    """In [start_ms, end_ms) matching alarms are recorded without notices; those active at its end are sent then."""

    name: Text
    start_ms: Annotated[int, Meta(ge=0, le=253_402_300_799_999)]
    end_ms: Annotated[int, Meta(ge=0, le=253_402_300_799_999)]
    rule: Annotated[WireName | None, "Name of the rule; null: all."] = None
    device: WireName | None = None
    kind: Annotated[WireName | None, "Kind of the devices; null: all."] = None
    site: WireName | None = None


class NotificationRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Last notice of an alarm to one recipient: time, severity, and whether it reported the end."""

    said_ms: Annotated[int, "Time of the last notice, epoch milliseconds UTC."]
    severity: Severity
    cleared: Annotated[bool, "The end was notified."] = False


class AlarmForecast(msgspec.Struct, frozen=True, kw_only=True):
    """The forecast by which an alarm was raised: the time that is furthest beyond the limit, and who said it.

    A chance of several hours is that of the likeliest one: that of all of them together is at least as large.
    """

    start_ms: Annotated[int, "Begin of the hour, or of the amount's time, that is furthest beyond the limit."]
    end_ms: Annotated[int, "Its end."]
    within_h: Annotated[float, "Hours that the rule looks ahead."]
    chance_pct: Annotated[float | None, "Chance that it is beyond the limit then; null without an interval."]
    least_chance_pct: Annotated[float | None, "Least chance of the rule; null where it goes by the value alone."]
    low: Annotated[float | None, "Lower end of the 90 % interval of the value; null where none is known."]
    high: Annotated[float | None, "Its upper end."]
    basis: Annotated[Literal["provider", "corrected"], "As the provider says it, or corrected by the farm's station."]
    title: Annotated[str, "Name of the provider for people."] = ""
    issued_ms: Annotated[int | None, "When it was issued; null where the provider does not say it."] = None
    fetched_ms: Annotated[int | None, "When the station received it."] = None
    attribution: Annotated[Attribution | None, "To be shown with the numbers."] = None


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm from its raising to its end, of a rule here (`station`), of a gateway's rule (`gateway`), or of both.

    `standing` are those of the two in which it is still active: it ends when neither remains; `records` in it stands
    for the farm's own records, such as a lot that was harvested within an interval. `gateway_raised_ms` are
    the gateway's alarms in it, which may come and go while the rule here remains active. `fresh_ms` is the time at
    which its data was first fresh enough for a notice (None: never), `noted_ms` the time at which the station recorded
    it. `ended_why` is `cleared`, or the reason why the state is unknown: `no_data`, `rule_removed`, `not_selected`.
    `late`: detected in data that came too late for a notice. `simulated` marks data of a simulator, for good. `name` is
    the subject's name where its id is not readable, and `measured_by` the device of the value where it is not the
    subject. `snoozed_ms` is the time at which it was last snoozed, None for one of an earlier version.
    """

    id: str = ""
    rule: Annotated[str, "Name of the rule."]
    subject: Annotated[str, "The device or gateway, or the id of a zone."]
    kind: Annotated[str, "Kind of the subject."]
    site: str
    severity: Severity
    by_station: Annotated[bool, "Raised by a rule of the station."] = False
    by_gateway: Annotated[bool, "Raised by a rule of the gateway."] = False
    standing: tuple[str, ...] = ()
    gateway_raised_ms: tuple[int, ...] = ()
    began_ms: int
    raised_ms: int
    ended_ms: Annotated[int | None, "Null while it is active."] = None
    ended_why: Annotated[
        str | None, "cleared; or no_data, rule_removed, not_selected: the condition is then unknown."
    ] = None
    what: Annotated[str, "The channel or index."] = ""
    value: Annotated[float | None, "Value when it was raised."] = None
    unit: str = ""
    condition: Annotated[str, "below, above, silent, hours, forecast_below or forecast_above."] = ""
    threshold: Annotated[float | None, "Limit of the rule, in `unit`; null where the condition has none."] = None
    estimated: Annotated[bool, "True for a leaf temperature without a sensor."] = False
    late: Annotated[bool, "Found in late data; not notified."] = False
    simulated: bool = False
    name: Annotated[str, "Name of the subject, for a zone."] = ""
    measured_by: Annotated[str, "Device of the value, where it is not the subject."] = ""
    forecast: Annotated[
        AlarmForecast | None, "The forecast of `value`, for a rule on the weather to come; null where it was measured."
    ] = None
    text: Annotated[str, "Sentence in English."] = ""
    text_zh: str = ""
    noted_ms: int = 0
    fresh_ms: int | None = None
    acknowledged_ms: int | None = None
    acknowledged_by: str | None = None
    note: str = ""
    snoozed_until_ms: int | None = None
    snoozed_ms: int | None = None
    level: Annotated[int, "Escalation steps reached."] = 0
    told: Annotated[dict[str, NotificationRecord], "Notifications by recipient id."] = {}

    @property
    def is_active(self) -> bool:
        """Whether the alarm is active."""
        return self.ended_ms is None


class GroupAcknowledgement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Acknowledgement of several alarms with one note: at most as many as a farm of 500 houses has of one cause."""

    EXAMPLE: ClassVar = {"alarms": ["01k9v4k8r0q3m8x5w7t2n6y4c1"], "note": "all vents are shut"}

    alarms: Annotated[list[RecordId], Meta(min_length=1, max_length=500), "Ids of the alarms."]
    note: Annotated[str, Meta(max_length=500), "Note of those that nobody has acknowledged before."] = ""


class NoticeState(StrEnum):
    """State of a notice: `dead` after the last failed attempt."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A notice to one recipient about the alarms of one rule: stored in the transaction that decided it, then sent.

    `about` are the alarms' ids; `body` is the JSON that is sent, the same at every attempt.
    """

    id: str = ""
    recipient: Annotated[str, "Id of the recipient."]
    rule: Annotated[str, "Name of the rule; empty for a test."]
    what: Annotated[str, "raised, escalated, repeated, cleared or test."]
    about: Annotated[tuple[str, ...], "The alarms' ids."]
    body: Annotated[str, "The JSON that is sent."]
    created_ms: int
    due_ms: Annotated[int, "Time of the next attempt."]
    attempts: Annotated[int, "Number of attempts so far."] = 0
    state: Annotated[NoticeState, "waiting, delivered, or dead: after the last failed attempt."] = NoticeState.WAITING
    delivered_ms: Annotated[int | None, "Time of delivery, epoch milliseconds UTC; null before it."] = None
    error: Annotated[str, "Cause of the last failed attempt."] = ""
