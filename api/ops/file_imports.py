"""Port from the API to imports of files; the station with the farm's broker and folder connects them."""

from __future__ import annotations

from typing import Protocol

from headland.contract.file_imports import ConvertedTable, FileImport, FileImportList, ImportChoice, TablePreview
from headland.contract.records import Descriptor
from headland.i18n import Language


class FileImports(Protocol):
    """Takes files in parts and imports them, one after the other. Every method may raise ImportRefused."""

    def list(self, language: Language) -> FileImportList:
        """Return the imports, the newest first."""
        ...

    def get(self, id: str, language: Language) -> FileImport:  # noqa: A002 - it is the import's id
        """Return an import."""
        ...

    def begin(self, name: str, bytes: int, by: str) -> FileImport:  # noqa: A002 - it is the file's size
        """Begin an import, where there is room for the file."""
        ...

    def put_part(self, id: str, number: int, content: bytes) -> FileImport:  # noqa: A002
        """Keep a part; the same part again replaces it."""
        ...

    def finish(self, id: str, sha256: str, language: Language) -> FileImport:  # noqa: A002
        """Check the whole file, and queue it or tell what it lacks."""
        ...

    def preview(self, id: str, encoding: str | None, delimiter: str | None) -> TablePreview:  # noqa: A002
        """Return the beginning of a table."""
        ...

    def choose(
        self,
        id: str,  # noqa: A002
        choice: ImportChoice,
        device: Descriptor | None,
        owner: str,
        language: Language,
    ) -> FileImport:
        """Take what the file does not say and queue it; `device` and `owner` are a table's device and its gateway."""
        ...

    def convert(
        self,
        id: str,  # noqa: A002
        choice: ImportChoice,
        device: Descriptor | None,
        owner: str,
        language: Language,
    ) -> ConvertedTable:
        """Return what a choice makes of the first rows of a table."""
        ...

    def drop(self, id: str) -> None:  # noqa: A002
        """Forget an import and its file; one that runs is not dropped."""
        ...
