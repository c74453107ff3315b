"""Numbers of lots and harvests in the order in which they were made, and by them the links that stand."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "r0019"
down_revision = "r0017"
branch_labels = None
depends_on = None

_AT_ONCE = 5000


def upgrade() -> None:
    """Make the tables, and number what is there: a parent before its children, else by ids."""
    numbers = op.create_table(
        "lot_numbers",
        *_owned("lot_numbers", "number"),
        sa.Column("id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("organisation", "number", name=op.f("pk_lot_numbers")),
    )
    op.create_index("un_lot_numbers_organisation_id", "lot_numbers", ["organisation", "id"], unique=True)
    parents = op.create_table(
        "lot_parents",
        *_owned("lot_parents", "child", "parent"),
        sa.PrimaryKeyConstraint("organisation", "child", "parent", name=op.f("pk_lot_parents")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_lot_parents_organisation_parent"), "lot_parents", ["organisation", "parent"])
    connection = op.get_bind()
    for organisation in connection.execute(sa.text("SELECT id FROM organisations ORDER BY id")).scalars().all():
        links = connection.execute(
            sa.text(
                "SELECT parent, child, EXISTS (SELECT 1 FROM lot_operations o WHERE o.organisation = l.organisation "
                "AND o.corrects = l.operation) AS is_taken_back FROM lot_links l WHERE organisation = :organisation"
            ),
            {"organisation": organisation},
        ).all()
        ids = connection.execute(
            sa.text(
                "SELECT id FROM harvests WHERE organisation = :own UNION SELECT id FROM lots WHERE organisation = :own"
            ),
            {"own": organisation},
        )
        number_of = numbered(ids.scalars(), [(link.parent, link.child) for link in links])
        _insert(
            connection,
            numbers,
            [{"organisation": organisation, "number": number, "id": id_} for id_, number in number_of.items()],
        )
        _insert(
            connection,
            parents,
            [
                {"organisation": organisation, "child": number_of[link.child], "parent": number_of[link.parent]}
                for link in links
                if not link.is_taken_back
            ],
        )


def numbered(ids: Iterable[str], links: list[tuple[str, str]]) -> dict[str, int]:
    """Return a number from 1 for each id: a parent's is less than its child's, else in the order of ids."""
    open_parents = dict.fromkeys(ids, 0)
    children: dict[str, list[str]] = {}
    for parent, child in links:
        open_parents[child] += 1
        children.setdefault(parent, []).append(child)
    ready = [id_ for id_, count in open_parents.items() if count == 0]
    heapq.heapify(ready)
    numbers: dict[str, int] = {}
    while ready:
        id_ = heapq.heappop(ready)
        numbers[id_] = len(numbers) + 1
        for child in children.get(id_, ()):
            open_parents[child] -= 1
            if open_parents[child] == 0:
                heapq.heappush(ready, child)
    return numbers


def _owned(table: str, *names: str) -> list[Any]:
    organisation = sa.Column("organisation", sa.Text, nullable=False)
    key = sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f(f"fk_{table}_organisation"))
    return [organisation, *(sa.Column(name, sa.BigInteger, nullable=False, autoincrement=False) for name in names), key]


def _insert(connection: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    for begin in range(0, len(rows), _AT_ONCE):
        connection.execute(table.insert(), rows[begin : begin + _AT_ONCE])
