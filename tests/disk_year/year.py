"""A farm's store, registry and watch of the disk over a simulated year on a small disk: what is written, kept, deleted.

Everything real runs but the gateways and the time: the store's file with its nightly maintenance, the registry with the
audit log and alarms, the retention of both, the readings of the disk, and the rule that warns.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from headland.alarms.rounds.evaluator import AlarmEvaluator
from headland.alarms.rules.default_rules import load_default_rules
from headland.alarms.rules.targets import STATION
from headland.clock.station_clock.station_clock import ClockSources, StationClock
from headland.contract.records import Clock, Event
from headland.errors import HeadlandError
from headland.files.disk_space import forecast, measure
from headland.registry.models.alarms import Alarm, Severity
from headland.registry.models.models import Scope
from headland.registry.registry import open_registry
from headland.registry.repositories.alarms import AlarmUpdate
from headland.store.core.rollup import Retention
from headland.store.duckdb.maintenance import NIGHT_DAYS
from headland.store.duckdb.store import DuckDBStore
from headland.store.duckdb.tables.compaction import no_progress
from headland.store.port import Mark, Points, SeriesKey, StoredEvent, WriteBatch
from headland.store.record_book import EVENTS, EXPIRED, day_of, event_entry, is_content
from headland.units_of_time import DAY_MS, HOUR_MS, MINUTE_MS
from station.local.folder import FarmFolder
from station.server.organisation import ensure_organisation
from station.server.storage.disk_watch import DiskWatch
from station.server.workers.record_retention import RecordRetentionWorker

HANDLE: Final = "local"
GATEWAY, EPOCH = "gw-1", "e1"
START_MS: Final = 1_767_225_600_000 // DAY_MS * DAY_MS
_NIGHT_HOUR: Final = 3
_RULE: Final = "disk-nearly-full"
#: As the store's own night.
_NIGHTLY_FREE_SHARE: Final = 0.5
#: Channels of a greenhouse, with the noise of a reading in its unit.
_CHANNELS: Final = (
    ("air_temperature_degc", 20.0, 0.05, 1),
    ("relative_humidity_pct", 70.0, 0.2, 1),
    ("co2_ppm", 600.0, 3.0, 0),
    ("par_umol_m2_s", 300.0, 8.0, 0),
    ("soil_temperature_degc", 18.0, 0.02, 1),
    ("soil_moisture_pct", 30.0, 0.05, 1),
    ("leaf_temperature_degc", 21.0, 0.05, 1),
    ("vent_opening_pct", 20.0, 0.0, 0),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is simulated: houses with eight channels each, a sample of each every `every_s`, and what is kept."""

    days: int = 365
    houses: int = 4
    every_s: float = 1.0
    retention: Retention = field(default_factory=Retention)
    audit_days: int | None = 365
    alarm_days: int | None = 90
    sign_ins_a_day: int = 3
    alarms_a_day: int = 5


@dataclass(slots=True)
class Report:
    """What became of a year. Days count from its start; None is never.

    `written` were acknowledged by the store; `kept` are in it, `deleted` is what retention says that it deleted.
    """

    disk_bytes: int = 0
    days: int = 0
    written: int = 0
    kept: int = 0
    deleted: int = 0
    events_written: int = 0
    events_kept: int = 0
    events_deleted: int = 0
    records: int = 0
    records_stored: int = 0
    records_expired: int = 0
    records_otherwise: int = 0
    #: Since when the warning stands, and for how many days there was room by the forecast then.
    warned_day: float | None = None
    forecast_when_warned_days: float | None = None
    first_failed_write_day: float | None = None
    first_failure: str = ""
    is_open_after_room: bool = False
    failed_nights: int = 0
    failed_night: str = ""
    largest_farm_bytes: int = 0
    least_free_share: float = 1.0
    most_deleted_days_a_night: int = 0
    alarms_closed: int = 0
    alarms_kept: int = 0
    alarms_deleted: int = 0
    audit_entries: int = 0
    audit_deleted: int = 0
    audit_broken_at: int | None = None
    nights_with_deletion: int = 0

    @property
    def unsaid_samples(self) -> int:
        """Samples that were acknowledged and are neither in the store nor said to be deleted."""
        return self.written - self.kept - self.deleted

    @property
    def unsaid_events(self) -> int:
        """The same of events."""
        return self.events_written - self.events_kept - self.events_deleted

    @property
    def unsaid_records(self) -> int:
        """Records that were acknowledged and of which the book says nothing."""
        return self.records - self.records_stored - self.records_expired - self.records_otherwise

    @property
    def warned_before_days(self) -> float | None:
        """How long the warning came before the first write that failed; None where none failed."""
        if self.first_failed_write_day is None or self.warned_day is None:
            return None
        return self.first_failed_write_day - self.warned_day

    def plain(self) -> dict[str, Any]:
        """Return the report for JSON."""
        derived = ("unsaid_samples", "unsaid_events", "unsaid_records", "warned_before_days")
        return {**asdict(self), **{name: getattr(self, name) for name in derived}}


class FarmYear:
    """A farm in `folder`, whose time passes by `run`."""

    def __init__(self, folder: Path, plan: Plan, seed: int = 1) -> None:
        self.plan, self.report = plan, Report()
        self._folder = FarmFolder(folder)
        self._folder.create()
        self._now_ms = START_MS
        self._was_warned = False
        self._random = np.random.default_rng(seed)
        self._keys = [
            SeriesKey(HANDLE, "home", "greenhouse", f"gh-{house}", channel)
            for house in range(plan.houses)
            for channel, *_ in _CHANNELS
        ]
        self._levels = [level for _ in range(plan.houses) for _, level, *_ in _CHANNELS]
        self._open = ExitStack()
        self._store = DuckDBStore(self._folder.store_path)
        self._open.callback(self._store.close)
        sources = ClockSources(self._now, lambda: (self._now_ms - START_MS) / 1000 + 60, lambda: "one", lambda: True)
        self._clock = StationClock(None, sources=sources)
        self._store.judge_deletion_by(self._clock)
        self._store.set_retention(plan.retention)
        registry = open_registry(f"sqlite:///{self._folder.registry_path}", self._now)
        self._open.callback(registry.close)
        self._registry = registry
        self._repositories = ensure_organisation(registry, HANDLE, "station")
        _, self._key = self._repositories.add_key("till", Scope.ADMIN)
        # The rule that is judged here: the others would read the samples of every round.
        self._repositories.alarm_rules.add(next(each for each in load_default_rules() if each.name == _RULE))
        self._repositories.retention.choose("audit", plan.audit_days)
        self._repositories.retention.choose("alarms", plan.alarm_days)
        self._watch = DiskWatch(folder, self._clock.now_ms, self._clock.in_doubt)
        self._evaluator = AlarmEvaluator(
            self._store, self._repositories, HANDLE, lambda: {STATION: dict(self._watch.values())}
        )
        self._worker = RecordRetentionWorker(registry, HANDLE, self._clock.now_ms, self._clock.in_doubt)

    def close(self) -> None:
        """Close store and registry."""
        self._open.close()

    def run(self) -> None:
        """Let the time pass; end at the first write that fails, as nothing is acknowledged from then on."""
        for day in range(self.plan.days):
            for hour in range(24):
                if not self._hour(day * 24 + hour):
                    return
            self.report.days = day + 1

    def _now(self) -> int:
        return self._now_ms

    def _hour(self, number: int) -> bool:
        """Store an hour of data and do what is due at its end; return False once the store refuses to write."""
        self._now_ms = START_MS + (number + 1) * HOUR_MS
        batch, samples = self._batch(number)
        try:
            self._store.write(batch)
            self.report.written += samples
            self.report.events_written += len(batch.events)
            self.report.records = batch.marks[-1].last
            hour = number % 24
            if hour % 6 == 0:
                self._look(number)
            if hour == _NIGHT_HOUR:
                self._night()
        except (HeadlandError, OSError) as error:
            # Of the store, the registry or the readings: whichever is refused first.
            self.report.first_failed_write_day = number / 24
            self.report.first_failure = str(error)
            return False
        return True

    def _batch(self, number: int) -> tuple[WriteBatch, int]:
        start_ms, count = START_MS + number * HOUR_MS, round(3600 / self.plan.every_s)
        times = start_ms + (np.arange(count) * self.plan.every_s * 1000).astype(np.int64)
        sun = math.sin(2 * math.pi * (number % 24 - 6) / 24)
        values = []
        for at, (_, level, noise, decimals) in enumerate(_CHANNELS * self.plan.houses):
            # Readings around a level that wanders, as coarse as a sensor's.
            self._levels[at] += float(self._random.normal(0.0, max(noise, 0.1)))
            here = self._levels[at] + 0.1 * level * sun + self._random.normal(0.0, noise, count)
            values.append(np.round(here, decimals))
        series = len(self._keys)
        points = Points(
            self._keys,
            np.repeat(np.arange(series, dtype=np.int32), count),
            np.tile(times, series),
            np.concatenate(values),
            np.ones(series * count, np.uint8),
        )
        # A record a minute, and each hour one of an event alone.
        first = number * 61 + 1
        event = Event(
            t=start_ms,
            device="gh-0",
            kind="mode",
            device_kind="greenhouse",
            site="home",
            clock=Clock.NTP,
            data={"n": first},
        )
        marks = [
            Mark(GATEWAY, EPOCH, first, first, event_entry(start_ms)),
            Mark(GATEWAY, EPOCH, first + 1, first + 60, day_of(start_ms), origin=0),
        ]
        return WriteBatch(points, [StoredEvent(HANDLE, event)], marks), series * count

    def _look(self, number: int) -> None:
        """Read the disk, evaluate the rules, and note when the farm was warned."""
        self._watch.look()
        reading = self._watch.readings[-1]
        report = self.report
        report.largest_farm_bytes = max(report.largest_farm_bytes, reading.farm_bytes)
        report.least_free_share = min(report.least_free_share, reading.free_bytes / reading.total_bytes)
        self._evaluator.round(self._now_ms)
        is_warned = any(alarm.rule == _RULE for alarm in self._repositories.alarms.active())
        # An end of the warning is a closed alarm, too.
        report.alarms_closed += self._was_warned and not is_warned
        self._was_warned = is_warned
        if not is_warned:
            # What counts is the warning that stands when the first write fails.
            report.warned_day = report.forecast_when_warned_days = None
        elif report.warned_day is None:
            known = forecast(self._watch.readings)
            report.warned_day = (number + 1) / 24
            report.forecast_when_warned_days = None if known is None else known.days_left

    def _night(self) -> None:
        """Do what a night does: sign-ins and alarms of the day, maintenance of the store, retention of the records."""
        for _ in range(self.plan.sign_ins_a_day):
            self._registry.begin_session(self._key)
        closed = [self._closed(number) for number in range(self.plan.alarms_a_day)]
        self._repositories.alarms.save(AlarmUpdate(alarms={alarm.id: alarm for alarm in closed}))
        self.report.alarms_closed += len(closed)
        maintenance = self._store._maintenance
        try:
            done = maintenance.compact(self._now_ms, no_progress, _NIGHTLY_FREE_SHARE, NIGHT_DAYS)
        except HeadlandError as error:
            self.report.failed_nights += 1
            self.report.failed_night = self.report.failed_night or str(error)
        else:
            self.report.nights_with_deletion += done.expired_days > 0
            self.report.most_deleted_days_a_night = max(self.report.most_deleted_days_a_night, done.expired_days)
        self._worker.look()

    def _closed(self, number: int) -> Alarm:
        began_ms = self._now_ms - HOUR_MS
        return Alarm(
            id=self._repositories.alarms.new_id(),
            rule=f"rule-{number}",
            subject="gh-0",
            kind="greenhouse",
            site="home",
            severity=Severity.WARNING,
            began_ms=began_ms,
            raised_ms=began_ms,
            noted_ms=began_ms,
            ended_ms=began_ms + 10 * MINUTE_MS,
        )

    def make_room(self) -> None:
        """Open the store again, as a station does once a person has freed some of the disk."""
        self._store.close()
        self._store = DuckDBStore(self._folder.store_path)
        self._open.callback(self._store.close)
        self.report.is_open_after_room = True

    def count(self) -> Report:
        """Count what is there, and what is said to be deleted."""
        report, info, deleted = self.report, self._store.info(), self._store.deleted()
        report.disk_bytes = measure(self._folder.root, self._now_ms).total_bytes
        report.kept, report.deleted = info.points, deleted.samples
        report.events_kept, report.events_deleted = info.counters["events"], deleted.events
        book = self._store.marks()[GATEWAY, EPOCH].book
        report.records_expired = book.count(lambda entry: entry == EXPIRED)
        report.records_stored = book.count(lambda entry: is_content(entry) and entry not in (EXPIRED, EVENTS))
        report.records_otherwise = book.count(lambda entry: not is_content(entry) or entry == EVENTS)
        kept = {each.kind: each for each in self._repositories.retention.all()}
        report.alarms_deleted, report.audit_deleted = kept["alarms"].deleted, kept["audit"].deleted
        report.alarms_kept = len(self._repositories.alarms.newest(active=False, limit=1_000_000))
        checked = self._repositories.check_audit()
        report.audit_entries, report.audit_broken_at = checked.entries, checked.broken_at
        return report


def simulate(folder: Path, plan: Plan, free_some: Callable[[], object]) -> Report:
    """Run a year in an empty folder and return what became of it; `free_some` makes room once the disk is full."""
    year = FarmYear(folder, plan)
    try:
        year.run()
        if year.report.first_failed_write_day is not None:
            free_some()
            year.make_room()
        return year.count()
    finally:
        year.close()
