"""Healing on one link: what its fleet received goes to the flights, and the requests to a card go to its vehicles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from edge.sources.mavlink.card.flight import Flight
from edge.sources.mavlink.card.gateway_flights import GatewayFlights, VehicleNow
from edge.sources.mavlink.card.healing import CardVehicle, Healing, Sends
from edge.sources.mavlink.card.span_reader import CardParts, HistorySink
from edge.sources.mavlink.settings import MavlinkSettings, parse_url
from edge.sources.mavlink.vehicle.device_output import deliver
from edge.sources.mavlink.vehicle.fleet import Fleet
from edge.sources.mavlink.vehicle.vehicle import Vehicle
from edge.sources.source import Readings, Sink
from headland.contract.records import Clock

#: What a transfer from a card may take of a network, and its part of a serial line (a character has ten bits).
_NETWORK_BYTES_S: Final = 40_000
_LINE_SHARE: Final = 0.25
#: A vehicle that was received within this is there.
_PRESENT_MS: Final = 3000
#: A request to this system would be one to all.
_EVERYBODY: Final = 0


class LinkHealing:
    """The flights of one source's vehicles. Times come with every call."""

    def __init__(self, settings: MavlinkSettings, card: CardParts, clock: Clock, started_ms: int) -> None:
        address = parse_url(settings.url)
        self._flights = card.flights or GatewayFlights(card.folder, clock)
        self._least_ms = round(settings.heal.least_gap_s * 1000)
        by_link = _LINE_SHARE * address.port / 10 if address.kind == "serial" else _NETWORK_BYTES_S
        self._healing = Healing(
            settings.heal,
            self._flights,
            settings.name,
            max_bytes_s=settings.heal.max_bytes_s or by_link,
            formats=card.formats,
            may_send=not settings.listen_only,
        )
        self._card = card
        self._history: HistorySink | None = None
        self._started_ms = started_ms

    def note_rows(self, fleet: Fleet, rows: Sequence[Readings], now_s: float) -> None:
        """Note rows that were just received."""
        by_device: dict[str, list[Readings]] = {}
        for run in rows:
            by_device.setdefault(run.source.device, []).append(run)
        for vehicle in fleet.vehicles.values():
            own = None if vehicle.device is None else by_device.get(vehicle.device)
            if own is not None:
                self._flights.note_rows(self._now_of(vehicle), own, now_s, self._least_ms)

    def note_other_transfer(self, now_s: float) -> None:
        """Note that a ground station reads a card over this link."""
        self._healing.note_other_transfer(now_s)

    def step(self, fleet: Fleet, sink: Sink, now_s: float, now_ms: int) -> Sends:
        """Do what is due a few times a second; return what to send."""
        healing = self._healing
        if self._history is None:
            self._history = self._card.history()
        frames, fleet.card_frames = fleet.card_frames, []
        for key, frame in frames:
            healing.take(key, frame, now_s)
        present: dict[str, CardVehicle] = {}
        for key, vehicle in fleet.vehicles.items():
            device = vehicle.device
            is_there = now_ms - vehicle.received_ms <= _PRESENT_MS and key[1] != _EVERYBODY
            if device is not None and is_there and vehicle.is_vehicle and not vehicle.is_high_latency:
                present[device] = CardVehicle(key, vehicle.is_armed)
                self._flights.note_rows(self._now_of(vehicle), (), now_s, self._least_ms)
        sends = healing.step(present, self._history, now_s)
        self._flights.step(sink, now_s, now_ms)
        for key, channels in healing.take_channels():
            if key in fleet.vehicles:
                deliver(fleet.vehicles[key].add_channels(channels), sink)
        return sends

    def close(self) -> None:
        """Write everything to the disk; the source stops."""
        self._healing.close()
        self._flights.close()

    def counters(self) -> Counter[str]:
        """Return what was read from cards, by name."""
        return self._healing.counters()

    def flights(self) -> list[Flight]:
        """Return the flights that are remembered."""
        return self._flights.all()

    def _now_of(self, vehicle: Vehicle) -> VehicleNow:
        run = f"{self._started_ms}.{vehicle.session}"
        return VehicleNow(vehicle.device or "", vehicle.is_armed, vehicle.utc_offset_ms, vehicle.clock, run)
