"""The check in a public page judges a proof as `headland verify` without a key: it failed, or there is no verdict."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import msgspec
import pytest

import headland.reports.consumer
from headland.proof.proof_document import InvalidProof, read_proof, verdict_of, verify_proof
from tests.machine import find_program
from tests.proof.test_forged_documents import FORGERIES, Scene

SCRIPT = Path(headland.reports.consumer.__file__).with_name("verify.js")
#: The class of the page's sentence, by the verdict.
CLASS = {"failed": "bad", "none": "open"}


@pytest.mark.services("node")
def test_the_page_and_the_command_agree_on_true_and_on_forged_documents() -> None:
    raw = [msgspec.json.encode(Scene(0).true)]
    raw += [msgspec.json.encode(forge(Scene(number))) for number in range(20) for forge in FORGERIES]
    proofs, verdicts = [], []
    for each in raw:
        try:
            verdicts.append(verdict_of(verify_proof(read_proof(each))))
        except InvalidProof:
            continue
        proofs.append(each.decode())
    node = find_program("node")
    assert node is not None
    script = Path(__file__).with_name("page_script.mjs")
    done = subprocess.run(
        [node, str(script), str(SCRIPT)], input=json.dumps(proofs), capture_output=True, text=True, check=True
    )
    told = json.loads(done.stdout)
    assert told == [CLASS[verdict] for verdict in verdicts]
    assert told[0] == "open"
    assert {"open", "bad"} == set(told)
