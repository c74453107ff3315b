"""Rules of alarms: their values, conditions, states and targets, and the default rules."""
