"""Settings of one MAVLink source; every bound is checked when they are read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal, Self

import msgspec

from edge.sources.mavlink.mapping.dialect import id_of, number_of
from edge.sources.mavlink.protocol.signing import read_key
from edge.sources.mavlink.spray.profile import SprayerSettings, resolve_profile
from edge.sources.settings import SourceTable
from edge.toml.settings import TableError
from headland.contract.records import NAME
from headland.errors import SettingsError
from headland.plain_numbers import is_digits

__all__ = [
    "CardProtocol",
    "ForwardSettings",
    "HealSettings",
    "LinkAddress",
    "MavlinkSettings",
    "Permission",
    "RatedMessage",
    "SigningSettings",
    "SprayerSettings",
    "parse_url",
]

#: What a ground station may send to the vehicles: everything, what only reads, or nothing.
Permission = Literal["all", "read", "nothing"]
LinkKind = Literal["udpin", "udpout", "tcp", "tcpin", "serial"]

#: By which protocol a vehicle's card is read.
CardProtocol = Literal["auto", "log", "ftp"]

#: The messages whose rate may be requested.
RatedMessage = Literal[
    "ATTITUDE",
    "BATTERY_STATUS",
    "DISTANCE_SENSOR",
    "EFI_STATUS",
    "EKF_STATUS_REPORT",
    "ESC_TELEMETRY_1_TO_4",
    "ESC_TELEMETRY_5_TO_8",
    "ESTIMATOR_STATUS",
    "EXTENDED_SYS_STATE",
    "GLOBAL_POSITION_INT",
    "GPS2_RAW",
    "GPS_RAW_INT",
    "MISSION_CURRENT",
    "RANGEFINDER",
    "RC_CHANNELS",
    "RPM",
    "SERVO_OUTPUT_RAW",
    "SYSTEM_TIME",
    "SYS_STATUS",
    "TERRAIN_REPORT",
    "VFR_HUD",
    "WIND",
    "WIND_COV",
]

#: Together 1.7 kB/s: a third of what a 57,600 baud radio carries. Ten times a second locates the shut-off of a pump to
#: half a metre at 5 m/s. Other messages are read where the vehicle sends them, and requested by `rates`.
DEFAULT_RATES_HZ: Final[dict[RatedMessage, float]] = {
    "ATTITUDE": 5.0,
    "BATTERY_STATUS": 4.0,
    "EKF_STATUS_REPORT": 1.0,
    "EXTENDED_SYS_STATE": 1.0,
    "GLOBAL_POSITION_INT": 10.0,
    "GPS_RAW_INT": 2.0,
    "MISSION_CURRENT": 1.0,
    "RPM": 2.0,
    "SERVO_OUTPUT_RAW": 10.0,
    "SYSTEM_TIME": 1.0,
    "SYS_STATUS": 1.0,
    "TERRAIN_REPORT": 1.0,
    "VFR_HUD": 2.0,
    "WIND": 1.0,
}

#: PX4 reports wind and estimator in messages of its own, and no rotation.
PX4_RATES_HZ: Final[dict[RatedMessage, float]] = {
    **{
        name: rate_hz
        for name, rate_hz in DEFAULT_RATES_HZ.items()
        if name not in ("EKF_STATUS_REPORT", "RPM", "TERRAIN_REPORT", "WIND")
    },
    "ESTIMATOR_STATUS": 1.0,
    "WIND_COV": 1.0,
}

_HOST = r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])"
_URL = rf"^(?:(?:udpin|udpout|tcp|tcpin):{_HOST}:[0-9]{{1,5}}|serial:[^:\n]+(?::[0-9]{{3,7}})?)\Z"
#: Without names: looking one up may take seconds, in which nothing would be read.
_FORWARD_URL = r"^(?:udpout|tcpin):(?:localhost|[0-9.]{7,15}|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}\Z"
_DEFAULT_BAUD = 57600


class SigningSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Message signing: received frames are checked with the key, sent ones signed with it.

    `key_file` holds the passphrase with which the ground station set up the vehicle, or 64 hex digits.
    """

    key_file: Annotated[str, msgspec.Meta(min_length=1)]
    accept_unsigned: bool = False
    sign: bool = True


class ForwardSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A ground station that shares the link: it receives all frames of the vehicles, and sends what `may` allows.

    `url` is `udpout:ADDRESS:PORT`, where it listens, or `tcpin:ADDRESS:PORT`, where it connects. `refuse` names
    messages (PARAM_SET) and commands (MAV_CMD_COMPONENT_ARM_DISARM) that never pass.
    """

    url: Annotated[str, msgspec.Meta(pattern=_FORWARD_URL)]
    may: Permission = "all"
    refuse: list[Annotated[str, msgspec.Meta(min_length=1, max_length=60)]] = msgspec.field(default_factory=list)

    def __post_init__(self) -> None:
        """Refuse a port that cannot be, and names that the dialect does not have."""
        try:
            parse_url(self.url)
        except SettingsError as error:
            raise ValueError(str(error)) from error
        for name in self.refuse:
            try:
                (number_of if name.startswith("MAV_CMD_") else id_of)(name)
            except KeyError:
                raise ValueError(
                    f"{name!r} is neither a MAVLink message such as PARAM_SET nor a command such as "
                    "MAV_CMD_COMPONENT_ARM_DISARM"
                ) from None


class HealSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Gaps of a flight are read from the log on the vehicle's card after it has landed and is disarmed.

    A silence longer than `least_gap_s` is a gap. `max_bytes_s` bounds what the transfer takes of the link; without it
    that is a quarter of a serial line's rate, and 40,000 on a network. `max_mb` bounds what is read for one flight.
    `protocol` is `log` (LOG_REQUEST_DATA), `ftp` (MAVLink FTP), or `auto`: the first, and the second where the vehicle
    does not answer that.
    """

    enabled: bool = True
    least_gap_s: Annotated[float, msgspec.Meta(ge=1, le=60)] = 2.0
    max_bytes_s: Annotated[int, msgspec.Meta(ge=200, le=2_000_000)] | None = None
    max_mb: Annotated[int, msgspec.Meta(ge=1, le=2000)] = 64
    protocol: CardProtocol = "auto"


class MavlinkSettings(SourceTable, frozen=True, kw_only=True, tag_field="type", tag="mavlink"):
    """One link to one or more vehicles. `rates` overrides single message rates in Hz; 0 requests none."""

    name: Annotated[str, msgspec.Meta(pattern=rf"^{NAME.pattern}\Z")]
    url: Annotated[str, msgspec.Meta(pattern=_URL)]
    site: Annotated[str, msgspec.Meta(pattern=rf"^{NAME.pattern}\Z")] | None = None
    simulated: bool = False
    listen_only: bool = False
    sprayer: SprayerSettings | None = None
    signing: SigningSettings | None = None
    rates: dict[RatedMessage, Annotated[float, msgspec.Meta(ge=0, le=50)]] = msgspec.field(default_factory=dict)
    forward: Annotated[list[ForwardSettings], msgspec.Meta(max_length=4)] = msgspec.field(default_factory=list)
    heal: HealSettings = HealSettings()

    def __post_init__(self) -> None:
        """Refuse a port or a baud rate that cannot be (msgspec turns the ValueError into its own line)."""
        try:
            parse_url(self.url)
        except SettingsError as error:
            raise ValueError(str(error)) from error
        if self.listen_only and any(each.may != "nothing" for each in self.forward):
            raise ValueError('`listen_only` sends nothing to the vehicles: set may = "nothing" in each `forward`')

    def resolve(self, folder: Path) -> Self:
        """Return the settings with the profile's own values and with full paths.

        Raises TableError where a profile or a key cannot be used.
        """
        signing = self.signing
        try:
            sprayer = None if self.sprayer is None else resolve_profile(self.sprayer, folder)
            if signing is not None:
                signing = msgspec.structs.replace(signing, key_file=str(folder / Path(signing.key_file).expanduser()))
                read_key(Path(signing.key_file))
        except SettingsError as error:
            raise TableError((), str(error)) from error
        return msgspec.structs.replace(self, sprayer=sprayer, signing=signing)

    def rates_hz(self, *, is_px4: bool = False) -> dict[RatedMessage, float]:
        """Return the rate to request of each message, without those that are not requested."""
        merged = {**(PX4_RATES_HZ if is_px4 else DEFAULT_RATES_HZ), **self.rates}
        return {name: rate_hz for name, rate_hz in merged.items() if rate_hz > 0}


@dataclass(frozen=True, slots=True)
class LinkAddress:
    """The parts of a link's URL; on a serial line `host` is the device and `port` its baud rate."""

    kind: LinkKind
    host: str
    port: int

    @property
    def name(self) -> str:
        """The name of the only peer of a link to one address."""
        return f"{self.kind}:{self.host}:{self.port}"


def parse_url(url: str) -> LinkAddress:
    """Return the parts of `udpin:HOST:PORT`, `udpout:`, `tcp:`, `tcpin:` or `serial:DEVICE[:BAUD]`."""
    kind, _, rest = url.partition(":")
    if kind == "serial" and rest:
        device, _, baud = rest.partition(":")
        if device and (not baud or is_digits(baud, 8)):
            return LinkAddress("serial", device, int(baud or _DEFAULT_BAUD))
    elif kind in ("udpin", "udpout", "tcp", "tcpin"):
        host, _, port = rest.rpartition(":")
        if host and is_digits(port, 5) and 0 < int(port) < 65536:
            return LinkAddress(kind, host.strip("[]"), int(port))  # type: ignore[arg-type]  # checked a line above
    raise SettingsError(
        f"{url!r} is not a MAVLink link: use udpin:HOST:PORT, udpout:, tcp: or tcpin: with a port of 1 to 65535, "
        "or serial:DEVICE:BAUD"
    )
