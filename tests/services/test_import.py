"""A running farm without simulators: imports of flight logs, also while parts are killed, and the doctor."""

import json
import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from headland.errors import RetryLater
from station.local.past.plan import PastPlan, write_plan
from station.server.organisation import open_first_organisation
from station.server.storage.registries import registry_url
from tests.edge.imports.dataflash.bin_writer import NOON_MS
from tests.edge.imports.dataflash.bin_writer import make_flight as bin_flight
from tests.edge.imports.ulog.ulg_writer import UUID
from tests.edge.imports.ulog.ulg_writer import make_flight as ulg_flight
from tests.services.farm import Farm
from tests.services.tlog_writer import BOOT_UTC_MS, POSITION_EVERY_MS, device_of, write_rlog, write_tlog
from tests.station.local.imports.upload import hand_over

pytestmark = [pytest.mark.services("mosquitto"), pytest.mark.timeout(600)]


#: Positions of logs that are imported while parts are killed: the first is long enough where nothing holds the test up.
LONGER = (20_000, 60_000, 95_000)


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    """A farm without simulators; each test imports the log of another vehicle."""
    made = Farm(tmp_path_factory.mktemp("quiet") / "farm", "--no-sim")
    made.wait_ready()
    yield made
    made.stop()


def is_seen(farm: Farm, device: str) -> bool:
    return any(each["id"] == device and each["last_seen_ms"] for each in farm.devices("drone"))


def stored_positions(farm: Farm, device: str) -> dict[str, Any]:
    (drone,) = (drone for drone in farm.devices("drone") if drone["id"] == device)
    assert drone["simulated"] is False
    series: dict[str, Any] = farm.get(
        f"/v1/devices/{device}/series",
        channel="latitude_deg",
        start=BOOT_UTC_MS,
        end=BOOT_UTC_MS + 86_400_000,
        max_points=100_000,
    )
    return series


@pytest.mark.long
def test_an_import_stores_vehicle_time_and_a_repeated_one_adds_nothing(farm: Farm, tmp_path: Path) -> None:
    log = tmp_path / "a flight.tlog"
    write_tlog(log, positions=900, serial="repeated log")
    device = device_of("repeated log")
    first = farm.run("edge", "import", str(log))
    assert first.returncode == 0, first.stdout + first.stderr
    stored = stored_positions(farm, device)
    assert stored["time_ms"] == [BOOT_UTC_MS + 5_000 + index * POSITION_EVERY_MS for index in range(900)]
    second = farm.call("edge", "import", str(log))
    assert second.returncode == 0, second.stdout + second.stderr
    assert stored_positions(farm, device) == stored


@pytest.mark.long
def test_the_rest_of_a_simulated_past_is_stored_once_and_marked(farm: Farm) -> None:
    plan = PastPlan(scenario="chongqing", scale=None, seed=9, end_ms=NOON_MS, house_days=0.02, done=("flight-1-5",))
    write_plan(farm.folder, plan)
    made = farm.run("sim", "past")
    assert made.returncode == 0, made.stdout + made.stderr
    assert "The simulated past is in the store" in made.stdout
    wanted = {"start": NOON_MS - 86_400_000, "end": NOON_MS, "max_points": 1000}
    air = farm.get("/v1/devices/greenhouse-1/series", channel="air_temperature_degc", **wanted)
    assert len(air["time_ms"]) == 5
    assert air["simulated"] is True
    (vehicle,) = (drone for drone in farm.devices("drone") if drone["id"].startswith("uav-484c53494d09"))
    assert vehicle["simulated"] is True
    assert "flow_l_min" in farm.get(f"/v1/devices/{vehicle['id']}/latest")["channels"]
    (gateway,) = (item for item in farm.get("/v1/gateways")["items"] if item["id"] == "gateway-1")
    assert gateway["loss"] == 0
    assert set(gateway["recent"].values()) == {0}
    again = farm.call("sim", "past")
    assert "needs no simulated past" in again.stdout
    assert farm.get("/v1/devices/greenhouse-1/series", channel="air_temperature_degc", **wanted) == air


@pytest.mark.long
def test_a_folder_of_what_autopilots_wrote_themselves_is_stored_once(farm: Farm, tmp_path: Path) -> None:
    folder = tmp_path / "cards"
    (folder / "copter").mkdir(parents=True)
    (folder / "copter" / "00000007.BIN").write_bytes(bin_flight(30).data)
    (folder / "quad.ulg").write_bytes(ulg_flight(30).whole())
    write_rlog(folder / "link.rlog", positions=300, serial="bytes of link")
    (folder / "empty.BIN").write_bytes(b"")
    known = {device["id"] for device in farm.devices("drone")}
    first = farm.run("edge", "import", str(folder))
    assert first.returncode == 1, first.stdout + first.stderr  # one of the files could not be read
    assert "empty.BIN is empty: the recorder wrote nothing" in first.stdout
    copter, quad, link = "uav-210032000a51323138383637", f"uav-{UUID}", device_of("bytes of link")
    assert f"00000007.BIN: 2,775 points in 600 rows and 3 events of {copter}, of 913 messages" in first.stdout
    devices = {device["id"] for device in farm.devices("drone")} - known
    assert devices == {copter, quad, link}
    stored = {device: roll_times(farm, device) for device in devices}
    assert stored[copter] == [NOON_MS + 5_000 + 100 * tenth for tenth in range(300)]
    assert stored[quad] == [NOON_MS + 1_000 + 100 * tenth for tenth in range(300)]
    assert stored[link] == [BOOT_UTC_MS + 5_000 + index * POSITION_EVERY_MS for index in range(300)]
    second = farm.call("edge", "import", str(folder / "**" / "*.*"))
    assert second.returncode == 1, second.stdout + second.stderr
    assert {device: roll_times(farm, device) for device in devices} == stored


def roll_times(farm: Farm, device: str) -> list[int]:
    times: list[int] = farm.get(
        f"/v1/devices/{device}/series",
        channel="roll_rad",
        start="2024-01-01T00:00:00Z",
        end="2026-11-01T00:00:00Z",
        max_points=100_000,
    )["time_ms"]
    return times


def sound_findings(farm: Farm) -> dict[str, dict[str, str]]:
    """Return the doctor's findings by check; none where something is not sound."""
    done = farm.run("doctor", "--json")
    return {} if done.returncode else {finding["check"]: finding for finding in json.loads(done.stdout)}


@pytest.mark.long
def test_the_doctor_of_a_running_farm_asks_the_station_and_sees_what_is_killed(farm: Farm) -> None:
    farm.wait_until(lambda: (farm.folder.edge_dir / "status.json").exists())
    # On a busy machine a part answers later than the doctor waits for it.
    findings = farm.wait_until(lambda: sound_findings(farm))
    assert findings["store"]["found"].startswith("the running station reports: duckdb")
    assert {findings[name]["state"] for name in ("broker", "round trip", "store", "registry", "spool")} == {"ok"}
    with open_first_organisation(registry_url(None, farm.folder.registry_path), "test") as repositories:
        assert [each.name for each in repositories.farms.list()] == ["Home farm"]
        assert repositories.fields.list() == []  # nothing is simulated
    station = farm.folder.read_state().pids["station"]
    os.kill(station, signal.SIGSTOP)
    try:
        hung = farm.call("doctor")
    finally:
        os.kill(station, signal.SIGCONT)
    assert hung.returncode == 1
    assert "does not respond" in hung.stdout


@pytest.mark.long
def test_killing_broker_and_station_in_the_middle_loses_and_doubles_nothing(farm: Farm, tmp_path: Path) -> None:
    for positions in LONGER[1:]:
        write_tlog(tmp_path / "long.tlog", positions=positions, serial=f"killed parts {positions}")
        device = device_of(f"killed parts {positions}")
        importing = farm.start("edge", "import", str(tmp_path / "long.tlog"))
        farm.wait_until(partial(is_seen, farm, device))
        if importing.poll() is None:
            break
        importing.communicate()
    assert importing.poll() is None, "the import is over before anything is killed"
    farm.kill("broker", "station")
    output, _ = importing.communicate(timeout=400)
    assert importing.returncode == 0, output
    farm.wait_ready()
    expected = [BOOT_UTC_MS + 5_000 + index * POSITION_EVERY_MS for index in range(positions)]
    assert stored_positions(farm, device)["time_ms"] == expected


@pytest.mark.long
def test_an_import_waits_for_another_one_and_takes_over_when_that_is_killed(farm: Farm, tmp_path: Path) -> None:
    for positions in LONGER:
        write_tlog(tmp_path / "killed.tlog", positions=positions, serial=f"cut off {positions}")
        killed = device_of(f"cut off {positions}")
        importing = farm.start("edge", "import", str(tmp_path / "killed.tlog"))
        farm.wait_until(partial(is_seen, farm, killed))
        if importing.poll() is None:
            break
        importing.communicate()
    assert importing.poll() is None, "the import is over before anything is killed"
    importing.send_signal(signal.SIGSTOP)  # it keeps the folder however busy the machine is
    write_tlog(tmp_path / "next.tlog", positions=900, serial="waiting import")
    refused = farm.call("edge", "import", str(tmp_path / "next.tlog"), "--no-wait")
    assert (refused.returncode, "Another import runs in" in refused.stderr) == (1, True), refused.stderr
    waiting = farm.start("edge", "import", str(tmp_path / "next.tlog"))
    with farm.client() as client:
        handed = hand_over(client, "handed.tlog", (tmp_path / "next.tlog").read_bytes())
    importing.kill()
    importing.communicate()
    output, _ = waiting.communicate(timeout=400)
    assert waiting.returncode == 0, output
    assert ended(farm, handed)["state"] == "done"
    again = farm.run("edge", "import", str(tmp_path / "killed.tlog"))
    assert again.returncode == 0, again.stdout + again.stderr
    for device, count in ((killed, positions), (device_of("waiting import"), 900)):
        expected = [BOOT_UTC_MS + 5_000 + index * POSITION_EVERY_MS for index in range(count)]
        assert stored_positions(farm, device)["time_ms"] == expected


def ended(farm: Farm, imported: dict[str, Any]) -> Any:
    """Return an import once it has ended, also while the station is away."""

    def ask() -> Any:
        try:
            answer = farm.get(f"/v1/imports/{imported['id']}")
        except (httpx.HTTPError, RetryLater):
            return None
        return answer if answer["state"] in ("done", "failed") else None

    return farm.wait_until(ask, 400)


@pytest.mark.long
def test_a_log_that_is_handed_over_is_stored_once_though_station_and_import_are_killed(
    farm: Farm, tmp_path: Path
) -> None:
    log = tmp_path / "long.tlog"
    for positions in LONGER:
        write_tlog(log, positions=positions, serial=f"handed over {positions}")
        device = device_of(f"handed over {positions}")
        with farm.client() as client:
            imported = hand_over(client, "renamed.bin", log.read_bytes())
        assert imported["state"] in ("queued", "running")
        farm.wait_until(partial(is_seen, farm, device))
        if farm.get(f"/v1/imports/{imported['id']}")["state"] == "running":
            break
    assert farm.get(f"/v1/imports/{imported['id']}")["state"] == "running", "all logs are too short for this check"
    farm.kill("station")
    farm.wait_ready()
    done = ended(farm, imported)
    assert (done["state"], done["error"], done["kind"]) == ("done", None, "log")
    result = done["result"]
    assert (result["devices"], result["gateway"], result["quarantined"]) == ([device], "import", 0)
    assert result["epochs"]
    expected = [BOOT_UTC_MS + 5_000 + index * POSITION_EVERY_MS for index in range(positions)]
    assert stored_positions(farm, device)["time_ms"] == expected
    assert list((farm.folder.import_dir / "files" / imported["id"] / "file").iterdir()) == []


@pytest.mark.long
def test_a_table_that_is_handed_over_becomes_the_device_that_was_chosen_in_its_units(farm: Farm) -> None:
    rows = "".join(f"2026-05-01 08:{minute:02},{50 + minute}\n" for minute in range(60))
    table = {
        "device": "house-7",
        "time": {"column": "Time", "format": "iso8601", "zone": "Asia/Shanghai"},
        "columns": [{"column": "Air", "channel": "air_temperature_degc", "unit": "degF"}],
    }
    with farm.client() as client:
        for _ in range(2):  # the second time it is a device that exists, and nothing is added
            imported = hand_over(client, "house.csv", f"Time,Air\n{rows}bad,1\n".encode())
            assert client.put(f"/v1/imports/{imported['id']}/choice", json={"table": table}).status_code == 200
            done = ended(farm, imported)
            assert (done["state"], done["result"]["points"], done["result"]["devices"]) == ("done", 60, ["house-7"])
            assert [(cell["line"], cell["text"]) for cell in done["result"]["refused"]] == [
                (62, "time that cannot be read in this format")
            ]
            series = farm.get(
                "/v1/devices/house-7/series",
                channel="air_temperature_degc",
                start="2026-05-01T00:00:00Z",
                end="2026-05-01T02:00:00Z",
            )
            assert series["time_ms"] == [1_777_593_600_000 + 60_000 * minute for minute in range(60)]
            assert series["channels"]["air_temperature_degc"][:2] == pytest.approx([10.0, 51 * 5 / 9 - 160 / 9])


@pytest.mark.long
def test_a_log_without_satellite_time_waits_for_its_start(farm: Farm) -> None:
    content = bytes(bin_flight(4).data)  # no fix before its fifth second
    with farm.client() as client:
        imported = hand_over(client, "indoors.bin", content)
        path = f"/v1/imports/{imported['id']}"
        farm.wait_until(lambda: farm.get(path)["state"] == "needs_start")
        assert client.put(f"{path}/choice", json={"start_ms": NOON_MS}).json()["state"] == "queued"
    done = ended(farm, imported)
    assert (done["state"], done["result"]["first_ms"] >= NOON_MS) == ("done", True)
    assert done["result"]["points"] > 0


@pytest.mark.long
def test_an_import_without_a_farm_says_how_to_start_one(farm: Farm, tmp_path: Path) -> None:
    (tmp_path / "x.tlog").write_bytes(b"")
    result = farm.call("edge", "import", str(tmp_path / "x.tlog"), "--data", str(tmp_path / "nowhere"))
    assert result.returncode == 1
    assert "headland up" in result.stderr


@pytest.mark.long
def test_a_file_of_an_unknown_kind_is_refused_with_a_sentence(farm: Farm, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no log")
    result = farm.call("edge", "import", str(tmp_path / "notes.txt"))
    assert result.returncode == 2
    assert "notes.txt" in result.stderr
    assert "Traceback" not in result.stderr
