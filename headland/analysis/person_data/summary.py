"""Summary of the data kept of a person: number of records and their period, by kind."""

from __future__ import annotations

from dataclasses import dataclass

from headland.analysis.inputs.scope import OrgScope
from headland.registry.models.person_names import PersonNames
from headland.registry.models.personal_data import PersonalKind


@dataclass(slots=True)
class KeptData:
    """Data of one kind: how many records there are, and the first and the last instant where they have one."""

    kind: PersonalKind
    count: int = 0
    first_ms: int | None = None
    last_ms: int | None = None

    def add(self, time_ms: int | None) -> None:
        """Add a record."""
        self.count += 1
        if time_ms is not None:
            self.first_ms = time_ms if self.first_ms is None else min(self.first_ms, time_ms)
            self.last_ms = time_ms if self.last_ms is None else max(self.last_ms, time_ms)


def summarise(scope: OrgScope, person: str, names: PersonNames) -> list[KeptData]:
    """Return what is kept of a person, each kind that there is in the order of the inventory."""
    repositories = scope.repositories
    found = {kind: KeptData(kind) for kind in PersonalKind}
    for row in repositories.person_data.rows(person, names):
        found[row.kind].add(row.time_ms)
        if row.table.name == "notes" and (row.is_written or is_author(names, row.values["author"])):
            for _ in row.values["photos"] or ():
                found[PersonalKind.PHOTOS].add(row.time_ms)
    for flown in repositories.person_data.flown(names):
        found[PersonalKind.TRACKS].add(flown.start_ms)
    return [kept for kept in found.values() if kept.count]


def is_author(names: PersonNames, author: str) -> bool:
    """Tell whether the author of a record is the person, and not somebody beside them."""
    return bool(names.redact(author) == names.pseudonym)
