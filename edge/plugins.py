"""Public API for plug-ins: everything that a distribution with a source type of its own imports.

An entry point of the group `headland.sources`, named like the source's `type` in edge.toml, refers to a `SourceType`.
One of the group `headland.mqtt_decoders`, named like a source's `decoder`, refers to a function of topic, payload and
time of arrival [ms] that returns `DecodedMessage`s, with a `MessageRefusal` for each unusable part or for all of it.
Names in `__all__` keep their meaning from release to release; every other module of `edge` may change.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from edge.sources.mapping.field_map import UNKNOWN_UNIT, Measurement
from edge.sources.mqtt.message import DecodedMessage, MessageRefusal
from edge.sources.settings import Name, SourceTable
from edge.sources.source import DeviceId, Reading, Readings, Sink, Source
from edge.toml.settings import TableError
from headland.contract.records import ChannelInfo, Clock, Descriptor, Event, Quality
from headland.errors import HeadlandError, PeerRefused, RetryLater, SettingsError

__all__ = [
    "UNKNOWN_UNIT",
    "ChannelInfo",
    "Clock",
    "DecodedMessage",
    "Descriptor",
    "DeviceId",
    "Event",
    "GatewayIdentity",
    "HeadlandError",
    "Measurement",
    "MessageRefusal",
    "PeerRefused",
    "PluginSettings",
    "Quality",
    "Reading",
    "Readings",
    "RetryLater",
    "SettingsError",
    "Sink",
    "Source",
    "SourceType",
    "TableError",
]


class GatewayIdentity(NamedTuple):
    """Identity of the gateway that runs a source; `clock` is the quality of the gateway's own clock."""

    id: str
    site: str
    clock: Clock


class PluginSettings(SourceTable, frozen=True, kw_only=True):
    """Base of a plug-in's settings: a frozen struct with `tag_field="type"` and the entry point's name as its tag."""

    name: Name


@dataclass(frozen=True, slots=True)
class SourceType:
    """Target of an entry point: the settings of a `[[source]]` table, and the function that makes a source of them."""

    settings: type[PluginSettings]
    build: Callable[[Any, GatewayIdentity], Source]
