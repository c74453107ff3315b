"""Today: the first page as one answer, with one next action for each greenhouse and field."""
