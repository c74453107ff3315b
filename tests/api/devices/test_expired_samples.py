"""Series over a time whose samples were deleted: answered from rollups."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from api.app import create_app
from headland.store.core.rollup import Retention
from headland.store.duckdb.store import DuckDBStore
from headland.units_of_time import DAY_MS, HOUR_MS
from tests.api.server import serve
from tests.store.batches import batch, key

START_MS = 1_780_272_000_000
DAYS = 20
END_MS = START_MS + DAYS * DAY_MS
SERIES = key("air_temperature_degc", organisation="local")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    store = DuckDBStore(tmp_path_factory.mktemp("farm") / "store.duckdb")
    store.write(batch(*((SERIES, START_MS + hour * HOUR_MS + 1, float(hour)) for hour in range(DAYS * 24))))
    store.set_retention(Retention(raw_days=5))
    store.expire(END_MS)
    app = create_app(store, organisation="local", readiness=list, counters=dict, now_ms=lambda: END_MS)
    with serve(app) as client:
        yield client
    store.close()


def ask(
    client: httpx.Client, start_ms: int, max_points: int
) -> tuple[list[int], list[float], dict[str, object] | None]:
    params: dict[str, str | int] = {
        "channel": SERIES.channel,
        "start": start_ms,
        "end": END_MS,
        "max_points": max_points,
    }
    answer = client.get(f"/v1/devices/{SERIES.device}/series", params=params).json()
    return answer["time_ms"], answer["channels"][SERIES.channel], answer["aggregation"]


def test_a_wide_window_is_answered_from_rollups_and_nothing_is_left_out(client: httpx.Client) -> None:
    times, values, aggregation = ask(client, START_MS, 20)
    assert aggregation == {"method": "mean", "step_ms": DAY_MS, "time": "bucket_start"}
    assert times == [START_MS + day * DAY_MS for day in range(DAYS)]
    assert values == [day * 24 + 11.5 for day in range(DAYS)]


def test_a_narrow_window_is_answered_from_rollups_where_samples_were_deleted(
    client: httpx.Client,
) -> None:
    times, _, aggregation = ask(client, START_MS + 7, 10_000)
    assert aggregation is not None
    assert len(times) == DAYS * 24
    assert times[0] == START_MS


def test_a_window_with_all_samples_is_answered_with_samples(client: httpx.Client) -> None:
    times, values, aggregation = ask(client, END_MS - 2 * DAY_MS, 10_000)
    assert (aggregation, len(times), values[-1]) == (None, 48, DAYS * 24 - 1)
    assert times[0] == END_MS - 2 * DAY_MS + 1


def test_a_table_of_a_time_with_deleted_samples_is_refused(client: httpx.Client) -> None:
    params: dict[str, str | int] = {"channel": SERIES.channel, "start": START_MS, "end": END_MS}
    response = client.get(f"/v1/devices/{SERIES.device}/series", params=params, headers={"Accept": "text/csv"})
    assert (response.status_code, response.json()["type"]) == (400, "urn:headland:problem:samples-let-go")
