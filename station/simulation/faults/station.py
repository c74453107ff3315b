"""Faults of the station's folder and clock: lost and restored books, refusals of the store, steps of the clock."""

from __future__ import annotations

from typing import Final

from headland.units_of_time import DAY_MS, HOUR_MS
from station.simulation.faults.context import World, duration_s

_QUARANTINE: Final = "quarantine.sqlite"
#: Steps of the station's clock, each both ways.
_STEPS_MS: Final = (HOUR_MS, 6 * HOUR_MS, DAY_MS, 365 * DAY_MS, 3650 * DAY_MS)


def lose_quarantine(world: World) -> None:
    """Delete, cut or damage the file of ingest while it is down."""
    receiver = world.receiver
    receiver.remember_said(world.truths)
    for truth in world.truths.values():
        truth.taken |= receiver.quarantined_numbers(truth)
    receiver.kill()
    how = world.rng.choice(("delete", "shorten", "flip"))
    world.agenda.note("ingest", f"has its quarantine harmed: {how}")
    receiver.has_lost_book = True
    receiver.note_lost_book("quarantine", world.truths)
    if how == "delete":
        receiver.disk.delete(_QUARANTINE, f"{_QUARANTINE}-wal", f"{_QUARANTINE}-shm")
    elif how == "shorten":
        receiver.disk.shorten(_QUARANTINE)
    else:
        receiver.disk.flip_bit(_QUARANTINE)
    world.agenda.after(duration_s(world), receiver.start)


def lose_registry(world: World) -> None:
    """Delete the marks that are recorded beside the store, while ingest is down."""
    receiver = world.receiver
    receiver.kill()
    world.agenda.note("ingest", "loses the recorded marks")
    receiver.recorded.clear()
    receiver.note_lost_book("registry", world.truths)
    world.agenda.after(duration_s(world), receiver.start)


def restore_station(world: World) -> None:
    """Copy the station's whole folder now, and put the copy back later: store, file of ingest and recorded marks."""
    receiver = world.receiver
    if receiver.process is None or not receiver.is_quiet():
        return
    writes, recorded = receiver.store.writes(), dict(receiver.recorded)
    files = receiver.disk.read()

    def put_back() -> None:
        receiver.remember_said(world.truths)
        receiver.kill()
        world.agenda.note("ingest", f"gets its whole folder of {len(writes)} writes")
        receiver.restore_folder(writes, files, recorded, world.truths)
        world.agenda.after(duration_s(world), receiver.start)

    world.agenda.after(world.rng.uniform(600.0, 6 * 3600.0), put_back)


def refuse_old(world: World) -> None:
    """Let the store refuse samples that are older than an hour, for a time, as a server with a retention does."""
    store = world.receiver.store
    store.refuses_before_ms = world.receiver.true_ms() - HOUR_MS

    def end() -> None:
        store = world.receiver.store
        store.refuses_before_ms = None

    world.agenda.after(3 * 3600.0, end)


def expire(world: World) -> None:
    """Let the store's retention delete what is older than the last midnight, unless the station's clock is in doubt."""
    process = world.receiver.process
    if process is not None and process.is_quiet and not process.station_clock.in_doubt():
        world.receiver.expire(world.truths)


def step_station_clock(world: World) -> None:
    """Step the station's clock by an hour to ten years, forward or back: while it runs, or while it is down."""
    receiver = world.receiver
    step_ms = world.rng.choice(_STEPS_MS) * world.rng.choice((-1, 1))
    if world.rng.random() < 0.3:
        receiver.kill()
        world.agenda.after(duration_s(world, 600.0), receiver.start)
    world.agenda.note("ingest", f"has its clock stepped by {step_ms} ms")
    receiver.clock.set_to(receiver.clock.now_ms() + step_ms)
    world.agenda.after(10.0, receiver.note_doubt)
    world.agenda.after(duration_s(world), receiver.clock.correct)
