"""Settings of the pipeline: the batcher, the channels and the alarm rules."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Protocol

import msgspec
from msgspec import Meta

from edge.pipeline.alarms.rule_tables import AlarmRule, AlarmsSettings, find_mistake, find_rules, gather_rules
from edge.pipeline.channels.limit_tables import find_limits, load_limits
from edge.pipeline.channels.plans import make_plan
from edge.pipeline.channels.settings import ChannelSettings, QualitySettings
from edge.toml.settings import Settings, TableError


class BatchSettings(Settings, frozen=True, kw_only=True):
    """The `[batch]` table: a message is closed at so many points or at such an age, whichever comes first.

    `followed_age_s` is the age while ingest says that somebody follows the live values; None for `max_age_s`. Only
    commit acks say so: it does not count offline, nor with `broker.delete_on = "puback"`.
    """

    max_points: Annotated[int, Meta(ge=1, le=5000)] = 500
    max_age_s: Annotated[float, Meta(ge=0.02, le=60)] = 0.5
    followed_age_s: Annotated[float, Meta(ge=0.02, le=60)] | None = None

    def age_s(self, *, is_followed: bool) -> float:
        """Return the age that closes a message; somebody who follows never waits longer for it."""
        if not is_followed or self.followed_age_s is None:
            return self.max_age_s
        return min(self.followed_age_s, self.max_age_s)


class ProcessorSettings(Protocol):
    """The tables of edge.toml about channels and alarms, as fields of the whole file's settings."""

    @property
    def channel(self) -> Sequence[ChannelSettings]:
        """The `[[channel]]` tables."""
        ...

    @property
    def quality(self) -> QualitySettings:
        """The `[quality]` table."""
        ...

    @property
    def alarm(self) -> Sequence[AlarmRule]:
        """The `[[alarm]]` tables."""
        ...

    @property
    def alarms(self) -> AlarmsSettings:
        """The `[alarms]` table."""
        ...


def resolve_tables(settings: ProcessorSettings, folder: Path) -> tuple[QualitySettings, AlarmsSettings]:
    """Return `quality` and `alarms` with full paths of their files: those in `folder` first, then those built in.

    Raises TableError for the first mistake in a table, SettingsError for one in a file that a table names.
    """
    quality, alarms = settings.quality, settings.alarms
    limits_path = find_limits(quality.limits, folder) if quality.limits else None
    if quality.limits and limits_path is None:
        raise TableError(
            ("quality", "limits"), f"the table of limits {quality.limits!r} is neither in {folder} nor built in"
        )
    limits = load_limits(quality.limits, folder)
    for index, table in enumerate(settings.channel):
        plan = make_plan(table, limits)
        if isinstance(plan, str):
            raise TableError(("channel", index), f"channel {table.channel}: {plan}")
    names: set[str] = set()
    for index, rule in enumerate(settings.alarm):
        mistake = "its name must be unique" if rule.name in names else find_mistake(rule)
        if mistake is not None:
            raise TableError(("alarm", index), f"alarm {rule.name}: {mistake}")
        names.add(rule.name)
    gather_rules(settings.alarm, alarms.rules, folder)
    return (
        msgspec.structs.replace(quality, limits="" if limits_path is None else str(limits_path)),
        msgspec.structs.replace(alarms, rules=[find_rules(name, folder) or name for name in alarms.rules]),
    )
