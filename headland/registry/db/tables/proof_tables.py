"""Tables of the ledger's Merkle log, its witnesses, released texts of lots, and EPCIS events. Rows are added.

The tiles repeat nothing that the ledger has: they are its hashes, and a check computes them again from the entries.
"""

from __future__ import annotations

import sqlalchemy as sa

from headland.registry.db.table_forms import optional, owned_table, part_of_key, required

log_tiles = owned_table(
    "log_tiles",
    part_of_key("level", sa.Integer),
    part_of_key("number", sa.BigInteger),
    required("hashes", sa.LargeBinary),
)
# Checkpoints that were signed: the log must lead from each of them to the next one.
log_checkpoints = owned_table(
    "log_checkpoints", part_of_key("size", sa.BigInteger), required("time_ms", sa.BigInteger), required("note")
)
# Private keys by use: that of the log, and that of the witness of other logs.
log_keys = owned_table("log_keys", part_of_key("name"), required("seed"))
# Logs of others that this organisation witnesses: the key, and the newest checkpoint it has signed.
witnessed_logs = owned_table(
    "witnessed_logs",
    part_of_key("origin"),
    required("key"),
    optional("note"),
    optional("time_ms", sa.BigInteger),
)
# Witnesses of this organisation's own log, by their public keys: whose signatures its checkpoints show.
log_witnesses = owned_table("log_witnesses", part_of_key("name"), required("key"), required("added_ms", sa.BigInteger))

# What the issuer of a lot made public: `seq` is its entry in the ledger, `token` the public name of the lot's page.
releases = owned_table(
    "releases",
    part_of_key("seq", sa.BigInteger),
    required("lot"),
    required("token"),
    required("text"),
    required("live", sa.JSON),
    required("released_ms", sa.BigInteger),
    optional("withdrawn_ms", sa.BigInteger),
    sa.Index(None, "token"),
    sa.Index(None, "organisation", "lot"),
)

# EPCIS events by their id; `seq` is the order of capture. `content` is the hash of what an event says; a declaration
# that an event was wrong has the event's id, and `declaration` tells the two apart.
epcis_events = owned_table(
    "epcis_events",
    part_of_key("seq", sa.BigInteger),
    required("event_id"),
    required("type"),
    required("biz_step"),
    required("event_ms", sa.BigInteger),
    required("record_ms", sa.BigInteger),
    required("body"),
    required("content"),
    required("declaration"),
    sa.UniqueConstraint("organisation", "event_id", "content", "declaration"),
    sa.Index(None, "organisation", "event_ms"),
    sa.Index(None, "organisation", "record_ms"),
)
# What an event may be asked for by: identifiers, places, words, fields of others.
epcis_terms = owned_table(
    "epcis_terms",
    part_of_key("name"),
    part_of_key("value"),
    part_of_key("seq", sa.BigInteger),
)
# What of an event is compared as a number.
epcis_figures = owned_table(
    "epcis_figures",
    part_of_key("name"),
    part_of_key("value", sa.Double),
    part_of_key("seq", sa.BigInteger),
)
# Documents that were captured: what they said beside their events, the places of these in the order of capture, and
# what of them could not be captured.
epcis_captures = owned_table(
    "epcis_captures",
    part_of_key("seq", sa.BigInteger),
    required("id"),
    required("behaviour"),
    required("created_ms", sa.BigInteger),
    required("finished_ms", sa.BigInteger),
    required("header"),
    required("events", sa.JSON),
    required("faults", sa.JSON),
    sa.UniqueConstraint("organisation", "id"),
)
