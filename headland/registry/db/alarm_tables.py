"""Tables of alarms: alarms, rule states, notices, and the lease of the evaluating process."""

from __future__ import annotations

import sqlalchemy as sa

from headland.registry.db.tables import METADATA

_ORGANISATION = "organisations.id"

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
    postgresql_where=_active,
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
