"""The greenhouse computer: the house in simulated time, its sensors and its register table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from firmware_sim import greenhouse
from firmware_sim.air import co2_ppm, dew_point_degc, saturation_pa, vapour_kg_m3, vapour_pa
from firmware_sim.greenhouse import Climate
from firmware_sim.house_scenario import HouseScenario
from firmware_sim.noise import Noise
from firmware_sim.weather import Outside, Weather

STEP_MS: Final = 1000
IDENTITY: Final = 0x484C
REGISTER_COUNT: Final = 21
NO_INT16: Final = 0x8000
NO_UINT16: Final = 0xFFFF
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


@dataclass(frozen=True, slots=True)
class Slot:
    """One measured register: address, scale, whether it has a sign, the sensor's noise and range in its unit."""

    address: int
    scale: float
    signed: bool
    noise: float
    low: float = -1e9
    high: float = 1e9


SLOTS: Final[dict[str, Slot]] = {
    "air_temperature_degc": Slot(10, 100, signed=True, noise=0.03),
    "relative_humidity_pct": Slot(11, 100, signed=False, noise=0.2, low=0, high=100),
    "co2_ppm": Slot(12, 1, signed=False, noise=4, low=0),
    "par_umol_m2_s": Slot(13, 1, signed=False, noise=1, low=0),
    "outside_temperature_degc": Slot(14, 100, signed=True, noise=0.05),
    "outside_humidity_pct": Slot(15, 100, signed=False, noise=0.3, low=0, high=100),
    "global_radiation_w_m2": Slot(16, 1, signed=False, noise=1.5, low=0),
    "wind_speed_m_s": Slot(17, 100, signed=False, noise=0.05, low=0),
    "vent_open_pct": Slot(18, 100, signed=False, noise=0, low=0),
    "heating_power_w_m2": Slot(19, 10, signed=False, noise=0, low=0),
    "leaf_temperature_degc": Slot(20, 100, signed=True, noise=0.05),
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
        self.registers = self._measure()

    def step(self) -> None:
        """Advance by one second and measure."""
        self.time_ms += STEP_MS
        self.outside = self._weather.at(self.time_ms)
        setting = greenhouse.control(self._scenario, self.climate, self.outside)
        self.climate, _ = greenhouse.step(self._scenario, self.climate, self.outside, setting)
        self.registers = self._measure()

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

    def _measure(self) -> list[int]:
        """Return the register words of all sensors; the clock's are left 0 for the moment they are read."""
        truth = self.truth()
        words = [0] * REGISTER_COUNT
        for name, slot in SLOTS.items():
            value = truth[name] + (slot.noise * self._noise.normal() if slot.noise else 0.0)
            words[slot.address] = encode_word(slot, value)
        return words


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


def encode_word(slot: Slot, value: float) -> int:
    """Return the register word of a value; one that does not fit is the sentinel for no value."""
    scaled = round(max(slot.low, min(slot.high, value)) * slot.scale)
    if slot.signed:
        return scaled & 0xFFFF if -0x7FFF <= scaled <= 0x7FFF else NO_INT16
    return scaled if 0 <= scaled < NO_UINT16 else NO_UINT16


def stamp(registers: list[int], now_ms: int) -> list[int]:
    """Return the register table as read at `now_ms`: clock and identity put in."""
    seconds, milliseconds = divmod(now_ms, 1000)
    return [seconds >> 16 & 0xFFFF, seconds & 0xFFFF, milliseconds, IDENTITY, *registers[4:]]
