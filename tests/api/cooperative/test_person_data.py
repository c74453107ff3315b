"""A person's data over HTTP: what is kept and why, a copy, and an erasure that leaves no name in answers and files."""

from __future__ import annotations

import base64
import io
import json
import shutil
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from api.auth.permissions import RequiredScope, required_scope
from headland.analysis.person_data.copy import MOST_BYTES
from headland.files.file_search import search_files
from headland.i18n import LANGUAGES, load_terms
from headland.proof.checkpoint import read_checkpoint
from headland.proof.merkle import verify_consistency, verify_inclusion
from headland.registry.db.photo_files import PhotoFiles
from headland.registry.models.cooperative import AccountEntry, AccountKind
from headland.registry.models.models import GrowerNote, Pass, Scope
from headland.registry.models.people import Person, PersonRole
from headland.registry.models.personal_data import PersonalKind
from tests.api.auth.test_middleware import KeyedApi, serve_api
from tests.api.farm import DRONE, HOUSE, NOW_MS, START_MS, fill_farm
from tests.api.fields.test_photos import picture
from tests.api.server import UNLIMITED, body_of
from tests.byte_hits import forms_of, hits_below, hits_in
from tests.registry.repositories.test_erasure import NAME, PHONE, TEXTS, Doors, fill_doors


@dataclass
class Farm:
    """A farm in whose every door a person stands."""

    api: KeyedApi
    doors: Doors
    folder: Path
    photo: bytes

    @property
    def path(self) -> str:
        return f"/v1/person-data/{self.doors.person}"

    def get(self, path: str, scope: Scope = Scope.ADMIN, **more: Any) -> Any:
        return self.api.ask("GET", path, scope, timeout=120, **more)

    def erase(self, **body: Any) -> Any:
        return self.api.ask("POST", f"{self.path}/erasure", Scope.ADMIN, json={"name": NAME, **body}, timeout=300)


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    folder = tmp_path / "farm"
    (folder / "logs").mkdir(parents=True)
    photos = PhotoFiles(folder / "store" / "photos", 1_000_000)
    with serve_api(folder, fill_farm(), limits=UNLIMITED, photos=photos, farm_folder=folder) as api:
        doors = fill_doors(api.registry, api.repositories)
        data = picture("red", side=64)
        sent = api.ask("POST", "/v1/photos", Scope.WRITE, content=data).json()
        doors.repositories.notes.add(
            GrowerNote(field=doors.ids["field"], time_ms=NOW_MS, author=NAME, text="rust", photos=(sent["id"],))
        )
        stored = photos.read(doors.repositories.organisation, doors.repositories.photos.get(sent["id"]))
        assert stored is not None
        yield Farm(api, doors, folder, stored)


def settle(farm: Farm) -> None:
    """Pay what the account leaves open."""
    order = AccountEntry(
        person=farm.doors.person, kind=AccountKind.PAYMENT, time_ms=NOW_MS, amount_fen=-200, note=f"to {NAME}"
    )
    farm.doors.repositories.accounts.add(order)


def test_a_kind_of_data_has_all_its_texts_in_both_languages() -> None:
    for group in ("", "_purpose", "_basis", "_time", "_erasure"):
        terms = load_terms()[f"personal_data{group}"]
        assert terms.keys() == {kind.value for kind in PersonalKind}
        assert all(terms[kind][language] for kind in terms for language in LANGUAGES)


def test_a_manager_reads_what_is_kept_of_a_person_and_why(farm: Farm) -> None:
    kept = farm.get(farm.path, headers={"Accept-Language": "zh"}).json()
    counts = {item["kind"]: item["count"] for item in kept["items"]}
    assert {"profile", "sign_in", "addresses", "shares", "account", "ledger", "notes", "photos", "work", "places",
            "papers", "changes", "alarms", "tracks"} <= counts.keys()  # fmt: skip
    assert (counts["profile"], counts["shares"], counts["photos"], counts["tracks"]) == (1, 1, 2, 1)
    profile = kept["items"][0]
    assert (profile["label"], profile["kept"][:2]) == ("姓名与联系方式", "在社")
    assert "尚有 2.00 元未结清" in "".join(kept["blockers"])
    english = farm.get(farm.path).json()
    assert any("open by 2.00 yuan" in each for each in english["blockers"])


def test_a_person_reads_and_copies_the_own_data_and_nobody_elses(farm: Farm) -> None:
    repositories = farm.doors.repositories
    for role in (PersonRole.MEMBER, PersonRole.PILOT, PersonRole.AGRONOMIST):
        person = repositories.people.add(Person(name=f"Reader {role}", role=role))
        key = repositories.add_key(f"of {role}", Scope.ADMIN, person=person.id)[1]
        headers = {"Authorization": f"Bearer {key}"}
        own = farm.api.client.get(f"/v1/person-data/{person.id}", headers=headers)
        assert own.status_code == 200, own.text
        assert {item["kind"] for item in own.json()["items"]} >= {"profile", "sign_in"}
        assert farm.api.client.get(f"/v1/person-data/{person.id}/copy", headers=headers).status_code == 200
        assert farm.api.client.get(farm.path, headers=headers).status_code == 404
        assert farm.api.client.get(f"{farm.path}/copy", headers=headers).status_code == 404
        refused = farm.api.client.post(f"{farm.path}/erasure", headers=headers, json={"name": NAME})
        assert refused.status_code == 403
    assert farm.get(farm.path, Scope.READ).status_code == 404


def test_a_copy_has_the_records_the_photos_and_the_tracks_of_the_person(farm: Farm) -> None:
    # A pass of the machine in the store, with its track.
    repositories = farm.doors.repositories
    tariff = next(iter(repositories.tariffs.all()))
    repositories.tariffs.change(msgspec.structs.replace(tariff, operators={DRONE: f"{NAME}机手", "uav-2": "Somebody"}))
    repositories.passes.declare(
        Pass(field=farm.doors.ids["field"], device=DRONE, start_ms=START_MS, end_ms=START_MS + 60_000)
    )
    answer = farm.get(f"{farm.path}/copy")
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        records = [json.loads(line) for line in archive.read("records.jsonl").splitlines()]
        photos = [archive.read(name) for name in archive.namelist() if name.startswith("photos/")]
        tracks = [archive.read(name).decode().splitlines() for name in archive.namelist() if name.startswith("tracks/")]
    assert photos == [farm.photo]
    assert tracks[0][0] == "time_ms,latitude_deg,longitude_deg,altitude_amsl_m"
    assert len(tracks[0]) > 10
    by_table = {record["table"]: record for record in records}
    assert by_table["people"]["name"] == NAME
    assert by_table["tariffs"]["texts"]["operators"] == [f"{NAME}机手"]
    assert "secret_sha256" not in by_table["api_keys"]
    assert b"Somebody" not in b"".join(json.dumps(record).encode() for record in records if record["table"] != "audit")
    assert len(answer.content) < MOST_BYTES


def test_what_is_open_refuses_an_erasure_with_the_remedy(farm: Farm) -> None:
    refused = farm.erase()
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:headland:problem:erasure-blocked")
    assert "open by 2.00 yuan" in refused.json()["blockers"][0]
    assert farm.doors.repositories.people.get(farm.doors.person).name == NAME
    settle(farm)
    wrong = farm.erase(name="Somebody")
    assert (wrong.status_code, wrong.json()["type"]) == (400, "urn:headland:problem:name-differs")


def test_no_file_no_backup_and_no_answer_has_a_name_of_an_erased_person_and_all_proofs_are_valid(farm: Farm) -> None:
    settle(farm)
    secret = base64.b64encode(farm.photo[40:160]).decode()
    forms = set().union(*(forms_of(text) for text in TEXTS)) | {farm.photo[40:160], secret.encode()}
    (farm.folder / "logs" / "station.log").write_text("started\n", encoding="utf-8")
    assert len(hits_below(farm.folder, TEXTS)) > 3
    before = farm.get("/v1/ledger/checkpoint").json()
    audited, checked = (farm.get(f"/v1/{name}/check").json() for name in ("audit", "ledger"))
    assert audited["altered"] == []
    balances = [entry["amount_fen"] for entry in farm.get("/v1/accounts").json()["items"]]
    statements = [each["balance_fen"] for each in farm.get("/v1/statements").json()["items"]]
    # What answers remember must not outlive the erasure either.
    asked_before = {path: farm.get(path).content for path in _paths(farm)}
    assert sum(any(hits_in(answer, forms)) for answer in asked_before.values()) > 10

    result = body_of(farm.erase())
    assert (result["number"], result["is_scrubbed"], result["found"], result["unread"]) == (1, True, [], [])
    assert result["photos"] == 1
    assert result["searched_files"] > 1

    # Files, and a backup and an archive that are made afterwards.
    assert _hits(farm.folder, forms) == []
    backup = farm.folder.parent / "backup"
    backup.mkdir()
    source, target = farm.folder / "registry.sqlite", backup / "registry.sqlite"
    with closing(sqlite3.connect(source)) as opened, closing(sqlite3.connect(target)) as copy:
        opened.backup(copy)
    shutil.make_archive(str(backup / "farm"), "zip", farm.folder)
    assert _hits(backup, forms) == []

    # Answers.
    hits = {path: set(hits_in(farm.get(path).content, forms)) for path in _paths(farm)}
    assert {path: found for path, found in hits.items() if found} == {}

    # Proofs and sums.
    audit_now, ledger_now = (farm.get(f"/v1/{name}/check").json() for name in ("audit", "ledger"))
    assert (audit_now["broken_at"], audit_now["altered"], ledger_now["whole"]) == (None, [], True)
    assert audit_now["entries"] > audited["entries"]
    assert ledger_now["entries"] == checked["entries"] + 1
    after = farm.get("/v1/ledger/checkpoint").json()
    root = read_checkpoint(after["checkpoint"]).checkpoint.root
    growth = farm.get(f"/v1/ledger/growth?old_size={before['size']}").json()
    path = [base64.b64decode(each) for each in growth["path"]]
    old_root = read_checkpoint(before["checkpoint"]).checkpoint.root
    assert verify_consistency(before["size"], after["size"], old_root, root, path)
    for seq in range(1, after["size"] + 1):
        proof = farm.get(f"/v1/ledger/entries/{seq}/inclusion").json()
        steps = [base64.b64decode(each) for each in proof["path"]]
        assert verify_inclusion(seq - 1, after["size"], bytes.fromhex(proof["leaf_sha256"]), steps, root)
    assert [entry["amount_fen"] for entry in farm.get("/v1/accounts").json()["items"]] == balances
    assert [each["balance_fen"] for each in farm.get("/v1/statements").json()["items"]] == statements
    kept = farm.get(farm.path).json()
    assert kept["erased"] == 1
    assert farm.erase().json()["number"] == 1


def test_a_file_that_still_names_the_person_is_listed(farm: Farm) -> None:
    settle(farm)
    with zipfile.ZipFile(farm.folder / "logs" / "old.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ingest.log", f"sign-in of {NAME}\n" * 100)
    (farm.folder / "logs" / "station.log").write_text(f"{PHONE}\n", encoding="utf-16")
    erased = farm.erase()
    assert erased.status_code == 200, erased.text
    assert erased.json()["found"] == ["logs/old.zip", "logs/station.log"]


def test_a_search_reads_the_smallest_files_first_and_names_what_it_did_not_read(tmp_path: Path) -> None:
    (tmp_path / "small.txt").write_text("Quillfeather")
    (tmp_path / "large.bin").write_bytes(bytes(5_000_000) + b"Quillfeather")
    assert search_files(tmp_path, ["quillfeather"], 10_000_000).found == ("large.bin", "small.txt")
    partly = search_files(tmp_path, ["Quillfeather"], 1_000_000)
    assert (partly.found, partly.unread) == (("small.txt",), ("large.bin",))


def _hits(folder: Path, forms: set[bytes]) -> list[str]:
    return [
        f"{path.relative_to(folder)}: {form!r}"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for form in set(hits_in(path.read_bytes(), forms))
    ]


def _paths(farm: Farm) -> list[str]:
    """Return every GET of the API document, with the ids of the farm's records in the places of ids."""
    document = farm.get("/openapi.json").json()
    ids, doors = farm.doors.ids, farm.doors
    known = {
        "field": ids["field"], "note": ids["note"], "lot": ids["lot"], "treatment": ids["treatment"],
        "harvest": ids["harvest"], "certificate": ids["certificate"], "photo": ids["photo"], "person": doors.person,
        "token": "B" * 22, "device": DRONE, "house": HOUSE, "seq": "2", "start": START_MS, "end": NOW_MS,
    }  # fmt: skip
    found = []
    for path, methods in sorted(document["paths"].items()):
        if "get" not in methods or path in ("/v1/live", "/openapi.json"):
            continue
        if required_scope("GET", path) in (RequiredScope.OPERATOR, None):
            continue
        asked = [
            each for each in methods["get"].get("parameters", ()) if each["in"] == "query" and each.get("required")
        ]
        query = "&".join(f"{each['name']}={known.get(each['name'], '1')}" for each in asked)
        filled = path
        for part in path.split("/"):
            name = part.strip("{}")
            if part.startswith("{"):
                owner = path.split("/")[path.split("/").index(part) - 1].rstrip("s").replace("-", "_")
                filled = filled.replace(part, str(known.get(name.partition(":")[0], known.get(owner, doors.person))))
        found.append(f"{filled}?{query}" if query else filled)
    return found
