"""Papers of a demonstration: the folder of its files, its sentences, and what a released lot shows to everybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from headland.client import Client
from headland.errors import SettingsError
from headland.i18n import Language, find_term
from headland.reports.certificate.sheet import FORMS

#: GS1 keeps numbers that begin with 950 for demonstrations: this one is nobody's product.
DEMONSTRATION_GTIN: Final = "9506000134352"
_PUBLIC: Final = (
    ("page-zh.html", "", "zh"),
    ("page-en.html", "", "en"),
    ("proof.json", "/proof.json", None),
    ("events.json", "/events.json", None),
    ("passport.json", "/passport.json", None),
    ("picture.png", "/picture.png", None),
)


class Papers:
    """The files of a demonstration in `folder`, and its sentences in one language, which `report` gets as they come."""

    def __init__(self, folder: Path, language: Language, report: Callable[[str], None]) -> None:
        self.folder = folder
        self.language = language
        self._report = report
        self._told: list[str] = []
        with _writing(folder):
            folder.mkdir(parents=True, exist_ok=True)

    def tell(self, name: str, **values: object) -> None:
        """Tell what was done."""
        line = self.word(name, **values)
        self._told.append(line)
        self._report(line)

    def word(self, name: str, **values: object) -> str:
        """Return a text of the demonstrations; raises KeyError for an unknown one."""
        text = find_term("demonstration", name, self.language)
        if text is None:
            raise KeyError(name)
        return text.format(**values)

    def write(self, name: str, content: bytes) -> Path:
        """Write a file; one of an earlier run is replaced."""
        path = self.folder / name
        with _writing(path):
            path.write_bytes(content)
        return path

    def write_told(self) -> None:
        """Write everything that was told into summary.txt."""
        self.write("summary.txt", ("\n".join(self._told) + "\n").encode())

    def names(self) -> list[str]:
        """Return the names of the files."""
        return sorted(path.name for path in self.folder.iterdir() if path.is_file())


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SettingsError(f"{path} cannot be written ({error.strerror}): choose a folder with --papers.") from error


def mass_text(grams: int) -> str:
    """Return a mass, exact to the gram."""
    return f"{grams / 1000:,.3f}".rstrip("0").rstrip(".") + " kg"


def print_specimens(client: Client, papers: Papers, lot: dict[str, Any], origin: str) -> None:
    """Print what the certificate of a lot would look like, as each form."""
    shown = {"issuer": papers.word("issuer"), "contact": papers.word("contact"), "origin": origin}
    for form in FORMS:
        papers.write(f"specimen-{form}.pdf", client.fetch(f"/v1/lots/{lot['id']}/specimen", form=form, **shown))


def release_and_fetch(client: Client, papers: Papers, lot: dict[str, Any], **chosen: Any) -> dict[str, Any]:
    """Release a lot, write what everybody sees of it, and a checkpoint of before; return the release."""
    kept = client.get("/v1/ledger/checkpoint")["checkpoint"]
    papers.write("checkpoint-kept.txt", kept.encode())
    body = {
        "issuer": papers.word("issuer"),
        "contact": papers.word("contact"),
        "message": papers.word("message"),
        "gtin": DEMONSTRATION_GTIN,
        "shows_places": True,
        **chosen,
    }
    released: dict[str, Any] = client.post(f"/v1/lots/{lot['id']}/release", body)
    old_size = int(kept.splitlines()[1])
    for name, path, language in _PUBLIC:
        query: dict[str, Any] = {"lang": language} if language else {}
        if name == "proof.json":
            query["old_size"] = old_size
        papers.write(name, client.fetch(f"{released['path']}{path}", **query))
    for size in ("a6", "a5"):
        card = client.fetch(f"{released['path']}/card.pdf", size=size, lang=papers.language)
        papers.write(f"shelf-card-{size}.pdf", card)
    keys = client.get("/v1/ledger/log-keys")
    papers.write("log-key.txt", f"{keys['log']}\n".encode())
    return released


def write_json(papers: Papers, name: str, value: Any) -> None:
    """Write an answer of the API as it is."""
    papers.write(name, msgspec.json.format(msgspec.json.encode(value), indent=2))
