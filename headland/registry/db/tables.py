"""Tables of the registry; `migrations/` creates them, and a test compares the two.

A reference is a foreign key of (organisation, id), so the database itself prevents references to another organisation's
records. Names are unique among the records that are not deleted.
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


def _required(name: str, kind: Any = sa.Text) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _optional(name: str, kind: Any = sa.Text) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True)


def _position() -> list[sa.Column[Any]]:
    return [_optional("longitude_deg", sa.Double), _optional("latitude_deg", sa.Double)]


def _table(
    name: str, *columns: sa.Column[Any], references: dict[str, str] | None = None, unique: tuple[str, ...] = ()
) -> sa.Table:
    """Return a table of records: common columns, then `columns`; `references` maps columns to their tables."""
    links = references or {}
    return sa.Table(
        name,
        METADATA,
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("organisation", sa.Text, sa.ForeignKey("organisations.id"), nullable=False),
        _required("version", sa.Integer),
        _required("created_ms", sa.BigInteger),
        _required("changed_ms", sa.BigInteger),
        _optional("deleted_ms", sa.BigInteger),
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
    return sa.Index(name, *columns, unique=True, sqlite_where=living, postgresql_where=living)


organisations = sa.Table(
    "organisations",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    _required("version", sa.Integer),
    _required("created_ms", sa.BigInteger),
    _required("changed_ms", sa.BigInteger),
    _required("handle"),
    _required("name"),
    # The newest entry of the organisation's audit log: detects entries that were cut off.
    _required("audit_seq", sa.BigInteger),
    _required("audit_hash"),
    sa.UniqueConstraint("handle"),
)

members = _table("members", _required("subject"), _required("name"), _required("role"),
                 unique=("organisation", "subject"))  # fmt: skip
farms = _table("farms", _required("name"), *_position(), _required("note"), unique=("organisation", "name"))
sites = _table(
    "sites", _required("farm"), _required("name"), _required("time_zone"),
    *_position(), _optional("altitude_m", sa.Double),
    references={"farm": "farms"}, unique=("organisation", "name"),
)  # fmt: skip
fields = _table(
    "fields",
    _required("farm"),
    _required("name"),
    _required("geometry", sa.JSON),
    _required("zones", sa.JSON),
    _optional("site"),
    _required("owner"),
    _required("area_m2", sa.Double),
    _required("usable_area_m2", sa.Double),
    references={"farm": "farms", "site": "sites"},
    unique=("organisation", "farm", "name"),
)
greenhouses = _table(
    "greenhouses",
    _required("farm"),
    _required("site"),
    _required("name"),
    _required("cover"),
    _required("lamp"),
    _optional("floor_area_m2", sa.Double),
    _optional("volume_m3", sa.Double),
    *_position(),
    references={"farm": "farms", "site": "sites"},
    unique=("organisation", "farm", "name"),
)
greenhouse_zones = _table(
    "greenhouse_zones",
    _required("greenhouse"),
    _required("name"),
    _optional("area_m2", sa.Double),
    _required("crop"),
    _required("stage"),
    references={"greenhouse": "greenhouses"},
    unique=("organisation", "greenhouse", "name"),
)
# A gateway's login belongs to one organisation: unique among all.
gateways = _table("gateways", _required("name"), _required("site"), _required("shard", sa.Integer), unique=("name",))
devices = _table(
    "devices",
    _required("name"),
    _required("kind"),
    _required("gateway"),
    _required("site"),
    _required("title"),
    _required("model"),
    _required("software"),
    *_position(),
    _optional("altitude_m", sa.Double),
    _optional("clock"),
    _required("channels", sa.JSON),
    _required("simulated", sa.Boolean),
    _optional("zone"),
    _optional("field"),
    references={"zone": "greenhouse_zones", "field": "fields"},
    unique=("organisation", "name"),
)
products = _table(
    "products",
    _required("name"),
    _required("kind"),
    _required("n_pct", sa.Double),
    _required("p2o5_pct", sa.Double),
    _required("k2o_pct", sa.Double),
    _optional("nitrate_n_pct", sa.Double),
    _optional("ammonium_n_pct", sa.Double),
    _optional("amide_n_pct", sa.Double),
    _required("s_pct", sa.Double),
    _optional("density_kg_l", sa.Double),
    _required("maker"),
    unique=("organisation", "name"),
)
implements = _table(
    "implements",
    _required("name"),
    _required("kind"),
    _required("swath_m", sa.Double),
    _required("pattern", sa.JSON),
    _required("on_latency_s", sa.Double),
    _required("off_latency_s", sa.Double),
    _required("nozzle_behind_m", sa.Double),
    _optional("tank_l", sa.Double),
    _optional("max_flow_l_min", sa.Double),
    _optional("max_flow_kg_min", sa.Double),
    _optional("min_speed_m_s", sa.Double),
    _optional("max_speed_m_s", sa.Double),
    _optional("device"),
    references={"device": "devices"},
    unique=("organisation", "name"),
)
seasons = _table(
    "seasons",
    _required("field"),
    _required("name"),
    _required("crop"),
    _required("variety"),
    _optional("sowing_date", sa.Date),
    _optional("harvest_date", sa.Date),
    _optional("target_yield_t_ha", sa.Double),
    references={"field": "fields"},
    unique=("organisation", "field", "name"),
)
prescriptions = _table(
    "prescriptions",
    _required("field"),
    _required("name"),
    _optional("product"),
    _optional("implement"),
    _optional("season"),
    _required("unit"),
    _required("south_deg", sa.Double),
    _required("west_deg", sa.Double),
    _required("cell_north_deg", sa.Double),
    _required("cell_east_deg", sa.Double),
    _required("cell_m", sa.Double),
    _required("rows", sa.Integer),
    _required("columns", sa.Integer),
    _required("cells"),
    _required("zones", sa.JSON),
    _required("total", sa.Double),
    _required("checks", sa.JSON),
    _required("method", sa.JSON),
    references={"field": "fields", "product": "products", "implement": "implements", "season": "seasons"},
)
# Rows are added and never changed, see `headland.registry.repositories.passes`.
passes = _table(
    "passes",
    _required("field"),
    _required("device"),
    _required("start_ms", sa.BigInteger),
    _required("end_ms", sa.BigInteger),
    _optional("implement"),
    _optional("product"),
    _optional("season"),
    _optional("prescription"),
    _optional("planned_rate_ha", sa.Double),
    _required("note"),
    references={
        "field": "fields",
        "implement": "implements",
        "product": "products",
        "season": "seasons",
        "prescription": "prescriptions",
    },
    unique=("organisation", "field", "device", "start_ms"),
)
alarm_rules = _table(
    "alarm_rules",
    *(_required(name) for name in ("name", "severity", "text", "text_zh", "source")),
    *(_required(name, sa.JSON) for name in ("any_of", "recipients", "escalation")),
    *(_required(name, sa.Double) for name in ("for_s", "clear_for_s", "hold_s", "lost_after_s", "page_within_s")),
    *(_optional(name) for name in ("device", "kind", "site", "zone")),
    _optional("repeat_s", sa.Double),
    _required("most_an_hour", sa.Integer),
    _required("enabled", sa.Boolean),
    references={"zone": "greenhouse_zones"},
    unique=("organisation", "name"),
)
# `secret` signs the posts of a webhook; no record shows it.
alarm_recipients = _table(
    "alarm_recipients",
    *(_required(name) for name in ("name", "kind", "address", "language", "least_severity", "secret")),
    _required("enabled", sa.Boolean),
    unique=("organisation", "name"),
)
maintenance_windows = _table(
    "maintenance_windows",
    _required("name"),
    *(_required(name, sa.BigInteger) for name in ("start_ms", "end_ms")),
    *(_optional(name) for name in ("rule", "device", "kind", "site")),
)
notes = _table(
    "notes",
    _required("time_ms", sa.BigInteger),
    _required("author"),
    _required("text"),
    _optional("greenhouse"),
    _optional("field"),
    references={"greenhouse": "greenhouses", "field": "fields"},
)
# `secret` signs the posts; no record shows it.
webhooks = _table(
    "webhooks",
    *(_required(name) for name in ("name", "url")),
    _required("events", sa.JSON),
    _required("enabled", sa.Boolean),
    _required("secret"),
    unique=("organisation", "name"),
)
webhook_marks = sa.Table(
    "webhook_marks",
    METADATA,
    sa.Column("organisation", sa.Text, sa.ForeignKey("organisations.id"), primary_key=True),
    _required("body", sa.JSON),
)
api_keys = _table(
    "api_keys",
    _required("name"),
    _required("scope"),
    _required("prefix"),
    _required("secret_sha256"),
    _optional("expires_ms", sa.BigInteger),
    _optional("last_used_ms", sa.BigInteger),
    unique=("organisation", "name"),
)
sa.Index("un_api_keys_secret", api_keys.c.secret_sha256, unique=True)
# Browser sessions: no records, because nobody reads or changes them.
sessions = sa.Table(
    "sessions",
    METADATA,
    sa.Column("secret_sha256", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, sa.ForeignKey("api_keys.id"), nullable=False),
    *(_required(name, sa.BigInteger) for name in ("created_ms", "expires_ms")),
    sa.Index(None, "key"),
)

audit = sa.Table(
    "audit",
    METADATA,
    sa.Column("organisation", sa.Text, sa.ForeignKey("organisations.id"), primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    _required("time_ms", sa.BigInteger),
    _required("who"),
    _required("action"),
    _required("kind"),
    _required("record"),
    _optional("before"),
    _optional("after"),
    _required("hash"),
    sa.Index(None, "organisation", "record"),
)

# Forecasts of a greenhouse from an hour on, with the measured values once they exist.
forecasts = sa.Table(
    "forecasts",
    METADATA,
    sa.Column("organisation", sa.Text, sa.ForeignKey("organisations.id"), primary_key=True),
    sa.Column("house", sa.Text, primary_key=True),
    sa.Column("origin_ms", sa.BigInteger, primary_key=True, autoincrement=False),
    _required("made_ms", sa.BigInteger),
    _required("is_settled", sa.Boolean),
    _required("body", sa.JSON),
)

ledger = sa.Table(
    "ledger",
    METADATA,
    sa.Column("organisation", sa.Text, sa.ForeignKey("organisations.id"), primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    _required("time_ms", sa.BigInteger),
    _required("who"),
    _required("kind"),
    _required("field"),
    _required("pass"),
    _required("body"),
    _required("hash"),
    sa.Index(None, "organisation", "field"),
    sa.Index(None, "organisation", "pass"),
)
# The newest entry of each organisation's ledger: detects entries that were cut off.
ledger_heads = sa.Table(
    "ledger_heads",
    METADATA,
    sa.Column("organisation", sa.Text, sa.ForeignKey("organisations.id"), primary_key=True),
    _required("seq", sa.BigInteger),
    _required("hash"),
)
