"""Harvests, lots and what is done with them, and certificates. All are added and never changed; masses are whole grams.

A correction is a later entry that names the one it corrects. A certificate's state follows from its entries.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from headland.registry.models.models import Note, Text, VersionedRecord
from headland.registry.models.plant_protection import EvidenceClass, Instant, Title

#: 10,000 tonnes: every sum of a lot's masses stays an exact integer in every database.
MOST_GRAMS = 10_000_000_000
Grams = Annotated[int, Meta(gt=0, le=MOST_GRAMS)]
GramsOrZero = Annotated[int, Meta(ge=0, le=MOST_GRAMS)]
#: Batch number as GS1 allows it: at most 20 characters, here without those that a URL must escape.
LotCode = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,19}$")]


class Harvest(VersionedRecord, frozen=True, kw_only=True):
    """A harvest from a field or a greenhouse zone at `time_ms`; `plot` names the part of it, `author` who harvested.

    `grown_from_ms` is when the crop's growth began. `evidence` is `measured` where a scale weighed it, and `simulated`
    where anything it rests on is.
    """

    field: str | None = None
    zone: str | None = None
    plot: Annotated[Title, "Part of the field or zone; empty for all of it."] = ""
    season: str | None = None
    crop: Text
    variety: Title = ""
    time_ms: Instant
    grown_from_ms: Instant | None = None
    grams: Grams
    author: Text
    note: Note = ""
    evidence: Annotated[EvidenceClass, "What the mass rests on: measured (by a scale), declared or simulated."] = (
        EvidenceClass.DECLARED
    )


class Lot(VersionedRecord, frozen=True, kw_only=True):
    """A lot of one product, made at `time_ms` with a mass of `grams`; `code` is its batch number.

    `packs` is the number of packages in it, None where it is loose. `simulated` marks goods that do not exist, and
    passes to every lot made from this one, for good.
    """

    code: Annotated[LotCode, "Batch number."]
    product: Annotated[Text, "Name of the goods."]
    crop: Text
    time_ms: Instant
    grams: Grams
    packs: Annotated[int, Meta(ge=1, le=10_000_000)] | None = None
    simulated: bool = False


class OperationKind(StrEnum):
    """What was done with lots."""

    HARVEST = "harvest"
    MIX = "mix"
    SPLIT = "split"
    PACK = "pack"
    PROCESS = "process"  # milling, drying, washing: another product, or another mass
    SELL = "sell"
    LOSS = "loss"
    CORRECT = "correct"


class LotMass(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mass of a lot, by the lot's id."""

    lot: str
    grams: Grams


class LotOperation(VersionedRecord, frozen=True, kw_only=True):
    """Something done with lots at `time_ms`: masses taken from `inputs` and made as `outputs`.

    The inputs are the outputs and `loss_g`, to the gram. A harvest has only outputs, a sale and a loss only inputs;
    `party` is the buyer. A correction takes back the operation `corrects` as if it had not been, with its inputs and
    outputs exchanged.
    """

    kind: Annotated[OperationKind, "What was done: harvest, mix, split, pack, process, sell, loss or correct."]
    time_ms: Instant
    author: Text
    inputs: Annotated[tuple[LotMass, ...], Meta(max_length=1000), "Masses that were taken, by lot."] = ()
    outputs: Annotated[tuple[LotMass, ...], Meta(max_length=1000), "Masses that were made, by lot."] = ()
    loss_g: GramsOrZero = 0
    harvest: Annotated[str | None, "Id of the harvest; null for another kind."] = None
    party: Title = ""
    note: Note = ""
    corrects: str | None = None


class CertificateBasis(StrEnum):
    """What the promise of a certificate rests on."""

    OWN_CONTROL = "own_control"
    OWN_TEST = "own_test"
    COMMISSIONED_TEST = "commissioned_test"


class Certificate(VersionedRecord, frozen=True, kw_only=True):
    """A certificate of a lot as it was issued; `follows` are certificates of the lots that this lot was made from.

    `token` is the public name of the lot's page. `tested` says what was tested for, where the basis is a test.
    """

    number: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,39}$"), "Number in the register."]
    lot: str
    product: Annotated[Text, "Name of the goods."]
    grams: Grams
    origin: Text
    issuer: Text
    contact: Text
    issued_ms: Instant
    basis: Annotated[
        tuple[CertificateBasis, ...],
        Meta(min_length=1, max_length=3),
        "What the promise rests on: own_control, own_test or commissioned_test.",
    ]
    tested: Annotated[Note, "What was tested, with report and result; empty without a test."] = ""
    token: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{22}$"), "Public name of the lot's page."]
    follows: Annotated[tuple[str, ...], "Ids of the certificates of the lots that it was made from."] = ()


class CertificateEntry(VersionedRecord, frozen=True, kw_only=True):
    """An entry of the register of certificates: issued, copied (printed again) or void, when, by whom and why."""

    certificate: Annotated[str, "Id of the certificate."]
    kind: Annotated[Literal["issued", "copied", "void"], "issued, copied (printed again) or void."]
    time_ms: Instant
    author: Text
    form: Annotated[Title, "Form of the print; empty where none was made."] = ""
    reason: Annotated[Note, "Why it became void; empty otherwise."] = ""
