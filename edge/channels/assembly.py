"""The stage of a gateway, made of its settings."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from edge.channels.alarm_desk import AlarmDesk, RaisedAlarm
from edge.channels.alarm_rules import AlarmRule, find_mistake, load_rules
from edge.channels.channel import make_plan
from edge.channels.limits import find_limits, load_limits
from edge.channels.stage import ChannelStage
from edge.toml_file import TomlFile

if TYPE_CHECKING:
    from edge.settings import EdgeSettings


def assemble_stage(settings: EdgeSettings, raised: Iterable[RaisedAlarm] = ()) -> ChannelStage:
    """Return the stage that `settings` describe, with the alarms that stood before. Raises SettingsError."""
    limits = load_limits(settings.quality.limits, Path())
    desk = AlarmDesk(gather_rules(settings, Path()), raised)
    return ChannelStage(settings.channel, limits, desk, spike_wait_s=settings.quality.spike_wait_s)


def assemble_import_stage(settings: EdgeSettings) -> ChannelStage:
    """Return the stage for a file of the past: every row may wait for its next one, and nobody is alarmed."""
    limits = load_limits(settings.quality.limits, Path())
    return ChannelStage(settings.channel, limits, AlarmDesk([]), spike_wait_s=math.inf)


def gather_rules(settings: EdgeSettings, beside: Path) -> list[AlarmRule]:
    """Return all rules: those of edge.toml, and those of the files it names that it does not replace by name."""
    own = list(settings.alarm)
    names = {rule.name for rule in own}
    for file in settings.alarms.rules:
        own += [rule for rule in load_rules(file, beside) if rule.name not in names]
    return own


def check_channels(file: TomlFile[EdgeSettings], settings: EdgeSettings, folder: Path) -> None:
    """Raise SettingsError for the first mistake in the tables of channels, quality and alarms."""
    if settings.quality.limits and find_limits(settings.quality.limits, folder) is None:
        raise file.error(
            ("quality", "limits"),
            f"the table of limits {settings.quality.limits!r} is neither in {folder} nor built in",
        )
    limits = load_limits(settings.quality.limits, folder)
    for index, channel in enumerate(settings.channel):
        plan = make_plan(channel, limits)
        if isinstance(plan, str):
            raise file.error(("channel", index), f"channel {channel.channel}: {plan}")
    names: set[str] = set()
    for index, rule in enumerate(settings.alarm):
        wrong = find_mistake(rule)
        if rule.name in names:
            wrong = "its name must be unique"
        if wrong is not None:
            raise file.error(("alarm", index), f"alarm {rule.name}: {wrong}")
        names.add(rule.name)
    gather_rules(settings, folder)
