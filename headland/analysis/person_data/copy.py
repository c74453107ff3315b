"""Copy of a person's data as a ZIP: records as JSON by kind, photos, and tracks as CSV. It is written while it is sent.

Of a record that names others, too, only the texts that name this person are in the copy.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.telemetry import find_device, list_channels, read_slices
from headland.analysis.inputs.window import Window
from headland.analysis.person_data.summary import is_author
from headland.files.zip_members import STAMP
from headland.registry.models.models import NotePhoto, Pass
from headland.registry.models.person_names import PersonNames
from headland.registry.repositories.person_data.person_rows import NamedRow

#: Bytes of a copy at most, before they are packed; what is beyond is named in `left_out.txt`.
MOST_BYTES: Final = 500_000_000
#: Tables whose rows are of one person: they are copied whole, without secrets.
_OWN_TABLES: Final = frozenset(
    ("people", "members", "api_keys", "alarm_recipients", "holdings", "account_entries", "statements", "notes")
)
_SECRETS: Final = frozenset(("secret", "secret_sha256", "organisation"))
_TRACK: Final[tuple[str, ...]] = ("latitude_deg", "longitude_deg", "altitude_amsl_m")

ReadPhoto = Callable[[str, NotePhoto], bytes | None]


def copy_data(
    scope: OrgScope, person: str, names: PersonNames, read_photo: ReadPhoto, most_bytes: int = MOST_BYTES
) -> Iterator[bytes]:
    """Yield the ZIP piece by piece, in bounded memory."""
    buffer = _Pieces()
    left_out: list[str] = []
    written = 0
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _members(scope, person, names, read_photo):
            with archive.open(zipfile.ZipInfo(name, STAMP), "w", force_zip64=True) as member:
                for piece in content:
                    if written + len(piece) > most_bytes:
                        left_out.append(name)
                        break
                    written += len(piece)
                    member.write(piece)
                    yield buffer.take()
            yield buffer.take()
        if left_out:
            text = "\n".join(f"{name}: beyond {most_bytes / 1e6:,.0f} MB; ask for it alone." for name in left_out)
            archive.writestr(zipfile.ZipInfo("left_out.txt", STAMP), text)
    yield buffer.take()


def _members(
    scope: OrgScope, person: str, names: PersonNames, read_photo: ReadPhoto
) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield the files of a copy with their contents, piece by piece."""
    repositories = scope.repositories
    photos: list[str] = []

    def records() -> Iterator[bytes]:
        """Yield a line of JSON for each record."""
        for row in repositories.person_data.rows(person, names):
            if row.table.name == "notes" and (row.is_written or is_author(names, row.values["author"])):
                photos.extend(row.values["photos"] or ())
            yield msgspec.json.encode(_shown(row, person, names)) + b"\n"

    yield "records.jsonl", records()
    for known in repositories.person_data.photos(photos):
        data = read_photo(repositories.organisation, known)
        if data is not None:
            yield f"photos/{known.id}.{known.media.rpartition('/')[2]}", iter([data])
    for flown in repositories.person_data.flown(names):
        yield f"tracks/{flown.device}-{flown.start_ms}.csv", _track(scope, flown)


def _shown(row: NamedRow, person: str, names: PersonNames) -> dict[str, Any]:
    head = {"kind": row.kind.value, "table": str(row.table.name), "time_ms": row.time_ms}
    is_own = row.table.name in _OWN_TABLES and (
        row.is_written
        or row.columns == ()
        or person in (row.values.get("person"), row.values["id"])
        or "author" in row.columns
    )
    if is_own:
        return {**head, **{name: value for name, value in row.values.items() if name not in _SECRETS}}
    texts = {name: _naming(row.values[name], names) for name in row.columns}
    return {**head, "id": row.values.get("id", row.values.get("seq")), "texts": texts}


def _naming(value: Any, names: PersonNames) -> list[str]:
    """Return the texts in a value of a record that name the person, the whole of a text that is not JSON."""
    if isinstance(value, str) and value[:1] in "{[":
        try:
            value = msgspec.json.decode(value)
        except msgspec.MsgspecError:
            return [value]
    if isinstance(value, str):
        return [value] if names.is_in(value) else []
    if isinstance(value, dict):
        return [text for key, each in value.items() for text in (*_naming(key, names), *_naming(each, names))]
    if isinstance(value, list | tuple):
        return [text for each in value for text in _naming(each, names)]
    return []


def _track(scope: OrgScope, flown: Pass) -> Iterator[bytes]:
    """Yield the positions of a pass as CSV; the head alone where the store has none any more."""
    yield ("time_ms," + ",".join(_TRACK) + "\n").encode()
    try:
        record = find_device(scope, flown.device)
        channels = [name for name in _TRACK if name in list_channels(scope, record)]
        if not channels:
            return
        for part in read_slices(scope, record, channels, Window(flown.start_ms, flown.end_ms)):
            columns = [part.channels.get(name) for name in _TRACK]
            rows = (
                ",".join([str(int(time_ms)), *("" if column is None else f"{column[at]:.8f}" for column in columns)])
                for at, time_ms in enumerate(part.time_ms)
            )
            yield ("\n".join(rows) + "\n").encode()
    except AnalysisError:
        return


class _Pieces(io.RawIOBase):
    """A file that is only written: what was written is taken piece by piece."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []
        self._at = 0

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, data: Any) -> int:
        """Add bytes."""
        piece = bytes(data)
        self._pieces.append(piece)
        self._at += len(piece)
        return len(piece)

    def tell(self) -> int:
        """Return how many bytes were written."""
        return self._at

    def take(self) -> bytes:
        """Return what was written since the last call."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)
