"""Sample configurations: each is valid, its sources can be made, and together they have every source type."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

import edge
from edge.agent.plugin_loader import tag_of
from edge.agent.settings import SourceSettings, load_settings
from edge.agent.sources.factory import build_source
from edge.sources.mqtt.settings import DEFAULT_TOPICS, MqttSettings

EDGE = Path(edge.__file__).parent
SAMPLES = sorted([*(EDGE / "samples").glob("*.toml"), EDGE / "edge.sample.toml"])


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_is_valid_and_its_sources_can_be_made(path: Path) -> None:
    settings = load_settings(path, {})
    sources = [build_source(table, settings) for table in settings.source]
    assert [source.name for source in sources] == [table.name for table in settings.source]
    assert sources
    assert all(count == 0 for source in sources for count in source.counters().values())


def test_every_source_type_and_every_mqtt_format_has_a_sample() -> None:
    sources = [source for path in SAMPLES for source in load_settings(path, {}).source]
    assert {tag_of(source) for source in sources} == {
        str(kind.__struct_config__.tag) for kind in get_args(SourceSettings)
    }
    assert {table.format for table in sources if isinstance(table, MqttSettings)} == {*DEFAULT_TOPICS, "json"}
