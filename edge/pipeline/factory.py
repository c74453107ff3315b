"""Factory of channel processors."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

from edge.pipeline.alarms.evaluator import EdgeAlarmEvaluator
from edge.pipeline.alarms.raised_alarms import RaisedAlarm
from edge.pipeline.alarms.rule_tables import gather_rules
from edge.pipeline.channels.limit_tables import load_limits
from edge.pipeline.processor import ChannelProcessor
from edge.pipeline.settings import ProcessorSettings


def make_processor(settings: ProcessorSettings, raised: Iterable[RaisedAlarm] = ()) -> ChannelProcessor:
    """Return the processor for resolved `settings`; `raised` are the alarms of the last run. Raises SettingsError."""
    limits = load_limits(settings.quality.limits, Path())
    rules = gather_rules(settings.alarm, settings.alarms.rules, Path())
    alarms = EdgeAlarmEvaluator(rules, raised, place_deg=settings.alarms.place_deg)
    return ChannelProcessor(settings.channel, limits, alarms, spike_wait_s=settings.quality.spike_wait_s)


def make_import_processor(settings: ProcessorSettings) -> ChannelProcessor:
    """Return the processor for a log file: every row may wait for the next one, and no alarm rules apply."""
    limits = load_limits(settings.quality.limits, Path())
    return ChannelProcessor(settings.channel, limits, EdgeAlarmEvaluator([]), spike_wait_s=math.inf)
