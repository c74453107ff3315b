"""Tables of a cooperative's accounts: tariffs, account entries, statement runs, statements, subsidy rules."""

from __future__ import annotations

import sqlalchemy as sa

from headland.registry.db.tables.farm_tables import optional, record_table, required

tariffs = record_table(
    "tariffs",
    required("name"),
    *(required(name, sa.BigInteger) for name in ("per_mu_fen", "per_kg_fen", "minimum_fen")),
    *(required(name, sa.Integer) for name in ("night_pct", "slope_pct", "slope_from_pct")),
    required("cancelled_fen", sa.BigInteger),
    required("repeat_days", sa.Integer),
    required("billable_evidence", sa.JSON),
    required("dividend_fen", sa.BigInteger),
    required("dividend_by"),
    *(required(name, sa.JSON) for name in ("operators", "slopes_pct")),
    unique=("organisation", "name"),
)
account_entries = record_table(
    "account_entries",
    *(required(name) for name in ("person", "kind")),
    *(required(name, sa.BigInteger) for name in ("time_ms", "amount_fen", "grams")),
    optional("field"),
    required("pass_id"),
    optional("corrects"),
    required("note"),
    *(optional(name) for name in ("harvest", "crop", "lot_code")),
    references={"person": "people", "field": "fields", "corrects": "account_entries"},
)
statement_runs = record_table(
    "statement_runs",
    required("tariff"),
    required("tariff_version", sa.Integer),
    *(required(name, sa.BigInteger) for name in ("start_ms", "end_ms")),
    required("people", sa.Integer),
    *(required(name, sa.BigInteger) for name in ("charged_fen", "area_m2")),
    required("not_charged", sa.JSON),
    required("digest"),
    references={"tariff": "tariffs"},
)
statements = record_table(
    "statements",
    required("run"),
    optional("person"),
    *(required(name, sa.BigInteger) for name in ("start_ms", "end_ms", "balance_fen", "area_m2")),
    required("lines", sa.JSON),
    references={"run": "statement_runs", "person": "people"},
)
subsidy_rules = record_table(
    "subsidy_rules",
    required("name"),
    required("fen_per_mu", sa.BigInteger),
    required("least_coverage_pct", sa.Double),
    required("evidence", sa.JSON),
    required("repeat_days", sa.Integer),
    optional("cap_mu", sa.Double),
    optional("cap_fen", sa.BigInteger),
    required("products", sa.JSON),
    optional("excludes", sa.JSON(none_as_null=True)),
    unique=("organisation", "name"),
)
