"""PX4 ULog (.ulg) as a source: `run` reads the whole file and returns. The same file gives the same rows.

pyulog reads a file whole, so a file larger than `MOST_BYTES` is refused; only the topics that become channels are held
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
from typing import Any, BinaryIO, Final, NamedTuple

from edge.imports.log_clock import ClockFit
from edge.imports.log_output import LogOutput, LogReport, date_log, hash_file
from edge.imports.report import Gaps
from edge.imports.sentences import Sentence
from edge.imports.ulog.cut import find_cut
from edge.imports.ulog.topics import ARMED, FIX_3D, LANDED, MODES, OUTPUTS, STATUS, TOPICS, TopicChannel, pulses
from edge.sources.mavlink.mapping.dialect import number_of
from edge.sources.mavlink.protocol.enum_names import AUTOPILOT_PX4, model_name, severity_name
from edge.sources.mavlink.protocol.messages import Heartbeat
from edge.sources.mavlink.settings import MavlinkSettings
from edge.sources.mavlink.timing.pending import EventBody
from edge.sources.mavlink.vehicle.device_naming import DeviceName, SourceContext, VehicleInfo
from edge.sources.mavlink.vehicle.state_events import StateEvents
from edge.sources.source import Sink
from headland.errors import DataDamaged, SettingsError

#: The largest file: an hour of a vehicle that logs everything it can.
MOST_BYTES: Final = 500_000_000
_SLICE_ROWS: Final = 4096
_RECEIVERS: Final = ("sensor_gps", "vehicle_gps_position")
_SIMULATOR: Final = "SITL"


class _StoppedError(Exception):
    """`stop` was called while pyulog was reading."""


class _CountedFile(io.FileIO):
    """A file that reports the bytes read to `note`, and ends when that returns False."""

    def __init__(self, path: Path, note: Callable[[int], bool]) -> None:
        super().__init__(path, "rb")
        self._note = note

    def readinto(self, buffer: Any, /) -> int:
        """Read the next bytes."""
        count = super().readinto(buffer) or 0
        if not self._note(count):
            raise _StoppedError
        return count


class LogItem(NamedTuple):
    """A row of `series` at a time since boot, or an event where `series` is empty."""

    boot_us: int
    order: int
    series: str
    body: Any


class UlogSource:
    """A .ulg as a Source."""

    def __init__(self, path: Path, settings: MavlinkSettings | None, site: str, *, start_ms: int | None = None) -> None:
        self.name = path.name
        self._start_ms = start_ms
        self.size_bytes = path.stat().st_size
        self._path = path
        self._site = (settings.site if settings is not None else None) or site
        self._simulated = settings.simulated if settings is not None else False
        self._stop = threading.Event()
        self._read_bytes = 0
        self._output: LogOutput | None = None
        self._counts: Counter[str] = Counter()
        self._dropouts = Gaps()
        self._notes: list[str] = []

    @property
    def position_bytes(self) -> int:
        """How much of `size_bytes` is done; its hash and its messages count half each."""
        return min(self.size_bytes, self._read_bytes // 2)

    def run(self, sink: Sink) -> None:
        """Read the file into `sink` to its end, or until `stop`.

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
        topics = timed_topics(log)
        cut_bytes = 0 if log.file_corruption else find_cut(self._path)
        if cut_bytes and not log.data_list:
            raise DataDamaged(Sentence("no_ulog_data", name=self.name))
        fit = fit_clock(topics)
        clock = date_log(
            fit.finish(),
            self._start_ms,
            lambda start_ms: fit.date_by_start(int(log.start_timestamp), start_ms),
            self._notes,
        )
        if cut_bytes:
            self._notes.append(Sentence("cut", bytes=str(cut_bytes)))
        output = self._output = LogOutput(clock, SourceContext(f"log-{digest[:12]}", self._site, self._simulated), sink)
        if clock.known:
            output.set_name(_device_name(log, topics, f"log-{digest[:12]}"))
        for dropout in log.dropouts:
            self._dropouts.add(dropout.duration)
        self._counts["damaged"] += bool(log.file_corruption)
        self._counts["messages"] = sum(len(data.data["timestamp"]) for data in topics.values())
        for item in log_items(log, topics):
            if self._stop.is_set():
                break
            if item.series:
                output.add_row(item.series, item.boot_us, item.body)
            else:
                output.add_event(item.body, item.boot_us)
        output.flush()

    def stop(self) -> None:
        """Make `run` return after the piece under way."""
        self._stop.set()

    def counters(self) -> dict[str, int]:
        """Return what was read and left out, by name."""
        output = self._output
        if output is None:
            return dict(self._counts)
        return dict(self._counts + output.counts + Counter(rows=output.rows))

    def report(self) -> LogReport:
        """Return what the file held so far."""
        counters, output = self.counters(), self._output
        return LogReport(
            messages=counters.get("messages", 0),
            rows=0 if output is None else output.rows,
            devices=() if output is None else tuple(output.devices),
            first_ms=None if output is None else output.first_ms,
            last_ms=None if output is None else output.last_ms,
            left_out={name: count for name, count in counters.items() if count and name not in ("messages", "rows")},
            dropouts=self._dropouts,
            notes=tuple(self._notes),
        )

    def _note_read(self, count: int) -> bool:
        self._read_bytes += count
        return not self._stop.is_set()

    def _load(self) -> Any:
        """Return what pyulog read, None where it was stopped."""
        with io.BufferedReader(_CountedFile(self._path, self._note_read)) as file:
            try:
                return load_ulog(file, self.name)
            except _StoppedError:
                return None


def load_ulog(file: BinaryIO, name: str) -> Any:
    """Return what pyulog reads; raises DataDamaged for what is no ULog, SettingsError without pyulog."""
    try:
        from pyulog import ULog
        from pyulog.exceptions import ULogException
    except ImportError as error:
        raise SettingsError(
            f"{name}: PX4 logs need pyulog, which is not installed: pip install 'headland[logs]'"
        ) from error
    wanted = [*TOPICS, OUTPUTS, STATUS, LANDED]
    # pyulog prints what is wrong with the file; the report has what that means for the import.
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            return ULog(file, wanted)
        except (ULogException, ValueError, LookupError, TypeError, AttributeError, OSError, struct.error) as error:
            raise DataDamaged(Sentence("no_ulog", name=name, why=str(error))) from error


def timed_topics(log: Any) -> dict[tuple[str, int], Any]:
    """Return the topics of a log by name and instance."""
    return {(data.name, data.multi_id): data for data in log.data_list if _is_timed(data)}


def _is_timed(data: Any) -> bool:
    """Return whether a topic has its time stamps: a file may be damaged."""
    stamps = data.data.get("timestamp")
    return stamps is not None and stamps.dtype.kind == "u"


def fit_clock(topics: dict[tuple[str, int], Any]) -> ClockFit:
    """Return the fit of the clock to the first receiver's times."""
    fit = ClockFit()
    for name in _RECEIVERS:
        data = topics.get((name, 0))
        if data is None or not {"time_utc_usec", "fix_type"} <= data.data.keys():
            continue
        columns = data.data
        behind = columns.get("timestamp_time_relative", columns["timestamp"] * 0)
        for boot_us, late_us, utc_us, fix in zip(
            columns["timestamp"].tolist(),
            behind.astype("int64").tolist(),
            columns["time_utc_usec"].tolist(),
            columns["fix_type"].tolist(),
            strict=True,
        ):
            if fix >= FIX_3D:
                fit.add(boot_us + late_us, utc_us)
        break
    return fit


def _device_name(log: Any, topics: dict[tuple[str, int], Any], prefix: str) -> DeviceName:
    """Return the device of a log: its sys_uuid is the uid2 that PX4 sends on a link."""
    info = log.msg_info_dict
    uuid, release = str(info.get("sys_uuid", "")), info.get("ver_sw_release", 0)
    try:
        uid2 = bytes.fromhex(uuid).rstrip(b"\0")
    except ValueError:
        uid2 = b""
    status = topics.get((STATUS, 0))
    kind = status.data["system_type"][0] if status is not None and "system_type" in status.data else 0
    number = log.initial_parameters.get("MAV_SYS_ID")
    system = number if isinstance(number, int) else 1
    heartbeat = Heartbeat(0, int(kind), AUTOPILOT_PX4, 0, number_of("MAV_STATE_STANDBY"), 3)
    software = f"{release >> 24 & 255}.{release >> 16 & 255}.{release >> 8 & 255}" if isinstance(release, int) else ""
    return DeviceName(
        f"uav-{uid2.hex()}" if uid2 else f"{prefix}.sys{system}",
        VehicleInfo(model_name(heartbeat), system, software),
        simulated=_SIMULATOR in str(info.get("ver_hw", "")),
    )


def log_items(log: Any, topics: dict[tuple[str, int], Any], state: StateEvents | None = None) -> Iterator[LogItem]:
    """Yield the rows and events of all topics, in order of time; `state` is what was known before."""
    return heapq.merge(*_items(log, topics, state or StateEvents()), key=lambda item: item[:2])


def _items(log: Any, topics: dict[tuple[str, int], Any], state: StateEvents) -> list[Iterator[LogItem]]:
    """Return the rows or events of each topic, in order of time."""
    items: list[Iterator[LogItem]] = []
    for (name, instance), data in sorted(topics.items()):
        order = len(items)
        if name == "vehicle_gps_position" and ("sensor_gps", 0) in topics:
            continue  # the same receivers, blended
        if name == OUTPUTS and instance < 2:
            items.append(_output_rows(data, instance, order))
        elif name == STATUS and instance == 0 and {"arming_state", "nav_state"} <= data.data.keys():
            items.append(_status_events(data, state, order))
        elif name == LANDED and instance == 0 and "landed" in data.data:
            items.append(_landed_events(data, state, order))
        elif name in TOPICS and (instance == 0 or TOPICS[name].instanced):
            items.append(_topic_rows(data, instance, order))
    order = len(items)
    texts = [*log.logged_messages, *(text for tagged in log.logged_messages_tagged.values() for text in tagged)]
    items.append(
        LogItem(
            text.timestamp,
            order,
            "",
            EventBody("text", {"text": text.message, "severity": severity_name(text.log_level - 48)}),
        )
        for text in sorted(texts, key=lambda text: text.timestamp)
    )
    return items


def _slices(data: Any, names: list[str]) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Yield (time since boot, values) row by row, without making all of them at once."""
    stamps = data.data["timestamp"]
    for at in range(0, len(stamps), _SLICE_ROWS):
        columns = [data.data[name][at : at + _SLICE_ROWS].tolist() for name in names]
        yield from zip(stamps[at : at + _SLICE_ROWS].tolist(), zip(*columns, strict=True), strict=True)


def _topic_rows(data: Any, instance: int, order: int) -> Iterator[LogItem]:
    topic = TOPICS[data.name]
    suffix = f":{instance}" if instance else ""
    columns: dict[str, TopicChannel] = {}
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
    for boot_us, values in _slices(data, names):
        row: dict[str, float | None] = {}
        for channel, make, places in makers:
            inputs = [values[place] for place in places]
            row[channel] = make(*inputs) if all(map(math.isfinite, inputs)) else None
        yield LogItem(boot_us, order, topic.series + suffix, row)


def _output_rows(data: Any, port: int, order: int) -> Iterator[LogItem]:
    names = [name for name in data.data if name == "noutputs" or name.startswith("output[")]
    for boot_us, values in _slices(data, names):
        row = pulses(dict(zip(names, values, strict=True)), port)
        if row:
            yield LogItem(boot_us, order, f"servos:{port}", row)


def _status_events(data: Any, state: StateEvents, order: int) -> Iterator[LogItem]:
    for boot_us, (arming, nav_state) in _slices(data, ["arming_state", "nav_state"]):
        events = state.note_mode(MODES.get(nav_state, f"Mode({nav_state})"), nav_state=nav_state)
        for event in events + state.note_armed(arming == ARMED):
            yield LogItem(boot_us, order, "", event)


def _landed_events(data: Any, state: StateEvents, order: int) -> Iterator[LogItem]:
    for boot_us, (landed,) in _slices(data, ["landed"]):
        for event in state.note_landed("on_ground" if landed else "in_air"):
            yield LogItem(boot_us, order, "", event)
