"""The tables as they are now; `migrations/` brings a database here, and a test holds the two against each other.

A reference is a foreign key of (organisation, id), so the database itself lets no record point at another
organisation's. Names are unique among what is not deleted.
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


def _need(name: str, kind: Any = sa.Text) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _may(name: str, kind: Any = sa.Text) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True)


def _position() -> list[sa.Column[Any]]:
    return [_may("longitude_deg", sa.Double), _may("latitude_deg", sa.Double)]


def _table(
    name: str, *columns: sa.Column[Any], references: dict[str, str] | None = None, unique: tuple[str, ...] = ()
) -> sa.Table:
    """Return a table of records: what all have, then `columns`; `references` are columns by the table they point at."""
    links = references or {}
    return sa.Table(
        name,
        METADATA,
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("organisation", sa.Text, sa.ForeignKey("organisations.id"), nullable=False),
        _need("version", sa.Integer),
        _need("created_ms", sa.BigInteger),
        _need("changed_ms", sa.BigInteger),
        _may("deleted_ms", sa.BigInteger),
        *columns,
        sa.UniqueConstraint("organisation", "id"),
        *(
            sa.ForeignKeyConstraint(["organisation", column], [f"{target}.organisation", f"{target}.id"])
            for column, target in links.items()
        ),
        *(sa.Index(None, "organisation", column) for column in links),
        *([_among_living(f"un_{name}", unique)] if unique else []),
    )


def _among_living(name: str, columns: tuple[str, ...]) -> sa.Index:
    """Return a unique index that leaves out what is deleted, so that a name can be given again."""
    living = sa.text("deleted_ms IS NULL")
    return sa.Index(name, *columns, unique=True, sqlite_where=living, postgresql_where=living)


organisations = sa.Table(
    "organisations",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    _need("version", sa.Integer),
    _need("created_ms", sa.BigInteger),
    _need("changed_ms", sa.BigInteger),
    _need("handle"),
    _need("name"),
    # The newest entry of the organisation's audit log: each entry is chained to it, and none can be cut off unseen.
    _need("audit_seq", sa.BigInteger),
    _need("audit_hash"),
    sa.UniqueConstraint("handle"),
)

members = _table("members", _need("subject"), _need("name"), _need("role"),
                 unique=("organisation", "subject"))  # fmt: skip
farms = _table("farms", _need("name"), *_position(), _need("note"), unique=("organisation", "name"))
sites = _table(
    "sites", _need("farm"), _need("name"), _need("time_zone"), *_position(), _may("altitude_m", sa.Double),
    references={"farm": "farms"}, unique=("organisation", "name"),
)  # fmt: skip
fields = _table(
    "fields",
    _need("farm"),
    _need("name"),
    _need("geometry", sa.JSON),
    _need("zones", sa.JSON),
    _may("site"),
    _need("owner"),
    _need("area_m2", sa.Double),
    _need("usable_area_m2", sa.Double),
    references={"farm": "farms", "site": "sites"},
    unique=("organisation", "farm", "name"),
)
greenhouses = _table(
    "greenhouses",
    _need("farm"),
    _need("site"),
    _need("name"),
    _need("cover"),
    _need("lamp"),
    _may("floor_area_m2", sa.Double),
    _may("volume_m3", sa.Double),
    *_position(),
    references={"farm": "farms", "site": "sites"},
    unique=("organisation", "farm", "name"),
)
greenhouse_zones = _table(
    "greenhouse_zones",
    _need("greenhouse"),
    _need("name"),
    _may("area_m2", sa.Double),
    _need("crop"),
    _need("stage"),
    references={"greenhouse": "greenhouses"},
    unique=("organisation", "greenhouse", "name"),
)
# A login is one organisation's: unique among all.
gateways = _table("gateways", _need("name"), _need("site"), _need("shard", sa.Integer), unique=("name",))
devices = _table(
    "devices",
    _need("name"),
    _need("kind"),
    _need("gateway"),
    _need("site"),
    _need("title"),
    _need("model"),
    _need("software"),
    *_position(),
    _may("altitude_m", sa.Double),
    _may("clock"),
    _need("channels", sa.JSON),
    _need("simulated", sa.Boolean),
    _may("zone"),
    _may("field"),
    references={"zone": "greenhouse_zones", "field": "fields"},
    unique=("organisation", "name"),
)
products = _table(
    "products",
    _need("name"),
    _need("kind"),
    _need("n_pct", sa.Double),
    _need("p2o5_pct", sa.Double),
    _need("k2o_pct", sa.Double),
    _may("nitrate_n_pct", sa.Double),
    _may("ammonium_n_pct", sa.Double),
    _may("amide_n_pct", sa.Double),
    _need("s_pct", sa.Double),
    _may("density_kg_l", sa.Double),
    _need("maker"),
    unique=("organisation", "name"),
)
implements = _table(
    "implements",
    _need("name"),
    _need("kind"),
    _need("swath_m", sa.Double),
    _need("pattern", sa.JSON),
    _need("on_latency_s", sa.Double),
    _need("off_latency_s", sa.Double),
    _need("nozzle_behind_m", sa.Double),
    _may("tank_l", sa.Double),
    _may("max_flow_l_min", sa.Double),
    _may("max_flow_kg_min", sa.Double),
    _may("min_speed_m_s", sa.Double),
    _may("max_speed_m_s", sa.Double),
    _may("device"),
    references={"device": "devices"},
    unique=("organisation", "name"),
)
seasons = _table(
    "seasons",
    _need("field"),
    _need("name"),
    _need("crop"),
    _need("variety"),
    _may("sowing_date", sa.Date),
    _may("harvest_date", sa.Date),
    _may("target_yield_t_ha", sa.Double),
    references={"field": "fields"},
    unique=("organisation", "field", "name"),
)
prescriptions = _table(
    "prescriptions",
    _need("field"),
    _need("name"),
    _may("product"),
    _may("implement"),
    _may("season"),
    _need("unit"),
    _need("south_deg", sa.Double),
    _need("west_deg", sa.Double),
    _need("cell_north_deg", sa.Double),
    _need("cell_east_deg", sa.Double),
    _need("cell_m", sa.Double),
    _need("rows", sa.Integer),
    _need("columns", sa.Integer),
    _need("cells"),
    _need("zones", sa.JSON),
    _need("total", sa.Double),
    _need("checks", sa.JSON),
    _need("method", sa.JSON),
    references={"field": "fields", "product": "products", "implement": "implements", "season": "seasons"},
)
# Rows are added and never changed: `headland.registry.repositories.passes` has no other way.
passes = _table(
    "passes",
    _need("field"),
    _need("device"),
    _need("start_ms", sa.BigInteger),
    _need("end_ms", sa.BigInteger),
    _may("implement"),
    _may("product"),
    _may("season"),
    _may("prescription"),
    _may("planned_rate_ha", sa.Double),
    _need("note"),
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
    *(_need(name) for name in ("name", "severity", "text", "text_zh", "source")),
    *(_need(name, sa.JSON) for name in ("any_of", "recipients", "escalation")),
    *(_need(name, sa.Double) for name in ("for_s", "clear_for_s", "hold_s", "lost_after_s", "page_within_s")),
    *(_may(name) for name in ("device", "kind", "site", "zone")),
    _may("repeat_s", sa.Double),
    _need("most_an_hour", sa.Integer),
    _need("enabled", sa.Boolean),
    references={"zone": "greenhouse_zones"},
    unique=("organisation", "name"),
)
# `secret` signs what a webhook is sent; no record shows it.
alarm_recipients = _table(
    "alarm_recipients",
    *(_need(name) for name in ("name", "kind", "address", "language", "least_severity", "secret")),
    _need("enabled", sa.Boolean),
    unique=("organisation", "name"),
)
maintenance_windows = _table(
    "maintenance_windows",
    _need("name"),
    *(_need(name, sa.BigInteger) for name in ("start_ms", "end_ms")),
    *(_may(name) for name in ("rule", "device", "kind", "site")),
)
notes = _table(
    "notes",
    _need("time_ms", sa.BigInteger),
    _need("author"),
    _need("text"),
    _may("greenhouse"),
    _may("field"),
    references={"greenhouse": "greenhouses", "field": "fields"},
)
# `secret` signs what is posted; no record shows it.
webhooks = _table(
    "webhooks",
    *(_need(name) for name in ("name", "url")),
    _need("events", sa.JSON),
    _need("enabled", sa.Boolean),
    _need("secret"),
    unique=("organisation", "name"),
)
webhook_marks = sa.Table(
    "webhook_marks",
    METADATA,
    sa.Column("organisation", sa.Text, sa.ForeignKey("organisations.id"), primary_key=True),
    _need("body", sa.JSON),
)
api_keys = _table(
    "api_keys",
    _need("name"),
    _need("scope"),
    _need("prefix"),
    _need("secret_sha256"),
    _may("expires_ms", sa.BigInteger),
    _may("last_used_ms", sa.BigInteger),
    unique=("organisation", "name"),
)
sa.Index("un_api_keys_secret", api_keys.c.secret_sha256, unique=True)
# A browser that was signed in with a key: no record, as nobody looks at it or changes it.
sessions = sa.Table(
    "sessions",
    METADATA,
    sa.Column("secret_sha256", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, sa.ForeignKey("api_keys.id"), nullable=False),
    *(_need(name, sa.BigInteger) for name in ("created_ms", "expires_ms")),
    sa.Index(None, "key"),
)

audit = sa.Table(
    "audit",
    METADATA,
    sa.Column("organisation", sa.Text, sa.ForeignKey("organisations.id"), primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    _need("time_ms", sa.BigInteger),
    _need("who"),
    _need("action"),
    _need("kind"),
    _need("record"),
    _may("before"),
    _may("after"),
    _need("hash"),
    sa.Index(None, "organisation", "record"),
)

# What was forecast of a house at an hour, and, once it has come, what was measured.
forecasts = sa.Table(
    "forecasts",
    METADATA,
    sa.Column("organisation", sa.Text, sa.ForeignKey("organisations.id"), primary_key=True),
    sa.Column("house", sa.Text, primary_key=True),
    sa.Column("origin_ms", sa.BigInteger, primary_key=True, autoincrement=False),
    _need("made_ms", sa.BigInteger),
    _need("is_settled", sa.Boolean),
    _need("body", sa.JSON),
)

ledger = sa.Table(
    "ledger",
    METADATA,
    sa.Column("organisation", sa.Text, sa.ForeignKey("organisations.id"), primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    _need("time_ms", sa.BigInteger),
    _need("who"),
    _need("kind"),
    _need("field"),
    _need("pass"),
    _need("body"),
    _need("hash"),
    sa.Index(None, "organisation", "field"),
    sa.Index(None, "organisation", "pass"),
)
# The newest entry of each organisation's ledger, so that none can be cut off unseen.
ledger_heads = sa.Table(
    "ledger_heads",
    METADATA,
    sa.Column("organisation", sa.Text, sa.ForeignKey("organisations.id"), primary_key=True),
    _need("seq", sa.BigInteger),
    _need("hash"),
)
