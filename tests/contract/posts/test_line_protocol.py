"""InfluxDB line protocol as records: syntax of the InfluxDB 2 reference, section "Line protocol"."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headland.contract.posts.line_protocol import read_lines
from headland.contract.posts.packs import PostedBody, PostedRecord


def one(line: str, device: str | None = None, precision: str = "ns") -> PostedRecord:
    body = read_lines(line.encode(), device, precision)
    assert not body.refused
    (record,) = body.records
    return record


def test_each_field_is_a_record_of_the_tagged_device() -> None:
    body = read_lines(b"soil,device=bed-1 soil_temperature_degc=18.5,soil_moisture_pct=31i 1764672000000000000\n", None)
    assert body == PostedBody(
        [
            PostedRecord("bed-1", "soil_temperature_degc", "", 1764672000.0, 18.5),
            PostedRecord("bed-1", "soil_moisture_pct", "", 1764672000.0, 31.0),
        ],
        [],
    )


def test_the_field_value_has_the_name_of_the_measurement_and_the_unit_of_its_tag() -> None:
    record = one("air_temperature,device=a,unit=Cel value=20", precision="s")
    assert record == PostedRecord("a", "air_temperature", "Cel", 0.0, 20.0)


@pytest.mark.parametrize(
    ("stamp", "precision"),
    [("1764672000123456789", "ns"), ("1764672000123456", "us"), ("1764672000123", "ms"), ("1764672000", "s")],
)
def test_timestamps_have_the_stated_precision(stamp: str, precision: str) -> None:
    expected = 1764672000.0 if precision == "s" else 1764672000.123
    assert one(f"m co2_ppm=1 {stamp}", "a", precision).time_s == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1.0), ("-1.5e3", -1500.0), ("12u", 12.0), ("t", True), ("FALSE", False), ('"a, b=\\"c\\""', 'a, b="c"')],
)
def test_values_are_numbers_truths_and_texts(text: str, value: object) -> None:
    found = one(f"m x={text}", "a").value
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("m,depth=10,device=a x=1", "the tag 'depth' is not known"),
        ("m x=1", "names no device"),
        ("m,device=a/b x=1", "'a/b' is no name of a device"),
        ("m,device=a x=nan", "x' is 'nan'"),
        ("m,device=a x", "'x' is not of the form"),
        ("m,device=a x=1 tomorrow", "'tomorrow' is no whole number"),
        ("m,device=a x=1 1764672000", "state its precision"),
        ("m", "not of the form"),
    ],
)
def test_a_line_that_cannot_be_read_costs_only_itself_and_is_named(line: str, why: str) -> None:
    body = read_lines(f"# comment\n\n{line}\r\nm,device=a co2_ppm=400 1764672000000000000".encode(), None)
    assert [record.name for record in body.records] == ["co2_ppm"]
    (refused,) = body.refused
    assert refused.detail.startswith("line 3: ")
    assert why in refused.detail


@given(st.binary(max_size=200) | st.text(alphabet='m,=\\ "1t\n', max_size=60).map(str.encode))
def test_any_bytes_are_records_or_refusals(body: bytes) -> None:
    found = read_lines(body, "a")
    assert found.records or found.refused
