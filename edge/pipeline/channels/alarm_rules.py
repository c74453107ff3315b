"""Rules of alarms: the `[[alarm]]` tables of edge.toml, and files of them that come along."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from edge.pipeline.channels.settings import Channel, Name, Seconds
from edge.toml.toml_file import TomlFile
from headland.contract.alarm import Timing
from headland.contract.quantities import quantity_of, split_channel, unit_of_name
from headland.errors import SettingsError

#: A cycle of an alarm takes at least so long, so that none comes in a storm.
MIN_CYCLE_S: Final = 10.0
_SHIPPED: Final = Path(__file__).parent / "rules"


class _Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the tables: immutable, a misspelt key is refused."""


class Margin(_Settings, frozen=True, kw_only=True):
    """Condensation margin [K]: a surface's temperature less the dew point of the air at it.

    Without a `surface` sensor its temperature is estimated: air temperature plus `estimate_k`, and the alarm says so.
    """

    surface: Channel | None = None
    temperature: Channel = "air_temperature_degc"
    humidity: Channel = "relative_humidity_pct"
    estimate_k: Annotated[float, Meta(ge=-10, le=10)] = -1.5

    @property
    def channels(self) -> tuple[str, str, str]:
        """Air temperature, humidity, and the surface or what it is estimated from."""
        return self.temperature, self.humidity, self.surface or self.temperature


class AlarmRule(_Settings, frozen=True, kw_only=True):
    """A condition on one channel, or on the condensation margin, of every device that fits.

    Exactly one of `below`, `above` and `silent_s` (no valid sample for so long: the sensor is dead). It is raised when
    the condition has held `for_s`, cleared when the value has been back by `hysteresis` for `clear_for_s`, and said
    again every `repeat_s` while it stays raised.
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
        """The times of its states; silence is a duration by itself."""
        return Timing(0.0 if self.silent_s is not None else self.for_s, self.clear_for_s, self.repeat_s)

    @property
    def threshold(self) -> float:
        """What the value is held against."""
        return next(one for one in (self.below, self.above, self.silent_s) if one is not None)

    @property
    def condition(self) -> str:
        """How the value is held against the threshold."""
        return "below" if self.below is not None else "above" if self.above is not None else "silent"

    @property
    def what(self) -> str:
        """What is held against it: a channel, or the condensation margin."""
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
        """The channels it looks at."""
        return self.margin.channels if self.margin is not None else (self.what,)

    def fits(self, device: str, kind: str) -> bool:
        """Tell whether the rule is for this device."""
        return self.device in (None, device) and self.kind in (None, kind)


class AlarmsSettings(_Settings, frozen=True, kw_only=True):
    """Files of rules beside edge.toml, or that come along (`greenhouse`); an `[[alarm]]` of the same name replaces."""

    rules: list[str] = []


class RuleFile(_Settings, frozen=True, kw_only=True):
    """A file of rules."""

    alarm: list[AlarmRule]


def find_mistake(rule: AlarmRule) -> str | None:
    """Return the sentence that says what cannot be meant, or None."""
    if sum(one is not None for one in (rule.below, rule.above, rule.silent_s)) != 1:
        return "an alarm has exactly one of below, above and silent_s"
    if (rule.channel is None) == (rule.margin is None):
        return "an alarm has a channel or a margin, not both"
    if rule.margin is not None and rule.below is None:
        return "a condensation margin is watched with below"
    if rule.channel is not None and quantity_of(rule.channel) is None and unit_of_name(rule.channel) is None:
        return f"the name {rule.channel!r} does not end in a unit"
    if rule.silent_s is not None and rule.hysteresis:
        return "silence has no hysteresis"
    if rule.timing.for_s + rule.clear_for_s + (rule.silent_s or 0.0) < MIN_CYCLE_S:
        return f"for_s and clear_for_s must come to {MIN_CYCLE_S:g} s at least, so that noise makes no storm of alarms"
    return None


def find_rules(name: str, beside: Path) -> Path | None:
    """Return the file of rules `name` in the folder `beside`, else one that comes along, with or without its .toml."""
    for path in (beside / name, _SHIPPED / name, _SHIPPED / f"{name}.toml"):
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
        wrong = find_mistake(rule)
        if wrong is not None:
            raise file.error(("alarm", index), f"alarm {rule.name}: {wrong}")
    return rules


def gather_rules(own: Iterable[AlarmRule], files: Iterable[str], beside: Path) -> list[AlarmRule]:
    """Return all rules: `own`, and those of rule files that `own` does not replace by name."""
    rules = list(own)
    names = {rule.name for rule in rules}
    for file in files:
        rules += [rule for rule in load_rules(file, beside) if rule.name not in names]
    return rules
