"""Lateral patterns: overlap compared with independently computed figures, and conservation of mass."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.agronomy.application.spread_pattern import (
    PATTERNS,
    Pattern,
    effective_swath_m,
    flow_kg_min,
    gaussian,
    make_pattern,
    overlap_cv_pct,
    rate_kg_ha,
    rectangle,
    trapezoid,
    triangle,
)
from tests.examples import examples

#: Coefficients of variation over the continuous ground, population form: closed forms (a triangle of half width H is
#: even at H, a trapezoid at top + half, a rectangle at its full width) and quadrature.
CV_PCT = [
    (triangle(5.0), 4.0, 5.164),
    (triangle(5.0), 5.0, 0.0),
    (triangle(5.0), 6.0, 6.928),
    (triangle(5.0), 8.0, 31.749),
    (triangle(5.0), 10.0, 57.735),
    (trapezoid(2.0, 5.0), 4.0, 6.148),
    (trapezoid(2.0, 5.0), 7.0, 0.0),
    (trapezoid(2.0, 5.0), 8.0, 16.723),
    (trapezoid(2.0, 5.0), 10.0, 47.380),
    (gaussian(2.0), 4.0, 1.017),
    (gaussian(2.0), 6.0, 15.776),
    (gaussian(2.0), 8.0, 41.196),
    (gaussian(2.0), 10.0, 64.492),
    (rectangle(5.0), 4.0, 20.0),
    (rectangle(5.0), 6.0, 28.284),
    (rectangle(5.0), 8.0, 34.641),
    (rectangle(5.0), 10.0, 0.0),
]
SKEWED = make_pattern(np.array([-5.0, 1.0, 5.0]), np.array([0.0, 1.0, 0.0]))

weights = st.lists(st.floats(0.0, 10.0), min_size=2, max_size=12).filter(lambda found: sum(found) > 0.1)


@st.composite
def patterns(draw: st.DrawFn) -> Pattern:
    weight = np.array(draw(weights))
    gaps = draw(st.lists(st.floats(0.1, 2.0), min_size=len(weight), max_size=len(weight)))
    return make_pattern(np.cumsum(gaps) - sum(gaps) / 2, weight)


@pytest.mark.parametrize(("pattern", "swath_m", "expected_pct"), CV_PCT)
def test_overlapping_tracks_vary_as_computed(pattern: Pattern, swath_m: float, expected_pct: float) -> None:
    for back_and_forth in (False, True):
        found = overlap_cv_pct(pattern, swath_m, back_and_forth=back_and_forth)
        assert found == pytest.approx(expected_pct, abs=0.03)


def test_a_skewed_pattern_varies_by_direction() -> None:
    assert overlap_cv_pct(SKEWED, 6.0) == pytest.approx(11.547, abs=0.03)
    assert overlap_cv_pct(SKEWED, 6.0, back_and_forth=True) > 15.0
    assert SKEWED.share_left == pytest.approx(5 / 12)


@pytest.mark.parametrize(
    ("pattern", "most_pct", "expected_m"),
    # Where the closed forms above cross the bar: a triangle of 5 at s has CV 15 % near 6.7 m and 25 % near 7.5 m.
    [(triangle(5.0), 25.0, 7.5), (triangle(5.0), 15.0, 6.7), (gaussian(2.0), 25.0, 6.7), (rectangle(5.0), 15.0, 10.0)],
)
def test_the_effective_swath_is_the_widest_that_is_even_enough(
    pattern: Pattern, most_pct: float, expected_m: float
) -> None:
    found = effective_swath_m(pattern, most_pct)
    assert found is not None
    assert found == pytest.approx(expected_m, abs=0.15)
    assert overlap_cv_pct(pattern, found) <= most_pct


def test_a_pattern_that_is_never_even_has_no_swath() -> None:
    comb = make_pattern(np.array([-5.0, -4.9, 4.9, 5.0]), np.array([1.0, 0.0, 0.0, 1.0]))
    assert effective_swath_m(comb, 1.0) is None


@settings(max_examples=examples(100), deadline=None)
@given(patterns(), st.lists(st.floats(-20.0, 20.0), min_size=1, max_size=20, unique=True))
def test_a_pattern_conserves_mass(pattern: Pattern, inner: list[float]) -> None:
    shares = pattern.shares(np.array([-100.0, *sorted(inner), 100.0]))
    assert shares.sum() == pytest.approx(1.0)
    assert shares.min() >= -1e-12
    assert pattern.share_left + pattern.mirrored().share_left == pytest.approx(1.0)


@settings(max_examples=examples(30), deadline=None)
@given(patterns(), st.floats(1.0, 12.0))
def test_mirroring_a_whole_field_changes_nothing(pattern: Pattern, swath_m: float) -> None:
    assert overlap_cv_pct(pattern, swath_m) == pytest.approx(overlap_cv_pct(pattern.mirrored(), swath_m), abs=0.05)


@pytest.mark.parametrize(
    ("offset", "weight"),
    [([0.0], [1.0]), ([0.0, 0.0], [1.0, 1.0]), ([0.0, 1.0], [1.0]), ([0.0, 1.0], [0.0, 0.0]), ([0.0, 1.0], [-1.0, 2.0]),
     ([0.0, 1.0], [np.nan, 1.0])],
)  # fmt: skip
def test_an_invalid_pattern_is_refused(offset: list[float], weight: list[float]) -> None:
    with pytest.raises(ValueError, match="a pattern"):
        make_pattern(np.array(offset), np.array(weight))


def test_named_patterns_are_even_at_their_swath() -> None:
    for name, make in PATTERNS.items():
        assert overlap_cv_pct(make(5.0), 5.0) < 2.0, name


@pytest.mark.parametrize(
    ("rate", "swath_m", "speed_m_s", "flow"),
    # The second is a DJI T30 in a wheat trial: 15 km/h, 300 kg/ha over 5.75 m.
    [(150.0, 6.0, 6.0, 32.4), (300.0, 5.75, 15 / 3.6, 43.125), (98.0, 5.5, 6.0, 19.404)],
)
def test_rate_and_flow_belong_together(rate: float, swath_m: float, speed_m_s: float, flow: float) -> None:
    assert flow_kg_min(rate, swath_m, speed_m_s) == pytest.approx(flow)
    assert rate_kg_ha(flow, swath_m, speed_m_s) == pytest.approx(rate)
