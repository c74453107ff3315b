"""Curves of growth, each with its sizes and its measurement: milliseconds of the processor, whatever else runs."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import numpy as np

from api.live.events import Selection
from api.live.feed import LiveFeed
from headland.registry.models.models import Farm, Field, Scope
from headland.registry.models.people import Holding, HoldingKind, Person
from headland.store.duckdb.store import DuckDBStore
from headland.store.memory import MemoryStore
from headland.store.port import Latest, Mark, Points, SeriesFilter, SeriesKey, WriteBatch
from headland.units_of_time import DAY_MS, HOUR_MS
from tests.api.auth.test_middleware import KeyedApi, serve_api
from tests.api.farm import OWN
from tests.api.spread_field import box
from tests.bench.bench_ingest import run
from tests.bench.ingest_load import Load
from tests.bench.ingest_takers import take_with_service
from tests.bench.store_queries import END_MS, KEYS, ORGANISATION, START_MS, month_of_batches

Measured = dict[str, float]

_ASKED: Final = 7
#: Samples of one commit of the store's curves.
_COMMIT_POINTS: Final = 20_000
#: Hours of the month that get samples after their rollups were made.
_LATE_HOURS: Final = range(3, 720, 97)
_GATEWAY_POINTS: Final = 200_000


def cpu_ms(ask: Callable[[int], object], asked: int = _ASKED) -> float:
    """Return the median of the milliseconds of the processor that a question takes; the first is not counted."""
    spent_ms = []
    for number in range(asked + 1):
        before_s = time.process_time()
        ask(number)
        spent_ms.append((time.process_time() - before_s) * 1000)
    return statistics.median(spent_ms[1:])


def measure_points(points: int) -> Measured:
    """Measure a store of so many samples of 1,000 series in a month."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.duckdb"
        store = DuckDBStore(path)
        began_s = time.process_time()
        for batch in month_of_batches(points):
            store.write(batch)
        filled_ms = (time.process_time() - began_s) * 1000
        store.roll_up()
        index = np.repeat(np.arange(len(KEYS), dtype=np.int32), _COMMIT_POINTS // len(KEYS))
        within_ms = np.tile(np.arange(_COMMIT_POINTS // len(KEYS), dtype=np.int64) * 1000, len(KEYS))
        ones = np.ones(len(index)), np.ones(len(index), np.uint8)

        def commit(number: int) -> None:
            time_ms = END_MS + number * HOUR_MS + within_ms
            store.write(WriteBatch(Points(KEYS, index, time_ms, *ones), (), (Mark("gw-2", "e", number, number),)))

        measured = {
            "all samples written": filled_ms,
            "a device, 30 days by hours": cpu_ms(
                lambda at: store.buckets(SeriesFilter(ORGANISATION, f"gh-{at}"), START_MS, END_MS, HOUR_MS)
            ),
            "200 series, 30 days by days": cpu_ms(
                lambda at: store.buckets(
                    SeriesFilter(ORGANISATION, None, frozenset({f"channel_{at % 9}_degc", "channel_9_degc"})),
                    START_MS,
                    END_MS,
                    DAY_MS,
                )
            ),
            "newest of 1,000 series": cpu_ms(lambda _: store.last(SeriesFilter(ORGANISATION))),
            "a commit of 20,000 samples": cpu_ms(commit),
        }
        for hour in _LATE_HOURS:
            store.write(WriteBatch(Points(KEYS, index, START_MS + hour * HOUR_MS + within_ms + 7, *ones)))
        measured["the same, eight hours came late"] = cpu_ms(
            lambda at: store.buckets(SeriesFilter(ORGANISATION, f"gh-{at}"), START_MS, END_MS, HOUR_MS)
        )
        store.close()
        began_s = time.process_time()
        DuckDBStore(path).close()
        return {**measured, "opening the store": (time.process_time() - began_s) * 1000}


def measure_series(series: int) -> Measured:
    """Measure a store whose samples are of so many series."""
    keys = [
        SeriesKey(ORGANISATION, "home", "greenhouse", f"gh-{number // 10}", f"channel_{number % 10}_degc")
        for number in range(series)
    ]
    index = np.arange(_COMMIT_POINTS, dtype=np.int32) % series
    within_ms = np.arange(_COMMIT_POINTS, dtype=np.int64) // series * 1000
    order = np.argsort(index, kind="stable")
    index, within_ms = index[order], within_ms[order]
    ones = np.ones(len(index)), np.ones(len(index), np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        store = DuckDBStore(Path(folder) / "store.duckdb")

        def commit(number: int) -> None:
            time_ms = START_MS + number * HOUR_MS + within_ms
            store.write(WriteBatch(Points(keys, index, time_ms, *ones), (), (Mark("gw-1", "e", number, number),)))

        measured = {
            "a commit of 20,000 samples": cpu_ms(commit),
            "newest of all series": cpu_ms(lambda _: store.last(SeriesFilter(ORGANISATION))),
            "newest of a device": cpu_ms(lambda _: store.last(SeriesFilter(ORGANISATION, "gh-1"))),
            "all devices": cpu_ms(lambda _: store.devices(ORGANISATION)),
        }
        store.close()
        return measured


def measure_gateways(gateways: int) -> Measured:
    """Measure the whole service with broker and store for the same samples from so many gateways."""
    load = Load(max(gateways, _GATEWAY_POINTS // 200), 200, gateways, gateways)
    figures, _ = run(take_with_service, load)
    return {
        "200,000 samples taken": figures["cpu_s_per_million_points"] * 1000 * _GATEWAY_POINTS / 1e6,
        "a message at the broker": figures["broker_cpu_us_per_message"] / 1000,
    }


def measure_fields(fields: int) -> Measured:
    """Measure an organisation of so many fields."""
    with tempfile.TemporaryDirectory() as folder, serve_api(Path(folder), MemoryStore()) as api:
        began_s = time.process_time()
        made = add_fields(api, fields)
        return {
            "all fields entered": (time.process_time() - began_s) * 1000,
            "all fields read": cpu_ms(lambda _: read_all(api, "/v1/fields"), 3),
            "a page of 100 fields": cpu_ms(lambda _: get(api, "/v1/fields?limit=100")),
            "one field": cpu_ms(lambda at: get(api, f"/v1/fields/{made[at]}")),
            "passes of one field": cpu_ms(lambda at: get(api, f"/v1/fields/{made[at]}/passes")),
            "tonight": cpu_ms(lambda _: get(api, "/v1/tonight"), 3),
        }


def measure_members(members: int) -> Measured:
    """Measure a cooperative of so many members, each of whom holds a field."""
    with tempfile.TemporaryDirectory() as folder, serve_api(Path(folder), MemoryStore()) as api:
        fields = add_fields(api, members)
        began_s = time.process_time()
        people, _ = api.repositories.add_people(
            [Person(name=f"Member {number}", number=str(number)) for number in range(members)],
            [
                Holding(field=field, person=str(number), kind=HoldingKind.OWNERSHIP)
                for number, field in enumerate(fields)
            ],
        )
        entered_ms = (time.process_time() - began_s) * 1000
        _, key = api.repositories.add_key("member", Scope.READ, person=people[members // 2].id)
        of_member = {"Authorization": f"Bearer {key}"}
        return {
            "all members entered": entered_ms,
            "a page of 100 members": cpu_ms(lambda _: get(api, "/v1/people?limit=100")),
            "all holdings read": cpu_ms(lambda _: read_all(api, "/v1/holdings"), 3),
            "a member's fields": cpu_ms(lambda _: get(api, "/v1/fields", of_member)),
            "a member's account": cpu_ms(lambda _: get(api, "/v1/accounts", of_member)),
        }


def measure_clients(clients: int) -> Measured:
    """Measure a live feed of so many clients: one joins, and an event of 100 values reaches all."""
    keys = [SeriesKey(OWN, "home", "greenhouse", f"gh-{number // 10}", f"c{number % 10}_degc") for number in range(100)]

    async def measure() -> Measured:
        feed = LiveFeed(lambda _: "degC", {"kind": "commits"})
        began_s = time.process_time()
        joined = [feed.join(Selection(), None, f"key-{number % 8}") for number in range(clients)]
        joined_ms = (time.process_time() - began_s) * 1000
        spent_ms = []
        for number in range(_ASKED + 1):
            before_s = time.process_time()
            feed.publish(Latest(key, number + 1, 1.0, 1) for key in keys)
            for client in joined:
                assert await client.take(60.0)
            spent_ms.append((time.process_time() - before_s) * 1000)
        for client in joined:
            feed.leave(client)
        return {"all clients join": joined_ms, "an event for all clients": statistics.median(spent_ms[1:])}

    return asyncio.run(measure())


def add_fields(api: KeyedApi, fields: int) -> list[str]:
    """Add fields of a hectare in rows of a hundred; return their ids."""
    farm = api.repositories.farms.add(Farm(name="Growing", longitude_deg=10.0, latitude_deg=0.0))
    return [
        api.repositories.fields.add(
            Field(
                farm=farm.id,
                name=f"Field {number}",
                geometry=box(*_corner(number), _corner(number)[0] + 100.0, _corner(number)[1] + 100.0),
            )
        ).id
        for number in range(fields)
    ]


def _corner(number: int) -> tuple[float, float]:
    return number % 100 * 110.0, number // 100 * 110.0


def get(api: KeyedApi, path: str, headers: Mapping[str, str] | None = None) -> dict[str, object]:
    """Return an answer."""
    answer = api.client.get(path, headers=headers or {"Authorization": f"Bearer {api.keys[Scope.READ]}"})
    assert answer.status_code == 200, answer.text[:300]
    found: dict[str, object] = answer.json()
    return found


def read_all(api: KeyedApi, path: str) -> int:
    """Read all pages of a list; return how many there were."""
    pages, cursor = 0, ""
    while True:
        page = get(api, f"{path}?limit=1000{f'&cursor={cursor}' if cursor else ''}")
        pages += 1
        cursor = str(page.get("next") or "")
        if not cursor:
            return pages


#: What grows, by its name: how it is measured, and at which sizes.
CURVES: Final[dict[str, tuple[Callable[[int], Measured], tuple[int, ...]]]] = {
    "points": (measure_points, (100_000, 200_000, 400_000, 800_000, 1_600_000)),
    "series": (measure_series, (100, 400, 1600, 6400)),
    "gateways": (measure_gateways, (10, 40, 160, 640)),
    "fields": (measure_fields, (100, 200, 400, 800)),
    "members": (measure_members, (100, 200, 400, 800)),
    "clients": (measure_clients, (50, 125, 250, 500, 1000)),
}
