"""Redacted entries of a hash chain: entries from which an erasure took a person's names.

Their own hashes stay, so the chain and every proof made of it stay valid, but no longer say what the entry holds now.
The erasure therefore states the SHA-256 of each entry that it redacted, as it is from then on, in an entry of the same
chain. The newest statement about an entry counts: two people may be named in one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

#: Kind of the entries that state an erasure, in the audit log and in the ledger.
ERASURE: Final = "erasure"
#: Entries that one statement names at most; an erasure of more makes several.
MOST_STATED: Final = 500
_REDACTED: Final = "redacted"


def state_redacted(entries: Iterable[Any]) -> Iterator[dict[str, dict[str, str]]]:
    """Yield statements about redacted entries, at least one: what an erasure writes into the chain."""
    stated: dict[str, str] = {}
    is_first = True
    for entry in entries:
        stated[str(entry.seq)] = _digest_of(entry)
        if len(stated) == MOST_STATED:
            yield {_REDACTED: stated}
            stated, is_first = {}, False
    if stated or is_first:
        yield {_REDACTED: stated}


class Redactions:
    """The redacted entries of one chain against what its erasures state; both are added as they come."""

    def __init__(self) -> None:
        self._stated: dict[int, str] = {}
        self._seen: dict[int, str] = {}

    @property
    def count(self) -> int:
        """The number of redacted entries."""
        return len(self._seen)

    def add(self, entry: Any) -> None:
        """Add a redacted entry, a struct with its `seq` and its own hash."""
        self._seen[entry.seq] = _digest_of(entry)

    def state(self, statement: Mapping[str, Any]) -> None:
        """Add what an erasure states, later ones after earlier ones."""
        stated = statement.get(_REDACTED)
        if isinstance(stated, dict):
            self._stated |= {int(seq): digest for seq, digest in stated.items()}

    def broken_at(self) -> int | None:
        """Return the first redacted entry that is not as it was stated; None where all are."""
        return min((seq for seq, digest in self._seen.items() if self._stated.get(seq) != digest), default=None)


def _digest_of(entry: Any) -> str:
    return hashlib.sha256(msgspec.json.encode(entry)).hexdigest()
