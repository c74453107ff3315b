"""State of a pass at every door: under way, finished or interrupted, by what the vehicle reported until now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pytest

from headland.analysis.cooperative.treated_entries import record_season
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.contract.records import ChannelInfo, Clock, Descriptor, Event
from headland.registry.models.models import Device, Pass
from headland.store.memory import MemoryStore
from headland.store.port import StoredEvent, WriteBatch
from tests.api.farm import EAST_DEG_M, NORTH_DEG_M, OWN, START_MS, points_of, write_series
from tests.api.registry_api import RegistryApi
from tests.api.spread_field import SPREADER, serve_spread_field

#: Within the fifth of eight swaths product leaves, and after 401 s the vehicle is on its way home.
AT_WORK_S: Final = 230
WHOLE_S: Final = 401
DEVICE: Final = "uav-now"


def fly(store: MemoryStore, from_s: int, until_s: int) -> None:
    """Report the flight of eight swaths of 200 m, at 18 kg/min, in [from_s, until_s)."""
    seconds = np.arange(from_s, until_s)
    swath, into = np.minimum(seconds // 50, 7), np.where(seconds < 400, seconds % 50, 50)
    along = np.minimum(into, 40) * 5.0
    on = (into >= 1) & (into <= 39)
    columns = {
        "latitude_deg": (swath * 5.0 + np.maximum(into - 40, 0) * 0.5) / NORTH_DEG_M,
        "longitude_deg": 10.0 + np.where(swath % 2 == 0, along, 200.0 - along) / EAST_DEG_M,
        "pump_on": on.astype(np.float64),
        "hopper_kg": 200.0 - 0.3 * np.minimum(seconds, 390),
        "mass_flow_kg_min": np.where(on, 18.0, 0.0),
    }
    write_series(store, OWN, "home", "drone", DEVICE, START_MS + 1000 * seconds, columns)
    channels = {channel: ChannelInfo(unit="1") for channel in columns}
    store.describe(OWN, "gw-1", Descriptor(device=DEVICE, kind="drone", site="home", name=DEVICE, channels=channels))


def tell(store: MemoryStore, at_s: float, kind: str, **data: Any) -> None:
    """Report an event of the vehicle."""
    at_ms = START_MS + round(1000 * at_s)
    event = Event(t=at_ms, device=DEVICE, kind=kind, device_kind="drone", site="home", clock=Clock.RTC, data=data)
    store.write(WriteBatch(points_of([]), events=[StoredEvent(OWN, event)]))


@dataclass(frozen=True)
class Flight:
    """A farm on which a vehicle flies; `after_s` seconds after its begin it is now."""

    api: RegistryApi

    def listed(self) -> dict[str, Any]:
        window: dict[str, int | str] = {"start": START_MS - 60_000, "end": START_MS + 3_600_000, "device": DEVICE}
        (item,) = self.api.client.get(f"/v1/fields/{self.api.ids['field']}/passes", params=window).json()["items"]
        found: dict[str, Any] = item
        return found

    def ask(self, path: str = "", method: str = "GET", **query: Any) -> Any:
        swath = {} if path in ("", "/treated") else {"swath_m": 5.0}
        return self.api.client.request(method, f"/v1/passes/{self.listed()['id']}{path}", params={**swath, **query})


@contextmanager
def flight(folder: Path, until_s: int, after_s: float, store: MemoryStore | None = None) -> Iterator[Flight]:
    """Yield a farm with the flight until a second, so long after its begin."""
    store = store or MemoryStore()
    fly(store, 0, until_s)
    with serve_spread_field(folder, store, now_ms=START_MS + round(1000 * after_s)) as api:
        yield Flight(api)


def test_a_pass_under_way_has_no_skipped_share_and_is_neither_settled_nor_registered(tmp_path: Path) -> None:
    with flight(tmp_path, AT_WORK_S, AT_WORK_S + 59) as one:
        item = one.listed()
        assert (item["state"], one.ask().json()["state"]) == ("flying", "flying")
        cover = one.ask("/as-applied", format="summary").json()["cover"]
        assert (cover["skipped_m2"], cover["skips"]) == (None, [])
        assert cover["covered_m2"] > 3000
        assert one.ask("/as-applied", format="summary").json()["amount"]["value"] == pytest.approx(55.5, abs=1)
        refused = [
            one.ask("/settlement"),
            one.ask("/deviation", planned_rate_ha=700),
            one.ask("/close", "POST"),
            one.ask("/treated", "POST"),
        ]
        # Its as-applied map needs no plan; nothing of the plan is on it.
        cells = one.ask("/cells", format="json", planned_rate_ha=700).json()
        assert cells["reason"] == "pass_under_way"
        declaration = {"field": item["field"], "device": DEVICE, "start_ms": item["start_ms"], "end_ms": item["end_ms"]}
        refused.append(one.api.client.post("/v1/passes", json=declaration))
        for answer in refused:
            assert (answer.status_code, answer.json()["type"]) == (409, "urn:headland:problem:pass-under-way")
            assert "is silent for a minute" in answer.json()["detail"]
        # Another vehicle's pass on the same field is no flight under way.
        other = {**declaration, "device": SPREADER, "implement": one.api.ids["implement"]}
        assert one.api.client.post("/v1/passes", json=other).status_code == 201
        report = one.ask("/report", format="html", lang="zh", planned_rate_ha=700).text
        assert "作业中" in report
        assert "作业仍在进行" in report
        ledger = one.api.client.get("/v1/ledger", params={"field": item["field"]}).json()["items"]
        assert {entry["pass_id"] for entry in ledger} & {item["id"]} == set()


def test_a_pass_has_ended_a_minute_after_its_vehicle_was_last_heard(tmp_path: Path) -> None:
    with flight(tmp_path, WHOLE_S, WHOLE_S + 61) as one:
        item = one.listed()
        assert item["state"] == "finished"
        assert one.ask("/as-applied", format="summary").json()["cover"]["skipped_m2"] > 0
        assert one.ask("/settlement").status_code == 200
        assert one.ask("/close", "POST").status_code == 200
        declaration = {"field": item["field"], "device": DEVICE, "start_ms": item["start_ms"], "end_ms": item["end_ms"]}
        made = one.api.client.post("/v1/passes", json=declaration)
        assert (made.status_code, made.json()["state"]) == (201, "finished")


def test_a_landing_ends_a_pass_at_once_and_work_after_a_refill_goes_on_with_it(tmp_path: Path) -> None:
    store = MemoryStore()
    tell(store, -20, "armed", armed=True)
    tell(store, -10, "landed_state", state="in_air")
    with flight(tmp_path, AT_WORK_S, AT_WORK_S + 59, store) as one:
        assert one.listed()["state"] == "flying"
        tell(store, AT_WORK_S + 1, "landed_state", state="on_ground")
        assert one.listed()["state"] == "finished"
        # The next flight of the day may be about another field: until product leaves here it is none of this pass.
        tell(store, AT_WORK_S + 15, "landed_state", state="in_air")
        assert one.listed()["state"] == "finished"
        fly(store, AT_WORK_S + 22, AT_WORK_S + 40)
        assert one.listed()["state"] == "flying"
        tell(store, AT_WORK_S + 45, "armed", armed=False)
        assert one.listed()["state"] == "finished"


def test_a_link_that_was_lost_at_work_interrupts_a_pass_until_its_telemetry_comes(tmp_path: Path) -> None:
    store = MemoryStore()
    with flight(tmp_path, AT_WORK_S, 900, store) as one:
        assert one.listed()["state"] == "interrupted"
        # What a gateway kept on its disk, or a vehicle on its card, comes hours later.
        fly(store, AT_WORK_S, WHOLE_S)
        assert one.listed()["state"] == "finished"


@pytest.mark.parametrize(
    ("seen", "state"),
    [
        ([(1, 12, "active"), (4, 12, "active")], "interrupted"),
        ([(1, 12, "active"), (11, 12, "active")], "finished"),
        ([(1, 12, "active"), (12, 12, "active")], "finished"),
        ([(1, 12, "active"), (2, 12, "complete")], "finished"),
        ([(0, 12, "not_started")], "finished"),  # flown by hand, with a mission in the autopilot
        ([(1, None, "active"), (4, None, "active")], "finished"),  # how long it is was not said
        ([(1, 12, "active"), (11, 12, "active"), (0, 12, "not_started")], "finished"),  # set back after the landing
    ],
)
def test_a_mission_that_was_left_before_its_end_is_interrupted(
    tmp_path: Path, seen: list[tuple[int, int | None, str]], state: str
) -> None:
    store = MemoryStore()
    tell(store, -20, "armed", armed=True)
    for number, (seq, total, mission) in enumerate(seen):
        tell(store, 10 + 200 * number, "mission_current", seq=seq, total=total, state=mission, command=16)
    tell(store, WHOLE_S, "armed", armed=False)
    with flight(tmp_path, WHOLE_S, 900, store) as one:
        assert one.listed()["state"] == state


def test_a_vehicle_that_reports_for_hours_after_its_work_has_finished_it(tmp_path: Path) -> None:
    store = MemoryStore()
    parked = np.arange(WHOLE_S, 2400, 5)
    columns = {"latitude_deg": np.full(len(parked), 0.001), "longitude_deg": np.full(len(parked), 10.001)}
    with flight(tmp_path, WHOLE_S, 2400, store) as one:
        write_series(store, OWN, "home", "drone", DEVICE, START_MS + 1000 * parked, columns)
        assert one.listed()["state"] == "finished"


def test_a_vehicle_on_the_ground_that_reports_no_landing_has_ended_its_pass(tmp_path: Path) -> None:
    store = MemoryStore()
    with flight(tmp_path, WHOLE_S, WHOLE_S + 20, store) as one:
        assert one.listed()["state"] == "flying"
        down = {"relative_altitude_m": np.array([0.1])}
        write_series(store, OWN, "home", "drone", DEVICE, np.array([START_MS + 1000 * WHOLE_S]), down)
        assert one.listed()["state"] == "finished"


def test_a_pass_whose_declared_end_has_gone_by_is_not_under_way(tmp_path: Path) -> None:
    with flight(tmp_path, AT_WORK_S, AT_WORK_S + 10) as one:
        # By an older station, or another program, which asked nobody.
        start_ms, end_ms = START_MS, START_MS + 1000 * AT_WORK_S
        made = Pass(field=one.api.ids["field"], device=DEVICE, start_ms=start_ms, end_ms=end_ms)
        declared = one.api.repositories.passes.declare(made)
        assert one.listed()["id"] == declared.id
        assert one.listed()["state"] == "interrupted"


def test_a_season_records_all_passes_but_the_one_under_way_and_says_why(tmp_path: Path) -> None:
    store = MemoryStore()
    with flight(tmp_path, AT_WORK_S, AT_WORK_S + 10, store) as one:
        implements = one.api.repositories.implements
        drone = one.api.repositories.devices.add(
            Device(name=DEVICE, kind="drone", gateway="gw-1", site="home", title=DEVICE)
        )
        implements.change(msgspec.structs.replace(implements.get(one.api.ids["implement"]), device=drone.id))
        scope = OrgScope(store, one.api.registry, OWN, START_MS + 1000 * (AT_WORK_S + 10))
        failed = record_season(scope, Window(START_MS - 60_000, START_MS + 3_600_000))
        assert (one.listed()["id"], "pass-under-way") in failed
        later = replace(scope, now_ms=scope.now_ms + 120_000)
        again = record_season(later, Window(START_MS - 60_000, START_MS + 3_600_000))
        assert DEVICE not in "".join(name for name, _ in again)
