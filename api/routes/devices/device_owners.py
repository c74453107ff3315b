"""Routes of the owners of devices, for administrators: the gateway of a device, and its mark as simulated."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import Request
from msgspec import Meta
from starlette.responses import Response

from api.dependencies import HomeOf, HomeServices, ScopeOf
from api.http.problems import ProblemError, declare_problems
from api.http.records import Sent
from api.http.responses import reply
from api.http.router import Router
from api.routes.devices.gateways import GatewayId, IngestOf
from api.routes.parameters import NAME_PATTERN, DeviceId, check_gateway
from api.schemas.devices.gateways import AcceptedLoss
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.telemetry import find_device
from headland.contract.records import Descriptor
from headland.store.port import DeviceRecord, SeriesFilter

GatewayName = Annotated[str, Meta(pattern=NAME_PATTERN, extra_json_schema={"example": "gw-2"})]


class DeviceOwnerInput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The gateway that a device, or each device of another gateway, belongs to from now on."""

    gateway: GatewayName


class DeviceOwner(msgspec.Struct, frozen=True, kw_only=True):
    """The owner of a device: the one gateway that may describe it and send its data. Empty while it is not known."""

    device: Annotated[str, Meta(extra_json_schema={"example": "gh-1"})]
    gateway: str
    simulated: bool


class MovedDevices(msgspec.Struct, frozen=True, kw_only=True):
    """How many devices were moved from one gateway to another."""

    moved: Annotated[int, "Number of devices that were moved."]


class ForgottenMarks(msgspec.Struct, frozen=True, kw_only=True):
    """How many spools of a gateway were forgotten in the registry."""

    forgotten: Annotated[int, "Number of spools whose marks were forgotten."]


router = Router(prefix="/v1", tags=["gateways"], responses=declare_problems(404, 422, 503))


@router.get("/devices/{device}/owner", response_model=DeviceOwner)
def get_owner(request: Request, scope: ScopeOf, device: DeviceId) -> Response:
    """Return the gateway that a device belongs to."""
    return reply(request, _owner_of(find_device(scope, device)))


@router.put("/devices/{device}/owner", response_model=DeviceOwner)
def put_owner(
    request: Request, scope: ScopeOf, home: HomeOf, device: DeviceId, body: Sent[DeviceOwnerInput]
) -> Response:
    """Move a device to another gateway. What that gateway sent about it before is taken from quarantine."""
    record = find_device(scope, device)
    check_gateway(home, scope, body.gateway)
    _move(scope, record, body.gateway)
    _tell_ingest(scope, home, body.gateway)
    return reply(request, _owner_of(find_device(scope, device)))


@router.post("/gateways/{gateway}/replace", response_model=MovedDevices, responses=declare_problems(409))
def replace_gateway(scope: ScopeOf, home: HomeOf, gateway: GatewayId, body: Sent[DeviceOwnerInput]) -> MovedDevices:
    """Move all devices of a gateway to another one, for example after it was renamed or replaced."""
    if gateway == body.gateway:
        raise ProblemError(409, "same-gateway", "Same gateway", "Name the gateway that replaces this one.")
    check_gateway(home, scope, body.gateway)
    records = [record for record in scope.store.devices(scope.organisation) if record.gateway == gateway]
    for record in records:
        _move(scope, record, body.gateway)
    _tell_ingest(scope, home, body.gateway)
    return MovedDevices(moved=len(records))


@router.post("/gateways/{gateway}/delivery/accept", response_model=AcceptedLoss)
def accept_loss(scope: ScopeOf, ingest: IngestOf, gateway: GatewayId) -> AcceptedLoss:
    """Accept the loss of a gateway: its records stay listed in the delivery, and the alarm ends. In the audit log."""
    loss = ingest.accept_loss(gateway)
    if loss is None:
        raise ProblemError(404, "unknown-gateway", "Unknown gateway", f"There is no gateway {gateway}: check its id.")
    if scope.registry is not None:
        scope.repositories.delivery_marks.log_accepted(gateway, loss)
    return AcceptedLoss(loss=loss)


@router.delete("/gateways/{gateway}/delivery/marks", response_model=ForgottenMarks)
def forget_marks(scope: ScopeOf, home: HomeOf, gateway: GatewayId) -> ForgottenMarks:
    """Accept the loss of records that an earlier store had: forget how far the gateway's spools were committed.

    What the present store has of them is recorded again within ten seconds; a gateway of which it has nothing is no
    longer listed.
    """
    check_gateway(home, scope, gateway)
    forgotten = 0 if scope.registry is None else scope.repositories.delivery_marks.forget(gateway)
    if home.gateways is not None and home.serves(scope):
        home.gateways.forget_marks(gateway)
    return ForgottenMarks(forgotten=forgotten)


@router.delete("/devices/{device}/simulated", response_model=DeviceOwner, responses=declare_problems(409))
def unmark_simulated(request: Request, scope: ScopeOf, home: HomeOf, device: DeviceId) -> Response:
    """Remove the mark of a device as simulated that was set by mistake. Simulated samples keep theirs for good."""
    record = find_device(scope, device)
    marked = [key for key in scope.store.series(SeriesFilter(scope.organisation, device=device)) if key.simulated]
    if marked:
        raise ProblemError(
            409,
            "simulated-samples",
            "Device has simulated samples",
            f"{len(marked)} series of {device} hold simulated samples, which remain so: give the real one another id.",
        )
    _write(scope, record.gateway, msgspec.structs.replace(record.descriptor, simulated=False), unmark=True)
    _tell_ingest(scope, home, record.gateway)
    return reply(request, _owner_of(find_device(scope, device)))


def _move(scope: OrgScope, record: DeviceRecord, gateway: str) -> None:
    if record.gateway != gateway:
        _write(scope, gateway, record.descriptor)


def _write(scope: OrgScope, gateway: str, descriptor: Descriptor, *, unmark: bool = False) -> None:
    """Write a device's owner and mark to the registry, whose audit log names who did it, and to the store."""
    scope.repositories.record_descriptor(gateway, descriptor, unmark=unmark)
    scope.store.describe(scope.organisation, gateway, descriptor, unmark=unmark)


def _tell_ingest(scope: OrgScope, home: HomeServices, gateway: str) -> None:
    if home.gateways is not None and home.serves(scope) and gateway:
        home.gateways.devices_moved(gateway)


def _owner_of(record: DeviceRecord) -> DeviceOwner:
    descriptor = record.descriptor
    return DeviceOwner(device=descriptor.device, gateway=record.gateway, simulated=descriptor.simulated)
