"""`headland store` as a person types it, on a file at rest and on one that a station holds open."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import httpx
import pytest
from typer.testing import CliRunner, Result

from api.app import create_app
from headland.errors import HeadlandError, RetryLater, SettingsError
from headland.store.duckdb.store import DuckDBStore
from headland.units_of_time import DAY_MS
from station.cli.app import app
from station.cli.options import parse_instant
from station.doctor.finding import DiagnosticContext, State
from station.doctor.storage import check_damaged_files, check_store
from station.local.folder import FarmFolder
from station.server.storage.store_admin import DuckDBAdmin
from tests.api.server import serve
from tests.store.batches import batch, key

START_MS = 1_780_272_000_000
A, B = key("air_temperature_degc", organisation="local"), key("co2_ppm", organisation="local")


@pytest.fixture
def folder(tmp_path: Path) -> FarmFolder:
    """A farm's folder with 12 days of a sample an hour in two series."""
    folder = FarmFolder(tmp_path / "farm")
    folder.create()
    store = DuckDBStore(folder.store_path)
    store.write(batch(*((each, START_MS + hour * 3_600_000, hour / 8) for each in (A, B) for hour in range(12 * 24))))
    store.close()
    return folder


@pytest.fixture
def station(folder: FarmFolder) -> Iterator[str]:
    """Where a station serves that holds the store of the folder open."""
    store = DuckDBStore(folder.store_path)
    desk = DuckDBAdmin(store, folder.secret("store"))
    served = create_app(store, organisation="local", readiness=list, counters=dict, store_admin=desk)
    with serve(served) as client:
        yield str(client.base_url)
    store.close()


def run(folder: FarmFolder, *words: str) -> Result:
    result = CliRunner().invoke(app, ["store", *words, "--data", str(folder.root)])
    if result.exception is not None and not isinstance(result.exception, SystemExit | HeadlandError):
        raise result.exception
    return result


def say(folder: FarmFolder, *words: str) -> str:
    result = run(folder, *words)
    assert result.exit_code == 0, (result.output, result.exception)
    return re.sub(r"\s+", " ", result.stdout)


@pytest.fixture(params=["at rest", "in use"])
def door(request: pytest.FixtureRequest) -> list[str]:
    """What is said beside a command to reach the store."""
    return [] if request.param == "at rest" else ["--api", str(request.getfixturevalue("station"))]


def test_info_says_what_is_there(folder: FarmFolder, door: list[str]) -> None:
    told = say(folder, "info", *door)
    assert "samples 576 in 2 series" in told
    assert "from, to 2026-06-01 00:00:00, 2026-06-12 23:00:00 UTC" in told
    assert "retention samples for ever, rollups of minutes for ever, of hours for ever, of days for ever" in told


def test_retention_is_set_and_takes_effect_at_a_compaction(folder: FarmFolder, door: list[str]) -> None:
    assert "samples 30 days, rollups of minutes 60 days, of hours for ever" in say(
        folder, "keep", "--raw-days", "30", "--minute-days", "60", *door
    )
    say(folder, "clock", "--accept", *door)
    # By the newest sample, not by the clock: a farm that was off keeps what it has.
    assert "No sample is due" in say(folder, "compact", "--preview", *door)
    preview = say(folder, "keep", "--raw-days", "5", "--preview", *door)
    assert "This deletes 336 samples before 2026-06-08" in preview
    assert "nothing was changed" in preview
    say(folder, "keep", "--raw-days", "5", *door)
    assert "This deletes 336 samples before 2026-06-08" in say(folder, "compact", "--preview", *door)
    told = say(folder, "compact", *door)
    assert told.startswith("Deleted 336 samples of 7 days; ")
    assert re.search(r"samples 240 in 2 series.* deleted 336 samples before 20", say(folder, "info", *door))


def test_a_clock_that_nothing_confirms_deletes_nothing_until_a_person_says_that_it_is_right(folder: FarmFolder) -> None:
    say(folder, "keep", "--raw-days", "5")
    told = say(folder, "compact")
    assert "Nothing more was deleted: the clock shows" in told
    assert "nothing has confirmed it yet" in told
    assert "samples 576 in 2 series" in say(folder, "info")
    assert "is in doubt" in say(folder, "clock")
    assert "is in doubt" not in say(folder, "clock", "--accept")
    assert say(folder, "compact").startswith("Deleted 336 samples of 7 days")


def test_a_back_up_is_restored_beside_the_station(folder: FarmFolder, door: list[str], tmp_path: Path) -> None:
    backup = tmp_path / "backup.duckdb"
    told = say(folder, "backup", str(backup), *door)
    assert re.match(r"Backed up 576 samples and 0 events, as they were at .* UTC, to .*; every row was read back", told)
    other = FarmFolder(tmp_path / "other")
    assert "Restored 576 samples and 0 events" in say(other, "restore", str(backup))
    assert "samples 576 in 2 series" in say(other, "info")
    again = run(other, "restore", str(backup))
    assert isinstance(again.exception, SettingsError)
    assert "nothing is overwritten" in str(again.exception)


def test_damage_keeps_the_station_unready_until_it_is_acknowledged(folder: FarmFolder) -> None:
    body = bytearray(folder.store_path.read_bytes())
    body[-1000] ^= 4  # behind the last column of a block
    folder.store_path.write_bytes(body)
    for name in ("store", "damaged files"):
        assert name not in state_of(folder, State.WARNING)
    assert "store" in state_of(folder, State.FAILED)
    assert "restored by the parity" in say(folder, "repair")
    assert "store" in state_of(folder, State.FAILED)
    assert "damaged files" in state_of(folder, State.WARNING)
    store = DuckDBStore(folder.store_path)
    desk = DuckDBAdmin(store, folder.secret("store"))
    with serve(create_app(store, organisation="local", readiness=list, counters=dict, store_admin=desk)) as client:
        door = ["--api", str(client.base_url)]
        refused = client.get("/readyz")
        assert refused.status_code == 503
        assert "headland store acknowledge" in refused.json()["detail"]
        assert "damage One damaged page" in say(folder, "info", *door)
        assert "Acknowledged: One damaged page" in say(folder, "acknowledge", *door)
        assert "There is no damage to acknowledge" in say(folder, "acknowledge", *door)
        assert client.get("/readyz").status_code == 200
        assert "No damage was found" in say(folder, "repair", *door)
    store.close()
    assert "store" in state_of(folder, State.OK)


def state_of(folder: FarmFolder, state: State) -> list[str]:
    context = DiagnosticContext(folder, str(folder.store_path), "", None, None, None, None)
    return [
        finding.check for finding in (*check_store(context), *check_damaged_files(context)) if finding.state is state
    ]


def test_an_export_says_what_it_wrote(folder: FarmFolder, door: list[str], tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    told = say(
        folder, "export", str(out), "--channel", "co2_ppm", "--start", "2026-06-02", "--end", "2026-06-03", *door
    )
    assert told.startswith("Wrote 24 samples of 1 series as 24 rows to ")
    with duckdb.connect() as connection:
        found = connection.execute(f"SELECT min(time_ms), max(time_ms), any_value(unit) FROM '{out}'").fetchall()
    assert found == [(START_MS + DAY_MS, START_MS + 47 * 3_600_000, "ppm")]
    assert say(folder, "export", str(tmp_path / "w.csv"), "--wide", *door).startswith(
        "Wrote 576 samples of 2 series as 288 rows"
    )


def test_what_fails_in_the_station_is_told_as_it_said_it(folder: FarmFolder, station: str, tmp_path: Path) -> None:
    (tmp_path / "there.csv").touch()
    for words, sentence in (
        (["export", str(tmp_path / "there.csv")], "nothing is overwritten"),
        (["export", str(tmp_path / "out.xlsx")], "must end in"),
        (["keep", "--raw-days", "9", "--minute-days", "3"], "The retention is not valid"),
    ):
        told = run(folder, *words, "--api", station)
        assert sentence in str(told.exception)


def test_a_store_in_use_without_a_known_station_is_said_with_what_to_do(folder: FarmFolder, station: str) -> None:
    told = run(folder, "info")
    assert isinstance(told.exception, RetryLater)
    assert "--api http://HOST:PORT" in str(told.exception)
    with httpx.Client(base_url=station, timeout=120) as client:
        assert client.post("/v1/store/jobs", json={"kind": "info"}).status_code == 403


def test_a_missing_store_is_said_and_not_made(tmp_path: Path) -> None:
    folder = FarmFolder(tmp_path)
    assert "No store at" in str(run(folder, "info").exception)
    assert not folder.store_path.exists()


@pytest.mark.parametrize(
    ("text", "time_ms"),
    [
        ("2026-06-01", START_MS),
        ("2026-06-01T00:00:01.5", START_MS + 1500),
        ("2026-06-01T02:00+02:00", START_MS),
        ("1969-12-31T23:59:59", -1000),
    ],
)
def test_an_instant_without_a_zone_is_utc(text: str, time_ms: int) -> None:
    assert parse_instant(text) == time_ms


def test_what_is_no_instant_is_said() -> None:
    with pytest.raises(SettingsError, match="is not a date or time"):
        parse_instant("yesterday")
