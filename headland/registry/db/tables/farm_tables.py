"""Tables of farms, fields, passes, audit log and ledger, and the common form of record tables.

`migrations/` creates the tables, and a test compares the two. A reference is a foreign key of (organisation, id), so
the database itself prevents references to another organisation's records. Names are unique among the records that are
not deleted.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

METADATA: Final = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def required(name: str, kind: Any = sa.Text) -> sa.Column[Any]:
    """Return a column without nulls."""
    return sa.Column(name, kind, nullable=False)


def optional(name: str, kind: Any = sa.Text) -> sa.Column[Any]:
    """Return a column that may be null."""
    return sa.Column(name, kind, nullable=True)


def active() -> sa.Column[Any]:
    """Return the column that says whether a record is in use; those of before it are."""
    return sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true())


def _position() -> list[sa.Column[Any]]:
    return [optional("longitude_deg", sa.Double), optional("latitude_deg", sa.Double)]


def record_table(
    name: str, *columns: sa.Column[Any], references: dict[str, str] | None = None, unique: tuple[str, ...] = ()
) -> sa.Table:
    """Return a table of records: common columns, then `columns`; `references` maps columns to their tables."""
    links = references or {}
    return sa.Table(
        name,
        METADATA,
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("organisation", sa.Text, sa.ForeignKey("organisations.id"), nullable=False),
        required("version", sa.Integer),
        required("created_ms", sa.BigInteger),
        required("changed_ms", sa.BigInteger),
        optional("deleted_ms", sa.BigInteger),
        *columns,
        sa.UniqueConstraint("organisation", "id"),
        *(
            sa.ForeignKeyConstraint(["organisation", column], [f"{target}.organisation", f"{target}.id"])
            for column, target in links.items()
        ),
        *(sa.Index(None, "organisation", column) for column in links),
        *([_unique_index(f"un_{name}", unique)] if unique else []),
    )


def _unique_index(name: str, columns: tuple[str, ...]) -> sa.Index:
    """Return a unique index without deleted records, so that their names can be used again."""
    living = sa.text("deleted_ms IS NULL")
    return sa.Index(name, *columns, unique=True, sqlite_where=living)


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

farms = record_table("farms", required("name"), *_position(), required("note"), unique=("organisation", "name"))
sites = record_table(
    "sites", required("farm"), required("name"), required("time_zone"),
    *_position(), optional("altitude_m", sa.Double), active(),
    references={"farm": "farms"}, unique=("organisation", "name"),
)  # fmt: skip
fields = record_table(
    "fields",
    required("farm"),
    required("name"),
    required("geometry", sa.JSON),
    required("zones", sa.JSON),
    optional("site"),
    required("owner"),
    required("area_m2", sa.Double),
    required("usable_area_m2", sa.Double),
    references={"farm": "farms", "site": "sites"},
    unique=("organisation", "farm", "name"),
)
greenhouses = record_table(
    "greenhouses",
    required("farm"),
    required("site"),
    required("name"),
    required("cover"),
    required("lamp"),
    optional("floor_area_m2", sa.Double),
    optional("volume_m3", sa.Double),
    *_position(),
    active(),
    references={"farm": "farms", "site": "sites"},
    unique=("organisation", "farm", "name"),
)
greenhouse_zones = record_table(
    "greenhouse_zones",
    required("greenhouse"),
    required("name"),
    optional("area_m2", sa.Double),
    required("crop"),
    required("stage"),
    references={"greenhouse": "greenhouses"},
    unique=("organisation", "greenhouse", "name"),
)
# A gateway's login belongs to one organisation: unique among all.
gateways = record_table("gateways", required("name"), required("site"), required("shard", sa.Integer), unique=("name",))
devices = record_table(
    "devices",
    required("name"),
    required("kind"),
    required("gateway"),
    required("site"),
    required("title"),
    required("model"),
    required("software"),
    *_position(),
    optional("altitude_m", sa.Double),
    optional("clock"),
    required("channels", sa.JSON),
    required("simulated", sa.Boolean),
    optional("zone"),
    optional("field"),
    references={"zone": "greenhouse_zones", "field": "fields"},
    unique=("organisation", "name"),
)
products = record_table(
    "products",
    required("name"),
    required("kind"),
    required("n_pct", sa.Double),
    required("p2o5_pct", sa.Double),
    required("k2o_pct", sa.Double),
    optional("nitrate_n_pct", sa.Double),
    optional("ammonium_n_pct", sa.Double),
    optional("amide_n_pct", sa.Double),
    required("s_pct", sa.Double),
    optional("density_kg_l", sa.Double),
    required("maker"),
    unique=("organisation", "name"),
)
implements = record_table(
    "implements",
    required("name"),
    required("kind"),
    required("swath_m", sa.Double),
    required("pattern", sa.JSON),
    required("on_latency_s", sa.Double),
    required("off_latency_s", sa.Double),
    required("nozzle_behind_m", sa.Double),
    optional("droplet_class"),
    optional("tank_l", sa.Double),
    optional("max_flow_l_min", sa.Double),
    optional("max_flow_kg_min", sa.Double),
    optional("min_speed_m_s", sa.Double),
    optional("max_speed_m_s", sa.Double),
    optional("device"),
    references={"device": "devices"},
    unique=("organisation", "name"),
)
seasons = record_table(
    "seasons",
    required("field"),
    required("name"),
    required("crop"),
    required("variety"),
    optional("sowing_date", sa.Date),
    optional("harvest_date", sa.Date),
    optional("target_yield_t_ha", sa.Double),
    references={"field": "fields"},
    unique=("organisation", "field", "name"),
)
prescriptions = record_table(
    "prescriptions",
    required("field"),
    required("name"),
    optional("product"),
    optional("implement"),
    optional("season"),
    required("unit"),
    required("south_deg", sa.Double),
    required("west_deg", sa.Double),
    required("cell_north_deg", sa.Double),
    required("cell_east_deg", sa.Double),
    required("cell_m", sa.Double),
    required("rows", sa.Integer),
    required("columns", sa.Integer),
    required("cells"),
    required("zones", sa.JSON),
    required("total", sa.Double),
    required("checks", sa.JSON),
    required("method", sa.JSON),
    references={"field": "fields", "product": "products", "implement": "implements", "season": "seasons"},
)
# Rows are added and never changed, see `headland.registry.repositories.passes`.
passes = record_table(
    "passes",
    required("field"),
    required("device"),
    required("start_ms", sa.BigInteger),
    required("end_ms", sa.BigInteger),
    optional("implement"),
    optional("product"),
    optional("season"),
    optional("prescription"),
    optional("planned_rate_ha", sa.Double),
    required("note"),
    references={
        "field": "fields",
        "implement": "implements",
        "product": "products",
        "season": "seasons",
        "prescription": "prescriptions",
    },
    unique=("organisation", "field", "device", "start_ms"),
)
notes = record_table(
    "notes",
    required("time_ms", sa.BigInteger),
    required("author"),
    required("text"),
    optional("greenhouse"),
    optional("field"),
    optional("zone"),
    optional("site"),
    optional("alarm"),
    *_position(),
    optional("accuracy_m", sa.Double),
    optional("photos", sa.JSON),
    references={"greenhouse": "greenhouses", "field": "fields"},
)
# Photos of notes; their bytes are files. One without a note was sent, and its note not yet.
note_photos = sa.Table(
    "note_photos",
    METADATA,
    sa.Column("organisation", sa.Text, sa.ForeignKey("organisations.id"), primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    required("media"),
    *(required(name, sa.Integer) for name in ("width_px", "height_px", "size_bytes")),
    required("digest"),
    required("added_ms", sa.BigInteger),
    optional("note"),
    sa.Index(None, "organisation", "note"),
    sa.Index(None, "organisation", "digest"),
)

audit = sa.Table(
    "audit",
    METADATA,
    sa.Column("organisation", sa.Text, sa.ForeignKey("organisations.id"), primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
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
record_retention = sa.Table(
    "record_retention",
    METADATA,
    sa.Column("organisation", sa.Text, sa.ForeignKey("organisations.id"), primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    optional("days", sa.Integer),
    required("chosen", sa.Boolean),
    required("deleted", sa.BigInteger),
    *(optional(name, sa.BigInteger) for name in ("until_ms", "looked_ms")),
)

# Forecasts of a greenhouse from an hour on, with the measured values once they exist.
forecasts = sa.Table(
    "forecasts",
    METADATA,
    sa.Column("organisation", sa.Text, sa.ForeignKey("organisations.id"), primary_key=True),
    sa.Column("house", sa.Text, primary_key=True),
    sa.Column("origin_ms", sa.BigInteger, primary_key=True, autoincrement=False),
    required("made_ms", sa.BigInteger),
    required("is_settled", sa.Boolean),
    required("body", sa.JSON),
)

# The highest record of each spool up to which all were committed, whatever store is in use now.
delivery_marks = sa.Table(
    "delivery_marks",
    METADATA,
    sa.Column("organisation", sa.Text, sa.ForeignKey("organisations.id"), primary_key=True),
    sa.Column("gateway", sa.Text, primary_key=True),
    sa.Column("epoch", sa.Text, primary_key=True),
    required("high_water", sa.BigInteger),
    required("changed_ms", sa.BigInteger),
)

# Requests that were carried out, by the keys that their clients gave them.
request_marks = sa.Table(
    "request_marks",
    METADATA,
    sa.Column("organisation", sa.Text, sa.ForeignKey("organisations.id"), primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    required("digest"),
    required("made_ms", sa.BigInteger),
    optional("answer"),
    sa.Index(None, "organisation", "made_ms"),
)

ledger = sa.Table(
    "ledger",
    METADATA,
    sa.Column("organisation", sa.Text, sa.ForeignKey("organisations.id"), primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
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
ledger_heads = sa.Table(
    "ledger_heads",
    METADATA,
    sa.Column("organisation", sa.Text, sa.ForeignKey("organisations.id"), primary_key=True),
    required("seq", sa.BigInteger),
    required("hash"),
)
