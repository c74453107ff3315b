"""Records of the wire contract, frozen. Times are integer epoch milliseconds UTC."""

from __future__ import annotations

import re
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import Annotated, Final

import msgspec

#: Valid name of a gateway, site, device or kind: safe in a topic, a tag, a path and a file name.
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

Scalar = str | int | float | bool | None

#: Events of an alarm rule on the gateway: its condition held for long enough, or no longer holds. They are sent first.
ALARM_RAISED: Final = "alarm_raised"
ALARM_CLEARED: Final = "alarm_cleared"
#: Event of channels whose samples are overdue.
DATA_GAP: Final = "data_gap"
#: Events of a gateway's spool: a range that it dropped; a damaged file that it moved aside; a new epoch; records that
#: it had accepted and no longer has; messages that were read and lost because it accepted nothing.
SPOOL_DROPPED: Final = "spool_dropped"
SPOOL_DAMAGED: Final = "spool_damaged"
SPOOL_RENEWED: Final = "spool_renewed"
SPOOL_SHORTENED: Final = "spool_shortened"
SPOOL_REFUSED: Final = "spool_refused"
#: Events of ingest about a gateway: it wrote about a device of another gateway; a record of it arrived with another
#: content than before.
#: Data that ingest adds to an event whose time only the station's clock speaks against while it is in doubt: the mark,
#: and when the event came.
CLOCK_IN_DOUBT: Final = "clock_in_doubt"
RECEIVED_MS: Final = "received_ms"
DEVICE_REFUSED: Final = "device_refused"
RECORD_DIFFERS: Final = "record_differs"


class Clock(StrEnum):
    """Source of a block's times, best first."""

    GPS = "gps"  # the source's own clock, set from satellites
    NTP = "ntp"  # the gateway's clock, disciplined by a time server
    RTC = "rtc"  # the source's own clock, not known to be disciplined
    ARRIVAL = "arrival"  # the source has no clock: time of arrival at the gateway (or a log's recorder)


class Quality(IntEnum):
    """QARTOD flags: 1 good, 2 not evaluated, 3 suspect, 4 fail, 9 missing."""

    GOOD = 1
    NOT_EVALUATED = 2
    SUSPECT = 3
    FAIL = 4
    MISSING = 9


class EpochReason(StrEnum):
    """Why an epoch of a spool began. A reader accepts a newer word."""

    NEW = "new"  # the first epoch of a new spool
    UPGRADED = "upgraded"  # the file is of a version that did not record which machine it belongs to
    MOVED = "moved"  # the file is on another machine than before
    COPIED = "copied"  # the file is a copy: on this machine, but not the file that was used before
    UNPROVEN = "unproven"  # nothing proves that the numbers that come next were never used
    SHORTENED = "shortened"  # accepted records are missing in the file
    DAMAGED = "damaged"  # the file was damaged and moved aside
    REPLACED = "replaced"  # the file was deleted or replaced while it was in use
    RENAMED = "renamed"  # the gateway has another id than before
    AHEAD = "ahead"  # a commit ack for numbers that this spool never used
    TWIN = "twin"  # a commit ack for records that this spool never published, or that had another content


class Evidence(StrEnum):
    """Evidence of an application of product, best first."""

    MEASURED_FLOW = "measured_flow"  # a sensor in the stream of product
    TANK_MASS = "tank_mass"  # mass that left the tank or hopper
    PUMP_PWM = "pump_pwm"  # the signal to the pump or spinner, as the autopilot reports its output
    COMMANDED = "commanded"  # an order, whether carried out or not


class Record(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=False):
    """Base of the wire records: unknown fields are ignored, so that the messages of a newer gateway are accepted."""


class Block(Record, frozen=True, kw_only=True):
    """Rows of one device that share one set of channels: columns of equal length, null where a value is missing.

    `dt` holds each row's time as milliseconds after `t0`. `q` holds QARTOD flags for a channel only where some
    sample of it is not good. `simulated` marks data of a simulator, for good.
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
    """Content of one message: the spool's records `first`..`seq` of (`gw`, `epoch`).

    `first` is absent when the message holds only the record `seq`. A gateway whose spool overflowed sends one message
    for the whole dropped range, so that a gap is always reported, never inferred. `thinned` counts the samples that a
    full spool removed from the range while it retained others.
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
    """Commit ack: every record of `epoch` up to and including `seq` is in the store or in quarantine.

    `mac` signs it with the gateway's ack key (`headland.contract.ack_keys`); empty where ingest has no secret. `sums`
    tell which content the last of these records had (`headland.contract.content_sums`). `followed` is False where
    nobody follows the live values: a gateway may gather for longer then. The signature leaves out both.
    """

    epoch: str
    seq: int
    mac: str = ""
    sums: str = ""
    followed: bool = True


class ChannelInfo(Record, frozen=True, kw_only=True):
    """A channel in a descriptor; `evidence` is an `Evidence` or a newer word, for channels of applied product.

    `calibration` names the correction of the raw value and its start.
    """

    unit: str
    interval_s: float | None = None
    sensor: str | None = None
    evidence: str | None = None
    calibration: str | None = None


class Descriptor(Record, frozen=True, kw_only=True):
    """Description of a device by its gateway, retained on the device's meta topic.

    `clock` may be left out: ingest sets it from the device's blocks.
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
    """Fill level and losses of a gateway's spool. `epoch_reason` is an `EpochReason` or a newer word."""

    records: Annotated[int, "Records that await their commit ack."] = 0
    bytes: int = 0
    oldest_ms: Annotated[int | None, "Time of the oldest of these records; null without any."] = None
    dropped_records: Annotated[int, "Records dropped because it was full."] = 0
    dropped_points: Annotated[int, "Samples in them."] = 0
    thinned_points: Annotated[int, "Samples removed by thinning."] = 0
    trouble: Annotated[str, "Why it accepts no data; empty where it does."] = ""
    epoch_reason: Annotated[str, "Why the spool in use began; empty where it is not known."] = ""
    epoch_ms: Annotated[int | None, "When it began."] = None
    renewals: Annotated[int, "Spools that began in this folder after the first."] = 0
    shortened_records: Annotated[int, "Accepted records that the spool no longer has."] = 0


class SourceReport(Record, frozen=True, kw_only=True):
    """A source of a gateway: its name and type in edge.toml, and what prevents it from reading, as a sentence.

    `restarts` counts how often it ended by itself. An empty `trouble` says that nothing is known to be wrong.
    """

    name: str
    type: str = ""
    restarts: int = 0
    trouble: str = ""


class EndedEpoch(Record, frozen=True, kw_only=True):
    """An epoch of a gateway that has ended, and the record up to which commit acks confirmed it."""

    epoch: str
    acked_seq: int


class ShortenedRange(Record, frozen=True, kw_only=True):
    """Records `first_seq`..`last_seq` of an epoch, which a gateway accepted and reported as missing in its spool."""

    epoch: str
    first_seq: int
    last_seq: int


class RulesReport(Record, frozen=True, kw_only=True):
    """Alarm rules of the farm at a gateway. `rejected` is a word of `gateway_rules.RulesRefusal`, or a newer one."""

    own: Annotated[bool, "Whether edge.toml takes no rules from the farm."] = False
    number: Annotated[int, "Number of the message with the revision in use."] = 0
    revision: Annotated[str, "Revision of the farm's rules in use; empty for none."] = ""
    since_ms: Annotated[int | None, "Since when, by the gateway's clock."] = None
    applied: Annotated[int, "Rules of the revision that it evaluates."] = 0
    refused: Annotated[int, "Rules of the revision that it cannot evaluate."] = 0
    refused_names: Annotated[tuple[str, ...], "The first of them."] = ()
    replaced: Annotated[int, "Rules of edge.toml for which the farm has one of the same name, which holds."] = 0
    replaced_names: Annotated[tuple[str, ...], "The first of them."] = ()
    rejected: Annotated[str, "Why it refused the last message as a whole; empty where it did not."] = ""
    rejected_revision: Annotated[str, "Revision in that message, where it could be read."] = ""
    rejected_ms: Annotated[int | None, "When, by the gateway's clock."] = None
    unsaved: Annotated[bool, "Whether its disk has not taken the revision yet."] = False


class GatewayStatus(Record, frozen=True, kw_only=True):
    """A gateway's retained status; its last will is the same record with `online` false.

    `delete_on` is the acknowledgement after which it deletes a record: the commit ack, or only the broker's PUBACK,
    which guarantees nothing. `overdue_ms` is the time since which a commit ack is overdue. `instance` is random for
    each start of the process: two that alternate are two processes that use one identity. `sources` are those that it
    reads, of a gateway that is online. `ended` are its last epochs before the one in use, the newest last. `shortened`
    are the last records that it reported as missing under this id, the newest last. `rules` are the farm's alarm rules
    at it; None of an older gateway.
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
    instance: str = ""
    sources: tuple[SourceReport, ...] = ()
    ended: tuple[EndedEpoch, ...] = ()
    shortened: tuple[ShortenedRange, ...] = ()
    rules: RulesReport | None = None


@lru_cache(maxsize=8192)  # the names of a farm come again and again, several in each message
def is_name(text: str) -> bool:
    """Tell whether `text` may name a gateway, site, device or kind."""
    return NAME.fullmatch(text) is not None
