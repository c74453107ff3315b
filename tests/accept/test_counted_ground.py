"""Ten thousand seasons at random: statements, claims and a count of cells have one figure of each pass."""

from __future__ import annotations

import pytest

from tests.accept.conftest import Agreement
from tests.analysis.cooperative.test_one_counting_rule import check_season


@pytest.mark.long
@pytest.mark.parametrize("thousand", range(10))
def test_statements_and_claims_never_disagree(thousand: int, agree: Agreement) -> None:
    for seed in range(1000 * thousand, 1000 * (thousand + 1)):
        claimed, charged = check_season(seed)
        if charged:
            agree("claimed ground of passes of 10,000 seasons [m2]", claimed, charged, "statements")
