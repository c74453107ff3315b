"""Evaluation rounds: active alarms, storing, retries, and hours evaluated again."""
