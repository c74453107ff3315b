"""GS1 Digital Link: check digits, the link of a batch, and the canonical form of links and EPC names.

No number is invented here: a GTIN is the one that GS1 gave the brand, or there is none.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from urllib.parse import quote, unquote, urlsplit

from headland.errors import HeadlandError
from headland.plain_numbers import is_digits

CANONICAL: Final = "https://id.gs1.org"
#: Primary keys by application identifier, with the qualifiers that name a finer part.
_QUALIFIERS: Final = {
    "00": (), "01": ("10", "21", "235"), "253": (), "255": (), "401": (), "402": (), "414": ("254",), "417": (),
    "8003": (), "8004": (), "8006": ("10", "21"), "8010": ("8011",), "8017": (), "8018": (),
}  # fmt: skip
_SHORT: Final = {
    "sscc": "00", "gtin": "01", "gdti": "253", "gcn": "255", "ginc": "401", "gsin": "402", "gln": "414", "party": "417",
    "grai": "8003", "giai": "8004", "itip": "8006", "cpid": "8010", "gsrnp": "8017", "gsrn": "8018", "lot": "10",
    "ser": "21",
}  # fmt: skip
_EPC: Final = re.compile(
    r"urn:epc:(?:id:(?P<id>sgtin|sscc|sgln|pgln)|class:(?P<class>lgtin)):(?P<prefix>\d{6,12})\.(?P<rest>\d*)(?:\.(?P<last>.+))?"
)
_LENGTHS: Final = {"sgtin": 13, "lgtin": 13, "sscc": 17, "sgln": 12, "pgln": 12}


class InvalidGtin(HeadlandError):  # noqa: N818 - named as the registry's InvalidRecord
    """A number that is not a GTIN."""


class BatchLink(NamedTuple):
    """GTIN with 14 digits and batch number of a link."""

    gtin: str
    batch: str


def check_digit(digits: str) -> str:
    """Return the check digit of a GS1 number without it (GS1 General Specifications, 7.9.1)."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def read_gtin(text: str) -> str:
    """Return a GTIN of 8, 12, 13 or 14 digits with 14; raises InvalidGtin."""
    digits = text.strip()
    if not (is_digits(digits) and len(digits) in (8, 12, 13, 14)):
        raise InvalidGtin("A GTIN has 8, 12, 13 or 14 digits: enter it as it stands below the bar code.")
    if check_digit(digits[:-1]) != digits[-1]:
        raise InvalidGtin("The last digit does not match the others: enter the GTIN as it stands below the bar code.")
    return digits.zfill(14)


def batch_path(gtin: str, batch: str) -> str:
    """Return the path of a batch: `/01/.../10/...`."""
    return f"/01/{gtin}/10/{quote(batch, safe='')}"


def canonical(uri: str) -> str | None:
    """Return the canonical link of a Digital Link or EPC name at its finest level, None for another URI."""
    if (epc := _EPC.fullmatch(uri)) is not None:
        return _of_epc(epc)
    parts = urlsplit(uri)
    if parts.scheme not in ("http", "https"):
        return None
    segments = [_SHORT.get(segment, segment) for segment in parts.path.split("/")[1:]]
    pairs = list(zip(segments[::2], segments[1::2], strict=False))
    for start in range(len(segments) - 1):
        key, value = segments[start], segments[start + 1]
        if key in _QUALIFIERS and re.match(r"\d{4}[^/]", value):
            pairs = list(zip(segments[start::2], segments[start + 1 :: 2], strict=False))
            break
    else:
        return None
    (key, value), *rest = pairs
    if key == "01" and is_digits(value):
        value = value.zfill(14)
    finer = [pair for pair in rest if pair[0] in _QUALIFIERS[key]]
    tail = f"/{finer[-1][0]}/{finer[-1][1]}" if finer else ""
    return f"{CANONICAL}/{key}/{value}{tail}"


def read_batch_path(path: str) -> BatchLink | None:
    """Return GTIN and batch of `/01/.../10/...`, None for another path or a wrong check digit."""
    found = re.fullmatch(r"/(?:01|gtin)/(\d{8,14})/(?:10|lot)/([^/]{1,60})", path)
    if found is None:
        return None
    try:
        gtin = read_gtin(found[1])
    except InvalidGtin:
        return None
    batch = unquote(found[2])
    return BatchLink(gtin, batch) if re.fullmatch(r"[!-~]{1,20}", batch) else None


def _of_epc(epc: re.Match[str]) -> str | None:
    kind, prefix, rest, last = epc["id"] or epc["class"], epc["prefix"], epc["rest"], epc["last"]
    if len(prefix) + len(rest) != _LENGTHS[kind] or (last is None) != (kind in ("sscc", "pgln")):
        return None
    # In an EPC name the first digit of the reference is the number's first one.
    digits = rest[:1] + prefix + rest[1:] if kind in ("sgtin", "lgtin", "sscc") else prefix + rest
    number = digits + check_digit(digits)
    coded = quote(unquote(last), safe="-._~'=;\"<>") if last is not None else ""
    if kind == "sgtin":
        return f"{CANONICAL}/01/{number}/21/{coded}"
    if kind == "lgtin":
        return f"{CANONICAL}/01/{number}/10/{coded}"
    if kind == "sscc":
        return f"{CANONICAL}/00/{number}"
    if kind == "pgln":
        return f"{CANONICAL}/417/{number}"
    return f"{CANONICAL}/414/{number}" + ("" if last == "0" else f"/254/{coded}")
