"""Plan of a farm's past: which simulated houses and flights, over which time; stored, so that it is made once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from headland.i18n import Language
from headland.units_of_time import DAY_MS, MINUTE_MS
from station.local.folder import FarmFolder
from station.server.files import write_whole
from station.server.organisation import DEMO_TIME_ZONE
from station.server.scenarios import FarmDrone, FarmHouse, FarmScenario, PastFlight, farm_named
from station.server.storage.stores import STORE_URL

#: Length of the houses' past, and the interval of its samples: the log of a climate computer.
HOUSE_DAYS: Final = 14
EVERY_MS: Final = 5 * MINUTE_MS
#: The days that are made first: a page has something to say with them, and forecasts with all of them.
_NEWEST_DAYS: Final = 2
#: So many days of compartments at most: a larger farm has a shorter past.
_MOST_COMPARTMENT_DAYS: Final = 14 * 16
_FILE: Final = "past.json"


class PastPlan(msgspec.Struct, frozen=True, kw_only=True):
    """The past of a farm, up to the start of its simulators; `done` are the jobs that the store has all of."""

    scenario: str
    scale: int | None
    seed: int
    end_ms: int
    #: Of the names of its records.
    language: Language = "en"
    #: Length of the houses' past; a large farm's is shorter.
    house_days: float = HOUSE_DAYS
    done: tuple[str, ...] = ()
    finished_ms: int | None = None

    @property
    def farm(self) -> FarmScenario:
        """The simulated farm."""
        return farm_named(self.scenario, self.scale)

    def jobs(self) -> Iterator[HouseJob | ForecastJob | FlightJob]:
        """Yield the jobs that are not done: the newest days of the houses first, from which the next day is told."""
        for job in self._all_jobs():
            if job.name not in self.done:
                yield job

    def house_jobs(self) -> list[HouseJob]:
        """Return the days of all houses, done or not."""
        return [job for job in self._all_jobs() if isinstance(job, HouseJob)]

    def _all_jobs(self) -> Iterator[HouseJob | ForecastJob | FlightJob]:
        farm = self.farm
        compartments = sum(house.compartments for house in farm.houses)
        days = min(self.house_days, max(1.0, _MOST_COMPARTMENT_DAYS / max(1, compartments)))
        start_ms, newest_ms = self.end_ms - round(days * DAY_MS), self.end_ms - _NEWEST_DAYS * DAY_MS
        if start_ms >= newest_ms:
            newest_ms = start_ms
        for number, house in enumerate(farm.houses, 1):
            yield HouseJob(f"house-{number}-newest", number, house, newest_ms, self.end_ms, is_newest=True)
        for number, house in enumerate(farm.houses, 1) if start_ms < newest_ms else ():
            yield HouseJob(f"house-{number}", number, house, start_ms, newest_ms)
        if farm.houses:
            # Whole days: what was said on the first of them is judged by what is measured of it.
            yield ForecastJob("forecasts", farm.houses, start_ms // DAY_MS * DAY_MS, self.end_ms)
        end = datetime.fromtimestamp(self.end_ms / 1000, ZoneInfo(DEMO_TIME_ZONE))
        for number, drone in enumerate(farm.drones, 1):
            for flight in drone.past:
                day = (end - timedelta(days=flight.days_ago)).replace(hour=0, minute=0, second=0, microsecond=0)
                start_ms = round((day + timedelta(hours=flight.hour)).timestamp() * 1000)
                yield FlightJob(f"flight-{number}-{flight.days_ago}", number, drone, flight, start_ms)


@dataclass(frozen=True, slots=True)
class HouseJob:
    """Days of the past of a simulated greenhouse, [start_ms, end_ms)."""

    name: str
    number: int
    house: FarmHouse
    start_ms: int
    end_ms: int
    #: Whether the first page waits for it.
    is_newest: bool = False


@dataclass(frozen=True, slots=True)
class ForecastJob:
    """What simulated providers would have said in [start_ms, end_ms) of the weather of the houses' places."""

    name: str
    houses: Sequence[FarmHouse]
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class FlightJob:
    """A flight that begins at `start_ms`."""

    name: str
    number: int
    drone: FarmDrone
    flight: PastFlight
    start_ms: int


def is_new(folder: FarmFolder) -> bool:
    """Return whether a farm has never run here, so that its store, a file of its own, is empty."""
    return not (os.environ.get(STORE_URL) or folder.store_path.exists() or any(folder.edge_dir.glob("spool.sqlite*")))


def needs_past(folder: FarmFolder, plan: PastPlan, *, is_new: bool) -> bool:
    """Store `plan` for a new farm; return whether anything of the farm's stored plan is still to be made."""
    if is_new:
        write_plan(folder, plan)
    known = read_plan(folder)
    return known is not None and known.finished_ms is None


def read_plan(folder: FarmFolder) -> PastPlan | None:
    """Return the plan of a farm's past, None where it has none."""
    try:
        return msgspec.json.decode(_path(folder).read_bytes(), type=PastPlan)
    except (OSError, msgspec.MsgspecError):
        return None


def write_plan(folder: FarmFolder, plan: PastPlan) -> None:
    """Store a plan."""
    write_whole(_path(folder), msgspec.json.encode(plan))


def work_folder(folder: FarmFolder) -> Path:
    """Return the folder of the past's files and its spool while it is made."""
    return folder.root / "past"


def _path(folder: FarmFolder) -> Path:
    return folder.root / _FILE
