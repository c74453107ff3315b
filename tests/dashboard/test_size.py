"""The size of the first page: what a browser loads before the page is usable."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Final

from api.routes.station.dashboard import FOLDER

ASSETS: Final = FOLDER / "assets"
#: The budget of the first page is 500 kB with the map in view; without it a slow phone is to show the farm at once.
MOST_BYTES: Final = 130_000
IMPORT: Final = re.compile(r"""(?:from|import)\s*["'`]\./([^"'`]+)["'`]""")


def test_the_first_page_is_small_and_loads_the_map_later() -> None:
    index = (FOLDER / "index.html").read_text(encoding="utf-8")
    wanted = re.findall(r"assets/([\w.-]+)", index)
    sizes = sizes_of(list(wanted))
    # All that the first page needs is named in its head: a file that another one asks for comes a way later.
    assert sizes.keys() == set(wanted)
    assert [name for name in sizes if b"farm-row" in (ASSETS / name).read_bytes() and name.endswith(".js")] != []
    assert [name for name in sizes if b"maplibregl-map" in (ASSETS / name).read_bytes() and name.endswith(".js")] == []
    # What a row opens is loaded when it is opened.
    assert [name for name in sizes if b"tonight-card" in (ASSETS / name).read_bytes() and name.endswith(".js")] == []
    assert sum(sizes.values()) < MOST_BYTES


def sizes_of(names: list[str]) -> dict[str, int]:
    """Return the bytes, compressed by gzip, of files and of all that they import before they run."""
    sizes: dict[str, int] = {}
    while names:
        name = names.pop()
        if name in sizes:
            continue
        content = Path(ASSETS / name).read_bytes()
        sizes[name] = len(gzip.compress(content, 9))
        if name.endswith(".js"):
            names += IMPORT.findall(content.decode("utf-8"))
    return sizes
