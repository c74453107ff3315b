"""All tables of the first release."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "r0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, each after those it refers to."""
    op.create_table(
        "organisations",
        *_required(sa.Text, "id"),
        *_required(sa.Integer, "version"),
        *_required(sa.BigInteger, "created_ms", "changed_ms"),
        *_required(sa.Text, "handle", "name"),
        *_required(sa.BigInteger, "audit_seq"),
        *_required(sa.Text, "audit_hash"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisations")),
        sa.UniqueConstraint("handle", name=op.f("uq_organisations_handle")),
    )
    _make_access()
    _make_farm()
    _make_application()
    _make_alarms()
    _make_logs()


def _make_access() -> None:
    """Make the tables of keys, sessions, members and webhooks."""
    _make_records(
        "api_keys",
        *_required(sa.Text, "name", "scope", "prefix", "secret_sha256"),
        *_optional(sa.BigInteger, "expires_ms", "last_used_ms"),
        unique=("organisation", "name"),
    )
    op.create_index("un_api_keys_secret", "api_keys", ["secret_sha256"], unique=True)
    op.create_table(
        "sessions",
        *_required(sa.Text, "secret_sha256", "key"),
        *_required(sa.BigInteger, "created_ms", "expires_ms"),
        sa.ForeignKeyConstraint(["key"], ["api_keys.id"], name=op.f("fk_sessions_key")),
        sa.PrimaryKeyConstraint("secret_sha256", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_key"), "sessions", ["key"])
    _make_records("members", *_required(sa.Text, "subject", "name", "role"), unique=("organisation", "subject"))
    _make_records(
        "webhooks",
        *_required(sa.Text, "name", "url"),
        *_required(sa.JSON, "events"),
        *_required(sa.Boolean, "enabled"),
        *_required(sa.Text, "secret"),
        unique=("organisation", "name"),
    )
    _make_owned("webhook_marks", (), *_required(sa.JSON, "body"))


def _make_farm() -> None:
    """Make the tables of farms, fields, greenhouses, seasons and devices."""
    position = ("longitude_deg", "latitude_deg")
    _make_records(
        "farms",
        *_required(sa.Text, "name"),
        *_optional(sa.Double, *position),
        *_required(sa.Text, "note"),
        unique=("organisation", "name"),
    )
    _make_records(
        "sites",
        *_required(sa.Text, "farm", "name", "time_zone"),
        *_optional(sa.Double, *position, "altitude_m"),
        references={"farm": "farms"},
        unique=("organisation", "name"),
    )
    _make_records(
        "fields",
        *_required(sa.Text, "farm", "name"),
        *_required(sa.JSON, "geometry", "zones"),
        *_optional(sa.Text, "site"),
        *_required(sa.Text, "owner"),
        *_required(sa.Double, "area_m2", "usable_area_m2"),
        references={"farm": "farms", "site": "sites"},
        unique=("organisation", "farm", "name"),
    )
    _make_records(
        "greenhouses",
        *_required(sa.Text, "farm", "site", "name", "cover", "lamp"),
        *_optional(sa.Double, "floor_area_m2", "volume_m3", *position),
        references={"farm": "farms", "site": "sites"},
        unique=("organisation", "farm", "name"),
    )
    _make_records(
        "greenhouse_zones",
        *_required(sa.Text, "greenhouse", "name"),
        *_optional(sa.Double, "area_m2"),
        *_required(sa.Text, "crop", "stage"),
        references={"greenhouse": "greenhouses"},
        unique=("organisation", "greenhouse", "name"),
    )
    _make_records(
        "seasons",
        *_required(sa.Text, "field", "name", "crop", "variety"),
        *_optional(sa.Date, "sowing_date", "harvest_date"),
        *_optional(sa.Double, "target_yield_t_ha"),
        references={"field": "fields"},
        unique=("organisation", "field", "name"),
    )
    _make_records("gateways", *_required(sa.Text, "name", "site"), *_required(sa.Integer, "shard"), unique=("name",))
    _make_records(
        "devices",
        *_required(sa.Text, "name", "kind", "gateway", "site", "title", "model", "software"),
        *_optional(sa.Double, *position, "altitude_m"),
        *_optional(sa.Text, "clock"),
        *_required(sa.JSON, "channels"),
        *_required(sa.Boolean, "simulated"),
        *_optional(sa.Text, "zone", "field"),
        references={"zone": "greenhouse_zones", "field": "fields"},
        unique=("organisation", "name"),
    )
    _make_records(
        "notes",
        *_required(sa.BigInteger, "time_ms"),
        *_required(sa.Text, "author", "text"),
        *_optional(sa.Text, "greenhouse", "field"),
        references={"greenhouse": "greenhouses", "field": "fields"},
    )


def _make_application() -> None:
    """Make the tables of products, implements, prescriptions and passes."""
    _make_records(
        "products",
        *_required(sa.Text, "name", "kind"),
        *_required(sa.Double, "n_pct", "p2o5_pct", "k2o_pct"),
        *_optional(sa.Double, "nitrate_n_pct", "ammonium_n_pct", "amide_n_pct"),
        *_required(sa.Double, "s_pct"),
        *_optional(sa.Double, "density_kg_l"),
        *_required(sa.Text, "maker"),
        unique=("organisation", "name"),
    )
    _make_records(
        "implements",
        *_required(sa.Text, "name", "kind"),
        *_required(sa.Double, "swath_m"),
        *_required(sa.JSON, "pattern"),
        *_required(sa.Double, "on_latency_s", "off_latency_s", "nozzle_behind_m"),
        *_optional(sa.Double, "tank_l", "max_flow_l_min", "max_flow_kg_min", "min_speed_m_s", "max_speed_m_s"),
        *_optional(sa.Text, "device"),
        references={"device": "devices"},
        unique=("organisation", "name"),
    )
    links = {"field": "fields", "product": "products", "implement": "implements", "season": "seasons"}
    _make_records(
        "prescriptions",
        *_required(sa.Text, "field", "name"),
        *_optional(sa.Text, "product", "implement", "season"),
        *_required(sa.Text, "unit"),
        *_required(sa.Double, "south_deg", "west_deg", "cell_north_deg", "cell_east_deg", "cell_m"),
        *_required(sa.Integer, "rows", "columns"),
        *_required(sa.Text, "cells"),
        *_required(sa.JSON, "zones"),
        *_required(sa.Double, "total"),
        *_required(sa.JSON, "checks", "method"),
        references=links,
    )
    _make_records(
        "passes",
        *_required(sa.Text, "field", "device"),
        *_required(sa.BigInteger, "start_ms", "end_ms"),
        *_optional(sa.Text, "implement", "product", "season", "prescription"),
        *_optional(sa.Double, "planned_rate_ha"),
        *_required(sa.Text, "note"),
        references={**links, "prescription": "prescriptions"},
        unique=("organisation", "field", "device", "start_ms"),
    )


def _make_alarms() -> None:
    """Make the tables of rules, recipients and maintenance windows, and of the alarms themselves."""
    _make_records(
        "alarm_rules",
        *_required(sa.Text, "name", "severity", "text", "text_zh", "source"),
        *_required(sa.JSON, "any_of", "recipients", "escalation"),
        *_required(sa.Double, "for_s", "clear_for_s", "hold_s", "lost_after_s", "page_within_s"),
        *_optional(sa.Text, "device", "kind", "site", "zone"),
        *_optional(sa.Double, "repeat_s"),
        *_required(sa.Integer, "most_an_hour"),
        *_required(sa.Boolean, "enabled"),
        references={"zone": "greenhouse_zones"},
        unique=("organisation", "name"),
    )
    _make_records(
        "alarm_recipients",
        *_required(sa.Text, "name", "kind", "address", "language", "least_severity", "secret"),
        *_required(sa.Boolean, "enabled"),
        unique=("organisation", "name"),
    )
    _make_records(
        "maintenance_windows",
        *_required(sa.Text, "name"),
        *_required(sa.BigInteger, "start_ms", "end_ms"),
        *_optional(sa.Text, "rule", "device", "kind", "site"),
    )
    op.create_table(
        "alarms",
        *_required(sa.Text, "id", "organisation", "rule", "subject"),
        *_required(sa.BigInteger, "raised_ms"),
        *_optional(sa.BigInteger, "ended_ms"),
        *_required(sa.BigInteger, "noted_ms"),
        *_required(sa.JSON, "body"),
        _of_organisation("alarms"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarms")),
    )
    op.create_index("ix_alarms_newest", "alarms", ["organisation", "raised_ms", "id"])
    _make_partial_index("un_alarms_active", "alarms", ("organisation", "rule", "subject"), "ended_ms IS NULL")
    _make_owned("alarm_watches", ("rule_id", "subject"), *_required(sa.JSON, "state"))
    op.create_table(
        "alarm_notices",
        *_required(sa.Text, "id", "organisation", "recipient", "rule", "what"),
        *_required(sa.JSON, "about"),
        *_required(sa.Text, "body"),
        *_required(sa.BigInteger, "created_ms", "due_ms"),
        *_required(sa.Integer, "attempts"),
        *_required(sa.Text, "state"),
        *_optional(sa.BigInteger, "delivered_ms"),
        *_required(sa.Text, "error"),
        _of_organisation("alarm_notices"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm_notices")),
    )
    op.create_index("ix_alarm_notices_due", "alarm_notices", ["organisation", "state", "due_ms"])
    op.create_index("ix_alarm_notices_created", "alarm_notices", ["organisation", "created_ms"])
    _make_owned("alarm_leases", (), *_required(sa.Text, "holder"), *_required(sa.BigInteger, "until_ms"))


def _make_logs() -> None:
    """Make the tables of the audit log, the ledger and the forecasts."""
    _make_owned(
        "audit",
        (_number("seq"),),
        *_required(sa.BigInteger, "time_ms"),
        *_required(sa.Text, "who", "action", "kind", "record"),
        *_optional(sa.Text, "before", "after"),
        *_required(sa.Text, "hash"),
    )
    _index_column("audit", "record")
    _make_owned(
        "ledger",
        (_number("seq"),),
        *_required(sa.BigInteger, "time_ms"),
        *_required(sa.Text, "who", "kind", "field", "pass", "body", "hash"),
    )
    _index_column("ledger", "field")
    _index_column("ledger", "pass")
    _make_owned("ledger_heads", (), *_required(sa.BigInteger, "seq"), *_required(sa.Text, "hash"))
    _make_owned(
        "forecasts",
        ("house", _number("origin_ms")),
        *_required(sa.BigInteger, "made_ms"),
        *_required(sa.Boolean, "is_settled"),
        *_required(sa.JSON, "body"),
    )


def _required(kind: Any, *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=False) for name in names]


def _optional(kind: Any, *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=True) for name in names]


def _number(name: str) -> sa.Column[Any]:
    """Return a part of a primary key that the database does not number by itself."""
    return sa.Column(name, sa.BigInteger, nullable=False, autoincrement=False)


def _of_organisation(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f(f"fk_{table}_organisation"))


def _make_records(
    table: str, *columns: sa.Column[Any], references: dict[str, str] | None = None, unique: tuple[str, ...] = ()
) -> None:
    """Make a table of versioned records; `references` are columns and the tables to which they refer.

    `unique` columns are unique among the records that are not deleted.
    """
    links = references or {}
    op.create_table(
        table,
        *_required(sa.Text, "id", "organisation"),
        *_required(sa.Integer, "version"),
        *_required(sa.BigInteger, "created_ms", "changed_ms"),
        *_optional(sa.BigInteger, "deleted_ms"),
        *columns,
        *(
            sa.ForeignKeyConstraint(
                ["organisation", column],
                [f"{target}.organisation", f"{target}.id"],
                name=op.f(f"fk_{table}_organisation_{column}"),
            )
            for column, target in links.items()
        ),
        _of_organisation(table),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("organisation", "id", name=op.f(f"uq_{table}_organisation_id")),
    )
    for column in links:
        _index_column(table, column)
    if unique:
        _make_partial_index(f"un_{table}", table, unique, "deleted_ms IS NULL")


def _make_owned(table: str, key: tuple[str | sa.Column[Any], ...], *columns: sa.Column[Any]) -> None:
    """Make a table without record ids: its primary key is the organisation and then `key`."""
    parts = [_required(sa.Text, part)[0] if isinstance(part, str) else part for part in key]
    op.create_table(
        table,
        *_required(sa.Text, "organisation"),
        *parts,
        *columns,
        _of_organisation(table),
        sa.PrimaryKeyConstraint("organisation", *(part.name for part in parts), name=op.f(f"pk_{table}")),
    )


def _index_column(table: str, column: str) -> None:
    op.create_index(op.f(f"ix_{table}_organisation_{column}"), table, ["organisation", column])


def _make_partial_index(name: str, table: str, columns: tuple[str, ...], where: str) -> None:
    """Make an index of unique columns among the rows of a condition."""
    condition = sa.text(where)
    op.create_index(name, table, list(columns), unique=True, sqlite_where=condition, postgresql_where=condition)
