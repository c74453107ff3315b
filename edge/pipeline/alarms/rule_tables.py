"""Alarm rules of a gateway: the `[[alarm]]` tables of edge.toml, and files of such tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from edge.pipeline.channels.settings import Channel, Seconds
from edge.sources.settings import Name
from edge.toml.settings import Settings
from edge.toml.toml_file import TomlFile
from headland.contract.alarm import Timing
from headland.contract.alarm_rules import GREENHOUSE, built_in_rules
from headland.contract.indices import unit_of
from headland.contract.leaf import SCREEN
from headland.contract.quantities import unit_of_channel
from headland.errors import SettingsError

#: The least duration of an alarm's cycle, which prevents a storm of alarms.
MIN_CYCLE_S: Final = 10.0
_BUILT_IN: Final = (GREENHOUSE, f"{GREENHOUSE}.toml")


class Margin(Settings, frozen=True, kw_only=True):
    """Condensation margin [K]: the temperature of a surface minus the dew point of the air at it.

    A surface without a sensor is estimated: with `else_estimated` also where the one of `surface` is not current. It is
    air temperature plus `estimate_k`, without that a leaf's: as the air by day, colder by night, less so below a
    closed `screen`. The alarm is then marked as estimated.
    """

    surface: Channel | None = None
    temperature: Channel = "air_temperature_degc"
    humidity: Channel = "relative_humidity_pct"
    estimate_k: Annotated[float, Meta(ge=-10, le=10)] | None = None
    else_estimated: bool = False
    screen: Channel = SCREEN

    @property
    def channels(self) -> tuple[str, ...]:
        """Air temperature and humidity, the screen's position, and the surface temperature if any."""
        return self.temperature, self.humidity, self.screen, *(() if self.surface is None else (self.surface,))

    @property
    def is_estimated(self) -> bool:
        """Whether the surface is estimated where its sensor is not current."""
        return self.surface is None or self.else_estimated


class AlarmRule(Settings, frozen=True, kw_only=True):
    """A condition on one channel, or on the condensation margin, of every device that matches `device` and `kind`.

    Exactly one of `below`, `above`, `silent_s` (no valid sample for so long: the sensor is dead), `overdue_s` (silent
    for so long, by the interval of the channel: `headland.contract.freshness`). The alarm is raised when the condition
    has been true for `for_s`, cleared when the value has been back by `hysteresis` for `clear_for_s`, and repeated
    every `repeat_s` while it is active.
    """

    name: Name
    severity: Literal["info", "warning", "critical"] = "warning"
    channel: Channel | None = None
    margin: Margin | None = None
    device: Name | None = None
    kind: Name | None = None
    below: float | None = None
    above: float | None = None
    silent_s: Seconds | None = None
    overdue_s: Annotated[float, Meta(ge=0, le=604_800)] | None = None
    hysteresis: Annotated[float, Meta(ge=0)] = 0.0
    for_s: Annotated[float, Meta(ge=0, le=604_800)] = 60.0
    clear_for_s: Annotated[float, Meta(ge=0, le=604_800)] = 60.0
    repeat_s: Annotated[float, Meta(ge=60, le=31_536_000)] | None = None
    text: Annotated[str, Meta(max_length=200)] = ""

    @property
    def timing(self) -> Timing:
        """The durations of its states; for silence `silent_s` is the hold time."""
        return Timing(0.0 if self.silent_s is not None else self.for_s, self.clear_for_s, self.repeat_s)

    @property
    def threshold(self) -> float:
        """The limit that the value is compared with."""
        limits = (self.below, self.above, self.silent_s, self.overdue_s)
        return next(limit for limit in limits if limit is not None)

    @property
    def is_silence(self) -> bool:
        """Whether it is about missing samples."""
        return self.silent_s is not None or self.overdue_s is not None

    @property
    def condition(self) -> str:
        """The comparison with the threshold."""
        return "below" if self.below is not None else "above" if self.above is not None else "silent"

    @property
    def what(self) -> str:
        """The compared quantity: a channel, or the condensation margin."""
        return self.channel or "condensation_margin_k"

    @property
    def unit(self) -> str:
        """The threshold's unit."""
        if self.is_silence:
            return "s"
        return unit_of(self.what) or "1"

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels that it uses."""
        return self.margin.channels if self.margin is not None else (self.what,)

    def fits(self, device: str, kind: str) -> bool:
        """Return whether the rule applies to a device."""
        return self.device in (None, device) and self.kind in (None, kind)


class AlarmsSettings(Settings, frozen=True, kw_only=True):
    """Rule files beside edge.toml or built in (`greenhouse`); an `[[alarm]]` of the same name replaces a rule.

    With `farm_rules` the rules that the station sends replace the built-in ones, and others by name. The place tells
    day from night where a leaf is estimated; without it, and without one from the station, it is night.
    """

    rules: list[str] = msgspec.field(default_factory=list)
    farm_rules: bool = True
    latitude_deg: Annotated[float, Meta(ge=-90, le=90)] | None = None
    longitude_deg: Annotated[float, Meta(ge=-180, le=180)] | None = None

    @property
    def place_deg(self) -> tuple[float, float] | None:
        """Latitude and longitude; None where either is missing."""
        return (
            None if self.latitude_deg is None or self.longitude_deg is None else (self.latitude_deg, self.longitude_deg)
        )


class RuleFile(Settings, frozen=True, kw_only=True):
    """Contents of a rule file."""

    alarm: list[AlarmRule]


def find_mistake(rule: AlarmRule) -> str | None:
    """Return a sentence about the first contradiction in a rule, or None."""
    if sum(limit is not None for limit in (rule.below, rule.above, rule.silent_s, rule.overdue_s)) != 1:
        return "an alarm must have exactly one of below, above, silent_s and overdue_s"
    if (rule.channel is None) == (rule.margin is None):
        return "an alarm must have either a channel or a margin"
    if rule.margin is not None and rule.below is None:
        return "a condensation margin needs below"
    if rule.channel is not None and unit_of_channel(rule.channel) is None:
        return f"the name {rule.channel!r} does not end in a unit"
    if rule.is_silence and rule.hysteresis:
        return "an alarm with silent_s or overdue_s must have no hysteresis"
    if rule.timing.for_s + rule.clear_for_s + (rule.silent_s or 0.0) < MIN_CYCLE_S:
        return f"for_s plus clear_for_s must be {MIN_CYCLE_S:g} s or more, so that noise cannot cause a storm of alarms"
    return None


def find_rules(name: str, beside: Path) -> str | None:
    """Return the full path of rule file `name` in `beside`, else the name of the built-in rules; None if absent."""
    if (beside / name).is_file():
        return str(beside / name)
    return GREENHOUSE if name in _BUILT_IN else None


def load_rules(name: str, beside: Path) -> list[AlarmRule]:
    """Return the rules in the file `name`, or those built in. Raises SettingsError with `file:line: sentence`."""
    path = find_rules(name, beside)
    if path is None:
        raise SettingsError(f"alarms.rules: the file {name!r} is neither in {beside} nor built in")
    if path == GREENHOUSE:
        return _built_in()
    file = TomlFile(Path(path), RuleFile)
    rules = file.convert().alarm
    for index, rule in enumerate(rules):
        mistake = find_mistake(rule)
        if mistake is not None:
            raise file.error(("alarm", index), f"alarm {rule.name}: {mistake}")
    return rules


def gather_rules(own: Iterable[AlarmRule], files: Iterable[str], beside: Path) -> list[AlarmRule]:
    """Return `own` rules and those of the rule files that no own rule replaces by name."""
    rules = list(own)
    names = {rule.name for rule in rules}
    for file in files:
        rules += [rule for rule in load_rules(file, beside) if rule.name not in names]
    return rules


def own_rules(rules: Iterable[AlarmRule]) -> list[AlarmRule]:
    """Return those of a gateway's rules that do not come with Headland."""
    built_in = _built_in()
    return [rule for rule in rules if rule not in built_in]


def with_farm_rules(rules: Iterable[AlarmRule], farm: Sequence[AlarmRule]) -> list[AlarmRule]:
    """Return the rules of a gateway with those that the farm sent: they stand for built-in ones and for their names."""
    names = {rule.name for rule in farm}
    return [*farm, *(rule for rule in own_rules(rules) if rule.name not in names)]


def _built_in() -> list[AlarmRule]:
    return [msgspec.convert(rule, AlarmRule) for rule in built_in_rules()]
