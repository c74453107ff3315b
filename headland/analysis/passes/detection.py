"""Passes of a field: declared passes, and passes detected in telemetry."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, cast

import shapely

from headland.agronomy.application.drift import WindDrift
from headland.agronomy.application.pass_detection import (
    DetectedPass,
    describe_pass,
    detect_passes,
    release_time,
    travel_time,
)
from headland.agronomy.geometry.local_plane import Plane
from headland.agronomy.geometry.outline import FieldOutline
from headland.agronomy.series.intervals import Intervals, clip
from headland.analysis.inputs.errors import AnalysisError, PreconditionError
from headland.analysis.inputs.field_geometry import bounds_of, outline_of, plane_of
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.telemetry import find_device
from headland.analysis.inputs.window import Window
from headland.analysis.passes.telemetry import (
    PassTelemetry,
    TelemetryIndex,
    TelemetryRef,
    find_visits,
    index_telemetry,
    load_pass_telemetry,
    refer_telemetry,
)
from headland.analysis.passes.vehicle_visits import (
    ImplementBasis,
    VehicleImplements,
    find_implement,
    implements_of,
    read_visits,
)
from headland.registry.models.models import Field, Implement, Pass, VersionedRecord
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.store.port import DeviceRecord
from headland.units_of_time import HOUR_MS

#: The id of a detected pass names what finds it again: field, vehicle, and when product first left.
_DETECTED: Final = re.compile(r"^([0-9a-z]{26})~([A-Za-z0-9][A-Za-z0-9._-]{0,63})~([0-9]{1,15})$")
#: Assumed swath where no implement is known [m]; it changes no amount.
_UNKNOWN_SWATH_M: Final = 5.0
#: Time read before and after a declared pass: the ways to and from the field.
_MARGIN_MS: Final = 900_000
#: Time read around a pass for its as-applied map.
_EDGE_MS: Final = 5000
#: Time searched before a pass, so that it is separated from the pass before it as in a longer list.
_BACK_MS: Final = 4 * HOUR_MS


@dataclass(frozen=True, slots=True)
class FieldPass:
    """One pass of one vehicle on a field.

    declared
        The registry's record; None for a pass that was only detected.
    detected
        The segments found in telemetry; None where there are none.
    telemetry
        The telemetry that the pass was looked up in; None for an unknown vehicle.
    version
        The version of the telemetry in the hours of the pass, the same whatever it was looked up in.
    implement_basis
        Where the implement is known from; None without one.
    """

    id: str
    field: Field
    device: str
    start_ms: int
    end_ms: int
    declared: Pass | None
    implement: Implement | None
    detected: DetectedPass | None
    telemetry: TelemetryRef | None
    version: bytes = b""
    implement_basis: ImplementBasis | None = None

    @property
    def swath_m(self) -> float | None:
        """The implement's swath [m], None where no implement is known."""
        return None if self.implement is None else self.implement.swath_m

    @property
    def unit(self) -> str | None:
        """The unit of amounts, kg or L; None for an unknown vehicle."""
        return None if self.telemetry is None else self.telemetry.unit

    @property
    def simulated(self) -> bool:
        """Whether a simulator made the telemetry."""
        return self.telemetry is not None and self.telemetry.record.descriptor.simulated

    @property
    def key(self) -> Hashable:
        """Everything that results about the pass depend on: records by version, telemetry by its own, segments."""
        records = tuple(_version_of(record) for record in (self.declared, self.field, self.implement))
        segments = () if self.detected is None else self.detected.segments
        flown = tuple((segment.kind, segment.start_ms, segment.end_ms, segment.length_m) for segment in segments)
        return self.id, self.start_ms, self.end_ms, records, self.version, flown


@dataclass(frozen=True, slots=True)
class PassInputs:
    """A pass with its telemetry and geometry, from which as-applied maps are computed.

    `stretches` are the times in which product left the machine.
    """

    field_pass: FieldPass
    telemetry: PassTelemetry
    stretches: Intervals
    plane: Plane
    outline: FieldOutline

    @property
    def window(self) -> tuple[int, int]:
        """The start and end of the pass."""
        return self.field_pass.start_ms, self.field_pass.end_ms

    @property
    def air(self) -> WindDrift:
        """The drift of its product, droplets by the class that its implement declares."""
        implement = self.field_pass.implement
        return self.telemetry.drift(None if implement is None else implement.droplet_class)


def list_passes(scope: OrgScope, field_id: str, window: Window) -> list[FieldPass]:
    """Return the passes of a field that begin in a window, in time order: declared ones and others detected."""
    field = scope.repositories.fields.get(field_id)
    return next(passes for _, passes in list_passes_of_fields(scope, [field], window))


def list_passes_of_fields(
    scope: OrgScope, fields: Sequence[Field], window: Window
) -> Iterator[tuple[Field, list[FieldPass]]]:
    """Yield each field with its passes, as `list_passes` returns them.

    What the store and the registry hold of the vehicles is read once, not once for each field. Fields that were visited
    in the same hours come one after another, so that their samples are read once, too; the order is otherwise none.
    """
    repositories = scope.repositories
    vehicles = read_visits(scope, repositories, fields, window)
    records = {record.descriptor.device: record for record in scope.store.devices(scope.organisation)}

    def hours_of(field: Field) -> list[tuple[int, int]]:
        return [visit.pair for vehicle in vehicles for visit in vehicle.visits.get(field.id, [])]

    indices = {vehicle.index.record.descriptor.device: vehicle.index for vehicle in vehicles}
    for field in sorted(fields, key=hours_of):
        passes = [
            _describe_declared(
                scope, repositories, field, declared, records.get(declared.device), indices.get(declared.device)
            )
            for declared in repositories.passes.of_field(field.id)
            if window.start_ms <= declared.start_ms < window.end_ms
        ]
        for vehicle in vehicles:
            for visit in vehicle.visits.get(field.id, []):
                for detected in _detect(scope, field, vehicle.implements, vehicle.index, visit):
                    is_inside = window.start_ms <= detected.start_ms < window.end_ms
                    is_seen = is_inside and repositories.sees_field_at(field.id, detected.start_ms)
                    if is_seen and not any(_is_same(detected, field_pass) for field_pass in passes):
                        passes.append(detected)
        yield field, sorted(passes, key=lambda field_pass: (field_pass.start_ms, field_pass.id))


def find_pass(scope: OrgScope, pass_id: str) -> FieldPass:
    """Return a pass by its id; raises AnalysisError (unknown-pass) and NotFound."""
    repositories = scope.repositories
    named = _DETECTED.match(pass_id)
    if named is None:
        declared = repositories.passes.get(pass_id)
        field = repositories.fields.get(declared.field, also_deleted=True)
        record = next(iter(scope.store.devices(scope.organisation, declared.device)), None)
        return _describe_declared(scope, repositories, field, declared, record)
    field = repositories.fields.get(named[1], also_deleted=True)
    start_ms = int(named[3])
    record = find_device(scope, named[2])
    visits = find_visits(scope, record, bounds_of(field), Window(start_ms - _BACK_MS, start_ms + 12 * HOUR_MS))
    index = index_telemetry(scope, record, visits) if visits else None
    implements = implements_of(scope, repositories, record)
    for field_pass in (each for visit in visits if index for each in _detect(scope, field, implements, index, visit)):
        is_it = field_pass.start_ms <= start_ms <= field_pass.end_ms
        if is_it and repositories.sees_field_at(field.id, field_pass.start_ms):
            return field_pass
    sentence = f"Telemetry shows no pass of {named[2]} on this field at {start_ms}: list the field's passes."
    raise AnalysisError("unknown-pass", "No such pass", sentence)


def refer_pass(scope: OrgScope, field_pass: FieldPass) -> TelemetryRef:
    """Return telemetry that holds a pass and `_EDGE_MS` around it: what it was looked up in, if that is enough."""
    window, ref = _around(field_pass), field_pass.telemetry
    if ref is not None and ref.window.start_ms <= window.start_ms and window.end_ms <= ref.window.end_ms:
        return ref
    return refer_telemetry(scope, find_device(scope, field_pass.device), window)


def load_pass_inputs(scope: OrgScope, field_pass: FieldPass, ref: TelemetryRef) -> PassInputs:
    """Return a pass with its telemetry, of `refer_pass`, and geometry; raises PreconditionError without positions."""
    telemetry = load_pass_telemetry(scope, ref).within(_around(field_pass))
    if telemetry.n < 2:
        sentence = f"{field_pass.device} reported no positions during this pass: check its start and end."
        raise PreconditionError("no-track", "No telemetry for this pass", sentence)
    plane = plane_of(field_pass.field)
    outline = outline_of(field_pass.field, plane)
    window = Window(field_pass.start_ms, field_pass.end_ms)
    stretches = _stretches_of(window, telemetry, outline, plane, field_pass.swath_m or _UNKNOWN_SWATH_M)
    return PassInputs(field_pass, telemetry, stretches, plane, outline)


def _around(field_pass: FieldPass | DetectedPass) -> Window:
    return Window(field_pass.start_ms - _EDGE_MS, field_pass.end_ms + _EDGE_MS)


def _stretches_of(
    window: Window, telemetry: PassTelemetry, outline: FieldOutline, plane: Plane, swath_m: float
) -> Intervals:
    """Return when product left in a window; without telemetry of the machine, when the vehicle moved over the field."""
    vehicle = telemetry.vehicle
    silent = len(vehicle.pump.time_ms) < 2 and not vehicle.flow.is_known
    stretches = travel_time(vehicle, outline.whole, plane, swath_m) if silent else release_time(vehicle)
    return clip(stretches, window.start_ms, window.end_ms)


def _describe_declared(
    scope: OrgScope,
    repositories: OrganisationRepositories,
    field: Field,
    declared: Pass,
    record: DeviceRecord | None,
    index: TelemetryIndex | None = None,
) -> FieldPass:
    # Where somebody who was asked named none, nothing but what is mounted is put in its place.
    implement, basis = find_implement(repositories, declared.device), cast("ImplementBasis | None", "mounted")
    if declared.implement is not None:
        implement, basis = repositories.implements.get(declared.implement, also_deleted=True), "declared"
    ref, version = None, b""
    if record is not None:
        looked_up = Window(declared.start_ms - _MARGIN_MS, declared.end_ms + _MARGIN_MS)
        is_known = index is not None and index.holds(looked_up)
        ref = index.refer(looked_up) if index and is_known else refer_telemetry(scope, record, looked_up)
        version = ref.version
    field_pass = FieldPass(
        declared.id,
        field,
        declared.device,
        declared.start_ms,
        declared.end_ms,
        declared,
        implement,
        None,
        ref,
        version,
        None if implement is None else basis,
    )
    if ref is None:
        return field_pass
    key = ("segments", scope.organisation, field_pass.key)
    return replace(field_pass, detected=scope.cache.get(key, lambda: _find_segments(scope, field_pass, ref)))


def _find_segments(scope: OrgScope, field_pass: FieldPass, ref: TelemetryRef) -> DetectedPass | None:
    """Return the segments of a declared pass, None without positions or work."""
    telemetry = load_pass_telemetry(scope, ref)
    if telemetry.n < 2:
        return None
    plane = plane_of(field_pass.field)
    outline, swath_m = outline_of(field_pass.field, plane), field_pass.swath_m or _UNKNOWN_SWATH_M
    window = Window(field_pass.start_ms, field_pass.end_ms)
    stretches = _stretches_of(window, telemetry, outline, plane, swath_m)
    return describe_pass(telemetry.vehicle, stretches, outline.whole, plane, swath_m) if len(stretches) else None


def _detect(
    scope: OrgScope, field: Field, implements: VehicleImplements, index: TelemetryIndex, visit: Window
) -> list[FieldPass]:
    """Return the passes of one vehicle on a field that its telemetry shows in a window."""
    device, usual = index.record.descriptor.device, implements.usual
    ref = index.refer(visit)
    key = ("detection", scope.organisation, device, visit, ref.version, (_version_of(field), _version_of(usual)))
    found = []
    for detected in scope.cache.get(key, lambda: _search_visit(scope, field, usual, ref)):
        implement, basis = implements.at(detected.start_ms)
        name, version = f"{field.id}~{device}~{detected.start_ms}", index.refer(_around(detected)).version
        times_ms = detected.start_ms, detected.end_ms
        found.append(FieldPass(name, field, device, *times_ms, None, implement, detected, ref, version, basis))
    return found


def _search_visit(scope: OrgScope, field: Field, implement: Implement | None, ref: TelemetryRef) -> list[DetectedPass]:
    telemetry = load_pass_telemetry(scope, ref)
    if telemetry.n < 2:
        return []
    plane = plane_of(field)
    ground: shapely.Geometry = outline_of(field, plane).whole
    return detect_passes(telemetry.vehicle, ground, plane, implement.swath_m if implement else _UNKNOWN_SWATH_M)


def _is_same(detected: FieldPass, other: FieldPass) -> bool:
    """Return whether a detected pass is a declared one: the same vehicle at the same time."""
    overlaps = detected.start_ms < other.end_ms and other.start_ms < detected.end_ms
    return other.declared is not None and other.device == detected.device and overlaps


def _version_of(record: VersionedRecord | None) -> Hashable:
    return None if record is None else (record.id, record.version, record.changed_ms)
