"""The greenhouse computer: the house in simulated time and its sensors."""

from __future__ import annotations

from typing import Final

from firmware_sim import greenhouse
from firmware_sim.air import co2_ppm, dew_point_degc, saturation_pa, vapour_kg_m3, vapour_pa
from firmware_sim.greenhouse import Climate
from firmware_sim.house import Readings
from firmware_sim.house_scenario import HouseScenario
from firmware_sim.noise import Noise
from firmware_sim.weather import Outside, Weather

STEP_MS: Final = 1000
#: What one square metre of sunlight holds for plants: µmol of PAR photons per joule of global radiation.
_PAR_UMOL_J: Final = 2.02
#: A first day of weather brings the house into the state of its time.
_SPIN_UP_S: Final = 12 * 3600
_SPIN_UP_STEP_S: Final = 20.0

TRUTH_COLUMNS: Final = (
    "time_ms",
    "air_temperature_degc",
    "relative_humidity_pct",
    "vpd_kpa",
    "dew_point_degc",
    "humidity_deficit_g_m3",
    "co2_ppm",
    "leaf_temperature_degc",
    "par_umol_m2_s",
    "outside_temperature_degc",
    "outside_humidity_pct",
    "global_radiation_w_m2",
    "wind_speed_m_s",
    "vent_open_pct",
    "heating_power_w_m2",
)


#: The standard deviation of each sensor's noise, in the unit of its channel.
NOISE: Final[dict[str, float]] = {
    "air_temperature_degc": 0.03,
    "relative_humidity_pct": 0.2,
    "co2_ppm": 4,
    "par_umol_m2_s": 1,
    "outside_temperature_degc": 0.05,
    "outside_humidity_pct": 0.3,
    "global_radiation_w_m2": 1.5,
    "wind_speed_m_s": 0.05,
    "vent_open_pct": 0,
    "heating_power_w_m2": 0,
    "leaf_temperature_degc": 0.05,
}


class Controller:
    """A house that steps a second at a time; the same seed, scenario and start give the same readings."""

    def __init__(self, scenario: HouseScenario, seed: int, start_ms: int) -> None:
        self._scenario = scenario
        self._weather = Weather(scenario, seed)
        self._noise = Noise(seed, 11)
        self.time_ms = start_ms - start_ms % STEP_MS
        self.outside = self._weather.at(self.time_ms)
        self.climate = self._spin_up()
        self._readings = self._measure()

    @property
    def units(self) -> int:
        """One compartment."""
        return 1

    def readings(self, unit: int) -> Readings:
        """Return what the sensors of the house read; every unit is the same house."""
        del unit
        return self._readings

    def step(self) -> None:
        """Advance by one second and measure."""
        self.time_ms += STEP_MS
        self.outside = self._weather.at(self.time_ms)
        setting = greenhouse.control(self._scenario, self.climate, self.outside)
        self.climate, _ = greenhouse.step(self._scenario, self.climate, self.outside, setting)
        self._readings = self._measure()

    def truth(self) -> dict[str, float]:
        """Return the true values of this moment by the names of `TRUTH_COLUMNS`."""
        return true_values(self._scenario, self.climate, self.outside)

    def _spin_up(self) -> Climate:
        """Return the climate at the start, run in from half a day before."""
        step_ms = int(_SPIN_UP_STEP_S * 1000)
        times = range(self.time_ms - _SPIN_UP_S * 1000, self.time_ms, step_ms)
        climate = greenhouse.start_climate(self._scenario, self._weather.at(times[0]))
        for time_ms in times:
            outside = self._weather.at(time_ms)
            setting = greenhouse.control(self._scenario, climate, outside)
            climate, _ = greenhouse.step(self._scenario, climate, outside, setting, _SPIN_UP_STEP_S)
        return climate

    def _measure(self) -> dict[str, float]:
        """Return what each sensor reads: the truth and its noise."""
        truth = self.truth()
        return {name: truth[name] + (noise * self._noise.normal() if noise else 0.0) for name, noise in NOISE.items()}


def true_values(scenario: HouseScenario, climate: Climate, outside: Outside) -> dict[str, float]:
    """Return every true value by the names of `TRUTH_COLUMNS`, from the vapour state and Buck's saturation."""
    air_degc = climate.air_degc
    saturated_pa = saturation_pa(air_degc)
    actual_pa = vapour_pa(climate.vapour_kg_m3, air_degc)
    return {
        "air_temperature_degc": air_degc,
        "relative_humidity_pct": 100 * actual_pa / saturated_pa,
        "vpd_kpa": (saturated_pa - actual_pa) / 1000,
        "dew_point_degc": dew_point_degc(actual_pa),
        "humidity_deficit_g_m3": 1000 * (vapour_kg_m3(saturated_pa, air_degc) - climate.vapour_kg_m3),
        "co2_ppm": co2_ppm(climate.co2_kg_m3, air_degc),
        "leaf_temperature_degc": climate.leaf_degc,
        "par_umol_m2_s": outside.radiation_w_m2 * scenario.transmission * _PAR_UMOL_J,
        "outside_temperature_degc": outside.temperature_degc,
        "outside_humidity_pct": outside.humidity_pct,
        "global_radiation_w_m2": outside.radiation_w_m2,
        "wind_speed_m_s": outside.wind_m_s,
        "vent_open_pct": 100 * climate.vent_open,
        "heating_power_w_m2": climate.heating_w_m2,
    }
