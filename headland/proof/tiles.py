"""Tiles of a Merkle tree: 256 hashes of one level in a row, named as C2SP tlog-tiles names them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from headland.plain_numbers import is_digits
from headland.proof.merkle import HASH_BYTES, NodeReader, hash_node

#: Levels of the tree from one level of tiles to the next.
TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT
#: C2SP names tiles of levels 0 to 63.
_MOST_LEVELS: Final = 64
_MOST_GROUPS: Final = 7


class TileName(NamedTuple):
    """Level and number of a tile, and how many hashes of it are asked for."""

    level: int
    number: int
    width: int = TILE_WIDTH

    def path(self) -> str:
        """Return the name as a path: `0/x001/234.p/17`."""
        groups = [f"{self.number % 1000:03d}"]
        rest = self.number // 1000
        while rest:
            groups.insert(0, f"x{rest % 1000:03d}")
            rest //= 1000
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"{self.level}/{'/'.join(groups)}{partial}"


def read_tile_name(path: str) -> TileName | None:
    """Return the tile that a path names, or None for a path that is not the one name of a tile."""
    first, _, rest = path.partition("/")
    numbers, is_partial, width = rest.partition(".p/")
    groups = numbers.split("/")
    digits = [group[1:] if place < len(groups) - 1 else group for place, group in enumerate(groups)]
    parts = [first, *digits, *([width] if is_partial else [])]
    if len(groups) > _MOST_GROUPS or any(not is_digits(part, 3) for part in parts):
        return None
    name = TileName(int(first), int("".join(digits)), int(width) if is_partial else TILE_WIDTH)
    # The one written form: no zeros in front, no group too many, no partial tile of full width.
    return name if name.path() == path and name.level < _MOST_LEVELS and 0 < name.width <= TILE_WIDTH else None


def width_at(level: int, number: int, size: int) -> int:
    """Return how many hashes a tile has in a tree of `size` leaves."""
    return max(0, min(TILE_WIDTH, (size >> (TILE_HEIGHT * level)) - number * TILE_WIDTH))


def node_reader(read_tile: Callable[[int, int], bytes]) -> NodeReader:
    """Return a reader of nodes over a reader of tiles, which returns the hashes of (level, number) in a row.

    A tile is read once: a proof over a million leaves needs a few.
    """
    known: dict[tuple[int, int], bytes] = {}

    def read(level: int, index: int) -> bytes:
        tile_level, above = divmod(level, TILE_HEIGHT)
        first = index << above
        place = tile_level, first // TILE_WIDTH
        tile = known.get(place)
        if tile is None:
            tile = known[place] = read_tile(*place)
        start = first % TILE_WIDTH
        row = split_hashes(tile[start * HASH_BYTES : (start + (1 << above)) * HASH_BYTES])
        if len(row) != 1 << above:
            raise ValueError(f"tile {place} has too few hashes")
        return fold(row)

    return read


def split_hashes(row: bytes) -> list[bytes]:
    """Return the single hashes of a row."""
    return [row[start : start + HASH_BYTES] for start in range(0, len(row), HASH_BYTES)]


def fold(row: list[bytes]) -> bytes:
    """Return the root over a power of two of hashes."""
    while len(row) > 1:
        row = [hash_node(row[place], row[place + 1]) for place in range(0, len(row), 2)]
    return row[0]


class TileWriter:
    """Appends leaves to a tree's tiles, in memory for one open tile a level; `changed` has what is to be stored.

    `open_tiles` has the newest stored tile of each level, by level.
    """

    def __init__(self, open_tiles: dict[int, tuple[int, bytes]]) -> None:
        self._open: dict[int, tuple[int, bytearray]] = {}
        for level, (number, row) in open_tiles.items():
            is_full = len(row) == TILE_WIDTH * HASH_BYTES
            self._open[level] = (number + 1, bytearray()) if is_full else (number, bytearray(row))
        self.changed: dict[tuple[int, int], bytes] = {}

    @property
    def size(self) -> int:
        """Number of leaves."""
        number, row = self._open.get(0, (0, b""))
        return number * TILE_WIDTH + len(row) // HASH_BYTES

    def append(self, hash_: bytes, level: int = 0) -> None:
        """Append the hash of a leaf; a tile that is full becomes one hash of the level above."""
        number, row = self._open.get(level, (0, bytearray()))
        row += hash_
        self.changed[level, number] = bytes(row)
        if len(row) < TILE_WIDTH * HASH_BYTES:
            self._open[level] = number, row
            return
        self._open[level] = number + 1, bytearray()
        self.append(fold(split_hashes(bytes(row))), level + 1)
