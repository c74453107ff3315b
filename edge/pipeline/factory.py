"""Factory of channel processors."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from edge.pipeline.alarms.evaluator import EdgeAlarmEvaluator
from edge.pipeline.alarms.farm_rules import UsableRules
from edge.pipeline.alarms.raised_alarms import RaisedAlarm
from edge.pipeline.alarms.rule_tables import AlarmRule, gather_rules, with_farm_rules
from edge.pipeline.channels.limit_tables import load_limits
from edge.pipeline.processor import ChannelProcessor
from edge.pipeline.settings import ProcessorSettings


def make_processor(
    settings: ProcessorSettings,
    raised: Iterable[RaisedAlarm] = (),
    rules: UsableRules | None = None,
    *,
    takes_rules: bool = False,
) -> ChannelProcessor:
    """Return the processor for resolved `settings`; `raised` are the alarms of the last run. Raises SettingsError.

    `rules` are those of `rules_in_use`, by default of edge.toml alone; with `takes_rules` others may come.
    """
    limits = load_limits(settings.quality.limits, Path())
    used = rules_in_use(settings, own_rules_of(settings), None) if rules is None else rules
    alarms = EdgeAlarmEvaluator(used.rules, raised, place_deg=used.place_deg, inactive=used.inactive)
    return ChannelProcessor(
        settings.channel, limits, alarms, spike_wait_s=settings.quality.spike_wait_s, takes_rules=takes_rules
    )


def own_rules_of(settings: ProcessorSettings) -> list[AlarmRule]:
    """Return the rules of a gateway's own settings, with built-in ones where it names them. Raises SettingsError."""
    return gather_rules(settings.alarm, settings.alarms.rules, Path())


def rules_in_use(settings: ProcessorSettings, own: Sequence[AlarmRule], farm: UsableRules | None) -> UsableRules:
    """Return the rules that a gateway evaluates: its `own`, or with those of the farm where it has any revision."""
    if farm is None:
        return UsableRules(tuple(own), place_deg=settings.alarms.place_deg)
    place_deg = farm.place_deg or settings.alarms.place_deg
    return UsableRules(tuple(with_farm_rules(own, farm.rules)), inactive=farm.inactive, place_deg=place_deg)


def make_import_processor(settings: ProcessorSettings) -> ChannelProcessor:
    """Return the processor for a log file: every row may wait for the next one, and no alarm rules apply."""
    limits = load_limits(settings.quality.limits, Path())
    return ChannelProcessor(settings.channel, limits, EdgeAlarmEvaluator([]), spike_wait_s=math.inf)
