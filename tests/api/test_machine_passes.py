"""A tractor's shapefile as a pass of a field, with its map and amount, beside the passes of drones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import pytest

from edge.imports.machine.source import MachineSource
from headland.registry.models.models import Farm, Field, Implement, ImplementKind
from headland.store.memory import MemoryStore
from tests.api.farm import OWN, write_series
from tests.api.registry_api import RegistryApi
from tests.api.spread_field import serve_spread_field
from tests.edge.imports.machine.test_machine_source import DEERE, Kept, vendor_area_m2

MACHINE = "machine-1n04045rjc0000106"


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RegistryApi, str, list[int]]]:
    kept, source = Kept(), MachineSource(DEERE / "application-points.zip", "home")
    source.run(kept)  # type: ignore[arg-type]  # it takes no events
    times = np.array([each.time_ms for each in kept.readings])
    store = MemoryStore()
    for channel in sorted({name for each in kept.readings for name in each.values}):
        has = [index for index, each in enumerate(kept.readings) if each.values.get(channel) is not None]
        column = np.array([kept.readings[index].values[channel] for index in has], np.float64)
        write_series(store, OWN, "home", "machine", MACHINE, times[has], {channel: column})
    store.describe(OWN, "gw-1", kept.descriptors[0])
    latitude = [each.values["latitude_deg"] or 0.0 for each in kept.readings]
    longitude = [each.values["longitude_deg"] or 0.0 for each in kept.readings]
    west, east = min(longitude) - 3e-4, max(longitude) + 3e-4
    south, north = min(latitude) - 3e-4, max(latitude) + 3e-4
    ring = ((west, south), (east, south), (east, north), (west, north), (west, south))
    with serve_spread_field(tmp_path_factory.mktemp("machines"), store) as api:
        repositories = api.repositories
        device = repositories.record_descriptor("gw-1", msgspec.structs.replace(kept.descriptors[0]))
        repositories.implements.add(
            Implement(name="boom", kind=ImplementKind.SPRAYER, swath_m=36.957, device=device.id, max_flow_l_min=400.0)
        )
        farm_id = repositories.farms.add(Farm(name="Iowa", longitude_deg=west, latitude_deg=south)).id
        field = repositories.fields.add(Field(farm=farm_id, name="Jen-3", geometry=((ring,),)))
        yield api, field.id, [int(times[0]), int(times[-1])]


def test_a_tractor_s_file_is_a_pass_with_a_map_and_an_amount(farm: tuple[RegistryApi, str, list[int]]) -> None:
    api, field, (start_ms, end_ms) = farm
    window = f"start={start_ms - 1000}&end={end_ms + 60_000}"
    passes: list[dict[str, Any]] = api.client.get(f"/v1/fields/{field}/passes?{window}").json()["items"]
    assert [each["device"] for each in passes] == [MACHINE]
    # What the boom's files say of their own width: a map needs no implement for it.
    assert passes[0]["reported_width_m"] == pytest.approx(36.957, rel=0.01)
    applied = api.client.get(f"/v1/passes/{passes[0]['id']}/as-applied", timeout=120).json()
    # The sum of rate by width by distance in the file.
    assert applied["amount"]["value"] == pytest.approx(1799.4, rel=0.005)
    assert (applied["unit"], applied["amount"]["evidence"]) == ("L", "measured_flow")
    assert applied["cover"]["covered_m2"] == pytest.approx(vendor_area_m2(overlaps=False), rel=0.005)
