"""Table of confirmations."""

from __future__ import annotations

from headland.registry.db.table_forms import record_table
from headland.registry.models.confirmations import Confirmation

confirmations = record_table("confirmations", Confirmation)
