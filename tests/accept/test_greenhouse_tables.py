"""Public greenhouse tables: imported as they are, and the psychrometrics against the climate computer's own column."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from edge.agent.settings import EdgeSettings, GatewaySettings
from edge.imports.importer import import_files
from edge.imports.report import ImportReport
from edge.imports.table.map import open_map
from edge.uplink.settings import BrokerSettings
from headland.agronomy.climate.psychrometrics import humidity_deficit_g_m3
from headland.contract.records import Block
from tests.accept.conftest import Agreement
from tests.broker import Broker
from tests.edge.ingest_stand_in import StandInIngest

TABLES = Path("datasets/agc3_lettuce_2022")
#: The file's span in UTC: 2022-02-01 00:00 to 2022-03-15 23:55 in Bleiswijk, an hour ahead of UTC in winter.
FIRST_MS, LAST_MS = 1_643_670_000_000, 1_647_384_900_000


def bring_in(path: Path, table_map: str, broker: Broker, data_dir: Path) -> ImportReport:
    settings = EdgeSettings(
        gateway=GatewaySettings(id="gw-import", site="home", data_dir=str(data_dir)),
        broker=BrokerSettings(port=broker.port),
    )
    loaded = open_map(table_map, data_dir)
    return import_files([path], settings, progress=lambda _: None, stop=threading.Event(), table_map=loaded)


def column(blocks: list[Block], channel: str) -> dict[int, float]:
    """Return the values by time; where a time came twice with two values, nothing stands for it."""
    found: dict[int, float] = {}
    for block in blocks:
        for offset_ms, value in zip(block.dt, block.c[channel], strict=True):
            time_ms, number = block.t0 + offset_ms, np.nan if value is None else value
            assert found.setdefault(time_ms, number) == number or np.isnan(number)
    return found


@pytest.mark.services
def test_a_climate_table_arrives_whole_and_its_humidity_deficit_is_what_growers_read_on_their_computer(
    real_data: Path, mosquitto: Broker, tmp_path: Path, agree: Agreement
) -> None:
    table = real_data / TABLES / "reference_climate.csv"
    ingest = StandInIngest(mosquitto.host, mosquitto.port, "gw-import")
    reports = [bring_in(table, "agc3-reference-climate", mosquitto, tmp_path) for _ in range(2)]
    blocks = [block for batch in ingest.seen.values() for block in batch.blocks]
    ingest.close()
    for report in reports:
        assert report.finished
        assert (report.files[0].rows, report.files[0].ignored) == (12_384, {})
        assert (report.files[0].first_ms, report.files[0].last_ms) == (FIRST_MS, LAST_MS)
    temperature, humidity, said = (
        column(blocks, channel)
        for channel in ("air_temperature_degc", "relative_humidity_pct", "humidity_deficit_g_m3")
    )
    assert len(temperature) == 12_384
    times = sorted(temperature)
    ours = humidity_deficit_g_m3([temperature[time] for time in times], [humidity[time] for time in times])
    off = ours - np.array([said[time] for time in times])
    off = off[~np.isnan(off)]
    assert len(off) == 12_359
    computer = "climate computer's own column"
    agree("humidity deficit, bias [g/m3]", float(np.mean(off)), 0.0, computer, within=0.01)
    agree("humidity deficit, scatter [g/m3]", float(np.std(off)), 0.0, computer, within=0.005)
    agree("humidity deficit, p99 [g/m3]", float(np.percentile(np.abs(off), 99)), 0.0, computer, within=0.02)


@pytest.mark.services
@pytest.mark.parametrize(
    ("name", "table_map", "rows"),
    [
        ("reference_controls.csv", "agc3-reference-controls", 12_384),
        ("weather.csv", "agc3-weather", 13_825),
    ],
)
def test_the_tables_beside_it_arrive_whole(
    real_data: Path, mosquitto: Broker, tmp_path: Path, name: str, table_map: str, rows: int
) -> None:
    ingest = StandInIngest(mosquitto.host, mosquitto.port, "gw-import")
    report = bring_in(real_data / TABLES / name, table_map, mosquitto, tmp_path)
    ingest.close()
    assert (report.finished, report.files[0].rows, report.files[0].ignored) == (True, rows, {})
