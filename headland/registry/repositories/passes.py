"""Declared passes of one organisation: added, never changed, never deleted."""

from __future__ import annotations

from typing import Final

import msgspec

from headland.registry.db.tables.farm_tables import passes
from headland.registry.models.errors import RecordConflict
from headland.registry.models.models import Pass, VersionedRecord
from headland.registry.repositories.context import RepositoryContext
from headland.registry.repositories.repository import Repository
from headland.registry.validation.records import check_pass

_REGISTRY_FIELDS: Final = frozenset(VersionedRecord.__struct_fields__)


class PassRepository:
    """Append-only repository of declared passes."""

    def __init__(self, context: RepositoryContext) -> None:
        #: The repository of the records, for the check of the audit log.
        self.records = Repository(context, Pass, passes, check_pass)

    def declare(self, declared: Pass) -> Pass:
        """Add a pass and return it with its id; for an identical pass, return the existing one.

        Raises RecordConflict where another pass of this vehicle on this field begins at the same instant, and as
        `Repository.add` does.
        """
        try:
            return self.records.add(declared)
        except RecordConflict:
            for existing in self.records.all(field=declared.field, device=declared.device):
                if existing.start_ms != declared.start_ms:
                    continue
                if _declared_fields(existing) == _declared_fields(declared):
                    return existing
                raise RecordConflict(
                    f"Pass {existing.id} of {existing.device} begins at the same instant with other values. A pass is "
                    "never changed: declare this one with its real start."
                ) from None
            raise

    def get(self, id: str) -> Pass:  # noqa: A002 - it is the record's id
        """Return a pass; raises NotFound."""
        return self.records.get(id)

    def of_field(self, field: str) -> list[Pass]:
        """Return the passes of a field in the order of their start."""
        return sorted(self.records.all(field=field), key=lambda declared: (declared.start_ms, declared.id))

    def of_device(self, device: str, start_ms: int, end_ms: int) -> list[Pass]:
        """Return the passes of a vehicle that overlap [start_ms, end_ms), on any field."""
        declared = self.records.all(device=device)
        return [each for each in declared if each.start_ms < end_ms and start_ms < each.end_ms]


def _declared_fields(declared: Pass) -> dict[str, object]:
    values = msgspec.structs.asdict(declared)
    return {name: value for name, value in values.items() if name not in _REGISTRY_FIELDS}
