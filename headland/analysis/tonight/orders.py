"""Orders to the actuators of a house: what each statement and alarm asks for, weighed into one at a time. Pure.

Frost comes before disease, and disease before condensation: a frozen plant is lost at once, a wet leaf is not. An order
that contradicts one of a higher place yields for as long as that holds; what yields keeps the reason, and from when on
its turn comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Final, Literal

import numpy as np

from headland.agronomy.climate.sun import is_day
from headland.units_of_time import DAY_MS, HOUR_MS, MINUTE_MS

Actuator = Literal["vents", "heating", "screens", "spraying", "water"]
Direction = Literal["open", "close", "on", "off", "apply", "wait", "give", "withhold"]
Span = tuple[int, int]
#: Who gives orders, the first place first; `alarm:` begins the name of an alarm rule.
PLACES: Final = (
    "alarm:frost", "alarm:heat", "frost", "disease", "leaf_condensation", "cover_condensation", "irrigation",
)  # fmt: skip
_When = Literal["during", "grave", "early", "before", "by_day", "by_day_before", "by_night", "after_sunrise"]
#: What each advice asks of which actuator, and when: during its hours, during those in which what it is about comes, or
#: would by airing, and does not only come near, from two hours earlier on, until they begin, by day, by day until they
#: begin, by night, or after the sunrise that follows them.
_ASKED: Final[Mapping[str, tuple[tuple[Actuator, Direction, _When], ...]]] = {
    "keep_frost_out": (
        ("vents", "close", "grave"), ("screens", "close", "early"), ("heating", "on", "during"),
        ("water", "give", "by_day_before"),
    ),
    "shorten_wetness": (
        ("vents", "open", "during"), ("spraying", "apply", "before"), ("spraying", "wait", "during"),
    ),
    "dry_the_air": (("vents", "open", "during"), ("heating", "on", "during"), ("water", "withhold", "by_night")),
    "let_the_cover_drain": (("vents", "open", "after_sunrise"),),
    "water_by_radiation": (("water", "give", "by_day"),),
}  # fmt: skip
#: Orders of an alarm hold for so long; then it is looked at again.
_ALARM_MS: Final = HOUR_MS
_ALARMS: Final[Mapping[str, tuple[tuple[Actuator, Direction], ...]]] = {
    "frost": (("vents", "close"), ("screens", "close"), ("heating", "on")),
    "heat": (("vents", "open"), ("heating", "off")),
}
#: Screens close so long before frost, while the air is still warm. Vents close when frost comes, or would by airing,
#: not when it is near: leaves that nobody airs stay wet all night.
_FROST_LEAD_MS: Final = 2 * HOUR_MS
#: A vent that had to stay closed to the end of the wet hours is opened for so long afterwards.
_CATCH_UP_MS: Final = HOUR_MS
_CAUGHT_UP: Final = frozenset(("disease", "leaf_condensation"))
#: A wet cover is aired for so long, so long after sunrise: at sunrise it is coldest outside. It counts where it is wet
#: so shortly before sunrise.
_MORNING_MS: Final = HOUR_MS
_WARMER_MS: Final = 2 * HOUR_MS
_WET_BEFORE_MS: Final = 2 * HOUR_MS
#: Water is given from so long after sunrise to so long before sunset: growers' practice.
_AFTER_SUNRISE_MS: Final = HOUR_MS
_BEFORE_SUNSET_MS: Final = 2 * HOUR_MS
#: Sunrise and sunset are told to so much.
_SUN_STEP_MS: Final = 10 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class Ahead:
    """The time that orders are for, from now to the end of what is forecast.

    `lit` are the spans of daylight of a day before and two after, None if the place is not known.
    """

    now_ms: int
    end_ms: int
    lit: tuple[Span, ...] | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """What one actuator is to do in [start_ms, end_ms); `reason_ms` is when what it is for begins."""

    actuator: Annotated[Actuator, "Actuator."]
    direction: Annotated[Direction, "Direction."]
    start_ms: Annotated[int, "Start, epoch milliseconds UTC."]
    end_ms: Annotated[int, "End, epoch milliseconds UTC; not included."]
    reason_ms: Annotated[int, "Beginning of the reason."]


@dataclass(frozen=True, slots=True)
class Withheld:
    """A part of an order that yields to another; `resumes_ms` is when its turn comes, None where it does not."""

    order: Order
    by: str
    holds: Direction
    reason_ms: int
    resumes_ms: int | None = None


@dataclass(frozen=True, slots=True)
class AskedOrders:
    """The orders that one statement or alarm asks for; `by` is its name among `PLACES`."""

    by: str
    orders: tuple[Order, ...]


@dataclass(frozen=True, slots=True)
class WeighedOrders:
    """What is left of a claim: the orders that hold, and the parts that yield."""

    orders: tuple[Order, ...] = ()
    withheld: tuple[Withheld, ...] = ()


@dataclass(frozen=True, slots=True)
class HouseOrder:
    """What one actuator is to do in [start_ms, end_ms), and which statements and alarms ask for it."""

    actuator: Annotated[Actuator, "Actuator."]
    direction: Annotated[Direction, "Direction."]
    start_ms: Annotated[int, "Start, epoch milliseconds UTC."]
    end_ms: Annotated[int, "End, epoch milliseconds UTC; not included."]
    reasons: Annotated[tuple[str, ...], "Statements and alarms that ask for it."]


@dataclass(frozen=True, slots=True)
class _Held:
    """An order that holds, and whose it is."""

    order: Order
    by: str


def daylight(place_deg: tuple[float, float] | None, now_ms: int) -> tuple[Span, ...] | None:
    """Return the spans of daylight of a day before and two after, to ten minutes; None where the place is not known."""
    if place_deg is None:
        return None
    first, last = (now_ms - DAY_MS) // _SUN_STEP_MS, (now_ms + 2 * DAY_MS) // _SUN_STEP_MS
    times = np.arange(first, last, dtype=np.int64) * _SUN_STEP_MS
    edges = np.diff(is_day(times, *place_deg).astype(np.int8), prepend=0, append=0)
    ends = np.append(times, times[-1] + _SUN_STEP_MS)
    return tuple(zip(ends[edges == 1].tolist(), ends[edges == -1].tolist(), strict=True))


def spans_of(hours: Iterable[int], origin_ms: int) -> tuple[Span, ...]:
    """Return the spans of some hours after an origin; one missing hour between two does not part them."""
    spans: list[Span] = []
    for hour in sorted(hours):
        start_ms, end_ms = origin_ms + hour * HOUR_MS, origin_ms + (hour + 1) * HOUR_MS
        if spans and start_ms - spans[-1][1] <= HOUR_MS:
            spans[-1] = (spans[-1][0], end_ms)
        else:
            spans.append((start_ms, end_ms))
    return tuple(spans)


def alarm_name(rule: str) -> str:
    """Return the name of an alarm among those who give orders."""
    return f"alarm:{rule}"


def alarm_orders(rule: str, now_ms: int) -> tuple[Order, ...]:
    """Return the orders of an active alarm by its rule; none for a rule whose remedy is not known."""
    wanted = _ALARMS.get(rule, ())
    return tuple(Order(actuator, direction, now_ms, now_ms + _ALARM_MS, now_ms) for actuator, direction in wanted)


def advice_orders(
    rule: str, spans: Sequence[Span], begins_ms: int | None, ahead: Ahead, grave: Sequence[Span] = ()
) -> tuple[Order, ...]:
    """Return the orders of an advice for some spans of time; none for one without actuators.

    `begins_ms` is when what it is about begins, `grave` are the spans in which it comes, not only near.
    """
    now_ms, end_ms = ahead.now_ms, ahead.end_ms
    left, now_grave = (
        [(max(start, now_ms), min(end, end_ms)) for start, end in each if now_ms < end and start < end_ms]
        for each in (spans, grave)
    )
    orders: list[Order] = []
    for actuator, direction, when in _ASKED.get(rule, ()):
        for start, end, reason_ms in _times(when, now_grave if when == "grave" else left, ahead):
            if max(start, now_ms) < min(end, end_ms):
                exact_ms = begins_ms if begins_ms is not None and reason_ms <= begins_ms < end else reason_ms
                orders.append(Order(actuator, direction, max(start, now_ms), min(end, end_ms), exact_ms))
    return tuple(orders)


def _times(when: _When, left: Sequence[Span], ahead: Ahead) -> list[tuple[int, int, int]]:
    """Return start, end and the beginning of the reason of each time in which something is asked for."""
    now_ms = ahead.now_ms
    first_ms = left[0][0] if left else now_ms
    by_day, by_night = _watering(ahead)
    match when:
        case "during" | "grave":
            return [(start, end, start) for start, end in left]
        case "early":
            return [(start - _FROST_LEAD_MS, end, start) for start, end in left]
        case "before":
            return [(now_ms, first_ms, first_ms)]
        case "by_day":
            return [(start, end, start) for start, end in by_day]
        case "by_day_before":
            return [(start, min(end, first_ms), first_ms) for start, end in by_day]
        case "by_night":
            return [(start, end, first_ms) for start, end in by_night]
    return [
        (sunrise + _WARMER_MS, sunrise + _WARMER_MS + _MORNING_MS, sunrise)
        for sunrise, _ in ahead.lit or ()
        if sunrise + _WARMER_MS > now_ms
        and any(start <= sunrise + _WARMER_MS and sunrise <= end + _WET_BEFORE_MS for start, end in left)
    ]


def weigh(claims: Sequence[AskedOrders], end_ms: int) -> dict[str, WeighedOrders]:
    """Return what is left of each claim by its name; the places of `PLACES` decide."""
    held: list[_Held] = []
    verdicts: dict[str, WeighedOrders] = {}
    for claim in sorted(claims, key=lambda one: PLACES.index(one.by)):
        kept: list[Order] = []
        cut: list[Withheld] = []
        for order in claim.orders:
            rest, lost = _yield_to(order, held)
            if claim.by in _CAUGHT_UP and lost and order.actuator == "vents" and lost[-1].order.end_ms == order.end_ms:
                rest += _catch_up(lost[-1], held, end_ms)
            kept += [part for part in rest if part not in kept]
            cut += lost
        held += [_Held(order, claim.by) for order in kept]
        verdicts[claim.by] = WeighedOrders(tuple(kept), _joined(cut, kept))
    return verdicts


def house_orders(verdicts: Mapping[str, WeighedOrders]) -> tuple[HouseOrder, ...]:
    """Return the orders of all claims, one at a time for each actuator, by actuator and time."""
    rows: list[HouseOrder] = []
    held = [(order, by) for by, verdict in verdicts.items() for order in verdict.orders]
    for actuator, direction in dict.fromkeys((order.actuator, order.direction) for order, _ in held):
        same = sorted(
            ((order, by) for order, by in held if (order.actuator, order.direction) == (actuator, direction)),
            key=lambda each: each[0].start_ms,
        )
        for order, by in same:
            last = rows[-1] if rows and (rows[-1].actuator, rows[-1].direction) == (actuator, direction) else None
            if last is None or order.start_ms > last.end_ms:
                rows.append(HouseOrder(actuator, direction, order.start_ms, order.end_ms, (by,)))
                continue
            reasons = tuple(sorted({*last.reasons, by}, key=PLACES.index))
            rows[-1] = replace(last, end_ms=max(last.end_ms, order.end_ms), reasons=reasons)
    return tuple(sorted(rows, key=lambda row: (row.actuator, row.start_ms)))


def _watering(ahead: Ahead) -> tuple[list[Span], list[Span]]:
    """Return when water is given by day, and the nights in which it is not; nothing where the sun is not known."""
    if ahead.lit is None:
        return [], []
    now_ms, end_ms = ahead.now_ms, ahead.end_ms
    give = [(max(start + _AFTER_SUNRISE_MS, now_ms), min(end - _BEFORE_SUNSET_MS, end_ms)) for start, end in ahead.lit]
    give = [(start, end) for start, end in give if start < end]
    edges = [now_ms, *(edge for span in give for edge in span), end_ms]
    return give, [(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if start < end]


def _yield_to(order: Order, held: Sequence[_Held]) -> tuple[list[Order], list[Withheld]]:
    """Return the parts of an order that no held one contradicts, and those that one does."""
    rest, lost = [order], []
    for other in held:
        if other.order.actuator != order.actuator or other.order.direction == order.direction:
            continue
        parts: list[Order] = []
        for part in rest:
            start, end = max(part.start_ms, other.order.start_ms), min(part.end_ms, other.order.end_ms)
            if start >= end:
                parts.append(part)
                continue
            yields = replace(part, start_ms=start, end_ms=end)
            lost.append(Withheld(yields, other.by, other.order.direction, other.order.reason_ms, other.order.end_ms))
            parts += [replace(part, end_ms=start)] if part.start_ms < start else []
            parts += [replace(part, start_ms=end)] if end < part.end_ms else []
        rest = parts
    return sorted(rest, key=lambda part: part.start_ms), sorted(lost, key=lambda each: each.order.start_ms)


def _catch_up(last: Withheld, held: Sequence[_Held], end_ms: int) -> list[Order]:
    """Return the order that a vent which had to stay closed is opened by when its turn comes, before `end_ms`."""
    start_ms = last.order.end_ms if last.resumes_ms is None else last.resumes_ms
    if start_ms >= end_ms:
        return []
    wanted = replace(last.order, start_ms=start_ms, end_ms=start_ms + _CATCH_UP_MS)
    rest, _ = _yield_to(wanted, held)
    return [part for part in rest if part.start_ms == start_ms]


def _joined(lost: Sequence[Withheld], kept: Sequence[Order]) -> tuple[Withheld, ...]:
    """Return what yields with one row for each actuator, side and winner; it resumes with the next order kept."""
    rows: dict[tuple[str, str, str, str], Withheld] = {}
    for each in lost:
        key = (each.order.actuator, each.order.direction, each.by, each.holds)
        before = rows.get(key)
        if before is not None:
            order = replace(before.order, end_ms=max(before.order.end_ms, each.order.end_ms))
            each = replace(each, order=order, reason_ms=min(before.reason_ms, each.reason_ms))  # noqa: PLW2901 joined
        rows[key] = each
    return tuple(replace(row, resumes_ms=_resumes(row, kept)) for row in rows.values())


def _resumes(row: Withheld, kept: Sequence[Order]) -> int | None:
    wanted = row.order
    return min(
        (
            order.start_ms
            for order in kept
            if (order.actuator, order.direction) == (wanted.actuator, wanted.direction)
            and order.start_ms >= wanted.end_ms
        ),
        default=None,
    )
