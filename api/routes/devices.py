"""Devices, their newest values, their series and their events."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.bodies import conflicts_of, device_detail_of, device_of, events_of, latest_of, reply, series_of
from api.downsampling import Method
from api.farm import FarmOf
from api.formats import CSV, JSON, PARQUET, choose_format, reply_table
from api.instants import HIGH_MS, LOW_MS, settle_window
from api.problems import ProblemError, declare_problems
from api.queries import (
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
from api.routes.parameters import DeviceId, End, Start
from api.schema import ConflictList, DeviceDetail, DeviceList, EventList, Latest, LatestList, Series

#: Any window will do: what an answer costs is bounded by its rows, not by the years they lie in.
LONGEST_SERIES_MS: Final = HIGH_MS - LOW_MS
MAX_POINTS: Final = 10_000

_SERIES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {
            CSV: {"schema": {"type": "string"}},
            PARQUET: {"schema": {"type": "string", "format": "binary"}},
        }
    },
    **declare_problems(400, 404, 406, 422),
}

router = APIRouter(prefix="/v1", tags=["devices"], responses=declare_problems(503))


@router.get("/devices", response_model=DeviceList, responses=declare_problems(422))
def get_devices(
    request: Request,
    farm: FarmOf,
    cursor: Annotated[str | None, Query(description="`next` of the page before.", max_length=64)] = None,
    limit: Annotated[int, Query(description="Devices a page.", ge=1, le=1000)] = 1000,
) -> Response:
    """List the devices by id."""
    records, following = list_devices(farm, cursor, limit)
    return reply(request, DeviceList(items=[device_of(record) for record in records], next=following))


@router.get("/latest", response_model=LatestList)
def get_latest_of_all(request: Request, farm: FarmOf) -> Response:
    """Give the newest value of each channel of every device."""
    newest = read_latest(farm)
    records = farm.store.devices(farm.organisation)
    return reply(request, LatestList(items=[latest_of(r, newest.get(r.descriptor.device, {})) for r in records]))


@router.get("/devices/{device}", response_model=DeviceDetail, responses=declare_problems(404, 422))
def get_device(request: Request, farm: FarmOf, device: DeviceId) -> Response:
    """Describe one device and its channels."""
    record = find_device(farm, device)
    return reply(request, device_detail_of(record, list_channels(farm, record)))


@router.get("/devices/{device}/latest", response_model=Latest, responses=declare_problems(404, 422))
def get_latest(request: Request, farm: FarmOf, device: DeviceId) -> Response:
    """Give the newest value of each channel of a device."""
    record = find_device(farm, device)
    return reply(request, latest_of(record, read_latest(farm, device).get(device, {})))


@router.get("/devices/{device}/series", response_model=Series, responses=_SERIES)
def get_series(
    request: Request,
    farm: FarmOf,
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
) -> Response:
    """Give samples of [start, end) as columns; suspect and failed samples (QARTOD 3 and 4) are left out.

    Where more than `max_points` rows would come, each row is the mean of a bucket and its time is the bucket's start:
    `aggregation` says so and how long a bucket is; the first begins at the first sample in the window. Buckets of six
    minutes and longer begin on full minutes, those of six hours on full hours, of six days on days UTC: the first one
    then begins up to that much before.

    With `width` come the lowest and the highest sample of each pixel (`min_max`), or those with the largest triangles
    (`lttb`), each row with the values of all channels; over a long window the means of `width` buckets.

    `Accept: text/csv` and `application/vnd.apache.parquet` give every sample, however many, a row for each instant.
    """
    form = choose_format(request.headers.get("accept"))
    window = settle_window(start, end, farm.now_ms(), LONGEST_SERIES_MS)
    record = find_device(farm, device)
    channels = list(dict.fromkeys(channel))
    if form != JSON:
        if max_points is not None or width is not None:
            sentence = f"{form} gives every sample: leave out max_points and width, or ask for {JSON}."
            raise ProblemError(400, "bad-parameter", "A table has no limit of points", sentence)
        return reply_table(form, record, channels, read_slices(farm, record, channels, window))
    if width is not None:
        columns = read_chart(farm, record, channels, window, width, method)
    else:
        columns = read_series(farm, record, channels, window, max_points or MAX_POINTS)
    answer = reply(request, series_of(record, window, columns))
    answer.headers["Vary"] = "Accept"
    return answer


@router.get("/devices/{device}/events", response_model=EventList, responses=declare_problems(400, 404, 422))
def get_events(
    request: Request,
    farm: FarmOf,
    device: DeviceId,
    start: Start = None,
    end: End = None,
    limit: Annotated[int, Query(description="Events a page.", ge=1, le=5000)] = 1000,
) -> Response:
    """List the events of [start, end) in time order; the next page starts at `next`."""
    window = settle_window(start, end, farm.now_ms(), LONGEST_SERIES_MS)
    find_device(farm, device)
    return reply(request, events_of(device, *read_events(farm, device, window, limit)))


@router.get("/devices/{device}/conflicts", response_model=ConflictList, responses=declare_problems(400, 404, 422))
def get_conflicts(
    request: Request,
    farm: FarmOf,
    device: DeviceId,
    start: Start = None,
    end: End = None,
    limit: Annotated[int, Query(description="Conflicts a page.", ge=1, le=5000)] = 1000,
) -> Response:
    """List the values in [start, end) that contradict stored ones, as when two gateways hear one vehicle differently.

    They are in no other answer: the value that came first stays. The next page starts at `next`.
    """
    window = settle_window(start, end, farm.now_ms(), LONGEST_SERIES_MS)
    record = find_device(farm, device)
    return reply(request, conflicts_of(record, *read_conflicts(farm, device, window, limit)))
