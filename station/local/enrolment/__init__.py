"""Enrolment at the farm: its certificate authority, the codes that it gave, and the certificates that it signed."""
