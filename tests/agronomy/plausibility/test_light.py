from dataclasses import replace

import numpy as np
import pytest

from headland.agronomy.plausibility.judgement import judge_samples
from headland.agronomy.plausibility.light import beyond_the_sun
from headland.agronomy.plausibility.sun_course import SunPlace
from headland.agronomy.series.clear_sky import clear_sky_w_m2
from headland.agronomy.series.finding import SensorFinding
from headland.contract.sun import sine_of_elevation

STEP_MS, DAY_MS, HOUR_MS = 300_000, 86_400_000, 3_600_000
HENAN, TASMANIA = SunPlace(34.7, 113.6, 100.0, 8.0), SunPlace(-42.0, 147.0, 50.0, 10.0)
#: Local midnight in Henan, 1 June and 1 December 2026.
JUNE_MS, DECEMBER_MS = 1_780_243_200_000, 1_796_054_400_000
SUN, SKY_PAR, PAR = "global_radiation_w_m2", "outside_par_umol_m2_s", "par_umol_m2_s"
SAMPLED = dict[str, tuple[np.ndarray, np.ndarray]]


def days_of(
    place: SunPlace, start_ms: int = JUNE_MS, days: int = 4, every_ms: int = STEP_MS
) -> tuple[np.ndarray, np.ndarray]:
    """Return instants and radiation under clouds that change by the day and the quarter of an hour."""
    time_ms = start_ms + every_ms * np.arange(days * DAY_MS // every_ms, dtype=np.int64)
    sine = sine_of_elevation(time_ms.astype(np.float64), place.latitude_deg, place.longitude_deg, np)
    random = np.random.default_rng(5)
    by_day = np.repeat(random.uniform(0.5, 1.0, days), DAY_MS // every_ms)
    return time_ms, clear_sky_w_m2(sine) * by_day * random.uniform(0.8, 1.05, len(time_ms))


def house_at(place: SunPlace, start_ms: int = JUNE_MS) -> SAMPLED:
    time_ms, sun = days_of(place, start_ms)
    return {SUN: (time_ms, sun), SKY_PAR: (time_ms, 2.02 * sun), PAR: (time_ms, 1.2 * sun)}


def told(samples: SAMPLED, place: SunPlace | None, *, indoors: bool = True) -> dict[str, str | None]:
    return {channel: each.cause for channel, each in judge_samples(samples, place, indoors=indoors).items()}


def judged(samples: SAMPLED, place: SunPlace, *, indoors: bool = True) -> SensorFinding:
    return judge_samples(samples, place, indoors=indoors)[SUN]


@pytest.mark.parametrize("place", [HENAN, TASMANIA], ids=["Henan", "Tasmania"])
@pytest.mark.parametrize("start_ms", [JUNE_MS, DECEMBER_MS], ids=["June", "December"])
def test_the_light_of_a_place_is_not_named(place: SunPlace, start_ms: int) -> None:
    assert told(house_at(place, start_ms), place) == {}
    assert told({SUN: house_at(place, start_ms)[SUN]}, place, indoors=False) == {}
    hourly = days_of(place, start_ms, every_ms=HOUR_MS)
    assert told({SUN: hourly}, place, indoors=False) == {}


def test_a_longitude_with_the_wrong_sign_tells_its_noon_and_the_change() -> None:
    finding = judged(house_at(HENAN), replace(HENAN, longitude_deg=-113.6))
    assert (finding.cause, finding.left_out, finding.flag) == ("longitude_sign", True, 4)
    # 227.2 degrees are 15 h 9 min: noon is then at 20:51 of the declared place.
    assert finding.facts["noon"] in {"20:51", "20:50", "20:52"}
    assert finding.mend is not None
    assert (finding.mend.field, finding.mend.before, finding.mend.after) == ("longitude_deg", -113.6, 113.6)


@pytest.mark.parametrize("start_ms", [JUNE_MS, DECEMBER_MS], ids=["June", "December"])
def test_the_other_hemisphere_is_named_by_length_and_light_of_its_days(start_ms: int) -> None:
    finding = judged(house_at(TASMANIA, start_ms), replace(TASMANIA, latitude_deg=42.0))
    assert (finding.cause, finding.left_out) == ("latitude_sign", True)
    assert finding.mend is not None
    assert finding.mend.after == -42.0


def test_latitude_and_longitude_that_are_exchanged_are_named() -> None:
    assert judged(house_at(SunPlace(31.0, 76.0)), SunPlace(76.0, 31.0)).cause == "place_swapped"


@pytest.mark.parametrize(("hours", "cause"), [(8.0, "stamps_zone"), (-5.3, "stamps_clock")])
def test_stamps_of_another_clock_are_named(hours: float, cause: str) -> None:
    shifted = {name: (t + round(hours * HOUR_MS), v) for name, (t, v) in house_at(HENAN).items()}
    finding = judged(shifted, HENAN)
    assert (finding.cause, finding.left_out) == (cause, True)
    assert float(finding.facts["hours"]) == pytest.approx(hours, abs=0.3)


@pytest.mark.parametrize(
    ("channel", "factor", "cause"),
    [
        (SUN, 2.02, "unit_umol"), (SUN, 110.0, "unit_lux"), (SUN, 0.11, "unit_klx"), (SUN, 0.001, "unit_kw"),
        (SUN, 0.03, "unit_j_cm2"), (SKY_PAR, 1.0 / 2.02, "unit_w_m2"), (SKY_PAR, 54.0, "unit_lux"),
        (PAR, 54.0, "unit_lux"),
    ],
)  # fmt: skip
def test_another_unit_of_light_is_named_beside_the_other_sensors(channel: str, factor: float, cause: str) -> None:
    samples = house_at(HENAN)
    time_ms, value = samples[channel]
    assert told({**samples, channel: (time_ms, value * factor)}, HENAN) == {channel: cause}


def test_channels_of_light_that_are_exchanged_are_named() -> None:
    samples = house_at(HENAN)
    assert set(told({**samples, SUN: samples[SKY_PAR], SKY_PAR: samples[SUN]}, HENAN).values()) == {"channels_swapped"}
    assert set(told({**samples, PAR: samples[SKY_PAR], SKY_PAR: samples[PAR]}, HENAN).values()) == {"channels_swapped"}


def test_lamps_by_night_are_no_fault_of_a_house_and_one_of_a_station() -> None:
    samples = house_at(HENAN)
    time_ms, value = samples[PAR]
    lamps = np.where(value < 200.0, 160.0, 0.0)
    assert told({PAR: (time_ms, value + lamps)}, HENAN) == {}
    beside = judge_samples({SUN: (time_ms, samples[SUN][1] + 40.0)}, HENAN, indoors=False)[SUN]
    assert (beside.cause, beside.left_out) == ("light_at_night", False)


def test_a_house_without_lamps_cannot_be_brighter_than_the_sky() -> None:
    time_ms, _ = days_of(HENAN)
    sky = clear_sky_w_m2(sine_of_elevation(time_ms.astype(np.float64), HENAN.latitude_deg, HENAN.longitude_deg, np))
    # A peak of 2,880 umol/m2/s: the sky's most is about 2,100.
    assert set(told({PAR: (time_ms, sky / sky.max() * 2880.0)}, HENAN)) == {PAR}
    assert told({PAR: (time_ms, sky / sky.max() * 1900.0)}, HENAN) == {}


def test_single_samples_beyond_the_sun_are_told_and_clouds_that_lift_are_not() -> None:
    time_ms, value = days_of(HENAN)
    assert not beyond_the_sun(SUN, time_ms, value * 1.3, HENAN, indoors=False).any()
    night = np.flatnonzero(value == 0.0)[:3]
    spoilt = value.copy()
    spoilt[night] = 400.0
    assert np.flatnonzero(beyond_the_sun(SUN, time_ms, spoilt, HENAN, indoors=False)).tolist() == night.tolist()
