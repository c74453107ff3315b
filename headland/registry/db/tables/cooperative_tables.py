"""Tables of a cooperative's accounts: tariffs, account entries, statement runs, statements, subsidy rules."""

from __future__ import annotations

import sqlalchemy as sa

from headland.registry.db.table_forms import optional, record_table, required
from headland.registry.models.cooperative import (
    AccountEntry,
    SeasonStatement,
    StatementRunRecord,
    SubsidyRule,
    TariffRecord,
)

tariffs = record_table("tariffs", TariffRecord, unique=("organisation", "name"))
account_entries = record_table(
    "account_entries",
    AccountEntry,
    references={"person": "people", "field": "fields", "corrects": "account_entries"},
)
statement_runs = record_table(
    "statement_runs",
    StatementRunRecord,
    *(required(name, sa.Integer) for name in ("tariff_version", "people")),
    references={"tariff": "tariffs"},
)
statements = record_table("statements", SeasonStatement, references={"run": "statement_runs", "person": "people"})
subsidy_rules = record_table(
    "subsidy_rules", SubsidyRule, optional("excludes", sa.JSON(none_as_null=True)), unique=("organisation", "name")
)
