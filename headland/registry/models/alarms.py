"""Alarms as the registry holds them: rules and recipients that people keep, and what became of each alarm.

A rule is groups of tests: an alarm stands when every test of any of its groups does. In the place of a test there may
be groups again, or groups none of which may hold; and a test may look at another device, or at all those of a zone.
Times are epoch milliseconds; of an alarm they are the data's, of what was said of it the station's.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from headland.registry.models.models import Note, Text, VersionedRecord, WireName

_WEEK_S = 604_800
What = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,63}(:[0-9]{1,3})?$")]
Looked = Annotated[str, Meta(pattern=r"^([a-z][a-z0-9_]{0,63}(:[0-9]{1,3})?)?$")]
Wait = Annotated[float, Meta(ge=0, le=_WEEK_S)]
Repeat = Annotated[float, Meta(ge=60, le=31_536_000)]
Threshold = Annotated[float, Meta(ge=-1e12, le=1e12)]


class Severity(StrEnum):
    """How bad an alarm is; each is worse than those before it."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for the least."""
        return list(Severity).index(self)


class AlarmTest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One test: `what` (a channel or an index) is `below` or `above` a threshold, back only beyond `hysteresis`.

    With `hours` it holds once `what` was beyond the threshold for so many hours of the last `of_hours`. `of` is the
    channel whose newest sample `age_s` looks at; without it any channel's counts. With `rise_h` it looks at how much
    `what`, a total such as a rain counter, rose in the last so many hours.

    `device` names another device to look at than the one that the rule is for. `across` looks at every device of a
    zone: at any of them, or at all of them that are heard; such a rule is for zones, and each has one alarm.

    Without `what` it is more tests instead: `any_of` holds where every test of any of its groups does, `none_of` where
    those of no group do.
    """

    what: Looked = ""
    below: Threshold | None = None
    above: Threshold | None = None
    hysteresis: Annotated[float, Meta(ge=0, le=1e9)] = 0.0
    hours: Annotated[float, Meta(gt=0, le=168)] | None = None
    of_hours: Annotated[float, Meta(gt=0, le=168)] | None = None
    of: What | None = None
    rise_h: Annotated[float, Meta(gt=0, le=168)] | None = None
    device: WireName | None = None
    across: Literal["any", "all"] | None = None
    any_of: Annotated[tuple[Group, ...], Meta(max_length=8)] = ()
    none_of: Annotated[tuple[Group, ...], Meta(max_length=8)] = ()

    @property
    def parts(self) -> tuple[Group, ...]:
        """The groups that stand in its place; none of a plain test."""
        return self.any_of or self.none_of


Group = Annotated[tuple[AlarmTest, ...], Meta(min_length=1, max_length=8)]


class Escalation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An alarm that nobody has acknowledged `after_s` after it was raised becomes as severe as this, for these too."""

    after_s: Annotated[float, Meta(ge=60, le=_WEEK_S)]
    severity: Severity
    recipients: Annotated[tuple[Text, ...], Meta(max_length=20)] = ()


class AlarmRule(VersionedRecord, frozen=True, kw_only=True):
    """A rule for every device that fits `device`, `kind`, `site` and `zone` (a greenhouse zone's id), or for zones.

    It is raised when it has held `for_s` of data time, and cleared when it has been over for `clear_for_s`. A value
    speaks for `hold_s`; after `lost_after_s` without any the alarm ends as unknown. `recipients` are names, none:
    everybody. What is older than `page_within_s` when it is found is history and never said. A recipient hears at
    most `most_an_hour` times an hour of a rule. The name is also that of a gateway's rule that says the same.
    """

    name: WireName
    any_of: Annotated[tuple[Group, ...], Meta(min_length=1, max_length=8)]
    severity: Severity = Severity.WARNING
    enabled: bool = True
    device: WireName | None = None
    kind: WireName | None = None
    site: WireName | None = None
    zone: str | None = None
    for_s: Wait = 300.0
    clear_for_s: Wait = 300.0
    repeat_s: Repeat | None = None
    hold_s: Annotated[float, Meta(ge=10, le=86_400)] = 900.0
    lost_after_s: Annotated[float, Meta(ge=600, le=31_536_000)] = 21_600.0
    page_within_s: Annotated[float, Meta(ge=60, le=86_400)] = 900.0
    most_an_hour: Annotated[int, Meta(ge=1, le=60)] = 6
    recipients: Annotated[tuple[Text, ...], Meta(max_length=20)] = ()
    escalation: Annotated[tuple[Escalation, ...], Meta(max_length=5)] = ()
    text: Annotated[str, Meta(max_length=200)] = ""
    text_zh: Annotated[str, Meta(max_length=200)] = ""
    source: Note = ""


class RecipientKind(StrEnum):
    """How somebody is told."""

    WEBHOOK = "webhook"
    EMAIL = "email"
    MQTT = "mqtt"


class AlarmRecipient(VersionedRecord, frozen=True, kw_only=True):
    """Somebody, or something, that is told: a URL, a mailbox, or the farm's own MQTT broker (without an address)."""

    name: Text
    kind: RecipientKind
    address: Annotated[str, Meta(max_length=2000)] = ""
    language: Annotated[str, Meta(pattern="^(en|zh-CN)$")] = "en"
    least_severity: Severity = Severity.INFO
    enabled: bool = True


class MaintenanceWindow(VersionedRecord, frozen=True, kw_only=True):
    """In [start_ms, end_ms) alarms of what fits are kept and not said; what still stands at its end is said then."""

    name: Text
    start_ms: Annotated[int, Meta(ge=0, le=253_402_300_799_999)]
    end_ms: Annotated[int, Meta(ge=0, le=253_402_300_799_999)]
    rule: WireName | None = None
    device: WireName | None = None
    kind: WireName | None = None
    site: WireName | None = None


class NotificationRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one recipient has heard of an alarm: when last, as how severe, and whether that it is over."""

    said_ms: int
    severity: Severity
    cleared: bool = False


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """One alarm from its raising to its end, of a rule here (`station`), of a gateway's (`gateway`), or of both.

    `standing` are those of the two that still say so: it ends when neither does. `gateway_raised_ms` names the
    gateway's own alarms that are in it, which may come and go while the rule here still says so. `fresh_ms` is when its
    data was first fresh enough to be said (None: never), `noted_ms` when the station noted it. `ended_why` is
    `cleared`, or why nobody can tell any more: `no_data`, `rule_removed`, `not_selected`. `late`: found in data that
    came too late to be said.
    `simulated` is true for ever for what a simulator made. `name` is what people call the subject where its id says
    nothing, and `measured_by` the device whose value it is where that is another than the subject.
    """

    id: str = ""
    rule: str
    subject: str
    kind: str
    site: str
    severity: Severity
    by_station: bool = False
    by_gateway: bool = False
    standing: tuple[str, ...] = ()
    gateway_raised_ms: tuple[int, ...] = ()
    began_ms: int
    raised_ms: int
    ended_ms: int | None = None
    ended_why: str | None = None
    what: str = ""
    value: float | None = None
    unit: str = ""
    condition: str = ""
    threshold: float | None = None
    estimated: bool = False
    late: bool = False
    simulated: bool = False
    name: str = ""
    measured_by: str = ""
    text: str = ""
    text_zh: str = ""
    noted_ms: int = 0
    fresh_ms: int | None = None
    acknowledged_ms: int | None = None
    acknowledged_by: str | None = None
    note: str = ""
    snoozed_until_ms: int | None = None
    level: int = 0
    told: dict[str, NotificationRecord] = {}

    @property
    def is_active(self) -> bool:
        """Whether it still stands."""
        return self.ended_ms is None


class NoticeState(StrEnum):
    """Where a notice is: `dead` was tried as often as it is worth."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What one recipient is to hear of the alarms of one rule: kept in the transaction that decided it, sent after.

    `about` are the alarms' ids; `body` is the JSON that is sent, always the same however often it is tried.
    """

    id: str = ""
    recipient: str
    rule: str
    what: str
    about: tuple[str, ...]
    body: str
    created_ms: int
    due_ms: int
    attempts: int = 0
    state: NoticeState = NoticeState.WAITING
    delivered_ms: int | None = None
    error: str = ""
