"""Routes by which consoles post samples in their maker's form to an address of their own, answered after the commit."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Path, Query, Request

from api.dependencies import AccessOf, HomeOf, ScopeOf
from api.http.problems import ProblemError, declare_problems
from api.http.records import BodyOf
from api.http.router import Router
from api.routes.devices.gateways import IngestOf
from api.routes.exchange.samples import store_posted
from api.routes.exchange.uplinks import read_posted
from api.routes.parameters import NAME_PATTERN
from headland.contract.posts.consoles import BodyMap, Console, hide_secrets
from headland.contract.posts.packs import PostedBody, PostedResult
from headland.registry.auth.api_keys import is_address

FORM: Final = "application/x-www-form-urlencoded"
_FORM: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "An upload of a console in Ecowitt's or Weather Underground's protocol; at most 128 KiB.",
        "content": {
            FORM: {
                "schema": {"type": "string"},
                "example": "PASSKEY=0123456789ABCDEF0123456789ABCDEF&stationtype=GW1100A_V2.3.1"
                "&dateutc=2026-12-02+12:00:00&tempf=47.8&soilmoisture1=31&freq=868M&model=GW1100A",
            }
        },
    }
}
_NO_MAP: Final = BodyMap()
_OF_CONSOLES: Final = "A device says what it measured, by names of its maker."
Address = Annotated[str, Path(description="Unguessable part of the address.", max_length=128)]
JSON: Final = "application/json"
_JSON_BODY: Final[dict[str, Any]] = {
    "requestBody": {"required": True, "content": {JSON: {"schema": {}, "example": {"t": 18.5}}}}
}
Channels = Annotated[
    list[Annotated[str, Query(max_length=400)]],
    Query(
        description="Channel of a further field, or of one that means something else, as CHANNEL,UNIT,NAME.",
        max_length=64,
    ),
]

router = Router(prefix="/v1/samples", tags=["devices"], responses=declare_problems(400, 403, 404, 422, 503))


@router.post(
    "/ecowitt/{address}",
    name="post_ecowitt",
    response_model=PostedResult,
    openapi_extra=_FORM,
    responses=declare_problems(413, 415),
    open_query=_OF_CONSOLES,
)
def post_ecowitt(
    request: Request,
    scope: ScopeOf,
    access: AccessOf,
    home: HomeOf,
    ingest: IngestOf,
    body: BodyOf,
    address: Address,
    channel: Channels = [],  # noqa: B006 - FastAPI copies it
) -> PostedResult:
    """Store an upload of an Ecowitt or Fine Offset console after its commit, in the units of the channels.

    The address is the key: `POST /v1/keys` with `sender` makes it. The device is told by PASSKEY, or by ID; values of
    neither are kept. Fields without a channel are in `unmapped`. A `dateutc` of now is the time of receipt.
    """
    check_address(address)
    check_kind(request, FORM)
    return _store(request, scope, access, home, ingest, body, Console.ECOWITT, channel)


@router.get("/ecowitt/{address}", name="get_ecowitt", response_model=PostedResult, open_query=_OF_CONSOLES, stores=True)
def get_ecowitt(
    request: Request,
    scope: ScopeOf,
    access: AccessOf,
    home: HomeOf,
    ingest: IngestOf,
    address: Address,
    channel: Channels = [],  # noqa: B006 - FastAPI copies it
) -> PostedResult:
    """Store what a console says in the query of a GET, as Weather Underground's protocol does."""
    check_address(address)
    return _store(request, scope, access, home, ingest, request.url.query.encode(), Console.ECOWITT, channel)


@router.get("/shelly/{address}", name="get_shelly", response_model=PostedResult, open_query=_OF_CONSOLES, stores=True)
def get_shelly(
    request: Request,
    scope: ScopeOf,
    access: AccessOf,
    home: HomeOf,
    ingest: IngestOf,
    address: Address,
    channel: Channels = [],  # noqa: B006 - FastAPI copies it
) -> PostedResult:
    """Store what a Shelly says in the address of an action: `id`, and tC, tF, rh, hum or what `channel` maps.

    Other values are in `unmapped`. The time is that of the receipt; the same values within 15 s are the same.
    """
    check_address(address)
    return _store(request, scope, access, home, ingest, request.url.query.encode(), Console.SHELLY, channel)


@router.post(
    "/weatherlink/{address}",
    name="post_weatherlink",
    response_model=PostedResult,
    openapi_extra=_JSON_BODY,
    responses=declare_problems(413, 415),
)
def post_weatherlink(
    request: Request,
    scope: ScopeOf,
    access: AccessOf,
    home: HomeOf,
    ingest: IngestOf,
    body: BodyOf,
    address: Address,
    channel: Channels = [],  # noqa: B006 - FastAPI copies it
) -> PostedResult:
    """Store the current conditions of a WeatherLink Live that a bridge posts as the device says them."""
    check_address(address)
    check_kind(request, JSON)
    return _store(request, scope, access, home, ingest, body, Console.WEATHERLINK, channel)


@router.post(
    "/json/{address}",
    name="post_json",
    response_model=PostedResult,
    openapi_extra=_JSON_BODY,
    responses=declare_problems(413, 415),
)
def post_json(
    request: Request,
    scope: ScopeOf,
    access: AccessOf,
    home: HomeOf,
    ingest: IngestOf,
    body: BodyOf,
    address: Address,
    device: Annotated[str | None, Query(description="Device of the document.", pattern=NAME_PATTERN)] = None,
    device_from: Annotated[
        list[Annotated[str, Query(max_length=256)]],
        Query(description="Path of a value that names the device, in place of `device`.", max_length=4),
    ] = [],  # noqa: B006 - FastAPI copies it
    time: Annotated[str | None, Query(description="Path of the document's own time.", max_length=256)] = None,
    time_format: Annotated[
        str, Query(description="Format of that time.", pattern="^(iso8601|unix_s|unix_ms|unix2000_s)$")
    ] = "iso8601",
    channel: Channels = [],  # noqa: B006 - FastAPI copies it
) -> PostedResult:
    """Store JSON of any shape by the map in the address: `channel`, and where device and time are.

    The map is that of JSON over MQTT: paths, elements of lists by name, and a unit beside its value count. Numbers
    without a channel are in `unmapped`. Without `time` the time is that of the receipt.
    """
    check_address(address)
    check_kind(request, JSON)
    about = BodyMap(device, tuple(device_from), time, time_format)
    return _store(request, scope, access, home, ingest, body, Console.JSON, channel, about)


def check_kind(request: Request, *kinds: str) -> None:
    """Raise ProblemError (415) where a body is of another type; one that states none is let through."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind and kind not in kinds:
        sentence = f"This sender posts {' or '.join(kinds)}, not {kind[:60]}: send one of these Content-Types."
        raise ProblemError(415, "unsupported-media-type", "Unsupported media type", sentence)


def check_address(address: str) -> None:
    """Raise ProblemError (404) where it is none: then somebody with a key asks, whom the address did not let in."""
    if not is_address(address):
        raise ProblemError(404, "unknown-address", "No such address", "There is no such address: make one.")


def _store(
    request: Request,
    scope: ScopeOf,
    access: AccessOf,
    home: HomeOf,
    ingest: IngestOf,
    text: bytes,
    console: Console,
    channels: list[str],
    about: BodyMap = _NO_MAP,
) -> PostedResult:
    def read() -> PostedBody:
        return read_posted(home, access, console, text, channels, about)

    # What is kept in quarantine has no secret of the console.
    return store_posted(request, scope, access, ingest, hide_secrets(text), read, speaks=False, has_keys=False)
