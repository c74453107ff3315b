"""Report strategies: which samples are withheld, and that silence always means a dead sensor."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.pipeline.channels.reporting import ChannelSample, Reporter, due_s, make_reporter
from edge.pipeline.channels.settings import ChannelSettings


def make(**settings: object) -> Reporter:
    made = make_reporter(ChannelSettings(channel="air_temperature_degc", **settings))  # type: ignore[arg-type] # by test
    assert made is not None
    return made


def passed(reporter: Reporter, values: list[float | None], every_s: int = 10) -> list[tuple[int, float | None]]:
    samples = []
    for at, value in enumerate(values):
        samples += [
            (sample.time_ms // 1000, sample.value)
            for sample in reporter.report(ChannelSample(at * every_s * 1000, value, 1))
        ]
    return samples


def test_periodic_reports_one_sample_each_period() -> None:
    samples = passed(make(report="periodic", every_s=30), [float(at) for at in range(10)])
    assert samples == [(0, 0), (30, 3), (60, 6), (90, 9)]


def test_on_change_reports_a_change_with_the_value_before_it_and_the_heartbeat_in_between() -> None:
    values: list[float | None] = [5, 5, 5, 5, 7, 7, 7, 7, 7, 7, 7, 7]
    samples = passed(make(report="change", heartbeat_s=60), values)
    assert samples == [(0, 5), (30, 5), (40, 7), (100, 7)]


def test_a_deadband_withholds_samples_close_to_the_last_reported_one() -> None:
    values: list[float | None] = [20, 20.1, 20.2, 20.3, 20.35, 20.2]
    samples = passed(make(report="deadband", deadband=0.25, heartbeat_s=600), values)
    assert samples == [(0, 20), (20, 20.2), (30, 20.3)]


def test_a_value_that_appears_or_disappears_and_a_new_flag_are_always_reported() -> None:
    reporter = make(report="deadband", deadband=5, heartbeat_s=600)
    samples = [
        ChannelSample(0, 1, 1),
        ChannelSample(1, 1, 3),
        ChannelSample(2, None, 3),
        ChannelSample(3, None, 3),
        ChannelSample(4, 2, 1),
    ]
    assert [len(reporter.report(sample)) for sample in samples] == [1, 1, 1, 0, 2]


def test_a_time_that_goes_back_is_reported() -> None:
    reporter = make(report="change", heartbeat_s=600)
    assert [reporter.report(ChannelSample(time_ms, 1, 1)) for time_ms in (1000, 500)] == [
        (ChannelSample(1000, 1, 1),),
        (ChannelSample(500, 1, 1),),
    ]


def test_the_longest_time_between_reported_samples_is_known() -> None:
    base = {"channel": "co2_ppm", "interval_s": 10.0}
    assert due_s(ChannelSettings(**base)) == 10  # type: ignore[arg-type] # by test
    assert due_s(ChannelSettings(**base, report="periodic", every_s=60)) == 60  # type: ignore[arg-type]
    assert due_s(ChannelSettings(**base, report="change", heartbeat_s=300)) == 310  # type: ignore[arg-type]


@given(
    st.lists(st.tuples(st.integers(1, 100_000), st.one_of(st.none(), st.floats(-50, 50))), min_size=1, max_size=100),
    st.floats(0.01, 5),
    st.integers(1, 600),
)
def test_a_withheld_sample_is_within_the_deadband_and_never_for_longer_than_a_heartbeat(
    steps: list[tuple[int, float | None]], deadband: float, heartbeat_s: int
) -> None:
    reporter = make(report="deadband", deadband=deadband, heartbeat_s=heartbeat_s)
    time_ms = 0
    reported: list[ChannelSample] = []
    given_ms = []
    for wait_ms, value in steps:
        time_ms += wait_ms
        given_ms.append(time_ms)
        reported += reporter.report(ChannelSample(time_ms, value, 1))
        last = reported[-1]
        assert time_ms - last.time_ms < heartbeat_s * 1000
        assert (value is None) == (last.value is None)
        if value is not None and last.value is not None:
            assert abs(value - last.value) <= deadband
    times = [sample.time_ms for sample in reported]
    assert times == sorted(set(times)), "in order, and none twice"
    assert set(times) <= set(given_ms)
