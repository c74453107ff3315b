"""Tables of people and of the fields that they hold."""

from __future__ import annotations

import sqlalchemy as sa

from headland.registry.db.tables.farm_tables import active, optional, record_table, required

people = record_table(
    "people",
    *(required(name) for name in ("name", "number", "role", "language")),
    required("contacts", sa.JSON),
    required("note"),
    active(),
    # The number by which an erased person is named from then on.
    optional("erased", sa.Integer),
)
# A new person is compared with all who have the same number.
sa.Index(None, people.c.organisation, people.c.number)
holdings = record_table(
    "holdings",
    *(required(name) for name in ("field", "person", "kind")),
    required("parts", sa.Integer),
    required("of_parts", sa.Integer),
    optional("start_ms", sa.BigInteger),
    optional("end_ms", sa.BigInteger),
    references={"field": "fields", "person": "people"},
)
