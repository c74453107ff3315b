"""What the registry answers instead of a record: each says in one sentence what is wrong and what to do."""

from __future__ import annotations

from headland.errors import HeadlandError


class NotFound(HeadlandError):  # noqa: N818 - it says what is so, and the caller decides whether that is an error
    """The organisation has no such record (another organisation's is no such record either)."""

    def __init__(self, kind: str, id: str) -> None:  # noqa: A002 - it is the record's id
        super().__init__(f"There is no {kind} {id!r}.")
        self.kind, self.id = kind, id


class Conflict(HeadlandError):  # noqa: N818
    """What is there now does not allow the change: read it again, then decide."""


class VersionConflict(Conflict):
    """Somebody else has changed the record since it was read."""

    def __init__(self, kind: str, id: str, expected: int, found: int) -> None:  # noqa: A002
        super().__init__(
            f"{kind} {id!r} was changed meanwhile: it is at version {found}, not {expected}. Read it again and repeat "
            "the change."
        )
        self.expected, self.found = expected, found


class InvalidRecord(HeadlandError):  # noqa: N818
    """A value of the record cannot be: mend it."""


class InvalidGeometry(InvalidRecord):
    """A boundary is not one: `reason` says what is wrong with it, `fix` what would mend it."""

    def __init__(self, reason: str, fix: str) -> None:
        super().__init__(f"{reason}: {fix}.")
        self.reason, self.fix = reason, fix
