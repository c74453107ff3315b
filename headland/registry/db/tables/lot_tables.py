"""Tables of plant protection, harvests, lots and certificates. Rows are added; only products are changed."""

from __future__ import annotations

import sqlalchemy as sa

from headland.registry.db.tables.farm_tables import METADATA, optional, record_table, required

_PLACE = {"field": "fields", "zone": "greenhouse_zones"}

plant_protection_products = record_table(
    "plant_protection_products",
    *(required(name) for name in ("name", "registration_number", "unit", "formulation", "source")),
    *(required(name, sa.JSON) for name in ("active_ingredients", "uses")),
    required("is_sample", sa.Boolean),
    unique=("organisation", "registration_number"),
)
treatments = record_table(
    "treatments",
    *(optional(name) for name in ("field", "zone", "pass_id", "corrects")),
    *(required(name) for name in ("crop", "target", "author", "note", "evidence")),
    *(required(name, sa.BigInteger) for name in ("start_ms", "end_ms")),
    required("mix", sa.JSON),
    *(optional(name, sa.Double) for name in ("water_l_ha", "treated_area_m2")),
    required("withdrawn", sa.Boolean),
    references={**_PLACE, "corrects": "treatments"},
)
sa.Index(None, treatments.c.organisation, treatments.c.pass_id)

harvests = record_table(
    "harvests",
    *(optional(name) for name in ("field", "zone", "season")),
    *(required(name) for name in ("plot", "crop", "variety", "author", "note", "evidence")),
    *(required(name, sa.BigInteger) for name in ("time_ms", "grams")),
    optional("grown_from_ms", sa.BigInteger),
    references={**_PLACE, "season": "seasons"},
)
lots = record_table(
    "lots",
    *(required(name) for name in ("code", "product", "crop")),
    *(required(name, sa.BigInteger) for name in ("time_ms", "grams")),
    optional("packs", sa.BigInteger),
    required("simulated", sa.Boolean),
    unique=("organisation", "code"),
)
lot_operations = record_table(
    "lot_operations",
    *(required(name) for name in ("kind", "author", "party", "note")),
    *(required(name, sa.BigInteger) for name in ("time_ms", "loss_g")),
    *(required(name, sa.JSON) for name in ("inputs", "outputs")),
    *(optional(name) for name in ("harvest", "corrects")),
    references={"harvest": "harvests", "corrects": "lot_operations"},
)
# The masses of the operations: positive where it was made, negative where it was taken. Their sum is what remains.
lot_flows = sa.Table(
    "lot_flows",
    METADATA,
    sa.Column("organisation", sa.Text, sa.ForeignKey("organisations.id"), primary_key=True),
    sa.Column("lot", sa.Text, primary_key=True),
    sa.Column("operation", sa.Text, primary_key=True),
    required("grams", sa.BigInteger),
    sa.Index(None, "organisation", "operation"),
)
# Which lot went into which, and how much of it; the parent of a harvested lot is its harvest.
lot_links = sa.Table(
    "lot_links",
    METADATA,
    sa.Column("organisation", sa.Text, sa.ForeignKey("organisations.id"), primary_key=True),
    sa.Column("parent", sa.Text, primary_key=True),
    sa.Column("child", sa.Text, primary_key=True),
    required("operation"),
    required("grams", sa.BigInteger),
    sa.Index(None, "organisation", "child"),
)
#: Lots and harvests in the order in which they were made: a parent's number is less than its child's.
lot_numbers = sa.Table(
    "lot_numbers",
    METADATA,
    sa.Column("organisation", sa.Text, sa.ForeignKey("organisations.id"), primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    required("id"),
    sa.Index("un_lot_numbers_organisation_id", "organisation", "id", unique=True),
)
#: The links that stand, by numbers: read in the order of its key, a parent comes before its children.
lot_parents = sa.Table(
    "lot_parents",
    METADATA,
    sa.Column("organisation", sa.Text, sa.ForeignKey("organisations.id"), primary_key=True),
    sa.Column("child", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("parent", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Index(None, "organisation", "parent"),
    sqlite_with_rowid=False,
)

certificates = record_table(
    "certificates",
    *(required(name) for name in ("number", "lot", "product", "origin", "issuer", "contact", "tested", "token")),
    *(required(name, sa.BigInteger) for name in ("grams", "issued_ms")),
    *(required(name, sa.JSON) for name in ("basis", "follows")),
    references={"lot": "lots"},
    unique=("organisation", "number"),
)
sa.Index("un_certificates_token", certificates.c.token, unique=True)
certificate_entries = record_table(
    "certificate_entries",
    *(required(name) for name in ("certificate", "kind", "author", "form", "reason")),
    required("time_ms", sa.BigInteger),
    references={"certificate": "certificates"},
)
