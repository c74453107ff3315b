"""Alarm rules of a gateway: the `[[alarm]]` tables of edge.toml, and files of such tables."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from edge.pipeline.channels.settings import Channel, Seconds
from edge.sources.settings import Name
from edge.toml.settings import Settings
from edge.toml.toml_file import TomlFile
from headland.contract.alarm import Timing
from headland.contract.quantities import quantity_of, split_channel, unit_of_name
from headland.errors import SettingsError

#: The least duration of an alarm's cycle, which prevents a storm of alarms.
MIN_CYCLE_S: Final = 10.0
_BUILT_IN: Final = Path(__file__).parent / "rules"


class Margin(Settings, frozen=True, kw_only=True):
    """Condensation margin [K]: the temperature of a surface minus the dew point of the air at it.

    Without a `surface` sensor the temperature is estimated as air temperature plus `estimate_k`, and the alarm is
    marked as estimated.
    """

    surface: Channel | None = None
    temperature: Channel = "air_temperature_degc"
    humidity: Channel = "relative_humidity_pct"
    estimate_k: Annotated[float, Meta(ge=-10, le=10)] = -1.5

    @property
    def channels(self) -> tuple[str, str, str]:
        """Air temperature, humidity, and the surface temperature or the channel from which it is estimated."""
        return self.temperature, self.humidity, self.surface or self.temperature


class AlarmRule(Settings, frozen=True, kw_only=True):
    """A condition on one channel, or on the condensation margin, of every device that matches `device` and `kind`.

    Exactly one of `below`, `above` and `silent_s` (no valid sample for so long: the sensor is dead). The alarm is
    raised when the condition has been true for `for_s`, cleared when the value has been back by `hysteresis` for
    `clear_for_s`, and repeated every `repeat_s` while it is active.
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
        return next(limit for limit in (self.below, self.above, self.silent_s) if limit is not None)

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
        if self.silent_s is not None:
            return "s"
        parts = split_channel(self.channel) if self.channel is not None else None
        return "K" if parts is None else unit_of_name(parts[0]) or "1"

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels that it uses."""
        return self.margin.channels if self.margin is not None else (self.what,)

    def fits(self, device: str, kind: str) -> bool:
        """Return whether the rule applies to a device."""
        return self.device in (None, device) and self.kind in (None, kind)


class AlarmsSettings(Settings, frozen=True, kw_only=True):
    """Rule files beside edge.toml or built in (`greenhouse`); an `[[alarm]]` of the same name replaces a rule."""

    rules: list[str] = msgspec.field(default_factory=list)


class RuleFile(Settings, frozen=True, kw_only=True):
    """Contents of a rule file."""

    alarm: list[AlarmRule]


def find_mistake(rule: AlarmRule) -> str | None:
    """Return a sentence about the first contradiction in a rule, or None."""
    if sum(limit is not None for limit in (rule.below, rule.above, rule.silent_s)) != 1:
        return "an alarm must have exactly one of below, above and silent_s"
    if (rule.channel is None) == (rule.margin is None):
        return "an alarm must have either a channel or a margin"
    if rule.margin is not None and rule.below is None:
        return "a condensation margin needs below"
    if rule.channel is not None and quantity_of(rule.channel) is None and unit_of_name(rule.channel) is None:
        return f"the name {rule.channel!r} does not end in a unit"
    if rule.silent_s is not None and rule.hysteresis:
        return "an alarm with silent_s must have no hysteresis"
    if rule.timing.for_s + rule.clear_for_s + (rule.silent_s or 0.0) < MIN_CYCLE_S:
        return f"for_s plus clear_for_s must be {MIN_CYCLE_S:g} s or more, so that noise cannot cause a storm of alarms"
    return None


def find_rules(name: str, beside: Path) -> Path | None:
    """Return the path of rule file `name` in `beside`, else of a built-in one (.toml optional); None if absent."""
    for path in (beside / name, _BUILT_IN / name, _BUILT_IN / f"{name}.toml"):
        if path.is_file():
            return path
    return None


def load_rules(name: str, beside: Path) -> list[AlarmRule]:
    """Return the rules in the file `name`. Raises SettingsError with `file:line: sentence`."""
    path = find_rules(name, beside)
    if path is None:
        raise SettingsError(f"alarms.rules: the file {name!r} is neither in {beside} nor built in")
    file = TomlFile(path, RuleFile)
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
