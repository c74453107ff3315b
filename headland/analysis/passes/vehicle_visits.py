"""Visits of the vehicles of an organisation to fields: what the store and the registry hold of each, read once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from headland.analysis.inputs.errors import PreconditionError
from headland.analysis.inputs.field_geometry import bounds_of
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.passes.telemetry import TelemetryIndex, index_telemetry, read_hours
from headland.registry.models.models import Field, Implement
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.store.port import DeviceRecord, SeriesFilter


@dataclass(frozen=True, slots=True)
class VehicleVisits:
    """The stretches of hours in which a vehicle was near fields, by the field's id; `index` holds all of them."""

    implement: Implement | None
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
            implement = find_implement(repositories, record.descriptor.device)
            found.append(VehicleVisits(implement, visits, index_telemetry(scope, record, every)))
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


def swath_of_device(
    scope: OrgScope, record: DeviceRecord, window: Window, assumed_m: float | None = None
) -> tuple[float, str]:
    """Return the swath of a device in a window [m], and whose it is: pass, implement or assumed.

    The implement of the passes that were declared then, where they name one; else the one that is mounted on the
    device; else the assumed swath. Raises PreconditionError without any.
    """
    device = record.descriptor.device
    if scope.registry is not None:
        repositories = scope.repositories
        declared = repositories.passes.of_device(device, window.start_ms, window.end_ms)
        named = {each.implement for each in declared if each.implement is not None}
        if len(named) == 1:
            return repositories.implements.get(named.pop(), also_deleted=True).swath_m, "pass"
        implement = find_implement(repositories, device)
        if implement is not None:
            return implement.swath_m, "implement"
    if assumed_m is None:
        sentence = f"No implement is mounted on {device}, so its swath is unknown: mount one, or give swath_m."
        raise PreconditionError("no-implement", "Swath unknown", sentence)
    return assumed_m, "assumed"
