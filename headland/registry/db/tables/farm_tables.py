"""Tables of organisations, farms, fields, passes, audit log and ledger."""

from __future__ import annotations

import sqlalchemy as sa

from headland.registry.db.table_forms import (
    METADATA,
    active,
    optional,
    owned_table,
    part_of_key,
    record_table,
    required,
)
from headland.registry.models.models import (
    Device,
    Farm,
    Field,
    Gateway,
    Greenhouse,
    GreenhouseZone,
    GrowerNote,
    Implement,
    Pass,
    Product,
    Season,
    Site,
)
from headland.registry.models.prescriptions import Prescription

organisations = sa.Table(
    "organisations",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    required("version", sa.Integer),
    required("created_ms", sa.BigInteger),
    required("changed_ms", sa.BigInteger),
    required("handle"),
    required("name"),
    # The newest entry of the organisation's audit log: detects entries that were cut off.
    required("audit_seq", sa.BigInteger),
    required("audit_hash"),
    sa.UniqueConstraint("handle"),
)

farms = record_table("farms", Farm, unique=("organisation", "name"))
sites = record_table("sites", Site, active(), references={"farm": "farms"}, unique=("organisation", "name"))
fields = record_table(
    "fields", Field, references={"farm": "farms", "site": "sites"}, unique=("organisation", "farm", "name")
)
greenhouses = record_table(
    "greenhouses",
    Greenhouse,
    active(),
    references={"farm": "farms", "site": "sites"},
    unique=("organisation", "farm", "name"),
)
greenhouse_zones = record_table(
    "greenhouse_zones",
    GreenhouseZone,
    references={"greenhouse": "greenhouses"},
    unique=("organisation", "greenhouse", "name"),
)
# A gateway's login belongs to one organisation: unique among all.
gateways = record_table("gateways", Gateway, required("shard", sa.Integer), unique=("name",))
devices = record_table(
    "devices", Device, references={"zone": "greenhouse_zones", "field": "fields"}, unique=("organisation", "name")
)
products = record_table("products", Product, unique=("organisation", "name"))
implements = record_table("implements", Implement, references={"device": "devices"}, unique=("organisation", "name"))
seasons = record_table("seasons", Season, references={"field": "fields"}, unique=("organisation", "field", "name"))
_WORK = {"field": "fields", "product": "products", "implement": "implements", "season": "seasons"}
prescriptions = record_table("prescriptions", Prescription, references=_WORK)
# Rows are added and never changed, see `headland.registry.repositories.passes`.
passes = record_table(
    "passes",
    Pass,
    references={**_WORK, "prescription": "prescriptions"},
    unique=("organisation", "field", "device", "start_ms"),
)
notes = record_table(
    "notes",
    GrowerNote,
    optional("photos", sa.JSON),
    references={"greenhouse": "greenhouses", "field": "fields"},
)
# Photos of notes; their bytes are files. One without a note was sent, and its note not yet.
note_photos = owned_table(
    "note_photos",
    part_of_key("id"),
    required("media"),
    *(required(name, sa.Integer) for name in ("width_px", "height_px", "size_bytes")),
    required("digest"),
    required("added_ms", sa.BigInteger),
    optional("note"),
    sa.Index(None, "organisation", "note"),
    sa.Index(None, "organisation", "digest"),
)

audit = owned_table(
    "audit",
    part_of_key("seq", sa.BigInteger),
    required("time_ms", sa.BigInteger),
    required("who"),
    required("action"),
    required("kind"),
    required("record"),
    optional("before"),
    optional("after"),
    required("hash"),
    # A random part of the hash, and by which erasure the entry is redacted: see `headland.registry.db.redaction`.
    optional("salt"),
    optional("erasure", sa.Integer),
    sa.Index(None, "organisation", "record"),
)

# How long the organisation keeps records of a kind, and what was deleted: `days` is null for ever, `chosen` whether a
# person set it.
record_retention = owned_table(
    "record_retention",
    part_of_key("kind"),
    optional("days", sa.Integer),
    required("chosen", sa.Boolean),
    required("deleted", sa.BigInteger),
    *(optional(name, sa.BigInteger) for name in ("until_ms", "looked_ms")),
)

# Forecasts of a greenhouse from an hour on, with the measured values once they exist.
forecasts = owned_table(
    "forecasts",
    part_of_key("house"),
    part_of_key("origin_ms", sa.BigInteger),
    required("made_ms", sa.BigInteger),
    required("is_settled", sa.Boolean),
    required("body", sa.JSON),
)

# The highest record of each spool up to which all were committed, whatever store is in use now.
delivery_marks = owned_table(
    "delivery_marks",
    part_of_key("gateway"),
    part_of_key("epoch"),
    required("high_water", sa.BigInteger),
    required("changed_ms", sa.BigInteger),
)

# Requests that were carried out, by the keys that their clients gave them.
request_marks = owned_table(
    "request_marks",
    part_of_key("key"),
    required("digest"),
    required("made_ms", sa.BigInteger),
    optional("answer"),
    sa.Index(None, "organisation", "made_ms"),
)

ledger = owned_table(
    "ledger",
    part_of_key("seq", sa.BigInteger),
    required("time_ms", sa.BigInteger),
    required("who"),
    required("kind"),
    required("field"),
    required("pass"),
    required("body"),
    required("hash"),
    # Hash of the leaf in the Merkle log, of a redacted entry alone: that of others follows from them.
    optional("leaf_sha256"),
    sa.Index(None, "organisation", "field"),
    sa.Index(None, "organisation", "pass"),
)
# The newest entry of each organisation's ledger: detects entries that were cut off.
ledger_heads = owned_table(
    "ledger_heads",
    required("seq", sa.BigInteger),
    required("hash"),
)
