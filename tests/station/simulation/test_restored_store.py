"""Restored stores: a copy is put back as it was, whatever was put back since it was made."""

from __future__ import annotations

from pathlib import Path

import pytest

from headland.contract.records import Descriptor
from station.simulation.agenda import Agenda, SimulatedClock
from station.simulation.machines.store import SimulatedStore, StoreEngine, make_store

ORGANISATION = "local"


def devices(store: SimulatedStore) -> list[str]:
    return [record.descriptor.device for record in store.devices(ORGANISATION)]


def describe(store: SimulatedStore, device: str) -> None:
    store.describe(ORGANISATION, "g0", Descriptor(device=device, kind="greenhouse", site="s", name=device))


@pytest.mark.parametrize("engine", ["memory", "duckdb"])
def test_a_newer_copy_put_back_after_an_older_one_has_what_it_had(engine: StoreEngine, tmp_path: Path) -> None:
    store = make_store(engine, SimulatedClock(Agenda(None)), tmp_path / "store")
    describe(store, "one")
    older = store.writes()
    describe(store, "two")
    newer = store.writes()
    first = store.restored(older)
    describe(first, "three")
    describe(first, "four")
    second = first.restored(newer)
    assert devices(first) == ["four", "one", "three"]
    assert devices(second) == ["one", "two"]
    for each in (store, first, second):
        each.end()
