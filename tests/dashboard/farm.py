"""A farm for the dashboard: everything it shows, and telemetry that ends a few seconds ago."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from api.live.sources import StorePoll
from api.ops.ingest_port import IngestPort
from headland.analysis.inputs.doubts import list_questions
from headland.clock import wall_clock_ms
from headland.errors import SettingsError
from headland.network.enrolment.gateways import EnrolledGateway, GatewayCode, RegisteredGateway
from headland.network.enrolment.messages import EnrolmentRequest, RenewalRequest, RenewedCertificate, SealedPapers
from headland.registry.db.photo_files import PhotoFiles
from headland.registry.models.alarms import Alarm, Severity
from headland.registry.models.confirmations import Confirmation
from headland.registry.models.models import Farm as FarmRecord
from headland.registry.models.models import (
    Field,
    FieldZone,
    Implement,
    ImplementKind,
    Pass,
    Product,
    ProductKind,
    Site,
    ZoneKind,
)
from headland.registry.registry import open_registry
from headland.registry.repositories.alarms import AlarmUpdate
from headland.registry.repositories.forecasts import Forecast, QuantityForecast
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.runtime.readiness import Check
from headland.store.memory import MemoryStore
from station.local.enrolment.authority import CertificateAuthority, utc
from station.local.enrolment.enrolments import Enrolments
from station.local.folder import FarmFolder
from station.local.gateway_registration import enrolled_gateways
from station.local.imports.service import FolderImports
from station.server.notifications.sender import unreachable_kinds
from station.server.posted_uplinks import read_uplink
from tests.api.fake_ingest import FakeIngest
from tests.api.farm import (
    DRONE,
    EAST_DEG_M,
    HOUSE,
    NORTH_DEG_M,
    NOW_MS,
    OWN,
    START_MS,
    fill_farm,
    write_series,
    write_spreader_flight,
)
from tests.api.server import own_app, serve
from tests.api.spread_field import BUFFER, FIELD, SPREADER

HOUR_MS: Final = 3_600_000
#: As many samples of one channel as a chart must draw; within the 400 s of the pass.
MANY: Final = 100_000


class Registrar:
    """Answers as the station's does, without a broker."""

    def register(self, name: str, site: str, host: str | None) -> RegisteredGateway:
        if name == "taken":
            raise SettingsError("A gateway 'taken' exists already (case is ignored). For a new password: remove it.")
        settings = f'[gateway]\nid = "{name}"\nsite = "{site}"\n\n[broker]\nhost = "{host}"\npassword = "secret"\n'
        return RegisteredGateway(
            name=name,
            site=site,
            settings=settings,
            certificate_name=None,
            certificate=None,
            host=str(host),
            is_local=False,
            needs_certificate=False,
        )


class Enrolment:
    """Gives codes and lists them as the station does, without a broker; no gateway comes."""

    def __init__(self, folder: Path) -> None:
        authority = CertificateAuthority(folder)
        authority.ensure(utc(wall_clock_ms()))
        self._enrolments = Enrolments(folder, authority)

    def refusal(self) -> str | None:
        return None

    def enrolled(self) -> list[EnrolledGateway]:
        return enrolled_gateways(self._enrolments.all(), wall_clock_ms())

    def give_code(self, name: str, site: str, host: str | None, station: str | None) -> GatewayCode:
        code, expires_ms = self._enrolments.give_code(name, "", wall_clock_ms())
        command = f"headland edge enrol {station} {code.text()}"
        return GatewayCode(name=name, site=site, code=code.text(), expires_ms=expires_ms, command=command)

    def enrol(self, request: EnrolmentRequest) -> SealedPapers:
        return self._enrolments.enrol(request, wall_clock_ms())

    def renew(self, request: RenewalRequest) -> RenewedCertificate:
        return self._enrolments.renew(request, wall_clock_ms())

    def revoke(self, name: str) -> None:
        self._enrolments.revoke(name, wall_clock_ms())


@dataclass(frozen=True, slots=True)
class Farm:
    """Where it is served, and what tests change."""

    base: str
    store: MemoryStore
    repositories: OrganisationRepositories
    field: str
    flight: str
    began_ms: int

    def now_ms(self) -> int:
        return wall_clock_ms()

    def fly_to(self, east_m: float, north_m: float) -> None:
        """Report another position of the drone, now."""
        place = {"latitude_deg": north_m / NORTH_DEG_M, "longitude_deg": 10.0 + east_m / EAST_DEG_M}
        self.report("drone", DRONE, place, simulated=True)

    def fly_twice(self, device: str, landed_s: tuple[int, int], flown_s: int) -> None:
        """Report a vehicle that sends no arming, every second until now, on the ground between two flights."""
        seconds = np.arange(flown_s)
        is_down = (seconds >= landed_s[0]) & (seconds < landed_s[1])
        columns = {
            "latitude_deg": seconds / NORTH_DEG_M,
            "longitude_deg": np.full(flown_s, 10.0),
            "relative_altitude_m": np.where(is_down, 0.0, 5.0),
        }
        times_ms = self.now_ms() - 1000 * (flown_s - 1 - seconds)
        write_series(self.store, OWN, "home", "drone", device, times_ms, columns, simulated=True)

    def report(self, kind: str, device: str, values: dict[str, float], *, simulated: bool = False) -> None:
        """Report values of a device, now."""
        columns = {channel: np.array([value]) for channel, value in values.items()}
        write_series(self.store, OWN, "home", kind, device, np.array([self.now_ms()]), columns, simulated=simulated)

    def report_often(self) -> None:
        """Report the spreader's speed 250 times a second during the pass."""
        often = self.began_ms + 4 * np.arange(MANY)
        speed = {"ground_speed_m_s": 5.0 + np.sin(np.arange(MANY) / 500.0)}
        write_series(self.store, OWN, "home", "drone", SPREADER, often, speed)

    def forecast(self, house: str, **changes: float) -> None:
        """Record the forecast of a quiet house from the last whole hour on, the same for all 24 hours but `changes`."""
        quiet = {"air_temperature_degc": 15.0, "relative_humidity_pct": 60.0}
        quiet |= {"leaf_condensation_margin_k": 5.0, "cover_condensation_margin_k": 5.0}
        origin_ms = self.now_ms() // HOUR_MS * HOUR_MS
        quantities = {
            name: QuantityForecast(
                made=[value] * 24, low=[None] * 24, high=[None] * 24, as_now=None, as_yesterday=[None] * 24,
                measured=[None] * 24,
            )
            for name, value in {**quiet, **changes}.items()
        }  # fmt: skip
        forecast = Forecast(house=house, origin_ms=origin_ms, made_ms=self.now_ms(), quantities=quantities)
        self.repositories.forecasts.save(forecast)

    def raise_frost(self, rule: str = "frost") -> Alarm:
        """Raise an alarm that is active."""
        frost = Alarm(
            id=self.repositories.alarms.new_id(), rule=rule, subject=HOUSE, kind="greenhouse", site="home",
            severity=Severity.CRITICAL, by_station=True, standing=("station",), began_ms=self.now_ms() - 600_000,
            raised_ms=self.now_ms(), what="air_temperature_degc", value=1.2, unit="degC", text="heat it",
            text_zh="加温", simulated=True,
        )  # fmt: skip
        self.repositories.alarms.save(AlarmUpdate(alarms={frost.id: frost}))
        return frost


def imports_of(folder: Path) -> FolderImports:
    """Return imports whose worker is not started: what is queued stays so."""
    farm = FarmFolder(folder / "farm")
    farm.create()
    return FolderImports(farm)


@contextmanager
def serve_farm(
    folder: Path, *, opened: bool = True, ingest: IngestPort | Callable[[MemoryStore], IngestPort] | None = None
) -> Iterator[Farm]:
    """Yield a served farm: a field spread an hour ago, a drone that flew just now, a greenhouse, an alarm.

    It accepts any key where `opened`, else those of its registry. `ingest` is the port, or makes it for the store.
    """
    now_ms = wall_clock_ms()
    store = fill_farm(now_ms - 3000 - (NOW_MS - START_MS))
    began_ms = now_ms - HOUR_MS
    write_spreader_flight(store, SPREADER, sensed=True, start_ms=began_ms)
    registry = open_registry(f"sqlite:///{folder}/registry.sqlite")
    repositories = registry.repositories(registry.add_organisation(OWN, "Our farm", "test").id, "test")
    home = repositories.farms.add(FarmRecord(name="Home farm", longitude_deg=10.0, latitude_deg=0.0))
    site = repositories.sites.add(
        Site(farm=home.id, name="home", time_zone="Asia/Shanghai", longitude_deg=10.0, latitude_deg=0.0)
    )
    # Times of the pages are those of China, as its growers read them, and the plain of the tests is at the equator.
    (question,) = list_questions(repositories)
    repositories.confirmations.add(
        Confirmation(
            target=question.target, target_id=site.id, cause=question.cause, value=question.value, author="test"
        )
    )
    ditch = FieldZone(kind=ZoneKind.BUFFER, name="ditch", geometry=BUFFER, width_m=5.0)
    field = Field(farm=home.id, name="Equator", geometry=FIELD, zones=(ditch,), owner="Wang", site=site.id)
    field = repositories.fields.add(field)
    spreader = Implement(name="disc", kind=ImplementKind.SPREADER, swath_m=5.0, max_flow_kg_min=60.0)
    urea = Product(name="Urea", kind=ProductKind.GRANULAR, n_pct=46, p2o5_pct=0, k2o_pct=0)
    declared = repositories.passes.declare(
        Pass(
            field=field.id, device=SPREADER, start_ms=began_ms, end_ms=began_ms + 400_000,
            implement=repositories.implements.add(spreader).id, product=repositories.products.add(urea).id,
            planned_rate_ha=720.0,
        )
    )  # fmt: skip
    feed = StorePoll(store, OWN, every_s=0.05).feed
    app = own_app(
        store,
        readiness=lambda: [Check("ingest", True, "connected")],
        gateways=ingest(store) if callable(ingest) else ingest or FakeIngest(),
        uplinks=read_uplink,
        registry=registry,
        live=feed,
        base_map=folder / "base-map",
        unreachable=unreachable_kinds(None, has_broker=True),
        registrar=Registrar(),
        enrolment=Enrolment(folder / "enrolment"),
        photos=PhotoFiles(folder / "photos"),
        imports=imports_of(folder),
    )
    with serve(app, opened=opened) as client:
        base = str(client.base_url).rstrip("/")
        yield Farm(base, store, repositories, field.id, declared.id, began_ms)
    registry.close()
