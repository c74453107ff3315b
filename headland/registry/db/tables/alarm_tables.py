"""Tables of alarms: rules, recipients, maintenance windows, alarms, rule states, notices and the evaluation lease."""

from __future__ import annotations

import sqlalchemy as sa

from headland.registry.db.tables.farm_tables import METADATA, optional, record_table, required

_ORGANISATION = "organisations.id"

alarm_rules = record_table(
    "alarm_rules",
    *(required(name) for name in ("name", "severity", "text", "text_zh", "source")),
    *(required(name, sa.JSON) for name in ("any_of", "recipients", "escalation")),
    *(required(name, sa.Double) for name in ("for_s", "clear_for_s", "hold_s", "lost_after_s", "page_within_s")),
    *(optional(name) for name in ("device", "kind", "site", "zone")),
    optional("repeat_s", sa.Double),
    required("most_an_hour", sa.Integer),
    required("enabled", sa.Boolean),
    references={"zone": "greenhouse_zones"},
    unique=("organisation", "name"),
)
# `secret` signs the posts of a webhook; no record shows it.
alarm_recipients = record_table(
    "alarm_recipients",
    *(required(name) for name in ("name", "kind", "address", "language", "least_severity", "secret")),
    required("enabled", sa.Boolean),
    unique=("organisation", "name"),
)
maintenance_windows = record_table(
    "maintenance_windows",
    required("name"),
    *(required(name, sa.BigInteger) for name in ("start_ms", "end_ms")),
    *(optional(name) for name in ("rule", "device", "kind", "site")),
)

duty_rotas = record_table(
    "duty_rotas",
    *(required(name) for name in ("name", "site")),
    *(required(name, sa.JSON) for name in ("weekly", "exceptions", "order")),
    optional("next_after_s", sa.Double),
    required("enabled", sa.Boolean),
    references={"site": "sites"},
    unique=("organisation", "name"),
)

# The key that signs an organisation's messages to browsers, made at its first use.
push_keys = sa.Table(
    "push_keys",
    METADATA,
    sa.Column("organisation", sa.Text, sa.ForeignKey(_ORGANISATION), primary_key=True),
    sa.Column("private_key", sa.Text, nullable=False),
    sa.Column("made_ms", sa.BigInteger, nullable=False),
)

alarms = sa.Table(
    "alarms",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("organisation", sa.Text, sa.ForeignKey(_ORGANISATION), nullable=False),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("raised_ms", sa.BigInteger, nullable=False),
    sa.Column("ended_ms", sa.BigInteger, nullable=True),
    sa.Column("noted_ms", sa.BigInteger, nullable=False),
    sa.Column("body", sa.JSON, nullable=False),
    sa.Index("ix_alarms_newest", "organisation", "raised_ms", "id"),
)
_active = sa.text("ended_ms IS NULL")
# One alarm of a rule on a subject at a time.
sa.Index(
    "un_alarms_active",
    alarms.c.organisation,
    alarms.c.rule,
    alarms.c.subject,
    unique=True,
    sqlite_where=_active,
)

alarm_watches = sa.Table(
    "alarm_watches",
    METADATA,
    sa.Column("organisation", sa.Text, sa.ForeignKey(_ORGANISATION), primary_key=True),
    sa.Column("rule_id", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("state", sa.JSON, nullable=False),
)

alarm_notices = sa.Table(
    "alarm_notices",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("organisation", sa.Text, sa.ForeignKey(_ORGANISATION), nullable=False),
    sa.Column("recipient", sa.Text, nullable=False),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("about", sa.JSON, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("due_ms", sa.BigInteger, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("delivered_ms", sa.BigInteger, nullable=True),
    sa.Column("error", sa.Text, nullable=False),
    sa.Index("ix_alarm_notices_due", "organisation", "state", "due_ms"),
    sa.Index("ix_alarm_notices_created", "organisation", "created_ms"),
)

# One process at a time evaluates the rules of an organisation: the holder of this lease.
alarm_leases = sa.Table(
    "alarm_leases",
    METADATA,
    sa.Column("organisation", sa.Text, sa.ForeignKey(_ORGANISATION), primary_key=True),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("until_ms", sa.BigInteger, nullable=False),
)
