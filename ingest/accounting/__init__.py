"""Accounting of gateway records: dispositions, sequence ranges, delivery reports and statistics."""
