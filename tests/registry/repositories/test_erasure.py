"""An erasure leaves no byte of a person's names, and every chain, proof and sum as it was."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from headland.proof.checkpoint import read_checkpoint
from headland.proof.merkle import verify_consistency, verify_inclusion
from headland.registry.db.tables.all_tables import METADATA
from headland.registry.db.tables.farm_tables import audit, ledger
from headland.registry.models.alarms import Alarm, AlarmRecipient, Notice, RecipientKind, Severity
from headland.registry.models.cooperative import AccountEntry, AccountKind, SeasonStatement, StatementRunRecord
from headland.registry.models.errors import NotFound, RecordConflict
from headland.registry.models.lots import Certificate, CertificateBasis, Harvest, Lot
from headland.registry.models.models import Farm, Field, GrowerNote, Member, NotePhoto, Pass, Scope
from headland.registry.models.people import Contact, ContactChannel, Holding, HoldingKind, Person, PersonRole
from headland.registry.models.personal_data import NOT_PERSONAL, PERSON_ID_COLUMNS, PERSONAL_COLUMNS
from headland.registry.models.plant_protection import MixPart, Treatment
from headland.registry.models.releases import ReleasedLot
from headland.registry.registry import Registry
from headland.registry.repositories.alarms import AlarmUpdate
from headland.registry.repositories.harvest.epcis_events import CapturedEvent
from headland.registry.repositories.ledger.entries import leaf_hash_of
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from tests.byte_hits import forms_of, hits_below, hits_in
from tests.examples import some_long
from tests.registry.conftest import ManualClock
from tests.registry.records import PLOT, START_MS, fill

NAME, PHONE, MAIL = "欧阳霁月", "13817492653", "ouyang.jiyue@strange-mail.example"
NUMBER, SUBJECT, OLD_NAME = "SN-77231-Q", "idp|ouyang-jiyue-7", "Quillfeather Ouyang"
#: As somebody wrote the telephone into a note.
SPACED = f"{PHONE[:3]} {PHONE[3:7]} {PHONE[7:]}"
TEXTS = (NAME, PHONE, SPACED, MAIL, NUMBER, SUBJECT, OLD_NAME)


@dataclass
class Doors:
    """A registry in which a person stands at every door, and what must not change."""

    repositories: OrganisationRepositories
    person: str
    by_person: OrganisationRepositories
    checkpoint: str
    ids: dict[str, Any] = field(default_factory=dict)


def fill_doors(registry: Registry, repositories: OrganisationRepositories) -> Doors:
    """Enter a person at every door of the registry, with entries of theirs in both chains."""
    made = fill(repositories)
    first = repositories.people.add(
        Person(name=OLD_NAME, number=NUMBER, contacts=(Contact(channel=ContactChannel.PHONE, address=PHONE),))
    )
    contacts = (
        Contact(channel=ContactChannel.PHONE, address=f"+86 {PHONE[:3]}-{PHONE[3:7]}-{PHONE[7:]}"),
        Contact(channel=ContactChannel.EMAIL, address=MAIL),
    )
    person = repositories.people.change(msgspec.structs.replace(first, name=NAME, contacts=contacts, note=f"{NAME}!"))
    repositories.members.add(Member(subject=SUBJECT, name=NAME, role=Scope.ADMIN, person=person.id))
    repositories.add_key(f"{NAME}的手机", Scope.ADMIN, person=person.id)
    own = registry.repositories(repositories.organisation, f"member:{SUBJECT}")
    ground = own.fields.add(
        Field(farm=made["farms"].id, name=f"{NAME}东地", geometry=PLOT, owner=NAME, site=made["sites"].id)
    )
    own.holdings.add(Holding(field=ground.id, person=person.id, kind=HoldingKind.LEASE, start_ms=0, end_ms=START_MS))
    flown = own.passes.declare(
        Pass(
            field=ground.id,
            device="uav-1",
            start_ms=START_MS,
            end_ms=START_MS + 60_000,
            note=f"flown by {NAME}, once {OLD_NAME}",
        )
    )
    photo = NotePhoto(
        id="", media="image/jpeg", width_px=1, height_px=1, size_bytes=9, digest="d" * 64, added_ms=START_MS
    )
    sent, _ = own.photos.add(photo, 1000, lambda _photo: None)
    note = own.notes.add(
        GrowerNote(
            field=ground.id, time_ms=START_MS, author=NAME, text=f"call {SPACED}",
            longitude_deg=119.1, latitude_deg=31.9, photos=(sent.id,),
        )
    )  # fmt: skip
    treatment = own.treatments.add(
        Treatment(
            field=ground.id, crop="tomato", start_ms=START_MS, end_ms=START_MS + 1, author=NAME,
            mix=(MixPart(product=made["plant_protection"].id, dose_ha=0.6),), note=f"asked {MAIL}",
        )
    )  # fmt: skip
    harvest, recorded = own.lots.record_harvest(
        Harvest(field=ground.id, crop="tomato", time_ms=START_MS, grams=100, author=NAME),
        Lot(code="L-1", product="Tomato", crop="tomato", time_ms=0, grams=1),
    )
    lot = recorded.lots[0]
    certificate = own.certificates.issue(
        Certificate(
            number="1", lot=lot.id, product="Tomato", grams=100, origin="Jurong", issuer=NAME, contact=PHONE,
            issued_ms=START_MS, basis=(CertificateBasis.OWN_CONTROL,), token="A" * 22,
        ),
        "20260921", NAME,
    )  # fmt: skip
    own.accounts.add(
        AccountEntry(person=person.id, kind=AccountKind.ADVANCE, time_ms=START_MS, amount_fen=500, note=f"an {NAME}")
    )
    tariff = msgspec.structs.replace(repositories.tariffs.get(made["tariffs"].id), operators={"uav-1": NAME})
    repositories.tariffs.change(tariff)
    line = {"kind": "work", "time_ms": START_MS, "amount_fen": -300, "operator": NAME}
    own.statements.add(
        StatementRunRecord(tariff=tariff.id, tariff_version=1, start_ms=0, end_ms=START_MS, people=1, charged_fen=300,
                           area_m2=1, digest="d"),
        [SeasonStatement(run="", person=person.id, start_ms=0, end_ms=START_MS, balance_fen=-300, area_m2=1,
                         lines=(line,))],
    )  # fmt: skip
    complaint = {"person": person.id, "text": f"{NAME} says no", "latitude_deg": 1.0, "longitude_deg": 1.0,
                 "evidence": {}}  # fmt: skip
    opened = own.ledger.append("dispute", ground.id, flown.id, complaint)
    own.ledger.append(
        "dispute_outcome",
        ground.id,
        flown.id,
        {"dispute": opened.seq, "person": person.id, "outcome": "rejected", "text": f"told {NAME}"},
    )
    own.ledger.append("subsidy_claim", ground.id, flown.id, {"fen": 77, "operator": NAME})
    repositories.ledger.append("as_applied", ground.id, flown.id, {"amount": 12.5})
    text = msgspec.json.encode(_released()).decode()
    own.releases.add(lot.id, "B" * 22, text, {"sha256": hashlib.sha256(text.encode()).hexdigest()}, {})
    own.epcis.capture(
        [CapturedEvent(event_id="ni:///sha-256;1", type="ObjectEvent", biz_step="x", event_ms=1,
                       body=f'{{"event":{{"who":"{NAME}"}},"prefixes":{{}}}}', identifiers=("urn:a",))]
    )  # fmt: skip
    own.anchors.add()
    repositories.alarm_recipients.add(AlarmRecipient(name=f"{NAME} 邮箱", kind=RecipientKind.EMAIL, address=MAIL))
    repositories.alarm_recipients.add(
        AlarmRecipient(name="night", kind=RecipientKind.EMAIL, address="night@example.org", person=person.id)
    )
    alarm = Alarm(
        id=repositories.alarms.new_id(), rule="frost", subject="h", kind="greenhouse", site="wuhan",
        severity=Severity.WARNING, began_ms=1, raised_ms=1, acknowledged_by=f"member:{SUBJECT}", note=f"{NAME} went",
    )  # fmt: skip
    repositories.alarms.save(AlarmUpdate(alarms={alarm.id: alarm}, notices=[_notice()]))
    checkpoint = repositories.proof_log.checkpoint()
    repositories.ledger.append("as_applied", ground.id, flown.id, {"amount": 13.5})
    ids = {"field": ground.id, "note": note.id, "treatment": treatment.id, "harvest": harvest.id, "lot": lot.id,
           "certificate": certificate.id, "photo": sent.id}  # fmt: skip
    return Doors(repositories, person.id, own, checkpoint, ids)


def _released() -> ReleasedLot:
    return ReleasedLot(
        code="L-1", product="Tomato", crop="tomato", grams=100, packs=None, made_ms=START_MS, simulated=False,
        gtin=None,
        issuer=NAME, contact=PHONE, origin="Jurong", message=f"{NAME} grew it", time_zone="Asia/Shanghai", harvests=(),
        claims=(), is_whole=True, passes=(), certificate=None, events=(), released_ms=START_MS,
    )  # fmt: skip


def _notice() -> Notice:
    return Notice(id="n1", recipient=f"{NAME} 邮箱", rule="frost", what="raised", about=(), body=f'{{"to":"{MAIL}"}}',
                  created_ms=1, due_ms=1)  # fmt: skip


def test_every_column_of_text_holds_data_of_a_person_or_is_named_as_one_that_does_not() -> None:
    named = {
        name: PERSONAL_COLUMNS.get(name, {}).keys()
        | NOT_PERSONAL.get(name, frozenset())
        | {PERSON_ID_COLUMNS[name][0] for _ in [0] if name in PERSON_ID_COLUMNS}
        for name in METADATA.tables
    }
    columns = {
        name: {
            column.name
            for column in table.columns
            if isinstance(column.type, sa.Text | sa.JSON | sa.LargeBinary | sa.String)
            and column.name not in ("id", "organisation")
        }
        for name, table in METADATA.tables.items()
    }
    assert {name: set(named[name]) for name in named} == columns
    both = [(name, PERSONAL_COLUMNS[name].keys() & NOT_PERSONAL.get(name, frozenset())) for name in PERSONAL_COLUMNS]
    assert [each for each in both if each[1]] == []


def test_no_byte_of_the_database_names_an_erased_person_and_every_chain_and_proof_is_valid(
    registry: Registry, repositories: OrganisationRepositories, registry_url: str, tmp_path: Path
) -> None:
    doors = fill_doors(registry, repositories)
    before = read_checkpoint(doors.checkpoint).checkpoint
    entries = repositories.ledger.read()
    sums = [entry.amount_fen for entry in repositories.accounts.records.all()]
    assert repositories.check_audit().altered == ()
    if registry_url.startswith("sqlite"):
        _leave_free_pages(tmp_path / "registry.sqlite")
        assert len(hits_below(tmp_path, TEXTS)) > 5
    erased = repositories.person_data.erase(doors.person)
    assert repositories.person_data.scrub()
    assert erased.number == 1
    assert erased.photos == (doors.ids["photo"],)
    if registry_url.startswith("sqlite"):
        assert hits_below(tmp_path, TEXTS) == []
    assert list(hits_in(_all_rows(repositories), set().union(*(forms_of(text) for text in TEXTS)))) == []

    # Chains, log, checkpoints and proofs.
    checked = repositories.check_audit()
    assert (checked.broken_at, checked.altered) == (None, ())
    assert checked.redacted > 10
    # Nobody can try names on a hash: its random part is destroyed.
    redacted = [entry for entry in repositories.audit_entries(limit=1000) if entry.erasure is not None]
    assert {entry.salt for entry in redacted} == {None}
    release = repositories.releases.of_lot(doors.ids["lot"])
    assert release is not None
    assert release.withdrawn_ms is not None
    book = repositories.ledger.check()
    assert (book.broken_at, book.redacted) == (None, 6)
    after = read_checkpoint(repositories.proof_log.checkpoint()).checkpoint
    assert repositories.proof_log.audit([before, after]).is_whole
    assert repositories.anchors.contradicted() == []
    growth = repositories.proof_log.prove_growth(before.size, after.size)
    assert verify_consistency(before.size, after.size, before.root, after.root, growth)
    now = repositories.ledger.read()
    assert [each.hash for each in now[: len(entries)]] == [each.hash for each in entries]
    for entry in now[: after.size]:
        path = repositories.proof_log.prove(entry.seq, after.size)
        assert verify_inclusion(entry.seq - 1, after.size, leaf_hash_of(entry), path, after.root)

    # What is kept: sums, dates and masses under the number.
    assert [entry.amount_fen for entry in repositories.accounts.records.all()] == sums
    assert repositories.people.get(doors.person).name == "已删除人员1 / erased person 1"
    assert repositories.treatments.get(doors.ids["treatment"]).author == "已删除人员1 / erased person 1"
    note = repositories.notes.get(doors.ids["note"])
    assert (note.longitude_deg, note.photos) == (None, ())
    assert repositories.alarm_recipients.list()[-1].name == "Li"
    assert repositories.notes.list()[0].author == "Li"
    with pytest.raises(RecordConflict, match="erased already"):
        repositories.person_data.erase(doors.person)
    with pytest.raises(RecordConflict, match="was erased"):
        repositories.people.change(msgspec.structs.replace(repositories.people.get(doors.person), name="Again"))


def test_a_second_person_is_erased_after_the_first_with_both_chains_valid(
    registry: Registry, repositories: OrganisationRepositories
) -> None:
    doors = fill_doors(registry, repositories)
    other = repositories.people.add(Person(name="Blatherwick"))
    repositories.ledger.append("subsidy_claim", "f", "p", {"fen": 1, "operator": f"Blatherwick, {NAME}"})
    assert repositories.person_data.erase(doors.person).number == 1
    assert repositories.person_data.erase(other.id).number == 2
    assert (repositories.check_audit().broken_at, repositories.ledger.check().broken_at) == (None, None)
    claims = repositories.ledger.read(kind="subsidy_claim")
    assert "erased person 2, 已删除人员1 / erased person 1" in claims[-1].body


@pytest.mark.parametrize(
    "forge",
    some_long(
        [
            ledger.update().where(ledger.c.kind == "subsidy_claim").values(body='{"fen":1}'),
            ledger.update().where(ledger.c.kind == "as_applied").values(body='{"amount":1}', leaf_sha256="0" * 64),
            ledger.update().where(ledger.c.kind == "dispute").values(hash="0" * 64),
            audit.update().where(audit.c.kind == "treatment").values(after='{"author":"nobody"}'),
            audit.update().where(audit.c.kind == "farm").values(after="{}", erasure=1),
            audit.update().where(audit.c.kind == "treatment").values(erasure=None),
        ]
    ),
)
def test_what_is_altered_under_the_cover_of_an_erasure_is_found(
    registry: Registry, repositories: OrganisationRepositories, forge: sa.Update
) -> None:
    doors = fill_doors(registry, repositories)
    repositories.person_data.erase(doors.person)
    database = repositories._context.database
    with database.writing() as connection:
        connection.execute(forge)
    broken = repositories.check_audit().broken_at, repositories.ledger.check().broken_at
    assert broken != (None, None)


def test_the_entries_of_others_of_the_same_name_stay(repositories: OrganisationRepositories) -> None:
    first, second = (repositories.people.add(Person(name="王伟", number=str(at))) for at in range(2))
    longer = repositories.people.add(Person(name="王伟国"))
    repositories.crop_bands.list()
    field_id = fill(repositories)["fields"].id
    texts = ("王伟和王伟国", "13811112222 is of 王伟")
    notes = [
        repositories.notes.add(GrowerNote(field=field_id, time_ms=START_MS, author="王伟", text=text)) for text in texts
    ]
    repositories.person_data.erase(first.id)
    # Which of the two wrote the note is not known.
    assert [repositories.notes.get(each.id).text for each in notes] == list(texts)
    repositories.person_data.erase(second.id)
    assert repositories.notes.get(notes[0].id).text == "已删除人员2 / erased person 2和王伟国"
    assert repositories.people.get(longer.id).name == "王伟国"


def test_what_a_family_shares_stays_with_who_is_left_and_own_notes_go_by_the_key_that_wrote_them(
    registry: Registry, repositories: OrganisationRepositories
) -> None:
    shared = (Contact(channel=ContactChannel.PHONE, address=PHONE),)
    same = Contact(channel=ContactChannel.SMS, address=f"+86 {PHONE[:3]} {PHONE[3:]}")
    first = repositories.people.add(Person(name="王伟", number="41", contacts=shared))
    second = repositories.people.add(Person(name="王伟", number="42", contacts=(same,)))
    key, _ = repositories.add_key("phone", Scope.WRITE, person=first.id)
    ground = fill(repositories)["fields"].id
    by_first = registry.repositories(repositories.organisation, f"key:{key.prefix}")
    own = by_first.notes.add(
        GrowerNote(field=ground, time_ms=START_MS, author="王伟", text="mine", longitude_deg=119.0, latitude_deg=31.0)
    )
    other = repositories.notes.add(
        GrowerNote(field=ground, time_ms=START_MS, author="王伟", text="whose?", longitude_deg=119.0, latitude_deg=31.0)
    )
    repositories.person_data.erase(first.id)
    assert repositories.notes.get(own.id).author == "已删除人员1 / erased person 1"
    assert repositories.notes.get(own.id).longitude_deg is None
    assert repositories.notes.get(other.id) == other
    assert repositories.people.get(second.id) == second
    assert (repositories.check_audit().broken_at, repositories.check_audit().altered) == (None, ())


def test_a_member_reads_the_own_data_alone_and_nobody_but_a_manager_erases(
    registry: Registry, repositories: OrganisationRepositories
) -> None:
    doors = fill_doors(registry, repositories)
    other = repositories.people.add(Person(name="Somebody"))
    member = registry.repositories(repositories.organisation, "key:m", doors.person)
    assert NAME in member.person_data.names(doors.person).texts
    with pytest.raises(NotFound):
        member.person_data.names(other.id)


def _leave_free_pages(path: Path) -> None:
    """Delete rows as a SQLite does that overwrites nothing: their bytes stay in pages that are free."""
    with closing(sqlite3.connect(path, isolation_level=None)) as driver:
        driver.execute("PRAGMA secure_delete = OFF").close()
        driver.execute("CREATE TABLE gone (text TEXT)")
        driver.executemany("INSERT INTO gone VALUES (?)", [(f"{NAME} {at}",) for at in range(2000)])
        driver.execute("DROP TABLE gone")
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    assert path.read_bytes().count(NAME.encode()) > 1000


def _all_rows(repositories: OrganisationRepositories) -> bytes:
    """Return every value of every table."""
    database = repositories._context.database
    with database.reading() as connection:
        rows = [tuple(row) for table in METADATA.sorted_tables for row in connection.execute(sa.select(table))]
    return repr(rows).encode() + msgspec.json.encode(rows, enc_hook=str)


def test_who_erased_somebody_is_erased_with_what_they_stated_still_counting(
    registry: Registry, repositories: OrganisationRepositories
) -> None:
    doors = fill_doors(registry, repositories)
    boss = repositories.people.add(Person(name="Blatherwick", role=PersonRole.MANAGER))
    repositories.members.add(Member(subject="blatherwick@idp", name="B", role=Scope.ADMIN, person=boss.id))
    by_boss = registry.repositories(repositories.organisation, "member:blatherwick@idp")
    by_boss.person_data.erase(doors.person)
    assert repositories.person_data.erase(boss.id).number == 2
    assert "blatherwick" not in _all_rows(repositories).decode().lower()
    assert (repositories.check_audit().broken_at, repositories.ledger.check().broken_at) == (None, None)


def test_an_erasure_after_retention_cut_the_log_and_a_cut_after_an_erasure_leave_it_valid(
    registry: Registry, repositories: OrganisationRepositories, clock: ManualClock
) -> None:
    doors = fill_doors(registry, repositories)
    year_ms = 365 * 86_400_000
    other, _ = repositories.add_key("gone", Scope.READ)
    doors.by_person.keys.delete(other.id, other.version)
    clock.advance(11 * year_ms)
    repositories.farms.add(Farm(name="Later"))
    assert repositories.retention.expire("audit", clock()) > 0
    assert repositories.check_audit().cut is not None
    repositories.person_data.erase(doors.person)
    checked = repositories.check_audit()
    assert (checked.broken_at, checked.altered) == (None, ())
    clock.advance(11 * year_ms)
    repositories.farms.add(Farm(name="Much later"))
    assert repositories.retention.expire("audit", clock()) > 0
    checked = repositories.check_audit()
    assert (checked.broken_at, checked.altered) == (None, ())
    database = repositories._context.database
    with database.writing() as connection:
        connection.execute(audit.update().where(audit.c.kind == "treatment").values(after='{"author":"nobody"}'))
    assert repositories.check_audit().broken_at is not None
