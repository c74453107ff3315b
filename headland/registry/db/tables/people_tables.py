"""Tables of people and of the fields that they hold."""

from __future__ import annotations

import sqlalchemy as sa

from headland.registry.db.table_forms import active, optional, record_table
from headland.registry.models.people import Holding, Person

people = record_table("people", Person, active(), optional("erased", sa.Integer))
# A new person is compared with all who have the same number.
sa.Index(None, people.c.organisation, people.c.number)
holdings = record_table("holdings", Holding, references={"field": "fields", "person": "people"})
