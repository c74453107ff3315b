"""Per-channel processing: calibration, quality tests, reporting."""
