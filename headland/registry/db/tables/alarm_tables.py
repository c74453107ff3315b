"""Tables of alarms: rules, recipients, maintenance windows, alarms, rule states, notices and the evaluation lease."""

from __future__ import annotations

import sqlalchemy as sa

from headland.registry.db.table_forms import METADATA, optional, owned_table, part_of_key, record_table, required
from headland.registry.models.alarms import AlarmRecipient, AlarmRule, MaintenanceWindow
from headland.registry.models.duty import DutyRota

alarm_rules = record_table(
    "alarm_rules", AlarmRule, references={"zone": "greenhouse_zones"}, unique=("organisation", "name")
)
# `secret` signs the posts of a webhook; no record shows it. `confirmed_by` has said that a message came.
alarm_recipients = record_table(
    "alarm_recipients",
    AlarmRecipient,
    required("secret"),
    optional("confirmed_ms", sa.BigInteger),
    optional("confirmed_by"),
    unique=("organisation", "name"),
)
maintenance_windows = record_table("maintenance_windows", MaintenanceWindow)
duty_rotas = record_table("duty_rotas", DutyRota, references={"site": "sites"}, unique=("organisation", "name"))

# The key that signs an organisation's messages to browsers, made at its first use.
push_keys = owned_table("push_keys", required("private_key"), required("made_ms", sa.BigInteger))

alarms = sa.Table(
    "alarms",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("organisation", sa.Text, sa.ForeignKey("organisations.id"), nullable=False),
    required("rule"),
    required("subject"),
    required("raised_ms", sa.BigInteger),
    optional("ended_ms", sa.BigInteger),
    required("noted_ms", sa.BigInteger),
    required("body", sa.JSON),
    sa.Index("ix_alarms_newest", "organisation", "raised_ms", "id"),
    # One alarm of a rule on a subject at a time.
    sa.Index(
        "un_alarms_active", "organisation", "rule", "subject", unique=True, sqlite_where=sa.text("ended_ms IS NULL")
    ),
)
alarm_watches = owned_table("alarm_watches", part_of_key("rule_id"), part_of_key("subject"), required("state", sa.JSON))
alarm_notices = sa.Table(
    "alarm_notices",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("organisation", sa.Text, sa.ForeignKey("organisations.id"), nullable=False),
    *map(required, ("recipient", "rule", "what", "body", "state", "error")),
    required("about", sa.JSON),
    *(required(name, sa.BigInteger) for name in ("created_ms", "due_ms")),
    required("attempts", sa.Integer),
    optional("delivered_ms", sa.BigInteger),
    sa.Index("ix_alarm_notices_due", "organisation", "state", "due_ms"),
    sa.Index("ix_alarm_notices_created", "organisation", "created_ms"),
)
# One process at a time evaluates the rules of an organisation: the holder of this lease.
alarm_leases = owned_table("alarm_leases", required("holder"), required("until_ms", sa.BigInteger))
