"""Table of repositories: rows with the kind of record, and how each repository is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, NoReturn, Self, TypeVar, cast, overload

import sqlalchemy as sa

from headland.registry.models.access_table import KindOfRecord, Right, right_to_change, right_to_read
from headland.registry.models.errors import NotFound
from headland.registry.models.models import VersionedRecord
from headland.registry.repositories.context import RepositoryContext
from headland.registry.repositories.repository import RecordCheck, Repository

T = TypeVar("T")
R = TypeVar("R", bound=VersionedRecord)


class RepositoryTable:
    """Repositories of one context, each a row of the class."""

    def __init__(self, context: RepositoryContext) -> None:
        self._context = context

    @classmethod
    def rows(cls) -> dict[str, RepositoryRow[Any]]:
        """Return the rows by name."""
        return {name: row for name, row in vars(cls).items() if isinstance(row, RepositoryRow)}


class RepositoryRow(Generic[T]):
    """One repository of an organisation: made at its first use and kept beside the others.

    `kind` decides which roles have it: for the others whatever is asked of it is not found. `audited` returns the
    repositories in it whose records are in the audit log, where it is not one itself.
    """

    def __init__(
        self,
        kind: KindOfRecord,
        make: Callable[[RepositoryContext], T],
        audited: Callable[[T], Iterable[Repository[Any]]] | None = None,
    ) -> None:
        self.kind = kind
        self._make = make
        self._audited = audited
        self._name = ""

    def __set_name__(self, owner: type[object], name: str) -> None:
        """Take the name of the attribute."""
        self._name = name

    @overload
    def __get__(self, of: None, owner: type[object]) -> Self: ...
    @overload
    def __get__(self, of: RepositoryTable, owner: type[object]) -> T: ...
    def __get__(self, of: RepositoryTable | None, owner: type[object]) -> Self | T:
        """Return the repository, and keep it in the object's own attributes, which are asked before this."""
        if of is None:
            return self
        made = vars(of)[self._name] = self._open(of._context)  # noqa: SLF001 - a row is a part of it
        return made

    def audited(self, context: RepositoryContext) -> Iterable[Repository[Any]]:
        """Return the repositories of the row whose records are in the audit log, whatever the role."""
        made = self._make(context)
        if self._audited is not None:
            return self._audited(made)
        return (made,) if isinstance(made, Repository) else ()

    def _open(self, context: RepositoryContext) -> T:
        # A sender changes what it may not read.
        if {right_to_read(context.role, self.kind), right_to_change(context.role, self.kind)} == {Right.NONE}:
            return cast("T", ClosedRepository(self._name))
        return self._make(context)


def records(
    kind: KindOfRecord, record: type[R], table: sa.Table, check: RecordCheck[R] | None = None
) -> RepositoryRow[Repository[R]]:
    """Return the row of records that have nothing of their own beside their table and its check."""
    return RepositoryRow(kind, lambda context: Repository(context, record, table, check))


class ClosedRepository:
    """A repository of a kind that is closed to the role of an access: whatever is asked of it is not found."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, _name: str) -> Callable[..., NoReturn]:
        def refuse(*_values: Any, **_named: Any) -> NoReturn:
            raise NotFound(self._name, "of others")

        return refuse
