"""Rules of alarms, who is told, maintenance windows; and what the station notes of alarms."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of alarms."""
    _make_kept(
        "alarm_rules",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("name", "severity", "text", "text_zh", "source")),
        *(sa.Column(name, sa.JSON(), nullable=False) for name in ("any_of", "recipients", "escalation")),
        *(
            sa.Column(name, sa.Double(), nullable=False)
            for name in ("for_s", "clear_for_s", "hold_s", "lost_after_s", "page_within_s")
        ),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("device", "kind", "site", "zone")),
        sa.Column("repeat_s", sa.Double(), nullable=True),
        sa.Column("most_an_hour", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation", "zone"],
            ["greenhouse_zones.organisation", "greenhouse_zones.id"],
            name=op.f("fk_alarm_rules_organisation_zone"),
        ),
    )
    op.create_index(op.f("ix_alarm_rules_organisation_zone"), "alarm_rules", ["organisation", "zone"])
    _make_kept(
        "alarm_recipients",
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("name", "kind", "address", "language", "least_severity", "secret")
        ),
        sa.Column("enabled", sa.Boolean(), nullable=False),
    )
    for table in ("alarm_rules", "alarm_recipients"):
        _index_living(f"un_{table}", table, ["organisation", "name"], "deleted_ms IS NULL")
    _make_kept(
        "maintenance_windows",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("rule", "device", "kind", "site")),
    )
    _make_alarms()
    _make_notices()


def _make_kept(table: str, *columns: Any) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("deleted_ms", sa.BigInteger(), nullable=True),
        *columns,
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f(f"fk_{table}_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("organisation", "id", name=op.f(f"uq_{table}_organisation_id")),
    )


def _index_living(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, unique=True, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _make_alarms() -> None:
    op.create_table(
        "alarms",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("raised_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.Column("noted_ms", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_alarms_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarms")),
    )
    op.create_index("ix_alarms_newest", "alarms", ["organisation", "raised_ms", "id"])
    _index_living("un_alarms_active", "alarms", ["organisation", "rule", "subject"], "ended_ms IS NULL")
    op.create_table(
        "alarm_watches",
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_alarm_watches_organisation")),
        sa.PrimaryKeyConstraint("organisation", "rule_id", "subject", name=op.f("pk_alarm_watches")),
    )


def _make_notices() -> None:
    op.create_table(
        "alarm_notices",
        sa.Column("id", sa.Text(), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("organisation", "recipient", "rule", "what", "body", "state", "error")
        ),
        sa.Column("about", sa.JSON(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("due_ms", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("delivered_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_alarm_notices_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm_notices")),
    )
    op.create_index("ix_alarm_notices_due", "alarm_notices", ["organisation", "state", "due_ms"])
    op.create_index("ix_alarm_notices_created", "alarm_notices", ["organisation", "created_ms"])
    op.create_table(
        "alarm_leases",
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_alarm_leases_organisation")),
        sa.PrimaryKeyConstraint("organisation", name=op.f("pk_alarm_leases")),
    )
