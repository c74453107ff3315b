"""Numbers on paper have the catalogue's decimals."""

from __future__ import annotations

import pytest

from headland.reports.document import Figure, ReportInstant, has_own_unit
from headland.reports.formatting import number_text, unit_text


@pytest.mark.parametrize(
    ("value", "unit", "name", "text"),
    [
        (4.23, "mol/m2", "dli_mol_m2", "4.2"),
        (87.15, "%", "relative_humidity_pct", "87"),
        (1234.6, "J/cm2", "radiation_sum_j_cm2", "1,235"),
        (420.3, "ppm", "co2_ppm", "420"),
        (450.7, "W/m2", "global_radiation_w_m2", "451"),
        (0.8, "kPa", "vpd_kpa", "0.80"),
        (12.1, "V", "battery_voltage_v", "12.1"),
        (31.2304161, "deg", "latitude_deg", "31.230416"),
        (40.0, "1", "powdery_mildew_index", "40"),
        (0.4321, "1", "drain_share", "0.43"),
        # A channel's second instance is rounded as its first.
        (31.2304161, "deg", "gps_latitude_deg:1", "31.230416"),
        (0.0423, "", "trial_p", "0.042"),
        (0.00001, "", "trial_p", "< 0.001"),
        (-0.004, "degC", "", "0.0"),
        (12, "kg", "", "12"),
    ],
)
def test_a_number_has_the_decimals_of_its_name_else_of_its_unit(value: float, unit: str, name: str, text: str) -> None:
    assert number_text(value, unit, name) == text


def test_a_unit_has_its_form_in_each_language() -> None:
    assert (unit_text("m/s", "en"), unit_text("m/s", "zh"), unit_text("kPa", "zh")) == ("m/s", "米/秒", "kPa")
    assert unit_text("unheard of", "zh") == "unheard of"


def test_a_figure_whose_column_names_no_unit_has_its_own() -> None:
    assert has_own_unit(Figure("target_low", 0.8, "kPa"), "")
    assert not has_own_unit(Figure("vpd_kpa", 0.8, "kPa"), "kPa")
    assert not has_own_unit(Figure("target_low", None, "kPa"), "")
    assert not has_own_unit(ReportInstant(0), "")
