"""PX4 ULog files (.ulg)."""
