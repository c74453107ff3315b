"""Routes by which network servers of LoRaWAN post uplinks with decoded values, answered after the commit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import Query, Request

from api.dependencies import AccessOf, HomeOf, ScopeOf
from api.http.problems import ProblemError, declare_problems
from api.http.records import BodyOf
from api.http.router import Router
from api.routes.devices.gateways import IngestOf
from api.routes.exchange.samples import store_posted
from headland.contract.posts.consoles import BodyMap, Console, SenderMap
from headland.contract.posts.packs import PostedBody, PostedResult
from headland.contract.posts.uplinks import UplinkServer
from headland.errors import SettingsError
from headland.registry.registry import Access

_NO_MAP: Final = BodyMap()
_NOTHING_KEPT: Final = SenderMap()
_NAMED: Final = {"type": "string", "minLength": 1}
_OBJECT: Final = {"type": "object"}
_THINGS_STACK: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["end_device_ids"],
    "properties": {
        "end_device_ids": {
            "type": "object",
            "required": ["device_id", "application_ids"],
            "properties": {
                "device_id": _NAMED,
                "application_ids": {
                    "type": "object",
                    "required": ["application_id"],
                    "properties": {"application_id": _NAMED},
                },
            },
        },
        "uplink_message": _OBJECT,
    },
}
_CHIRPSTACK: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["deviceInfo"],
    "properties": {
        "deviceInfo": {"type": "object", "required": ["devEui"], "properties": {"devEui": _NAMED}},
        "object": _OBJECT,
    },
}
_UPLINK: Final = {
    "end_device_ids": {"device_id": "bed-1", "application_ids": {"application_id": "farm"}},
    "uplink_message": {
        "received_at": "2026-12-02T12:00:00Z",
        "decoded_payload": {"soil_moisture_pct": 31.2, "soil_temperature_degc": 18.5},
    },
}
_EVENT: Final = {
    "time": "2026-12-02T12:00:00Z",
    "deviceInfo": {"devEui": "0102030405060708", "deviceName": "bed 1"},
    "object": {"soil_moisture_pct": 31.2, "soil_temperature_degc": 18.5},
}


def _json(schema: dict[str, Any], example: dict[str, Any], text: str) -> dict[str, Any]:
    content = {"application/json": {"schema": schema, "example": example}}
    return {"requestBody": {"required": True, "description": text, "content": content}}


router = Router(prefix="/v1/samples", tags=["devices"], responses=declare_problems(404, 422, 503))

Channels = Annotated[
    list[Annotated[str, Query(max_length=400)]],
    Query(
        description="Channel of a decoded value whose name is none, as CHANNEL,UNIT,NAME; repeat it for more.",
        max_length=64,
    ),
]


@router.post(
    "/things-stack",
    name="post_things_stack",
    response_model=PostedResult,
    openapi_extra=_json(_THINGS_STACK, _UPLINK, "An uplink message of The Things Stack v3, as its webhooks send it."),
    responses=declare_problems(400, 403, 409, 413),
)
def post_things_stack(
    request: Request,
    scope: ScopeOf,
    access: AccessOf,
    home: HomeOf,
    ingest: IngestOf,
    body: BodyOf,
    channel: Channels = [],  # noqa: B006 - FastAPI copies it
) -> PostedResult:
    """Store an uplink of The Things Stack: the decoded values whose channel is known, after their commit.

    Known are names that are channels, the normalized payload, and what `channel` maps. `unmapped` of the answer says
    what the address needs for the rest; an uplink of which nothing is known is refused (400) and kept in quarantine.
    """

    def read() -> PostedBody:
        return read_posted(home, access, UplinkServer.THINGS_STACK, body, channel)

    return store_posted(request, scope, access, ingest, body, read, speaks=True)


@router.post(
    "/chirpstack",
    name="post_chirpstack",
    response_model=PostedResult,
    openapi_extra=_json(_CHIRPSTACK, _EVENT, "An event of ChirpStack v4 as JSON, as its HTTP integration sends it."),
    responses=declare_problems(400, 403, 409, 413),
)
def post_chirpstack(
    request: Request,
    scope: ScopeOf,
    access: AccessOf,
    home: HomeOf,
    ingest: IngestOf,
    body: BodyOf,
    event: Annotated[
        str, Query(description="Kind of event, which ChirpStack adds: others than `up` hold no samples.", max_length=32)
    ] = "up",
    channel: Channels = [],  # noqa: B006 - FastAPI copies it
) -> PostedResult:
    """Store an uplink of ChirpStack: the decoded values whose channel is known, after their commit.

    Known are names that are channels, and what `channel` maps. `unmapped` of the answer says what the address needs
    for the rest; an uplink of which nothing is known is refused (400) and kept in quarantine.
    """

    def read() -> PostedBody:
        if event != "up":
            return PostedBody(())
        return read_posted(home, access, UplinkServer.CHIRPSTACK, body, channel)

    return store_posted(request, scope, access, ingest, body, read, speaks=True)


def read_posted(
    home: HomeOf,
    access: Access,
    server: UplinkServer | Console,
    body: bytes,
    channels: Sequence[str],
    about: BodyMap = _NO_MAP,
) -> PostedBody:
    """Return what the station's reader makes of a body, by the address and what is kept with the key.

    Raises ProblemError.
    """
    kept = access.map or _NOTHING_KEPT
    return read_by_map(home, server, body, kept.with_channels(channels), kept.about(about))


def read_by_map(
    home: HomeOf, server: UplinkServer | Console, body: bytes, channels: Sequence[str], about: BodyMap = _NO_MAP
) -> PostedBody:
    """Return what the station's reader makes of a body by a map. Raises ProblemError."""
    if home.uplinks is None:
        raise ProblemError(
            404, "no-ingest", "No ingest", "This API runs without an ingest: ask the station that runs it."
        )
    try:
        return home.uplinks(server, body, channels, about)
    except SettingsError as error:
        raise ProblemError(422, "bad-parameter", "Invalid parameter", f"Correct `channel`: {error}.") from error
