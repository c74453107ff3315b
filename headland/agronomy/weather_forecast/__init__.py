"""Weather forecasts of others, corrected by a station: what is learned, how good it was, and who may teach."""
