"""The desk where a running station takes work on its store, one piece at a time."""

from __future__ import annotations

import hmac
import logging
import threading

from api.ops.store_admin_port import StoreJob, StoreWork
from headland.errors import HeadlandError, RetryLater
from headland.store.duckdb.store import DuckDBStore
from station.server.storage.store_admin_tasks import do_work

_LOGGER = logging.getLogger(__name__)

_MOST_JOBS = 20


class DuckDBAdmin:
    """An `api.ops.store_admin_port.StoreAdmin`; the thread `store-job` does what was begun last."""

    def __init__(self, store: DuckDBStore, token: str) -> None:
        self._store = store
        self._token = token
        self._jobs: dict[int, StoreJob] = {}
        self._last = 0
        self._lock = threading.Lock()

    def admits(self, token: str) -> bool:
        """Tell whether somebody with this token may work on the store."""
        return hmac.compare_digest(token.encode(), self._token.encode())

    def start(self, work: StoreWork) -> StoreJob:
        """Begin a piece of work."""
        with self._lock:
            before = self._jobs.get(self._last)
            if before is not None and before.state == "running":
                raise RetryLater("The store is being worked on already; wait until that is done.")
            self._last += 1
            job = StoreJob(id=self._last)
            self._jobs[job.id] = job
            self._jobs.pop(job.id - _MOST_JOBS, None)
        threading.Thread(target=self._do, args=(job.id, work), name="store-job", daemon=True).start()
        return job

    def job(self, number: int) -> StoreJob | None:
        """Return how far a piece of work is."""
        with self._lock:
            return self._jobs.get(number)

    def _do(self, number: int, work: StoreWork) -> None:
        def progress(words: str, fraction: float) -> None:
            self._say(number, words=words, fraction=fraction)

        try:
            self._say(number, state="done", fraction=1.0, sentences=do_work(self._store, work, progress))
        except HeadlandError as error:
            self._say(number, state="failed", error=str(error))
        except Exception:
            _LOGGER.exception("work on the store failed: %s", work.kind)
            self._say(number, state="failed", error="It failed inside the station; its log says how.")

    def _say(self, number: int, **news: object) -> None:
        with self._lock:
            if number in self._jobs:
                self._jobs[number] = self._jobs[number].model_copy(update=news)
