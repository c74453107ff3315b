"""Faults of a simulation: each changes the world now and plans its own end."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from station.simulation.agenda import Agenda
from station.simulation.machines.broker import Broker
from station.simulation.machines.disk import Trouble
from station.simulation.machines.gateway import CHECK_FILE, SPOOL_FILE, Gateway
from station.simulation.machines.receiver import Receiver


class World(Protocol):
    """What a fault may change."""

    agenda: Agenda
    rng: random.Random
    broker: Broker
    receiver: Receiver
    gateways: list[Gateway]

    def add_gateway(self, name: str) -> Gateway:
        """Add a gateway's machine, switched off."""
        ...


Fault = Callable[[World], None]

#: The most machines of one world, copies included.
_MOST_MACHINES: Final = 6


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
    world.agenda.after(_duration_s(world), line.speak)


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


def _connect(gateway: Gateway) -> None:
    gateway.line.is_up = True


def _copy_card(world: World) -> None:
    """Run a copy of a gateway's card on another machine: while the first one runs, or in its place for a time."""
    first = _gateway(world)
    if len(world.gateways) >= _MOST_MACHINES:
        return
    second = world.add_gateway(first.name)
    second.epoch, second.records = first.epoch, dict(first.records)
    if world.rng.random() < 0.5:
        second.disk.adopt(first.disk)  # an image
    else:
        second.disk.write(first.disk.read())
    # An image has the machine's id; a clone of a virtual machine has everything.
    second.facts = world.rng.choice(
        ({**second.facts, "machine_id": first.facts.get("machine_id", [])}, first.facts, {})
    )
    first.note(f"is copied to machine {second.index}")
    if world.rng.random() < 0.5:  # both run, and take the session from each other; not for long
        start_s = _duration_s(world)
        world.agenda.after(start_s, second.start)
        world.agenda.after(start_s + world.rng.uniform(10.0, 600.0), first.kill)
        return
    second.line.is_up = world.rng.random() < 0.5
    second.start()
    world.agenda.after(_duration_s(world), first.kill)
    world.agenda.after(3700.0, _connect, second)
    if world.rng.random() < 0.3:  # the first one returns
        world.agenda.after(7200.0, second.kill)
        world.agenda.after(7300.0, first.start)


def _restore_spool(world: World) -> None:
    """Copy a gateway's folder now, and put the copy back later."""
    gateway = _gateway(world)
    gateway.take_copy()
    world.agenda.after(world.rng.uniform(0.0, 6.0) * gateway.interval_s, _put_back, world, gateway)


def _put_back(world: World, gateway: Gateway) -> None:
    files = gateway.copy
    if files is None:
        return
    gateway.kill()
    gateway.note("gets its folder of before")
    now = gateway.disk.read()
    if world.rng.random() < 0.3 and CHECK_FILE in now:  # only what is known as the spool
        files = {**files, CHECK_FILE: now[CHECK_FILE]}
    gateway.tamper(lambda: gateway.disk.write(files))
    start_s = _duration_s(world)
    world.agenda.after(start_s, gateway.start)
    if world.rng.random() < 0.7:  # it gathers perhaps more than it had before, and meets the commit ack only then
        gateway.line.is_up = False
        world.agenda.after(start_s + gateway.interval_s * world.rng.uniform(1.0, 12.0), _connect, gateway)


def _harm(world: World, harm: Callable[[Gateway], object]) -> None:
    """Harm a file of a gateway that is down, while it has records that wait."""
    gateway = _gateway(world)
    gateway.line.is_up = False
    gateway.line.cut()

    def act() -> None:
        gateway.line.is_up = True
        gateway.kill()
        gateway.tamper(lambda: harm(gateway))
        gateway.note("has a harmed file")
        world.agenda.after(_duration_s(world), gateway.start)

    world.agenda.after(gateway.interval_s * world.rng.uniform(1.0, 12.0), act)


def _flip_log(world: World) -> None:
    _harm(world, lambda gateway: gateway.disk.flip_bit(f"{SPOOL_FILE}-wal"))


def _shorten_log(world: World) -> None:
    _harm(world, lambda gateway: gateway.disk.shorten(f"{SPOOL_FILE}-wal"))


def _delete_log(world: World) -> None:
    _harm(world, lambda gateway: gateway.disk.delete(f"{SPOOL_FILE}-wal"))


def _flip_spool(world: World) -> None:
    _harm(world, lambda gateway: gateway.disk.flip_bit(SPOOL_FILE))


def _delete_spool(world: World) -> None:
    _harm(world, lambda gateway: gateway.disk.delete(SPOOL_FILE, f"{SPOOL_FILE}-wal"))


def _lying_disk(world: World) -> None:
    gateway = _gateway(world)
    gateway.disk.begin_to_lie()

    def cut() -> None:
        gateway.kill(with_power=True)
        world.agenda.after(_duration_s(world), gateway.start)

    world.agenda.after(gateway.interval_s * world.rng.uniform(0.0, 6.0) + 1.0, cut)


def _trouble_disk(trouble: Trouble) -> Fault:
    def begin(world: World) -> None:
        gateway = _gateway(world)
        gateway.disk.trouble = trouble

        def end() -> None:
            gateway.disk.trouble = ""

        world.agenda.after(_duration_s(world), end)
        if world.rng.random() < 0.2:
            world.agenda.after(_duration_s(world), gateway.kill)
            world.agenda.after(3700.0, gateway.start)

    return begin


def _step_clock(world: World) -> None:
    clock = world.rng.choice([world.receiver.clock, *(gateway.clock for gateway in world.gateways)])
    step_ms = world.rng.choice((100, 1000, 3_600_000, 86_400_000)) * world.rng.choice((-1, 1))
    clock.set_to(world.rng.choice((0, 4_102_444_800_000, clock.now_ms() + step_ms, clock.now_ms() + step_ms)))
    world.agenda.after(_duration_s(world), clock.correct)


def _restore_store(world: World) -> None:
    """Replace the store by an older state of itself, or by an empty one."""
    receiver = world.receiver
    writes = world.rng.choice((0, receiver.store.writes // 2, max(0, receiver.store.writes - world.rng.randint(1, 50))))
    receiver.kill()
    world.agenda.note("ingest", f"gets its store of {writes} writes")
    receiver.store = receiver.store.older(writes)
    world.agenda.after(_duration_s(world), receiver.start)


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
    "restore-store": _restore_store,
    "step-clock": _step_clock,
    "full-disk": _trouble_disk("full"),
    "write-errors": _trouble_disk("write error"),
    "disk-errors": _trouble_disk("error"),
    "lying-disk": _lying_disk,
    "copy-card": _copy_card,
    "restore-spool": _restore_spool,
    "flip-log": _flip_log,
    "shorten-log": _shorten_log,
    "delete-log": _delete_log,
    "flip-spool": _flip_spool,
    "delete-spool": _delete_spool,
}
