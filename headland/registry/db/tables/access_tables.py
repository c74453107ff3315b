"""Tables of access: members, keys, sessions and webhooks."""

from __future__ import annotations

import sqlalchemy as sa

from headland.registry.db.table_forms import METADATA, owned_table, record_table, required
from headland.registry.models.models import ApiKey, Member
from headland.registry.models.webhooks import Webhook

members = record_table("members", Member, unique=("organisation", "subject"))
api_keys = record_table("api_keys", ApiKey, required("secret_sha256"), unique=("organisation", "name"))
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
webhooks = record_table("webhooks", Webhook, required("secret"), unique=("organisation", "name"))
webhook_marks = owned_table("webhook_marks", required("body", sa.JSON))
