"""The settings of one MAVLink source, every bound checked when they are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec

from headland.contract.records import NAME
from headland.errors import SettingsError

LinkKind = Literal["udpin", "udpout", "tcp", "tcpin", "serial"]

#: The messages whose rate may be asked for.
RatedMessage = Literal[
    "ATTITUDE",
    "BATTERY_STATUS",
    "EXTENDED_SYS_STATE",
    "GLOBAL_POSITION_INT",
    "GPS_RAW_INT",
    "SERVO_OUTPUT_RAW",
    "SYSTEM_TIME",
    "SYS_STATUS",
    "VFR_HUD",
]

#: Together 1.3 kB/s: a quarter of what a 57,600 baud radio carries. Ten times a second tells where a pump was shut off
#: to half a metre at 5 m/s.
DEFAULT_RATES_HZ: Final[dict[RatedMessage, float]] = {
    "ATTITUDE": 5.0,
    "BATTERY_STATUS": 4.0,
    "EXTENDED_SYS_STATE": 1.0,
    "GLOBAL_POSITION_INT": 10.0,
    "GPS_RAW_INT": 2.0,
    "SERVO_OUTPUT_RAW": 10.0,
    "SYSTEM_TIME": 1.0,
    "SYS_STATUS": 1.0,
    "VFR_HUD": 2.0,
}

_HOST = r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])"
_URL = rf"^(?:(?:udpin|udpout|tcp|tcpin):{_HOST}:[0-9]{{1,5}}|serial:[^:\n]+(?::[0-9]{{3,7}})?)\Z"
_DEFAULT_BAUD = 57600


class SprayerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which outputs and meters mean spraying; what is not named is not recorded as spraying."""

    #: The autopilot output that drives the pump, 1..32 as in SERVOn_FUNCTION.
    pump_servo: Annotated[int, msgspec.Meta(ge=1, le=32)] | None = None
    #: The pump counts as on while its output is above this pulse width.
    pump_off_us: Annotated[int, msgspec.Meta(ge=500, le=2500)] = 1100
    #: The BATTERY_STATUS id that is a flow meter: 1 cA means 0.01 L/h, 1 mAh means 1 mL.
    flow_battery_id: Annotated[int, msgspec.Meta(ge=1, le=255)] | None = None


class MavlinkSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="mavlink"
):
    """One link to one or more vehicles. `rates` overrides single message rates in Hz; 0 asks for nothing."""

    name: Annotated[str, msgspec.Meta(pattern=rf"^{NAME.pattern}\Z")]
    url: Annotated[str, msgspec.Meta(pattern=_URL)]
    site: Annotated[str, msgspec.Meta(pattern=rf"^{NAME.pattern}\Z")] | None = None
    simulated: bool = False
    listen_only: bool = False
    sprayer: SprayerSettings | None = None
    rates: dict[RatedMessage, Annotated[float, msgspec.Meta(ge=0, le=50)]] = {}

    def __post_init__(self) -> None:
        """Refuse a port or a baud rate that cannot be (msgspec turns the ValueError into its own line)."""
        try:
            parse_url(self.url)
        except SettingsError as error:
            raise ValueError(str(error)) from error

    def rates_hz(self) -> dict[RatedMessage, float]:
        """Return the rate to ask for of each message, without those that are not asked for."""
        merged = {**DEFAULT_RATES_HZ, **self.rates}
        return {name: rate_hz for name, rate_hz in merged.items() if rate_hz > 0}


@dataclass(frozen=True, slots=True)
class LinkAddress:
    """A link's URL taken apart; on a serial line `host` is the device and `port` its baud rate."""

    kind: LinkKind
    host: str
    port: int


def parse_url(url: str) -> LinkAddress:
    """Return the parts of `udpin:HOST:PORT`, `udpout:`, `tcp:`, `tcpin:` or `serial:DEVICE[:BAUD]`."""
    kind, _, rest = url.partition(":")
    if kind == "serial" and rest:
        device, _, baud = rest.partition(":")
        if device and (not baud or baud.isdigit()):
            return LinkAddress("serial", device, int(baud or _DEFAULT_BAUD))
    elif kind in ("udpin", "udpout", "tcp", "tcpin"):
        host, _, port = rest.rpartition(":")
        if host and port.isdigit() and 0 < int(port) < 65536:
            return LinkAddress(kind, host.strip("[]"), int(port))  # type: ignore[arg-type]  # checked a line above
    raise SettingsError(
        f"{url!r} is no MAVLink link: write udpin:HOST:PORT, udpout:, tcp: or tcpin: with a port of 1 to 65535, "
        "or serial:DEVICE:BAUD"
    )
