"""Bodies of BrAPI clients."""

import csv
from pathlib import Path

import msgspec
import pytest

from api.http.problems import ProblemError
from api.standards.brapi.requests import (
    MethodBody,
    ScaleBody,
    TraitBody,
    UnitBody,
    ValidValuesBody,
    VariableBody,
    variable_of,
    with_units,
)
from headland.analysis.trials.results import analyse_trial
from headland.registry.models.trials import PlotObservation, Trial, TrialVariable

OATS = Path(__file__).parents[3] / "agronomy/trials/john_alpha.csv"
FIELD, GERMPLASM = "f" * 26, "g" * 24


@pytest.mark.parametrize("bound", ["nan", "inf", "-Infinity", "a lot"])
def test_a_scale_whose_bound_is_no_number_is_refused(bound: str) -> None:
    scale = ScaleBody(data_type="Numerical", valid_values=ValidValuesBody(minimum_value=bound))
    body = VariableBody(observation_variable_name="yield", trait=TraitBody(), method=MethodBody(), scale=scale)
    with pytest.raises(ProblemError, match="no number of the scale's range"):
        variable_of(body)


def unit(number: int, replicate: str, block: str, variety: str) -> UnitBody:
    levels = [{"levelName": "rep", "levelCode": replicate}, {"levelName": "block", "levelCode": block}]
    body = {
        "studyDbId": "t" * 26,
        "observationUnitName": f"plot {number}",
        "germplasmDbId": f"{GERMPLASM}{variety[1:].lower()}",
        "germplasmName": variety,
        "observationUnitPosition": {"observationLevelRelationships": levels},
    }
    return msgspec.convert(body, UnitBody)


def test_a_trial_in_incomplete_blocks_that_arrives_in_parts_has_the_published_heritability() -> None:
    # Block B1 of each replicate is another block. John and Williams (1995): see tests/agronomy/trials/test_reml.py.
    with OATS.open() as file:
        rows = list(csv.DictReader(file))
    trial = Trial(id="t" * 26, field=FIELD, name="Oats", kind="imported")
    for first in range(0, len(rows), 7):
        part = [
            unit(first + at, row["rep"], row["block"], row["gen"]) for at, row in enumerate(rows[first : first + 7])
        ]
        trial = with_units(trial, part)
    assert len({plot.block for plot in trial.plots}) == 3 * 6
    assert {plot.replicate for plot in trial.plots} == {"R1", "R2", "R3"}
    variable = TrialVariable(id="v" * 26, name="yield", trait="grain yield", method="weighed", unit="t/ha")
    weighed = [
        PlotObservation(trial=trial.id, plot=plot.number, variable=variable.id, value=row["yield"])
        for plot, row in zip(trial.plots, rows, strict=True)
    ]
    found = analyse_trial(trial, variable, weighed)
    assert found.varieties is not None
    assert found.varieties.heritability == pytest.approx(0.8091, abs=1e-3)
    assert found.varieties.genetic_variance == pytest.approx(0.1429, abs=1e-3)
    assert found.parameters["residual"] == pytest.approx(0.08523, abs=1e-4)
    letters = {mean.treatment: set(mean.letters or "") for mean in found.means}
    means = {mean.treatment: mean.value for mean in found.means}
    best, *others = sorted(means, key=lambda name: -means[name])
    assert "a" in letters[best]
    least = min(means[best] - means[name] for name in others if not letters[name] & letters[best])
    assert least == pytest.approx(found.lsd, rel=0.2)
    assert found.method is not None


def test_a_level_that_was_stored_as_a_number_is_known_again() -> None:
    study = Trial(id="t" * 26, field=FIELD, name="Oats", kind="imported")
    once = with_units(study, [unit(1, "", "1", "G01"), unit(2, "", "2", "G02")])
    old = msgspec.structs.replace(once, plots=tuple(msgspec.structs.replace(plot, levels=()) for plot in once.plots))
    assert [plot.block for plot in with_units(old, [unit(3, "", "2", "G01")]).plots] == [0, 1, 1]
