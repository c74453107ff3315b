"""Repository of observations of plots: what a program sends again is stored once."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from headland.registry.db.tables.trial_tables import plot_observations
from headland.registry.models.trials import PlotObservation
from headland.registry.repositories.context import RepositoryContext
from headland.registry.repositories.repository import Repository
from headland.registry.validation.trials import check_observation


class PlotObservationRepository:
    """Observations of plots. A value that is corrected is a new version; the audit log keeps the one before."""

    def __init__(self, context: RepositoryContext) -> None:
        self._context = context
        self.records = Repository(context, PlotObservation, plot_observations, check_observation)

    def add_all(self, observations: Sequence[PlotObservation]) -> list[PlotObservation]:
        """Add observations, all or none; one that is known already, by `key`, is changed to the newer value.

        Raises InvalidRecord, and NotFound for an unknown trial or variable.
        """
        known = {
            record.key: record
            for trial in {each.trial for each in observations}
            for record in self.records.all(trial=trial)
        }
        now_ms = self._context.now_ms()
        stored: list[PlotObservation] = []
        with self._context.database.writing() as connection:
            for each in observations:
                before = known.get(each.key)
                if before is None:
                    made = self.records.add_within(connection, each, now_ms)
                elif _same(before, each):
                    made = before
                else:
                    identity = {"id": before.id, "version": before.version}
                    made = self.records.change_within(connection, msgspec.structs.replace(each, **identity), now_ms)
                known[made.key] = made
                stored.append(made)
        return stored

    def change_all(self, observations: Sequence[PlotObservation]) -> list[PlotObservation]:
        """Change observations, all or none, at the versions that they have; raises as `Repository.change`."""
        now_ms = self._context.now_ms()
        changed = [each for each in observations if not _same(self.records.get(each.id), each)]
        with self._context.database.writing() as connection:
            made = {each.id: self.records.change_within(connection, each, now_ms) for each in changed}
        return [made.get(each.id, each) for each in observations]


def _same(before: PlotObservation, after: PlotObservation) -> bool:
    identity = {"id": "", "version": 0, "created_ms": 0, "changed_ms": 0}
    return msgspec.structs.replace(before, **identity) == msgspec.structs.replace(after, **identity)
