"""Faults of lines: cut, silent, slow and flapping connections."""

from __future__ import annotations

from station.simulation.faults.context import World, a_gateway, duration_s


def cut_link(world: World) -> None:
    """Reset a gateway's connection."""
    gateway = a_gateway(world)
    gateway.note("line is cut")
    gateway.line.cut()


def take_link_down(world: World) -> None:
    """Take a gateway's line down for a time."""
    line = a_gateway(world).line
    line.is_up = False
    line.cut()

    def end() -> None:
        line.is_up = True

    world.agenda.after(duration_s(world, 4 * 3600.0), end)


def silence_link(world: World) -> None:
    """Let a line pass nothing for a time, without a word."""
    line = world.rng.choice([world.receiver.line, *(gateway.line for gateway in world.gateways)])
    line.silence()
    world.agenda.after(duration_s(world), line.speak)


def flap_link(world: World) -> None:
    """Reset a gateway's connection again and again."""
    line = a_gateway(world).line
    for number in range(world.rng.randint(5, 40)):
        world.agenda.after(number * world.rng.uniform(0.3, 3.0), line.cut)


def slow_link(world: World) -> None:
    """Delay a line's packets by seconds."""
    line = world.rng.choice([world.receiver.line, *(gateway.line for gateway in world.gateways)])
    before = line.least_s, line.most_s
    line.least_s, line.most_s = 0.5, world.rng.uniform(1.0, 20.0)

    def end() -> None:
        line.least_s, line.most_s = before

    world.agenda.after(duration_s(world), end)


def cut_ingest_link(world: World) -> None:
    """Reset the connection of ingest."""
    world.agenda.note("ingest", "line is cut")
    world.receiver.line.cut()
