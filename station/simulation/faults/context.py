"""Context of a fault: the machines that it may change, and the chance that chooses."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol

from station.simulation.agenda import Agenda
from station.simulation.machines.broker import Broker
from station.simulation.machines.gateway import SimulatedGateway
from station.simulation.machines.receiver import StationMachine
from station.simulation.truth import GatewayTruth


class World(Protocol):
    """What a fault may change."""

    agenda: Agenda
    rng: random.Random
    broker: Broker
    receiver: StationMachine
    gateways: list[SimulatedGateway]
    truths: dict[str, GatewayTruth]

    def add_gateway(self, origin: str) -> SimulatedGateway:
        """Add a machine of the gateway that was called `origin` at first, switched off."""
        ...


Fault = Callable[[World], None]


def a_gateway(world: World) -> SimulatedGateway:
    """Return one of the gateways, one that runs where there is one."""
    running = [gateway for gateway in world.gateways if gateway.process is not None]
    return world.rng.choice(running or world.gateways)


def duration_s(world: World, most_s: float = 3600.0) -> float:
    """Return a duration: most are short, some long."""
    return float(min(most_s, world.rng.choice((1.0, 10.0, 60.0, 600.0, most_s)) * world.rng.uniform(0.2, 1.0)))
