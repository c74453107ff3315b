"""Encoding of the names in an imported file: as it declares, else by what they decode to, and never silently.

Files from China, Taiwan and Hong Kong are often in GBK, GB18030 or Big5 and do not say so. UTF-8 refuses almost every
text in these, so it is tried first. Between GB18030 and Big5, which accept each other's bytes, the one whose text
consists of usual characters is taken: level 1 of GB 2312-1980, and of Big5-1984, sorted there by frequency of use.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

UTF_8: Final = "utf-8"
GB18030: Final = "gb18030"
BIG5: Final = "cp950"
WESTERN: Final = "cp1252"

#: Numbers and words of a .cpg that mean one of these; GB 18030 contains GBK and GB 2312.
_DECLARED: Final = (
    (re.compile(r"936|gbk|gb_?2312|gb_?18030|euc_?cn|54936|gb_?1988", re.IGNORECASE), GB18030),
    (re.compile(r"950|big_?5", re.IGNORECASE), BIG5),
    (re.compile(r"65001|utf_?8", re.IGNORECASE), UTF_8),
    (re.compile(r"1252|8859_?1\b|88591\b|latin_?1\b", re.IGNORECASE), WESTERN),
)
#: Language drivers in byte 29 of a dBase table.
_DRIVERS: Final = {0x4D: GB18030, 0x7A: GB18030, 0x4F: BIG5, 0x78: BIG5, 0x03: WESTERN, 0x57: WESTERN}
_LATIN: Final = re.compile(r"[^\x00-\x7f]+")


@dataclass(frozen=True, slots=True)
class TextEncoding:
    """The encoding of a file's names; `by` is declared, detected, or assumed, where nothing decodes all of them."""

    name: str
    by: str


def settle_encoding(texts: Sequence[bytes], declared: str | None) -> TextEncoding:
    """Return the encoding of some texts: the declared one if it decodes them, else the likeliest.

    A text may be cut within its last character, as a table does with long names.
    """
    foreign = [text for text in texts if not text.isascii()]
    is_utf_8 = _decodes(foreign, UTF_8)
    if declared is not None and _decodes(foreign, declared):
        # GBK decodes most texts of UTF-8, to characters that nobody writes.
        if not is_utf_8 or declared == UTF_8 or _usual_share(foreign, declared) >= _usual_share(foreign, UTF_8):
            return TextEncoding(declared, "declared")
        return TextEncoding(UTF_8, "detected")
    if is_utf_8:
        return TextEncoding(UTF_8, "detected")
    possible = [name for name in (GB18030, BIG5, WESTERN) if _decodes(foreign, name)]
    if not possible:
        return TextEncoding(UTF_8, "assumed")
    # The first of equals.
    return TextEncoding(max(possible, key=lambda name: _usual_share(foreign, name)), "detected")


def declared_encoding(cpg: bytes | None, driver: int | None = None) -> str | None:
    """Return the encoding that a .cpg names, else that of a dBase table's language driver, else None."""
    text = "" if cpg is None else cpg.decode("ascii", "replace").strip().replace("-", "_").replace(" ", "_")
    for pattern, name in _DECLARED:
        if pattern.search(text):
            return name
    try:
        return codecs.lookup(text).name if text else _DRIVERS.get(driver or 0)
    except LookupError:
        return _DRIVERS.get(driver or 0)


def decode(text: bytes, encoding: str) -> str:
    """Return a text; a character that is cut at its end is left out, others that are none are replaced."""
    cut = codecs.getincrementaldecoder(encoding)("strict")
    try:
        return cut.decode(text)
    except UnicodeDecodeError:
        return text.decode(encoding, "replace")


def to_utf_8(data: bytes) -> tuple[bytes, TextEncoding]:
    """Return a whole text, such as GeoJSON, in UTF-8, and the encoding that it had."""
    try:
        data.decode(UTF_8)
    except UnicodeDecodeError:
        encoding = settle_encoding([data], None)
        return decode(data, encoding.name).encode(), encoding
    return data, TextEncoding(UTF_8, "detected")


def _decodes(texts: Iterable[bytes], encoding: str) -> bool:
    make = codecs.getincrementaldecoder(encoding)
    try:
        for text in texts:
            make("strict").decode(text)
    except UnicodeDecodeError:
        return False
    return True


def _usual_share(texts: Iterable[bytes], encoding: str) -> float:
    """Return the share of usual characters among those beyond ASCII."""
    decoded = "\n".join(decode(text, encoding) for text in texts)
    if encoding == WESTERN:
        # Accents stand alone between letters; two bytes of a Chinese character make two in a row.
        runs: list[str] = _LATIN.findall(decoded)
        return sum(len(run) == 1 and run.isalpha() for run in runs) / max(sum(map(len, runs)), 1)
    beyond = [character for character in decoded if not character.isascii()]
    is_usual: Callable[[str], bool] = _USUAL.get(encoding, str.isalpha)
    return sum(is_usual(character) for character in beyond) / max(len(beyond), 1)


def _is_level_1_gb(character: str) -> bool:
    try:
        code = character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return len(code) == 2 and (0xB0 <= code[0] <= 0xD7 or code[0] in (0xA1, 0xA3))


def _is_level_1_big5(character: str) -> bool:
    try:
        code = character.encode("big5")
    except UnicodeEncodeError:
        return False
    return len(code) == 2 and (0xA4 <= code[0] <= 0xC6 or code[0] == 0xA1)


def _is_usual(character: str) -> bool:
    return _is_level_1_gb(character) or _is_level_1_big5(character) or "\u00c0" <= character <= "\u04ff"


_USUAL: Final[dict[str, Callable[[str], bool]]] = {
    GB18030: _is_level_1_gb, BIG5: _is_level_1_big5, UTF_8: _is_usual,
}  # fmt: skip
