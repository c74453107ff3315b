"""Maintenance tasks on the store of a running station, one at a time."""

from __future__ import annotations

import dataclasses
import hmac
import logging
import threading

import msgspec

from headland.clock.station_clock.station_clock import StationClock
from headland.errors import HeadlandError, RetryLater
from headland.files.damage_notes import FileDamage
from headland.store.core.rollup import Retention
from headland.store.core.store_work import RetentionDays, RetentionPreview, StoreJob, StoreWork
from headland.store.duckdb.maintenance import NIGHT_DAYS
from headland.store.duckdb.store import DuckDBStore
from station.server.storage.store_admin_tasks import do_work, retention_of

_LOGGER = logging.getLogger(__name__)

_MAX_JOBS = 20


class DuckDBAdmin:
    """Implements `api.ops.store_admin_port.StoreAdmin`; the thread `store-job` runs the current task."""

    def __init__(self, store: DuckDBStore, token: str, clock: StationClock | None = None) -> None:
        self._store = store
        self._clock = StationClock(None) if clock is None else clock
        self._token = token
        self._jobs: dict[int, StoreJob] = {}
        self._last = 0
        self._lock = threading.Lock()

    def admits(self, token: str) -> bool:
        """Return whether a token permits maintenance."""
        return hmac.compare_digest(token.encode(), self._token.encode())

    def damage(self) -> list[FileDamage]:
        """Return the damage of the store's files, oldest first."""
        return list(self._store.damage())

    def acknowledge(self, by: str) -> list[FileDamage]:
        """Acknowledge all damage; return what was not acknowledged before."""
        return list(self._store.acknowledge_damage(self._clock.now_ms(), by))

    def preview(self, days: RetentionDays | None) -> RetentionPreview:
        """Return what a retention would delete, or the one in force deletes; raises SettingsError."""
        retention = self._store.retention() if days is None else retention_of(days)
        return self._preview(retention)

    def keep(self, days: RetentionDays) -> RetentionPreview:
        """Set the retention, and accept what a shorter one refused; return what it deletes. Raises SettingsError."""
        return self._preview(self._store.set_retention(retention_of(days)))

    def _preview(self, retention: Retention) -> RetentionPreview:
        due, deleted = self._store.preview(retention, self._clock.now_ms()), self._store.deleted()
        return RetentionPreview(
            **dataclasses.asdict(retention),
            samples=due.samples,
            before_ms=due.before_ms,
            events=due.events,
            events_before_ms=due.events_before_ms,
            deleted_samples=deleted.samples,
            deleted_events=deleted.events,
            deleted_before_ms=deleted.samples_before_ms,
            deleted_events_before_ms=deleted.events_before_ms,
            night_days=NIGHT_DAYS,
            held_back=self._clock.sentence() if self._clock.in_doubt() else "",
        )

    def start(self, work: StoreWork) -> StoreJob:
        """Start a task; raises RetryLater while another one runs."""
        with self._lock:
            before = self._jobs.get(self._last)
            if before is not None and before.state == "running":
                raise RetryLater("Another task is running on the store; wait until it is done.")
            self._last += 1
            job = StoreJob(id=self._last)
            self._jobs[job.id] = job
            self._jobs.pop(job.id - _MAX_JOBS, None)
        threading.Thread(target=self._run, args=(job.id, work), name="store-job", daemon=True).start()
        return job

    def job(self, number: int) -> StoreJob | None:
        """Return the progress of a task; None for an unknown one."""
        with self._lock:
            return self._jobs.get(number)

    def _run(self, number: int, work: StoreWork) -> None:
        def progress(step: str, fraction: float) -> None:
            self._update(number, words=step, fraction=fraction)

        try:
            self._update(
                number, state="done", fraction=1.0, sentences=do_work(self._store, work, progress, self._clock)
            )
        except HeadlandError as error:
            self._update(number, state="failed", error=str(error))
        except BaseException:  # else the task would count as running for ever
            _LOGGER.exception("Task %s on the store failed", work.kind)
            self._update(number, state="failed", error="The task failed in the station; see its log.")

    def _update(self, number: int, **changes: object) -> None:
        with self._lock:
            if number in self._jobs:
                self._jobs[number] = msgspec.structs.replace(self._jobs[number], **changes)
