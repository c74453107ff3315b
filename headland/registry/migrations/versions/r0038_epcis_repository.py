"""EPCIS events of every kind, what they may be asked for by, and the documents in which they came."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "r0038"
down_revision = "r0037"
branch_labels = None
depends_on = None

#: Fields of the events of before, with the term of what they hold.
_IDS = {"epcList": "epc", "childEPCs": "epc", "inputEPCList": "inputEPC", "outputEPCList": "outputEPC"}
_CLASSES = {
    **dict.fromkeys(("quantityList", "childQuantityList"), "epcClass"),
    "inputQuantityList": "inputEPCClass",
    "outputQuantityList": "outputEPCClass",
}
_TEXTS = ("action", "parentID", "transformationID")
_WORDS = {"bizStep": "https://ref.gs1.org/cbv/BizStep-", "disposition": "https://ref.gs1.org/cbv/Disp-"}
_AT_ONCE = 500


def upgrade() -> None:
    """Make the tables; events of before have the hash that is their id as their content, and the terms they name."""
    with op.batch_alter_table("epcis_events") as batch:
        batch.add_column(sa.Column("content", sa.Text, nullable=True))
        batch.add_column(sa.Column("declaration", sa.Text, nullable=True))
    op.execute("UPDATE epcis_events SET content = event_id, declaration = ''")
    with op.batch_alter_table("epcis_events") as batch:
        for name in ("content", "declaration"):
            batch.alter_column(name, existing_type=sa.Text, nullable=False)
        batch.drop_constraint(op.f("uq_epcis_events_organisation_event_id"), type_="unique")
        batch.create_unique_constraint(
            op.f("uq_epcis_events_organisation_event_id_content_declaration"),
            ["organisation", "event_id", "content", "declaration"],
        )
    op.create_index(op.f("ix_epcis_events_organisation_record_ms"), "epcis_events", ["organisation", "record_ms"])
    for table, kind in (("epcis_terms", sa.Text), ("epcis_figures", sa.Double)):
        op.create_table(
            table,
            sa.Column("organisation", sa.Text, nullable=False),
            sa.Column("name", sa.Text, nullable=False),
            sa.Column("value", kind, nullable=False),
            sa.Column("seq", sa.BigInteger, nullable=False),
            sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f(f"fk_{table}_organisation")),
            sa.PrimaryKeyConstraint("organisation", "name", "value", "seq", name=op.f(f"pk_{table}")),
        )
    table = "epcis_captures"
    op.create_table(
        table,
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("id", "behaviour")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("created_ms", "finished_ms")),
        sa.Column("header", sa.Text, nullable=False),
        *(sa.Column(name, sa.JSON, nullable=False) for name in ("events", "faults")),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f(f"fk_{table}_organisation")),
        sa.PrimaryKeyConstraint("organisation", "seq", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("organisation", "id", name=op.f(f"uq_{table}_organisation_id")),
    )
    _index_events()
    op.drop_table("epcis_event_ids")


def _index_events() -> None:
    connection = op.get_bind()
    events = sa.table("epcis_events", *(sa.column(name) for name in ("organisation", "seq", "event_id", "body")))
    terms = sa.table("epcis_terms", *(sa.column(name) for name in ("organisation", "name", "value", "seq")))
    figures = sa.table("epcis_figures", *(sa.column(name) for name in ("organisation", "name", "value", "seq")))
    after = ("", -1)
    while True:
        page = connection.execute(
            sa.select(events.c.organisation, events.c.seq, events.c.event_id, events.c.body)
            .where(sa.tuple_(events.c.organisation, events.c.seq) > after)
            .order_by(events.c.organisation, events.c.seq)
            .limit(_AT_ONCE)
        ).all()
        if not page:
            return
        named: list[dict[str, Any]] = []
        counted: list[dict[str, Any]] = []
        for row in page:
            event = json.loads(row.body)["event"]
            owned = {"organisation": row.organisation, "seq": row.seq}
            pairs = dict.fromkeys([("eventID", row.event_id), *_terms(event)])
            named += [{**owned, "name": name, "value": value} for name, value in pairs]
            amounts = dict.fromkeys(_quantities(event))
            counted += [{**owned, "name": "quantity", "value": amount} for amount in amounts]
        for start in range(0, len(named), _AT_ONCE):
            connection.execute(terms.insert(), named[start : start + _AT_ONCE])
        if counted:
            connection.execute(figures.insert(), counted)
        after = (page[-1].organisation, page[-1].seq)


def _terms(event: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if "type" in event:
        yield ("eventType", event["type"])
    for name in _TEXTS:
        if name in event:
            yield (name, event[name])
    for name, begins in _WORDS.items():
        if name in event:
            yield (name, event[name] if ":" in event[name] else begins + event[name])
    for name in ("readPoint", "bizLocation"):
        if name in event:
            yield (name, event[name]["id"])
    for field, name in _IDS.items():
        yield from ((name, each) for each in event.get(field, ()))
    for field, name in _CLASSES.items():
        yield from ((name, each["epcClass"]) for each in event.get(field, ()))


def _quantities(event: dict[str, Any]) -> Iterator[float]:
    for field in _CLASSES:
        yield from (float(each["quantity"]) for each in event.get(field, ()) if "quantity" in each)
