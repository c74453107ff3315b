"""The first tables: organisations and all that is theirs, keys, and the audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table of the first registry."""
    op.create_table(
        "organisations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.Column("audit_hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisations")),
        sa.UniqueConstraint("handle", name=op.f("uq_organisations_handle")),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("deleted_ms", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("secret_sha256", sa.Text(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=True),
        sa.Column("last_used_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_api_keys_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("organisation", "id", name=op.f("uq_api_keys_organisation_id")),
    )
    op.create_index(
        "un_api_keys",
        "api_keys",
        ["organisation", "name"],
        unique=True,
        sqlite_where=sa.text("deleted_ms IS NULL"),
        postgresql_where=sa.text("deleted_ms IS NULL"),
    )
    op.create_index("un_api_keys_secret", "api_keys", ["secret_sha256"], unique=True)
    op.create_table(
        "audit",
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("time_ms", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_audit_organisation")),
        sa.PrimaryKeyConstraint("organisation", "seq", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_organisation_record"), "audit", ["organisation", "record"], unique=False)
    op.create_table(
        "farms",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("deleted_ms", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("longitude_deg", sa.Double(), nullable=True),
        sa.Column("latitude_deg", sa.Double(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_farms_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_farms")),
        sa.UniqueConstraint("organisation", "id", name=op.f("uq_farms_organisation_id")),
    )
    op.create_index(
        "un_farms",
        "farms",
        ["organisation", "name"],
        unique=True,
        sqlite_where=sa.text("deleted_ms IS NULL"),
        postgresql_where=sa.text("deleted_ms IS NULL"),
    )
    op.create_table(
        "gateways",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("deleted_ms", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_gateways_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateways")),
        sa.UniqueConstraint("organisation", "id", name=op.f("uq_gateways_organisation_id")),
    )
    op.create_index(
        "un_gateways",
        "gateways",
        ["name"],
        unique=True,
        sqlite_where=sa.text("deleted_ms IS NULL"),
        postgresql_where=sa.text("deleted_ms IS NULL"),
    )
    op.create_table(
        "members",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("deleted_ms", sa.BigInteger(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_members_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_members")),
        sa.UniqueConstraint("organisation", "id", name=op.f("uq_members_organisation_id")),
    )
    op.create_index(
        "un_members",
        "members",
        ["organisation", "subject"],
        unique=True,
        sqlite_where=sa.text("deleted_ms IS NULL"),
        postgresql_where=sa.text("deleted_ms IS NULL"),
    )
    op.create_table(
        "products",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("deleted_ms", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("n_pct", sa.Double(), nullable=False),
        sa.Column("p2o5_pct", sa.Double(), nullable=False),
        sa.Column("k2o_pct", sa.Double(), nullable=False),
        sa.Column("nitrate_n_pct", sa.Double(), nullable=True),
        sa.Column("ammonium_n_pct", sa.Double(), nullable=True),
        sa.Column("amide_n_pct", sa.Double(), nullable=True),
        sa.Column("s_pct", sa.Double(), nullable=False),
        sa.Column("density_kg_l", sa.Double(), nullable=True),
        sa.Column("maker", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_products_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
        sa.UniqueConstraint("organisation", "id", name=op.f("uq_products_organisation_id")),
    )
    op.create_index(
        "un_products",
        "products",
        ["organisation", "name"],
        unique=True,
        sqlite_where=sa.text("deleted_ms IS NULL"),
        postgresql_where=sa.text("deleted_ms IS NULL"),
    )
    op.create_table(
        "sites",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("deleted_ms", sa.BigInteger(), nullable=True),
        sa.Column("farm", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("longitude_deg", sa.Double(), nullable=True),
        sa.Column("latitude_deg", sa.Double(), nullable=True),
        sa.Column("altitude_m", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation", "farm"], ["farms.organisation", "farms.id"], name=op.f("fk_sites_organisation_farm")
        ),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_sites_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sites")),
        sa.UniqueConstraint("organisation", "id", name=op.f("uq_sites_organisation_id")),
    )
    op.create_index(op.f("ix_sites_organisation_farm"), "sites", ["organisation", "farm"], unique=False)
    op.create_index(
        "un_sites",
        "sites",
        ["organisation", "name"],
        unique=True,
        sqlite_where=sa.text("deleted_ms IS NULL"),
        postgresql_where=sa.text("deleted_ms IS NULL"),
    )
    op.create_table(
        "fields",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("deleted_ms", sa.BigInteger(), nullable=True),
        sa.Column("farm", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("geometry", sa.JSON(), nullable=False),
        sa.Column("zones", sa.JSON(), nullable=False),
        sa.Column("site", sa.Text(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("area_m2", sa.Double(), nullable=False),
        sa.Column("usable_area_m2", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation", "farm"], ["farms.organisation", "farms.id"], name=op.f("fk_fields_organisation_farm")
        ),
        sa.ForeignKeyConstraint(
            ["organisation", "site"], ["sites.organisation", "sites.id"], name=op.f("fk_fields_organisation_site")
        ),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_fields_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fields")),
        sa.UniqueConstraint("organisation", "id", name=op.f("uq_fields_organisation_id")),
    )
    op.create_index(op.f("ix_fields_organisation_farm"), "fields", ["organisation", "farm"], unique=False)
    op.create_index(op.f("ix_fields_organisation_site"), "fields", ["organisation", "site"], unique=False)
    op.create_index(
        "un_fields",
        "fields",
        ["organisation", "farm", "name"],
        unique=True,
        sqlite_where=sa.text("deleted_ms IS NULL"),
        postgresql_where=sa.text("deleted_ms IS NULL"),
    )
    op.create_table(
        "greenhouses",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("deleted_ms", sa.BigInteger(), nullable=True),
        sa.Column("farm", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("cover", sa.Text(), nullable=False),
        sa.Column("lamp", sa.Text(), nullable=False),
        sa.Column("floor_area_m2", sa.Double(), nullable=True),
        sa.Column("volume_m3", sa.Double(), nullable=True),
        sa.Column("longitude_deg", sa.Double(), nullable=True),
        sa.Column("latitude_deg", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation", "farm"], ["farms.organisation", "farms.id"], name=op.f("fk_greenhouses_organisation_farm")
        ),
        sa.ForeignKeyConstraint(
            ["organisation", "site"], ["sites.organisation", "sites.id"], name=op.f("fk_greenhouses_organisation_site")
        ),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_greenhouses_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_greenhouses")),
        sa.UniqueConstraint("organisation", "id", name=op.f("uq_greenhouses_organisation_id")),
    )
    op.create_index(op.f("ix_greenhouses_organisation_farm"), "greenhouses", ["organisation", "farm"], unique=False)
    op.create_index(op.f("ix_greenhouses_organisation_site"), "greenhouses", ["organisation", "site"], unique=False)
    op.create_index(
        "un_greenhouses",
        "greenhouses",
        ["organisation", "farm", "name"],
        unique=True,
        sqlite_where=sa.text("deleted_ms IS NULL"),
        postgresql_where=sa.text("deleted_ms IS NULL"),
    )
    op.create_table(
        "greenhouse_zones",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("deleted_ms", sa.BigInteger(), nullable=True),
        sa.Column("greenhouse", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("area_m2", sa.Double(), nullable=True),
        sa.Column("crop", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation", "greenhouse"],
            ["greenhouses.organisation", "greenhouses.id"],
            name=op.f("fk_greenhouse_zones_organisation_greenhouse"),
        ),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_greenhouse_zones_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_greenhouse_zones")),
        sa.UniqueConstraint("organisation", "id", name=op.f("uq_greenhouse_zones_organisation_id")),
    )
    op.create_index(
        op.f("ix_greenhouse_zones_organisation_greenhouse"),
        "greenhouse_zones",
        ["organisation", "greenhouse"],
        unique=False,
    )
    op.create_index(
        "un_greenhouse_zones",
        "greenhouse_zones",
        ["organisation", "greenhouse", "name"],
        unique=True,
        sqlite_where=sa.text("deleted_ms IS NULL"),
        postgresql_where=sa.text("deleted_ms IS NULL"),
    )
    op.create_table(
        "seasons",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("deleted_ms", sa.BigInteger(), nullable=True),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("crop", sa.Text(), nullable=False),
        sa.Column("variety", sa.Text(), nullable=False),
        sa.Column("sowing_date", sa.Date(), nullable=True),
        sa.Column("harvest_date", sa.Date(), nullable=True),
        sa.Column("target_yield_t_ha", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation", "field"], ["fields.organisation", "fields.id"], name=op.f("fk_seasons_organisation_field")
        ),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_seasons_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seasons")),
        sa.UniqueConstraint("organisation", "id", name=op.f("uq_seasons_organisation_id")),
    )
    op.create_index(op.f("ix_seasons_organisation_field"), "seasons", ["organisation", "field"], unique=False)
    op.create_index(
        "un_seasons",
        "seasons",
        ["organisation", "field", "name"],
        unique=True,
        sqlite_where=sa.text("deleted_ms IS NULL"),
        postgresql_where=sa.text("deleted_ms IS NULL"),
    )
    op.create_table(
        "devices",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("deleted_ms", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("software", sa.Text(), nullable=False),
        sa.Column("longitude_deg", sa.Double(), nullable=True),
        sa.Column("latitude_deg", sa.Double(), nullable=True),
        sa.Column("altitude_m", sa.Double(), nullable=True),
        sa.Column("clock", sa.Text(), nullable=True),
        sa.Column("channels", sa.JSON(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=True),
        sa.Column("field", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation", "field"], ["fields.organisation", "fields.id"], name=op.f("fk_devices_organisation_field")
        ),
        sa.ForeignKeyConstraint(
            ["organisation", "zone"],
            ["greenhouse_zones.organisation", "greenhouse_zones.id"],
            name=op.f("fk_devices_organisation_zone"),
        ),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_devices_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
        sa.UniqueConstraint("organisation", "id", name=op.f("uq_devices_organisation_id")),
    )
    op.create_index(op.f("ix_devices_organisation_field"), "devices", ["organisation", "field"], unique=False)
    op.create_index(op.f("ix_devices_organisation_zone"), "devices", ["organisation", "zone"], unique=False)
    op.create_index(
        "un_devices",
        "devices",
        ["organisation", "name"],
        unique=True,
        sqlite_where=sa.text("deleted_ms IS NULL"),
        postgresql_where=sa.text("deleted_ms IS NULL"),
    )
    op.create_table(
        "implements",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("deleted_ms", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("swath_m", sa.Double(), nullable=False),
        sa.Column("pattern", sa.JSON(), nullable=False),
        sa.Column("on_latency_s", sa.Double(), nullable=False),
        sa.Column("off_latency_s", sa.Double(), nullable=False),
        sa.Column("nozzle_behind_m", sa.Double(), nullable=False),
        sa.Column("tank_l", sa.Double(), nullable=True),
        sa.Column("max_flow_l_min", sa.Double(), nullable=True),
        sa.Column("max_flow_kg_min", sa.Double(), nullable=True),
        sa.Column("min_speed_m_s", sa.Double(), nullable=True),
        sa.Column("max_speed_m_s", sa.Double(), nullable=True),
        sa.Column("device", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation", "device"],
            ["devices.organisation", "devices.id"],
            name=op.f("fk_implements_organisation_device"),
        ),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_implements_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_implements")),
        sa.UniqueConstraint("organisation", "id", name=op.f("uq_implements_organisation_id")),
    )
    op.create_index(op.f("ix_implements_organisation_device"), "implements", ["organisation", "device"], unique=False)
    op.create_index(
        "un_implements",
        "implements",
        ["organisation", "name"],
        unique=True,
        sqlite_where=sa.text("deleted_ms IS NULL"),
        postgresql_where=sa.text("deleted_ms IS NULL"),
    )
