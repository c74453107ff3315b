"""The passes that were declared: kept as they were said, never changed, never taken away."""

from __future__ import annotations

from typing import Final

import msgspec

from headland.registry.models.errors import Conflict
from headland.registry.models.models import Pass, VersionedRecord
from headland.registry.repositories.repository import Repository

_OF_THE_REGISTRY: Final = frozenset(VersionedRecord.__struct_fields__)


class PassRepository:
    """One organisation's declared passes: a shelf that can only be added to."""

    def __init__(self, repository: Repository[Pass]) -> None:
        self._repository = repository

    def declare(self, declared: Pass) -> Pass:
        """Keep a pass and return it with its id; the same one again is the one that is kept already.

        Raises Conflict where a pass of this vehicle on this field from this instant on says something else, and all
        that `Repository.add` raises.
        """
        try:
            return self._repository.add(declared)
        except Conflict:
            for kept in self._repository.all(field=declared.field, device=declared.device):
                if kept.start_ms != declared.start_ms:
                    continue
                if _said(kept) == _said(declared):
                    return kept
                raise Conflict(
                    f"Pass {kept.id} of {kept.device} begins at the same instant and says something else. A pass is "
                    "never changed: declare it with its real start."
                ) from None
            raise

    def get(self, id: str) -> Pass:  # noqa: A002 - it is the record's id
        """Return a pass; raises NotFound."""
        return self._repository.get(id)

    def of_field(self, field: str) -> list[Pass]:
        """Return the passes of a field in the order of their start."""
        return sorted(self._repository.all(field=field), key=lambda one: (one.start_ms, one.id))


def _said(declared: Pass) -> dict[str, object]:
    values = msgspec.structs.asdict(declared)
    return {name: value for name, value in values.items() if name not in _OF_THE_REGISTRY}
