"""Forecasts in tables: times, units and amounts as the map states them, and what the map must state."""

from __future__ import annotations

from pathlib import Path

import pytest

from headland.errors import SettingsError
from headland.formats.weather.provider import DecodedForecast, ForecastQuery, RefusedAnswer, RefusedForecast
from headland.registry.models.weather import ForecastPlace, ForecastSeries
from headland.units_of_time import HOUR_MS
from station.server.forecast_files.csv_table import decode_table

QUERY = ForecastQuery(place=ForecastPlace(latitude_deg=31.95, longitude_deg=119.17))
#: 2027-01-15 00:00 in China.
DAY_MS = 1_799_942_400_000
MAP = """
latitude_deg = 31.95
longitude_deg = 119.17
issued = "coop-%Y%m%d%H.csv"
model = "coop"

[table]
device = "coop"
encoding = "gb18030"

[table.time]
name = "时间"
format = "%Y/%m/%d %H:%M"
zone = "Asia/Shanghai"

[[table.column]]
name = "气温"
channel = "air_temperature_degc"
unit = "℃"

[[table.column]]
name = "风速"
channel = "wind_speed_m_s"
unit = "km/h"

[[table.column]]
name = "雨量"
channel = "precipitation_mm"
unit = "mm"

[[table.ignored]]
name = "天气"
why = "a summary of the others"

[[step]]
channel = "precipitation_mm"
kind = "sum"
hours = 3
of = "before"
"""
TABLE = """时间,气温,风速,雨量,天气
2027/01/15 09:00,-3.5,18,0.0,晴
2027/01/15 12:00,2,36,1.5,小雨
2027/01/15 15:00,x,,0.2,小雨
"""


def table(folder: Path, name: str = "coop-2027011508.csv", text: str = TABLE, about: str = MAP) -> Path:
    path = folder / name
    path.write_bytes(text.encode("gb18030"))
    (folder / "forecast.toml").write_text(about)
    return path


def decode(path: Path, query: ForecastQuery = QUERY) -> DecodedForecast:
    decoded = decode_table(path, path.read_bytes(), query, DAY_MS)
    assert isinstance(decoded, DecodedForecast), decoded
    return decoded


def series(decoded: DecodedForecast, channel: str) -> ForecastSeries:
    (found,) = (each for each in decoded.issue.series if each.channel == channel)
    return found


def test_a_table_is_read_as_its_map_says(tmp_path: Path) -> None:
    decoded = decode(table(tmp_path))
    issue = decoded.issue
    assert (issue.provider, issue.model, issue.issued_ms) == ("files", "coop", DAY_MS + 8 * HOUR_MS)
    assert "licence is that of whoever made it" in issue.attribution.text
    assert series(decoded, "air_temperature_degc").values == (-3.5, 2.0, None)
    assert series(decoded, "wind_speed_m_s").values == (5.0, 10.0, None)
    rain = series(decoded, "precipitation_mm")
    assert rain.values == (0.0, 1.5, 0.2)
    assert [(start - DAY_MS) / HOUR_MS for start in rain.starts_ms] == [6.0, 9.0, 12.0]
    assert [(end - DAY_MS) / HOUR_MS for end in rain.ends_ms] == [9.0, 12.0, 15.0]
    assert decoded.left_out == {"not_a_number": 1}


def test_an_amount_of_the_hours_after_its_time_and_an_attribution_of_one_s_own(tmp_path: Path) -> None:
    about = MAP.replace('of = "before"', 'of = "after"').replace('issued = "coop-%Y%m%d%H.csv"\n', "")
    about += '[attribution]\ntext = "Coop."\ntext_zh = "合作社。"\nlicence = "own"\nurl = "https://coop.example/"\n'
    decoded = decode(table(tmp_path, "any.csv", about=about))
    assert [(start - DAY_MS) / HOUR_MS for start in series(decoded, "precipitation_mm").starts_ms] == [9.0, 12.0, 15.0]
    assert (decoded.issue.issued_ms, decoded.issue.attribution.text) == (None, "Coop.")


@pytest.mark.parametrize(
    ("about", "fault"),
    [
        (MAP.split("[[step]]", maxsplit=1)[0], "'precipitation_mm' needs a .*step.* that states the hours"),
        (MAP.replace('channel = "precipitation_mm"\nkind', 'channel = "wind_gust_m_s"\nkind'), "no column is"),
        (MAP.replace('unit = "km/h"', 'unit = "li"'), "'li' is not known"),
        (MAP.replace("latitude_deg", "latitude"), "forecast.toml"),
        (MAP.replace("Asia/Shanghai", "Mars"), "'Mars' is not known"),
        (MAP.replace("coop-%Y", "valley-%Y"), "does not have the instant of issue"),
    ],
)
def test_a_map_that_leaves_something_to_be_guessed_is_refused(tmp_path: Path, about: str, fault: str) -> None:
    path = table(tmp_path, about=about)
    with pytest.raises(SettingsError, match=fault):
        decode_table(path, path.read_bytes(), QUERY, DAY_MS)


def test_a_table_without_a_map_says_which_one_to_write(tmp_path: Path) -> None:
    path = table(tmp_path)
    (tmp_path / "forecast.toml").unlink()
    with pytest.raises(SettingsError, match=r"put coop-2027011508.toml or forecast.toml beside it"):
        decode_table(path, path.read_bytes(), QUERY, DAY_MS)
    # A map of its own name comes before the common one.
    (tmp_path / "forecast.toml").write_text("no map")
    (tmp_path / "coop-2027011508.toml").write_text(MAP)
    assert decode(path).issue.model == "coop"


def test_a_table_that_differs_from_its_map_or_its_place_is_refused(tmp_path: Path) -> None:
    def refused(path: Path, query: ForecastQuery = QUERY) -> RefusedForecast:
        answer = decode_table(path, path.read_bytes(), query, DAY_MS)
        assert isinstance(answer, RefusedForecast)
        return answer

    other = refused(table(tmp_path, text=TABLE.replace("风速", "风力")))
    assert (other.reason, "风速" in other.detail) == (RefusedAnswer.WRONG_SHAPE, True)
    assert refused(table(tmp_path, text="\n")).reason is RefusedAnswer.WRONG_SHAPE
    far = ForecastQuery(place=ForecastPlace(latitude_deg=30.55, longitude_deg=114.35))
    assert refused(table(tmp_path), far).reason is RefusedAnswer.OTHER_PLACE
    assert refused(table(tmp_path, text=TABLE.split("2027", maxsplit=1)[0])).reason is RefusedAnswer.NO_VALUES


def test_the_map_of_the_documentation_is_read(tmp_path: Path) -> None:
    page = (Path(__file__).parents[4] / "docs" / "how-to" / "weather-forecasts.md").read_text()
    about = page.split("<!-- toml: forecast map -->\n```toml\n")[1].split("```")[0]
    path = table(tmp_path, text="time,temp,rain\n2027-01-15 11:00,-3.5,1.5\n", about=about)
    decoded = decode(path)
    assert series(decoded, "precipitation_mm").starts_ms == (DAY_MS + 8 * HOUR_MS,)
    assert (decoded.issue.issued_ms, decoded.issue.attribution.text_zh) == (DAY_MS + 8 * HOUR_MS, "县气象站预报。")
