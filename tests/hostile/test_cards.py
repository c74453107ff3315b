"""A real MAVLink source whose vehicles' cards lie in every answer, in thousands of answers, beside one that does not.

The link's clock runs faster than the machine's: the waits of the protocols between attempts would be hours.
"""

from __future__ import annotations

import gc
import random
import select
import threading
import time
import tracemalloc
from collections import Counter
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Final

import pytest

from edge.imports.card.formats import log_formats
from edge.sources.mavlink import source as source_module
from edge.sources.mavlink.card.flight import Flight
from edge.sources.mavlink.card.span_reader import CardParts
from edge.sources.mavlink.settings import CardProtocol, HealSettings, MavlinkSettings
from edge.sources.mavlink.source import MavlinkSource
from tests.edge.imports.card.conftest import Landed, landed
from tests.edge.imports.card.healed_flight import Store
from tests.hostile.cards import HONEST, MANNERS, CardVehicle, Manner
from tests.hostile.mutations import count

__all__ = ["landed"]

MOST_GROWTH_BYTES: Final = 20_000_000
#: Seconds of the link's clock in one of the machine's.
_FASTER: Final = 20.0
#: Vehicles at a time; only one card is read at a time, and the others wait for their turn.
_AT_ONCE: Final = 6
#: What a card may leave on the gateway's disk while it is read.
_MOST_MB: Final = 1
#: A vehicle is replaced by another after so long: its four attempts are over.
_MOST_S: Final = 700.0


class Link:
    """The source on its thread, and the vehicles that come and go."""

    def __init__(
        self, port: int, folder: Path, landed: Landed, protocol: CardProtocol, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.place = ("127.0.0.1", port)
        self._began_s = time.monotonic()
        monkeypatch.setattr(source_module, "time", SimpleNamespace(monotonic=self.now_s))
        heal = HealSettings(least_gap_s=4.0, max_mb=_MOST_MB, protocol=protocol)
        settings = MavlinkSettings(name="link", url=f"udpin:127.0.0.1:{port}", heal=heal)
        self.live, self.history = Store(), Store()
        self.ended: list[BaseException] = []
        self.folder = folder
        self.source = MavlinkSource(
            settings, "gw-1", "home", card=CardParts(folder, log_formats(settings), lambda: self.history)
        )
        self._gap = landed.flight.gateway.healing.flights()[-1].gaps[0]
        self._log = landed.log
        self._dice = random.Random(17)
        self.added = 0
        self.vehicles: list[CardVehicle] = []
        self.served: Counter[str] = Counter()
        self.mutations: Counter[str] = Counter()
        self.most_disk_bytes = 0
        self._thread = threading.Thread(target=self._run, name="link")
        self._thread.start()

    def now_s(self) -> float:
        return (time.monotonic() - self._began_s) * _FASTER

    def add(self, manner: Manner) -> CardVehicle:
        self.added += 1
        system = 1 + self.added % 249  # one that was long gone has its place again, and is another by its uid
        vehicle = CardVehicle(system, self.added, manner, self._log, self._gap, self._dice, self.now_s())
        self.vehicles.append(vehicle)
        return vehicle

    def attack(self, total: int) -> None:
        """Let lying cards come and go until so many mutations were sent in all; then all are gone."""
        while self.mutated < total and not self.ended:
            while len(self.vehicles) < _AT_ONCE:
                self.add(MANNERS[self.added % len(MANNERS)])
            self.step()
            for vehicle in list(self.vehicles):
                if self.is_done(vehicle) or self.now_s() - vehicle.began_s > _MOST_S:
                    self.drop(vehicle)
        for vehicle in list(self.vehicles):
            self.drop(vehicle)

    @property
    def mutated(self) -> int:
        return sum(self.mutations.values()) + sum(sum(each.mutations.values()) for each in self.vehicles)

    def step(self) -> None:
        for vehicle in self.vehicles:
            vehicle.tell(self.now_s(), self.place)
            vehicle.answer(self.place)
        self.live.events.clear()
        self.live.samples.clear()
        self.history.samples.clear()
        with suppress(FileNotFoundError):  # a log that is done goes while this looks
            parts = [path.stat().st_blocks * 512 for path in self.folder.glob("*.part")]
            self.most_disk_bytes = max([self.most_disk_bytes, *parts])
        select.select([vehicle.socket for vehicle in self.vehicles], [], [], 0.005)  # until one is asked something

    def drop(self, vehicle: CardVehicle) -> None:
        self.vehicles.remove(vehicle)
        self.served += vehicle.served
        self.mutations += vehicle.mutations
        vehicle.close()

    def is_done(self, vehicle: CardVehicle) -> bool:
        own = [flight for flight in self.flights() if flight.device == vehicle.device]
        return bool(own) and own[-1].end_ms is not None and bool(own[-1].gaps) and not own[-1].is_open

    def flights(self) -> list[Flight]:
        healing = self.source._healing
        assert healing is not None
        return healing.flights()

    def close(self) -> None:
        for vehicle in list(self.vehicles):
            self.drop(vehicle)
        self.source.stop()
        self._thread.join(60)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self.source.run(self.live)
        except BaseException as error:
            self.ended.append(error)
            raise


def traced_bytes() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


@pytest.mark.parametrize("protocol", ["log", "ftp"])
@pytest.mark.long
@pytest.mark.sockets
def test_no_lying_card_ends_the_link_fills_it_or_keeps_an_honest_one_from_being_read(
    free_port: int, tmp_path: Path, landed: Landed, protocol: CardProtocol, monkeypatch: pytest.MonkeyPatch
) -> None:
    total, link = count(0.1, 1500), Link(free_port, tmp_path / "cards", landed, protocol, monkeypatch)
    tracemalloc.start()
    try:
        link.attack(total // 4)
        warm_bytes = traced_bytes()
        link.attack(total)
        grown_bytes = traced_bytes() - warm_bytes
        honest = link.add(HONEST)
        for _ in range(20_000):
            link.step()
            if link.is_done(honest) or link.ended:
                break
        assert link.ended == []
        counters = link.source.counters()
        (flight,) = [each for each in link.flights() if each.device == honest.device]
    finally:
        tracemalloc.stop()
        link.close()
    card = {name: number for name, number in counters.items() if name.startswith("card_")}
    print(
        f"\ncards by {protocol}: {link.mutated} mutations {dict(link.mutations)}, sent {dict(link.served)}, {card},"
        f" {link.added} vehicles, {grown_bytes / 1e6:.1f} MB more, {link.most_disk_bytes / 1e6:.1f} MB on disk at most"
    )
    assert link.ended == []
    assert counters.get("peer_failures", 0) == counters.get("vehicle_failures", 0) == 0
    assert card.get("card_unrequested", 0) < link.mutated / 2
    assert [(gap.state, gap.reason) for gap in flight.gaps] == [("healed", "")]
    assert grown_bytes <= MOST_GROWTH_BYTES
    assert link.most_disk_bytes <= 4 * _MOST_MB * 1_000_000
