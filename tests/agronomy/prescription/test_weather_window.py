import pytest

from headland.agronomy.climate.psychrometrics import air_pressure_kpa
from headland.agronomy.prescription.weather_window import Hour, assess_hour


def hour(**more: object) -> Hour:
    usual: dict[str, object] = {
        "start_ms": 0, "temperature_degc": 22.0, "humidity_pct": 60.0, "wind_m_s": 2.5, "rain_share": 0.0,
        "is_calm_time": False,
    }  # fmt: skip
    return Hour(**{**usual, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "told", "state", "reason"),
    [
        ("liquid", {}, "go", None),
        ("liquid", {"wind_m_s": 4.5}, "stop", "wind_too_strong"),
        ("liquid", {"wind_m_s": 0.5}, "caution", "wind_too_weak"),
        ("liquid", {"wind_m_s": 0.9, "is_calm_time": True}, "caution", "inversion_likely"),
        ("liquid", {"temperature_degc": 35.0, "humidity_pct": 40.0}, "stop", "delta_t_too_high"),
        ("liquid", {"temperature_degc": 10.0, "humidity_pct": 95.0}, "stop", "delta_t_too_low"),
        ("liquid", {"temperature_degc": 29.0, "humidity_pct": 60.0}, "caution", "hot"),
        ("liquid", {"humidity_pct": None}, "insufficient_data", None),
        ("granular", {"humidity_pct": None}, "go", None),
        ("granular", {"wind_m_s": 5.5}, "caution", "wind_near_limit"),
        ("granular", {"wind_m_s": 6.5}, "stop", "wind_too_strong"),
        ("granular", {"humidity_pct": 97.0}, "caution", "dew_on_leaves"),
        ("granular", {"rain_share": 0.2}, "stop", "rain"),
        ("granular", {"rain_share": None}, "caution", "rain_not_measured"),
        ("granular", {"rain_share": None, "rain_mm": 0.2}, "stop", "rain"),
        ("granular", {"rain_share": None, "rain_mm": 0.0}, "go", None),
        ("granular", {"wind_m_s": None}, "insufficient_data", None),
        # Rain stops the work whatever else is not known.
        ("granular", {"wind_m_s": None, "rain_share": 1.0}, "stop", "rain"),
    ],
)
def test_an_hour_has_the_state_of_its_worst_measurement(
    kind: str, told: dict[str, object], state: str, reason: str | None
) -> None:
    verdict = assess_hour(hour(**told), kind)  # type: ignore[arg-type]
    assert verdict.state == state
    assert reason is None or reason in verdict.reasons


@pytest.mark.parametrize(
    ("temperature", "humidity", "delta_t"), [(25, 60, 5.53), (30, 70, 4.50), (35, 40, 11.07), (20, 80, 2.32)]
)
def test_delta_t_is_the_published_one(temperature: float, humidity: float, delta_t: float) -> None:
    verdict = assess_hour(hour(temperature_degc=temperature, humidity_pct=humidity), "liquid")
    assert verdict.delta_t_k == pytest.approx(delta_t, abs=0.1)


@pytest.mark.parametrize(("altitude_m", "delta_t"), [(0.0, 9.94), (600.0, 10.16), (1800.0, 10.6)])
def test_delta_t_is_at_the_pressure_of_the_site(altitude_m: float, delta_t: float) -> None:
    # 30 degC and 40 %: wet-bulb temperatures of PsychroLib at 0, 600 and 1800 m are 20.064, 19.842 and 19.400 degC.
    air = hour(temperature_degc=30.0, humidity_pct=40.0)
    verdict = assess_hour(air, "liquid", float(air_pressure_kpa(altitude_m)))
    assert verdict.delta_t_k == pytest.approx(delta_t, abs=0.03)
    assert ("delta_t_too_high" in verdict.reasons) == (delta_t > 10.0)


def test_an_altitude_beyond_the_formula_leaves_delta_t_unknown() -> None:
    verdict = assess_hour(hour(), "liquid", float(air_pressure_kpa(7000.0)))
    assert (verdict.delta_t_k, verdict.state) == (None, "insufficient_data")
