"""Water of the root zone of a field: crop coefficients, the daily balance, and probes that correct it."""
