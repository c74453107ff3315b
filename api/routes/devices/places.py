"""Routes of device places: the greenhouse zone or the field of a device."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec
from fastapi import Request
from msgspec import Meta
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.problems import ProblemError, declare_problems
from api.http.records import Sent
from api.http.responses import reply
from api.http.router import Router
from api.routes.parameters import DeviceId
from api.routes.registry import ID_PATTERN
from api.schemas.model import EXAMPLE_ID, fill
from headland.registry.models.errors import NotFound
from headland.registry.models.models import Device
from headland.registry.repositories.organisation_repositories import OrganisationRepositories

RecordId = Annotated[str, Meta(pattern=ID_PATTERN)] | None


class DevicePlaceInput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The id of a greenhouse zone or of a field; without both the device has no place."""

    EXAMPLE: ClassVar = {"zone": EXAMPLE_ID}

    zone: RecordId = None
    field: RecordId = None


class DevicePlace(msgspec.Struct, frozen=True, kw_only=True):
    """The place of a device."""

    id: Annotated[str, "The device's id in the registry, as an implement's `device` names it."]
    device: str
    zone: str | None
    field: str | None


class DevicePlaceList(msgspec.Struct, frozen=True, kw_only=True):
    """The places of all registered devices, by their names."""

    items: list[DevicePlace]


router = Router(prefix="/v1/devices", tags=["registry"], responses=declare_problems(404, 422, 503))
places = Router(prefix="/v1/device-places", tags=["registry"], responses=declare_problems(404, 503))


@places.get("", name="get_places", response_model=DevicePlaceList)
def get_places(request: Request, scope: ScopeOf) -> Response:
    """List the greenhouse zone or field of every registered device."""
    devices = sorted(scope.repositories.devices.all(), key=lambda device: device.name)
    return reply(request, DevicePlaceList(items=[_place_of(device) for device in devices]))


@router.get("/{device}/place", response_model=DevicePlace)
def get_place(request: Request, scope: ScopeOf, device: DeviceId) -> Response:
    """Return the greenhouse zone or the field of a device."""
    return reply(request, _place_of(_find(scope.repositories, device)))


@router.put("/{device}/place", response_model=DevicePlace, responses=declare_problems(400, 409, 412))
def put_place(request: Request, scope: ScopeOf, device: DeviceId, place: Sent[DevicePlaceInput]) -> Response:
    """Assign a device to a greenhouse zone or a field. Answers about a greenhouse use the devices of its zones."""
    repositories = scope.repositories
    record = _find(repositories, device)
    try:
        changed = repositories.devices.change(msgspec.structs.replace(record, zone=place.zone, field=place.field))
    except NotFound as error:
        raise ProblemError(400, f"unknown-{error.kind}", "Referenced record not found", str(error)) from error
    return reply(request, _place_of(changed))


def _find(repositories: OrganisationRepositories, device: str) -> Device:
    devices = repositories.devices.list(name=device, limit=1)
    if not devices:
        sentence = f"The registry has no device {device}. Devices are registered when their first data arrive."
        raise ProblemError(404, "unknown-device", "No such device", sentence)
    return devices[0]


def _place_of(device: Device) -> DevicePlace:
    return fill(DevicePlace, device, device=device.name)
