"""Nutrients of a season: what is known is summed, and what is not is named."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from headland.agronomy.prescription.nutrients import Nutrients
from headland.analysis.passes.nutrients import FieldNutrients


def brought(per_ha: Nutrients | None) -> Any:
    return SimpleNamespace(per_ha=per_ha, field_pass=SimpleNamespace(simulated=False))


def test_the_known_passes_are_summed_while_another_is_unknown() -> None:
    passes = [brought(Nutrients(n=40.0)), brought(None), brought(Nutrients(n=30.0, k2o=5.0))]
    season = FieldNutrients(cast("Any", passes), None, "product_not_told")
    assert season.known == Nutrients(n=70.0, k2o=5.0)
    assert season.total is None


def test_nothing_known_is_no_zero() -> None:
    assert FieldNutrients([brought(None)], None, "product_not_told").known is None
