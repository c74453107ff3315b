"""Series as CSV, Parquet and Arrow, unreduced, and reduced for a chart."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import httpx
import numpy as np
import pytest
from arro3.io import read_ipc_stream

from api.http.content_types import ARROW, CSV, JSON, PARQUET, choose_format
from api.http.problems import ProblemError
from headland.analysis.inputs import telemetry
from headland.store.memory import MemoryStore
from tests.api.farm import DRONE, HOUSE, NOW_MS, OWN, START_MS, fill_farm, write_series
from tests.api.server import own_app, serve

WINDOW = {"start": START_MS, "end": NOW_MS + 1}


def ask(client: httpx.Client, accept: str, device: str = HOUSE, **params: Any) -> httpx.Response:
    return client.get(f"/v1/devices/{device}/series", params={**WINDOW, **params}, headers={"Accept": accept})


def rows_of(response: httpx.Response) -> list[dict[str, str]]:
    assert response.status_code == 200, response.text
    return list(csv.DictReader(io.StringIO(response.text)))


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, JSON),
        ("*/*", JSON),
        ("text/csv", CSV),
        ("text/*", CSV),
        ("application/*", JSON),
        ("application/vnd.apache.parquet", PARQUET),
        ("application/vnd.apache.arrow.stream, */*;q=0.1", ARROW),
        ("application/json;q=0.5, text/csv", CSV),
        ("text/html, application/xhtml+xml, */*;q=0.8", JSON),
        ("application/json;q=0, */*", CSV),
        ("TEXT/CSV; q=1", CSV),
    ],
)
def test_the_format_with_the_highest_preference_is_chosen(accept: str | None, form: str) -> None:
    assert choose_format(accept) == form


@pytest.mark.parametrize("accept", ["image/png", "text/csv;q=0", "text/csv;q=much"])
def test_an_unavailable_format_is_refused_with_the_available_ones(accept: str) -> None:
    with pytest.raises(ProblemError) as raised:
        choose_format(accept)
    assert raised.value.status == 406


def test_csv_has_a_row_for_each_instant_and_an_empty_cell_where_nothing_fit_was_measured(client: httpx.Client) -> None:
    response = ask(client, CSV, channel=["co2_ppm", "air_temperature_degc"])
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["content-disposition"] == f'attachment; filename="{HOUSE}.csv"'
    rows = rows_of(response)
    assert len(rows) == 400
    assert rows[0] == {
        "time_ms": str(START_MS),
        "time_utc": "2026-11-24T08:00:00.000Z",
        "device": HOUSE,
        "simulated": "false",
        "co2_ppm": "600.0",
        "air_temperature_degc": "25.0",
    }
    assert rows[100]["air_temperature_degc"] == ""  # flagged as failed


def test_csv_equals_json_and_marks_simulated_data(client: httpx.Client) -> None:
    rows = rows_of(ask(client, CSV, DRONE, channel=["latitude_deg"]))
    answer = ask(client, JSON, DRONE, channel=["latitude_deg"]).json()
    assert [int(row["time_ms"]) for row in rows] == answer["time_ms"]
    assert [float(row["latitude_deg"]) for row in rows] == answer["channels"]["latitude_deg"]
    assert {row["simulated"] for row in rows} == {"true"}


def test_a_channel_without_a_unit_in_its_name_has_it_in_the_column_name() -> None:
    store = fill_farm()
    write_series(store, OWN, "home", "greenhouse", HOUSE, np.array([START_MS]), {"leaf_colour": np.array([41.5])})
    with serve(own_app(store, now_ms=lambda: NOW_MS)) as client:
        assert rows_of(ask(client, CSV, channel="leaf_colour"))[0]["leaf_colour [1]"] == "41.5"


def test_an_empty_table_has_its_columns(client: httpx.Client) -> None:
    response = ask(client, CSV, channel="leaf_temperature_degc")
    assert response.text == "time_ms,time_utc,device,simulated,leaf_temperature_degc\r\n"


def test_parquet_read_by_another_program_holds_what_csv_holds(client: httpx.Client, tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    response = ask(client, PARQUET, channel=["co2_ppm", "air_temperature_degc"])
    assert (response.status_code, response.headers["content-type"]) == (200, PARQUET)
    path.write_bytes(response.content)
    with duckdb.connect() as reader:
        rows = reader.execute(
            "SELECT time_ms, epoch_ms(time_utc), device, simulated, co2_ppm, air_temperature_degc FROM read_parquet(?)",
            [str(path)],
        ).fetchall()
    assert len(rows) == 400
    assert rows[0] == (START_MS, START_MS, HOUSE, False, 600.0, 25.0)
    assert rows[100] == (START_MS + 100_000, START_MS + 100_000, HOUSE, False, 610.0, None)


def test_arrow_read_by_another_program_holds_what_csv_holds(client: httpx.Client) -> None:
    response = ask(client, ARROW, channel=["co2_ppm", "air_temperature_degc"])
    assert (response.status_code, response.headers["content-type"]) == (200, ARROW)
    table = read_ipc_stream(io.BytesIO(response.content)).read_all()
    assert table.column_names == ["time_ms", "time_utc", "device", "simulated", "co2_ppm", "air_temperature_degc"]
    columns = {name: table[name].to_pylist() for name in table.column_names}
    first = START_MS, datetime.fromtimestamp(START_MS / 1000, UTC), HOUSE, False, 600.0, 25.0
    assert tuple(values[0] for values in columns.values()) == first
    assert (table.num_rows, columns["co2_ppm"][100], columns["air_temperature_degc"][100]) == (400, 610.0, None)
    empty = read_ipc_stream(io.BytesIO(ask(client, ARROW, channel="leaf_temperature_degc").content)).read_all()
    assert (empty.num_rows, empty.column_names[-1]) == (0, "leaf_temperature_degc")


def test_the_slices_contain_every_sample_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry, "SLICE_ROWS", 50)
    store, count = MemoryStore(), 3000
    # A second, then a pause of a year, then another part close together.
    time_ms = START_MS + np.concatenate((np.arange(1000) * 7, 31_536_000_000 + np.arange(2000)))
    values = np.arange(count, dtype=np.float64)
    write_series(store, OWN, "home", "greenhouse", HOUSE, time_ms, {"co2_ppm": values})
    write_series(store, OWN, "home", "greenhouse", HOUSE, time_ms[::3] + 1, {"air_temperature_degc": values[::3]})
    app = own_app(store)
    with serve(app) as client:
        channel = ["co2_ppm", "air_temperature_degc"]
        rows = rows_of(ask(client, CSV, channel=channel, start=0, end=2 * START_MS))
    samples = [(int(row["time_ms"]), float(row["co2_ppm"])) for row in rows if row["co2_ppm"]]
    assert samples == list(zip(time_ms.tolist(), values.tolist(), strict=True))
    assert sum(row["air_temperature_degc"] != "" for row in rows) == 1000
    assert [int(row["time_ms"]) for row in rows] == sorted({int(row["time_ms"]) for row in rows})


def test_a_table_has_no_limit_of_points(client: httpx.Client) -> None:
    response = ask(client, CSV, channel="co2_ppm", max_points=3)
    assert (response.status_code, response.json()["type"]) == (422, "urn:headland:problem:bad-parameter")
    assert "leave out max_points" in response.json()["detail"]


@pytest.mark.parametrize("accept", [CSV, PARQUET, ARROW])
def test_an_error_is_a_problem_in_every_format(client: httpx.Client, accept: str) -> None:
    unknown = ask(client, accept, channel="no_such_m")
    assert (unknown.status_code, unknown.json()["type"]) == (404, "urn:headland:problem:unknown-channel")


def test_a_chart_has_the_peak_that_means_would_hide(client: httpx.Client) -> None:
    answer = ask(client, JSON, DRONE, channel=["ground_speed_m_s", "flow_l_min"], width=5).json()
    assert answer["aggregation"] == {"method": "min_max", "step_ms": None, "time": "sample"}
    assert len(answer["time_ms"]) <= 2 * (2 * 5 + 2)
    assert {0.0, 3.0} <= set(answer["channels"]["flow_l_min"])
    assert {0.5, 5.0} <= set(answer["channels"]["ground_speed_m_s"])
    assert (answer["time_ms"][0], answer["time_ms"][-1]) == (START_MS, NOW_MS)


def test_lttb_is_used_on_request(client: httpx.Client) -> None:
    answer = ask(client, JSON, channel="co2_ppm", width=20, method="lttb").json()
    assert (answer["aggregation"]["method"], len(answer["time_ms"])) == ("lttb", 20)


def test_few_samples_are_charted_unreduced(client: httpx.Client) -> None:
    answer = ask(client, JSON, channel="co2_ppm", width=1000).json()
    assert (answer["aggregation"], len(answer["time_ms"])) == (None, 400)


def test_a_chart_of_a_long_window_is_of_means(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry, "CHART_SAMPLES", 100)
    answer = ask(client, JSON, channel="co2_ppm", width=20).json()
    assert answer["aggregation"]["method"] == "mean"
    assert len(answer["time_ms"]) <= 20


def test_the_same_columns_are_not_sent_twice(client: httpx.Client) -> None:
    url = f"/v1/devices/{HOUSE}/series"
    params: dict[str, Any] = {**WINDOW, "channel": "co2_ppm", "width": 20}
    tag = client.get(url, params=params).headers["etag"]
    again = client.get(url, params=params, headers={"If-None-Match": tag})
    assert (again.status_code, again.headers["vary"]) == (304, "Accept")
