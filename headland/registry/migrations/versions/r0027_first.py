"""The first schema that is opened. The code makes the tables of a new registry, and later steps go on from here."""

from __future__ import annotations

revision = "r0027"
down_revision = None
branch_labels = None
depends_on = None
