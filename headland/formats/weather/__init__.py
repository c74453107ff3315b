"""Weather forecasts of others: what each provider is asked and how its answers are read. Pure."""
