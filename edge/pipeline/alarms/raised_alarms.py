"""Active alarms of a gateway: their record, their events, and the file that preserves them over a restart.

The file is beside the spool: a gateway that starts again neither forgets an alarm nor raises it twice.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from headland.contract.alarm import AlarmState, Phase
from headland.contract.records import Clock, Event, Scalar

_LOGGER = logging.getLogger(__name__)

ALARM_FILE: Final = "alarms.json"
#: How long an event takes to reach the spool: the age of a message and the wait for its group, with some reserve.
_SETTLE_S: Final = 1.0


class RaisedAlarm(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An active alarm. `estimated`: the temperature of its surface is estimated, not measured."""

    rule: str
    device: str
    severity: str
    channel: str
    condition: str
    value: float
    threshold: float
    unit: str
    since_ms: int
    raised_ms: int
    device_kind: str
    site: str
    clock: Clock
    simulated: bool = False
    said_ms: int = 0
    repeats: int = 0
    text: str = ""
    estimated: bool = False


def state_of(raised: RaisedAlarm) -> AlarmState:
    """Return the state of an alarm that was active before a restart."""
    return AlarmState(
        phase=Phase.RAISED,
        since_ms=raised.raised_ms,
        began_ms=raised.since_ms,
        raised_ms=raised.raised_ms,
        said_ms=raised.said_ms,
        last_ms=raised.said_ms,
        repeats=raised.repeats,
    )


def alarm_event(alarm: RaisedAlarm, kind: str, time_ms: int, why: str = "") -> Event:
    """Return an event of an alarm: `kind` is raised or cleared, `why` the reason of an unusual end."""
    data: dict[str, Scalar] = {
        "rule": alarm.rule,
        "severity": alarm.severity,
        "channel": alarm.channel,
        "condition": alarm.condition,
        "value": alarm.value,
        "threshold": alarm.threshold,
        "unit": alarm.unit,
        "since_ms": alarm.since_ms,
        "raised_ms": alarm.raised_ms,
        "repeats": alarm.repeats,
    }
    if alarm.text:
        data["text"] = alarm.text
    if alarm.estimated:
        data["estimated"] = True
    if why:
        data["why"] = why
    return Event(
        t=time_ms,
        device=alarm.device,
        kind=kind,
        device_kind=alarm.device_kind,
        site=alarm.site,
        clock=alarm.clock,
        data=data,
        simulated=alarm.simulated,
    )


def read_alarms(data_dir: Path) -> list[RaisedAlarm]:
    """Return the alarms that were active at the last stop; none where there is no file or it cannot be read."""
    path = data_dir / ALARM_FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[RaisedAlarm])
    except FileNotFoundError:
        return []
    except (OSError, msgspec.MsgspecError) as error:
        _LOGGER.warning("%s cannot be read, its alarms are lost: %s", path, error)
        return []


def write_alarms(alarms: Sequence[RaisedAlarm], data_dir: Path) -> None:
    """Write the file in one step: a reader sees the old or the new contents. Raises OSError."""
    path = data_dir / ALARM_FILE
    new_file = path.with_suffix(".json.new")
    new_file.write_bytes(msgspec.json.encode(alarms))
    new_file.replace(path)


class AlarmStateFile:
    """Writes the file after changes: one second later at the earliest, when the spool has the alarms' events.

    A gateway that is killed in between raises an alarm twice, and never forgets one.
    """

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._written = 0
        self._seen = 0
        self._seen_s = 0.0

    def write(self, alarms: Sequence[RaisedAlarm], changes: int, now_s: float, *, at_once: bool = False) -> None:
        """Write the active alarms where due; `changes` grows with every alarm event. A full disk is not an error."""
        if changes != self._seen:
            self._seen, self._seen_s = changes, now_s
        if self._written == changes or (now_s - self._seen_s < _SETTLE_S and not at_once):
            return
        try:
            write_alarms(alarms, self._data_dir)
        except OSError as error:
            _LOGGER.debug("the active alarms cannot be written: %s", error)
        else:
            self._written = changes
