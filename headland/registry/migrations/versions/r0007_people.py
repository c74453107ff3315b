"""People, and the fields that they hold; the owners that fields name become people.

`fields.owner` keeps its text. Each new record has its entry in the audit log, like one that somebody added.
"""

from __future__ import annotations

import json
import time

import sqlalchemy as sa
from alembic import op

from headland.registry.db.audit import AuditChange, append
from headland.registry.db.ids import IdMaker

revision = "r0007"
down_revision = "r0005"
branch_labels = None
depends_on = None

_BY = "migration:r0007"


def _record_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("changed_ms", sa.BigInteger, nullable=False),
        sa.Column("deleted_ms", sa.BigInteger, nullable=True),
    ]


def _record_constraints(table: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f(f"fk_{table}_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("organisation", "id", name=op.f(f"uq_{table}_organisation_id")),
    ]


def upgrade() -> None:
    """Make the tables and columns, and a person and a holding for each owner that a field names."""
    op.create_table(
        "people",
        *_record_columns(),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("name", "number", "role", "language")),
        sa.Column("contacts", sa.JSON, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        *_record_constraints("people"),
    )
    op.create_table(
        "holdings",
        *_record_columns(),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("field", "person", "kind")),
        sa.Column("parts", sa.Integer, nullable=False),
        sa.Column("of_parts", sa.Integer, nullable=False),
        sa.Column("start_ms", sa.BigInteger, nullable=True),
        sa.Column("end_ms", sa.BigInteger, nullable=True),
        *_record_constraints("holdings"),
        *(
            sa.ForeignKeyConstraint(
                ["organisation", column],
                [f"{target}.organisation", f"{target}.id"],
                name=op.f(f"fk_holdings_organisation_{column}"),
            )
            for column, target in (("field", "fields"), ("person", "people"))
        ),
    )
    for column in ("field", "person"):
        op.create_index(op.f(f"ix_holdings_organisation_{column}"), "holdings", ["organisation", column])
    for table in ("members", "api_keys"):
        op.add_column(table, sa.Column("person", sa.Text, nullable=True))
    _make_people(op.get_bind())


def _make_people(connection: sa.Connection) -> None:
    owned = connection.execute(
        sa.text(
            "SELECT organisation, owner, id FROM fields WHERE owner <> '' AND deleted_ms IS NULL "
            "ORDER BY organisation, owner, id"
        )
    ).all()
    now_ms, ids = time.time_ns() // 1_000_000, IdMaker()
    people: dict[tuple[str, str], str] = {}
    for organisation, owner, field in owned:
        name = owner.strip()
        if not name:
            continue
        if (organisation, name) not in people:
            person = {"name": name, "number": "", "role": "member", "language": "zh", "contacts": [], "note": ""}
            people[organisation, name] = _add(connection, ids, now_ms, organisation, "people", "person", person)
        holding = {
            "field": field, "person": people[organisation, name], "kind": "ownership", "parts": 1, "of_parts": 1,
            "start_ms": None, "end_ms": None,
        }  # fmt: skip
        _add(connection, ids, now_ms, organisation, "holdings", "holding", holding)


def _add(
    connection: sa.Connection,
    ids: IdMaker,
    now_ms: int,
    organisation: str,
    table: str,
    kind: str,
    values: dict[str, object],
) -> str:
    """Insert a record with its entry in the audit log; return its id."""
    record = ids.make(now_ms)
    common = {"id": record, "version": 1, "created_ms": now_ms, "changed_ms": now_ms}
    columns: list[sa.ColumnClause[object]] = [
        sa.column(name) for name in ("organisation", *common, *values) if name != "contacts"
    ]
    rows = sa.table(table, *columns, *([sa.column("contacts", sa.JSON)] if "contacts" in values else []))
    connection.execute(rows.insert().values(organisation=organisation, **common, **values))
    after = json.dumps({**common, **values}, ensure_ascii=False)
    change = AuditChange(time_ms=now_ms, who=_BY, action="add", kind=kind, record=record, after=after)
    append(connection, organisation, change, is_salted=False)
    return record
