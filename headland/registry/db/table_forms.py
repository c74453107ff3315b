"""Forms of the registry's tables: records with the columns that their fields say, and rows of an organisation.

A reference is a foreign key of (organisation, id), so the database itself prevents references to another
organisation's records. Names are unique among the records that are not deleted.
"""

from __future__ import annotations

from datetime import date
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
import sqlalchemy as sa

METADATA: Final = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
#: The columns of fields that are no text, integer or one of these are JSON.
_KINDS: Final[dict[object, Any]] = {bool: sa.Boolean, float: sa.Double, date: sa.Date}
#: The largest number of an `INTEGER` of PostgreSQL.
_LARGEST_INTEGER: Final = 2**31 - 1


def required(name: str, kind: Any = sa.Text) -> sa.Column[Any]:
    """Return a column without nulls."""
    return sa.Column(name, kind, nullable=False)


def optional(name: str, kind: Any = sa.Text) -> sa.Column[Any]:
    """Return a column that may be null."""
    return sa.Column(name, kind, nullable=True)


def active() -> sa.Column[Any]:
    """Return the column that says whether a record is in use; those of before it are."""
    return sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true())


def record_table(
    name: str,
    record: type[msgspec.Struct],
    *others: sa.Column[Any],
    references: dict[str, str] | None = None,
    unique: tuple[str, ...] = (),
) -> sa.Table:
    """Return a table of records: common columns, then one of each field.

    `others` are columns that no field has, or of another kind than the field says; `references` maps columns to their
    tables.
    """
    links = references or {}
    columns = {field: _column(field, hint) for field, hint in get_type_hints(record, include_extras=True).items()}
    columns |= {column.name: column for column in others}
    common = (
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("organisation", sa.Text, sa.ForeignKey("organisations.id"), nullable=False),
        required("version", sa.Integer),
        required("created_ms", sa.BigInteger),
        required("changed_ms", sa.BigInteger),
        optional("deleted_ms", sa.BigInteger),
    )
    known = {column.name for column in common}
    return sa.Table(
        name,
        METADATA,
        *common,
        *(column for key, column in columns.items() if key not in known),
        sa.UniqueConstraint("organisation", "id"),
        *(
            sa.ForeignKeyConstraint(["organisation", column], [f"{target}.organisation", f"{target}.id"])
            for column, target in links.items()
        ),
        *(sa.Index(None, "organisation", column) for column in links),
        *([_unique_index(f"un_{name}", unique)] if unique else []),
    )


def owned_table(name: str, *columns: Any, **options: Any) -> sa.Table:
    """Return a table of rows without an id of their own: their key begins with the organisation."""
    owner = sa.Column("organisation", sa.Text, sa.ForeignKey("organisations.id"), primary_key=True)
    return sa.Table(name, METADATA, owner, *columns, **options)


def part_of_key(name: str, kind: Any = sa.Text) -> sa.Column[Any]:
    """Return a column of the primary key, which the database does not number by itself."""
    return sa.Column(name, kind, primary_key=True, autoincrement=False)


def _column(name: str, hint: Any) -> sa.Column[Any]:
    """Return the column of a field by its type; an integer whose bound fits has an `INTEGER`."""
    parts = _parts(hint)
    kinds = [kind for kind, _ in parts if kind is not NoneType]
    kind = kinds[0] if len(kinds) == 1 else None
    column: Any = _KINDS.get(kind, sa.JSON)
    if get_origin(kind) is Literal or (isinstance(kind, type) and issubclass(kind, str)):
        column = sa.Text
    elif kind is int:
        bounds = [rule.le for _, rules in parts for rule in rules if isinstance(rule, msgspec.Meta) and rule.le]
        column = sa.Integer if bounds and min(bounds) <= _LARGEST_INTEGER else sa.BigInteger
    return sa.Column(name, column, nullable=len(kinds) < len(parts))


def _parts(hint: Any) -> list[tuple[Any, tuple[Any, ...]]]:
    """Return the types of a union, each with what is annotated."""
    if get_origin(hint) is Annotated:
        return [(kind, (*rules, *hint.__metadata__)) for kind, rules in _parts(hint.__origin__)]
    if get_origin(hint) in (Union, UnionType):
        return [part for one in get_args(hint) for part in _parts(one)]
    return [(hint, ())]


def _unique_index(name: str, columns: tuple[str, ...]) -> sa.Index:
    """Return a unique index without deleted records, so that their names can be used again."""
    living = sa.text("deleted_ms IS NULL")
    return sa.Index(name, *columns, unique=True, sqlite_where=living)
