"""Restricted maximum likelihood and Student's t against published numbers.

`john_alpha.csv`: spring oats, John and Williams (1995, page 146), as in the R package agridat (MIT).
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from headland.agronomy.trials.analyses import TrialData, analyse_mixed, analyse_spatial, heritability_of, indicator
from headland.agronomy.trials.reml import VarianceComponents, fit_reml
from headland.agronomy.trials.students_t import t_quantile, t_two_sided


def oats() -> tuple[np.ndarray, list[str], list[str], list[str]]:
    with (Path(__file__).parent / "john_alpha.csv").open() as file:
        rows = list(csv.DictReader(file))
    values = np.array([float(row["yield"]) for row in rows])
    return values, *([row[name] for row in rows] for name in ("gen", "rep", "block"))  # type: ignore[return-value]


def test_quantiles_of_students_t_are_those_of_the_tables() -> None:
    # Two-sided; Abramowitz and Stegun, table 26.10.
    for level, df, t in ((0.95, 1, 12.706), (0.95, 10, 2.228), (0.99, 30, 2.750), (0.90, 5, 2.015), (0.95, 120, 1.980)):
        assert t_quantile(level, df) == pytest.approx(t, abs=6e-4)
        assert t_two_sided(t_quantile(level, df), df) == pytest.approx(1.0 - level, rel=1e-9)


def test_the_oats_have_the_published_genetic_variance_and_heritability() -> None:
    # Piepho and Moehring (2007), example 1: 0.142902; Cullis' heritability 0.8091.
    found = heritability_of(*oats())
    assert found.genetic == pytest.approx(0.1429, abs=1e-3)
    assert found.heritability == pytest.approx(0.8091, abs=1e-3)
    # What is predicted is drawn towards the mean of all, and keeps it.
    predicted = np.array([value for _, value in found.predictions])
    assert predicted.mean() == pytest.approx(found.mean, abs=1e-6)
    assert (
        predicted.std()
        < np.array([np.mean(oats()[0][np.array(oats()[1]) == name]) for name, _ in found.predictions]).std()
    )


def test_the_oats_have_the_published_residual_and_means_with_fixed_varieties() -> None:
    # lme4 as agridat prints it: residual 0.08523, blocks 0.06194, G01 5.146433, G02 4.517265, G03 3.537934.
    values, variety, replicate, block = oats()
    in_replicate = [f"{r}/{b}" for r, b in zip(replicate, block, strict=True)]
    place = np.zeros(len(values))
    data = TrialData(values, variety, in_replicate, place, place, replicate=replicate)
    found = analyse_mixed(data)
    assert found.model is not None
    assert found.model.is_converged
    assert found.model.parameter("residual") == pytest.approx(0.08523, abs=1e-4)
    assert found.model.parameter("block") == pytest.approx(0.06194, abs=1e-4)
    # Agridat's means are those in the first replicate; the differences between varieties are the same.
    for (_, contrast), mean in zip(found.differences, (4.517265, 3.537934), strict=False):
        assert contrast.estimate == pytest.approx(mean - 5.146433, abs=1e-4)
    # Its average variance of a difference of two means, before the correction for few plots: 0.07010875.
    plain = found.model._plain_covariance[:24, :24]
    pairs = [plain[i, i] + plain[j, j] - 2.0 * plain[i, j] for i in range(24) for j in range(i)]
    assert np.mean(pairs) == pytest.approx(0.07010875, abs=1e-5)


def test_a_balanced_trial_in_blocks_has_the_interval_of_its_analysis_of_variance() -> None:
    rng = np.random.default_rng(3)
    blocks, treatments = 6, 4
    y = rng.normal(size=(blocks, treatments)) * 0.3 + rng.normal(size=(blocks, 1)) + np.arange(treatments) * 0.2
    labels = [str(t) for _ in range(blocks) for t in range(treatments)]
    of_block = [str(b) for b in range(blocks) for _ in range(treatments)]
    at = np.zeros(y.size)
    found = analyse_mixed(TrialData(y.ravel(), labels, of_block, at, at))
    residual = y - y.mean(axis=0) - y.mean(axis=1, keepdims=True) + y.mean()
    mean_square = (residual**2).sum() / ((blocks - 1) * (treatments - 1))
    (_, contrast) = found.differences[0]
    assert contrast.estimate == pytest.approx(y[:, 1].mean() - y[:, 0].mean())
    assert contrast.standard_error == pytest.approx(np.sqrt(2.0 * mean_square / blocks), rel=1e-5)
    assert contrast.df == pytest.approx(15.0, rel=1e-4)
    assert found.lsd_t_ha == pytest.approx(t_quantile(0.95, 15) * np.sqrt(2.0 * mean_square / blocks), rel=1e-4)


def test_blocks_that_differ_less_than_by_chance_do_not_narrow_the_intervals() -> None:
    # Plots of a block differ more than blocks do; the analysis of variance has 6 degrees of freedom all the same.
    y = np.array([[6.1, 5.5, 6.4], [5.6, 6.3, 6.2], [6.3, 5.9, 5.9], [5.7, 5.8, 6.6]])
    blocks, treatments = y.shape
    labels = [str(t) for _ in range(blocks) for t in range(treatments)]
    of_block = [str(b) for b in range(blocks) for _ in range(treatments)]
    at = np.zeros(y.size)
    found = analyse_mixed(TrialData(y.ravel(), labels, of_block, at, at))
    residual = y - y.mean(axis=0) - y.mean(axis=1, keepdims=True) + y.mean()
    mean_square = (residual**2).sum() / ((blocks - 1) * (treatments - 1))
    between = treatments * ((y.mean(axis=1) - y.mean()) ** 2).sum() / (blocks - 1)
    assert between < mean_square
    assert found.model is not None
    assert found.model.parameter("block") == pytest.approx((between - mean_square) / treatments, rel=1e-4)
    assert found.differences[0][1].df == pytest.approx(6.0, rel=1e-3)
    assert found.differences[0][1].standard_error == pytest.approx(np.sqrt(2.0 * mean_square / blocks), rel=1e-4)


def test_a_likelihood_rises_to_a_point_where_every_slope_is_zero_or_a_bound_holds() -> None:
    rng = np.random.default_rng(11)
    blocks = [str(number // 5) for number in range(40)]
    z = indicator(blocks)[1]
    y = rng.normal(size=40)  # no block differs: the variance of blocks may be 0
    x = np.ones((40, 1))
    model = VarianceComponents({"block": z}, 40)
    found = fit_reml(y, x, model)
    assert found.is_converged
    for change in ((1e-4, 0.0), (0.0, 1e-4), (0.0, -1e-4)):
        near = np.maximum(found.parameters + np.array(change), 0.0)
        v = model.build(near)[0]
        inverse = np.linalg.inv(v)
        information = x.T @ inverse @ x
        p_y = inverse @ y - inverse @ x @ np.linalg.solve(information, x.T @ inverse @ y)
        log_likelihood = -0.5 * (np.linalg.slogdet(v)[1] + np.linalg.slogdet(information)[1] + y @ p_y)
        assert log_likelihood <= found.log_likelihood + 1e-10


@pytest.mark.parametrize("count", [2, 3])
def test_too_few_plots_are_refused_and_not_guessed(count: int) -> None:
    at = np.arange(float(count))
    labels = ["a", "b", "a"][:count]
    for analyse in (analyse_mixed, analyse_spatial):
        with pytest.raises(ValueError, match="do not determine"):
            analyse(TrialData(at, labels, labels, at, at))
