"""Line protocol: escaping, invalid names, and exact values on a real server."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.store.core.batch_rows import Rows
from headland.store.port import SeriesKey
from headland.store.server.line_protocol import SeriesLines, invalid_name_reason, quote
from tests.examples import examples
from tests.store.batches import key


def line(series: SeriesKey, value: float = 1.5, quality: int = 1) -> str:
    (made,) = SeriesLines().write([series], rows((0, 1_700_000_000_000, value, quality)))
    assert SeriesLines().write_together([series], rows((0, 1_700_000_000_000, value, quality))) == [made]
    return made


def rows(*samples: tuple[int, int, float, int]) -> Rows:
    """Return samples of series, instant, value and flag."""
    sid, time_ms, value, quality = (np.array(column) for column in zip(*samples, strict=True))
    return Rows(
        sid.astype(np.int32), time_ms, value, quality.astype(np.uint8), np.zeros(len(sid), np.int32),
        np.ones(len(sid), np.bool_), quality.astype(np.uint8),
    )  # fmt: skip


def test_channels_of_a_device_at_one_instant_share_a_line() -> None:
    series = [key("co2_ppm"), key("co2_ppm", device="gh-2"), key(), key(device="never"), key("co2_ppm", simulated=True)]
    told = SeriesLines().write_together(
        series, rows((2, 6, 1.5, 1), (0, 5, 400.0, 3), (1, 5, 7.0, 1), (2, 5, 0.5, 1), (4, 5, 9.0, 1), (0, 6, 8.0, 1))
    )
    assert sorted(told) == [
        "greenhouse,device=gh-1,organisation=acme,simulated=true,site=home co2_ppm=9.0 5",
        "greenhouse,device=gh-1,organisation=acme,site=home air_temperature_degc=1.5,co2_ppm=8.0 6",
        "greenhouse,device=gh-1,organisation=acme,site=home co2_ppm=400.0,co2_ppm.q=3.0,air_temperature_degc=0.5 5",
        "greenhouse,device=gh-2,organisation=acme,site=home co2_ppm=7.0 5",
    ]


def test_a_good_sample_is_written_as_its_value_only() -> None:
    assert line(key()) == ("greenhouse,device=gh-1,organisation=acme,site=home air_temperature_degc=1.5 1700000000000")


def test_a_flag_other_than_good_is_written_beside_its_value() -> None:
    assert line(key("co2_ppm"), 400.0, 3).endswith(" co2_ppm=400.0,co2_ppm.q=3.0 1700000000000")


def test_a_simulated_series_has_a_tag_and_an_empty_tag_is_left_out() -> None:
    assert line(key(simulated=True, site="")).startswith("greenhouse,device=gh-1,organisation=acme,simulated=true ")


def test_separators_of_a_line_are_escaped() -> None:
    odd = SeriesKey("a,b", "c d", "k =,%", "e=f", "v 1%s")
    assert line(odd, 2.0, 4) == (
        r"k\ =\,%,device=e\=f,organisation=a\,b,site=c\ d v\ 1%s=2.0,v\ 1%s.q=4.0 1700000000000"
    )
    assert quote('say "x\\y"') == r'"say \"x\\y\""'


@pytest.mark.parametrize(
    "odd",
    [
        key(device="line\nbreak"),
        key(site="ends with \\"),
        key(kind="headland_mark"),
        key(kind=""),
        key(""),
        key("time"),
        key("_field"),
        key("site"),
        key("co2_ppm.q"),
    ],
)
def test_an_invalid_name_has_a_reason(odd: SeriesKey) -> None:
    assert invalid_name_reason(odd) is not None


@settings(max_examples=examples(200), deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_written_value_is_read_back_exactly(value: float) -> None:
    text = line(key("co2_ppm"), value).split("co2_ppm=")[1].split()[0]
    assert float(text) == value
    assert not text.endswith("i")
    assert np.isfinite(float(text))
