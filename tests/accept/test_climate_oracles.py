"""The whole oracle tables of the climate: every row that other people's programs computed, within its tolerance."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from headland.agronomy.climate.blight import wallin_severity
from headland.agronomy.climate.disease import botrytis_indices
from headland.agronomy.climate.evapotranspiration import (
    et0_from_weather_mm,
    et_hargreaves_mm,
    extraterrestrial_daily_mj_m2,
    stomatal_resistance_s_m,
    transpiration_g_m2_h,
)
from headland.agronomy.climate.exchange import co2_g_m3, roof_vent_m3_m2_s
from headland.agronomy.climate.irrigation import charge_sums_meq_l, ec_of_solution_ms_cm
from headland.agronomy.climate.light import Light, light_indices
from headland.agronomy.climate.psychrometrics import (
    absolute_humidity_g_m3,
    dew_point_degc,
    enthalpy_kj_kg,
    humidity_deficit_g_m3,
    humidity_ratio,
    leaf_vapour_pressure_deficit_kpa,
    saturation_vapour_pressure_kpa,
    vapour_pressure_deficit_kpa,
    wet_bulb_degc,
)
from headland.agronomy.climate.sun import find_daylight
from headland.agronomy.climate.thermal_time import (
    degree_days_average,
    degree_days_clamped,
    degree_days_double_sine,
    degree_days_sine,
    portions_by_hour,
    utah_by_hour,
)
from headland.agronomy.series.sensor_health import find_spikes
from headland.agronomy.series.time_grid import make_periods
from headland.units_of_time import DAY_MS
from tests.accept.conftest import Agreement


@pytest.fixture(scope="module")
def oracle(real_data: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((real_data / "oracles.json").read_text())
    return found


def test_moist_air_agrees_with_psychrolib_over_the_whole_table(oracle: dict[str, Any], agree: Agreement) -> None:
    rows = [row for row in oracle["psychrometrics"]["rows"] if 0.01 <= row["T_C"] <= 45.0]
    assert len(rows) >= 10
    for row in rows:
        t, rh = row["T_C"], row["RH_pct"]
        pascals = saturation_vapour_pressure_kpa(t) * 1000
        agree("saturation vapour pressure", pascals, row["es_Pa"], "PsychroLib", rel=0.0015)
        deficit_pa = vapour_pressure_deficit_kpa(t, rh) * 1000
        agree("vapour pressure deficit", deficit_pa, row["VPD_Pa"], "PsychroLib", rel=0.0015)
        agree("absolute humidity", absolute_humidity_g_m3(t, rh), row["abs_hum_g_m3"], "PsychroLib", rel=0.0015)
        agree("humidity deficit", humidity_deficit_g_m3(t, rh), row["hum_deficit_g_m3"], "PsychroLib", rel=0.0015)
        agree("humidity ratio", humidity_ratio(t, rh), row["hum_ratio"], "PsychroLib", rel=0.002)
        energy = row["enthalpy_J_kgda"] / 1000
        agree("enthalpy [kJ/kg]", enthalpy_kj_kg(t, rh), energy, "PsychroLib", rel=0.002, within=0.02)
        # Below 0 degC psychrolib's points are over ice, ours over water.
        if row["dew_C"] > 0.01:
            agree("dew point [K]", dew_point_degc(t, rh), row["dew_C"], "PsychroLib", within=0.05)
        if row["wet_bulb_C"] > 0.01:
            agree("wet bulb [K]", wet_bulb_degc(t, rh), row["wet_bulb_C"], "PsychroLib", within=0.05)


def test_the_wet_bulb_follows_the_pressure_as_psychrolibs_does(oracle: dict[str, Any], agree: Agreement) -> None:
    for row in oracle["psychrometrics"]["altitude"]:
        found = wet_bulb_degc(30.0, 40.0, row["P_Pa"] / 1000)
        agree("wet bulb by pressure [K]", found, row["wet_bulb_30C_40pct"], "PsychroLib", within=0.05)


def test_saturation_is_the_formula_that_it_says_and_near_iapws(oracle: dict[str, Any], agree: Agreement) -> None:
    table = oracle["saturation_vapour_pressure_formulas"]
    t = np.array(table["T_C"], np.float64)
    ours = saturation_vapour_pressure_kpa(t) * 1000
    agree("saturation, FAO-56 eq 11", ours, table["fao56_eq11_Pa"], "FAO-56", rel=1e-6)
    for temperature, found, iapws in zip(t, ours, table["CoolProp_IAPWS95_Pa"], strict=True):
        if iapws is not None and 0.0 <= temperature <= 45.0:
            agree("saturation, 0 to 45 degC", found, iapws, "CoolProp, IAPWS-95", rel=0.0015)


def test_leaf_deficits_agree_over_the_whole_table(oracle: dict[str, Any], agree: Agreement) -> None:
    for row in oracle["leaf_vpd"]:
        found = leaf_vapour_pressure_deficit_kpa(row["T_leaf"], row["T_air"], row["RH"])
        agree("leaf deficit [kPa]", found, row["VPD_leaf_kPa_fao"], "oracle table", within=1e-6)


def test_five_days_of_evapotranspiration_agree_with_pyet(oracle: dict[str, Any], agree: Agreement) -> None:
    table = oracle["pyet_methods"]
    told = {name: np.array(table["inputs"][name]) for name in ("tmax", "tmin", "rs", "rhmean", "u2")}
    latitude = table["inputs"]["lat_deg"]
    days = datetime.fromisoformat(table["inputs"]["start"]).timetuple().tm_yday + np.arange(5)
    saturated = (saturation_vapour_pressure_kpa(told["tmin"]) + saturation_vapour_pressure_kpa(told["tmax"])) / 2
    # pyet takes the mean humidity at the mean of the two saturation pressures.
    found = et0_from_weather_mm(
        told["tmin"], told["tmax"], told["rhmean"] / 100 * saturated, told["rs"], told["u2"],
        latitude_deg=latitude, altitude_m=table["inputs"]["elev"], day_of_year=days,
    )  # fmt: skip
    agree("ET0, five days [mm]", found, table["pm_fao56"], "pyet", within=0.05)
    hargreaves = et_hargreaves_mm(told["tmin"], told["tmax"], extraterrestrial_daily_mj_m2(latitude, days))
    agree("ET by Hargreaves", hargreaves, table["hargreaves"], "pyet", rel=0.01)


def test_every_sunrise_and_sunset_is_within_three_seconds_of_spa(oracle: dict[str, Any], agree: Agreement) -> None:
    # The table was made for days of UTC: east of Greenwich its sunrise is that of the next local day.
    for place, zone, later in (("jurong", "Asia/Shanghai", 1), ("wuhan", "Asia/Shanghai", 1),
                               ("chongqing", "Asia/Shanghai", 1), ("bleiswijk", "Europe/Amsterdam", 0)):  # fmt: skip
        told = oracle["sun_and_dli"][place]
        assert len(told["rows"]) == 5
        for row in told["rows"]:
            for event, days in (("sunrise", later), ("sunset", 0)):
                local = datetime.fromisoformat(f"{row['date']}T{row[event]}").replace(tzinfo=ZoneInfo(zone))
                moment_ms = (local + timedelta(days=days)).timestamp() * 1000
                day = find_daylight(int(moment_ms), told["lat"], told["lon"])
                found_ms = day.sunrise_ms if event == "sunrise" else day.sunset_ms
                assert found_ms is not None
                agree("sunrise and sunset [s]", found_ms / 1000, moment_ms / 1000, "SPA", within=3.0)


def test_constant_light_sums_to_its_identity(oracle: dict[str, Any], agree: Agreement) -> None:
    for row in oracle["sun_and_dli"]["dli_identities"]:
        flux = np.where(np.arange(288) < row["hours"] * 12, float(row["ppfd_const"]), 0.0)
        dli, *_ = light_indices(make_periods([0], DAY_MS), Light(flux, "par", 1.0, "table"), 10.0, None)
        agree("daily light integral [mol]", dli.value, [row["DLI"]], "identity", within=1e-9)


def test_degree_days_agree_with_quadrature_over_the_whole_table(oracle: dict[str, Any], agree: Agreement) -> None:
    for row in oracle["degree_days"]["rows"]:
        low, high, following, base, upper = (row[k] for k in ("tmin", "tmax", "tmin_next", "lower", "upper"))
        agree(
            "degree days, average", degree_days_average(low, high, base), row["average_m1"], "quadrature", within=1e-6
        )
        limit = np.inf if upper is None else upper
        clamped = degree_days_clamped(low, high, base, limit)
        agree("degree days, clamped", clamped, row["average_m2_clamped"], "quadrature", within=1e-6)
        sine = degree_days_sine(low, high, base)
        agree("degree days, sine", sine, row["single_sine_nocut"], "quadrature", within=2e-5)
        for cutoff in ("horizontal", "vertical", "intermediate"):
            if f"single_sine_{cutoff}" in row:
                one = degree_days_sine(low, high, base, upper, cutoff=cutoff)
                two = degree_days_double_sine(low, high, following, base, upper, cutoff=cutoff)
                agree("degree days, sine, upper", one, row[f"single_sine_{cutoff}"], "quadrature", within=1e-4)
                agree("degree days, double sine", two, row[f"double_sine_{cutoff}"], "quadrature", within=1e-4)


def test_chill_agrees_with_xclim_over_the_whole_table(oracle: dict[str, Any], agree: Agreement) -> None:
    hour = np.arange(1440)
    series = {"sin_2_12": (7, 5), "const_4": (4, 0), "const_6": (6, 0), "const_10": (10, 0), "sin_-4_6": (1, 5)}
    for name, (mean, swing) in (series | {"sin_5_20": (12.5, 7.5)}).items():
        row = oracle["chill"][name]
        temperature = mean + swing * np.sin(2 * np.pi * (hour - 9) / 24)
        portions = portions_by_hour(temperature, offset_k=273.15)[-1]
        agree("chill portions", portions, row["dynamic_portions"], "xclim", within=1e-4)
        agree("chill units (Utah)", utah_by_hour(temperature).sum(), row["utah_units"], "xclim")
        assert np.count_nonzero((temperature >= 0.0) & (temperature <= 7.2)) == row["hours_0_7p2"]


def test_disease_tables_agree_in_every_row(oracle: dict[str, Any], agree: Agreement) -> None:
    for row in oracle["disease"]["broome1995"]:
        index = botrytis_indices(row["W_h"], row["T_C"])
        agree("Botrytis index", index, row["index"], "Broome 1995", within=1e-6)
        agree("Botrytis incidence", 1.0 / (1.0 + np.exp(-index)), row["incidence"], "Broome 1995", within=1e-6)
    for row in oracle["disease"]["wallin"]:
        agree("late blight severity", wallin_severity(row["hours_RH90"], row["Tmean"]), row["severity"], "Wallin 1962")


def test_a_canopy_and_its_air_agree_in_every_row(oracle: dict[str, Any], agree: Agreement) -> None:
    for row in oracle["stanghellini"]:
        found = transpiration_g_m2_h(row["Tcan"], row["Tair"], row["RH"], row["R_can"], row["CO2"], row["LAI"])
        resistance = stomatal_resistance_s_m(row["R_can"], row["CO2"], row["VPDleaf_Pa"])
        agree("stomatal resistance", resistance, row["rs"], "Stanghellini", rel=0.02)
        agree("transpiration", found, row["E_g_m2_h"], "Stanghellini", rel=0.02)
    for row in oracle["co2_and_vent"]["co2_g_m3"]:
        agree("CO2 by mass", co2_g_m3(row["ppm"], row["T"]), row["g_m3"], "gas law", rel=1e-4)
    for row in oracle["co2_and_vent"]["vanthoor_roof"]:
        found = roof_vent_m3_m2_s(
            row["U"], row["Ti"], row["To"], row["v"], vent_share=row["A_roof_over_floor"], vent_height_m=row["h"],
            discharge=row["Cd"], wind_factor=row["Cw"],
        )  # fmt: skip
        agree("roof ventilation", found, row["f_m3_m2_s"], "Vanthoor 2011", rel=1e-3)


def test_solutions_conduct_as_sonneveld_says(oracle: dict[str, Any], agree: Agreement) -> None:
    for recipe in oracle["nutrient_ec"].values():
        cations, anions = charge_sums_meq_l(recipe["mmol_L"])
        charges = (recipe["cations_meq"], recipe["anions_meq"])
        agree("charges of a solution [meq/L]", (cations, anions), charges, "Sonneveld", within=0.01)
        conductivity = ec_of_solution_ms_cm(recipe["mmol_L"])
        agree("conductivity [mS/cm]", conductivity, recipe["EC_sonneveld"], "Sonneveld", within=0.001)


def test_differential_spikes_are_those_of_the_qartod_vector(oracle: dict[str, Any]) -> None:
    table = oracle["qartod"]
    value = np.array([np.nan if x is None else x for x in table["x"]])
    expected = np.flatnonzero(np.array(table["spike_differential"]) == 4)
    assert (np.flatnonzero(find_spikes(value, 8.0)) == expected).all()
