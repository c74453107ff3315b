"""One place says how fine map tiles can be: page, API, records and orthophotos have it from there."""

from __future__ import annotations

import re
from pathlib import Path

from headland.contract.map_tiles import MOST_ZOOM, USUAL_ZOOM

ROOT = Path(__file__).parents[2]
#: A bound, a default or a zoom of a file about zooms that is written as a number.
WRITTEN = re.compile(rf"(?:max=\{{|\?\?\s*|le=|zoom\w*\W{{1,30}})(?:{MOST_ZOOM}|{USUAL_ZOOM})\b", re.IGNORECASE)
#: The zooms of each known service are its own.
OWN = {"headland/network/map_tiles.py"}


def test_no_other_place_writes_the_finest_zoom_of_tiles() -> None:
    files = [
        *(path for part in ("headland", "api") for path in (ROOT / part).rglob("*.py")),
        *(path for kind in ("ts", "tsx") for path in (ROOT / "dashboard/src").rglob(f"*.{kind}")),
    ]
    assert len(files) > 500
    texts = {
        path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in files if "schema.d" not in path.name
    }
    wrong = {name for name, text in texts.items() if "zoom" in text.lower() and WRITTEN.search(text)}
    assert wrong - OWN == set()
