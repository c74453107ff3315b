"""`/.well-known/security.txt`: what SECURITY.md states, in the grammar of RFC 9116, without a key."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import httpx
import pytest

from api.app import create_app
from api.http.addresses import Addresses
from headland.network.security_txt import SecurityFields, read_fields, write_security_txt
from headland.store.memory import MemoryStore
from tests.api.server import serve
from tests.floors.modules import ROOT

PATH: Final = "/.well-known/security.txt"
TEXT: Final = (ROOT / "SECURITY.md").read_text(encoding="utf-8")

# Section 4 of the RFC, written from its ABNF: nothing of ours is used to read what we wrote.
_URI: Final = r"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+"
_DATE_TIME: Final = r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)"
_TAG: Final = r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*"
_FIELDS: Final = {
    "contact": _URI,
    "canonical": _URI,
    "encryption": _URI,
    "acknowledgments": _URI,
    "policy": _URI,
    "hiring": _URI,
    "expires": _DATE_TIME,
    "preferred-languages": rf"{_TAG}(?:[ \t]*,[ \t]*{_TAG})*",
}
_LINE: Final = re.compile(r"(?:#[\t\x20-\x7e\x80-\U000fffff]*|(?P<name>[A-Za-z0-9-]+): (?P<value>\S.*?))?[ \t]*")


def read(body: bytes) -> dict[str, list[str]]:
    """Return the values of each field; raises AssertionError where the text is not a security.txt."""
    text = body.decode("utf-8")
    assert text.endswith("\n")
    fields: dict[str, list[str]] = {}
    for line in re.split(r"\r?\n", text)[:-1]:
        match = _LINE.fullmatch(line)
        assert match, f"no line of the grammar: {line!r}"
        if match["name"]:
            name = match["name"].lower()
            assert re.fullmatch(_FIELDS[name], match["value"]), line
            fields.setdefault(name, []).append(match["value"])
    assert fields.get("contact"), "a contact is required"
    assert len(fields.get("expires", [])) == 1, "Expires is required, once"
    assert len(fields.get("preferred-languages", [])) <= 1
    for value in [value for name in ("contact", "canonical", "policy") for value in fields.get(name, [])]:
        assert not value.lower().startswith("http:"), "URLs of the web begin with https"
    return fields


@pytest.fixture(params=[None, "https://farm.example", "http://127.0.0.1:8000"])
def served(request: pytest.FixtureRequest) -> Iterator[tuple[str | None, httpx.Client]]:
    app = create_app(
        MemoryStore(), organisation="farm", readiness=list, counters=dict, addresses=Addresses(request.param)
    )
    with serve(app, opened=False) as client:
        yield request.param, client


def test_everybody_reads_what_security_md_states(served: tuple[str | None, httpx.Client]) -> None:
    public_url, client = served
    answer = client.get(PATH, headers={"X-Forwarded-For": "203.0.113.9", "Host": "evil.example"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    fields = read(answer.content)
    stated = dict.fromkeys(re.findall(r"(?m)^(Contact|Expires|Preferred-Languages): ", TEXT))
    assert {name.lower() for name in stated} == set(fields) - {"canonical"}
    for name in stated:
        assert fields[name.lower()] == re.findall(rf"(?m)^{name}: (.*)$", TEXT)
    is_https = public_url is not None and public_url.startswith("https:")
    assert fields.get("canonical") == ([f"{public_url}{PATH}"] if is_https else None)
    assert client.head(PATH).status_code == 200
    assert client.get("/.well-known/other").status_code in (401, 404)


def test_the_reader_of_the_grammar_refuses_what_the_rfc_refuses() -> None:
    good = b"Contact: mailto:a@b.example\nExpires: 2027-01-01T00:00:00Z\n"
    assert read(b"# comment\r\n\r\n" + good)["expires"] == ["2027-01-01T00:00:00Z"]
    for bad in (
        good[:-1],
        b"Contact: mailto:a@b.example\n",
        b"Expires: 2027-01-01T00:00:00Z\n",
        good + b"Expires: 2028-01-01T00:00:00Z\n",
        good.replace(b"mailto:a@b.example", b"a@b.example"),
        good.replace(b"mailto:a@b.example", b"http://b.example"),
        good.replace(b"2027-01-01T00:00:00Z", b"2027-01-01"),
        good.replace(b": ", b":"),
        good + b"Preferred-Languages: en;zh\n",
    ):
        with pytest.raises(AssertionError):
            read(bad)


def test_several_contacts_keep_their_order_and_an_offset_becomes_utc() -> None:
    block = "Contact: mailto:a@b.example\nContact: https://b.example/report\nExpires: 2027-01-01T08:00:00+08:00\n"
    fields = read_fields(f"x\n```text\n{block}Preferred-Languages: zh, en\n```\n")
    text = write_security_txt(fields, "https://farm.example")
    assert read(text.encode())["contact"] == ["mailto:a@b.example", "https://b.example/report"]
    assert read(text.encode())["expires"] == ["2027-01-01T00:00:00Z"]
    with pytest.raises(ValueError, match="needs one block"):
        read_fields("nothing is stated")
    with pytest.raises(ValueError, match="offset"):
        read_fields("```text\nContact: a:b\nExpires: 2027-01-01T00:00:00\nPreferred-Languages: en\n```")


def test_what_is_stated_ends_within_a_year_of_the_newest_release() -> None:
    fields = read_fields(TEXT)
    assert isinstance(fields, SecurityFields)
    days = re.findall(r"(?m)^## \[\d+\.\d+\.\d+\] - (\d{4}-\d\d-\d\d)$", (ROOT / "CHANGELOG.md").read_text("utf-8"))
    for day in days[:1]:
        released = datetime.fromisoformat(f"{day}T00:00:00+00:00")
        assert released < fields.expires <= released + timedelta(days=366)


def test_the_wheel_has_the_file_that_it_serves(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(line, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read("api/SECURITY.md").decode() == TEXT


def test_the_support_period_is_stated_in_one_place() -> None:
    (year,) = re.findall(r"until 31 December (\d{4})", TEXT)
    pages = [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    assert [page.name for page in pages if f"December {year}" in page.read_text(encoding="utf-8")] == []
