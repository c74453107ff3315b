"""Duty rota: who is notified of alarms when."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from headland.registry.models.models import Text, VersionedRecord

_Instant = Annotated[int, Meta(ge=0, le=253_402_300_799_999)]
#: A time of day by the clocks of the site: 06:30.
ClockTime = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
#: Names of alarm recipients, the first to be called first.
DutyNames = Annotated[tuple[Text, ...], Meta(min_length=1, max_length=20)]
Weekday = Annotated[int, Meta(ge=1, le=7)]


class DutyShift(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A shift of a week: on `days` (1 is Monday) from `start` until `end`, through midnight where `end` is not later.

    A shift through midnight belongs to the day on which it begins.
    """

    days: Annotated[tuple[Weekday, ...], Meta(min_length=1, max_length=7), "Days on which it begins; 1 is Monday."]
    start: Annotated[ClockTime, "Time of day at which it begins."]
    end: Annotated[ClockTime, "Time of day at which it ends; the next day where it is not later than the start."]
    people: Annotated[DutyNames, "Names of the recipients on duty."]


class DutyException(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is on duty in [start_ms, end_ms) whatever the week says: a holiday, an illness, a hand-over."""

    start_ms: _Instant
    end_ms: _Instant
    people: Annotated[DutyNames, "Names of the recipients on duty."]


class DutyRota(VersionedRecord, frozen=True, kw_only=True):
    """A rota of alarm recipients, by the clocks of a site.

    Its people get the alarms of rules without recipients of their own only while they are on duty, or when they are
    called because those before them did not acknowledge for `next_after_s`: first by `order`, then all others. A rule
    whose recipients name the rota means whoever is called by it.
    """

    name: Text
    site: str
    weekly: Annotated[tuple[DutyShift, ...], Meta(max_length=50), "Shifts of every week."] = ()
    exceptions: Annotated[tuple[DutyException, ...], Meta(max_length=200), "Times with other people on duty."] = ()
    order: Annotated[tuple[Text, ...], Meta(max_length=20), "Names in the order in which they are called."] = ()
    next_after_s: Annotated[
        Annotated[float, Meta(ge=60, le=86_400)] | None,
        "Seconds without an acknowledgement after which the next is called; null: nobody is.",
    ] = 900.0
    enabled: bool = True
