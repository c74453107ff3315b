import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headland.agronomy.application.weighing import Hopper, find_refills, mass_from_hopper


def weigh(*steps: tuple[int, float]) -> Hopper:
    """Return five weights a second along straight lines through (seconds, kg)."""
    seconds = np.arange(steps[0][0], steps[-1][0], 0.2)
    mass_kg = np.interp(seconds, [step[0] for step in steps], [step[1] for step in steps])
    return Hopper(np.round(seconds * 1000).astype(np.int64), mass_kg)


def test_a_hopper_that_only_loses_tells_its_loss() -> None:
    hopper = weigh((0, 50.0), (10, 50.0), (100, 20.0), (110, 20.0))
    mass = mass_from_hopper(hopper, (0, 110_000))
    assert mass.mass_kg == pytest.approx(30.0, abs=1e-6)
    assert mass.n == 550


def test_refills_are_added() -> None:
    hopper = weigh((0, 50.0), (100, 5.0), (130, 5.0), (150, 50.0), (160, 50.0), (200, 30.0), (210, 30.0))
    mass = mass_from_hopper(hopper, (0, 210_000))
    assert mass.mass_kg == pytest.approx(65.0, abs=0.2)
    ((first, last),) = find_refills(hopper.time_ms.astype(float), hopper.mass_kg)
    assert (first, last) == pytest.approx((130_000, 160_000), abs=10_500)


@given(seed=st.integers(0, 2**32), noise_kg=st.floats(0.0, 0.25))
def test_noise_is_neither_product_nor_refill(seed: int, noise_kg: float) -> None:
    clean = weigh((0, 40.0), (60, 40.0))
    noise = np.random.default_rng(seed).normal(0.0, noise_kg, len(clean.time_ms))
    mass = mass_from_hopper(Hopper(clean.time_ms, clean.mass_kg + noise), (0, 60_000))
    assert abs(mass.mass_kg) < 6 * noise_kg / np.sqrt(5) + 1e-9


@given(at_s=st.integers(1, 199))
def test_masses_of_adjoining_windows_add_up(at_s: int) -> None:
    hopper = weigh((0, 50.0), (100, 5.0), (130, 5.0), (150, 50.0), (200, 30.0))
    whole = mass_from_hopper(hopper, (0, 200_000)).mass_kg
    parts = [mass_from_hopper(hopper, window).mass_kg for window in ((0, at_s * 1000), (at_s * 1000, 200_000))]
    assert sum(parts) == pytest.approx(whole, abs=1e-6)
