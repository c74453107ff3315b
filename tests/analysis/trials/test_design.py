"""Places of a trial on a field."""

from __future__ import annotations

from headland.analysis.trials.design import TrialOrder, draw_trial
from headland.registry.models.models import Field
from headland.registry.models.trials import TrialTreatment
from tests.api.farm import EAST_DEG_M, NORTH_DEG_M

M = tuple[float, float]


def part_of(corner: M, size: M) -> tuple[tuple[M, ...]]:
    """Return a rectangle by its corner and size [m]."""
    (east, north), (width, length) = corner, size
    metres = [(0.0, 0.0), (width, 0.0), (width, length), (0.0, length), (0.0, 0.0)]
    return (tuple((10.0 + (east + x) / EAST_DEG_M, (north + y) / NORTH_DEG_M) for x, y in metres),)


def test_a_trial_on_a_field_in_parts_lies_in_the_largest() -> None:
    parts = (part_of((0.0, 0.0), (60.0, 60.0)), part_of((0.0, 200.0), (90.0, 90.0)))
    field = Field(id="f", farm="farm", name="Parts", geometry=parts)
    treatments = tuple(TrialTreatment(name=f"N{rate}", n_kg_ha=float(rate)) for rate in (0, 180))
    order = TrialOrder(
        field="f", name="N", kind="rcbd", treatments=treatments, replicates=4, seed=1, length_m=20.0, width_m=6.0
    )
    trial = draw_trial(order, field)
    assert len(trial.plots) == 8
    assert trial.latitude_deg is not None
    assert 200.0 < trial.latitude_deg * NORTH_DEG_M < 290.0
