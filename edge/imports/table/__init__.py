"""Import of tables (CSV) with a column map."""
