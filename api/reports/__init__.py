"""Reports for people: what the API answers about a pass or a greenhouse's week, on paper, as a page and as a table."""
