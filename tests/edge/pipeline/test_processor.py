"""The channel processor: rows are converted, corrected, flagged and reduced; gaps and alarms become events."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.pipeline.alarms.evaluator import EdgeAlarmEvaluator
from edge.pipeline.alarms.rule_tables import AlarmRule
from edge.pipeline.channels.limit_tables import Limits, find_mistake, load_limits, merge_checks
from edge.pipeline.channels.settings import (
    CalibrationSettings,
    ChannelSettings,
    FlatLine,
    GrossRange,
    QualityChecks,
    RateOfChange,
    Spike,
    Twin,
)
from edge.pipeline.processor import ChannelProcessor
from edge.sources.source import DeviceId, Reading, Readings
from headland.contract.records import ChannelInfo, Clock, Descriptor
from headland.errors import SettingsError
from tests.edge.sinks import ListSink

HOUSE = DeviceId("gh-1", "greenhouse", "home")
START_MS = 1_790_000_000_000
AIR = "air_temperature_degc"


class Rig:
    """A processor with a sink behind it, and a clock that does not move by itself."""

    def __init__(
        self,
        *settings: ChannelSettings,
        limits: Limits | None = None,
        rules: list[AlarmRule] | None = None,
        spike_wait_s: float = 0.0,
    ) -> None:
        self.now_s = 0.0
        self.wall_ms, self.slept_s = START_MS - 10**9, 0.0
        self.out = ListSink()
        self.processor = ChannelProcessor(
            settings,
            limits or {},
            EdgeAlarmEvaluator(rules or []),
            spike_wait_s=spike_wait_s,
            clock_s=lambda: self.now_s,
            now_ms=lambda: self.wall_ms + round((self.now_s + self.slept_s) * 1000),
            passed_s=lambda: self.now_s + self.slept_s,
        )
        self.sink = self.processor.sink("house", self.out)

    def send(
        self, at_s: float, device: DeviceId = HOUSE, flags: dict[str, int] | None = None, **values: object
    ) -> None:
        named = {name.replace("__", ":"): value for name, value in values.items()}
        row = Reading(device, Clock.RTC, START_MS + round(at_s * 1000), named, flags or {})  # type: ignore[arg-type] # by test
        self.sink.reading(row)

    def rows(self, channel: str = AIR) -> list[tuple[float, float | None, int]]:
        return [
            ((row.time_ms - START_MS) / 1000, row.values[channel], row.quality.get(channel, 1))
            for row in self.out.readings
            if channel in row.values
        ]

    def flags(self) -> dict[tuple[str, str, str], int]:
        return {(count.channel, count.test, count.flag): count.samples for count in self.processor.flags()}


def test_units_and_calibration_are_applied_and_the_raw_value_is_stored_beside() -> None:
    corrected = CalibrationSettings(valid_from=datetime.fromtimestamp(START_MS / 1000 + 60, UTC), offset=-0.5)
    rig = Rig(ChannelSettings(channel=AIR, unit="°F", calibration=[corrected]))
    for at_s in (0, 60):
        # The source assumed degrees Celsius, in which the number is impossible.
        rig.send(at_s, flags={AIR: 4}, air_temperature_degc=212.0 / 2, co2_ppm=400.0)
    assert [value for _, value, _ in rig.rows()] == pytest.approx([41.111, 40.611], abs=1e-3)
    assert [flag for _, _, flag in rig.rows()] == [1, 1]
    assert [value for _, value, _ in rig.rows("raw_air_temperature_degc")] == [pytest.approx(41.111, abs=1e-3)] * 2
    assert rig.rows("co2_ppm") == [(0, 400, 1), (60, 400, 1)]


def test_a_number_that_is_not_finite_is_missing_raw_and_corrected() -> None:
    rig = Rig(ChannelSettings(channel=AIR, calibration=[CalibrationSettings(gain=1e300)]))
    for at_s, value in enumerate((float("nan"), float("inf"), 1e300, None)):
        rig.send(at_s, air_temperature_degc=value)
    assert [value for _, value, _ in rig.rows()] == [None] * 4
    assert [value for _, value, _ in rig.rows(f"raw_{AIR}")] == [None, None, 1e300, None]


def test_a_flag_stays_with_its_sample_and_is_counted_under_its_test() -> None:
    checks = QualityChecks(
        gross_range=GrossRange(suspect=(-10, 60)),
        rate_of_change=RateOfChange(suspect=3, within_s=60),
        flat_line=FlatLine(tolerance=0.05, suspect_s=180),
    )
    rig = Rig(limits={AIR: checks})
    for minute, value in enumerate((20, 20.5, 30, 30.1, 70, 90, 30, 30, 30, 30)):
        rig.send(60 * minute, air_temperature_degc=float(value))
    assert [flag for _, _, flag in rig.rows()] == [1, 1, 3, 1, 3, 4, 3, 1, 1, 3]
    assert rig.flags() == {
        (AIR, "gross_range", "suspect"): 1,
        (AIR, "gross_range", "fail"): 1,
        (AIR, "rate_of_change", "suspect"): 4,
        (AIR, "flat_line", "suspect"): 1,
    }
    assert len(rig.rows()) == 10, "nothing is dropped"


def test_a_sources_own_flag_remains_at_least_as_bad() -> None:
    rig = Rig(limits={AIR: QualityChecks(gross_range=GrossRange(suspect=(-10, 60)))})
    rig.send(0, flags={AIR: 4}, air_temperature_degc=20.0)
    rig.send(60, flags={AIR: 3}, air_temperature_degc=200.0)
    rig.send(120, flags={AIR: 9}, air_temperature_degc=None)
    assert [flag for _, _, flag in rig.rows()] == [4, 4, 9]


def test_a_spike_is_detected_when_the_next_row_comes_and_the_row_is_released_when_none_comes() -> None:
    rig = Rig(limits={AIR: QualityChecks(spike=Spike(suspect=3, fail=8))}, spike_wait_s=5.0)
    for at_s, value in enumerate((20.0, 20.1, 35.0, 20.2, 20.3, 24.0, 20.4)):
        rig.send(at_s, air_temperature_degc=value)
    assert [flag for _, _, flag in rig.rows()] == [1, 1, 4, 1, 1, 3]
    rig.now_s = 4.9
    rig.processor.tick(rig.out)
    assert len(rig.rows()) == 6
    rig.now_s = 5.0
    rig.processor.tick(rig.out)
    assert rig.rows()[6:] == [(6, 20.4, 1)]
    rig.send(7, air_temperature_degc=20.0)
    rig.processor.finish(rig.out)
    assert len(rig.rows()) == 8
    assert rig.flags() == {(AIR, "spike", "fail"): 1, (AIR, "spike", "suspect"): 1}


def test_a_sample_is_no_spike_next_to_one_after_a_gap_or_late() -> None:
    checks = {AIR: QualityChecks(spike=Spike(suspect=3))}
    rig = Rig(ChannelSettings(channel=AIR, interval_s=10), limits=checks, spike_wait_s=60)
    for at_s, value in ((0, 20.0), (10, 30.0), (500, 20.0), (510, 30.0), (505, 20.0), (520, 20.0)):
        rig.send(at_s, air_temperature_degc=value)
    rig.processor.finish(rig.out)
    assert {flag for _, _, flag in rig.rows()} == {1}


def test_a_twin_in_the_same_row_or_of_another_device_shows_that_two_sensors_differ() -> None:
    own = QualityChecks(twin=Twin(channel=f"{AIR}:1", suspect=2))
    far = QualityChecks(twin=Twin(channel=AIR, device="gh-2", suspect=2, within_s=300))
    rig = Rig(
        ChannelSettings(channel=AIR, device="gh-1", quality=own),
        ChannelSettings(channel=f"{AIR}:2", device="gh-1", quality=far),
    )
    rig.send(0, DeviceId("gh-2", "greenhouse", "home"), air_temperature_degc=30.0)
    rig.send(10, air_temperature_degc=20.0, air_temperature_degc__1=23.0, air_temperature_degc__2=21.0)
    rig.send(400, air_temperature_degc=20.0, air_temperature_degc__1=21.0, air_temperature_degc__2=21.0)
    assert [flag for at_s, _, flag in rig.rows() if at_s] == [3, 1]
    assert [flag for _, _, flag in rig.rows(f"{AIR}:2")] == [3, 1], "an old value of the twin is not compared"
    assert rig.flags() == {(AIR, "twin", "suspect"): 1, (f"{AIR}:2", "twin", "suspect"): 1}


def test_a_gap_is_reported_once_with_its_channels_and_no_step_is_detected_across_it() -> None:
    limits = {AIR: QualityChecks(rate_of_change=RateOfChange(suspect=0.1, within_s=60))}
    rig = Rig(ChannelSettings(channel=AIR, interval_s=60), limits=limits)
    for at_s in (0, 60, 600, 1200, 1260, 1500):
        rig.send(at_s, air_temperature_degc=20.0 + at_s / 100)
    gaps = [(event.kind, event.data["channels"], event.data["from_ms"]) for event in rig.out.events]
    assert gaps == [("data_gap", AIR, START_MS + 60_000)]
    assert [flag for _, _, flag in rig.rows()] == [1, 3, 1, 1, 3, 1]
    assert rig.processor.counters()["gaps"] == 3


def send_with_step(rig: Rig, step_s: float) -> None:
    """Send a row each ten seconds for two minutes, stamped by the gateway, whose clock steps after 50 seconds.

    The row at the step was stamped before it, and arrives after it.
    """
    rig.wall_ms = START_MS
    for second in range(0, 120, 10):
        rig.now_s = second
        stamp_s = second + (rig.wall_ms - START_MS) / 1000
        rig.wall_ms += round(1000 * step_s) if second == 50 else 0
        rig.send(stamp_s, air_temperature_degc=20.0)


@pytest.mark.parametrize("step_s", [-400_000, -7200, -90, 45, 3600, 400_000])
def test_a_step_of_the_gateways_clock_is_no_gap(step_s: float) -> None:
    rig = Rig(ChannelSettings(channel=AIR, interval_s=10))
    send_with_step(rig, step_s)
    assert rig.out.events == []


@pytest.mark.parametrize("step_s", [0, 3600])
def test_a_silence_during_which_the_clock_steps_is_as_long_as_it_was(step_s: float) -> None:
    rig = Rig(ChannelSettings(channel=AIR, interval_s=10))
    send_with_step(rig, 0)
    rig.now_s += 60
    rig.wall_ms += round(1000 * step_s)
    rig.send(rig.now_s + step_s, air_temperature_degc=20.0)
    (gap,) = rig.out.events
    assert (gap.kind, gap.t) == ("data_gap", START_MS + round(1000 * (rig.now_s + step_s)))
    assert gap.data["from_ms"] == gap.t - 60_000


def test_a_sample_from_a_buffer_is_not_taken_for_one_from_before_an_old_step() -> None:
    rig = Rig(ChannelSettings(channel=AIR, interval_s=10))
    send_with_step(rig, 3600)
    rig.send(rig.now_s, air_temperature_degc=20.0)
    rig.send(rig.now_s + 3600 + 10, air_temperature_degc=20.0)
    assert rig.out.events == []
    fresh = DeviceId("gh-2", "greenhouse", "home")
    rig.send(rig.now_s, fresh, air_temperature_degc=20.0)
    rig.send(rig.now_s + 3600, fresh, air_temperature_degc=20.0)
    assert [event.device for event in rig.out.events] == ["gh-2"]


def test_a_step_of_a_devices_own_clock_is_no_gap_also_where_it_is_set_back_and_steps_again() -> None:
    rig = Rig(ChannelSettings(channel=AIR, interval_s=10))
    rig.wall_ms = START_MS
    for second in range(0, 600, 10):
        rig.now_s = second
        is_ahead = 60 <= second < 120 or second >= 300
        rig.send(second + 3600 * is_ahead, air_temperature_degc=20.0)
    assert rig.out.events == []


def test_a_gateway_that_slept_has_a_gap_in_its_data() -> None:
    rig = Rig(ChannelSettings(channel=AIR, interval_s=10))
    rig.wall_ms = START_MS
    rig.send(0, air_temperature_degc=20.0)
    rig.now_s, rig.slept_s = 1.0, 3600.0
    rig.send(3601, air_temperature_degc=20.0)
    assert [(event.kind, event.data["to_ms"]) for event in rig.out.events] == [("data_gap", START_MS + 3_601_000)]


@pytest.mark.parametrize("delay_s", [0.0, 25.0, 5000.0])
def test_a_gap_of_a_sensor_whose_samples_come_late_is_one(delay_s: float) -> None:
    rig = Rig(ChannelSettings(channel=AIR, interval_s=10))
    rig.wall_ms = START_MS
    for at_s, arrives_s in ((0, delay_s), (10, delay_s + 10), (45, delay_s + 29 if delay_s > 16 else 45)):
        rig.now_s = arrives_s
        rig.send(at_s, air_temperature_degc=20.0)
    assert [event.data["from_ms"] for event in rig.out.events] == [START_MS + 10_000]


def test_a_gap_among_rows_from_a_buffer_is_one_however_fast_they_arrive() -> None:
    rig = Rig(ChannelSettings(channel=AIR, interval_s=10))
    rig.wall_ms = START_MS + 10**7
    for at_s in (0, 10, 20, 600, 610):
        rig.send(at_s, air_temperature_degc=20.0)
    assert [event.data["from_ms"] for event in rig.out.events] == [START_MS + 20_000]


def test_after_a_time_in_the_future_steps_are_detected_again() -> None:
    rig = Rig(limits={AIR: QualityChecks(rate_of_change=RateOfChange(suspect=3, within_s=60))})
    for at_s, value in ((0, 20.0), (10**8, 20.0), (60, 20.0), (120, 20.0), (180, 20.0), (240, 30.0)):
        rig.send(at_s, air_temperature_degc=value)
    assert [flag for _, _, flag in rig.rows()] == [1, 1, 1, 1, 1, 3]


def test_the_descriptor_contains_the_reported_interval_and_a_gap_follows_from_it() -> None:
    rig = Rig(
        ChannelSettings(
            channel=AIR, report="deadband", deadband=0.5, heartbeat_s=300, calibration=[CalibrationSettings(gain=2)]
        ),
        ChannelSettings(channel="co2_ppm", interval_s=30),
        limits={"par_umol_m2_s": QualityChecks(gross_range=GrossRange(suspect=(-5, 2500)))},
    )  # fmt: skip
    names = {AIR: "degC", "co2_ppm": "ppm", "par_umol_m2_s": "umol/m2/s", "wind_speed_m_s": "m/s"}
    channels = {name: ChannelInfo(unit=unit, interval_s=10) for name, unit in names.items()}
    rig.sink.describe(Descriptor(device="gh-1", kind="greenhouse", site="home", name="House", channels=channels))
    (descriptor,) = rig.out.descriptors
    assert {name: info.interval_s for name, info in descriptor.channels.items()} == {
        AIR: 300, f"raw_{AIR}": 300, "co2_ppm": 30, "par_umol_m2_s": 10, "wind_speed_m_s": 10,
    }  # fmt: skip
    assert (descriptor.channels[AIR].calibration, descriptor.channels[f"raw_{AIR}"].calibration) == ("2 x", None)
    rig.send(0, par_umol_m2_s=5.0)
    rig.send(31, par_umol_m2_s=5.0)
    assert len(rig.out.events) == 1


def test_only_changes_are_reported_and_the_raw_value_with_them() -> None:
    rig = Rig(
        ChannelSettings(channel=AIR, report="change", heartbeat_s=100, calibration=[CalibrationSettings(gain=2)]),
    )
    for at_s, value in ((0, 10.0), (10, 10.0), (20, 10.0), (30, 11.0), (130, 11.0)):
        rig.send(at_s, air_temperature_degc=value, co2_ppm=400.0)
    assert rig.rows() == [(0, 20, 1), (20, 20, 1), (30, 22, 1), (130, 22, 1)]
    assert rig.rows(f"raw_{AIR}") == [(0, 10, 1), (20, 10, 1), (30, 11, 1), (130, 11, 1)]
    assert len(rig.rows("co2_ppm")) == 5
    assert rig.processor.counters()["held_back"] == 2


def test_alarms_are_evaluated_on_every_sample_also_on_unreported_ones() -> None:
    frost = AlarmRule(name="frost", channel=AIR, below=2, for_s=120)
    rig = Rig(ChannelSettings(channel=AIR, report="periodic", every_s=3600), rules=[frost])
    for minute in range(5):
        rig.send(60 * minute, air_temperature_degc=0.0)
    assert len(rig.rows()) == 1
    assert [(event.kind, event.t) for event in rig.out.events] == [("alarm_raised", START_MS + 120_000)]
    assert [alarm.rule for alarm in rig.processor.raised()[0]] == ["frost"]


def test_the_first_settings_that_match_source_and_device_apply() -> None:
    rig = Rig(
        ChannelSettings(channel=AIR, source="elsewhere", unit="K"),
        ChannelSettings(channel=AIR, device="gh-2", unit="°F"),
        ChannelSettings(channel=AIR, calibration=[CalibrationSettings(offset=1)], keep_raw=False),
    )
    rig.send(0, air_temperature_degc=50.0)
    rig.send(1, DeviceId("gh-2", "greenhouse", "home"), air_temperature_degc=50.0)
    assert [value for _, value, _ in rig.rows()] == [51, pytest.approx(10)]
    assert rig.rows(f"raw_{AIR}") == []


def test_vehicles_have_limits_only_where_settings_name_them_and_bypass_the_processor_otherwise() -> None:
    rig = Rig(limits={"battery_voltage_v": QualityChecks(gross_range=GrossRange(suspect=(11, 12)))})
    assert rig.processor.sink("drone", rig.out, has_limits=False) is rig.out
    named = Rig(
        ChannelSettings(channel="battery_voltage_v", quality=QualityChecks(gross_range=GrossRange(suspect=(20, 30))))
    )
    sink = named.processor.sink("drone", named.out, has_limits=False)
    row = Reading(DeviceId("uav-1", "drone", "home"), Clock.GPS, START_MS, {"battery_voltage_v": 12.0})
    sink.reading(row)
    assert named.out.readings[0].quality == {"battery_voltage_v": 3}


def test_a_row_without_settings_and_limits_passes_unchanged() -> None:
    rig = Rig()
    row = Reading(HOUSE, Clock.RTC, START_MS, {"wind_speed_m_s": 3.0, "a_channel_m": None})
    rig.sink.reading(row)
    assert rig.out.readings[0] is row


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (ChannelSettings(channel=AIR, unit="lx"), "cannot be converted"),
        (ChannelSettings(channel=AIR, report="deadband"), "go together"),
        (ChannelSettings(channel=AIR, every_s=5), "go together"),
        (ChannelSettings(channel=AIR, quality=QualityChecks(gross_range=GrossRange(suspect=(5, 1)))), "a range is"),
        (ChannelSettings(channel=AIR, quality=QualityChecks(spike=Spike(suspect=5, fail=1))), "must be beyond"),
        (ChannelSettings(channel=AIR, calibration=[CalibrationSettings(gain=0)]), "gain must not be 0"),
    ],
)
def test_contradictory_settings_are_refused_with_a_reason(settings: ChannelSettings, sentence: str) -> None:
    with pytest.raises(SettingsError, match=f"^channel {AIR}: ") as caught:
        Rig(settings)
    assert sentence in str(caught.value)


def test_the_built_in_limits_are_valid_and_a_channels_own_tests_replace_them(tmp_path: Path) -> None:
    limits = load_limits("greenhouse", tmp_path)
    assert {AIR, "relative_humidity_pct", "co2_ppm", "par_umol_m2_s"} <= limits.keys()
    assert all(find_mistake(checks) is None for checks in limits.values())
    own = QualityChecks(rate_of_change=RateOfChange(suspect=9), off=("flat_line",))
    merged = merge_checks(limits[AIR], own)
    assert (merged.rate_of_change, merged.flat_line) == (own.rate_of_change, None)
    assert merged.gross_range == limits[AIR].gross_range
    assert load_limits("", tmp_path) == {}
    (tmp_path / "mine.toml").write_text("[mood_degc]\ngap_s = 3\n")
    with pytest.raises(SettingsError, match=r"^mine\.toml:1: 'mood_degc' is not in the table of quantities"):
        load_limits("mine.toml", tmp_path)


@given(
    st.lists(
        st.tuples(st.integers(-5, 100), st.one_of(st.none(), st.floats(-100, 100)), st.sampled_from([1, 2, 3, 4, 9])),
        max_size=40,
    ),
    st.sampled_from([0.0, 5.0]),
)
def test_no_sample_is_dropped_doubled_or_flagged_better_than_by_its_source(
    steps: list[tuple[int, float | None, int]], spike_wait_s: float
) -> None:
    rig = Rig(limits=load_limits("greenhouse", Path()), spike_wait_s=spike_wait_s)
    at_s, sent = 0, []
    for wait_s, value, flag in steps:
        at_s = max(0, at_s + wait_s)
        sent.append((float(at_s), value, flag))
        rig.send(at_s, flags={AIR: flag}, air_temperature_degc=value)
    rig.processor.finish(rig.out)
    rows = rig.rows()
    assert [row[:2] for row in rows] == [sample[:2] for sample in sent], "in the order of arrival"
    assert all(row[2] >= sample[2] for row, sample in zip(rows, sent, strict=True))


def run_of(device: DeviceId, times_s: list[int], channel: str, values: list[float | None]) -> Readings:
    return Readings(device, Clock.RTC, [START_MS + 1000 * at_s for at_s in times_s], {channel: values})


def test_rows_by_column_are_processed_one_by_one_only_where_a_step_applies() -> None:
    rig = Rig(ChannelSettings(channel=AIR, device="gh-1", quality=QualityChecks(gross_range=GrossRange(fail=(0, 40)))))
    drone = DeviceId("uav-1", "drone", "home")
    rig.sink.runs(
        [
            run_of(HOUSE, [0, 2], AIR, [20.0, 99.0]),
            run_of(HOUSE, [1], "co2_ppm", [800.0]),
            run_of(drone, [0, 1], AIR, [20.0, 99.0]),
        ]
    )
    flags = {(row.source.device, row.time_ms - START_MS, *row.values): dict(row.quality) for row in rig.out.readings}
    assert flags == {
        ("gh-1", 0, AIR): {},
        ("gh-1", 2000, AIR): {AIR: 4},
        ("gh-1", 1000, "co2_ppm"): {},
        ("uav-1", 0, AIR): {},
        ("uav-1", 1000, AIR): {},
    }
    assert rig.processor.counters()["rows"] == 5


def test_an_alarm_receives_each_row_of_its_device_in_time_order_and_no_other_runs_are_split() -> None:
    rule = AlarmRule(name="hot", device="gh-1", channel=AIR, above=30.0, for_s=0)
    rig = Rig(rules=[rule])
    drone = DeviceId("uav-1", "drone", "home")
    passed: list[Readings] = []
    rig.out.runs = passed.extend  # type: ignore[method-assign, assignment]  # runs that were not split
    rig.sink.runs(
        [
            run_of(HOUSE, [0, 2, 4], "co2_ppm", [800.0, 801.0, 802.0]),
            run_of(HOUSE, [1, 3], AIR, [20.0, 35.0]),
            run_of(drone, [0], AIR, [99.0]),
        ]
    )
    assert [run.source for run in passed] == [drone]
    assert [row.time_ms - START_MS for row in rig.out.readings] == [0, 1000, 2000, 3000, 4000]
    assert [(event.kind, event.t - START_MS) for event in rig.out.events] == [("alarm_raised", 3000)]
