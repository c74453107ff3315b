"""The dashboard's own texts: both languages, the same placeholders, no English sentence in a Chinese text."""

from __future__ import annotations

import json
import re
from pathlib import Path

CATALOGUES = Path(__file__).parents[2] / "dashboard" / "src" / "i18n"
ENTRY = re.compile(r'^  (\w+): (\["(?:[^"\\]|\\.)*", "(?:[^"\\]|\\.)*"\]),$', re.MULTILINE)
TEXTS: dict[str, tuple[str, str]] = {
    key: tuple(json.loads(pair))
    for path in sorted(CATALOGUES.glob("*.ts"))
    for key, pair in ENTRY.findall(path.read_text(encoding="utf-8"))
}
#: Its English text has the browser's own message, which has no Chinese.
ENGLISH_ONLY = "error_unexpected"


def test_the_catalogues_are_read() -> None:
    # Fewer would mean that the form of the catalogues has changed.
    assert len(TEXTS) > 400


def test_every_key_has_a_text_in_both_languages() -> None:
    assert [key for key, texts in TEXTS.items() if not all(text.strip() for text in texts)] == []


def test_both_languages_have_the_same_placeholders() -> None:
    differing = [
        key for key, texts in TEXTS.items() if len({frozenset(re.findall(r"\{(\w+)\}", text)) for text in texts}) > 1
    ]
    assert differing == [ENGLISH_ONLY]


def test_a_chinese_text_has_no_english_sentence() -> None:
    english = re.compile(r"[A-Za-z]+ [a-z]+ [a-z]+")
    assert [key for key, (_, chinese) in TEXTS.items() if english.search(chinese)] == []
