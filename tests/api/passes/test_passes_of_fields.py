"""Passes of many fields at once: the same as of each field, with as many reads of the store as of one."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from headland.analysis.cooperative.treated_entries import passes_of_period
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.passes.detection import list_passes, list_passes_of_fields
from headland.registry.models.models import Field
from headland.store.memory import MemoryStore
from tests.api.farm import NOW_MS, OWN, START_MS, write_spreader_flight
from tests.api.registry_api import fill_registry
from tests.api.spread_field import box

DAY_MS = 86_400_000
WINDOW = Window(START_MS - DAY_MS, NOW_MS + DAY_MS)


def test_the_passes_of_many_plots_are_those_of_each_and_cost_the_reads_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MemoryStore()
    for device, start_ms in (("uav-a", START_MS), ("uav-b", START_MS), ("uav-a", START_MS + 8 * 3_600_000)):
        write_spreader_flight(store, device, sensed=True, start_ms=start_ms)
    registry, repositories, _ = fill_registry(tmp_path)
    known = repositories.farms.list()[0]
    farm = repositories.farms.change(msgspec.structs.replace(known, longitude_deg=10.0, latitude_deg=0.0)).id
    plots = repositories.fields.add_all(
        [Field(farm=farm, name=f"{n}", geometry=box(20.0 * n, -2.0, 20.0 * n + 20.0, 40.0)) for n in range(4)]
        + [Field(farm=farm, name="far", geometry=box(9000.0, 0.0, 9040.0, 40.0))]
    )

    def scope() -> OrgScope:
        return OrgScope(store, registry, OWN, NOW_MS + DAY_MS, "test")

    read: Counter[str] = Counter()

    def counted(name: str) -> None:
        method = getattr(store, name)

        def call(*given: Any, **named: Any) -> Any:
            read[name] += 1
            return method(*given, **named)

        monkeypatch.setattr(store, name, call)

    for name in ("buckets", "raw", "events", "devices"):
        counted(name)
    one = scope()
    alone = {plots[0].id: list_passes(one, plots[0].id, WINDOW)}
    reads_of_one = dict(read)
    alone |= {plot.id: list_passes(scope(), plot.id, WINDOW) for plot in plots[1:]}
    read.clear()
    together = {field.id: passes for field, passes in list_passes_of_fields(scope(), plots, WINDOW)}
    assert dict(read) == reads_of_one
    assert {name: [p.key for p in passes] for name, passes in together.items()} == {
        name: [p.key for p in passes] for name, passes in alone.items()
    }
    assert [len(together[plot.id]) for plot in plots] == [3] * 4 + [0]
    read.clear()
    assert len(list(passes_of_period(scope(), WINDOW))) == 12
    assert dict(read) == reads_of_one
    registry.close()
