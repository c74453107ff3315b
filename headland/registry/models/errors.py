"""Errors of the registry; the text of each is a sentence with the remedy."""

from __future__ import annotations

from headland.errors import HeadlandError


class NotFound(HeadlandError):  # noqa: N818 - the caller decides whether it is an error
    """The organisation has no such record; records of other organisations count as missing."""

    def __init__(self, kind: str, id: str) -> None:  # noqa: A002 - it is the record's id
        super().__init__(f"There is no {kind} {id!r}.")
        self.kind, self.id = kind, id


class RecordConflict(HeadlandError):  # noqa: N818
    """The present state does not allow the change."""


class VersionConflict(RecordConflict):
    """The record was changed since it was read."""

    def __init__(self, kind: str, id: str, expected: int, current: int) -> None:  # noqa: A002
        super().__init__(
            f"{kind} {id!r} was modified: it is at version {current}, not {expected}. Reload it and repeat the change."
        )
        self.expected, self.current = expected, current


class AlreadyAcknowledged(RecordConflict):
    """Somebody acknowledged the alarm before."""

    def __init__(self, by: str, time_ms: int) -> None:
        super().__init__("The alarm was acknowledged meanwhile: read who did, and what they noted.")
        self.by, self.time_ms = by, time_ms


class RequestRepeated(RecordConflict):
    """The request was carried out before, and its answer is not known any more."""

    def __init__(self) -> None:
        super().__init__("The request with this Idempotency-Key was carried out before: read what it changed.")


class NotOwn(HeadlandError):  # noqa: N818
    """The record is of somebody else, and the role changes its own ones only."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"This {kind} is of somebody else: ask them, or an administrator.")


class InvalidRecord(HeadlandError):  # noqa: N818
    """A value of the record is not valid."""


class InvalidTarget(InvalidRecord):
    """A URL or a mailbox to which nothing can be sent: `kind` is its name in the catalogue of problems."""

    def __init__(self, kind: str, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind


class InvalidGeometry(InvalidRecord):
    """A boundary is not valid: `reason` is the fault, `fix` the remedy."""

    def __init__(self, reason: str, fix: str) -> None:
        super().__init__(f"{reason}: {fix}.")
        self.reason, self.fix = reason, fix
