"""The farm of the help: the served farm of the page's tests, with what its tasks name, in one language."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from msgspec.structs import replace

from docs.generator.tasks import Language, Task, label_of
from headland.clock import wall_clock_ms
from headland.contract.gateway_orders import (
    AnswerState,
    FoundDevice,
    FoundSource,
    Order,
    OrderOutcome,
    SensorSource,
    SurveyModbus,
)
from headland.contract.gateway_state import GatewayState
from headland.contract.records import Descriptor
from headland.registry.models.models import Device, Greenhouse, GreenhouseZone, Scope
from headland.registry.models.people import Holding, HoldingKind, Person, PersonRole
from station.server.place_names import first_name
from tests.api.fake_ingest import FakeIngest
from tests.api.farm import HOUSE, OWN
from tests.dashboard.farm import Farm, serve_farm

YEAR_MS = 365 * 86_400_000


class HeardIngest(FakeIngest):
    """An ingest whose gateways have reported just now, as those of a farm that runs."""

    def gateways(self) -> list[GatewayState]:
        now_ms = wall_clock_ms()
        return [replace(state, online=True, last_status_ms=now_ms) for state in super().gateways()]

    def order(self, gateway: str, order: Order) -> OrderOutcome:
        """Find a probe, or take it: gateways that do so are in tests/services/test_sensor_by_clicks.py."""
        taken = super().order(gateway, order)
        if not isinstance(order, SurveyModbus):
            return taken
        host, port = order.host, order.port
        source = SensorSource(name="unit-1", type="modbus_tcp", host=host, port=port, registers="xy-md02.toml")
        values: dict[str, float | None] = {"air_temperature_degc": 21.4, "relative_humidity_pct": 63.1}
        device = FoundDevice(match="1", model="XY-MD02", values=values)
        return OrderOutcome(state=AnswerState.DONE, found=(FoundSource(source=source, devices=(device,)),))


@dataclass(frozen=True, slots=True)
class HelpFarm:
    """A served farm, and the keys by which its administrator and a member sign in."""

    farm: Farm
    keys: dict[str, str]

    def address(self, task: Task) -> str:
        """Return where a task begins, with the key of who does it."""
        return f"#key={self.keys[task.who]}"


@contextmanager
def serve_help_farm(folder: Path, language: Language) -> Iterator[HelpFarm]:
    """Yield a farm whose field, house and people have the names of the examples in a language."""
    with serve_farm(folder, opened=False, ingest=HeardIngest()) as farm:
        name_places(farm, language)
        farm.store.describe(OWN, "gw-1", Descriptor(device="wx-1", kind="weather", site="home", name="wx-1"))
        repositories = farm.repositories
        member = repositories.people.add(Person(name=label_of("@owner", language), number="17", role=PersonRole.MEMBER))
        since_ms = farm.now_ms() - YEAR_MS
        repositories.holdings.add(
            Holding(field=farm.field, person=member.id, kind=HoldingKind.LEASE, start_ms=since_ms)
        )
        keys = {
            "admin": repositories.add_key("Office", Scope.ADMIN)[1],
            "member": repositories.add_key("member", Scope.READ, person=member.id)[1],
        }
        record_harvest(farm, keys["admin"], language)
        yield HelpFarm(farm, keys)


def record_harvest(farm: Farm, key: str, language: Language) -> None:
    """Record a harvest from before the simulated flight: what rests on that has no certificate."""
    time_ms = farm.now_ms() - 2 * 3_600_000
    body = {
        "field": farm.field,
        "crop": "wheat",
        "product": label_of("term:crops/wheat", language),
        "time_ms": time_ms,
        "grams": 800_000,
        "author": label_of("@owner", language),
        "evidence": "measured",
    }
    headers = {"Authorization": f"Bearer {key}"}
    made = httpx.post(f"{farm.base}/v1/harvests", json=body, headers=headers, timeout=60)
    assert made.is_success, made.text


def name_places(farm: Farm, language: Language) -> None:
    """Give the field and its product their names, and the device of the greenhouse a house."""
    repositories = farm.repositories
    field = repositories.fields.get(farm.field)
    repositories.fields.change(replace(field, name=label_of("@field", language), owner=label_of("@owner", language)))
    (product,) = repositories.products.list()
    repositories.products.change(replace(product, name=label_of("@urea", language)))
    (home,), (site,) = repositories.farms.list(), repositories.sites.list()
    repositories.farms.change(replace(home, name=first_name("farm", language)))
    house = repositories.greenhouses.add(Greenhouse(farm=home.id, site=site.id, name=label_of("@house", language)))
    repositories.greenhouses.add(Greenhouse(farm=home.id, site=site.id, name=label_of("@other_house", language)))
    zone = repositories.zones.add(GreenhouseZone(greenhouse=house.id, name="tomato", crop="tomato", stage="fruiting"))
    repositories.devices.add(Device(name=HOUSE, kind="greenhouse", gateway="gw-1", site="home", zone=zone.id))
