"""Enrolment of gateways: a one-time code, what it signs and seals, and the gateway's request for a certificate."""
