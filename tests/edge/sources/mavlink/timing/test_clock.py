from __future__ import annotations

import itertools
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.sources.mavlink.timing.clock import UTC_FROM_US, BootClock, BootState, MapUpdate, UtcMap
from tests.edge.sources.mavlink.stand_ins import NOON_MS
from tests.examples import examples


def pair_at(boot_ms: int, offset_ms: float = NOON_MS) -> tuple[int, int]:
    return round((boot_ms + offset_ms) * 1000), boot_ms


def test_a_utc_of_zero_or_before_2015_is_unknown() -> None:
    clock = UtcMap()
    for unix_us in (0, 1, 5_000_000, UTC_FROM_US, 2**63):
        assert clock.observe(unix_us, 1000) is MapUpdate.UNKNOWN
    assert not clock.known


def test_the_first_pair_sets_the_map() -> None:
    clock = UtcMap()
    assert clock.observe(*pair_at(1000)) is MapUpdate.FOUND
    assert clock.utc_ms(1000) == NOON_MS + 1000
    assert clock.utc_ms(500) == NOON_MS + 500


def test_scatter_and_drift_like_a_real_autopilots_give_no_step_and_no_lag() -> None:
    """45 ppm and +-15 ms, as a Copter 3.5 showed over 23 minutes."""
    clock, scatter = UtcMap(), random.Random(7)
    stamps: list[int] = []
    for boot_ms in range(100_000, 1_500_000, 100):
        true_offset_ms = NOON_MS - 45e-6 * (boot_ms - 100_000)
        if boot_ms % 500 == 0:
            clock.observe(*pair_at(boot_ms, true_offset_ms + scatter.uniform(-15, 15)))
        stamps.append(clock.utc_ms(boot_ms))
        assert abs(stamps[-1] - (boot_ms + true_offset_ms)) <= 16
    steps = {later - earlier for earlier, later in itertools.pairwise(stamps)}
    assert steps <= {99, 100, 101}
    assert 3 < clock.uncertainty_ms() < 20


@settings(max_examples=examples(60), deadline=None)
@given(
    offsets=st.lists(st.floats(-400, 400), min_size=2, max_size=60),
    steps=st.lists(st.integers(2, 400), min_size=60, max_size=60),
)
def test_stamps_always_rise_while_there_is_no_step(offsets: list[float], steps: list[int]) -> None:
    clock, boot_ms, last_ms = UtcMap(), 10_000, 0
    for offset_ms, step_ms in zip(offsets, steps, strict=False):
        boot_ms += step_ms
        clock.observe(*pair_at(boot_ms, NOON_MS + offset_ms / 2))
        assert clock.utc_ms(boot_ms) > last_ms
        last_ms = clock.utc_ms(boot_ms)


def test_one_wild_pair_is_only_suspect() -> None:
    clock = UtcMap()
    clock.observe(*pair_at(1000))
    assert clock.observe(*pair_at(2000, NOON_MS + 9000)) is MapUpdate.SUSPECT
    assert clock.observe(*pair_at(3000)) is MapUpdate.STEADY
    assert clock.utc_ms(3000) == NOON_MS + 3000


def test_three_agreeing_pairs_make_a_step() -> None:
    clock = UtcMap()
    clock.observe(*pair_at(1000))
    updates = [clock.observe(*pair_at(boot_ms, NOON_MS + 9000)) for boot_ms in (2000, 3000, 4000)]
    assert updates == [MapUpdate.SUSPECT, MapUpdate.SUSPECT, MapUpdate.STEPPED]
    assert clock.utc_ms(4000) == NOON_MS + 13_000


def test_a_repeated_pair_confirms_nothing() -> None:
    clock = UtcMap()
    clock.observe(*pair_at(1000))
    for _ in range(5):
        assert clock.observe(*pair_at(2000, NOON_MS + 9000)) is MapUpdate.SUSPECT


def test_a_millisecond_counter_that_wraps_goes_on() -> None:
    boot = BootClock()
    boot.observe(2**32 - 500)
    assert boot.observe(300) == (2**32 + 300, BootState.RUNNING)
    assert boot.observe(2**32 - 100) == (2**32 - 100, BootState.RUNNING)  # overtaken by the wrap
    assert boot.observe(1300) == (2**32 + 1300, BootState.RUNNING)


def test_a_fall_is_a_reboot_once_it_is_confirmed() -> None:
    boot = BootClock()
    boot.observe(500_000)
    assert [boot.observe(ms)[1] for ms in (2000, 2100, 2200)] == [
        BootState.FALLEN,
        BootState.FALLEN,
        BootState.REBOOTED,
    ]
    assert boot.last_ms == 2200


def test_a_late_message_is_no_reboot() -> None:
    boot = BootClock()
    boot.observe(500_000)
    assert boot.observe(499_200) == (499_200, BootState.RUNNING)
    assert boot.observe(490_000)[1] is BootState.FALLEN
    assert boot.observe(500_100) == (500_100, BootState.RUNNING)


@settings(max_examples=examples(80), deadline=None)
@given(boot_ms=st.integers(0, 40 * 86_400_000), behind_ms=st.integers(-4000, 4000))
def test_a_wrapped_microsecond_stamp_is_unwrapped_around_the_boot_time(boot_ms: int, behind_ms: int) -> None:
    boot = BootClock()
    boot.observe(boot_ms)
    stamp_ms = max(0, boot_ms - behind_ms)
    assert boot.unwrap_us(stamp_ms * 1000 % 2**32) == stamp_ms


def test_a_microsecond_stamp_of_another_clock_is_rejected() -> None:
    boot = BootClock()
    assert boot.unwrap_us(1_000_000) is None
    boot.observe(100_000)
    assert boot.unwrap_us(50_000_000) is None
