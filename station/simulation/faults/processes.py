"""Faults of processes: gateways, broker, ingest and store are killed, frozen or replaced."""

from __future__ import annotations

from station.simulation.faults.context import World, a_gateway, duration_s


def kill_gateway(world: World) -> None:
    """Kill a gateway's daemon."""
    gateway = a_gateway(world)
    gateway.kill()
    world.agenda.after(duration_s(world), gateway.start)


def kill_gateway_in_append(world: World) -> None:
    """Kill a gateway's daemon within an append."""
    gateway = a_gateway(world)
    gateway.dies_in_append = False
    world.agenda.after(gateway.interval_s * 2 + duration_s(world), gateway.start)


def kill_gateway_in_turn(world: World) -> None:
    """Kill a gateway's daemon while its uplink works."""
    gateway = a_gateway(world)
    gateway.dies_in_turn = False
    world.agenda.after(gateway.interval_s * 2 + duration_s(world), gateway.start)


def cut_power(world: World) -> None:
    """Cut a gateway's power."""
    gateway = a_gateway(world)
    gateway.kill(with_power=True)
    world.agenda.after(duration_s(world), gateway.start)


def cut_power_in_append(world: World) -> None:
    """Cut a gateway's power within an append."""
    gateway = a_gateway(world)
    gateway.dies_in_append = True
    world.agenda.after(gateway.interval_s * 2 + duration_s(world), gateway.start)


def freeze_gateway(world: World) -> None:
    """Suspend a gateway's daemon."""
    a_gateway(world).freeze(duration_s(world))


def kill_broker(world: World) -> None:
    """Kill the broker: it loses what it has not saved."""
    world.agenda.note("broker", "is killed")
    world.broker.kill()
    world.agenda.after(duration_s(world), world.broker.start)


def stop_broker(world: World) -> None:
    """Stop the broker in order."""
    world.agenda.note("broker", "stops")
    world.broker.stop()
    world.agenda.after(duration_s(world), world.broker.start)


def forget_broker(world: World) -> None:
    """Kill the broker and delete its state."""
    world.agenda.note("broker", "is killed and loses its state")
    world.broker.kill()
    world.agenda.after(duration_s(world), lambda: world.broker.start(with_state=False))


def repeat_messages(world: World) -> None:
    """Let the broker deliver messages twice."""
    world.broker.repeats += world.rng.randint(1, 50)


def kill_ingest(world: World) -> None:
    """Kill ingest."""
    world.receiver.kill()
    world.agenda.after(duration_s(world), world.receiver.start)


def kill_ingest_before_commit(world: World) -> None:
    """Kill ingest before the store has its next transaction."""
    world.receiver.store.fault = "killed before storing"


def kill_ingest_after_commit(world: World) -> None:
    """Kill ingest after the store has its next transaction."""
    world.receiver.store.fault = "killed after storing"


def freeze_ingest(world: World) -> None:
    """Suspend ingest."""
    world.receiver.frozen_until_s = world.agenda.now_s + duration_s(world)


def fail_store(world: World) -> None:
    """Let the store refuse, before or after it has stored."""
    store = world.receiver.store
    store.fault = world.rng.choice(("refuses", "refuses after storing"))

    def end() -> None:
        store.fault = ""

    world.agenda.after(duration_s(world), end)


def step_clock(world: World) -> None:
    """Step the clock of a machine, for a time."""
    clock = world.rng.choice([world.receiver.clock, *(gateway.clock for gateway in world.gateways)])
    step_ms = world.rng.choice((100, 1000, 3_600_000, 86_400_000)) * world.rng.choice((-1, 1))
    clock.set_to(world.rng.choice((0, 4_102_444_800_000, clock.now_ms() + step_ms, clock.now_ms() + step_ms)))
    world.agenda.after(duration_s(world), clock.correct)


def restore_store(world: World) -> None:
    """Replace the store by an older state of itself, or by an empty one."""
    receiver = world.receiver
    writes = receiver.store.writes()
    count = world.rng.choice((0, len(writes) // 2, max(0, len(writes) - world.rng.randint(1, 50))))
    receiver.remember_said(world.truths)
    receiver.kill()
    world.agenda.note("ingest", f"gets its store of {count} writes")
    receiver.replace_store(writes[:count], world.truths)
    world.agenda.after(duration_s(world), receiver.start)
