"""Linear mixed model y = X b + e with a covariance of unknown parameters, fitted by restricted maximum likelihood.

Average information (Gilmour, Thompson and Cullis 1995); the covariance of the effects with the small-sample correction
of Kenward and Roger (1997) and their degrees of freedom by Satterthwaite's approximation (Fai and Cornelius 1996).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from headland.agronomy.series.arrays import Values
from headland.agronomy.trials.students_t import t_quantile, t_two_sided

Matrix = NDArray[np.float64]

_MOST_STEPS: Final = 200
_SCORE: Final = 1e-9
_FEWEST_DF: Final = 1.0


class CovarianceModel(Protocol):
    """Covariance of the observations by its parameters, which have bounds."""

    names: tuple[str, ...]
    lower: Values
    upper: Values

    def start(self, variance: float) -> Values:
        """Return parameters to start from, given the variance of the residuals of X."""
        ...

    def build(self, parameters: Values) -> tuple[Matrix, list[Matrix]]:
        """Return the covariance and its derivative by each parameter."""
        ...


class VarianceComponents:
    """Random effects, each with its variance, and independent residuals: V = sum of s_k Z_k Z_k' + s_e I.

    With `may_be_negative`, s_k is the covariance of two observations that share a level, and only V must be positive
    (Nelder 1954). A bound at 0 joins the strata of levels and residuals wherever levels differ less than by chance, and
    so counts their errors as fewer than they are: intervals of effects are then too narrow (Stroup and Littell 2002).
    """

    def __init__(self, effects: dict[str, Matrix], count: int, *, may_be_negative: bool = False) -> None:
        self.names = (*effects, "residual")
        self._parts = [*(z @ z.T for z in effects.values()), np.eye(count)]
        self.lower = np.array([*[-np.inf if may_be_negative else 0.0] * len(effects), 0.0])
        self.upper = np.full(len(self._parts), np.inf)

    def start(self, variance: float) -> Values:
        """Return equal shares of the variance."""
        return np.full(len(self._parts), variance / len(self._parts))

    def build(self, parameters: Values) -> tuple[Matrix, list[Matrix]]:
        """Return the covariance and its derivatives."""
        whole = sum((s * part for s, part in zip(parameters, self._parts, strict=True)), np.zeros_like(self._parts[0]))
        return whole, self._parts


class SpatialCovariance:
    """AR1 x AR1 over the rows and columns of a trial, an independent part (nugget), and random effects.

    Correlation at a distance of i rows and j columns: rho_row^i rho_column^j (Cullis and Gleeson 1991).
    """

    def __init__(self, row: Values, column: Values, effects: dict[str, Matrix] | None = None) -> None:
        effects = effects or {}
        self.names = ("spatial", "row_correlation", "column_correlation", "residual", *effects)
        self._rows = np.abs(row[:, None] - row[None, :])
        self._columns = np.abs(column[:, None] - column[None, :])
        self._parts = [z @ z.T for z in effects.values()]
        more = len(effects)
        self.lower = np.array([0.0, -0.95, -0.95, 0.0, *[0.0] * more])
        self.upper = np.array([np.inf, 0.995, 0.995, np.inf, *[np.inf] * more])

    def start(self, variance: float) -> Values:
        """Return half of the variance as spatial, with middling correlations."""
        return np.array([0.6 * variance, 0.5, 0.5, 0.3 * variance, *[0.1 * variance] * len(self._parts)])

    def build(self, parameters: Values) -> tuple[Matrix, list[Matrix]]:
        """Return the covariance and its derivatives."""
        spatial, by_row, by_column, nugget, *rest = parameters
        rows, columns = _power(by_row, self._rows), _power(by_column, self._columns)
        both = rows * columns
        eye = np.eye(len(both))
        whole = spatial * both + nugget * eye
        for s, part in zip(rest, self._parts, strict=True):
            whole = whole + s * part
        along = spatial * columns * _slope(by_row, self._rows)
        across = spatial * rows * _slope(by_column, self._columns)
        return whole, [both, along, across, eye, *self._parts]


@dataclass(frozen=True, slots=True)
class Contrast:
    """A combination of effects: its estimate, standard error, degrees of freedom, interval, and p of no effect."""

    estimate: float
    standard_error: float
    df: float
    low: float
    high: float
    p: float
    level: float


@dataclass(frozen=True, slots=True)
class FittedModel:
    """A fitted model: parameters by name, effects and their covariance.

    `is_converged` is False where the likelihood still rose at the last step. `at_bound` names parameters at a bound,
    such as a variance of 0.
    """

    names: tuple[str, ...]
    parameters: Values
    effects: Values
    effects_covariance: Matrix
    log_likelihood: float
    is_converged: bool
    at_bound: tuple[str, ...]
    projection: Matrix
    _slopes: tuple[Matrix, ...]
    _plain_covariance: Matrix
    _parameter_covariance: Matrix
    _y: Values

    def parameter(self, name: str) -> float:
        """Return a parameter of the covariance."""
        return float(self.parameters[self.names.index(name)])

    def contrast(self, weights: Sequence[float] | Values, level: float = 0.95) -> Contrast:
        """Return a combination of the effects with its interval at a level."""
        c = np.asarray(weights, np.float64)
        estimate = float(c @ self.effects)
        variance = float(c @ self._plain_covariance @ c)
        gradient = np.array([float(c @ slope @ c) for slope in self._slopes])
        spread = float(gradient @ self._parameter_covariance @ gradient)
        most = len(self._y) - len(self.effects)
        df = most if spread <= 0.0 else min(max(2.0 * variance**2 / spread, _FEWEST_DF), most)
        error = float(np.sqrt(max(float(c @ self.effects_covariance @ c), 0.0)))
        reach = t_quantile(level, df) * error
        p = 1.0 if error == 0.0 else t_two_sided(estimate / error, df)
        return Contrast(estimate, error, float(df), estimate - reach, estimate + reach, p, level)

    def random_effects(self, z: Matrix, variance: float) -> tuple[Values, Matrix]:
        """Return the predictions (BLUP) of random effects and the covariance of their errors."""
        g_z = variance * z.T
        return g_z @ self.projection @ self._y, variance * np.eye(z.shape[1]) - g_z @ self.projection @ g_z.T


def fit_reml(y: Values, x: Matrix, covariance: CovarianceModel) -> FittedModel:
    """Return the fitted model; raises ValueError where `x` has not full column rank, or for too few observations."""
    n, p = x.shape
    if n <= p + len(covariance.names) or np.linalg.matrix_rank(x) < p:
        raise ValueError(f"{n} observations do not determine {p} effects and {len(covariance.names)} variances")
    residual = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    variance = max(float(residual @ residual) / (n - p), 1e-12)
    parameters = covariance.start(variance)
    scale = np.where(np.isinf(covariance.upper), variance, 1.0)
    state = _State.at(y, x, covariance, parameters)
    is_converged = False
    for _ in range(_MOST_STEPS):
        score, information = state.score(), state.average_information()
        is_free = ~(
            ((parameters <= covariance.lower + 1e-10 * scale) & (score < 0.0))
            | ((parameters >= covariance.upper - 1e-10) & (score > 0.0))
        )
        if not is_free.any() or float(np.max(np.abs(score[is_free] * scale[is_free]))) < _SCORE * n:
            is_converged = True
            break
        step = np.zeros_like(parameters)
        step[is_free] = _solve(information[np.ix_(is_free, is_free)], score[is_free], scale[is_free])
        better = _climb(y, x, covariance, parameters, step, state)
        if better is None:
            gradient = np.where(is_free, score * scale**2, 0.0)
            gradient *= 0.1 * variance / max(float(np.max(np.abs(gradient))), 1e-300)
            better = _climb(y, x, covariance, parameters, gradient, state)
        if better is None:
            is_converged = True
            break
        gain = better[1].log_likelihood - state.log_likelihood
        parameters, state = better
        if gain < 1e-11 * max(abs(state.log_likelihood), 1.0):
            is_converged = True
            break
    return state.result(covariance, parameters, scale, is_converged)


@dataclass(frozen=True, slots=True)
class _State:
    y: Values
    x: Matrix
    inverse: Matrix
    derivatives: list[Matrix]
    c: Matrix
    projection: Matrix
    p_y: Values
    log_likelihood: float

    @classmethod
    def at(cls, y: Values, x: Matrix, covariance: CovarianceModel, parameters: Values) -> _State:
        """Return the state at some parameters; raises LinAlgError where the covariance is not positive."""
        whole, derivatives = covariance.build(parameters)
        lower = np.linalg.cholesky(whole)
        half = np.linalg.solve(lower, np.eye(len(y)))
        inverse = np.asarray(half.T @ half, np.float64)
        v_x = inverse @ x
        information = x.T @ v_x
        c = np.asarray(np.linalg.inv(information), np.float64)
        projection = inverse - v_x @ c @ v_x.T
        p_y = projection @ y
        sign, log_x = np.linalg.slogdet(information)
        if sign <= 0:
            raise np.linalg.LinAlgError("the effects are not determined")
        log_v = 2.0 * float(np.log(np.diag(lower)).sum())
        return cls(y, x, inverse, derivatives, c, projection, p_y, -0.5 * (log_v + float(log_x) + float(y @ p_y)))

    def score(self) -> Values:
        """Return the slope of the restricted log-likelihood by each parameter."""
        return np.array(
            [-0.5 * (float((self.projection * d).sum()) - float(self.p_y @ d @ self.p_y)) for d in self.derivatives]
        )

    def average_information(self) -> Matrix:
        """Return the average of the observed and the expected information."""
        towards = np.array([d @ self.p_y for d in self.derivatives])
        return np.asarray(0.5 * towards @ self.projection @ towards.T, np.float64)

    def expected_information(self) -> Matrix:
        """Return the expected information."""
        p_d = [self.projection @ d for d in self.derivatives]
        return 0.5 * np.array([[float((a * b.T).sum()) for b in p_d] for a in p_d])

    def result(self, covariance: CovarianceModel, parameters: Values, scale: Values, is_converged: bool) -> FittedModel:
        """Return the fitted model; parameters at a bound count as known."""
        is_bound = (parameters <= covariance.lower + 1e-8 * scale) | (parameters >= covariance.upper - 1e-8)
        free = np.flatnonzero(~is_bound)
        spread = np.zeros((len(parameters), len(parameters)))
        if len(free):
            spread[np.ix_(free, free)] = np.linalg.pinv(self.expected_information()[np.ix_(free, free)])
        v_x = self.inverse @ self.x
        p_i = [-(v_x.T @ d @ v_x) for d in self.derivatives]
        change = np.zeros_like(self.c)
        for i in free:
            for j in free:
                q = v_x.T @ self.derivatives[i] @ self.inverse @ self.derivatives[j] @ v_x
                change += spread[i, j] * (q - p_i[i] @ self.c @ p_i[j])
        corrected = self.c + 2.0 * self.c @ change @ self.c
        slopes = tuple(-self.c @ p @ self.c for p in p_i)
        return FittedModel(
            covariance.names, parameters, self.c @ v_x.T @ self.y, corrected, self.log_likelihood, is_converged,
            tuple(name for name, bound in zip(covariance.names, is_bound, strict=True) if bound),
            self.projection, slopes, self.c, spread, self.y,
        )  # fmt: skip


def _solve(information: Matrix, score: Values, scale: Values) -> Values:
    """Return the step of the average information, damped where it is nearly singular."""
    scaled = information * scale[:, None] * scale[None, :]
    scaled = scaled + np.eye(len(scaled)) * 1e-9 * max(float(np.trace(scaled)), 1e-12)
    try:
        return scale * np.asarray(np.linalg.solve(scaled, score * scale), np.float64)
    except np.linalg.LinAlgError:
        return scale**2 * score


def _climb(
    y: Values, x: Matrix, covariance: CovarianceModel, parameters: Values, step: Values, state: _State
) -> tuple[Values, _State] | None:
    """Return the first of ever shorter steps at which the likelihood rises, None where none does."""
    for halvings in range(30):
        tried = np.clip(parameters + step * 0.5**halvings, covariance.lower, covariance.upper)
        try:
            found = _State.at(y, x, covariance, tried)
        except np.linalg.LinAlgError:
            continue
        if found.log_likelihood > state.log_likelihood:
            return tried, found
    return None


def _power(rho: float, distance: Matrix) -> Matrix:
    return np.where(distance == 0.0, 1.0, np.sign(rho) ** distance * np.abs(rho) ** distance)


def _slope(rho: float, distance: Matrix) -> Matrix:
    """Return the derivative of rho^distance by rho."""
    lower = np.maximum(distance - 1.0, 0.0)
    return distance * np.where(lower == 0.0, 1.0, np.sign(rho) ** lower * np.abs(rho) ** lower)
