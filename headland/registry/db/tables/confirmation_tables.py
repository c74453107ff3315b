"""Tables of what people say: confirmations, and actions that were done."""

from __future__ import annotations

from headland.registry.db.table_forms import record_table
from headland.registry.models.confirmations import Confirmation, DoneAction

confirmations = record_table("confirmations", Confirmation)
done_actions = record_table("done_actions", DoneAction)
