"""EPC names of every kind of key, made at random by the forms of GS1's Tag Data Standard."""

from __future__ import annotations

import random

_PLAIN = "!')(*+,.0123456789:;=ABCxyz_-"
_ESCAPED = ("%2F", "%22", "%25", "%3C", "%26", "%3F")
#: Kind, digits of prefix and reference together (0: the reference is a text), and what follows: `s` a serial, `d`
#: digits, `*` a class, `p` pieces and a total.
_FORMS = (
    ("id:sgtin", 13, "s"), ("id:sscc", 17, ""), ("id:sgln", 12, "s"), ("id:grai", 12, "s"), ("id:giai", 0, ""),
    ("id:gsrn", 17, ""), ("id:gsrnp", 17, ""), ("id:gdti", 12, "s"), ("id:sgcn", 12, "d"), ("id:ginc", 0, ""),
    ("id:gsin", 16, ""), ("id:itip", 13, "ps"), ("id:upui", 13, "s"), ("id:pgln", 12, ""), ("class:lgtin", 13, "s"),
    ("id:cpi", -1, "d"), ("idpat:sgtin", 13, "*"), ("idpat:grai", 12, "*"), ("idpat:gdti", 12, "*"),
    ("idpat:sgcn", 12, "*"), ("idpat:cpi", -1, "*"), ("idpat:itip", 13, "p*"), ("idpat:upui", 13, "*"),
)  # fmt: skip
KINDS = tuple(kind for kind, _, _ in _FORMS)


def random_name(chance: random.Random) -> str:
    """Return a name of any kind."""
    kind, digits, follow = chance.choice(_FORMS)
    # The other implementation knows no name with a prefix of 12 digits and an empty reference.
    prefix = _digits(chance, chance.randrange(6, 12))
    if digits > 0:
        reference = _digits(chance, digits - len(prefix))
    else:
        reference = _digits(chance, 4) + "A-" + chance.choice(("%2F", "%23", "Z")) if digits else _serial(chance)
    parts = [prefix, reference]
    if "p" in follow:
        parts += [_digits(chance, 2), _digits(chance, 2)]
    if "s" in follow:
        parts.append(chance.choice(("0", _serial(chance))))
    if "d" in follow:
        parts.append(_digits(chance, 7))
    if "*" in follow:
        parts.append("*")
    return f"urn:epc:{kind}:{'.'.join(parts)}"


def _digits(chance: random.Random, count: int) -> str:
    return "".join(chance.choice("0123456789") for _ in range(count))


def _serial(chance: random.Random) -> str:
    return "".join(chance.choice((*_PLAIN, *_ESCAPED)) for _ in range(chance.randrange(1, 15)))
