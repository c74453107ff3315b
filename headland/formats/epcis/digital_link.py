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
_EPC: Final = re.compile(r"urn:epc:(?P<form>id|class|idpat):(?P<kind>[a-z]+):(?P<prefix>\d{6,12})\.(?P<rest>.*)")
_SERIAL: Final = r"(?:%[0-9A-Fa-f]{2}|[!')(*+,.0-9:;=A-Za-z_-])"
_CPI: Final = r"(?:%[0-9A-Fa-f]{2}|[0-9A-Z-])"


class _Key(NamedTuple):
    """How an EPC name of one kind becomes a link.

    `digits` is the length of company prefix and reference together, None where the reference is no number; `leads`
    tells that the reference's first digit is the number's first; `before` stands in front of the number; `serial` is
    the form of what follows, and `qualifier` its place in the link: without one it is part of the number.
    """

    ai: str
    digits: int | None
    leads: bool = False
    before: str = ""
    serial: str = ""
    qualifier: str = ""


_KEYS: Final = {
    "sgtin": _Key("01", 13, leads=True, serial=f"{_SERIAL}{{1,20}}", qualifier="21"),
    "lgtin": _Key("01", 13, leads=True, serial=f"{_SERIAL}{{1,20}}", qualifier="10"),
    "upui": _Key("01", 13, leads=True, serial=f"{_SERIAL}{{1,28}}", qualifier="235"),
    "itip": _Key("8006", 13, leads=True, serial=f"{_SERIAL}{{1,20}}", qualifier="21"),
    "sscc": _Key("00", 17, leads=True),
    "sgln": _Key("414", 12, serial=f"{_SERIAL}{{1,20}}", qualifier="254"),
    "pgln": _Key("417", 12),
    "grai": _Key("8003", 12, before="0", serial=f"{_SERIAL}{{1,16}}"),
    "gdti": _Key("253", 12, serial=f"{_SERIAL}{{1,17}}"),
    "sgcn": _Key("255", 12, serial=r"\d{1,12}"),
    "gsin": _Key("402", 16),
    "gsrn": _Key("8018", 17),
    "gsrnp": _Key("8017", 17),
    "giai": _Key("8004", None, serial=f"{_SERIAL}+"),
    "ginc": _Key("401", None, serial=f"{_SERIAL}+"),
    "cpi": _Key("8010", None, serial=r"\d{1,12}", qualifier="8011"),
}
#: Characters of company prefix and reference together, where the reference is no number.
_MOST_CHARACTERS: Final = 30
#: Kinds of which a pattern names a whole class.
_CLASSES: Final = frozenset(("sgtin", "grai", "gdti", "sgcn", "cpi", "itip", "upui"))


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
    """Return the link of an EPC name (CBV 2.0, 8.9; TDS 1.13, 6); None where it is not of its kind's form."""
    form, kind, prefix, rest = epc.group("form", "kind", "prefix", "rest")
    key = _KEYS.get(kind)
    is_class = form == "idpat"
    if key is None or (form == "class") != (kind == "lgtin") or (is_class and kind not in _CLASSES):
        return None
    serial = r"\*" if is_class and key.serial else key.serial
    if key.digits is None:
        return _of_text(key, kind, prefix, rest, serial)
    pieces = r"\.(\d\d)\.(\d\d)" if kind == "itip" else ""
    tail = rf"\.({serial})" if serial else ""
    found = re.fullmatch(rf"(\d{{{key.digits - len(prefix)}}}){pieces}{tail}", rest)
    if found is None:
        return None
    reference, *others = found.groups()
    number = key.before + (reference[:1] + prefix + reference[1:] if key.leads else prefix + reference)
    number += check_digit(number)
    if pieces:
        number += "".join(others[:2])
    last = _coded(others[-1]) if tail and not is_class else ""
    if not last or (kind == "sgln" and others[-1] == "0"):
        return f"{CANONICAL}/{key.ai}/{number}"
    return f"{CANONICAL}/{key.ai}/{number}" + (f"/{key.qualifier}/{last}" if key.qualifier else last)


def _of_text(key: _Key, kind: str, prefix: str, rest: str, serial: str) -> str | None:
    """Return the link of a name whose reference is no number."""
    reference, last = rest, ""
    if kind == "cpi":
        reference, _, last = rest.rpartition(".")
        if not re.fullmatch(serial, last):
            return None
    if not re.fullmatch(f"{_CPI if kind == 'cpi' else _SERIAL}{{1,{_MOST_CHARACTERS - len(prefix)}}}", reference):
        return None
    number = prefix + _coded(reference)
    return f"{CANONICAL}/{key.ai}/{number}" + (f"/{key.qualifier}/{last}" if last not in ("", "*") else "")


def _coded(text: str) -> str:
    """Return a serial with what a link does not take as it is in percents."""
    return quote(unquote(text), safe="-._~'=;")
