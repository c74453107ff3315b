"""A field at the equator that a spreader of known flow has treated, behind an API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import msgspec

from api.http.addresses import Addresses
from headland.registry.models.geometry import Geometry
from headland.registry.models.models import Field, FieldZone, Implement, ImplementKind, PatternPoint, ZoneKind
from headland.runtime.readiness import Check
from headland.store.memory import MemoryStore
from tests.api.farm import EAST_DEG_M, NORTH_DEG_M, NOW_MS, START_MS, write_spreader_flight
from tests.api.registry_api import RegistryApi, fill_registry
from tests.api.server import own_app, serve

_ADDRESSES = Addresses()
SPREADER = "uav-spreader"
#: Eight swaths of 195 m, 39 s at 18 kg/min and one second of ramps each.
APPLIED_KG = 8 * 18.0 * 39 / 60
WINDOW = {"start": START_MS - 60_000, "end": NOW_MS + 60_000}


def box(west_m: float, south_m: float, east_m: float, north_m: float) -> Geometry:
    west, east = 10.0 + west_m / EAST_DEG_M, 10.0 + east_m / EAST_DEG_M
    south, north = south_m / NORTH_DEG_M, north_m / NORTH_DEG_M
    return ((((west, south), (east, south), (east, north), (west, north), (west, south)),),)


#: Five metres of the first swath's left half lie beside it.
FIELD = box(0.5, -2.5, 199.5, 37.5)
BUFFER = box(0.5, 32.5, 199.5, 37.5)


@contextmanager
def serve_spread_field(
    folder: Path, store: MemoryStore, now_ms: int = NOW_MS, addresses: Addresses = _ADDRESSES
) -> Iterator[RegistryApi]:
    """Yield an API on a field that was spread; `store` may hold the weather already."""
    write_spreader_flight(store, SPREADER, sensed=True)
    registry, repositories, ids = fill_registry(folder)
    farm = repositories.farms.list()[0]
    repositories.farms.change(msgspec.structs.replace(farm, longitude_deg=10.0, latitude_deg=0.0))
    zone = FieldZone(kind=ZoneKind.BUFFER, name="ditch", geometry=BUFFER, width_m=5.0)
    field = repositories.fields.add(Field(farm=farm.id, name="Equator", geometry=FIELD, zones=(zone,), owner="Wang"))
    pattern = tuple(PatternPoint(offset_m=x, rate=r) for x, r in ((-2.5, 1.0), (0.0, 1.0), (2.5, 1.0)))
    implement = repositories.implements.add(
        Implement(name="disc", kind=ImplementKind.SPREADER, swath_m=5.0, pattern=pattern, max_flow_kg_min=60.0)
    )
    app = own_app(
        store,
        readiness=lambda: [Check("ingest", True, "connected")],
        now_ms=lambda: now_ms,
        registry=registry,
        addresses=addresses,
    )
    with serve(app) as client:
        yield replace(
            RegistryApi(client, registry, repositories, ids), ids={**ids, "field": field.id, "implement": implement.id}
        )
    registry.close()


def declaration(farm_api: RegistryApi) -> dict[str, object]:
    """Return the pass as it is declared."""
    return {
        "field": farm_api.ids["field"],
        "device": SPREADER,
        "start_ms": START_MS,
        "end_ms": NOW_MS,
        "implement": farm_api.ids["implement"],
        "product": farm_api.ids["products"],
        "planned_rate_ha": 120.0,
    }
