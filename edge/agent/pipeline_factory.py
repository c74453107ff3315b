"""The stage of a gateway, made of its settings."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

from edge.agent.settings import EdgeSettings
from edge.pipeline.channels.alarm_evaluator import EdgeAlarmEvaluator, RaisedAlarm
from edge.pipeline.channels.alarm_rules import gather_rules
from edge.pipeline.channels.limit_tables import load_limits
from edge.pipeline.channels.processor import ChannelProcessor


def assemble_stage(settings: EdgeSettings, raised: Iterable[RaisedAlarm] = ()) -> ChannelProcessor:
    """Return the stage that `settings` describe, with the alarms that stood before. Raises SettingsError."""
    limits = load_limits(settings.quality.limits, Path())
    desk = EdgeAlarmEvaluator(gather_rules(settings.alarm, settings.alarms.rules, Path()), raised)
    return ChannelProcessor(settings.channel, limits, desk, spike_wait_s=settings.quality.spike_wait_s)


def assemble_import_stage(settings: EdgeSettings) -> ChannelProcessor:
    """Return the stage for a file of the past: every row may wait for its next one, and nobody is alarmed."""
    limits = load_limits(settings.quality.limits, Path())
    return ChannelProcessor(settings.channel, limits, EdgeAlarmEvaluator([]), spike_wait_s=math.inf)
