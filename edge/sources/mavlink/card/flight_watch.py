"""Watch of one vehicle's flights and of the gaps in what was received of them; pure: rows in, flights out.

A flight lasts from arming to disarming, as far as that was received. Rows are watched by the channels that come
together (one kind of message): a gap of the flight is a silence of its positions, or of everything where it has none;
within it each channel has its own silence, in which alone the log's samples are stored. So no sample of the log is ever
beside one that came by link.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from edge.sources.mavlink.card.flight import Edge, Flight, Gap, Interval, Silences, clip
from edge.sources.source import Readings

#: Channels that come together, of one vehicle, at most.
_MOST_GROUPS: Final = 64
#: Silences of one group in a flight, and gaps of a flight, at most; later ones count as received by nobody.
_MOST_GAPS: Final = 200
#: An arming that is known so soon after a silence may have been in it.
_JUST_MS: Final = 5000
_PLACE: Final = "latitude_deg"


class _Group:
    """Channels that come together."""

    __slots__ = ("channels", "last_ms", "silences")

    def __init__(self, channels: Sequence[str], last_ms: int) -> None:
        self.channels = list(channels)
        self.last_ms = last_ms
        self.silences: list[Interval] = []

    def note(self, times_ms: Sequence[int], least_ms: int) -> Iterable[Interval]:
        """Note rows; return the silences that they end."""
        first_ms, final_ms = times_ms[0], times_ms[-1]
        ended: list[Interval] = []
        if final_ms - self.last_ms > least_ms:
            last_ms = self.last_ms
            for time_ms in times_ms if final_ms - first_ms > least_ms else (first_ms,):
                if time_ms - last_ms > least_ms:
                    ended.append((last_ms, time_ms))
                last_ms = max(last_ms, time_ms)
        elif first_ms <= self.last_ms and self.silences and first_ms < self.silences[-1][1]:
            self._fill(times_ms, least_ms)
        self.last_ms = max(self.last_ms, final_ms)
        self.silences += ended[: max(0, _MOST_GAPS - len(self.silences))]
        return ended

    def _fill(self, times_ms: Sequence[int], least_ms: int) -> None:
        """Take times that came late out of the silences."""
        for time_ms in times_ms:
            for at, (begin, end) in enumerate(self.silences):
                if begin < time_ms < end:
                    parts = [(begin, time_ms), (time_ms, end)]
                    self.silences[at : at + 1] = [part for part in parts if part[1] - part[0] > least_ms]
                    break


class FlightWatch:
    """Watches one vehicle. `flight` is the one under way."""

    def __init__(self, device: str, least_gap_ms: int) -> None:
        self.flight: Flight | None = None
        self._device = device
        self._least_ms = least_gap_ms
        self._groups: dict[tuple[str, ...], _Group] = {}
        self._all: _Group | None = None
        self._is_armed: bool | None = None
        self._newest: Edge | None = None
        #: The last silence while it was not known whether a flight was under way.
        self._doubtful: tuple[Edge, Edge] | None = None

    def resume(self, flight: Flight, margin_ms: int) -> None:
        """Go on with a flight that was under way when the gateway stopped.

        `margin_ms` is how much of what was received last may not be noted in `flight`: it counts as not received, and
        nothing of the log is stored there.
        """
        newest = flight.newest
        if newest is None:
            return
        moved = msgspec.structs.replace(newest, time_ms=newest.time_ms + margin_ms, boot_ms=newest.boot_ms + margin_ms)
        flight.uncounted_ms += margin_ms
        self.flight, self._newest, self._is_armed = flight, moved, True
        self._all = _Group((), moved.time_ms)
        self._groups = {tuple(channels): _Group(channels, moved.time_ms) for channels in flight.groups}

    def note(self, runs: Iterable[Readings], edge: Edge, *, armed: bool | None) -> Flight | None:
        """Note rows that have just come, and whether the motors are armed; return the flight that ended.

        `edge` has clock, run and the time since boot at its time; its place is filled in from the rows.
        """
        self._note_rows(runs, edge)
        newest = self._newest
        if armed is None or newest is None:
            return None
        was_armed, self._is_armed = self._is_armed, armed
        if armed and self.flight is None:
            self._begin(newest)
        elif not armed and self.flight is not None:
            return self._end(newest)
        elif not armed and not was_armed and self._doubtful and newest.time_ms - self._doubtful[1].time_ms > _JUST_MS:
            self._doubtful = None
        return None

    def give_up(self) -> Flight | None:
        """End the flight under way at its newest row: nothing of it comes any more."""
        self._is_armed = None
        return None if self._newest is None else self._end(self._newest)

    def snapshot(self) -> Flight | None:
        """Return the flight under way with all that is known of it now."""
        flight = self.flight
        if flight is not None:
            flight.newest = self._newest
            flight.groups = [group.channels for group in self._groups.values()]
            for gap in flight.gaps:
                gap.silences = self._silences(gap)
        return flight

    def _note_rows(self, runs: Iterable[Readings], edge: Edge) -> None:
        ended: list[tuple[bool, Edge, Edge]] = []
        before = self._newest
        for run in runs:
            times_ms = run.times_ms
            if not times_ms:
                continue
            channels = tuple(run.columns)
            has_place = _PLACE in run.columns
            if self._all is None:
                self._all = _Group((), times_ms[0])
            silences = self._all.note(times_ms, self._least_ms)
            ended += [(False, *self._edges(silence, run, edge, before, has_place=has_place)) for silence in silences]
            group = self._groups.get(channels)
            if group is None:
                if len(self._groups) >= _MOST_GROUPS:
                    continue
                group = self._groups[channels] = _Group(channels, times_ms[0])
            silences = group.note(times_ms, self._least_ms)
            if has_place:
                ended += [(True, *self._edges(silence, run, edge, before, has_place=True)) for silence in silences]
            if self._newest is None or times_ms[-1] >= self._newest.time_ms or has_place:
                self._newest = self._edge_at(run, -1, edge, has_place=has_place)
        has_places = any(_PLACE in channels for channels in self._groups)
        for is_of_place, first, last in ended:
            if is_of_place == has_places:
                self._note_silence(first, last)

    def _edges(
        self, silence: Interval, run: Readings, edge: Edge, before: Edge | None, *, has_place: bool
    ) -> tuple[Edge, Edge]:
        """Return the ends of a silence that a row of a run ended; the first may be of an earlier run."""
        begin_ms, end_ms = silence
        at = run.times_ms.index(end_ms)
        after = self._edge_at(run, at, edge, has_place=has_place)
        if at > 0 and run.times_ms[at - 1] == begin_ms:
            return self._edge_at(run, at - 1, edge, has_place=has_place), after
        if before is None:
            before = after
        return msgspec.structs.replace(before, time_ms=begin_ms, boot_ms=begin_ms - before.offset_ms), after

    def _edge_at(self, run: Readings, at: int, edge: Edge, *, has_place: bool) -> Edge:
        """Return the edge at a row of a run."""
        time_ms = run.times_ms[at]
        newest = self._newest
        place = (None, None) if newest is None else (newest.latitude_deg, newest.longitude_deg)
        if has_place:
            place = (run.columns[_PLACE][at], run.columns["longitude_deg"][at])
        return Edge(time_ms, time_ms - edge.offset_ms, edge.clock, edge.run, *place)

    def _note_silence(self, before: Edge, after: Edge) -> None:
        gap = Gap(before, after)
        if gap.is_one_boot and after.boot_ms - before.boot_ms <= self._least_ms:
            return  # the clock was set, and nothing is missing
        if self.flight is not None:
            self._add_gap(self.flight, gap)
        else:
            self._doubtful = (before, after)

    def _add_gap(self, flight: Flight, gap: Gap) -> None:
        if len(flight.gaps) < _MOST_GAPS:
            flight.gaps.append(gap)
        else:
            flight.uncounted_ms += gap.duration_ms

    def _begin(self, newest: Edge) -> None:
        self.flight = Flight(self._device, newest.time_ms)
        doubtful, self._doubtful = self._doubtful, None
        is_within = doubtful is not None and newest.time_ms - doubtful[1].time_ms <= _JUST_MS
        if doubtful is not None and is_within:
            self.flight.start_ms = doubtful[0].time_ms
            self.flight.gaps.append(Gap(*doubtful))
        for group in self._every_group():
            group.silences = [item for item in group.silences if is_within and item[1] > self.flight.start_ms]

    def _end(self, newest: Edge) -> Flight | None:
        flight = self.snapshot()
        self.flight = None
        if flight is not None:
            flight.end_ms = newest.time_ms
        return flight

    def _silences(self, gap: Gap) -> list[Silences]:
        """Return in which part of a gap each channel may be taken from the log."""
        span = (gap.before.time_ms, gap.after.time_ms)
        every = self._all
        around = [] if every is None else clip(every.silences, span)
        found = [Silences([], around)]
        for group in self._groups.values():
            own = clip(group.silences, span)
            if group.last_ms < span[1]:  # it has not come again
                own += clip([(group.last_ms, span[1])], span)
            found.append(Silences(group.channels, own))
        return found

    def _every_group(self) -> Iterable[_Group]:
        return (*self._groups.values(), *(() if self._all is None else (self._all,)))
