"""One simulated flight over a cut link, healed after landing: flown once, and played again by tests of the healing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from firmware_sim.drone.simulator import Drone, DroneSettings
from tests.edge.imports.card.healed_flight import Flight, Gateway, Heard, Store, hear
from tests.edge.sources.mavlink.test_simulated import START_MS

CUT_S = 9


@dataclass
class Landed:
    """The flight, what came by link and from the card, and what the gateway noted, and wrote, up to landing."""

    flight: Flight
    live: Store
    history: Store
    folder: Path
    heard: list[Heard]
    state: bytes
    log: bytes


@pytest.fixture(scope="session")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Landed:
    """A flight of which the link missed nine seconds, landed and healed."""
    folder = tmp_path_factory.mktemp("card")
    live, history = Store(), Store()
    flight = Flight(Drone(DroneSettings(), START_MS), Gateway(folder, live, history))
    heard = hear(flight.gateway)
    flight.identify()
    flight.run(25)
    flight.is_cut = True
    flight.run(CUT_S)
    flight.is_cut = False
    flight.run(5)
    flight.land()
    flight.run(60, until=lambda: bool(live.coverages()))
    noted = list(heard)
    flight.run(1.5)
    state = (folder / "flights.json").read_bytes()
    flight.run(60, until=lambda: live.coverages()[-1]["state"] != "open")
    log = flight.drone.recorder.logs[-1]
    return Landed(flight, live, history, folder, noted, state, log.read(0, log.size_bytes))
