import numpy as np
import pytest

from headland.agronomy.climate.air_summary import AirSamples, assess_climate, pair_samples


def air(
    time_ms: list[int], temperature: list[float], humidity: list[float], flags: list[int] | None = None
) -> AirSamples:
    quality = np.array(flags or [1] * len(time_ms), dtype=np.uint8)
    return AirSamples(np.array(time_ms, dtype=np.int64), np.array(temperature), np.array(humidity), quality)


def test_steady_air_answers_with_its_published_values() -> None:
    # 25 degC and 60 %: VPD 1.268 kPa, dew point 16.70 degC, deficit 9.21 g/m3 (psychrolib 2.5.0).
    minute = list(range(0, 60_000, 1000))
    climate = assess_climate(air(minute, [25.0] * 60, [60.0] * 60), (0, 60_000))
    assert climate.vpd_kpa.value == pytest.approx(1.268, rel=0.0015)
    assert climate.dew_point_degc.value == pytest.approx(16.70, abs=0.05)
    assert climate.humidity_deficit_g_m3.value == pytest.approx(9.213, rel=0.0015)
    assert climate.frost_point_degc is None
    assert climate.vpd_kpa.coverage == pytest.approx(1.0)
    assert (climate.vpd_kpa.n, climate.vpd_kpa.quality, climate.vpd_kpa.evidence) == (60, 1, "measured")


def test_uneven_sampling_does_not_bias_the_mean() -> None:
    # Ten minutes at 24 degC 70 % (0.895 kPa) sampled each second, ten at 25 degC 60 % (1.268 kPa) each ten seconds.
    time = [*range(0, 600_000, 1000), *range(600_000, 1_200_000, 10_000)]
    warm = [t >= 600_000 for t in time]
    samples = air(time, [25.0 if w else 24.0 for w in warm], [60.0 if w else 70.0 for w in warm])
    answer = assess_climate(samples, (0, 1_200_000), interval_s=10.0).vpd_kpa
    assert answer.value == pytest.approx((0.895 + 1.268) / 2, rel=0.003)
    assert (answer.low, answer.high) == pytest.approx((0.895, 1.268), rel=0.0015)


def test_too_little_data_gives_no_number() -> None:
    answer = assess_climate(air([0, 1000], [25.0, 25.0], [60.0, 60.0]), (0, 3_600_000)).vpd_kpa
    assert (answer.value, answer.low, answer.evidence) == (None, None, None)
    assert answer.reason == "insufficient_data"
    assert answer.coverage < 0.1


def test_no_data_is_an_answer_too() -> None:
    answer = assess_climate(air([], [], []), (0, 60_000)).dew_point_degc
    assert (answer.value, answer.n, answer.coverage, answer.quality) == (None, 0, 0.0, 9)


def test_impossible_air_is_left_out_and_lowers_the_coverage() -> None:
    ten_minutes = list(range(0, 600_000, 1000))
    humidity = [60.0] * 300 + [140.0] * 300
    answer = assess_climate(air(ten_minutes, [25.0] * 600, humidity), (0, 600_000)).vpd_kpa
    assert answer.n == 300
    # The last good sample, at 299 s, speaks for one minute more.
    assert answer.coverage == pytest.approx(359 / 600)


def test_a_slower_poll_than_was_told_still_covers_air_that_changes_in_minutes() -> None:
    hour = list(range(0, 3_600_000, 60_000))
    answer = assess_climate(air(hour, [25.0] * 60, [60.0] * 60), (0, 3_600_000), interval_s=1.0).vpd_kpa
    assert answer.coverage == pytest.approx(1.0)


def test_the_worst_flag_used_is_told() -> None:
    minute = list(range(0, 60_000, 1000))
    climate = assess_climate(air(minute, [25.0] * 60, [60.0] * 60, [1] * 59 + [2]), (0, 60_000))
    assert climate.vpd_kpa.quality == 2


def test_cold_air_gets_a_frost_point_of_its_own() -> None:
    minute = list(range(0, 60_000, 1000))
    climate = assess_climate(air(minute, [2.0] * 60, [60.0] * 60), (0, 60_000))
    assert climate.frost_point_degc is not None
    assert climate.frost_point_degc.value is not None
    assert climate.dew_point_degc.value is not None
    assert climate.dew_point_degc.value < climate.frost_point_degc.value < 0.0


def test_samples_taken_apart_are_paired_with_the_nearest() -> None:
    flags = np.array([1, 1, 2], dtype=np.uint8)
    temperature = (np.array([0, 10_000, 20_000]), np.array([20.0, 21.0, 22.0]), flags)
    humidity = (np.array([1000, 19_000]), np.array([50.0, 60.0]), np.array([1, 1], dtype=np.uint8))
    paired = pair_samples(temperature, humidity, within_s=5.0)
    assert paired.time_ms.tolist() == [0, 20_000]
    assert paired.humidity_pct.tolist() == [50.0, 60.0]
    assert paired.quality.tolist() == [1, 2]


def test_samples_without_a_partner_make_no_pair() -> None:
    nothing = (np.empty(0, np.int64), np.empty(0), np.empty(0, np.uint8))
    some = (np.array([0]), np.array([20.0]), np.array([1], dtype=np.uint8))
    assert len(pair_samples(nothing, some, 1.0).time_ms) == 0
    assert len(pair_samples(some, nothing, 1.0).time_ms) == 0
    assert pair_samples(some, some, 1.0).humidity_pct.tolist() == [20.0]
