"""Judgement of the station's clock by everything else that tells the time. Pure: values in, values out.

What is believed within one boot is the time since that boot, which nobody can set, and an `origin`: the time at its
beginning. The system's clock is believed while it agrees with them. A doubt ends where the clock shows again what it
should, where a time service has begun to keep it, where a gateway that has a clock of its own confirms it, or where a
person says so. It never ends by itself: while it lasts nothing is deleted, which can be made up for.

One witness alone makes a doubt and moves no time, but for a clock that is known to be wrong, and there by no more than
a day from what the station itself knows: sessions, keys and alarms of everybody go by that time.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from headland.clock.station_clock.record import AGREE_MS, ClockRecord, Doubt, DoubtCause, GatewayClock
from headland.units_of_time import DAY_MS, MINUTE_MS

#: 2026-01-01T00:00:00Z: this software is newer.
EARLIEST_MS: Final = 1_767_225_600_000
#: The origin follows small corrections of the clock once in so long.
_ANCHOR_S: Final = 86_400.0
#: A gateway that said nothing for so long has no voice.
VOICE_S: Final = 600.0
#: What a gateway says may have waited on its way: only more than this contradicts a clock that is later.
_LATE_MS: Final = 30 * MINUTE_MS
#: One witness alone moves the time by no more, counted from what the station itself knows.
_ALONE_MS: Final = DAY_MS


@dataclass(frozen=True, slots=True)
class ClockLook:
    """What a look at the clocks saw: the clock of the system, the time since the boot, and what others say.

    `newest_ms` is the newest stored sample, None where there is none or nobody asked.
    """

    now_ms: int
    boot_id: str
    boot_s: float
    is_synchronised: bool | None = None
    newest_ms: int | None = None
    gateways: Mapping[str, GatewayClock] = field(default_factory=dict)

    @property
    def origin_ms(self) -> int:
        """The time when this machine began, by the clock as it is now."""
        return self.now_ms - round(self.boot_s * 1000)

    def at(self, origin_ms: int) -> int:
        """Return the time now, by an origin."""
        return origin_ms + round(self.boot_s * 1000)


@dataclass(frozen=True, slots=True)
class _Voices:
    """Gateways that confirm the clock, those that contradict it and agree with one another, and all that contradict."""

    confirming: tuple[GatewayClock, ...]
    contradicting: tuple[GatewayClock, ...]
    against: tuple[GatewayClock, ...] = ()

    @property
    def origin_ms(self) -> int:
        """The origin by those that contradict."""
        return round(statistics.median(clock.origin_ms for clock in self.contradicting))

    @property
    def are_several(self) -> bool:
        """Whether more than one contradicts and they agree."""
        return _count(self.contradicting) > 1


def judge(record: ClockRecord | None, look: ClockLook) -> ClockRecord:
    """Return the record after a look; `record` is that of the look before, in this process or another one."""
    if record is None or record.boot_id != look.boot_id or not look.boot_id or look.boot_s < record.boot_s - 1:
        record = _begin(record, look)
    elif _differs(look.origin_ms, record.wall_ms - round(record.boot_s * 1000)):
        record = msgspec.structs.replace(record, moved_s=look.boot_s)
    voices = _listen(look, record)
    doubt = record.doubt
    if doubt is None or (doubt.is_by_one and _differs(look.origin_ms, _origin_of(record, look))):
        record = _question(record, look, voices)
    elif _is_over(record, doubt, look, voices):
        record = _believe(record, look)
    doubt = record.doubt
    if doubt is not None:
        record = _estimate(record, doubt, look, voices)
    elif look.is_synchronised or voices.confirming:
        record = msgspec.structs.replace(record, is_proven=True)
    return msgspec.structs.replace(
        record,
        boot_s=look.boot_s,
        wall_ms=look.now_ms,
        best_ms=look.now_ms if record.doubt is None else record.best_ms,
        is_synchronised=look.is_synchronised,
        gateways=dict(look.gateways),
    )


def accept(record: ClockRecord, look: ClockLook) -> ClockRecord:
    """Return the record after a person has said that the clock is right."""
    accepted = _believe(record, look)
    wrong = {
        name: clock.origin_ms for name, clock in look.gateways.items() if _differs(clock.origin_ms, look.origin_ms)
    }
    return msgspec.structs.replace(accepted, boot_s=look.boot_s, wall_ms=look.now_ms, refuted=wrong)


def _begin(before: ClockRecord | None, look: ClockLook) -> ClockRecord:
    """Return the record of a boot that was not seen before: only what was known earlier can speak against the clock."""
    before_ms = EARLIEST_MS if before is None else before.best_ms
    newest_ms = EARLIEST_MS if look.newest_ms is None else look.newest_ms
    # What was stored ahead of the time that was believed then proves nothing: one gateway may have sent it.
    stored_ms = newest_ms if before is None else min(newest_ms, before_ms + AGREE_MS)
    floor_ms = max(before_ms, stored_ms, EARLIEST_MS)
    cause = None
    if look.now_ms < floor_ms - AGREE_MS:
        cause = DoubtCause.BEHIND
    elif look.newest_ms is not None and look.now_ms > max(floor_ms, newest_ms) + DAY_MS and not look.is_synchronised:
        # Without samples there is nothing that a clock ahead could delete.
        cause, floor_ms = DoubtCause.AHEAD, max(floor_ms, newest_ms)
    is_behind = cause is DoubtCause.BEHIND
    best_ms = floor_ms if is_behind else look.now_ms
    doubt = None
    if cause is not None:
        doubt = Doubt(cause=cause, since_ms=best_ms, began_s=look.boot_s, by_ms=look.now_ms - floor_ms)
    return ClockRecord(
        boot_id=look.boot_id,
        boot_s=look.boot_s,
        wall_ms=look.now_ms,
        best_ms=best_ms,
        origin_ms=look.origin_ms if doubt is None else None,
        anchored_s=look.boot_s,
        believed_ms=look.now_ms,
        doubt=doubt,
    )


def _listen(look: ClockLook, record: ClockRecord) -> _Voices:
    """Return what gateways say of the clock as it is now.

    A clock that is behind is contradicted by any later time; one that is ahead only by a gateway that is seen to run.
    """
    confirming, ahead, behind = [], [], []
    for name, clock in look.gateways.items():
        refuted_ms = record.refuted.get(name)
        is_refuted = refuted_ms is not None and not _differs(clock.origin_ms, refuted_ms)
        if is_refuted or look.boot_s - clock.seen_s > VOICE_S:
            continue
        difference_ms = clock.origin_ms - look.origin_ms
        if difference_ms > AGREE_MS:
            ahead.append(clock)
        elif clock.is_live:
            if difference_ms < -_LATE_MS:
                behind.append(clock)
            elif difference_ms >= -AGREE_MS and _is_independent(clock, record):
                confirming.append(clock)
    groups = [_largest_agreement(ahead), _largest_agreement(behind)]
    return _Voices(tuple(confirming), max(groups, key=_count), (*ahead, *behind))


def _differs(origin_ms: int, other_ms: int) -> bool:
    return abs(origin_ms - other_ms) > AGREE_MS


def _origin_of(record: ClockRecord, look: ClockLook) -> int:
    return look.origin_ms if record.origin_ms is None else record.origin_ms


def _is_independent(clock: GatewayClock, record: ClockRecord) -> bool:
    """Return whether a gateway did not follow the last jump of the clock, as one on the same machine would."""
    doubt = record.doubt
    if doubt is None or doubt.cause in (DoubtCause.BEHIND, DoubtCause.AHEAD):
        return True
    return record.moved_s < doubt.began_s or clock.known_s < record.moved_s


def _largest_agreement(clocks: list[GatewayClock]) -> tuple[GatewayClock, ...]:
    """Return the most clocks that agree with one of them."""
    groups = [tuple(other for other in clocks if not _differs(other.origin_ms, clock.origin_ms)) for clock in clocks]
    return max(groups, key=_count, default=())


def _count(clocks: tuple[GatewayClock, ...]) -> int:
    """Return how many witnesses there are: a vehicle that several gateways hear is one."""
    of_vehicles = {clock.vehicle for clock in clocks if clock.vehicle}
    return sum(not clock.vehicle for clock in clocks) + len(of_vehicles)


def _question(record: ClockRecord, look: ClockLook, voices: _Voices) -> ClockRecord:
    """Return the record of a clock that was believed until this look."""
    origin_ms = _origin_of(record, look)
    deviation_ms = look.origin_ms - origin_ms
    if abs(deviation_ms) > AGREE_MS:
        if record.is_synchronised is False and look.is_synchronised:
            return _believe(record, look)
        doubt = Doubt(cause=DoubtCause.JUMPED, since_ms=look.at(origin_ms), began_s=look.boot_s, by_ms=deviation_ms)
        return msgspec.structs.replace(record, doubt=doubt, best_ms=look.at(origin_ms))
    against, for_it = _count(voices.contradicting), _count(voices.confirming)
    is_proven = record.is_proven or bool(look.is_synchronised)
    if (against > 1 and against > for_it) or (against == 1 and not for_it and not is_proven):
        since_ms = look.at(voices.origin_ms) if voices.are_several else look.now_ms
        doubt = Doubt(cause=DoubtCause.GATEWAYS, since_ms=since_ms, began_s=look.boot_s, witnesses=against)
        return msgspec.structs.replace(record, doubt=doubt)
    if look.boot_s - record.anchored_s > _ANCHOR_S:
        return msgspec.structs.replace(record, origin_ms=look.origin_ms, anchored_s=look.boot_s)
    return record


def _is_over(record: ClockRecord, doubt: Doubt, look: ClockLook, voices: _Voices) -> bool:
    """Return whether something ends a doubt at this look."""
    against, for_it = _count(voices.contradicting), _count(voices.confirming)
    if doubt.is_by_one and against < 2 and (for_it or look.is_synchronised):
        # With which nothing else is wrong: together with what confirms it, it outvotes one.
        return True
    if against and against >= for_it:
        # What contradicts the clock now keeps the doubt, whatever began it.
        return False
    is_by_origin = doubt.cause is not DoubtCause.GATEWAYS and record.origin_ms is not None
    if is_by_origin and not _differs(look.origin_ms, record.origin_ms or 0):
        return True
    if record.is_synchronised is False and look.is_synchronised:
        return True
    if doubt.cause is DoubtCause.AHEAD and look.is_synchronised:
        return True
    if doubt.cause is DoubtCause.BEHIND and -AGREE_MS <= look.now_ms - record.best_ms <= DAY_MS:
        # It has passed what it was before; how long the machine was off, nothing tells.
        return True
    return bool(voices.confirming)


def _estimate(record: ClockRecord, doubt: Doubt, look: ClockLook, voices: _Voices) -> ClockRecord:
    """Return the record of a clock in doubt with the time that it should show, as far as anything tells it."""
    on_ms = record.best_ms + round((look.boot_s - record.boot_s) * 1000)
    if voices.are_several:
        best_ms = look.at(voices.origin_ms)
    elif record.origin_ms is not None and doubt.cause is not DoubtCause.GATEWAYS:
        best_ms = look.at(record.origin_ms)
    elif doubt.witnesses > 1:
        best_ms = on_ms
    elif doubt.cause is DoubtCause.GATEWAYS:
        best_ms = look.now_ms
    else:
        is_moved = abs(record.best_ms - record.wall_ms) > AGREE_MS
        unmoved_ms = on_ms if doubt.cause is DoubtCause.BEHIND or is_moved else look.now_ms
        best_ms = _said_alone_ms(doubt, look, voices) or unmoved_ms
    by_ms = look.now_ms - best_ms
    if doubt.cause is DoubtCause.AHEAD:
        by_ms = doubt.by_ms or 0
    elif doubt.is_by_one and not voices.are_several:
        by_ms = look.now_ms - look.at(voices.origin_ms) if voices.contradicting else doubt.by_ms or 0
    witnesses = max(doubt.witnesses, _count(voices.contradicting))
    changed = msgspec.structs.replace(doubt, by_ms=by_ms, witnesses=witnesses)
    return msgspec.structs.replace(record, best_ms=best_ms, doubt=changed)


def _said_alone_ms(doubt: Doubt, look: ClockLook, voices: _Voices) -> int | None:
    """Return the time by one witness, where what the station itself knows bears it out; None where none is.

    A clock that is before what was stored, or long after it, is known to be wrong, or not confirmed: what was stored
    last bears out a witness that is after it by a day at most.
    """
    since_ms = doubt.since_ms if doubt.cause is DoubtCause.BEHIND else doubt.since_ms - (doubt.by_ms or 0)
    known_ms = since_ms + round((look.boot_s - doubt.began_s) * 1000)
    said = [look.at(clock.origin_ms) for clock in voices.against]
    return min((ms for ms in said if -AGREE_MS <= ms - known_ms <= _ALONE_MS), default=None)


def _believe(record: ClockRecord, look: ClockLook) -> ClockRecord:
    """Return the record of a clock that something has confirmed: it is believed from now on."""
    return msgspec.structs.replace(
        record,
        origin_ms=look.origin_ms,
        anchored_s=look.boot_s,
        best_ms=look.now_ms,
        believed_ms=look.now_ms,
        is_proven=True,
        doubt=None,
    )
