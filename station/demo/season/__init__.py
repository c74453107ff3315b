"""A season of a simulated cooperative: members and plots, flights of two operators, harvest, statements and papers."""
