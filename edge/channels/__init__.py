"""What stands between sources and the batcher, channel by channel: units, calibration, quality, reporting, alarms."""
