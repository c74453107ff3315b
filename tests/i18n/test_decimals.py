"""Numbers for people are rounded as browsers round them: by their shortest digits, halves away from zero."""

from __future__ import annotations

import math

import pytest

from headland.i18n.decimals import decimal_text


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.6825, 3, "0.683"), (2.675, 2, "2.68"), (1.005, 2, "1.01"), (-0.125, 2, "-0.13"), (0.5, 0, "1"),
        (1234567.5, 0, "1,234,568"), (1e-9, 3, "0.000"), (12.0, 1, "12.0"), (3, 2, "3.00"),
    ],
)  # fmt: skip
def test_a_half_is_rounded_as_on_the_page(value: float, digits: int, text: str) -> None:
    assert decimal_text(value, digits) == text


@pytest.mark.parametrize("value", [math.nan, math.inf, 1e40])
def test_what_has_no_decimals_is_written_all_the_same(value: float) -> None:
    assert decimal_text(value, 2)
