"""What clients are generated from is what the API serves, and what was generated is of that."""

from __future__ import annotations

import hashlib

from api.openapi import describe
from tests.floors.modules import ROOT

DOCUMENT = ROOT / "dashboard" / "openapi.json"
TYPES = ROOT / "dashboard" / "src" / "api" / "schema.d.ts"


def test_the_committed_document_is_what_the_api_says_of_itself() -> None:
    fresh = DOCUMENT.read_bytes() == describe()
    assert fresh, "the API changed: python -m api.openapi > dashboard/openapi.json, then npm run api in dashboard/"


def test_the_types_of_the_dashboard_are_of_that_document() -> None:
    digest = hashlib.sha256(DOCUMENT.read_bytes()).hexdigest()
    first = TYPES.read_text(encoding="utf-8").partition("\n")[0]
    assert digest in first, "the document changed: npm run api in dashboard/ makes the types anew"
