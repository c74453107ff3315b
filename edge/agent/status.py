"""Status of the gateway in `<data_dir>/status.json`, for `headland edge status`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from edge.agent.traces import TracesStatus
from edge.pipeline.alarms.raised_alarms import RaisedAlarm
from edge.pipeline.processor import FlagCount
from headland.contract.records import RulesReport, SpoolStatus
from headland.errors import SettingsError
from headland.runtime.supervised_thread import ThreadStatus

STATUS_FILE: Final = "status.json"
#: The most flag counts in a status, the most frequent first.
MOST_FLAGS: Final = 200


class SourceStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Status of a source: whether its thread runs, how often it was restarted, and its own counters.

    `notes` are sentences worth knowing, `warnings` those that a person should look at.
    """

    name: str
    type: str
    running: bool
    restarts: int = 0
    last_error: str = ""
    counters: Mapping[str, int] = {}
    notes: list[str] = []
    warnings: list[str] = []


class UplinkStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Status of the uplink; `detail` is a sentence where something is wrong (`edge.uplink.state.UplinkState`)."""

    connected: bool
    detail: str = ""
    acked_seq: int | None = None
    acked_ms: int | None = None
    overdue_ms: int | None = None
    delete_on: str = "commit"
    counters: Mapping[str, int] = {}


class AgentStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Status of the whole gateway at one instant. `intake` are the counters of the queue and the batcher.

    `flags`: how many samples of each channel each test flagged. `alarms`: the active ones, the oldest first. `rules`:
    the farm's alarm rules here; None of an older gateway. `threads`: the age of each thread's last success. `traces` is
    None where they are off.
    """

    gateway: str
    time_ms: int
    started_ms: int
    pid: int
    software: str
    epoch: str
    sources: list[SourceStatus]
    intake: Mapping[str, int]
    spool: SpoolStatus
    spool_counters: Mapping[str, int]
    uplink: UplinkStatus
    channels: Mapping[str, int] = {}
    flags: list[FlagCount] = []
    alarms: list[RaisedAlarm] = []
    rules: RulesReport | None = None
    threads: list[ThreadStatus] = []
    traces: TracesStatus | None = None


def write_status(status: AgentStatus, data_dir: Path) -> None:
    """Write the status file in one step: a reader sees the old or the new contents. Raises OSError."""
    path = data_dir / STATUS_FILE
    new_file = path.with_suffix(".json.new")
    new_file.write_bytes(msgspec.json.encode(status))
    new_file.replace(path)


def read_status(data_dir: Path) -> AgentStatus:
    """Return the last status that a gateway wrote. Raises SettingsError with a sentence where there is none."""
    path = data_dir / STATUS_FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=AgentStatus)
    except FileNotFoundError as error:
        raise SettingsError(f"no gateway has run in {data_dir} yet: there is no {STATUS_FILE}") from error
    except (OSError, msgspec.MsgspecError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
