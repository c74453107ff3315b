"""Work that is done once, at the start where that is possible, and else as soon as it is."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from headland.errors import HeadlandError, SettingsError
from headland.runtime.supervised_thread import SupervisedThread, ThreadStatus

_LOGGER = logging.getLogger(__name__)

_TRY_EVERY_S: Final = 2.0


class OnceDone:
    """Does a piece of work at `start`; while that fails, tries it again in a thread."""

    def __init__(self, name: str, work: Callable[[], object]) -> None:
        self._name = name
        self._work = work
        self._thread = SupervisedThread(
            name, self._try, every_s=_TRY_EVERY_S, waits_first=True, retry_wait_s=lambda _failures: _TRY_EVERY_S
        )
        self._is_waiting = False

    def start(self) -> None:
        """Do the work, or leave it to the thread; raises SettingsError, which no repetition mends."""
        try:
            self._work()
        except SettingsError:
            raise
        except HeadlandError as error:
            _LOGGER.error("%s", error)  # noqa: TRY400 - the sentence is enough
        except Exception:
            # A record with a damaged content: neither the process nor the data of gateways is to suffer.
            _LOGGER.exception("The %s failed and is tried again", self._name)
        else:
            return
        self._is_waiting = True
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._thread.stop()

    def threads(self) -> list[ThreadStatus]:
        """Return the status of the thread while the work is not done."""
        return [self._thread.status()] if self._is_waiting else []

    def _try(self) -> None:
        self._work()
        self._is_waiting = False
        self._thread.stopping.set()
