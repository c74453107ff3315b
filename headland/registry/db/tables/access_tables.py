"""Tables of access: members, keys, sessions and webhooks."""

from __future__ import annotations

import sqlalchemy as sa

from headland.registry.db.tables.farm_tables import METADATA, optional, record_table, required

members = record_table(
    "members",
    *(required(name) for name in ("subject", "name", "role")),
    optional("person"),
    unique=("organisation", "subject"),
)
api_keys = record_table(
    "api_keys",
    required("name"),
    required("scope"),
    required("prefix"),
    required("secret_sha256"),
    optional("expires_ms", sa.BigInteger),
    optional("last_used_ms", sa.BigInteger),
    optional("person"),
    unique=("organisation", "name"),
)
sa.Index("un_api_keys_secret", api_keys.c.secret_sha256, unique=True)
# Browser sessions: no records, because nobody reads or changes them.
sessions = sa.Table(
    "sessions",
    METADATA,
    sa.Column("secret_sha256", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, sa.ForeignKey("api_keys.id"), nullable=False),
    *(required(name, sa.BigInteger) for name in ("created_ms", "expires_ms")),
    sa.Index(None, "key"),
)
# `secret` signs the posts; no record shows it.
webhooks = record_table(
    "webhooks",
    *(required(name) for name in ("name", "url")),
    required("events", sa.JSON),
    required("enabled", sa.Boolean),
    required("secret"),
    unique=("organisation", "name"),
)
webhook_marks = sa.Table(
    "webhook_marks",
    METADATA,
    sa.Column("organisation", sa.Text, sa.ForeignKey("organisations.id"), primary_key=True),
    required("body", sa.JSON),
)
