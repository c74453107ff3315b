"""Paper of a page: printed by its button or by the browser's own menu, read back as text."""

from __future__ import annotations

import io
import unicodedata

import pypdf
from playwright.sync_api import Page

from tests.waiting import wait_until

NOT_LOADED = "Not loaded when this was printed"


def print_whole(page: Page) -> str:
    """Print by the button of the page, which loads every section first; return the text of the paper."""
    page.evaluate("window.printed = 0; window.print = () => { window.printed += 1; }; null")
    address = page.evaluate("location.hash")
    page.locator("[data-act=print]").click()
    wait_until(lambda: page.evaluate("window.printed") == 1, every_s=0.1)
    assert page.evaluate("location.hash") == address
    return paper_of(page)


def paper_of(page: Page) -> str:
    sheets = pypdf.PdfReader(io.BytesIO(page.pdf(format="A4", print_background=True))).pages
    texts = [sheet.extract_text() for sheet in sheets]
    assert all(text.strip() or sheet.images for text, sheet in zip(texts, sheets, strict=True))
    # A line of paper may end anywhere within a sentence, and readers give ligatures and radicals back.
    return unicodedata.normalize("NFKC", " ".join("\n".join(texts).split()))
