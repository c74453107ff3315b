"""Validation of field trials and of what is observed on their plots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa

from headland.registry.db.tables.trial_tables import germplasm, trial_variables, trials
from headland.registry.models.errors import InvalidRecord, NotFound
from headland.registry.models.trials import PlotObservation, Trial, TrialVariable


def check_trial(trial: Trial, connection: sa.Connection, organisation: str) -> Trial:
    """Validate names, plots and references of a trial, and that no plot was removed or given another treatment."""
    names = Counter(treatment.name for treatment in trial.treatments)
    if any(count > 1 for count in names.values()):
        raise InvalidRecord("Two treatments have the same name: name each of them differently.")
    if len({plot.name for plot in trial.plots}) < len(trial.plots):
        raise InvalidRecord("Two plots have the same name: name each of them differently.")
    if [plot.number for plot in trial.plots] != list(range(1, len(trial.plots) + 1)):
        raise InvalidRecord("Plots are numbered from 1 in their order: number them again.")
    if any(plot.treatment >= len(trial.treatments) for plot in trial.plots):
        raise InvalidRecord("A plot has a treatment that the trial has not: list all treatments.")
    _require(connection, organisation, germplasm, [each.germplasm for each in trial.treatments if each.germplasm])
    _require(connection, organisation, trial_variables, trial.variables)
    before = connection.execute(
        sa.select(trials.c.plots).where(trials.c.organisation == organisation, trials.c.id == trial.id)
    ).scalar_one_or_none()
    if before is not None and [(plot["row"], plot["column"]) for plot in before] != [
        (plot.row, plot.column) for plot in trial.plots[: len(before)]
    ]:
        raise InvalidRecord("Plots were laid out already, and observations name them: add plots, or make a new trial.")
    return trial


def check_variable(variable: TrialVariable, _connection: sa.Connection, _organisation: str) -> TrialVariable:
    """Validate the range and the classes of a variable."""
    if variable.least is not None and variable.most is not None and variable.least > variable.most:
        raise InvalidRecord("The least value is above the most: exchange them.")
    if len({each.value for each in variable.categories}) < len(variable.categories):
        raise InvalidRecord("Two classes have the same value: give each its own.")
    return variable


def check_observation(observation: PlotObservation, connection: sa.Connection, organisation: str) -> PlotObservation:
    """Validate that the plot exists and that the value is one of its variable."""
    row = connection.execute(
        sa.select(trials.c.plots).where(
            trials.c.organisation == organisation, trials.c.id == observation.trial, trials.c.deleted_ms.is_(None)
        )
    ).one_or_none()
    if row is None:
        raise NotFound("trial", observation.trial)
    if observation.plot > len(row.plots):
        raise InvalidRecord(f"The trial has {len(row.plots)} plots, and no plot {observation.plot}.")
    variable = connection.execute(
        sa.select(trial_variables).where(
            trial_variables.c.organisation == organisation, trial_variables.c.id == observation.variable
        )
    ).one_or_none()
    if variable is None:
        raise NotFound("trial variable", observation.variable)
    if observation.value is not None:
        _check_value(observation.value, variable)
    return observation


def _check_value(value: str, variable: sa.Row[tuple[object, ...]]) -> None:
    name = variable.name
    if variable.data_type in ("numerical", "duration"):
        try:
            number = float(value)
        except ValueError as error:
            raise InvalidRecord(f"{value[:40]!r} is no number of {name!r}.") from error
        if not (
            (variable.least is None or number >= variable.least)
            and (variable.most is None or number <= variable.most)
            and abs(number) < 1e15
        ):
            bounds = f"{variable.least} to {variable.most}"
            raise InvalidRecord(f"{value[:40]} is outside the range of {name!r}, {bounds}.")
    elif variable.data_type == "date":
        try:
            date.fromisoformat(value[:10])
        except ValueError as error:
            raise InvalidRecord(f"{value[:40]!r} is no date of {name!r}: write 2026-11-27.") from error
    elif variable.categories and not set(value.split(":")) <= {each["value"] for each in variable.categories}:
        raise InvalidRecord(f"{value[:40]!r} is no class of {name!r}.")


def _require(connection: sa.Connection, organisation: str, table: sa.Table, ids: Sequence[str]) -> None:
    """Raise NotFound for the first id that the table does not have."""
    wanted = set(ids)
    if not wanted:
        return
    found = connection.execute(
        sa.select(table.c.id).where(table.c.organisation == organisation, table.c.id.in_(wanted))
    ).scalars()
    missing = sorted(wanted - set(found))
    if missing:
        raise NotFound(table.name.rstrip("s").replace("_", " "), missing[0])
