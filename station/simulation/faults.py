"""Faults of a simulation: each changes the world now and plans its own end."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from station.simulation.agenda import Agenda
from station.simulation.machines.broker import Broker
from station.simulation.machines.gateway import Gateway
from station.simulation.machines.receiver import Receiver


class World(Protocol):
    """What a fault may change."""

    agenda: Agenda
    rng: random.Random
    broker: Broker
    receiver: Receiver
    gateways: list[Gateway]


Fault = Callable[[World], None]


def _gateway(world: World) -> Gateway:
    running = [gateway for gateway in world.gateways if gateway.process is not None]
    return world.rng.choice(running or world.gateways)


def _duration_s(world: World, most_s: float = 3600.0) -> float:
    """Return a duration: most are short, some long."""
    return float(min(most_s, world.rng.choice((1.0, 10.0, 60.0, 600.0, most_s)) * world.rng.uniform(0.2, 1.0)))


def _kill_gateway(world: World) -> None:
    gateway = _gateway(world)
    gateway.kill()
    world.agenda.after(_duration_s(world), gateway.start)


def _kill_gateway_in_append(world: World) -> None:
    gateway = _gateway(world)
    gateway.dies_in_append = False
    world.agenda.after(gateway.interval_s * 2 + _duration_s(world), gateway.start)


def _kill_gateway_in_turn(world: World) -> None:
    gateway = _gateway(world)
    gateway.dies_in_turn = False
    world.agenda.after(gateway.interval_s * 2 + _duration_s(world), gateway.start)


def _cut_power(world: World) -> None:
    gateway = _gateway(world)
    gateway.kill(with_power=True)
    world.agenda.after(_duration_s(world), gateway.start)


def _cut_power_in_append(world: World) -> None:
    gateway = _gateway(world)
    gateway.dies_in_append = True
    world.agenda.after(gateway.interval_s * 2 + _duration_s(world), gateway.start)


def _freeze_gateway(world: World) -> None:
    _gateway(world).freeze(_duration_s(world))


def _cut_link(world: World) -> None:
    gateway = _gateway(world)
    gateway.note("line is cut")
    gateway.line.cut()


def _take_link_down(world: World) -> None:
    line = _gateway(world).line
    line.is_up = False
    line.cut()

    def end() -> None:
        line.is_up = True

    world.agenda.after(_duration_s(world, 4 * 3600.0), end)


def _silence_link(world: World) -> None:
    line = world.rng.choice([world.receiver.line, *(gateway.line for gateway in world.gateways)])
    line.silence()

    def end() -> None:
        line.is_silent = False

    world.agenda.after(_duration_s(world), end)


def _flap_link(world: World) -> None:
    line = _gateway(world).line
    for number in range(world.rng.randint(5, 40)):
        world.agenda.after(number * world.rng.uniform(0.3, 3.0), line.cut)


def _slow_link(world: World) -> None:
    line = world.rng.choice([world.receiver.line, *(gateway.line for gateway in world.gateways)])
    before = line.least_s, line.most_s
    line.least_s, line.most_s = 0.5, world.rng.uniform(1.0, 20.0)

    def end() -> None:
        line.least_s, line.most_s = before

    world.agenda.after(_duration_s(world), end)


def _cut_ingest_link(world: World) -> None:
    world.agenda.note("ingest", "line is cut")
    world.receiver.line.cut()


def _kill_broker(world: World) -> None:
    world.agenda.note("broker", "is killed")
    world.broker.kill()
    world.agenda.after(_duration_s(world), world.broker.start)


def _stop_broker(world: World) -> None:
    world.agenda.note("broker", "stops")
    world.broker.stop()
    world.agenda.after(_duration_s(world), world.broker.start)


def _forget_broker(world: World) -> None:
    world.agenda.note("broker", "is killed and loses its state")
    world.broker.kill()
    world.agenda.after(_duration_s(world), lambda: world.broker.start(with_state=False))


def _repeat_messages(world: World) -> None:
    world.broker.repeats += world.rng.randint(1, 50)


def _kill_ingest(world: World) -> None:
    world.receiver.kill()
    world.agenda.after(_duration_s(world), world.receiver.start)


def _kill_ingest_before_commit(world: World) -> None:
    world.receiver.store.fault = "killed before storing"


def _kill_ingest_after_commit(world: World) -> None:
    world.receiver.store.fault = "killed after storing"


def _freeze_ingest(world: World) -> None:
    world.receiver.frozen_until_s = world.agenda.now_s + _duration_s(world)


def _fail_store(world: World) -> None:
    store = world.receiver.store
    store.fault = world.rng.choice(("refuses", "refuses after storing"))

    def end() -> None:
        store.fault = ""

    world.agenda.after(_duration_s(world), end)


#: The faults by name.
FAULTS: Final[Mapping[str, Fault]] = {
    "kill-gateway": _kill_gateway,
    "kill-gateway-in-append": _kill_gateway_in_append,
    "kill-gateway-in-turn": _kill_gateway_in_turn,
    "cut-power": _cut_power,
    "cut-power-in-append": _cut_power_in_append,
    "freeze-gateway": _freeze_gateway,
    "cut-link": _cut_link,
    "take-link-down": _take_link_down,
    "silence-link": _silence_link,
    "flap-link": _flap_link,
    "slow-link": _slow_link,
    "cut-ingest-link": _cut_ingest_link,
    "kill-broker": _kill_broker,
    "stop-broker": _stop_broker,
    "forget-broker": _forget_broker,
    "repeat-messages": _repeat_messages,
    "kill-ingest": _kill_ingest,
    "kill-ingest-before-commit": _kill_ingest_before_commit,
    "kill-ingest-after-commit": _kill_ingest_after_commit,
    "freeze-ingest": _freeze_ingest,
    "fail-store": _fail_store,
}
