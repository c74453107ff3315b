"""The passes of a field: those that were declared, and those that telemetry shows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import shapely

from headland.agronomy.application.pass_detection import (
    FoundPass,
    describe_pass,
    detect_passes,
    spraying_of,
    travelling_of,
)
from headland.agronomy.geometry.local_plane import Plane
from headland.agronomy.geometry.outline import Outline
from headland.agronomy.series.intervals import Intervals, clip
from headland.analysis.errors import AnalysisError, PreconditionError
from headland.analysis.field_geometry import bounds_of, outline_of, plane_of
from headland.analysis.passes.telemetry import PassTelemetry, find_visits, load_pass_telemetry
from headland.analysis.registry_access import repositories_of
from headland.analysis.scope import OrgScope
from headland.analysis.telemetry import find_device
from headland.analysis.window import Window
from headland.registry.models.models import Field, Implement, Pass
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.store.port import DeviceRecord, SeriesFilter
from headland.units_of_time import HOUR_MS

#: A detected pass is named by what it is found with again: field, vehicle, and when product first left.
_DETECTED: Final = re.compile(r"^([0-9a-z]{26})~([A-Za-z0-9][A-Za-z0-9._-]{0,63})~([0-9]{1,15})$")
#: How wide a swath is taken to be where nobody has said which implement it was; it moves no amount.
_UNKNOWN_SWATH_M: Final = 5.0
#: Around a pass, what is read with it: the legs to and from it.
_MARGIN_MS: Final = 900_000
#: How far before a pass is looked, so that it is told from the pass before as in a longer list.
_BACK_MS: Final = 4 * HOUR_MS


@dataclass(frozen=True, slots=True)
class FieldPass:
    """One pass of one vehicle on a field. `declared` is what somebody said of it, None for one that was found."""

    id: str
    field: Field
    device: str
    start_ms: int
    end_ms: int
    declared: Pass | None
    implement: Implement | None
    found: FoundPass | None
    unit: str | None
    simulated: bool

    @property
    def swath_m(self) -> float | None:
        """The implement's swath, where one is known."""
        return None if self.implement is None else self.implement.swath_m


@dataclass(frozen=True, slots=True)
class PassInputs:
    """A pass with all that was heard of it: what as-applied maps are made of."""

    one: FieldPass
    heard: PassTelemetry
    stretches: Intervals
    plane: Plane
    outline: Outline

    @property
    def window(self) -> tuple[int, int]:
        """The pass's time."""
        return self.one.start_ms, self.one.end_ms


def list_passes(scope: OrgScope, field_id: str, window: Window) -> list[FieldPass]:
    """Return the passes of a field that begin in a window, in time order: declared ones, and others that were found."""
    repositories = repositories_of(scope)
    field = repositories.fields.get(field_id)
    declared = [
        one for one in repositories.passes.of_field(field.id) if window.start_ms <= one.start_ms < window.end_ms
    ]
    passes = [_describe_declared(scope, repositories, field, one) for one in declared]
    for record in _vehicles(scope):
        for visit in find_visits(scope, record, bounds_of(field), window):
            for found in _detect(scope, repositories, field, record, visit):
                if window.start_ms <= found.start_ms < window.end_ms and not any(_same(found, one) for one in passes):
                    passes.append(found)
    return sorted(passes, key=lambda one: (one.start_ms, one.id))


def find_pass(scope: OrgScope, pass_id: str) -> FieldPass:
    """Return a pass by its id; raises AnalysisError (unknown-pass) and NotFound."""
    repositories = repositories_of(scope)
    named = _DETECTED.match(pass_id)
    if named is None:
        declared = repositories.passes.get(pass_id)
        field = repositories.fields.get(declared.field, also_deleted=True)
        return _describe_declared(scope, repositories, field, declared)
    field = repositories.fields.get(named[1], also_deleted=True)
    start_ms = int(named[3])
    record = find_device(scope, named[2])
    for visit in find_visits(scope, record, bounds_of(field), Window(start_ms - _BACK_MS, start_ms + 12 * HOUR_MS)):
        for found in _detect(scope, repositories, field, record, visit):
            if found.start_ms <= start_ms <= found.end_ms:
                return found
    sentence = f"Nothing shows a pass of {named[2]} on this field at {start_ms}."
    raise AnalysisError("unknown-pass", "No such pass", sentence)


def read_work(scope: OrgScope, one: FieldPass) -> PassInputs:
    """Return a pass with its telemetry; raises PreconditionError without positions."""
    record = find_device(scope, one.device)
    heard = load_pass_telemetry(scope, record, Window(one.start_ms - 5000, one.end_ms + 5000))
    if heard.n < 2:
        sentence = f"{one.device} told no positions during this pass: there is nothing to draw."
        raise PreconditionError("no-track", "Nothing was heard of the pass", sentence)
    plane = plane_of(one.field)
    outline = outline_of(one.field, plane)
    stretches = _stretches_of(one, heard, outline, plane, one.swath_m or _UNKNOWN_SWATH_M)
    return PassInputs(one, heard, stretches, plane, outline)


def _stretches_of(
    one: FieldPass | Pass, heard: PassTelemetry, outline: Outline, plane: Plane, swath_m: float = _UNKNOWN_SWATH_M
) -> Intervals:
    """Return when product left in a pass; where nothing was heard of the machine, when the vehicle moved over it."""
    told = heard.told
    silent = len(told.pump.time_ms) < 2 and not told.flow.is_known
    found = travelling_of(told, outline.whole, plane, swath_m) if silent else spraying_of(told)
    return clip(found, one.start_ms, one.end_ms)


def _describe_declared(
    scope: OrgScope, repositories: OrganisationRepositories, field: Field, declared: Pass
) -> FieldPass:
    implement = (
        repositories.implements.get(declared.implement, also_deleted=True)
        if declared.implement is not None
        else _implement_of(repositories, declared.device)
    )
    record = next((r for r in scope.store.devices(scope.organisation) if r.descriptor.device == declared.device), None)
    found = unit = None
    if record is not None:
        window = Window(declared.start_ms - _MARGIN_MS, declared.end_ms + _MARGIN_MS)
        heard = load_pass_telemetry(scope, record, window)
        unit = heard.unit
        if heard.n >= 2:
            plane = plane_of(field)
            outline, swath_m = outline_of(field, plane), implement.swath_m if implement else _UNKNOWN_SWATH_M
            stretches = _stretches_of(declared, heard, outline, plane, swath_m)
            if len(stretches):
                found = describe_pass(heard.told, stretches, outline.whole, plane, swath_m)
    return FieldPass(
        declared.id,
        field,
        declared.device,
        declared.start_ms,
        declared.end_ms,
        declared,
        implement,
        found,
        unit,
        record is not None and record.descriptor.simulated,
    )


def _detect(
    scope: OrgScope, repositories: OrganisationRepositories, field: Field, record: DeviceRecord, visit: Window
) -> list[FieldPass]:
    heard = load_pass_telemetry(scope, record, visit)
    if heard.n < 2:
        return []
    device, plane = record.descriptor.device, plane_of(field)
    implement = _implement_of(repositories, device)
    ground: shapely.Geometry = outline_of(field, plane).whole
    swath_m = implement.swath_m if implement else _UNKNOWN_SWATH_M
    return [
        FieldPass(
            f"{field.id}~{device}~{found.start_ms}",
            field,
            device,
            found.start_ms,
            found.end_ms,
            None,
            implement,
            found,
            heard.unit,
            record.descriptor.simulated,
        )
        for found in detect_passes(heard.told, ground, plane, swath_m)
    ]


def _implement_of(repositories: OrganisationRepositories, device: str) -> Implement | None:
    """Return the one implement that is said to hang on a vehicle."""
    known = repositories.devices.list(name=device, limit=1)
    fitted = repositories.implements.list(device=known[0].id, limit=2) if known else []
    return fitted[0] if len(fitted) == 1 else None


def _same(found: FieldPass, declared: FieldPass) -> bool:
    """Tell whether a pass that was found is one that was declared: the same vehicle, at the same time."""
    overlaps = found.start_ms < declared.end_ms and declared.start_ms < found.end_ms
    return declared.declared is not None and declared.device == found.device and overlaps


def _vehicles(scope: OrgScope) -> list[DeviceRecord]:
    """Return the devices that have told where they are."""
    located = SeriesFilter(scope.organisation, None, frozenset(("latitude_deg",)))
    names = {key.device for key in scope.store.series(located)}
    return [record for record in scope.store.devices(scope.organisation) if record.descriptor.device in names]
