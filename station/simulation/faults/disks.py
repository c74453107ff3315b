"""Faults of disks: copied, restored, harmed, full and lying ones, and a gateway with another id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from station.simulation.faults.context import Fault, World, a_gateway, duration_s
from station.simulation.machines.disk import Trouble
from station.simulation.machines.gateway import SimulatedGateway
from station.simulation.machines.gateway_process import CHECK_FILE, SPOOL_FILE
from station.simulation.machines.numbers import device_of

#: The most machines of one world, copies included.
_MOST_MACHINES: Final = 6


def _connect(gateway: SimulatedGateway) -> None:
    gateway.line.is_up = True


def copy_card(world: World) -> None:
    """Run a copy of a gateway's card on another machine: while the first one runs, or in its place for a time."""
    first = a_gateway(world)
    if len(world.gateways) >= _MOST_MACHINES:
        return
    second = world.add_gateway(first.origin)
    second.name = first.name
    second.epoch, second.records = first.epoch, dict(first.records)
    second.memory = {epoch: dict(records) for epoch, records in first.memory.items()}
    if world.rng.random() < 0.5:
        second.disk.adopt(first.disk)  # an image
    else:
        second.disk.write(first.disk.read())
    second.disk.sync_all()
    # An image has the machine's id; a clone of a virtual machine has everything.
    second.facts = world.rng.choice(
        ({**second.facts, "machine_id": first.facts.get("machine_id", [])}, first.facts, {})
    )
    first.note(f"is copied to machine {second.index}")
    if world.rng.random() < 0.5:  # both run, and take the session from each other; not for long
        start_s = duration_s(world)
        world.agenda.after(start_s, second.start)
        world.agenda.after(start_s + world.rng.uniform(10.0, 600.0), first.kill)
        return
    second.line.is_up = world.rng.random() < 0.5
    second.start()
    world.agenda.after(duration_s(world), first.kill)
    world.agenda.after(3700.0, _connect, second)
    if world.rng.random() < 0.3:  # the first one returns
        world.agenda.after(7200.0, second.kill)
        world.agenda.after(7300.0, first.start)


def restore_spool(world: World) -> None:
    """Copy a gateway's folder now, and put the copy back later."""
    gateway = a_gateway(world)
    gateway.take_copy()
    world.agenda.after(world.rng.uniform(0.0, 6.0) * gateway.interval_s, _put_back, world, gateway)


def _put_back(world: World, gateway: SimulatedGateway) -> None:
    files = gateway.copy
    if files is None:
        return
    gateway.kill()
    gateway.note("gets its folder of before")
    now = gateway.disk.read()
    if world.rng.random() < 0.3 and CHECK_FILE in now:  # only what is known as the spool
        files = {**files, CHECK_FILE: now[CHECK_FILE]}
    gateway.tamper(lambda: gateway.disk.write(files))
    gateway.disk.sync_all()
    start_s = duration_s(world)
    world.agenda.after(start_s, gateway.start)
    if world.rng.random() < 0.7:  # it gathers perhaps more than it had before, and meets the commit ack only then
        gateway.line.is_up = False
        world.agenda.after(start_s + gateway.interval_s * world.rng.uniform(1.0, 12.0), _connect, gateway)


def _harm(world: World, harm: Callable[[SimulatedGateway], object]) -> None:
    """Harm a file of a gateway that is down, while it has records that wait."""
    gateway = a_gateway(world)
    gateway.line.is_up = False
    gateway.line.cut()

    def act() -> None:
        gateway.line.is_up = True
        gateway.kill()
        gateway.tamper(lambda: harm(gateway))
        gateway.note("has a harmed file")
        world.agenda.after(duration_s(world), gateway.start)

    world.agenda.after(gateway.interval_s * world.rng.uniform(1.0, 12.0), act)


def flip_log(world: World) -> None:
    """Flip a bit of a spool's log."""
    _harm(world, lambda gateway: gateway.disk.flip_bit(f"{SPOOL_FILE}-wal"))


def shorten_log(world: World) -> None:
    """Cut a spool's log at a random place."""
    _harm(world, lambda gateway: gateway.disk.shorten(f"{SPOOL_FILE}-wal"))


def delete_log(world: World) -> None:
    """Delete a spool's log."""
    _harm(world, lambda gateway: gateway.disk.delete(f"{SPOOL_FILE}-wal"))


def flip_spool(world: World) -> None:
    """Flip a bit of a spool's file."""
    _harm(world, lambda gateway: gateway.disk.flip_bit(SPOOL_FILE))


def delete_spool(world: World) -> None:
    """Delete a spool's file and its log."""
    _harm(world, lambda gateway: gateway.disk.delete(SPOOL_FILE, f"{SPOOL_FILE}-wal"))


def delete_spool_in_use(world: World) -> None:
    """Delete files of a running gateway; it may be killed before it notices."""
    gateway = a_gateway(world)
    names = world.rng.choice(
        ((SPOOL_FILE, f"{SPOOL_FILE}-wal"), (SPOOL_FILE, f"{SPOOL_FILE}-wal", CHECK_FILE), (CHECK_FILE,))
    )
    gateway.note("has its files deleted")
    if gateway.process is None:
        gateway.tamper(lambda: gateway.disk.delete(*names))
        return
    gateway.disk.delete(*names)
    if world.rng.random() < 0.3:
        world.agenda.after(gateway.interval_s * world.rng.random(), gateway.kill)
        world.agenda.after(gateway.interval_s + duration_s(world), gateway.start)


def rename_gateway(world: World) -> None:
    """Give a gateway another id, with what waits in its spool; an administrator may move its device."""
    gateway = a_gateway(world)
    gateway.kill()
    gateway.rename(f"{gateway.origin}-{world.rng.randrange(1000)}")
    world.agenda.after(duration_s(world), gateway.start)
    if world.rng.random() < 0.8:
        device = device_of(gateway.origin)
        world.agenda.after(duration_s(world) + 600.0, world.receiver.move_device, device, gateway.name)


def lying_disk(world: World) -> None:
    """Let a disk lie about what it has written, then cut its power."""
    gateway = a_gateway(world)
    gateway.disk.begin_to_lie()

    def cut() -> None:
        gateway.kill(with_power=True)
        world.agenda.after(duration_s(world), gateway.start)

    world.agenda.after(gateway.interval_s * world.rng.uniform(0.0, 6.0) + 1.0, cut)


def cut_power_with_backlog(world: World) -> None:
    """Cut a gateway's power while records wait that it could not send."""
    gateway = a_gateway(world)
    gateway.line.is_up = False
    gateway.line.cut()

    def act() -> None:
        gateway.line.is_up = True
        gateway.kill(with_power=True)
        world.agenda.after(duration_s(world), gateway.start)

    world.agenda.after(gateway.interval_s * world.rng.uniform(1.0, 12.0), act)


def trouble_disk(trouble: Trouble) -> Fault:
    """Return the fault of a disk that is full or broken for a time."""

    def begin(world: World) -> None:
        gateway = a_gateway(world)
        gateway.disk.trouble = trouble

        def end() -> None:
            gateway.disk.trouble = ""

        world.agenda.after(duration_s(world), end)
        if world.rng.random() < 0.2:
            world.agenda.after(duration_s(world), gateway.kill)
            world.agenda.after(3700.0, gateway.start)

    return begin
