"""Routes of devices: newest values, series, events and conflicts."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Query, Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.content_types import JSON, TABLE_CONTENT, choose_format, reply_table, samples_table
from api.http.pagination import MOST, Cursor, Limit, read_cursor, reply_page, write_cursor
from api.http.problems import ProblemError, declare_problems
from api.http.query_windows import settle_window
from api.http.responses import reply, reply_columns
from api.http.router import Router
from api.routes.parameters import NAME_PATTERN, DeviceId, End, Start
from api.schemas.devices.devices import (
    DeviceDetail,
    DeviceList,
    Latest,
    LatestList,
    device_detail_of,
    device_of,
    latest_of,
)
from api.schemas.devices.series import ConflictList, EventList, FlightList, Series, conflicts_of, events_of, series_of
from headland.analysis.inputs.downsampling import Method
from headland.analysis.inputs.flights import list_flights
from headland.analysis.inputs.origin import count_left_out, for_window
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.telemetry import (
    find_device,
    list_channels,
    list_devices,
    read_chart,
    read_conflicts,
    read_events,
    read_latest,
    read_series,
    read_slices,
)
from headland.analysis.inputs.window import HIGH_MS, LOW_MS, Window
from headland.errors import RetryLater
from headland.registry.repositories.house_devices import HouseDevices, read_house_devices
from headland.store.port import DeviceRecord

#: Any window is accepted: the cost of a response depends on its rows.
LONGEST_SERIES_MS: Final = HIGH_MS - LOW_MS
MAX_POINTS: Final = 10_000

ManyLimit = Annotated[int, Query(description="Items per page.", ge=1, le=5000)]
Kind = Annotated[str | None, Query(description="Only devices of this kind.", pattern=NAME_PATTERN)]
Site = Annotated[str | None, Query(description="Only devices at this site.", pattern=NAME_PATTERN)]

_SERIES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": TABLE_CONTENT},
    **declare_problems(400, 404, 406, 422),
}

router = Router(prefix="/v1", tags=["devices"], responses=declare_problems(503))


@router.get("/devices", name="list_devices", response_model=DeviceList, responses=declare_problems(400, 422))
def get_devices(
    request: Request, scope: ScopeOf, kind: Kind = None, site: Site = None, cursor: Cursor = None, limit: Limit = MOST
) -> Response:
    """List the devices by id."""
    records, following = _page_of(scope, kind, site, cursor, limit)
    houses = _house_devices(scope)
    items = [device_of(record, houses.house_of(record.descriptor.device), scope.now_ms) for record in records]
    return reply_page(request, DeviceList(items=items, next=following))


@router.get("/latest", name="list_latest", response_model=LatestList, responses=declare_problems(400, 422))
def get_latest_of_all(
    request: Request, scope: ScopeOf, kind: Kind = None, site: Site = None, cursor: Cursor = None, limit: Limit = MOST
) -> Response:
    """List the newest value of each channel of every device, by device id."""
    records, following = _page_of(scope, kind, site, cursor, limit)
    newest = read_latest(scope)
    items = [latest_of(record, newest.get(record.descriptor.device, {}), scope.now_ms) for record in records]
    return reply_page(request, LatestList(items=items, next=following))


@router.get("/devices/{device}", response_model=DeviceDetail, responses=declare_problems(404, 422))
def get_device(request: Request, scope: ScopeOf, device: DeviceId) -> Response:
    """Return a device and its channels."""
    record = find_device(scope, device)
    greenhouse = _house_devices(scope).house_of(record.descriptor.device)
    return reply(request, device_detail_of(record, list_channels(scope, record), greenhouse, scope.now_ms))


@router.get("/devices/{device}/latest", response_model=Latest, responses=declare_problems(404, 422))
def get_latest(request: Request, scope: ScopeOf, device: DeviceId) -> Response:
    """Return the newest value of each channel of a device."""
    record = find_device(scope, device)
    return reply(request, latest_of(record, read_latest(scope, device).get(device, {}), scope.now_ms))


@router.get("/devices/{device}/series", response_model=Series, responses=_SERIES)
def get_series(
    request: Request,
    scope: ScopeOf,
    device: DeviceId,
    channel: Annotated[
        list[Annotated[str, Query(max_length=128)]],
        Query(description="A channel; repeat it for more.", min_length=1, max_length=32),
    ],
    start: Start = None,
    end: End = None,
    max_points: Annotated[
        int | None, Query(description=f"Rows at most, {MAX_POINTS} by default.", ge=1, le=100_000)
    ] = None,
    width: Annotated[
        int | None, Query(description="Pixels of a chart: only samples that it needs.", ge=3, le=10_000)
    ] = None,
    method: Annotated[Method, Query(description="How `width` chooses samples.")] = "min_max",
    simulated: Annotated[
        bool | None,
        Query(description="Samples of a simulator, or real ones; by default real ones where there are any."),
    ] = None,
) -> Response:
    """Give samples of [start, end) as columns; suspect and failed samples (QARTOD 3 and 4) are left out.

    Where more than `max_points` rows would come, each row is the mean of a bucket and its time is the bucket's start:
    `aggregation` says so and how long a bucket is; the first begins at the first sample in the window. Buckets of six
    minutes and longer begin on full minutes, those of six hours on full hours, of six days on days UTC: the first one
    then begins up to that much before.

    Real samples and those of a simulator are never joined: `simulated` says which these are, `left_out` how many of the
    others the window has; a table has a row `simulated` and the header `Headland-Left-Out`.

    With `width` come the lowest and the highest sample of each pixel (`min_max`), or those with the largest triangles
    (`lttb`), each row with the values of all channels; over a long window the means of `width` buckets.

    `Accept: application/vnd.apache.arrow.stream`, `text/csv` and `application/vnd.apache.parquet` give every sample,
    however many, a row for each instant; the first two as they are read.
    """
    form = choose_format(request.headers.get("accept"))
    window = settle_window(start, end, scope.now_ms, LONGEST_SERIES_MS)
    channels = list(dict.fromkeys(channel))
    record = for_window(scope, find_device(scope, device), window, channels, simulated=simulated)
    left_out = count_left_out(scope, record, window, channels)
    if form != JSON:
        if max_points is not None or width is not None:
            sentence = f"{form} gives every sample: leave out max_points and width, or ask for {JSON}."
            raise ProblemError(422, "bad-parameter", "A table has no limit of points", sentence)
        slices = read_slices(scope, record, channels, window)
        table = reply_table(request, form, samples_table(record, channels, slices))
        if left_out is not None:
            table.headers["Headland-Left-Out"] = f"{left_out.samples} {'simulated' if left_out.simulated else 'real'}"
        return table
    if width is not None:
        columns = read_chart(scope, record, channels, window, width, method)
    else:
        columns = read_series(scope, record, channels, window, max_points or MAX_POINTS)
    answer = reply_columns(request, series_of(record, window, columns, left_out))
    answer.headers["Vary"] = "Accept"
    return answer


@router.get(
    "/devices/{device}/events", name="list_events", response_model=EventList, responses=declare_problems(400, 404, 422)
)
def get_events(
    request: Request,
    scope: ScopeOf,
    device: DeviceId,
    start: Start = None,
    end: End = None,
    cursor: Cursor = None,
    limit: ManyLimit = MOST,
) -> Response:
    """List the events of [start, end) in time order; the events of one instant are always on one page."""
    window = settle_window(start, end, scope.now_ms, LONGEST_SERIES_MS)
    find_device(scope, device)
    events, next_ms = read_events(scope, device, _after(cursor, window), limit)
    return reply_page(request, events_of(device, events, _cursor_of(next_ms)))


@router.get(
    "/devices/{device}/flights",
    name="get_flights",
    response_model=FlightList,
    responses=declare_problems(400, 404, 422),
)
def get_flights(request: Request, scope: ScopeOf, device: DeviceId, start: Start = None, end: End = None) -> Response:
    """List a vehicle's flights that ended in [start, end): what of each came by link, was healed, and remains."""
    window = settle_window(start, end, scope.now_ms, LONGEST_SERIES_MS)
    find_device(scope, device)
    return reply(request, FlightList(device=device, items=list_flights(scope, device, window)))


@router.get(
    "/devices/{device}/conflicts",
    name="list_conflicts",
    response_model=ConflictList,
    responses=declare_problems(400, 404, 422),
)
def get_conflicts(
    request: Request,
    scope: ScopeOf,
    device: DeviceId,
    start: Start = None,
    end: End = None,
    cursor: Cursor = None,
    limit: ManyLimit = MOST,
) -> Response:
    """List the values in [start, end) that contradict stored ones, for example of two gateways that read one vehicle.

    No other response contains them: the first value remains stored.
    """
    window = settle_window(start, end, scope.now_ms, LONGEST_SERIES_MS)
    record = find_device(scope, device)
    conflicts, next_ms = read_conflicts(scope, device, _after(cursor, window), limit)
    return reply_page(request, conflicts_of(record, conflicts, _cursor_of(next_ms)))


def _house_devices(scope: OrgScope) -> HouseDevices:
    """Return which greenhouse each device is in: in none without a registry, and while it cannot be asked.

    Devices and their samples are in the store: they are answered whatever the registry does.
    """
    if scope.registry is None:
        return HouseDevices()
    try:
        return read_house_devices(scope.repositories)
    except RetryLater:
        return HouseDevices()


def _page_of(
    scope: OrgScope, kind: str | None, site: str | None, cursor: str | None, limit: int
) -> tuple[list[DeviceRecord], str | None]:
    after = read_cursor(cursor, tuple[str])
    records, following = list_devices(scope, "" if after is None else after[0], limit, kind, site)
    return records, None if following is None else write_cursor(following)


def _after(cursor: str | None, window: Window) -> Window:
    """Return the part of a window after a page's cursor; it may be empty."""
    start = read_cursor(cursor, tuple[int])
    return window if start is None else Window(min(max(start[0], window.start_ms), window.end_ms), window.end_ms)


def _cursor_of(next_ms: int | None) -> str | None:
    return None if next_ms is None else write_cursor(next_ms)
