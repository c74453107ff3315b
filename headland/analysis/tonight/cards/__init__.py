"""Cards of tonight: the statements about each greenhouse and field with alarms and what was done."""
