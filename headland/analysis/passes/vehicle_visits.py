"""Visits of the vehicles of an organisation to fields: what the store and the registry hold of each, read once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from headland.analysis.inputs.errors import PreconditionError
from headland.analysis.inputs.field_geometry import bounds_of
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.passes.telemetry import TelemetryIndex, index_telemetry, read_hours, unit_of
from headland.registry.models.models import Field, Implement, ImplementKind
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.store.port import DeviceRecord, SeriesFilter

#: Where the implement of a pass is known from, the surest first.
ImplementBasis = Literal["declared", "mounted", "last_used", "only"]

_WIDTH: Final = "working_width_m"
_KIND_BY_UNIT: Final = {"kg": ImplementKind.SPREADER, "L": ImplementKind.SPRAYER}


@dataclass(frozen=True, slots=True)
class VehicleImplements:
    """What a vehicle works with where a pass names no implement.

    `mounted` is the one that is assigned to it. `used` has the implements of its declared passes by their start [ms].
    `only` is the farm's single one, where it suits the vehicle, is assigned to no other, and the vehicle does not
    report a width of its own.
    """

    mounted: Implement | None
    used: tuple[tuple[int, Implement], ...]
    only: Implement | None

    @property
    def usual(self) -> Implement | None:
        """The one that tells a pass apart in telemetry, whenever it was."""
        return self.mounted or (self.used[-1][1] if self.used else self.only)

    def at(self, time_ms: int) -> tuple[Implement | None, ImplementBasis | None]:
        """Return the implement of a pass that begins at an instant, and where it is known from.

        The one that is mounted; else the one of the last declared pass before, or where there is none of the first
        after; else the farm's only one.
        """
        if self.mounted is not None:
            return self.mounted, "mounted"
        if self.used:
            before = [implement for start_ms, implement in self.used if start_ms <= time_ms]
            return (before[-1] if before else self.used[0][1]), "last_used"
        return self.only, None if self.only is None else "only"


@dataclass(frozen=True, slots=True)
class VehicleVisits:
    """The stretches of hours in which a vehicle was near fields, by the field's id; `index` holds all of them."""

    implements: VehicleImplements
    visits: dict[str, list[Window]]
    index: TelemetryIndex


def read_visits(
    scope: OrgScope, repositories: OrganisationRepositories, fields: Sequence[Field], window: Window
) -> list[VehicleVisits]:
    """Return the visits of each vehicle to some fields in a window; vehicles without any are left out.

    Two reads of the store for each vehicle, however many the fields are.
    """
    found = []
    for record in list_vehicles(scope):
        hours = read_hours(scope, record, window)
        visits = {field.id: near for field in fields if (near := hours.near(bounds_of(field)))}
        if visits:
            every = [visit for near in visits.values() for visit in near]
            implements = implements_of(scope, repositories, record)
            found.append(VehicleVisits(implements, visits, index_telemetry(scope, record, every)))
    return found


def list_vehicles(scope: OrgScope) -> list[DeviceRecord]:
    """Return the devices that have reported positions."""
    located = SeriesFilter(scope.organisation, None, frozenset(("latitude_deg",)))
    names = {key.device for key in scope.store.series(located)}
    return [record for record in scope.store.devices(scope.organisation) if record.descriptor.device in names]


def find_implement(repositories: OrganisationRepositories, device: str) -> Implement | None:
    """Return the implement that is mounted on a vehicle, None where there is none or more than one."""
    devices = repositories.devices.list(name=device, limit=1)
    mounted = repositories.implements.list(device=devices[0].id, limit=2) if devices else []
    return mounted[0] if len(mounted) == 1 else None


def implements_of(scope: OrgScope, repositories: OrganisationRepositories, record: DeviceRecord) -> VehicleImplements:
    """Return what a vehicle works with where a pass names no implement; deleted implements are none."""
    device = record.descriptor.device
    known = {implement.id: implement for implement in repositories.implements.all()}
    declared = sorted(repositories.passes.records.all(device=device), key=lambda each: (each.start_ms, each.id))
    used = tuple((each.start_ms, known[each.implement]) for each in declared if each.implement in known)
    only = next(iter(known.values())) if len(known) == 1 else None
    if only is not None and not _suits(scope, record, only):
        only = None
    return VehicleImplements(find_implement(repositories, device), used, only)


def _suits(scope: OrgScope, record: DeviceRecord, only: Implement) -> bool:
    """Return whether the farm's only implement can be a vehicle's: of its unit, nobody else's, and no width told."""
    if only.device is not None or only.kind is not _KIND_BY_UNIT[unit_of(record)]:
        return False
    told = SeriesFilter(scope.organisation, record.descriptor.device, frozenset((_WIDTH,)))
    return not list(scope.store.series(told))


def swath_of_device(
    scope: OrgScope, record: DeviceRecord, window: Window, assumed_m: float | None = None
) -> tuple[float, str]:
    """Return the swath of a device in a window [m], and whose it is: pass, implement, last_used, only or assumed.

    The implement of the passes that were declared then, where they name one; else the one that is mounted on the
    device, that it used last, or that is the farm's only one, as of a pass that was found; else the assumed swath.
    Raises PreconditionError without any.
    """
    device = record.descriptor.device
    if scope.registry is not None:
        repositories = scope.repositories
        declared = repositories.passes.of_device(device, window.start_ms, window.end_ms)
        named = {each.implement for each in declared if each.implement is not None}
        if len(named) == 1:
            return repositories.implements.get(named.pop(), also_deleted=True).swath_m, "pass"
        implement, basis = implements_of(scope, repositories, record).at(window.start_ms)
        if implement is not None:
            return implement.swath_m, "implement" if basis == "mounted" else f"{basis}"
    if assumed_m is None:
        sentence = f"No implement is mounted on {device}, so its swath is unknown: mount one, or give swath_m."
        raise PreconditionError("no-implement", "Swath unknown", sentence)
    return assumed_m, "assumed"
