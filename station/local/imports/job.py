"""Job of an import: what is known of a file on its way into the store, kept in a JSON file beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from edge.imports.status import ImportStatus
from headland.contract.file_imports import ImportState
from headland.i18n import Language

#: States after which nothing more happens.
ENDED: frozenset[ImportState] = frozenset(("done", "failed"))
#: States in which a file waits for a person.
WAITING: frozenset[ImportState] = frozenset(("receiving", "needs_map", "needs_start"))


class ImportJob(msgspec.Struct, frozen=True, kw_only=True):
    """An import. `number` orders the queue, `gateway` is in whose name its records are sent."""

    id: str
    number: int
    name: str
    bytes: int
    by: str
    created_ms: int
    changed_ms: int
    state: ImportState = "receiving"
    kind: Literal["log", "table"] | None = None
    part_bytes: int
    parts: tuple[int, ...] = ()
    sha256: str = ""
    gateway: str
    device: str | None = None
    start_ms: int | None = None
    #: The map of a table as JSON's objects, as `edge.imports.table.map.TableMap` has it.
    table: dict[str, Any] | None = None
    result: ImportStatus | None = None
    error: Mapping[Language, str] | None = None
    #: How often the importing process ended without a word.
    breaks: int = 0

    @property
    def part_count(self) -> int:
        """The number of parts of the whole file."""
        return -(-self.bytes // self.part_bytes)

    def size_of(self, number: int) -> int:
        """Return the size of a part, 0 for one beyond the file."""
        begin = (number - 1) * self.part_bytes
        return max(0, min(self.part_bytes, self.bytes - begin))

    def missing(self) -> list[int]:
        """Return the numbers of the parts that are not here."""
        here = set(self.parts)
        return [number for number in range(1, self.part_count + 1) if number not in here]
