"""Plan of a field's next dressing: one draft from the season to the mission, each number with its source."""
