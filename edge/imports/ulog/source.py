"""A PX4 ULog (.ulg) as a source: `run` puts the whole of it through and returns. The same file gives the same rows.

pyulog reads a file whole, so what is larger than `MOST_BYTES` is refused; only the topics that become channels are kept
in memory. pyulog and numpy are loaded when a .ulg is read, never before.
"""

from __future__ import annotations

import contextlib
import heapq
import io
import math
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from pymavlink.dialects.v20 import ardupilotmega as dialect

from edge.imports.log_clock import ClockSurvey, LogClock
from edge.imports.log_output import LogOutlet, LogReport, hash_file
from edge.imports.report import Gaps
from edge.imports.ulog.topics import ARMED, FIX_3D, LANDED, MODES, OUTPUTS, STATUS, TOPICS, Column, pulses
from edge.sources.mavlink.output.device_ids import SourceContext
from edge.sources.mavlink.output.output import VehicleInfo
from edge.sources.mavlink.protocol.enum_names import AUTOPILOT_PX4, model_name, severity_name
from edge.sources.mavlink.protocol.messages import Heartbeat
from edge.sources.mavlink.settings import MavlinkSettings
from edge.sources.source import Sink
from headland.errors import DataDamaged, SettingsError

#: What is read whole: an hour of a vehicle that logs everything it can.
MOST_BYTES: Final = 500_000_000
_SLICE_ROWS: Final = 4096
_RECEIVERS: Final = ("sensor_gps", "vehicle_gps_position")
_SIMULATOR: Final = "SITL"


class _StoppedError(Exception):
    """Somebody called `stop` while pyulog was reading."""


class _Watched(io.FileIO):
    """A file that says how far it was read, and ends when it is told to."""

    def __init__(self, path: Path, note: Callable[[int], bool]) -> None:
        super().__init__(path, "rb")
        self._note = note

    def readinto(self, buffer: Any, /) -> int:
        """Read the next bytes."""
        count = super().readinto(buffer) or 0
        if not self._note(count):
            raise _StoppedError
        return count


class _Item(NamedTuple):
    """Something that happened at an own time: a row of `family`, or an event of `kind`."""

    own_us: int
    order: int
    family: str
    kind: str
    values: dict[str, Any]


class UlogSource:
    """A .ulg as a Source."""

    def __init__(self, path: Path, settings: MavlinkSettings | None, site: str) -> None:
        self.name = path.name
        self.size_bytes = path.stat().st_size
        self._path = path
        self._site = (settings.site if settings is not None else None) or site
        self._simulated = settings.simulated if settings is not None else False
        self._stop = threading.Event()
        self._read_bytes = 0
        self._outlet: LogOutlet | None = None
        self._counts: Counter[str] = Counter()
        self._dropouts = Gaps()
        self._notes: list[str] = []

    @property
    def position_bytes(self) -> int:
        """How much of `size_bytes` is done; its hash and its messages count half each."""
        return min(self.size_bytes, self._read_bytes // 2)

    def run(self, sink: Sink) -> None:
        """Put the file through `sink` to its end, or until `stop`.

        Raises DataDamaged when it is no ULog or too large, SettingsError where pyulog is not installed.
        """
        if self.size_bytes > MOST_BYTES:
            raise DataDamaged(
                f"{self.name} has {self.size_bytes / 1e6:,.0f} MB, and a .ulg is read into memory whole, so one of more"
                f" than {MOST_BYTES / 1e6:,.0f} MB is refused: log fewer topics (SDLOG_PROFILE) or shorter flights"
            )
        digest = hash_file(self._path, self._note_read)
        log = None if self._stop.is_set() else self._load()
        if log is None:
            return
        topics = {(data.name, data.multi_id): data for data in log.data_list if _is_timed(data)}
        outlet = self._outlet = LogOutlet(
            _fit_clock(topics, self._notes), SourceContext(f"log-{digest[:12]}", self._site, self._simulated), sink
        )
        _name(outlet, log, topics, f"log-{digest[:12]}", dated=not self._notes)
        for dropout in log.dropouts:
            self._dropouts.add(dropout.duration)
        self._counts["damaged"] += bool(log.file_corruption)
        self._counts["messages"] = sum(len(data.data["timestamp"]) for data in topics.values())
        for item in heapq.merge(*_items(log, topics), key=lambda item: item[:2]):
            if self._stop.is_set():
                break
            if item.family:
                outlet.take_row(item.family, item.own_us, item.values)
            else:
                outlet.take_event(item.kind, item.own_us, item.values)
        outlet.flush()

    def stop(self) -> None:
        """Make `run` return soon."""
        self._stop.set()

    def counters(self) -> dict[str, int]:
        """Return what was read and left out, by name."""
        outlet = self._outlet
        if outlet is None:
            return dict(self._counts)
        return dict(self._counts + outlet.counts + Counter(rows=outlet.rows))

    def report(self) -> LogReport:
        """Return what the file held so far."""
        counters, outlet = self.counters(), self._outlet
        return LogReport(
            messages=counters.get("messages", 0),
            rows=0 if outlet is None else outlet.rows,
            devices=() if outlet is None else tuple(outlet.devices),
            first_ms=None if outlet is None else outlet.first_ms,
            last_ms=None if outlet is None else outlet.last_ms,
            left_out={name: count for name, count in counters.items() if count and name not in ("messages", "rows")},
            dropouts=self._dropouts,
            notes=tuple(self._notes),
        )

    def _note_read(self, count: int) -> bool:
        self._read_bytes += count
        return not self._stop.is_set()

    def _load(self) -> Any:
        """Return what pyulog read, None where it was stopped."""
        try:
            from pyulog import ULog
            from pyulog.exceptions import ULogException
        except ImportError as error:
            raise SettingsError(
                f"{self.name}: PX4 logs need pyulog, which is not installed: pip install 'headland[logs]'"
            ) from error
        wanted = [*TOPICS, OUTPUTS, STATUS, LANDED]
        # It prints what it finds wrong; what that means for the import stands in the report.
        with (
            io.BufferedReader(_Watched(self._path, self._note_read)) as file,
            contextlib.redirect_stdout(io.StringIO()),
        ):
            try:
                return ULog(file, wanted)
            except _StoppedError:
                return None
            except (ULogException, ValueError, LookupError, TypeError, AttributeError, OSError, struct.error) as error:
                raise DataDamaged(f"{self.name} cannot be read as a ULog of PX4: {error}") from error


def _is_timed(data: Any) -> bool:
    """Tell whether a topic has what all have: a file may be damaged."""
    stamps = data.data.get("timestamp")
    return stamps is not None and stamps.dtype.kind == "u"


def _fit_clock(topics: dict[tuple[str, int], Any], notes: list[str]) -> LogClock:
    """Return the clock that the first receiver says; notes where it says none."""
    survey = ClockSurvey()
    for name in _RECEIVERS:
        data = topics.get((name, 0))
        if data is None or not {"time_utc_usec", "fix_type"} <= data.data.keys():
            continue
        columns = data.data
        behind = columns.get("timestamp_time_relative", columns["timestamp"] * 0)
        for own_us, late_us, utc_us, fix in zip(
            columns["timestamp"].tolist(),
            behind.astype("int64").tolist(),
            columns["time_utc_usec"].tolist(),
            columns["fix_type"].tolist(),
            strict=True,
        ):
            if fix >= FIX_3D:
                survey.note(own_us + late_us, utc_us)
        break
    clock = survey.finish()
    if not clock.known:
        notes.append("no satellite fix with a time is in it, so nothing in it can be dated and all of it is left out")
    return clock


def _name(outlet: LogOutlet, log: Any, topics: dict[tuple[str, int], Any], prefix: str, *, dated: bool) -> None:
    """Say whose log it is: its sys_uuid is the uid2 that PX4 says on a link."""
    if not dated:
        return
    said = log.msg_info_dict
    uuid, release = str(said.get("sys_uuid", "")), said.get("ver_sw_release", 0)
    try:
        uid2 = bytes.fromhex(uuid).rstrip(b"\0")
    except ValueError:
        uid2 = b""
    status = topics.get((STATUS, 0))
    kind = status.data["system_type"][0] if status is not None and "system_type" in status.data else 0
    number = log.initial_parameters.get("MAV_SYS_ID")
    system = number if isinstance(number, int) else 1
    heartbeat = Heartbeat(0, int(kind), AUTOPILOT_PX4, 0, dialect.MAV_STATE_STANDBY, 3)
    software = f"{release >> 24 & 255}.{release >> 16 & 255}.{release >> 8 & 255}" if isinstance(release, int) else ""
    outlet.name(
        f"uav-{uid2.hex()}" if uid2 else f"{prefix}.sys{system}",
        VehicleInfo(model_name(heartbeat), system, software),
        simulated=_SIMULATOR in str(said.get("ver_hw", "")),
    )


def _items(log: Any, topics: dict[tuple[str, int], Any]) -> list[Iterator[_Item]]:
    """Return what each topic holds, in its order."""
    items: list[Iterator[_Item]] = []
    for (name, instance), data in sorted(topics.items()):
        order = len(items)
        if name == "vehicle_gps_position" and ("sensor_gps", 0) in topics:
            continue  # the same receivers, blended
        if name == OUTPUTS and instance < 2:
            items.append(_output_rows(data, instance, order))
        elif name == STATUS and instance == 0 and {"arming_state", "nav_state"} <= data.data.keys():
            items.append(_status_events(data, order))
        elif name == LANDED and instance == 0 and "landed" in data.data:
            items.append(_landed_events(data, order))
        elif name in TOPICS and (instance == 0 or TOPICS[name].instanced):
            items.append(_topic_rows(data, instance, order))
    order = len(items)
    texts = [*log.logged_messages, *(one for some in log.logged_messages_tagged.values() for one in some)]
    items.append(
        _Item(text.timestamp, order, "", "text", {"text": text.message, "severity": severity_name(text.log_level - 48)})
        for text in sorted(texts, key=lambda text: text.timestamp)
    )
    return items


def _slices(data: Any, names: list[str]) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Return (own time, values) row by row, without making all of them at once."""
    stamps = data.data["timestamp"]
    for at in range(0, len(stamps), _SLICE_ROWS):
        columns = [data.data[name][at : at + _SLICE_ROWS].tolist() for name in names]
        yield from zip(stamps[at : at + _SLICE_ROWS].tolist(), zip(*columns, strict=True), strict=True)


def _topic_rows(data: Any, instance: int, order: int) -> Iterator[_Item]:
    topic = TOPICS[data.name]
    suffix = f":{instance}" if instance else ""
    columns: dict[str, Column] = {}
    for column in topic.columns:
        if column.channel not in columns and all(name in data.data for name in column.fields):
            columns[column.channel] = column
    names = sorted({name for column in columns.values() for name in column.fields})
    makers = [
        (channel + suffix, column.make, [names.index(name) for name in column.fields])
        for channel, column in columns.items()
    ]
    if not makers:
        return
    for own_us, values in _slices(data, names):
        row: dict[str, float | None] = {}
        for channel, make, places in makers:
            inputs = [values[place] for place in places]
            row[channel] = make(*inputs) if all(map(math.isfinite, inputs)) else None
        yield _Item(own_us, order, topic.family + suffix, "", row)


def _output_rows(data: Any, port: int, order: int) -> Iterator[_Item]:
    names = [name for name in data.data if name == "noutputs" or name.startswith("output[")]
    for own_us, values in _slices(data, names):
        row = pulses(dict(zip(names, values, strict=True)), port)
        if row:
            yield _Item(own_us, order, f"servos:{port}", "", row)


def _status_events(data: Any, order: int) -> Iterator[_Item]:
    mode: str | None = None
    armed: bool | None = None
    for own_us, (arming, state) in _slices(data, ["arming_state", "nav_state"]):
        name = MODES.get(state, f"Mode({state})")
        if name != mode:
            yield _Item(own_us, order, "", "mode", {"mode": name, "previous": mode, "nav_state": state})
            mode = name
        if (arming == ARMED) != armed:
            armed = arming == ARMED
            yield _Item(own_us, order, "", "armed", {"armed": armed})


def _landed_events(data: Any, order: int) -> Iterator[_Item]:
    landed: int | None = None
    for own_us, (now,) in _slices(data, ["landed"]):
        if now != landed:
            landed = now
            yield _Item(own_us, order, "", "landed_state", {"state": "on_ground" if now else "in_air"})
