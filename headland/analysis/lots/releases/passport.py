"""Digital product passport of a lot (UN Transparency Protocol) as a verifiable credential, signed by Ed25519."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from headland.analysis.plant_protection.harvest_review import HarvestBreach
from headland.proof.checkpoint import SigningKey
from headland.registry.models.releases import ReleasedLot

_VC: Final = "https://www.w3.org/ns/credentials/v2"
_UNTP: Final = "https://test.uncefact.org/vocabulary/untp/dpp/0.6.0/"
_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
#: Multicodec of an Ed25519 public key.
_ED25519: Final = b"\xed\x01"


def issue_passport(lot: ReleasedLot, address: str, key: SigningKey, breach: HarvestBreach | None) -> str:
    """Return the passport as a signed compact token (VC-JOSE: `typ` is `vc+jwt`).

    `breach` is the pre-harvest interval within which the lot was harvested, by the treatments that stand now.
    """
    did = did_of(key.public.raw)
    header = {"alg": "EdDSA", "typ": "vc+jwt", "cty": "vc", "kid": f"{did}#{did.removeprefix('did:key:')}"}
    signed = f"{_encode(header)}.{_encode(describe_passport(lot, address, did, breach))}"
    return f"{signed}.{_base64(key.sign(signed.encode()))}"


def describe_passport(lot: ReleasedLot, address: str, did: str, breach: HarvestBreach | None) -> dict[str, Any]:
    """Return the passport's credential: what was released, with the evidence class of each claim."""
    stopped: dict[str, Any] = {}
    if breach is not None:
        end = breach.interval.ends_on
        stopped["harvestedWithinInterval"] = {
            "harvestedOn": breach.harvested_on.isoformat(),
            "intervalEndsOn": None if end is None else end.isoformat(),
        }
    product: dict[str, Any] = {
        "type": ["Product"],
        "id": address,
        "name": lot.product,
        "batchNumber": lot.code,
        "productionDate": _day(lot.made_ms),
        "producedByParty": {"name": lot.issuer},
        "dimensions": {"weight": {"value": lot.grams / 1000, "unit": "KGM"}},
    }
    if lot.gtin is not None:
        product["registeredId"] = lot.gtin
        product["idScheme"] = {"id": "https://id.gs1.org/01", "name": "Global Trade Item Number (GTIN)"}
    return {
        "@context": [_VC, _UNTP],
        "type": ["DigitalProductPassport", "VerifiableCredential"],
        "id": f"{address}/passport.json",
        "issuer": {"type": ["CredentialIssuer"], "id": did, "name": lot.issuer},
        "validFrom": datetime.fromtimestamp(lot.released_ms / 1000.0, UTC).isoformat(timespec="seconds"),
        "credentialSubject": {
            "type": ["ProductPassport"],
            "granularityLevel": "batch",
            "product": product,
            "traceabilityInformation": [
                {
                    "valueChainProcess": "Growing and harvest",
                    "traceabilityEvent": [
                        {"linkURL": f"{address}/events.json", "linkName": each, "hashMethod": "CBV2.0"}
                        for each in lot.events
                    ],
                }
            ],
            "evidence": {
                kind: sum(each.evidence == kind for each in lot.claims)
                for kind in ("measured", "declared", "simulated")
            },
            "simulated": lot.simulated,
            **stopped,
        },
    }


def did_of(raw_key: bytes) -> str:
    """Return the decentralised identifier that is a public key itself (did:key)."""
    number = int.from_bytes(_ED25519 + raw_key)
    digits = ""
    while number:
        number, place = divmod(number, 58)
        digits = _BASE58[place] + digits
    return f"did:key:z{digits}"


def _encode(value: dict[str, Any]) -> str:
    return _base64(msgspec.json.encode(value))


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _day(time_ms: int) -> str:
    return f"{datetime.fromtimestamp(time_ms / 1000.0, UTC):%Y-%m-%d}"
