"""What a survey of a broker found, for the farm: each proposed source with its devices and their values. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edge.sources.devices.nodes import name_device
from edge.survey.proposals import ProposedSource, propose_sources
from edge.survey.survey import TopicSeen
from headland.contract.gateway_orders import (
    MOST_CHANNELS,
    MOST_DEVICES,
    MOST_FOUND,
    FoundDevice,
    FoundNumber,
    FoundSource,
    SensorChannel,
    SensorSource,
    SurveyBroker,
)
from headland.contract.quantities import QUANTITIES


def found_sources(topics: Mapping[str, TopicSeen], order: SurveyBroker) -> list[FoundSource]:
    """Return the sources that read a survey's topics, those that store something first."""
    proposed = [each for each in propose_sources(topics) if each.stores or each.channels]
    proposed.sort(key=lambda each: not each.stores)
    return [_found(each, order) for each in proposed[:MOST_FOUND]]


def _found(proposed: ProposedSource, order: SurveyBroker) -> FoundSource:
    settings = proposed.settings
    channels = [
        SensorChannel(key=each.key, channel=each.channel, unit=each.unit)
        for each in proposed.channels
        if not each.doubt
    ]
    source = SensorSource(
        name=proposed.claim.name,
        type="mqtt",
        host=order.host,
        port=order.port,
        format=settings["format"],
        topic=settings["topic"],
        device_level=settings.get("device_level"),
        device_from=tuple(settings.get("device_from", ())),
        skip=tuple(settings.get("skip", ())),
        channels=tuple(channels[:MOST_CHANNELS]),
    )
    unclear = [
        FoundNumber(
            key=each.key,
            value=each.value,
            channel=each.channel if each.channel in QUANTITIES and not each.about else "",
            unit=None if each.unit == "?" else each.unit,
            about=each.about,
            choices=each.choices,
        )
        for each in proposed.channels
        if each.doubt
    ]
    return FoundSource(source=source, devices=tuple(_devices(proposed)), unclear=tuple(unclear[:MOST_CHANNELS]))


def _devices(proposed: ProposedSource) -> Sequence[FoundDevice]:
    """Return the devices that were heard, with what the source stored of each."""
    stored = proposed.trial.devices()
    names = {message.name: message.model for _, message in proposed.trial.decoded if message.name}
    devices = [
        FoundDevice(match=name, model=model, values=stored.get(name_device(proposed.claim.name, name), {}))
        for name, model in names.items()
    ]
    devices.sort(key=lambda device: (not device.values, device.match))
    return devices[:MOST_DEVICES]
