"""Spray or spread profile: the meaning of a vehicle's outputs, meters and named numbers; read from TOML.

A profile is a file that comes with Headland, a file beside edge.toml, or the [source.sprayer] table itself; the table's
entries have precedence over its profile's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from edge.toml.toml_file import TomlFile
from headland.contract.quantities import QUANTITIES
from headland.errors import SettingsError

FOLDER: Final = Path(__file__).parent / "profiles"
#: SERVOn_FUNCTION of AC_Sprayer's pump and spinner.
PUMP_FUNCTION: Final = 22
SPINNER_FUNCTION: Final = 23
#: An output counts as on above this where neither the profile nor the vehicle's parameters give a limit.
DEFAULT_OFF_US: Final = 1100

_Servo = Annotated[int, Meta(ge=1, le=32)]
_Function = Annotated[int, Meta(ge=1, le=1000)]
_BatteryId = Annotated[int, Meta(ge=1, le=255)]
_Ring = Annotated[list[tuple[float, float]], Meta(min_length=3, max_length=1000)]


class NamedValue(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A NAMED_VALUE_FLOAT or _INT: `channel = value * scale + offset`."""

    name: Annotated[str, Meta(min_length=1, max_length=10)]
    channel: str
    scale: float = 1.0
    offset: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a channel whose unit is not known (msgspec turns the ValueError into its own line)."""
        if self.channel not in QUANTITIES:
            raise ValueError(f"channel {self.channel!r} is not one of docs/reference/quantities.md")


class SprayerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A profile. Outputs and meters that it does not name are not recorded as spraying.

    `pump_servo` is an output, 1..32; `pump_function` the SERVOn_FUNCTION by which the vehicle's parameters identify it.
    Without `pump_off_us` the pump is off up to SERVOn_MIN (reversed: from SERVOn_MAX) and a fiftieth of the way.
    `fields` are rings of [latitude, longitude] outside of which nothing should be sprayed.
    """

    profile: str | None = None
    machine: Literal["sprayer", "spreader"] = "sprayer"
    pump_servo: _Servo | None = None
    pump_function: _Function | None = None
    pump_off_us: Annotated[int, Meta(ge=500, le=2500)] | None = None
    spinner_servo: _Servo | None = None
    spinner_function: _Function | None = None
    spinner_off_us: Annotated[int, Meta(ge=500, le=2500)] | None = None
    spinner_rpm: Annotated[int, Meta(ge=1, le=2)] | None = None
    flow_battery_id: _BatteryId | None = None
    tank_battery_id: _BatteryId | None = None
    tank_capacity_l: Annotated[float, Meta(gt=0, le=10_000)] | None = None
    value: list[NamedValue] = []
    fields: list[_Ring] = []

    @property
    def reads_outputs(self) -> bool:
        """Whether a servo output is that of pump or spinner."""
        return any((self.pump_servo, self.pump_function, self.spinner_servo, self.spinner_function))


def find_profile(name: str, folder: Path) -> Path | None:
    """Return the profile's file: in `folder`, else one that comes with Headland (`.toml` may be left out)."""
    for candidate in (name, f"{name}.toml"):
        for place in (folder / candidate, FOLDER / candidate):
            if place.is_file():
                return place
    return None


def resolve_profile(settings: SprayerSettings, folder: Path) -> SprayerSettings:
    """Return `settings` merged with its profile, with `profile` as a full path.

    Raises SettingsError where there is no such profile or it is not valid.
    """
    if settings.profile is None:
        return settings
    path = find_profile(settings.profile, folder)
    if path is None:
        shipped = ", ".join(sorted(file.stem for file in FOLDER.glob("*.toml")))
        raise SettingsError(f"sprayer profile {settings.profile!r} is neither in {folder} nor built in ({shipped})")
    base = TomlFile(path, SprayerSettings).convert()
    if base.profile is not None:
        raise SettingsError(f"{path}: a profile cannot name another profile")
    changes = {
        name: value
        for name in SprayerSettings.__struct_fields__
        if (value := getattr(settings, name)) != _DEFAULTS[name]
    }
    return msgspec.structs.replace(base, **{**changes, "profile": str(path)})


_DEFAULTS: Final = {name: getattr(SprayerSettings(), name) for name in SprayerSettings.__struct_fields__}
