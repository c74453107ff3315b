"""A map is checked when it is loaded, and the built-in maps are valid."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import edge.imports.table.map
from edge.imports.table.map import find_zone, load_map, open_map
from headland.contract.foreign_units import Conversion
from headland.contract.quantities import quantity_of
from headland.errors import SettingsError

GOOD = """
device = "gh-9"
[time]
name = "when"
format = "%d.%m.%Y %H:%M"
zone = "+08:00"
[[column]]
name = "T"
channel = "air_temperature_degc"
unit = "°F"
[[ignored]]
name = "note"
why = "text"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "map.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_map_has_a_conversion_for_each_column(tmp_path: Path) -> None:
    loaded = load_map(write(tmp_path, GOOD))
    assert loaded.conversions == {"T": Conversion("degC", 5 / 9, -160 / 9)}
    assert loaded.zone.utcoffset(None) == timedelta(hours=8)


@pytest.mark.parametrize(
    ("before", "after", "line", "sentence"),
    [
        ('unit = "°F"', 'unit = "lx"', 7, "'lx' cannot be converted to 'degC'"),
        ('unit = "°F"', "", 7, "'1' cannot be converted"),
        ('unit = "°F"', 'unit = "furlong"', 7, "is not known"),
        ("air_temperature_degc", "temperature", 7, "does not end in a unit"),
        ('name = "note"', 'name = "T"', 12, "named twice"),
        ("%d.%m.%Y %H:%M", "european", 5, "strptime"),
        ("+08:00", "Moon/Tranquility", 6, "UTC and offsets such as +08:00"),
        ('why = "text"', "", 11, "why is missing"),
        ('why = "text"', 'why = "text"\n[[column]]\nname="U"\nchannel="air_temperature_degc"', 16, "mapped twice"),
        ('unit = "°F"', 'unit = "°F"\nscale = 2', 11, "scale is not known"),
    ],
)
def test_a_mistake_is_reported_with_its_line(tmp_path: Path, before: str, after: str, line: int, sentence: str) -> None:
    with pytest.raises(SettingsError, match=r"^map\.toml:") as caught:
        load_map(write(tmp_path, GOOD.replace(before, after)))
    assert sentence in str(caught.value)
    assert int(str(caught.value).split(":")[1]) == line


def test_a_missing_map_lists_the_built_in_ones(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="agc3-reference-climate"):
        open_map("agc4", tmp_path)


@pytest.mark.parametrize(
    "path", sorted((Path(edge.imports.table.map.__file__).parent / "maps").glob("*.toml")), ids=str
)
def test_a_built_in_map_has_channels_of_the_table_of_quantities(path: Path) -> None:
    loaded = open_map(path.stem, path.parent / "elsewhere")
    for column in loaded.map.column:
        assert quantity_of(column.channel) is not None, column.channel


def test_a_zone_is_a_name_with_summer_time_or_an_offset_without() -> None:
    amsterdam, summer = find_zone("Europe/Amsterdam"), datetime(2022, 7, 1, tzinfo=UTC)
    assert amsterdam is not None
    assert amsterdam.utcoffset(summer) == timedelta(hours=2)
    assert find_zone("UTC") is UTC
    west = find_zone("-03:30")
    assert west is not None
    assert west.utcoffset(None) == -timedelta(hours=3, minutes=30)
    for zone in ("+8", "../../etc/passwd", "", "Mars", "+25:00", "+08:00\n"):
        assert find_zone(zone) is None
