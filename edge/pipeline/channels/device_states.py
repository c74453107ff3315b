"""Processing states of all devices: their channels, and their rows that wait for the next one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from edge.pipeline.channels.channel import ChannelState, CheckedSample
from edge.pipeline.channels.plans import ChannelPlans
from edge.sources.source import Reading

#: The most devices with a state of their own: a stream of invented names must not fill the memory.
_MOST_DEVICES: Final = 2000
_MOST_CHANNELS: Final = 1000


@dataclass(slots=True)
class WaitingRow:
    """A row that waits for the next one, which the spike test needs. `before`: the values before it."""

    reading: Reading
    samples: dict[str, CheckedSample]
    before: dict[str, float | None]
    since_s: float


@dataclass(slots=True)
class DeviceState:
    """State of a device's channels; None for a channel whose samples pass unchanged."""

    source: str
    device: str
    channels: dict[str, ChannelState | None] = field(default_factory=dict)
    waiting: dict[tuple[str, ...], WaitingRow] = field(default_factory=dict)
    intervals_s: dict[str, float | None] = field(default_factory=dict)

    def values_before(self, samples: Mapping[str, CheckedSample]) -> dict[str, float | None]:
        """Return the value before the newest one of each channel."""
        states = {name: self.channels.get(name) for name in samples}
        return {name: None if state is None else state.before for name, state in states.items()}


class _Key(NamedTuple):
    source: str
    device: str


class DeviceStates:
    """States of devices, by source and device. `refused` counts rows of devices beyond the bound."""

    def __init__(self, plans: ChannelPlans) -> None:
        self._plans = plans
        self._devices: dict[_Key, DeviceState] = {}
        self.refused = 0

    def __iter__(self) -> Iterator[DeviceState]:
        """Iterate over all states."""
        return iter(self._devices.values())

    def find(self, source: str, device: str) -> DeviceState | None:
        """Return the state of a device, made where there is none; None beyond the bound."""
        key = _Key(source, device)
        state = self._devices.get(key)
        if state is None:
            if len(self._devices) >= _MOST_DEVICES:
                self.refused += 1
                return None
            state = self._devices[key] = DeviceState(source, device)
        return state

    def channel(self, device: DeviceState, channel: str, has_limits: bool) -> ChannelState | None:
        """Return the state of a channel; None where its samples pass unchanged."""
        if channel in device.channels:
            return device.channels[channel]
        return self.make_channel(device, channel, has_limits)

    def make_channel(self, device: DeviceState, channel: str, has_limits: bool) -> ChannelState | None:
        """Make the state of a channel by its plan."""
        plan = self._plans.find(device.source, device.device, channel, has_limits=has_limits)
        state = None if plan is None else ChannelState(plan)
        if state is not None:
            state.set_interval(device.intervals_s.get(channel))
        if len(device.channels) < _MOST_CHANNELS:
            device.channels[channel] = state
            return state
        return None
