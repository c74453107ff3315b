"""The alarms that stand, in a file beside the spool: a gateway that starts again neither forgets nor repeats them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from edge.pipeline.channels.alarm_evaluator import RaisedAlarm

_LOGGER = logging.getLogger(__name__)

ALARM_FILE: Final = "alarms.json"
#: How long what was said takes to the spool: the age of a message and the wait for its group, with some to spare.
_SETTLE_S: Final = 1.0


def read_alarms(data_dir: Path) -> list[RaisedAlarm]:
    """Return the alarms that stood at the last stop; none where no file is, or where it cannot be read."""
    path = data_dir / ALARM_FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[RaisedAlarm])
    except FileNotFoundError:
        return []
    except (OSError, msgspec.MsgspecError) as error:
        _LOGGER.warning("%s cannot be read, its alarms begin anew: %s", path, error)
        return []


def write_alarms(alarms: Sequence[RaisedAlarm], data_dir: Path) -> None:
    """Write the file in one step: a reader sees the old one or the new one. Raises OSError."""
    path = data_dir / ALARM_FILE
    fresh = path.with_suffix(".json.new")
    fresh.write_bytes(msgspec.json.encode(alarms))
    fresh.replace(path)


class AlarmStateFile:
    """Writes the file after changes: a second later at the earliest, when the spool has what was said of them.

    So a gateway that is killed in between says an alarm twice, and never forgets one.
    """

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._written = 0
        self._seen = 0
        self._seen_s = 0.0

    def keep(self, alarms: Sequence[RaisedAlarm], changes: int, now_s: float, *, at_once: bool = False) -> None:
        """Take the alarms that stand; `changes` grows with each that is said. A full disk is no reason to stop."""
        if changes != self._seen:
            self._seen, self._seen_s = changes, now_s
        if self._written == changes or (now_s - self._seen_s < _SETTLE_S and not at_once):
            return
        try:
            write_alarms(alarms, self._data_dir)
        except OSError as error:
            _LOGGER.debug("the alarms that stand cannot be written: %s", error)
        else:
            self._written = changes
