"""The records that cross the wire, frozen. Times are integer epoch milliseconds UTC."""

from __future__ import annotations

import re
from enum import IntEnum, StrEnum
from typing import Final

import msgspec

#: What a gateway, site, device or kind may be called: safe in a topic, a tag, a path and a file name.
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

Scalar = str | int | float | bool | None

#: Events of a rule on the gateway: its condition has held for long enough, or no longer holds. They go out first.
ALARM_RAISED: Final = "alarm_raised"
ALARM_CLEARED: Final = "alarm_cleared"
#: Event of channels whose samples came later than they were due.
DATA_GAP: Final = "data_gap"


class Clock(StrEnum):
    """Where a block's times come from, best first."""

    GPS = "gps"  # the source's own clock, set from satellites
    NTP = "ntp"  # the gateway's clock, disciplined by a time server
    RTC = "rtc"  # the source's own clock, not known to be disciplined
    ARRIVAL = "arrival"  # no clock of the source's: when the gateway (or a log's recorder) heard it


class Quality(IntEnum):
    """QARTOD flags: 1 good, 2 not evaluated, 3 suspect, 4 fail, 9 missing."""

    GOOD = 1
    NOT_EVALUATED = 2
    SUSPECT = 3
    FAIL = 4
    MISSING = 9


class Evidence(StrEnum):
    """How an application of product is known, best first."""

    MEASURED_FLOW = "measured_flow"  # a sensor in the stream of product
    TANK_MASS = "tank_mass"  # what left the tank or hopper
    PUMP_PWM = "pump_pwm"  # the signal to the pump or spinner, as the autopilot reports its output
    COMMANDED = "commanded"  # an order, whatever became of it


class Record(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=False):
    """Base of the wire records: unknown fields are ignored, so that a newer gateway is still understood."""


class Block(Record, frozen=True, kw_only=True):
    """Rows of one device that share one set of channels: columns of equal length, null where a value is missing.

    `dt` holds each row's time as milliseconds after `t0`. `q` holds QARTOD flags for a channel only where some
    sample of it is not good. `simulated` is true for ever for what a simulator made.
    """

    device: str
    kind: str
    site: str
    clock: Clock
    t0: int
    dt: list[int]
    c: dict[str, list[float | None]]
    q: dict[str, list[int]] = {}
    simulated: bool = msgspec.field(default=False, name="sim")


class Event(Record, frozen=True, kw_only=True):
    """A change of state or a text at one instant; never a number to average."""

    t: int
    device: str
    kind: str
    device_kind: str
    site: str
    clock: Clock
    data: dict[str, Scalar] = {}
    simulated: bool = msgspec.field(default=False, name="sim")


class Batch(Record, frozen=True, kw_only=True):
    """What one message carries: it stands for the spool's records `first`..`seq` of (`gw`, `epoch`).

    `first` is absent when the message stands for `seq` alone. A gateway whose spool overflowed sends one message
    that stands for the whole dropped range, so that a gap is always said, never inferred. `thinned` counts the samples
    that a full spool took out of the range while it kept others.
    """

    gw: str
    epoch: str
    seq: int
    v: int
    first: int | None = None
    blocks: list[Block] = []
    events: list[Event] = []
    thinned: int = 0


class Ack(Record, frozen=True, kw_only=True):
    """The commit ack: every record of `epoch` up to and with `seq` is in the store (or in quarantine)."""

    epoch: str
    seq: int


class ChannelInfo(Record, frozen=True, kw_only=True):
    """What a descriptor says of one channel; `evidence` is an `Evidence` or a newer word, where product is applied.

    `calibration` says what corrected its raw value, and since when.
    """

    unit: str
    interval_s: float | None = None
    sensor: str | None = None
    evidence: str | None = None
    calibration: str | None = None


class Descriptor(Record, frozen=True, kw_only=True):
    """What a gateway says of one of its devices, retained on its meta topic.

    `clock` may be left out: ingest takes it from the blocks, whose word it is.
    """

    device: str
    kind: str
    site: str
    name: str
    model: str = ""
    software: str = ""
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    altitude_m: float | None = None
    channels: dict[str, ChannelInfo] = {}
    clock: Clock | None = None
    simulated: bool = msgspec.field(default=False, name="sim")


class SpoolStatus(Record, frozen=True, kw_only=True):
    """How full a gateway's spool is and what it ever had to drop; `trouble` says why it takes nothing now."""

    records: int = 0
    bytes: int = 0
    oldest_ms: int | None = None
    dropped_records: int = 0
    dropped_points: int = 0
    thinned_points: int = 0
    trouble: str = ""


class GatewayStatus(Record, frozen=True, kw_only=True):
    """A gateway's retained status; its last will is the same record with `online` false.

    `delete_on` is what lets it delete a record: the commit ack, or only the broker's PUBACK, which is no guarantee.
    `overdue_ms` is since when a commit ack has been awaited for too long.
    """

    gw: str
    online: bool
    t: int
    software: str = ""
    epoch: str = ""
    acked_seq: int | None = None
    spool: SpoolStatus = msgspec.field(default_factory=SpoolStatus)
    delete_on: str = "commit"
    overdue_ms: int | None = None


def is_name(text: str) -> bool:
    """Tell whether `text` may name a gateway, site, device or kind."""
    return NAME.fullmatch(text) is not None
