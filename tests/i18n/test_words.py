"""One concept has one Chinese word: what the glossary lists as not used is in no text for people."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from tests.docs.pages import DOCS
from tests.i18n.test_page_texts import CATALOGUES

ROOT: Final = Path(__file__).parents[2]
#: What reads files of others knows their words; personal data are in a key's own words.
_READERS: Final = ROOT / "headland" / "formats"
#: A swath's width is 作业幅宽; that of a combine's header has its own word.
_BARE_WIDTH: Final = re.compile("(?<!作业)(?<!割台)幅宽")


def words_not_used() -> dict[str, str]:
    """Return the Chinese words that the glossary does not use, and those to use."""
    text = (DOCS / "glossary.md").read_text(encoding="utf-8")
    section = text.split("## Chinese words that are not used")[1].split("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| [^|]+ \|$", section, re.MULTILINE)[1:]
    return {word.strip(): used.strip() for words, used in rows for word in words.split(",")}


def texts_for_people() -> dict[Path, str]:
    """Return the files with Chinese texts for people: catalogues, Python literals and pages."""
    paths = [*CATALOGUES.glob("*.ts"), *(DOCS / "zh").glob("*.md")]
    paths += (path for path in (ROOT / "headland").rglob("*") if path.suffix in (".py", ".json", ".toml"))
    paths += (path for tree in ("edge", "station", "api") for path in (ROOT / tree).rglob("*.py"))
    return {path: path.read_text(encoding="utf-8") for path in paths if _READERS not in path.parents}


def test_no_text_has_a_word_that_the_glossary_does_not_use() -> None:
    unused = words_not_used()
    assert len(unused) > 12
    found = [
        f"{path.relative_to(ROOT)}: {word}, use {used}"
        for path, text in texts_for_people().items()
        for word, used in unused.items()
        if word in text
    ]
    assert found == []


def test_a_swath_has_a_width_of_its_own_word() -> None:
    assert [path.name for path, text in texts_for_people().items() if _BARE_WIDTH.search(text)] == []


def test_the_words_to_use_are_terms_of_the_product() -> None:
    everything = "".join(texts_for_people().values())
    assert [word for word in words_not_used().values() if word not in everything] == []
