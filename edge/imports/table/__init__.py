"""Tables (CSV) read by a column map."""
