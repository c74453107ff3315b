"""Notification of people: policy, duty, messages, and how they are sent."""
