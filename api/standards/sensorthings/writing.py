"""Routes by which programs write Observations by SensorThings, answered after the commit."""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import Path, Request
from starlette.responses import Response

from api.dependencies import AccessOf, ScopeOf
from api.http.idempotency import HEADER
from api.http.problems import ProblemError, declare_problems
from api.http.records import BodyOf, encode
from api.http.router import Router
from api.routes.devices.gateways import IngestOf
from api.routes.exchange.samples import check_size, commit_posted, refusal_of
from api.standards.sensorthings.catalog import split_stream
from headland.analysis.inputs.scope import OrgScope
from headland.contract.posts.observations import FindStream, Stream, read_data_arrays, read_observation
from headland.contract.posts.packs import PostedBody, PostedRecord, PostedResult
from headland.contract.refusals import Reason, Refused
from headland.contract.senml.records import ABSOLUTE_FROM_S
from headland.registry.registry import Access
from headland.store.port import SeriesFilter

_ROOT: Final = "/sta/v1.1"
_STREAM: Final = {
    "type": "object",
    "required": ["@iot.id"],
    "properties": {"@iot.id": {"type": "string", "description": "Id of an existing Datastream."}},
}
_OBSERVATION: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["result"],
    "properties": {
        "phenomenonTime": {
            "type": "string",
            "format": "date-time",
            "description": "Instant; else that of the receipt.",
        },
        "result": {"type": ["number", "boolean"], "description": "Value in the unit of the Datastream."},
        "Datastream": _STREAM,
    },
}
_ARRAYS: Final[dict[str, Any]] = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["Datastream", "components", "dataArray"],
        "properties": {
            "Datastream": _STREAM,
            "components": {"type": "array", "items": {"type": "string"}, "description": "Names of the columns."},
            "dataArray": {"type": "array", "items": {"type": "array", "items": {}}, "description": "Rows."},
        },
    },
}
_CREATED: Final = "Created: the Observation is at `Location`."

router = Router(prefix=_ROOT, tags=["sensorthings"], responses=declare_problems(400, 403, 404, 409, 413, 422, 503))


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


@router.post(
    "/Observations",
    name="create_observation",
    response_class=Response,
    status_code=201,
    responses={201: {"description": _CREATED}},
    openapi_extra=_body({**_OBSERVATION, "required": ["result", "Datastream"]}),
)
def create_observation(request: Request, scope: ScopeOf, access: AccessOf, ingest: IngestOf, body: BodyOf) -> Response:
    """Store an Observation of an existing Datastream, in its unit; the answer comes after the commit.

    The same Observation may be sent again until it is answered. One that cannot be stored goes to quarantine.
    """
    return _create(request, scope, access, ingest, body, None)


@router.post(
    "/Datastreams({datastream})/Observations",
    name="create_observation_of_datastream",
    response_class=Response,
    status_code=201,
    responses={201: {"description": _CREATED}},
    openapi_extra=_body(_OBSERVATION),
)
def create_observation_of(
    request: Request,
    scope: ScopeOf,
    access: AccessOf,
    ingest: IngestOf,
    body: BodyOf,
    datastream: Annotated[str, Path(description="Quoted id of a Datastream.", max_length=300)],
) -> Response:
    """Store an Observation of the Datastream of the address, as `POST /Observations` does."""
    stream_id = datastream[1:-1].replace("''", "'") if datastream[:1] == datastream[-1:] == "'" else datastream
    found = _finder(scope)(stream_id)
    if isinstance(found, Refused) and found.reason is Reason.UNKNOWN_CHANNEL:
        raise ProblemError(404, "unknown-entity", "No such entity", f"{found.detail}.")
    return _create(request, scope, access, ingest, body, stream_id)


@router.post(
    "/CreateObservations",
    name="create_observations",
    response_class=Response,
    status_code=201,
    responses={
        201: {
            "description": "For each row the address of its Observation, or `error` with the cause.",
            "content": {"application/json": {"schema": {"type": "array", "items": {"type": "string"}}}},
        }
    },
    openapi_extra=_body(_ARRAYS),
)
def create_observations(request: Request, scope: ScopeOf, access: AccessOf, ingest: IngestOf, body: BodyOf) -> Response:
    """Store the Observations of data arrays; the answer comes after the commit and has a text for each row.

    Rows that cannot be read are in quarantine, and the others are stored.
    """
    check_size(body)
    rows = read_data_arrays(body, _finder(scope))
    records = [row for row in rows if isinstance(row, PostedRecord)]
    refused = [row for row in rows if isinstance(row, Refused)]
    result = _commit(request, scope, access, ingest, body, PostedBody(records, refused))
    if not records or len(result.refused) > len(refused):
        raise refusal_of(result, is_unread=False)
    texts = [
        f"error: {row.detail}" if isinstance(row, Refused) else _address_of(request, row, result.received_ms)
        for row in rows
    ]
    return Response(encode(texts), 201, media_type="application/json")


def _create(
    request: Request, scope: OrgScope, access: Access, ingest: IngestOf, body: bytes, stream_id: str | None
) -> Response:
    check_size(body)
    row = read_observation(body, _finder(scope), stream_id)
    posted = PostedBody((), (row,)) if isinstance(row, Refused) else PostedBody((row,))
    result = _commit(request, scope, access, ingest, body, posted)
    if isinstance(row, Refused) or result.refused:
        raise refusal_of(result, is_unread=False)
    return Response(status_code=201, headers={"Location": _address_of(request, row, result.received_ms)})


def _commit(
    request: Request, scope: OrgScope, access: Access, ingest: IngestOf, body: bytes, posted: PostedBody
) -> PostedResult:
    # A client of the standard has no key for its request, and may leave the time to the server.
    result = commit_posted(request, scope, access, ingest, body, posted, has_keys=HEADER in request.headers)
    if result.conflicting:
        sentence = "Another result of the same time is stored, which remains: yours is in the conflict record."
        raise ProblemError(409, "other-result", "Observation exists with another result", sentence)
    return result


def _address_of(request: Request, record: PostedRecord, received_ms: int | None) -> str:
    is_dated = record.time_s >= ABSOLUTE_FROM_S
    time_ms = round(record.time_s * 1000) if is_dated else received_ms
    id_ = quote(f"{record.device}:{record.name}@{time_ms}".replace("'", "''"), safe=":@")
    return f"{str(request.base_url).rstrip('/')}{_ROOT}/Observations('{id_}')"


def _finder(scope: OrgScope) -> FindStream:
    """Return what finds Datastreams, each asked of the store once."""
    known: dict[str, Stream | Refused] = {}

    def find(stream_id: str) -> Stream | Refused:
        if stream_id not in known:
            known[stream_id] = _find(scope, stream_id)
        return known[stream_id]

    return find


def _find(scope: OrgScope, stream_id: str) -> Stream | Refused:
    device, channel = split_stream(stream_id)
    series = scope.store.series(SeriesFilter(scope.organisation, device, frozenset({channel})))
    held = [each for each in series if (each.device, each.channel) == (device, channel)]
    if not held:
        return Refused(Reason.UNKNOWN_CHANNEL, f"There is no Datastream {stream_id[:80]!r}")
    if all(each.simulated for each in held):
        return Refused(Reason.STORE_REFUSED, f"Datastream {stream_id[:80]!r} is of a simulator: nobody writes into it")
    return Stream(device, channel)
