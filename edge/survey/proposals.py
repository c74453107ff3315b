"""Proposed `[[source]]` tables for what a broker carries, each tried on the messages that were heard. Pure.

A table is shown as it was tried: it stores what its comment says, under the devices that it names, and no number that
another table stores.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from edge.sources.mqtt.settings import MqttSettings
from edge.survey.channel_choice import ChosenChannel, choose_channels
from edge.survey.claims import SourceTopics, claim_topics
from edge.survey.survey import HeardMessage, TopicSeen, heard_messages
from edge.survey.trial import SourceTrial, try_source

_MOST_DEVICES: Final = 4
_MOST_VALUES: Final = 8
_MOST_SKIPPED: Final = 64


@dataclass(frozen=True, slots=True)
class ProposedSource:
    """A source with its channels, what it stored of the messages that were heard, and what it leaves to a person."""

    claim: SourceTopics
    settings: Mapping[str, Any]
    channels: Sequence[ChosenChannel]
    unknown: Sequence[str]
    trial: SourceTrial

    @property
    def stores(self) -> bool:
        """Whether it stored anything."""
        return bool(self.trial.stored)


def propose(topics: Mapping[str, TopicSeen]) -> str:
    """Return `[[source]]` tables for the topics of a survey, as text for edge.toml; empty where nothing is known."""
    return "\n".join(_text_of(source) for source in propose_sources(topics) if _is_worth(source))


def propose_sources(topics: Mapping[str, TopicSeen]) -> list[ProposedSource]:
    """Return the sources that read a survey's topics."""
    messages = heard_messages(topics)
    proposed: list[ProposedSource] = []
    for claim in claim_topics(topics):
        own = [message for message in messages if message.topic in claim.topics]
        trial = try_source(msgspec.convert(dict(claim.settings) | {"type": "mqtt"}, MqttSettings), own)
        channels, unknown = choose_channels(claim, trial)
        proposed.append(_settle(ProposedSource(claim, claim.settings, channels, unknown, trial), messages))
    return proposed


def _settle(source: ProposedSource, messages: Sequence[HeardMessage]) -> ProposedSource:
    """Return a source as it is after its trial on all messages: without what it refused or what another one reads."""
    trial = try_source(settings_of(source), messages)
    foreign = {message.topic for message in trial.stored if message.topic not in source.claim.topics}
    if foreign:
        skip = sorted(foreign)[:_MOST_SKIPPED]
        source = replace(source, settings={**source.settings, "skip": skip})
        trial = try_source(settings_of(source), messages)
    stored = {channel for rows in trial.stored.values() for values in rows.values() for channel in values}
    channels = [
        channel
        if channel.doubt or channel.channel in stored
        else channel._replace(doubt="it was not stored in a trial on what was heard")
        for channel in source.channels
    ]
    return replace(source, channels=channels, trial=trial)


def settings_of(source: ProposedSource) -> MqttSettings:
    """Return the settings of a proposed source, with the channels that need nobody."""
    return msgspec.convert(table_of(source), MqttSettings)


def table_of(source: ProposedSource) -> dict[str, Any]:
    """Return the `[[source]]` table of a proposed source."""
    channels = [
        {"from": each.key, "channel": each.channel, **({"unit": each.unit} if each.unit else {})}
        for each in source.channels
        if not each.doubt
    ]
    return {"type": "mqtt", **source.settings, "channel": channels}


def _is_worth(source: ProposedSource) -> bool:
    """Return whether a person can use a table: it names a firmware, a device's value, or what could be one."""
    return source.claim.settings["format"] != "json" or bool(source.stores or source.channels or source.unknown)


def _text_of(source: ProposedSource) -> str:
    topics = source.claim.topics
    messages = sum(seen.messages for seen in topics.values())
    more = ", ..." if len(topics) > 3 else ""
    lines = [f"# topics: {len(topics)}, messages: {messages}; {', '.join(list(topics)[:3])}{more}"]
    rest = [f"# No channel is known for: {', '.join(source.unknown)}"] if source.unknown else []
    if source.claim.settings["format"] == "json" and not source.stores and not source.channels:
        return "\n".join([*lines, *rest, ""])
    lines += _stored_lines(source)
    lines += ["[[source]]", 'type = "mqtt"', *(f"{key} = {_toml(value)}" for key, value in source.settings.items())]
    for channel in source.channels:
        unit = [f"unit = {_toml(channel.unit)}"] if channel.unit else []
        table = [f"from = {_toml(channel.key)}", f"channel = {_toml(channel.channel)}", *unit]
        doubt = f"; {channel.doubt}" if channel.doubt else ""
        table = [f"[[source.channel]]  # {channel.value} was heard{doubt}", *table]
        lines += ["", *(f"# {line}" if channel.doubt else line for line in table)]
    return "\n".join([*lines, *(["", *rest] if rest else []), ""])


def _stored_lines(source: ProposedSource) -> list[str]:
    """Return comments that say what the table stored of what was heard."""
    devices = source.trial.devices()
    if not devices and not source.channels:
        return ["# No number with a unit was heard of it yet: a device may send every hour only."]
    if not devices:
        return ["# Tried on these messages, it stored nothing yet: the lines below need a person."]
    lines = ["# Tried on these messages, it stored:"]
    for device, values in sorted(devices.items())[:_MOST_DEVICES]:
        shown = ", ".join(
            f"{channel} {'-' if value is None else f'{value:g}'}"
            for channel, value in sorted(values.items())[:_MOST_VALUES]
        )
        rest = f" and {len(values) - _MOST_VALUES} more" if len(values) > _MOST_VALUES else ""
        lines.append(f"#   {device}: {shown}{rest}")
    if len(devices) > _MOST_DEVICES:
        lines.append(f"#   and {len(devices) - _MOST_DEVICES} devices more")
    return lines


def _toml(value: object) -> str:
    """Return a TOML value; JSON's escapes are TOML's."""
    return json.dumps(value, ensure_ascii=False)
