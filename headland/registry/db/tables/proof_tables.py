"""Tables of the ledger's Merkle log, its witnesses, released texts of lots, and EPCIS events. Rows are added.

The tiles repeat nothing that the ledger has: they are its hashes, and a check computes them again from the entries.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from headland.registry.db.tables.farm_tables import METADATA, optional, required


def _of_organisation(name: str, *columns: Any) -> sa.Table:
    owner = sa.Column("organisation", sa.Text, sa.ForeignKey("organisations.id"), primary_key=True)
    return sa.Table(name, METADATA, owner, *columns)


def _part_of_key(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, primary_key=True, autoincrement=False)


log_tiles = _of_organisation(
    "log_tiles",
    _part_of_key("level", sa.Integer),
    _part_of_key("number", sa.BigInteger),
    required("hashes", sa.LargeBinary),
)
# Checkpoints that were signed: the log must lead from each of them to the next one.
log_checkpoints = _of_organisation(
    "log_checkpoints", _part_of_key("size", sa.BigInteger), required("time_ms", sa.BigInteger), required("note")
)
# Private keys by use: that of the log, and that of the witness of other logs.
log_keys = _of_organisation("log_keys", _part_of_key("name", sa.Text), required("seed"))
# Logs of others that this organisation witnesses: the key, and the newest checkpoint it has signed.
witnessed_logs = _of_organisation(
    "witnessed_logs",
    _part_of_key("origin", sa.Text),
    required("key"),
    optional("note"),
    optional("time_ms", sa.BigInteger),
)
# Witnesses of this organisation's own log, by their public keys: whose signatures its checkpoints show.
log_witnesses = _of_organisation(
    "log_witnesses", _part_of_key("name", sa.Text), required("key"), required("added_ms", sa.BigInteger)
)

# What the issuer of a lot made public: `seq` is its entry in the ledger, `token` the public name of the lot's page.
releases = _of_organisation(
    "releases",
    _part_of_key("seq", sa.BigInteger),
    required("lot"),
    required("token"),
    required("text"),
    required("live", sa.JSON),
    required("released_ms", sa.BigInteger),
    optional("withdrawn_ms", sa.BigInteger),
    sa.Index(None, "token"),
    sa.Index(None, "organisation", "lot"),
)

# EPCIS events by the hash that is their id; `seq` is the order of capture.
epcis_events = _of_organisation(
    "epcis_events",
    _part_of_key("seq", sa.BigInteger),
    required("event_id"),
    required("type"),
    required("biz_step"),
    required("event_ms", sa.BigInteger),
    required("record_ms", sa.BigInteger),
    required("body"),
    sa.UniqueConstraint("organisation", "event_id"),
    sa.Index(None, "organisation", "event_ms"),
)
# The identifiers that an event names, in whatever role.
epcis_event_ids = _of_organisation(
    "epcis_event_ids",
    _part_of_key("identifier", sa.Text),
    _part_of_key("seq", sa.BigInteger),
)
