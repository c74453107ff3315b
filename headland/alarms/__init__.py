"""Rules of alarms at work on what the store holds: tests on samples, states, notices, and how it would have been."""
