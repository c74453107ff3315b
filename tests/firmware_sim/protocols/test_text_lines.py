from __future__ import annotations

import json

from firmware_sim.protocols.text_lines import COLUMNS, csv_line, json_line, key_value_line

READINGS = {
    "air_temperature_degc": 21.456,
    "relative_humidity_pct": 70.0,
    "co2_ppm": 512.4,
    "par_umol_m2_s": 3.0,
    "leaf_temperature_degc": -0.5,
    "soil_temperature_degc": None,
}


def test_a_json_line_holds_every_column_and_null_for_what_is_not_there() -> None:
    said = json.loads(json_line(3, READINGS))
    assert list(said) == ["id", *COLUMNS]
    assert said["id"] == 3
    assert said["temp"] == 21.46
    assert said["co2"] == 512
    assert said["soil_t"] is None


def test_a_csv_line_leaves_empty_what_is_not_there() -> None:
    assert csv_line(3, READINGS) == b"3,21.46,70.00,512,3,-0.50,,\r\n"


def test_a_key_value_line_says_nan_for_what_is_not_there() -> None:
    assert key_value_line(3, READINGS) == (
        b"id=3 temp=21.46 hum=70.00 co2=512 par=3 leaf=-0.50 soil_t=nan soil_m=nan\r\n"
    )
