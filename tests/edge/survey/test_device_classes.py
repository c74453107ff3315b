"""Proposed tables, pasted unchanged: they store every number with a stated unit, under its device, and none twice."""

from __future__ import annotations

import json
import tomllib
from collections import Counter

import msgspec
import pytest

from edge.sources.devices.nodes import name_device
from edge.sources.mqtt.settings import MqttSettings
from edge.survey.proposals import propose
from edge.survey.survey import BrokerSurvey, heard_messages
from edge.survey.trial import try_source
from tests.edge.survey.device_classes import CLASSES, DeviceClass, Message
from tests.edge.survey.more_device_classes import MORE_CLASSES

ALL = [*CLASSES, *MORE_CLASSES]
Stored = dict[str, dict[str, float | None]]


def heard(messages: list[Message]) -> BrokerSurvey:
    found = BrokerSurvey()
    for topic, payload in messages:
        data = payload if isinstance(payload, bytes) else json.dumps(payload, ensure_ascii=False).encode()
        found.add(topic, data, retained=topic.endswith(("/config", "/bridge/devices")))
    return found


def pasted(survey: BrokerSurvey) -> list[MqttSettings]:
    tables = tomllib.loads(propose(survey.topics)).get("source", [])
    return [msgspec.convert(table, MqttSettings) for table in tables]


def expected_of(*classes: DeviceClass) -> Stored:
    found: Stored = {}
    for each in classes:
        for device, values in each.stored.items():
            source, _, name = device.partition(".")
            found.setdefault(name_device(source, name), {}).update(values)
    return found


def assert_stored(found: Stored, expected: Stored) -> None:
    assert {device: set(values) for device, values in found.items()} == {
        device: set(values) for device, values in expected.items()
    }
    for device, values in expected.items():
        assert found[device] == pytest.approx(values, abs=1e-3), device


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_a_proposed_table_stores_what_a_device_states(case: DeviceClass) -> None:
    survey = heard(case.messages)
    stored: Stored = {}
    for source in pasted(survey):
        trial = try_source(source, heard_messages(survey.topics))
        assert not trial.counts["refused_double"], trial.counts
        for device, values in trial.devices().items():
            stored.setdefault(device, {}).update(values)
    assert_stored(stored, expected_of(case))


def test_no_message_of_all_classes_together_is_read_by_two_tables() -> None:
    survey = heard([message for case in ALL for message in case.messages])
    sources = pasted(survey)
    assert len({source.name for source in sources}) == len(sources)
    readers = Counter(
        message for source in sources for message in try_source(source, heard_messages(survey.topics)).stored
    )
    assert len(readers) > 25
    assert [message.topic for message, count in readers.items() if count > 1] == []
