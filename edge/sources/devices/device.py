"""Device of a source: emits its descriptor, then its rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from edge.sources.settings import PlaceSettings
from edge.sources.source import NO_FLAGS, DeviceId, Reading, Sink
from headland.contract.quantities import quantity_of, unit_of_channel
from headland.contract.records import ChannelInfo, Clock, Descriptor, Quality

#: A clock that goes back further than this was set; rows after that are no burst.
_BURST_MS: Final = 1000


class SourceDevice:
    """State of one device. `emit` sends its descriptor before its first row, and again whenever it has changed.

    A row equal to the last one, including its own time, is the same sample twice: it is counted and not emitted. A
    value outside its quantity's physical range is emitted with the flag `fail`. `interval_s` is how often a row is
    expected.
    """

    def __init__(
        self,
        device: str,
        place: PlaceSettings,
        site: str,
        counts: Counter[str],
        *,
        name: str,
        channels: Iterable[str] = (),
        interval_s: float | None = None,
    ) -> None:
        self._id = DeviceId(device, place.kind, place.site or site, place.simulated)
        self._place = place
        self._name = name
        self._model = ""
        self._channels = dict.fromkeys(channels)
        self._interval_s = interval_s
        self._counts = counts
        self._changed = True
        self._last: tuple[int, Mapping[str, float | None]] | None = None

    @property
    def id(self) -> DeviceId:
        """The identity in its readings."""
        return self._id

    def update(self, *, model: str = "", simulated: bool = False) -> None:
        """Set what the device reports about itself; a simulator remains one for ever."""
        if model and model != self._model:
            self._model, self._changed = model, True
        if simulated and not self._id.simulated:
            self._id = DeviceId(self._id.device, self._id.kind, self._id.site, simulated=True)
            self._changed = True

    def describe(self, sink: Sink) -> None:
        """Emit the descriptor where it has changed."""
        if self._changed:
            self._changed = False
            sink.describe(self._descriptor())

    def emit(
        self,
        sink: Sink,
        clock: Clock,
        time_ms: int,
        values: Mapping[str, float | None],
        *,
        own_time: bool = True,
        flags: Mapping[str, int] = NO_FLAGS,
    ) -> None:
        """Emit a row, where it has any value and is not the one emitted last.

        `own_time` is false where the time is the gateway's, whatever `clock` is; `flags` are what the device says
        itself of the quality of its values.
        """
        if not values:
            return
        if not values.keys() <= self._channels.keys():
            self._channels.update(dict.fromkeys(values))
            self._changed = True
        self.describe(sink)
        is_stamped_here = clock is Clock.ARRIVAL or not own_time
        if is_stamped_here and self._last is not None and time_ms <= self._last[0] < time_ms + _BURST_MS:
            # Rows that arrive together get consecutive times: at one instant they would conflict.
            time_ms = self._last[0] + 1
        if self._last == (time_ms, values):
            self._counts["repeated_rows"] += 1
            return
        self._last = (time_ms, values)
        impossible = find_impossible(values)
        self._counts["out_of_range"] += len(impossible)
        self._counts["rows"] += 1
        sink.reading(Reading(self._id, clock, time_ms, values, {**flags, **impossible} if flags else impossible))

    def _descriptor(self) -> Descriptor:
        place = self._place
        return Descriptor(
            device=self._id.device,
            kind=self._id.kind,
            site=self._id.site,
            name=self._name,
            model=self._model,
            latitude_deg=place.latitude_deg,
            longitude_deg=place.longitude_deg,
            altitude_m=place.altitude_m,
            channels={
                channel: ChannelInfo(unit=unit_of(channel), interval_s=self._interval_s) for channel in self._channels
            },
            simulated=self._id.simulated,
        )


def unit_of(channel: str) -> str:
    """Return the unit symbol of a channel, `1` where it has none."""
    return unit_of_channel(channel) or "1"


def find_impossible(values: Mapping[str, float | None]) -> Mapping[str, int]:
    """Return the flag `fail` for each channel whose value is outside its quantity's physical range."""
    flags = {}
    for channel, value in values.items():
        quantity = quantity_of(channel)
        if value is not None and quantity is not None and not quantity.low <= value <= quantity.high:
            flags[channel] = int(Quality.FAIL)
    return flags or NO_FLAGS
