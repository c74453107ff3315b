"""Events and links as two packages of others read them: epcis2.js and digital-link.js."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from headland.formats.epcis.digital_link import CANONICAL, batch_path, canonical
from headland.formats.epcis.documents import read_document
from headland.formats.epcis.event_hash import hash_event
from headland.formats.epcis.vocabulary import namespaces_of
from tests.formats.epcis.samples import document, random_event
from tests.machine import find_program

pytestmark = pytest.mark.services("node", "epcis2.js")

CHECKER = Path(__file__).parents[2] / "node" / "traceability.mjs"
GTIN = "09506000134352"


def ask(documents: Sequence[dict[str, Any]], links: Sequence[str]) -> dict[str, Any]:
    """Return what the other packages find."""
    node = find_program("node")
    assert node is not None
    asked = json.dumps({"documents": documents, "links": links})
    told = subprocess.run([node, str(CHECKER)], input=asked, capture_output=True, check=True, text=True, timeout=120)
    answer: dict[str, Any] = json.loads(told.stdout)
    return answer


def test_events_and_links_are_valid_for_others_and_hashes_are_the_same() -> None:
    chance = random.Random(5)
    text = json.dumps(document(*(random_event(chance) for _ in range(20))))
    # Two faults of epcis2.js 2.7.3: an SSCC has its first digit twice, and a name that V8 reads as a date becomes one.
    text = text.replace("urn:epc:id:sscc:4012345.0111111111", "https://id.gs1.org/00/040123451111111110")
    text = text.replace("urn:headland:farm:lot:", "urn:headland:farm:lot:20260901-")
    read = read_document(text.encode())
    told = json.loads(text)
    wrong = document({**random_event(chance), "bizStep": 7})
    batches = ["20260901-001", "A1.b_c-9"]
    links = [f"https://farm.test:8443{batch_path(GTIN, batch)}?t=2gUHiRkrTWsl8VL3uZ4g9w" for batch in batches]
    plain = [f"{CANONICAL}{batch_path(GTIN, batch)}" for batch in batches]
    answer = ask([told, wrong], [*links, *plain, "https://farm.test/01/09506000134353/10/A"])
    (faults, of_wrong), (hashes, _) = answer["faults"], answer["hashes"]
    assert (faults, bool(of_wrong)) == ([], True)
    assert hashes == [hash_event(event, namespaces_of(read.context)) for event in read.events]
    assert answer["links"][:4] == [{"valid": True, "gtin": GTIN, "batch": batch} for batch in (*batches, *batches)]
    assert answer["links"][4]["valid"] is False
    assert [canonical(link) for link in links] == plain
